//! Serving a site's files: the requested release, from folders opened once.
//!
//! A path is decoded once and resolved by the kernel beneath the opened folder, without
//! following any link (`beneath`), so no spelling of it leads out. Knows nothing of how a
//! release came to lie there.

mod beneath;
mod cache;
mod entry;
mod load;
mod open;
mod page;
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
use bramble_http::{Method, Outcome, Selection, unsatisfied_range};

use crate::connection::{Connection, End, Next};
use crate::pace::Pace;
use crate::reason::{Event, Reason};
pub(crate) use cache::FileCache;
use entry::Entry;
use open::Found;
use page::Problem;
use request::Request;
use root::Root;

/// A site as one core serves it.
pub(crate) struct Site {
    releases: BTreeMap<String, Rc<Root>>,
    current: String,
    index: Vec<String>,
    /// Its own pages by status, as paths.
    pages: BTreeMap<u16, String>,
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
            pages: pages(plan),
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

fn pages(plan: &plan::Site) -> BTreeMap<u16, String> {
    let not_found = plan.not_found.iter().map(|page| (404, page));
    let others = plan.error_pages.iter().map(|(status, page)| (*status, page));
    not_found.chain(others).map(|(status, page)| (status, format!("/{page}"))).collect()
}

/// What a site answers to, as any answer of our own.
pub(crate) const ALLOW: (&str, &str) = ("Allow", "GET, HEAD, OPTIONS");

/// Answers a request with a file, a redirect to a folder, or a page that says why not.
pub(crate) async fn answer(c: &mut Connection, site: &Rc<Site>) -> Result<Next, End> {
    let request = Request::read(c, site);
    c.take_head();
    match (c.head.method, &request) {
        (Method::Options, _) => return c.respond(204, &[ALLOW], b"").await,
        (Method::Get | Method::Head, _) => {}
        (_, request) => {
            let root = request.as_ref().ok().map(|request| &request.root);
            let problem = Problem { reason: Reason::ReadOnly, why: None, fields: &[ALLOW] };
            return page::answer(c, site, root, &problem).await;
        }
    }
    if let Some(pace) = &site.pace {
        pace.serve(&c.core.counters).await;
        c.mark(|marks| marks.served(Instant::now()));
    }
    if c.tells_load() {
        begin_work(c, site.pace.as_deref());
    }
    match request {
        Err(problem) => page::answer(c, site, None, &problem).await,
        Ok(request) => serve(c, site, &request).await,
    }
}

/// On an emulated board a request has waited in line until its own turn began.
fn begin_work(c: &mut Connection, pace: Option<&Pace>) {
    let from = match pace {
        Some(pace) => Instant::now().checked_sub(pace.service()),
        None => None,
    };
    let from = from.unwrap_or_else(|| c.read_at());
    c.begins_work(from);
}

async fn serve(c: &mut Connection, site: &Site, request: &Request) -> Result<Next, End> {
    let reason = match open::find(&c.core.files, &request.root, &request.path, &site.index).await {
        Ok(Found::File(resource)) => {
            return file(c, site, request, resource.best(&request.accepted)).await;
        }
        Ok(Found::Folder) => {
            let location = send::folder_location(&request.path, &request.query);
            return c.respond(301, &[("Location", &location)], b"").await;
        }
        Ok(Found::Nothing) => Reason::NoSuchPage,
        // Of descriptors: there would be a line in the log for each request.
        Err(error) if matches!(error.raw_os_error(), Some(23 | 24)) => Reason::LocalResources,
        Err(error) => {
            tracing::warn!(%error, "a file can't be read");
            Reason::FileUnreadable
        }
    };
    let problem = Problem { reason, why: None, fields: &[] };
    page::answer(c, site, Some(&request.root), &problem).await
}

async fn file(
    c: &mut Connection,
    site: &Site,
    request: &Request,
    entry: &Entry,
) -> Result<Next, End> {
    match request.conditions.check(&entry.about.validators()) {
        Outcome::Hold => selected(c, site, request, entry).await,
        Outcome::NotModified => c.respond(304, &entry.about.fields_of_unmodified(), b"").await,
        Outcome::PreconditionFailed => {
            let vary: Vec<_> = entry.about.vary().into_iter().collect();
            let problem = Problem { reason: Reason::PreconditionFailed, why: None, fields: &vary };
            page::answer(c, site, Some(&request.root), &problem).await
        }
    }
}

async fn selected(
    c: &mut Connection,
    site: &Site,
    request: &Request,
    entry: &Entry,
) -> Result<Next, End> {
    match request.selection(entry) {
        Selection::Parts(parts) => match parts.as_slice() {
            [part] => send::part(c, entry, part).await,
            several => send::parts(c, entry, several).await,
        },
        Selection::TooMany => {
            c.core.counters.refused(Event::Ranges);
            send::whole(c, entry).await
        }
        Selection::Unsatisfiable => unsatisfiable(c, site, request, entry).await,
        Selection::Whole => send::whole(c, entry).await,
    }
}

/// Says that nothing of what was asked for is there, and how much is.
async fn unsatisfiable(
    c: &mut Connection,
    site: &Site,
    request: &Request,
    entry: &Entry,
) -> Result<Next, End> {
    let why = format!("This has {} bytes, and none of those you ask for.", entry.len);
    let range = unsatisfied_range(entry.len);
    let mut fields = vec![("Content-Range", range.as_str())];
    fields.extend(entry.about.vary());
    let reason = Reason::RangeNotSatisfiable;
    let problem = Problem { reason, why: Some(&why), fields: &fields };
    page::answer(c, site, Some(&request.root), &problem).await
}
