//! What happens in a run: the workers' pace, the visitors, and what becomes of one worker. Knows
//! neither sockets nor time.

use super::rng::Rng;

/// What a worker can do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pace {
    /// Requests at a time; what comes beyond them waits in order.
    pub slots: u32,
    /// A request takes that long in the mean.
    pub mean_ms: f64,
}

/// What a worker is up to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Mode {
    /// Answers 503 at once; its checks are green.
    Fails,
    /// Takes so many times as long.
    Slow(f64),
    /// Reads and answers nothing, checks neither.
    Stands,
    /// Takes that long for each request.
    TakesMs(f64),
    Works,
}

/// How visitors come.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Load {
    /// At their own times, however long others take: so many seconds at so many a second.
    Open(Vec<(f64, f64)>),
    /// A number of users who each think before the next request: up to so long. Each of their
    /// requests has a connection of its own when they think; the others keep theirs.
    Users { count: u32, think_s: f64, for_s: f64 },
}

/// One run. Times are seconds since its start.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Script {
    pub pace: Pace,
    pub load: Load,
    /// What becomes of the first worker, and when.
    pub changes: Vec<(f64, Mode)>,
    /// A visitor gives up after it.
    pub patience_s: f64,
    /// How often one who got no answer, or none that is 200, tries again.
    pub retries: u32,
    /// Before it nothing counts.
    pub from_s: f64,
}

impl Pace {
    pub fn per_s(self) -> f64 {
        f64::from(self.slots) * 1000.0 / self.mean_ms
    }
}

impl Load {
    /// When visitors come no more.
    pub fn end_s(&self) -> f64 {
        match self {
            Self::Open(phases) => phases.iter().map(|(for_s, _)| for_s).sum(),
            Self::Users { for_s, .. } => *for_s,
        }
    }
}

/// When each visitor comes: by chance, which gives the phase its rate (Poisson).
pub(super) fn arrivals(phases: &[(f64, f64)], rng: &mut Rng) -> Vec<f64> {
    let mut times = Vec::new();
    let mut start = 0.0;
    for (for_s, per_s) in phases {
        let end = start + for_s;
        let mut at = start + rng.exponential(1.0 / per_s);
        while at < end {
            times.push(at);
            at += rng.exponential(1.0 / per_s);
        }
        start = end;
    }
    times
}

#[cfg(test)]
mod tests;
