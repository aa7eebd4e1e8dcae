//! The state as the manager works with it: one whole snapshot in memory, kept current by a
//! watch on the store.

use std::sync::Arc;
use std::time::Duration;

use bramble_cluster::state::{Snapshot, State};
use bramble_cluster::store::{StoreError, Watch};
use bramble_config::Config;
use tokio::sync::watch;

use crate::ManagerError;

/// Pause after the state could not be read.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// All of the state at one revision, its configuration read.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) snapshot: Snapshot,
    pub(crate) config: Arc<Config>,
}

impl View {
    pub(crate) async fn read(state: &State) -> Result<Self, ManagerError> {
        let snapshot = state.snapshot().await?;
        let config = config(&snapshot).map_err(ManagerError::Configuration)?;
        Ok(Self { snapshot, config: Arc::new(config) })
    }

    /// With the state of now. A text that this bramble can't read (a newer one wrote it)
    /// leaves the configuration as it was.
    async fn renewed(&self, state: &State) -> Result<Self, StoreError> {
        let snapshot = state.snapshot().await?;
        let text = |snapshot: &Snapshot| snapshot.configuration.as_ref().map(|c| c.revision);
        if text(&snapshot) == text(&self.snapshot) {
            return Ok(Self { snapshot, config: self.config.clone() });
        }
        let config = config(&snapshot).map(Arc::new).unwrap_or_else(|error| {
            tracing::error!(%error, "the configuration in the state is not taken");
            self.config.clone()
        });
        Ok(Self { snapshot, config })
    }
}

fn config(snapshot: &Snapshot) -> Result<Config, String> {
    let Some(entry) = &snapshot.configuration else { return Ok(Config::default()) };
    bramble_config::load(&entry.record.text, &entry.record.file).map_err(|e| e.to_string())
}

/// Reads the state anew after each change, until nobody looks any more.
pub(crate) async fn follow(state: State, views: watch::Sender<Arc<View>>) {
    let mut changes: Option<Box<dyn Watch>> = None;
    while !views.is_closed() {
        if let Err(error) = step(&state, &views, &mut changes).await {
            tracing::error!(%error, "the state can't be read; trying again");
            changes = None;
            tokio::time::sleep(RETRY_AFTER).await;
        }
    }
}

async fn step(
    state: &State,
    views: &watch::Sender<Arc<View>>,
    changes: &mut Option<Box<dyn Watch>>,
) -> Result<(), StoreError> {
    let view = views.borrow().clone();
    let known = view.snapshot.revision;
    if let Some(changes) = changes {
        let batch = changes.next().await?;
        if batch.last().is_some_and(|last| last.revision <= known) {
            return Ok(());
        }
    }
    let view = view.renewed(state).await?;
    if changes.is_none() {
        *changes = Some(state.store().watch(view.snapshot.revision, "").await?);
    }
    views.send_replace(Arc::new(view));
    Ok(())
}
