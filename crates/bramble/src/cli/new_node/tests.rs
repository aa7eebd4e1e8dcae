use std::fs;

use super::NewNode;

#[test]
fn a_new_folder_goes_away_unless_it_became_a_node() {
    let tmp = tempfile::tempdir().unwrap();
    let dir = tmp.path().join("node");
    let new = NewNode::claim(&dir).unwrap();
    fs::create_dir(dir.join("identity")).unwrap();
    drop(new);
    assert!(!dir.exists());
    NewNode::claim(&dir).unwrap().keep();
    assert!(dir.exists());
}

#[test]
fn an_empty_folder_is_left_as_it_was() {
    let tmp = tempfile::tempdir().unwrap();
    let new = NewNode::claim(tmp.path()).unwrap();
    fs::create_dir(tmp.path().join("identity")).unwrap();
    fs::write(tmp.path().join("identity/key.pem"), "key").unwrap();
    drop(new);
    assert_eq!(fs::read_dir(tmp.path()).unwrap().count(), 0);
}

#[test]
fn a_key_that_a_manager_may_know_stays_for_another_try() {
    let tmp = tempfile::tempdir().unwrap();
    let dir = tmp.path().join("node");
    NewNode::claim(&dir).unwrap().keep_key();
    assert!(!dir.exists(), "there is no key");
    let new = NewNode::claim(&dir).unwrap();
    fs::create_dir(dir.join("identity")).unwrap();
    fs::write(dir.join("identity/key.pem"), "key").unwrap();
    fs::write(dir.join("node.json"), "{}").unwrap();
    new.keep_key();
    assert!(dir.join("identity/key.pem").exists() && !dir.join("node.json").exists());
    NewNode::claim(&dir).unwrap().keep();
}

#[test]
fn a_folder_with_something_else_is_refused_and_left_alone() {
    let tmp = tempfile::tempdir().unwrap();
    fs::write(tmp.path().join("thesis.txt"), "text").unwrap();
    assert!(NewNode::claim(tmp.path()).is_err());
    assert_eq!(fs::read_dir(tmp.path()).unwrap().count(), 1);
}

#[test]
fn what_was_there_before_is_never_removed() {
    let tmp = tempfile::tempdir().unwrap();
    fs::write(tmp.path().join("lock"), "").unwrap();
    fs::write(tmp.path().join("thesis.txt"), "text").unwrap();
    drop(NewNode::claim(tmp.path()).unwrap());
    assert!(tmp.path().join("thesis.txt").exists());
}

#[test]
fn a_folder_is_one_process_s() {
    let tmp = tempfile::tempdir().unwrap();
    let first = NewNode::claim(tmp.path()).unwrap();
    let second = NewNode::claim(tmp.path()).unwrap_err();
    assert!(format!("{second:?}").contains("is in use by process"));
    drop(first);
}

#[test]
fn a_path_that_no_socket_could_have_is_refused() {
    let tmp = tempfile::tempdir().unwrap();
    let dir = tmp.path().join("x".repeat(90));
    let refused = NewNode::claim(&dir).unwrap_err();
    assert!(format!("{refused:?}").contains("86 bytes"), "{refused:?}");
    assert!(!dir.exists());
}
