use super::*;

#[test]
fn an_answer_is_read_to_its_end_and_no_further() {
    let mut bytes = &b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc"[..];
    answer(&mut bytes).unwrap();
    assert_eq!(length(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n").unwrap(), Some(41));
    assert_eq!(length(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n").unwrap(), None);
}

#[test]
fn an_answer_that_stops_short_is_an_error() {
    assert!(answer(&mut &b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab"[..]).is_err());
}

#[test]
fn another_status_is_an_error() {
    assert!(length(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n").is_err());
}
