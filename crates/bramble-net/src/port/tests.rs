use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};

use super::{first_outgoing, steady_port};

#[test]
fn it_is_free_and_below_the_ports_of_outgoing_connections() {
    let ip = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let port = steady_port(ip).unwrap();
    let range = std::fs::read_to_string(super::OUTGOING).unwrap();
    assert!(port < first_outgoing(&range));
    let taken = TcpListener::bind(SocketAddr::new(ip, port)).unwrap();
    assert_ne!(steady_port(ip).unwrap(), port);
    drop(taken);
}

#[test]
fn an_address_of_somebody_else_is_refused() {
    assert!(steady_port(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1))).is_err());
}

#[test]
fn odd_ranges_fall_back_to_the_default() {
    for (range, first) in
        [("15000\t65535\n", 15_000), ("", 32_768), ("x y", 32_768), ("1024 2", 32_768)]
    {
        assert_eq!(first_outgoing(range), first, "{range}");
    }
}
