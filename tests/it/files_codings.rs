//! Files that their owner has coded beside them, for clients that take them.

use bramble_tests::{Answer, Bramble, Client, Cluster, Folder, eventually, files, head};

fn folder() -> Folder {
    let folder = Folder::with(&[
        ("app.js", "plain script"),
        ("app.js.br", "as Brotli"),
        ("app.js.zst", "as Zstandard"),
        ("app.js.gz", "as gzip"),
        ("style.css", "plain style"),
        ("style.css.gz", "style as gzip"),
        ("alone.txt", "alone"),
        ("only.txt.gz", "only as gzip"),
        ("index.html", "plain home"),
        ("index.html.gz", "home as gzip"),
        (".secret", "secret"),
        (".secret.gz", "secret as gzip"),
        ("empty.txt", "not empty"),
        ("empty.txt.gz", ""),
        ("folder.txt", "no folder"),
        ("folder.txt.gz/x", "x"),
    ]);
    folder.write("large.bin", vec![b'x'; 300_000]);
    folder.write("large.bin.gz", vec![b'z'; 200_000]);
    folder
}

fn site() -> (Folder, Bramble) {
    let folder = folder();
    let bramble = files(&folder);
    (folder, bramble)
}

fn ask(client: &mut Client, path: &str, accepted: &str) -> Answer {
    client.get_with(path, &[&format!("Accept-Encoding: {accepted}")])
}

#[test]
fn a_client_gets_what_it_likes_best() {
    let (_folder, bramble) = site();
    best(&mut bramble.client());
}

#[test]
fn a_visitor_of_a_cluster_gets_it_too() {
    let cluster = Cluster::up();
    cluster.publish(&folder()).expect(0);
    best(&mut cluster.client());
}

fn best(client: &mut Client) {
    for (accepted, body, coding) in [
        ("gzip, deflate, br, zstd", "as Brotli", Some("br")),
        ("gzip, zstd", "as Zstandard", Some("zstd")),
        ("gzip", "as gzip", Some("gzip")),
        ("x-gzip;q=0.1", "as gzip", Some("gzip")),
        ("br;q=0.5, gzip", "as gzip", Some("gzip")),
        ("*", "as Brotli", Some("br")),
        ("br;q=0, *;q=0.1", "as Zstandard", Some("zstd")),
        ("identity;q=0", "plain script", None),
        ("identity;q=0, gzip;q=0.1", "as gzip", Some("gzip")),
        ("identity, gzip;q=0.9", "plain script", None),
        ("deflate, compress", "plain script", None),
        ("gzip;q=0", "plain script", None),
        ("", "plain script", None),
    ] {
        let answer = ask(client, "/app.js", accepted);
        answer.expect(200).body(body).has("Vary", "Accept-Encoding");
        answer.has("Content-Type", "text/javascript;charset=utf-8");
        answer.has("Content-Length", &body.len().to_string());
        assert_eq!(answer.field("Content-Encoding"), coding, "{accepted}");
    }
    client.get("/app.js").expect(200).body("plain script").has("Vary", "Accept-Encoding");
    ask(client, "/style.css", "br, gzip;q=0.1").expect(200).body("style as gzip");
    ask(client, "/", "gzip").expect(200).body("home as gzip").has("Content-Encoding", "gzip");
}

#[test]
fn what_has_no_sibling_varies_with_nothing() {
    let (_folder, bramble) = site();
    let mut client = bramble.client();
    for path in ["/alone.txt", "/empty.txt", "/folder.txt"] {
        ask(&mut client, path, "gzip").expect(200).lacks("Vary").lacks("Content-Encoding");
    }
    // It is asked for as it is, and is what it is.
    let coded = ask(&mut client, "/style.css.gz", "gzip");
    coded.expect(200).body("style as gzip").lacks("Content-Encoding").lacks("Vary");
    coded.has("Content-Type", "application/gzip");
    ask(&mut client, "/only.txt", "gzip").expect(404).lacks("Vary");
    for path in ["/.secret", "/.secret.gz"] {
        ask(&mut client, path, "gzip").expect(404);
    }
}

#[test]
fn links_are_not_followed_there_either() {
    let outside = Folder::with(&[("secret.gz", "secret")]);
    let (folder, bramble) = site();
    folder.link("alone.txt.gz", outside.join("secret.gz"));
    folder.link("alone.txt.br", "app.js.br");
    let mut client = bramble.client();
    ask(&mut client, "/alone.txt", "br, gzip").expect(200).body("alone").lacks("Vary");
}

#[test]
fn every_coding_has_its_own_tag() {
    let (folder, bramble) = site();
    folder.write("same.txt", "the same");
    folder.write("same.txt.gz", "the same");
    let mut client = bramble.client();
    for path in ["/app.js", "/same.txt", "/large.bin"] {
        let mut tag = |accepted| {
            ask(&mut client, path, accepted).expect(200).field("ETag").unwrap().to_owned()
        };
        let (plain, gzip) = (tag("identity"), tag("gzip"));
        assert_ne!(plain, gzip);
        let fields = |tag: &str| [format!("If-None-Match: {tag}"), "Accept-Encoding: gzip".into()];
        let mut check = |tag: &str, status| {
            let [condition, accepted] = fields(tag);
            let answer = client.get_with(path, &[&condition, &accepted]);
            answer.expect(status).has("Vary", "Accept-Encoding").has("ETag", &gzip);
        };
        check(&gzip, 304);
        check(&plain, 200);
    }
    let failed = client.get_with("/app.js", &["If-Match: \"x\""]);
    failed.expect(412).has("Vary", "Accept-Encoding");
}

#[test]
fn a_range_is_of_one_coding() {
    let (folder, bramble) = site();
    // A large file that has just changed has only a weak tag, and no parts by that.
    let large = std::fs::File::options().write(true).open(folder.join("large.bin.gz")).unwrap();
    large.set_modified(std::time::UNIX_EPOCH).unwrap();
    let mut client = bramble.client();
    for (path, coded) in [("/app.js", &b"as gzip"[..]), ("/large.bin", &[b'z'; 200_000])] {
        let tag = |answer: &Answer| answer.field("ETag").unwrap().to_owned();
        let plain = tag(ask(&mut client, path, "identity").expect(200));
        let gzip = tag(ask(&mut client, path, "gzip").expect(200));
        let mut range = |range: &str, tag: &str| {
            let fields =
                ["Accept-Encoding: gzip", &format!("Range: {range}"), &format!("If-Range: {tag}")];
            client.get_with(path, &fields)
        };
        let part = range("bytes=1-4", &gzip);
        part.expect(206).body(&coded[1..5]).has("Content-Encoding", "gzip");
        part.has("Content-Range", &format!("bytes 1-4/{}", coded.len()));
        part.has("Vary", "Accept-Encoding").has("ETag", &gzip);
        // What it has begins otherwise.
        range("bytes=1-4", &plain).expect(200).body(coded);
        // Parts of what, with a coding of what?
        let several = range("bytes=0-0,199999-,100-100", &gzip);
        assert!(several.field("Content-Type").is_some_and(|kind| !kind.starts_with("multipart")));
    }
    let beyond = client.get_with("/app.js", &["Accept-Encoding: gzip", "Range: bytes=7-"]);
    beyond.expect(416).has("Content-Range", "bytes */7").has("Vary", "Accept-Encoding");
    client.get_with("/app.js", &["Range: bytes=7-"]).expect(206).body("cript");
}

#[test]
fn head_tells_of_the_coding() {
    let (_folder, bramble) = site();
    let mut client = bramble.client();
    let request = head("/app.js").replace("\r\n\r\n", "\r\nAccept-Encoding: gzip\r\n\r\n");
    let answer = client.send(request).answer_to_head();
    answer.expect(200).has("Content-Encoding", "gzip").has("Content-Length", "7");
}

#[test]
fn a_sibling_that_comes_or_goes_is_seen() {
    let (folder, bramble) = site();
    let mut client = bramble.client();
    ask(&mut client, "/alone.txt", "br").expect(200).body("alone").lacks("Vary");
    folder.write("alone.txt.br", "coded");
    let mut is = |body: &str| ask(&mut client, "/alone.txt", "br").bytes() == body.as_bytes();
    eventually("the coded one", || is("coded"));
    folder.write("alone.txt.br", "other");
    eventually("the other coded one", || is("other"));
    folder.remove("alone.txt.br");
    eventually("the plain one", || is("alone"));
}
