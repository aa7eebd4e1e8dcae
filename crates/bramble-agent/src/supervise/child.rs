//! A child process that is known by its id alone, so that a program that comes in this one's place
//! (execve(2)) can go on with it.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use tokio::time::{sleep, timeout};

/// How often it is looked whether one that was told to end has done so.
const END_LOOK: Duration = Duration::from_millis(10);

/// It is killed when dropped. Its id is nobody else's before its end was asked for.
#[derive(Debug)]
pub(super) struct Child {
    pid: Pid,
    ended: Option<ExitStatus>,
}

impl Child {
    /// Starts it.
    pub(super) fn spawn(command: &mut Command) -> io::Result<Self> {
        let child = command.spawn()?;
        Ok(Self { pid: Pid::from_child(&child), ended: None })
    }

    /// One that this process has had before it became this program.
    pub(super) fn kept(id: u32) -> Option<Self> {
        let pid = Pid::from_raw(i32::try_from(id).ok()?)?;
        Some(Self { pid, ended: None })
    }

    pub(super) fn id(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// How it has ended, if it has.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        if self.ended.is_none() {
            let status = match waitpid(Some(self.pid), WaitOptions::NOHANG) {
                Ok(ended) => ended.map(|(_, status)| status.as_raw()),
                // It is none of ours: whatever it was, it is gone.
                Err(_) => Some(Signal::KILL.as_raw()),
            };
            self.ended = status.map(ExitStatus::from_raw);
        }
        self.ended
    }

    /// Whether it ends within this time.
    pub(super) async fn ends_within(&mut self, limit: Duration) -> bool {
        let end = async {
            while self.ended().is_none() {
                sleep(END_LOOK).await;
            }
        };
        timeout(limit, end).await.is_ok()
    }

    pub(super) fn signal(&self, signal: Signal) {
        if self.ended.is_none() {
            // It may have ended, but its id is still its own.
            let _ = kill_process(self.pid, signal);
        }
    }

    /// Lets it run on.
    pub(super) fn leave(self) {
        std::mem::forget(self);
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if self.ended.is_none() {
            self.signal(Signal::KILL);
            let _ = waitpid(Some(self.pid), WaitOptions::empty());
        }
    }
}
