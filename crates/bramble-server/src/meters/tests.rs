use bramble_config::plan::Action;

use super::*;

#[test]
fn a_meter_goes_on_over_plans_and_is_forgotten_with_the_last() {
    let meters = Meters::default();
    let before = meters.find(Metered::Route, "*/");
    before.record(200, 10, 1);
    let now = meters.find(Metered::Route, "*/");
    assert!(Rc::ptr_eq(&before, &now));
    drop(before);
    meters.tend();
    assert_eq!(meters.traffic()[0].2.requests, [0, 0, 1, 0, 0, 0]);
    drop(now);
    meters.tend();
    assert!(meters.traffic().is_empty());
}

#[test]
fn what_is_called_the_same_but_is_not_has_its_own() {
    let meters = Meters::default();
    let (listener, pool) = (meters.find(Metered::Listener, "a"), meters.find(Metered::Pool, "a"));
    let first = listener.connected();
    drop(listener.connected());
    assert_eq!(meters.connections(), [("a".to_owned(), 1, 2)]);
    drop((first, pool));
    assert_eq!(meters.connections(), [("a".to_owned(), 0, 2)]);
}

#[test]
fn routes_are_called_by_hosts_and_prefix() {
    let check = |hosts: &[&str], path_prefix: &str, expected| {
        let hosts = hosts.iter().map(ToString::to_string).collect();
        let path_prefix = path_prefix.to_owned();
        let action = Action::Pool(String::new());
        assert_eq!(
            route_name(&Route { hosts, path_prefix, replace_prefix: None, action }),
            expected
        );
    };
    check(&[], "/", "*/");
    check(&["a.test", "*.b.test"], "/app", "a.test,*.b.test/app");
}
