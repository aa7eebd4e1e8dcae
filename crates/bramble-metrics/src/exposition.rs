//! Metrics as text that Prometheus and others read (OpenMetrics 1.0), and the list of them for
//! people. Both are made of the catalogue: a metric is one row there.

mod catalogue;

use std::fmt;
use std::fmt::Write;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};

use crate::durations::Durations;
use crate::scrape::Scrape;

/// What the text is, for the one who gets it by HTTP.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A metric: what it is called, what it means and how it is read.
struct Metric {
    /// Without the unit and `_total`, which its kind and unit say.
    name: &'static str,
    labels: &'static str,
    help: &'static str,
    kind: Kind,
}

/// How a metric is read.
enum Kind {
    /// Goes up only.
    Counter(Option<Unit>, fn(&Scrape) -> Vec<Sample<f64>>),
    Gauge(Option<Unit>, fn(&Scrape) -> Vec<Sample<f64>>),
    /// In seconds.
    Histogram(fn(&Scrape) -> Vec<Sample<Durations>>),
}

/// Labels and a value.
type Sample<T> = (Vec<(&'static str, String)>, T);

/// The text for a scrape.
#[must_use]
pub fn exposition(scrape: Scrape) -> String {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(scrape));
    let mut text = String::new();
    // Writing to memory can't fail.
    let _ = encode(&mut text, &registry);
    text
}

/// The list of all metrics, as the page docs/metrics.md.
#[must_use]
pub fn reference() -> String {
    let mut page = HEAD.to_owned();
    for metric in catalogue::METRICS {
        let (kind, suffix) = metric.kind.words();
        let Metric { name, labels, help, .. } = metric;
        let _ = writeln!(page, "| `{name}{suffix}` | {kind} | {labels} | {help} |");
    }
    page
}

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        catalogue::METRICS.iter().try_for_each(|metric| metric.encode(self, &mut encoder))
    }
}

impl Metric {
    fn encode(&self, scrape: &Scrape, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let unit = self.kind.unit();
        // The library ends the sentence.
        let help = self.help.trim_end_matches('.');
        let kind = self.kind.as_type();
        let mut metric = encoder.encode_descriptor(self.name, help, unit.as_ref(), kind)?;
        match &self.kind {
            Kind::Counter(_, read) => each(&mut metric, read(scrape), |metric, value| {
                metric.encode_counter::<NoLabelSet, _, f64>(&value, None)
            }),
            Kind::Gauge(_, read) => {
                each(&mut metric, read(scrape), |metric, value| metric.encode_gauge(&value))
            }
            Kind::Histogram(read) => each(&mut metric, read(scrape), |metric, durations| {
                let buckets: Vec<_> = durations.buckets().collect();
                let (sum, count) = (durations.sum_s(), durations.len());
                metric.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)
            }),
        }
    }
}

fn each<T>(
    metric: &mut MetricEncoder<'_>,
    samples: Vec<Sample<T>>,
    encode: impl Fn(&mut MetricEncoder<'_>, T) -> fmt::Result,
) -> fmt::Result {
    for (labels, value) in samples {
        if labels.is_empty() {
            encode(metric, value)?;
        } else {
            encode(&mut family(metric, &labels)?, value)?;
        }
    }
    Ok(())
}

fn family<'a>(
    metric: &'a mut MetricEncoder<'_>,
    labels: &'a impl EncodeLabelSet,
) -> Result<MetricEncoder<'a>, fmt::Error> {
    metric.encode_family(labels)
}

impl Kind {
    fn unit(&self) -> Option<Unit> {
        match self {
            Self::Counter(unit, _) | Self::Gauge(unit, _) => unit.clone(),
            Self::Histogram(_) => Some(Unit::Seconds),
        }
    }

    fn as_type(&self) -> MetricType {
        match self {
            Self::Counter(..) => MetricType::Counter,
            Self::Gauge(..) => MetricType::Gauge,
            Self::Histogram(_) => MetricType::Histogram,
        }
    }

    /// What it is, and what its name has behind it.
    fn words(&self) -> (&'static str, String) {
        let unit = self.unit().map_or(String::new(), |unit| format!("_{}", unit.as_str()));
        match self {
            Self::Counter(..) => ("counter", format!("{unit}_total")),
            Self::Gauge(..) => ("gauge", unit),
            Self::Histogram(_) => ("histogram", unit),
        }
    }
}

const HEAD: &str = "\
# Metrics

With `[metrics]` in its configuration a balancer, or a file server, answers at `/metrics` there in
the form of OpenMetrics 1.0, which Prometheus and whatever reads its format understand. Counters
begin at 0 with the process. Histograms have the same buckets everywhere, two an octave from 64 µs
to 101 s, so that those of several nodes can be added up. What can refuse or cut a request has its
words in [reasons.md](reasons.md). A WebSocket is a request that ends when it does, and took as long
as it took to begin.

This page is generated: `cargo run --package bramble-metrics --example metrics > docs/metrics.md`.

| metric | kind | labels | meaning |
|---|---|---|---|
";

#[cfg(test)]
mod tests;
