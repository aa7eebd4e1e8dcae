//! Which paths a manifest may have: relative, plain, and the same on every node.

use super::{NAME_BYTES_MAX, PATH_BYTES_MAX};

/// Why a path can't stand in a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// Breaks the line format, or a log.
    #[error("has a control character")]
    Control,
    /// `a//b`, a leading or trailing `/`, or nothing at all.
    #[error("has an empty part, or begins or ends with \"/\"")]
    Empty,
    /// Above [`NAME_BYTES_MAX`].
    #[error("has a part of over {NAME_BYTES_MAX} bytes")]
    LongName,
    /// Above [`PATH_BYTES_MAX`].
    #[error("has over {PATH_BYTES_MAX} bytes")]
    LongPath,
    /// `.` or `..`: leaves the folder, or spells one file in two ways.
    #[error("has \".\" or \"..\" as a part")]
    Relative,
}

pub(super) fn check(path: &str) -> Result<(), PathError> {
    if path.len() > PATH_BYTES_MAX {
        return Err(PathError::LongPath);
    }
    if path.chars().any(char::is_control) {
        return Err(PathError::Control);
    }
    path.split('/').try_for_each(check_name)
}

fn check_name(name: &str) -> Result<(), PathError> {
    match name {
        "" => Err(PathError::Empty),
        "." | ".." => Err(PathError::Relative),
        _ if name.len() > NAME_BYTES_MAX => Err(PathError::LongName),
        _ => Ok(()),
    }
}
