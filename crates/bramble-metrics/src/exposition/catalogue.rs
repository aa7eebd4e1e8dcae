//! The catalogue of metrics: each is one row, with what it is called, what it means and where it
//! comes from.

use prometheus_client::registry::Unit;

use super::{Kind, Metric, Sample};
use crate::durations::Durations;
use crate::facts::{BackendFacts, ServerFacts};
use crate::scrape::{Metered, Scrape};
use crate::traffic::Traffic;

/// By the class of their answers.
const CLASSES: [&str; 6] = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"];

/// All that a backend's state can be.
const STATES: [&str; 9] =
    ["checking", "disabled", "down", "draining", "ejected", "spare", "standby", "stopped", "up"];

pub(super) const METRICS: &[Metric] = &[
    Metric {
        name: "bramble_build",
        labels: "`version`",
        help: "1, for the version that runs.",
        kind: Kind::Gauge(None, |s| vec![(vec![("version", s.version.to_owned())], 1.0)]),
    },
    Metric {
        name: "bramble_plan_revision",
        labels: "",
        help: "Revision of the plan in force; 0 without a manager.",
        kind: Kind::Gauge(None, |s| one(s.sum.revision)),
    },
    Metric {
        name: "bramble_process_cpu",
        labels: "",
        help: "CPU time of all threads, user and system.",
        kind: Kind::Counter(Some(Unit::Seconds), |s| {
            vec![(Vec::new(), s.process.cpu_us as f64 / 1e6)]
        }),
    },
    Metric {
        name: "bramble_process_resident_memory",
        labels: "",
        help: "Memory of the process that is not swapped out.",
        kind: Kind::Gauge(Some(Unit::Bytes), |s| one(s.process.rss_kib * 1024)),
    },
    Metric {
        name: "bramble_memory_ceiling",
        labels: "",
        help: "What the process may hold in memory, the kernel's for its sockets included.",
        kind: Kind::Gauge(Some(Unit::Bytes), |s| one(s.sum.memory.ceiling_bytes)),
    },
    Metric {
        name: "bramble_memory_held",
        labels: "`use`",
        help: "What it holds of that, by the ledger's account; `base` is there whatever it does.",
        kind: Kind::Gauge(Some(Unit::Bytes), |s| {
            let memory = &s.sum.memory;
            let base = ("base".to_owned(), memory.base_bytes);
            let all = memory.by_use.clone().into_iter().chain([base]);
            all.map(|(what, bytes)| (vec![("use", what)], bytes as f64)).collect()
        }),
    },
    Metric {
        name: "bramble_memory_expected",
        labels: "",
        help: "What answers that requests wait for may bring at once; it counts towards the ceiling.",
        kind: Kind::Gauge(Some(Unit::Bytes), |s| one(s.sum.memory.expected_bytes)),
    },
    Metric {
        name: "bramble_panics",
        labels: "",
        help: "Faults of bramble's own, each of which ended one connection.",
        kind: Kind::Counter(None, |s| one(s.sum.panics)),
    },
    Metric {
        name: "bramble_refused",
        labels: "`reason`",
        help: "Requests and connections that were refused, cut or ended by a limit.",
        kind: Kind::Counter(None, |s| {
            let refused = s.sum.refused.iter();
            refused.map(|(why, n)| (vec![("reason", why.clone())], *n as f64)).collect()
        }),
    },
    Metric {
        name: "bramble_core_connections",
        labels: "`core`",
        help: "Client connections that are open on a core.",
        kind: Kind::Gauge(None, |s| by_core(s, |core| core.connections)),
    },
    Metric {
        name: "bramble_core_requests",
        labels: "`core`",
        help: "Requests that were begun on a core.",
        kind: Kind::Counter(None, |s| by_core(s, |core| core.requests)),
    },
    Metric {
        name: "bramble_core_requests_in_flight",
        labels: "`core`",
        help: "Requests that are not answered in full yet.",
        kind: Kind::Gauge(None, |s| by_core(s, |core| core.in_flight)),
    },
    Metric {
        name: "bramble_core_sent",
        labels: "`core`",
        help: "Bytes that a core has sent to clients, heads included.",
        kind: Kind::Counter(Some(Unit::Bytes), |s| by_core(s, |core| core.bytes_out)),
    },
    Metric {
        name: "bramble_listener_connections",
        labels: "`listener`",
        help: "Client connections that are open.",
        kind: Kind::Gauge(None, |s| by_listener(s, |(open, _)| open)),
    },
    Metric {
        name: "bramble_listener_connections_accepted",
        labels: "`listener`",
        help: "Client connections that came, or were taken over from an older process.",
        kind: Kind::Counter(None, |s| by_listener(s, |(_, accepted)| accepted)),
    },
    Metric {
        name: "bramble_listener_requests",
        labels: "`listener`, `status`",
        help: "Requests by the class of their answer; `none` got none.",
        kind: Kind::Counter(None, |s| requests(s, Metered::Listener, "listener")),
    },
    Metric {
        name: "bramble_listener_sent",
        labels: "`listener`",
        help: "Bytes that were sent to clients, heads included.",
        kind: Kind::Counter(Some(Unit::Bytes), |s| sent(s, Metered::Listener, "listener")),
    },
    Metric {
        name: "bramble_listener_request_duration",
        labels: "`listener`",
        help: "From the head of a request to the end of its answer.",
        kind: Kind::Histogram(|s| durations(s, Metered::Listener, "listener")),
    },
    Metric {
        name: "bramble_route_requests",
        labels: "`route`, `status`",
        help: "Requests by the class of their answer; a route is called by its hosts and path prefix.",
        kind: Kind::Counter(None, |s| requests(s, Metered::Route, "route")),
    },
    Metric {
        name: "bramble_route_sent",
        labels: "`route`",
        help: "Bytes that were sent to clients, heads included.",
        kind: Kind::Counter(Some(Unit::Bytes), |s| sent(s, Metered::Route, "route")),
    },
    Metric {
        name: "bramble_route_request_duration",
        labels: "`route`",
        help: "From the head of a request to the end of its answer.",
        kind: Kind::Histogram(|s| durations(s, Metered::Route, "route")),
    },
    Metric {
        name: "bramble_pool_requests",
        labels: "`pool`, `status`",
        help: "Requests by the class of their answer, however many backends were asked.",
        kind: Kind::Counter(None, |s| requests(s, Metered::Pool, "pool")),
    },
    Metric {
        name: "bramble_pool_sent",
        labels: "`pool`",
        help: "Bytes that were sent to clients, heads included.",
        kind: Kind::Counter(Some(Unit::Bytes), |s| sent(s, Metered::Pool, "pool")),
    },
    Metric {
        name: "bramble_pool_request_duration",
        labels: "`pool`",
        help: "From the head of a request to the end of its answer.",
        kind: Kind::Histogram(|s| durations(s, Metered::Pool, "pool")),
    },
    Metric {
        name: "bramble_backend_requests",
        labels: "`pool`, `backend`",
        help: "Requests that were sent to a backend, retries among them.",
        kind: Kind::Counter(None, |s| by_backend(s, |backend| backend.requests)),
    },
    Metric {
        name: "bramble_backend_errors",
        labels: "`pool`, `backend`",
        help: "Attempts that failed.",
        kind: Kind::Counter(None, |s| by_backend(s, |backend| backend.errors)),
    },
    Metric {
        name: "bramble_backend_requests_in_flight",
        labels: "`pool`, `backend`",
        help: "Requests that a backend works on.",
        kind: Kind::Gauge(None, |s| by_backend(s, |backend| backend.in_flight)),
    },
    Metric {
        name: "bramble_backend_state",
        labels: "`pool`, `backend`, `state`",
        help: "1 for the state that a backend is in, 0 for the others.",
        kind: Kind::Gauge(None, states),
    },
    Metric {
        name: "bramble_backend_first_byte",
        labels: "`pool`, `backend`",
        help: "From the end of a request to the first byte of its answer.",
        kind: Kind::Histogram(|s| {
            let all = s.first_bytes.iter();
            let labels = |pool: &String, name: &String| {
                vec![("pool", pool.clone()), ("backend", name.clone())]
            };
            all.map(|((pool, name), durations)| (labels(pool, name), durations.clone())).collect()
        }),
    },
];

fn one(value: u64) -> Vec<Sample<f64>> {
    vec![(Vec::new(), value as f64)]
}

fn by_core(scrape: &Scrape, read: impl Fn(&ServerFacts) -> u64) -> Vec<Sample<f64>> {
    let cores = scrape.cores.iter().enumerate();
    cores.map(|(i, core)| (vec![("core", i.to_string())], read(core) as f64)).collect()
}

fn by_listener(scrape: &Scrape, read: impl Fn((u64, u64)) -> u64) -> Vec<Sample<f64>> {
    let all = scrape.connections.iter();
    all.map(|(name, counts)| (vec![("listener", name.clone())], read(*counts) as f64)).collect()
}

fn by_backend(scrape: &Scrape, read: impl Fn(&BackendFacts) -> u64) -> Vec<Sample<f64>> {
    let backends = scrape.sum.backends.iter();
    backends.map(|backend| (backend_labels(backend), read(backend) as f64)).collect()
}

fn backend_labels(backend: &BackendFacts) -> Vec<(&'static str, String)> {
    vec![("pool", backend.pool.clone()), ("backend", backend.name.clone())]
}

fn states(scrape: &Scrape) -> Vec<Sample<f64>> {
    let of = |backend: &BackendFacts| {
        let (labels, own) = (backend_labels(backend), backend.state.clone());
        STATES.map(|state| {
            let labels = [labels.as_slice(), &[("state", state.to_owned())]].concat();
            (labels, f64::from(u8::from(own == state)))
        })
    };
    scrape.sum.backends.iter().flat_map(of).collect()
}

fn requests(scrape: &Scrape, metered: Metered, label: &'static str) -> Vec<Sample<f64>> {
    let of = |(name, traffic): (&str, &Traffic)| {
        let name = name.to_owned();
        CLASSES.into_iter().zip(traffic.requests).map(move |(class, count)| {
            (vec![(label, name.clone()), ("status", class.to_owned())], count as f64)
        })
    };
    scrape.by(metered).flat_map(of).collect()
}

fn sent(scrape: &Scrape, metered: Metered, label: &'static str) -> Vec<Sample<f64>> {
    let sample = |(name, traffic): (&str, &Traffic)| {
        (vec![(label, name.to_owned())], traffic.sent_bytes as f64)
    };
    scrape.by(metered).map(sample).collect()
}

fn durations(scrape: &Scrape, metered: Metered, label: &'static str) -> Vec<Sample<Durations>> {
    let sample = |(name, traffic): (&str, &Traffic)| {
        (vec![(label, name.to_owned())], traffic.durations.clone())
    };
    scrape.by(metered).map(sample).collect()
}
