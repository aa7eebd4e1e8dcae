//! How many connections each client has open, on one core. An IPv6 client is its /64: whoever has
//! one address there has all of them.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bramble_net::Ranking;

/// Connections by client.
#[derive(Default)]
pub(crate) struct Clients {
    open: RefCell<HashMap<IpAddr, u32>>,
    /// Who has most comes first.
    ranking: Ranking<(Reverse<u32>, IpAddr)>,
}

impl Clients {
    /// Counts a connection of `client` in; false if that has `most` already.
    pub(crate) fn enter(&self, client: IpAddr, most: u32) -> bool {
        let mut all = self.open.borrow_mut();
        let open = all.entry(client).or_default();
        if *open >= most {
            return false;
        }
        *open += 1;
        self.changed(client, *open - 1, *open);
        true
    }

    /// Who has most, and how many.
    pub(crate) fn heaviest(&self) -> Option<(IpAddr, u32)> {
        let open = self.open.borrow();
        let all = || open.iter().map(|(client, open)| (Reverse(*open), *client));
        let first = (Reverse(u32::MAX), IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        self.ranking.first(first, all).map(|(Reverse(open), client)| (client, open))
    }

    pub(crate) fn open(&self, client: IpAddr) -> u32 {
        self.open.borrow().get(&client).copied().unwrap_or_default()
    }

    /// Gives memory back that a flood of clients took.
    pub(crate) fn give_back_free(&self) {
        self.open.borrow_mut().shrink_to_fit();
    }

    /// Counts one out again.
    pub(crate) fn leave(&self, client: IpAddr) {
        let mut all = self.open.borrow_mut();
        let Some(open) = all.get_mut(&client) else { return };
        *open -= 1;
        let left = *open;
        if left == 0 {
            all.remove(&client);
        }
        self.changed(client, left + 1, left);
    }

    /// Stops keeping order for [`Self::heaviest`], if nobody has asked since last time.
    pub(crate) fn forget_unasked(&self) {
        self.ranking.forget_unasked();
    }

    fn changed(&self, client: IpAddr, before: u32, now: u32) {
        if self.ranking.is_kept() {
            self.ranking.leave([(Reverse(before), client)]);
            self.ranking.enter((now > 0).then_some((Reverse(now), client)));
        }
    }
}

/// Who counts as one client: an IPv4 address, or a /64.
pub(crate) fn client(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & u128::MAX << 64).into(),
        ip => ip,
    }
}

#[cfg(test)]
mod tests;
