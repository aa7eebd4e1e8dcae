use std::process::Command;
use std::thread;

use tempfile::TempDir;

use super::*;
use crate::manifest;

fn open() -> (TempDir, BlobStore) {
    let dir = tempfile::tempdir().unwrap();
    let store = BlobStore::open(dir.path()).unwrap();
    (dir, store)
}

fn put(store: &BlobStore, bytes: &[u8]) -> Hash {
    let hash = Hash::of(bytes);
    assert_eq!(store.put(bytes, hash).unwrap(), bytes.len() as u64);
    hash
}

fn manifest(blobs: &[&[u8]]) -> Manifest {
    let file = |(n, bytes): (usize, &&[u8])| manifest::File {
        path: n.to_string(),
        hash: Hash::of(bytes),
        size: bytes.len() as u64,
        media_type: "text/plain".into(),
    };
    Manifest::new(blobs.iter().enumerate().map(file).collect()).unwrap()
}

fn is_empty(folder: &Path) -> bool {
    disk::entries(folder).unwrap().is_empty()
}

#[test]
fn what_was_put_is_read_back() {
    let (_dir, store) = open();
    let hash = put(&store, b"hello");
    assert!(store.has(&hash) && store.verify(&hash).unwrap());
    let mut text = String::new();
    store.open_blob(&hash).unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, "hello");
    assert!(is_empty(&store.tmp()));
}

#[test]
fn other_bytes_than_announced_leave_nothing() {
    let (_dir, store) = open();
    let error = store.put(&b"hello"[..], Hash::of(b"other")).unwrap_err();
    assert!(matches!(error, StoreError::Mismatch { .. }), "{error}");
    assert!(is_empty(&store.tmp()) && store.stored().unwrap().is_empty());
}

#[test]
fn more_bytes_than_announced_are_not_taken() {
    let (_dir, store) = open();
    let mut writer = store.writer(Hash::of(b"hello"), 5).unwrap();
    writer.write(b"hel").unwrap();
    writer.write(b"lo").unwrap();
    let error = writer.write(b"!").unwrap_err();
    assert!(matches!(error, StoreError::Long { bytes: 5, .. }), "{error}");
}

#[test]
fn a_source_that_fails_leaves_nothing() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::ConnectionReset.into())
        }
    }
    let (_dir, store) = open();
    let error = store.put(Broken, Hash::of(b"")).unwrap_err();
    assert!(matches!(error, StoreError::Source(_)), "{error}");
    assert!(is_empty(&store.tmp()));
}

#[test]
fn missing_names_each_blob_once() {
    let (_dir, store) = open();
    put(&store, b"a");
    let missing = store.missing(&manifest(&[b"a", b"b", b"b", b""]));
    let mut expected = vec![(Hash::of(b"b"), 1), (Hash::of(b""), 0)];
    expected.sort();
    assert_eq!(missing, expected);
}

#[test]
fn one_blob_may_be_put_by_many_at_once() {
    let (_dir, store) = open();
    let bytes = vec![1; 300_000];
    thread::scope(|scope| {
        (0..8).for_each(|_| drop(scope.spawn(|| put(&store, &bytes))));
    });
    assert!(store.verify(&Hash::of(&bytes)).unwrap());
    assert!(is_empty(&store.tmp()));
}

#[test]
fn a_flipped_byte_is_noticed_and_cured() {
    let (_dir, store) = open();
    let hash = put(&store, b"hello");
    // As a bad disk does it; the file itself is read-only.
    fs::remove_file(store.path(&hash)).unwrap();
    fs::write(store.path(&hash), b"hellp").unwrap();
    assert!(!store.verify(&hash).unwrap());
    store.remove(&hash).unwrap();
    put(&store, b"hello");
    assert!(store.verify(&hash).unwrap());
}

#[test]
fn garbage_is_what_no_manifest_names() {
    let (_dir, store) = open();
    let (a, b, c) = (put(&store, b"a"), put(&store, b"b"), put(&store, b"c"));
    let keep = [manifest(&[b"a"]), manifest(&[b"b", b"not here"])];
    assert_eq!(store.collect_garbage(&keep).unwrap(), 1);
    assert_eq!([a, b, c].map(|hash| store.has(&hash)), [true, true, false]);
}

#[test]
fn what_a_crash_left_is_cleared() {
    let (dir, store) = open();
    let hash = put(&store, b"a");
    let mut writer = store.writer(Hash::of(b"b"), 9).unwrap();
    writer.write(b"b").unwrap();
    // A crash runs no destructor.
    std::mem::forget(writer);
    assert!(!is_empty(&store.tmp()));
    let store = BlobStore::open(dir.path()).unwrap();
    assert!(is_empty(&store.tmp()) && store.has(&hash));
}

/// A small file system of its own.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn mount() -> Result<Self, String> {
        let disk = Self(tempfile::tempdir().unwrap());
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=256k", "none"]).arg(disk.0.path());
        said(&mut mount).map(|_| disk)
    }
}

/// What a command says, well done or not.
fn said(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let words = [output.stdout, output.stderr].concat();
    let words = format!("{command:?}: {}", String::from_utf8_lossy(&words));
    if output.status.success() { Ok(words) } else { Err(words) }
}

/// Set where a test runs once more with the rights that it needs.
const INSIDE: &str = "BRAMBLE_TEST_IN_NAMESPACE";

/// Runs this one test anew as root of a namespace, where anybody may mount.
fn run_in_namespace(test: &str, refused: &str) {
    let mut inner = Command::new("unshare");
    inner.args(["--user", "--map-root-user", "--mount"]).arg(std::env::current_exe().unwrap());
    inner.args(["--exact", test]).env(INSIDE, "yes");
    let is_inside = std::env::var_os(INSIDE).is_some();
    let ran = if is_inside { Err(String::new()) } else { said(&mut inner) };
    match ran {
        Ok(words) => assert!(words.contains("1 passed"), "{words}"),
        Err(words) => panic!(
            "{test} mounts a small file system: run it as root (with CAP_SYS_ADMIN), or allow user \
             namespaces (`unshare -rm true` must work)\n{refused}\n{words}"
        ),
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).output();
    }
}

#[test]
fn a_full_disk_is_said_and_nothing_is_lost() {
    let disk = match SmallDisk::mount() {
        Ok(disk) => disk,
        Err(refused) => {
            let test = "store::tests::a_full_disk_is_said_and_nothing_is_lost";
            return run_in_namespace(test, &refused);
        }
    };
    let store = BlobStore::open(disk.0.path()).unwrap();
    let small = put(&store, b"small");
    let large = vec![1; 1 << 20];
    let error = store.put(large.as_slice(), Hash::of(&large)).unwrap_err();
    assert!(matches!(error, StoreError::Disk(DiskError::Full { .. })), "{error}");
    assert!(is_empty(&store.tmp()) && store.verify(&small).unwrap());
    put(&store, b"there is room again");
}
