//! Conditional requests for files: what a client has is not sent again, and what it did not mean
//! is not sent at all.

use std::fs::File;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bramble_tests::{Bramble, Cluster, Config, Folder, eventually, files};

const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
const DATE_UNIX_S: u64 = 784_111_777;

fn set_modified(folder: &Folder, path: &str, at: SystemTime) {
    File::options().write(true).open(folder.join(path)).unwrap().set_modified(at).unwrap();
}

fn site() -> (Folder, Bramble) {
    let folder = Folder::with(&[("index.html", "home")]);
    set_modified(&folder, "index.html", UNIX_EPOCH + Duration::from_millis(DATE_UNIX_S * 1000 + 9));
    let bramble = files(&folder);
    (folder, bramble)
}

#[test]
fn a_date_is_as_good_as_a_tag() {
    let (_folder, bramble) = site();
    let mut client = bramble.client();
    let tag = client.get("/").has("Last-Modified", DATE).field("ETag").unwrap().to_owned();
    let not_modified = client.get_with("/", &[&format!("If-Modified-Since: {DATE}")]);
    not_modified
        .expect(304)
        .has("ETag", &tag)
        .has("Cache-Control", "no-cache")
        .lacks("Last-Modified");
    client.get_with("/", &[&format!("If-Modified-Since: {BEFORE}")]).expect(200).body("home");
    client.get_with("/", &["If-Modified-Since: sometime"]).expect(200).body("home");
    client.get_with("/", &[&format!("If-Unmodified-Since: {DATE}")]).expect(200).body("home");
    client.get_with("/", &[&format!("If-Unmodified-Since: {BEFORE}")]).expect(412);
    client.get("/").expect(200).body("home");
}

#[test]
fn what_was_not_meant_is_not_sent() {
    let (_folder, bramble) = site();
    let mut client = bramble.client();
    let tag = client.get("/").field("ETag").unwrap().to_owned();
    for value in [&tag, "*", &format!("\"x\", {tag}")] {
        client.get_with("/", &[&format!("If-Match: {value}")]).expect(200).body("home");
    }
    for value in ["\"x\"", &format!("W/{tag}")] {
        let answer = client.get_with("/", &[&format!("If-Match: {value}")]);
        assert!(answer.expect(412).text().contains("not what you expected"));
    }
    client.send("HEAD / HTTP/1.1\r\nHost: a\r\nIf-Match: \"x\"\r\n\r\n");
    client.answer_to_head().expect(412);
    // Without a file there is nothing to compare (RFC 9110 section 13.2.1).
    client.get_with("/missing", &["If-Match: \"x\""]).expect(404);
    client.get_with("/missing", &["If-None-Match: *"]).expect(404);
}

#[test]
fn tags_are_weighed_before_dates() {
    let (_folder, bramble) = site();
    let mut client = bramble.client();
    let tag = client.get("/").field("ETag").unwrap().to_owned();
    let (old, new) = (format!("If-Modified-Since: {BEFORE}"), format!("If-Modified-Since: {DATE}"));
    client.get_with("/", &["If-None-Match: \"x\"", &new]).expect(200);
    client.get_with("/", &[&format!("If-None-Match: {tag}"), &old]).expect(304);
    let unmodified = format!("If-Unmodified-Since: {BEFORE}");
    client.get_with("/", &[&format!("If-Match: {tag}"), &unmodified]).expect(200);
    client.get_with("/", &["If-Match: \"x\"", &format!("If-None-Match: {tag}")]).expect(412);
}

#[test]
fn a_date_that_may_not_stay_is_not_given() {
    let folder = Folder::with(&[("index.html", "home")]);
    let bramble = files(&folder);
    let tomorrow = SystemTime::now() + Duration::from_secs(86_400);
    set_modified(&folder, "index.html", tomorrow);
    let mut client = bramble.client();
    client.get("/").expect(200).lacks("Last-Modified");
    let future = "If-Modified-Since: Fri, 31 Dec 9999 23:59:59 GMT";
    client.get_with("/", &[future]).expect(200).lacks("Last-Modified");
    // The second of the change is over some time.
    folder.write("index.html", "HOME");
    eventually("a date", || client.get("/").field("Last-Modified").is_some());
    client.get("/").expect(200).body("HOME");
    client.get_with("/", &[future]).expect(304);
}

#[test]
fn a_release_goes_by_its_content_alone() {
    let folder = Folder::with(&[("index.html", "home")]);
    let cluster = Cluster::up();
    cluster.publish(&folder).expect(0);
    let mut client = cluster.client();
    let tag = client.get("/").expect(200).lacks("Last-Modified").field("ETag").unwrap().to_owned();
    assert_eq!(Config::files(&folder, "").run().get("/").field("ETag"), Some(tag.as_str()));
    client.get_with("/", &[&format!("If-None-Match: {tag}")]).expect(304).has("ETag", &tag);
    client.get_with("/", &["If-Match: \"x\""]).expect(412);
    client.get_with("/", &["If-Modified-Since: Fri, 31 Dec 9999 23:59:59 GMT"]).expect(200);
}
