//! What a run brought, and what it says. Pure: times are seconds since the run's start.

/// Windows that shares are taken over, and how far one begins after the other.
const WINDOW_S: f64 = 0.5;
const STEP_S: f64 = 0.1;
/// Beyond it a window is not as before: this part of the visitors fail, or half wait so many times
/// as long as half did before.
const RESTLESS_FAILED: f64 = 0.05;
const RESTLESS_TIMES: f64 = 2.0;

/// One visitor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Visit {
    pub planned_s: f64,
    /// How much later it was sent.
    pub late_ms: f64,
    /// From the planned time to the end.
    pub took_ms: f64,
    /// Of the last answer; 0 where there was none.
    pub status: u16,
}

/// A request that a worker got.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Arrival {
    pub at_s: f64,
    /// Whether the worker is the first, which things happen to.
    pub is_first: bool,
}

/// Part of a run: from then until before then.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Span(pub f64, pub f64);

pub(super) struct Outcome {
    pub visits: Vec<Visit>,
    pub arrivals: Vec<Arrival>,
    /// Who failed counts as one who waited at least so long.
    pub patience_ms: f64,
}

impl Visit {
    fn is_good(&self) -> bool {
        self.status == 200
    }
}

impl Span {
    fn has(self, at_s: f64) -> bool {
        (self.0..self.1).contains(&at_s)
    }

    fn length(self) -> f64 {
        self.1 - self.0
    }

    /// Windows of that length that begin within and end within it.
    fn windows(self, length: f64) -> impl Iterator<Item = Self> {
        let count = ((self.length() - length) / STEP_S + 1e-6).floor().max(-1.0) as i32;
        let at = move |step: i32| self.0 + f64::from(step) * STEP_S;
        (0..=count).map(move |step| Self(at(step), at(step) + length))
    }
}

impl Outcome {
    /// How long that part of the visitors waited at most.
    pub fn waited_ms(&self, span: Span, part: f64) -> f64 {
        let waited = |visit: &Visit| {
            let least = if visit.is_good() { 0.0 } else { self.patience_ms };
            visit.took_ms.max(least)
        };
        quantile(self.within(span).map(waited).collect(), part)
    }

    /// The same of those alone who got their answer; if nobody did, as long as patience lasts.
    pub fn admitted_ms(&self, span: Span, part: f64) -> f64 {
        let good = self.within(span).filter(|visit| visit.is_good());
        let times: Vec<f64> = good.map(|visit| visit.took_ms).collect();
        if times.is_empty() { self.patience_ms } else { quantile(times, part) }
    }

    /// Of the visitors, between 0 and 1.
    pub fn failed(&self, span: Span) -> f64 {
        let failed = self.within(span).filter(|visit| !visit.is_good()).count();
        failed as f64 / self.within(span).count().max(1) as f64
    }

    pub fn good_per_s(&self, span: Span) -> f64 {
        self.within(span).filter(|visit| visit.is_good()).count() as f64 / span.length()
    }

    /// What the first worker got of all that workers got, between 0 and 1.
    pub fn share(&self, span: Span) -> f64 {
        let all = || self.arrivals.iter().filter(|arrival| span.has(arrival.at_s));
        let its = all().filter(|arrival| arrival.is_first).count();
        its as f64 / all().count().max(1) as f64
    }

    /// Of the generator: 99 of 100 were sent sooner.
    pub fn late_ms(&self) -> f64 {
        quantile(self.visits.iter().map(|visit| visit.late_ms).collect(), 0.99)
    }

    /// Seconds until the first worker's share is below that and stays there.
    pub fn settled_s(&self, span: Span, share: f64) -> f64 {
        let above = span.windows(WINDOW_S).filter(|window| self.share(*window) >= share);
        above.last().map_or(0.0, |window| window.0 + STEP_S - span.0)
    }

    /// Seconds until the first worker's share has that again; all that there are where it never has.
    pub fn returned_s(&self, span: Span, share: f64) -> f64 {
        let mut again = span.windows(WINDOW_S).filter(|window| self.share(*window) >= share);
        again.next().map_or(span.length(), |window| window.1 - span.0)
    }

    /// Seconds until visitors fare as before, and do so to the end.
    pub fn calm_s(&self, before: Span, after: Span) -> f64 {
        let usual_ms = self.waited_ms(before, 0.5);
        let restless = after.windows(STEP_S).filter(|window| {
            self.failed(*window) > RESTLESS_FAILED
                || self.waited_ms(*window, 0.5) > RESTLESS_TIMES * usual_ms
        });
        restless.last().map_or(0.0, |window| window.1 - after.0)
    }

    fn within(&self, span: Span) -> impl Iterator<Item = &Visit> {
        self.visits.iter().filter(move |visit| span.has(visit.planned_s))
    }
}

/// 0 where there are none.
fn quantile(mut values: Vec<f64>, part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let rank = (values.len() as f64 * part).ceil() as usize;
    values.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests;
