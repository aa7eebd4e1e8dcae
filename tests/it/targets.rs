//! Targets that are meant to choose where a request goes, or to pass by a route: only the
//! configuration says where (CVE-2021-40438), and a path means one thing however it is spelt.

use bramble_tests::{Backend, Bramble, Config, Folder, balancer, respond};

/// Two pools by host; what does not lead to one of them leads to the other.
fn by_host(shop: &Backend, blog: &Backend) -> Bramble {
    let pool = |name: &str, backend: &Backend| {
        let address = backend.address();
        format!("[[pool]]\nname = \"{name}\"\n[[pool.backend]]\naddress = \"{address}\"\n")
    };
    let routes = "[[route]]\nhosts = [\"blog.test\"]\npool = \"blog\"\n\
                  [[route]]\npool = \"shop\"\n";
    Config::of(&(pool("shop", shop) + &pool("blog", blog) + routes)).run()
}

#[test]
fn no_target_and_no_host_is_a_place_to_connect_to() {
    let (backend, other) = (Backend::start(respond(200, "one")), Backend::start(respond(200, "x")));
    let bramble = balancer(&[&backend]);
    let place = other.address();
    for target in [
        format!("http://{place}/"),
        format!("http://{place}"),
        format!("https://{place}/"),
        format!("http://site.test@{place}/"),
        format!("http://{place}#@site.test/"),
        format!("http:/{place}/"),
        format!("ftp://{place}/"),
        format!("unix:/{place}"),
        format!("//{place}/"),
        format!("/@{place}/"),
        format!("@{place}/"),
        format!("/http://{place}/"),
        format!("/?http://{place}/"),
        format!("/?unix:{}|http://{place}/", "a".repeat(5000)),
        format!("/%0d%0aHost:%20{place}"),
        "/".to_owned(),
    ] {
        for host in ["site.test".to_owned(), place.to_string()] {
            let mut client = bramble.client();
            client.send(format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n"));
            let status = client.answer().status;
            assert!(matches!(status, 200 | 400..=499), "{status} to {target} of {host}");
        }
    }
    assert_eq!(other.connections(), 0);
    assert!(backend.count() > 10);
}

#[test]
fn the_targets_host_decides_the_route_and_host_does_not() {
    let (shop, blog) = (Backend::start(respond(200, "shop")), Backend::start(respond(200, "blog")));
    let bramble = by_host(&shop, &blog);
    for (target, host, answers) in [
        ("http://blog.test/", "shop.test", "blog"),
        ("http://shop.test/", "blog.test", "shop"),
        ("HTTP://BLOG.TEST:80/", "shop.test", "blog"),
        ("//blog.test/", "shop.test", "shop"),
        ("/http://blog.test/", "shop.test", "shop"),
    ] {
        let mut client = bramble.client();
        client.send(format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        client.answer().expect(200).body(answers);
    }
    let (mut client, target) = (bramble.client(), "http://blog.test/a");
    client.send(format!("GET {target} HTTP/1.1\r\nHost: shop.test\r\n\r\n")).answer().body("blog");
    assert_eq!(blog.last().field("Host"), Some("blog.test"));
    assert_eq!(blog.last().field("X-Forwarded-Host"), Some("blog.test"));
}

#[test]
fn no_other_field_decides_the_route() {
    let (shop, blog) = (Backend::start(respond(200, "shop")), Backend::start(respond(200, "blog")));
    let bramble = by_host(&shop, &blog);
    for field in [
        "X-Forwarded-Host: blog.test",
        "X-Host: blog.test",
        "X-Original-Host: blog.test",
        "Forwarded: host=blog.test",
        "X-Original-URL: http://blog.test/",
        "X-Rewrite-URL: http://blog.test/",
        "Connection: Host",
    ] {
        bramble.client().get_with("/", &[field]).expect(200).body("shop");
    }
    assert_eq!(blog.connections(), 0);
}

#[test]
fn no_spelling_leads_past_a_route() {
    let backend = Backend::start(respond(200, "one"));
    let config = Config::balancer(&[&backend]).with(
        "[[route]]\npath_prefix = \"/admin\"\nrespond = { status = 403 }\n\
         [[route]]\npool = \"pool\"",
    );
    let bramble = config.run();
    for path in [
        "/admin",
        "/admin/",
        "/admin/x",
        "/%61dmin",
        "/%61%64%6d%69%6e/x",
        "//admin",
        "/./admin",
        "/x/../admin",
        "/x/%2e%2e/admin",
        "/x/.%2E/admin/x",
        "/admin/../admin",
        "/admin/./x",
        "/admin//x",
        "/admin?x",
        "http://site.test/admin",
        "http://site.test//admin?x",
    ] {
        bramble.get(path).expect(403);
    }
    assert_eq!(backend.connections(), 0);
    // These are other names, and go on as they came.
    for path in ["/administration", "/%2561dmin", "/Admin", "/admin%2fx", "/admin/../x"] {
        bramble.get(path).expect(200);
        assert_eq!(backend.last().start, format!("GET {path} HTTP/1.1"));
    }
}

#[test]
fn a_file_is_of_the_host_that_was_asked_for() {
    // CVE-2026-2836: two hosts, one path, and something that is kept in between.
    let folders = ["one", "two"].map(|text| Folder::with(&[("index.html", text)]));
    let site = |name: &str, folder: &Folder| {
        let root = folder.path().display();
        format!("[[site]]\nname = \"{name}\"\nroot = \"{root}\"\nhosts = [\"{name}.test\"]\n")
    };
    let bramble = Config::of(&(site("one", &folders[0]) + &site("two", &folders[1]))).run();
    let mut client = bramble.client();
    let mut ask = |target: &str, host: &str| {
        client.send(format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n")).answer().text()
    };
    for _ in 0..3 {
        assert_eq!(ask("/", "one.test"), "one");
        assert_eq!(ask("/", "two.test"), "two");
        assert_eq!(ask("http://two.test/", "one.test"), "two");
        assert_eq!(ask("http://one.test/", "two.test"), "one");
    }
}
