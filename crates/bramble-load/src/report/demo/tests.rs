use super::*;
use crate::generator::GeneratorFacts;
use crate::model::{Model, Think};
use crate::recorder::Failures;
use crate::report::load::LittlesLaw;
use crate::verdict::Limit;
use bramble_metrics::Point;

fn load(users: u32, seconds: usize) -> LoadReport {
    let point = |second| Point {
        at_s: second as f64,
        seconds: 1.0,
        count: 640,
        failed: 0,
        mean_ms: 9.0,
        p50_ms: 8.0,
        p99_ms: 40.5,
        max_ms: 60.0,
    };
    LoadReport {
        model: Model::Closed { users, think: Think::Siege { max_s: 1 } },
        users,
        think_mean_s: 0.5,
        elapsed_s: seconds as f64,
        warm_up_s: 0.0,
        requests: 6_400,
        failed: 0,
        availability: 100.0,
        bytes: 1_000_000,
        offered_per_s: 1600.0,
        achieved_per_s: 640.0,
        mean_ms: 9.0,
        p50_ms: 8.0,
        p90_ms: 20.0,
        p99_ms: 40.5,
        p999_ms: 50.0,
        max_ms: 60.0,
        limited_by: Some(Limit::Workers),
        explanation: "The 4 workers were busy <100 %> of the time.".into(),
        failures: Failures::default(),
        warm_up_failed: 0,
        littles_law: LittlesLaw { open_mean: 5.8, rate_times_latency: 5.76 },
        generator: GeneratorFacts::default(),
        series: (0..seconds).map(point).collect(),
    }
}

fn report(seconds: usize) -> DemoReport {
    let run = |(index, users)| DemoRun {
        name: format!("{users} users"),
        start_s: (index * (seconds + 2)) as f64,
        workers: 4,
        balancer_cpu_ms: 900,
        balancer_rss_kib: 20_480,
        load: load(users, seconds),
    };
    let event = |kind, at_s| DemoEvent {
        kind,
        at_s,
        requests: 300,
        failed: 0,
        detail: "node & worker".into(),
    };
    DemoReport {
        version: "0.1.0".into(),
        release: "r-<script>".into(),
        worker_rate_per_s: Some(160.0),
        elapsed_s: 80.0,
        processes: vec![DemoProcess { role: "manager".into(), pid: 7 }],
        workers: vec![DemoWorker { address: "127.0.0.11:80".into(), release: "r".into() }],
        runs: [200, 800, 200, 800].into_iter().enumerate().map(run).collect(),
        changes: Vec::new(),
        events: vec![event(EventKind::Join, 12.0), event(EventKind::Kill, 31.0)],
    }
}

#[test]
fn json_has_the_names_that_others_read() {
    let json = serde_json::to_value(report(3)).unwrap();
    let run = json["runs"][0].as_object().unwrap();
    let names = "users workers requests failed availability bytes offered_per_s achieved_per_s \
                 mean_ms p50_ms p90_ms p99_ms p999_ms max_ms balancer_cpu_ms balancer_rss_kib \
                 limited_by";
    for name in names.split_whitespace() {
        assert!(run.contains_key(name), "{name}");
    }
    assert_eq!(run["limited_by"], "workers");
    assert_eq!(json["events"][0]["kind"], "join");
    assert_eq!(json["processes"][0]["role"], "manager");
    assert_eq!(json["workers"][0]["address"], "127.0.0.11:80");
    assert_eq!(serde_json::from_value::<DemoReport>(json).unwrap(), report(3));
}

#[test]
fn the_page_shows_runs_charts_events_and_verdicts() {
    let page = report(15).to_html();
    for part in ["200 users", "<svg", "kill 31 s", "busy &lt;100 %&gt;", "640", "127.0.0.11:80"] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn the_page_is_whole_and_stands_alone() {
    let page = report(15).to_html();
    assert!(!page.contains("<script") && !page.contains("http"), "no scripts, nothing fetched");
    assert!(page.contains("r-&lt;script&gt;"));
    for element in ["table", "svg", "tr", "td", "th", "figure", "div", "details", "text", "dl"] {
        let opened = page.matches(&format!("<{element}>")).count()
            + page.matches(&format!("<{element} ")).count();
        assert_eq!(opened, page.matches(&format!("</{element}>")).count(), "{element}");
    }
}

#[test]
fn a_long_demo_still_makes_a_small_page() {
    assert!(report(300).to_html().len() < 100_000);
}

#[test]
fn an_empty_report_is_a_page_too() {
    let empty = DemoReport { runs: Vec::new(), events: Vec::new(), ..report(0) };
    assert!(empty.to_html().contains("</html>"));
}
