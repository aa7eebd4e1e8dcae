//! What can be seen of the demo, and done to it, without asking it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use bramble_tests::processes;
use rustix::process::{Pid, Signal, kill_process};

/// The process table: command lines by process id.
pub struct Processes(BTreeMap<u64, (u64, String)>);

impl Processes {
    pub fn now() -> Self {
        let entries = std::fs::read_dir("/proc").unwrap();
        let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        Self(pids.filter_map(|pid: u64| Some((pid, (parent(pid)?, command(pid)?)))).collect())
    }

    pub fn command(&self, pid: u64) -> &str {
        self.0.get(&pid).map_or("", |(_, command)| command)
    }

    /// A child of `parent` whose command line has this in it.
    fn child(&self, parent: u64, part: &str) -> Option<u64> {
        let found = self.0.iter().find(|(_, (p, command))| *p == parent && command.contains(part));
        found.map(|(pid, _)| *pid)
    }
}

fn parent(pid: u64) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in brackets may hold anything; the parent is the second field after it.
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

fn command(pid: u64) -> Option<String> {
    let line = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    Some(String::from_utf8_lossy(&line).replace('\0', " "))
}

/// Lets the demo's first load generator run for a quarter of the time only.
pub fn starve_first_generator(demo: u32) {
    let start = Instant::now();
    let generator = loop {
        if let Some(pid) = Processes::now().child(demo.into(), " load ") {
            break pid;
        }
        if start.elapsed() > Duration::from_secs(40) {
            return;
        }
        sleep(Duration::from_millis(20));
    };
    while Path::new(&format!("/proc/{generator}")).exists() {
        signal(generator, Signal::STOP);
        sleep(Duration::from_millis(90));
        signal(generator, Signal::CONT);
        sleep(Duration::from_millis(30));
    }
}

/// Waits until all 10 roles of a demo listen, and answers where: without asking it. Empty if
/// that does not happen.
pub fn all_listening(demo: u32) -> Vec<SocketAddr> {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(60) {
        let nodes = processes::children(demo).into_iter().flat_map(processes::children);
        let roles = nodes.filter(|id| processes::command(*id).contains(" role "));
        let found: Vec<Vec<SocketAddr>> = roles.map(processes::listening).collect();
        if found.len() == 10 && found.iter().all(|of_role| !of_role.is_empty()) {
            return found.concat();
        }
        sleep(Duration::from_millis(200));
    }
    Vec::new()
}

/// As Ctrl-C does.
pub fn interrupt(pid: u32) {
    signal(pid.into(), Signal::INT);
}

pub fn terminate(pid: u64) {
    signal(pid, Signal::TERM);
}

fn signal(pid: u64, signal: Signal) {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).unwrap();
    // It may have ended.
    let _ = kill_process(pid, signal);
}

/// Folders of demos.
pub fn demo_folders() -> BTreeSet<PathBuf> {
    let entries = std::fs::read_dir(std::env::temp_dir()).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let ours = |path: &PathBuf| path.display().to_string().contains("/bramble-demo-");
    paths.filter(ours).collect()
}

/// The sample site's files by URL path.
pub fn site() -> BTreeMap<String, Vec<u8>> {
    let files = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/site"));
    assert!(files.len() > 20);
    files
}

/// The files of a folder by URL path.
pub fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let (mut files, mut folders) = (BTreeMap::new(), vec![root.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = format!("/{}", path.strip_prefix(root).unwrap().display());
                files.insert(name, std::fs::read(path).unwrap());
            }
        }
    }
    files
}

/// A file as a visitor gets it.
#[track_caller]
pub fn fetch(address: SocketAddr, path: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: demo\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200 "), "{path}");
    let end = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
    answer.split_off(end + 4)
}
