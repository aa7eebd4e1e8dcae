//! The real binary: started, told things by signals, and ended with its scenario.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::address::Address;
use crate::answer::Answer;
use crate::client::Client;
use crate::config::Config;
use crate::eventually;
use crate::folder::Folder;
use crate::log::Log;

/// How long a program may take to end in order when its scenario is over.
const FAREWELL: Duration = Duration::from_secs(2);

/// A running program; ended by its process id when dropped.
pub struct Program {
    child: Child,
    /// What it says on standard error.
    pub log: Log,
}

/// `bramble run` with a configuration of its own.
pub struct Bramble {
    program: Program,
    address: Address,
    folder: Folder,
}

/// The binary that is tested: `BRAMBLE_BIN`, or the one built beside this executable.
#[must_use]
pub fn bramble_binary() -> PathBuf {
    if let Some(binary) = std::env::var_os("BRAMBLE_BIN") {
        return binary.into();
    }
    let test = std::env::current_exe().unwrap();
    let binary = test.parent().and_then(Path::parent).unwrap().join("bramble");
    assert!(binary.exists(), "no {}: cargo build --release -p bramble", binary.display());
    binary
}

impl Program {
    /// Starts the binary with these arguments.
    #[must_use]
    pub fn start(arguments: &[&str]) -> Self {
        Self::start_with_log(arguments, Stdio::piped())
    }

    /// Starts the binary, with what it says on standard error going there.
    #[must_use]
    pub fn start_with_log(arguments: &[&str], log: impl Into<Stdio>) -> Self {
        let mut command = Command::new(bramble_binary());
        command.args(arguments).stderr(log);
        Self::spawn(command)
    }

    /// Starts a command that becomes the binary.
    #[must_use]
    pub fn start_as(mut command: Command) -> Self {
        command.stderr(Stdio::piped());
        Self::spawn(command)
    }

    /// The same, with this as its standard input.
    #[must_use]
    pub fn start_with_input(mut command: Command, input: impl Into<Stdio>) -> Self {
        command.stderr(Stdio::piped());
        Self::spawn_with_input(command, input)
    }

    fn spawn(command: Command) -> Self {
        Self::spawn_with_input(command, Stdio::null())
    }

    fn spawn_with_input(mut command: Command, input: impl Into<Stdio>) -> Self {
        let mut child = command.stdin(input).stdout(Stdio::null()).spawn().unwrap();
        let log = child.stderr.take().map(Log::follow).unwrap_or_default();
        Self { child, log }
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        // It may have ended.
        let _ = kill_process(Pid::from_child(&self.child), signal);
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// It goes on.
    #[track_caller]
    pub fn wait(&mut self) -> ExitStatus {
        let mut status = None;
        eventually("the program's end", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }

    /// The most memory that it has held so far.
    #[must_use]
    pub fn peak_rss_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        peak.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Processor time that its threads have used so far.
    #[must_use]
    pub fn cpu_ms(&self) -> u64 {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.id())).unwrap();
        let ns = threads.filter_map(|thread| {
            // It may have ended.
            let stat = std::fs::read_to_string(thread.unwrap().path().join("schedstat")).ok()?;
            Some(stat.split(' ').next().unwrap().parse::<u64>().unwrap())
        });
        ns.sum::<u64>() / 1_000_000
    }

    fn limit_open_files(&self, most: u64) {
        use rustix::process::{Resource, Rlimit, prlimit};
        let limit = Rlimit { current: Some(most), maximum: Some(most) };
        prlimit(Some(Pid::from_child(&self.child)), Resource::Nofile, limit).unwrap();
    }

    fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.signal(Signal::TERM);
        let start = Instant::now();
        while !self.has_ended() {
            if start.elapsed() > FAREWELL {
                self.signal(Signal::KILL);
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        let log = self.log.text();
        if std::thread::panicking() {
            eprintln!("--- what the program said\n{log}\n---");
        } else {
            assert!(!log.contains("panicked"), "{log}");
        }
    }
}

impl Bramble {
    /// Runs with this configuration, and waits until it listens.
    #[must_use]
    #[track_caller]
    pub(crate) fn run(config: &Config, open_files: Option<u64>) -> Self {
        let (folder, address) = (Folder::empty(), Address::free());
        folder.write("bramble.toml", config.text(address.socket()));
        let file = folder.join("bramble.toml");
        let program = Program::start(&["run", "--config", file.to_str().unwrap()]);
        program.log.expect(" listening ");
        // Later than it looks at what it may have: only then can it run out.
        if let Some(most) = open_files {
            program.limit_open_files(most);
        }
        Self { program, address, folder }
    }

    /// Where its listener is.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address.socket()
    }

    /// A new connection.
    #[must_use]
    #[track_caller]
    pub fn client(&self) -> Client {
        Client::connect(self.address())
    }

    /// Asks for a path on a connection of its own.
    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.client().get(path)
    }

    /// Writes another configuration, sends SIGHUP, and waits until it is in force.
    #[track_caller]
    pub fn reload(&self, config: &Config) {
        let before = self.log().count(" reloaded");
        self.hand_in(&config.text(self.address()));
        eventually("reloaded", || self.log().count(" reloaded") > before);
    }

    /// Writes a configuration that is refused, and waits for that.
    #[track_caller]
    pub fn reload_in_vain(&self, text: &str) {
        let before = self.log().count("reload refused");
        self.hand_in(text);
        eventually("refused", || self.log().count("reload refused") > before);
    }

    /// Writes another configuration, of which the program is not told.
    pub fn write_config(&self, text: &str) {
        self.folder.write("bramble.toml", text);
    }

    fn hand_in(&self, text: &str) {
        self.write_config(text);
        self.program.signal(Signal::HUP);
    }

    /// Stops it, and tells how often it counted this word of docs/reasons.md.
    #[track_caller]
    pub fn stop_and_count(&mut self, word: &str) -> u64 {
        self.program.signal(Signal::TERM);
        self.program.log.expect(" counted ");
        let log = self.program.log.text();
        let counted = log.lines().rfind(|line| line.contains(" counted ")).unwrap();
        let words = counted.split_once("refused=\"").unwrap().1.trim_end_matches('"').split(", ");
        let mut counts = words.filter_map(|count| count.split_once(' '));
        counts.find(|(counted, _)| *counted == word).map_or(0, |(_, n)| n.parse().unwrap())
    }

    /// What it says.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.program.log
    }

    /// The process.
    pub fn program(&mut self) -> &mut Program {
        &mut self.program
    }
}
