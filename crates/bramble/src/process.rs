//! What every process of bramble does at its start: logging, signals, a runtime.

use std::ffi::OsString;
use std::future::Future;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use bramble_agent::STOP_SIGNALS;
use bramble_net::let_come;
use rustix::process::Signal;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::LocalSet;
use tracing_subscriber::EnvFilter;

use crate::exit::{Doing, Failure};

/// Logs to standard error; `BRAMBLE_LOG` sets what (`info` by default).
pub fn log(default: &str) {
    let filter = EnvFilter::try_from_env("BRAMBLE_LOG").unwrap_or_else(|_| default.into());
    let stderr = std::io::IsTerminal::is_terminal(&std::io::stderr());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(stderr)
        .with_target(false)
        // It would complain of a full disk on the same disk, and panic.
        .log_internal_errors(false)
        .init();
}

/// Runs `work` on a runtime of one thread.
///
/// # Errors
/// The runtime could not start, or what `work` says.
pub fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.doing("can't start the runtime")?;
    let result = LocalSet::new().block_on(&runtime, work);
    // A thread that hashes a large file is not waited for.
    runtime.shutdown_background();
    result
}

/// Waits for Ctrl-C or SIGTERM.
///
/// # Errors
/// Signals can't be had.
pub fn stop_signal() -> Result<impl Future<Output = ()>, Failure> {
    let mut interrupt = signal(SignalKind::interrupt()).doing("can't wait for signals")?;
    let mut terminate = signal(SignalKind::terminate()).doing("can't wait for signals")?;
    // Those that came while an agent became this program.
    let_come(&STOP_SIGNALS).doing("can't wait for signals")?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// This program, as it was started.
#[derive(Clone, Debug)]
pub struct Program {
    file: PathBuf,
    arguments: Vec<OsString>,
}

impl Program {
    /// To be asked for early: when its file has been replaced, the kernel knows no name for it.
    ///
    /// # Errors
    /// Nobody knows where its file is.
    pub fn current() -> Result<Self, Failure> {
        let mut arguments = std::env::args_os();
        let name = arguments.next().unwrap_or_default();
        // A path is followed anew, so that a link may lead elsewhere by then. A bare name was found
        // by a shell: there the kernel knows the file.
        let is_path = name.as_bytes().contains(&b'/');
        let file = if is_path { std::path::absolute(name) } else { std::env::current_exe() };
        let file = file.doing("can't find this program's file")?;
        Ok(Self { file, arguments: arguments.collect() })
    }

    /// Where its file is, or another that has been put in its place.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// What it was started with, but for its name.
    pub fn arguments(&self) -> &[OsString] {
        &self.arguments
    }

    /// The same with its own arguments, from the file that lies there by then.
    pub fn again(&self) -> Command {
        let mut again = Command::new(&self.file);
        again.args(&self.arguments);
        again
    }
}

/// Makes this process end when its parent does: nothing is left behind, however that died.
///
/// # Errors
/// The kernel refused.
pub fn end_with_parent(parent: u32) -> Result<(), Failure> {
    rustix::process::set_parent_process_death_signal(Some(Signal::TERM))
        .doing("can't follow the parent process")?;
    // It may have died before the line above took effect.
    let now = rustix::process::getppid().map(rustix::process::Pid::as_raw_nonzero);
    match now {
        Some(pid) if pid.get().unsigned_abs() != parent => {
            Err(Failure::failed("the process that started this one has ended"))
        }
        _ => Ok(()),
    }
}
