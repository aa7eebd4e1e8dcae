//! Who is compared: a balancer with one of its methods.

use super::super::peer::{Peer, Spread};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Contender {
    pub peer: Peer,
    pub spread: Spread,
}

/// As it comes.
pub(super) const BRAMBLE: Contender =
    Contender { peer: Peer::Bramble, spread: Spread { method: None, maxconn: None } };

pub(super) const BRAMBLE_IN_TURN: Contender = with(Peer::Bramble, "by_requests");

pub(super) const HAPROXY_LEAST: Contender = with(Peer::Haproxy, "leastconn");
pub(super) const NGINX_LEAST: Contender = with(Peer::Nginx, "least_conn");
pub(super) const APACHE_BUSY: Contender = with(Peer::Apache, "bybusyness");

pub(super) const IN_TURN: [Contender; 3] = [
    with(Peer::Haproxy, "roundrobin"),
    Contender { peer: Peer::Nginx, spread: Spread { method: None, maxconn: None } },
    with(Peer::Apache, "byrequests"),
];

/// Those two that come closest to the bars.
pub(super) const LEAST: [Contender; 2] = [HAPROXY_LEAST, NGINX_LEAST];

pub(super) const BY_LOAD: [Contender; 4] =
    [HAPROXY_LEAST, with(Peer::Haproxy, "random(2)"), NGINX_LEAST, APACHE_BUSY];

pub(super) const fn with(peer: Peer, method: &'static str) -> Contender {
    Contender { peer, spread: Spread { method: Some(method), maxconn: None } }
}

impl Contender {
    pub fn is_ours(self) -> bool {
        self.peer == Peer::Bramble
    }

    pub fn name(self) -> String {
        let Spread { method, maxconn } = self.spread;
        let method = method.map(|method| format!(" {method}")).unwrap_or_default();
        let maxconn = maxconn.map(|most| format!(" maxconn {most}")).unwrap_or_default();
        format!("{}{method}{maxconn}", self.peer.name())
    }
}
