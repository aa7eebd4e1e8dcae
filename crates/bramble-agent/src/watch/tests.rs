use std::cell::Cell;

use super::*;
use crate::backoff::Backoff;
use crate::fake::{run, unreachable, worker_plan};

fn retry(ms: u64) -> Spread {
    let delay = Duration::from_millis(ms);
    Spread::new(Backoff::new(delay, delay), 1)
}

fn revision(plans: &watch::Sender<Option<NodePlan>>) -> u64 {
    plans.borrow().as_ref().map_or(0, |plan| plan.revision)
}

#[test]
fn no_plan_is_missed_over_a_thousand_losses_of_the_manager() {
    run(async {
        let plans = watch::Sender::new(None);
        let (current, calls) = (Cell::new(0), Cell::new(0));
        // Every other call fails; each answer is the newest plan, if it is newer.
        let poll = async |after: u64| {
            calls.set(calls.get() + 1);
            if calls.get() % 2 == 0 {
                return Err(unreachable());
            }
            current.set(current.get() + 1);
            assert!(after < current.get());
            Ok(Some(worker_plan(current.get(), &[])))
        };
        let seen = async {
            while revision(&plans) < 1000 {
                assert_eq!(revision(&plans), current.get());
                sleep(Duration::from_micros(200)).await;
            }
        };
        tokio::select! {
            () = watch(poll, &plans, retry(1)) => {}
            () = seen => {}
        }
        assert!(calls.get() >= 1999);
    });
}

#[test]
fn after_a_loss_the_whole_plan_is_asked_for() {
    run(async {
        let plans = watch::Sender::new(None);
        let calls = Cell::new(0);
        // As of a manager that came back from a backup.
        let poll = async |after: u64| {
            calls.set(calls.get() + 1);
            match calls.get() {
                1 => Ok(Some(worker_plan(100, &[]))),
                2 => Err(unreachable()),
                3 => {
                    assert_eq!(after, 0);
                    Ok(Some(worker_plan(50, &[])))
                }
                _ => std::future::pending().await,
            }
        };
        let done = async {
            while revision(&plans) != 50 {
                sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::select! {
            () = watch(poll, &plans, retry(1)) => {}
            () = done => {}
        }
    });
}

#[test]
fn a_manager_that_answers_at_once_is_not_asked_in_a_busy_loop() {
    run(async {
        let plans = watch::Sender::new(None);
        let calls = Cell::new(0);
        let poll = async |_| {
            calls.set(calls.get() + 1);
            Ok(None)
        };
        tokio::select! {
            () = watch(poll, &plans, retry(50)) => {}
            () = sleep(Duration::from_millis(300)) => {}
        }
        assert!((1..=13).contains(&calls.get()), "{}", calls.get());
    });
}
