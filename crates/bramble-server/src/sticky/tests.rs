use std::net::SocketAddr;

use bramble_config::plan::{self, AdminState, Link};
use bramble_http::{Limits, RequestHead, parse_request};
use proptest::prelude::*;

use super::Sticky;

fn pool(routes: &[Option<&str>], sticky: plan::Sticky) -> plan::Pool {
    let backend = |(i, route): (usize, &Option<&str>)| plan::Backend {
        name: format!("b{i}"),
        address: SocketAddr::from(([127, 0, 0, 1], 9000)),
        weight: 100,
        admin: AdminState::Enabled,
        set: 0,
        reserve: None,
        ignore_errors: false,
        link: Link::Plain,
        connect_ms: None,
        first_byte_ms: None,
        retry_ms: None,
        host: None,
        route: route.map(str::to_owned),
        redirect: None,
    };
    let backends = routes.iter().enumerate().map(backend).collect();
    plan::Pool { backends, sticky: Some(sticky), ..plan::Pool::default() }
}

fn sticky() -> plan::Sticky {
    plan::Sticky {
        cookie: "SID".to_owned(),
        parameter: "sid".to_owned(),
        separator: Some('.'),
        set: false,
        failover: true,
    }
}

const ROUTES: [Option<&str>; 4] = [Some("a"), None, Some("c.d"), Some("e")];

fn home(sticky: &Sticky, target: &str, cookies: &[&str]) -> Option<usize> {
    let cookies: String = cookies.iter().map(|value| format!("Cookie: {value}\r\n")).collect();
    home_in(sticky, format!("GET {target} HTTP/1.1\r\nHost: x\r\n{cookies}\r\n").as_bytes())
}

fn home_in(sticky: &Sticky, request: &[u8]) -> Option<usize> {
    let mut head = RequestHead::default();
    parse_request(request, &Limits::default(), &mut head).ok()?;
    sticky.home(&head, request)
}

#[track_caller]
fn check(target: &str, cookies: &[&str], expected: Option<usize>) {
    let sticky = Sticky::new(&pool(&ROUTES, sticky())).unwrap();
    assert_eq!(home(&sticky, target, cookies), expected);
}

#[test]
fn a_cookie_ends_in_a_route_or_is_one() {
    check("/", &["SID=0123.a"], Some(0));
    check("/", &["SID=.e"], Some(3));
    check("/", &["SID=0123.c.d"], Some(2));
    for none in ["SID=0123", "SID=a", "SID=0123.", "SID=0123.A", "SID=0123.x", "SID=.d", "SID="] {
        check("/", &[none], None);
    }
}

#[test]
fn a_cookie_is_found_among_others() {
    check("/", &["x=1; SID=1.a; y=2.e"], Some(0));
    check("/", &["x=1;SID=1.a"], Some(0));
    check("/", &["x=1", "y; =; SID=1.a"], Some(0));
    check("/", &["x=1,SID=1.a,y=.e"], Some(0));
    for none in ["XSID=1.a", "SIDX=1.a", "sid=1.a", "x=SID=1.a", "SID", "SID 1.a", ""] {
        check("/", &[none], None);
    }
}

#[test]
fn of_several_the_first_counts() {
    check("/", &["SID=1.a; SID=2.e"], Some(0));
    check("/", &["SID=1.a", "SID=2.e"], Some(0));
    check("/", &["SID=1.x; SID=2.e"], None);
    check("/", &["SID=; SID=2.e"], Some(3));
    check("/?sid=1.a&sid=2.e", &[], Some(0));
}

#[test]
fn a_parameter_goes_before_the_cookie() {
    check("/shop?sid=1.a", &[], Some(0));
    check("/shop?x&sid=1.a&y", &["SID=2.e"], Some(0));
    check("/shop;sid=1.a", &["SID=2.e"], Some(0));
    check("/shop;x=y;sid=1.a/cart?z", &[], Some(0));
    check("/shop;sid=1.a?sid=2.e", &[], Some(0));
    check("http://x/shop?sid=1.a", &[], Some(0));
    // As in Apache, one without a route hides the cookie all the same.
    check("/?sid=1", &["SID=2.e"], None);
    check("/?sid=", &["SID=2.e"], Some(3));
    for none in ["/?SID=1.a", "/sid=1.a", "/?xsid=1.a", "/?sid", "/?x=sid=1.a", "/%3bsid=1.a", "*"]
    {
        check(none, &[], None);
    }
}

#[test]
fn another_separator_or_none() {
    let with = |separator| Sticky::new(&pool(&ROUTES, plan::Sticky { separator, ..sticky() }));
    let sticky = with(Some('!')).unwrap();
    assert_eq!(home(&sticky, "/", &["SID=0.1!a"]), Some(0));
    assert_eq!(home(&sticky, "/", &["SID=0.a"]), None);
    let sticky = with(None).unwrap();
    assert_eq!(home(&sticky, "/", &["SID=c.d"]), Some(2));
    assert_eq!(home(&sticky, "/", &["SID=.a"]), None);
}

#[test]
fn what_is_set_leads_back() {
    for separator in [Some('.'), Some('~'), None] {
        let set = plan::Sticky { set: true, separator, ..sticky() };
        let sticky = Sticky::new(&pool(&ROUTES, set)).unwrap();
        assert!(sticky.sets());
        for place in 0..ROUTES.len() {
            let cookie = sticky.cookie(place, false).unwrap();
            let (pair, attributes) = cookie.split_once("; ").unwrap();
            assert_eq!(attributes, "Path=/; HttpOnly; SameSite=Lax");
            assert_eq!(home(&sticky, "/", &[pair]), Some(place), "{cookie}");
            assert_eq!(sticky.cookie(place, true), Some(&*format!("{cookie}; Secure")));
        }
    }
}

#[test]
fn a_backend_without_a_route_goes_by_its_name_where_the_cookie_is_set() {
    let set = Sticky::new(&pool(&ROUTES, plan::Sticky { set: true, ..sticky() })).unwrap();
    assert_eq!(home(&set, "/", &["SID=.b1"]), Some(1));
    assert_eq!(set.cookie(1, false), Some("SID=.b1; Path=/; HttpOnly; SameSite=Lax"));
    // It has another route.
    assert_eq!(home(&set, "/", &["SID=.b0"]), None);
    check("/", &["SID=.b1"], None);
}

#[test]
fn an_app_that_sets_its_own_has_it_alone() {
    let sticky = Sticky::new(&pool(&ROUTES, sticky())).unwrap();
    assert!(!sticky.sets());
    assert_eq!(sticky.cookie(0, false), None);
    assert!(Sticky::new(&plan::Pool::default()).is_none());
}

const PARTS: &[&str] = &["SID", "sid", "=", ".", ";", ",", "/", "?", "&", " ", "a", "c.d"];

fn hostile() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        3 => prop::sample::select(PARTS).prop_map(str::to_owned),
        1 => "[ -~\u{80}-\u{ff}]{0,3}",
    ];
    prop::collection::vec(part, 0..30).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn any_cookie_or_target_names_a_backend_or_none(cookie in hostile(), target in hostile()) {
        let sticky = Sticky::new(&pool(&ROUTES, sticky())).unwrap();
        let request = format!("GET /{target} HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\n\r\n");
        if let Some(place) = home_in(&sticky, request.as_bytes()) {
            let named = format!(".{}", ROUTES[place].unwrap());
            prop_assert!(cookie.contains(&named) || target.contains(&named));
        }
    }

    #[test]
    fn a_session_is_found_whatever_its_name_is(
        id in "[0-9A-Za-z_-]{0,40}", before in "[a-z]{1,8}=[0-9a-z]{0,8}", place in 0..ROUTES.len(),
    ) {
        let Some(route) = ROUTES[place] else { return Ok(()) };
        let sticky = Sticky::new(&pool(&ROUTES, sticky())).unwrap();
        let cookie = format!("{before}; SID={id}.{route}; {before}");
        prop_assert_eq!(home(&sticky, "/", &[&cookie]), Some(place));
        let target = format!("/x?{before}&sid={id}.{route}&{before}");
        prop_assume!(!before.starts_with("sid="));
        prop_assert_eq!(home(&sticky, &target, &[]), Some(place));
    }

    #[test]
    fn any_bytes_of_a_head_are_no_trouble(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let sticky = Sticky::new(&pool(&ROUTES, sticky())).unwrap();
        let mut request = b"GET /;sid=".to_vec();
        request.extend_from_slice(&bytes);
        request.extend_from_slice(b" HTTP/1.1\r\nHost: x\r\n\r\n");
        home_in(&sticky, &request);
    }
}
