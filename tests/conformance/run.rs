//! Running a row: a program of its own between a client and a backend of ours.

use std::fs::File;
use std::net::TcpListener;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bramble_tests::{Bramble, Client, Config, Folder, Wire};

use crate::notation::{Names, Pattern};
use crate::peer::{Message, Peer};
use crate::table::{Act, Row, Setting, Side, Step};

/// How long an end of ours waits.
const PATIENCE: Duration = Duration::from_secs(5);

/// What runs while a row does.
struct Scene {
    bramble: Bramble,
    client: Peer,
    listener: TcpListener,
    /// Connections to the backend, in the order in which they came.
    backends: Vec<Peer>,
    /// The one that a message came on last.
    current: usize,
    names: Names,
    /// Nothing must have been said to the backend since the client sent.
    silent: bool,
    _folder: Folder,
}

/// Runs a row; what is wrong, in words.
pub fn run(row: &Row) -> Result<(), String> {
    let mut scene = Scene::new(&row.setting);
    for step in &row.steps {
        scene.step(step).map_err(|what| format!("  {}\n  {what}\n{}", step.text, scene.log()))?;
    }
    scene.client.body().map_err(|broken| format!("  {broken:?} in the last body"))?;
    Ok(())
}

impl Scene {
    fn new(setting: &Setting) -> Self {
        let (listener, folder) = (TcpListener::bind("127.0.0.1:0").unwrap(), site());
        listener.set_nonblocking(true).unwrap();
        let config = match setting {
            Setting::Alone(keys) => Config::default().top(keys),
            Setting::Balancer(keys) => {
                Config::default().backend(listener.local_addr().unwrap(), "").top(keys)
            }
            Setting::Site(keys) => Config::files(&folder, keys),
        };
        let bramble = config.run();
        let client = Peer::new(Client::connect(bramble.address()).into_wire());
        client.wire.patience(PATIENCE);
        let (backends, names) = (Vec::new(), Names::new());
        let (current, silent) = (0, false);
        Self { bramble, client, listener, backends, current, names, silent, _folder: folder }
    }

    fn log(&self) -> String {
        let log = self.bramble.log().text();
        log.lines().skip(1).map(|line| format!("    {line}\n")).collect()
    }

    /// A backend that must hear nothing is looked at again when the client has heard something:
    /// what was said to it beside that is there by then.
    fn step(&mut self, step: &Step) -> Result<(), String> {
        self.act(step)?;
        match (&step.act, step.side) {
            (Act::SeeNothing, Side::Backend(_)) => self.silent = true,
            (Act::See(_) | Act::SeeEnd | Act::SeeCut, Side::Client) if self.silent => {
                return self.is_silent().map_err(|what| format!("the backend heard {what}"));
            }
            (Act::Send(_), _) | (_, Side::Backend(_)) => self.silent = false,
            _ => {}
        }
        Ok(())
    }

    fn act(&mut self, step: &Step) -> Result<(), String> {
        match (&step.act, step.side) {
            (Act::See(pattern), Side::Backend(number)) => {
                let at = self.called()?;
                let peer = &mut self.backends[at];
                see(peer, pattern, &mut self.names)?;
                match number {
                    Some(number) if number != at + 1 => Err(format!("on connection {}", at + 1)),
                    _ => Ok(()),
                }
            }
            (Act::See(pattern), Side::Client) => see(&mut self.client, pattern, &mut self.names),
            (Act::SeeNothing, Side::Backend(_)) => self.is_silent(),
            (act, side) => {
                let names = self.names.clone();
                let peer = self.peer(side).ok_or("there is no connection")?;
                act_on(peer, act, &names)
            }
        }
    }

    fn peer(&mut self, side: Side) -> Option<&mut Peer> {
        match side {
            Side::Client => Some(&mut self.client),
            Side::Backend(number) => {
                self.backends.get_mut(number.map_or(self.current, |number| number - 1))
            }
        }
    }

    /// Waits until something is said to the backend; on which connection.
    fn called(&mut self) -> Result<usize, String> {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            self.accept();
            if let Some(at) = self.backends.iter().rposition(speaks) {
                self.current = at;
                return Ok(at);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Err("the backend is not called".to_owned())
    }

    fn accept(&mut self) {
        while let Ok((stream, _)) = self.listener.accept() {
            stream.set_nonblocking(false).unwrap();
            let wire = Wire::new(stream);
            wire.patience(PATIENCE);
            self.backends.push(Peer::new(wire));
        }
    }

    /// Nobody has called the backend, and nothing more has come on its connections than bodies
    /// that were begun.
    fn is_silent(&mut self) -> Result<(), String> {
        let before = self.backends.len();
        self.accept();
        for peer in self.backends.iter_mut().filter(|peer| speaks(peer)) {
            peer.body().map_err(|broken| format!("{broken:?} in the body"))?;
        }
        if let Some(peer) = self.backends.iter_mut().find(|peer| speaks(peer)) {
            let message = peer.message().map_err(|broken| format!("{broken:?}"))?;
            return Err(message.shown());
        }
        if self.backends.len() > before {
            return Err("a connection".to_owned());
        }
        Ok(())
    }
}

fn speaks(peer: &Peer) -> bool {
    peer.wire.waiting().is_some_and(|n| n > 0)
}

fn see(peer: &mut Peer, pattern: &Pattern, names: &mut Names) -> Result<(), String> {
    let message = peer.message().map_err(|broken| format!("{broken:?}"))?;
    let shown = |what: String, message: &Message| format!("{what}\n  {}", message.shown());
    if let Some(what) = pattern.complaint(&message, names) {
        return Err(shown(what, &message));
    }
    if pattern.body().is_some() {
        let body = peer.body().map_err(|broken| shown(format!("{broken:?}"), &message))?;
        if let Some(what) = pattern.body_complaint(&body, names) {
            return Err(shown(what, &message));
        }
    }
    Ok(())
}

fn act_on(peer: &mut Peer, act: &Act, names: &Names) -> Result<(), String> {
    match act {
        Act::End => peer.wire.half_close(),
        Act::Send(text) => peer.send(&text.bytes(names)),
        Act::SeeCut => return peer.cut(),
        Act::SeeEnd => return peer.end(),
        Act::SeeNothing => match peer.wire.waiting() {
            None => {}
            Some(n) => return Err(format!("{n} bytes or more")),
        },
        Act::See(_) => {}
    }
    Ok(())
}

/// What the rows about files find, last changed at the RFC's own example of a date.
fn site() -> Folder {
    let folder = Folder::with(&[
        ("index.html", "<h1>home</h1>"),
        ("digits.txt", "0123456789"),
        ("empty.txt", ""),
        ("folder/index.html", "inside"),
        ("future.txt", "not yet"),
        ("long.txt", &"0123456789".repeat(100)),
        ("style.css", "plain"),
        ("style.css.br", "br"),
        ("style.css.gz", "gzip"),
    ]);
    let date = UNIX_EPOCH + Duration::from_secs(784_111_777);
    for name in ["digits.txt", "long.txt", "style.css", "style.css.br", "style.css.gz"] {
        changed(&folder, name, date);
    }
    changed(&folder, "future.txt", SystemTime::now() + Duration::from_secs(86_400));
    folder
}

fn changed(folder: &Folder, name: &str, at: SystemTime) {
    let file = File::options().write(true).open(folder.join(name)).unwrap();
    file.set_modified(at).unwrap();
}
