//! What another user, or nobody but root, may do: refused in words, and nothing is half-done.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use bramble_tests::{Call, Cluster, Config, Folder, Outcome, bramble_binary};

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Whom no privilege helps: `nobody`, where we are root.
struct User {
    id: u32,
    /// The program, where everybody can reach it.
    program: Folder,
}

impl User {
    fn new() -> Self {
        let me = rustix::process::geteuid();
        let program = Folder::empty();
        fs::copy(bramble_binary(), program.join("bramble")).unwrap();
        set_mode(program.path(), 0o755);
        Self { id: if me.is_root() { 65_534 } else { me.as_raw() }, program }
    }

    fn call(&self, folder: &Folder, arguments: &[&str]) -> Outcome {
        Call::of(self.program.join("bramble"), folder.path(), arguments).as_user(self.id).run()
    }
}

#[test]
fn a_data_folder_that_may_not_be_written_is_named() {
    let cluster = Cluster::up();
    let ticket = cluster.ticket(&[]);
    let (user, folder) = (User::new(), Folder::empty());
    set_mode(folder.path(), 0o555);
    for call in [&["up", "--listen", "127.0.0.1:0"][..], &["join", &ticket, "--name", "second"]] {
        let outcome = user.call(&folder, &[call, &["--data", "node"]].concat());
        outcome.expect(1).says("the data folder node can't be used").says("Permission denied");
        outcome.says("next step: ").says("--data DIR");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    assert!(cluster.node("second").is_none());
    let _second = cluster.join_with(&ticket, "second");
}

#[test]
fn ports_below_1024_are_roots() {
    let first = fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start").unwrap();
    assert!(first.trim() == "1024", "this machine's ports are everybody's from {first}");
    let user = User::new();
    let folder = Folder::with(&[("site/index.html", "home")]);
    let text = Config::files(&folder, "").text("127.0.0.1:81".parse().unwrap());
    folder.write("bramble.toml", text.replace(folder.path().to_str().unwrap(), "site"));
    set_mode(folder.path(), 0o777);
    let up = user.call(&folder, &["up", "--data", "node", "--listen", "127.0.0.1:81"]);
    up.expect(1).says("can't listen on 127.0.0.1:81").says("below 1024").says("--listen ADDR");
    assert!(!folder.join("node").exists());
    let run = user.call(&folder, &["run", "--config", "bramble.toml"]);
    run.expect(1).says("can't listen on 127.0.0.1:81").says("below 1024").says("bramble.toml");
}

#[test]
fn a_cluster_obeys_its_owner_alone() {
    let cluster = Cluster::up();
    let run = cluster.first.data().join("run");
    // Also where the user of the scenario is the owner.
    set_mode(&run, 0o000);
    let (data, here) = (cluster.first.data().to_str().unwrap(), Folder::empty());
    let user = User::new();
    set_mode(here.path(), 0o755);
    for call in [&["status"][..], &["invite"], &["node", "drain", "first", "--force"]] {
        let outcome = user.call(&here, &[call, &["--data", data]].concat());
        outcome.expect(4).says("ermission denied").says("as the owner of ");
    }
    set_mode(&run, 0o700);
    assert_eq!(cluster.node("first").unwrap()["state"], "enabled");
}

/// The owner of everything here, without root's right to read whatever there is.
fn publish(cluster: &Cluster, folder: &Folder) -> Call {
    let (data, site) = (cluster.first.data().to_str().unwrap(), folder.path().to_str().unwrap());
    let arguments = ["publish", site, "--site", "default", "--data", data];
    if !rustix::process::geteuid().is_root() {
        return Call::new(folder.path(), &arguments);
    }
    let binary = bramble_binary().display().to_string();
    let less = ["--bounding-set", "-dac_override,-dac_read_search", &binary];
    Call::of("setpriv", Path::new("/"), &[&less[..], &arguments].concat())
}

#[test]
fn what_can_not_be_read_is_named_and_not_left_out() {
    let cluster = Cluster::up();
    cluster.publish(&Folder::with(&[("index.html", "one")])).expect(0);
    for closed in ["more/secret.html", "more", "."] {
        let folder = Folder::with(&[("index.html", "two"), ("more/secret.html", "secret")]);
        let path = folder.join(closed);
        set_mode(&path, 0o000);
        let outcome = publish(&cluster, &folder).run();
        set_mode(&path, 0o700);
        outcome.expect(1).says(closed.trim_end_matches('.')).says("Permission denied");
        outcome.says("next step: ");
        cluster.get("/").expect(200).body("one");
    }
}
