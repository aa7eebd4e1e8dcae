//! The sample site: part of the binary, so that the demo needs nothing else.

use std::fs;
use std::path::Path;

use include_dir::{Dir, include_dir};

use crate::exit::{Doing, Failure};

static SITE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../examples/site");

/// Writes the site to `folder`.
pub(super) fn unpack(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder).doing("can't make the site's folder")?;
    SITE.extract(folder).doing(format!("can't write {}", folder.display()))
}

/// Edits the site as its author would: one page changed, one added.
pub(super) fn change(folder: &Path) -> Result<(), Failure> {
    let home = folder.join("index.html");
    let text = fs::read_to_string(&home).doing("can't read the home page")?;
    let news = "<p id=\"news\">News: this line was published under load.</p>\n</main>";
    fs::write(&home, text.replacen("</main>", news, 1)).doing("can't write the home page")?;
    let page = text.replacen("<title>", "<title>News: ", 1);
    fs::write(folder.join("news.html"), page).doing("can't write a new page")
}

/// What visitors ask for: every page, style sheet and image of at most 32 KiB.
pub(super) fn paths() -> Vec<String> {
    let mut paths = Vec::new();
    collect(&SITE, &mut paths);
    paths.sort();
    paths
}

fn collect(folder: &Dir<'_>, paths: &mut Vec<String>) {
    for file in folder.files() {
        let path = file.path().display().to_string();
        if file.contents().len() <= 32 * 1024 && path != "404.html" {
            paths.push(format!("/{path}"));
        }
    }
    folder.dirs().for_each(|inner| collect(inner, paths));
}
