//! The answer for whoever is turned away, made once: it takes no memory when there is none.

use bramble_http::simple_response;

use crate::connection::{NO_STORE, problem_page};
use crate::reason::{self, Reason};

/// A whole answer that ends its connection.
pub(crate) struct Busy {
    bytes: Vec<u8>,
    /// Of them, its head.
    head: usize,
}

impl Default for Busy {
    fn default() -> Self {
        let why = Reason::Busy;
        let page = problem_page(why.status(), why.word(), why.text());
        let kind = ("Content-Type", "text/html; charset=utf-8");
        let fields = [kind, NO_STORE, (reason::FIELD, why.word()), ("Retry-After", "1")];
        let mut bytes = Vec::new();
        simple_response(&mut bytes, why.status(), &fields, page.as_bytes(), false, false);
        let head = bytes.len() - page.len();
        Self { bytes, head }
    }
}

impl Busy {
    /// For a request that may have no body in its answer, or another.
    pub(crate) fn answer(&self, is_head: bool) -> &[u8] {
        if is_head { self.bytes.get(..self.head).unwrap_or_default() } else { &self.bytes }
    }
}
