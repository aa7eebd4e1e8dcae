//! What a core does once a second: it sees to the access log, closes what nobody has used for a
//! while, and gives back the memory that a flood of connections has left free.

use std::rc::Weak;
use std::time::{Duration, Instant};

use bramble_net::give_memory_back;

use crate::core::Core;
use crate::reason::Event;

const PERIOD: Duration = Duration::from_secs(1);

/// So many connections less than before leave enough free to look for it: about a megabyte.
const FEWER: u64 = 128;
/// And one part in so many of those that there were: what comes and goes by chance is no crowd.
const PART: u64 = 8;

/// The most that there were since memory was given back: a crowd may leave one by one.
#[derive(Default)]
struct HighWater(u64);

impl HighWater {
    fn has_fallen(&mut self, to: u64) -> bool {
        let has_fallen = self.0 > to + FEWER.max(self.0 / PART);
        self.0 = if has_fallen { to } else { self.0.max(to) };
        has_fallen
    }
}

/// Keeps house until the core is gone.
pub(crate) async fn keep(core: Weak<Core>) {
    let (mut awake, mut parked) = (HighWater::default(), HighWater::default());
    loop {
        tokio::time::sleep(PERIOD).await;
        let Some(core) = core.upgrade() else { return };
        core.logs.tend(&core.counters);
        core.meters.tend();
        close_idle(&core, Instant::now());
        forget_unasked(&core);
        let silent = core.parking.len() as u64;
        // The most at a time: what comes and goes within a period needs its memory again.
        let most = core.counters.take_most_connections().saturating_sub(silent);
        if awake.has_fallen(most) | parked.has_fallen(silent) {
            give_back(&core);
        }
    }
}

fn close_idle(core: &Core, now: Instant) {
    if let Some(table) = core.table() {
        for backend in table.pools().iter().flat_map(|pool| pool.backends()) {
            backend.prune(now, table.times.backend_idle);
        }
    }
    for _ in 0..core.parking.end_due(now) {
        core.counters.refused(Event::IdleTimeout);
    }
}

/// Who would make room for a newcomer need not be known any more where no newcomer asked.
fn forget_unasked(core: &Core) {
    core.timers.forget_unasked();
    core.parking.forget_unasked();
    core.clients.forget_unasked();
}

/// First what we keep for later, then what the allocator does.
fn give_back(core: &Core) {
    core.give_back_buffers();
    core.queues.give_back_free();
    core.timers.give_back_free();
    core.parking.give_back_free();
    core.clients.give_back_free();
    core.scratch.give_back();
    give_memory_back();
}

#[cfg(test)]
mod tests;
