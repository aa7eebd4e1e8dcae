//! The access log and its disk: files that are full, moved, changed or can't be written.

use std::fs;

use bramble_tests::{Address, Bramble, Client, Config, Folder, Program, disk, eventually};
use rustix::process::Signal;

use super::{Place, Record, app};

/// Keeps asking until it is over.
fn ask_until(bramble: &Bramble, mut is_over: impl FnMut() -> bool) -> usize {
    let (mut client, mut asked) = (bramble.client(), 0);
    let long = format!("User-Agent: {}", "x".repeat(900));
    eventually("it is over", || {
        for _ in 0..200 {
            client.get_with("/", &[&long]).expect(200);
        }
        asked += 200;
        is_over()
    });
    asked
}

#[test]
fn a_full_file_is_followed_by_another_and_few_are_kept() {
    let (place, backend) = (Place::new(), app());
    let keys = "max_bytes = 65536\nkeep = 2";
    let mut bramble = Config::balancer(&[&backend]).with(&place.table(keys)).run();
    let names = ["log/access.log", "log/access.log.1", "log/access.log.2", "log/access.log.3"];
    let oldest = || fs::read(place.file(names[2])).ok();
    ask_until(&bramble, || oldest().is_some());
    let before = oldest();
    ask_until(&bramble, || oldest() != before);
    bramble.program().signal(Signal::TERM);
    assert_eq!(bramble.program().wait().code(), Some(0));
    for name in &names[..3] {
        let text = fs::read_to_string(place.file(name)).unwrap();
        assert!(text.len() <= 65_536 && text.lines().all(|line| !Record::read(line).0.is_null()));
    }
    assert!(!place.file(names[3]).exists());
}

#[test]
fn a_stop_writes_what_there_is() {
    let (place, backend) = (Place::new(), app());
    let mut bramble = Config::balancer(&[&backend]).top("threads = 2").with(&place.table("")).run();
    let mut clients: Vec<_> = (0..10).map(|_| bramble.client()).collect();
    for i in 0..100 {
        clients[i % 10].get("/").expect(200);
    }
    bramble.program().signal(Signal::TERM);
    assert_eq!(bramble.program().wait().code(), Some(0));
    let text = fs::read_to_string(place.file("log/access.log")).unwrap();
    assert_eq!(text.lines().count(), 100);
}

#[test]
fn logrotate_takes_the_file_away() {
    let (place, backend) = (Place::new(), app());
    let bramble = Config::balancer(&[&backend]).with(&place.table("")).run();
    bramble.get("/one").expect(200);
    place.lines(1);
    fs::rename(place.file("log/access.log"), place.file("log/old")).unwrap();
    bramble.get("/two").expect(200);
    assert!(place.lines(1)[0].contains("/two"));
    assert!(place.lines_of("log/old", 1)[0].contains("/one"));
}

#[test]
fn a_reload_changes_to_another_file() {
    let (place, other, backend) = (Place::new(), Place::new(), app());
    let config = |place: &Place| Config::balancer(&[&backend]).with(&place.table(""));
    let bramble = config(&place).run();
    let mut kept = bramble.client();
    kept.get("/one").expect(200);
    bramble.reload(&config(&other));
    kept.get("/two").expect(200);
    assert!(place.lines(1)[0].contains("/one") && other.lines(1)[0].contains("/two"));
    bramble.reload(&Config::balancer(&[&backend]));
    kept.get("/three").expect(200);
    bramble.reload(&config(&other));
    kept.get("/four").expect(200);
    assert!(other.lines(2)[1].contains("/four"));
}

#[test]
fn a_file_that_can_not_be_written_is_refused() {
    let (place, backend) = (Place::new(), app());
    let config = Config::balancer(&[&backend]).with(&place.table(""));
    let bramble = config.run();
    let wrong = Config::balancer(&[&backend]).with("[access_log]\npath = \"/proc/none/a.log\"");
    bramble.reload_in_vain(&wrong.text(bramble.address()));
    let log = bramble.log().text();
    assert!(log.contains("can't write the access log /proc/none/a.log: "), "{log}");
    bramble.get("/").expect(200);
    place.lines(1);
}

#[test]
fn a_disk_that_is_always_full_is_in_nobodys_way() {
    let backend = app();
    let table = "[access_log]\npath = \"/dev/full\"\nbuffer_bytes = 65536";
    let mut bramble = Config::balancer(&[&backend]).with(table).run();
    ask_until(&bramble, || bramble.log().count("can't be written") > 0);
    let asked = ask_until(&bramble, || true);
    assert_eq!(bramble.log().count("can't be written"), 1);
    let lost = bramble.stop_and_count("access_log");
    assert!(lost as usize > asked / 2, "{lost} lines were dropped");
    assert_eq!(bramble.program().wait().code(), Some(0));
}

#[test]
fn a_disk_that_is_full_for_a_while_has_whole_lines_before_and_after() {
    let (mount, config) = (Folder::empty(), Folder::empty());
    let (backend, address) = (app(), Address::free());
    let log = mount.join("access.log");
    let table = format!("[access_log]\npath = \"{}\"", log.display());
    config.write("bramble.toml", Config::balancer(&[&backend]).with(&table).text(address.socket()));
    let file = config.join("bramble.toml").display().to_string();
    let command = disk::with_disk(mount.path(), 256, &["run", "--config", &file]);
    let mut program = Program::start_as(command);
    program.log.expect(" listening ");
    let (log, filler) =
        (disk::seen_by(program.id(), &log), disk::seen_by(program.id(), &mount.join("filler")));
    let visit = |n: usize| {
        let mut client = Client::connect(address.socket());
        for _ in 0..n {
            client.get("/").expect(200);
        }
    };
    let text = || fs::read_to_string(&log).unwrap_or_default();
    visit(10);
    eventually("lines", || text().lines().count() == 10);
    disk::fill(&filler);
    eventually("it is full", || {
        visit(50);
        program.log.count("can't be written") == 1
    });
    let before = text();
    fs::remove_file(&filler).unwrap();
    program.log.expect("is written again");
    visit(10);
    eventually("more lines", || text().len() > before.len());
    program.signal(Signal::TERM);
    let seen = text();
    assert!(seen.starts_with(&before), "{seen}");
    seen.lines().for_each(|line| drop(Record::read(line)));
    assert_eq!(program.wait().code(), Some(0));
}
