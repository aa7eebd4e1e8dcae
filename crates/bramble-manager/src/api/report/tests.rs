//! What a report says about the releases that a worker can be asked for.

use bramble_cluster::api::{NodePlan, NodeReport, Role, RoleFacts, ServerFacts};

use super::servable;

fn runs(role: Role, revision: u64) -> RoleFacts {
    let server = ServerFacts { revision, ..ServerFacts::default() };
    RoleFacts { role, pid: 1, restarts: 0, uptime_ms: 0, cpu_ms: 0, rss_kib: 0, server }
}

/// Plan 7 names release `new`, which lies on the disk.
fn check(applied: u64, roles: Vec<RoleFacts>, expected: &[&str]) {
    let plan = NodePlan { revision: 7, releases: vec!["new".to_owned()], roles: [].into() };
    let releases = vec!["new".to_owned(), "old".to_owned()];
    let report = NodeReport { applied, roles, releases, ..NodeReport::default() };
    assert_eq!(servable(&["old".to_owned()], &report, &plan), expected);
}

#[test]
fn a_release_counts_once_the_worker_runs_the_plan_that_names_it() {
    check(6, vec![runs(Role::Worker, 6)], &["old"]);
    check(7, vec![runs(Role::Worker, 7)], &["new", "old"]);
}

#[test]
fn a_balancer_beside_it_that_refuses_does_not_hold_up_the_worker() {
    check(6, vec![runs(Role::Balancer, 6), runs(Role::Worker, 7)], &["new", "old"]);
    check(6, vec![runs(Role::Balancer, 7), runs(Role::Worker, 6)], &["old"]);
}

#[test]
fn without_facts_of_the_worker_the_node_speaks_for_it() {
    check(6, Vec::new(), &["old"]);
    check(7, Vec::new(), &["new", "old"]);
}
