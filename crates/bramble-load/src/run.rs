//! One run from its first request to its report.
//!
//! New requests start until the duration is over or the caller stops the run. Those in flight
//! then have the drain time; what is still open after it has failed.

use crate::arrivals::arrivals;
use crate::generator::GeneratorFacts;
use crate::model::{Gaps, Model};
use crate::options::{Options, OptionsError};
use crate::progress::{Progress, ProgressLine};
use crate::report::load::LoadReport;
use crate::session::Session;
use crate::target::Target;
use crate::users::user;
use bramble_metrics::ProcessFacts;
use std::future::Future;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::pin::pin;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::task::{JoinSet, LocalSet};

/// Why a run could not be made.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Told something that cannot be.
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// The host name has no address.
    #[error("cannot find the address of `{host}`: {source}; check the name, or give an address")]
    Resolve {
        /// The name.
        host: String,
        /// What the resolver says.
        source: io::Error,
    },
    /// Too few descriptors.
    #[error(
        "{needed} connections need more open files than this process may have ({allowed}); \
         raise it with `ulimit -n {needed}`, or use fewer users"
    )]
    OpenFiles {
        /// What the run needs.
        needed: u64,
        /// What the system grants.
        allowed: u64,
    },
    /// No event loop, no timer.
    #[error("cannot start the load generator: {0}")]
    Start(#[from] io::Error),
}

/// How often a watcher hears of progress.
const PROGRESS_EVERY: Duration = Duration::from_millis(250);

/// Descriptors beside the connections: the loop, timers, standard streams, files of /proc.
const FILES_BESIDE: u64 = 32;

/// Runs in the current `LocalSet` and counts into `progress`; ends early when `stop` is ready.
///
/// # Errors
/// When the run cannot start as told. Failed requests are no error but part of the report.
pub async fn run(
    options: Options,
    progress: Rc<Progress>,
    stop: impl Future<Output = ()>,
) -> Result<LoadReport, LoadError> {
    options.check()?;
    let address = resolve(&options.target)?;
    let open_files_max = enough_files(options.connections_max())?;
    let before = ProcessFacts::read(std::process::id()).unwrap_or_default();
    let drain = options.drain;
    let end_us = options.duration.as_micros() as u64;
    let session = Rc::new(Session::new(options, address, progress));
    let mut tasks = start(&session, end_us);
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            () = session.sleep_until(end_us) => break,
            () = &mut stop => break,
            // Only the heartbeat and the arrivals could end before, and they only by an error.
            Some(Ok(ended)) = tasks.join_next() => ended?,
        }
    }
    let wall_us = session.close();
    let after = ProcessFacts::read(std::process::id()).unwrap_or_default();
    let _ = tokio::time::timeout(drain, session.drained()).await;
    tasks.shutdown().await;
    let (tally, measured_us) = session.settle();
    let (heartbeat, lateness) = (session.heartbeat.borrow(), session.lateness.borrow());
    let generator =
        GeneratorFacts::new(wall_us, [before, after], &heartbeat, &lateness, open_files_max);
    Ok(LoadReport::new(&session.options, &tally, measured_us, generator))
}

/// The same on a runtime of its own; tells `on_progress` every 250 ms.
///
/// # Errors
/// As [`run`].
pub fn run_blocking(
    options: Options,
    stop: impl Future<Output = ()>,
    mut on_progress: impl FnMut(&ProgressLine),
) -> Result<LoadReport, LoadError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, async {
        let begin = Instant::now();
        let progress = Rc::new(Progress::new());
        let mut ticks = tokio::time::interval_at((begin + PROGRESS_EVERY).into(), PROGRESS_EVERY);
        let mut run = pin!(run(options, progress.clone(), stop));
        loop {
            tokio::select! {
                report = &mut run => return report,
                _ = ticks.tick() => on_progress(&progress.line(begin.elapsed().as_secs_f64())),
            }
        }
    })
}

fn start(session: &Rc<Session>, end_us: u64) -> JoinSet<io::Result<()>> {
    let mut tasks = JoinSet::new();
    let beating = session.clone();
    tasks.spawn_local(async move {
        beat(&beating).await;
        Ok(())
    });
    match session.options.model {
        Model::Closed { users, think } => {
            for number in 0..users {
                let user = user(session.clone(), number, think);
                tasks.spawn_local(async move {
                    user.await;
                    Ok(())
                });
            }
        }
        Model::Open { rate_per_s, poisson, max_connections } => {
            let gaps = Gaps::new(rate_per_s, poisson);
            tasks.spawn_local(arrivals(session.clone(), gaps, max_connections, end_us));
        }
    }
    tasks
}

async fn beat(session: &Session) {
    while !session.is_closed() {
        let due_us = session.heartbeat.borrow_mut().beat(session.now_us());
        session.sleep_until(due_us).await;
    }
}

fn resolve(target: &Target) -> Result<SocketAddr, LoadError> {
    let failed = |source| LoadError::Resolve { host: target.host.clone(), source };
    let mut addresses = (target.host.as_str(), target.port).to_socket_addrs().map_err(failed)?;
    addresses.next().ok_or_else(|| failed(io::ErrorKind::NotFound.into()))
}

fn enough_files(connections: u32) -> Result<u64, LoadError> {
    let needed = u64::from(connections) + FILES_BESIDE;
    let allowed = bramble_net::raise_descriptor_limit();
    if allowed < needed { Err(LoadError::OpenFiles { needed, allowed }) } else { Ok(allowed) }
}

#[cfg(test)]
mod tests;
