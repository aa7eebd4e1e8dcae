//! A connection's right to exist: so many in all, so many of each client; and who goes when a
//! newcomer finds all places taken.

use std::net::IpAddr;
use std::rc::Rc;

use bramble_net::Spare;

use crate::clients::client;
use crate::core::Core;
use crate::counters::add;
use crate::reason::Event;

/// A connection's right to exist; given back when it is dropped.
pub(crate) struct Place {
    pub(crate) core: Rc<Core>,
    /// None of a trusted proxy, behind whom are many.
    client: Option<IpAddr>,
}

impl Place {
    /// For a connection from `ip`. Where all are taken, another makes room if it can.
    pub(crate) fn take(core: &Rc<Core>, ip: IpAddr) -> Result<Self, Event> {
        let table = core.table().ok_or(Event::Connections)?;
        let plan = table.plan();
        // Every core has an equal share: the kernel spreads connections evenly, and none is asked
        // what the others hold.
        let share = |limit: u32| (limit / u32::from(plan.threads.max(1))).max(1);
        let is_trusted = plan.trusted_proxies.contains(&ip.to_canonical());
        let client = (!is_trusted).then(|| client(ip));
        let most = share(plan.limits.connections_per_client);
        if client.is_some_and(|client| !core.clients.enter(client, most)) {
            return Err(Event::ConnectionsPerClient);
        }
        add(&core.counters.connections, 1);
        // From here on it is given back by being dropped.
        let place = Self { core: core.clone(), client };
        let is_full = core.counters.connections.get() > u64::from(share(plan.limits.connections));
        if is_full && !make_room(core, client) {
            return Err(Event::Connections);
        }
        Ok(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.client.into_iter().for_each(|client| self.core.clients.leave(client));
        let open = &self.core.counters.connections;
        open.set(open.get().saturating_sub(1));
    }
}

/// Ends a connection so that one of `newcomer` has a place: the oldest that waits for a request,
/// first of whoever has more than the newcomer and of all most. Where none waits, that client
/// gives one that is sent or read slowly: so no few can keep out all others.
fn make_room(core: &Core, newcomer: Option<IpAddr>) -> bool {
    let own = newcomer.map_or(0, |client| core.clients.open(client));
    let heaviest = core.clients.heaviest().filter(|(_, open)| *open > own);
    let of_heaviest =
        |owner: Option<IpAddr>| owner.is_some() && owner == heaviest.map(|(client, _)| client);
    let idle = |spare| spare == Spare::Idle;
    core.timers.end_one(|owner, spare| idle(spare) && of_heaviest(owner))
        || core.timers.end_one(|_, spare| idle(spare))
        || core.timers.end_one(|owner, _| of_heaviest(owner))
}
