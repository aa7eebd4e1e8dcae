//! What is the same in many lines of JSON, made ready once: names that the plan gives, with what
//! stands around them.

use super::escape;
use super::room::Room;

/// Most fragments are not longer.
const SHORT_BYTES: usize = 64;

/// Bytes of a line.
pub(crate) struct Fragment {
    /// All of it, if that has room here, with zeros behind.
    start: [u8; SHORT_BYTES],
    all: Box<[u8]>,
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
        let all: Box<[u8]> = parts.concat().into();
        let mut start = [0; SHORT_BYTES];
        start.iter_mut().zip(&all).for_each(|(to, byte)| *to = *byte);
        Self { start, all }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.all
    }

    #[inline(always)]
    pub(super) fn write(&self, to: &mut Room<'_>) {
        match self.all.len() {
            len @ ..=SHORT_BYTES => to.put_some(&self.start, len),
            _ => to.copy(&self.all),
        }
    }
}

impl BackendFragments {
    pub(crate) fn new(pool: &str, name: &str) -> Self {
        let pool = Fragment::pool(pool);
        let name = &escape::json(name.as_bytes());
        let name = Fragment::new(&[b",\"backend\":\"", name, b"\""]);
        let first = Fragment::new(&[&pool.all, b"1", &name.all]);
        Self { pool, name, first }
    }
}
