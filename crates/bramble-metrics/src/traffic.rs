//! What has gone one way: by a listener, by a route, to a pool. Adds up over cores.

use crate::durations::Durations;

/// Requests, bytes and time; counted from the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Requests that got no answer, then by class of the answer, 1xx to 5xx.
    pub requests: [u64; 6],
    /// Bytes sent to clients, heads included.
    pub sent_bytes: u64,
    /// From the head of a request to the end of its answer.
    pub durations: Durations,
}

impl Traffic {
    /// Counts a request that was answered so; 0: not at all.
    #[inline]
    pub fn record(&mut self, status: u16, sent_bytes: u64, us: u64) {
        if let Some(requests) = self.requests.get_mut(usize::from(status / 100)) {
            *requests += 1;
        }
        self.sent_bytes += sent_bytes;
        self.durations.record(us);
    }

    /// Adds all that went the same way elsewhere.
    pub fn add(&mut self, other: &Self) {
        for (requests, more) in self.requests.iter_mut().zip(other.requests) {
            *requests += more;
        }
        self.sent_bytes += other.sent_bytes;
        self.durations.add(&other.durations);
    }
}
