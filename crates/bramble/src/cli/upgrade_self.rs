//! `bramble upgrade-self`: running processes make way for another binary, and nobody who visits can
//! tell.
//!
//! ```text
//! copy the file ─> look at it ─> keep the one before it ─> put it in its place ─> ask each process
//!                                                one refuses: put that back, ask again <─┘
//! ```

mod asking;
mod binary;
mod place;
mod running;
mod trust;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use self::place::{Copy, Put};
use self::running::{Refused, Running};
use super::data::Data;
use super::print;
use crate::exit::Failure;

/// Take another binary of bramble into use, without a request lost
///
/// The file is looked at, put in the place of the one that runs, and taken into use by what runs
/// from there: `bramble run`, or a node with all its roles. Where that fails, all is as before. The
/// file that was there before is kept beside it, with `.previous` at the end of its name.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  bramble upgrade-self --binary ./bramble-0.2\n  \
                        bramble upgrade-self --binary /usr/local/bin/bramble.previous  # back\n  \
                        bramble upgrade-self --data /var/lib/bramble\n\n\
                        Exit codes: 0 upgraded, 1 failed: the old one serves on, 2 usage")]
pub struct Args {
    /// The binary to take into use [default: the one that lies in the place by now]
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// Only the node with this data folder
    #[arg(long = "data", value_name = "DIR", conflicts_with = "pids")]
    dir: Option<PathBuf>,
    /// Only this process; repeated for several [default: all that run from this program's file]
    #[arg(long = "pid", value_name = "PID")]
    pids: Vec<u32>,
}

pub fn run(args: &Args) -> Result<(), Failure> {
    let processes = wanted(args)?;
    let place = running::place(&processes)?;
    let put = match &args.binary {
        Some(file) => Some(put(file, &place, &processes)?),
        None => {
            binary::check_executable(&place)?;
            tell(&binary::check(&place, &place)?, &place);
            None
        }
    };
    match (upgrade_all(&processes), put) {
        (Ok(()), Some(put)) => {
            let way = put.previous().display();
            print::line(format_args!("`bramble upgrade-self --binary {way}` goes back"))
        }
        (Ok(()), None) => Ok(()),
        (Err(Stopped { failure, to_ask_again }), put) => {
            if let Some(put) = put {
                go_back(put, to_ask_again);
            }
            Err(failure)
        }
    }
}

/// A copy is looked at and put there: the file itself may be another by then.
fn put(file: &Path, place: &Path, processes: &[Running]) -> Result<Put, Failure> {
    running::check_replaceable(processes, place)?;
    binary::check_executable(file)?;
    let copy = Copy::new(file, place)?;
    tell(&binary::check(copy.path(), file)?, place);
    copy.put()
}

fn tell(version: &str, place: &Path) {
    print::tell(format_args!("bramble {version} takes over at {}", place.display()));
}

/// The first that refuses ends it.
struct Stopped {
    failure: Failure,
    /// Who runs, in whole or in part, from the new file.
    to_ask_again: Vec<u32>,
}

fn upgrade_all(processes: &[Running]) -> Result<(), Stopped> {
    let mut done = Vec::new();
    for process in processes {
        match process.upgrade() {
            Ok(now) => {
                print::tell(format_args!("process {} has made way: {now} serves", process.pid));
                done.push(now);
            }
            Err(Refused { failure, is_mixed }) => {
                done.extend(is_mixed.then_some(process.pid));
                return Err(Stopped { failure, to_ask_again: done });
            }
        }
    }
    Ok(())
}

/// All as before: the file, and whoever has left it.
fn go_back(put: Put, to_ask_again: Vec<u32>) {
    if let Err(worse) = put.back() {
        return worse.warn();
    }
    for pid in to_ask_again {
        if let Err(worse) = Running::find(pid).and_then(|it| it.upgrade().map_err(|no| no.failure))
        {
            worse.warn();
        }
    }
}

fn wanted(args: &Args) -> Result<Vec<Running>, Failure> {
    match &args.dir {
        Some(dir) => Ok(vec![Running::of_node(&Data { dir: dir.clone() })?]),
        None if args.pids.is_empty() => running::all(),
        None => {
            // In their order; a process that has made way can't be asked again.
            let mut seen = BTreeSet::new();
            args.pids
                .iter()
                .filter(|pid| seen.insert(**pid))
                .map(|pid| Running::find(*pid))
                .collect()
        }
    }
}
