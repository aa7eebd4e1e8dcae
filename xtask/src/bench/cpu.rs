//! CPU time of processes: the sum in nanoseconds from the scheduler, the user's share from the
//! ticks.

use std::collections::BTreeSet;
use std::ops::Sub;

/// CPU time since the processes' start.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cpu {
    nanoseconds: f64,
    user_ticks: f64,
    system_ticks: f64,
}

impl Cpu {
    /// Of all threads of these processes as of now.
    pub fn of(pids: &BTreeSet<u32>) -> Self {
        pids.iter().fold(Self::default(), |sum, pid| Self {
            nanoseconds: sum.nanoseconds + nanoseconds(*pid),
            user_ticks: sum.user_ticks + ticks(*pid).0,
            system_ticks: sum.system_ticks + ticks(*pid).1,
        })
    }

    pub fn us(&self) -> f64 {
        self.nanoseconds / 1000.0
    }

    /// The ticks tell only how the sum splits; a tick is 4 ms, so over seconds it is good to
    /// about a percent.
    pub fn user_us(&self) -> f64 {
        let ticks = self.user_ticks + self.system_ticks;
        if ticks > 0.0 { self.us() * self.user_ticks / ticks } else { 0.0 }
    }
}

impl Sub for Cpu {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            nanoseconds: self.nanoseconds - before.nanoseconds,
            user_ticks: self.user_ticks - before.user_ticks,
            system_ticks: self.system_ticks - before.system_ticks,
        }
    }
}

/// First field of `schedstat`: time spent on the CPU, for each thread.
fn nanoseconds(pid: u32) -> f64 {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{pid}/task")) else { return 0.0 };
    let lines =
        threads.flatten().map(|thread| std::fs::read_to_string(thread.path().join("schedstat")));
    lines.flatten().map(|line| number(line.split(' ').next())).sum()
}

/// Fields 14 and 15 of `stat` (proc(5)), counted after the name, which may hold spaces.
fn ticks(pid: u32) -> (f64, f64) {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let mut fields = after_name.split(' ').skip(11);
    (number(fields.next()), number(fields.next()))
}

fn number(text: Option<&str>) -> f64 {
    text.and_then(|text| text.trim().parse().ok()).unwrap_or_default()
}
