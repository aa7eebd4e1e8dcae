//! Content codings (RFC 9110 section 8.4.1): which of those that a body lies ready in a client
//! would have.

use crate::scan;

/// A content coding, in the order of preference among those that a client likes equally: text is
/// smallest in Brotli, and Zstandard is as small as gzip at the least and quicker to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Coding {
    Brotli,
    Zstandard,
    Gzip,
}

impl Coding {
    /// All, the most preferred first.
    pub const ALL: [Coding; 3] = [Coding::Brotli, Coding::Zstandard, Coding::Gzip];

    /// As in `Accept-Encoding` and `Content-Encoding`.
    pub fn name(self) -> &'static str {
        match self {
            Coding::Brotli => "br",
            Coding::Zstandard => "zstd",
            Coding::Gzip => "gzip",
        }
    }

    /// What a file's name ends in, with its dot.
    pub fn extension(self) -> &'static str {
        match self {
            Coding::Brotli => ".br",
            Coding::Zstandard => ".zst",
            Coding::Gzip => ".gz",
        }
    }
}

/// What an `Accept-Encoding` field says: weights in thousandths, 0 is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    codings: [u16; 3],
    identity: u16,
}

impl Accepted {
    /// Reads the values of all `Accept-Encoding` fields of a request. Whoever has none is sent
    /// the plain body: the RFC lets us send any, but such a client likely knows none. An element
    /// that is malformed is left out.
    pub fn read<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Accepted {
        let (mut codings, mut identity, mut others) = ([None; 3], None, None);
        let elements = values.into_iter().flat_map(|value| value.split(|byte| *byte == b','));
        for (name, weight) in elements.filter_map(element) {
            match Coding::ALL.iter().zip(&mut codings).find(|(coding, _)| is_called(**coding, name))
            {
                Some((_, slot)) => *slot = Some(weight),
                None if name.eq_ignore_ascii_case(b"identity") => identity = Some(weight),
                None if name == b"*" => others = Some(weight),
                None => {}
            }
        }
        Accepted {
            codings: codings.map(|weight| weight.or(others).unwrap_or(0)),
            // Without a word in its favour it is sent where there is no other.
            identity: identity.or(others).unwrap_or(0),
        }
    }

    /// Which of these codings to send; none: the plain body. That goes also to a client that
    /// refuses it (`identity;q=0`) when nothing else is there: RFC 9110 section 12.4 lets us
    /// pass over its wish, and a body is of more use than 406.
    pub fn best(&self, available: impl IntoIterator<Item = Coding>) -> Option<Coding> {
        let mut best = None;
        for coding in available {
            let weight = self.weight(coding);
            let is_better = best.is_none_or(|(most, than)| (weight, than) > (most, coding));
            if weight > 0 && weight >= self.identity && is_better {
                best = Some((weight, coding));
            }
        }
        best.map(|(_, coding)| coding)
    }

    fn weight(&self, coding: Coding) -> u16 {
        let [brotli, zstandard, gzip] = self.codings;
        match coding {
            Coding::Brotli => brotli,
            Coding::Zstandard => zstandard,
            Coding::Gzip => gzip,
        }
    }
}

fn is_called(coding: Coding, name: &[u8]) -> bool {
    // RFC 9110 section 8.4.1.3.
    let is_old_gzip = coding == Coding::Gzip && name.eq_ignore_ascii_case(b"x-gzip");
    is_old_gzip || name.eq_ignore_ascii_case(coding.name().as_bytes())
}

/// A coding's name and its weight.
fn element(text: &[u8]) -> Option<(&[u8], u16)> {
    let mut parts = text.splitn(2, |byte| *byte == b';').map(scan::trim);
    let name = parts.next().filter(|name| !name.is_empty())?;
    match parts.next() {
        None => Some((name, 1000)),
        Some(parameter) => match parameter {
            [b'q' | b'Q', b'=', value @ ..] => Some((name, thousandths(value)?)),
            _ => None,
        },
    }
}

/// RFC 9110 section 12.4.2: from 0 to 1 with at most three decimals.
fn thousandths(value: &[u8]) -> Option<u16> {
    let (whole, decimals) = match value {
        [whole @ (b'0' | b'1')] => (whole, &[][..]),
        [whole @ (b'0' | b'1'), b'.', decimals @ ..] => (whole, decimals),
        _ => return None,
    };
    if decimals.len() > 3 || !decimals.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let places = decimals.iter().zip([100, 10, 1]);
    let sum: u16 = places.map(|(digit, place)| u16::from(digit - b'0') * place).sum();
    let sum = sum + u16::from(whole - b'0') * 1000;
    (sum <= 1000).then_some(sum)
}

#[cfg(test)]
mod tests;
