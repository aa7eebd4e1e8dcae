use std::net::TcpStream;

use super::*;

#[test]
fn accepted_sockets_inherit_what_the_listening_one_has() {
    let listening = ListenSocket::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let _client = TcpStream::connect(listening.address()).unwrap();
    let accepted = rustix::net::accept(&listening.socket).unwrap();
    assert!(sockopt::tcp_nodelay(&accepted).unwrap());
    assert_eq!(SockRef::from(&accepted).tcp_notsent_lowat().unwrap(), UNSENT_BYTES);
}
