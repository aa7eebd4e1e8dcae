//! When a request began, as a line says it. The second's text is made once, and the wall clock is not read
//! for a request: it is reckoned from the steady one.

use std::io::Write;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bramble_config::plan::LogFormat;
use bramble_metrics::calendar::date;

use super::decimal;

/// `{"time":"2026-01-01T00:00:00.000Z","client":"`
pub(super) const TIME_BYTES: usize = 45;

/// ` - - [01/Jan/2026:00:00:00 +0000] "`
pub(super) const COMMON_BYTES: usize = 35;

/// Where the milliseconds are.
const MS_AT: usize = 29;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The clock of one core.
pub(super) struct Clock {
    format: LogFormat,
    /// The same instant by both clocks, the wall's since 1970.
    steady: Instant,
    wall: Duration,
    /// What the text says holds from one instant to the other, and the second of it is this one.
    from: Instant,
    until: Instant,
    second: u64,
    text: [u8; TIME_BYTES],
}

impl Clock {
    pub(super) fn new(format: LogFormat) -> Self {
        let now = Instant::now();
        let (wall, text) = (Duration::ZERO, [b' '; TIME_BYTES]);
        let (from, until, second) = (now, now, u64::MAX);
        let mut clock = Self { format, steady: now, wall, from, until, second, text };
        clock.set();
        clock
    }

    /// Follows the wall clock, which may have been set.
    pub(super) fn set(&mut self) {
        self.steady = Instant::now();
        self.wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.until = self.from;
    }

    /// The text of an instant. On a busy core it is mostly that of the request before, and not
    /// reckoned anew.
    #[inline]
    pub(super) fn at(&mut self, instant: Instant) -> &[u8; TIME_BYTES] {
        if instant < self.from || instant >= self.until {
            self.turn_to(instant);
        }
        &self.text
    }

    #[inline(never)]
    fn turn_to(&mut self, instant: Instant) {
        let wall = match instant.checked_duration_since(self.steady) {
            Some(later) => self.wall + later,
            None => self.wall.saturating_sub(self.steady.duration_since(instant)),
        };
        if wall.as_secs() != self.second {
            self.second = wall.as_secs();
            // A year of five digits finds no room.
            let _ = write_second(&mut self.text[..], self.format, self.second);
        }
        let tick = self.tick();
        let passed = Duration::from_nanos(u64::from(wall.subsec_nanos()) % tick);
        self.from = instant.checked_sub(passed).unwrap_or(instant);
        self.until = self.from + Duration::from_nanos(tick);
        if self.format == LogFormat::Json {
            self.put_ms(wall.subsec_millis());
        }
    }

    /// How long a text holds, in nanoseconds.
    fn tick(&self) -> u64 {
        match self.format {
            LogFormat::Combined | LogFormat::Common => 1_000_000_000,
            LogFormat::Json => 1_000_000,
        }
    }

    fn put_ms(&mut self, ms: u32) {
        let [_, digits @ ..] = decimal::four(ms.into());
        if let Some(to) = self.text[MS_AT..].first_chunk_mut() {
            *to = digits;
        }
    }
}

/// RFC 3339 with milliseconds that are still to be put in, or the Common Log Format's; in UTC. With
/// what stands around it in any line.
fn write_second(mut text: &mut [u8], format: LogFormat, unix_s: u64) -> std::io::Result<()> {
    let (year, month, day) = date(unix_s / 86_400);
    let (hour, minute, second) = (unix_s / 3600 % 24, unix_s / 60 % 60, unix_s % 60);
    match format {
        LogFormat::Json => {
            write!(text, "{{\"time\":\"{year:04}-{month:02}-{day:02}T")?;
            write!(text, "{hour:02}:{minute:02}:{second:02}.000Z\",\"client\":\"")
        }
        LogFormat::Combined | LogFormat::Common => {
            let month = MONTHS.get(month as usize - 1).unwrap_or(&"");
            write!(text, " - - [{day:02}/{month}/{year:04}:")?;
            write!(text, "{hour:02}:{minute:02}:{second:02} +0000] \"")
        }
    }
}

#[cfg(test)]
mod tests;
