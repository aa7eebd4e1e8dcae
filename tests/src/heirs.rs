//! Processes that take over, one from the other, as SIGUSR2 has them do.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::log::Log;
use crate::program::Program;
use crate::{eventually, processes};

const ACCEPTS: &str = "the new process accepts";

/// How long those that are left at the end have to do so.
const FAREWELL: Duration = Duration::from_secs(2);

/// The processes that have taken over so far; they end with the scenario.
pub struct Heirs<'a> {
    /// What all of them say, since they write to the same.
    pub log: &'a Log,
    /// Their processes.
    pub all: Vec<u32>,
    newest: u32,
}

impl<'a> Heirs<'a> {
    /// None so far.
    #[must_use]
    pub fn of(program: &'a Program) -> Self {
        Self { log: &program.log, all: Vec::new(), newest: program.id() }
    }

    /// The process that has taken over last.
    #[must_use]
    pub fn newest(&self) -> u32 {
        self.newest
    }

    /// Another takes over from the newest.
    #[track_caller]
    pub fn next(&mut self) {
        let newest = self.newest;
        self.after(|| processes::signal(newest, Signal::USR2));
    }

    /// Another takes over from the newest because of this.
    #[track_caller]
    pub fn after<T>(&mut self, cause: impl FnOnce() -> T) -> T {
        let before = self.log.count(ACCEPTS);
        let done = cause();
        eventually("another process accepts", || self.log.count(ACCEPTS) > before);
        let log = self.log.text();
        let lines = log.lines().filter(|line| line.contains(ACCEPTS)).skip(before);
        self.all.extend(
            lines.map(|line| -> u32 { line.rsplit_once("pid=").unwrap().1.parse().unwrap() }),
        );
        self.newest = *self.all.last().unwrap();
        done
    }
}

impl Drop for Heirs<'_> {
    fn drop(&mut self) {
        self.all.iter().for_each(|id| processes::signal(*id, Signal::TERM));
        let start = Instant::now();
        let runs = || self.all.iter().any(|id| processes::runs(*id));
        while runs() && start.elapsed() < FAREWELL {
            std::thread::sleep(Duration::from_millis(5));
        }
        self.all.iter().for_each(|id| processes::signal(*id, Signal::KILL));
    }
}
