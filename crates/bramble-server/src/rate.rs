//! How many requests each client may make: so many a second, and a burst. Pure: time comes as an
//! argument.
//!
//! By the generic cell rate algorithm (ITU-T I.371, virtual scheduling). Of a client one time is
//! kept: when its next request is due, if it keeps to the rate. It may come before that by a burst
//! less one, and moves the time on by a gap. So within any time `t` no client makes more than
//! `burst + rate * t` requests, and none that keeps to this is refused.
//!
//! All cores share one table, so that a client has its rate over all of its connections, wherever
//! the kernel puts them. Here alone a request writes what other cores see: two words of its
//! client's own, without a lock, and only where an operator has set a rate. Two cores that meet a
//! new client at the same instant may forget one request of it.
//!
//! The table has [`CLIENTS`] entries in sets of [`SET`], and no entry is ever cleared. A newcomer
//! takes over the one of its set that has the earliest time, *and keeps that time* (as counts are
//! kept in "space-saving": Metwally, Agrawal and El Abbadi, 2005). Mostly it lies in the past and
//! says nothing. Where it does not:
//!
//! - Nobody escapes by being put out: times never go back, so that whoever returns finds one that
//!   is not earlier than its own was.
//! - Few can't keep others out: an entry says something for one gap after a request, so that each
//!   one held costs its client all of its rate, and a newcomer is refused only where eight of those
//!   in its set have used up their bursts as well. Which clients share a set can't be known from
//!   outside. With 6,000 clients at their limit at once, that is one set in a hundred.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bramble_config::plan::{BURST_S, Limits, Plan};
use bramble_net::{Grant, Ledger, Use};

/// Clients of which something is known at a time, in the process: 256 KiB.
const CLIENTS: usize = 16_384;
/// Entries that are looked at for a client: two lines of a processor's cache.
const SET: usize = 8;

/// The limit as one core asks it.
pub(crate) struct Rate {
    rates: Arc<Rates>,
    rule: Rule,
    _held: Grant,
}

/// What is known of clients, by all cores, from one plan to the next.
pub(crate) struct Rates {
    /// Times are told from here.
    base: Instant,
    keys: RandomState,
    sets: Box<[Set]>,
}

type Set = [Entry; SET];

#[derive(Default)]
struct Entry {
    client: AtomicU64,
    /// When the client's next request is due.
    due_ns: AtomicU64,
}

/// What one client may do.
#[derive(Clone, Copy, Debug)]
struct Rule {
    /// From one request to the next.
    gap_ns: u64,
    /// How long before it is due a request may come.
    ahead_ns: u64,
}

impl Rate {
    /// As this plan has it, if it does. Of its memory each core enters an equal part.
    pub(crate) fn new(
        plan: &Plan,
        rates: Option<&Arc<Rates>>,
        ledger: &Rc<Ledger>,
    ) -> Option<Self> {
        let (rule, rates) = (Rule::of(&plan.limits)?, rates?.clone());
        let held = size_of_val(&*rates.sets) / usize::from(plan.threads.max(1));
        Some(Self { rates, rule, _held: ledger.grant(Use::Connections, held as u64) })
    }

    /// Counts a request of this client, a /64 if it has IPv6.
    ///
    /// # Errors
    /// It comes so much too early, and is not counted.
    pub(crate) fn take(&self, client: IpAddr, now: Instant) -> Result<(), Duration> {
        self.rates.take(client, self.rule, now)
    }
}

impl Rates {
    /// Nothing so far.
    pub(crate) fn new(now: Instant) -> Self {
        Self::of_sets(CLIENTS / SET, now)
    }

    fn of_sets(count: usize, base: Instant) -> Self {
        let sets = (0..count).map(|_| Set::default()).collect();
        Self { base, keys: RandomState::new(), sets }
    }

    fn take(&self, client: IpAddr, rule: Rule, now: Instant) -> Result<(), Duration> {
        let now_ns = ns(now.saturating_duration_since(self.base));
        let Some(entry) = self.entry(key(client)) else { return Ok(()) };
        let order = Ordering::Relaxed;
        let counted = entry.due_ns.fetch_update(order, order, |due| rule.next(due, now_ns));
        counted.map(drop).map_err(|due| rule.wait(due, now_ns))
    }

    /// The client's own, or that which was another's and is now.
    fn entry(&self, client: u64) -> Option<&Entry> {
        let place = self.keys.hash_one(client) % self.sets.len().max(1) as u64;
        let set = self.sets.get(usize::try_from(place).ok()?)?;
        let is_own = |entry: &&Entry| entry.client.load(Ordering::Relaxed) == client;
        set.iter().find(is_own).or_else(|| take_over(set, client))
    }
}

#[cold]
fn take_over(set: &Set, client: u64) -> Option<&Entry> {
    let earliest = set.iter().min_by_key(|entry| entry.due_ns.load(Ordering::Relaxed))?;
    earliest.client.store(client, Ordering::Relaxed);
    Some(earliest)
}

impl Rule {
    fn of(limits: &Limits) -> Option<Self> {
        let rate = limits.requests_per_s_per_client?;
        let burst = limits.request_burst_per_client.unwrap_or(rate.saturating_mul(BURST_S));
        Some(Self::new(rate, burst))
    }

    /// So many requests a second, and so many at once.
    fn new(per_s: u32, burst: u32) -> Self {
        // Rounded up: never more than was said.
        let gap_ns = 1_000_000_000_u64.div_ceil(per_s.max(1).into());
        Self { gap_ns, ahead_ns: gap_ns.saturating_mul(burst.saturating_sub(1).into()) }
    }

    /// When the request after one is due that comes now; none if this one may not.
    #[inline]
    fn next(self, due_ns: u64, now_ns: u64) -> Option<u64> {
        let due_ns = due_ns.max(now_ns);
        (due_ns - now_ns <= self.ahead_ns).then(|| due_ns.saturating_add(self.gap_ns))
    }

    /// How long a request has to wait that may not come now.
    fn wait(self, due_ns: u64, now_ns: u64) -> Duration {
        Duration::from_nanos(due_ns.saturating_sub(self.ahead_ns).saturating_sub(now_ns))
    }
}

/// A number for each client. A /64 is one; IPv4 stands where IPv6 has nobody (RFC 4291 section
/// 2.4), and 0 is `::1`, which takes an empty entry for its own.
fn key(client: IpAddr) -> u64 {
    match client {
        IpAddr::V4(address) => 1 << 32 | u64::from(address.to_bits()),
        IpAddr::V6(address) => (address.to_bits() >> 64) as u64,
    }
}

/// Nanoseconds, for centuries.
fn ns(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
