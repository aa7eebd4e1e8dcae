use super::*;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn who_has_as_many_as_it_may_gets_no_more_until_one_has_ended() {
    let clients = Clients::default();
    let (a, b) = (ip("192.0.2.1"), ip("192.0.2.2"));
    assert!(clients.enter(a, 2) && clients.enter(a, 2) && !clients.enter(a, 2));
    assert!(clients.enter(b, 2), "others are not concerned");
    clients.leave(a);
    assert!(clients.enter(a, 2));
}

#[test]
fn the_heaviest_has_most() {
    let clients = Clients::default();
    assert_eq!(clients.heaviest(), None);
    let (a, b) = (ip("192.0.2.1"), ip("192.0.2.2"));
    assert!(clients.enter(a, 9) && clients.enter(b, 9) && clients.enter(b, 9));
    assert_eq!((clients.heaviest(), clients.open(a)), (Some((b, 2)), 1));
    assert!(clients.enter(a, 9) && clients.enter(a, 9));
    assert_eq!(clients.heaviest(), Some((a, 3)), "who has most by now");
    [a, a, a].into_iter().for_each(|a| clients.leave(a));
    assert_eq!(clients.heaviest(), Some((b, 2)));
}

#[test]
fn nobody_is_remembered() {
    let clients = Clients::default();
    assert!(clients.enter(ip("192.0.2.1"), 2));
    clients.leave(ip("192.0.2.1"));
    assert!(clients.open.borrow().is_empty());
}

#[test]
fn a_client_is_an_ipv4_address_or_an_ipv6_network() {
    assert_eq!(client(ip("2001:db8:1:2:3:4:5:6")), client(ip("2001:db8:1:2:ffff::")));
    assert_ne!(client(ip("2001:db8:1:2::")), client(ip("2001:db8:1:3::")));
    assert_ne!(client(ip("192.0.2.1")), client(ip("192.0.2.2")));
    assert_eq!(client(ip("::ffff:192.0.2.1")), ip("192.0.2.1"));
}
