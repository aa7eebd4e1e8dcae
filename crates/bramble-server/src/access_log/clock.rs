//! When a request began, as text. The second's text is made once, and the wall clock is not read
//! for a request: it is reckoned from the steady one.

use std::io::Write;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bramble_config::plan::LogFormat;
use bramble_metrics::calendar::date;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The clock of one core.
pub(super) struct Clock {
    format: LogFormat,
    /// The same instant by both clocks, the wall's since 1970.
    steady: Instant,
    wall: Duration,
    /// The second that `text` says.
    second: u64,
    text: Vec<u8>,
}

impl Clock {
    pub(super) fn new(format: LogFormat) -> Self {
        let (steady, wall) = (Instant::now(), Duration::ZERO);
        let mut clock = Self { format, steady, wall, second: u64::MAX, text: Vec::new() };
        clock.set();
        clock
    }

    /// Follows the wall clock, which may have been set.
    pub(super) fn set(&mut self) {
        self.steady = Instant::now();
        self.wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    }

    /// Gives the text of an instant to `use_it`.
    pub(super) fn at<T>(&mut self, instant: Instant, use_it: impl FnOnce(&[u8]) -> T) -> T {
        let wall = match instant.checked_duration_since(self.steady) {
            Some(later) => self.wall + later,
            None => self.wall.saturating_sub(self.steady.duration_since(instant)),
        };
        if wall.as_secs() != self.second {
            self.second = wall.as_secs();
            self.text = second(self.format, self.second);
        }
        if self.format == LogFormat::Json {
            self.put_ms(wall.subsec_millis());
        }
        use_it(&self.text)
    }

    fn put_ms(&mut self, ms: u32) {
        let digit = |n: u32| b'0' + (n % 10) as u8;
        if let Some([.., a, b, c, _z]) = self.text.get_mut(..) {
            (*a, *b, *c) = (digit(ms / 100), digit(ms / 10), digit(ms));
        }
    }
}

/// RFC 3339 with milliseconds that are still to be put in, or the Common Log Format's; in UTC.
fn second(format: LogFormat, unix_s: u64) -> Vec<u8> {
    let (year, month, day) = date(unix_s / 86_400);
    let (hour, minute, second) = (unix_s / 3600 % 24, unix_s / 60 % 60, unix_s % 60);
    let mut text = Vec::new();
    // Writing to memory can't fail.
    let _ = match format {
        LogFormat::Json => {
            write!(text, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.000Z")
        }
        LogFormat::Combined | LogFormat::Common => {
            let month = MONTHS.get(month as usize - 1).unwrap_or(&"");
            write!(text, "{day:02}/{month}/{year:04}:{hour:02}:{minute:02}:{second:02} +0000")
        }
    };
    text
}

#[cfg(test)]
mod tests;
