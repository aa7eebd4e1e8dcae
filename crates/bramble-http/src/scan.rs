//! Which bytes may stand where, and fast scans for the first one that may not.

/// May stand in a token (RFC 9110 section 5.6.2).
pub(crate) const TOKEN: u8 = 1;
/// May stand in a request's field name: a token without `_`. CGI and its heirs turn `-` into
/// `_`, so that `X_Forwarded_For` would reach an app as if it were the real field.
pub(crate) const NAME: u8 = 2;
/// May stand in a request target: RFC 3986, and what browsers send unencoded
/// (WHATWG URL). Not `#`, quotes, angle brackets, backslash or anything beyond ASCII.
pub(crate) const TARGET: u8 = 4;
/// May stand in a host name.
pub(crate) const HOST: u8 = 8;

/// A byte in each byte of a word.
const ONES: u64 = 0x0101_0101_0101_0101;
/// The highest bit of each.
const HIGHS: u64 = 0x8080_8080_8080_8080;

static CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = class(byte as u8);
        byte += 1;
    }
    table
}

const fn class(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' => TOKEN | NAME | TARGET | HOST,
        b'.' => TOKEN | NAME | TARGET | HOST,
        b'_' => TOKEN | TARGET | HOST,
        b'!' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' => TOKEN | NAME | TARGET,
        b'^' | b'`' | b'|' | b'~' => TOKEN | NAME | TARGET,
        b'#' => TOKEN | NAME,
        b'(' | b')' | b',' | b'/' | b':' | b';' | b'=' | b'?' | b'@' => TARGET,
        b'[' | b']' | b'{' | b'}' => TARGET,
        _ => 0,
    }
}

/// Whether `byte` is of `class`.
#[inline]
pub(crate) fn is(byte: u8, class: u8) -> bool {
    CLASSES[usize::from(byte)] & class != 0
}

/// Whether `bytes` is a token.
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && run(bytes, TOKEN) == bytes.len()
}

/// How many bytes at the start are of `class`.
#[inline]
pub(crate) fn run(bytes: &[u8], class: u8) -> usize {
    bytes.iter().position(|&byte| !is(byte, class)).unwrap_or(bytes.len())
}

/// Whether `bytes` is `word`, which has lower-case letters, digits and `-`, in whatever case.
/// Eight bytes at a time, the last of which may overlap those before: a tenth of what comparing
/// one by one takes.
#[inline]
pub(crate) fn is_word(bytes: &[u8], word: &[u8]) -> bool {
    let (eights, known) = (bytes.as_chunks::<8>().0, word.as_chunks::<8>().0);
    let same =
        |(a, b): (&[u8; 8], &[u8; 8])| is_same(u64::from_le_bytes(*a), u64::from_le_bytes(*b));
    let short = |a: &[u8; 4], b: &[u8; 4]| {
        is_same(u32::from_le_bytes(*a).into(), u32::from_le_bytes(*b).into())
    };
    if bytes.len() != word.len() {
        return false;
    }
    match (bytes.last_chunk(), word.last_chunk()) {
        (Some(a), Some(b)) => eights.iter().zip(known).all(same) && same((a, b)),
        _ => match (bytes.first_chunk(), word.first_chunk()) {
            (Some(a), Some(b)) => {
                short(a, b)
                    && bytes.last_chunk().zip(word.last_chunk()).is_some_and(|(a, b)| short(a, b))
            }
            _ => bytes.eq_ignore_ascii_case(word),
        },
    }
}

/// Whether the bytes of `word` are those of `known`, where a letter may be upper-case. Letters are
/// what has the bit 0x40 there, so that half of it is the bit by which their cases differ.
#[inline]
fn is_same(word: u64, known: u64) -> bool {
    word | ((known >> 1) & (ONES * 0x20)) == known
}

/// Where the first colon is, if that is found among the first bytes: `within`, and all eight of
/// them at a time.
#[inline]
pub(crate) fn colon(bytes: &[u8], within: usize) -> Option<usize> {
    let words = bytes.as_chunks().0.iter().take(within.div_ceil(8));
    for (i, word) in words.enumerate() {
        let found = zeros(u64::from_le_bytes(*word) ^ (ONES * u64::from(b':')));
        if found != 0 {
            return Some(i * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    None
}

/// How many bytes at the start are text: anything but control characters, tab allowed
/// (RFC 9110 section 5.5). Most of a head is values, so this goes eight bytes at a time.
#[inline]
pub(crate) fn text_run(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let controls = controls(u64::from_le_bytes(*word));
        if controls == 0 {
            at += 8;
            continue;
        }
        at += controls.trailing_zeros() as usize / 8;
        if bytes.get(at) != Some(&b'\t') {
            return at;
        }
        at += 1;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().position(|&byte| !is_text(byte)).unwrap_or(rest.len())
}

/// Whether `byte` may stand in a field value.
#[inline]
pub(crate) fn is_text(byte: u8) -> bool {
    byte >= b' ' && byte != 0x7f || byte == b'\t'
}

/// The high bit of each byte that is below 0x20 or is 0x7f. A borrow can set the bit of a byte
/// above such a one wrongly, never below: the lowest set bit is always right.
#[inline]
fn controls(word: u64) -> u64 {
    let below_space = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
    below_space | zeros(word ^ (ONES * 0x7f))
}

/// The high bit of each byte that is 0, of which the lowest is always right.
#[inline]
fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGHS
}

/// `bytes` without spaces and tabs around it.
#[inline]
pub(crate) fn trim(bytes: &[u8]) -> &[u8] {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = bytes.iter().position(|byte| !blank(byte)).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(|byte| !blank(byte)).map_or(start, |last| last + 1);
    bytes.get(start..end).unwrap_or_default()
}

#[cfg(test)]
mod tests;
