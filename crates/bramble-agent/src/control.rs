//! Client of a role's control socket: a JSON value a line, an answer line each, and every
//! wait has an end.

use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bramble_cluster::api::{Role, ServerFacts};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::time::timeout;

use crate::node::control_path;

/// A new plan may open listeners and load certificates.
const PLAN_LIMIT: Duration = Duration::from_secs(10);
const FACTS_LIMIT: Duration = Duration::from_secs(2);
const STOP_LIMIT: Duration = Duration::from_secs(2);

/// Longest answer that is read.
pub const ANSWER_BYTES_MAX: u64 = 4 << 20;

/// Why a role did not do as told.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The answer makes no sense.
    #[error("the {} process answered oddly: {detail}", crate::node::role_name(*role))]
    Odd {
        /// Which.
        role: Role,
        /// In what way.
        detail: String,
    },
    /// It says no, and goes on as before.
    #[error("the {} process refused: {error}", crate::node::role_name(*role))]
    Refused {
        /// Which.
        role: Role,
        /// In its words.
        error: String,
    },
    /// Not there, or it hangs.
    #[error("the {} process does not answer: {source}", crate::node::role_name(*role))]
    Silent {
        /// Which.
        role: Role,
        /// As the system said it.
        source: io::Error,
    },
}

/// One role process's socket; a connection is made for each call.
#[derive(Clone, Debug)]
pub struct Control {
    role: Role,
    path: PathBuf,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    ok: bool,
    error: Option<String>,
    facts: Option<ServerFacts>,
}

impl Control {
    /// Of the role in this data folder.
    pub fn new(data: &Path, role: Role) -> Self {
        Self { role, path: control_path(data, role) }
    }

    /// Hands over a plan; returns when it is in force.
    pub async fn plan(&self, plan: &Value) -> Result<(), ControlError> {
        let answer = self.call(&json!({ "plan": plan }), PLAN_LIMIT).await?;
        self.check_done(answer)
    }

    /// Asks for counters.
    pub async fn facts(&self) -> Result<ServerFacts, ControlError> {
        let answer = self.call(&json!({ "facts": null }), FACTS_LIMIT).await?;
        answer.facts.ok_or_else(|| self.odd(&"no facts"))
    }

    /// The process that listens there now.
    pub async fn process(&self) -> Option<u32> {
        let stream = self.within(FACTS_LIMIT, UnixStream::connect(&self.path)).await.ok()?;
        u32::try_from(stream.peer_cred().ok()?.pid()?).ok()
    }

    /// Asks it to drain and exit; does not wait for the exit.
    pub async fn stop(&self) -> Result<(), ControlError> {
        let answer = self.call(&json!({ "stop": null }), STOP_LIMIT).await?;
        self.check_done(answer)
    }

    fn check_done(&self, answer: Answer) -> Result<(), ControlError> {
        match answer {
            Answer { error: Some(error), .. } => {
                Err(ControlError::Refused { role: self.role, error })
            }
            Answer { ok: true, .. } => Ok(()),
            _ => Err(self.odd(&"neither done nor refused")),
        }
    }

    async fn call(&self, request: &Value, limit: Duration) -> Result<Answer, ControlError> {
        let line = self.within(limit, self.exchange(request)).await?;
        serde_json::from_slice(&line).map_err(|error| self.odd(&error))
    }

    async fn exchange(&self, request: &Value) -> io::Result<Vec<u8>> {
        let mut stream = UnixStream::connect(&self.path).await?;
        stream.write_all(format!("{request}\n").as_bytes()).await?;
        let mut line = Vec::new();
        BufReader::new(stream.take(ANSWER_BYTES_MAX)).read_until(b'\n', &mut line).await?;
        match line.last() {
            Some(b'\n') => Ok(line),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    async fn within<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = io::Result<T>>,
    ) -> Result<T, ControlError> {
        let done = timeout(limit, work).await.unwrap_or_else(|elapsed| Err(elapsed.into()));
        done.map_err(|source| ControlError::Silent { role: self.role, source })
    }

    fn odd(&self, detail: &impl ToString) -> ControlError {
        ControlError::Odd { role: self.role, detail: detail.to_string() }
    }
}

#[cfg(test)]
mod tests;
