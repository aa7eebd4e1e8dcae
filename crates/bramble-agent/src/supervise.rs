//! Role processes: started, started again when they end, stopped in order.
//!
//! ```text
//!          ┌──────────── ended: wait 100 ms … 5 s ───────────┐
//!          v                                                 │
//! start ─> running ─ stop ─> asked to drain ─> SIGTERM ─> SIGKILL
//! ```
//!
//! A role process is told who its parent is and asks the kernel to be killed when that dies.
//! To the kernel the parent is the *thread* that started it, so the agent's runtime must be
//! the one thread that lives as long as the process.

use std::io;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use bramble_cluster::api::Role;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tracing::{info, warn};

use crate::backoff::Backoff;
use crate::control::Control;
use crate::node::role_name;

const RESTART_FIRST: Duration = Duration::from_millis(100);
const RESTART_LAST: Duration = Duration::from_secs(5);
/// A process that lived so long did not fail at its start.
const SETTLED: Duration = Duration::from_secs(10);
/// Between SIGTERM and SIGKILL.
const TERM_LIMIT: Duration = Duration::from_secs(1);

/// How role processes are run.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The `bramble` binary.
    pub executable: PathBuf,
    /// The node's data folder.
    pub data: PathBuf,
    /// Time to drain.
    pub stop: Duration,
}

/// A role's process, as it is now.
#[derive(Clone, Copy, Debug, Default)]
pub struct Process {
    /// None while it waits to be started again.
    pub pid: Option<u32>,
    /// How often it was started again.
    pub restarts: u32,
    /// Of this process.
    pub started: Option<Instant>,
}

/// A role under supervision.
#[derive(Debug)]
pub struct Supervised {
    role: Role,
    process: watch::Receiver<Process>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Supervised {
    /// Starts the role and keeps it running.
    pub fn start(launch: Launch, role: Role) -> Self {
        let (sender, process) = watch::channel(Process::default());
        let (stop, stopped) = oneshot::channel();
        let control = Control::new(&launch.data, role);
        let keeper = Keeper { launch, role, control, process: sender };
        let task = tokio::spawn(keeper.run(stopped));
        Self { role, process, stop, task }
    }

    /// Its process now.
    pub fn process(&self) -> Process {
        *self.process.borrow()
    }

    /// Another look at its process, for those who wait for changes.
    pub fn subscribe(&self) -> watch::Receiver<Process> {
        self.process.clone()
    }

    /// Stops it: it drains, and is killed if it takes too long.
    pub async fn stop(self) {
        // The keeper ends only by this; a closed channel means that it did already.
        let _ = self.stop.send(());
        if let Err(error) = self.task.await {
            warn!(role = role_name(self.role), %error, "supervision failed");
        }
    }
}

struct Keeper {
    launch: Launch,
    role: Role,
    control: Control,
    process: watch::Sender<Process>,
}

impl Keeper {
    async fn run(self, mut stop: oneshot::Receiver<()>) {
        let mut backoff = Backoff::new(RESTART_FIRST, RESTART_LAST);
        loop {
            let began = Instant::now();
            match self.spawn() {
                Ok(mut child) => tokio::select! {
                    ended = child.wait() => self.log_end(ended),
                    _ = &mut stop => return self.stop(child).await,
                },
                Err(error) => self.log_failure(&error),
            }
            self.process.send_modify(|process| {
                *process = Process { restarts: process.restarts + 1, ..Process::default() };
            });
            if began.elapsed() >= SETTLED {
                backoff.reset();
            }
            tokio::select! {
                () = sleep(backoff.delay()) => {}
                _ = &mut stop => return,
            }
        }
    }

    fn spawn(&self) -> io::Result<Child> {
        let child = Command::new(&self.launch.executable)
            .args(["role", role_name(self.role), "--data"])
            .arg(&self.launch.data)
            .args(["--parent", &std::process::id().to_string()])
            .stdin(Stdio::null())
            // Ctrl-C in a terminal is for the agent, which stops its roles in order.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        self.process.send_modify(|process| {
            process.pid = child.id();
            process.started = Some(Instant::now());
        });
        info!(role = role_name(self.role), pid = child.id(), "started");
        Ok(child)
    }

    /// Asked first: a process that drains loses no request.
    async fn stop(&self, mut child: Child) {
        match self.control.stop().await {
            Ok(()) if self.ends_within(&mut child, self.launch.stop).await => return,
            Ok(()) => warn!(role = role_name(self.role), "still draining; sending SIGTERM"),
            Err(error) => warn!(%error, "sending SIGTERM"),
        }
        terminate(&child);
        if !self.ends_within(&mut child, TERM_LIMIT).await {
            warn!(role = role_name(self.role), "does not end; killing it");
            if let Err(error) = child.kill().await {
                warn!(role = role_name(self.role), %error, "can't be killed");
            }
        }
        self.process.send_modify(|process| process.pid = None);
    }

    async fn ends_within(&self, child: &mut Child, limit: Duration) -> bool {
        let ended = timeout(limit, child.wait()).await.is_ok();
        if ended {
            self.process.send_modify(|process| process.pid = None);
        }
        ended
    }

    fn log_end(&self, ended: io::Result<ExitStatus>) {
        match ended {
            Ok(status) => warn!(role = role_name(self.role), %status, "ended; starting it again"),
            Err(error) => self.log_failure(&error),
        }
    }

    fn log_failure(&self, error: &io::Error) {
        let executable = self.launch.executable.display();
        warn!(role = role_name(self.role), %executable, %error, "can't be run; trying again");
    }
}

/// The pid can't be another process's: the child was not waited for yet.
fn terminate(child: &Child) {
    let pid = child.id().and_then(|pid| Pid::from_raw(pid.cast_signed()));
    if let Some(Err(error)) = pid.map(|pid| kill_process(pid, Signal::TERM)) {
        warn!(%error, "SIGTERM failed");
    }
}

#[cfg(test)]
mod tests;
