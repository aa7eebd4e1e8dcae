//! Small disks of one program's own, to be full when a scenario wants it. They need name spaces:
//! where those can't be had, scenarios fail.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::program::bramble_binary;

/// Becomes the program.
const RUN: &str = r#"mount -t tmpfs -o "size=$2k,mode=700" tmpfs "$1" && shift 2 && exec "$@""#;

/// Calls the program, and then lists what lies on the disk, which goes with the call.
const RUN_AND_LIST: &str = r#"
    mount -t tmpfs -o "size=$2k,mode=700" tmpfs "$1" || exit 99
    disk=$1
    shift 2
    "$@"
    code=$?
    find "$disk" -mindepth 1 -printf 'left: %p\n'
    exit $code
"#;

/// The program, once it is started, on a disk of so many KiB at `folder`. Nobody else sees that,
/// and it goes with the program.
#[must_use]
pub fn with_disk(folder: &Path, kib: u32, arguments: &[&str]) -> Command {
    mounted(RUN, folder, kib, arguments)
}

/// The same for a call that ends; what it leaves on the disk is told as `left: PATH`.
#[must_use]
pub fn with_disk_listed(folder: &Path, kib: u32, arguments: &[&str]) -> Command {
    mounted(RUN_AND_LIST, folder, kib, arguments)
}

fn mounted(script: &str, folder: &Path, kib: u32, arguments: &[&str]) -> Command {
    let mut command = Command::new("unshare");
    if !rustix::process::geteuid().is_root() {
        command.arg("--map-root-user");
    }
    command.args(["--mount", "sh", "-c", script, "sh"]).arg(folder).arg(kib.to_string());
    command.arg(bramble_binary()).args(arguments);
    command
}

/// Where something on a program's own disk is seen from here.
#[must_use]
pub fn seen_by(process: u32, path: &Path) -> PathBuf {
    PathBuf::from(format!("/proc/{process}/root{}", path.display()))
}

/// Takes all the room that is left where this file lies.
pub fn fill(file: &Path) {
    let mut file = File::create(file).unwrap();
    // Ever less, so that not even a page is left.
    for bytes in [1 << 20, 4096, 1] {
        while file.write_all(&vec![b'x'; bytes]).is_ok() {}
    }
}
