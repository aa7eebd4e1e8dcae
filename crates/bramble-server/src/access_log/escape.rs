//! Text from outside, written so that it can end neither its field nor its line, nor tell a
//! terminal what to do: all that is not plain ASCII is spelt out. Pure.

/// What a text takes in a line; the rest is cut off.
pub(super) const TEXT_BYTES: usize = 1024;

/// One in each of eight bytes.
const EACH: u64 = 0x0101_0101_0101_0101;

/// What is written as it is, by byte.
static PLAIN: [bool; 256] = plain();

/// The most that one character takes: two halves of a pair.
const ESCAPED_BYTES: usize = 12;

/// A text as it stands in a JSON string. What is no UTF-8 becomes U+FFFD.
pub(super) fn json(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    if is_plain(text) {
        out.extend_from_slice(text);
        return out;
    }
    for chunk in text.utf8_chunks() {
        let broken = (!chunk.invalid().is_empty()).then_some('\u{fffd}');
        for character in chunk.valid().chars().chain(broken) {
            if out.len() + ESCAPED_BYTES > TEXT_BYTES {
                return out;
            }
            json_character(&mut out, character);
        }
    }
    out
}

fn json_character(out: &mut Vec<u8>, character: char) {
    match character {
        '"' => out.extend_from_slice(b"\\\""),
        '\\' => out.extend_from_slice(b"\\\\"),
        ' '..='~' => out.push(character as u8),
        _ => {
            for unit in character.encode_utf16(&mut [0; 2]) {
                out.extend_from_slice(b"\\u");
                (0..4).rev().for_each(|i| out.push(hex(*unit >> (4 * i))));
            }
        }
    }
}

/// A text as it stands in a quoted field of the Common or Combined Log Format, as Apache does it.
pub(super) fn quoted(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    if is_plain(text) {
        out.extend_from_slice(text);
        return out;
    }
    for byte in text {
        if out.len() + ESCAPED_BYTES > TEXT_BYTES {
            break;
        }
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', *byte]),
            b' '..=b'~' => out.push(*byte),
            _ => {
                let (high, low) = (hex(u16::from(byte >> 4)), hex(u16::from(*byte)));
                out.extend_from_slice(&[b'\\', b'x', high, low]);
            }
        }
    }
    out
}

/// Whether a text is written as it is: nothing in it has to be spelt out, or cut off. Looked at by
/// eights, the last of which may overlap.
#[inline]
pub(super) fn is_plain(text: &[u8]) -> bool {
    text.len() <= TEXT_BYTES && has_no_odd(text)
}

#[inline]
fn has_no_odd(text: &[u8]) -> bool {
    let Some(last) = text.last_chunk() else {
        return text.iter().all(|byte| PLAIN[usize::from(*byte)]);
    };
    let (eights, _) = text.as_chunks();
    let odd = eights.iter().fold(0, |odd, eight| odd | odd_bytes(*eight));
    (odd | odd_bytes(*last)) & (EACH * 0x80) == 0
}

/// Sets the highest bit of some byte if any byte has to be spelt out. Each test is right where the
/// bytes before are plain, and so is all of it.
#[inline]
fn odd_bytes(bytes: [u8; 8]) -> u64 {
    let bytes = u64::from_le_bytes(bytes);
    let is_control = bytes.wrapping_sub(EACH * u64::from(b' '));
    let is_delete = bytes.wrapping_add(EACH);
    let is = |byte: u8| (bytes ^ (EACH * u64::from(byte))).wrapping_sub(EACH);
    bytes | is_control | is_delete | is(b'"') | is(b'\\')
}

const fn plain() -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = b' ';
    while byte <= b'~' {
        table[byte as usize] = byte != b'"' && byte != b'\\';
        byte += 1;
    }
    table
}

fn hex(nibble: u16) -> u8 {
    match (nibble & 15) as u8 {
        digit @ 0..=9 => b'0' + digit,
        letter => b'a' + letter - 10,
    }
}

#[cfg(test)]
mod tests;
