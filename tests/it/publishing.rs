//! From a folder to what visitors see, and back.

use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::thread;

use bramble_tests::{Client, Cluster, Folder, Program, eventually, processes, under_load};
use rustix::process::Signal;

fn release(text: &str) -> Folder {
    Folder::with(&[("index.html", text), ("more/index.html", text), (".draft", "hidden")])
}

#[test]
fn a_site_is_published_changed_and_rolled_back() {
    let cluster = Cluster::up();
    cluster.get("/").expect(503).has("Content-Type", "text/plain; charset=utf-8");
    cluster.publish(&release("one")).expect(0).says("first release");
    cluster.get("/").expect(200).body("one");
    cluster.publish(&release("two")).expect(0).says("~ index.html");
    cluster.get("/more/").expect(200).body("two");
    cluster.call(&["rollback", "--site", "default"]).expect(0);
    cluster.get("/").expect(200).body("one");
    let kept = cluster.status()["sites"][0]["release"].as_str().unwrap().to_owned();
    cluster.publish(&release("three")).expect(0);
    cluster.call(&["rollback", "--site", "default", "--to", &kept[..12]]).expect(0);
    cluster.get("/").expect(200).body("one");
    cluster.get("/.draft").expect(404);
}

#[test]
fn each_rollback_goes_further_back() {
    let cluster = Cluster::up();
    for text in ["one", "two", "three"] {
        cluster.publish(&release(text)).expect(0);
    }
    for text in ["two", "one"] {
        cluster.call(&["rollback", "--site", "default"]).expect(0);
        cluster.get("/").expect(200).body(text);
    }
    cluster.call(&["rollback", "--site", "default"]).expect(3).says("next step");
    cluster.get("/").expect(200).body("one");
}

#[test]
fn what_is_published_already_changes_nothing() {
    let cluster = Cluster::up();
    cluster.publish(&release("one")).expect(0);
    let revision = cluster.status()["revision"].clone();
    cluster.publish(&release("one")).expect(0).says("nothing changed");
    assert_eq!(cluster.status()["revision"], revision);
}

#[test]
fn from_one_moment_to_the_next_all_visitors_see_the_new_release() {
    let cluster = Cluster::up();
    let _second = cluster.join("second");
    cluster.publish(&release("1")).expect(0);
    cluster.wait_until_serving(&["first", "second"]);
    let visit = |(client, seen): &mut (Client, u32)| {
        for path in ["/", "/more/"] {
            let now: u32 = client.get(path).expect(200).text().parse().unwrap();
            assert!(now >= *seen, "{path} showed release {now} after {seen}");
            *seen = now;
        }
    };
    let visits = under_load(
        4,
        |_| (cluster.client(), 1),
        visit,
        || {
            for n in 2..=6 {
                cluster.publish(&release(&n.to_string())).expect(0);
                // Whoever comes now comes after the flip.
                cluster.get("/").expect(200).body(n.to_string());
            }
        },
    );
    assert!(visits > 100, "only {visits} visits");
}

#[test]
fn a_folder_that_vanishes_meanwhile_publishes_nothing() {
    let cluster = Cluster::up();
    cluster.publish(&release("one")).expect(0);
    let folder = Folder::with(&[("z.html", "last")]);
    let large = File::create(folder.join("a.bin")).unwrap();
    large.set_len(1 << 29).unwrap();
    let mut publisher = publisher(&cluster, &folder);
    eventually("it reads the large file", || reads(publisher.id(), "a.bin"));
    std::fs::remove_dir_all(folder.path()).unwrap();
    assert_eq!(publisher.wait().code(), Some(1), "{}", publisher.log.text());
    publisher.log.expect(folder.path().to_str().unwrap());
    cluster.get("/").expect(200).body("one");
    cluster.publish(&release("two")).expect(0);
    cluster.get("/").expect(200).body("two");
}

/// Publishes a folder that is changed after it was scanned and before it is sent.
#[track_caller]
fn change_before_it_is_sent(change: impl FnOnce(&Folder), why: &str) {
    let cluster = Cluster::up();
    cluster.publish(&release("one")).expect(0);
    let index = cluster.first.data().join("publish-index/default");
    let scanned = || std::fs::metadata(&index).unwrap().ino();
    let before = scanned();
    let folder = Folder::with(&[("index.html", "two"), ("small.html", "small")]);
    File::create(folder.join("a.bin")).unwrap().set_len(1 << 29).unwrap();
    let mut publisher = publisher(&cluster, &folder);
    // By then it has asked the manager for what is there; it can't tell it what is new.
    eventually("it reads the large file", || reads(publisher.id(), "a.bin"));
    let manager = cluster.first.role("manager").unwrap();
    processes::signal(manager, Signal::STOP);
    eventually("it has scanned", || scanned() != before);
    change(&folder);
    processes::signal(manager, Signal::CONT);
    assert_eq!(publisher.wait().code(), Some(1), "{}", publisher.log.text());
    publisher.log.expect("small.html can't be sent: ");
    publisher.log.expect(why);
    publisher.log.expect("next step: ");
    cluster.get("/").expect(200).body("one");
    cluster.publish(&release("two")).expect(0);
    cluster.get("/").expect(200).body("two");
}

#[test]
fn a_file_that_changes_before_it_is_sent_publishes_nothing() {
    let change = |folder: &Folder| folder.write("small.html", "other");
    change_before_it_is_sent(change, "it changed since the folder was read; nothing was published");
}

#[test]
fn a_file_that_vanishes_before_it_is_sent_publishes_nothing() {
    let change = |folder: &Folder| folder.remove("small.html");
    change_before_it_is_sent(change, "No such file");
}

#[test]
fn a_manager_that_dies_while_it_is_sent_files_publishes_nothing() {
    let mut cluster = Cluster::up();
    cluster.publish(&release("one")).expect(0);
    let folder = release("two");
    File::create(folder.join("a.bin")).unwrap().set_len(1 << 29).unwrap();
    let mut publisher = publisher(&cluster, &folder);
    let manager = cluster.first.role("manager").unwrap();
    let takes = || open_files(manager).iter().any(|file| file.contains("/manager/content/"));
    eventually("the manager takes it", takes);
    // So that it stays dead for as long as it takes to see that.
    cluster.first.program().signal(Signal::STOP);
    processes::signal(manager, Signal::KILL);
    let code = publisher.wait().code();
    cluster.first.program().signal(Signal::CONT);
    assert_eq!(code, Some(4), "{}", publisher.log.text());
    publisher.log.expect("nothing was published: publish again");
    cluster.get("/").expect(200).body("one");
    folder.remove("a.bin");
    eventually("it can be published", || cluster.publish(&folder).code == Some(0));
    cluster.get("/").expect(200).body("two");
}

fn publisher(cluster: &Cluster, folder: &Folder) -> Program {
    let (data, path) = (cluster.first.data().to_str().unwrap(), folder.path().to_str().unwrap());
    Program::start(&["publish", "--site", "default", path, "--data", data])
}

fn reads(process: u32, file: &str) -> bool {
    open_files(process).iter().any(|open| open.ends_with(file))
}

fn open_files(process: u32) -> Vec<String> {
    let Ok(open) = std::fs::read_dir(format!("/proc/{process}/fd")) else { return Vec::new() };
    let links = open.filter_map(|fd| std::fs::read_link(fd.ok()?.path()).ok());
    links.map(|link| link.display().to_string()).collect()
}

#[test]
fn a_publisher_that_is_killed_leaves_the_site_whole() {
    let cluster = Cluster::up();
    cluster.publish(&release("one")).expect(0);
    let next = release("two");
    next.write("large.bin", vec![b'x'; 20 << 20]);
    for after_ms in [20, 40, 60, 80, 120] {
        let mut publisher = publisher(&cluster, &next);
        thread::sleep(std::time::Duration::from_millis(after_ms));
        publisher.signal(Signal::KILL);
        publisher.wait();
        // The old one without the large file or the new one with it, never a mixture.
        let has_large = cluster.get("/large.bin").status == 200;
        let shown = cluster.get("/").expect(200).text();
        assert!(shown == "two" || shown == "one" && !has_large, "{shown}, large: {has_large}");
    }
    // What the dead one began may still be going on.
    eventually("it can be published", || cluster.publish(&next).code == Some(0));
    cluster.get("/").expect(200).body("two");
    cluster.get("/large.bin").expect(200);
}

#[test]
fn a_large_release_arrives_whole_on_every_node() {
    let cluster = Cluster::up();
    let second = cluster.join("second");
    let folder = Folder::with(&[("index.html", "home")]);
    let large: Vec<u8> = (0..30 << 20).map(|i: u32| (i ^ (i >> 9)) as u8).collect();
    folder.write("large.bin", &large);
    (0..300).for_each(|i| folder.write(&format!("pages/{i}.html"), format!("page {i}")));
    cluster.publish(&folder).expect(0);
    cluster.wait_until_serving(&["first", "second"]);
    for _ in 0..2 {
        assert!(cluster.get("/large.bin").expect(200).bytes() == large);
    }
    let mut client = cluster.client();
    for i in 0..300 {
        client.get(&format!("/pages/{i}.html")).expect(200).body(format!("page {i}"));
    }
    drop(second);
}
