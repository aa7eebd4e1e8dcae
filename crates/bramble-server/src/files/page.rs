//! Answers of a site that are not its files: its own page for a status, or ours in words.

use std::rc::Rc;

use super::entry::Resource;
use super::open::{self, Found};
use super::root::Root;
use super::{Site, send};
use crate::connection::{Connection, End, NO_STORE, Next, problem_page};
use crate::reason::{Event, FIELD, Reason};

/// Why a file is not the answer.
pub(super) struct Problem<'a> {
    pub(super) reason: Reason,
    /// For people, where there is more to say than the reason's own words.
    pub(super) why: Option<&'a str>,
    /// What programs need to know.
    pub(super) fields: &'a [(&'a str, &'a str)],
}

/// Sends the site's page for the status, from the release that was asked for if that is here.
pub(super) async fn answer(
    c: &mut Connection,
    site: &Site,
    root: Option<&Rc<Root>>,
    problem: &Problem<'_>,
) -> Result<Next, End> {
    let reason = problem.reason;
    c.refused(reason);
    let mut fields = problem.fields.to_vec();
    fields.push((FIELD, reason.word()));
    if reason.status() == 503 {
        fields.push(("Retry-After", "1"));
    }
    let root = root.or_else(|| site.root(None));
    if let Some(page) = own(c, site, root, reason.status()).await {
        return send::page(c, reason.status(), &page.plain, &fields).await;
    }
    fields.extend([("Content-Type", "text/html; charset=utf-8"), NO_STORE]);
    let page = problem_page(reason.status(), reason.word(), problem.why.unwrap_or(reason.text()));
    c.respond(reason.status(), &fields, page.as_bytes()).await
}

/// Whatever is wrong with it, the problem itself is what has to be told.
async fn own(
    c: &Connection,
    site: &Site,
    root: Option<&Rc<Root>>,
    status: u16,
) -> Option<Rc<Resource>> {
    let path = site.pages.get(&status)?;
    match open::find(&c.core.files, root?, path.as_bytes(), &[]).await {
        Ok(Found::File(page)) => Some(page),
        _ => {
            c.core.counters.refused(Event::ErrorPage);
            None
        }
    }
}
