//! What an import looks up: included files, variables of the environment, names of hosts.

use std::net::{IpAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};

use bramble_config::apache::{File, Surroundings};

/// Where Debian and others keep it, if nothing says so.
const SERVER_ROOT: &str = "/etc/apache2";
/// Files that one pattern may mean.
const MATCHES: usize = 512;

/// This machine.
pub struct World {
    /// Whether names of hosts may be looked up.
    pub resolves: bool,
}

impl Surroundings for World {
    fn include(
        &mut self,
        pattern: &str,
        root: Option<&str>,
        from: &str,
    ) -> Result<Vec<File>, String> {
        let start = start(pattern, root, from);
        let mut paths = vec![start];
        for part in pattern.split('/').filter(|part| !part.is_empty()) {
            paths = paths.iter().flat_map(|path| below(path, part)).take(MATCHES).collect();
        }
        let mut files: Vec<PathBuf> = paths.iter().flat_map(|path| all_files(path)).collect();
        files.truncate(MATCHES);
        if files.is_empty() {
            return Err(format!("there is no file `{pattern}`"));
        }
        files.iter().map(|path| read(path)).collect()
    }

    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn resolve(&mut self, host: &str) -> Option<IpAddr> {
        if !self.resolves {
            return None;
        }
        let found: Vec<IpAddr> = (host, 0).to_socket_addrs().ok()?.map(|one| one.ip()).collect();
        found.iter().find(|ip| ip.is_ipv4()).or(found.first()).copied()
    }
}

/// A relative path begins at the server's root: the one that is said, that of the file which
/// includes, or the usual one.
fn start(pattern: &str, root: Option<&str>, from: &str) -> PathBuf {
    let is_there = |folder: &Path| {
        let first = pattern.split('/').next().unwrap_or_default();
        !below(folder, first).is_empty()
    };
    if pattern.starts_with('/') {
        return PathBuf::from("/");
    }
    let beside = Path::new(from).parent().map(Path::to_path_buf).unwrap_or_default();
    match root {
        Some(root) => PathBuf::from(root),
        None if is_there(&beside) => beside,
        None => PathBuf::from(SERVER_ROOT),
    }
}

/// What a folder has of that name, which may have `*` and `?`; in order.
fn below(folder: &Path, name: &str) -> Vec<PathBuf> {
    if !name.contains(['*', '?']) {
        let path = folder.join(name);
        return if path.exists() { vec![path] } else { Vec::new() };
    }
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|one| matches(name.as_bytes(), one)).collect();
    names.sort();
    names.iter().map(|name| folder.join(name)).collect()
}

/// A hidden file is meant only by name.
fn matches(pattern: &[u8], name: &str) -> bool {
    !name.starts_with('.') && fits(pattern, name.as_bytes())
}

/// Of two `*` only the last can need another try: what the first one took stays right.
fn fits(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(one) if *one == b'?' || Some(one) == name.get(n) => {
                p += 1;
                n += 1;
            }
            _ => {
                let Some((at, taken)) = star else { return false };
                star = Some((at, taken + 1));
                (p, n) = (at + 1, taken + 1);
            }
        }
    }
    pattern.get(p..).is_some_and(|rest| rest.iter().all(|byte| *byte == b'*'))
}

/// A folder means all files below it.
fn all_files(path: &Path) -> Vec<PathBuf> {
    if path.is_dir() {
        return below(path, "*").into_iter().filter(|path| path.is_file()).collect();
    }
    vec![path.to_path_buf()]
}

fn read(path: &Path) -> Result<File, String> {
    let shown = path.display().to_string();
    match std::fs::read(path) {
        Ok(bytes) => Ok(File { name: shown, bytes }),
        Err(error) => Err(format!("can't read {shown}: {error}")),
    }
}

#[cfg(test)]
mod tests;
