//! A time in which requests and answers are counted. Pure.

#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    since_ns: u64,
    at_ns: u64,
    /// Requests there, times the nanoseconds for which they were.
    area: f64,
    answers: u32,
}

impl Span {
    pub(super) fn new(now_ns: u64) -> Self {
        Self { since_ns: now_ns, at_ns: now_ns, area: 0.0, answers: 0 }
    }

    /// Until now so many were there.
    pub(super) fn pass(&mut self, there: u32, now_ns: u64) {
        self.area += f64::from(there) * now_ns.saturating_sub(self.at_ns) as f64;
        self.at_ns = now_ns;
    }

    /// The same, and one of them has its answer.
    pub(super) fn answer(&mut self, there: u32, now_ns: u64) {
        self.pass(there, now_ns);
        self.answers += 1;
    }

    pub(super) fn answers(&self) -> u32 {
        self.answers
    }

    /// Requests there, in the mean.
    pub(super) fn there(&self) -> f64 {
        self.area / self.lasts_ns()
    }

    /// From one answer to the next, in the mean.
    pub(super) fn gap_ns(&self) -> f64 {
        self.lasts_ns() / f64::from(self.answers.max(1))
    }

    /// What an answer takes, in the mean (Little's law).
    pub(super) fn takes_ns(&self) -> f64 {
        self.area / f64::from(self.answers.max(1))
    }

    pub(super) fn lasts_ns(&self) -> f64 {
        self.at_ns.saturating_sub(self.since_ns).max(1) as f64
    }
}
