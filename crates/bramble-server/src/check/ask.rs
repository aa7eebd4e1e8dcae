//! One check of one backend, over a connection of its own.

use std::cell::Cell;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bramble_config::plan::HealthCheck;
use bramble_net::Stream;
use bramble_net::tls::Connector;
use tokio::time::timeout;

use super::judge::{Judge, question};
use crate::balance::Report;
use crate::proxy::is_own_fault;

/// Read at a time.
const READ_BYTES: usize = 8 * 1024;

/// Why a check has not passed.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) why: String,
    pub(super) kind: FaultKind,
    /// There was not time enough: it may be slow.
    pub(super) is_late: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FaultKind {
    /// We had no descriptor, memory or port for it.
    Own,
    /// It takes no connection.
    Unreachable,
    /// It takes one, and answers wrongly or not at all.
    Wrong,
}

/// Asks once; a backend that passes may say what it has to do.
pub(super) async fn ask(
    address: SocketAddr,
    connector: Option<&Connector>,
    rule: &HealthCheck,
) -> Result<Option<Report>, Fault> {
    let is_connected = Cell::new(false);
    let talk = talk(address, connector, rule, &is_connected);
    match timeout(Duration::from_millis(rule.timeout_ms), talk).await {
        Ok(asked) => asked,
        Err(_) => Err(late(rule, is_connected.get())),
    }
}

async fn talk(
    address: SocketAddr,
    connector: Option<&Connector>,
    rule: &HealthCheck,
    is_connected: &Cell<bool>,
) -> Result<Option<Report>, Fault> {
    let mut stream = Stream::connect(address, None).await.map_err(|e| unreached(&e))?;
    is_connected.set(true);
    if let Some(connector) = connector {
        stream.connect_tls(connector).await.map_err(|e| broken(&e))?;
    }
    let Some(question) = question(rule) else { return Ok(None) };
    stream.write_all(question.as_bytes()).await.map_err(|e| broken(&e))?;
    let (mut judge, mut bytes) = (Judge::new(rule), vec![0; READ_BYTES]);
    loop {
        match stream.read(&mut bytes).await.map_err(|e| broken(&e))? {
            0 => return Err(wrong(judge.end())),
            n => {
                if judge.read(bytes.get(..n).unwrap_or_default()).map_err(wrong)? {
                    return Ok(judge.report());
                }
            }
        }
    }
}

fn unreached(error: &io::Error) -> Fault {
    let kind = if is_own_fault(error) { FaultKind::Own } else { FaultKind::Unreachable };
    Fault { why: error.to_string(), kind, is_late: false }
}

fn late(rule: &HealthCheck, is_connected: bool) -> Fault {
    let (kind, what) = match is_connected {
        true => (FaultKind::Wrong, "answer"),
        false => (FaultKind::Unreachable, "connection"),
    };
    Fault { why: format!("no {what} within {} ms", rule.timeout_ms), kind, is_late: true }
}

fn broken(error: &io::Error) -> Fault {
    wrong(error.to_string())
}

fn wrong(why: String) -> Fault {
    Fault { why, kind: FaultKind::Wrong, is_late: false }
}
