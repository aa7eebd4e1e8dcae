//! The manager as a role process: its API, and the control socket by which its agent stops it.

use std::io;
use std::path::PathBuf;

use bramble_manager::Manager;
use bramble_server::control;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};

use crate::exit::{Doing, Failure};
use crate::process;

/// There is one word to say.
const LINE_BYTES: u64 = 4096;

/// Serves until the agent says stop, or SIGTERM comes.
pub async fn run(data: PathBuf) -> Result<(), Failure> {
    let terminated = process::stop_signal()?;
    let manager = Manager::open(&data).await.doing("the manager can't start")?;
    let socket = data.join("run/manager.sock");
    let listener = control::bind(&socket).doing("can't make the control socket")?;
    let stop = async {
        tokio::select! {
            () = told_to_stop(&listener) => {}
            () = terminated => {}
        }
    };
    manager.run(stop).await;
    Ok(())
}

/// Serves one caller after the other: there is one, the agent.
async fn told_to_stop(listener: &UnixListener) {
    loop {
        let talked = match listener.accept().await {
            Ok((caller, _)) => talk(caller).await,
            Err(error) => Err(error),
        };
        match talked {
            Ok(true) => return,
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "control socket"),
        }
    }
}

/// Answers a caller's line; true: it said stop.
async fn talk(mut caller: UnixStream) -> io::Result<bool> {
    let (read, mut write) = caller.split();
    let mut line = Vec::new();
    BufReader::new(read.take(LINE_BYTES)).read_until(b'\n', &mut line).await?;
    let asked: Value = serde_json::from_slice(&line).unwrap_or_default();
    let is_stop = asked.get("stop").is_some();
    let answer = match is_stop {
        true => json!({"ok": true}),
        false => json!({"ok": false, "error": "a manager knows stop"}),
    };
    write.write_all(format!("{answer}\n").as_bytes()).await?;
    Ok(is_stop)
}
