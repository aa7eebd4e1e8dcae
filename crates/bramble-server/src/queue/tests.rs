use std::time::{Duration, Instant};

use super::{Queue, Turn};

const USUAL: Duration = Duration::from_millis(20);
const TARGET: Duration = Duration::from_millis(10);

struct Bench {
    queue: Queue<u64>,
    begin: Instant,
}

impl Bench {
    fn new() -> Self {
        Self { queue: Queue::default(), begin: Instant::now() }
    }

    fn at(&self, ms: u64) -> Instant {
        self.begin + Duration::from_millis(ms)
    }

    fn join(&mut self, client: u64, ms: u64) -> u64 {
        self.queue.join(client, ms, self.at(ms))
    }

    fn call(&mut self, ms: u64) -> Option<u64> {
        self.queue.call(USUAL, self.at(ms)).copied()
    }

    fn turn(&mut self, ticket: u64, ms: u64) -> Turn {
        self.queue.turn(ticket, USUAL, self.at(ms))
    }

    /// Somebody has waited for so long that it is no burst; they have gone.
    fn stand(&mut self) -> u64 {
        let first = self.join(1, 0);
        let second = self.join(1, 998);
        assert_eq!(self.turn(first, 1000), Turn::Never);
        assert_eq!(self.turn(second, 1000), Turn::Wait(TARGET - Duration::from_millis(2)));
        self.queue.forget(first);
        self.queue.forget(second);
        1000
    }
}

#[test]
fn a_burst_is_served_in_order() {
    let mut bench = Bench::new();
    let tickets = [1, 2, 3].map(|ms| bench.join(ms, ms));
    assert_eq!((bench.call(50), bench.call(50)), (Some(1), Some(2)));
    assert_eq!(bench.turn(tickets[0], 50), Turn::Come);
    assert_eq!(bench.turn(tickets[2], 50), Turn::Wait(Duration::from_millis(953)));
}

#[test]
fn a_queue_that_stands_serves_the_newest_and_tells_the_others() {
    let mut bench = Bench::new();
    let now = bench.stand();
    let old = bench.join(1, now);
    bench.join(2, now + 5);
    bench.join(3, now + 6);
    assert_eq!(bench.call(now + 7), Some(now + 6));
    assert_eq!(bench.turn(old, now + 10), Turn::Never);
    let over: Vec<u64> = bench.queue.expired(USUAL, bench.at(now + 12)).copied().collect();
    assert_eq!(over, [now]);
}

#[test]
fn it_is_a_burst_again_when_nobody_had_to_be_told_for_as_long() {
    let mut bench = Bench::new();
    let now = bench.stand();
    let told = bench.join(1, now + 900);
    assert_eq!(bench.turn(told, now + 910), Turn::Never);
    bench.queue.forget(told);
    let later = bench.join(1, now + 1_911);
    bench.join(2, now + 1_912);
    assert_eq!(bench.turn(later, now + 2_000), Turn::Wait(Duration::from_millis(911)));
    assert_eq!(bench.call(now + 2_000), Some(now + 1_911));
}

#[test]
fn whoever_asks_most_is_not_served_most() {
    let mut bench = Bench::new();
    let mut now = bench.stand();
    let (mut greedy, mut modest) = (0, 0);
    for _ in 0..200 {
        now += 1;
        // Nine of ten come from one, and there is room for every fifth.
        let tickets: Vec<(u64, u64)> =
            (0..10).map(|i| (u64::from(i > 0), bench.join(u64::from(i > 0), now))).collect();
        for _ in 0..2 {
            bench.call(now);
        }
        for (client, ticket) in tickets {
            if bench.turn(ticket, now) == Turn::Come {
                let at = bench.at(now);
                bench.queue.served(ticket, USUAL, at);
                *if client == 1 { &mut greedy } else { &mut modest } += 1;
            } else {
                bench.queue.forget(ticket);
            }
        }
    }
    assert!(greedy <= modest + 2, "{greedy} and {modest}");
}

#[test]
fn whoever_is_called_in_vain_waits_on() {
    let mut bench = Bench::new();
    let ticket = bench.join(1, 0);
    assert_eq!(bench.call(1), Some(0));
    assert_eq!(bench.call(1), None);
    bench.queue.uncall(ticket);
    assert_eq!(bench.turn(ticket, 2), Turn::Wait(Duration::from_millis(998)));
    bench.queue.forget(ticket);
    assert!(bench.queue.is_empty());
    assert_eq!(bench.turn(ticket, 3), Turn::Never);
}
