//! `bramble import`: another balancer's configuration becomes ours, and what does not is named.

mod world;

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use bramble_config::apache::{self, Fate, File, Imported};
use clap::Subcommand;

use super::print;
use crate::exit::{Doing, Exit, Failure};
use world::World;

const HELP: &str = "Examples:\n  \
    bramble import apache /etc/apache2/sites-enabled/*.conf\n  \
    bramble import apache /etc/apache2/apache2.conf --output bramble.toml\n\n\
    Exit codes: 0 all carried over, 1 not written, 2 unreadable, no such configuration, or usage, \
    5 some lines are left out";

/// Make a configuration of another balancer's
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Args {
    #[command(subcommand)]
    from: From,
}

#[derive(Debug, Subcommand)]
enum From {
    Apache(Apache),
}

/// Make a bramble.toml of a configuration of Apache httpd
///
/// Balancers and their members, ProxyPass, virtual hosts, locations, folders and redirects are
/// carried over. Each line that is not is named, with the reason and what to do instead. What only
/// some visitors may see becomes closed to all.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
struct Apache {
    /// Read one after the other; what they include is read in its place
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Write there instead of to standard output; no file is written over
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Look up backends that are given by name
    #[arg(long)]
    resolve: bool,
}

pub fn run(args: &Args) -> Result<(), Failure> {
    let From::Apache(args) = &args.from;
    let files: Vec<File> = args.files.iter().map(|path| read(path)).collect::<Result<_, _>>()?;
    let mut world = World { resolves: args.resolve };
    let imported = apache::import(&files, &mut world).map_err(Failure::bad_input)?;
    match &args.output {
        Some(path) => write(path, &imported.text)?,
        None => print::text(&imported.text)?,
    }
    explain(&imported);
    match left_out(&imported) {
        0 => Ok(()),
        more => Err(incomplete(more)),
    }
}

fn read(path: &Path) -> Result<File, Failure> {
    let bytes = std::fs::read(path)
        .map_err(|error| Failure::bad_input(format!("can't read {}: {error}", path.display())))?;
    Ok(File { name: path.display().to_string(), bytes })
}

/// Whoever runs this twice may have changed the first result by hand.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let opened = OpenOptions::new().write(true).create_new(true).open(path);
    if opened.as_ref().is_err_and(|error| error.kind() == ErrorKind::AlreadyExists) {
        let failure = Failure::failed(format!("{} is there already", path.display()));
        return Err(failure.hint("name another file with --output, or move that one away"));
    }
    let what = format!("can't write {}", path.display());
    opened.and_then(|mut file| file.write_all(text.as_bytes())).doing(what)
}

fn explain(imported: &Imported) {
    for notice in &imported.notices {
        print::note(format_args!("{notice}\n"));
    }
    let needless: Vec<String> = imported
        .idle
        .iter()
        .map(|(name, times)| format!("{} ({times})", print::clean(name)))
        .collect();
    if !needless.is_empty() {
        print::note(format_args!("not needed by bramble: {}\n", needless.join(", ")));
    }
}

fn left_out(imported: &Imported) -> usize {
    let left_out = imported.notices.iter().filter(|notice| notice.fate == Fate::LeftOut);
    left_out.count() + imported.more
}

fn incomplete(count: usize) -> Failure {
    let message = format!("{} left out, wholly or in part", print::plural(count, "line"));
    Failure::new(Exit::Incomplete, message)
        .hint("look at each of them above; `bramble check FILE` checks what you change")
}
