use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bramble_config::plan::{AdminState, Method, Reserve};

use super::{Asked, Heard, Judged, Member, Members, Rules};
use crate::balance::{Balancer, InFlight, Rank, Report, Standing, Weight};
use crate::health::{Health, Verdict};
use crate::lanes::Lanes;

const PAGE: Asked = Asked { home: None, key: 0, repeatable: true };
const ORDER: Asked = Asked { home: None, key: 0, repeatable: false };
const SLOW_START: Duration = Duration::from_secs(4);

/// Backends that answer as a test tells them to.
struct Bench {
    members: Members,
    parts: Vec<(Rc<Standing>, Arc<Health>)>,
    now: Instant,
}

impl Bench {
    fn new(count: usize) -> Self {
        Self::of(&vec![Rank::default(); count], true)
    }

    fn of(ranks: &[Rank], force_recovery: bool) -> Self {
        Self::with(ranks, force_recovery, Method::Adaptive, Instant::now())
    }

    fn with(ranks: &[Rank], force_recovery: bool, method: Method, now: Instant) -> Self {
        let parts: Vec<_> = ranks
            .iter()
            .map(|_| (Rc::new(Standing::new(now)), Arc::new(Health::new(Verdict::Up))))
            .collect();
        let member = |(i, (standing, health)): (usize, &(Rc<Standing>, Arc<Health>))| Member {
            id: i as u64,
            weight: 100,
            admin: AdminState::Enabled,
            rank: ranks[i],
            health: health.clone(),
            standing: standing.clone(),
        };
        let list = parts.iter().enumerate().map(member).collect();
        let rules = Rules {
            retry: Duration::from_secs(60),
            hedge: Duration::from_millis(500),
            slow_start: SLOW_START,
            force_recovery,
        };
        let members = Members::new(list, rules, Balancer::new(method, 1), now);
        let mut bench = Self { members, parts, now };
        for _ in 0..20 * ranks.len() {
            bench.serve(PAGE);
        }
        bench
    }

    fn send(&mut self, asked: Asked) -> (usize, InFlight) {
        let place = self.members.pick(asked, &[], self.now).place().unwrap();
        (place, self.parts[place].0.begin(true))
    }

    fn answer(&mut self, place: usize, request: &InFlight, sound: bool) {
        self.now += Duration::from_millis(10);
        let began_after = Some(Duration::from_millis(10));
        request.begun(began_after, self.now);
        let heard = Heard { began_after, alone: false, sound };
        self.members.answered(self.judged(place), heard, self.now);
    }

    fn serve(&mut self, asked: Asked) -> usize {
        let (place, request) = self.send(asked);
        self.answer(place, &request, true);
        place
    }

    fn judged(&self, place: usize) -> Judged<'_> {
        let (standing, health) = &self.parts[place];
        Judged { standing, passes: health.passes(), retry_ms: None }
    }

    /// How many of so many requests go to the first backend.
    fn count(&mut self, of: usize, asked: Asked) -> usize {
        (0..of).filter(|_| self.serve(asked) == 0).count()
    }
}

#[test]
fn whoever_waits_for_news_keeps_nobody_else_away() {
    let mut bench = Bench::new(2);
    let (one, _news) = bench.send(PAGE);
    let (other, _news_of_the_other) = bench.send(PAGE);
    assert_ne!(one, other);
    bench.now += Duration::from_secs(20);
    assert_eq!(bench.count(100, PAGE), 50);
}

#[test]
fn whoever_owes_an_answer_and_is_silent_is_left() {
    let mut bench = Bench::new(2);
    let (place, _hangs) = bench.send(PAGE);
    bench.now += Duration::from_millis(300);
    assert!((0..20).all(|_| bench.serve(PAGE) != place));
}

#[test]
fn after_a_newer_pass_orders_go_there_again() {
    let mut bench = Bench::new(2);
    bench.members.failed(bench.judged(0), Weight::Down, "test", bench.now);
    assert_eq!(bench.count(10, ORDER), 0);
    bench.parts[0].1.record(Verdict::Up, true);
    // Its failure counts as a long answer for some seconds.
    bench.now += Duration::from_secs(12);
    assert!(bench.count(100, ORDER) > 10);
}

#[test]
fn who_comes_back_gets_a_part_at_first() {
    let mut bench = Bench::new(2);
    bench.parts[0].1.record(Verdict::Down, false);
    assert_eq!(bench.count(10, PAGE), 0);
    bench.parts[0].1.record(Verdict::Up, true);
    let first = bench.count(50, PAGE);
    assert!((2..15).contains(&first), "{first}");
    bench.now += SLOW_START;
    assert_eq!(bench.count(50, PAGE), 25);
}

#[test]
fn one_broken_page_is_nobodys_fault_three_in_a_row_are() {
    let mut bench = Bench::new(2);
    let fail = |bench: &mut Bench| loop {
        let (place, request) = bench.send(PAGE);
        bench.answer(place, &request, place != 0);
        if place == 0 {
            break;
        }
    };
    fail(&mut bench);
    assert!(bench.count(20, PAGE) >= 9);
    (0..3).for_each(|_| fail(&mut bench));
    assert_eq!(bench.count(20, PAGE), 0);
}

const SECOND: Rank = Rank { set: 1, reserve: None };
const STANDBY: Rank = Rank { set: 0, reserve: Some(Reserve::Standby) };

fn place(bench: &Bench, tried: &[usize]) -> Option<usize> {
    bench.members.pick(PAGE, tried, bench.now).place()
}

#[test]
fn what_comes_later_is_asked_where_what_is_first_was_tried_or_is_out() {
    for later in [SECOND, STANDBY] {
        let bench = Bench::of(&[Rank::default(), later], true);
        assert_eq!([place(&bench, &[]), place(&bench, &[0])], [Some(0), Some(1)]);
        bench.members.failed(bench.judged(0), Weight::Down, "test", bench.now);
        assert_eq!(place(&bench, &[]), Some(1));
        // Nobody else is fit: then the doubtful one is better than nobody.
        assert_eq!(place(&bench, &[1]), Some(0));
    }
}

#[test]
fn what_comes_later_is_not_asked_for_another_being_slow() {
    let bench = Bench::of(&[Rank::default(), Rank::default(), STANDBY], true);
    assert!(bench.members.has_equals(PAGE, &[0], bench.now));
    assert!(!bench.members.has_equals(PAGE, &[0, 1], bench.now));
    bench.members.failed(bench.judged(1), Weight::Down, "test", bench.now);
    assert!(!bench.members.has_equals(PAGE, &[0], bench.now));
}

#[test]
fn who_is_late_is_not_left_for_what_comes_later() {
    for (ranks, expected) in [([Rank::default(), STANDBY], 0), ([Rank::default(); 2], 1)] {
        let bench = Bench::of(&ranks, true);
        let late = Heard { began_after: Some(Duration::from_secs(9)), alone: true, sound: true };
        for _ in 0..3 {
            bench.members.answered(bench.judged(0), late, bench.now);
        }
        assert_eq!(place(&bench, &[]), Some(expected));
    }
}

#[test]
fn without_a_forced_recovery_nobody_is_asked_who_is_out() {
    let bench = Bench::of(&[Rank::default(); 2], false);
    bench.members.failed(bench.judged(0), Weight::Down, "test", bench.now);
    assert_eq!([place(&bench, &[]), place(&bench, &[1])], [Some(1), None]);
    bench.parts[1].1.record(Verdict::Down, false);
    assert_eq!(place(&bench, &[]), None);
    let bench = Bench { now: bench.now + Duration::from_secs(60), ..bench };
    assert_eq!(place(&bench, &[]), Some(0));
}

#[test]
fn nothing_is_held_against_whose_errors_are_ignored() {
    let bench = Bench::of(&[Rank::default(), SECOND], true);
    bench.members.failed(bench.judged(0), Weight::Down, "test", bench.now);
    assert_eq!(place(&bench, &[]), Some(1));
    bench.parts[0].0.ignore_errors(true);
    assert_eq!(place(&bench, &[]), Some(0));
    bench.parts[0].1.record(Verdict::Down, false);
    for _ in 0..5 {
        bench.members.failed(bench.judged(0), Weight::Down, "test", bench.now);
        bench.members.failed(bench.judged(0), Weight::Doubt, "test", bench.now);
        assert_eq!(place(&bench, &[]), Some(0));
    }
    assert_eq!(bench.parts[0].0.errors(), 11);
    bench.parts[0].0.ignore_errors(false);
    assert_eq!(place(&bench, &[]), Some(1));
}

#[test]
fn whoever_is_connected_to_is_busy() {
    let standing = Rc::new(Standing::new(Instant::now()));
    let connecting = standing.connecting();
    let request = standing.begin(true);
    request.is_sent();
    assert_eq!(standing.busy(), 2);
    drop(connecting);
    request.begun(None, Instant::now());
    assert_eq!(standing.busy(), 1);
    drop(request);
    assert_eq!(standing.busy(), 0);
}

/// So many requests to the first backend, of which each second one fails as it is told.
fn every_other(bench: &Bench, times: usize, fail: impl Fn(&Bench)) {
    for i in 0..times {
        if i % 2 == 0 {
            fail(bench);
        } else {
            let began_after = Some(Duration::from_millis(10));
            let heard = Heard { began_after, alone: false, sound: true };
            bench.members.answered(bench.judged(0), heard, bench.now);
        }
    }
}

fn doubt(bench: &Bench) {
    bench.members.failed(bench.judged(0), Weight::Doubt, "test", bench.now);
}

fn error(bench: &Bench) {
    let began_after = Some(Duration::from_millis(10));
    let heard = Heard { began_after, alone: false, sound: false };
    bench.members.answered(bench.judged(0), heard, bench.now);
}

#[test]
fn who_fails_every_other_request_is_put_out() {
    for fail in [doubt, error] {
        let mut bench = Bench::new(2);
        every_other(&bench, 18, fail);
        assert!(!bench.parts[0].0.is_doubted());
        every_other(&bench, 3, fail);
        assert!(bench.parts[0].0.is_doubted());
        assert_eq!(bench.count(20, PAGE), 0);
    }
}

#[test]
fn after_it_came_back_the_first_failure_tells() {
    let mut bench = Bench::new(2);
    every_other(&bench, 21, doubt);
    bench.now += Duration::from_millis(500);
    assert_eq!(bench.serve(PAGE), 0, "the trial");
    assert!(!bench.parts[0].0.is_doubted());
    doubt(&bench);
    assert!(bench.parts[0].0.is_doubted());
}

#[test]
fn who_has_healed_is_trusted_again() {
    let mut bench = Bench::new(2);
    every_other(&bench, 21, doubt);
    bench.now += Duration::from_secs(9);
    assert_eq!(bench.serve(PAGE), 0, "the trial");
    (0..2).for_each(|_| doubt(&bench));
    assert!(!bench.parts[0].0.is_doubted());
}

#[test]
fn what_fails_everywhere_puts_nobody_out() {
    let bench = Bench::new(2);
    for _ in 0..40 {
        for place in [0, 1] {
            let began_after = Some(Duration::from_millis(10));
            for sound in [false, true] {
                let heard = Heard { began_after, alone: false, sound };
                bench.members.answered(bench.judged(place), heard, bench.now);
            }
        }
    }
    assert!(bench.parts.iter().all(|(standing, _)| !standing.is_doubted()));
}

#[test]
fn whoever_has_requests_of_others_is_spared_for_a_while() {
    let mut bench = Bench::new(2);
    let report = |in_flight| Report { in_flight, ..Report::default() };
    bench.parts[0].0.reported(report(4), 0, bench.now);
    bench.parts[1].0.reported(report(0), 0, bench.now);
    assert_eq!(bench.count(20, PAGE), 0);
    bench.now += Duration::from_secs(2);
    assert_eq!(bench.count(20, PAGE), 10);
}

#[test]
fn cores_of_a_process_send_as_one() {
    for method in [Method::Adaptive, Method::LeastRequests] {
        let now = Instant::now();
        let lanes: Vec<_> = (0..4).map(|_| Lanes::of(2, None)).collect();
        let cores = [0, 1].map(|own| {
            let bench = Bench::with(&[Rank::default(); 4], true, method, now);
            bench.parts.iter().zip(&lanes).for_each(|((s, _), lanes)| s.join(lanes, own));
            bench
        });
        let mut counts = [0; 4];
        let mut open = Vec::new();
        for [first, second] in [[0, 0], [0, 1], [1, 1], [0, 0], [1, 0], [1, 1]] {
            for core in [first, second] {
                let place = cores[core].members.pick(PAGE, &[], cores[core].now).place().unwrap();
                open.push(cores[core].parts[place].0.begin(true));
                counts[place] += 1;
            }
        }
        assert_eq!(counts, [3; 4], "{method:?}");
    }
}
