//! The demo: the story of a cluster, told live by driving the real verbs and measuring them.
//!
//! Every step is done by a process of this same binary (`up`, `join`, `publish`, `load`,
//! `reload`), so what is shown is what a user gets. This module only tells them what to do and
//! looks at the outcome from outside.

mod cluster;
mod command;
mod evidence;
mod screen;
mod site;
mod story;
mod table;
mod traffic;
mod verify;

use std::path::PathBuf;

use crate::exit::{Doing, Exit, Failure};
use crate::process;
use screen::Screen;
use story::Story;

/// How the demo is run.
pub struct Options {
    /// Requests a second of each worker; none is full speed.
    pub worker_rate: Option<u32>,
    /// Leave the cluster up.
    pub stay: bool,
    /// Where the reports go.
    pub report: PathBuf,
}

/// Tells the story to its end, or until Ctrl-C; either way nothing is left running that the
/// user did not ask for.
///
/// # Errors
/// A step failed, or a claim did not hold.
pub async fn run(options: Options) -> Result<(), Failure> {
    check_report_folder(&options)?;
    let stop = process::stop_signal()?;
    let screen = Screen::new();
    let mut story = Story::new(options, screen).await?;
    let told = tokio::select! {
        told = story.tell() => told,
        () = stop => Err(Failure::failed("interrupted; the cluster is stopped")),
    };
    let told = told.and_then(|()| story.screen.written());
    story.end(told.is_ok()).await;
    told.and_then(|()| story.screen.written())
}

/// Better now than after a minute.
fn check_report_folder(options: &Options) -> Result<(), Failure> {
    let folder = options.report.display();
    let probe = tempfile::tempfile_in(&options.report);
    probe
        .map(drop)
        .doing(format!("can't write reports to {folder}"))
        .map_err(|failure| failure.hint("give a folder that you can write to with --report DIR"))
}

/// What the claims of the story did not hold.
fn broken(claims: &[String]) -> Failure {
    Failure::new(Exit::Failed, format!("not all went as claimed: {}", claims.join("; ")))
        .hint("demo-report.html shows the figures; the table above says what limited each run")
}
