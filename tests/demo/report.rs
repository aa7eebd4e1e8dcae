//! `demo-report.json` as its readers know it.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::Path;

use serde_json::Value;

const RUN_FIELDS: [&str; 17] = [
    "users",
    "workers",
    "requests",
    "failed",
    "availability",
    "bytes",
    "offered_per_s",
    "achieved_per_s",
    "mean_ms",
    "p50_ms",
    "p90_ms",
    "p99_ms",
    "p999_ms",
    "max_ms",
    "balancer_cpu_ms",
    "balancer_rss_kib",
    "limited_by",
];

pub struct Report(Value);

/// One run of it.
pub struct Run<'a>(&'a Value);

impl Report {
    pub fn read(file: &Path) -> Self {
        Self(serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap())
    }

    pub fn release(&self) -> &str {
        self.0["release"].as_str().unwrap()
    }

    pub fn runs(&self) -> Vec<Run<'_>> {
        self.0["runs"].as_array().unwrap().iter().map(Run).collect()
    }

    /// Traffic while the cluster was changed.
    pub fn changes(&self) -> Vec<Run<'_>> {
        self.0["changes"].as_array().unwrap().iter().map(Run).collect()
    }

    #[track_caller]
    pub fn run(&self, users: u64, workers: u64) -> Run<'_> {
        let wanted = |run: &Run<'_>| run.0["users"] == users && run.0["workers"] == workers;
        let mut found = self.runs().into_iter().filter(wanted);
        let run = found.next().unwrap_or_else(|| panic!("no run of {users} on {workers}"));
        assert!(found.next().is_none(), "two runs of {users} on {workers}");
        run
    }

    #[track_caller]
    pub fn event(&self, kind: &str) -> &Value {
        let events = self.0["events"].as_array().unwrap();
        events.iter().find(|event| event["kind"] == kind).unwrap_or_else(|| panic!("no {kind}"))
    }

    /// Processes of a role, or all of them.
    pub fn pids(&self, role: &str) -> Vec<u64> {
        let processes = self.0["processes"].as_array().unwrap().iter();
        let wanted = processes.filter(|p| role.is_empty() || p["role"] == role);
        wanted.map(|p| p["pid"].as_u64().unwrap()).collect()
    }

    pub fn worker_addresses(&self) -> Vec<SocketAddr> {
        self.workers("address").iter().map(|address| address.parse().unwrap()).collect()
    }

    pub fn worker_releases(&self) -> Vec<&str> {
        self.workers("release")
    }

    fn workers(&self, field: &str) -> Vec<&str> {
        let workers = self.0["workers"].as_array().unwrap();
        workers.iter().map(|worker| worker[field].as_str().unwrap()).collect()
    }
}

impl Run<'_> {
    #[track_caller]
    pub fn number(&self, field: &str) -> f64 {
        self.0[field].as_f64().unwrap_or_else(|| panic!("{field} is no number"))
    }

    /// What limited it, as the demo says it.
    pub fn sentence(&self) -> String {
        let (users, workers) = (&self.0["users"], &self.0["workers"]);
        format!("  {users} users, {workers} workers: {}", self.0["explanation"].as_str().unwrap())
    }

    #[track_caller]
    pub fn is_complete(&self) {
        for field in RUN_FIELDS {
            assert!(!self.0[field].is_null(), "no {field}");
        }
        let ladder = ["p50_ms", "p90_ms", "p99_ms", "p999_ms", "max_ms"];
        assert!(ladder.windows(2).all(|pair| self.number(pair[0]) <= self.number(pair[1])));
    }

    #[track_caller]
    pub fn achieved(&self, expected: RangeInclusive<f64>) -> &Self {
        self.within("achieved_per_s", expected)
    }

    #[track_caller]
    pub fn mean_ms(&self, expected: RangeInclusive<f64>) -> &Self {
        self.within("mean_ms", expected)
    }

    #[track_caller]
    pub fn limited_by(&self, expected: &str) -> &Self {
        assert_eq!(self.0["limited_by"], expected, "{}", self.0["explanation"]);
        self
    }

    #[track_caller]
    fn within(&self, field: &str, expected: RangeInclusive<f64>) -> &Self {
        let value = self.number(field);
        assert!(expected.contains(&value), "{field} {value}, not {expected:?}");
        self
    }
}
