//! How much memory this process can have: what the machine has left, or what its control group
//! allows. Reading is a thin shell around parsers of text that never panic.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::host::available_bytes;

/// Bytes that this process can have without that anything is swapped or killed, of which it holds
/// `held` now: those and what is available (MemAvailable of proc(5)), or less, where a control group
/// it is in (version 1 or 2) allows less.
///
/// # Errors
/// When /proc is not there or speaks another format.
pub fn memory_room_bytes(held: u64) -> io::Result<u64> {
    let available = available_bytes()?.saturating_add(held);
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let limits = limit_files(&groups).into_iter().filter_map(|file| limit(&file));
    Ok(limits.fold(available, u64::min))
}

/// Bytes of this process that are in memory, its program included: a control group counts that too.
///
/// # Errors
/// When /proc is not there or speaks another format.
pub fn resident_memory_bytes() -> io::Result<u64> {
    let text = fs::read_to_string("/proc/self/status")?;
    parse_resident(&text).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "VmRSS"))
}

/// In proc(5)'s words, which unlike statm's are no pages: whoever counts instructions by valgrind
/// hides from us how large those are.
fn parse_resident(status: &str) -> Option<u64> {
    let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    kib.trim().trim_end_matches("kB").trim_end().parse::<u64>().ok()?.checked_mul(1024)
}

fn limit(file: &Path) -> Option<u64> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}

/// Where limits may stand: of each group and of all that it is in. In a container the groups are
/// called as they are outside, where only the last of those is there.
fn limit_files(groups: &str) -> Vec<PathBuf> {
    let of = |line: &str| -> Option<Vec<PathBuf>> {
        let mut parts = line.splitn(3, ':').skip(1);
        let (root, file) = match parts.next()? {
            "" => ("/sys/fs/cgroup", "memory.max"),
            controllers if controllers.split(',').any(|name| name == "memory") => {
                ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            }
            _ => return None,
        };
        let folders = Path::new(parts.next()?).ancestors();
        let folder = |path: &Path| Path::new(root).join(path.strip_prefix("/").unwrap_or(path));
        Some(folders.map(|path| folder(path).join(file)).collect())
    };
    groups.lines().filter_map(of).flatten().collect()
}

#[cfg(test)]
mod tests;
