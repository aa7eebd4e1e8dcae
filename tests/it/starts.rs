//! Later starts of a node that finds the machine changed.

use std::net::TcpListener;

use bramble_tests::{Address, Client, Cluster, Folder, eventually, get};

/// A cluster that started again while somebody else held its visitors' address.
fn held_up() -> (Cluster, TcpListener) {
    let mut cluster = Cluster::up();
    cluster.publish(&Folder::with(&[("index.html", "home")])).expect(0);
    cluster.first.stop();
    let thief = TcpListener::bind(cluster.address()).unwrap();
    cluster.start_first_again();
    let log = &cluster.first.program().log;
    log.expect(&format!("warning: can't listen on {}", thief.local_addr().unwrap()));
    log.expect("bramble apply FILE --data ");
    let why = thief.local_addr().unwrap().to_string();
    eventually("the status says why", || {
        let node = cluster.node("first").unwrap();
        node["report"]["trouble"].as_str().is_some_and(|words| words.contains(&why))
    });
    cluster.call(&["status"]).expect(0).says(&why);
    (cluster, thief)
}

#[test]
fn a_visitors_address_that_is_taken_can_be_changed() {
    let (cluster, _thief) = held_up();
    let (folder, other) = (Folder::empty(), Address::free());
    let address = other.socket();
    let text = format!(
        "[[listener]]\nname = \"web\"\naddress = \"{address}\"\n[[site]]\nname = \"default\"\n"
    );
    folder.write("cluster.toml", text);
    cluster.call(&["apply", folder.join("cluster.toml").to_str().unwrap()]).expect(0);
    eventually("it listens there", || std::net::TcpStream::connect(address).is_ok());
    eventually("it serves", || Client::connect(address).get("/").status == 200);
}

#[test]
fn a_visitors_address_that_becomes_free_is_used() {
    let (cluster, thief) = held_up();
    drop(thief);
    cluster.wait_until_it_listens();
    // A process that another scenario begins may still hold what the thief had open, and end.
    let serves = || {
        let client = Client::try_connect(cluster.address());
        client.is_ok_and(|mut c| c.send(get("/")).try_answer().is_ok_and(|a| a.status == 200))
    };
    eventually("it serves", serves);
    let trouble = || cluster.node("first").unwrap()["report"]["trouble"].clone();
    eventually("nothing is wrong any more", || trouble().is_null());
}

#[test]
fn the_managers_address_must_be_free() {
    let mut cluster = Cluster::up();
    let node = std::fs::read(cluster.first.data().join("node.json")).unwrap();
    let node: serde_json::Value = serde_json::from_slice(&node).unwrap();
    let manager = node["managers"][0].as_str().unwrap().to_owned();
    cluster.first.stop();
    let _thief = TcpListener::bind(&manager).unwrap();
    let refused = cluster.call(&["up"]);
    refused.expect(1).says(&format!("can't listen on {manager}")).says("when it is free");
}
