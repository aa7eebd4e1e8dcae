use std::collections::BTreeSet;

use bramble_config::plan::{Link, Listener, Serves};

use super::*;

fn plan(threads: u16, addresses: &[SocketAddr]) -> Plan {
    let listener = |address: &SocketAddr| Listener {
        name: "web".into(),
        address: *address,
        link: Link::Plain,
        serves: Serves::Routes,
    };
    Plan { threads, listeners: addresses.iter().map(listener).collect(), ..Plan::default() }
}

fn free() -> SocketAddr {
    ListenSocket::reserve(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap()
}

/// Sockets of so many cores together, none of them twice.
fn shared(sockets: &Sockets, cores: usize) -> usize {
    let shares: Vec<Share> = (0..cores + 1).map(|core| sockets.share(core, cores)).collect();
    let keys: BTreeSet<SocketKey> = shares.iter().flat_map(|share| share.keys().copied()).collect();
    assert_eq!(keys.len(), shares.iter().map(BTreeMap::len).sum::<usize>());
    assert!(shares[cores].is_empty(), "a core too many");
    assert!(shares[..cores].iter().all(|share| !share.is_empty()), "a core without");
    keys.len()
}

#[test]
fn every_core_has_its_own() {
    let sockets = Sockets::default().for_plan(&plan(3, &[free(), free()])).unwrap();
    assert_eq!(shared(&sockets, 3), 6);
}

#[test]
fn cores_that_stay_take_over_from_those_that_go() {
    let address = free();
    let three = Sockets::default().for_plan(&plan(3, &[address])).unwrap();
    let one = three.for_plan(&plan(1, &[address])).unwrap();
    assert_eq!(shared(&one, 1), 3);
    let same = |i| Arc::ptr_eq(&one.0[&address][i], &three.0[&address][i]);
    assert!((0..3).all(same), "a socket was made anew");
    let two = one.for_plan(&plan(2, &[address])).unwrap();
    assert_eq!(shared(&two, 2), 3);
}

#[test]
fn an_address_that_goes_is_closed() {
    let (stays, goes) = (free(), free());
    let both = Sockets::default().for_plan(&plan(2, &[stays, goes])).unwrap();
    let one = both.for_plan(&plan(2, &[stays])).unwrap();
    drop(both);
    assert!(ListenSocket::reserve(goes).is_ok());
    assert!(ListenSocket::reserve(stays).is_err());
    drop(one);
}
