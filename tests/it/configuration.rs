//! Files that become the cluster's configuration, or are refused with their place.

use bramble_tests::{Address, Client, Cluster, Folder, bramble, eventually};

/// Redirects `/old` there.
fn redirect(location: &str) -> String {
    format!(
        "[[route]]\npath_prefix = \"/old\"\n\
         redirect = {{ status = 302, location = \"{location}\" }}\n"
    )
}

#[test]
fn a_file_is_applied_after_it_was_shown() {
    let cluster = Cluster::up();
    cluster.publish(&Folder::with(&[("index.html", "home")])).expect(0);
    let second = Address::free();
    let more = format!("[[listener]]\nname = \"second\"\naddress = \"{}\"", second.socket());
    cluster.configure(&more);
    let file = cluster.file();
    cluster.call(&["apply", &file, "--dry-run"]).expect(0).says("second");
    assert!(std::net::TcpStream::connect(second.socket()).is_err(), "a dry run changed something");
    cluster.call(&["apply", &file]).expect(0).says("second");
    let listens = || std::net::TcpStream::connect(second.socket()).is_ok();
    eventually("the new listener", listens);
    Client::connect(second.socket()).get("/").expect(200).body("home");
    cluster.get("/").expect(200).body("home");
}

#[test]
fn what_a_file_takes_from_visitors_is_said_before_it_is_applied() {
    let cluster = Cluster::up();
    for text in ["one", "two"] {
        cluster.publish(&Folder::with(&[("index.html", text)])).expect(0);
    }
    cluster.configure("");
    let file = cluster.file();
    let renamed = std::fs::read_to_string(&file).unwrap().replace("\"default\"", "\"other\"");
    std::fs::write(&file, renamed).unwrap();
    let shown = cluster.call(&["apply", &file, "--dry-run"]);
    shown.expect(0).says("site default: removed").says("visitors no longer get its release");
    shown.says("1 older ones are removed for good");
    cluster.get("/").expect(200).body("two");
}

#[test]
fn a_faulty_file_is_refused_with_its_place() {
    let cluster = Cluster::with_file("");
    cluster.publish(&Folder::with(&[("index.html", "home")])).expect(0);
    cluster.configure("[[listener]]\nname = \"b\"\nadress = 1\n");
    let file = cluster.file();
    for verb in ["check", "apply"] {
        let mut arguments = vec![verb, &file[..]];
        let data = cluster.first.data().to_str().unwrap();
        if verb == "apply" {
            arguments.extend(["--data", data]);
        }
        let outcome = bramble(cluster.folder().path(), &arguments);
        outcome.expect(2).says("cluster.toml:8:1: error: ").says("^^^^^^").says("`address`");
    }
    // Not by the revision, which a node's first report changes, too.
    cluster.configure("");
    cluster.call(&["apply", &file, "--dry-run"]).expect(0).says("nothing to change");
    cluster.get("/").expect(200).body("home");
}

#[test]
fn the_file_of_the_first_start_is_read_again() {
    let cluster = Cluster::with_file("");
    cluster.call(&["reload"]).expect(0).says("nothing to change");
    cluster.configure(&redirect("/new"));
    cluster.call(&["reload", "--dry-run"]).expect(0).says("/old").says("nothing was changed");
    assert_ne!(cluster.get("/old").status, 302);
    cluster.call(&["reload"]).expect(0).says("/old").says("applied 1 change");
    cluster.get("/old").expect(302).has("Location", "/new");
}

#[test]
fn without_a_file_there_is_none_to_read_again() {
    let cluster = Cluster::up();
    cluster.call(&["reload"]).expect(2).says("no file to read again").says("bramble apply FILE");
}

#[test]
fn what_was_changed_elsewhere_is_listed_and_kept() {
    let cluster = Cluster::with_file("");
    let (file, other) = (cluster.file(), cluster.folder().join("other.toml"));
    cluster.configure(&redirect("/there"));
    std::fs::copy(&file, &other).unwrap();
    cluster.configure(&redirect("/here"));
    cluster.call(&["apply", other.to_str().unwrap()]).expect(0);
    for call in [&["reload"][..], &["reload", "--dry-run"]] {
        let refused = cluster.call(call);
        refused.expect(3).says("changed elsewhere").says("/old").says("bramble apply");
    }
    cluster.get("/old").expect(302).has("Location", "/there");
}

#[test]
fn a_cluster_is_not_made_from_a_faulty_file() {
    let folder = Folder::empty();
    folder.write("faulty.toml", "[[listener]]\nname = \"web\"\nadress = \"127.0.0.1:0\"\n");
    let up = |file| bramble(folder.path(), &["up", "--data", "node", "--config", file]);
    up("faulty.toml").expect(2).says("faulty.toml:3:1: error: ").says("^^^^^^").says("`address`");
    up("absent.toml").expect(2).says("can't read absent.toml: No such file");
    assert!(!folder.join("node").exists(), "a start that failed left a folder behind");
}
