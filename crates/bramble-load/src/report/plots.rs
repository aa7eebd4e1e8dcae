//! What a demo's charts show: the rate and the latency over all its runs, events marked.

use super::demo::{DemoReport, DemoRun};
use super::svg::{Chart, Line, Mark, Scale};
use bramble_metrics::Point;

/// Points in all charts together; beyond it only every second, third … one is shown, so that
/// the page stays small.
const POINTS_MAX: usize = 240;

/// The lowest latency that the logarithmic chart shows.
const LATENCY_MIN_MS: f64 = 0.01;

pub(super) fn rate(report: &DemoReport) -> Chart {
    let most = shown(report).iter().flatten().map(|(_, point)| rate_of(point)).fold(0.0, f64::max);
    Chart {
        id: "rate",
        title: "Answers a second".to_owned(),
        description: format!("The rate rises to {most:.0}/s. {}", events_sentence(report)),
        unit: "/s",
        scale: Scale::Linear,
        lines: vec![
            line(report, "good answers", rate_of),
            line(report, "failed", |point| point.failed as f64 / point.seconds),
        ],
        marks: marks(report),
    }
}

pub(super) fn latency(report: &DemoReport) -> Chart {
    let longest = shown(report).iter().flatten().map(|(_, p)| p.p99_ms).fold(0.0, f64::max);
    Chart {
        id: "latency",
        title: "Time to an answer".to_owned(),
        description: format!(
            "The 99th percentile of a second rises to {longest:.0} ms. {}",
            events_sentence(report)
        ),
        unit: " ms",
        scale: Scale::Logarithmic,
        lines: vec![
            line(report, "median", |point| point.p50_ms.max(LATENCY_MIN_MS)),
            line(report, "99th percentile", |point| point.p99_ms.max(LATENCY_MIN_MS)),
        ],
        marks: marks(report),
    }
}

/// The points that are shown, a list a run, each with its time from the beginning of the demo.
pub(super) fn shown(report: &DemoReport) -> Vec<Vec<(f64, &Point)>> {
    let runs = report.in_time();
    let all: usize = runs.iter().map(|run| run.load.series.len()).sum();
    let stride = all.div_ceil(POINTS_MAX).max(1);
    let of_run = |run| whole_intervals(run).step_by(stride).collect();
    runs.into_iter().map(of_run).collect()
}

/// The interval in which a run ended is cut short and would look like a fall of the rate.
fn whole_intervals(run: &DemoRun) -> impl Iterator<Item = (f64, &Point)> {
    let end_s = run.load.warm_up_s + run.load.elapsed_s + 0.1;
    let whole = move |point: &&Point| point.at_s + point.seconds <= end_s;
    run.load.series.iter().filter(whole).map(|point| (run.start_s + point.at_s, point))
}

pub(super) fn rate_of(point: &Point) -> f64 {
    point.count as f64 / point.seconds
}

fn line(report: &DemoReport, label: &'static str, value: impl Fn(&Point) -> f64) -> Line {
    let middle = |(at_s, point): (f64, &Point)| (at_s + point.seconds / 2.0, value(point));
    let piece = |run: Vec<(f64, &Point)>| run.into_iter().map(middle).collect();
    Line { label, pieces: shown(report).into_iter().map(piece).collect() }
}

fn marks(report: &DemoReport) -> Vec<Mark> {
    let mark = |event: &super::demo::DemoEvent| Mark {
        at_s: event.at_s,
        label: format!("{} {:.0} s", event.kind, event.at_s),
    };
    report.events.iter().map(mark).collect()
}

fn events_sentence(report: &DemoReport) -> String {
    if report.events.is_empty() {
        return "Nothing else happened meanwhile.".to_owned();
    }
    let told = report.events.iter().map(|event| format!("{} at {:.0} s", event.kind, event.at_s));
    format!("Marked: {}.", told.collect::<Vec<_>>().join(", "))
}
