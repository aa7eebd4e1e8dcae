use std::os::unix::fs::PermissionsExt;

use super::*;

#[test]
fn a_file_is_replaced_whole_and_nothing_else_is_left() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("plans/worker.json");
    replace(&path, b"one").unwrap();
    replace(&path, b"two").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"two");
    assert_eq!(entries(path.parent().unwrap()).unwrap(), std::slice::from_ref(&path));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_full_disk_is_told_apart() {
    check(28, "the disk is full: can't write /data/x; make room there and try again");
    check(122, "the disk is full: can't write /data/x; make room there and try again");
    check(13, "/data/x: Permission denied (os error 13)");
}

fn check(errno: i32, expected: &str) {
    let error = DiskError::at(Path::new("/data/x"))(io::Error::from_raw_os_error(errno));
    assert_eq!(error.to_string(), expected);
}

#[test]
fn no_folder_has_no_entries() {
    assert!(entries(Path::new("/nowhere/at/all")).unwrap().is_empty());
}
