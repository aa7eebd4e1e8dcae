//! A small app in a process of its own, to stand behind a balancer and be killed.
//!
//! `faults-app ADDRESS LEDGER WORK_MS`: each request takes its time before the answer and in the
//! middle of it, so that a death may come at any point. A POST is written down first.

#![allow(clippy::expect_used, clippy::unwrap_used)] // A surprise ends it.

#[path = "../ledger.rs"]
mod ledger;
#[path = "../pages.rs"]
mod pages;

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use bramble_tests::{Broken, Head, Wire};

struct App {
    ledger: PathBuf,
    work: Duration,
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().expect("ADDRESS LEDGER WORK_MS");
    let listener = TcpListener::bind(next()).unwrap();
    let ledger = Path::new(&next()).to_owned();
    let work = Duration::from_millis(next().parse().unwrap());
    let app = Arc::new(App { ledger, work });
    for stream in listener.incoming().map_while(Result::ok) {
        let app = app.clone();
        thread::spawn(move || app.serve(stream));
    }
}

impl App {
    fn serve(&self, stream: TcpStream) {
        let mut wire = Wire::new(stream);
        wire.patience(Duration::from_secs(60));
        while let Ok(head) = wire.head() {
            if self.answer(&mut wire, &head).is_err() {
                return;
            }
        }
    }

    fn answer(&self, wire: &mut Wire, head: &Head) -> Result<(), Broken> {
        let body = match head.field("Content-Length") {
            None => pages::page(head.start.split(' ').nth(1).unwrap_or_default()),
            Some(_) => {
                let order = String::from_utf8(wire.body(head)?).expect("an order is text");
                ledger::write_down(&self.ledger, &order);
                pages::receipt(&order)
            }
        };
        thread::sleep(self.work / 2);
        let (first, second) = body.split_at(body.len() / 2);
        let length = body.len();
        wire.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{first}"));
        thread::sleep(self.work / 2);
        wire.send(second);
        Ok(())
    }
}
