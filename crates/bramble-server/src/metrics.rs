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
    // A connection may be older than the plan.
    if !is_asked || !c.table.has_metrics() {
        return c.problem(Reason::NoSuchPage).await;
    }
    match tokio::time::timeout(PATIENCE, text(c.core.cores())).await {
        Ok(Some(text)) => c.respond(200, &[("Content-Type", CONTENT_TYPE)], text.as_bytes()).await,
        _ => c.problem(Reason::LocalResources).await,
    }
}

/// None if a part is missing: without it counters would seem to have gone back.
async fn text(cores: Option<Vec<mpsc::Sender<Command>>>) -> Option<String> {
    let cores = gather(cores?).await?;
    // Beside the loop: it is long where there are many backends.
    let write = || {
        let process = ProcessFacts::read(std::process::id()).ok()?;
        Some(exposition(Scrape::new(env!("CARGO_PKG_VERSION"), process, cores)))
    };
    tokio::task::spawn_blocking(write).await.ok()?
}

/// None: one has ended.
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
