use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::Limit;
use crate::balance::Rng;

const MS: u64 = 1_000_000;

/// A backend that works on `slots` requests at a time, and never lacks more of them.
struct Bench {
    limit: Limit,
    rng: Rng,
    slots: Vec<u64>,
    /// When each will be answered, when it was sent, one of how many it was.
    open: BinaryHeap<Reverse<(u64, u64, u32)>>,
    now_ns: u64,
}

impl Bench {
    fn new(slots: usize, seed: u64) -> Self {
        Self {
            limit: Limit::default(),
            rng: Rng::new(seed),
            slots: vec![0; slots],
            open: BinaryHeap::new(),
            now_ns: 1,
        }
    }

    /// Exponential: few services are as hard to tell from a queue.
    fn takes_ns(&mut self, mean_ns: u64) -> u64 {
        let unit = (self.rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
        (-(1.0 - unit).ln() * mean_ns as f64) as u64
    }

    fn send(&mut self, mean_ns: u64) {
        let takes_ns = self.takes_ns(mean_ns);
        let free = self.slots.iter_mut().min().unwrap();
        *free = (*free).max(self.now_ns) + takes_ns;
        let of = self.open.len() as u32 + 1;
        self.open.push(Reverse((*free, self.now_ns, of)));
    }

    /// Answers until then; how many.
    fn run(&mut self, until_ns: u64, mean_ns: u64) -> usize {
        let mut answers = 0;
        while self.now_ns < until_ns {
            while self.limit.has_room(self.open.len() as u32, self.now_ns) {
                self.send(mean_ns);
            }
            let Reverse((end_ns, sent_ns, of)) = self.open.pop().unwrap();
            self.now_ns = end_ns;
            let s = (end_ns - sent_ns) as f64 * 1e-9;
            self.limit.heard(s, of, self.open.len() as u32 + 1, end_ns);
            answers += 1;
        }
        answers
    }
}

/// The middle limit of many seeds after 4 s, and the share of what the backend can do in the next 4.
fn learned(slots: usize, mean_ns: u64) -> (u32, f64) {
    let mut limits = Vec::new();
    let mut answers = 0;
    for seed in 0..32 {
        let mut bench = Bench::new(slots, seed);
        bench.run(4_000 * MS, mean_ns);
        limits.push(bench.limit.most());
        answers += bench.run(8_000 * MS, mean_ns);
    }
    limits.sort_unstable();
    let most = 32.0 * 4_000.0 * MS as f64 / mean_ns as f64 * slots as f64;
    (limits[limits.len() / 2], answers as f64 / most)
}

#[test]
fn it_comes_to_what_a_backend_can_work_on() {
    for (slots, ms) in [(1, 10), (4, 40), (16, 20), (64, 50)] {
        let (limit, used) = learned(slots, ms * MS);
        let slots = slots as u32;
        assert!((slots..=2 * slots + 2).contains(&limit), "{slots} slots: {limit}");
        assert!(used > 0.9, "{slots} slots: {used}");
    }
}

#[test]
fn whoever_is_never_slower_gets_all_there_are() {
    let mut bench = Bench::new(4_000, 1);
    bench.run(3_000 * MS, 100 * MS);
    assert!(bench.limit.most() > 2_000, "{}", bench.limit.most());
}

#[test]
fn nobody_who_is_never_full_is_limited() {
    let mut limit = Limit::default();
    for i in 0..10_000 {
        assert!(limit.has_room(30, i * MS));
        limit.heard(0.5, 31, 31, i * MS);
    }
    assert!(limit.has_room(63, 10_001 * MS));
}

#[test]
fn what_is_slower_for_a_while_is_given_less_and_then_more() {
    let mut bench = Bench::new(16, 3);
    bench.run(4_000 * MS, 20 * MS);
    bench.slots.truncate(2);
    bench.run(14_000 * MS, 20 * MS);
    let few = bench.limit.most();
    assert!(few <= 8, "{few}");
    bench.slots.resize(16, 0);
    bench.run(22_000 * MS, 20 * MS);
    assert!(bench.limit.most() >= 14, "{}", bench.limit.most());
}

#[test]
fn those_who_wait_for_news_do_not_hold_up_others() {
    let mut limit = Limit::default();
    let mut now_ns = 1;
    // As many as there may be wait for news; those who come beside them are answered in 5 ms.
    let mut there = 64;
    for _ in 0..10_000 {
        now_ns += 5 * MS;
        if limit.has_room(there, now_ns) {
            limit.heard(0.005, there + 1, there + 1, now_ns);
        } else {
            limit.widen(now_ns);
        }
        there = 64;
    }
    assert!(limit.has_room(there, now_ns));
}
