#![allow(clippy::print_stdout)] // The counts.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

use tokio::task::{LocalSet, spawn_blocking};

use crate::Server;

const CONFIG: &str = "[[listener]]\nname = \"web\"\naddress = \"127.0.0.1:80\"\n\
    [[route]]\nrespond = { status = 200, body = \"fine\" }\n";

/// Asks on a connection; the answer, or nothing if the connection ended instead.
fn ask(stream: &mut TcpStream, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: a.test\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    let mut piece = [0; 512];
    while !answer.ends_with("fine") {
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return String::new(),
            Ok(n) => answer.push_str(std::str::from_utf8(&piece[..n]).unwrap()),
        }
    }
    answer
}

/// How many of `others`, which stay open, get their answers while other connections' work
/// panics, `panics` times.
fn visit(address: SocketAddr, others: usize, panics: usize) -> usize {
    let connect = || {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream
    };
    let mut others: Vec<_> = (0..others).map(|_| connect()).collect();
    let mut answered = || {
        let answers = others.iter_mut().map(|other| ask(other, "/"));
        answers.filter(|answer| answer.starts_with("HTTP/1.1 200 ")).count()
    };
    let before = answered();
    for _ in 0..panics {
        assert_eq!(ask(&mut connect(), "/panic"), "", "it is closed without an answer");
    }
    before.min(answered())
}

#[tokio::test(flavor = "current_thread")]
async fn a_panic_ends_its_connection_and_is_counted() {
    let work = async {
        let mut plan = bramble_config::load(CONFIG, "test").unwrap().plan().unwrap();
        plan.listeners[0].address.set_port(0);
        let mut server = Server::new(PathBuf::new());
        server.take(plan).await.unwrap();
        let address = server.plan().unwrap().listeners[0].address;
        let answered = spawn_blocking(move || visit(address, 200, 20)).await.unwrap();
        let facts = server.facts().await;
        println!("of 200 other connections {} failed, {} panics", 200 - answered, facts.panics);
        assert_eq!((answered, facts.panics, facts.in_flight), (200, 20, 0));
        server.stop().await;
    };
    LocalSet::new().run_until(work).await;
}
