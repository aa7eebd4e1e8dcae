//! curl: every way to ask for and to send something, and connections used again.

use std::net::SocketAddr;
use std::path::Path;

use bramble_tests::{Call, Folder, Outcome};

use crate::peers::{Peer, Ways};
use crate::seen::{Seen, noise, replace};
use crate::table::Table;

/// For each URL; `num_connects` is 0 where a connection was used again.
const WRITE_OUT: &str = "%{stderr}> %{http_code} %{num_connects} %{num_redirects} %{size_upload} \
                         %{size_download} %{content_type} %{url_effective}\n";

/// Longer than a run may take.
const PATIENCE: &str = "30";

const LARGE: usize = 100_000_000;

/// Cases before nginx: `AT` is where it is asked.
const FILES: [(&str, &str); 28] = [
    ("GET", "{at}/index.html"),
    ("HEAD", "--head --output /dev/null {at}/index.html"),
    ("GET of what is not there", "{at}/none"),
    ("GET, HTTP/1.0", "--http1.0 {at}/index.html"),
    ("GET, compressed", "--compressed {at}/long.css"),
    ("GET, compressed, not inflated", "--header Accept-Encoding:gzip {at}/long.css"),
    ("GET, Connection: close, two URLs", "--header Connection:close {at}/index.html {at}/long.css"),
    ("GET of 100 MB", "{at}/large"),
    ("range from the start", "--range 0-99 {at}/noise"),
    ("range in the middle", "--range 500000-1500000 {at}/noise"),
    ("range of the end", "--range -500 {at}/noise"),
    ("two ranges", "--range 0-9,100-199 {at}/noise"),
    ("range behind the end", "--range 9000000- {at}/noise"),
    ("resume", "--continue-at - {at}/noise --output half"),
    ("resume what is complete", "--continue-at - {at}/noise --output whole"),
    ("If-Modified-Since", "--time-cond whole {at}/noise"),
    ("20 URLs, one connection", "{at}/index.html?[1-20]"),
    ("20 HEADs, one connection", "--head --output /dev/null {at}/index.html?[1-20]"),
    (
        "20 URLs at once",
        "--no-progress-meter --parallel --parallel-immediate {at}/noise?[1-20] --output got#1",
    ),
    ("404s keep the connection", "{at}/none?[1-5]"),
    ("redirect", "--location {at}/old"),
    ("redirects without an end", "--location --max-redirs 5 {at}/loop"),
    ("PUT, 100-continue", "--upload-file up {at}/put/a"),
    ("PUT, 100-continue refused", "--upload-file up {at}/small/a"),
    ("PUT, over one connection", "--upload-file up {at}/put/[b-d]"),
    ("PUT from a pipe, chunked", "--upload-file - {at}/put/chunked"),
    ("PUT of nothing", "--upload-file empty {at}/put/empty"),
    ("DELETE", "--request DELETE {at}/put/old"),
];

/// Cases before the application.
const APP: [(&str, &str); 28] = [
    ("fields arrive", "--header X-Odd:a,b --header Cookie:a=1 --user u:p {at}/fields"),
    ("query and user agent arrive", "--user-agent odd/1 {at}/fields?a=b%20c&d=%2F"),
    ("POST", "--data a=b {at}/post"),
    ("POST of nothing", "--request POST {at}/post"),
    ("POST of a form with a file", "--form f=@up --form a=b {at}/post"),
    ("POST, 100-continue", "--data-binary @up {at}/post"),
    ("POST, 100-continue demanded", "--header Expect:100-continue --data a {at}/post"),
    ("POST, 100-continue refused", "--data-binary @up {at}/refuse"),
    ("POST, no 100-continue", "--header Expect: --data-binary @up {at}/post"),
    ("POST, chunked", "--header Transfer-Encoding:chunked --data-binary @up {at}/post"),
    ("PUT from a pipe, chunked", "--upload-file - {at}/post"),
    ("POST, HTTP/1.0", "--http1.0 --data a=b {at}/post"),
    ("POST, compressed answer wanted", "--compressed --data a=b {at}/post"),
    ("5 POSTs, one connection", "--data a=b {at}/post?[1-5]"),
    ("PATCH", "--request PATCH --data a {at}/post"),
    ("OPTIONS", "--request OPTIONS {at}/post"),
    ("absolute-form", "--request-target {at}/fields {at}"),
    ("redirect to the same host", "--location {at}/away"),
    ("three cookies", "{at}/cookies"),
    ("204 keeps the connection", "{at}/nothing {at}/fields"),
    ("404, 410, 500, 503 of the backend", "{at}/status?code={404,410,500,503}"),
    ("103 early hints", "{at}/hints"),
    ("answer that ends with the connection", "{at}/close"),
    ("answer that ends with it, HTTP/1.0", "--http1.0 {at}/close"),
    ("answer cut, 1 MB promised", "{at}/cut?bytes=1000000"),
    ("chunked answer cut", "{at}/cut_chunks"),
    ("--fail", "--fail {at}/status?code=500"),
    ("an answer in pieces is whole", "{at}/index.html"),
];

/// Spellings of paths to a page.
const SPELLINGS: [&str; 5] = [
    "/a/../index.html",
    "/./index.html",
    "//index.html",
    "/a/%2e%2e/index.html",
    "/..%2findex.html",
];

/// Spellings that lead out of the folder: bramble does not even ask.
const OUT: [&str; 3] = ["/../nginx.conf", "/%2e%2e/nginx.conf", "/a/../../nginx.conf"];

/// Cases where bramble is meant to answer otherwise: how it does, and why.
const STRICTER: [(&str, &str, &str, &str); 4] = [
    ("an answer without a head (HTTP/0.9)", "{at}/ancient", "0 502", "what is not HTTP stays out"),
    ("answer cut, 1 KB promised", "{at}/cut?bytes=1000", "0 502", "waited for until it is whole"),
    ("trailers", "{at}/trailers", "0 200", "read and dropped (RFC 9110 section 6.5.1)"),
    ("early hints to HTTP/1.0", "--http1.0 {at}/hints", "0 200", "1.0 knows none"),
];

#[test]
#[ignore = "needs curl and nginx"]
fn curl_sees_the_same_files() {
    let nginx = Peer::nginx(site());
    let ways = nginx.ways();
    let mut table = Table::of(version() + ", files of nginx");
    for (case, arguments) in FILES {
        table.same(case, &both(&ways, |at| beside(&nginx, at, arguments)));
    }
    let large = nginx.folder().join("site/large");
    let upload = format!("--upload-file {} {{at}}/put/large", large.display());
    table.same("PUT of 100 MB", &both(&ways, |at| beside(&nginx, at, &upload)));
    let seen = both(&ways, |at| curl(at, "--http1.0 --compressed {at}/long.css"));
    table.by_design("GET, HTTP/1.0, compressed", &seen, "0 200", "asks nginx in HTTP/1.1");
    for (paths, leads_out) in [(&SPELLINGS[..], false), (&OUT[..], true)] {
        for path in paths {
            let (case, arguments) = (format!("path {path}"), format!("--path-as-is {{at}}{path}"));
            let seen = both(&ways, |at| curl(at, &arguments));
            match leads_out {
                true => table.by_design(&case, &seen, "0 400", "refused here already"),
                false => table.same(&case, &seen),
            }
        }
    }
    table.finish();
}

#[test]
#[ignore = "needs curl and Python"]
fn curl_sees_the_same_of_an_application() {
    let app = Peer::app(Folder::with(&[("index.html", "<h1>home</h1>\n")]));
    let ways = app.ways();
    let mut table = Table::of(version() + ", an application");
    for (case, arguments) in APP {
        table.same(case, &both(&ways, |at| curl(at, arguments)));
    }
    for (case, arguments, gist, why) in STRICTER {
        table.by_design(case, &both(&ways, |at| curl(at, arguments)), gist, why);
    }
    table.finish();
}

fn site() -> Folder {
    let folder = Folder::with(&[("site/index.html", "<h1>home</h1>\n")]);
    folder.write("site/long.css", "p { color: black }\n".repeat(10_000));
    folder.write("site/noise", noise(3_000_000));
    folder.write("site/large", noise(LARGE));
    folder
}

/// The same by both ways.
fn both(ways: &Ways, see: impl Fn(SocketAddr) -> Seen) -> [Seen; 2] {
    [ways.direct, ways.through].map(see)
}

/// Counts what nginx has stored in the end, too.
fn beside(nginx: &Peer, at: SocketAddr, arguments: &str) -> Seen {
    let stored = nginx.folder().join("put");
    std::fs::remove_dir_all(&stored).unwrap();
    nginx.folder().write("put/old", "old");
    curl(at, arguments).files("stored", &stored, at)
}

/// Runs it in a folder with what it may send or resume.
fn curl(at: SocketAddr, arguments: &str) -> Seen {
    let (folder, noise) = (Folder::with(&[("empty", "")]), noise(3_000_000));
    folder.write("up", &noise[..2_000_000]);
    folder.write("half", &noise[..1_500_000]);
    folder.write("whole", &noise);
    let (outcome, heads) = run(folder.path(), at, arguments);
    // Those of several at once come in any order.
    let mut lines: Vec<_> = outcome.complaint.lines().collect();
    lines.sort_unstable();
    let mut statuses: Vec<_> =
        lines.iter().filter_map(|line| line.strip_prefix("> ")?.get(..3)).collect();
    statuses.dedup();
    Seen::of(format!("{} {}", outcome.code.unwrap(), statuses.join(",")))
        .value("said", &lines.join("\n"), at)
        .heads(&heads, at)
        .files("left", folder.path(), at)
}

/// Bodies go to one file, heads to another.
fn run(folder: &Path, at: SocketAddr, arguments: &str) -> (Outcome, String) {
    let script = "exec curl \"$@\" < up > body";
    let arguments = arguments.replace("{at}", &format!("http://{at}"));
    let mut words = vec!["-c", script, "curl", "--silent", "--show-error", "--write-out"];
    words.extend([WRITE_OUT, "--max-time", PATIENCE, "--dump-header", "heads"]);
    words.extend(arguments.split(' '));
    let mut outcome = Call::of("sh", folder, &words).run();
    let mut heads = std::fs::read_to_string(folder.join("heads")).unwrap_or_default();
    let _ = std::fs::remove_file(folder.join("heads"));
    if let Some(boundary) = boundary(&heads) {
        let body = std::fs::read(folder.join("body")).unwrap();
        let body = replace(&body, boundary.as_bytes(), b"BOUNDARY");
        std::fs::write(folder.join("body"), body).unwrap();
        outcome.complaint = outcome.complaint.replace(&boundary, "BOUNDARY");
        heads = heads.replace(&boundary, "BOUNDARY");
    }
    (outcome, heads)
}

/// Between ranges: nginx numbers them, from one answer to the next.
fn boundary(heads: &str) -> Option<String> {
    let (_, rest) = heads.split_once("boundary=")?;
    rest.lines().next().map(str::to_owned)
}

/// Name and number.
fn version() -> String {
    let said = Call::of("curl", Path::new("/"), &["--version"]).run().output;
    said.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
}
