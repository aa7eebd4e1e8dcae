//! The listening sockets of a process: as many an address as there are cores, made once and
//! never closed while the address is configured. When cores go, the others take over their
//! sockets: closing one would reset whoever waits in it. An address of which a service manager has
//! the only socket that there can be is accepted from by all cores together.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use bramble_config::plan::Plan;
use bramble_net::ListenSocket;

use crate::prepared::PlanError;

/// All of one plan; those of its addresses that were there before are the same.
#[derive(Default)]
pub(crate) struct Sockets(BTreeMap<SocketAddr, Vec<Arc<ListenSocket>>>);

/// Which of an address's sockets.
pub(crate) type SocketKey = (SocketAddr, usize);

/// What one core accepts from.
pub(crate) type Share = BTreeMap<SocketKey, Arc<ListenSocket>>;

impl Sockets {
    /// Those that others made.
    pub(crate) fn inherited(sockets: Vec<ListenSocket>) -> Self {
        let mut all = BTreeMap::<_, Vec<_>>::new();
        for socket in sockets {
            all.entry(socket.address()).or_default().push(Arc::new(socket));
        }
        Self(all)
    }

    /// Closes all but those at these addresses.
    pub(crate) fn keep(&mut self, addresses: &[SocketAddr]) {
        self.0.retain(|address, _| addresses.contains(address));
    }

    /// Each of them.
    pub(crate) fn all(&self) -> impl Iterator<Item = &ListenSocket> {
        self.0.values().flatten().map(Arc::as_ref)
    }

    /// Whether one of them listens at this port.
    pub(crate) fn have_port(&self, port: u16) -> bool {
        self.0.keys().any(|address| address.port() == port)
    }

    /// Those that a plan needs; what it needs no more closes with `self`.
    pub(crate) fn for_plan(&self, plan: &Plan) -> Result<Self, PlanError> {
        let mut all = BTreeMap::new();
        for listener in &plan.listeners {
            let address = listener.address;
            let mut sockets = self.0.get(&address).cloned().unwrap_or_default();
            while sockets.len() < usize::from(plan.threads.max(1)) {
                let another = match (ListenSocket::bind(address), sockets.first()) {
                    (Ok(bound), _) => Arc::new(bound),
                    // Others' sockets share no address with ours, nor is every port for us to bind.
                    (Err(error), Some(given)) => {
                        tracing::info!(%address, %error, "cores share a socket");
                        given.clone()
                    }
                    (Err(source), None) => return Err(PlanError::Address { address, source }),
                };
                sockets.push(another);
            }
            all.insert(address, sockets);
        }
        Ok(Self(all))
    }

    /// Those of a core, of so many that accept; a core beyond them has none.
    pub(crate) fn share(&self, core: usize, cores: usize) -> Share {
        let of_core = |i: usize| core < cores && i % cores == core;
        let each = self.0.iter().flat_map(|(address, sockets)| {
            sockets.iter().enumerate().map(|(i, socket)| ((*address, i), socket.clone()))
        });
        each.filter(|((_, i), _)| of_core(*i)).collect()
    }
}

#[cfg(test)]
mod tests;
