use super::*;

#[test]
fn a_second_agent_is_told_who_has_the_folder() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let first = Lock::take(&data).unwrap();
    let error = Lock::take(&data).unwrap_err().to_string();
    assert!(error.contains(&format!("in use by process {}", std::process::id())), "{error}");
    drop(first);
    Lock::take(&data).unwrap();
}
