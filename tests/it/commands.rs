//! What calls say and how they end, for people and for scripts.

use std::time::Duration;

use bramble_tests::{Backend, Cluster, Folder, Outcome, bramble, respond};
use serde_json::Value;

#[test]
fn a_taken_port_is_named_before_anything_is_made() {
    let taken = Backend::start(respond(200, ""));
    let address = taken.address().to_string();
    let folder = Folder::empty();
    let outcome = bramble(folder.path(), &["up", "--data", "node", "--listen", &address]);
    outcome.expect(1).says(&format!("can't listen on {address}")).says("--listen ADDR");
    assert!(!folder.join("node").exists(), "a start that failed left a folder behind");
}

#[test]
fn wrong_usage_is_a_2() {
    let folder = Folder::empty();
    let wrong: [&[&str]; 8] = [
        &[],
        &["bake"],
        &["up", "--frobnicate"],
        &["up", "--roles", "worker"],
        &["up", "--listen", "nonsense"],
        &["publish"],
        &["publish", "--site", "default"],
        &["invite", "--role", "baker"],
    ];
    for arguments in wrong {
        bramble(folder.path(), arguments).expect(2);
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// The verbs that a `--help` lists.
fn verbs(help: &str) -> Vec<&str> {
    let listed = help.split_once("Commands:\n").map_or("", |(_, list)| list);
    let lines = listed.lines().take_while(|line| !line.is_empty());
    let words = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    words.filter_map(|line| line.split_whitespace().next()).filter(|verb| *verb != "help").collect()
}

/// Looks at the `--help` of a verb and of those below it; answers how many there are.
fn check_help(verb: &[&str]) -> usize {
    let help = bramble(Folder::empty().path(), &[verb, &["--help"]].concat());
    if !verb.is_empty() {
        help.expect(0).says("Example").says(&format!("  bramble {}", verb.join(" ")));
        help.says("Exit codes: 0 ").says("2 ");
    }
    let below = verbs(&help.output);
    1 + below.iter().map(|more| check_help(&[verb, &[*more]].concat())).sum::<usize>()
}

#[test]
fn every_verb_s_help_has_an_example_and_exit_codes() {
    // 19 verbs, below them 4 for nodes, 1 for imports, 2 for pools and 10 for backends, and bramble
    // itself.
    assert_eq!(check_help(&[]), 37);
}

#[test]
fn without_a_worker_nothing_is_published_and_that_is_a_1() {
    let cluster = Cluster::with_roles("manager,balancer");
    let site = Folder::with(&[("index.html", "home")]);
    cluster.publish(&site).expect(1).says("no worker is there to serve it").says("bramble status");
    assert!(cluster.status()["sites"][0]["release"].is_null());
}

#[test]
fn an_address_that_nobody_can_reach_is_refused() {
    let folder = Folder::empty();
    for address in ["0.0.0.0", "::", "224.0.0.1", "ff02::1"] {
        for call in [&["up"][..], &["join", "bramble1.e30"]] {
            let arguments = [call, &["--address", address, "--data", "node"]].concat();
            let outcome = bramble(folder.path(), &arguments);
            outcome.expect(2).says("nobody can connect to that").says("as 192.168.1.20");
        }
    }
    assert!(!folder.join("node").exists());
}

#[test]
fn without_a_cluster_calls_say_so() {
    let folder = Folder::with(&[("site/index.html", "home")]);
    let calls: [&[&str]; 5] = [
        &["status"],
        &["node", "list"],
        &["invite"],
        &["publish", "--site", "default", "site"],
        &["rollback", "--site", "default"],
    ];
    for arguments in calls {
        bramble(folder.path(), arguments).expect(4).says("bramble up");
    }
    assert!(!folder.join("bramble-data").exists());
}

#[test]
fn what_the_manager_refuses_is_a_3_with_a_next_step() {
    let cluster = Cluster::up();
    let folder = Folder::with(&[("index.html", "home")]);
    let site = folder.path().to_str().unwrap();
    cluster
        .call(&["publish", "--site", "default", "/nowhere/at/all"])
        .expect(2)
        .says("/nowhere/at/all");
    cluster.call(&["publish", "--site", "other", site]).expect(3).says("other").says("default");
    cluster.call(&["rollback", "--site", "default"]).expect(3);
    cluster.call(&["rollback", "--site", "other"]).expect(3).says("other").says("default");
    cluster.call(&["invite", "--role", "manager"]).expect(3);
    cluster.call(&["rollback", "--site", "default", "--to", "abcdef"]).expect(3).says("abcdef");
    for verb in ["drain", "enable", "remove"] {
        cluster.call(&["node", verb, "ghost"]).expect(3).says("ghost").says("first");
    }
}

#[test]
fn calls_answer_within_a_second() {
    let cluster = Cluster::up();
    cluster.publish(&Folder::with(&[("index.html", "home")])).expect(0);
    for call in [&["status"][..], &["status", "--json"], &["node", "list"], &["invite"]] {
        let took = cluster.call(call).expect(0).took;
        assert!(took < Duration::from_secs(1), "{call:?}: {took:?}");
    }
    let took = bramble(cluster.folder().path(), &["version"]).expect(0).took;
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[test]
fn a_folder_in_use_is_not_used_twice() {
    let cluster = Cluster::up();
    cluster.call(&["up"]).expect(1).says("in use by process");
    cluster.call(&["status"]).expect(0);
}

#[test]
fn a_folder_with_other_things_in_it_is_left_alone() {
    let folder = Folder::with(&[("data/photo.jpg", "mine")]);
    bramble(folder.path(), &["up", "--data", "data", "--listen", "127.0.0.1:0"]).expect(1);
    assert_eq!(std::fs::read_dir(folder.join("data")).unwrap().count(), 1);
}

const REDIRECT: &str = "[[route]]\npath_prefix = \"/old\"\n\
                        redirect = { status = 302, location = \"/\" }\n";

#[track_caller]
fn expect_json(outcome: &Outcome) {
    let output = &outcome.expect(0).output;
    assert!(serde_json::from_str::<Value>(output).is_ok(), "{output}");
}

#[test]
fn json_is_json() {
    let cluster = Cluster::up();
    cluster.publish(&Folder::with(&[("index.html", "before")])).expect(0);
    let folder = Folder::with(&[("site/index.html", "home")]);
    let site = folder.join("site").display().to_string();
    cluster.configure(REDIRECT);
    let file = cluster.file();
    let calls: [&[&str]; 9] = [
        &["publish", "--site", "default", &site],
        &["status"],
        &["node", "list"],
        &["invite"],
        &["rollback", "--site", "default"],
        &["node", "drain", "first", "--force"],
        &["node", "enable", "first"],
        &["apply", &file, "--dry-run"],
        &["apply", &file],
    ];
    for call in calls {
        expect_json(&cluster.call(&[call, &["--json"]].concat()));
    }
    let url = format!("http://{}/", cluster.address());
    let alone: [&[&str]; 3] =
        [&["load", &url, "--duration", "200ms"], &["version"], &["check", &file]];
    for call in alone {
        expect_json(&bramble(folder.path(), &[call, &["--json"]].concat()));
    }
}
