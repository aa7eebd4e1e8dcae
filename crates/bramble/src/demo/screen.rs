//! What the demo says, and the one place where it prints. A line that can't be written ends the
//! story before its next chapter.

use std::cell::RefCell;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::print;
use crate::exit::Failure;

/// The story's voice: lines that stay on standard output, a live line on a terminal.
pub(super) struct Screen {
    start: Instant,
    live: ProgressBar,
    steps: u32,
    /// Why the first line that was lost could not be written.
    lost: RefCell<Option<Failure>>,
}

impl Screen {
    pub(super) fn new() -> Self {
        let live = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("   {spinner} {msg}") {
            live.set_style(style);
        }
        Self { start: Instant::now(), live, steps: 0, lost: RefCell::default() }
    }

    /// Seconds since the story began.
    pub(super) fn elapsed_s(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    /// A new chapter, if all before it could be told.
    pub(super) fn step(&mut self, title: &str) -> Result<(), Failure> {
        self.steps += 1;
        let seconds = self.elapsed_s();
        self.print(&format!("\n[{seconds:4.0} s] {}. {title}", self.steps));
        self.written()
    }

    /// A line below it.
    pub(super) fn say(&self, text: &str) {
        self.print(&format!("         {text}"));
    }

    /// Text as it stands.
    pub(super) fn print(&self, text: &str) {
        let printed = self.live.suspend(|| print::line(text));
        if let Err(failure) = printed {
            self.lost.borrow_mut().get_or_insert(failure);
        }
    }

    /// Has everything been written that was said since the last time?
    pub(super) fn written(&self) -> Result<(), Failure> {
        self.lost.take().map_or(Ok(()), Err)
    }

    /// What happens right now; seen on a terminal only.
    pub(super) fn live(&self, text: String) {
        self.live.set_message(text);
        self.live.tick();
    }

    /// Nothing happens right now.
    pub(super) fn quiet(&self) {
        self.live.finish_and_clear();
        self.live.reset();
    }
}
