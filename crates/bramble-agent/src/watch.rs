//! The manager's plans as they come, by long polls. A manager that is gone, or that answers
//! without having waited, is asked ever more seldom; never in a busy loop.

use std::time::Duration;

use bramble_cluster::api::NodePlan;
use bramble_cluster::link::{Link, LinkError};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use tracing::{debug, info, warn};

use crate::backoff::Spread;

/// An honest "nothing new" takes longer.
const POLL_SHORT: Duration = Duration::from_secs(1);
/// Not worth a word: a manager that starts, or starts again.
const OUTAGE_SHORT: Duration = Duration::from_secs(1);

/// Asks the manager for a plan that is newer than revision `after`.
pub async fn poll(link: &Link, after: u64) -> Result<Option<NodePlan>, LinkError> {
    link.poll_json(&format!("/v1/plan?after={after}")).await
}

/// Puts every plan that `poll` brings into `plans`; without end.
pub async fn watch(
    mut poll: impl AsyncFnMut(u64) -> Result<Option<NodePlan>, LinkError>,
    plans: &watch::Sender<Option<NodePlan>>,
    mut retry: Spread,
) {
    let mut after = 0;
    let mut outage = Outage::default();
    loop {
        let began = Instant::now();
        let failure = match poll(after).await {
            Ok(Some(plan)) if plan.revision > after => {
                after = plan.revision;
                plans.send_replace(Some(plan));
                None
            }
            Ok(_) if began.elapsed() >= POLL_SHORT => None,
            Ok(_) => Some("it answers without waiting".to_owned()),
            Err(error) => {
                // A manager that comes back from a backup counts from an earlier revision.
                after = 0;
                Some(error.to_string())
            }
        };
        outage.log(failure.as_deref());
        match failure {
            None => retry.reset(),
            Some(_) => sleep(retry.delay()).await,
        }
    }
}

/// A time without a manager.
#[derive(Default)]
struct Outage {
    since: Option<Instant>,
    is_told: bool,
}

impl Outage {
    /// Says it once that the manager is gone, and once that it is back.
    fn log(&mut self, failure: Option<&str>) {
        let Some(error) = failure else {
            if self.is_told {
                info!("the manager is back");
            }
            *self = Self::default();
            return;
        };
        let since = *self.since.get_or_insert_with(Instant::now);
        if self.is_told || since.elapsed() < OUTAGE_SHORT {
            debug!("no plans from the manager: {error}");
        } else {
            warn!("no plans from the manager: {error}; serving on");
            self.is_told = true;
        }
    }
}

#[cfg(test)]
mod tests;
