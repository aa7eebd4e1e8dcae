//! CPU time of processes: the sum in nanoseconds from their cgroup or from the scheduler, the
//! user's share from the ticks.

use std::collections::BTreeSet;
use std::ops::Sub;

use super::cgroup::Group;

/// CPU time since the processes' start.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cpu {
    nanoseconds: f64,
    user: f64,
    system: f64,
}

impl Cpu {
    /// Of all that was ever in the group.
    pub fn of_group(group: &Group) -> Self {
        let (nanoseconds, user, system) = group.nanoseconds();
        Self { nanoseconds, user, system }
    }

    /// Of all threads of these processes as of now.
    pub fn of(pids: &BTreeSet<u32>) -> Self {
        pids.iter().fold(Self::default(), |sum, pid| Self {
            nanoseconds: sum.nanoseconds + nanoseconds(*pid),
            user: sum.user + ticks(*pid).0,
            system: sum.system + ticks(*pid).1,
        })
    }

    pub fn us(&self) -> f64 {
        self.nanoseconds / 1000.0
    }

    /// Ticks tell only how the sum splits; a tick is 4 ms, so over seconds it is good to about a
    /// percent.
    pub fn user_us(&self) -> f64 {
        let split = self.user + self.system;
        if split > 0.0 { self.us() * self.user / split } else { 0.0 }
    }
}

impl Sub for Cpu {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            nanoseconds: self.nanoseconds - before.nanoseconds,
            user: self.user - before.user,
            system: self.system - before.system,
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
