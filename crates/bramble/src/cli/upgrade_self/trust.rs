//! Whom this command believes. Anybody may listen at a socket of ours and name any file: root runs,
//! and overwrites, only what nobody else can change.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::process::geteuid;

use crate::cli::print;
use crate::exit::Failure;

/// Who may write, beside the owner (stat(2)).
const GROUP: u32 = 0o020;
const OTHERS: u32 = 0o002;

/// In such a folder nobody renames what is another's.
const STICKY: u32 = 0o1000;

/// Whether processes of this user are taken at their word about this file, which they run from:
/// those who can change it could do worse.
pub fn is_believed(user: u32, file: &Path) -> bool {
    user == own() || (own() == 0 && fs::metadata(file).is_ok_and(|about| about.uid() == user))
}

/// Nobody but root and this user can change what lies there; the path leads over no link.
///
/// # Errors
/// Somebody else can.
pub fn check(path: &Path) -> Result<(), Failure> {
    path.ancestors().try_for_each(|part| {
        let why = match fs::symlink_metadata(part) {
            Ok(about) if is_safe(&about) => return Ok(()),
            Ok(_) => "others can change it".to_owned(),
            Err(error) => error.to_string(),
        };
        let [path, part] = [path, part].map(|path| print::clean(&path.display().to_string()));
        let failure = Failure::failed(format!("{path} is not taken into use: {part}: {why}"));
        Err(failure.hint(
            "only its owner or root may write to it and to the folders above; call as its owner",
        ))
    })
}

fn is_safe(about: &fs::Metadata) -> bool {
    let is_fixed = about.is_dir() && about.mode() & STICKY != 0;
    // A group with the number of a user is his own, as Debian and Fedora make them.
    let is_own_group = [0, own()].contains(&about.gid());
    let is_open = about.mode() & OTHERS != 0 || (about.mode() & GROUP != 0 && !is_own_group);
    [0, own()].contains(&about.uid()) && (is_fixed || !is_open)
}

/// What the kernel knows the file of this process by, or knew it by before it was replaced.
pub fn file_of(pid: u32) -> Option<PathBuf> {
    let file =
        fs::read_link(format!("/proc/{pid}/exe")).ok()?.into_os_string().into_string().ok()?;
    Some(file.strip_suffix(" (deleted)").unwrap_or(&file).into())
}

fn own() -> u32 {
    geteuid().as_raw()
}

#[cfg(test)]
mod tests;
