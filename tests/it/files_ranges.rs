//! Parts of files: single, several, of what lies in memory, goes by `sendfile` or through TLS.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::time::{Duration, SystemTime};

use bramble_tests::{Answer, Bramble, Client, Cluster, Folder, files};

fn content(size: usize) -> Vec<u8> {
    (0..size as u32).map(|i| (i ^ (i >> 11)) as u8).collect()
}

const SMALL: usize = 5000;
const LARGE: usize = 3 * 1024 * 1024 + 11;

fn folder() -> Folder {
    let folder = Folder::with(&[("empty.txt", ""), ("index.html", "home")]);
    folder.write("small.bin", content(SMALL));
    folder.write("large.bin", content(LARGE));
    folder
}

fn site() -> (Folder, Bramble) {
    let folder = folder();
    let bramble = files(&folder);
    (folder, bramble)
}

fn range(client: &mut Client, path: &str, range: &str) -> Answer {
    client.get_with(path, &[&format!("Range: {range}")])
}

#[test]
fn one_range_is_answered_with_it() {
    let (_folder, bramble) = site();
    one_range(&mut bramble.client());
}

#[test]
fn one_range_comes_through_tls_too() {
    let cluster = Cluster::up();
    cluster.publish(&folder()).expect(0);
    one_range(&mut cluster.client());
}

fn one_range(client: &mut Client) {
    for (path, len) in [("/small.bin", SMALL), ("/large.bin", LARGE)] {
        let whole = content(len);
        let tag = client
            .get(path)
            .expect(200)
            .has("Accept-Ranges", "bytes")
            .field("ETag")
            .map(str::to_owned);
        for (asked, start, end) in [
            ("bytes=0-0".to_owned(), 0, 1),
            ("bytes=0-".to_owned(), 0, len),
            ("bytes=1000-1999".to_owned(), 1000, 2000),
            (format!("bytes={}-", len - 1), len - 1, len),
            ("bytes=4000-99999999999999999999".to_owned(), 4000, len),
            ("bytes=-7".to_owned(), len - 7, len),
            ("bytes=-99999999".to_owned(), 0, len),
            // Those that touch are one.
            ("bytes=5-9,10-20,0-7".to_owned(), 0, 21),
        ] {
            let answer = range(client, path, &asked);
            answer.expect(206).body(&whole[start..end]);
            answer.has("Content-Range", &format!("bytes {start}-{}/{len}", end - 1));
            answer.has("Content-Length", &(end - start).to_string()).has("Accept-Ranges", "bytes");
            answer.has("Content-Type", "application/octet-stream").has("Cache-Control", "no-cache");
            assert_eq!(answer.field("ETag").map(str::to_owned), tag, "{asked}");
        }
    }
}

#[test]
fn what_is_not_there_is_said_with_the_length() {
    let (_folder, bramble) = site();
    let mut client = bramble.client();
    for asked in ["bytes=5000-", "bytes=9999-99999", "bytes=-0", "bytes=5000-,6000-7000"] {
        let answer = range(&mut client, "/small.bin", asked);
        answer.expect(416).has("Content-Range", "bytes */5000");
        assert!(answer.text().contains("5000 bytes"), "{}", answer.text());
    }
    range(&mut client, "/empty.txt", "bytes=0-").expect(416).has("Content-Range", "bytes */0");
    range(&mut client, "/empty.txt", "bytes=-1").expect(200).body("");
}

#[test]
fn a_malformed_range_does_not_count() {
    let (_folder, bramble) = site();
    let mut client = bramble.client();
    for asked in
        ["bytes=", "bytes=9-5", "bytes=a-b", "items=0-1", "0-1", "bytes=0-1,x", "bytes 0-1"]
    {
        range(&mut client, "/small.bin", asked).expect(200).body(content(SMALL));
    }
    let twice = client.get_with("/small.bin", &["Range: bytes=0-1", "Range: bytes=0-1"]);
    twice.expect(200).body(content(SMALL));
}

#[test]
fn a_range_is_for_get_and_for_what_is_there() {
    let (_folder, bramble) = site();
    let mut client = bramble.client();
    client.send("HEAD /small.bin HTTP/1.1\r\nHost: a\r\nRange: bytes=0-1\r\n\r\n");
    let head = client.answer_to_head();
    head.expect(200)
        .has("Content-Length", "5000")
        .has("Accept-Ranges", "bytes")
        .lacks("Content-Range");
    range(&mut client, "/missing", "bytes=0-1").expect(404);
    range(&mut client, "/", "bytes=1-2").expect(206).body("om");
    client.send("GET /small.bin HTTP/1.0\r\nRange: bytes=0-1\r\n\r\n");
    client.answer().expect(206).body(content(2));
}

/// The parts of a multipart body: what stands in each head, and its bytes.
fn parts(answer: &Answer) -> Vec<(String, Vec<u8>)> {
    let media_type = answer.field("Content-Type").unwrap();
    let boundary = media_type.strip_prefix("multipart/byteranges; boundary=").expect(media_type);
    let delimiter = format!("\r\n--{boundary}");
    let mut rest = answer.bytes().strip_prefix(delimiter.as_bytes()).expect("a first part");
    let mut parts = Vec::new();
    while rest != b"--\r\n" {
        let end =
            rest.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("the head's end") + 4;
        let head = String::from_utf8(rest[..end].to_vec()).unwrap();
        let body = &rest[end..];
        let len = body.windows(delimiter.len()).position(|bytes| bytes == delimiter.as_bytes());
        parts.push((head, body[..len.unwrap()].to_vec()));
        rest = &body[len.unwrap() + delimiter.len()..];
    }
    parts
}

#[test]
fn several_ranges_come_as_parts() {
    let (_folder, bramble) = site();
    several_ranges(&mut bramble.client());
}

#[test]
fn several_ranges_come_through_tls_too() {
    let cluster = Cluster::up();
    cluster.publish(&folder()).expect(0);
    several_ranges(&mut cluster.client());
}

fn several_ranges(client: &mut Client) {
    for (path, len) in [("/small.bin", SMALL), ("/large.bin", LARGE)] {
        let whole = content(len);
        let answer = range(client, path, "bytes=4000-4099, 0-0 ,-10,9999999-,2000-2050,2040-2060");
        answer.expect(206).lacks("Content-Range");
        let wanted = [4000..4100, 0..1, len - 10..len, 2000..2061];
        let expected = wanted.map(|part| {
            let range = format!("Content-Range: bytes {}-{}/{len}", part.start, part.end - 1);
            let head = format!("\r\nContent-Type: application/octet-stream\r\n{range}\r\n\r\n");
            (head, whole[part].to_vec())
        });
        assert_eq!(parts(&answer), expected, "{path}");
        // The connection goes on: the length was right.
        client.get("/index.html").expect(200).body("home");
    }
}

#[test]
fn no_more_ranges_than_sixteen() {
    let (_folder, bramble) = site();
    let mut client = bramble.client();
    let list = |n: usize| {
        let ranges: Vec<String> = (0..n).map(|i| format!("{0}-{0}", i * 200)).collect();
        format!("bytes={}", ranges.join(","))
    };
    assert_eq!(parts(range(&mut client, "/large.bin", &list(16)).expect(206)).len(), 16);
    range(&mut client, "/large.bin", &list(17)).expect(200).body(content(LARGE));
    // As CVE-2011-3192: Apache's memory was full of parts of one file.
    let killer: String = (0..1300).map(|i| format!(",0-{i}")).collect();
    range(&mut client, "/small.bin", &format!("bytes=0-{killer}")).expect(200).body(content(SMALL));
    let most = format!("bytes=0-{}", ",0-".repeat(15));
    range(&mut client, "/small.bin", &most).expect(206).body(content(SMALL));
}

#[test]
fn a_range_is_of_what_the_client_has() {
    let (folder, bramble) = site();
    let past = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
    let file = File::options().write(true).open(folder.join("small.bin")).unwrap();
    file.set_modified(past).unwrap();
    let mut client = bramble.client();
    let tag = client.get("/small.bin").field("ETag").unwrap().to_owned();
    let date = "Sun, 06 Nov 1994 08:49:37 GMT";
    let mut ask = |value: &str| {
        let value = format!("If-Range: {value}");
        client.get_with("/small.bin", &["Range: bytes=10-19", &value])
    };
    for value in [tag.as_str(), date] {
        ask(value).expect(206).body(&content(SMALL)[10..20]);
    }
    for value in [
        "\"other\"",
        &format!("W/{tag}"),
        &format!("{tag}, \"other\""),
        "Sun, 06 Nov 1994 08:49:36 GMT",
        "Sun, 06 Nov 1994 08:49:38 GMT",
        "whatever",
    ] {
        ask(value).expect(200).body(content(SMALL));
    }
    // A copy that is good needs no part of it, and one that is not meant gets none.
    let fields = ["Range: bytes=0-1", &format!("If-None-Match: {tag}")];
    client.get_with("/small.bin", &fields).expect(304);
    client.get_with("/small.bin", &["Range: bytes=0-1", "If-Match: \"x\""]).expect(412);
    client.get_with("/small.bin", &["Range: bytes=9999-", "If-None-Match: \"x\""]).expect(416);
    client.get_with("/small.bin", &["Range: bytes=9999-", "If-Range: \"x\""]).expect(200);
}

#[test]
fn ten_gigabytes_have_an_end_too() {
    const LEN: u64 = 10 << 30;
    let folder = Folder::empty();
    let mut file = File::create(folder.join("huge.bin")).unwrap();
    file.set_len(LEN).unwrap();
    for (at, text) in [(5 << 30, "middle"), (LEN - 3, "end")] {
        file.seek(SeekFrom::Start(at)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }
    let bramble = files(&folder);
    let mut client = bramble.client();
    client.send("HEAD /huge.bin HTTP/1.1\r\nHost: a\r\n\r\n");
    client.answer_to_head().expect(200).has("Content-Length", "10737418240");
    let end = range(&mut client, "/huge.bin", "bytes=-3");
    end.expect(206).body("end").has("Content-Range", "bytes 10737418237-10737418239/10737418240");
    range(&mut client, "/huge.bin", "bytes=5368709120-5368709125").expect(206).body("middle");
    let several = range(&mut client, "/huge.bin", "bytes=0-1,5368709120-5368709125,10737418237-");
    let bodies: Vec<Vec<u8>> = parts(several.expect(206)).into_iter().map(|part| part.1).collect();
    assert_eq!(bodies, [b"\0\0".to_vec(), b"middle".to_vec(), b"end".to_vec()]);
    // More than 4 GiB of it, of which the first are enough here.
    client.send("GET /huge.bin HTTP/1.1\r\nHost: a\r\nRange: bytes=5368709120-\r\n\r\n");
    let head = client.wire().head().unwrap();
    assert_eq!(head.field("Content-Length"), Some("5368709120"));
    assert_eq!(client.wire().exactly(6), Ok(b"middle".to_vec()));
}
