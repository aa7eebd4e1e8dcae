//! Sites: names, hosts and the files that they answer with.

use std::collections::{BTreeMap, HashMap};
use std::path::{Component, Path, PathBuf};

use toml::Spanned;

use crate::check::{host, name, number};
use crate::config::{self, Site};
use crate::error::{Finding, Findings};
use crate::raw;

const SITES: usize = 256;
const INDEX_FILES: usize = 16;
/// What a site answers with when it is not with a file.
const STATUSES: [u16; 7] = [400, 404, 405, 412, 416, 500, 503];

pub(crate) fn check(raw: &[Spanned<raw::Site>], findings: &mut Findings) -> Vec<Site> {
    name::at_most("site", raw, SITES, findings);
    name::check("site", raw.iter().map(|site| &site.as_ref().name), findings);
    check_owners(raw, findings);
    raw.iter().map(|site| check_one(site.as_ref(), findings)).collect()
}

/// A host belongs to one site; which one would answer must not hang on the file's order.
fn check_owners(raw: &[Spanned<raw::Site>], findings: &mut Findings) {
    let mut owners: HashMap<String, (usize, &str)> = HashMap::new();
    for (index, site) in raw.iter().map(AsRef::as_ref).enumerate() {
        for host in &site.hosts {
            let owner = owners.entry(host.as_ref().to_ascii_lowercase());
            let (first, name) = *owner.or_insert((index, site.name.as_ref()));
            if first != index {
                let message = format!("`{}` is a host of site `{name}` already", host.as_ref());
                let help = "leave it out of one; to split a host by path use [[route]]";
                findings.add(Finding::new(host.span(), message).label("second site").help(help));
            }
        }
    }
}

fn check_one(raw: &raw::Site, findings: &mut Findings) -> Site {
    let rate = raw.rate_per_s.as_ref();
    Site {
        name: raw.name.as_ref().clone(),
        hosts: host::check(&raw.hosts, findings),
        root: raw.root.as_ref().map(|folder| root(folder, findings)),
        index: raw.index.as_ref().map_or_else(config::default_index, |list| index(list, findings)),
        not_found: raw.not_found.as_ref().map(|page| page_file(page, findings)),
        error_pages: error_pages(raw, findings),
        rate_per_s: rate.map(|_| number::in_range("rate_per_s", rate, 1..=1_000_000, 1, findings)),
    }
}

fn root(raw: &Spanned<String>, findings: &mut Findings) -> PathBuf {
    if raw.as_ref().is_empty() || raw.as_ref().contains('\0') {
        let help = "name a folder, as \"public\"; it is looked for beside this file";
        findings.add(
            Finding::new(raw.span(), "`root` names no folder").label("not a folder").help(help),
        );
    }
    PathBuf::from(raw.as_ref())
}

fn index(raw: &[Spanned<String>], findings: &mut Findings) -> Vec<String> {
    name::at_most("index", raw, INDEX_FILES, findings);
    for file in raw.iter().filter(|file| file.as_ref().contains('/') || !is_inside(file.as_ref())) {
        let message = format!("`{}` can't be an index file", file.as_ref());
        let help = "name a file of the folder itself, as \"index.html\"";
        findings.add(Finding::new(file.span(), message).label("not a file name").help(help));
    }
    raw.iter().map(|file| file.as_ref().clone()).collect()
}

fn error_pages(raw: &raw::Site, findings: &mut Findings) -> BTreeMap<u16, String> {
    let mut pages = BTreeMap::new();
    for (status, page) in &raw.error_pages {
        let Some(code) = STATUSES.into_iter().find(|code| code.to_string() == *status) else {
            let message = format!("a site answers no request with `{status}`");
            let help = "give pages for 400, 404, 405, 412, 416, 500 or 503";
            findings.add(Finding::new(page.span(), message).label("never shown").help(help));
            continue;
        };
        if code == 404 && raw.not_found.is_some() {
            let finding = Finding::new(page.span(), "404 has two pages");
            findings.add(finding.label("second page").help("keep this one or `not_found`"));
        }
        pages.insert(code, page_file(page, findings));
    }
    pages
}

fn page_file(raw: &Spanned<String>, findings: &mut Findings) -> String {
    if !is_inside(raw.as_ref()) {
        let message = format!("`{}` is not inside the site", raw.as_ref());
        let help = "name a file relative to the site's folder, as \"404.html\"";
        findings.add(Finding::new(raw.span(), message).label("outside").help(help));
    }
    raw.as_ref().clone()
}

/// A relative path of plain names: nothing that climbs, nothing absolute, no control character.
fn is_inside(path: &str) -> bool {
    let plain = |part| matches!(part, Component::Normal(_));
    !path.is_empty()
        && !path.chars().any(char::is_control)
        && Path::new(path).components().all(plain)
}
