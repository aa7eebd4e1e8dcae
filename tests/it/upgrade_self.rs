//! `bramble upgrade-self`: another binary is taken into use, or all is as before.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use bramble_tests::{
    Address, Call, Client, Config, Folder, Heirs, Outcome, Program, bramble_binary, processes,
    under_load,
};
use rustix::process::Signal;

/// A route that needs no backend.
const FIXED: &str = "[[route]]\nrespond = { status = 200, body = \"fine\" }";

/// A folder with a binary in it as somebody has installed it, and with another one.
struct Installed {
    folder: Folder,
    addresses: Vec<Address>,
}

impl Installed {
    fn new() -> Self {
        let folder = Folder::empty();
        // Under a name of its own, without a copy where that can be.
        if fs::hard_link(bramble_binary(), folder.join("bramble")).is_err() {
            fs::copy(bramble_binary(), folder.join("bramble")).unwrap();
        }
        Self { folder, addresses: Vec::new() }
    }

    fn place(&self) -> PathBuf {
        self.folder.join("bramble")
    }

    /// Another binary of bramble: one byte longer.
    fn another(&self) -> PathBuf {
        let file = self.folder.join("another");
        fs::copy(bramble_binary(), &file).unwrap();
        OpenOptions::new().append(true).open(&file).unwrap().write_all(b"\n").unwrap();
        file
    }

    /// A service that runs from there.
    fn run(&mut self) -> Program {
        let program = self.start(self.place());
        program.log.expect(" listening ");
        program
    }

    fn start(&mut self, program: impl AsRef<Path>) -> Program {
        let address = Address::free();
        let file = format!("{}.toml", self.addresses.len());
        self.folder.write(&file, Config::of(FIXED).text(address.socket()));
        self.addresses.push(address);
        let mut command = Command::new(program.as_ref());
        command.args(["run", "--config"]).arg(self.folder.join(&file));
        command.env("PATH", self.folder.path());
        Program::start_as(command)
    }

    /// The verb, as somebody calls what is installed there.
    fn upgrade(&self, arguments: &[&str]) -> Outcome {
        Call::of(self.place(), self.folder.path(), &[&["upgrade-self"], arguments].concat()).run()
    }

    fn client(&self, service: usize) -> Client {
        Client::connect(self.addresses[service].socket())
    }

    fn is_intact(&self) {
        assert_eq!(file(&self.place()), file(&bramble_binary()));
        let names = fs::read_dir(self.folder.path()).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let left: Vec<_> =
            names.filter(|name| name.starts_with('.') || name.ends_with(".previous")).collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

/// Which file it is, and how long.
fn file(path: &Path) -> (u64, u64) {
    let about = fs::metadata(path).unwrap();
    (about.ino(), about.len())
}

fn program_of(id: u32) -> (u64, u64) {
    file(Path::new(&format!("/proc/{id}/exe")))
}

#[test]
fn another_binary_takes_over_and_back_and_no_request_is_lost() {
    let mut installed = Installed::new();
    let program = installed.run();
    let old = file(&installed.place());
    let another = installed.another();
    let mut heirs = Heirs::of(&program);
    let arrive = |i| (i, installed.client(0));
    let visit = |(i, client): &mut (usize, Client)| {
        if *i > 1 {
            *client = installed.client(0);
        }
        client.get("/").expect(200).body("fine");
        thread::sleep(Duration::from_micros(500));
    };
    let visits = under_load(4, arrive, visit, || {
        let pid = heirs.newest().to_string();
        let binary = another.to_str().unwrap();
        let outcome = heirs.after(|| installed.upgrade(&["--binary", binary, "--pid", &pid]));
        outcome.expect(0).says("takes over").says(&format!("{} serves", heirs.newest()));
        outcome.says("bramble.previous` goes back");
        let new = program_of(heirs.newest());
        assert_eq!(new, file(&installed.place()));
        assert_eq!(new.1, file(&another).1, "it is the other one");
        let previous = installed.folder.join("bramble.previous");
        assert_eq!(file(&previous), old);
        let (pid, previous) = (heirs.newest().to_string(), previous.to_str().unwrap());
        heirs.after(|| installed.upgrade(&["--binary", previous, "--pid", &pid])).expect(0);
        assert_eq!(program_of(heirs.newest()), file(&installed.place()));
        assert_eq!(file(&installed.place()).1, old.1);
        assert_eq!(file(Path::new(previous)), new);
    });
    assert!(visits > 100, "only {visits} visits");
}

#[test]
fn what_lies_there_by_now_is_taken_by_all_that_run_from_there() {
    let mut installed = Installed::new();
    let (first, second) = (installed.run(), installed.run());
    let another = installed.another();
    fs::rename(another, installed.place()).unwrap();
    let (mut firsts, mut seconds) = (Heirs::of(&first), Heirs::of(&second));
    let outcome = firsts.after(|| seconds.after(|| installed.upgrade(&[])));
    outcome.expect(0).says(&format!("{} serves", seconds.newest()));
    for (service, heirs) in [firsts, seconds].iter().enumerate() {
        assert_eq!(program_of(heirs.newest()), file(&installed.place()));
        installed.client(service).get("/").expect(200);
    }
}

#[test]
fn a_program_that_a_shell_has_found_is_upgraded_too() {
    let mut installed = Installed::new();
    let program = installed.start("bramble");
    program.log.expect(" listening ");
    let another = installed.another();
    let mut heirs = Heirs::of(&program);
    let (binary, pid) = (another.to_str().unwrap(), program.id().to_string());
    heirs.after(|| installed.upgrade(&["--binary", binary, "--pid", &pid])).expect(0);
    assert_eq!(program_of(heirs.newest()).1, file(&another).1);
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
    let mut installed = Installed::new();
    let program = installed.run();
    let pid = program.id().to_string();
    for (binary, why) in unfit(&installed.folder) {
        let outcome = installed.upgrade(&["--binary", binary.to_str().unwrap(), "--pid", &pid]);
        outcome.expect(1).says(why).says("next step");
        installed.is_intact();
    }
    installed.client(0).get("/").expect(200);
    assert!(processes::children(program.id()).is_empty());
}

#[test]
fn when_the_new_one_does_not_come_to_serve_the_file_is_put_back() {
    let mut installed = Installed::new();
    let program = installed.run();
    let another = installed.another();
    installed.folder.write("0.toml", "nonsense = true");
    let pid = program.id().to_string();
    let outcome = installed.upgrade(&["--binary", another.to_str().unwrap(), "--pid", &pid]);
    outcome.expect(1).says("not upgraded").says("ended before it was ready").says("next step");
    installed.is_intact();
    program.log.expect("upgrade refused");
    installed.client(0).get("/").expect(200);
    assert!(processes::children(program.id()).is_empty());
}

#[test]
fn when_one_of_several_refuses_the_others_go_back() {
    let mut installed = Installed::new();
    let (first, second) = (installed.run(), installed.run());
    let another = installed.another();
    installed.folder.write("1.toml", "nonsense = true");
    let mut heirs = Heirs::of(&first);
    let (one, two) = (first.id().to_string(), second.id().to_string());
    let arguments = ["--binary", another.to_str().unwrap(), "--pid", &one, "--pid", &two];
    heirs.after(|| installed.upgrade(&arguments)).expect(1).says("not upgraded");
    installed.is_intact();
    assert_eq!(heirs.all.len(), 2, "to the new one, and back");
    assert_eq!(program_of(heirs.newest()), file(&installed.place()));
    for service in 0..2 {
        installed.client(service).get("/").expect(200);
    }
}

#[test]
fn a_process_that_has_ended_can_t_be_asked() {
    let mut installed = Installed::new();
    let mut program = installed.run();
    program.signal(Signal::TERM);
    program.wait();
    let pid = program.id().to_string();
    installed.upgrade(&["--pid", &pid]).expect(1).says("can't be asked").says("next step");
    installed.upgrade(&[]).expect(1).says("nothing runs from").says("next step");
}

#[test]
fn nobody_else_is_heard() {
    let me = rustix::process::geteuid();
    if !me.is_root() {
        // Then there is nobody else whom this scenario could be.
        return;
    }
    let mut installed = Installed::new();
    let program = installed.run();
    let pid = program.id().to_string();
    let open = fs::Permissions::from_mode(0o755);
    fs::set_permissions(installed.folder.path(), open).unwrap();
    let stranger =
        Call::of(installed.place(), installed.folder.path(), &["upgrade-self", "--pid", &pid]);
    stranger.as_user(65_534).run().expect(1).says("can't be asked");
    assert_eq!(program.log.count("the new process accepts"), 0);
    installed.client(0).get("/").expect(200);
}
