use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

fn file(path: &str, bytes: &str) -> File {
    File {
        path: path.into(),
        hash: Hash::of(bytes.as_bytes()),
        size: bytes.len() as u64,
        media_type: "text/plain;charset=utf-8".into(),
    }
}

fn manifest(paths: &[&str]) -> Manifest {
    Manifest::new(paths.iter().map(|path| file(path, path)).collect()).unwrap()
}

fn paths(files: &[&File]) -> Vec<String> {
    files.iter().map(|file| file.path.clone()).collect()
}

const HASH: &str = "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262";

#[test]
fn the_text_is_a_line_a_file_in_the_order_of_a_walk() {
    let text = manifest(&["a-b", "b", "a/c d", "a/b"]).to_string();
    let paths: Vec<_> = text.lines().skip(1).map(|line| line.splitn(4, ' ').nth(3)).collect();
    assert_eq!(paths, [Some("a/b"), Some("a/c d"), Some("a-b"), Some("b")]);
}

#[test]
fn the_id_never_changes_for_the_same_files() {
    // Ids are stored and exchanged: another id here is another format, and needs a version.
    let id = manifest(&["index.html", "a/b/c.txt", "a/z"]).id();
    assert_eq!(id.as_str(), "432a4262add698a43d65ee2cab3077ce");
}

#[test]
fn equal_folders_have_equal_hashes_wherever_they_stand() {
    let here: Vec<_> = ["one/x", "one/y"].map(|path| file(path, &path[4..])).into();
    let there: Vec<_> = ["two/x", "two/y"].map(|path| file(path, &path[4..])).into();
    assert_ne!(tree::root(&here), tree::root(&there));
    let inner = |files: &[File]| {
        let strip = |f: &File| File { path: f.path[4..].into(), ..f.clone() };
        tree::root(&files.iter().map(strip).collect::<Vec<_>>())
    };
    assert_eq!(inner(&here), inner(&there));
}

#[test]
fn diff_names_what_came_changed_and_went() {
    let old = Manifest::new(vec![file("a", "1"), file("b/x", "1"), file("c", "1")]).unwrap();
    let new = Manifest::new(vec![file("a", "1"), file("b/x", "2"), file("d", "1")]).unwrap();
    let diff = old.diff(&new);
    assert_eq!(paths(&diff.added), ["d"]);
    assert_eq!(paths(&diff.changed), ["b/x"]);
    assert_eq!(paths(&diff.removed), ["c"]);
    assert_eq!(diff.changed[0], &file("b/x", "2"));
    assert!(old.diff(&old).is_empty());
}

#[test]
fn paths_that_leave_or_confuse_are_refused() {
    refused("", PathError::Empty);
    refused("/etc/passwd", PathError::Empty);
    refused("a/", PathError::Empty);
    refused("a//b", PathError::Empty);
    refused("..", PathError::Relative);
    refused("a/../b", PathError::Relative);
    refused("./a", PathError::Relative);
    refused("a\nb", PathError::Control);
    refused("a\0", PathError::Control);
    refused("a\u{85}", PathError::Control);
    refused(&"n".repeat(NAME_BYTES_MAX + 1), PathError::LongName);
    refused(&"n/".repeat(PATH_BYTES_MAX / 2 + 1), PathError::LongPath);
}

fn refused(path: &str, reason: PathError) {
    let error = Manifest::new(vec![file(path, "")]).unwrap_err();
    assert_eq!(error, ManifestError::Path { path: path.into(), reason });
}

#[test]
fn odd_names_that_harm_nobody_are_kept() {
    for path in ["...", "a b", " ", "é/ü", "a\\b", "\"", "-rf", "c:"] {
        let manifest = manifest(&[path]);
        assert_eq!(Manifest::parse(manifest.to_string().as_bytes()), Ok(manifest), "{path}");
    }
}

#[test]
fn two_entries_of_one_name_are_refused() {
    let twice = Manifest::new(vec![file("a", "1"), file("a", "2")]);
    assert_eq!(twice, Err(ManifestError::Duplicate { path: "a".into() }));
    let both = Manifest::new(vec![file("a/b", "1"), file("a-", "1"), file("a", "1")]);
    assert_eq!(both, Err(ManifestError::Conflict { path: "a".into() }));
}

#[test]
fn media_types_can_not_break_a_header() {
    for media_type in ["", "text", "text/", "/html", "text/html; a", "a/b\r\nX:y", "a/é"] {
        let file = File { media_type: media_type.into(), ..file("a", "") };
        let error = Manifest::new(vec![file]).unwrap_err();
        assert!(matches!(error, ManifestError::MediaType { .. }), "{media_type}");
    }
}

#[test]
fn only_the_canonical_text_is_read() {
    check("", ManifestError::Header);
    check("bramble-manifest 2\n", ManifestError::Header);
    check("bramble-manifest 1", ManifestError::Header);
    line("", 2);
    line(&format!("{HASH} 1 text/plain"), 2);
    line(&format!("{HASH} 01 text/plain a"), 2);
    line(&format!("{HASH} +1 text/plain a"), 2);
    line(&format!("{HASH} -1 text/plain a"), 2);
    line(&format!("{HASH} 99999999999999999999 text/plain a"), 2);
    line(&format!("{} 1 text/plain a", HASH.to_uppercase()), 2);
    line(&format!("{HASH} 1 text/plain a\n{HASH}"), 3);
    let unsorted = format!("{HEADER}\n{HASH} 1 t/p b\n{HASH} 1 t/p a\n");
    check(&unsorted, ManifestError::Unsorted { path: "a".into() });
    let crlf = format!("{HEADER}\n{HASH} 1 t/p a\r\n");
    check(&crlf, ManifestError::Path { path: "a\r".into(), reason: PathError::Control });
    let open = format!("{HEADER}\n{HASH} 1 t/p a");
    check(&open, ManifestError::Line { line: 2 });
}

fn line(text: &str, line: usize) {
    check(&format!("{HEADER}\n{text}\n"), ManifestError::Line { line });
}

fn check(text: &str, expected: ManifestError) {
    assert_eq!(Manifest::parse(text.as_bytes()), Err(expected), "{text:?}");
}

#[test]
fn limits_hold() {
    let many = (0..=FILES_MAX).map(|n| file(&n.to_string(), "")).collect();
    assert_eq!(Manifest::new(many), Err(ManifestError::Many));
    let long = vec![b'a'; MANIFEST_BYTES_MAX + 1];
    assert_eq!(Manifest::parse(&long), Err(ManifestError::Long));
    let lines = format!("{HEADER}\n{}", format!("{HASH} 1 t/p a\n").repeat(FILES_MAX + 1));
    assert_eq!(Manifest::parse(lines.as_bytes()), Err(ManifestError::Many));
}

#[test]
fn a_release_id_is_safe_as_a_file_name() {
    for bad in ["", "..", "../../etc", &"g".repeat(32), &"A".repeat(32), &"a".repeat(33)] {
        assert!(bad.parse::<ReleaseId>().is_err(), "{bad}");
        assert!(serde_json::from_value::<ReleaseId>(bad.into()).is_err(), "{bad}");
    }
    let id = manifest(&["a"]).id();
    assert_eq!(id.as_str().parse(), Ok(id));
}

/// Folders are named `d…`, files `f…`: no path is both.
fn any_files() -> impl Strategy<Value = Vec<File>> {
    let folder = "d[a-c .é\\\\-]{0,2}";
    let path = (vec(folder, 0..4), "f[a-c .é\\\\-]{0,3}").prop_map(|(mut parts, name)| {
        parts.push(name);
        parts.join("/")
    });
    btree_map(path, (any::<[u8; 32]>(), any::<u64>(), "[a-z]{1,9}/[a-z+.]{1,9}"), 1..40)
        .prop_map(|map: BTreeMap<_, _>| map.into_iter().map(to_file).collect())
}

fn to_file((path, (hash, size, media_type)): (String, ([u8; 32], u64, String))) -> File {
    File { path, hash: Hash(hash), size, media_type }
}

proptest! {
    #[test]
    fn text_round_trips(files in any_files()) {
        let manifest = Manifest::new(files).unwrap();
        let parsed = Manifest::parse(manifest.to_string().as_bytes()).unwrap();
        prop_assert_eq!(parsed.id(), manifest.id());
        prop_assert_eq!(parsed, manifest);
    }

    #[test]
    fn the_order_of_files_does_not_matter(
        (files, shuffled) in any_files().prop_flat_map(|f| (Just(f.clone()), Just(f).prop_shuffle())),
    ) {
        prop_assert_eq!(Manifest::new(files).unwrap(), Manifest::new(shuffled).unwrap());
    }

    #[test]
    fn a_single_change_changes_the_id(files in any_files(), at: Index, what in 0..5) {
        let before = Manifest::new(files.clone()).unwrap();
        let mut files = files;
        let index = at.index(files.len());
        let file = &mut files[index];
        match what {
            0 => file.hash.0[31] ^= 1,
            1 => file.size ^= 1,
            2 => file.media_type.push('x'),
            3 => file.path.push('x'),
            _ => drop(files.remove(index)),
        }
        // A longer name may be another file's.
        if let Ok(after) = Manifest::new(files) {
            prop_assert_ne!(after.id(), before.id());
            prop_assert!(!before.diff(&after).is_empty());
        }
    }

    #[test]
    fn a_diff_leads_from_one_to_the_other(old in any_files(), new in any_files()) {
        let (old, new) = (Manifest::new(old).unwrap(), Manifest::new(new).unwrap());
        let diff = old.diff(&new);
        let mut files: BTreeMap<_, _> = old.files().iter().map(|f| (&f.path, f)).collect();
        files.retain(|path, _| !diff.removed.iter().any(|file| file.path == **path));
        files.extend(diff.added.iter().chain(&diff.changed).map(|f| (&f.path, *f)));
        let made = Manifest::new(files.into_values().cloned().collect()).unwrap();
        prop_assert_eq!(made, new);
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
        let _ = Manifest::parse(&bytes);
    }

    #[test]
    fn damaged_text_is_refused_or_canonical(files in any_files(), at: Index, byte: u8) {
        let mut text = Manifest::new(files).unwrap().to_string().into_bytes();
        let at = at.index(text.len());
        text[at] = byte;
        if let Ok(manifest) = Manifest::parse(&text) {
            prop_assert_eq!(manifest.to_string().into_bytes(), text);
        }
    }
}
