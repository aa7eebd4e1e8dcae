//! Pools under a seeded clock: what visitors see when backends are slow, stall, fail fast or come
//! and go. The picking and judging is the one that runs; sockets are played.
//!
//! Each test plays 256 worlds. `BRAMBLE_SEED=N` plays the one that a failure names.

mod backend;
mod report;
mod rng;
mod tests;
mod world;

use bramble_config::plan::Method;

use backend::{Backend, Fault};
use report::Report;
use world::{Scenario, play};

/// Of each kind so many.
const WORLDS: u64 = 256;
/// What a request takes of a backend that does nothing else.
const SERVICE_S: f64 = 0.010;
/// Whatever was unknown at first is known by then.
const LEARNED_S: f64 = 2.0;

/// Eight backends that work on `slots` requests at a time, with so much of what seven can do.
fn eight(slots: usize, load: f64, method: Method) -> Scenario {
    Scenario {
        method,
        backends: vec![Backend::new(slots, SERVICE_S); 8],
        weights: Vec::new(),
        balancers: 1,
        reports: false,
        rate: load * 7.0 * slots as f64 / SERVICE_S,
        lasts_s: 10.0,
        spike: None,
        patience_s: 10.0,
        again: 0,
        seed: 0,
    }
}

impl Scenario {
    /// The same before four balancers, which backends tell what they have to do.
    fn of_four(&self) -> Self {
        Self { balancers: 4, reports: true, ..self.clone() }
    }

    fn with(mut self, fault: Fault, from: f64, to: f64) -> Self {
        self.backends[0] = self.backends[0].clone().with(fault, from, to);
        self
    }
}

/// Plays a scenario with each seed and joins what came of it.
fn all_worlds(scenario: &Scenario) -> Report {
    worlds(scenario, WORLDS)
}

/// The same with fewer seeds, where each takes long.
fn worlds(scenario: &Scenario, count: u64) -> Report {
    let seeds = match std::env::var("BRAMBLE_SEED") {
        Ok(seed) => vec![seed.parse().unwrap()],
        Err(_) => (0..count).collect(),
    };
    let mut all = Report::default();
    for seed in seeds {
        let report = play(&Scenario { seed, ..scenario.clone() });
        all.seen.extend(report.seen);
        all.sent.extend(report.sent);
    }
    all
}
