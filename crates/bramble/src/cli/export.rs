//! `bramble export`: the configuration in force, as a file.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use bramble_cluster::api::Configured;
use tempfile::NamedTempFile;

use super::data::Data;
use super::{edit, print};
use crate::exit::{Doing, Failure};
use crate::process;

/// Write the cluster's configuration as it is in force
///
/// With a file, that is replaced; otherwise it goes to standard output.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  bramble export\n  bramble export cluster.toml\n\n\
                        Exit codes: 0 written, 1 not written, 2 usage, 4 manager unreachable")]
pub struct Args {
    /// Where to; an older file is replaced
    file: Option<PathBuf>,
    #[command(flatten)]
    data: Data,
    /// Print JSON: text, revision, and the file that the cluster was started with
    #[arg(long, conflicts_with = "file")]
    json: bool,
}

pub fn run(args: &Args) -> Result<(), Failure> {
    let configured: Configured = process::block_on(async {
        let answer = args.data.manager().get_json("/v1/configuration").await;
        answer.map_err(|error| edit::failure(&args.data, error))
    })?;
    match &args.file {
        None if args.json => print::json(&configured),
        None => print::text(&configured.text),
        Some(file) => {
            let shown = file.display();
            replace(file, configured.text.as_bytes()).doing(format!("can't write {shown}"))?;
            let revision = configured.revision;
            print::line(format_args!("{shown} has the configuration of revision {revision}"))
        }
    }
}

/// Whole or not at all, with the mode of the file before, and where a link leads.
fn replace(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let file = file.canonicalize().unwrap_or_else(|_| file.to_owned());
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut new = NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
    new.write_all(bytes)?;
    let mode = fs::metadata(&file).map(|before| before.permissions());
    let readable = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    new.as_file().set_permissions(mode.unwrap_or(readable))?;
    new.as_file().sync_all()?;
    new.persist(&file).map(drop).map_err(|error| error.error)
}
