//! `bramble publish`: a folder becomes a site's release, for all visitors at once.

mod changes;
mod upload;

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use bramble_cluster::api::{PublishRequest, Published, Staged};
use bramble_content::scan::ScanError;
use bramble_content::{Index, Manifest, Scan, scan};
use indicatif::ProgressBar;
use serde::Serialize;

use self::changes::Changes;
use self::upload::Sent;
use super::data::Data;
use super::{outcome, print, value};
use crate::exit::{Doing, Exit, Failure};
use crate::process;

/// Publish a folder as a site's new release
///
/// Sends the files that the manager lacks, waits until the workers hold them, and flips: from
/// one moment to the next all visitors see the new release. Names that begin with a dot are
/// left out.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  bramble publish examples/site --site default\n\n\
                        Exit codes: 0 published or unchanged, 1 folder unreadable or changed \
                        meanwhile, no worker\n            ready, or disk full, 2 no folder or \
                        usage, 3 unknown site or refused,\n            4 manager unreachable")]
pub struct Args {
    /// The folder
    folder: PathBuf,
    #[command(flatten)]
    data: Data,
    /// The site
    #[arg(long, value_name = "NAME", value_parser = value::name)]
    site: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Facts {
    site: String,
    release: String,
    unchanged: bool,
    files: usize,
    bytes: u64,
    changes: Changes,
    sent: Sent,
    /// None where nothing had to be changed.
    published: Option<Published>,
}

pub fn run(args: &Args) -> Result<(), Failure> {
    let facts = process::block_on(publish(args))?;
    if args.json {
        return print::json(&facts);
    }
    tell(&facts)
}

async fn publish(args: &Args) -> Result<Facts, Failure> {
    let manager = args.data.manager();
    let refused = |error| args.data.failure(error);
    let current = changes::current(&manager, &args.site).await.map_err(refused)?;
    let manifest = scanned(args)?;
    let (staged, sent) = stage(args, &manifest).await?;
    let before = changes::manifest(&manager, current.as_deref()).await.map_err(refused)?;
    let changes = Changes::between(&before, &manifest);
    let unchanged = current.as_ref() == Some(&staged.release);
    let published = match unchanged {
        true => None,
        false => Some(flip(args, staged.release.clone()).await?),
    };
    Ok(Facts {
        site: args.site.clone(),
        release: staged.release,
        unchanged,
        files: manifest.files().len(),
        bytes: manifest.bytes(),
        changes,
        sent,
        published,
    })
}

/// The folder as it is now; only what may have changed since the last time is read.
fn scanned(args: &Args) -> Result<Manifest, Failure> {
    let folder = &args.folder;
    check_folder(folder)?;
    let waiting = spinner(format!("reading {}", folder.display()));
    let path = args.data.dir.join("publish-index").join(&args.site);
    let scanned = scan(folder, &Index::load(&path), SystemTime::now());
    waiting.finish_and_clear();
    let Scan { manifest, index } = scanned.map_err(|error| unscanned(&error))?;
    if let Err(error) = index.save(&path) {
        print::note(format_args!("the next publish will read every file again: {error}"));
    }
    Ok(manifest)
}

fn check_folder(folder: &Path) -> Result<(), Failure> {
    let shown = folder.display();
    let what = match folder.metadata() {
        Ok(found) if found.is_dir() => return Ok(()),
        Ok(_) => format!("{shown} is not a folder"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            format!("there is no folder {shown}")
        }
        Err(error) => return Err(error).doing(format!("can't read {shown}")),
    };
    Err(Failure::bad_input(what).hint("name the folder that holds the site's index.html"))
}

async fn stage(args: &Args, manifest: &Manifest) -> Result<(Staged, Sent), Failure> {
    let manager = args.data.manager().with_time_limit(upload::ANSWER_LIMIT);
    let path = format!("/v1/sites/{}/stage", args.site);
    let staged: Result<Staged, _> = manager.post_text(&path, manifest.to_string()).await;
    let staged = staged.map_err(upload::went_away)?;
    let sent = upload::send(&manager, &args.folder, manifest, &staged.missing).await?;
    Ok((staged, sent))
}

async fn flip(args: &Args, release: String) -> Result<Published, Failure> {
    let waiting = spinner("waiting for the workers to hold the release".to_owned());
    let path = format!("/v1/sites/{}/publish", args.site);
    let manager = args.data.manager().with_time_limit(outcome::FLIP_LIMIT);
    let published = manager.post_json(&path, &PublishRequest { release }).await;
    waiting.finish_and_clear();
    published.map_err(|error| args.data.failure(error))
}

/// Seen on a terminal only, and only by those who have to wait.
fn spinner(what: String) -> ProgressBar {
    let spinner = ProgressBar::new_spinner().with_message(what);
    spinner.enable_steady_tick(Duration::from_millis(100));
    spinner
}

fn tell(facts: &Facts) -> Result<(), Failure> {
    let files = print::plural(facts.files, "file");
    if facts.unchanged {
        return print::line(format_args!(
            "nothing changed: site {} shows this release, {} ({files})",
            facts.site, facts.release
        ));
    }
    facts.changes.lines().iter().try_for_each(print::line)?;
    print::line(format_args!(
        "{files}, {}; {}; sent {} ({})",
        print::size(facts.bytes),
        facts.changes,
        print::plural(facts.sent.blobs, "blob"),
        print::size(facts.sent.bytes)
    ))?;
    facts.published.iter().try_for_each(outcome::print)
}

/// The other errors say themselves what to do.
fn unscanned(error: &ScanError) -> Failure {
    let failure = Failure::failed(error);
    match error {
        ScanError::Io { .. } => failure
            .hint("when all of it is there and can be read, publish again; nothing was published"),
        _ => failure,
    }
}

/// A file of the folder went away or changed after it was scanned.
fn changed(path: &Path, why: impl std::fmt::Display) -> Failure {
    let message = format!("{} can't be sent: {why}; nothing was published", path.display());
    Failure::new(Exit::Failed, message).hint("when the folder is complete, publish it again")
}
