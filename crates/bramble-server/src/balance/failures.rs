//! Which part of a backend's requests has failed of late. Pure.
//!
//! Doubts in a row (`ejection`) find whoever fails altogether, and soon. They never find one that
//! fails every other request, for its good answers come in between: that is found here, by count.
//!
//! What counts are the last requests, so that it is seen at once when a good backend turns bad,
//! and of them those of the last 4 to 9 seconds. They fade by new ones and by time alone: where one
//! comes back by a good answer and fails again, the first failure tells.

/// A part of time takes two to the power of so many nanoseconds, 4.3 s: to find it takes a shift.
const PART_BITS: u32 = 32;

/// So many requests are judged, and no fewer; there are as many bits and more.
const JUDGED: u32 = 20;

/// What came of a backend's last requests.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Failures {
    /// A bit each, the last one lowest; set: it failed.
    failed: u32,
    /// Which part of time it is, from the clock's begin.
    part: u32,
    /// Requests of this part, and of the one before.
    now: u8,
    before: u8,
}

/// Requests, and those of them that failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    all: u32,
    failed: u32,
}

impl Failures {
    /// Something came of a request.
    #[inline]
    pub(super) fn add(&mut self, failed: bool, now_ns: u64) {
        self.turn(now_ns);
        self.failed = self.failed << 1 | u32::from(failed);
        self.now = self.now.saturating_add(1);
    }

    /// The last requests, as far as they are known.
    pub(super) fn count(mut self, now_ns: u64) -> Count {
        self.turn(now_ns);
        let all = (u32::from(self.now) + u32::from(self.before)).min(JUDGED);
        let known = (1 << all) - 1;
        Count { all, failed: (self.failed & known).count_ones() }
    }

    #[inline]
    fn turn(&mut self, now_ns: u64) {
        // They come round after 584 years.
        let part = (now_ns >> PART_BITS) as u32;
        if part != self.part {
            let follows = part == self.part.wrapping_add(1);
            self.before = if follows { self.now } else { 0 };
            (self.part, self.now) = (part, 0);
        }
    }
}

impl Count {
    /// Both together.
    pub(super) fn and(self, other: Self) -> Self {
        let all = self.all.saturating_add(other.all);
        Self { all, failed: self.failed.saturating_add(other.failed) }
    }

    /// Whether half of enough have failed, so that it should be left alone. `others`: what came of
    /// the rest of its pool. What fails there half as often, too, is no backend's own fault.
    pub(super) fn is_too_bad(self, others: Self) -> bool {
        let own = u64::from(self.failed) * u64::from(others.all);
        let theirs = u64::from(others.failed) * u64::from(self.all);
        self.all >= JUDGED && self.failed * 2 >= self.all && own >= theirs * 2
    }
}

#[cfg(test)]
mod tests;
