//! The control socket of a role process: one JSON value a line, one answer line each.
//!
//! ```text
//! {"plan": PLAN}   -> {"ok":true} | {"ok":false,"error":"..."}
//! {"facts": null}  -> {"facts": FACTS}
//! {"stop": null}   -> {"ok":true}, and the process ends when its requests are answered
//! ```
//! Who may connect is decided by the socket's mode (0600).

use std::io;
use std::path::Path;

use bramble_config::plan::Plan;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};

use crate::server::Server;

/// A plan with tens of thousands of backends fits.
const LINE_BYTES: u64 = 64 * 1024 * 1024;

/// What a line asks for, once it is done.
enum Done {
    Answered(Value),
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

/// Serves one caller after the other (there is one: the agent) until one says stop.
///
/// # Errors
/// The socket broke.
pub async fn serve(listener: &UnixListener, server: &mut Server) -> io::Result<()> {
    loop {
        let (caller, _) = listener.accept().await?;
        match talk(caller, server).await {
            Ok(true) => return Ok(()),
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "control socket"),
        }
    }
}

/// Answers a caller's lines; true: it said stop.
async fn talk(caller: UnixStream, server: &mut Server) -> io::Result<bool> {
    let (read, mut write) = caller.into_split();
    let mut lines = BufReader::new(read.take(LINE_BYTES));
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line).await? > 0 {
        let (answer, stop) = match answer(&line, server).await {
            Done::Answered(answer) => (answer, false),
            Done::Stop => (json!({"ok": true}), true),
        };
        write.write_all(format!("{answer}\n").as_bytes()).await?;
        if stop {
            return Ok(true);
        }
        line.clear();
        lines.get_mut().set_limit(LINE_BYTES);
    }
    Ok(false)
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
    if asked.get("stop").is_some() {
        return Done::Stop;
    }
    refused("unknown request: plan, facts or stop")
}

fn refused(why: &str) -> Done {
    Done::Answered(json!({"ok": false, "error": why}))
}
