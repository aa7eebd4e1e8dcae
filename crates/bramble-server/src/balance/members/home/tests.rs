use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bramble_config::plan::{AdminState, Method};

use super::Homes;
use crate::balance::{Asked, Balancer, Judged, Member, Members, Rank, Rules, Standing, Weight};
use crate::health::{Health, Verdict};

/// Backends whose sessions are in somebody's hands.
struct Bench {
    members: Members,
    parts: Vec<(Rc<Standing>, Arc<Health>)>,
    now: Instant,
}

fn rules() -> Rules {
    Rules {
        retry: Duration::from_secs(60),
        hedge: Duration::from_millis(500),
        slow_start: Duration::from_secs(4),
        force_recovery: true,
    }
}

/// Each backend as its state and the place that it redirects to.
fn bench(failover: bool, backends: &[(AdminState, Option<usize>)]) -> Bench {
    let now = Instant::now();
    let parts: Vec<_> = backends
        .iter()
        .map(|_| (Rc::new(Standing::new(now)), Arc::new(Health::new(Verdict::Up))))
        .collect();
    let member = |(i, (admin, _)): (usize, &(AdminState, _))| Member {
        id: i as u64,
        weight: 100,
        admin: *admin,
        rank: Rank::default(),
        health: parts[i].1.clone(),
        standing: parts[i].0.clone(),
    };
    let list = backends.iter().enumerate().map(member).collect();
    let redirects = backends.iter().map(|(_, redirect)| *redirect).collect();
    let members = Members::new(list, rules(), Balancer::new(Method::ByRequests, 1), now)
        .with_homes(Homes { redirects, failover });
    Bench { members, parts, now }
}

impl Bench {
    fn pick(&self, home: Option<usize>, tried: &[usize]) -> Option<usize> {
        let asked = Asked { home, key: 0, repeatable: true };
        self.members.pick(asked, tried, self.now).place()
    }

    /// Where the next requests go, each of a session or of none; `-` for nowhere.
    fn picks(&self, homes: &[Option<usize>]) -> String {
        let digit = |place: Option<usize>| place.map_or("-".to_owned(), |place| place.to_string());
        homes.iter().map(|home| digit(self.pick(*home, &[]))).collect()
    }

    fn check(&self, place: usize, verdict: Verdict) {
        self.parts[place].1.record(verdict, verdict == Verdict::Up);
    }

    fn fail(&self, place: usize, weight: Weight) {
        let (standing, health) = &self.parts[place];
        let judged = Judged { standing, passes: health.passes(), retry_ms: None };
        self.members.failed(judged, weight, "test", self.now);
    }
}

const OPEN: (AdminState, Option<usize>) = (AdminState::Enabled, None);
const DRAINING: (AdminState, Option<usize>) = (AdminState::Draining, None);

#[test]
fn a_session_stays_and_others_make_up_for_it() {
    let bench = bench(true, &[OPEN, OPEN, OPEN]);
    assert_eq!(bench.picks(&[Some(2); 3]), "222");
    // As Apache counts: the session's backend has paid for all three.
    assert_eq!(bench.picks(&[None; 6]), "010101");
    assert_eq!(bench.picks(&[None; 3]), "012");
}

#[test]
fn a_draining_backend_serves_its_sessions_alone() {
    let bench = bench(true, &[DRAINING, OPEN, OPEN]);
    assert_eq!(bench.picks(&[Some(0), None, Some(0), None, Some(0), None]), "010201");
}

#[test]
fn a_disabled_one_serves_nobody() {
    let kind = bench(true, &[(AdminState::Disabled, None), OPEN]);
    assert_eq!(kind.picks(&[Some(0), Some(0)]), "11");
    let strict = bench(false, &[(AdminState::Disabled, None), OPEN]);
    assert_eq!(strict.picks(&[Some(0), None, Some(1)]), "-11");
}

#[test]
fn a_session_goes_where_its_backend_redirects_it() {
    let to = |place| (AdminState::Enabled, Some(place));
    for failover in [true, false] {
        let bench = bench(failover, &[to(3), OPEN, OPEN, to(1)]);
        assert_eq!(bench.picks(&[Some(0); 2]), "00");
        bench.check(0, Verdict::Down);
        assert_eq!(bench.picks(&[Some(0); 3]), "333");
        bench.check(3, Verdict::Down);
        assert_eq!(bench.picks(&[Some(0), Some(3)]), "11");
        bench.check(0, Verdict::Up);
        assert_eq!(bench.picks(&[Some(0); 2]), "00");
    }
}

#[test]
fn redirects_in_a_circle_come_to_an_end() {
    let to = |place| (AdminState::Disabled, Some(place));
    assert_eq!(bench(true, &[to(1), to(0), OPEN]).picks(&[Some(0)]), "2");
    assert_eq!(bench(false, &[to(1), to(0), OPEN]).picks(&[Some(0)]), "-");
}

#[test]
fn a_backend_that_can_not_be_reached_is_left_until_it_can() {
    let mut bench = bench(true, &[OPEN, OPEN]);
    bench.fail(0, Weight::Down);
    assert_eq!(bench.picks(&[Some(0); 2]), "11");
    bench.now += rules().retry;
    assert_eq!(bench.pick(Some(0), &[]), Some(0));
    bench.fail(0, Weight::Down);
    bench.check(0, Verdict::Up);
    assert_eq!(bench.pick(Some(0), &[]), Some(0));
}

#[test]
fn bad_answers_end_no_session() {
    let bench = bench(true, &[OPEN, OPEN]);
    (0..5).for_each(|_| bench.fail(0, Weight::Doubt));
    assert_eq!(bench.picks(&[None, Some(0), Some(0), None]), "1001");
}

#[test]
fn the_same_request_is_not_tried_twice_at_one() {
    let bench = bench(true, &[OPEN, OPEN]);
    assert_eq!(bench.pick(Some(0), &[0]), Some(1));
    assert_eq!(bench.pick(Some(0), &[0, 1]), None);
}

#[test]
fn where_nobody_is_fit_a_session_goes_home_all_the_same() {
    for failover in [true, false] {
        let bench = bench(failover, &[OPEN, OPEN]);
        bench.check(0, Verdict::Down);
        bench.fail(1, Weight::Down);
        assert_eq!(bench.picks(&[Some(0), Some(1)]), "01");
        let next = bench.pick(Some(0), &[0]);
        assert_eq!(next, failover.then_some(1));
    }
}
