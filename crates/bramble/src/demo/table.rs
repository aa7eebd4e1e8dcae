//! The table at the end: 4 against 8 workers, and what limited each run.

use bramble_load::Limit;
use bramble_load::report::demo::{DemoEvent, DemoReport, DemoRun};

/// A figure: what it is called, and how it is written.
type Row = (&'static str, fn(&DemoRun) -> String);

/// One column a run.
pub(super) fn runs(runs: &[DemoRun]) -> String {
    let rows: [Row; 15] = [
        ("users", |r| r.load.users.to_string()),
        ("workers", |r| r.workers.to_string()),
        ("requests", |r| r.load.requests.to_string()),
        ("availability", |r| format!("{} %", r.load.availability)),
        ("offered, at most", |r| format!("{:.0}/s", r.load.offered_per_s)),
        ("achieved", |r| format!("{:.1}/s", r.load.achieved_per_s)),
        ("mean response", |r| ms(r.load.mean_ms)),
        ("p50", |r| ms(r.load.p50_ms)),
        ("p90", |r| ms(r.load.p90_ms)),
        ("p99", |r| ms(r.load.p99_ms)),
        ("p99.9", |r| ms(r.load.p999_ms)),
        ("longest", |r| ms(r.load.max_ms)),
        ("bytes received", |r| format!("{:.1} MB", r.load.bytes as f64 / 1e6)),
        ("balancer CPU, memory", |r| {
            let (cpu, memory) = (r.balancer_cpu_ms, r.balancer_rss_kib as f64 / 1024.0);
            format!("{cpu} ms, {memory:.1} MiB")
        }),
        ("limited by", |r| r.load.limited_by.map_or("nothing".to_owned(), limit)),
    ];
    let mut table = String::new();
    for (name, cell) in rows {
        table.push_str(&format!("  {name:<21}"));
        for run in runs {
            table.push_str(&format!("{:>19}", cell(run)));
        }
        table.push('\n');
    }
    table
}

/// A sentence a run.
pub(super) fn sentences(runs: &[DemoRun]) -> String {
    let sentence = |r: &DemoRun| {
        format!("  {} users, {} workers: {}\n", r.load.users, r.workers, r.load.explanation)
    };
    runs.iter().map(sentence).collect()
}

/// A line an event.
pub(super) fn events(report: &DemoReport) -> String {
    let line = |e: &DemoEvent| {
        let (kind, requests, failed) = (e.kind.to_string(), e.requests, e.failed);
        format!(
            "  {kind:<8} at {:>3.0} s: {requests} requests, {failed} failed; {}\n",
            e.at_s, e.detail
        )
    };
    report.events.iter().map(line).collect()
}

fn ms(value: f64) -> String {
    if value >= 100.0 { format!("{value:.0} ms") } else { format!("{value:.1} ms") }
}

fn limit(limit: Limit) -> String {
    limit.to_string().replace('_', " ")
}
