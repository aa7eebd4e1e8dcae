//! What a run is told: where, how, how long, and within which limits.

use crate::model::{Model, Think};
use crate::target::{Target, TargetError, check_path};
use std::time::Duration;

/// Everything that one run needs to know.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where requests go.
    pub target: Target,
    /// Paths to ask for; the target's own when empty.
    pub paths: Vec<String>,
    /// The order in which paths are asked for.
    pub order: PathOrder,
    /// Host header, the target's authority when not given.
    pub host: Option<String>,
    /// Who sends when.
    pub model: Model,
    /// How long new requests start, warm-up included.
    pub duration: Duration,
    /// Answers to requests that start within this first time are not measured.
    pub warm_up: Duration,
    /// How long an answer may take, connecting included.
    pub timeout: Duration,
    /// How long requests that are open at the end may still take; after it they have failed.
    pub drain: Duration,
    /// Whether connections are used again.
    pub connections: Connections,
    /// Fixes every random choice.
    pub seed: u64,
}

/// How a user goes through the paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathOrder {
    /// One after the other, each user from another beginning.
    RoundRobin,
    /// Each time any.
    Random,
}

/// What becomes of a connection after its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connections {
    /// It is used again, as browsers do.
    KeepAlive,
    /// Each request has a connection of its own, as `siege` does by default.
    PerRequest,
}

/// Why a run cannot start as told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OptionsError {
    /// A number out of its range.
    #[error("{name} is {value}; it can be {range}")]
    OutOfRange {
        /// The option.
        name: &'static str,
        /// What was given.
        value: String,
        /// What could be given.
        range: &'static str,
    },
    /// A path that cannot be sent.
    #[error(transparent)]
    Path(#[from] TargetError),
    /// A Host header that cannot be sent.
    #[error("`{0}` cannot stand in a Host header")]
    Host(String),
}

/// More users or connections than one process has ports and descriptors for.
const USERS_MAX: u32 = 60_000;
const RATE_MAX_PER_S: f64 = 1_000_000.0;
const DURATION_MAX: Duration = Duration::from_secs(24 * 3600);
const PAUSE_MAX_S: u32 = 3600;

impl Options {
    /// The usual settings: keep-alive, no warm-up, 30 s for an answer, 5 s at the end.
    #[must_use]
    pub fn new(target: Target, model: Model, duration: Duration) -> Self {
        Self {
            target,
            paths: Vec::new(),
            order: PathOrder::RoundRobin,
            host: None,
            model,
            duration,
            warm_up: Duration::ZERO,
            timeout: Duration::from_secs(30),
            drain: Duration::from_secs(5),
            connections: Connections::KeepAlive,
            seed: 1,
        }
    }

    /// Refuses what could not be measured or sent.
    pub(crate) fn check(&self) -> Result<(), OptionsError> {
        self.check_model()?;
        let whole = |value: Duration| !value.is_zero() && value <= DURATION_MAX;
        let time = "more than 0 and at most 24 hours";
        in_range("the duration", &seconds(self.duration), whole(self.duration), time)?;
        in_range("the timeout", &seconds(self.timeout), whole(self.timeout), time)?;
        in_range("the drain time", &seconds(self.drain), self.drain <= DURATION_MAX, time)?;
        let rest = "shorter than the duration";
        in_range("the warm-up", &seconds(self.warm_up), self.warm_up < self.duration, rest)?;
        self.paths.iter().try_for_each(|path| check_path(path))?;
        match &self.host {
            Some(host) if host.is_empty() || !host.bytes().all(|b| b.is_ascii_graphic()) => {
                Err(OptionsError::Host(host.clone()))
            }
            _ => Ok(()),
        }
    }

    fn check_model(&self) -> Result<(), OptionsError> {
        let many = |count: u32| (1..=USERS_MAX).contains(&count);
        match self.model {
            Model::Closed { users, think } => {
                in_range("the number of users", &users, many(users), "1 to 60,000")?;
                let pause_s = match think {
                    Think::None => 0,
                    Think::Siege { max_s } => max_s,
                    Think::Uniform { max_ms } => max_ms / 1000,
                };
                in_range("the think time", &pause_s, pause_s <= PAUSE_MAX_S, "up to 3,600 s")
            }
            Model::Open { rate_per_s, max_connections, .. } => {
                let sane = rate_per_s > 0.0 && rate_per_s <= RATE_MAX_PER_S;
                in_range("the rate", &rate_per_s, sane, "more than 0 and at most 1,000,000/s")?;
                let name = "the number of connections";
                in_range(name, &max_connections, many(max_connections), "1 to 60,000")
            }
        }
    }

    /// Connections that can be open at once.
    pub(crate) fn connections_max(&self) -> u32 {
        match self.model {
            Model::Closed { users, .. } => users,
            Model::Open { max_connections, .. } => max_connections,
        }
    }
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}

fn in_range(
    name: &'static str,
    value: &dyn ToString,
    ok: bool,
    range: &'static str,
) -> Result<(), OptionsError> {
    if ok {
        Ok(())
    } else {
        Err(OptionsError::OutOfRange { name, value: value.to_string(), range })
    }
}

#[cfg(test)]
mod tests;
