//! What a backend says of its own load, in the field `Bramble-Load` of an answer. Pure: bytes in,
//! a value out, and back.
//!
//! ```text
//! Bramble-Load: in_flight=3, service_us=850, free=13
//! ```
//! Whole numbers of up to nine digits, in any order, none twice; `in_flight` has to be there. It
//! is an RFC 9651 dictionary. Whatever is written otherwise says nothing at all: half of a report
//! may be worse than none.

/// The field of both, the question and the answer.
pub(crate) const FIELD: &str = "Bramble-Load";

/// More digits than that are no count of anything.
const DIGITS_MAX: usize = 9;

/// Room for the largest numbers.
const TEXT_BYTES: usize = 80;

/// The load of a backend when it began an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
    /// Requests that it has, from whomever, besides the one that it answers.
    pub(crate) in_flight: u32,
    /// What one takes that need not wait for others, in microseconds.
    pub(crate) service_us: Option<u32>,
    /// Further requests that it would work on at once.
    pub(crate) free: Option<u32>,
}

impl Report {
    /// What a field's value says; none if that is anything else.
    pub(crate) fn parse(value: &[u8]) -> Option<Self> {
        let (mut in_flight, mut service_us, mut free) = (None, None, None);
        for entry in value.split(|byte| *byte == b',') {
            let entry = entry.trim_ascii();
            let at = entry.iter().position(|byte| *byte == b'=')?;
            let (key, number) = (entry.get(..at)?, number(entry.get(at + 1..)?)?);
            let place = match key {
                b"free" => &mut free,
                b"in_flight" => &mut in_flight,
                b"service_us" => &mut service_us,
                _ => return None,
            };
            if place.replace(number).is_some() {
                return None;
            }
        }
        Some(Self { in_flight: in_flight?, service_us, free })
    }

    /// The same as a field's value, without memory of its own.
    pub(crate) fn text(&self) -> Text {
        let mut text = Text { bytes: [0; TEXT_BYTES], len: 0 };
        text.put(b"in_flight=", self.in_flight);
        self.service_us.into_iter().for_each(|us| text.put(b", service_us=", us));
        self.free.into_iter().for_each(|free| text.put(b", free=", free));
        text
    }
}

fn number(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || digits.len() > DIGITS_MAX || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digit = |n: u32, byte: &u8| n * 10 + u32::from(byte - b'0');
    Some(digits.iter().fold(0, digit))
}

/// A short text that takes no memory but its own.
pub(crate) struct Text {
    bytes: [u8; TEXT_BYTES],
    len: usize,
}

impl Text {
    pub(crate) fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..self.len).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    fn put(&mut self, key: &[u8], number: u32) {
        key.iter().for_each(|byte| self.push(*byte));
        let mut unit = 1;
        while number / unit >= 10 {
            unit *= 10;
        }
        while unit > 0 {
            // One digit, which fits.
            self.push(b'0' + (number / unit % 10) as u8);
            unit /= 10;
        }
    }

    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.len) {
            *place = byte;
            self.len += 1;
        }
    }
}

#[cfg(test)]
mod tests;
