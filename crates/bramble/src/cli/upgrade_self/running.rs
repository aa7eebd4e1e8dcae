//! Processes that run: found, asked to make way, and waited for.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bramble_agent::NodeFile;
use bramble_agent::lock::{Lock, LockError};
use rustix::net::sockopt::socket_peercred;

use crate::cli::data::Data;
use crate::cli::print;
use crate::exit::Failure;
use crate::process::Program;
use crate::upgrade::{Answer, NAME, Question, address};

/// Where the kernel names all sockets (proc(5)).
const SOCKETS: &str = "/proc/net/unix";

/// To say which program it is.
const PROGRAM_LIMIT: Duration = Duration::from_secs(5);

/// For all roles of a node, one after the other: each has 30 s to become ready, and the manager has
/// to end first.
const UPGRADE_LIMIT: Duration = Duration::from_secs(120);

/// For what serves to answer, once it is said to serve.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// Longest answer that is read: a path, or words about a failure.
const ANSWER_BYTES: u64 = 64 * 1024;

/// A process that can be asked.
#[derive(Debug)]
pub struct Running {
    pub pid: u32,
    /// What it would be started from again.
    pub file: PathBuf,
}

/// A process that serves on.
#[derive(Debug)]
pub struct Refused {
    pub failure: Failure,
    /// A part of it runs from the new file already.
    pub is_mixed: bool,
}

impl Running {
    /// The process with this id.
    ///
    /// # Errors
    /// It is none that can be asked.
    pub fn find(pid: u32) -> Result<Self, Failure> {
        match ask(pid, Question::Program, PROGRAM_LIMIT) {
            Ok(Answer::Program { file, .. }) => Ok(Self { pid, file }),
            Ok(_) => Err(no_bramble(pid, &"it answers oddly")),
            Err(error) => Err(no_bramble(pid, &error)),
        }
    }

    /// The agent of the node in this folder.
    ///
    /// # Errors
    /// None runs.
    pub fn of_node(data: &Data) -> Result<Self, Failure> {
        NodeFile::load(&data.dir).map_err(Failure::failed)?;
        match Lock::take(&data.dir) {
            Err(LockError::Taken { pid, .. }) => {
                let pid = pid.parse().map_err(|_| Failure::failed("its process is just starting"));
                Self::find(pid?)
            }
            Err(error) => Err(Failure::failed(error)),
            Ok(_) => {
                let failure = Failure::failed(format!("no node runs in {}", data.dir.display()));
                Err(failure
                    .hint("the next `bramble up` or `bramble join` runs what lies there then"))
            }
        }
    }

    /// Lets it make way; answers which process serves then.
    pub fn upgrade(&self) -> Result<u32, Refused> {
        let refused = |why: &dyn std::fmt::Display, is_mixed| {
            let why = print::clean(&why.to_string());
            let failure = Failure::failed(format!("process {}: not upgraded: {why}", self.pid));
            let hint = "the process that was there serves on; its log has more";
            Refused { failure: failure.hint(hint), is_mixed }
        };
        let now = match ask(self.pid, Question::Upgrade, UPGRADE_LIMIT) {
            Ok(Answer::Serves(now)) => now,
            Ok(Answer::Refused(refusal)) => return Err(refused(&refusal.why, refusal.is_mixed)),
            Ok(Answer::Program { .. }) => return Err(refused(&"it answers oddly", false)),
            Err(error) => return Err(refused(&error, false)),
        };
        // Of a node the roles have made way by then.
        let is_mixed = now == self.pid;
        self.wait_for(now).map_err(|failure| Refused { failure, is_mixed })?;
        Ok(now)
    }

    /// Until the process answers, and runs the file that it should.
    fn wait_for(&self, now: u32) -> Result<(), Failure> {
        let start = Instant::now();
        loop {
            let answers = Self::find(now).map(drop);
            let serves = answers.and_then(|()| match is_run(&self.file, now) {
                Ok(false) => {
                    let file = self.file.display();
                    Err(Failure::failed(format!("process {now} does not run {file}")))
                }
                // What may not be looked at is believed.
                _ => Ok(()),
            });
            match serves {
                Err(_) if start.elapsed() < ANSWER_LIMIT => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                done => return done,
            }
        }
    }
}

/// All that run from this program's file, as far as this user may ask them.
///
/// # Errors
/// There is none.
pub fn all() -> Result<Vec<Running>, Failure> {
    let own = real(Program::current()?.file());
    let sockets = fs::read_to_string(SOCKETS).unwrap_or_default();
    let mut pids: Vec<u32> = sockets.lines().filter_map(pid_of).collect();
    pids.sort_unstable();
    let found = pids.into_iter().filter_map(|pid| Running::find(pid).ok());
    let all: Vec<_> = found.filter(|process| real(&process.file) == own).collect();
    match all.is_empty() {
        false => Ok(all),
        true => {
            let failure = Failure::failed(format!("nothing runs from {}", own.display()));
            Err(failure
                .hint("name a node by --data DIR or a process by --pid PID; as its user, or root"))
        }
    }
}

/// The file of all of them.
///
/// # Errors
/// They have several.
pub fn place(processes: &[Running]) -> Result<PathBuf, Failure> {
    let files: Vec<_> = processes.iter().map(|process| real(&process.file)).collect();
    match processes {
        [first, ..] if files.iter().all(|file| *file == files[0]) => Ok(first.file.clone()),
        _ => {
            let failure = Failure::bad_input("these processes run from different files");
            Err(failure.hint("upgrade them one after the other"))
        }
    }
}

fn real(file: &Path) -> PathBuf {
    fs::canonicalize(file).unwrap_or_else(|_| file.to_owned())
}

/// Whose socket a line of the kernel's list names.
fn pid_of(line: &str) -> Option<u32> {
    line.rsplit_once('@')?.1.strip_prefix(NAME)?.parse().ok()
}

fn is_run(file: &Path, pid: u32) -> io::Result<bool> {
    let id = |path: &Path| fs::metadata(path).map(|about| (about.dev(), about.ino()));
    Ok(id(file)? == id(Path::new(&format!("/proc/{pid}/exe")))?)
}

fn ask(pid: u32, question: Question, limit: Duration) -> io::Result<Answer> {
    let mut stream = UnixStream::connect_addr(&address(pid)?)?;
    // Anybody may take the name.
    if socket_peercred(&stream)?.pid.as_raw_nonzero().get().cast_unsigned() != pid {
        return Err(io::Error::other("another process answers in its name"));
    }
    stream.set_read_timeout(Some(limit))?;
    stream.write_all(format!("{}\n", serde_json::to_string(&question)?).as_bytes())?;
    let mut line = String::new();
    BufReader::new(stream.take(ANSWER_BYTES)).read_line(&mut line)?;
    match line.is_empty() {
        true => Err(io::Error::other("it says nothing")),
        false => Ok(serde_json::from_str(&line)?),
    }
}

fn no_bramble(pid: u32, error: &dyn std::fmt::Display) -> Failure {
    let failure = Failure::failed(format!("process {pid} can't be asked: {error}"));
    failure.hint("`bramble run`, `up` and `join` can be, by their own user and by root")
}

#[cfg(test)]
mod tests;
