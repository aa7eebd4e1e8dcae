use std::os::unix::fs::{PermissionsExt, symlink};

use tempfile::TempDir;

use super::*;

struct Folder(TempDir);

impl Folder {
    /// With an old binary in its place, and a new one.
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        fs::write(folder.path("bramble"), "old").unwrap();
        fs::set_permissions(folder.path("bramble"), fs::Permissions::from_mode(0o751)).unwrap();
        fs::write(folder.path("new"), "new").unwrap();
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn put(&self, name: &str) -> Result<Put, Failure> {
        Copy::new(&self.path(name), &self.path("bramble"))?.put()
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

#[test]
fn the_one_before_is_kept_beside_it() {
    let folder = Folder::new();
    let put = folder.put("new").unwrap();
    // Also of a command that is killed here.
    assert_eq!(put.previous(), folder.path("bramble.previous"));
    assert_eq!(
        (folder.read("bramble"), folder.read("bramble.previous")),
        ("new".into(), "old".into())
    );
    drop(put);
    let mode = fs::metadata(folder.path("bramble")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o751);
    assert_eq!(folder.names(), ["bramble", "bramble.previous", "new"]);
    // And back, by the same way.
    drop(folder.put("bramble.previous").unwrap());
    assert_eq!(
        (folder.read("bramble"), folder.read("bramble.previous")),
        ("old".into(), "new".into())
    );
}

#[test]
fn it_is_put_back_and_nothing_is_left() {
    let folder = Folder::new();
    let put = folder.put("new").unwrap();
    assert_eq!(folder.read("bramble"), "new");
    put.back().unwrap();
    assert_eq!(folder.read("bramble"), "old");
    assert_eq!(folder.names(), ["bramble", "new"]);
}

#[test]
fn what_was_kept_before_comes_back_too() {
    let folder = Folder::new();
    fs::write(folder.path("bramble.previous"), "older").unwrap();
    folder.put("new").unwrap().back().unwrap();
    assert_eq!(
        (folder.read("bramble"), folder.read("bramble.previous")),
        ("old".into(), "older".into())
    );
    assert_eq!(folder.names(), ["bramble", "bramble.previous", "new"]);
}

#[test]
fn after_a_command_that_was_killed_in_between_it_goes_on() {
    let folder = Folder::new();
    fs::hard_link(folder.path("bramble"), folder.path("bramble.previous")).unwrap();
    folder.put("new").unwrap().back().unwrap();
    drop(folder.put("new").unwrap());
    assert_eq!(
        (folder.read("bramble"), folder.read("bramble.previous")),
        ("new".into(), "old".into())
    );
    assert_eq!(folder.names(), ["bramble", "bramble.previous", "new"]);
}

#[test]
fn what_is_looked_at_is_what_is_put_there() {
    let folder = Folder::new();
    let copy = Copy::new(&folder.path("new"), &folder.path("bramble")).unwrap();
    fs::write(folder.path("new"), "another").unwrap();
    assert_eq!(fs::read_to_string(copy.path()).unwrap(), "new");
    copy.put().unwrap();
    assert_eq!(folder.read("bramble"), "new");
}

#[test]
fn what_can_t_be_put_there_changes_nothing() {
    let folder = Folder::new();
    assert!(folder.put("absent").is_err());
    let under_way = folder.put("new").unwrap();
    assert!(folder.put("new").is_err(), "another upgrade is under way");
    under_way.back().unwrap();
    symlink(folder.path("bramble"), folder.path("link")).unwrap();
    assert!(Copy::new(&folder.path("new"), &folder.path("link")).is_err(), "a link");
    assert_eq!(folder.read("bramble"), "old");
    assert_eq!(folder.names(), ["bramble", "link", "new"]);
}
