use std::os::unix::fs::{PermissionsExt, chown};

use tempfile::TempDir;

use super::*;

/// A file in a folder, with these modes.
fn file(mode: u32, folder_mode: u32) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let folder = fs::canonicalize(dir.path()).unwrap().join("folder");
    fs::create_dir(&folder).unwrap();
    let file = folder.join("bramble");
    fs::write(&file, "").unwrap();
    for (path, mode) in [(&file, mode), (&folder, folder_mode)] {
        chown(path, None, Some(own())).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
    (dir, file)
}

#[test]
fn what_others_can_write_is_not_taken() {
    for (mode, folder_mode, is_safe) in [
        (0o755, 0o755, true),
        (0o775, 0o775, true), // by the user's own group
        (0o755, 0o1777, true),
        (0o757, 0o755, false),
        (0o755, 0o757, false),
        (0o1757, 0o755, false), // of a file that bit says nothing
    ] {
        let (_dir, file) = file(mode, folder_mode);
        assert_eq!(check(&file).is_ok(), is_safe, "{mode:o} in {folder_mode:o}");
    }
}

#[test]
fn what_is_not_there_is_not_taken() {
    assert!(check(Path::new("/none/bramble")).is_err());
}

#[test]
fn the_kernel_is_asked_for_the_file_of_a_process() {
    assert_eq!(file_of(std::process::id()), std::env::current_exe().ok());
    assert_eq!(file_of(u32::MAX), None);
}
