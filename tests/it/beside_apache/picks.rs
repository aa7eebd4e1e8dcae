//! Whom requests go to: asked the same, httpd and bramble pick the same backends.
//!
//! Each is asked over one connection for as long as it keeps it, and its end is waited for: what
//! httpd counts for a request is settled before it reads the next one of that connection, and
//! before it closes it. Another thread of it could still pick by the old counts.

mod failures;
mod flags;
mod held;
mod methods;
mod sessions;

use std::net::SocketAddr;
use std::time::Duration;

use bramble_tests::{Answer, Backend, Caller, Client, get};

use super::both::Both;

/// Requests of a case.
const REQUESTS: usize = 1000;

/// Backends `a`, `b`, … behind both, and whom each has picked.
struct Picks {
    backends: Vec<Backend>,
    lanes: [Lane; 2],
    /// By httpd, and by bramble.
    seen: [Vec<String>; 2],
    _both: Both,
}

/// A visitor of one of them, who asks again when the answer to the last request is there.
struct Lane {
    at: SocketAddr,
    client: Option<Client>,
}

impl Picks {
    /// `settings` are those of the balancer; each backend has its parameters, and answers at once.
    #[track_caller]
    fn of(settings: &str, members: &[&str]) -> Self {
        Self::with(settings, members, |name, caller| say(name, caller, 200, "x"))
    }

    /// The same with what a backend of this name does to a request.
    #[track_caller]
    fn with(
        settings: &str,
        members: &[&str],
        script: impl Fn(char, &mut Caller) + Clone + Send + Sync + 'static,
    ) -> Self {
        let start = |(name, _): (char, &&str)| {
            let script = script.clone();
            Backend::start(move |caller| script(name, caller))
        };
        let backends: Vec<Backend> = ('a'..).zip(members).map(start).collect();
        let every: Vec<&Backend> = backends.iter().collect();
        let both = Both::start(&configuration(settings, members), &every, 0);
        let lanes = both.at().map(|at| Lane { at, client: None });
        Self { backends, lanes, seen: Default::default(), _both: both }
    }

    /// Sends a request to both.
    fn send(&mut self, request: &str) {
        for (lane, seen) in self.lanes.iter_mut().zip(&mut self.seen) {
            seen.push(pick(&lane.ask(request)));
        }
    }

    /// Asks so often.
    fn ask(&mut self, times: usize) -> &mut Self {
        (0..times).for_each(|_| self.send(&get("/")));
        self
    }

    /// Nothing listens at this backend's address from now on.
    fn stop(&mut self, name: char) -> &mut Self {
        self.backend(name).stop();
        self
    }

    /// It is there again.
    fn listen(&mut self, name: char) -> &mut Self {
        self.backend(name).listen();
        self
    }

    fn backend(&mut self, name: char) -> &mut Backend {
        ('a'..).zip(&mut self.backends).find(|(known, _)| *known == name).unwrap().1
    }

    /// A `retry` of one second is over then.
    fn pass_retry_time(&mut self) -> &mut Self {
        std::thread::sleep(Duration::from_millis(1100));
        self
    }

    /// Both have picked the same, and what they began with is what was found in httpd.
    #[track_caller]
    fn agree(&self, begin: &str) {
        let [httpd, bramble] = &self.seen;
        assert_eq!(httpd.len(), bramble.len());
        if let Some(at) = (0..httpd.len()).find(|at| httpd[*at] != bramble[*at]) {
            let around = at.saturating_sub(5)..httpd.len().min(at + 6);
            let (httpd, bramble) = (&httpd[around.clone()], &bramble[around]);
            panic!("from request {at} on\n  httpd   {httpd:?}\n  bramble {bramble:?}");
        }
        let all = httpd.join(" ");
        assert!(all.starts_with(begin), "{}", all.get(..200).unwrap_or(&all));
    }
}

impl Lane {
    fn send(&mut self, request: &str) -> &mut Client {
        let client = self.client.get_or_insert_with(|| Client::connect(self.at));
        client.send(request);
        client
    }

    fn answer(&mut self) -> Answer {
        let client = self.client.as_mut().expect("a request");
        let answer = client.answer();
        if answer.field("Connection").is_some_and(|word| word.eq_ignore_ascii_case("close")) {
            client.expect_closed();
            self.client = None;
        }
        answer
    }

    fn ask(&mut self, request: &str) -> Answer {
        self.send(request);
        self.answer()
    }
}

/// A balancer for all paths but `/sync`, where there is nothing.
fn configuration(settings: &str, members: &[&str]) -> String {
    let member =
        |(name, keys): (char, &&str)| format!("    BalancerMember http://{{{name}}} {keys}\n");
    let members: String = ('a'..).zip(members).map(member).collect();
    format!(
        "ProxyPreserveHost On\nProxyPass /sync !\n<Proxy balancer://app>\n\
         {members}    ProxySet {settings}\n</Proxy>\nProxyPass / balancer://app/\n"
    )
}

/// An answer that says whose it is.
fn say(name: char, caller: &mut Caller, status: u16, body: &str) {
    let length = body.len();
    caller.send(format!(
        "HTTP/1.1 {status} Fine\r\nBackend: {name}\r\nContent-Length: {length}\r\n\r\n{body}"
    ));
}

/// Whose an answer is, with its status unless that is 200; `-`: nobody's. That is not told apart
/// further, since a refused connection is a 503 to httpd and a 502 to bramble, and an answer that
/// is late a 502 and a 504.
fn pick(answer: &Answer) -> String {
    match (answer.field("Backend"), answer.status) {
        (Some(name), 200) => name.to_owned(),
        (Some(name), status) => format!("{name}{status}"),
        (None, 502..=504) => "-".to_owned(),
        (None, status) => status.to_string(),
    }
}
