//! What a core does about memory: how much its process may hold, and what goes first where that is
//! not enough.
//!
//! ```text
//!   3/4 of the ceiling   sockets get less room each, large bodies smaller buffers
//!   ceiling              files are not kept, and whoever is idle, and then whoever is slow, is
//!                        ended, for each newcomer and at each look: those first of whom are most
//!   5/4                  newcomers and requests get a 503, unless their client has far fewer
//!                        connections than others, and those make room soon
//!   6/4                  all newcomers get one
//! ```
//! The ceiling is half of what there is, so that what lies beyond it is still no swapping. Knows
//! what is held for what, not how that is counted: see `bramble_net::Ledger`.

use std::net::IpAddr;
use std::rc::Weak;
use std::sync::Arc;
use std::time::Duration;

use bramble_metrics::facts::MemoryFacts;
use bramble_metrics::memory_room_bytes;
use bramble_net::{Budget, Ledger, Level, Use};

use crate::core::Core;
use crate::place::{end_parked, end_slow, make_room, newcomer};

/// Between two looks at what waits in sockets. In that time 10 Gbit/s are 125 MB: a new socket is
/// looked at when it first has to wait.
const LOOK: Duration = Duration::from_millis(100);

/// Between two looks where no socket has had to wait.
const LOOK_IDLE: Duration = Duration::from_secs(1);

/// Between two looks at the least: whoever fills the memory is not left alone until the next.
const LOOK_LEAST: Duration = Duration::from_millis(10);

/// Whoever has one connection where somebody else has more than so many is not among those who take
/// the memory.
const LIGHTER: u32 = 4;

/// How many are ended for one newcomer, or waited for, at most.
const TURNS: usize = 16;

/// How often a request looks whether there is memory, at most, and how long it waits in between.
const LOOKS: usize = 50;
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// What the end of a slow connection gives back, at the least.
const SLOW_BYTES: u64 = 32 * 1024;

/// Of what there is, so much is ours.
const SHARE: u64 = 2;

/// Less is no use: a process takes ten at rest, its program included.
const LEAST_BYTES: u64 = 16 * 1024 * 1024;

/// Between two looks at what there is.
const LOOK_AROUND: Duration = Duration::from_secs(10);

/// Silent connections that are ended in one go.
const A_LOOK: usize = 1024;

/// Where neither the machine nor anybody else says.
const CEILING_BYTES: u64 = 256 * 1024 * 1024;

/// Sets what a process may hold that is one of so many which share the machine: what it was told,
/// or its share of what there is, as long as this is polled. Others come and go, such as the process
/// that this one takes over from.
pub(crate) async fn keep_ceiling(budget: Arc<Budget>, told: Option<u64>, processes: u64) {
    if let Some(bytes) = told {
        return budget.set_ceiling(bytes);
    }
    loop {
        let room = memory_room_bytes(budget.held()).map(|room| room / SHARE / processes.max(1));
        budget.set_ceiling(room.unwrap_or(CEILING_BYTES).max(LEAST_BYTES));
        tokio::time::sleep(LOOK_AROUND).await;
    }
}

/// Looks after what is held until the core is gone.
pub(crate) async fn keep(core: Weak<Core>) {
    let Some(ledger) = core.upgrade().map(|core| core.ledger.clone()) else { return };
    loop {
        let is_idle = core.upgrade().is_none_or(|core| core.queues.is_empty());
        tokio::time::sleep(LOOK_LEAST).await;
        // Whichever comes first.
        let _ = tokio::time::timeout(if is_idle { LOOK_IDLE } else { LOOK }, ledger.filled()).await;
        let Some(core) = core.upgrade() else { return };
        core.queues.look();
        if core.ledger.level() >= Level::Full {
            shed(&core);
        }
    }
}

/// Ends connections until what is held is below the ceiling again. What an idle one held is given
/// back at once, what a slow one did when its task has ended: so of those no more are ended than
/// should be enough.
fn shed(core: &Core) {
    core.files.clear();
    core.give_back_buffers();
    let mut parked = A_LOOK;
    while is_full(core) && parked > 0 && end_parked(core) {
        parked -= 1;
    }
    let mut slow = core.ledger.excess().div_ceil(SLOW_BYTES);
    while is_full(core) && slow > 0 && (make_room(core, None) || end_slow(core)) {
        slow -= 1;
    }
}

pub(crate) fn is_full(core: &Core) -> bool {
    core.ledger.level() >= Level::Full
}

/// Lets others make room for a connection from `ip`, as far as they can; meanwhile nobody else is
/// accepted.
pub(crate) async fn room_for_newcomer(core: &Core, ip: IpAddr) {
    let client = newcomer(core, ip);
    for _ in 0..TURNS {
        match core.ledger.level() {
            Level::Easy | Level::Tight => return,
            // Whoever is ended gives back what it held in its next turn.
            _ if make_room(core, client) => tokio::task::yield_now().await,
            Level::Over | Level::Beyond if is_light(core, client) => {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
            _ => return,
        }
    }
}

/// Whether a connection of this client may come, for which others have made room if they could.
pub(crate) fn lets_in(core: &Core, client: Option<IpAddr>) -> bool {
    let level = core.ledger.level();
    level < Level::Over || level < Level::Beyond && is_light(core, client)
}

/// Whether others have many more connections.
fn is_light(core: &Core, client: Option<IpAddr>) -> bool {
    let own = client.map_or(0, |client| core.clients.open(client));
    core.clients.heaviest().is_some_and(|(_, open)| open > own.saturating_mul(LIGHTER))
}

/// Whether a request of this client may be answered. Who has fewer connections than others waits a
/// while for what those give back.
pub(crate) async fn make_room_for(core: &Core, client: Option<IpAddr>) -> bool {
    for _ in 0..LOOKS {
        if core.ledger.level() < Level::Over {
            return true;
        }
        if !is_light(core, client) {
            return false;
        }
        make_room(core, client);
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    false
}

/// What is held, for whoever asks.
pub(crate) fn facts(ledger: &Ledger) -> MemoryFacts {
    let budget = ledger.budget();
    let (expected, held): (Vec<_>, Vec<_>) =
        ledger.held().partition(|(what, _)| *what == Use::Expected);
    MemoryFacts {
        ceiling_bytes: budget.ceiling(),
        base_bytes: budget.base(),
        by_use: held.into_iter().map(|(what, bytes)| (what.word().to_owned(), bytes)).collect(),
        expected_bytes: expected.into_iter().map(|(_, bytes)| bytes).sum(),
    }
}
