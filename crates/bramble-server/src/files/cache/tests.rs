use std::fs::File;

use bramble_net::Ledger;

use super::super::entry::{About, Body, Entry};
use super::super::load::Opened;
use super::*;

fn resource(root: &Root, body: Option<usize>) -> Rc<Resource> {
    let file = tempfile::tempfile().unwrap();
    let stat = rustix::fs::fstat(&file).unwrap();
    let opened = Opened::of(root, file.into(), &stat).unwrap();
    let about = About::new("\"a\"".to_owned(), "text/plain", &opened);
    let body = match body {
        Some(bytes) => Body::Memory(vec![0; bytes]),
        None => Body::File(File::open("/dev/null").unwrap().into()),
    };
    let plain = Entry::new(about, body, opened.identity, true);
    Rc::new(Resource { plain, coded: Vec::new() })
}

fn folder() -> (tempfile::TempDir, Root) {
    let folder = tempfile::tempdir().unwrap();
    let root = Root::open(folder.path(), true).unwrap();
    (folder, root)
}

fn has(cache: &FileCache, root: &Root, i: usize) -> bool {
    cache.find(root, i.to_string().as_bytes(), Instant::now()).is_some()
}

/// Keeps so many, the first of them used again in the middle; answers which are there at last.
fn kept(n: usize, body: Option<usize>) -> Vec<usize> {
    let (_folder, root) = folder();
    let cache = FileCache::new(&Ledger::unlimited());
    let start = Instant::now();
    for i in 0..n {
        let now = start + Duration::from_millis(i as u64);
        if i == n / 2 {
            cache.find(&root, b"0", now);
        }
        cache.keep(&root, i.to_string().as_bytes(), resource(&root, body), now);
    }
    (0..n).filter(|i| has(&cache, &root, *i)).collect()
}

#[test]
fn the_oldest_goes_first() {
    let expected: Vec<usize> = std::iter::once(0).chain(11..ENTRIES + 10).collect();
    assert_eq!(kept(ENTRIES + 10, Some(0)), expected);
}

#[test]
fn descriptors_are_bounded() {
    assert_eq!(kept(OPEN_FILES + 10, None).len(), OPEN_FILES);
}

#[test]
fn bytes_are_bounded() {
    assert_eq!(kept(40, Some(MEMORY_BYTES / 16)).len(), 16);
}

#[test]
fn what_is_short_is_made_room_for_and_nothing_else() {
    let (_folder, root) = folder();
    let cache = FileCache::new(&Ledger::unlimited());
    let now = Instant::now();
    cache.keep(&root, b"0", resource(&root, Some(10)), now);
    for i in 1..=OPEN_FILES + 1 {
        cache.keep(&root, i.to_string().as_bytes(), resource(&root, None), now);
    }
    assert!(has(&cache, &root, 0));
    assert!(cache.held.get() == Cost { bytes: 10, descriptors: OPEN_FILES });
    for i in 0..=OPEN_FILES + 1 {
        cache.forget(&root, i.to_string().as_bytes());
    }
    assert!(cache.held.get() == Cost::default());
}
