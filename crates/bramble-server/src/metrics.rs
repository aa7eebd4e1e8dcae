//! Answering what this process has counted: each core is asked for its share.

use std::time::Duration;

use bramble_metrics::exposition::{CONTENT_TYPE, exposition};
use bramble_metrics::{CoreFacts, ProcessFacts, Scrape};
use tokio::sync::{mpsc, oneshot};

use crate::connection::{Connection, End, Next};
use crate::core::Command;
use crate::reason::Reason;

/// A core that is busy for longer has no time for this either.
const PATIENCE: Duration = Duration::from_secs(5);

/// Answers a request on the address that is for metrics.
pub(crate) async fn answer(c: &mut Connection) -> Result<Next, End> {
    let is_asked = c.head.target.path.of(c.input.unread()) == b"/metrics";
    c.take_head();
    if !is_asked {
        return c.problem(Reason::NoSuchPage).await;
    }
    let cores = c.core.cores();
    let Ok(Some(cores)) = tokio::time::timeout(PATIENCE, gather(cores)).await else {
        return c.problem(Reason::LocalResources).await;
    };
    let process = ProcessFacts::read(std::process::id()).unwrap_or_default();
    let text = exposition(Scrape::new(env!("CARGO_PKG_VERSION"), process, cores));
    c.respond(200, &[("Content-Type", CONTENT_TYPE)], text.as_bytes()).await
}

/// None: one has ended. What the others say would look as if counters had gone back.
async fn gather(cores: Vec<mpsc::Sender<Command>>) -> Option<Vec<CoreFacts>> {
    let mut answers = Vec::new();
    for core in cores {
        let (reply, answer) = oneshot::channel();
        core.send(Command::Count(reply)).await.ok()?;
        answers.push(answer);
    }
    let mut all = Vec::new();
    for answer in answers {
        all.push(answer.await.ok()?);
    }
    Some(all)
}
