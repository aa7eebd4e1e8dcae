use super::*;
use crate::facts::{BackendFacts, ServerFacts};
use crate::process::ProcessFacts;
use crate::scrape::{CoreFacts, Metered};
use crate::traffic::Traffic;

fn core(requests: u64) -> CoreFacts {
    let mut traffic = Traffic::default();
    (0..requests).for_each(|_| traffic.record(200, 1000, 100));
    let backend = BackendFacts {
        pool: "p".into(),
        name: "b".into(),
        state: "up".into(),
        requests,
        ..BackendFacts::default()
    };
    let mut first_byte = Durations::default();
    first_byte.record(90);
    CoreFacts {
        server: ServerFacts {
            revision: 7,
            requests,
            backends: vec![backend],
            ..ServerFacts::default()
        },
        traffic: vec![(Metered::Route, "a \"b\"/".into(), traffic)],
        connections: vec![("web".into(), 1, 2)],
        first_bytes: vec![(("p".into(), "b".into()), first_byte)],
    }
}

fn text() -> String {
    let process = ProcessFacts { cpu_us: 1_500_000, rss_kib: 2, ..ProcessFacts::default() };
    exposition(Scrape::new("1.2.3", process, vec![core(2), core(3)]))
}

#[track_caller]
fn check(line: &str) {
    assert!(text().lines().any(|l| l == line), "no line `{line}` in\n{}", text());
}

#[test]
fn cores_are_told_apart_and_added_up() {
    check("bramble_plan_revision 7.0");
    check("bramble_core_requests_total{core=\"0\"} 2.0");
    check("bramble_core_requests_total{core=\"1\"} 3.0");
    check("bramble_listener_connections_accepted_total{listener=\"web\"} 4.0");
    check("bramble_backend_requests_total{pool=\"p\",backend=\"b\"} 5.0");
}

#[test]
fn labels_and_classes_are_told() {
    check(r#"bramble_route_requests_total{route="a \"b\"/",status="2xx"} 5.0"#);
    check(r#"bramble_route_requests_total{route="a \"b\"/",status="none"} 0.0"#);
    check(r#"bramble_backend_state{pool="p",backend="b",state="up"} 1.0"#);
    check(r#"bramble_backend_state{pool="p",backend="b",state="down"} 0.0"#);
    check(r#"bramble_build{version="1.2.3"} 1.0"#);
}

#[test]
fn units_stand_in_names() {
    check("bramble_process_cpu_seconds_total 1.5");
    check("bramble_process_resident_memory_bytes 2048.0");
    check(r#"bramble_route_sent_bytes_total{route="a \"b\"/"} 5000.0"#);
}

#[test]
fn histograms_are_cumulative() {
    check(r#"bramble_route_request_duration_seconds_bucket{le="0.000096",route="a \"b\"/"} 0"#);
    check(r#"bramble_route_request_duration_seconds_bucket{le="0.000128",route="a \"b\"/"} 5"#);
    check(r#"bramble_route_request_duration_seconds_bucket{le="+Inf",route="a \"b\"/"} 5"#);
    check(r#"bramble_route_request_duration_seconds_sum{route="a \"b\"/"} 0.0005"#);
    check(r#"bramble_backend_first_byte_seconds_count{pool="p",backend="b"} 2"#);
}

#[test]
fn the_page_in_docs_is_in_step() {
    let page = include_str!("../../../../docs/metrics.md");
    let remake = "cargo run --package bramble-metrics --example metrics > docs/metrics.md";
    assert!(page == reference(), "docs/metrics.md is out of step, make it anew: {remake}");
}
