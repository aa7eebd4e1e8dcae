//! What the demo says, and the one place where it prints.

use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};

/// The story's voice: lines that stay on standard output, a live line on a terminal.
pub(super) struct Screen {
    start: Instant,
    live: ProgressBar,
    steps: u32,
}

impl Screen {
    pub(super) fn new() -> Self {
        let live = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("   {spinner} {msg}") {
            live.set_style(style);
        }
        Self { start: Instant::now(), live, steps: 0 }
    }

    /// Seconds since the story began.
    pub(super) fn elapsed_s(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    /// A new chapter.
    pub(super) fn step(&mut self, title: &str) {
        self.steps += 1;
        let seconds = self.elapsed_s();
        self.print(&format!("\n[{seconds:4.0} s] {}. {title}", self.steps));
    }

    /// A line below it.
    pub(super) fn say(&self, text: &str) {
        self.print(&format!("         {text}"));
    }

    /// Text as it stands.
    #[allow(clippy::print_stdout)] // The demo's output is its purpose.
    pub(super) fn print(&self, text: &str) {
        self.live.suspend(|| println!("{text}"));
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
