//! Serving a site's files: the requested release, from folders opened once.
//!
//! A path is decoded once and resolved by the kernel beneath the opened folder, without
//! following any link (`openat2`), so no spelling of it leads out. Knows nothing of how a
//! release came to lie there.

mod cache;
mod open;
mod send;
mod tags;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::rc::Rc;
use std::time::Instant;

use bramble_config::plan;
use bramble_http::{Kind, Method, conditions, decode_path};

use crate::connection::{Connection, End, Next};
use crate::pace::Pace;
pub(crate) use cache::FileCache;
use cache::Root;
use open::Found;

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

/// What a request asks of a site.
struct Request {
    /// Decoded, beginning with `/`.
    path: Vec<u8>,
    query: Vec<u8>,
    if_none_match: Option<Vec<u8>>,
    root: Rc<Root>,
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
    let request = read(c, site);
    c.take_head();
    if let Some(pace) = &site.pace {
        pace.serve(&c.core.counters).await;
    }
    match request {
        Err((status, why)) => c.problem(status, why).await,
        Ok(request) => serve(c, site, &request).await,
    }
}

fn read(c: &Connection, site: &Site) -> Result<Request, (u16, &'static str)> {
    let buf = c.input.unread();
    let root = site
        .root(c.head.value(buf, Kind::BrambleRelease))
        .ok_or((503, "This release of the site is not here yet."))?;
    let mut path = Vec::new();
    decode_path(c.head.target.path.of(buf), &mut path)
        .map_err(|_| (400, "The address is not well-formed."))?;
    Ok(Request {
        path,
        query: c.head.target.query.of(buf).to_vec(),
        if_none_match: c.head.value(buf, Kind::IfNoneMatch).map(<[u8]>::to_vec),
        root: root.clone(),
    })
}

async fn serve(c: &mut Connection, site: &Site, request: &Request) -> Result<Next, End> {
    match open::find(&c.core.files, &request.root, &request.path, &site.index).await {
        Ok(Found::File(entry)) => {
            let tag = request.if_none_match.as_deref();
            if tag.is_some_and(|value| conditions::if_none_match(value, &entry.etag)) {
                let fields = [("ETag", entry.etag.as_str()), CACHE_CONTROL];
                return c.respond(304, &fields, b"").await;
            }
            send::file(c, 200, &entry).await
        }
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

/// The site's own page for what is not there, or ours.
async fn not_found(c: &mut Connection, site: &Site, root: &Rc<Root>) -> Result<Next, End> {
    if let Some(page) = &site.not_found {
        let path = format!("/{}", page.trim_start_matches('/'));
        let found = open::find(&c.core.files, root, path.as_bytes(), &[]).await;
        if let Ok(Found::File(entry)) = found {
            return send::file(c, 404, &entry).await;
        }
    }
    c.problem(404, "There is no page at this address.").await
}

/// Always asked again, mostly answered with 304: a new release shows at once.
const CACHE_CONTROL: (&str, &str) = ("Cache-Control", "no-cache");
