//! What one process costs: CPU time and memory, from /proc. Reading is a thin shell around
//! parsers of text that never panic.

use serde::{Deserialize, Serialize};
use std::{fs, io};

/// Cost of a process since its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessFacts {
    /// CPU time of all threads, user and system.
    pub cpu_us: u64,
    /// The same in milliseconds.
    pub cpu_ms: u64,
    /// Time in which threads could run but had no core, of the threads that live now.
    pub waited_us: u64,
    /// Resident memory.
    pub rss_kib: u64,
    /// Threads that live now.
    pub threads: u64,
}

impl ProcessFacts {
    /// Reads the facts of process `pid`.
    ///
    /// # Errors
    /// When there is no such process, or /proc speaks another format.
    pub fn read(pid: u32) -> io::Result<Self> {
        let stat = read(pid, "stat", parse_stat)?;
        let pages = read(pid, "statm", parse_statm)?;
        let sched = threads_sched(pid).unwrap_or_default();
        let ticks_us = 1_000_000 / rustix::param::clock_ticks_per_second().max(1);
        // The threads' own clocks have nanoseconds but forget threads that ended; the process's
        // ticks remember them but have 10 ms.
        let cpu_us = (sched.ran_ns / 1000).max(stat.cpu_ticks.saturating_mul(ticks_us));
        Ok(Self {
            cpu_us,
            cpu_ms: cpu_us / 1000,
            waited_us: sched.waited_ns / 1000,
            rss_kib: pages.saturating_mul(rustix::param::page_size() as u64 / 1024),
            threads: stat.threads,
        })
    }
}

#[derive(Debug, PartialEq)]
struct Stat {
    cpu_ticks: u64,
    threads: u64,
}

#[derive(Debug, Default, PartialEq)]
struct Sched {
    ran_ns: u64,
    waited_ns: u64,
}

fn read<T>(pid: u32, file: &str, parse: impl Fn(&str) -> Option<T>) -> io::Result<T> {
    let path = format!("/proc/{pid}/{file}");
    // The name of a program may be any bytes.
    let text = String::from_utf8_lossy(&fs::read(&path)?).into_owned();
    parse(&text).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, path))
}

fn threads_sched(pid: u32) -> io::Result<Sched> {
    let mut total = Sched::default();
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        // A thread may end between listing and reading.
        let Ok(text) = fs::read_to_string(task?.path().join("schedstat")) else { continue };
        let sched = parse_schedstat(&text).unwrap_or_default();
        total.ran_ns = total.ran_ns.saturating_add(sched.ran_ns);
        total.waited_ns = total.waited_ns.saturating_add(sched.waited_ns);
    }
    Ok(total)
}

/// proc(5): the second field is the program's name in brackets and may itself hold brackets and
/// spaces, so fields are counted from the last bracket on.
fn parse_stat(text: &str) -> Option<Stat> {
    let (_, after_name) = text.rsplit_once(')')?;
    let mut fields = after_name.split_ascii_whitespace();
    let user: u64 = fields.nth(11)?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    let threads = fields.nth(4)?.parse().ok()?;
    Some(Stat { cpu_ticks: user.checked_add(system)?, threads })
}

fn parse_statm(text: &str) -> Option<u64> {
    text.split_ascii_whitespace().nth(1)?.parse().ok()
}

fn parse_schedstat(text: &str) -> Option<Sched> {
    let mut fields = text.split_ascii_whitespace();
    let ran_ns = fields.next()?.parse().ok()?;
    let waited_ns = fields.next()?.parse().ok()?;
    Some(Sched { ran_ns, waited_ns })
}

#[cfg(test)]
mod tests;
