//! Durations counted in buckets whose bounds never change, so that the counts of cores, processes
//! and nodes add up to what one of them would have counted alone.

/// Two an octave, from 64 µs to 101 s: a share that is read off them is at most a half too long.
pub const BUCKETS: usize = 42;

/// log2 of the first bound in microseconds.
const FIRST_OCTAVE: u32 = 6;

/// How often something took how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Durations {
    /// By bucket; beyond the last bound is one more.
    counts: [u64; BUCKETS + 1],
    sum_us: u64,
}

impl Default for Durations {
    fn default() -> Self {
        Self { counts: [0; BUCKETS + 1], sum_us: 0 }
    }
}

impl Durations {
    /// Counts one, in microseconds.
    #[inline]
    pub fn record(&mut self, us: u64) {
        if let Some(count) = self.counts.get_mut(bucket(us)) {
            *count += 1;
        }
        self.sum_us = self.sum_us.saturating_add(us);
    }

    /// Adds all that `other` has counted.
    pub fn add(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(other.counts) {
            *count += more;
        }
        self.sum_us = self.sum_us.saturating_add(other.sum_us);
    }

    /// How many were counted.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Whether none was.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All of them together, in seconds.
    #[must_use]
    pub fn sum_s(&self) -> f64 {
        self.sum_us as f64 / 1e6
    }

    /// Upper bounds in seconds, each with the count of its bucket alone; the last has no bound.
    pub fn buckets(&self) -> impl Iterator<Item = (f64, u64)> {
        let bounds = (0..BUCKETS).map(|i| bound_us(i) as f64 / 1e6);
        bounds.chain([f64::INFINITY]).zip(self.counts)
    }
}

/// The bucket that a duration belongs to: the first whose bound it does not exceed.
#[inline]
fn bucket(us: u64) -> usize {
    let below = us.saturating_sub(1);
    let octave = below.checked_ilog2().unwrap_or(0);
    if octave < FIRST_OCTAVE {
        return 0;
    }
    let is_upper_half = (below >> (octave - 1)) & 1;
    let bucket = 2 * (octave - FIRST_OCTAVE) as usize + is_upper_half as usize + 1;
    bucket.min(BUCKETS)
}

/// 64, 96, 128, 192, 256, ...
fn bound_us(bucket: usize) -> u64 {
    let octave = 1 << (FIRST_OCTAVE as usize + bucket / 2);
    if bucket.is_multiple_of(2) { octave } else { octave + octave / 2 }
}

#[cfg(test)]
mod tests;
