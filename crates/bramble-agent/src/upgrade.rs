//! Being asked to make way for a newer binary. Who asks has the answer before anything ends: the
//! process that gives it may have nothing more to do.

use std::fmt::Display;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use tokio::time::timeout;

/// For somebody to whom nobody listens any more, or who reads slowly.
const TOLD_LIMIT: Duration = Duration::from_secs(1);

/// Somebody wants the binary that lies in this process's place taken into use.
#[derive(Debug)]
pub struct UpgradeRequest {
    answer: oneshot::Sender<Result<u32, Refusal>>,
    told: oneshot::Receiver<()>,
}

/// The end of who asks.
#[derive(Debug)]
pub struct Asker {
    answer: oneshot::Receiver<Result<u32, Refusal>>,
    /// Dropped when the answer has been passed on.
    _told: oneshot::Sender<()>,
}

/// Why a process serves on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// In words.
    pub why: String,
    /// A part of it runs from the new file already.
    pub is_mixed: bool,
}

impl UpgradeRequest {
    /// One, and the end that hears the answer.
    #[must_use]
    pub fn new() -> (Self, Asker) {
        let (answer, answered) = oneshot::channel();
        let (telling, told) = oneshot::channel();
        (Self { answer, told }, Asker { answer: answered, _told: telling })
    }

    /// Answers with the process that serves from now on; returns when who asks has heard it.
    pub async fn answer(self, answer: Result<u32, Refusal>) {
        if self.answer.send(answer).is_ok() {
            let _ = timeout(TOLD_LIMIT, self.told).await;
        }
    }
}

impl Asker {
    /// Waits for the answer. Drop this only when it has been passed on.
    ///
    /// # Errors
    /// Why the process serves on, in its words.
    pub async fn answer(&mut self) -> Result<u32, Refusal> {
        (&mut self.answer).await.unwrap_or_else(|_| Err(Refusal::whole("the process ends")))
    }
}

impl Refusal {
    /// Nothing has changed.
    pub fn whole(why: impl Display) -> Self {
        Self { why: why.to_string(), is_mixed: false }
    }
}
