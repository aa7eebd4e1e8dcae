//! wget: a site as a whole, only what is newer, and the rest of what is there in part.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, SystemTime};

use bramble_tests::{Call, Config, Folder, Outcome};

use crate::peers::{Peer, Ways};
use crate::seen::{Seen, noise};
use crate::table::Table;

/// Cases: what is called one after the other in one folder, where `half` holds half of a file.
const CASES: [(&str, &[&str]); 9] = [
    ("one page", &["{at}/index.html"]),
    ("a page that is not there", &["{at}/none"]),
    ("mirror", &["--mirror {at}/"]),
    ("recursive, links converted", &["--recursive --level 5 --convert-links {at}/"]),
    ("page with what it needs", &["--page-requisites {at}/berries/"]),
    ("resume", &["--continue {at}/half"]),
    ("resume what is complete", &["{at}/whole", "--continue {at}/whole"]),
    ("only what is newer", &["--timestamping {at}/whole", "--timestamping {at}/whole"]),
    ("spider", &["--spider --recursive --level 5 {at}/"]),
];

/// Lines of its report that say how each request went.
const TELLING: [&str; 9] = [
    "HTTP/1.",
    "Content-Range:",
    "Reusing existing connection",
    "not modified on server",
    "already fully retrieved",
    "Last-Modified:",
    "Length:",
    "broken link",
    "Downloaded: ",
];

#[test]
#[ignore = "needs wget and nginx"]
fn wget_sees_the_same_files() {
    let nginx = Peer::nginx(site());
    let table = compare(&nginx.ways(), "files of nginx");
    table.finish();
}

#[test]
#[ignore = "needs wget"]
fn wget_sees_the_same_files_of_a_site_through_a_balancer() {
    let folder = site();
    let root = folder.join("site");
    let worker = Config::of(&format!("[[site]]\nname = \"s\"\nroot = \"{}\"\n", root.display()));
    let worker = worker.run();
    compare(&Ways::to(worker.address()), "files of bramble").finish();
}

fn compare(ways: &Ways, what: &str) -> Table {
    let mut table = Table::of(format!("{}, {what}", version()));
    for (case, calls) in CASES {
        table.same(case, &[ways.direct, ways.through].map(|at| wget(at, calls)));
    }
    table
}

/// Pages that lead to each other, one of them nowhere, and files as of a known day.
fn site() -> Folder {
    let folder = Folder::with(&[
        ("site/index.html", "<link rel=stylesheet href=a.css><a href=berries/>berries</a>"),
        ("site/a.css", "body { background: url(img/a.svg) }"),
        ("site/img/a.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("site/berries/index.html", "<img src=../img/a.svg><a href=a%20b.html>next</a>"),
        ("site/berries/a b.html", "<a href=/>home</a><a href=/nowhere>gone</a>"),
        ("site/robots.txt", "User-agent: *\nDisallow: /hidden\n"),
    ]);
    for name in ["site/half", "site/whole"] {
        folder.write(name, noise(1_000_000));
        let file = std::fs::File::options().write(true).open(folder.join(name)).unwrap();
        let day = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        file.set_modified(day).unwrap();
    }
    folder
}

fn wget(at: SocketAddr, calls: &[&str]) -> Seen {
    let folder = Folder::empty();
    folder.write("half", &noise(1_000_000)[..500_000]);
    let outcomes: Vec<_> = calls.iter().map(|call| run(folder.path(), at, call)).collect();
    let codes: Vec<_> = outcomes.iter().map(|run| run.code.unwrap().to_string()).collect();
    let reports: Vec<_> = outcomes.iter().map(report).collect();
    let answers = reports.iter().flatten().filter(|line| line.starts_with("HTTP/1.")).count();
    Seen::of(format!("{}, {answers} answers", codes.join(",")))
        .value("report", &format!("{reports:#?}"), at)
        .value("days", &days(folder.path()), at)
        .files("left", folder.path(), at)
}

fn run(folder: &Path, at: SocketAddr, arguments: &str) -> Outcome {
    let arguments = arguments.replace("{at}", &format!("http://{at}"));
    let words = "--no-host-directories --server-response --tries 2 --timeout 10 --no-config";
    let words: Vec<_> = words.split(' ').chain(arguments.split(' ')).collect();
    Call::of("wget", folder, &words).run()
}

fn report(outcome: &Outcome) -> Vec<&str> {
    let lines = outcome.complaint.lines().map(str::trim);
    let telling = lines.filter(|line| TELLING.iter().any(|words| line.contains(words)));
    // How long it took is no result, nor is the order of fields.
    let mut lines: Vec<_> = telling.map(|line| line.split(" in ").next().unwrap()).collect();
    lines.sort_unstable();
    lines
}

/// wget gives files the day that the server says they are of.
fn days(folder: &Path) -> String {
    let day = |name: &str| {
        let modified = std::fs::metadata(folder.join(name)).and_then(|file| file.modified());
        modified.ok().filter(|day| day.elapsed().is_ok_and(|age| age.as_secs() > 86_400))
    };
    format!("{:?}", ["half", "whole"].map(day))
}

/// Name and number.
fn version() -> String {
    let said = Call::of("wget", Path::new("/"), &["--version"]).run().output;
    said.split_whitespace().skip(1).take(2).collect::<Vec<_>>().join(" ")
}
