//! What one message may cost before it is refused.

/// Upper bounds for one message. Each has its own [`Reject`](crate::Reject).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a head from its first line to its empty line; also of a body's trailers.
    pub head_bytes: usize,
    /// Fields of a head; also of a body's trailers.
    pub fields: usize,
    /// Bytes of the request target.
    pub target_bytes: usize,
    /// Bytes of the extension in one chunk line.
    pub chunk_extension_line_bytes: usize,
    /// Bytes of the extensions of one whole body.
    pub chunk_extension_body_bytes: usize,
    /// Bytes of a body, decoded.
    pub body_bytes: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            head_bytes: 32 * 1024,
            fields: 100,
            target_bytes: 8 * 1024,
            chunk_extension_line_bytes: 256,
            chunk_extension_body_bytes: 16 * 1024,
            body_bytes: 1 << 40,
        }
    }
}
