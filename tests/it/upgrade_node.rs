//! `bramble upgrade-self` for a node: its roles and its agent run from another binary, and no visitor can
//! tell.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use bramble_tests::{
    Backend, Caller, Client, Cluster, FileId, Folder, Installed, Node, bramble, eventually,
    processes, under_load,
};
use rustix::process::Signal;

const AGREE: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\
                     Upgrade: websocket\r\nSec-WebSocket-Accept: y\r\n\r\n";
const ASK: &str = "GET /chat HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\n\
                   Upgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n";

/// Until an agent has come over.
const PATIENCE: Duration = Duration::from_secs(20);

/// A backend that agrees, and then says everything again.
fn echo(caller: &mut Caller) {
    caller.send(AGREE);
    while let Ok(byte) = caller.wire().exactly(1) {
        caller.send(byte);
    }
    caller.close();
}

fn app(backend: &Backend) -> String {
    format!(
        "[[pool]]\nname = \"app\"\n[[pool.backend]]\naddress = \"{}\"\n\
         [[route]]\npath_prefix = \"/chat\"\npool = \"app\"",
        backend.address()
    )
}

/// A cluster that runs from an installed binary and shows a page.
fn published(installed: &Installed, more: &str) -> Cluster {
    let cluster = Cluster::with_binary(&installed.place(), more);
    cluster.publish(&Folder::with(&[("index.html", "home")])).expect(0);
    cluster.wait_until_serving(&["first"]);
    cluster
}

fn upgrade(installed: &Installed, binary: &Path, node: &Node) -> bramble_tests::Outcome {
    let (binary, data) = (binary.to_str().unwrap(), node.data().to_str().unwrap());
    installed.upgrade(&["--binary", binary, "--data", data])
}

const ROLES: [&str; 3] = ["balancer", "worker", "manager"];

/// The processes of all roles, as children of the agent.
fn roles(node: &Node) -> Vec<u32> {
    ROLES.iter().map(|role| node.role(role).expect(role)).collect()
}

/// The role's process that has the role now: an older one may still have clients.
fn serving(cluster: &Cluster, role: &str) -> Option<u64> {
    let report = cluster.node("first")?["report"].clone();
    let roles = report["roles"].as_array()?.clone();
    roles.iter().find(|facts| facts["role"] == role)?["pid"].as_u64()
}

#[test]
fn a_node_runs_from_another_binary_and_back_and_no_request_is_lost() {
    let installed = Installed::new();
    let mut cluster = published(&installed, "");
    let agent = cluster.first.program().id();
    let another = installed.another();
    let old = FileId::of(&installed.place());
    let arrive = |i| (i, cluster.client());
    let visit = |(i, client): &mut (usize, Client)| {
        if *i > 1 {
            *client = cluster.client();
        }
        client.get("/").expect(200).body("home");
        thread::sleep(Duration::from_micros(500));
    };
    let visits = under_load(4, arrive, visit, || {
        let before = roles(&cluster.first);
        upgrade(&installed, &another, &cluster.first).expect(0).says(&format!("{agent} serves"));
        let new = FileId::of(&installed.place());
        assert_eq!(new.bytes, FileId::of(&another).bytes);
        assert_eq!(FileId::run_by(agent), new, "the agent");
        eventually("the old ones have ended", || !before.iter().any(|id| processes::runs(*id)));
        assert!(roles(&cluster.first).iter().all(|id| FileId::run_by(*id) == new));
        cluster.wait_until_serving(&["first"]);
        upgrade(&installed, &installed.previous(), &cluster.first).expect(0);
        assert_eq!(FileId::run_by(agent).bytes, old.bytes);
        cluster.wait_until_serving(&["first"]);
    });
    assert!(visits > 100, "only {visits} visits");
    // It is a node as before: it publishes, its folder is its own, and it stops in order.
    cluster.publish(&Folder::with(&[("index.html", "new")])).expect(0);
    cluster.get("/").expect(200).body("new");
    let data = cluster.first.data().to_str().unwrap().to_owned();
    bramble(cluster.folder().path(), &["up", "--data", &data]).expect(1).says("is in use");
    let last = roles(&cluster.first);
    cluster.first.stop();
    assert!(!last.iter().any(|id| processes::runs(*id)), "something is left");
}

#[test]
fn a_worker_s_node_is_upgraded_and_no_request_is_lost() {
    let installed = Installed::new();
    let cluster = published(&installed, "");
    let mut second = cluster.join("second");
    cluster.wait_until_serving(&["first", "second"]);
    let another = installed.another();
    let arrive = |_| cluster.client();
    let visit = |client: &mut Client| {
        client.get("/").expect(200).body("home");
    };
    let pid = second.program().id();
    under_load(4, arrive, visit, || {
        upgrade(&installed, &another, &second).expect(0);
        cluster.wait_until_serving(&["first", "second"]);
    });
    let new = FileId::of(&installed.place());
    assert_eq!(FileId::run_by(pid), new);
    // The old one stays for as long as it has something to answer.
    eventually("the old worker is gone", || {
        second.role("worker").is_some_and(|worker| FileId::run_by(worker) == new)
    });
    second.stop();
}

#[test]
fn a_web_socket_lives_on_beside_the_new_balancer() {
    let backend = Backend::start(echo);
    let installed = Installed::new();
    let mut cluster = published(&installed, &app(&backend));
    let mut client = cluster.client();
    client.send(ASK).wire().head().unwrap();
    let old = cluster.first.role("balancer").unwrap();
    upgrade(&installed, &installed.another(), &cluster.first).expect(0);
    client.send("a");
    assert_eq!(client.wire().exactly(1).unwrap(), b"a");
    assert!(processes::runs(old));
    eventually("another has the role", || {
        serving(&cluster, "balancer").is_some_and(|pid| pid != u64::from(old))
    });
    cluster.get("/").expect(200).body("home");
    // The agent that has come in between sees its end, too.
    drop(client);
    eventually("the old one has nothing left", || !Path::new(&format!("/proc/{old}")).exists());
    assert_eq!(cluster.first.program().log.count("starting it again"), 0);
}

#[test]
fn when_the_heir_of_a_role_dies_the_one_before_serves() {
    let backend = Backend::start(echo);
    let installed = Installed::new();
    let cluster = published(&installed, &app(&backend));
    let mut client = cluster.client();
    client.send(ASK).wire().head().unwrap();
    let old = cluster.first.role("balancer").unwrap();
    upgrade(&installed, &installed.another(), &cluster.first).expect(0);
    let is_heir = |pid: &u64| *pid != u64::from(old);
    eventually("another has the role", || {
        serving(&cluster, "balancer").as_ref().is_some_and(is_heir)
    });
    let heir = serving(&cluster, "balancer").unwrap();
    processes::signal(u32::try_from(heir).unwrap(), Signal::KILL);
    eventually("the old one has it", || serving(&cluster, "balancer") == Some(u64::from(old)));
    cluster.get("/").expect(200).body("home");
    // And it takes plans.
    cluster.publish(&Folder::with(&[("index.html", "new")])).expect(0);
    cluster.get("/").expect(200).body("new");
    client.send("a");
    assert_eq!(client.wire().exactly(1).unwrap(), b"a");
}

#[test]
fn a_role_that_does_not_come_over_leaves_the_node_as_it_was() {
    let installed = Installed::new();
    let mut cluster = published(&installed, "[access_log]\npath = \"log/access.log\"");
    let before = roles(&cluster.first);
    // From now on the log can't be opened: what writes to it goes on, a new process does not come up.
    let log = cluster.first.data().join("log");
    std::fs::rename(&log, log.with_extension("moved")).unwrap();
    std::fs::write(&log, "").unwrap();
    let outcome = upgrade(&installed, &installed.another(), &cluster.first);
    outcome.expect(1).says("not upgraded").says("balancer process ended before it was ready");
    installed.expect_intact();
    assert_eq!(roles(&cluster.first), before);
    cluster.get("/").expect(200).body("home");
    let trouble = || cluster.node("first").unwrap()["report"]["trouble"].clone();
    eventually("it says so", || trouble().as_str().is_some_and(|why| why.contains("not upgraded")));
    std::fs::remove_file(&log).unwrap();
    let data = cluster.first.data().to_str().unwrap().to_owned();
    installed.upgrade(&["--data", &data]).expect(0);
    assert!(roles(&cluster.first).iter().all(|id| !before.contains(id)));
    eventually("no more of it", || trouble().is_null());
    cluster.first.stop();
}

#[test]
fn a_signal_to_the_agent_is_an_upgrade_too() {
    let installed = Installed::new();
    let mut cluster = published(&installed, "");
    let (agent, before) = (cluster.first.program().id(), roles(&cluster.first));
    std::fs::rename(installed.another(), installed.place()).unwrap();
    cluster.first.program().signal(Signal::USR2);
    let new = FileId::of(&installed.place());
    eventually("the agent runs from the new file", || FileId::run_by(agent) == new);
    assert!(roles(&cluster.first).iter().all(|id| !before.contains(id)));
    cluster.wait_until_serving(&["first"]);
}

#[test]
fn a_stop_while_the_agent_becomes_the_new_program_is_one_in_order() {
    let installed = Installed::new();
    let mut cluster = published(&installed, "");
    let agent = cluster.first.program().id();
    std::fs::rename(installed.another(), installed.place()).unwrap();
    cluster.first.program().signal(Signal::USR2);
    let (new, deadline) = (FileId::of(&installed.place()), Instant::now() + PATIENCE);
    // Without a pause: it has no handlers yet.
    while FileId::run_by(agent) != new {
        assert!(Instant::now() < deadline, "the agent does not run from the new file");
    }
    cluster.first.stop();
}

#[test]
fn a_node_that_does_not_run_can_t_be_upgraded() {
    let installed = Installed::new();
    let mut cluster = published(&installed, "");
    cluster.first.stop();
    let outcome = upgrade(&installed, &installed.another(), &cluster.first);
    outcome.expect(1).says("no node runs in").says("next step");
    installed.expect_intact();
    let data = installed.folder.join("none");
    installed.upgrade(&["--data", data.to_str().unwrap()]).expect(1).says("is no node");
    assert!(!data.exists());
}
