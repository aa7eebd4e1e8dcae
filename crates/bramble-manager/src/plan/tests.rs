//! Plans of small clusters, looked at part by part.

use std::net::SocketAddr;

use bramble_cluster::api::{NodeState, Role};
use bramble_cluster::state::{Entry, Member, Operator, Site, Snapshot};
use bramble_config::Config;
use bramble_config::plan::{Action, AdminState, Link, Listener, Plan, Serves};

use super::{NodeTask, node_task};

const CONFIG: &str = r#"
    threads = 2
    [[listener]]
    name = "web"
    address = "127.0.0.1:8080"
    [[site]]
    name = "blog"
    hosts = ["*.example.org", "example.org"]
    [[site]]
    name = "shop"
    hosts = ["shop.example.org"]
    [[pool]]
    name = "app"
    [[pool.backend]]
    name = "a"
    address = "127.0.0.1:9000"
    [[route]]
    hosts = ["app.example.org"]
    pool = "app"
    [access_log]
    path = "log/access.log"
    [metrics]
    address = "127.0.0.1:9180"
"#;

/// node1 balances and manages; node2 holds r1 and r2, node3 only r1; blog shows r2.
fn snapshot() -> Snapshot {
    let mut snapshot = Snapshot { revision: 7, ..Snapshot::default() };
    let mut add = |name: &str, member| {
        snapshot.nodes.insert(name.to_owned(), Entry { record: member, revision: 1 });
    };
    add("node1", member("key1", &[Role::Balancer, Role::Manager], None, &[]));
    add("node2", member("key2", &[Role::Worker], Some("127.0.0.12:7000"), &["r1", "r2"]));
    add("node3", member("key3", &[Role::Worker], Some("127.0.0.13:7000"), &["r1"]));
    let blog =
        Site { current: Some("r2".to_owned()), history: ids(&["r2", "r1"]), ..Site::default() };
    snapshot.sites.insert("blog".to_owned(), Entry { record: blog, revision: 2 });
    snapshot
}

fn member(key: &str, roles: &[Role], worker: Option<&str>, releases: &[&str]) -> Member {
    Member {
        key: key.to_owned(),
        address: [127, 0, 0, 1].into(),
        roles: roles.to_vec(),
        state: NodeState::Enabled,
        worker_address: worker.map(|address| address.parse::<SocketAddr>().unwrap()),
        worker_rate: None,
        releases: ids(releases),
    }
}

fn ids(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

fn config() -> Config {
    bramble_config::load(CONFIG, "test").map_err(|e| e.to_string()).unwrap()
}

fn task(snapshot: &Snapshot, node: &str) -> NodeTask {
    node_task(&config(), snapshot, node).unwrap()
}

fn plan(snapshot: &Snapshot, node: &str, role: Role) -> Plan {
    task(snapshot, node).plans.remove(&role).unwrap()
}

fn site_of(snapshot: &mut Snapshot) -> &mut Site {
    &mut snapshot.sites.get_mut("blog").unwrap().record
}

fn member_of<'a>(snapshot: &'a mut Snapshot, name: &str) -> &'a mut Member {
    &mut snapshot.nodes.get_mut(name).unwrap().record
}

#[test]
fn a_balancer_asks_those_that_hold_the_current_release() {
    let plan = plan(&snapshot(), "node1", Role::Balancer);
    let pool = &plan.pools[0];
    assert_eq!((pool.name.as_str(), pool.release.as_deref()), ("site:blog", Some("r2")));
    assert_eq!(pool.backends.len(), 1);
    let backend = &pool.backends[0];
    assert_eq!(backend.name, "node2");
    assert_eq!(backend.link, Link::Mutual { keys: ids(&["key2"]) });
    assert_eq!(backend.admin, AdminState::Enabled);
    let health = pool.health.as_ref().unwrap();
    assert_eq!((health.path.as_str(), health.host.as_str()), ("/.bramble/health", "example.org"));
}

#[test]
fn a_balancer_has_the_declared_parts() {
    let plan = plan(&snapshot(), "node1", Role::Balancer);
    assert_eq!(plan.threads, 2);
    assert_eq!(plan.listeners[0].address, "127.0.0.1:8080".parse().unwrap());
    assert!(plan.sites.is_empty());
    assert!(plan.pools.iter().any(|pool| pool.name == "app"));
    let action = |host: &str| {
        let matches = |hosts: &[String]| hosts.iter().any(|h| h == host);
        plan.routes.iter().find(|route| matches(&route.hosts)).map(|route| route.action.clone())
    };
    assert_eq!(action("app.example.org"), Some(Action::Pool("app".to_owned())));
    assert_eq!(action("*.example.org"), Some(Action::Pool("site:blog".to_owned())));
    let unpublished = action("shop.example.org");
    assert!(
        matches!(&unpublished, Some(Action::Respond { status: 503, body }) if body.contains("--site shop")),
        "{unpublished:?}"
    );
}

#[test]
fn what_nodes_say_to_each_other_is_hidden_from_visitors() {
    let first = plan(&snapshot(), "node1", Role::Balancer).routes.remove(0);
    assert_eq!(first.path_prefix, "/.bramble");
    assert!(matches!(first.action, Action::Respond { status: 404, .. }));
}

#[test]
fn a_draining_worker_gets_no_new_requests() {
    let mut snapshot = snapshot();
    member_of(&mut snapshot, "node2").state = NodeState::Draining;
    let plan = plan(&snapshot, "node1", Role::Balancer);
    assert_eq!(plan.pools[0].backends[0].admin, AdminState::Draining);
}

#[test]
fn balancers_note_what_visitors_ask() {
    let log = |node, role| plan(&snapshot(), node, role).access_log.map(|log| log.path);
    assert_eq!(log("node1", Role::Balancer), Some("log/access.log".into()));
    assert_eq!(log("node2", Role::Worker), None);
}

#[test]
fn balancers_have_metrics() {
    let listeners = |node, role| plan(&snapshot(), node, role).listeners;
    let has = |listeners: Vec<Listener>| listeners.iter().any(|l| l.serves == Serves::Metrics);
    assert!(has(listeners("node1", Role::Balancer)));
    assert!(!has(listeners("node2", Role::Worker)));
}

#[test]
fn a_worker_serves_all_that_it_was_told_to_hold() {
    let mut snapshot = snapshot();
    *site_of(&mut snapshot) = Site {
        current: Some("r5".to_owned()),
        staged: Some("r6".to_owned()),
        history: ids(&["r5", "r4", "r3", "r2", "r1"]),
        lately: ids(&["r4", "r3"]),
    };
    let task = task(&snapshot, "node2");
    assert_eq!(task.releases, ids(&["r3", "r4", "r5", "r6"]));
    let site = &task.plans[&Role::Worker].sites[0];
    assert_eq!(site.releases.keys().cloned().collect::<Vec<_>>(), task.releases);
    assert_eq!(site.releases["r6"].to_str(), Some("content/releases/r6"));
    assert_eq!(site.current, "r5");
}

#[test]
fn a_worker_holds_what_was_shown_lately_and_what_to_go_back_to() {
    let mut snapshot = snapshot();
    let mut check = |current: &str, lately: &[&str], expected: &[&str]| {
        let history = ids(&["r5", "r4", "r3", "r2", "r1"]);
        let (current, lately) = (Some(current.to_owned()), ids(lately));
        *site_of(&mut snapshot) = Site { current, history, lately, ..Site::default() };
        assert_eq!(task(&snapshot, "node2").releases, ids(expected));
    };
    check("r5", &["r4", "r3"], &["r3", "r4", "r5"]);
    // Back by one, and far back: a balancer that lags still shows r5.
    check("r4", &["r5", "r3"], &["r3", "r4", "r5"]);
    check("r1", &["r5", "r4"], &["r1", "r4", "r5"]);
}

#[test]
fn a_worker_lets_in_balancers_managers_and_operators_only() {
    let mut snapshot = snapshot();
    let operator = Entry { record: Operator { expires_at: 0 }, revision: 3 };
    snapshot.operators.insert("key9".to_owned(), operator);
    let listener = plan(&snapshot, "node2", Role::Worker).listeners.remove(0);
    assert_eq!(listener.address, "127.0.0.12:7000".parse().unwrap());
    assert_eq!(listener.link, Link::Mutual { keys: ids(&["key1", "key9"]) });
}

#[test]
fn a_worker_answers_health_checks_before_all_else() {
    let routes = plan(&snapshot(), "node2", Role::Worker).routes;
    assert_eq!(routes[0].path_prefix, "/.bramble/health");
    assert!(matches!(routes[0].action, Action::Respond { status: 200, .. }));
    // Not that of the shop, which has no release, and not the app's.
    assert!(routes[1..].iter().all(|route| route.action == Action::Site("blog".to_owned())));
    assert_eq!(routes.len(), 3);
}

#[test]
fn a_worker_can_emulate_an_old_board() {
    let mut snapshot = snapshot();
    member_of(&mut snapshot, "node2").worker_rate = Some(160);
    assert_eq!(plan(&snapshot, "node2", Role::Worker).sites[0].rate_per_s, Some(160));
}

#[test]
fn a_worker_without_an_address_fetches_first() {
    let mut snapshot = snapshot();
    member_of(&mut snapshot, "node2").worker_address = None;
    let task = task(&snapshot, "node2");
    assert_eq!(task.releases, ids(&["r1", "r2"]));
    assert!(task.plans.is_empty());
}

#[test]
fn a_removed_node_is_nowhere() {
    let mut snapshot = snapshot();
    snapshot.nodes.remove("node2");
    assert_eq!(node_task(&config(), &snapshot, "node2"), None);
    assert!(plan(&snapshot, "node1", Role::Balancer).pools[0].backends.is_empty());
}

#[test]
fn plans_carry_their_revision() {
    let plan = task(&snapshot(), "node1").at(7).unwrap();
    assert_eq!(plan.revision, 7);
    let balancer: Plan = serde_json::from_value(plan.roles[&Role::Balancer].clone()).unwrap();
    assert_eq!(balancer.revision, 7);
}

#[test]
fn what_does_not_concern_a_node_leaves_its_task_as_it_was() {
    let before = snapshot();
    let mut after = snapshot();
    member_of(&mut after, "node3").releases = ids(&["r1", "r2"]);
    assert_eq!(task(&before, "node2"), task(&after, "node2"));
    assert_ne!(task(&before, "node1"), task(&after, "node1"));
}
