//! What a request asks of a site, read before its head is given up.

use std::rc::Rc;

use bramble_http::{
    Accepted, Conditions, Kind, Method, RequestHead, Selection, decode_path, select,
};

use super::Site;
use super::entry::Entry;
use super::page::Problem;
use super::root::Root;
use crate::connection::Connection;
use crate::reason::Reason;

/// A request for a file.
pub(super) struct Request {
    /// Decoded, beginning with `/`.
    pub(super) path: Vec<u8>,
    pub(super) query: Vec<u8>,
    pub(super) conditions: Conditions,
    pub(super) accepted: Accepted,
    range: Option<Vec<u8>>,
    pub(super) root: Rc<Root>,
}

impl Request {
    /// Reads what the connection has parsed, or says why nothing can answer it.
    pub(super) fn read(c: &Connection, site: &Site) -> Result<Self, Problem<'static>> {
        let buf = c.input.unread();
        let problem = |reason| Problem { reason, why: None, fields: &[] };
        let root = site
            .root(c.head.value(buf, Kind::BrambleRelease))
            .ok_or_else(|| problem(Reason::NoSuchRelease))?;
        let mut path = Vec::new();
        decode_path(c.head.target.path.of(buf), &mut path)
            .map_err(|_| problem(Reason::MalformedPath))?;
        Ok(Self {
            path,
            query: c.head.target.query.of(buf).to_vec(),
            conditions: Conditions::read(&c.head, buf),
            accepted: Accepted::read(c.head.values(buf, Kind::AcceptEncoding)),
            range: range(&c.head, buf),
            root: root.clone(),
        })
    }

    /// Which bytes of what is there it asks for.
    pub(super) fn selection(&self, entry: &Entry) -> Selection {
        let counts = self.conditions.range_counts(&entry.about.validators());
        let Some(range) = self.range.as_ref().filter(|_| counts) else { return Selection::Whole };
        match select(range, entry.len) {
            // Whether the parts are coded or all of the body would be anybody's guess.
            Selection::Parts(parts) if parts.len() > 1 && entry.about.coding.is_some() => {
                Selection::Whole
            }
            selection => selection,
        }
    }
}

/// Only GET has a range (RFC 9110 section 14.2), and only one field of it means anything.
fn range(head: &RequestHead, buf: &[u8]) -> Option<Vec<u8>> {
    let mut values = head.values(buf, Kind::Range);
    match (head.method, values.next(), values.next()) {
        (Method::Get, Some(range), None) => Some(range.to_vec()),
        _ => None,
    }
}
