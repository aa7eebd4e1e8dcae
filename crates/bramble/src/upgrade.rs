//! Where `bramble upgrade-self` and SIGUSR2 ask a running process to make way for the binary that
//! lies in its place by now.
//!
//! ```text
//! "program" -> {"program":{"file":FILE,"version":VERSION}}
//! "upgrade" -> {"serves":PID} | {"refused":{"why":"...","is_mixed":false}}
//! ```
//! A JSON value a line, an answer line each, at an abstract socket (unix(7)) with the process's id
//! in its name: nothing is left of it, and whoever takes over has one of its own. Anybody can
//! connect; only the process's own user and root are heard, a few at a time.

use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener as StdListener};
use std::path::PathBuf;
use std::time::Duration;

use bramble_agent::UpgradeRequest;
use bramble_agent::upgrade::Refusal;
use rustix::process::geteuid;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::exit::{Doing, Failure};
use crate::process::Program;

/// Before the process's id.
pub const NAME: &str = "bramble-upgrade-";

/// There are two things to say.
const LINE_BYTES: u64 = 64;

/// To ask.
const LINE_LIMIT: Duration = Duration::from_secs(5);

/// So many callers are heard at once: who waits for an upgrade keeps nobody else waiting.
const TALKS: usize = 8;

/// After a connection that could not be had, as without descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// Which file it would be started from again.
    Program,
    /// To make way.
    Upgrade,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The file, and the version that runs.
    Program { file: PathBuf, version: String },
    /// Why it serves on as before.
    Refused(Refusal),
    /// The process that serves from now on.
    Serves(u32),
}

/// The socket's name.
///
/// # Errors
/// None that is known.
pub fn address(pid: u32) -> io::Result<SocketAddr> {
    SocketAddr::from_abstract_name(format!("{NAME}{pid}"))
}

/// Listens for both; belongs in a `LocalSet`. A second request waits for the first one's answer.
///
/// # Errors
/// Signals can't be had.
pub fn requests(program: &Program) -> Result<mpsc::Receiver<UpgradeRequest>, Failure> {
    let (requests, asked) = mpsc::channel(1);
    let mut signals = signal(SignalKind::user_defined2()).doing("can't wait for signals")?;
    let signalled = requests.clone();
    tokio::task::spawn_local(async move {
        while signals.recv().await.is_some() {
            // While one waits there is no need for another.
            let _ = signalled.try_send(UpgradeRequest::new().0);
        }
    });
    match listen() {
        Ok(listener) => drop(tokio::task::spawn_local(serve(listener, program.clone(), requests))),
        Err(error) => tracing::warn!(%error, "`bramble upgrade-self` can't reach this process"),
    }
    Ok(asked)
}

fn listen() -> io::Result<UnixListener> {
    let listener = StdListener::bind_addr(&address(std::process::id())?)?;
    listener.set_nonblocking(true)?;
    UnixListener::from_std(listener)
}

async fn serve(listener: UnixListener, program: Program, requests: mpsc::Sender<UpgradeRequest>) {
    let mut talks = JoinSet::new();
    loop {
        while talks.len() >= TALKS {
            talks.join_next().await;
        }
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((caller, _)) if is_heard(&caller) => {
                    talks.spawn_local(served(caller, program.clone(), requests.clone()));
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::debug!(%error, "upgrade socket");
                    sleep(PAUSE).await;
                }
            },
            Some(_) = talks.join_next() => {}
        }
    }
}

/// Only our own user and root: nobody else takes a place.
fn is_heard(caller: &UnixStream) -> bool {
    caller.peer_cred().is_ok_and(|peer| [0, geteuid().as_raw()].contains(&peer.uid()))
}

async fn served(caller: UnixStream, program: Program, requests: mpsc::Sender<UpgradeRequest>) {
    if let Err(error) = talk(caller, &program, &requests).await {
        tracing::debug!(%error, "upgrade socket");
    }
}

/// Answers one line.
async fn talk(
    mut caller: UnixStream,
    program: &Program,
    requests: &mpsc::Sender<UpgradeRequest>,
) -> io::Result<()> {
    let (read, mut write) = caller.split();
    let mut line = Vec::new();
    let mut lines = BufReader::new(read.take(LINE_BYTES));
    timeout(LINE_LIMIT, lines.read_until(b'\n', &mut line)).await??;
    let (request, mut asker) = UpgradeRequest::new();
    let answer = match serde_json::from_slice(&line)? {
        Question::Program => Answer::Program {
            file: program.file().to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        },
        Question::Upgrade => match requests.send(request).await {
            Ok(()) => asker.answer().await.map_or_else(Answer::Refused, Answer::Serves),
            Err(_) => Answer::Refused(Refusal::whole("the process ends")),
        },
    };
    write.write_all(format!("{}\n", serde_json::to_string(&answer)?).as_bytes()).await
}
