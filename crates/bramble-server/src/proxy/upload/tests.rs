use std::future::poll_fn;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::task::Poll;
use std::time::{Duration, Instant};

use bramble_http::{Body, BodyReader, Limits};
use bramble_net::{Buffers, Ledger, Stream};

use super::{Consent, Source, Upload};
use crate::balance::Standing;
use crate::floor::Floor;

fn pair() -> (UnixStream, Stream) {
    let (far, near) = UnixStream::pair().unwrap();
    near.set_nonblocking(true).unwrap();
    (far, Stream::from_socket(near.into()))
}

#[tokio::test]
async fn of_a_body_in_chunks_something_is_missing_until_its_last_has_come() {
    let ((mut client, mut stream), (_backend, mut to)) = (pair(), pair());
    let mut input = Buffers::new(4096, &Ledger::unlimited()).buffer();
    let mut body = BodyReader::new(Body::Chunked, &Limits::default());
    let standing = Rc::new(Standing::new(Instant::now()));
    let floor = Floor::step(Duration::from_secs(10));
    let mut upload = Upload::new(true, Consent::Given, floor, standing.clone());
    let mut missing = Vec::new();
    for part in ["5\r\nhello\r\n", "5\r\nworld\r\n", "0\r\n\r\n"] {
        client.write_all(part.as_bytes()).unwrap();
        stream.readable().await.unwrap();
        let (stream, input, body) = (&mut stream, &mut input, &mut body);
        let mut from = Source { stream, input, body, most: 4096 };
        let polled = poll_fn(|cx| Poll::Ready(upload.poll(cx, &mut from, &mut to))).await;
        assert_eq!(polled.is_ready(), part.starts_with('0'));
        missing.push(upload.missing(&from));
    }
    assert_eq!(missing, [1, 1, 0]);
    // With its framing: that is what the backend was sent.
    assert_eq!(standing.sent_bytes(), 25);
}
