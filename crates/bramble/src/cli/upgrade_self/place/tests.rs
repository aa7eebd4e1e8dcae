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
        put(&self.path(name), &self.path("bramble"))
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
    let kept = folder.put("new").unwrap().keep().unwrap();
    assert_eq!(kept, folder.path("bramble.previous"));
    assert_eq!(
        (folder.read("bramble"), folder.read("bramble.previous")),
        ("new".into(), "old".into())
    );
    let mode = fs::metadata(folder.path("bramble")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o751);
    assert_eq!(folder.names(), ["bramble", "bramble.previous", "new"]);
    // And back, by the same way.
    folder.put("bramble.previous").unwrap().keep().unwrap();
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
fn what_can_t_be_put_there_changes_nothing() {
    let folder = Folder::new();
    assert!(folder.put("absent").is_err());
    let under_way = folder.put("new").unwrap();
    assert!(folder.put("new").is_err(), "another upgrade is under way");
    under_way.back().unwrap();
    symlink(folder.path("bramble"), folder.path("link")).unwrap();
    assert!(put(&folder.path("new"), &folder.path("link")).is_err(), "a link");
    assert_eq!(folder.read("bramble"), "old");
    assert_eq!(folder.names(), ["bramble", "link", "new"]);
}
