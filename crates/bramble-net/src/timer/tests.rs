use std::future::poll_fn;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use tokio::task::LocalSet;

use super::{Spare, SpareWait, TICK, Timers};
use crate::ranking::Whose;

async fn on_core<F: Future<Output = ()>>(work: F) {
    LocalSet::new().run_until(work).await;
}

#[tokio::test(flavor = "current_thread")]
async fn is_due_after_its_time_and_not_before() {
    on_core(async {
        let timers = Timers::start();
        let timer = timers.timer();
        let start = Instant::now();
        timer.arm(Duration::from_millis(50));
        poll_fn(|cx| timer.poll_due(cx)).await;
        assert!(start.elapsed() >= Duration::from_millis(50));
    })
    .await;
}

#[tokio::test(flavor = "current_thread")]
async fn arming_again_moves_the_deadline() {
    on_core(async {
        let timers = Timers::start();
        let timer = timers.timer();
        timer.arm(Duration::from_millis(1));
        timer.arm(Duration::from_secs(3600));
        let due = poll_fn(|cx| timer.poll_due(cx));
        assert!(tokio::time::timeout(TICK * 4, due).await.is_err());
    })
    .await;
}

#[tokio::test(flavor = "current_thread")]
async fn dropped_timers_leave_nothing_armed() {
    on_core(async {
        let timers = Timers::start();
        for _ in 0..100 {
            timers.timer().arm(Duration::from_secs(1));
        }
        assert_eq!(timers.shared.armed.get(), 0);
        assert!(timers.shared.slots.borrow().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "current_thread")]
async fn waits_together_take_no_more_than_they_may() {
    on_core(async {
        let timers = Timers::start();
        let timer = timers.timer();
        timer.begin(Some(Duration::from_millis(50)));
        let start = Instant::now();
        while !timer.is_used_up() {
            timer.arm(Duration::from_millis(20));
            poll_fn(|cx| timer.poll_due(cx)).await;
        }
        assert!(start.elapsed() >= Duration::from_millis(50));
        timer.begin(None);
        assert!(!timer.is_used_up());
    })
    .await;
}

#[tokio::test(flavor = "current_thread")]
async fn whoever_arms_again_and_again_does_not_outrun_the_end_of_all_waits() {
    on_core(async {
        let timers = Timers::start();
        let timer = timers.timer();
        timer.begin(Some(Duration::from_millis(5)));
        timer.arm(Duration::from_secs(1));
        std::thread::sleep(Duration::from_millis(10));
        timer.arm(Duration::from_secs(1));
        let at_once = poll_fn(|cx| std::task::Poll::Ready(timer.poll_due(cx).is_ready())).await;
        assert!(at_once && timer.is_used_up());
    })
    .await;
}

#[tokio::test(flavor = "current_thread")]
async fn of_those_that_can_be_spared_the_nearest_to_its_end_goes_first() {
    on_core(async {
        let timers = Timers::start();
        let owner = "192.0.2.1".parse().unwrap();
        let waits: Vec<_> = [30, 10, 20].map(|_| timers.timer_of(owner)).into();
        for (timer, seconds) in waits.iter().zip([30, 10, 20]) {
            timer.arm(Duration::from_secs(seconds));
        }
        let end_one = || timers.end_one(SpareWait::Idle(Whose::Of(owner)));
        assert!(!end_one(), "all are needed");
        waits[0].spare(Spare::Idle);
        waits[1].spare(Spare::Slow);
        waits[2].spare(Spare::Idle);
        assert!(end_one());
        assert!(waits[2].was_ended() && !waits[0].was_ended());
        poll_fn(|cx| waits[2].poll_due(cx)).await;
        assert!(end_one());
        assert!(!end_one(), "each is ended once");
        let slow = |whose| timers.end_one(SpareWait::Slow(whose));
        assert!(!slow(Whose::Of([192, 0, 2, 2].into())), "another's");
        assert!(slow(Whose::Of(owner)) && waits[1].was_ended());
        waits[0].spare(Spare::Slow);
        assert!(!slow(Whose::Any), "it was ended as an idle one");
        let other = timers.timer_of([192, 0, 2, 2].into());
        other.arm(Duration::from_secs(60));
        other.spare(Spare::Slow);
        assert!(slow(Whose::Any) && other.was_ended());
    })
    .await;
}

#[tokio::test(flavor = "current_thread")]
async fn who_was_idle_is_not_ended_in_the_middle_of_what_came_then() {
    on_core(async {
        let timers = Timers::start();
        let owner = [192, 0, 2, 1].into();
        let (idle, slow) = (timers.timer(), timers.timer_of(owner));
        idle.spare(Spare::Idle);
        idle.arm(Duration::from_secs(60));
        slow.spare(Spare::Slow);
        slow.arm(Duration::from_secs(1));
        assert!(timers.end_one(SpareWait::Idle(Whose::Any)));
        assert!(idle.was_ended() && !slow.was_ended());
        for busy in [Spare::No, Spare::Slow] {
            idle.spare(busy);
            assert!(!idle.was_ended(), "{busy:?}");
        }
        idle.spare(Spare::Idle);
        assert!(idle.was_ended());
        assert!(timers.end_one(SpareWait::Slow(Whose::Of(owner))) && slow.was_ended());
    })
    .await;
}

/// What may happen to a timer.
#[derive(Clone, Copy, Debug)]
enum Change {
    Arm(u64),
    Disarm,
    Spare(Spare),
    Drop,
    EndOne(usize),
}

fn changes() -> impl Strategy<Value = Vec<(usize, Change)>> {
    let spare = prop_oneof![Just(Spare::No), Just(Spare::Idle), Just(Spare::Slow)];
    let change = prop_oneof![
        (1_u64..100).prop_map(Change::Arm),
        Just(Change::Disarm),
        spare.prop_map(Change::Spare),
        Just(Change::Drop),
        (0..6_usize).prop_map(Change::EndOne),
    ];
    proptest::collection::vec((0..8_usize, change), 0..64)
}

proptest! {
    #[test]
    fn an_order_that_was_kept_is_the_one_that_is_found_by_looking(changes in changes()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(on_core(async {
            let (timers, owner) = (Timers::start(), |i: usize| [192, 0, 2, u8::from(i < 4)]);
            let mut all: Vec<_> = (0..8).map(|i| timers.timer_of(owner(i).into())).collect();
            let [a, b] = [0, 4].map(|i| owner(i).into());
            let whose = [Whose::Any, Whose::Of(a), Whose::Of(b)];
            let which = [whose.map(SpareWait::Idle), whose.map(SpareWait::Slow)].concat();
            let firsts = || which.iter().map(|wait| timers.shared.first(*wait)).collect::<Vec<_>>();
            firsts();
            for (i, change) in changes {
                match change {
                    Change::Arm(seconds) => all[i].arm(Duration::from_secs(seconds)),
                    Change::Disarm => all[i].disarm(),
                    Change::Spare(spare) => all[i].spare(spare),
                    Change::Drop => all[i] = timers.timer_of(owner(i).into()),
                    Change::EndOne(wait) => _ = timers.end_one(which[wait]),
                }
            }
            let kept = firsts();
            timers.shared.spare.forget();
            assert_eq!(kept, firsts());
        }));
    }
}
