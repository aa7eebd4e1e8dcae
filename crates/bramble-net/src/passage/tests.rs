use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use super::{Passage, SOCKETS_A_MESSAGE, WORDS_BYTES};

fn pair() -> (Passage, Passage) {
    let (one, other) = Passage::pair().unwrap();
    (one, Passage::from_end(other))
}

#[test]
fn sockets_arrive_with_their_words_and_what_waits_in_them() {
    let (old, new) = pair();
    let (mut client, server) = UnixStream::pair().unwrap();
    client.write_all(b"in flight").unwrap();
    old.send(b"a client", &[server.as_fd()]).unwrap();
    drop(server);
    let (words, mut sockets) = new.receive().unwrap().unwrap();
    assert_eq!((words.as_slice(), sockets.len()), (&b"a client"[..], 1));
    let mut server = UnixStream::from(sockets.pop().unwrap());
    let mut said = [0; 9];
    server.read_exact(&mut said).unwrap();
    assert_eq!(&said, b"in flight");
}

#[test]
fn messages_stay_apart_and_end_with_the_sender() {
    let (old, new) = pair();
    old.send(b"one", &[]).unwrap();
    old.send(b"two", &[]).unwrap();
    drop(old);
    assert_eq!(new.receive().unwrap().unwrap().0, b"one");
    assert_eq!(new.receive().unwrap().unwrap().0, b"two");
    assert!(new.receive().unwrap().is_none());
}

#[test]
fn what_a_message_may_hold_arrives_and_more_is_refused() {
    let (old, new) = pair();
    let (client, _server) = UnixStream::pair().unwrap();
    let many = vec![client.as_fd(); SOCKETS_A_MESSAGE + 1];
    old.send(&vec![b'x'; WORDS_BYTES], &many[1..]).unwrap();
    let (words, sockets) = new.receive().unwrap().unwrap();
    assert_eq!((words.len(), sockets.len()), (WORDS_BYTES, SOCKETS_A_MESSAGE));
    assert!(old.send(b"x", &many).is_err());
    assert!(old.send(&vec![b'x'; WORDS_BYTES + 1], &[]).is_err());
    assert!(old.send(b"", &[]).is_err(), "that would look like the end");
}

#[test]
fn nobody_there_is_an_error() {
    let (old, new) = pair();
    drop(new);
    assert!(old.send(b"words", &[]).is_err());
}
