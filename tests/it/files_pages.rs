//! A site's own pages for what is not there, not allowed or not possible.

use bramble_tests::{Bramble, Config, Folder, head};

fn site(keys: &str) -> (Folder, Bramble) {
    let folder = Folder::with(&[("index.html", "home"), ("errors/404.html", "nothing here")]);
    folder.write("errors/405.html", "not like this");
    folder.write("errors/412.html", "not that one");
    folder.write("errors/416.txt", "not so far");
    let bramble = Config::files(&folder, keys).run();
    (folder, bramble)
}

#[test]
fn a_site_can_have_its_own_404_page() {
    for keys in ["not_found = \"errors/404.html\"", "error_pages = { 404 = \"errors/404.html\" }"] {
        let (_folder, bramble) = site(keys);
        let mut client = bramble.client();
        let page = client.get("/missing");
        page.expect(404).body("nothing here").has("Content-Type", "text/html;charset=utf-8");
        // It is not what was asked for: nobody is to keep it or to ask for parts.
        page.lacks("ETag").lacks("Accept-Ranges").has("Cache-Control", "no-cache");
        client.get_with("/missing", &["Range: bytes=0-1"]).expect(404).body("nothing here");
        client.send(head("/missing")).answer_to_head().expect(404).has("Content-Length", "12");
        client.get("/").expect(200).body("home");
    }
}

#[test]
fn every_status_can_have_its_page() {
    let (_folder, bramble) = site(
        "error_pages = { 405 = \"errors/405.html\", 412 = \"errors/412.html\", \
         416 = \"errors/416.txt\" }",
    );
    let mut client = bramble.client();
    client.get_with("/", &["If-Match: \"x\""]).expect(412).body("not that one");
    let page = client.get_with("/", &["Range: bytes=9-"]);
    page.expect(416).body("not so far").has("Content-Type", "text/plain;charset=utf-8");
    page.has("Content-Range", "bytes */4");
    assert!(client.get("/missing").expect(404).text().contains("no page at this address"));
    client.post("/", "body").expect(405).body("not like this").has("Allow", "GET, HEAD, OPTIONS");
}

#[test]
fn a_page_that_is_not_there_is_ours() {
    let (folder, bramble) = site("not_found = \"errors/404.html\"");
    folder.remove("errors/404.html");
    assert!(bramble.get("/missing").expect(404).text().contains("no page at this address"));
}

#[test]
fn a_release_that_is_not_here_is_told_with_the_current_one_s_page() {
    let (_folder, bramble) = site("error_pages = { 503 = \"errors/404.html\" }");
    let answer = bramble.client().get_with("/", &["Bramble-Release: 0123"]);
    answer.expect(503).body("nothing here").has("Retry-After", "1");
}
