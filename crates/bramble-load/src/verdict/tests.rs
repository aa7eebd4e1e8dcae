use super::*;
use proptest::prelude::*;
use simulation::Cluster;

mod simulation;

fn evidence(users: u32, achieved_per_s: f64, response_ms: f64, busy_share: f64) -> Evidence {
    let worker = |number| WorkerEvidence { name: format!("worker {number}"), busy_share };
    Evidence {
        offer: Offer::Closed { users, think_mean_s: 0.5 },
        achieved_per_s,
        response_mean_s: response_ms / 1e3,
        failed_share: 0.0,
        generator: GeneratorEvidence::default(),
        balancer: Some(BalancerEvidence { cpu_ms: 1_000, window_s: 10.0, cores: 1 }),
        workers: (1..=4).map(worker).collect(),
        network: None,
    }
}

fn check(evidence: &Evidence, limit: Option<Limit>, parts: &[&str]) {
    let verdict = limited_by(evidence);
    assert_eq!(verdict.limit, limit, "{}", verdict.sentence);
    for part in parts {
        assert!(verdict.sentence.contains(part), "`{part}` in: {}", verdict.sentence);
    }
}

#[test]
fn the_old_owners_200_users_were_limited_by_their_thinking() {
    let evidence = evidence(200, 392.78, 9.7, 0.61);
    let parts =
        ["could not exceed some 400/s", "200 users / 0.5 s", "393/s in 9.7 ms", "workers 61 %"];
    check(&evidence, Some(Limit::ThinkTime), &parts);
}

#[test]
fn his_800_users_were_limited_by_the_workers() {
    let parts = ["4 workers were busy 100 %", "1,280/s in 116 ms", "up to 1,600/s"];
    check(&evidence(800, 1280.29, 116.0, 1.0), Some(Limit::Workers), &parts);
    check(&evidence(800, 640.0, 750.0, 0.98), Some(Limit::Workers), &["640/s in 750 ms"]);
}

#[test]
fn fast_workers_leave_the_thinking() {
    check(&evidence(800, 1590.0, 3.0, 0.1), Some(Limit::ThinkTime), &["1,600/s"]);
}

#[test]
fn users_who_get_error_pages_think_all_the_same() {
    let evidence = Evidence { failed_share: 0.25, ..evidence(200, 295.0, 9.7, 0.5) };
    check(&evidence, Some(Limit::ThinkTime), &["25 % of the requests failed"]);
}

#[test]
fn a_generator_that_stood_still_a_little_is_said_so_but_did_not_set_the_rate() {
    let stalled = GeneratorEvidence { stalled_share: 0.12, ..GeneratorEvidence::default() };
    let evidence = Evidence { generator: stalled, ..evidence(800, 640.0, 750.0, 1.0) };
    check(&evidence, Some(Limit::Workers), &["stood still for 12 % of the time"]);
}

#[test]
fn a_starved_generator_makes_the_result_void() {
    let stalled = GeneratorEvidence { stalled_share: 0.41, ..GeneratorEvidence::default() };
    let busy = GeneratorEvidence { cpu_share: 0.97, ..GeneratorEvidence::default() };
    let late = GeneratorEvidence { lateness_mean_s: 0.08, ..GeneratorEvidence::default() };
    for (generator, part) in
        [(stalled, "still for 41 %"), (busy, "97 % of its core"), (late, "80 ms later")]
    {
        let evidence = Evidence { generator, ..evidence(200, 392.0, 9.7, 1.0) };
        check(&evidence, Some(Limit::Generator), &["void", part]);
    }
}

#[test]
fn a_timers_grain_is_not_held_against_the_generator() {
    let generator = GeneratorEvidence { lateness_mean_s: 0.002, ..GeneratorEvidence::default() };
    let mut evidence = Evidence { generator, ..evidence(1, 90.0, 1.0, 0.0) };
    evidence.offer = Offer::Closed { users: 1, think_mean_s: 0.01 };
    check(&evidence, Some(Limit::ThinkTime), &[]);
}

#[test]
fn a_full_balancer() {
    let balancer = Some(BalancerEvidence { cpu_ms: 9_700, window_s: 10.0, cores: 1 });
    let evidence = Evidence { balancer, ..evidence(800, 900.0, 380.0, 0.5) };
    check(&evidence, Some(Limit::Balancer), &["97 % of its 1 core", "900/s"]);
}

#[test]
fn a_full_link() {
    let network =
        NetworkEvidence { bytes_per_s: 1.2e6, link_bits_per_s: Some(1e7), retransmits: Some(9) };
    let evidence = Evidence { network: Some(network), ..evidence(800, 600.0, 800.0, 0.3) };
    check(&evidence, Some(Limit::Network), &["link was 96 % full", "9 segments"]);
}

#[test]
fn time_that_no_part_accounts_for_went_on_the_way() {
    let parts = ["Nothing was full", "workers 20 % busy", "balancer 10 %", "1.5 s"];
    check(&evidence(200, 100.0, 1500.0, 0.2), Some(Limit::Network), &parts);
}

#[test]
fn one_slow_worker_is_named() {
    let mut evidence = evidence(200, 150.0, 830.0, 0.2);
    evidence.workers[2].busy_share = 0.99;
    check(
        &evidence,
        Some(Limit::Workers),
        &["Worker worker 3 was busy 99 %", "held the others up"],
    );
}

#[test]
fn nothing_is_claimed_about_a_cluster_that_is_not_seen() {
    let blind =
        Evidence { balancer: None, workers: Vec::new(), ..evidence(800, 640.0, 750.0, 0.0) };
    check(&blind, None, &["cannot be seen from here", "640/s", "up to 1,600/s"]);
    let thinking =
        Evidence { balancer: None, workers: Vec::new(), ..evidence(200, 393.0, 9.7, 0.0) };
    check(&thinking, Some(Limit::ThinkTime), &["can do more;"]);
}

#[test]
fn an_open_rate_that_was_kept_up_has_no_limit() {
    let offer = Offer::Open { rate_per_s: 100.0 };
    let kept_up = Evidence { offer, ..evidence(0, 99.9, 5.0, 0.3) };
    check(&kept_up, None, &["All of the 100/s"]);
    let behind = Evidence { offer, ..evidence(0, 60.0, 4000.0, 1.0) };
    check(&behind, Some(Limit::Workers), &["The test sent 100/s"]);
}

#[test]
fn failures_are_told() {
    let mut evidence = evidence(800, 640.0, 750.0, 1.0);
    evidence.failed_share = 0.0004;
    check(&evidence, Some(Limit::Workers), &["0.04 % of the requests failed."]);
}

#[test]
fn nothing_answered_is_not_called_think_time() {
    let mut evidence = evidence(200, 0.0, 0.0, 0.0);
    evidence.failed_share = 1.0;
    check(&evidence, Some(Limit::Network), &["No request was answered well"]);
}

/// Queues as in the demo, computed instead of run: the verdict must follow the simulated truth.
#[test]
fn verdicts_of_simulated_clusters() {
    let check = |users, workers, rate_per_s, limit, achieved: std::ops::Range<f64>| {
        let evidence = Cluster { users, workers, rate_per_s }.simulate(60.0);
        assert!(achieved.contains(&evidence.achieved_per_s), "{evidence:?}");
        assert_eq!(limited_by(&evidence).limit, Some(limit), "{evidence:?}");
    };
    check(200, 4, 160.0, Limit::ThinkTime, 380.0..405.0);
    check(200, 8, 160.0, Limit::ThinkTime, 385.0..405.0);
    check(800, 4, 160.0, Limit::Workers, 630.0..641.0);
    check(800, 8, 160.0, Limit::Workers, 1250.0..1281.0);
    check(800, 4, 100_000.0, Limit::ThinkTime, 1570.0..1630.0);
}

#[test]
fn more_users_turn_thinking_into_workers_once_and_for_all() {
    let limits = (1..=16).map(|step| {
        let cluster = Cluster { users: step * 50, workers: 4, rate_per_s: 160.0 };
        limited_by(&cluster.simulate(30.0)).limit
    });
    let limits: Vec<_> = limits.collect();
    let turn = limits.iter().position(|limit| *limit == Some(Limit::Workers)).unwrap();
    assert!((5..=7).contains(&turn), "320 users fill 4 workers: {limits:?}");
    assert!(limits[..turn].iter().all(|limit| *limit == Some(Limit::ThinkTime)), "{limits:?}");
    assert!(limits[turn..].iter().all(|limit| *limit == Some(Limit::Workers)), "{limits:?}");
}

fn any_evidence() -> impl Strategy<Value = Evidence> {
    let generator = (0.0..1.5f64, 0.0..1.0f64, 0.0..0.2f64);
    let balancer = prop::option::of((0u64..20_000, 0.0..20.0f64, 0u32..4));
    let workers = prop::collection::vec(0.0..1.2f64, 0..9);
    let load = (0u32..1000, prop_oneof![Just(0.0), 0.0..5.0f64], 0.0..1e4f64, 0.0..10.0f64);
    (generator, balancer, workers, load).prop_map(|(generator, balancer, workers, load)| Evidence {
        offer: Offer::Closed { users: load.0, think_mean_s: load.1 },
        achieved_per_s: load.2,
        response_mean_s: load.3,
        failed_share: 0.0,
        generator: GeneratorEvidence {
            cpu_share: generator.0,
            stalled_share: generator.1,
            lateness_mean_s: generator.2,
        },
        balancer: balancer.map(|(cpu_ms, window_s, cores)| BalancerEvidence {
            cpu_ms,
            window_s,
            cores,
        }),
        workers: workers
            .into_iter()
            .map(|busy_share| WorkerEvidence { name: "w".into(), busy_share })
            .collect(),
        network: None,
    })
}

proptest! {
    #[test]
    fn a_verdict_never_contradicts_its_evidence(evidence in any_evidence()) {
        let verdict = limited_by(&evidence);
        let starved = evidence.generator_is_starved();
        prop_assert_eq!(verdict.limit == Some(Limit::Generator), starved);
        match verdict.limit {
            Some(Limit::Workers) => prop_assert!(evidence.workers_share() >= FULL),
            Some(Limit::Balancer) => prop_assert!(evidence.balancer_share() >= FULL),
            Some(Limit::ThinkTime) => prop_assert!(evidence.think_share() >= FULL),
            Some(Limit::Network) => prop_assert!(
                evidence.workers_share() < FULL && evidence.balancer_share() < FULL
            ),
            Some(Limit::Generator) | None => {}
        }
        prop_assert!(!verdict.sentence.contains("NaN") && !verdict.sentence.contains("inf"));
    }

    #[test]
    fn a_busier_worker_never_clears_the_workers(evidence in any_evidence(), more in 0.0..1.0f64) {
        let mut busier = evidence.clone();
        busier.workers.iter_mut().for_each(|worker| worker.busy_share += more);
        if limited_by(&evidence).limit == Some(Limit::Workers) {
            prop_assert_eq!(limited_by(&busier).limit, Some(Limit::Workers));
        }
    }

    #[test]
    fn a_starved_generator_stays_starved(evidence in any_evidence(), more in 0.0..1.0f64) {
        let mut worse = evidence.clone();
        worse.generator.stalled_share += more;
        if limited_by(&evidence).limit == Some(Limit::Generator) {
            prop_assert_eq!(limited_by(&worse).limit, Some(Limit::Generator));
        }
    }

    #[test]
    fn figures_that_are_no_numbers_do_no_harm(achieved in any::<f64>(), busy in any::<f64>(), ms in any::<f64>()) {
        let mut evidence = evidence(200, achieved, ms, busy);
        evidence.balancer = Some(BalancerEvidence { cpu_ms: 1, window_s: 0.0, cores: 0 });
        let _ = limited_by(&evidence);
    }
}
