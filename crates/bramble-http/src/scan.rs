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
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let below_space = word.wrapping_sub(ONES * 0x20) & !word;
    let delete = word ^ (ONES * 0x7f);
    (below_space | delete.wrapping_sub(ONES) & !delete) & HIGHS
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
