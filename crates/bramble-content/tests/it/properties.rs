//! Manifests: whatever bytes are refused, or have one spelling, one name and only paths beneath
//! their folder.

use std::path::{Component, Path};

use bramble_content::{File, Manifest, ManifestError, ReleaseId};

/// Checks what holds for any bytes that come as a manifest.
pub fn check(input: &[u8]) {
    match Manifest::parse(input) {
        Ok(manifest) => check_manifest(&manifest, input),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn check_manifest(manifest: &Manifest, input: &[u8]) {
    assert_eq!(manifest.to_string().as_bytes(), input, "a second spelling");
    let reversed: Vec<File> = manifest.files().iter().rev().cloned().collect();
    let again = Manifest::new(reversed).unwrap();
    assert_eq!((&again, again.id()), (manifest, manifest.id()));
    assert_eq!(manifest.id().to_string().parse::<ReleaseId>(), Ok(manifest.id()));
    assert!(manifest.diff(&again).is_empty());
    manifest.files().iter().for_each(check_file);
    check_one_less(manifest);
}

fn check_file(file: &File) {
    let is_name = |part: Component<'_>| matches!(part, Component::Normal(_));
    assert!(Path::new(&file.path).components().all(is_name), "{:?}", file.path);
    assert!(!file.path.is_empty() && !file.path.chars().any(char::is_control));
    assert!(file.media_type.bytes().all(|byte| byte.is_ascii_graphic()));
}

/// Without its last file it is another release, and the difference says so; with it twice it is
/// none.
fn check_one_less(manifest: &Manifest) {
    let Some((last, others)) = manifest.files().split_last() else { return };
    let less = Manifest::new(others.to_vec()).unwrap();
    assert_ne!(less.id(), manifest.id());
    assert_eq!(less.diff(manifest).added, [last]);
    assert_eq!(manifest.diff(&less).removed, [last]);
    let twice = [manifest.files(), std::slice::from_ref(last)].concat();
    assert_eq!(Manifest::new(twice), Err(ManifestError::Duplicate { path: last.path.clone() }));
}
