//! What puts a backend out at once.

use super::*;
use crate::plan::Pool;

/// A pool with these keys.
fn with(keys: &str) -> String {
    format!("pool = [{{ name = 'app', {keys} backend = [{{ address = '127.0.0.1:1' }}] }}]")
}

fn pool(keys: &str) -> Pool {
    right(&with(keys)).pools().first().unwrap().clone()
}

#[test]
fn statuses_and_timeouts_are_taken() {
    let pool = pool("fail_on_status = [500, 503], fail_on_timeout = true,");
    assert_eq!((pool.fail_on_status, pool.fail_on_timeout), (vec![500, 503], true));
}

#[test]
fn a_pool_of_an_older_plan_has_none() {
    let older = r#"{"name":"app","method":"adaptive","health":null,"retry_ms":60000,"retries":1,
        "release":null,"backends":[{"name":"127.0.0.1:1","address":"127.0.0.1:1","weight":100,
        "admin":"enabled","link":"plain"}]}"#;
    assert_eq!(serde_json::from_str::<Pool>(older).unwrap(), pool(""));
    assert_eq!((pool("").fail_on_status, pool("").fail_on_timeout), (Vec::new(), false));
}

#[test]
fn statuses_are_those_of_failures() {
    let check = |keys: &str, message: &str, help: &str| {
        let errors = wrong(&format!("{BASE}{}", with(keys)));
        let [error] = errors.errors() else { panic!("one fault: {errors}") };
        assert_eq!((error.message(), error.help()), (message, Some(help)), "{keys}");
    };
    let help = "give a number from 400 to 599";
    check("fail_on_status = [302],", "`fail_on_status` is 302", help);
    check("fail_on_status = [600],", "`fail_on_status` is 600", help);
    let message = "500 stands in `fail_on_status` twice";
    check("fail_on_status = [500, 500],", message, "leave one out");
}
