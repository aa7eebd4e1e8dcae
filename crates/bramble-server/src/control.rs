//! The control socket of a role process: one JSON value a line, one answer line each.
//!
//! ```text
//! {"plan": PLAN}    -> {"ok":true} | {"ok":false,"error":"..."}
//! {"facts": null}   -> {"facts": FACTS}
//! {"inherit": null} -> {"ok":true} with a passage, then PLAN: who asks takes over
//! {"stop": null}    -> {"ok":true}, and the process ends when its requests are answered
//! ```
//! Who may connect is decided by the socket's mode (0600).

use std::io;
use std::path::Path;

use bramble_config::plan::Plan;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};

use crate::handover::Heir;
use crate::server::Server;

/// A plan with tens of thousands of backends fits.
pub(crate) const LINE_BYTES: u64 = 64 * 1024 * 1024;

/// What a line asks for, once it is done.
enum Done {
    Answered(Value),
    Inherit,
    Stop,
}

/// What a caller came to.
enum Talk {
    Inherit(UnixStream),
    Over,
    Stop,
}

/// What ends it.
pub enum End {
    /// Another process accepts, and is to have the clients.
    Heir(Heir),
    /// Nothing more is to be done.
    Stop,
}

/// Binds the socket for this user alone; what a killed process left there is removed.
///
/// # Errors
/// The folder can't be written.
pub fn bind(path: &Path) -> io::Result<UnixListener> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let before = rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o177));
    let listener = UnixListener::bind(path);
    rustix::process::umask(before);
    listener
}

/// Serves one caller after the other (there is one: the agent) until one says stop, or takes over.
///
/// # Errors
/// The socket broke.
pub async fn serve(listener: &UnixListener, server: &mut Server) -> io::Result<End> {
    loop {
        let (caller, _) = listener.accept().await?;
        match talk(caller, server).await {
            Ok(Talk::Stop) => return Ok(End::Stop),
            Ok(Talk::Inherit(caller)) => match server.meet_heir(caller).await {
                Ok(heir) => return Ok(End::Heir(heir)),
                Err(error) => tracing::error!(%error, "not handed over: this process goes on"),
            },
            Ok(Talk::Over) => {}
            Err(error) => tracing::warn!(%error, "control socket"),
        }
    }
}

/// Answers a caller's lines.
async fn talk(caller: UnixStream, server: &mut Server) -> io::Result<Talk> {
    let (read, mut write) = caller.into_split();
    let mut lines = BufReader::new(read.take(LINE_BYTES));
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line).await? > 0 {
        let (answer, stop) = match answer(&line, server).await {
            Done::Answered(answer) => (answer, false),
            Done::Inherit => {
                let read = lines.into_inner().into_inner();
                return read.reunite(write).map(Talk::Inherit).map_err(io::Error::other);
            }
            Done::Stop => (json!({"ok": true}), true),
        };
        write.write_all(format!("{answer}\n").as_bytes()).await?;
        if stop {
            return Ok(Talk::Stop);
        }
        line.clear();
        lines.get_mut().set_limit(LINE_BYTES);
    }
    Ok(Talk::Over)
}

async fn answer(line: &[u8], server: &mut Server) -> Done {
    let mut asked: Value = match serde_json::from_slice(line) {
        Ok(value) => value,
        Err(error) => return refused(&format!("not JSON: {error}")),
    };
    if let Some(plan) = asked.get_mut("plan") {
        return match serde_json::from_value::<Plan>(plan.take()) {
            Err(error) => refused(&format!("not a plan: {error}")),
            Ok(plan) => match server.take(plan).await {
                Ok(()) => Done::Answered(json!({"ok": true})),
                Err(error) => refused(&error.to_string()),
            },
        };
    }
    if asked.get("facts").is_some() {
        return Done::Answered(json!({"facts": server.facts().await}));
    }
    if asked.get("inherit").is_some() {
        return Done::Inherit;
    }
    if asked.get("stop").is_some() {
        return Done::Stop;
    }
    refused("unknown request: plan, facts, inherit or stop")
}

fn refused(why: &str) -> Done {
    Done::Answered(json!({"ok": false, "error": why}))
}
