//! Is a file a binary of bramble that this machine can run? Found out before anything is touched.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use serde::Deserialize;
use tokio::io::AsyncReadExt;
use tokio::process::Command;
use tokio::time::timeout;

use crate::cli::print;
use crate::exit::Failure;
use crate::process;

/// To say its version, and to end.
const LIMIT: Duration = Duration::from_secs(5);

/// Longest word about a version that is read.
const ANSWER_BYTES: u64 = 4096;

/// What is read of a file's head: for which kind of machine it is (elf(5)).
const HEAD_BYTES: usize = 20;

/// How it names itself; see `bramble version --json`.
#[derive(Debug, Deserialize)]
struct Version {
    version: String,
}

/// That it may be run at all.
///
/// # Errors
/// It may not.
pub fn check_executable(file: &Path) -> Result<(), Failure> {
    let about = std::fs::metadata(file).map_err(|error| unfit(file, &error))?;
    match about.is_file() && about.permissions().mode() & 0o111 != 0 {
        true => Ok(()),
        false => Err(unfit(file, &"it is no executable file")),
    }
}

/// The version that this copy says it has.
///
/// # Errors
/// It is none, or for another kind of machine; that is said of the file that it was made of.
pub fn check(copy: &Path, file: &Path) -> Result<String, Failure> {
    match is_like_us(copy) {
        Ok(true) => version(copy).map_err(|error| unfit(file, &error)),
        Ok(false) => Err(unfit(file, &"it is no program for this machine")),
        Err(error) => Err(unfit(file, &error)),
    }
}

fn unfit(file: &Path, why: &dyn Display) -> Failure {
    let failure = Failure::failed(format!("{} can't be taken into use: {why}", file.display()));
    failure.hint("nothing was changed; --binary names a binary of bramble for this machine")
}

/// Of the same format and for the same kind of machine.
fn is_like_us(file: &Path) -> io::Result<bool> {
    // Of a script there may be less.
    match (head(file), head(Path::new("/proc/self/exe"))?) {
        (Ok(theirs), ours) => {
            // Format and class, then the kind of machine: between them is what a linker may vary.
            Ok(theirs[..6] == ours[..6] && theirs[18..] == ours[18..])
        }
        (Err(error), _) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        (Err(error), _) => Err(error),
    }
}

fn head(file: &Path) -> io::Result<[u8; HEAD_BYTES]> {
    let mut head = [0; HEAD_BYTES];
    File::open(file)?.read_exact(&mut head)?;
    Ok(head)
}

/// It runs, and names itself as bramble does.
fn version(file: &Path) -> io::Result<String> {
    let file = std::path::absolute(file)?;
    let late = || io::Error::other(format!("it does not say its version within {LIMIT:?}"));
    let said = process::block_on(async { Ok(timeout(LIMIT, say(&file)).await) });
    let said = said.unwrap_or_else(|_| Ok(Err(io::Error::other("no runtime can be had"))));
    let (said, status) = said.map_err(|_| late()).flatten()?;
    match serde_json::from_slice::<Version>(&said) {
        Ok(named) if status.success() => Ok(print::clean(&named.version)),
        _ => Err(io::Error::other("it does not say a version of bramble")),
    }
}

/// What it says, to the end of that and of itself. It is killed if nobody waits for it any more.
async fn say(file: &Path) -> io::Result<(Vec<u8>, ExitStatus)> {
    let mut command = Command::new(file);
    command.args(["version", "--json"]).stdin(Stdio::null()).stderr(Stdio::null());
    let mut child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
    let mut said = Vec::new();
    if let Some(output) = child.stdout.take() {
        output.take(ANSWER_BYTES).read_to_end(&mut said).await?;
    }
    Ok((said, child.wait().await?))
}
