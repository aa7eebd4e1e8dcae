//! Visitors in an open model: requests are due at a steady pace, however answers come.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bramble_tests::{Answer, Broken, Client, get, post};

use crate::pages::{PAGES, page, receipt};
use crate::visits::{Outcome, Visit, Visits};
use crate::{PER_S, sleep_until};

/// When a visitor gives up.
const PATIENCE: Duration = Duration::from_secs(8);

/// Many enough that a quarter of them may hang for four seconds and none is missing.
const VISITORS: usize = 128;

/// What is asked for, and for how long.
#[derive(Clone, Copy)]
pub struct Load {
    lasts: Duration,
    posts_every: Option<usize>,
    connections: Connections,
}

/// What visitors do with their connections.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Connections {
    /// One for each request.
    Fresh,
    /// Kept for the next request, which has failed when the connection turns out to be closed.
    Kept,
    /// Kept, and opened anew when one turns out to be closed, as browsers do.
    Renewed,
}

/// One who comes back on the same connection as long as that is open.
struct Visitor {
    address: SocketAddr,
    client: Option<Client>,
    load: Load,
}

impl Load {
    /// GETs of all pages in turn.
    pub fn lasting(lasts: Duration) -> Self {
        Self { lasts, posts_every: None, connections: Connections::Kept }
    }

    /// One in so many is a POST, each with an order of its own.
    pub fn with_posts(self, every: usize) -> Self {
        Self { posts_every: Some(every), ..self }
    }

    /// A new connection for each request.
    pub fn with_new_connections(self) -> Self {
        Self { connections: Connections::Fresh, ..self }
    }

    /// A kept connection may be closed by the balancer between two requests.
    pub fn with_renewed_connections(self) -> Self {
        Self { connections: Connections::Renewed, ..self }
    }

    /// Sends all requests, while `faults` are done to the workers.
    pub fn run(self, address: SocketAddr, faults: impl FnOnce(Instant)) -> Visits {
        let pace = Duration::from_secs(1) / PER_S;
        let count = usize::try_from(self.lasts.as_nanos() / pace.as_nanos()).unwrap();
        let (next, visits) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        let start = Instant::now() + Duration::from_millis(100);
        thread::scope(|scope| {
            for _ in 0..VISITORS {
                scope.spawn(|| {
                    let mut visitor = Visitor { address, client: None, load: self };
                    // Whoever is free takes the next one and waits for its time.
                    while let i = next.fetch_add(1, Ordering::Relaxed)
                        && i < count
                    {
                        let due = pace * u32::try_from(i).unwrap();
                        let visit = self.visit(&mut visitor, i, start, due);
                        visits.lock().unwrap().push(visit);
                    }
                });
            }
            faults(start);
        });
        Visits::of(visits.into_inner().unwrap())
    }

    fn visit(&self, visitor: &mut Visitor, i: usize, start: Instant, due: Duration) -> Visit {
        sleep_until(start + due);
        let late = start.elapsed().saturating_sub(due);
        let is_post = self.posts_every.is_some_and(|every| i % every == every - 1);
        let outcome = if is_post { visitor.order(i) } else { visitor.look(i) };
        Visit { is_post, due, late, took: start.elapsed().saturating_sub(due), outcome }
    }
}

impl Visitor {
    fn look(&mut self, i: usize) -> Outcome {
        let (path, _) = PAGES[i % PAGES.len()];
        self.ask(&get(path), &page(path))
    }

    fn order(&mut self, i: usize) -> Outcome {
        let order = format!("order-{i}");
        self.ask(&post("/orders", &order), &receipt(&order))
    }

    fn ask(&mut self, request: &str, expected: &str) -> Outcome {
        let kept = self.client.take().filter(|_| self.load.connections != Connections::Fresh);
        let renews = self.load.connections == Connections::Renewed && kept.is_some();
        let answer = match self.ask_on(kept, request) {
            Err(Broken::Closed | Broken::Reset) if renews => self.ask_on(None, request),
            answer => answer,
        };
        judge(&answer, expected)
    }

    /// Asks on this connection, or on a new one.
    fn ask_on(&mut self, kept: Option<Client>, request: &str) -> Result<Answer, Broken> {
        let mut client = kept.unwrap_or_else(|| Client::connect(self.address));
        client.wire().patience(PATIENCE);
        let answer = client.send(request).try_answer()?;
        if answer.field("Connection") != Some("close") {
            self.client = Some(client);
        }
        Ok(answer)
    }
}

fn judge(answer: &Result<Answer, Broken>, expected: &str) -> Outcome {
    match answer {
        Ok(answer) if answer.status != 200 => Outcome::Status(answer.status),
        Ok(answer) if answer.bytes() != expected.as_bytes() => Outcome::WrongBody,
        Ok(_) => Outcome::Fine,
        Err(Broken::Timeout) => Outcome::NoAnswer,
        Err(_) => Outcome::Cut,
    }
}
