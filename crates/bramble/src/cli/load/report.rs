//! A load test's figures for people: a line each, with what it is, and the sentence on what
//! limited it.

use bramble_load::{Failures, LoadReport, Model, Think};

use crate::cli::print::Column::{Number, Text};
use crate::cli::print::{Table, count, size};

/// The whole report.
pub fn text(report: &LoadReport) -> String {
    let mut table = Table::new([Text("figure"), Number("value"), Text("of what")]);
    let mut row = |figure: &str, value: String, of: &str| {
        table.row([figure.to_owned(), value, of.to_owned()]);
    };
    let per_s = |rate: f64| format!("{rate:.1}/s");
    let ms = |latency: f64| match report.requests - report.failed {
        0 => "-".to_owned(),
        _ => format!("{latency:.1} ms"),
    };
    row("requests", count(report.requests), &measured(report));
    row("failed", count(report.failed), &by_kind(&report.failures));
    row("availability", format!("{:.3} %", report.availability), "requests that did not fail");
    row("offered", per_s(report.offered_per_s), "had every answer come at once");
    row("achieved", per_s(report.achieved_per_s), "good answers, in the measured time");
    row("mean", ms(report.mean_ms), latency(&report.model));
    row("p50", ms(report.p50_ms), "");
    row("p90", ms(report.p90_ms), "");
    row("p99", ms(report.p99_ms), "");
    row("p99.9", ms(report.p999_ms), "");
    row("max", ms(report.max_ms), "");
    row("bytes", size(report.bytes), "heads and bodies of the answers");
    format!("{}\n{table}\n{}\n", model(&report.model), report.explanation)
}

fn model(model: &Model) -> String {
    match model {
        Model::Closed { users, think } => {
            let think = match think {
                Think::None => "no pause".to_owned(),
                Think::Siege { max_s } => format!("pauses of 0 to {max_s} whole seconds"),
                Think::Uniform { max_ms } => format!("pauses of 0 to {max_ms} ms"),
            };
            format!("{} users, {think}", count(u64::from(*users)))
        }
        Model::Open { rate_per_s, poisson, max_connections } => {
            let gaps = if *poisson { "random" } else { "equal" };
            format!("{rate_per_s}/s in {gaps} gaps, {max_connections} connections at most")
        }
    }
}

fn measured(report: &LoadReport) -> String {
    match report.warm_up_s {
        0.0 => format!("started within {:.1} s", report.elapsed_s),
        warm_up_s => {
            format!("started within {:.1} s, after {warm_up_s:.1} s warm-up", report.elapsed_s)
        }
    }
}

fn latency(model: &Model) -> &'static str {
    match model {
        Model::Closed { .. } => "time from request to last byte, of good answers",
        Model::Open { .. } => "time from when it was due to last byte, of good answers",
    }
}

fn by_kind(failures: &Failures) -> String {
    let Failures { connect, timeout, reset, truncated, malformed, status, backlog, open_at_end } =
        *failures;
    let kinds = [
        (connect, "not connected"),
        (timeout, "timed out"),
        (reset, "no answer"),
        (truncated, "cut short"),
        (malformed, "not HTTP"),
        (status, "status 400 or above"),
        (backlog, "not sent in time"),
        (open_at_end, "open at the end"),
    ];
    let seen = kinds.iter().filter(|(number, _)| *number > 0);
    seen.map(|(number, kind)| format!("{} {kind}", count(*number))).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
