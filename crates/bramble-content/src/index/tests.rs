use std::time::Duration;

use super::*;

const SECOND_NS: i64 = 1_000_000_000;

fn stamp(mtime_ns: i64, ctime_ns: i64) -> Stamp {
    Stamp { size: 1, mtime_ns, ctime_ns, inode: 7 }
}

/// An index that was begun 100 s after the epoch and has one file.
fn index(stamp: Stamp) -> Index {
    let mut index = Index::begin(UNIX_EPOCH + Duration::from_secs(100));
    index.insert("a".into(), stamp, Hash::of(b"a"));
    index
}

#[test]
fn an_old_file_that_stands_as_it_was_is_known() {
    let stamp = stamp(97 * SECOND_NS, 97 * SECOND_NS);
    assert_eq!(index(stamp).hash("a", &stamp), Some(Hash::of(b"a")));
    assert_eq!(index(stamp).hash("b", &stamp), None);
}

#[test]
fn any_difference_makes_it_unknown() {
    let known = stamp(97 * SECOND_NS, 97 * SECOND_NS);
    let index = index(known);
    assert_eq!(index.hash("a", &Stamp { size: 2, ..known }), None);
    assert_eq!(index.hash("a", &Stamp { mtime_ns: known.mtime_ns - 1, ..known }), None);
    assert_eq!(index.hash("a", &Stamp { ctime_ns: known.ctime_ns - 1, ..known }), None);
    assert_eq!(index.hash("a", &Stamp { inode: 8, ..known }), None);
}

#[test]
fn a_file_touched_within_2_s_of_the_scan_or_after_it_is_racy() {
    for (mtime_s, ctime_s) in [(98, 10), (10, 98), (100, 100), (5_000, 10)] {
        let stamp = stamp(mtime_s * SECOND_NS, ctime_s * SECOND_NS);
        assert_eq!(index(stamp).hash("a", &stamp), None, "{mtime_s} {ctime_s}");
    }
}

#[test]
fn saved_and_loaded_it_is_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("index/site");
    let stamp = stamp(1, 2);
    index(stamp).save(&path).unwrap();
    assert_eq!(Index::load(&path).hash("a", &stamp), Some(Hash::of(b"a")));
}

#[test]
fn absent_or_damaged_it_is_empty() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("index");
    assert!(Index::load(&path).files.is_empty());
    std::fs::write(&path, "{\"scanned_ns\":").unwrap();
    assert!(Index::load(&path).files.is_empty());
}
