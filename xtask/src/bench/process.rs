//! A program of the bench: started on its cores in a cgroup of its own, ended by its pid with all
//! that it started.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Resource, Signal, getrlimit, kill_process, setrlimit};

use super::cgroup::Group;
use super::cpu::Cpu;

/// Counters write what they counted when they end, which takes a while on a busy machine.
const STOP: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(20);

/// Ended when it is dropped.
pub(super) struct Process {
    name: String,
    child: Child,
    group: Option<Group>,
}

impl Process {
    /// Starts it on the cores; what it says goes to `NAME.out` in the folder.
    pub fn start(name: &str, command: &[String], cores: &str, folder: &Path) -> Result<Self> {
        let path = folder.join(format!("{name}.out"));
        let said = std::fs::File::create(&path)?;
        let group = Group::make(name);
        let mut pinned = pinned(cores, &inside(group.as_ref(), command));
        pinned.stdin(Stdio::null()).stdout(said.try_clone()?).stderr(said);
        let child = pinned.spawn().with_context(|| format!("can't start {name}"))?;
        Ok(Self { name: name.to_owned(), child, group })
    }

    /// CPU time so far.
    pub fn cpu(&self) -> Cpu {
        self.group.as_ref().map_or_else(|| Cpu::of(&self.pids()), Cpu::of_group)
    }

    /// It and all below it.
    pub fn pids(&self) -> BTreeSet<u32> {
        let mut pids = BTreeSet::from([self.child.id()]);
        let mut open = vec![self.child.id()];
        while let Some(parent) = open.pop() {
            open.extend(children(parent).into_iter().filter(|child| pids.insert(*child)));
        }
        pids
    }

    /// Fails when it is gone, with what it said.
    pub fn check_alive(&mut self, folder: &Path) -> Result<()> {
        if let Some(status) = self.child.try_wait()? {
            let path = folder.join(format!("{}.out", self.name));
            let said = std::fs::read_to_string(path).unwrap_or_default();
            bail!("{} ended with {status}: {}", self.name, said.trim());
        }
        Ok(())
    }

    fn is_gone_by(&mut self, deadline: Instant) -> bool {
        while Instant::now() < deadline {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return true;
            }
            sleep(POLL);
        }
        false
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let pids = self.pids();
        signal(self.child.id(), Signal::TERM);
        if !self.is_gone_by(Instant::now() + STOP) {
            pids.iter().for_each(|pid| signal(*pid, Signal::KILL));
            let _ = self.child.wait();
        }
    }
}

/// The command on those cores alone; it ends with us, whatever ends us.
pub(super) fn pinned(cores: &str, command: &[String]) -> Command {
    let mut pinned = Command::new("setpriv");
    pinned.args(["--pdeathsig", "TERM", "taskset", "--cpu-list", cores]).args(command);
    pinned
}

/// The command from within the group: a shell enters it and becomes the command.
fn inside(group: Option<&Group>, command: &[String]) -> Vec<String> {
    let enter = |group: &Group| {
        ["sh", "-c", r#"echo $$ > "$0" && exec "$@""#, &group.door()].map(str::to_owned).to_vec()
    };
    let mut words = group.map(enter).unwrap_or_default();
    words.extend_from_slice(command);
    words
}

/// Soft to hard, for what is started from now on: each connection of a user takes two in a balancer.
pub(super) fn raise_limit_of_files() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // What it is short of shows as refused connections.
    let _ = setrlimit(Resource::Nofile, limit);
}

fn children(parent: u32) -> Vec<u32> {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{parent}/task")) else { return Vec::new() };
    let lists =
        threads.flatten().map(|thread| std::fs::read_to_string(thread.path().join("children")));
    let pids: String = lists.flatten().collect();
    pids.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

fn signal(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}
