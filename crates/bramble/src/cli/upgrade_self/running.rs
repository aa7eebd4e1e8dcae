//! Processes that run: found, asked to make way, and waited for.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bramble_agent::NodeFile;
use bramble_agent::lock::{Lock, LockError};

use super::asking::{ask, user};
use super::trust;
use crate::cli::data::Data;
use crate::cli::print;
use crate::exit::Failure;
use crate::process::Program;
use crate::upgrade::{Answer, NAME, Question};

/// Where the kernel names all sockets (proc(5)).
const SOCKETS: &str = "/proc/net/unix";

/// To say which program it is.
const PROGRAM_LIMIT: Duration = Duration::from_secs(5);

/// For all roles of a node, one after the other: each has 30 s to become ready, and the manager has
/// to end first.
const UPGRADE_LIMIT: Duration = Duration::from_secs(120);

/// For what serves to answer, once it is said to serve.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// A process that can be asked.
#[derive(Debug)]
pub struct Running {
    pub pid: u32,
    /// What it would be started from again, as it says.
    pub file: PathBuf,
    /// Whose it is.
    pub user: u32,
}

/// A process that serves on.
#[derive(Debug)]
pub struct Refused {
    pub failure: Failure,
    /// A part of it runs from the new file already, or may do so.
    pub is_mixed: bool,
}

impl Running {
    /// The process with this id.
    ///
    /// # Errors
    /// It is none that can be asked.
    pub fn find(pid: u32) -> Result<Self, Failure> {
        let answered = ask(pid, Question::Program, PROGRAM_LIMIT);
        let answered = answered.map_err(|error| no_bramble(pid, &error.why))?;
        match answered.answer {
            Answer::Program { file, .. } => Ok(Self { pid, file, user: answered.user }),
            _ => Err(no_bramble(pid, &"it answers oddly")),
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
        let answered = ask(self.pid, Question::Upgrade, UPGRADE_LIMIT);
        let answered = answered.map_err(|error| refused(&error.why, error.is_asked))?;
        let now = match answered.answer {
            Answer::Serves(now) => now,
            Answer::Refused(refusal) => return Err(refused(&refusal.why, refusal.is_mixed)),
            Answer::Program { .. } => return Err(refused(&"it answers oddly", true)),
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

/// All that run from this program's file, as far as this user may ask them, and believes them.
///
/// # Errors
/// There is none.
pub fn all() -> Result<Vec<Running>, Failure> {
    let own = real(Program::current()?.file())?;
    let sockets = fs::read_to_string(SOCKETS).unwrap_or_default();
    let mut pids: Vec<u32> = sockets.lines().filter_map(pid_of).collect();
    pids.sort_unstable();
    // Each connection to a socket has a line too.
    pids.dedup();
    let is_believed = |user| trust::is_believed(user, &own);
    let users = pids.into_iter().filter_map(|pid| Some((pid, user(pid).ok()?)));
    let (believed, others): (Vec<_>, Vec<_>) = users.partition(|(_, user)| is_believed(*user));
    for (pid, user) in others.iter().filter(|(pid, _)| trust::file_of(*pid).as_ref() == Some(&own))
    {
        let name = format_args!("--pid {pid} names it, if it is to be upgraded");
        print::tell(format_args!("process {pid} of user {user} runs from there too: {name}"));
    }
    let found = believed.into_iter().filter_map(|(pid, _)| Running::find(pid).ok());
    let is_here = |it: &Running| is_believed(it.user) && real(&it.file).is_ok_and(|it| it == own);
    let all: Vec<_> = found.filter(is_here).collect();
    match all.is_empty() {
        false => Ok(all),
        true => {
            let failure = Failure::failed(format!("nothing runs from {}", own.display()));
            Err(failure
                .hint("name a node by --data DIR or a process by --pid PID; as its user, or root"))
        }
    }
}

/// The file of all of them, without links; nobody else can change it.
///
/// # Errors
/// They have several, or it is not to be trusted.
pub fn place(processes: &[Running]) -> Result<PathBuf, Failure> {
    let files: Result<Vec<_>, _> = processes.iter().map(|process| real(&process.file)).collect();
    match files?.as_slice() {
        [first, others @ ..] if others.iter().all(|file| file == first) => {
            trust::check(first)?;
            Ok(first.clone())
        }
        _ => {
            let failure = Failure::bad_input("these processes run from different files");
            Err(failure.hint("upgrade them one after the other"))
        }
    }
}

/// That the file there is theirs to be replaced.
///
/// # Errors
/// It is not.
pub fn check_replaceable(processes: &[Running], place: &Path) -> Result<(), Failure> {
    for Running { pid, file, user } in processes {
        let no = |why: &str| Err(Failure::failed(format!("{}: {why}", place.display())));
        if fs::symlink_metadata(file).is_ok_and(|about| about.is_symlink()) {
            let why = "a link leads there: let it lead to the new binary, and leave --binary out";
            return no(why).map_err(|it: Failure| it.hint("nothing was changed"));
        }
        // Others may say what they like.
        if !trust::is_believed(*user, place) && trust::file_of(*pid).as_deref() != Some(place) {
            return no(&format!("process {pid} says that it runs from there, but does not"));
        }
    }
    Ok(())
}

fn real(file: &Path) -> Result<PathBuf, Failure> {
    fs::canonicalize(file).map_err(|error| {
        let file = print::clean(&file.display().to_string());
        Failure::failed(format!("{file}: {error}")).hint("nothing was changed")
    })
}

/// Whose socket a line of the kernel's list names.
fn pid_of(line: &str) -> Option<u32> {
    line.rsplit_once('@')?.1.strip_prefix(NAME)?.parse().ok()
}

fn is_run(file: &Path, pid: u32) -> io::Result<bool> {
    let id = |path: &Path| fs::metadata(path).map(|about| (about.dev(), about.ino()));
    Ok(id(file)? == id(Path::new(&format!("/proc/{pid}/exe")))?)
}

fn no_bramble(pid: u32, error: &dyn std::fmt::Display) -> Failure {
    let failure = Failure::failed(format!("process {pid} can't be asked: {error}"));
    failure.hint("`bramble run`, `up` and `join` can be, by their own user and by root")
}

#[cfg(test)]
mod tests;
