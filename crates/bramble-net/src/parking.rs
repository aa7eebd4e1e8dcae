//! Connections that wait for nothing in particular, for the price of a place in a table.
//!
//! A connection whose client is silent needs no task, no timer and no place in the loop's own epoll
//! set. It is parked in a second set, which the loop sees as one descriptor, and taken out when its
//! client speaks or when its time is up. Does not know what is parked.

use std::cell::RefCell;
use std::io;
use std::net::IpAddr;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::time::Instant;

use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::time::Timespec;
use slab::Slab;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::ledger::{Ledger, Use};
use crate::ranking::{Ranking, Whose, lookups};
use crate::stream::Stream;
use crate::watch::watch;

/// Taken out in one turn, so that others have theirs.
const A_TURN: usize = 128;

/// Of a place in the table, beside what is parked there: it grows by doubling.
const PLACE_BYTES: u64 = 32;

/// What wakes: bytes, or that none will come any more.
const WAKES: EventFlags = EventFlags::IN.union(EventFlags::RDHUP);

/// The parked connections of one core, each with what belongs to it.
pub struct Parking<T> {
    epoll: AsyncFd<OwnedFd>,
    places: RefCell<Slab<Parked<T>>>,
    /// By time.
    ranking: Ranking<Stay>,
    owner: fn(&T) -> Option<IpAddr>,
    ledger: Rc<Ledger>,
}

/// A stay, as it stands in line: whose, until when, and its key.
type Stay = (Whose, Option<Instant>, usize);

struct Parked<T> {
    stream: Stream,
    /// When its time is up.
    due: Instant,
    what: T,
}

impl<T> Parking<T> {
    /// An empty one, for what belongs to `owner`, whose places are entered in the ledger; must be
    /// made inside a core.
    ///
    /// # Errors
    /// Descriptors have run out.
    pub fn new(owner: fn(&T) -> Option<IpAddr>, ledger: &Rc<Ledger>) -> io::Result<Self> {
        let epoll = watch(epoll::create(CreateFlags::CLOEXEC)?, Interest::READABLE)?;
        let ledger = ledger.clone();
        Ok(Self { epoll, places: RefCell::default(), ranking: Ranking::default(), owner, ledger })
    }

    /// Parks a connection until `due`. Gives it back if it has something to do, or if the kernel
    /// has no memory left to watch it.
    ///
    /// # Errors
    /// What was to be parked, as it was.
    pub fn park(&self, mut stream: Stream, due: Instant, what: T) -> Result<(), (Stream, T)> {
        if !stream.is_at_rest() {
            return Err((stream, what));
        }
        stream.unwatch();
        let mut places = self.places.borrow_mut();
        let place = places.vacant_entry();
        let key = place.key();
        let data = EventData::new_u64(key as u64);
        let watched = stream.fd().and_then(|fd| Ok(epoll::add(&self.epoll, fd, data, WAKES)?));
        if watched.is_err() {
            return Err((stream, what));
        }
        let parked = Parked { stream, due, what };
        self.ranking.enter(self.stays(key, &parked));
        place.insert(parked);
        self.ledger.take(Use::Connections, PLACE_BYTES + size_of::<Parked<T>>() as u64);
        Ok(())
    }

    /// Waits for clients that speak, or have gone; takes them out.
    ///
    /// # Errors
    /// The set is broken.
    pub async fn woken(&self) -> io::Result<Vec<(Stream, T)>> {
        loop {
            let mut readable = self.epoll.readable().await?;
            let (events, woken) = self.take_woken()?;
            if events < A_TURN {
                readable.clear_ready();
            }
            if !woken.is_empty() {
                return Ok(woken);
            }
        }
    }

    /// Takes all out, with the time until which each was parked.
    pub fn take_all(&self) -> Vec<(Stream, Instant, T)> {
        let all = self.keys(|_| true).into_iter().filter_map(|key| self.take(key));
        let woken = all.map(|parked| (parked.due, self.wake(parked)));
        woken.filter_map(|(due, woken)| woken.map(|(stream, what)| (stream, due, what))).collect()
    }

    /// Ends all whose time is up, and says how many.
    pub fn end_due(&self, now: Instant) -> usize {
        let due = self.keys(|parked| parked.due <= now);
        due.iter().for_each(|key| drop(self.take(*key)));
        due.len()
    }

    /// Ends whoever has been parked longest; false if nobody is.
    pub fn end_oldest(&self, whose: Whose) -> bool {
        let oldest = self.oldest(whose).and_then(|key| self.take(key));
        oldest.is_some()
    }

    /// Stops keeping order for [`Self::end_oldest`], if that has not been called since last time.
    pub fn forget_unasked(&self) {
        self.ranking.forget_unasked();
    }

    /// How many are parked.
    pub fn len(&self) -> usize {
        self.places.borrow().len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Gives memory back that a flood took.
    pub fn give_back_free(&self) {
        self.places.borrow_mut().shrink_to_fit();
    }

    /// Ends all.
    pub fn clear(&self) {
        self.ranking.forget();
        self.keys(|_| true).into_iter().for_each(|key| drop(self.take(key)));
    }

    fn oldest(&self, whose: Whose) -> Option<usize> {
        let places = self.places.borrow();
        let all = || places.iter().flat_map(|(key, parked)| self.stays(key, parked));
        let oldest = self.ranking.first((whose, None, 0), all)?;
        (oldest.0 == whose).then_some(oldest.2)
    }

    fn stays(&self, key: usize, parked: &Parked<T>) -> impl Iterator<Item = Stay> + use<T> {
        let due = Some(parked.due);
        lookups((self.owner)(&parked.what)).map(move |whose| (whose, due, key))
    }

    /// How many the kernel told of, and those of them that can go on.
    fn take_woken(&self) -> io::Result<(usize, Vec<(Stream, T)>)> {
        let mut events: Vec<Event> = Vec::with_capacity(A_TURN);
        epoll::wait(&self.epoll, spare_capacity(&mut events), Some(&Timespec::default()))?;
        let keys = events.iter().map(|event| event.data.u64());
        let woken = keys.filter_map(|key| self.take(usize::try_from(key).ok()?));
        Ok((events.len(), woken.filter_map(|parked| self.wake(parked)).collect()))
    }

    /// None if it is broken.
    fn wake(&self, parked: Parked<T>) -> Option<(Stream, T)> {
        let Parked { stream, what, .. } = parked;
        epoll::delete(&self.epoll, stream.fd().ok()?).ok()?;
        Some((stream, what))
    }

    fn keys(&self, of: impl Fn(&Parked<T>) -> bool) -> Vec<usize> {
        let places = self.places.borrow();
        places.iter().filter(|(_, parked)| of(parked)).map(|(key, _)| key).collect()
    }

    /// What is dropped of it is dropped by the caller, when the table is not borrowed any more.
    fn take(&self, key: usize) -> Option<Parked<T>> {
        let parked = self.places.borrow_mut().try_remove(key)?;
        self.ranking.leave(self.stays(key, &parked));
        self.ledger.give_back(Use::Connections, PLACE_BYTES + size_of::<Parked<T>>() as u64);
        Some(parked)
    }
}

#[cfg(test)]
mod tests;
