//! A demo's report as one page: no scripts, no other files, dark and light, a table beside each
//! chart. Every text is escaped.

use super::demo::{DemoEvent, DemoReport, DemoRun};
use super::plots;
use super::svg::{Chart, escaped};
use std::fmt::Write;

const STYLE: &str = "
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#59636e;--rule:#d1d9e0;--paper:#fff;\
--a:#0a5bd0;--b:#b3261e}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9aa4af;--rule:#3a424c;\
--paper:#0d1117;--a:#6cb0ff;--b:#ff8d85}}
body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);\
max-width:62rem;margin:0 auto;padding:1.5rem}
h1{line-height:1.2}figure{margin:2rem 0}svg{width:100%;height:auto}
svg text{font:13px system-ui,sans-serif;fill:var(--soft)}
.grid{stroke:var(--rule);fill:none}.mark{stroke:var(--soft);stroke-dasharray:2 3;fill:none}
polyline{fill:none;stroke-width:2}.line0{stroke:var(--a)}
.line1{stroke:var(--b);stroke-dasharray:7 3}
.key0{color:var(--a)}.key1{color:var(--b)}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--soft);white-space:nowrap}
th,td{padding:.25rem .6rem;border-bottom:1px solid var(--rule);text-align:right;\
white-space:nowrap;vertical-align:bottom}
thead th{white-space:normal}th[scope=row],td.text{text-align:left}td.text{white-space:normal}
summary{cursor:pointer;color:var(--soft)}
";

pub(super) fn page(report: &DemoReport) -> String {
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>bramble demo report</title><style>{STYLE}</style></head>\n<body><main>\
         <h1>What this cluster can take</h1>\n"
    );
    push_summary(report, &mut page);
    push_runs(&report.runs, &mut page);
    push_verdicts(&report.runs, &mut page);
    push_figure(&plots::rate(report), &mut page);
    push_figure(&plots::latency(report), &mut page);
    push_points(report, &mut page);
    push_events(&report.events, &mut page);
    push_cluster(report, &mut page);
    page.push_str("</main></body></html>\n");
    page
}

fn push_summary(report: &DemoReport, page: &mut String) {
    let runs = report.in_time();
    let requests: u64 = runs.iter().map(|run| run.load.requests).sum();
    let failed: u64 = runs.iter().map(|run| run.load.failed).sum();
    let pace = match report.worker_rate_per_s {
        Some(rate) => format!("each worker slowed to {rate} requests/s, one old board"),
        None => "workers at full speed".to_owned(),
    };
    let _ = writeln!(
        page,
        "<p>{} load tests in {:.0} s, {pace}: {requests} requests, {failed} failed. \
         Release {}, bramble {}.</p>",
        runs.len(),
        report.elapsed_s,
        escaped(&report.release),
        escaped(&report.version)
    );
}

/// A figure of a run: what it is called, and how it is written.
type Figure = (&'static str, fn(&DemoRun) -> String);

const FIGURES: [Figure; 17] = [
    ("limited by", |run| {
        run.load.limited_by.map_or("nothing seen".to_owned(), |limit| limit.to_string())
    }),
    ("users", |run| run.load.users.to_string()),
    ("workers", |run| run.workers.to_string()),
    ("offered /s", |run| format!("{:.0}", run.load.offered_per_s)),
    ("achieved /s", |run| format!("{:.0}", run.load.achieved_per_s)),
    ("requests", |run| run.load.requests.to_string()),
    ("failed", |run| run.load.failed.to_string()),
    ("availability %", |run| run.load.availability.to_string()),
    ("mean ms", |run| format!("{:.1}", run.load.mean_ms)),
    ("p50 ms", |run| format!("{:.1}", run.load.p50_ms)),
    ("p90 ms", |run| format!("{:.1}", run.load.p90_ms)),
    ("p99 ms", |run| format!("{:.1}", run.load.p99_ms)),
    ("p99.9 ms", |run| format!("{:.1}", run.load.p999_ms)),
    ("max ms", |run| format!("{:.1}", run.load.max_ms)),
    ("received MB", |run| format!("{:.1}", run.load.bytes as f64 / 1e6)),
    ("balancer CPU ms", |run| run.balancer_cpu_ms.to_string()),
    ("balancer MiB", |run| format!("{:.1}", run.balancer_rss_kib as f64 / 1024.0)),
];

/// A column a run, so that they are compared side by side.
fn push_runs(runs: &[DemoRun], page: &mut String) {
    let names: Vec<&str> = runs.iter().map(|run| run.name.as_str()).collect();
    let rows = FIGURES.iter().map(|(name, figure)| (name, runs.iter().map(figure).collect()));
    push_table("All load tests; times are from request to last byte", &names, rows, page);
}

fn push_verdicts(runs: &[DemoRun], page: &mut String) {
    page.push_str("<h2>What limited each test</h2><dl>");
    for run in runs {
        let (name, why) = (escaped(&run.name), escaped(&run.load.explanation));
        let _ = write!(page, "<dt><strong>{name}</strong></dt><dd>{why}</dd>");
    }
    page.push_str("</dl>\n");
}

fn push_figure(chart: &Chart, page: &mut String) {
    let _ = write!(page, "<figure><figcaption><h2>{}</h2>", escaped(&chart.title));
    for (index, line) in chart.lines.iter().enumerate() {
        let stroke = if index == 0 { "━━" } else { "╍╍" };
        let _ = write!(
            page,
            "<span class=\"key{index}\" aria-hidden=\"true\">{stroke}</span> {}&ensp;",
            line.label
        );
    }
    let (svg, description) = (chart.draw(), escaped(&chart.description));
    let _ = writeln!(page, "</figcaption>{svg}<p>{description}</p></figure>");
}

fn push_points(report: &DemoReport, page: &mut String) {
    page.push_str("<details><summary>Both charts as a table</summary>");
    let columns = ["answers /s", "failed", "median ms", "p99 ms"];
    let points = plots::shown(report);
    let rows = points.iter().flatten().map(|(at_s, point)| {
        let cells = vec![
            format!("{:.0}", plots::rate_of(point)),
            point.failed.to_string(),
            format!("{:.1}", point.p50_ms),
            format!("{:.1}", point.p99_ms),
        ];
        (format!("{at_s:.1} s"), cells)
    });
    push_table("From the beginning of the demo", &columns, rows, page);
    page.push_str("</details>\n");
}

fn push_events(events: &[DemoEvent], page: &mut String) {
    page.push_str("<h2>What happened under load</h2>");
    let columns = ["at s", "requests", "failed", "what"];
    let rows = events.iter().map(|event| {
        let cells = vec![
            format!("{:.1}", event.at_s),
            event.requests.to_string(),
            event.failed.to_string(),
            event.detail.clone(),
        ];
        (event.kind.to_string(), cells)
    });
    push_table("Requests that ended while it happened", &columns, rows, page);
}

fn push_cluster(report: &DemoReport, page: &mut String) {
    page.push_str("<h2>The cluster</h2>");
    let workers = report.workers.iter();
    let workers = workers.map(|worker| (worker.address.as_str(), vec![worker.release.clone()]));
    push_table("Workers at the end, and the release found on each", &["release"], workers, page);
    let processes = report.processes.iter();
    let processes = processes.map(|one| (one.role.as_str(), vec![one.pid.to_string()]));
    push_table("Processes", &["pid"], processes, page);
}

/// A table whose first column names its rows.
fn push_table(
    caption: &str,
    columns: &[&str],
    rows: impl Iterator<Item = (impl AsRef<str>, Vec<String>)>,
    page: &mut String,
) {
    let _ = write!(
        page,
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\"><table>\
         <caption>{0}</caption><thead><tr><td></td>",
        escaped(caption)
    );
    for column in columns {
        let _ = write!(page, "<th scope=\"col\">{}</th>", escaped(column));
    }
    page.push_str("</tr></thead><tbody>");
    for (name, cells) in rows {
        let _ = write!(page, "<tr><th scope=\"row\">{}</th>", escaped(name.as_ref()));
        for cell in &cells {
            let class = if cell.contains(' ') { " class=\"text\"" } else { "" };
            let _ = write!(page, "<td{class}>{}</td>", escaped(cell));
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody></table></div>\n");
}
