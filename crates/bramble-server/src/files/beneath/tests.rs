use std::fs;
use std::io::Read;
use std::os::unix::fs::symlink;

use tempfile::TempDir;

use super::*;

/// A folder with a file, one further down, and links to both and to the world.
fn folder() -> (TempDir, OwnedFd) {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("a/b")).unwrap();
    fs::write(at("file"), "file").unwrap();
    fs::write(at("a/b/deep"), "deep").unwrap();
    symlink("file", at("link")).unwrap();
    symlink("a", at("linked")).unwrap();
    symlink("/etc", at("a/out")).unwrap();
    let opened = rustix::fs::open(folder.path(), OFlags::PATH, Mode::empty()).unwrap();
    (folder, opened)
}

fn text(opened: OwnedFd) -> String {
    let mut text = String::new();
    fs::File::from(opened).read_to_string(&mut text).unwrap();
    text
}

/// By the one call and name by name.
#[track_caller]
fn check(path: &str, expected: Option<&str>) {
    let (_folder, opened) = folder();
    let whole = open_beneath(&opened, path.as_bytes()).unwrap();
    assert_eq!(whole.map(text).as_deref(), expected, "{path}");
    let relative = path.trim_start_matches('/');
    let by_steps = open_by_steps(opened.as_fd(), relative.as_bytes()).ok();
    assert_eq!(by_steps.map(text).as_deref(), expected, "{path}, name by name");
}

#[test]
fn what_lies_beneath_is_found() {
    check("/file", Some("file"));
    check("/a/b/deep", Some("deep"));
    check("/a/b/other", None);
    check("/file/more", None);
}

#[test]
fn no_link_is_followed() {
    check("/link", None);
    check("/linked/b/deep", None);
    check("/a/out/passwd", None);
}

#[test]
fn no_way_leads_up() {
    check("/a/../../etc/passwd", None);
    check("/..", None);
    check("/a/b/../../../etc/passwd", None);
}
