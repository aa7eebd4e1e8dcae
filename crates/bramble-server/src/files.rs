//! Serving a site's files: the requested release, from folders opened once.
//!
//! A path is decoded once and resolved by the kernel beneath the opened folder, without
//! following any link (`openat2`), so no spelling of it leads out. Knows nothing of how a
//! release came to lie there.

mod cache;
mod load;
mod open;
mod request;
mod root;
mod send;
mod tags;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::rc::Rc;
use std::time::Instant;

use bramble_config::plan;
use bramble_http::{Method, Outcome, Selection};

use crate::connection::{Connection, End, Next};
use crate::pace::Pace;
use cache::Entry;
pub(crate) use cache::FileCache;
use open::Found;
use request::Request;
use root::Root;

/// A site as one core serves it.
pub(crate) struct Site {
    releases: BTreeMap<String, Rc<Root>>,
    current: String,
    index: Vec<String>,
    not_found: Option<String>,
    /// What `pace` was made of: the rate, and among how many threads it is shared.
    rate: (Option<u32>, u16),
    pace: Option<Rc<Pace>>,
}

impl Site {
    /// Opens the folders; those that `old` has open already are kept, and so is its queue.
    ///
    /// # Errors
    /// The folder that can't be opened, and why.
    pub(crate) fn open(
        plan: &plan::Site,
        folder: &Path,
        threads: u16,
        old: Option<&Self>,
    ) -> Result<Self, (String, io::Error)> {
        let mut releases = BTreeMap::new();
        for (id, path) in &plan.releases {
            let path = folder.join(path);
            let kept = old.and_then(|old| old.releases.get(id)).filter(|r| r.path() == path);
            let root = match kept {
                Some(root) if !id.is_empty() => root.clone(),
                _ => Rc::new(
                    Root::open(&path, !id.is_empty())
                        .map_err(|e| (path.display().to_string(), e))?,
                ),
            };
            releases.insert(id.clone(), root);
        }
        let rate = (plan.rate_per_s, threads);
        let pace = old.filter(|old| old.rate == rate);
        let pace = match (pace.and_then(|old| old.pace.clone()), plan.rate_per_s) {
            (Some(pace), _) => Some(pace),
            (None, Some(rate)) => Some(Rc::new(Pace::new(rate, threads, Instant::now()))),
            (None, None) => None,
        };
        Ok(Self {
            releases,
            current: plan.current.clone(),
            index: plan.index.clone(),
            not_found: plan.not_found.clone(),
            rate,
            pace,
        })
    }

    fn root(&self, release: Option<&[u8]>) -> Option<&Rc<Root>> {
        let id = match release {
            Some(id) => std::str::from_utf8(id).ok()?,
            None => &self.current,
        };
        self.releases.get(id)
    }
}

/// Answers a request with a file, a redirect to a folder, or a page that says why not.
pub(crate) async fn answer(c: &mut Connection, site: &Rc<Site>) -> Result<Next, End> {
    if !matches!(c.head.method, Method::Get | Method::Head) {
        c.take_head();
        return c.respond(405, &[("Allow", "GET, HEAD")], b"").await;
    }
    let request = Request::read(c, site);
    c.take_head();
    if let Some(pace) = &site.pace {
        pace.serve(&c.core.counters).await;
    }
    match request {
        Err((status, why)) => c.problem(status, why).await,
        Ok(request) => serve(c, site, &request).await,
    }
}

async fn serve(c: &mut Connection, site: &Site, request: &Request) -> Result<Next, End> {
    match open::find(&c.core.files, &request.root, &request.path, &site.index).await {
        Ok(Found::File(entry)) => file(c, request, &entry).await,
        Ok(Found::Folder) => {
            let location = send::folder_location(&request.path, &request.query);
            c.respond(301, &[("Location", &location)], b"").await
        }
        Ok(Found::Nothing) => not_found(c, site, &request.root).await,
        Err(error) => {
            tracing::warn!(%error, "a file can't be read");
            c.core.counters.refused("file_unreadable");
            c.problem(500, "The page can't be read right now.").await
        }
    }
}

async fn file(c: &mut Connection, request: &Request, entry: &Entry) -> Result<Next, End> {
    match request.conditions.check(&entry.validators()) {
        Outcome::Hold => selected(c, request, entry).await,
        Outcome::NotModified => {
            c.respond(304, &[("ETag", entry.etag.as_str()), CACHE_CONTROL], b"").await
        }
        Outcome::PreconditionFailed => {
            c.problem(412, "What is here is not what you expected; look at it again.").await
        }
    }
}

async fn selected(c: &mut Connection, request: &Request, entry: &Entry) -> Result<Next, End> {
    match request.selection(entry) {
        Selection::Parts(parts) => match parts.as_slice() {
            [part] => send::part(c, entry, part).await,
            several => send::parts(c, entry, several).await,
        },
        Selection::TooMany => {
            c.core.counters.refused("ranges");
            send::whole(c, 200, entry).await
        }
        Selection::Unsatisfiable => send::unsatisfiable(c, entry.len).await,
        Selection::Whole => send::whole(c, 200, entry).await,
    }
}

/// The site's own page for what is not there, or ours.
async fn not_found(c: &mut Connection, site: &Site, root: &Rc<Root>) -> Result<Next, End> {
    if let Some(page) = &site.not_found {
        let path = format!("/{}", page.trim_start_matches('/'));
        let found = open::find(&c.core.files, root, path.as_bytes(), &[]).await;
        if let Ok(Found::File(entry)) = found {
            return send::whole(c, 404, &entry).await;
        }
    }
    c.problem(404, "There is no page at this address.").await
}

/// Always asked again, mostly answered with 304: a new release shows at once.
const CACHE_CONTROL: (&str, &str) = ("Cache-Control", "no-cache");
