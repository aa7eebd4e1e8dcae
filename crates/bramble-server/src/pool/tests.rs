use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bramble_config::plan::{self, AdminState, HealthCheck, Link, Plan};

use super::{Pool, Weight};
use crate::balance::{Asked, Heard, Pick, Picked};
use crate::health::Verdict;
use crate::prepared::Prepared;

const ASKED: Asked = Asked { home: None, key: 0, repeatable: true };
const RETRY_MS: u64 = 1000;

fn backend(name: &str) -> plan::Backend {
    let address = SocketAddr::from(([127, 0, 0, 1], 1000 + u16::from(name.as_bytes()[0])));
    plan::Backend {
        name: name.to_owned(),
        address,
        weight: 100,
        admin: AdminState::Enabled,
        set: 0,
        reserve: None,
        ignore_errors: false,
        link: Link::Plain,
        connect_ms: None,
        first_byte_ms: None,
        retry_ms: None,
        host: None,
        route: None,
        redirect: None,
    }
}

fn with_state(name: &str, admin: AdminState) -> plan::Backend {
    plan::Backend { admin, ..backend(name) }
}

/// A pool as a core gets it, and the verdicts that its checker would write.
struct Bench {
    prepared: Arc<Prepared>,
    pool: Pool,
    now: Instant,
}

impl Bench {
    fn new(backends: Vec<plan::Backend>) -> Self {
        Self::after(backends, None)
    }

    fn after(backends: Vec<plan::Backend>, old: Option<&Self>) -> Self {
        let check = HealthCheck { fails: 1, ..HealthCheck::default() };
        let pool = plan::Pool {
            name: "pool".to_owned(),
            method: plan::Method::ByRequests,
            backends,
            health: Some(check),
            retry_ms: RETRY_MS,
            retries: 1,
            ..plan::Pool::default()
        };
        let plan = Plan { pools: vec![pool], ..Plan::default() };
        let before = old.map(|old| old.prepared.as_ref());
        let prepared = Arc::new(Prepared::new(plan, Path::new(""), before).unwrap());
        let pool =
            Pool::new(&prepared.plan.pools[0], &prepared.pools[0], 1, old.map(|old| &old.pool));
        let bench = Self { prepared, pool, now: Instant::now() };
        if old.is_none() {
            bench.pool.backends().iter().for_each(|b| b.health.record(Verdict::Up, true));
        }
        bench
    }

    /// Names of the next `n` backends, `-` for none.
    fn picks(&self, n: usize) -> String {
        self.picks_without(&[], n)
    }

    fn picks_without(&self, tried: &[usize], n: usize) -> String {
        let name = |pick: Pick<(Picked, std::rc::Rc<super::Backend>)>| match pick {
            Pick::Backend((_, backend)) => backend.plan.name.clone(),
            Pick::Full | Pick::Nobody => "-".to_owned(),
        };
        (0..n).map(|_| name(self.pool.pick(ASKED, tried, self.now))).collect()
    }

    fn fail(&self, i: usize) {
        self.pool.failed(&self.pool.backends()[i], Weight::Down, "test", self.now);
    }

    fn record(&self, i: usize, verdict: Verdict) {
        self.pool.backends()[i].health.record(verdict, verdict == Verdict::Up);
    }
}

#[test]
fn what_is_not_fit_is_passed_over() {
    let bench = Bench::new(vec![backend("a"), backend("b"), backend("c")]);
    assert_eq!(bench.picks(3), "abc");
    bench.record(0, Verdict::Down);
    assert_eq!(bench.picks(4), "bcbc");
    bench.fail(1);
    assert_eq!(bench.picks(2), "cc");
}

#[test]
fn what_was_tried_is_not_tried_again() {
    let bench = Bench::new(vec![backend("a"), backend("b")]);
    assert_eq!(bench.picks_without(&[0], 2), "bb");
    assert_eq!(bench.picks_without(&[0, 1], 1), "-");
}

#[test]
fn a_failed_backend_is_left_alone_for_its_time() {
    let mut bench = Bench::new(vec![backend("a"), backend("b")]);
    bench.fail(0);
    bench.now += Duration::from_millis(RETRY_MS - 1);
    assert_eq!(bench.picks(2), "bb");
    bench.now += Duration::from_millis(1);
    assert!(bench.picks(2).contains('a'));
}

#[test]
fn a_newer_pass_or_an_answer_ends_that_time() {
    let bench = Bench::new(vec![backend("a"), backend("b")]);
    bench.fail(0);
    bench.record(0, Verdict::Up);
    assert!(bench.picks(2).contains('a'));
    bench.fail(0);
    let heard = Heard { began_after: None, alone: true, sound: true };
    bench.pool.answered(&bench.pool.backends()[0], heard, bench.now);
    assert!(bench.picks(2).contains('a'));
}

#[test]
fn when_none_is_fit_all_that_are_enabled_are_tried() {
    let disabled = with_state("c", AdminState::Disabled);
    let draining = with_state("d", AdminState::Draining);
    let stopped = with_state("e", AdminState::Stopped);
    let bench = Bench::new(vec![backend("a"), backend("b"), disabled, draining, stopped]);
    bench.record(0, Verdict::Down);
    bench.fail(1);
    assert_eq!(bench.picks(4), "abab");
    assert_eq!(bench.picks_without(&[0, 1], 1), "-");
}

#[test]
fn a_newcomer_waits_for_its_first_pass() {
    let old = Bench::new(vec![backend("a")]);
    let bench = Bench::after(vec![backend("a"), backend("b")], Some(&old));
    assert_eq!(bench.picks(2), "aa");
    bench.record(1, Verdict::Up);
    assert!(bench.picks(2).contains('b'));
}

#[test]
fn a_new_plan_keeps_turns_and_bad_experience() {
    let old = Bench::new(vec![backend("a"), backend("b"), backend("c")]);
    assert_eq!(old.picks(1), "a");
    old.fail(1);
    // b and c change places; a has had its turn.
    let mut bench = Bench::after(vec![backend("a"), backend("c"), backend("b")], Some(&old));
    assert_eq!(bench.picks(3), "cca");
    bench.now += Duration::from_millis(RETRY_MS + 1000);
    assert!(bench.picks(3).contains('b'));
}

#[test]
fn another_address_under_the_same_name_is_another_backend() {
    let old = Bench::new(vec![backend("a"), backend("b")]);
    old.fail(0);
    let moved = plan::Backend { address: "127.0.0.1:9".parse().unwrap(), ..backend("a") };
    let bench = Bench::after(vec![moved, backend("b")], Some(&old));
    bench.record(0, Verdict::Up);
    assert!(bench.picks(2).contains('a'));
}
