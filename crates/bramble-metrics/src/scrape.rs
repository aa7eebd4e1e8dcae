//! What a data-plane process has counted, core by core, at the time somebody asks for its metrics.

use std::collections::BTreeMap;

use crate::durations::Durations;
use crate::facts::ServerFacts;
use crate::process::ProcessFacts;
use crate::traffic::Traffic;

/// What is metered by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metered {
    /// An address that accepts.
    Listener,
    /// A set of backends.
    Pool,
    /// Hosts and a path prefix.
    Route,
}

/// What one core has counted.
#[derive(Clone, Debug, Default)]
pub struct CoreFacts {
    /// Connections, requests, refusals, backends.
    pub server: ServerFacts,
    /// What went which way.
    pub traffic: Vec<(Metered, String, Traffic)>,
    /// Client connections that are open, and those that ever came, by listener.
    pub connections: Vec<(String, u64, u64)>,
    /// From a request's last byte to its answer's first, by pool and backend.
    pub first_bytes: Vec<((String, String), Durations)>,
}

/// What all of a process's cores have counted, and what the process costs.
#[derive(Clone, Debug)]
pub struct Scrape {
    pub(crate) version: &'static str,
    pub(crate) process: ProcessFacts,
    pub(crate) cores: Vec<ServerFacts>,
    pub(crate) sum: ServerFacts,
    pub(crate) traffic: BTreeMap<(Metered, String), Traffic>,
    pub(crate) connections: BTreeMap<String, (u64, u64)>,
    pub(crate) first_bytes: BTreeMap<(String, String), Durations>,
}

impl Scrape {
    /// Adds up what the cores of one plan have counted.
    #[must_use]
    pub fn new(version: &'static str, process: ProcessFacts, cores: Vec<CoreFacts>) -> Self {
        let mut scrape = Self {
            version,
            process,
            cores: Vec::new(),
            sum: ServerFacts::default(),
            traffic: BTreeMap::new(),
            connections: BTreeMap::new(),
            first_bytes: BTreeMap::new(),
        };
        cores.into_iter().for_each(|core| scrape.add(core));
        scrape
    }

    fn add(&mut self, core: CoreFacts) {
        for (metered, name, traffic) in core.traffic {
            self.traffic.entry((metered, name)).or_default().add(&traffic);
        }
        for (listener, open, accepted) in core.connections {
            let sum = self.connections.entry(listener).or_default();
            (sum.0, sum.1) = (sum.0 + open, sum.1 + accepted);
        }
        for (backend, durations) in core.first_bytes {
            self.first_bytes.entry(backend).or_default().add(&durations);
        }
        self.sum.add(core.server.clone());
        self.cores.push(core.server);
    }

    /// What went by each of these.
    pub(crate) fn by(&self, metered: Metered) -> impl Iterator<Item = (&str, &Traffic)> {
        let all = self.traffic.iter().filter(move |((what, _), _)| *what == metered);
        all.map(|((_, name), traffic)| (name.as_str(), traffic))
    }
}
