//! The part of a plan that says which requests belong together, and what their backends are
//! called there.

use serde::{Deserialize, Serialize};

use super::{Backend, Pool};

/// Sessions whose requests all go to one backend. Nothing of them is stored: each request names the
/// backend by its route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sticky {
    /// Cookie that ends in the separator and a route.
    pub cookie: String,
    /// Parameter of a query (`?NAME=`) or path (`;NAME=`) that does; it goes before the cookie.
    pub parameter: String,
    /// What stands before the route, the first of them in a value: ASCII that a cookie may hold.
    /// None: the whole value is the route.
    pub separator: Option<char>,
    /// The balancer sets the cookie itself, to nothing but separator and route.
    pub set: bool,
    /// Where a session's backend can't be used, another is; else the request gets a 503.
    pub failover: bool,
}

impl Pool {
    /// What sessions call the backend; none: no session is with it.
    #[must_use]
    pub fn route_of<'a>(&self, backend: &'a Backend) -> Option<&'a str> {
        let is_set = self.sticky.as_ref().is_some_and(|sticky| sticky.set);
        backend.route.as_deref().or_else(|| is_set.then_some(backend.name.as_str()))
    }
}
