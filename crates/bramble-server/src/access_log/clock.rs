//! When a request began, as a line says it. The second's text is made once, and the wall clock is
//! not read for a request: it is reckoned from the steady one.

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

const SECOND_NS: u64 = 1_000_000_000;
const MS_NS: u64 = 1_000_000;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The clock of one core.
pub(super) struct Clock {
    format: LogFormat,
    /// The same instant by both clocks, the wall's since 1970.
    steady: Instant,
    wall_ns: u64,
    /// What the text says holds until then, and is of this second.
    until: Instant,
    second: u64,
    text: [u8; TIME_BYTES],
}

impl Clock {
    pub(super) fn new(format: LogFormat) -> Self {
        let (now, text) = (Instant::now(), [b' '; TIME_BYTES]);
        let mut clock =
            Self { format, steady: now, wall_ns: 0, until: now, second: u64::MAX, text };
        clock.set();
        clock
    }

    /// Follows the wall clock, which may have been set.
    pub(super) fn set(&mut self) {
        self.steady = Instant::now();
        self.wall_ns = ns(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default());
        self.until = self.steady;
    }

    /// The text of this instant, which is not before any that was asked for by this. On a busy core
    /// it is mostly that of the request before, and not reckoned anew.
    #[inline(always)]
    pub(super) fn now(&mut self, now: Instant) -> &[u8; TIME_BYTES] {
        if now >= self.until {
            self.turn_to(now);
        }
        &self.text
    }

    /// The text of any instant.
    pub(super) fn at(&mut self, instant: Instant) -> &[u8; TIME_BYTES] {
        self.turn_to(instant);
        &self.text
    }

    #[inline(never)]
    fn turn_to(&mut self, instant: Instant) {
        let wall_ns = match instant.checked_duration_since(self.steady) {
            Some(later) => self.wall_ns.saturating_add(ns(later)),
            None => self.wall_ns.saturating_sub(ns(self.steady.duration_since(instant))),
        };
        let (second, tick_ns) = (wall_ns / SECOND_NS, self.tick_ns());
        if second != self.second {
            self.second = second;
            // A year of five digits finds no room.
            let _ = write_second(&mut self.text[..], self.format, second);
        }
        let left = Duration::from_nanos(tick_ns - wall_ns % tick_ns);
        self.until = instant.checked_add(left).unwrap_or(instant);
        if self.format == LogFormat::Json {
            self.put_ms(wall_ns % SECOND_NS / MS_NS);
        }
    }

    /// How long a text holds.
    fn tick_ns(&self) -> u64 {
        match self.format {
            LogFormat::Combined | LogFormat::Common => SECOND_NS,
            LogFormat::Json => MS_NS,
        }
    }

    fn put_ms(&mut self, ms: u64) {
        let [_, digits @ ..] = decimal::four(ms);
        if let Some(to) = self.text[MS_AT..].first_chunk_mut() {
            *to = digits;
        }
    }
}

/// There is room for five centuries.
fn ns(time: Duration) -> u64 {
    time.as_nanos() as u64
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
