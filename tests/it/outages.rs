//! What dies, and what goes on: visitors never wait for the manager.

use bramble_tests::{Client, Cluster, Folder, Node, eventually, processes, under_load};
use rustix::process::Signal;

fn home(text: &str) -> Folder {
    Folder::with(&[("index.html", text)])
}

/// A manager alone, a balancer with a worker, and a worker.
fn spread() -> (Cluster, Node, Node) {
    let cluster = Cluster::with_roles("manager");
    let front = cluster.join_as("front", "balancer,worker");
    let back = cluster.join("back");
    cluster.publish(&home("one")).expect(0);
    cluster.wait_until_it_listens();
    cluster.wait_until_serving(&["front", "back"]);
    (cluster, front, back)
}

fn expect_site(cluster: &Cluster, text: &str) {
    let mut client = cluster.client();
    for _ in 0..20 {
        client.get("/").expect(200).body(text);
    }
}

/// All roles of the node start at once, so its balancer may listen before its worker does.
fn expect_site_back(cluster: &Cluster, text: &str) {
    eventually("the site is back", || cluster.get("/").status == 200);
    expect_site(cluster, text);
}

#[test]
fn without_a_manager_everything_else_restarts_and_serves_on() {
    let (mut cluster, mut front, mut back) = spread();
    cluster.first.kill();
    expect_site(&cluster, "one");
    back.kill();
    back.start_again();
    eventually("its worker is back", || back.role("worker").is_some());
    front.kill();
    front.start_again();
    cluster.wait_until_it_listens();
    eventually("the site is back", || cluster.get("/").status == 200);
    expect_site(&cluster, "one");

    cluster.start_first_again();
    cluster.wait_until_serving(&["front", "back"]);
    expect_site(&cluster, "one");
    cluster.publish(&home("two")).expect(0).says("2 nodes ready");
    expect_site(&cluster, "two");
    // Each that has a plan: the first runs a manager and nothing else.
    eventually("all run what the state says", || {
        let status = cluster.status();
        let nodes = status["nodes"].as_array().unwrap();
        let runs = |node: &&serde_json::Value| node["report"]["applied"] == status["revision"];
        nodes.iter().filter(|node| node["name"] != "first").filter(runs).count() == 2
    });
}

#[test]
fn a_manager_that_is_killed_under_load_costs_no_request() {
    let (mut cluster, _front, _back) = spread();
    let address = cluster.address();
    let visit = |client: &mut Client| {
        client.get("/").expect(200).body("one");
    };
    let visits = under_load(
        4,
        |_| Client::connect(address),
        visit,
        || {
            for _ in 0..3 {
                cluster.first.kill();
                cluster.start_first_again();
            }
        },
    );
    assert!(visits > 500, "only {visits} visits");
    cluster.wait_until_serving(&["front", "back"]);
    cluster.publish(&home("two")).expect(0);
    expect_site(&cluster, "two");
}

#[test]
fn a_role_that_dies_is_started_again() {
    let mut cluster = Cluster::up();
    let second = cluster.join("second");
    cluster.publish(&home("one")).expect(0);
    cluster.wait_until_serving(&["first", "second"]);
    for role in ["worker", "balancer", "manager"] {
        let dead = cluster.first.role(role).expect(role);
        processes::signal(dead, Signal::KILL);
        eventually(&format!("another {role}"), || {
            cluster.first.role(role).is_some_and(|id| id != dead)
        });
        cluster.wait_until_it_listens();
        eventually("the manager answers", || cluster.call(&["status"]).code == Some(0));
        expect_site(&cluster, "one");
    }
    cluster.wait_until_serving(&["first", "second"]);
    drop(second);
    cluster.first.stop();
}

#[test]
fn a_worker_that_is_killed_under_load_costs_no_get() {
    let cluster = Cluster::up();
    let second = cluster.join("second");
    cluster.publish(&home("one")).expect(0);
    cluster.wait_until_serving(&["first", "second"]);
    let visit = |client: &mut Client| {
        client.get("/").expect(200).body("one");
    };
    under_load(
        4,
        |_| cluster.client(),
        visit,
        || {
            for _ in 0..3 {
                let worker = second.role("worker").unwrap();
                processes::signal(worker, Signal::KILL);
                let another = || second.role("worker").is_some_and(|id| id != worker);
                eventually("another worker", another);
                cluster.wait_until_serving(&["first", "second"]);
            }
        },
    );
}

#[test]
fn nothing_is_left_behind_when_an_agent_is_killed() {
    let mut cluster = Cluster::up();
    eventually("all roles run", || cluster.first.processes().len() == 4);
    let all = cluster.first.processes();
    cluster.first.program().signal(Signal::KILL);
    cluster.first.program().wait();
    eventually("all roles are gone", || !all.iter().any(|id| processes::runs(*id)));
}

#[test]
fn a_node_starts_again_as_it_was() {
    let mut cluster = Cluster::up();
    cluster.publish(&home("one")).expect(0);
    for _ in 0..2 {
        cluster.first.stop();
        cluster.start_first_again();
        expect_site_back(&cluster, "one");
    }
    cluster.first.kill();
    cluster.start_first_again();
    expect_site_back(&cluster, "one");
    cluster.publish(&home("two")).expect(0);
    cluster.call(&["rollback", "--site", "default"]).expect(0);
    expect_site(&cluster, "one");
}
