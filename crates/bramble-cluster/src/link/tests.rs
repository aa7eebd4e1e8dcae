//! The client against a server that answers by script.

use std::io;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

use super::{Link, LinkError};

/// Each connection gets the answers of its list, a request each, and is closed then.
fn serve(connections: &'static [&'static [&'static str]]) -> (TempDir, Link) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("api.sock");
    let listener = UnixListener::bind(&path).unwrap();
    tokio::spawn(async move {
        for answers in connections {
            let (mut stream, _) = listener.accept().await.unwrap();
            for answer in *answers {
                if request(&mut stream).await.is_ok() {
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            }
        }
        std::future::pending::<()>().await;
    });
    (folder, Link::operator(&path).with_time_limit(Duration::from_secs(1)))
}

async fn request(stream: &mut UnixStream) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    Ok(())
}

const NUMBER: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n42";
const NOTHING: &str = "HTTP/1.1 204 No Content\r\n\r\n";
const REFUSED: &str = "HTTP/1.1 409 Conflict\r\ncontent-length: 34\r\n\r\n\
                       {\"error\":\"taken\",\"hint\":\"another\"}";
const LINES: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\
                     3\r\n1\n2\r\n3\r\n3\n\n\r\n2\r\n4\n\r\n0\r\n\r\n";

#[tokio::test]
async fn one_connection_serves_many_calls() {
    let (_folder, link) = serve(&[&[NUMBER, NOTHING, NUMBER]]);
    assert_eq!(link.get_json::<u32>("/").await.unwrap(), 42);
    assert_eq!(link.poll_json::<u32>("/").await.unwrap(), None);
    assert_eq!(link.poll_json::<u32>("/").await.unwrap(), Some(42));
}

#[tokio::test]
async fn a_closed_idle_connection_is_replaced() {
    let (_folder, link) = serve(&[&[NUMBER], &[NUMBER]]);
    assert_eq!(link.get_json::<u32>("/").await.unwrap(), 42);
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(link.post_json::<u32>("/", &json!({})).await.unwrap(), 42);
}

#[tokio::test]
async fn refusals_come_in_words() {
    let (_folder, link) = serve(&[&[REFUSED, "HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n"]]);
    let error = link.get_json::<Value>("/").await.unwrap_err();
    assert!(matches!(error, LinkError::Refused { status: 409, .. }));
    assert_eq!(error.to_string(), "taken; another");
    let error = link.get_json::<Value>("/").await.unwrap_err();
    assert!(error.to_string().contains("500"), "{error}");
}

#[tokio::test]
async fn lines_come_whole_wherever_they_are_cut() {
    let (_folder, link) = serve(&[&[LINES]]);
    let mut lines = link.get_lines("/").await.unwrap();
    let mut got = Vec::new();
    while let Some(number) = lines.next::<u32>().await.unwrap() {
        got.push(number);
    }
    assert_eq!(got, [1, 23, 4]);
}

#[tokio::test]
async fn silence_has_an_end() {
    let (_folder, link) = serve(&[&[""]]);
    let error = link.get_json::<Value>("/").await.unwrap_err();
    assert!(matches!(error, LinkError::Unreachable { .. }), "{error}");
}

/// Of a body of 4 MiB, half a MiB is read at a time; then so long nothing, and an answer.
async fn put_to_slow_reader(parts: usize, pause: Duration) -> Result<(), LinkError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("api.sock");
    let listener = UnixListener::bind(&path).unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        request(&mut stream).await.unwrap();
        let mut part = vec![0; 512 << 10];
        for _ in 0..parts {
            tokio::time::sleep(pause).await;
            stream.read_exact(&mut part).await.unwrap();
        }
        if parts == 8 {
            stream.write_all(NOTHING.as_bytes()).await.unwrap();
        }
        std::future::pending::<()>().await;
    });
    let link = Link::operator(&path).with_time_limit(Duration::from_millis(500));
    link.put_bytes("/", vec![7; 4 << 20].into()).await
}

#[tokio::test]
async fn a_body_may_take_as_long_as_it_moves() {
    put_to_slow_reader(8, Duration::from_millis(200)).await.unwrap();
}

#[tokio::test]
async fn a_body_that_does_not_move_is_given_up() {
    for parts in [0, 4] {
        let error = put_to_slow_reader(parts, Duration::from_millis(10)).await.unwrap_err();
        assert!(matches!(error, LinkError::Unreachable { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_dead_manager_is_named() {
    let link = Link::operator(std::path::Path::new("/nowhere/api.sock"));
    let error = link.get_json::<Value>("/").await.unwrap_err();
    assert!(error.to_string().contains("/nowhere/api.sock"), "{error}");
}

#[tokio::test]
async fn other_json_is_odd() {
    let (_folder, link) = serve(&[&[NUMBER]]);
    let error = link.get_json::<Vec<u8>>("/").await.unwrap_err();
    assert!(matches!(error, LinkError::Protocol { .. }), "{error}");
}
