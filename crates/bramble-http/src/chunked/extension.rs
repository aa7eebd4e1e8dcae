//! A chunk's extensions (RFC 9112 section 7.1.1): `;name`, `;name=token`, `;name="text"`.
//!
//! They mean nothing here, but readers that skip to the line's end by other rules have found it
//! elsewhere, so what is none is refused. The whitespace that the RFC lets stand is, too: nothing
//! sends it.

use crate::scan;

/// What was read last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extension {
    Semicolon,
    Name,
    Equals,
    Token,
    Quoted,
    Backslash,
    /// All of a value in quotes, or nothing yet.
    End,
}

impl Extension {
    /// Takes the next byte; none: it may not stand here.
    pub(super) fn step(self, byte: u8) -> Option<Self> {
        let is_token = scan::is(byte, scan::TOKEN);
        match (self, byte) {
            (Self::End | Self::Name | Self::Token, b';') => Some(Self::Semicolon),
            (Self::Semicolon | Self::Name, _) if is_token => Some(Self::Name),
            (Self::Name, b'=') => Some(Self::Equals),
            (Self::Equals | Self::Token, _) if is_token => Some(Self::Token),
            (Self::Equals, b'"') => Some(Self::Quoted),
            (Self::Quoted, b'"') => Some(Self::End),
            (Self::Quoted, b'\\') => Some(Self::Backslash),
            (Self::Quoted | Self::Backslash, _) if scan::is_text(byte) => Some(Self::Quoted),
            _ => None,
        }
    }

    /// Whether the line may end here.
    pub(super) fn is_whole(self) -> bool {
        matches!(self, Self::End | Self::Name | Self::Token)
    }
}
