use super::*;

fn at(modified_ns: i128) -> Identity {
    Identity { device: 1, inode: 2, size: 3, modified_ns, changed_ns: 0 }
}

#[test]
fn a_date_is_known_once_its_second_is_over() {
    let identity = at(10_999_999_999);
    assert_eq!(identity.modified_unix_s(9), None);
    assert_eq!(identity.modified_unix_s(10), None);
    assert_eq!(identity.modified_unix_s(11), Some(10));
    assert_eq!(at(-1).modified_unix_s(11), None);
}

#[test]
fn another_link_is_no_change() {
    let linked = Identity { changed_ns: 7, ..at(5) };
    assert!(linked.has_content_of(&at(5)) && linked != at(5));
    assert!(!at(6).has_content_of(&at(5)));
}

#[test]
fn a_file_that_changes_while_it_is_read_is_an_error() {
    let named = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(named.path(), "content").unwrap();
    let file = || OwnedFd::from(named.reopen().unwrap());
    let identity = Identity::of(&rustix::fs::fstat(file()).unwrap());
    assert_eq!(read(&file(), identity).unwrap(), b"content");
    for other in [Identity { size: 6, ..identity }, Identity { modified_ns: 0, ..identity }] {
        assert_eq!(read(&file(), other).unwrap_err().kind(), io::ErrorKind::Interrupted);
    }
}
