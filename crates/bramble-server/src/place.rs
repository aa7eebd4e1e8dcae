//! A connection's right to exist: so many in all, so many of each client; and who goes when a
//! newcomer finds all places taken.

use std::net::IpAddr;
use std::rc::Rc;

use bramble_net::{SpareWait, Whose};

use crate::clients::client;
use crate::core::Core;
use crate::ledger;
use crate::reason::Event;
use crate::table::Table;

/// A connection's right to exist; given back when it is dropped.
pub(crate) struct Place {
    pub(crate) core: Rc<Core>,
    /// None of a trusted proxy, behind whom are many.
    pub(crate) client: Option<IpAddr>,
}

impl Place {
    /// For a connection from `ip`.
    pub(crate) fn take(core: &Rc<Core>, ip: IpAddr) -> Result<Self, Event> {
        let table = core.table().ok_or(Event::Connections)?;
        let client = counted_client(&table, ip);
        let most = share(&table, table.plan().limits.connections_per_client);
        if client.is_some_and(|client| !core.clients.enter(client, most)) {
            return Err(Event::ConnectionsPerClient);
        }
        Self::entered(core, &table, client)
    }

    /// For a connection of an older process. How many its client has is not asked: that kept to the
    /// limit there, and gets no other one here until it has fewer.
    pub(crate) fn adopted(core: &Rc<Core>, table: &Table, ip: IpAddr) -> Result<Self, Event> {
        let client = counted_client(table, ip);
        if let Some(client) = client {
            core.clients.enter(client, u32::MAX);
        }
        Self::entered(core, table, client)
    }

    /// From here on it is given back by being dropped. Where all are taken, another makes room if
    /// it can.
    fn entered(core: &Rc<Core>, table: &Table, client: Option<IpAddr>) -> Result<Self, Event> {
        core.counters.connected();
        let place = Self { core: core.clone(), client };
        let most = share(table, table.plan().limits.connections);
        let is_full = core.counters.connections.get() > u64::from(most);
        if is_full && !make_room(core, client) {
            return Err(Event::Connections);
        }
        if !ledger::lets_in(core, client) {
            return Err(Event::Memory);
        }
        Ok(place)
    }
}

/// Every core has an equal one: connections are spread evenly, and none is asked what the others
/// hold.
fn share(table: &Table, limit: u32) -> u32 {
    (limit / u32::from(table.plan().threads.max(1))).max(1)
}

/// Whose connection it would be that comes from `ip`; none of a trusted proxy.
pub(crate) fn newcomer(core: &Core, ip: IpAddr) -> Option<IpAddr> {
    counted_client(&*core.table()?, ip)
}

/// Whose connections are counted; none of a trusted proxy, behind whom are many.
fn counted_client(table: &Table, ip: IpAddr) -> Option<IpAddr> {
    let is_trusted = table.plan().trusted_proxies.contains(&ip.to_canonical());
    (!is_trusted).then(|| client(ip))
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
/// gives one whose body, or whose answer, moves slowly or not at all, that first whose time is up
/// next: so no few can keep out all others.
pub(crate) fn make_room(core: &Core, newcomer: Option<IpAddr>) -> bool {
    let heaviest = heavier(core, newcomer);
    heaviest.is_some_and(|client| end_idle(core, Whose::Of(client)))
        || end_idle(core, Whose::Any)
        || heaviest.is_some_and(|client| core.timers.end_one(SpareWait::Slow(Whose::Of(client))))
}

/// Who has most connections, if those are more than this one has.
pub(crate) fn heavier(core: &Core, client: Option<IpAddr>) -> Option<IpAddr> {
    let own = client.map_or(0, |client| core.clients.open(client));
    let heaviest = core.clients.heaviest().filter(|(_, open)| *open > own);
    heaviest.map(|(client, _)| client)
}

/// Ends one of those who have been silent for long, of whoever has most.
pub(crate) fn end_parked(core: &Core) -> bool {
    let most = heavier(core, None);
    let ended = most.is_some_and(|client| core.parking.end_oldest(Whose::Of(client)))
        || core.parking.end_oldest(Whose::Any);
    if ended {
        core.counters.refused(Event::Evicted);
    }
    ended
}

/// Ends whoever's time is up next in the middle of something slow, of whoever has most if possible.
pub(crate) fn end_slow(core: &Core) -> bool {
    let most = heavier(core, None);
    most.is_some_and(|client| core.timers.end_one(SpareWait::Slow(Whose::Of(client))))
        || core.timers.end_one(SpareWait::Slow(Whose::Any))
}

/// Whoever is parked has been silent for longer than anybody else.
fn end_idle(core: &Core, whose: Whose) -> bool {
    let is_ended = core.parking.end_oldest(whose);
    if is_ended {
        core.counters.refused(Event::Evicted);
    }
    is_ended || core.timers.end_one(SpareWait::Idle(whose))
}
