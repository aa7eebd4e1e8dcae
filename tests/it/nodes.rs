//! Nodes that come, rest and go, and the tickets that let them in.

use std::thread;
use std::time::Duration;

use bramble_cluster::ticket::Ticket;
use bramble_tests::{Client, Cluster, Folder, Program, bramble, eventually, under_load};
use serde_json::Value;

fn published() -> Cluster {
    let cluster = Cluster::up();
    cluster.publish(&Folder::with(&[("index.html", "home")])).expect(0);
    cluster
}

/// Requests that the balancer has sent to a node so far.
fn requests(cluster: &Cluster, node: &str) -> u64 {
    let balancer = cluster.node("first").unwrap();
    let roles = balancer["report"]["roles"].as_array().unwrap().clone();
    let backends = roles.iter().filter_map(|role| role["server"]["backends"].as_array()).flatten();
    let backend = backends.into_iter().find(|backend| backend["name"] == node);
    backend.map_or(0, |backend| backend["requests"].as_u64().unwrap())
}

#[test]
fn a_node_that_joins_serves() {
    let cluster = published();
    let second = cluster.join("second");
    cluster.wait_until_serving(&["first", "second"]);
    let mut client = cluster.client();
    // It begins with a part of its share.
    eventually("both have served", || {
        for _ in 0..20 {
            client.get("/").expect(200).body("home");
        }
        requests(&cluster, second.name()) >= 10
    });
}

#[test]
fn a_node_joins_and_leaves_under_load_and_no_request_fails() {
    let cluster = published();
    let visit = |client: &mut Client| {
        client.get("/").expect(200).body("home");
    };
    under_load(
        4,
        |_| cluster.client(),
        visit,
        || {
            let mut second = cluster.join("second");
            cluster.wait_until_serving(&["first", "second"]);
            cluster.call(&["node", "drain", "second"]).expect(0);
            cluster.wait_until_serving(&["first"]);
            cluster.call(&["node", "enable", "second"]).expect(0);
            cluster.wait_until_serving(&["first", "second"]);
            second.kill();
            cluster.wait_until_serving(&["first"]);
            second.start_again();
            cluster.wait_until_serving(&["first", "second"]);
            cluster.call(&["node", "remove", "second"]).expect(0);
            cluster.wait_until_serving(&["first"]);
        },
    );
}

#[test]
fn a_drained_node_gets_nothing_until_it_is_enabled() {
    let cluster = published();
    let _second = cluster.join("second");
    cluster.wait_until_serving(&["first", "second"]);
    cluster.call(&["node", "drain", "second"]).expect(0).says("second");
    cluster.wait_until_serving(&["first"]);
    thread::sleep(Duration::from_millis(1200));
    let before = requests(&cluster, "second");
    let mut client = cluster.client();
    for _ in 0..20 {
        client.get("/").expect(200);
    }
    thread::sleep(Duration::from_millis(1200));
    assert_eq!(requests(&cluster, "second"), before);
    let why = cluster.node("second").unwrap()["why_not"].clone();
    assert_eq!(why, Value::from("it drains"));
    cluster.call(&["node", "enable", "second"]).expect(0);
    cluster.wait_until_serving(&["first", "second"]);
}

#[test]
fn a_node_without_a_worker_is_not_drained() {
    let cluster = published();
    let _front = cluster.join_as("front", "balancer");
    for verb in ["drain", "enable"] {
        cluster.call(&["node", verb, "front"]).expect(3).says("runs no worker").says("next step");
    }
}

#[test]
fn a_removed_node_is_told_and_stays_out() {
    let cluster = published();
    let mut second = cluster.join("second");
    cluster.wait_until_serving(&["first", "second"]);
    cluster.call(&["node", "remove", "second"]).expect(0);
    cluster.wait_until_serving(&["first"]);
    assert!(cluster.node("second").is_none());
    second.stop();
    second.start_again();
    second.program().log.expect("no member of the cluster");
    assert!(cluster.node("second").is_none());
    let mut client = cluster.client();
    for _ in 0..10 {
        client.get("/").expect(200).body("home");
    }
}

#[test]
fn the_last_that_serves_is_not_taken_away_by_mistake() {
    let cluster = published();
    cluster.wait_until_serving(&["first"]);
    cluster.call(&["node", "drain", "first"]).expect(3).says("last worker").says("--force");
    cluster.call(&["node", "remove", "first"]).expect(3).says("the manager's node");
    cluster.get("/").expect(200);
    cluster.call(&["node", "drain", "first", "--force"]).expect(0);
    eventually("nobody serves", || cluster.get("/").status == 503);
    cluster.call(&["node", "enable", "first"]).expect(0);
    eventually("it serves", || cluster.get("/").status == 200);
}

#[test]
fn a_ticket_lets_one_node_in() {
    let cluster = published();
    let ticket = cluster.ticket(&[]);
    let mut joined = Program::start(&[
        "join",
        &ticket,
        "--data",
        cluster.folder().join("second").to_str().unwrap(),
        "--name",
        "second",
    ]);
    eventually("it joins", || cluster.node("second").is_some());
    let again = bramble(cluster.folder().path(), &["join", &ticket, "--data", "third"]);
    again.expect(3).says("used already, by node second").says("bramble invite");
    assert!(!cluster.folder().join("third").exists(), "a refused node left a folder behind");
    joined.signal(rustix::process::Signal::TERM);
    assert_eq!(joined.wait().code(), Some(0));
}

#[test]
fn a_join_that_was_cut_off_at_any_file_goes_on_with_the_same_ticket() {
    let cluster = published();
    let files = ["identity/key.pem", "identity/ca.pem", "identity/cert.pem", "node.json"];
    for written in 1..files.len() {
        let name = format!("cut-{written}");
        let (ticket, data) = (cluster.ticket(&[]), cluster.folder().join(&name));
        let arguments = ["join", &ticket, "--data", data.to_str().unwrap(), "--name", &name];
        let mut joined = Program::start(&arguments);
        eventually("it joins", || cluster.node(&name).is_some() && data.join("run").exists());
        joined.signal(rustix::process::Signal::KILL);
        joined.wait();
        files[written..].iter().for_each(|file| std::fs::remove_file(data.join(file)).unwrap());
        let mut joined = Program::start(&arguments);
        eventually("it serves", || cluster.serving().contains(&name));
        joined.signal(rustix::process::Signal::TERM);
        assert_eq!(joined.wait().code(), Some(0));
    }
    assert_eq!(cluster.status()["nodes"].as_array().unwrap().len(), files.len());
}

#[test]
fn a_ticket_expires() {
    let cluster = Cluster::up();
    let ticket = cluster.ticket(&["--expires", "1s"]);
    thread::sleep(Duration::from_millis(1500));
    let late = bramble(cluster.folder().path(), &["join", &ticket, "--data", "second"]);
    late.expect(3).says("expired").says("bramble invite");
    assert!(cluster.node("second").is_none());
}

#[test]
fn a_manager_of_another_cluster_is_not_told_the_secret() {
    let (ours, other) = (Cluster::up(), Cluster::up());
    let ticket: Ticket = ours.ticket(&[]).parse().unwrap();
    let there: Ticket = other.ticket(&[]).parse().unwrap();
    let join = |ticket: &str| bramble(ours.folder().path(), &["join", ticket, "--data", "second"]);
    let elsewhere = Ticket { addresses: there.addresses, ..ticket.clone() };
    let refused = join(&elsewhere.to_string());
    assert!(matches!(refused.code, Some(1 | 4)), "{refused:#?}");
    refused.says("next step");
    // The secret is still good, a guessed one is not.
    let guessed = Ticket { secret: "0".repeat(64), ..ticket.clone() };
    join(&guessed.to_string()).expect(3).says("ticket");
    let data = ours.folder().join("second").display().to_string();
    let ticket = ticket.to_string();
    let _second = Program::start(&["join", &ticket, "--data", &data, "--name", "second"]);
    eventually("it joins", || ours.node("second").is_some());
    assert_eq!(other.status()["nodes"].as_array().unwrap().len(), 1);
}

#[test]
fn what_is_no_ticket_is_said_to_be_none() {
    let folder = Folder::empty();
    for text in ["hello", "bramble1.", "bramble1.!!!!", "bramble1.e30"] {
        bramble(folder.path(), &["join", text, "--data", "n"]).expect(2).says("ticket");
    }
    bramble(folder.path(), &["join", "--data", "n"]).expect(2).says("bramble invite");
    assert!(!folder.join("n").exists());
}

#[test]
fn a_manager_that_is_not_there_is_a_4() {
    let mut cluster = Cluster::with_file("");
    let ticket = cluster.ticket(&[]);
    cluster.first.stop();
    let folder = cluster.folder().path();
    bramble(folder, &["join", &ticket, "--data", "second"]).expect(4).says("next step");
    let site = Folder::with(&[("index.html", "home")]);
    let file = cluster.file();
    let calls: [&[&str]; 11] = [
        &["status"],
        &["invite"],
        &["node", "list"],
        &["node", "drain", "first"],
        &["publish", site.path().to_str().unwrap(), "--site", "default"],
        &["rollback", "--site", "default"],
        &["apply", &file],
        &["reload"],
        &["pool", "list"],
        &["backend", "drain", "app", "b1"],
        &["export"],
    ];
    for call in calls {
        cluster.call(call).expect(4).says("can't be reached").says("bramble up");
    }
}

#[test]
fn names_are_made_unique() {
    let cluster = published();
    let _second = cluster.join("second");
    let ticket = cluster.ticket(&[]);
    let data = cluster.folder().join("other");
    let arguments = ["join", &ticket, "--data", data.to_str().unwrap(), "--name", "second"];
    let _other = Program::start(&arguments);
    eventually("a third node", || cluster.status()["nodes"].as_array().unwrap().len() == 3);
    let status = cluster.status();
    let names: std::collections::BTreeSet<_> =
        status["nodes"].as_array().unwrap().iter().map(|node| node["name"].to_string()).collect();
    assert_eq!(names.len(), 3, "{names:?}");
}
