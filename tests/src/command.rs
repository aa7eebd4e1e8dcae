//! One call of the program, as somebody types it, and how it ended.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::eventually;
use crate::program::bramble_binary;

/// Longer than any call may take: a publish waits half a minute for nodes that lag.
const LIMIT: Duration = Duration::from_secs(45);

/// A call in the making.
pub struct Call {
    command: Command,
    output: Option<Stdio>,
}

/// What a call said and how it ended.
#[derive(Debug)]
pub struct Outcome {
    /// The exit code; none when it was killed.
    pub code: Option<i32>,
    /// Standard output.
    pub output: String,
    /// Standard error.
    pub complaint: String,
    /// How long it took.
    pub took: Duration,
}

/// Calls the program with these arguments, in this folder.
#[must_use]
#[track_caller]
pub fn bramble(folder: &Path, arguments: &[&str]) -> Outcome {
    Call::new(folder, arguments).run()
}

impl Call {
    /// The program with these arguments, in this folder.
    #[must_use]
    pub fn new(folder: &Path, arguments: &[&str]) -> Self {
        Self::of(bramble_binary(), folder, arguments)
    }

    /// Another program, which may call ours.
    #[must_use]
    pub fn of(program: impl AsRef<OsStr>, folder: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(folder);
        command.into()
    }

    /// Its results go there.
    #[must_use]
    pub fn output_to(mut self, output: impl Into<Stdio>) -> Self {
        self.output = Some(output.into());
        self
    }

    /// As the user with this id, who is in no group.
    #[must_use]
    pub fn as_user(mut self, id: u32) -> Self {
        self.command.uid(id).gid(id);
        self
    }

    /// Waits for its end.
    #[must_use]
    #[track_caller]
    pub fn run(self) -> Outcome {
        let (output, complaint) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
        let Self { mut command, output: elsewhere } = self;
        command.stdin(Stdio::null());
        command.stdout(elsewhere.unwrap_or_else(|| output.try_clone().unwrap().into()));
        command.stderr(complaint.try_clone().unwrap());
        let start = Instant::now();
        let mut child = spawn(&mut command);
        // Our ends of pipes, which would keep them open.
        drop(command);
        let status = loop {
            match child.try_wait().unwrap() {
                Some(status) => break status,
                None if start.elapsed() > LIMIT => drop(child.kill()),
                None => std::thread::sleep(Duration::from_millis(2)),
            }
        };
        let took = start.elapsed();
        Outcome { code: status.code(), output: text(output), complaint: text(complaint), took }
    }
}

impl From<Command> for Call {
    fn from(command: Command) -> Self {
        Self { command, output: None }
    }
}

/// A program that was just written may still be held for writing by a process that another thread
/// has begun and that has not become its own program yet.
fn spawn(command: &mut Command) -> Child {
    let mut spawned = command.spawn();
    let is_busy = |e: &io::Error| e.kind() == io::ErrorKind::ExecutableFileBusy;
    if spawned.as_ref().is_err_and(is_busy) {
        eventually("it can be run", || {
            spawned = command.spawn();
            !spawned.as_ref().is_err_and(is_busy)
        });
    }
    spawned.unwrap()
}

fn text(mut file: File) -> String {
    use std::io::{Read, Seek};
    let mut text = String::new();
    file.rewind().unwrap();
    file.read_to_string(&mut text).unwrap();
    text
}

impl Outcome {
    /// It ended with this code.
    #[track_caller]
    pub fn expect(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    /// It said this, on either side.
    #[track_caller]
    pub fn says(&self, what: &str) -> &Self {
        assert!(self.output.contains(what) || self.complaint.contains(what), "{what}: {self:#?}");
        self
    }
}
