//! What the kernel tells of processes: children, command lines, listening sockets.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};

use rustix::process::{Pid, Signal, kill_process};

/// Processes that this one started and that still run.
#[must_use]
pub fn children(parent: u32) -> Vec<u32> {
    let entries = fs::read_dir("/proc").unwrap();
    let ids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    ids.filter(|id| parent_of(*id) == Some(parent)).collect()
}

fn parent_of(id: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name in brackets may hold anything; the parent is the second field behind it.
    stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
}

/// The command line of a process, empty when it is gone.
#[must_use]
pub fn command(id: u32) -> String {
    let line = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&line).replace('\0', " ")
}

/// Whether anything of a process is left: its sockets are only closed for sure when its last
/// thread has ended, after its memory and its command line are gone.
#[must_use]
pub fn runs(id: u32) -> bool {
    let Ok(stat) = fs::read_to_string(format!("/proc/{id}/stat")) else { return false };
    let ended = stat.rsplit_once(") ").is_some_and(|(_, state)| state.starts_with('Z'));
    let threads = fs::read_dir(format!("/proc/{id}/task")).map_or(0, Iterator::count);
    !ended || threads > 1
}

/// Memory that a process has for itself, without what its files have (proc(5)): of those others
/// that run the same binary have a share, which changes with their number.
#[must_use]
pub fn anonymous_bytes(id: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{id}/smaps_rollup")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("Pss_Anon:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

/// Sends a signal to a process of ours that may have ended.
pub fn signal(id: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(id).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}

/// Addresses at which a process listens for TCP over IPv4.
#[must_use]
pub fn listening(id: u32) -> Vec<SocketAddr> {
    let sockets: Vec<String> = fs::read_dir(format!("/proc/{id}/fd"))
        .unwrap()
        .filter_map(|fd| fs::read_link(fd.ok()?.path()).ok())
        .filter_map(|link| {
            Some(link.to_str()?.strip_prefix("socket:[")?.trim_end_matches(']').into())
        })
        .collect();
    let table = fs::read_to_string(format!("/proc/{id}/net/tcp")).unwrap();
    let rows = table.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>());
    let ours = rows.filter(|row| row[3] == "0A" && sockets.iter().any(|inode| inode == row[9]));
    ours.map(|row| address(row[1])).collect()
}

/// `0100007F:1F90` is 127.0.0.1:8080.
fn address(text: &str) -> SocketAddr {
    let (ip, port) = text.split_once(':').unwrap();
    let ip = Ipv4Addr::from(u32::from_str_radix(ip, 16).unwrap().swap_bytes());
    SocketAddr::from((ip, u16::from_str_radix(port, 16).unwrap()))
}
