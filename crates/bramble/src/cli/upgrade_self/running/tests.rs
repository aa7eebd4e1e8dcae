use super::*;

#[test]
fn sockets_are_known_by_their_names() {
    let line = |name: &str| format!("0000000000000000: 00000002 00000000 00010000 0001 01 7{name}");
    for (name, pid) in [
        (" @bramble-upgrade-12", Some(12)),
        (" @bramble-upgrade-", None),
        (" @bramble-upgrade-1x", None),
        (" @bramble-upgrade-99999999999", None),
        (" @another-12", None),
        (" /tmp/bramble-upgrade-12", None),
        ("", None),
    ] {
        assert_eq!(pid_of(&line(name)), pid, "{name}");
    }
}

#[test]
fn processes_of_several_files_are_not_upgraded_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let running = |pid, name: &str| {
        let file = folder.path().join(name);
        fs::write(&file, "").unwrap();
        Running { pid, file, user: 0 }
    };
    let same = [running(1, "a"), running(2, "a")];
    assert_eq!(place(&same).unwrap(), fs::canonicalize(&same[0].file).unwrap());
    assert!(place(&[running(1, "a"), running(2, "b")]).is_err());
}

#[test]
fn a_process_that_does_not_listen_is_named() {
    let failure = Running::find(std::process::id()).unwrap_err();
    assert!(format!("{failure:?}").contains("can't be asked"), "{failure:?}");
}
