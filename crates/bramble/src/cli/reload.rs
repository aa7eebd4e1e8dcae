//! `bramble reload`: the file that the cluster was started with, read again.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use bramble_cluster::api::ApplyRequest;

use super::data::Data;
use super::{apply, config_file};
use crate::exit::{Doing, Failure};
use crate::process;

/// Read the file again that `bramble up` was given, and apply it
///
/// It is refused, with the list, if the configuration was changed in any other way since. No
/// request and no connection is dropped.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  bramble reload\n\n\
                        Exit codes: 0 applied or nothing to change, 1 failed, 2 faulty or \
                        unreadable file,\n            or usage, 3 refused, 4 manager unreachable")]
pub struct Args {
    #[command(flatten)]
    data: Data,
    /// Show the changes and make none
    #[arg(long)]
    dry_run: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> Result<(), Failure> {
    let (file, _) = config_file::read(&remembered(&args.data)?)?;
    let request =
        ApplyRequest { text: file.text, file: file.name, dry_run: args.dry_run, reload: true };
    process::block_on(apply::apply(&args.data, request, args.json))
}

fn remembered(data: &Data) -> Result<PathBuf, Failure> {
    let path = data.config_path();
    match std::fs::read(&path) {
        Ok(bytes) => Ok(OsString::from_vec(bytes).into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let message = format!("no file to read again: {} has none", data.dir.display());
            let hint = "give one with `bramble apply FILE`; `up --config FILE` would remember it";
            Err(Failure::bad_input(message).hint(hint))
        }
        Err(error) => Err(error).doing(format!("can't read {}", path.display())),
    }
}
