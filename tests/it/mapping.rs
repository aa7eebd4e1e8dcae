//! Routes whose backends know the path under another prefix.

use bramble_tests::{Backend, Bramble, Caller, Config};

/// Answers with what it was asked for, in the body and as its own place.
fn app(location: &'static str) -> Backend {
    Backend::start(move |caller: &mut Caller| {
        let body = caller.target().to_owned();
        let own =
            format!("HTTP/1.1 200 OK\r\n{location}\r\nContent-Length: {}\r\n\r\n", body.len());
        caller.send(format!("{own}{body}"));
    })
}

fn route(backend: &Backend, keys: &str) -> Bramble {
    let route = format!("[[route]]\npath_prefix = \"/app\"\npool = \"pool\"\n{keys}");
    Config::balancer(&[backend]).with(&route).run()
}

#[test]
fn a_prefix_is_taken_off_on_the_way() {
    let app = app("X: y");
    let bramble = route(&app, "strip_prefix = true");
    for (asked, expected) in [
        ("/app", "/"),
        ("/app/", "/"),
        ("/app/x?y=/app", "/x?y=/app"),
        ("/app/%2e%2e/app/a%2Fb", "/a%2Fb"),
    ] {
        bramble.get(asked).expect(200).body(expected);
    }
    bramble.get("/apple").expect(404);
    bramble.get("/app/..").expect(404);
}

#[test]
fn a_prefix_becomes_another() {
    let app = app("X: y");
    let bramble = route(&app, "replace_prefix = \"/base\"");
    for (asked, expected) in [("/app", "/base"), ("/app/?", "/base/?"), ("//app//x", "/base/x")] {
        bramble.get(asked).expect(200).body(expected);
    }
}

#[test]
fn places_of_the_backend_are_mapped_back() {
    let app = app("Location: /base/login?next=/base\r\nSet-Cookie: a=b; Path=/base; HttpOnly");
    let bramble = route(&app, "replace_prefix = \"/base\"");
    let answer = bramble.get("/app/x");
    answer.expect(200).has("Location", "/app/login?next=/base");
    answer.has("Set-Cookie", "a=b; Path=/app; HttpOnly");
}

#[test]
fn the_backend_s_address_is_nothing_to_visitors() {
    let app = Backend::start(|caller: &mut Caller| {
        let host = caller.request.field("Host").unwrap().to_owned();
        let own = format!("HTTP/1.1 302 Found\r\nLocation: http://{host}/login\r\n");
        caller.send(format!("{own}Content-Length: 0\r\n\r\n"));
    });
    let bramble = route(&app, "strip_prefix = true");
    let host = bramble.address().to_string();
    bramble.get("/app/x").expect(302);
    let answer = bramble.client().get_with("/app/x", &[]);
    assert!(answer.field("Location").unwrap().ends_with("/app/login"), "{host}: {answer:?}");
}

#[test]
fn other_routes_leave_all_of_it_alone() {
    let app = app("Location: /login\r\nSet-Cookie: a=b; Path=/");
    let bramble = route(&app, "");
    let answer = bramble.get("/app/../app/x");
    answer.expect(200).body("/app/../app/x").has("Location", "/login");
    answer.has("Set-Cookie", "a=b; Path=/");
}

#[test]
fn it_changes_with_the_plan() {
    let app = app("X: y");
    let pool = Config::balancer(&[&app]);
    let with = |keys: &str| {
        pool.clone().with(&format!("[[route]]\npath_prefix = \"/app\"\npool = \"pool\"\n{keys}"))
    };
    let bramble = with("strip_prefix = true").run();
    let mut client = bramble.client();
    client.get("/app/x").expect(200).body("/x");
    bramble.reload(&with("replace_prefix = \"/other\""));
    client.get("/app/x").expect(200).body("/other/x");
    bramble.reload(&with(""));
    client.get("/app/x").expect(200).body("/app/x");
}
