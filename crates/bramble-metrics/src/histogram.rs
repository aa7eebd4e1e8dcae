//! Latency histogram: 1 µs to 1 h, mergeable, with an exact mean and maximum beside the
//! percentiles. Does not know whose latency it holds.

/// The largest latency that is told apart; a longer one is counted as this long.
const MAX_US: u64 = 3_600_000_000;

/// Latencies in microseconds.
#[derive(Clone, Debug)]
pub struct Histogram {
    counts: hdrhistogram::Histogram<u32>,
    sum_us: u64,
    max_us: u64,
}

impl Histogram {
    /// Percentiles within 0.1 %; about 100 KiB when latencies reach an hour, less before.
    #[must_use]
    pub fn new() -> Self {
        Self::with_digits(3)
    }

    /// Percentiles within 1 % in a tenth of the memory: one per second of a long run.
    #[must_use]
    pub fn coarse() -> Self {
        Self::with_digits(2)
    }

    fn with_digits(digits: u8) -> Self {
        let mut counts = match hdrhistogram::Histogram::new(digits) {
            Ok(counts) => counts,
            Err(_) => unreachable!("0 to 5 digits are valid"),
        };
        counts.auto(true);
        Self { counts, sum_us: 0, max_us: 0 }
    }

    /// Counts one latency.
    pub fn record(&mut self, latency_us: u64) {
        // It grows by itself up to MAX_US, so recording cannot fail.
        let _ = self.counts.record(latency_us.clamp(1, MAX_US));
        self.sum_us = self.sum_us.saturating_add(latency_us);
        self.max_us = self.max_us.max(latency_us);
    }

    /// Adds everything that `other` has counted; both must have the same precision to stay exact.
    pub fn merge(&mut self, other: &Self) {
        let _ = self.counts.add(&other.counts);
        self.sum_us = self.sum_us.saturating_add(other.sum_us);
        self.max_us = self.max_us.max(other.max_us);
    }

    /// Forgets everything, keeps its memory.
    pub fn clear(&mut self) {
        self.counts.reset();
        self.sum_us = 0;
        self.max_us = 0;
    }

    /// How many latencies were recorded.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.counts.len()
    }

    /// Whether nothing was recorded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// The exact mean, 0 when empty.
    #[must_use]
    pub fn mean_ms(&self) -> f64 {
        if self.is_empty() { 0.0 } else { self.sum_us as f64 / self.len() as f64 / 1e3 }
    }

    /// The latency that the share `quantile` (0 to 1) of all did not exceed, 0 when empty.
    #[must_use]
    pub fn percentile_ms(&self, quantile: f64) -> f64 {
        // A bucket's upper end can lie above the longest latency that was seen.
        self.counts.value_at_quantile(quantile).min(self.max_us) as f64 / 1e3
    }

    /// The exact maximum, 0 when empty.
    #[must_use]
    pub fn max_ms(&self) -> f64 {
        self.max_us as f64 / 1e3
    }
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;
