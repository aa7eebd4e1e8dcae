use bramble_cluster::api::{
    BackendFacts, MemoryFacts, NodeReport, NodeState, NodeStatus, Role, RoleFacts, ServerFacts,
    SiteStatus, Status,
};

use super::{all, nodes};

const CURRENT: &str = "c9e9d3d4c05a2a64f466d6143f1cb485";
const OLD: &str = "25597fb90dbb4839a6f4bbcea2159851";

fn facts(role: Role, pid: u32, uptime_ms: u64, requests: u64) -> RoleFacts {
    let backend = BackendFacts {
        pool: "site:blog".to_owned(),
        name: "berry".to_owned(),
        address: "127.0.0.11:9000".to_owned(),
        state: "up".to_owned(),
        requests: requests / 2,
        ..BackendFacts::default()
    };
    let backends = if role == Role::Balancer { vec![backend] } else { Vec::new() };
    let by_use = [("buffers".to_owned(), 1024), ("sockets".to_owned(), 1024)].into();
    let memory =
        MemoryFacts { ceiling_bytes: 10_000, base_bytes: 1024, by_use, expected_bytes: 500 };
    let server = ServerFacts { requests, in_flight: 3, backends, memory, ..ServerFacts::default() };
    RoleFacts { role, pid, restarts: 0, uptime_ms, cpu_ms: 0, rss_kib: 2048, server }
}

fn node(name: &str, role: RoleFacts, releases: &[&str]) -> NodeStatus {
    NodeStatus {
        name: name.to_owned(),
        address: "127.0.0.11".parse().unwrap(),
        roles: vec![role.role],
        key: name.to_owned(),
        state: NodeState::Enabled,
        last_seen_s: Some(0.2),
        serving: true,
        why_not: None,
        report: NodeReport {
            releases: releases.iter().map(|&id| id.to_owned()).collect(),
            roles: vec![role],
            load1: 0.5,
            mem_available_kib: 1024 * 1024,
            ..NodeReport::default()
        },
    }
}

fn status(nodes: Vec<NodeStatus>) -> Status {
    let site = SiteStatus {
        name: "blog".to_owned(),
        hosts: Vec::new(),
        release: Some(CURRENT.to_owned()),
        files: 55,
        bytes: 400_000,
        published_at: Some("2026-01-02T03:04:05Z".to_owned()),
        history: vec![CURRENT.to_owned(), OLD.to_owned()],
    };
    let listeners = vec!["127.0.0.1:8080".parse().unwrap()];
    Status { revision: 7, version: "0.1.0".to_owned(), sites: vec![site], nodes, listeners }
}

#[test]
fn everything_is_there_part_by_part() {
    let balancer = node("gate", facts(Role::Balancer, 1, 5_000, 100), &[]);
    let mut worker = node("berry", facts(Role::Worker, 2, 5_000, 50), &[OLD, CURRENT]);
    worker.report.trouble = Some("the disk is full".to_owned());
    let expected = "\
bramble 0.1.0, revision 7, http://127.0.0.1:8080/

site  hosts  release       files       size  published             to go back to
blog  any    c9e9d3d4c05a     55  390.6 KiB  2026-01-02T03:04:05Z  25597fb90dbb

node   roles     address     state    release       in flight  load              memory  free memory  serving
gate   balancer  127.0.0.11  enabled  -                     3  0.50  3.0 KiB of 9.8 KiB      1.0 GiB  yes
berry  worker    127.0.0.11  enabled  c9e9d3d4c05a          3  0.50  3.0 KiB of 9.8 KiB      1.0 GiB  yes

balancer gate: 100 requests, 3 in flight, 0 connections, 2.0 MiB memory
backend  pool       address          state  requests  errors  in flight  last error
berry    site:blog  127.0.0.11:9000  up           50       0          0

trouble on berry: the disk is full
";
    assert_eq!(all(&status(vec![balancer, worker]), None), expected);
}

#[test]
fn panics_are_trouble() {
    let mut worker = facts(Role::Worker, 2, 5_000, 50);
    worker.server.panics = 3;
    let expected =
        "trouble on berry: panics, contained: 3; the node's log says where, please report it";
    let table = all(&status(vec![node("berry", worker, &[])]), None);
    assert_eq!(table.lines().last(), Some(expected));
}

#[test]
fn rates_are_differences_over_the_process_s_own_time() {
    let check = |before: RoleFacts, now: RoleFacts, expected: &str| {
        let earlier = status(vec![node("berry", before, &[])]);
        let table = nodes(&status(vec![node("berry", now, &[])]), Some(&earlier));
        let cells: Vec<_> = table.lines().nth(1).unwrap().split_whitespace().collect();
        assert_eq!(cells[5], expected, "{table}");
    };
    let worker = |pid, uptime_ms, requests| facts(Role::Worker, pid, uptime_ms, requests);
    check(worker(2, 1_000, 100), worker(2, 3_000, 740), "320");
    // The same report seen twice, a restart, and a counter that fell say nothing.
    check(worker(2, 1_000, 100), worker(2, 1_000, 100), "-");
    check(worker(2, 1_000, 100), worker(3, 3_000, 740), "-");
    check(worker(2, 1_000, 100), worker(2, 2_000, 90), "-");
}

#[test]
fn a_node_that_was_not_heard_of_has_no_figures_but_a_reason() {
    let mut silent = node("berry", facts(Role::Worker, 2, 5_000, 50), &[]);
    silent.last_seen_s = None;
    silent.report = NodeReport::default();
    silent.serving = false;
    silent.why_not = Some("it was not heard of since the manager started".to_owned());
    let table = nodes(&status(vec![silent]), None);
    let row = table.lines().nth(1).unwrap();
    assert!(row.ends_with("no: it was not heard of since the manager started"), "{row}");
    assert_eq!(row.matches(" -").count(), 5, "{row}");
}
