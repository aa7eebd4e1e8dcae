//! Figures beside their goals, printed whether the test passes or not.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use crate::front::Who;
use crate::visits::Visits;

/// What one run has to say.
#[must_use]
pub struct Report {
    who: Who,
    title: String,
    missed: Vec<String>,
}

impl Report {
    pub fn new(who: Who, checks: Option<&str>, title: &str) -> Self {
        let how = if checks.is_some() { "with checks" } else { "without checks" };
        let title = format!("{title} ({who:?}, {how})");
        print(&format!("\n{title}"));
        Self { who, title, missed: Vec::new() }
    }

    /// A figure without a goal.
    pub fn tell(&self, what: &str, figure: impl Display) {
        print(&format!("    {what:<24} {figure}"));
    }

    /// A figure with a goal that is for reading.
    pub fn hope(&self, what: &str, figure: impl Display, goal: &str, met: bool) {
        let met = if met { "met" } else { "MISSED" };
        print(&format!("    {what:<24} {figure:<44} goal {goal:<22} {met}"));
    }

    /// A figure that must meet its goal.
    pub fn must(&mut self, what: &str, figure: impl Display, goal: &str, met: bool) {
        let line = format!("{}: {what}: {figure}, goal {goal}", self.title);
        self.hope(what, figure, goal, met);
        if !met {
            self.missed.push(line);
        }
    }

    /// None of them failed, and there were as many as the goal asks for.
    pub fn none_failed(&mut self, what: &str, visits: &Visits, at_least: usize) {
        let (count, failed) = (visits.count(), visits.failed());
        let figure = format!("{failed} of {count} failed {}", visits.failures());
        let goal = format!("0 of >= {at_least}");
        self.must(what, figure, &goal, failed == 0 && count >= at_least);
    }

    /// No order was acted on twice, and each that was confirmed is there. Some may have failed.
    pub fn none_twice(&mut self, posts: &Visits, written_to: &Path, at_least: usize) {
        let orders = times_acted_on(written_to);
        let (count, failed) = (posts.count(), posts.failed());
        let twice = orders.values().filter(|times| **times > 1).count();
        let figure = format!("{twice} of {count} twice; {failed} failed {}", posts.failures());
        let goal = format!("0 of >= {at_least} twice");
        self.must("POSTs acted on", figure, &goal, twice == 0 && count >= at_least);
        let (acted, confirmed) = (orders.len(), count - failed);
        let figure = format!("{acted} acted on, {confirmed} confirmed");
        self.must("POSTs confirmed", figure, "none invented", confirmed <= acted);
    }

    /// Response times, and how well the generator kept its own.
    pub fn latency(&self, visits: &Visits) {
        let times = [0.5, 0.99, 1.0].map(|share| shown(visits.within(share)));
        let [p50, p99, max] = times;
        let late = shown(visits.latest());
        self.tell(
            "latency",
            format!("p50 {p50}, p99 {p99}, max {max}; sent late by {late} at most"),
        );
    }

    /// A time that should be within `goal`, and fails beyond `bound`.
    pub fn time(&mut self, what: &str, time: Duration, goal: Duration, bound: Duration) {
        let words = format!("<= {}", shown(goal));
        if time > bound {
            self.must(what, shown(time), &words, false);
        } else {
            self.hope(what, shown(time), &words, time <= goal);
        }
    }

    /// What bramble missed of what it must meet. Peers are only shown.
    pub fn missed(self) -> Vec<String> {
        if self.who == Who::Bramble { self.missed } else { Vec::new() }
    }

    /// Fails where something was missed.
    pub fn end(self) {
        let missed = self.missed();
        assert!(missed.is_empty(), "missed:\n{}", missed.join("\n"));
    }
}

/// Milliseconds, as far as they mean anything.
pub fn shown(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

/// Past what the test harness holds back of tests that pass.
fn print(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// How often each order in a ledger was acted on.
fn times_acted_on(ledger: &Path) -> BTreeMap<String, usize> {
    let text = std::fs::read_to_string(ledger).unwrap_or_default();
    let mut times = BTreeMap::new();
    for order in text.lines() {
        *times.entry(order.to_owned()).or_default() += 1;
    }
    times
}
