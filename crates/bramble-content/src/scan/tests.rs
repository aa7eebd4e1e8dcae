use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::time::Duration;

use tempfile::TempDir;

use super::*;
use crate::hash::Hash;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, bytes) in files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    dir
}

fn fresh(dir: &TempDir) -> Result<Scan, ScanError> {
    scan(dir.path(), &Index::default(), SystemTime::now())
}

fn paths(scan: &Scan) -> Vec<&str> {
    scan.manifest.files().iter().map(|file| file.path.as_str()).collect()
}

#[test]
fn every_file_is_listed_with_hash_size_and_type() {
    let dir = folder(&[("index.html", "<p>"), ("css/a.css", ""), ("b/c/d", "12")]);
    let scan = fresh(&dir).unwrap();
    assert_eq!(paths(&scan), ["b/c/d", "css/a.css", "index.html"]);
    let page = &scan.manifest.files()[2];
    assert_eq!((page.hash, page.size), (Hash::of(b"<p>"), 3));
    assert_eq!(page.media_type, "text/html;charset=utf-8");
}

#[test]
fn dot_files_and_folders_are_left_out() {
    let dir = folder(&[("a", ""), (".htpasswd", ""), (".git/config", ""), ("b/.x", "")]);
    assert_eq!(paths(&fresh(&dir).unwrap()), ["a"]);
}

#[test]
fn an_edit_of_equal_size_in_the_same_moment_is_seen() {
    let dir = folder(&[("a", "one")]);
    let path = dir.path().join("a");
    let mtime = fs::metadata(&path).unwrap().modified().unwrap();
    let first = fresh(&dir).unwrap();
    fs::write(&path, "two").unwrap();
    fs::File::options().write(true).open(&path).unwrap().set_modified(mtime).unwrap();
    let second = scan(dir.path(), &first.index, SystemTime::now()).unwrap();
    assert_eq!(second.manifest.files()[0].hash, Hash::of(b"two"));
}

#[test]
fn a_file_that_is_surely_unchanged_is_not_read_again() {
    let dir = folder(&[("a", "one")]);
    let later = SystemTime::now() + Duration::from_secs(60);
    let first = scan(dir.path(), &Index::default(), later).unwrap();
    // A false memory shows that the memory was used.
    let json = serde_json::to_string(&first.index).unwrap();
    let hash = |bytes: &str| Hash::of(bytes.as_bytes()).to_string();
    let index = serde_json::from_str(&json.replace(&hash("one"), &hash("two"))).unwrap();
    let second = scan(dir.path(), &index, later).unwrap();
    assert_eq!(second.manifest.files()[0].hash, Hash::of(b"two"));
}

#[test]
fn links_that_stay_inside_are_followed() {
    let dir = folder(&[("a/page", "1")]);
    symlink("a/page", dir.path().join("file")).unwrap();
    symlink("a", dir.path().join("tree")).unwrap();
    assert_eq!(paths(&fresh(&dir).unwrap()), ["a/page", "file", "tree/page"]);
}

#[test]
fn a_link_that_leaves_is_refused_by_name() {
    let dir = folder(&[("a", "1")]);
    symlink("/etc/hostname", dir.path().join("out")).unwrap();
    let error = fresh(&dir).unwrap_err();
    assert!(matches!(&error, ScanError::Leaves { path, .. } if path.ends_with("out")), "{error}");
}

#[test]
fn a_link_in_a_circle_is_refused() {
    let dir = folder(&[("a/b/page", "1")]);
    symlink("../..", dir.path().join("a/b/up")).unwrap();
    let error = fresh(&dir).unwrap_err();
    assert!(matches!(&error, ScanError::Loop { path } if path.ends_with("a/b/up")), "{error}");
}

#[test]
fn a_socket_is_refused_by_name() {
    let dir = folder(&[("a", "1")]);
    let _socket = UnixListener::bind(dir.path().join("s")).unwrap();
    let error = fresh(&dir).unwrap_err();
    assert!(matches!(&error, ScanError::Special { path } if path.ends_with("s")), "{error}");
}

#[test]
fn names_that_other_nodes_could_not_write_are_refused() {
    let dir = folder(&[("a\u{1}b", "1")]);
    assert!(matches!(fresh(&dir), Err(ScanError::Manifest(ManifestError::Path { .. }))));
}

#[test]
fn nothing_to_publish_is_an_error() {
    let dir = folder(&[(".hidden", "")]);
    assert!(matches!(fresh(&dir), Err(ScanError::Empty { .. })));
}

#[test]
fn a_folder_that_is_gone_or_is_none_is_an_error() {
    let dir = folder(&[("a", "1")]);
    let gone = dir.path().join("gone");
    let error = scan(&gone, &Index::default(), SystemTime::now()).unwrap_err();
    assert!(matches!(&error, ScanError::Vanished { path } if *path == gone), "{error}");
    let error = scan(&dir.path().join("a"), &Index::default(), SystemTime::now());
    assert!(matches!(error, Err(ScanError::NotFolder { .. })));
}

#[test]
fn a_folder_that_vanishes_during_the_scan_is_noticed() {
    let dir = folder(&[("a", "1"), ("b/c", "2")]);
    let index = Index::default();
    let walk = walk::Walk::run(dir.path(), &index, SystemTime::now()).unwrap();
    assert_eq!(walk.changed_folder().unwrap(), None);
    fs::remove_dir_all(dir.path().join("b")).unwrap();
    let root = fs::canonicalize(dir.path()).unwrap();
    assert_eq!(walk.changed_folder().unwrap(), Some(root));
    fs::remove_dir_all(dir.path()).unwrap();
    assert!(matches!(walk.changed_folder(), Err(ScanError::Vanished { .. })));
}

#[test]
fn what_a_removal_has_left_over_is_not_published() {
    let dir = folder(&[("a", "1"), ("b", "2")]);
    let index = Index::default();
    let walk = || walk::Walk::run(dir.path(), &index, SystemTime::now()).unwrap();
    let first = walk();
    fs::write(dir.path().join("c"), "3").unwrap();
    first.check_all_in(&walk()).unwrap();
    fs::remove_file(dir.path().join("b")).unwrap();
    let error = first.check_all_in(&walk()).unwrap_err();
    assert!(matches!(&error, ScanError::Vanished { path } if path.ends_with("b")), "{error}");
}

#[test]
fn a_folder_under_removal_gives_an_error_or_a_whole_scan() {
    for _ in 0..10 {
        let names: Vec<_> = (0..200).map(|n| format!("d{}/f{n}", n % 10)).collect();
        let dir = folder(&names.iter().map(|name| (name.as_str(), "x")).collect::<Vec<_>>());
        let path = dir.path().to_path_buf();
        let remover = std::thread::spawn(move || fs::remove_dir_all(path));
        if let Ok(scan) = fresh(&dir) {
            // What was gone before the scan began can't be known; the rest is whole.
            assert!(scan.manifest.files().iter().all(|file| file.hash == Hash::of(b"x")));
        }
        let _ = remover.join().unwrap();
    }
}
