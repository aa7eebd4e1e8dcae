use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bramble_config::plan::{AdminState, Method};

use super::{Asked, Heard, Judged, Member, Members, Rules};
use crate::balance::{Balancer, InFlight, Report, Standing, Weight};
use crate::health::{Health, Verdict};
use crate::lanes::Lanes;

const PAGE: Asked = Asked { key: 0, repeatable: true };
const ORDER: Asked = Asked { key: 0, repeatable: false };
const SLOW_START: Duration = Duration::from_secs(4);

/// Backends that answer as a test tells them to.
struct Bench {
    members: Members,
    parts: Vec<(Rc<Standing>, Arc<Health>)>,
    now: Instant,
}

impl Bench {
    fn new(count: usize) -> Self {
        Self::of(count, Method::Adaptive, Instant::now())
    }

    fn of(count: usize, method: Method, now: Instant) -> Self {
        let parts: Vec<_> = (0..count)
            .map(|_| (Rc::new(Standing::new(now)), Arc::new(Health::new(Verdict::Up))))
            .collect();
        let member = |(i, (standing, health)): (usize, &(Rc<Standing>, Arc<Health>))| Member {
            id: i as u64,
            weight: 100,
            admin: AdminState::Enabled,
            health: health.clone(),
            standing: standing.clone(),
        };
        let list = parts.iter().enumerate().map(member).collect();
        let rules = Rules {
            retry: Duration::from_secs(60),
            hedge: Duration::from_millis(500),
            slow_start: SLOW_START,
        };
        let members = Members::new(list, rules, Balancer::new(method, 1), now);
        let mut bench = Self { members, parts, now };
        for _ in 0..20 * count {
            bench.serve(PAGE);
        }
        bench
    }

    fn send(&mut self, asked: Asked) -> (usize, InFlight) {
        let place = self.members.pick(asked, &[], self.now).unwrap().place;
        (place, self.parts[place].0.begin(true))
    }

    fn answer(&mut self, place: usize, request: &InFlight, sound: bool) {
        self.now += Duration::from_millis(10);
        request.begun();
        let began_after = Some(Duration::from_millis(10));
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
        Judged { standing, passes: health.passes() }
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
            let bench = Bench::of(4, method, now);
            bench.parts.iter().zip(&lanes).for_each(|((s, _), lanes)| s.join(lanes, own));
            bench
        });
        let mut counts = [0; 4];
        let mut open = Vec::new();
        for [first, second] in [[0, 0], [0, 1], [1, 1], [0, 0], [1, 0], [1, 1]] {
            for core in [first, second] {
                let place = cores[core].members.pick(PAGE, &[], cores[core].now).unwrap().place;
                open.push(cores[core].parts[place].0.begin(true));
                counts[place] += 1;
            }
        }
        assert_eq!(counts, [3; 4], "{method:?}");
    }
}
