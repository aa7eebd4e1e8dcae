//! A folder as a site: what is served, how it is tagged, and what stays hidden.

use std::thread;
use std::time::{Duration, Instant};

use bramble_tests::{Bramble, Broken, Config, Folder, eventually, files, get, head};

fn site() -> (Folder, Bramble) {
    let folder = Folder::with(&[
        ("index.html", "<h1>home</h1>"),
        ("style.css", "body {}"),
        ("berries/index.html", "berries"),
        ("berries/a b.txt", "spaced"),
        ("empty.txt", ""),
        ("bare/only.txt", "only"),
        (".secret", "secret"),
        (".git/config", "secret"),
        ("berries/.htpasswd", "secret"),
        (".well-known/acme", "token"),
    ]);
    let bramble = files(&folder);
    (folder, bramble)
}

#[test]
fn pages_are_served_with_their_type() {
    let (_folder, bramble) = site();
    let mut client = bramble.client();
    let home = client.get("/");
    home.expect(200).body("<h1>home</h1>").has("Content-Type", "text/html;charset=utf-8");
    home.has("X-Content-Type-Options", "nosniff").has("Cache-Control", "no-cache");
    client.get("/index.html").expect(200).body("<h1>home</h1>");
    client.get("/style.css?v=1").expect(200).has("Content-Type", "text/css;charset=utf-8");
    client.get("/berries/").expect(200).body("berries");
    client.get("/berries/a%20b.txt").expect(200).body("spaced");
    client.get("/empty.txt").expect(200).body("");
    client.get("/.well-known/acme").expect(200).body("token");
}

#[test]
fn what_is_not_there_is_a_404_in_words() {
    let (_folder, bramble) = site();
    let mut client = bramble.client();
    for path in ["/missing", "/berries/missing", "/index.html/more", "/bare/", "/style.css/"] {
        let answer = client.get(path);
        answer.expect(404).has("Content-Type", "text/html; charset=utf-8");
        assert!(answer.text().contains("There is no page at this address"), "{path}");
    }
}

#[test]
fn index_files_are_tried_in_order() {
    let folder = Folder::with(&[("home.htm", "second"), ("a/index.html", "first")]);
    folder.write("a/home.htm", "second");
    let bramble = Config::files(&folder, "index = [\"index.html\", \"home.htm\"]").run();
    bramble.get("/").expect(200).body("second");
    bramble.get("/a/").expect(200).body("first");
}

#[test]
fn what_a_client_has_is_not_sent_again() {
    let (_folder, bramble) = site();
    let mut client = bramble.client();
    let tag = client.get("/").field("ETag").expect("an ETag").to_owned();
    for value in [&tag, "*", &format!("\"other\", {tag}"), &format!("W/{tag}")] {
        let answer = client.get_with("/", &[&format!("If-None-Match: {value}")]);
        answer.expect(304).has("ETag", &tag).lacks("Content-Length");
    }
    client.get_with("/", &["If-None-Match: \"other\""]).expect(200).body("<h1>home</h1>");
    // The tag is the content's, not the file's.
    let other = Folder::with(&[("index.html", "<h1>home</h1>")]);
    files(&other).get("/").expect(200).has("ETag", &tag);
}

#[test]
fn head_tells_everything_but_the_body() {
    let (_folder, bramble) = site();
    let mut client = bramble.client();
    for path in ["/", "/missing", "/berries"] {
        let full = client.get(path);
        let only = client.send(head(path)).answer_to_head();
        only.expect(full.status);
        for name in ["Content-Length", "Content-Type", "ETag", "Location"] {
            assert_eq!(only.field(name), full.field(name), "{name} of {path}");
        }
    }
}

#[test]
fn other_methods_are_refused_with_those_that_are_not() {
    let (_folder, bramble) = site();
    let mut client = bramble.client();
    for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE", "BREW"] {
        client.send(format!("{method} / HTTP/1.1\r\nHost: a.test\r\n\r\n"));
        client.answer().expect(405).has("Allow", "GET, HEAD, OPTIONS");
    }
    client.send("OPTIONS / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    client.answer().expect(204).has("Allow", "GET, HEAD, OPTIONS").lacks("Content-Length");
    client.get("/").expect(200).body("<h1>home</h1>");
    client.post("/", "body").expect(405).has("Allow", "GET, HEAD, OPTIONS");
}

#[test]
fn no_spelling_leads_out_of_the_folder() {
    let folder = Folder::with(&[("secret.txt", "secret"), ("site/index.html", "home")]);
    folder.write("site/deep/er/page.html", "page");
    let outside = format!("../{}/secret.txt", folder.path().file_name().unwrap().to_str().unwrap());
    let root = folder.join("site");
    let bramble =
        Config::of(&format!("[[site]]\nname = \"s\"\nroot = \"{}\"", root.display())).run();
    let mut client = bramble.client();
    for up in
        ["..", "%2e%2e", ".%2e", "%2E.", "%252e%252e", "..%00", "..%5c", "..;", "%c0%ae%c0%ae"]
    {
        for slash in ["/", "%2f", "%5c", "//", "/./", "%c0%af"] {
            for path in [
                format!("/{up}{slash}secret.txt"),
                format!("/deep/er{slash}{up}{slash}{up}{slash}{up}{slash}secret.txt"),
                format!("/{up}{slash}{up}{slash}{outside}"),
                format!("/{up}{slash}{up}{slash}{up}{slash}etc/passwd"),
                format!("{slash}{up}{slash}secret.txt"),
            ] {
                let answer = client.send(get(&path)).try_answer();
                let refused = matches!(&answer, Ok(answer) if matches!(answer.status, 400 | 404));
                assert!(refused, "{path}: {answer:?}");
                if answer.unwrap().field("Connection") == Some("close") {
                    client = bramble.client();
                }
            }
        }
    }
    // Within the folder, dots are resolved.
    client.get("/deep/../deep/./er//page.html").expect(200).body("page");
}

#[test]
fn links_are_not_followed() {
    let outside = Folder::with(&[("secret.txt", "secret")]);
    let (folder, bramble) = site();
    folder.link("file", outside.join("secret.txt"));
    folder.link("folder", outside.path());
    folder.link("relative", "../../../../../../etc/passwd");
    folder.link("inside", "index.html");
    folder.link("berries/loop", ".");
    let mut client = bramble.client();
    for path in
        ["/file", "/folder/secret.txt", "/folder/", "/relative", "/inside", "/berries/loop/"]
    {
        client.get(path).expect(404);
    }
}

#[test]
fn dot_files_are_hidden() {
    let (_folder, bramble) = site();
    let mut client = bramble.client();
    for path in
        ["/.secret", "/.git/config", "/%2egit/config", "/berries/.htpasswd", "/.git/", "/.git"]
    {
        client.get(path).expect(404);
    }
}

#[test]
fn a_pipe_holds_nobody_up() {
    let (folder, bramble) = site();
    let mode = rustix::fs::Mode::from_raw_mode(0o644);
    let pipe = folder.join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    bramble.get("/pipe").expect(404);
}

#[test]
fn a_folder_is_sent_to_with_a_slash_and_never_elsewhere() {
    let (folder, bramble) = site();
    folder.write("evil.test/index.html", "trap");
    let mut client = bramble.client();
    client.get("/berries").expect(301).has("Location", "/berries/");
    client.get("/berries?a=b").expect(301).has("Location", "/berries/?a=b");
    for path in
        ["//evil.test", "///evil.test", "/.//evil.test", "/%2e//evil.test", "/x/..//evil.test"]
    {
        client.get(path).expect(301).has("Location", "/evil.test/");
    }
    client.send("GET http://other.test/berries HTTP/1.1\r\nHost: a.test\r\n\r\n");
    client.answer().expect(301).has("Location", "/berries/");
}

#[test]
fn a_large_file_comes_whole() {
    let folder = Folder::empty();
    let large: Vec<u8> = (0..50 * 1024 * 1024_u32).map(|i| (i ^ (i >> 11)) as u8).collect();
    folder.write("large.bin", &large);
    let mut bramble = files(&folder);
    let mut client = bramble.client();
    for _ in 0..2 {
        let answer = client.get("/large.bin");
        assert!(answer.expect(200).bytes() == large, "{} bytes that differ", answer.bytes().len());
    }
    // By `sendfile`: it never goes through the process.
    let peak = bramble.program().peak_rss_kib();
    assert!(peak < 40 * 1024, "{peak} KiB");
}

#[test]
fn sizes_around_the_limits_come_whole() {
    let folder = Folder::empty();
    let sizes = [65_535, 65_536, 65_537, 262_144, 262_145, 1_048_575, 1_048_576, 1_048_577];
    let content = |size: usize| (0..size).map(|i| ((i * 7) >> 3) as u8).collect::<Vec<u8>>();
    sizes.iter().for_each(|size| folder.write(&size.to_string(), content(*size)));
    let bramble = files(&folder);
    let mut client = bramble.client();
    for size in sizes.into_iter().chain(sizes) {
        client.get(&format!("/{size}")).expect(200).body(content(size));
    }
}

#[test]
fn a_changed_file_shows_within_about_a_second() {
    let (folder, bramble) = site();
    let mut client = bramble.client();
    client.get("/").expect(200).body("<h1>home</h1>");
    // Same length, so only the time tells.
    folder.write("index.html", "<h1>HOME</h1>");
    thread::sleep(Duration::from_millis(1100));
    client.get("/").expect(200).body("<h1>HOME</h1>");
    folder.remove("index.html");
    thread::sleep(Duration::from_millis(1100));
    client.get("/").expect(404);
    folder.write("index.html", "back");
    client.get("/").expect(200).body("back");
}

#[test]
fn a_large_file_that_shrinks_while_it_is_sent_is_cut() {
    let folder = Folder::empty();
    folder.write("large.bin", vec![b'x'; 60 * 1024 * 1024]);
    let bramble = files(&folder);
    let mut client = bramble.client();
    client.send(get("/large.bin"));
    assert!(client.wire().head().unwrap().field("Content-Length").is_some());
    std::fs::File::options()
        .write(true)
        .open(folder.join("large.bin"))
        .unwrap()
        .set_len(1)
        .unwrap();
    assert_eq!(client.wire().exactly(60 * 1024 * 1024), Err(Broken::Cut));
}

#[test]
fn a_rate_holds_however_many_ask() {
    let folder = Folder::with(&[("index.html", "home")]);
    let bramble = Config::files(&folder, "rate_per_s = 200").run();
    let end = Instant::now() + Duration::from_secs(2);
    // Enough that some are always in line, even when the machine is busy elsewhere.
    let clients = 16;
    let ask = || {
        let (mut client, mut answers) = (bramble.client(), 0);
        while Instant::now() < end {
            client.get("/").expect(200);
            answers += 1;
        }
        answers
    };
    let answers: i32 = thread::scope(|scope| {
        let threads: Vec<_> = (0..clients).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert!((360..=440).contains(&answers), "{answers} in 2 s at 200 a second");
}

#[test]
fn sites_go_by_host() {
    let (one, two) =
        (Folder::with(&[("index.html", "one")]), Folder::with(&[("index.html", "two")]));
    let site = |name: &str, folder: &Folder, hosts: &str| {
        let root = folder.path().display();
        format!("[[site]]\nname = \"{name}\"\nroot = \"{root}\"\nhosts = {hosts}\n")
    };
    let config = site("one", &one, "[\"one.test\"]") + &site("two", &two, "[\"*.two.test\"]");
    let bramble = Config::of(&config).run();
    let mut client = bramble.client();
    let mut ask = |host: &str| {
        client.send(format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        let answer = client.answer();
        (answer.status, answer.text())
    };
    assert_eq!(ask("one.test"), (200, "one".into()));
    assert_eq!(ask("ONE.test.:8080"), (200, "one".into()));
    assert_eq!(ask("www.two.test"), (200, "two".into()));
    assert_eq!(ask("two.test").0, 404);
    assert_eq!(ask("evil.test").0, 404);
}

#[test]
fn a_file_that_may_not_be_read_is_not_there() {
    let (folder, bramble) = site();
    std::fs::create_dir(folder.join("odd")).unwrap();
    let long = "x".repeat(300);
    let mut client = bramble.client();
    client.get("/odd/").expect(404);
    client.get(&format!("/{long}")).expect(404);
    client.get(&format!("/{}", "x/".repeat(2500))).expect(404);
    eventually("others are served", || client.get("/").status == 200);
}
