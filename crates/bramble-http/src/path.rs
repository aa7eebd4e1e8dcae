//! From a path as sent to the one path that it means, for looking up files.

use crate::scan;

/// Why a path names nothing that could be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// It does not begin with `/`.
    #[error("the path does not begin with a slash")]
    NotAbsolute,
    /// A `%` without two hexadecimal digits behind it.
    #[error("the path has a % that two hexadecimal digits do not follow")]
    InvalidEscape,
    /// A control character, encoded or not; NUL would cut the name for the system.
    #[error("the path has a control character")]
    Control,
    /// An encoded `/`, which would hide a boundary from whoever checked the path before.
    #[error("the path has an encoded slash")]
    EncodedSlash,
    /// A `\`, encoded or not, which some systems take for `/`.
    #[error("the path has a backslash")]
    Backslash,
    /// More `..` than there are segments before them.
    #[error("the path leads above its root")]
    AboveRoot,
}

/// Decodes `raw` once into `out`, which is cleared first, and resolves `//`, `.` and `..`.
///
/// The result begins with `/`, holds no empty, `.` or `..` segment, and ends in `/` when `raw`
/// names a folder. A `%` in it is a real one: it must not be decoded again.
pub fn decode_path(raw: &[u8], out: &mut Vec<u8>) -> Result<(), PathError> {
    out.clear();
    let segments = raw.strip_prefix(b"/").ok_or(PathError::NotAbsolute)?;
    out.push(b'/');
    let mut is_folder = true;
    for segment in segments.split(|&byte| byte == b'/') {
        // `out` ends in '/' here, always.
        let start = out.len();
        decode_segment(segment, out)?;
        is_folder = resolve(out, start)?;
    }
    if !is_folder {
        out.pop();
    }
    Ok(())
}

/// Applies the segment at `start..` and leaves `out` ending in `/`. Returns whether the path
/// would name a folder if it ended here.
fn resolve(out: &mut Vec<u8>, start: usize) -> Result<bool, PathError> {
    match out.get(start..).unwrap_or_default() {
        b"" => Ok(true),
        b"." => {
            out.truncate(start);
            Ok(true)
        }
        b".." => {
            let parent = out.get(..start.saturating_sub(1)).unwrap_or_default();
            let slash = memchr::memrchr(b'/', parent).ok_or(PathError::AboveRoot)?;
            out.truncate(slash + 1);
            Ok(true)
        }
        _ => {
            out.push(b'/');
            Ok(false)
        }
    }
}

fn decode_segment(segment: &[u8], out: &mut Vec<u8>) -> Result<(), PathError> {
    let mut rest = segment;
    while let Some((&first, behind)) = rest.split_first() {
        let (byte, behind) = match first {
            b'%' => decode_escape(behind)?,
            _ => (first, behind),
        };
        out.push(checked(byte)?);
        rest = behind;
    }
    Ok(())
}

fn decode_escape(bytes: &[u8]) -> Result<(u8, &[u8]), PathError> {
    let digit = |i: usize| bytes.get(i).and_then(|&byte| char::from(byte).to_digit(16));
    let (Some(high), Some(low), Some(rest)) = (digit(0), digit(1), bytes.get(2..)) else {
        return Err(PathError::InvalidEscape);
    };
    match (high * 16 + low) as u8 {
        b'/' => Err(PathError::EncodedSlash),
        byte => Ok((byte, rest)),
    }
}

fn checked(byte: u8) -> Result<u8, PathError> {
    match byte {
        b'\\' => Err(PathError::Backslash),
        b'\t' => Err(PathError::Control),
        byte if !scan::is_text(byte) => Err(PathError::Control),
        byte => Ok(byte),
    }
}

#[cfg(test)]
mod tests;
