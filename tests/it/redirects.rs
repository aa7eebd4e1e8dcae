//! Redirects that keep what follows their prefix.

use bramble_tests::Config;

#[test]
fn a_redirect_keeps_what_follows_the_prefix() {
    let route = "\
[[route]]
path_prefix = \"/old\"
redirect = { status = 301, location = \"https://b.example/new\", keep_path = true }
[[route]]
redirect = { location = \"https://b.example/\" }";
    let bramble = Config::of(route).run();
    let mut client = bramble.client();
    for (asked, expected) in [
        ("/old", "https://b.example/new"),
        ("/old/a%20b?c=d&e", "https://b.example/new/a%20b?c=d&e"),
        ("/old//../old/x/", "https://b.example/new/x/"),
    ] {
        client.get(asked).expect(301).has("Location", expected);
    }
    client.get("/older/x?y").expect(302).has("Location", "https://b.example/");
    client.get("/old/%0d%0aSet-Cookie:a=b").expect(400).lacks("Location");
}
