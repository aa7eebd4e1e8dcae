//! The files of the importer's own tests, run: the same answer, `Location` and member from both.

use bramble_tests::{Answer, Backend, Caller};

use super::both::Both;

macro_rules! file {
    ($name:literal) => {
        include_str!(concat!("../../../crates/bramble-config/tests/it/apache/", $name, ".conf"))
    };
}

/// The exit code of an import that has left something out.
const PARTLY: i32 = 5;

/// Says its name, and what came; in a part of the site it sends visitors on, by the name that it is
/// asked by.
fn backend(name: char) -> Backend {
    Backend::start(move |caller: &mut Caller| {
        let target = caller.target().to_owned();
        let field = |name: &str| caller.request.field(name).unwrap_or("none").to_owned();
        let seen = ["Host", "X-Forwarded-Host", "X-Forwarded-For"].map(field);
        let (status, location) = match target.contains("/moved") {
            true => (302, format!("Location: http://{}{target}/on\r\n", seen[0])),
            false => (200, String::new()),
        };
        let body = format!("{target} {seen:?}");
        caller.send(format!(
            "HTTP/1.1 {status} Fine\r\nBackend: {name}\r\n{location}Content-Length: {}\r\n\r\n{body}",
            body.len()
        ));
    })
}

/// Both with a file in which these addresses are those of backends `a`, `b`, …; those of which
/// others are the beginning stand first. Where it listens and logs is not the file's matter here.
#[track_caller]
fn start(file: &str, addresses: &[&str], exit: i32) -> (Both, Vec<Backend>) {
    let is_kept = |line: &&str| {
        let word = line.trim_start().to_ascii_lowercase();
        !["listen", "customlog", "errorlog", "rewrite"].iter().any(|one| word.starts_with(one))
    };
    let lines: Vec<&str> = file.lines().filter(is_kept).collect();
    let mut conf = lines.join("\n").replace("*:80>", "*:*>") + "\n";
    for folder in ["/var/www/html", "/srv/app/public", "/var/www"] {
        conf = conf.replace(folder, "{dir}/www");
    }
    for (name, address) in ('a'..).zip(addresses) {
        conf = conf.replace(address, &format!("{{{name}}}"));
    }
    let backends: Vec<Backend> = ('a'..).zip(addresses).map(|(name, _)| backend(name)).collect();
    let both = Both::start(&conf, &backends.iter().collect::<Vec<_>>(), exit);
    (both, backends)
}

/// Each path is asked for several times, so that members take turns.
#[track_caller]
fn check(both: &Both, host: &str, cookie: &str, paths: &[&str]) {
    for path in paths.iter().cycle().take(paths.len() * 5) {
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{cookie}Connection: close\r\n\r\n");
        let [httpd, bramble] = both.send(&request).map(|answer| essence(host, &answer));
        assert_eq!(httpd, bramble, "{host} {path} {cookie}: httpd, then bramble");
    }
}

/// Status, whose answer it is, `Location`, the cookie's value, and the body of what is found.
fn essence(host: &str, answer: &Answer) -> (u16, Option<String>, [Option<String>; 2], String) {
    let member = answer.field("Backend").map(str::to_owned);
    // httpd makes an absolute URL of a path.
    let location = answer.field("Location").map(|to| to.replace(&format!("http://{host}"), ""));
    let cookie = answer.field("Set-Cookie");
    let cookie = cookie.map(|all| all.split(';').next().unwrap_or_default().to_owned());
    let body = if answer.status == 200 { answer.text() } else { String::new() };
    (answer.status, member, [location, cookie], body)
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn the_old_cluster() {
    let addresses: Vec<String> = (2..10).map(|host| format!("192.168.1.{host}:80")).collect();
    let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let (both, _backends) = start(file!("eight"), &addresses, PARTLY);
    for host in ["domain.com", "www.domain.com", "nobody.example"] {
        check(&both, host, "", &["/", "/x?y=1", "/a/b/", "/administrator"]);
        check(&both, host, "", &["/admin", "/admin/x", "/balancer-manager", "/balancer-manager/"]);
    }
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn three_sites() {
    let addresses = [
        "192.168.1.20",
        "192.168.1.21",
        "192.168.1.22",
        "192.168.1.24",
        "192.168.1.2:80",
        "192.168.1.3:80",
    ];
    let (both, _backends) = start(file!("three"), &addresses, PARTLY);
    check(&both, "raspberrywebserver.com", "", &["/", "/x/?y", "/moved", "/balancer-manager"]);
    check(&both, "www.banoffeepiserver.com", "", &["/", "/x", "/admin", "/bpi-balancer-manager"]);
    for host in ["pyplate.com", "a.pyplate.com", "www.pyplate.org", "pyplate.org"] {
        check(&both, host, "", &["/", "/balancer-manager", "/admin"]);
    }
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn sticky_sessions() {
    let addresses = ["10.0.0.1:8080", "10.0.0.2:8080", "10.0.0.3:8080", "10.0.0.4:8080"];
    let (both, _backends) = start(file!("sticky"), &addresses, 0);
    for cookie in ["", "Cookie: ROUTEID=.2\r\n", "Cookie: ROUTEID=.3\r\n", "Cookie: a=ROUTEID\r\n"]
    {
        check(&both, "any.example", cookie, &["/", "/x?ROUTEID=.1", "/javanese"]);
    }
    let cookie = "Cookie: JSESSIONID=12.jvm2\r\n";
    check(&both, "any.example", cookie, &["/java", "/java/x?jsessionid=1.jvm1", "/java/x;y=1"]);
    check(&both, "any.example", "", &["/java;jsessionid=1.jvm2", "/java/x;jsessionid=1.jvm1?y"]);
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn locations() {
    let (both, _backends) = start(file!("locations"), &["10.0.0.1:8080", "10.0.0.2:8080"], PARTLY);
    let paths = ["/app", "/app/", "/app/x?y", "/app/moved", "/app/admin", "/app/admin/x"];
    check(&both, "any.example", "", &paths);
    check(&both, "any.example", "", &["/old", "/old/x", "/old/x?y=1"]);
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn patterns() {
    let addresses = ["10.0.0.1:8080", "10.0.0.2:8080", "10.0.0.3:8080", "10.0.0.4", "10.0.0.5"];
    let (both, _backends) = start(file!("patterns"), &addresses, PARTLY);
    let paths =
        ["/api/", "/api/x?y=1", "/blog/", "/blog/a/b", "/x+y", "/x+y/z", "/images", "/none"];
    check(&both, "any.example", "", &paths);
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn redirects() {
    let (both, _backends) = start(file!("redirects"), &["10.0.0.1"], PARTLY);
    let paths = [
        "/old",
        "/old/",
        "/old/x/y",
        "/old/x?y=1",
        "/older",
        "/older/x",
        "/form",
        "/form?x",
        "/gone",
        "/gone/x",
        "/hidden",
        "/hidden/x",
        "/hidden/not",
        "/hidden/not/x",
        "/new",
        "/new/x",
    ];
    check(&both, "any.example", "", &paths);
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn an_app_beside_files() {
    let (both, _backends) = start(file!("sole"), &["localhost:3000", "127.0.0.1:3001"], PARTLY);
    let paths = ["/", "/x", "/x/?y=1", "/moved", "/static/a.txt", "/static/none", "/statics"];
    check(&both, "app.example.org", "", &paths);
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn variables() {
    let file = file!("variables").replace("${backend}:${port}", "10.0.0.1:8080");
    let (both, _backends) = start(&file, &["10.0.0.1:8080", "10.0.0.69"], PARTLY);
    check(&both, "any.example", "", &["/app", "/app/x", "/app/x?y", "/app/moved"]);
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn names_of_hosts() {
    let addresses = ["10.0.0.1", "app.internal:8080", "lost.internal:8080", "10.0.0.3", "10.0.0.4"];
    let (both, _backends) = start(file!("aliases"), &addresses, PARTLY);
    for host in ["first.example.org", "nobody.example"] {
        check(&both, host, "", &["/", "/app", "/base"]);
    }
    for host in ["example.org", "www.example.org", "a.b.example.org", "WWW.Example.ORG"] {
        check(&both, host, "", &["/app", "/app/x?y", "/base", "/base/x"]);
    }
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn moved_to_tls() {
    let (both, _backends) = start(file!("tls"), &["10.0.0.1:8443"], PARTLY);
    check(&both, "example.org", "", &["/", "/x", "/x/y?z=1"]);
    check(&both, "www.example.org", "", &["/", "/x"]);
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn an_app_that_is_closed() {
    let (both, _backends) = start(file!("folders"), &["10.0.0.1"], PARTLY);
    check(&both, "any.example", "", &["/", "/static/a.txt", "/app", "/app/x"]);
}
