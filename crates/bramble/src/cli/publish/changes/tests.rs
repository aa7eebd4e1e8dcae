use bramble_content::{File, Hash, Manifest};

use super::{Changes, LISTED};

fn manifest(files: impl IntoIterator<Item = (String, &'static str)>) -> Manifest {
    let file = |(path, content): (String, &str)| File {
        path,
        hash: Hash::of(content.as_bytes()),
        size: content.len() as u64,
        media_type: "text/plain".to_owned(),
    };
    Manifest::new(files.into_iter().map(file).collect()).unwrap()
}

#[test]
fn each_file_stands_in_its_list() {
    let file = |path: &str, content| (path.to_owned(), content);
    let before = manifest([file("gone", "a"), file("kept", "b"), file("other", "c")]);
    let after = manifest([file("kept", "b"), file("new", "d"), file("other", "C")]);
    let changes = Changes::between(&before, &after);
    assert_eq!(changes.lines(), ["  + new", "  ~ other", "  - gone"]);
    assert_eq!(changes.to_string(), "1 added, 1 changed, 1 removed");
}

#[test]
fn many_files_are_counted() {
    let check = |files: usize, lines: usize, last: &str| {
        let before = manifest((0..files).map(|n| (format!("{n:03}"), "x")));
        let after = manifest((0..files).map(|n| (format!("{n:03}"), "y")));
        let listed = Changes::between(&before, &after).lines();
        assert_eq!((listed.len(), listed.last().unwrap().as_str()), (lines, last));
    };
    check(LISTED, LISTED, "  ~ 019");
    check(LISTED + 1, LISTED, "  and 2 more");
    check(100, LISTED, "  and 81 more");
}

#[test]
fn the_first_release_lists_nothing() {
    let changes = Changes::between(&Manifest::default(), &manifest([("new".to_owned(), "x")]));
    assert!(changes.lines().is_empty());
    assert_eq!(changes.to_string(), "the first release");
}
