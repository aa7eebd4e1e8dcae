//! `bramble import apache`: what it writes can be run, and what it leaves out is named.

use bramble_tests::{Folder, Outcome, bramble};

const WHOLE: &str = "Listen 127.0.0.1:8080\nProxyPreserveHost On\nProxyPass / http://10.0.0.1/\n";

fn import(folder: &Folder, more: &[&str]) -> Outcome {
    bramble(folder.path(), &[&["import", "apache", "site.conf"], more].concat())
}

#[test]
fn what_is_written_is_valid() {
    let folder = Folder::with(&[("site.conf", WHOLE)]);
    import(&folder, &["--output", "bramble.toml"]).expect(0);
    bramble(folder.path(), &["check", "bramble.toml"]).expect(0).says("1 pool, 1 route");
}

#[test]
fn without_a_file_it_goes_to_standard_output_alone() {
    let folder =
        Folder::with(&[("site.conf", &format!("{WHOLE}ServerAdmin me\nRewriteEngine On\n"))]);
    let outcome = import(&folder, &[]);
    assert!(outcome.expect(5).output.starts_with("# Made by `bramble import apache`"));
    assert!(!outcome.output.contains("Rewrite"));
}

#[test]
fn what_is_left_out_is_named_with_its_place() {
    let folder = Folder::with(&[("site.conf", &format!("{WHOLE}RewriteEngine On\n"))]);
    let outcome = import(&folder, &["--output", "bramble.toml"]);
    outcome
        .expect(5)
        .says("site.conf:4: RewriteEngine On")
        .says("instead: ")
        .says("1 line left out");
    bramble(folder.path(), &["check", "bramble.toml"]).expect(0);
}

#[test]
fn includes_are_found_beside_the_file() {
    let folder = Folder::with(&[
        ("site.conf", "Include parts/*.conf\nIncludeOptional nothing/*.conf\n"),
        ("parts/a.conf", "Listen 127.0.0.1:8080\nProxyPreserveHost On\n"),
        ("parts/b.conf", "ProxyPass / http://10.0.0.1/\n"),
        ("parts/c.txt", "nonsense\n"),
    ]);
    import(&folder, &[]).expect(0).says("parts/b.conf:1").says("10.0.0.1:80");
}

#[test]
fn names_of_backends_are_looked_up_only_when_asked_to() {
    let conf = WHOLE.replace("10.0.0.1", "ip6-nowhere.invalid");
    let folder = Folder::with(&[("site.conf", &conf)]);
    import(&folder, &[]).expect(5).says("bramble takes addresses").says("--resolve");
    // No address to us, and one to the system, without a question to anybody.
    folder.write("site.conf", WHOLE.replace("10.0.0.1", "127.1"));
    import(&folder, &[]).expect(5);
    import(&folder, &["--resolve"]).expect(0).says("address = \"127.0.0.1:80\"");
}

#[test]
fn no_file_is_written_over() {
    let folder = Folder::with(&[("site.conf", WHOLE), ("bramble.toml", "mine")]);
    import(&folder, &["--output", "bramble.toml"]).expect(1).says("is there already");
    assert_eq!(std::fs::read_to_string(folder.join("bramble.toml")).unwrap(), "mine");
}

#[test]
fn what_is_no_configuration_is_a_2() {
    let folder = Folder::with(&[("site.conf", "Listen 80\n<Proxy balancer://a>\n")]);
    import(&folder, &[]).expect(2).says("site.conf:2: `<Proxy>` has no end");
    folder.write("site.conf", "Listen 80\n");
    import(&folder, &[]).expect(2).says("nothing");
    folder.remove("site.conf");
    import(&folder, &[]).expect(2).says("can't read site.conf");
}
