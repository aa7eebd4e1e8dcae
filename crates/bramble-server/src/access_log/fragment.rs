//! What is the same in many lines of JSON, made ready once: names that the plan gives, with what
//! stands around them.

use super::escape;
use super::room::Text;

/// Room behind the bytes, so that they can be added by [`super::room::Room::text`].
const BEHIND_BYTES: usize = 64;

/// Bytes of a line.
pub(crate) struct Fragment {
    memory: Box<[u8]>,
    len: usize,
}

/// What lines say of a backend.
pub(crate) struct BackendFragments {
    /// Its pool, before the number of attempts.
    pub(super) pool: Fragment,
    /// Its name, behind that.
    pub(super) name: Fragment,
    /// All of it, where it was the first to be tried.
    pub(super) first: Fragment,
}

impl Fragment {
    /// Stands behind the client's address.
    pub(crate) fn listener(name: &str) -> Self {
        Self::new(&[b"\",\"listener\":\"", &escape::json(name.as_bytes())])
    }

    /// Stands before the number of attempts.
    pub(crate) fn pool(name: &str) -> Self {
        Self::new(&[b",\"pool\":\"", &escape::json(name.as_bytes()), b"\",\"attempts\":"])
    }

    fn new(parts: &[&[u8]]) -> Self {
        let mut memory = parts.concat();
        let len = memory.len();
        memory.resize(len + BEHIND_BYTES, 0);
        Self { memory: memory.into(), len }
    }

    #[inline(always)]
    pub(super) fn text(&self) -> Text<'_> {
        Text::new(&self.memory, self.len)
    }
}

impl BackendFragments {
    pub(crate) fn new(pool: &str, name: &str) -> Self {
        let pool = Fragment::pool(pool);
        let name = &escape::json(name.as_bytes());
        let name = Fragment::new(&[b",\"backend\":\"", name, b"\""]);
        let first = Fragment::new(&[pool.text().bytes(), b"1", name.text().bytes()]);
        Self { pool, name, first }
    }
}
