//! Chromium: pages with what belongs to them, a video that is wound back and forth, streams,
//! WebSocket.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;

use bramble_tests::{Call, Config, Folder, python};
use serde_json::{Value, json};

use crate::peers::{Peer, Ways, script};
use crate::seen::{Seen, noise};
use crate::table::Table;

/// Pages from files. One that is opened twice in a row is reloaded.
const FILES: [(&str, &str); 3] =
    [("page", "index.html"), ("page, reloaded", "index.html"), ("video, wound", "video.html")];

/// 20 s whose pictures differ, with more bytes than are loaded ahead.
const FILM: &str = "-loglevel error -f lavfi -i testsrc2=size=640x360:rate=25,noise=alls=40:allf=t \
                    -t 20 -c:v libx264 -preset ultrafast -b:v 6M -g 25 -pix_fmt yuv420p \
                    -movflags +faststart site/video.mp4";

#[test]
#[ignore = "needs Chromium, nginx and Python"]
fn chromium_sees_the_same_files() {
    let nginx = Peer::nginx(site());
    watch(&nginx.ways(), "files of nginx");
}

#[test]
#[ignore = "needs Chromium and Python"]
fn chromium_sees_the_same_files_of_a_site_through_a_balancer() {
    let folder = site();
    let root = folder.join("site");
    let site = format!("[[site]]\nname = \"s\"\nroot = \"{}\"\n", root.display());
    let worker = Config::of(&site).run();
    watch(&Ways::to(worker.address()), "files of bramble");
}

#[test]
#[ignore = "needs Chromium and Python"]
fn chromium_sees_the_same_of_an_application() {
    let folder = Folder::empty();
    pages(&folder, "");
    let (app, echo) = (Peer::app(folder), Peer::echo());
    let (ways, socket) = (app.ways(), echo.ways());
    let ways = [(ways.direct, socket.direct), (ways.through, socket.through)];
    let [direct, through] = ways.map(|(at, socket)| {
        let seen = browse(at, &["app.html", &format!("socket.html?at={socket}")]);
        seen.iter().map(|page| tell(page, at)).collect::<Vec<_>>()
    });
    let mut table = Table::of(version() + ", an application");
    for (case, seen) in
        ["streams, uploads", "WebSocket"].iter().zip(direct.into_iter().zip(through))
    {
        table.same(case, &seen.into());
    }
    table.finish();
}

/// Pages, reloads and a video by both ways.
fn watch(ways: &Ways, what: &str) {
    let paths = FILES.map(|(_, path)| path);
    let [direct, through] = [ways.direct, ways.through].map(|at| {
        let seen = browse(at, &paths);
        assert!(seen[0]["wire"].to_string().contains("[\"/index.html\",200]"), "{}", seen[0]);
        assert!(seen[1]["wire"].to_string().contains("[\"/index.html\",304]"), "{}", seen[1]);
        // Only what can be asked for in part can be wound.
        assert!(seen[2]["wire"].to_string().contains("[\"/video.mp4\",206]"), "{}", seen[2]);
        seen.iter().map(|page| tell(page, at)).collect::<Vec<_>>()
    });
    let mut table = Table::of(format!("{}, {what}", version()));
    for ((case, _), seen) in FILES.iter().zip(direct.into_iter().zip(through)) {
        table.same(case, &seen.into());
    }
    table.finish();
}

/// What each page told, and the statuses behind it.
fn browse(at: SocketAddr, paths: &[&str]) -> Vec<Value> {
    let (profile, script) = (Folder::empty(), script("browse.py"));
    let urls: Vec<_> = paths.iter().map(|path| format!("http://{at}/{path}")).collect();
    let mut words = vec![script.to_str().unwrap(), profile.path().to_str().unwrap()];
    words.extend(urls.iter().map(String::as_str));
    let outcome = Call::of(python::interpreter(), profile.path(), &words).run();
    serde_json::from_str(&outcome.expect(0).output).unwrap()
}

fn tell(page: &Value, at: SocketAddr) -> Seen {
    assert!(!page["told"].to_string().contains("failed: "), "{page}");
    let answers = page["wire"].as_array().unwrap().iter();
    // Whether it asks again about what it has of a film is a matter of its pace.
    let answers = answers.filter(|answer| **answer != json!(["/video.mp4", 304]));
    let wire: Vec<_> = answers.map(Value::to_string).collect();
    let statuses: BTreeSet<_> =
        wire.iter().filter_map(|answer| answer.split(&[',', ']']).nth(1)).collect();
    Seen::of(statuses.into_iter().collect::<Vec<_>>().join(","))
        .value("told", &format!("{:#}", page["told"]), at)
        .value("wire", &wire.join(" "), at)
}

/// The pages as a site, with a film and a long text.
fn site() -> Folder {
    let folder = Folder::empty();
    pages(&folder, "site/");
    folder.write("site/long.txt", noise(50_000).iter().map(u8::to_string).collect::<String>());
    let script = "import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())";
    let ffmpeg = Call::of(python::interpreter(), folder.path(), &["-c", script]).run();
    let words: Vec<_> = FILM.split_whitespace().collect();
    let _ = Call::of(ffmpeg.expect(0).output.trim(), folder.path(), &words).run().expect(0);
    folder
}

/// Copies what lies in `pages/`, and a picture of our own.
fn pages(folder: &Folder, to: &str) {
    for name in ["index.html", "video.html", "app.html", "socket.html", "style.css", "classic.js"] {
        folder.write(&format!("{to}{name}"), read(&script("pages").join(name)));
    }
    folder.write(&format!("{to}module.js"), read(&script("pages/module.js")));
    folder.write(&format!("{to}img/dot.svg"), read(&script("pages/img/dot.svg")));
    let sample = script("../../examples/site/img/icon-180.png");
    folder.write(&format!("{to}img/berries.png"), read(&sample));
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap()
}

/// Name and number.
fn version() -> String {
    let said = Call::of("chromium", Path::new("/"), &["--version"]).run().output;
    said.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
}
