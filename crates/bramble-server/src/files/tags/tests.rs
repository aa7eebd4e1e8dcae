use std::fs::File;
use std::os::fd::AsFd;

use tempfile::NamedTempFile;

use super::*;

fn file(content: &[u8]) -> (NamedTempFile, File, Identity) {
    let named = NamedTempFile::new().unwrap();
    std::fs::write(named.path(), content).unwrap();
    let file = named.reopen().unwrap();
    let identity = Identity::of(&rustix::fs::fstat(&file).unwrap());
    (named, file, identity)
}

#[tokio::test]
async fn a_tag_is_the_content_s_hash() {
    let content = vec![7; 3 << 20];
    let (_named, file, identity) = file(&content);
    let tag = Tags::default().of(file.as_fd(), identity).await.unwrap();
    assert_eq!(tag, etag(&blake3::hash(&content)));
}

#[tokio::test]
async fn a_file_is_read_once_for_all_who_ask() {
    let (_named, file, identity) = file(&vec![1; 2 << 20]);
    let tags = Tags::default();
    // The descriptors share one offset: a second reading would find nothing, and another hash.
    let (a, b) = tokio::join!(tags.of(file.as_fd(), identity), tags.of(file.as_fd(), identity));
    let c = tags.of(file.as_fd(), identity).await.unwrap();
    assert_eq!((a.unwrap(), b.unwrap()), (c.clone(), c));
}

#[tokio::test]
async fn one_that_leaves_lets_the_next_go_on() {
    let content = vec![3; 2 << 20];
    let (named, file, identity) = file(&content);
    let tags = Tags::default();
    tokio::select! {
        biased;
        // Beside the loop; now and then it is that quick.
        _ = tags.of(file.as_fd(), identity) => {}
        () = std::future::ready(()) => {}
    }
    let again = named.reopen().unwrap();
    let tag = tags.of(again.as_fd(), identity).await.unwrap();
    assert_eq!(tag, etag(&blake3::hash(&content)));
}

#[tokio::test]
async fn no_more_are_remembered_than_the_limit() {
    let (_named, file, identity) = file(b"small");
    let tags = Tags::default();
    for inode in 0..TAGS as u64 + 10 {
        tags.of(file.as_fd(), Identity { inode, ..identity }).await.unwrap();
    }
    assert_eq!(tags.0.borrow().len(), TAGS);
}
