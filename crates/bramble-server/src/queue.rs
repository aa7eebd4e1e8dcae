//! Requests that wait for a backend with room, of one pool and core. Pure: who is to be woken is
//! the caller's.
//!
//! ```text
//!                     somebody has waited for longer
//!                        than a visitor would like
//!   first come first ──────────────────────────────> newest first, and whoever has waited for a
//!   served <───────────────────────────────────────  part of what answers take is told at once
//!                     nobody had to be told, for as long
//! ```
//! A burst is worked off in order, and so are users who wait for their answer before they ask again:
//! a second is better than no page. A queue that grows beyond that would do so without end, until all
//! whose turn comes have left. Then those who have just come are served, and the others hear at once
//! that there is no room (CoDel, Nichols and Jacobson 2012, with newest first as in Maurer, Fail at
//! Scale, 2015). Of those who wait, whoever was served least lately comes first, so that one who asks
//! a thousand times has no more of it than others.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// A visitor waits so long and still likes the page.
const BURST: Duration = Duration::from_secs(1);
/// The least that somebody may wait in a queue that stands.
const STANDING: Duration = Duration::from_millis(5);
/// Of what answers usually take, so much may be waited for; in a burst, and where the queue stands.
const BURST_SHARE: f64 = 2.0;
const STANDING_SHARE: f64 = 0.5;

/// Somebody who waits.
struct Waiting<W> {
    ticket: u64,
    client: u64,
    since: Instant,
    is_called: bool,
    whom: W,
}

/// How somebody stands who waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// There is room, or may be.
    Come,
    /// No longer: there is none in time.
    Never,
    /// For so long at most.
    Wait(Duration),
}

pub(crate) struct Queue<W> {
    /// The oldest first.
    waiting: VecDeque<Waiting<W>>,
    tickets: u64,
    /// Until then it stands.
    stands_until: Option<Instant>,
    served: Served,
}

impl<W> Default for Queue<W> {
    fn default() -> Self {
        let (stands_until, served, tickets) = Default::default();
        Self { waiting: VecDeque::new(), tickets, stands_until, served }
    }
}

impl<W> Queue<W> {
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Joins it; `client` is the same for all that come from one.
    pub(crate) fn join(&mut self, client: u64, whom: W, now: Instant) -> u64 {
        self.tickets += 1;
        let ticket = self.tickets;
        self.waiting.push_back(Waiting { ticket, client, since: now, is_called: false, whom });
        ticket
    }

    /// There is room for one: who comes next.
    pub(crate) fn call(&mut self, usual: Duration, now: Instant) -> Option<&W> {
        let stands = self.stands(usual, now);
        let open = self.waiting.iter().enumerate().filter(|(_, one)| !one.is_called);
        let next = if stands {
            // Of equals the last.
            open.rev().min_by_key(|(_, one)| self.served.of(one.client))
        } else {
            open.min_by_key(|(place, _)| *place)
        };
        let (place, _) = next?;
        let called = self.waiting.get_mut(place)?;
        called.is_called = true;
        Some(&called.whom)
    }

    /// How one of them stands now.
    pub(crate) fn turn(&mut self, ticket: u64, usual: Duration, now: Instant) -> Turn {
        let most = self.patience(usual, now);
        let Some(own) = self.find(ticket) else { return Turn::Never };
        if own.is_called {
            return Turn::Come;
        }
        let left = most.saturating_sub(now.saturating_duration_since(own.since));
        if left.is_zero() { Turn::Never } else { Turn::Wait(left) }
    }

    /// Nobody had room for it after all.
    pub(crate) fn uncall(&mut self, ticket: u64) {
        self.find(ticket).into_iter().for_each(|own| own.is_called = false);
    }

    /// It found room.
    pub(crate) fn served(&mut self, ticket: u64, usual: Duration, now: Instant) {
        if self.stands(usual, now)
            && let Some(client) = self.find(ticket).map(|own| own.client)
        {
            self.served.add(client);
        }
        self.forget(ticket);
    }

    /// It waits no longer.
    pub(crate) fn forget(&mut self, ticket: u64) {
        let place = self.waiting.binary_search_by_key(&ticket, |one| one.ticket);
        place.into_iter().for_each(|place| drop(self.waiting.remove(place)));
    }

    /// Those who have waited too long, one after the other.
    pub(crate) fn expired(&mut self, usual: Duration, now: Instant) -> impl Iterator<Item = &W> {
        let most = self.patience(usual, now);
        let is_over = move |one: &&Waiting<W>| now.saturating_duration_since(one.since) >= most;
        self.waiting.iter().take_while(is_over).map(|one| &one.whom)
    }

    fn find(&mut self, ticket: u64) -> Option<&mut Waiting<W>> {
        let place = self.waiting.binary_search_by_key(&ticket, |one| one.ticket).ok()?;
        self.waiting.get_mut(place)
    }

    /// How long somebody may wait.
    fn patience(&mut self, usual: Duration, now: Instant) -> Duration {
        if self.stands(usual, now) { standing(usual) } else { burst(usual) }
    }

    fn stands(&mut self, usual: Duration, now: Instant) -> bool {
        let stood = self.stands_until.is_some_and(|until| now < until);
        let most = if stood { standing(usual) } else { burst(usual) };
        let oldest = self.waiting.front().map(|one| now.saturating_duration_since(one.since));
        if oldest.is_some_and(|waited| waited >= most) {
            self.stands_until = Some(now + burst(usual));
            return true;
        }
        if !stood {
            self.served.forget();
        }
        stood
    }
}

fn standing(usual: Duration) -> Duration {
    STANDING.max(usual.mul_f64(STANDING_SHARE))
}

fn burst(usual: Duration) -> Duration {
    BURST.max(usual.mul_f64(BURST_SHARE))
}

/// Whom the queue has served lately, as far as that fits into a few places: whoever shares one
/// shares what it is worth, and none can have more than all.
#[derive(Default)]
struct Served {
    counts: Vec<u32>,
    all: u32,
}

/// Places, and how many are counted before each count is halved.
const PLACES: usize = 256;
const COUNTED: u32 = 1024;

impl Served {
    fn of(&self, client: u64) -> u32 {
        self.counts.get(place_of(client)).copied().unwrap_or(0)
    }

    fn add(&mut self, client: u64) {
        self.counts.resize(PLACES, 0);
        self.counts.get_mut(place_of(client)).into_iter().for_each(|count| *count += 1);
        self.all += 1;
        if self.all >= COUNTED {
            self.all /= 2;
            self.counts.iter_mut().for_each(|count| *count /= 2);
        }
    }

    fn forget(&mut self) {
        if self.all > 0 {
            *self = Self::default();
        }
    }
}

fn place_of(client: u64) -> usize {
    (client % PLACES as u64) as usize
}

#[cfg(test)]
mod tests;
