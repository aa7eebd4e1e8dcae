//! Repeated measurements: their median and an interval that needs no assumption.
//!
//! The interval goes from the k-th smallest to the k-th largest value, k as large as keeps the
//! chance that the true median lies within at 95 % or more (sign test). With 6 repeats that is
//! from the smallest to the largest (96.9 %).

/// Fewest repeats with which smallest to largest holds the median with 95 %.
pub(super) const REPEATS: usize = 6;

const CONFIDENCE: f64 = 0.95;

/// A figure over its repeats.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Figure {
    pub median: f64,
    pub low: f64,
    pub high: f64,
    pub repeats: usize,
}

impl Figure {
    /// None without a value.
    pub fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let repeats = sorted.len();
        let cut = cut(repeats);
        let (low, high) = (*sorted.get(cut)?, *sorted.get(repeats - 1 - cut)?);
        let middle = (sorted.get((repeats - 1) / 2)?, sorted.get(repeats / 2)?);
        Some(Self { median: (middle.0 + middle.1) / 2.0, low, high, repeats })
    }

    /// As a ratio: does the interval hold 1, so that nobody leads?
    pub fn is_tie(&self) -> bool {
        (self.low..=self.high).contains(&1.0)
    }
}

/// How many values may be left out at each end.
fn cut(repeats: usize) -> usize {
    let mut exactly = (0..repeats).fold(1.0, |chance, _| chance / 2.0);
    let mut at_most = 0.0;
    for cut in 0..repeats {
        // Chance that no more than `cut` of the values lie below the true median.
        at_most += exactly;
        if 1.0 - 2.0 * at_most < CONFIDENCE {
            return cut.saturating_sub(1);
        }
        exactly *= (repeats - cut) as f64 / (cut + 1) as f64;
    }
    0
}

#[cfg(test)]
mod tests;
