use super::*;

#[test]
fn lines_tell_of_the_time_since_the_line_before() {
    let progress = Progress::new();
    (0..3).for_each(|_| progress.start());
    progress.complete(2_000);
    progress.fail(1);
    let first = progress.line(0.5);
    assert_eq!(first.counts, Snapshot { started: 3, completed: 1, failed: 1 });
    assert_eq!((first.rate_per_s, first.p99_ms), (2.0, 2.0));
    let second = progress.line(1.0);
    assert_eq!((second.rate_per_s, second.p99_ms), (0.0, 0.0));
    assert_eq!(progress.open(), 1);
}

#[test]
fn a_line_is_flat_json_under_its_kind() {
    let line = Line::Progress(Progress::new().line(0.25));
    let json = serde_json::to_value(&line).unwrap();
    assert_eq!(json["progress"]["elapsed_s"], 0.25);
    assert_eq!(json["progress"]["started"], 0);
    let Line::Progress(back) = serde_json::from_value(json).unwrap() else {
        panic!("not progress")
    };
    assert_eq!(back.counts, Snapshot::default());
}
