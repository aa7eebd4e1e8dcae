use super::{Answer, parse};

#[test]
fn an_answer_has_a_length_or_ends_with_its_connection() {
    let parsed = |text: &str| parse(text.as_bytes());
    let kept = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
    let bytes = kept.len() + 5;
    assert_eq!(parsed(kept), Some(Answer { status: 200, bytes, keeps: true }));
    let closed = "HTTP/1.1 503 Service Unavailable\r\nConnection: Close\r\n\r\n";
    assert_eq!(parsed(closed), Some(Answer { status: 503, bytes: usize::MAX, keeps: false }));
    assert_eq!(parsed("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"), None);
}
