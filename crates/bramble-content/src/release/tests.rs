use tempfile::TempDir;

use super::*;
use crate::hash::Hash;

fn open() -> (TempDir, Releases) {
    let dir = tempfile::tempdir().unwrap();
    let releases = reopen(dir.path());
    (dir, releases)
}

fn reopen(dir: &Path) -> Releases {
    Releases::open(BlobStore::open(dir).unwrap()).unwrap()
}

/// Files whose bytes are stored.
fn store(releases: &Releases, files: &[(&str, &str)]) -> Manifest {
    let put = |(path, bytes): &(&str, &str)| {
        let hash = Hash::of(bytes.as_bytes());
        releases.blobs().put(bytes.as_bytes(), hash).unwrap();
        let size = bytes.len() as u64;
        File { path: (*path).into(), hash, size, media_type: "text/plain".into() }
    };
    Manifest::new(files.iter().map(put).collect()).unwrap()
}

const SITE: &[(&str, &str)] = &[("index.html", "one"), ("a/b/c", "two"), ("a/b/d", "one")];

#[test]
fn a_staged_release_is_the_tree_of_its_files() {
    let (_dir, releases) = open();
    let manifest = store(&releases, SITE);
    let id = releases.stage(&manifest).unwrap();
    for (path, bytes) in SITE {
        assert_eq!(fs::read_to_string(releases.path(&id).join(path)).unwrap(), *bytes);
    }
    assert_eq!(releases.list().unwrap(), std::slice::from_ref(&id));
    assert_eq!(releases.manifest(&id).unwrap(), manifest);
    assert_eq!(releases.verify(&id).unwrap(), []);
}

#[test]
fn a_manifest_is_found_from_its_release() {
    let (dir, releases) = open();
    let manifest = store(&releases, SITE);
    let id = releases.stage(&manifest).unwrap();
    assert_eq!(Releases::manifest_of(&releases.path(&id)).unwrap(), manifest);
    for folder in [dir.path(), Path::new("/"), Path::new(""), Path::new("releases/x")] {
        assert!(matches!(Releases::manifest_of(folder), Err(ReleaseError::Disk(_))), "{folder:?}");
    }
    fs::remove_file(releases.manifests().join(id.as_str())).unwrap();
    let unknown = Releases::manifest_of(&releases.path(&id));
    assert!(matches!(unknown, Err(ReleaseError::Unknown { .. })));
}

#[test]
fn staging_twice_is_staging_once() {
    let (_dir, releases) = open();
    let manifest = store(&releases, SITE);
    assert_eq!(releases.stage(&manifest).unwrap(), releases.stage(&manifest).unwrap());
    let other = store(&releases, &[("x", "1")]);
    std::thread::scope(|scope| {
        let stage = |_| scope.spawn(|| releases.stage(&other).unwrap());
        let staged: Vec<_> = (0..4).map(stage).collect();
        assert!(staged.into_iter().all(|id| id.join().unwrap() == other.id()));
    });
    assert_eq!(releases.list().unwrap().len(), 2);
}

#[test]
fn a_missing_blob_is_named_and_nothing_is_staged() {
    let (_dir, releases) = open();
    let manifest = store(&releases, SITE);
    releases.blobs().remove(&Hash::of(b"two")).unwrap();
    let error = releases.stage(&manifest).unwrap_err();
    assert!(matches!(&error, ReleaseError::Blob { path, .. } if path == "a/b/c"), "{error}");
    assert!(releases.list().unwrap().is_empty());
    assert!(disk::entries(&releases.blobs().tmp()).unwrap().is_empty());
}

#[test]
fn after_a_crash_before_the_rename_staging_starts_over() {
    let (dir, releases) = open();
    let manifest = store(&releases, SITE);
    let id = releases.record(&manifest).unwrap();
    let tree = releases.blobs().tmp().join("half");
    fs::create_dir_all(tree.join("a")).unwrap();
    fs::hard_link(releases.blobs().path(&Hash::of(b"one")), tree.join("index.html")).unwrap();
    let releases = reopen(dir.path());
    assert!(!releases.has(&id));
    releases.stage(&manifest).unwrap();
    assert_eq!(releases.verify(&id).unwrap(), []);
}

#[test]
fn after_a_crash_in_a_removal_the_release_is_gone_or_whole() {
    let (dir, releases) = open();
    let id = releases.stage(&store(&releases, SITE)).unwrap();
    fs::rename(releases.path(&id), releases.blobs().tmp().join(id.as_str())).unwrap();
    let releases = reopen(dir.path());
    assert!(!releases.has(&id));
    releases.remove(&id).unwrap();
    assert!(matches!(releases.manifest(&id), Err(ReleaseError::Unknown { .. })));
}

#[test]
fn verify_finds_what_is_changed_extra_and_missing() {
    let (_dir, releases) = open();
    let id = releases.stage(&store(&releases, SITE)).unwrap();
    let root = releases.path(&id);
    fs::remove_file(root.join("a/b/c")).unwrap();
    fs::remove_file(root.join("index.html")).unwrap();
    fs::write(root.join("index.html"), "oNe").unwrap();
    fs::write(root.join("a/new"), "").unwrap();
    let damage = releases.verify(&id).unwrap();
    let words: Vec<_> = damage.iter().map(|damage| (damage.path.as_str(), damage.kind)).collect();
    assert_eq!(
        words,
        [
            ("a/new", DamageKind::Extra),
            ("a/b/c", DamageKind::Missing),
            ("index.html", DamageKind::Changed),
        ]
    );
}

#[test]
fn a_damaged_manifest_is_never_believed() {
    let (_dir, releases) = open();
    let id = releases.stage(&store(&releases, SITE)).unwrap();
    let other = store(&releases, &[("index.html", "two")]);
    let path = releases.manifests().join(id.as_str());
    fs::write(&path, other.to_string()).unwrap();
    assert!(matches!(releases.manifest(&id), Err(ReleaseError::Other { .. })));
    fs::write(&path, "bramble").unwrap();
    assert!(matches!(releases.verify(&id), Err(ReleaseError::Manifest { .. })));
}

#[test]
fn prune_keeps_what_is_named_and_its_blobs() {
    let (_dir, releases) = open();
    let old = releases.stage(&store(&releases, &[("a", "old"), ("b", "same")])).unwrap();
    let new = releases.stage(&store(&releases, &[("a", "new"), ("b", "same")])).unwrap();
    let coming = releases.record(&store(&releases, &[("a", "coming")])).unwrap();
    let keep = BTreeSet::from([new.clone(), coming]);
    assert_eq!(releases.prune(&keep).unwrap(), std::slice::from_ref(&old));
    assert_eq!(releases.list().unwrap(), std::slice::from_ref(&new));
    assert_eq!(releases.verify(&new).unwrap(), []);
    let held = |bytes: &str| releases.blobs().has(&Hash::of(bytes.as_bytes()));
    assert_eq!(["old", "new", "same", "coming"].map(held), [false, true, true, true]);
    assert!(matches!(releases.verify(&old), Err(ReleaseError::Unknown { .. })));
}
