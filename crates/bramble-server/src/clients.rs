//! How many connections each client has open, on one core. An IPv6 client is its /64: whoever has
//! one address there has all of them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};

/// Connections by client.
#[derive(Default)]
pub(crate) struct Clients {
    open: RefCell<HashMap<IpAddr, u32>>,
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
        true
    }

    /// Who has most, and how many.
    pub(crate) fn heaviest(&self) -> Option<(IpAddr, u32)> {
        let all = self.open.borrow();
        all.iter().max_by_key(|(_, open)| **open).map(|(client, open)| (*client, *open))
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
        if *open == 0 {
            all.remove(&client);
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
