//! `bramble upgrade-self`: another binary is taken into use, or all is as before.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::Duration;

use bramble_tests::{
    Address, Call, Client, Config, FileId, Folder, Heirs, Installed, Program, bramble_binary,
    eventually, processes, under_load,
};
use rustix::process::Signal;
use serde_json::json;

/// A route that needs no backend.
const FIXED: &str = "[[route]]\nrespond = { status = 200, body = \"fine\" }";

/// Services that run from one file.
struct Services {
    installed: Installed,
    addresses: Vec<Address>,
}

impl Services {
    fn new() -> Self {
        Self { installed: Installed::new(), addresses: Vec::new() }
    }

    fn run(&mut self) -> Program {
        let program = self.start(self.installed.place());
        program.log.expect(" listening ");
        program
    }

    fn start(&mut self, program: impl AsRef<Path>) -> Program {
        let (folder, address) = (&self.installed.folder, Address::free());
        let file = format!("{}.toml", self.addresses.len());
        folder.write(&file, Config::of(FIXED).text(address.socket()));
        self.addresses.push(address);
        let mut command = Command::new(program.as_ref());
        command.args(["run", "--config"]).arg(folder.join(&file));
        command.env("PATH", folder.path());
        Program::start_as(command)
    }

    fn spoil_configuration(&self, service: usize) {
        self.installed.folder.write(&format!("{service}.toml"), "nonsense = true");
    }

    fn client(&self, service: usize) -> Client {
        Client::connect(self.addresses[service].socket())
    }
}

#[test]
fn another_binary_takes_over_and_back_and_no_request_is_lost() {
    let mut services = Services::new();
    let program = services.run();
    let old = FileId::of(&services.installed.place());
    let another = services.installed.another();
    let mut heirs = Heirs::of(&program);
    let arrive = |i| (i, services.client(0));
    let visit = |(i, client): &mut (usize, Client)| {
        if *i > 1 {
            *client = services.client(0);
        }
        client.get("/").expect(200).body("fine");
        thread::sleep(Duration::from_micros(500));
    };
    let visits = under_load(4, arrive, visit, || {
        let pid = heirs.newest().to_string();
        let binary = another.to_str().unwrap();
        let outcome =
            heirs.after(|| services.installed.upgrade(&["--binary", binary, "--pid", &pid]));
        outcome.expect(0).says("takes over").says(&format!("{} serves", heirs.newest()));
        outcome.says("bramble.previous` goes back");
        let new = FileId::run_by(heirs.newest());
        assert_eq!(new, FileId::of(&services.installed.place()));
        assert_eq!(new.bytes, FileId::of(&another).bytes, "it is the other one");
        let previous = services.installed.previous();
        assert_eq!(FileId::of(&previous), old);
        let (pid, previous) = (heirs.newest().to_string(), previous.to_str().unwrap());
        heirs
            .after(|| services.installed.upgrade(&["--binary", previous, "--pid", &pid]))
            .expect(0);
        assert_eq!(FileId::run_by(heirs.newest()), FileId::of(&services.installed.place()));
        assert_eq!(FileId::of(&services.installed.place()).bytes, old.bytes);
        assert_eq!(FileId::of(Path::new(previous)), new);
    });
    assert!(visits > 100, "only {visits} visits");
}

#[test]
fn what_lies_there_by_now_is_taken_by_all_that_run_from_there() {
    let mut services = Services::new();
    let (first, second) = (services.run(), services.run());
    let another = services.installed.another();
    fs::rename(another, services.installed.place()).unwrap();
    let (mut firsts, mut seconds) = (Heirs::of(&first), Heirs::of(&second));
    let outcome = firsts.after(|| seconds.after(|| services.installed.upgrade(&[])));
    outcome.expect(0).says(&format!("{} serves", seconds.newest()));
    for (service, heirs) in [firsts, seconds].iter().enumerate() {
        assert_eq!(FileId::run_by(heirs.newest()), FileId::of(&services.installed.place()));
        services.client(service).get("/").expect(200);
    }
}

#[test]
fn a_program_that_a_shell_has_found_is_upgraded_too() {
    let mut services = Services::new();
    let program = services.start("bramble");
    program.log.expect(" listening ");
    let another = services.installed.another();
    let mut heirs = Heirs::of(&program);
    let (binary, pid) = (another.to_str().unwrap(), program.id().to_string());
    heirs.after(|| services.installed.upgrade(&["--binary", binary, "--pid", &pid])).expect(0);
    assert_eq!(FileId::run_by(heirs.newest()).bytes, FileId::of(&another).bytes);
}

/// Files that are no binary of bramble for this machine, by what is said of them.
fn unfit(folder: &Folder) -> Vec<(PathBuf, &'static str)> {
    let executable = |name: &str, bytes: &[u8]| {
        folder.write(name, bytes);
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(folder.join(name), mode).unwrap();
        folder.join(name)
    };
    let whole = fs::read(bramble_binary()).unwrap();
    let mut foreign = whole[..4096].to_vec();
    foreign[18] ^= 0xff;
    let script = b"#!/bin/sh\necho '{\"version\":\"9.9.9\"}'\n";
    let plain = executable("plain", &whole[..4096]);
    fs::set_permissions(&plain, fs::Permissions::from_mode(0o644)).unwrap();
    vec![
        (folder.join("absent"), "No such file"),
        (folder.path().to_owned(), "no executable file"),
        (plain, "no executable file"),
        (executable("empty", b""), "no program for this machine"),
        (executable("script", script), "no program for this machine"),
        (executable("foreign", &foreign), "no program for this machine"),
        // A download that was cut off.
        (executable("half", &whole[..whole.len() / 8]), "can't be taken into use"),
        (PathBuf::from("/bin/echo"), "does not say a version of bramble"),
        (PathBuf::from("/bin/false"), "does not say a version of bramble"),
    ]
}

#[test]
fn a_file_that_is_no_bramble_changes_nothing() {
    let mut services = Services::new();
    let program = services.run();
    let pid = program.id().to_string();
    for (binary, why) in unfit(&services.installed.folder) {
        let outcome =
            services.installed.upgrade(&["--binary", binary.to_str().unwrap(), "--pid", &pid]);
        outcome.expect(1).says(why).says("next step");
        services.installed.expect_intact();
    }
    services.client(0).get("/").expect(200);
    assert!(processes::children(program.id()).is_empty());
}

#[test]
fn when_the_new_one_does_not_come_to_serve_the_file_is_put_back() {
    let mut services = Services::new();
    let program = services.run();
    let another = services.installed.another();
    services.spoil_configuration(0);
    let pid = program.id().to_string();
    let outcome =
        services.installed.upgrade(&["--binary", another.to_str().unwrap(), "--pid", &pid]);
    outcome.expect(1).says("not upgraded").says("ended before it was ready").says("next step");
    services.installed.expect_intact();
    program.log.expect("upgrade refused");
    services.client(0).get("/").expect(200);
    assert!(processes::children(program.id()).is_empty());
}

#[test]
fn when_one_of_several_refuses_the_others_go_back() {
    let mut services = Services::new();
    let (first, second) = (services.run(), services.run());
    let another = services.installed.another();
    services.spoil_configuration(1);
    let mut heirs = Heirs::of(&first);
    let (one, two) = (first.id().to_string(), second.id().to_string());
    let arguments = ["--binary", another.to_str().unwrap(), "--pid", &one, "--pid", &two];
    let upgrade = || {
        let outcome = services.installed.upgrade(&arguments);
        // The one that goes back says so when it has.
        let accepts = || first.log.count("the new process accepts");
        eventually("the first is back", || accepts() == 2);
        outcome
    };
    heirs.after(upgrade).expect(1).says("not upgraded");
    services.installed.expect_intact();
    assert_eq!(heirs.all.len(), 2, "to the new one, and back");
    assert_eq!(FileId::run_by(heirs.newest()), FileId::of(&services.installed.place()));
    for service in 0..2 {
        services.client(service).get("/").expect(200);
    }
}

#[test]
fn a_process_that_has_ended_can_t_be_asked() {
    let mut services = Services::new();
    let mut program = services.run();
    program.signal(Signal::TERM);
    program.wait();
    let pid = program.id().to_string();
    services.installed.upgrade(&["--pid", &pid]).expect(1).says("can't be asked").says("next step");
    services.installed.upgrade(&[]).expect(1).says("nothing runs from").says("next step");
}

#[test]
fn who_says_nothing_keeps_nobody_waiting() {
    let mut services = Services::new();
    let program = services.run();
    let pid = program.id().to_string();
    let address = SocketAddr::from_abstract_name(format!("bramble-upgrade-{pid}")).unwrap();
    // One after the other they would have 5 s each.
    let _silent = [(); 3].map(|()| UnixStream::connect_addr(&address).unwrap());
    let mut heirs = Heirs::of(&program);
    heirs.after(|| services.installed.upgrade(&["--pid", &pid, "--pid", &pid])).expect(0);
    services.client(0).get("/").expect(200);
}

/// Somebody who is neither root nor whoever runs the tests.
const STRANGER: u32 = 65_534;

#[track_caller]
fn expect_root() {
    let is_root = rustix::process::geteuid().is_root();
    assert!(
        is_root,
        "without root there is nobody else whom this scenario could be: run it as root"
    );
}

#[test]
fn nobody_else_is_heard() {
    expect_root();
    let mut services = Services::new();
    let program = services.run();
    let pid = program.id().to_string();
    let open = fs::Permissions::from_mode(0o755);
    fs::set_permissions(services.installed.folder.path(), open).unwrap();
    let stranger = Call::of(
        services.installed.place(),
        services.installed.folder.path(),
        &["upgrade-self", "--pid", &pid],
    );
    stranger.as_user(STRANGER).run().expect(1).says("can't be asked");
    assert_eq!(program.log.count("the new process accepts"), 0);
    services.client(0).get("/").expect(200);
}

/// Listens as somebody else, under the id of this process, and names a file to all who ask; it
/// refuses to make way. What it was asked comes out.
fn listen_as_stranger(names: &'static Mutex<PathBuf>) -> mpsc::Receiver<String> {
    let (asked, questions) = mpsc::channel();
    let (ready, is_ready) = mpsc::channel();
    thread::spawn(move || {
        // Of this thread alone.
        let stranger = rustix::process::Uid::from_raw(STRANGER);
        rustix::thread::set_thread_res_uid(stranger, stranger, stranger).unwrap();
        let name = format!("bramble-upgrade-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(name).unwrap();
        let listener = UnixListener::bind_addr(&address).unwrap();
        ready.send(()).unwrap();
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let mut question = String::new();
            // Also whoever only looks who this is.
            stream.read_line(&mut question).unwrap_or_default();
            let answer = match question.trim() {
                "\"program\"" => {
                    json!({ "program": { "file": *names.lock().unwrap(), "version": "" } })
                }
                _ => json!({ "refused": { "why": "no", "is_mixed": false } }),
            };
            let _ = writeln!(stream.get_mut(), "{answer}");
            if !question.is_empty() && asked.send(question).is_err() {
                return;
            }
        }
    });
    is_ready.recv().unwrap();
    questions
}

#[test]
fn a_stranger_who_listens_chooses_nothing() {
    static NAMED: Mutex<PathBuf> = Mutex::new(PathBuf::new());
    expect_root();
    let mut services = Services::new();
    let program = services.run();
    let another = services.installed.another();
    *NAMED.lock().unwrap() = services.installed.place();
    let questions = listen_as_stranger(&NAMED);
    let me = std::process::id().to_string();
    // What root alone may write is not overwritten at his word.
    let binary = another.to_str().unwrap();
    let outcome = services.installed.upgrade(&["--binary", binary, "--pid", &me]);
    outcome.expect(1).says("says that it runs from there, but does not");
    services.installed.expect_intact();
    // What he may write is neither overwritten nor run.
    let his = services.installed.folder.join("his");
    fs::copy(&another, &his).unwrap();
    chown(&his, Some(STRANGER), None).unwrap();
    *NAMED.lock().unwrap() = his;
    for arguments in [&["--binary", binary, "--pid", &me][..], &["--pid", &me]] {
        let outcome = services.installed.upgrade(arguments);
        outcome.expect(1).says("others can change it").says("next step");
    }
    assert_eq!(questions.try_iter().filter(|question| question.contains("upgrade")).count(), 0);
    // Where nobody is named he is not asked at all.
    *NAMED.lock().unwrap() = services.installed.place();
    let mut heirs = Heirs::of(&program);
    heirs.after(|| services.installed.upgrade(&["--binary", binary])).expect(0);
    assert_eq!(questions.try_iter().count(), 0);
    assert_eq!(FileId::run_by(heirs.newest()), FileId::of(&services.installed.place()));
}
