//! Logs and results that can't be written: what runs goes on, what was asked for has failed.

use std::fs::File;
use std::net::{SocketAddr, TcpStream};

use bramble_tests::{
    Address, Call, Client, Cluster, Config, Folder, Program, bramble, eventually, processes,
};
use rustix::process::Signal;

/// Takes no byte, as a file on a full disk.
fn full() -> File {
    File::options().write(true).open("/dev/full").unwrap()
}

fn wait_until_it_listens(address: SocketAddr) {
    eventually("it listens", || TcpStream::connect(address).is_ok());
}

#[test]
fn a_log_that_can_not_be_written_stops_no_role() {
    let site = Folder::with(&[("index.html", "home")]);
    let (folder, address) = (Folder::empty(), Address::free());
    folder.write("bramble.toml", Config::files(&site, "").text(address.socket()));
    let file = folder.join("bramble.toml").display().to_string();
    let mut program = Program::start_with_log(&["run", "--config", &file], full());
    wait_until_it_listens(address.socket());
    program.signal(Signal::HUP);
    folder.write("bramble.toml", "nonsense");
    // It has something to say of this.
    program.signal(Signal::HUP);
    for _ in 0..3 {
        Client::connect(address.socket()).get("/").expect(200).body("home");
    }
    program.signal(Signal::TERM);
    assert_eq!(program.wait().code(), Some(0));
}

#[test]
fn a_log_that_can_not_be_written_stops_no_node() {
    let (folder, address) = (Folder::with(&[("site/index.html", "home")]), Address::free());
    let (listen, me) = (address.socket().to_string(), std::process::id().to_string());
    let data = folder.join("node").display().to_string();
    let up = ["up", "--data", &data, "--listen", &listen, "--end-with-parent", &me];
    let mut agent = Program::start_with_log(&up, full());
    wait_until_it_listens(address.socket());
    bramble(folder.path(), &["publish", "site", "--site", "default", "--data", &data]).expect(0);
    let is_worker = |id: &u32| processes::command(*id).contains(" role worker ");
    let worker = || processes::children(agent.id()).into_iter().find(is_worker);
    let dead = worker().unwrap();
    processes::signal(dead, Signal::KILL);
    eventually("another worker", || worker().is_some_and(|id| id != dead));
    eventually("it serves", || Client::connect(address.socket()).get("/").status == 200);
    agent.signal(Signal::TERM);
    assert_eq!(agent.wait().code(), Some(0));
}

#[test]
fn a_result_that_can_not_be_written_is_a_failure() {
    let cluster = Cluster::up();
    let site = Folder::with(&[("index.html", "home")]);
    let data = cluster.first.data().to_str().unwrap();
    let calls: [&[&str]; 7] = [
        &["invite", "--data", data],
        &["invite", "--data", data, "--json"],
        &["status", "--data", data],
        &["status", "--data", data, "--watch"],
        &["node", "list", "--data", data],
        &["version"],
        &["publish", "--help"],
    ];
    for arguments in calls {
        let outcome = Call::new(site.path(), arguments).output_to(full()).run();
        outcome.expect(1).says("can't write to standard output: No space left").says("next step");
    }
}

#[test]
fn a_reader_that_went_away_is_none() {
    let cluster = Cluster::up();
    let data = cluster.first.data().to_str().unwrap();
    for arguments in [&["status"][..], &["status", "--watch"], &["node", "list", "--json"]] {
        let (_, writer) = std::io::pipe().unwrap();
        let call = Call::new(cluster.folder().path(), &[arguments, &["--data", data]].concat());
        assert_eq!(call.output_to(writer).run().expect(0).complaint, "");
    }
}
