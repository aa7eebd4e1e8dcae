//! Where a request's time goes. Pure but for what is not known to have ended: that ends now.
//!
//! ```text
//!  accepted ─> began ──> read ───> served ──> asked ─────────> answered ──> ended
//!       accept      head     queue     connect    first byte          body
//! ```
//! Each phase but the first, and what was waited for the client, count once: together they are the
//! total.

use std::time::{Duration, Instant};

/// When a request was there.
pub(crate) struct Arrival {
    /// Its connection was accepted, if it is the first.
    pub(crate) accepted: Option<Instant>,
    /// The head's first byte came, where the rest did not come with it.
    pub(crate) began: Option<Instant>,
    /// Its head was whole.
    pub(crate) read: Instant,
}

/// How it went on.
pub(crate) struct Marks {
    accept_us: u64,
    head_us: u64,
    queue_us: u64,
    /// Its head was whole, or its turn had come, where it had to wait for that.
    ready: Instant,
    /// It had gone to the backend that was asked last.
    asked: Option<Instant>,
    /// An answer has begun: the phases before that.
    answered: Option<Answered>,
    /// How long the client was waited for to send its body.
    pub(crate) sending: Duration,
}

/// How it ended.
pub(crate) struct Ended {
    /// How many microseconds it took from the end of its head, if that is known.
    pub(crate) took_us: Option<u64>,
    /// How long the client was waited for to read the answer.
    pub(crate) reading: Duration,
}

struct Answered {
    connect_us: u64,
    first_byte_us: u64,
    /// How much of that the client was waited for.
    sending: Duration,
}

/// The phases, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Times {
    pub(super) accept_us: u64,
    pub(super) head_us: u64,
    pub(super) queue_us: u64,
    pub(super) connect_us: u64,
    pub(super) first_byte_us: u64,
    pub(super) body_us: u64,
    pub(super) client_us: u64,
    pub(super) total_us: u64,
}

impl Arrival {
    #[inline(always)]
    fn began(&self) -> Instant {
        self.began.unwrap_or(self.read)
    }
}

impl Marks {
    #[inline(always)]
    pub(super) fn new(arrival: &Arrival) -> Self {
        Self {
            accept_us: arrival.accepted.map_or(0, |at| us(at, arrival.began())),
            head_us: arrival.began.map_or(0, |at| us(at, arrival.read)),
            queue_us: 0,
            ready: arrival.read,
            asked: None,
            answered: None,
            sending: Duration::ZERO,
        }
    }

    /// Its turn has come.
    pub(crate) fn served(&mut self, now: Instant) {
        self.queue_us = us(self.ready, now);
        self.ready = now;
    }

    /// The request has gone to a backend.
    #[inline(always)]
    pub(crate) fn asked(&mut self, now: Instant) {
        (self.asked, self.answered) = (Some(now), None);
    }

    /// A backend's answer has begun, after so long a wait for the client's body. If that went with
    /// the rest, it is known when the backend was asked and how long after that this is.
    #[inline(always)]
    pub(crate) fn answered(
        &mut self,
        now: Instant,
        known: Option<(Instant, Duration)>,
        sending: Duration,
    ) {
        let since = |asked: Instant| (asked, now.saturating_duration_since(asked));
        let phases = known.or_else(|| self.asked.map(since));
        self.answered = phases.map(|(asked, after)| Answered {
            connect_us: us(self.ready, asked),
            first_byte_us: as_us(after),
            sending,
        });
    }

    #[inline(always)]
    pub(super) fn times(&self, ended: &Ended, at_backends: bool) -> Times {
        let left_us = match ended.took_us {
            Some(us) => us.saturating_sub(self.queue_us),
            None => us(self.ready, Instant::now()),
        };
        // Where a phase did not come to its end, all that follows was spent in it.
        let (connect_us, waiting_us) = match (&self.answered, self.asked) {
            _ if !at_backends => (0, 0),
            (Some(answered), _) => (answered.connect_us, answered.first_byte_us),
            (None, Some(asked)) => (us(self.ready, asked), left_us),
            (None, None) => (left_us, 0),
        };
        let connect_us = connect_us.min(left_us);
        let waiting_us = waiting_us.min(left_us - connect_us);
        let passing_us = left_us - connect_us - waiting_us;
        let (before_us, after_us) = self.waits(ended.reading);
        let (before_us, after_us) = (before_us.min(waiting_us), after_us.min(passing_us));
        Times {
            accept_us: self.accept_us,
            head_us: self.head_us,
            queue_us: self.queue_us,
            connect_us,
            first_byte_us: waiting_us - before_us,
            body_us: passing_us - after_us,
            client_us: before_us + after_us,
            total_us: self.head_us + self.queue_us + left_us,
        }
    }

    /// How long the client was waited for before the answer began, and since.
    #[inline(always)]
    fn waits(&self, reading: Duration) -> (u64, u64) {
        if self.sending.is_zero() && reading.is_zero() {
            return (0, 0);
        }
        let all = self.sending + reading;
        let before = self.answered.as_ref().map_or(self.sending, |answered| answered.sending);
        (as_us(before), as_us(all.saturating_sub(before)))
    }
}

/// 0 if they are the other way round.
fn us(from: Instant, to: Instant) -> u64 {
    as_us(to.saturating_duration_since(from))
}

fn as_us(time: Duration) -> u64 {
    time.as_secs() * 1_000_000 + u64::from(time.subsec_micros())
}

#[cfg(test)]
mod tests;
