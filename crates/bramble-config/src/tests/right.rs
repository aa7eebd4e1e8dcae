use super::*;
use crate::plan::{
    AccessLog, Action, AdminState, CheckMethod, HealthCheck, LogFormat, Plan, Reserve, Serves,
};
use crate::{DEFAULT_TEXT, PlanError};

fn routes(text: &str) -> Vec<String> {
    let describe = |route: &crate::plan::Route| {
        format!("{} {} {:?}", route.hosts.join(","), route.path_prefix, route.action)
    };
    right(text).routes().iter().map(describe).collect()
}

#[test]
fn the_embedded_text_is_the_default() {
    assert_eq!(load(DEFAULT_TEXT, "default").unwrap(), Config::default());
}

#[test]
fn the_example_files_are_right() {
    for example in ["balancer", "cluster", "files"] {
        let path = format!("../../examples/{example}.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        load(&text, &path).unwrap_or_else(|errors| panic!("{errors}"));
    }
}

const EVERY_KEY: &str = "\
threads = 2
trusted_proxies = ['10.0.0.1', 'fd00::1']
[[pool]]
name = 'app'
method = 'by_requests'
retry_ms = 5000
retries = 7
force_recovery = false
[[pool.backend]]
address = '[::1]:9001'
set = 99
reserve = 'spare'
ignore_errors = true
[[pool.backend]]
address = '127.0.0.1:9002'
name = 'b2'
weight = 1.25
state = 'draining'
[pool.health]
method = 'GET'
path = '/up'
host = 'app'
status = ['200', '301-303']
body = 'fine'
[[site]]
name = 'blog'
hosts = ['Example.org']
[[route]]
path_prefix = '/app'
pool = 'app'
[limits]
fields = 50
[timeouts]
head_ms = 5
[access_log]
path = 'log/access.log'
format = 'combined'
max_bytes = 100000
keep = 0
buffer_bytes = 70000
[metrics]
address = '127.0.0.1:9180'
";

#[test]
fn every_key_is_taken() {
    let config = right(EVERY_KEY);
    assert_eq!((config.threads(), config.trusted_proxies().len()), (2, 2));
    assert_eq!((config.limits().fields, config.timeouts().head_ms), (50, 5));
    let expected = AccessLog {
        path: "log/access.log".into(),
        format: LogFormat::Combined,
        max_bytes: 100_000,
        keep: 0,
        buffer_bytes: 70_000,
    };
    assert_eq!(config.access_log(), Some(&expected));
    let metrics = config.metrics().unwrap();
    assert_eq!((metrics.address.port(), metrics.serves), (9180, Serves::Metrics));
    assert_eq!(config.all_listeners().last(), Some(metrics));
    let [pool] = config.pools() else { panic!("one pool") };
    assert_eq!((pool.retry_ms, pool.retries, pool.force_recovery), (5000, 7, false));
    let [first, second] = pool.backends.as_slice() else { panic!("two backends") };
    assert_eq!((first.name.as_str(), first.weight), ("[::1]:9001", 100));
    assert_eq!((second.name.as_str(), second.weight), ("b2", 125));
    assert_eq!(second.admin, AdminState::Draining);
    assert_eq!((first.set, first.reserve, first.ignore_errors), (99, Some(Reserve::Spare), true));
    assert_eq!((second.set, second.reserve, second.ignore_errors), (0, None, false));
    let health = pool.health.as_ref().unwrap();
    assert_eq!((health.method, health.path.as_str()), (CheckMethod::Get, "/up"));
    assert_eq!(health.body.as_deref(), Some("fine"));
    let taken: Vec<u16> = (100..=599).filter(|status| health.takes(*status)).collect();
    assert_eq!(taken, [200, 301, 302, 303]);
    assert_eq!(config.site("blog").unwrap().hosts, ["example.org"]);
}

#[test]
fn a_site_without_a_route_gets_one_after_the_declared() {
    assert_eq!(
        routes(
            "site = [{ name = 'a' }, { name = 'b', hosts = ['*.org', 'b.org', '*.b.org'] }]
             route = [{ path_prefix = '/x', site = 'a' }, { hosts = ['c'], site = 'a' }]"
        ),
        [
            " /x Site(\"a\")",
            "c / Site(\"a\")",
            "b.org / Site(\"b\")",
            "*.b.org / Site(\"b\")",
            "*.org / Site(\"b\")",
        ]
    );
}

#[test]
fn sites_for_any_host_come_after_those_with_names() {
    assert_eq!(
        routes("site = [{ name = 'rest' }, { name = 'b', hosts = ['b.org'] }]"),
        ["b.org / Site(\"b\")", " / Site(\"rest\")"]
    );
}

#[test]
fn a_sole_pool_takes_all() {
    let pool = "pool = [{ name = 'app', backend = [{ address = '127.0.0.1:1' }] }]";
    assert_eq!(routes(pool), [" / Pool(\"app\")"]);
}

#[test]
fn a_stand_alone_plan_serves_the_folder_as_written() {
    let plan = right("site = [{ name = 'a', root = 'public' }]").plan().unwrap();
    let [site] = plan.sites.as_slice() else { panic!("one site") };
    assert_eq!(site.releases[&site.current], std::path::Path::new("public"));
    assert_eq!(plan.routes[0].action, Action::Site("a".to_owned()));
    assert_eq!(plan.revision, 0);
}

#[test]
fn a_stand_alone_site_needs_a_root() {
    let error = right("site = [{ name = 'a' }]").plan().unwrap_err();
    assert_eq!(error, PlanError::NoRoot { site: "a".to_owned() });
}

#[test]
fn a_plan_survives_json() {
    let text = std::fs::read_to_string("../../examples/balancer.toml").unwrap();
    let plan = load(&text, "balancer.toml").unwrap().plan().unwrap();
    let json = serde_json::to_string(&plan).unwrap();
    assert_eq!(serde_json::from_str::<Plan>(&json).unwrap(), plan);
}

#[test]
fn a_check_of_an_older_plan_is_as_it_was() {
    let older = r#"{"path":"/","host":"localhost","interval_ms":1000,"timeout_ms":1000,
        "passes":1,"fails":2}"#;
    assert_eq!(serde_json::from_str::<HealthCheck>(older).unwrap(), HealthCheck::default());
}

#[test]
fn a_plan_with_an_unknown_field_is_refused() {
    let mut plan = serde_json::to_value(Plan::default()).unwrap();
    plan["surprise"] = 1.into();
    assert!(serde_json::from_value::<Plan>(plan).is_err());
}
