//! Disks without room: what can't be done is said, nothing is half-done, and visitors are served.

use bramble_tests::{Call, Cluster, Folder, Outcome, disk, eventually};

fn home(text: &str) -> Folder {
    Folder::with(&[("index.html", text)])
}

#[track_caller]
fn expect_full(outcome: &Outcome) {
    outcome.expect(1).says("disk is full").says("make room");
}

#[test]
fn a_managers_disk_that_is_full_changes_nothing_until_there_is_room() {
    let cluster = Cluster::on_disk(24 << 10);
    cluster.publish(&home("one")).expect(0);
    let filler = cluster.first.data().join("filler");
    disk::fill(&filler);
    expect_full(&cluster.publish(&home("two")));
    cluster.get("/").expect(200).body("one");
    cluster.call(&["status"]).expect(0);
    std::fs::remove_file(&filler).unwrap();
    eventually("it can be published", || cluster.publish(&home("two")).code == Some(0));
    cluster.get("/").expect(200).body("two");
}

#[test]
fn a_file_that_the_managers_disk_can_not_hold_is_not_published() {
    let cluster = Cluster::on_disk(24 << 10);
    cluster.publish(&home("one")).expect(0);
    let folder = home("two");
    folder.write("large.bin", vec![b'x'; 40 << 20]);
    expect_full(&cluster.publish(&folder));
    cluster.get("/").expect(200).body("one");
    cluster.get("/large.bin").expect(404);
    // What came of it takes no room any more.
    folder.write("large.bin", vec![b'x'; 5 << 20]);
    cluster.publish(&folder).expect(0);
    cluster.get("/").expect(200).body("two");
}

#[test]
fn a_node_can_not_join_onto_a_full_disk_and_its_ticket_stays_good() {
    let cluster = Cluster::up();
    let ticket = cluster.ticket(&[]);
    let folder = Folder::empty();
    let (mount, data) = (folder.path(), folder.join("node"));
    let join = ["join", &ticket, "--name", "second", "--data", data.to_str().unwrap()];
    let outcome = Call::from(disk::with_disk_listed(mount, 4, &join)).run();
    expect_full(&outcome);
    assert!(!outcome.output.contains("left: "), "{outcome:#?}");
    assert!(cluster.node("second").is_none());
    let _second = cluster.join_with(&ticket, "second");
}

#[test]
fn a_join_that_a_full_disk_cuts_off_keeps_at_most_its_identity() {
    let cluster = Cluster::up();
    for kib in [8, 12, 16] {
        let folder = Folder::empty();
        let (mount, data) = (folder.path(), folder.join("node"));
        let ticket = cluster.ticket(&[]);
        let join = ["join", &ticket, "--data", data.to_str().unwrap()];
        let outcome = Call::from(disk::with_disk_listed(mount, kib, &join)).run();
        expect_full(&outcome);
        let left = outcome.output.lines().filter_map(|line| line.strip_prefix("left: "));
        // The ticket may be used up by now: with this key it is good once more.
        let identity = ["/key.pem", "/ca.pem", "/cert.pem"].map(|file| format!("/identity{file}"));
        let kept = ["", "/lock", "/identity"].map(str::to_owned).into_iter().chain(identity);
        let kept: Vec<_> = kept.map(|path| format!("{}{path}", data.display())).collect();
        let more: Vec<_> = left.filter(|path| !kept.iter().any(|kept| kept == path)).collect();
        assert!(more.is_empty(), "{kib} KiB: {more:?}");
    }
}

#[test]
fn a_cluster_can_not_be_made_on_a_full_disk() {
    for kib in [4, 8, 16, 32, 64] {
        let folder = Folder::empty();
        let (mount, data) = (folder.path(), folder.join("node"));
        let up = ["up", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()];
        let outcome = Call::from(disk::with_disk_listed(mount, kib, &up)).run();
        outcome.expect(1).says("next step: make room");
        let causes = ["disk is full", "No space left", "no room left"];
        let is_told = causes.iter().any(|cause| outcome.complaint.contains(cause));
        assert!(is_told, "{kib} KiB: {outcome:#?}");
        assert!(!outcome.output.contains("left: "), "{kib} KiB: {outcome:#?}");
    }
}
