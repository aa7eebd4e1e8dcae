//! How the machine is doing: load, memory, swap, time stolen by a hypervisor. Reading /proc is a
//! thin shell around parsers of text that never panic.

use serde::{Deserialize, Serialize};
use std::{fs, io, thread};

/// State of this machine now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HostFacts {
    /// Load average over 1 minute.
    pub load1: f32,
    /// Load average over 5 minutes.
    pub load5: f32,
    /// Load average over 15 minutes.
    pub load15: f32,
    /// Memory that new work can have without swapping.
    pub mem_available_kib: u64,
    /// Swap in use.
    pub swap_used_kib: u64,
    /// Cores that this process may use.
    pub cores: u32,
    /// CPU time that the hypervisor gave to others, of all cores, since boot.
    pub steal_ms: u64,
}

impl HostFacts {
    /// Reads the facts.
    ///
    /// # Errors
    /// When /proc is not there or speaks another format.
    pub fn read() -> io::Result<Self> {
        let [load1, load5, load15] = read("/proc/loadavg", parse_loadavg)?;
        let memory = read("/proc/meminfo", parse_meminfo)?;
        let steal_ticks = read("/proc/stat", parse_steal_ticks)?;
        let ticks_ms = 1000 / rustix::param::clock_ticks_per_second().max(1);
        Ok(Self {
            load1,
            load5,
            load15,
            mem_available_kib: memory.available_kib,
            swap_used_kib: memory.swap_used_kib,
            cores: thread::available_parallelism().map_or(1, |cores| cores.get() as u32),
            steal_ms: steal_ticks.saturating_mul(ticks_ms),
        })
    }
}

/// Bytes that new work can have without swapping.
pub(crate) fn available_bytes() -> io::Result<u64> {
    let memory = read("/proc/meminfo", parse_meminfo)?;
    Ok(memory.available_kib.saturating_mul(1024))
}

#[derive(Debug, PartialEq)]
struct Memory {
    available_kib: u64,
    swap_used_kib: u64,
}

fn read<T>(path: &str, parse: impl Fn(&str) -> Option<T>) -> io::Result<T> {
    parse(&fs::read_to_string(path)?)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, path))
}

fn parse_loadavg(text: &str) -> Option<[f32; 3]> {
    let mut loads = text.split_ascii_whitespace().map(|field| field.parse().ok());
    Some([loads.next()??, loads.next()??, loads.next()??])
}

fn parse_meminfo(text: &str) -> Option<Memory> {
    let kib = |name: &str| -> Option<u64> {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.trim().trim_end_matches("kB").trim_end().parse().ok()
    };
    // A kernel without swap does not have the two lines.
    let swap_total = kib("SwapTotal").unwrap_or(0);
    let swap_used_kib = swap_total.saturating_sub(kib("SwapFree").unwrap_or(swap_total));
    Some(Memory { available_kib: kib("MemAvailable")?, swap_used_kib })
}

/// proc(5): `cpu user nice system idle iowait irq softirq steal …`.
fn parse_steal_ticks(text: &str) -> Option<u64> {
    let cpu = text.lines().find_map(|line| line.strip_prefix("cpu "))?;
    cpu.split_ascii_whitespace().nth(7)?.parse().ok()
}

#[cfg(test)]
mod tests;
