use std::fs;
use std::time::SystemTime;

use tempfile::TempDir;

use super::*;
use crate::index::Index;
use crate::release::Releases;
use crate::scan::scan;

fn site() -> (TempDir, Manifest) {
    let site = tempfile::tempdir().unwrap();
    fs::create_dir(site.path().join("a")).unwrap();
    fs::write(site.path().join("a/page.html"), "one").unwrap();
    fs::write(site.path().join("copy.html"), "one").unwrap();
    let scan = scan(site.path(), &Index::default(), SystemTime::now()).unwrap();
    (site, scan.manifest)
}

#[test]
fn a_scanned_folder_can_be_staged() {
    let (site, manifest) = site();
    let dir = tempfile::tempdir().unwrap();
    let store = BlobStore::open(dir.path()).unwrap();
    assert_eq!(copy_in(site.path(), &manifest, &store).unwrap(), 1);
    assert_eq!(copy_in(site.path(), &manifest, &store).unwrap(), 0);
    let releases = Releases::open(store).unwrap();
    let id = releases.stage(&manifest).unwrap();
    assert_eq!(releases.verify(&id).unwrap(), []);
}

#[test]
fn an_edit_after_the_scan_is_refused_by_name() {
    let (site, manifest) = site();
    let dir = tempfile::tempdir().unwrap();
    let store = BlobStore::open(dir.path()).unwrap();
    fs::write(site.path().join("a/page.html"), "two").unwrap();
    let error = copy_in(site.path(), &manifest, &store).unwrap_err();
    assert!(matches!(&error, CopyError::Changed { path } if path.ends_with("a/page.html")));
    fs::remove_dir_all(site.path()).unwrap();
    let error = copy_in(site.path(), &manifest, &store).unwrap_err();
    assert!(matches!(&error, CopyError::Vanished { .. }), "{error}");
}
