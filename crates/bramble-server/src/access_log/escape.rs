//! Text from outside, written so that it can end neither its field nor its line, nor tell a
//! terminal what to do: all that is not plain ASCII is spelt out. Pure.

/// What a text takes in a line; the rest is cut off.
pub(super) const TEXT_BYTES: usize = 1024;

/// One in each of eight bytes.
const EACH: u64 = 0x0101_0101_0101_0101;

/// The most that one character takes: two halves of a pair.
const ESCAPED_BYTES: usize = 12;

/// Adds a text to a JSON string. What is no UTF-8 becomes U+FFFD.
#[inline]
pub(super) fn json(out: &mut Vec<u8>, text: &[u8]) {
    if text.len() <= TEXT_BYTES && is_plain(text) {
        return out.extend_from_slice(text);
    }
    spell_json(out, text);
}

#[cold]
fn spell_json(out: &mut Vec<u8>, text: &[u8]) {
    let end = out.len() + TEXT_BYTES;
    for chunk in text.utf8_chunks() {
        let broken = (!chunk.invalid().is_empty()).then_some('\u{fffd}');
        for character in chunk.valid().chars().chain(broken) {
            if out.len() + ESCAPED_BYTES > end {
                return;
            }
            json_character(out, character);
        }
    }
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

/// Adds a text to a quoted field of the Common or Combined Log Format, as Apache does.
#[inline]
pub(super) fn quoted(out: &mut Vec<u8>, text: &[u8]) {
    if text.len() <= TEXT_BYTES && is_plain(text) {
        return out.extend_from_slice(text);
    }
    spell_quoted(out, text);
}

#[cold]
fn spell_quoted(out: &mut Vec<u8>, text: &[u8]) {
    let end = out.len() + TEXT_BYTES;
    for byte in text {
        if out.len() + ESCAPED_BYTES > end {
            return;
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
}

/// Nothing in it has to be spelt out. Looked at by eights, the last of which may overlap.
#[inline]
fn is_plain(text: &[u8]) -> bool {
    let Some(last) = text.last_chunk() else {
        return text.iter().all(|byte| (b' '..=b'~').contains(byte) && !b"\"\\".contains(byte));
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

fn hex(nibble: u16) -> u8 {
    match (nibble & 15) as u8 {
        digit @ 0..=9 => b'0' + digit,
        letter => b'a' + letter - 10,
    }
}

#[cfg(test)]
mod tests;
