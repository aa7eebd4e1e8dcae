//! A lane: one proxy before one backend, through which cases go one after the other.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::case::{Asked, Case, target};
use crate::client::{Client, Ended};
use crate::judges::{Message, whole_answer};
use crate::peer::{Peer, Proxy};
use crate::recorder::{Recorder, Reply, Segment, own_answer};

/// Lanes of one proxy side by side.
const LANES: usize = 6;
/// After a whole answer: whatever else there is would have come.
const QUIET: Duration = Duration::from_millis(100);
/// For the first answer, while the message may still go on.
const FIRST: Duration = Duration::from_millis(250);
/// For what surely comes.
const PATIENCE: Duration = Duration::from_secs(5);

/// What was seen of one case.
pub(crate) struct Seen {
    /// What the client got.
    pub received: Vec<u8>,
    pub end: Ended,
    /// The client asked once more on its connection.
    pub asked_again: bool,
    /// What the backend got.
    pub segments: Vec<Segment>,
    /// How the next requests fared, where they did not get their own answers.
    pub poisoned: Option<String>,
}

/// How a case goes through a proxy.
type Run = fn(&Lane, &Case) -> Seen;

struct Lane {
    proxy: Proxy,
    backend: Recorder,
    /// What it answers to the target of a case.
    answer: Arc<Mutex<Reply>>,
}

/// Sends all requests through a proxy.
pub(crate) fn requests(peer: Peer, cases: &[Case]) -> Vec<Seen> {
    through(peer, cases, Lane::request)
}

/// Has all answers given through a proxy.
pub(crate) fn answers(peer: Peer, cases: &[Case]) -> Vec<Seen> {
    through(peer, cases, Lane::answer)
}

fn through(peer: Peer, cases: &[Case], run: Run) -> Vec<Seen> {
    if cases.is_empty() {
        return Vec::new();
    }
    let share = cases.len().div_ceil(LANES);
    thread::scope(|scope| {
        let lanes = cases.chunks(share).map(|cases| {
            scope.spawn(move || {
                let lane = Lane::start(peer);
                cases.iter().map(|case| run(&lane, case)).collect::<Vec<_>>()
            })
        });
        let lanes: Vec<_> = lanes.collect();
        lanes.into_iter().flat_map(|lane| lane.join().unwrap()).collect()
    })
}

impl Lane {
    fn start(peer: Peer) -> Self {
        let nothing = Reply { bytes: Vec::new(), closes: false };
        let answer = Arc::new(Mutex::new(nothing));
        let given = answer.clone();
        let backend = Recorder::start(move |message: &Message| {
            let Reply { bytes, closes } = &*given.lock().unwrap();
            let own = bytes.is_empty() || !message.target.starts_with("/case/");
            if own { Reply::to(message) } else { Reply { bytes: bytes.clone(), closes: *closes } }
        });
        Self { proxy: peer.start(backend.address()), backend, answer }
    }

    /// The case is a request.
    fn request(&self, case: &Case) -> Seen {
        let mut client = Client::connect(self.proxy.address());
        client.send(&case.bytes);
        let method = if case.bytes.starts_with(b"HEAD ") { "HEAD" } else { "GET" };
        let answered = |received: &[u8]| whole_answer(received, method);
        client.read(QUIET, FIRST, answered);
        if client.end == Ended::Open && !answered(&client.received) {
            // Perhaps it waits for more.
            client.half_close();
            client.read(QUIET, FIRST, answered);
        }
        self.seen(case, client, false)
    }

    /// The case is an answer.
    fn answer(&self, case: &Case) -> Seen {
        let Case { index, asked, closes, .. } = *case;
        *self.answer.lock().unwrap() = Reply { bytes: case.bytes.clone(), closes };
        let mut client = Client::connect(self.proxy.address());
        client.send(asked.request(&target("case", index)).as_bytes());
        // An answer that can't become whole must be seen to be cut.
        let limit = if closes { PATIENCE } else { FIRST };
        let answered = |received: &[u8]| whole_answer(received, asked.method());
        client.read(QUIET, limit, answered);
        let asked_again = client.end == Ended::Open && answered(&client.received);
        let mut poisoned = None;
        if asked_again {
            poisoned = follow_up(&mut client, &target("again", index));
        }
        let seen = self.seen(case, client, asked_again);
        Seen { poisoned: poisoned.or(seen.poisoned.clone()), ..seen }
    }

    /// Ends a case, and looks whether anything is left of it.
    fn seen(&self, case: &Case, client: Client, asked_again: bool) -> Seen {
        let (received, end) = client.hang_up();
        let mut next = Client::connect(self.proxy.address());
        let poisoned = follow_up(&mut next, &target("next", case.index));
        drop(next);
        Seen { received, end, asked_again, segments: self.backend.take(), poisoned }
    }
}

/// Sends a sound request, which must get its own answer; tells what came instead.
fn follow_up(client: &mut Client, target: &str) -> Option<String> {
    let before = client.received.len();
    client.send(Asked::ByGet.request(target).as_bytes());
    client.read(Duration::ZERO, PATIENCE, |received| whole_answer(&received[before..], "GET"));
    let received = &client.received[before..];
    let own = received.starts_with(b"HTTP/1.1 200 ")
        && received.ends_with(own_answer(target).as_bytes())
        && whole_answer(received, "GET");
    (!own).then(|| format!("{target}: {:?} {}", client.end, crate::case::shown(received)))
}
