//! What visitors of a simulated pool have seen, and who worked for them.

/// One request, in seconds from the begin.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) at: f64,
    pub(super) took: f64,
    pub(super) ok: bool,
}

/// A request that was sent to a backend.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    pub(super) at: f64,
    pub(super) backend: usize,
}

#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) seen: Vec<Seen>,
    pub(super) sent: Vec<Sent>,
}

impl Report {
    /// Of the requests that came from then to then, the time within which so many of 1 were answered.
    pub(super) fn quantile(&self, q: f64, from: f64, to: f64) -> f64 {
        let mut took: Vec<f64> =
            self.between(from, to).filter(|seen| seen.ok).map(|seen| seen.took).collect();
        took.sort_by(f64::total_cmp);
        let at = (took.len() as f64 * q) as usize;
        took.get(at).or(took.last()).copied().unwrap_or(0.0)
    }

    /// Of the requests that came from then to then, those that were answered within so long.
    pub(super) fn good(&self, within: f64, from: f64, to: f64) -> usize {
        self.between(from, to).filter(|seen| seen.ok && seen.took <= within).count()
    }

    pub(super) fn failed(&self, from: f64, to: f64) -> usize {
        self.between(from, to).filter(|seen| !seen.ok).count()
    }

    /// Requests that came.
    pub(super) fn asked(&self, from: f64, to: f64) -> usize {
        self.between(from, to).count()
    }

    /// The part of what was sent from then to then that went to this backend.
    pub(super) fn share(&self, backend: usize, from: f64, to: f64) -> f64 {
        let sent = || self.sent.iter().filter(|sent| (from..to).contains(&sent.at));
        let own = sent().filter(|sent| sent.backend == backend).count();
        own as f64 / sent().count().max(1) as f64
    }

    fn between(&self, from: f64, to: f64) -> impl Iterator<Item = &Seen> {
        self.seen.iter().filter(move |seen| (from..to).contains(&seen.at))
    }
}
