use super::*;
use proptest::prelude::*;

/// Runs a heartbeat for 10 s that sees the clock only outside of its stops.
fn stalled_share(stopped: impl Fn(u64) -> bool) -> f64 {
    const END_US: u64 = 10_000_000;
    let mut heartbeat = Heartbeat::new(0);
    let mut due_us = BEAT_US;
    while due_us < END_US {
        let wakes_us = (due_us..END_US).step_by(100).find(|&now| !stopped(now)).unwrap_or(END_US);
        due_us = heartbeat.beat(wakes_us);
    }
    heartbeat.stalled_share(END_US)
}

#[test]
fn a_free_generator_never_stalls() {
    assert_eq!(stalled_share(|_| false), 0.0);
}

#[test]
fn a_generator_that_is_stopped_half_of_the_time_is_seen() {
    // SIGSTOP and SIGCONT by turns, or a CPU quota of one half.
    for turn_us in [20_000, 50_000, 100_000, 500_000] {
        let share = stalled_share(|now| (now / turn_us) % 2 == 1);
        assert!((0.35..=0.55).contains(&share), "{turn_us}: {share}");
    }
}

#[test]
fn one_long_stop_is_seen_in_full() {
    let share = stalled_share(|now| (2_000_000..5_000_000).contains(&now));
    assert!((share - 0.3).abs() < 0.01, "{share}");
}

#[test]
fn lateness_has_mean_and_maximum() {
    let mut lateness = Lateness::default();
    [0, 1_000, 5_000].into_iter().for_each(|us| lateness.add(us));
    assert_eq!((lateness.mean_ms(), lateness.max_us), (2.0, 5_000));
    assert_eq!(Lateness::default().mean_ms(), 0.0);
}

#[test]
fn port_range() {
    assert_eq!(parse_port_range("32768\t60999\n"), Some(28_232));
    for text in ["", "1", "9 1", "a b"] {
        assert_eq!(parse_port_range(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn a_share_is_a_share(times: Vec<u32>, wall_us: u32) {
        let mut heartbeat = Heartbeat::new(0);
        for now in times {
            heartbeat.beat(now.into());
        }
        prop_assert!((0.0..=1.0).contains(&heartbeat.stalled_share(wall_us.into())));
    }
}
