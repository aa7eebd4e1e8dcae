//! What only a request has: its line, its host, its wishes.

use super::{Mutation, framing};
use crate::draft::{Draft, Field};
use crate::rng::Rng;

pub(super) const ALL: &[Mutation] = &[
    ("method", method),
    ("target", target),
    ("absolute target", absolute),
    ("version", version),
    ("request line's spaces", spaces),
    ("before the request", before),
    ("Host's value", host),
    ("Host twice or never", hosts),
    ("Upgrade", upgrade),
    ("Expect", expect),
    ("method and body", method_and_body),
    ("pipelined", pipelined),
];

/// The valid ones among them are known to each of the judges.
#[rustfmt::skip] // An item a line would be hard to see over.
const METHODS: &[&[u8]] = &[
    b"get", b"Get", b"", b"GE T", b"G\0ET", b"GET\x0b", b"\tGET", b"GET\0", b"PRI", b"CONNECT",
    b"TRACE", b"GET,", b"(GET)", b"\"GET\"", b"G\xc9T", b"PROPFIND", b"M-SEARCH", b"PURGE",
    b"LOCK", b"GET:", b"G@T", b"GET;x", b"GET\r", b"GET\n", b"BREW", b"G!T",
    b"GETGETGETGETGETGETGETGETGETGETGETGETGET", b"SOURCE",
];

/// `~` stands for the case's own target.
#[rustfmt::skip] // An item a line would be hard to see over.
const TARGETS: &[&[u8]] = &[
    b"~#f", b"~?a#b", b"#~", b"*", b"~*", b"", b"~ x", b"~\t", b"\t~", b"~\0", b"~\x80",
    b"~\xff", b"~\x7f", b"~%00", b"~%0d%0aX:%20y", b"~%2e%2e/", b"/..~", b"/.~",
    b"//evil.test~", b"/~", b"~/../x", b"~\\x", b"\\~", b"~?", b"~??a", b"~?a=b&c", b"~;a",
    b"~%", b"~%zz", b"~%2F", b"~\"", b"~<>", b"~{}", b"~|", b"~^", b"~`", b"~[",
    b"~ HTTP/1.1\r\nX: y\r\nZ:", b"~ HTTP/1.1 ", b"~\rX", b"~\nX", b"~\x0b", b"~\x0c",
    b"~\xc2\xa0", b"~:80", b":80", b"site.test:80", b"?~", b"a~", b"~@evil.test", b"/ ~",
    b"~ /s HTTP/1.1",
];

#[rustfmt::skip] // An item a line would be hard to see over.
const ABSOLUTES: &[&[u8]] = &[
    b"http://site.test~", b"http://evil.test~", b"HTTP://site.test~", b"https://site.test~",
    b"http://site.test:80~", b"http://site.test:0~", b"http://site.test:~",
    b"http://site.test:99999~", b"http://user@site.test~", b"http://a:b@site.test~",
    b"http://site.test", b"http://site.test?a", b"http://site.test#a", b"http://~", b"http:/~",
    b"http:~", b"http~", b"ftp://site.test~", b"ws://site.test~", b"http://[::1]~",
    b"http://[::1~", b"http://site.test\\@evil.test~", b"http://site.test ~",
    b"http://site.test%00~", b"http://site_x.test~", b"http://site.test.~", b"http://.~",
    b"http://a..b~", b"http://evil.test#@site.test~", b"http://site.test,evil.test~",
    b"//site.test~", b"http:///~",
];

#[rustfmt::skip] // An item a line would be hard to see over.
const VERSIONS: &[&[u8]] = &[
    b"HTTP/1.0", b"HTTP/0.9", b"HTTP/1.2", b"HTTP/1.9", b"HTTP/2.0", b"HTTP/2", b"HTTP/3.0",
    b"HTTP/1", b"HTTP/1.", b"HTTP/.1", b"HTTP/", b"http/1.1", b"Http/1.1", b"HTTP/1,1",
    b"HTTP/11", b"HTTP/01.1", b"HTTP/1.10", b"HTTP/1.1.1", b"HTTP/1.1 ", b"HTTP/1.1\t",
    b"HTTP/1.1x", b"HTTP/1.1\0", b"HTTP /1.1", b"HTTP/ 1.1", b"HTTP/+1.1", b"HTTP/-1.1",
    b"HTTPS/1.1", b"ICE/1.0", b"RTSP/1.0", b"HTTP\\1.1", b"", b"HTTP/1.1 HTTP/1.1",
    b"\"HTTP/1.1\"", b"HTTP/1.\xb9", b"HTTP/1.1;x", b"HTTP/1.1\x0b",
];

#[rustfmt::skip] // An item a line would be hard to see over.
const HOSTS: &[&[u8]] = &[
    b"", b" ", b"a b", b"a,b", b"site.test,evil.test", b"user@site.test", b"site.test:80",
    b"site.test:", b"site.test:80:80", b"site.test:0", b"site.test:99999", b"site.test:x",
    b"site.test:+80", b"[::1]", b"[::1", b"::1", b"[::1]:80", b"[::1]x", b"site.test/x",
    b"/site.test", b"site.test#x", b"site.test?x", b"site.test\\x", b"http://site.test",
    b"a..b", b".a", b"a.", b"a_b", b"-a", b"a%00", b"a%2e", b"s\0te", b"s\tte",
    b"site.test\x0b", b"\"site.test\"", b"(site)", b"s\xefte", b"xn--a", b"127.0.0.1",
    b"0x7f.1", b"*", b"site.test\r\n evil.test", b"site.test;x", b"SITE.TEST", b"site.test\t",
    b"$host", b"a{b}",
];

#[rustfmt::skip] // An item a line would be hard to see over.
const UPGRADES: &[&[u8]] = &[
    b"websocket", b"WebSocket", b"websocket, h2c", b"h2c, websocket", b"h2c", b"h2c ",
    b"HTTP/2.0", b"", b"TLS/1.0", b"websocket\0", b"websocket;a", b"\"websocket\"", b"http/1.1",
    b"websocket ",
];

#[rustfmt::skip] // An item a line would be hard to see over.
const EXPECTS: &[&[u8]] = &[
    b"100-continue", b"100-Continue", b"100-continue ", b"200-ok", b"", b"100-continue, x",
    b"100-continue;q=1", b"100-continue\0", b"x100-continue", b"100", b"\"100-continue\"",
    b"100-continue\r\n x",
];

fn method(draft: &mut Draft, rng: &mut Rng) {
    draft.first[0] = rng.pick(METHODS).to_vec();
}

fn target(draft: &mut Draft, rng: &mut Rng) {
    draft.first[1] = insert(rng.pick(TARGETS), &draft.first[1]);
    if rng.percent(4) {
        draft.first[1].extend(vec![b'a'; 9_000]);
    }
    if rng.percent(10) {
        draft.first[0] = b"OPTIONS".to_vec();
    }
}

fn absolute(draft: &mut Draft, rng: &mut Rng) {
    draft.first[1] = insert(rng.pick(ABSOLUTES), &draft.first[1]);
    match rng.below(4) {
        0 => draft.field("Host").value = rng.pick(HOSTS).to_vec(),
        1 => draft.remove("Host"),
        _ => {}
    }
}

fn version(draft: &mut Draft, rng: &mut Rng) {
    draft.first[2] = rng.pick(VERSIONS).to_vec();
    if rng.percent(30) {
        draft.field("Connection").value = b"keep-alive".to_vec();
    }
    if rng.percent(20) {
        draft.remove("Host");
    }
}

fn spaces(draft: &mut Draft, rng: &mut Rng) {
    let spaces =
        [&b"  "[..], b"\t", b" \t", b"\x0b", b"\x0c", b"\r", b"\0", b"", b"\xa0", b"\n", b"\r\n "];
    draft.between[rng.below(2)] = rng.pick(&spaces).to_vec();
    if rng.percent(15) {
        // HTTP/0.9.
        draft.between[1].clear();
        draft.first[2].clear();
    }
}

fn before(draft: &mut Draft, rng: &mut Rng) {
    let bytes = [
        &b"\r\n"[..],
        b"\n",
        b"\r",
        b"\r\n\r\n",
        b" ",
        b"\t",
        b"\0",
        b"\xef\xbb\xbf",
        b"\r\n ",
        b"X: y\r\n",
        b"\x16\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n",
        b"0\r\n\r\n",
        b"hello",
    ];
    draft.before = rng.pick(&bytes).to_vec();
}

fn host(draft: &mut Draft, rng: &mut Rng) {
    draft.field("Host").value = rng.pick(HOSTS).to_vec();
}

fn hosts(draft: &mut Draft, rng: &mut Rng) {
    let other = rng.pick(&[&b"site.test"[..], b"evil.test", b"", b"site.test:80"]);
    let at = rng.below(draft.fields.len() + 1);
    match rng.below(5) {
        0 => draft.remove("Host"),
        1 => draft.fields.insert(at, Field::new("host", other)),
        2 => draft.fields.insert(at, Field::new("Host ", other)),
        3 => draft.fields.insert(at, Field::raw([b" Host: ", other].concat())),
        _ => draft.fields.insert(at, Field::new("Host", other)),
    }
}

fn upgrade(draft: &mut Draft, rng: &mut Rng) {
    draft.fields.push(Field::new("Upgrade", rng.pick(UPGRADES)));
    let connections =
        ["Upgrade", "upgrade, HTTP2-Settings", "keep-alive, Upgrade", "Upgrade, close"];
    if rng.percent(80) {
        draft.fields.push(Field::new("Connection", rng.pick(&connections)));
    }
    if rng.percent(50) {
        draft.fields.push(Field::new("HTTP2-Settings", "AAMAAABkAARAAAAAAAIAAAAA"));
    }
    if rng.percent(50) {
        draft.fields.push(Field::new("Sec-WebSocket-Version", "13"));
        draft.fields.push(Field::new("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="));
        draft.first[0] = b"GET".to_vec();
        draft.unframed(b"");
    }
    draft.tail = draft.second.clone();
}

fn expect(draft: &mut Draft, rng: &mut Rng) {
    draft.fields.push(Field::new("Expect", rng.pick(EXPECTS)));
    if rng.percent(20) {
        draft.first[2] = b"HTTP/1.0".to_vec();
    }
}

/// Methods whose requests seldom have one: readers that skip it take it for the next request.
fn method_and_body(draft: &mut Draft, rng: &mut Rng) {
    let methods = ["GET", "HEAD", "DELETE", "OPTIONS", "TRACE", "PATCH", "PROPFIND"];
    draft.first[0] = rng.pick(&methods).as_bytes().to_vec();
    framing::framed_anyhow(draft, rng);
}

fn pipelined(draft: &mut Draft, rng: &mut Rng) {
    let second = &draft.second;
    draft.tail = match rng.below(7) {
        0 => second.clone(),
        1 => [b"\r\n", &second[..]].concat(),
        2 => [b"\n", &second[..]].concat(),
        3 => [b" ", &second[..]].concat(),
        4 => [b"x", &second[..]].concat(),
        5 => [b"0\r\n\r\n", &second[..]].concat(),
        _ => second[..rng.below(second.len())].to_vec(),
    };
}

fn insert(pattern: &[u8], truth: &[u8]) -> Vec<u8> {
    let part = |byte: &u8| if *byte == b'~' { truth.to_vec() } else { vec![*byte] };
    pattern.iter().flat_map(part).collect()
}
