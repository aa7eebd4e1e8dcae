//! Connections that wait for nothing in particular, for the price of a place in a table.
//!
//! A connection whose client is silent needs no task, no timer and no place in the loop's own epoll
//! set. It is parked in a second set, which the loop sees as one descriptor, and taken out when its
//! client speaks or when its time is up. Does not know what is parked.

use std::cell::RefCell;
use std::io;
use std::os::fd::OwnedFd;
use std::time::Instant;

use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::time::Timespec;
use slab::Slab;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::stream::Stream;
use crate::watch::watch;

/// Taken out in one turn, so that others have theirs.
const A_TURN: usize = 128;

/// What wakes: bytes, or that none will come any more.
const WAKES: EventFlags = EventFlags::IN.union(EventFlags::RDHUP);

/// The parked connections of one core, each with what belongs to it.
pub struct Parking<T> {
    epoll: AsyncFd<OwnedFd>,
    places: RefCell<Slab<Parked<T>>>,
}

struct Parked<T> {
    stream: Stream,
    /// When its time is up.
    due: Instant,
    what: T,
}

impl<T> Parking<T> {
    /// An empty one; must be made inside a core.
    ///
    /// # Errors
    /// Descriptors have run out.
    pub fn new() -> io::Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        Ok(Self { epoll: watch(epoll, Interest::READABLE)?, places: RefCell::default() })
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
        let key = EventData::new_u64(place.key() as u64);
        let watched = stream.fd().and_then(|fd| Ok(epoll::add(&self.epoll, fd, key, WAKES)?));
        if watched.is_err() {
            return Err((stream, what));
        }
        place.insert(Parked { stream, due, what });
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

    /// Ends the one of these that has been parked longest; false if there is none.
    pub fn end_oldest(&self, of: impl Fn(&T) -> bool) -> bool {
        let oldest = {
            let places = self.places.borrow();
            let of_these = places.iter().filter(|(_, parked)| of(&parked.what));
            of_these.min_by_key(|(_, parked)| parked.due).map(|(key, _)| key)
        };
        oldest.and_then(|key| self.take(key)).is_some()
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
        drop(self.places.take());
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
        self.places.borrow_mut().try_remove(key)
    }
}

#[cfg(test)]
mod tests;
