//! What a program says on standard error, collected while it runs.

use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::eventually;

/// The lines so far.
#[derive(Clone, Default)]
pub struct Log {
    lines: Arc<Mutex<Vec<String>>>,
}

impl Log {
    /// Collects until the program closes its end.
    pub(crate) fn follow(output: impl Read + Send + 'static) -> Self {
        let log = Self::default();
        let lines = log.lines.clone();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                lines.lock().unwrap().push(line);
            }
        });
        log
    }

    /// Everything so far.
    #[must_use]
    pub fn text(&self) -> String {
        self.lines.lock().unwrap().join("\n")
    }

    /// How many lines hold `what`.
    #[must_use]
    pub fn count(&self, what: &str) -> usize {
        self.lines.lock().unwrap().iter().filter(|line| line.contains(what)).count()
    }

    /// Waits for a line that holds `what`.
    #[track_caller]
    pub fn expect(&self, what: &str) {
        eventually(what, || self.count(what) > 0);
    }
}
