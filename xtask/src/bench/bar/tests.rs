use super::*;

fn check(op: Op, low: f64, high: f64, bar: f64, expected: Verdict) {
    let figure = Figure { median: f64::midpoint(low, high), low, high, repeats: 7 };
    assert_eq!(op.verdict(figure, bar), expected);
}

#[test]
fn an_interval_that_spans_the_bar_is_a_tie() {
    check(Op::AtMost, 0.8, 0.9, 1.0, Verdict::Met);
    check(Op::AtMost, 0.8, 1.0, 1.0, Verdict::Met);
    check(Op::AtMost, 0.8, 1.1, 1.0, Verdict::Tie);
    check(Op::AtMost, 1.1, 1.2, 1.0, Verdict::Missed);
    check(Op::AtLeast, 1.1, 1.2, 1.0, Verdict::Met);
    check(Op::AtLeast, 0.9, 1.2, 1.0, Verdict::Tie);
    check(Op::AtLeast, 0.8, 0.9, 1.0, Verdict::Missed);
}

fn measured(case: Case, peer: Peer, measure: Measure, values: &[f64]) -> Measured {
    let mut measured = Measured::new(case, peer);
    values.iter().for_each(|value| measured.add(vec![(measure, *value)]));
    measured
}

#[test]
fn the_better_of_two_rivals_counts_round_by_round() {
    let of = |peer, values: &[f64]| measured(Case::Files2k, peer, Measure::Cpu, values);
    let all =
        [of(Bramble, &[8.0, 9.0]), of(Nginx, &[20.0, 20.0]), of(NginxFileCache, &[10.0, 9.0])];
    let judged = judge(&all);
    assert_eq!(judged.len(), 1);
    assert_eq!(judged[0].rival, Some(NginxFileCache));
    assert_eq!((judged[0].figure.low, judged[0].figure.high), (0.8, 1.0));
    assert_eq!((judged[0].must, judged[0].aim), (Verdict::Met, Some(Verdict::Tie)));
}

#[test]
fn a_distance_is_taken_from_the_best_peer() {
    let of = |peer, value| measured(Case::Users, peer, Measure::Longest, &[value]);
    let judged = judge(&[of(Bramble, 60.0), of(Haproxy, 50.0), of(Caddy, 30.0)]);
    assert_eq!((judged[0].rival, judged[0].figure.median), (Some(Caddy), 30.0));
    assert_eq!(judged[0].must, Verdict::Missed);
}

#[test]
fn what_was_not_measured_has_no_verdict() {
    assert!(judge(&[measured(Case::Keepalive, Bramble, Measure::Cpu, &[1.0])]).is_empty());
}
