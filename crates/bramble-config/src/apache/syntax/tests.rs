use super::*;

#[track_caller]
fn one(text: &str) -> Item {
    let mut items = parse(text.as_bytes()).unwrap();
    assert_eq!(items.len(), 1, "{items:?}");
    items.remove(0)
}

#[test]
fn lines_are_joined_and_comments_left_out() {
    let text = "# a comment \\\nthat goes on\n\nProxyPass / \\\r\n  balancer://a/\n";
    let item = one(text);
    assert_eq!((item.line, item.name.as_str()), (4, "ProxyPass"));
    assert_eq!(item.rest, "/   balancer://a/");
}

#[test]
fn sections_are_nested() {
    let outer = one("<VirtualHost *:80>\n<Proxy \"balancer://a\" >\nx y\n</proxy>\n</VIRTUALHOST>");
    let inner = &outer.inside.as_ref().unwrap()[0];
    assert_eq!((inner.line, inner.rest.as_str()), (2, "\"balancer://a\""));
    assert_eq!(inner.inside.as_ref().unwrap()[0].name, "x");
}

#[track_caller]
fn refuses(text: &str, line: usize, fault: SyntaxFault) {
    assert_eq!(parse(text.as_bytes()), Err((line, fault)));
}

#[test]
fn what_httpd_would_not_read_is_refused() {
    refuses("a\n<Proxy x", 2, SyntaxFault::NoEndOfTag("Proxy".to_owned()));
    refuses("</Proxy>", 1, SyntaxFault::NotOpen("Proxy".to_owned()));
    refuses("<A>\n</B>", 2, SyntaxFault::NotOpen("B".to_owned()));
    refuses("\n<A>\nx", 2, SyntaxFault::NotClosed("A".to_owned()));
}

#[test]
fn everything_has_a_limit() {
    refuses(&"x".repeat(LINE_BYTES + 1), 1, SyntaxFault::LineTooLong);
    refuses(&"x\n".repeat(FILE_BYTES), 1, SyntaxFault::FileTooLarge);
    refuses(&"<A>\n".repeat(DEPTH + 1), DEPTH + 1, SyntaxFault::TooDeep);
}

#[test]
fn bytes_that_are_no_text_are_shown_as_such() {
    let items = parse(b"Server\xff x\0y").unwrap();
    assert_eq!((items[0].name.as_str(), items[0].rest.as_str()), ("Server\u{fffd}", "x\0y"));
}
