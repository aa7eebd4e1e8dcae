use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use super::*;

fn listen() -> ListenSocket {
    ListenSocket::bind("127.0.0.1:0".parse().unwrap()).unwrap()
}

async fn accepted(listener: &Listener, within_ms: u64) -> Option<Stream> {
    let accepting = tokio::time::timeout(Duration::from_millis(within_ms), listener.accept());
    accepting.await.ok().map(|accepted| accepted.unwrap().0)
}

#[tokio::test]
async fn accepted_sockets_inherit_what_the_listening_one_has() {
    let listening = listen();
    let mut client = TcpStream::connect(listening.address()).unwrap();
    client.write_all(b"hello").unwrap();
    let listener = Listener::share(&listening).unwrap();
    let socket = accepted(&listener, 5_000).await.unwrap().into_socket().ok().unwrap();
    assert!(sockopt::tcp_nodelay(&socket).unwrap());
    assert_eq!(SockRef::from(&socket).tcp_notsent_lowat().unwrap(), UNSENT_BYTES);
    assert_eq!(sockopt::tcp_congestion(&socket).unwrap(), "reno", "nobody paces on one machine");
}

#[tokio::test]
async fn a_client_is_heard_of_when_it_speaks_or_after_a_while() {
    let listening = listen();
    let listener = Listener::share(&listening).unwrap();
    let mut client = TcpStream::connect(listening.address()).unwrap();
    assert!(accepted(&listener, 200).await.is_none(), "it has not said a word");
    client.write_all(b"hello").unwrap();
    assert!(accepted(&listener, 500).await.is_some());
    let _silent = TcpStream::connect(listening.address()).unwrap();
    assert!(accepted(&listener, 5_000).await.is_some(), "some never say a word");
}

#[test]
fn only_what_listens_can_be_inherited() {
    let listening = listen();
    let again = ListenSocket::inherited(listening.socket.try_clone().unwrap()).unwrap();
    assert_eq!(again.address(), listening.address());
    let client = TcpStream::connect(listening.address()).unwrap();
    assert!(ListenSocket::inherited(client.into()).is_err());
}
