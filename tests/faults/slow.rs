//! Fault 5: a worker turns slow, and later is itself again. Its checks pass all the time.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bramble_tests::{Backend, Folder};

use crate::front::Who;
use crate::load::Load;
use crate::report::{Report, shown};
use crate::visits::Visits;
use crate::{idle, ms, sleep_until, with_and_without_checks};

const SLOW_FROM: Duration = Duration::from_secs(3);
const NOTICED: Duration = Duration::from_secs(5);
const HEALED: Duration = Duration::from_secs(9);
const END: Duration = Duration::from_secs(22);

/// A worker that is slow for a while.
struct Slow {
    backend: Backend,
    is_slow: Arc<AtomicBool>,
    /// When visitors' requests came.
    came: Arc<Mutex<Vec<Instant>>>,
}

impl Slow {
    fn start(ledger: &Path) -> Self {
        let (is_slow, came) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let (slow, log, ledger) = (is_slow.clone(), came.clone(), ledger.to_owned());
        let backend = Backend::start(move |caller| {
            if caller.target() != "/health" {
                log.lock().unwrap().push(Instant::now());
                if slow.load(Ordering::Relaxed) {
                    caller.pause(1000);
                }
            }
            idle::serve(caller, &ledger);
        });
        Self { backend, is_slow, came }
    }

    /// Its requests within this span.
    fn share(&self, start: Instant, from: Duration, to: Duration, all: &Visits) -> Share {
        let came = self.came.lock().unwrap();
        let ours = came.iter().filter(|at| (start + from..start + to).contains(*at)).count();
        Share { ours, all: all.between(from, to).count() }
    }
}

/// Of all requests.
struct Share {
    ours: usize,
    all: usize,
}

impl Share {
    #[allow(clippy::cast_precision_loss)] // Some thousands.
    fn percent(&self) -> f64 {
        100.0 * self.ours as f64 / self.all.max(1) as f64
    }

    fn shown(&self) -> String {
        format!("{:.1} % ({} of {})", self.percent(), self.ours, self.all)
    }
}

fn slow(who: Who, checks: Option<&str>) -> Report {
    let folder = Folder::empty();
    let ledger = folder.join("ledger");
    let slow = Slow::start(&ledger);
    let written_to = ledger.clone();
    let others: Vec<_> = (0..3)
        .map(|_| {
            let ledger = ledger.clone();
            Backend::start(move |caller| idle::serve(caller, &ledger))
        })
        .collect();
    let workers = others.iter().chain([&slow.backend]);
    let front = who.before(&workers.map(Backend::address).collect::<Vec<_>>(), checks);
    let mut start = Instant::now();
    let visits = Load::lasting(END).with_posts(9).run(front.address(), |at| {
        start = at;
        sleep_until(start + SLOW_FROM);
        slow.is_slow.store(true, Ordering::Relaxed);
        sleep_until(start + HEALED);
        slow.is_slow.store(false, Ordering::Relaxed);
    });
    let share = |from, to| slow.share(start, from, to, &visits);
    // Back is who gets half of a fair share within a second.
    let back = (0..=10).map(|n| HEALED + ms(1000) * n);
    let back = back.into_iter().find(|at| share(*at, *at + ms(1000)).percent() >= 12.5);
    let mut report = Report::new(who, checks, "5: a worker turns slow");
    report.none_failed("GETs", &visits.gets(), 960);
    report.none_twice(&visits.posts(), &written_to, 60);
    report.tell("its share before", share(ms(0), SLOW_FROM).shown());
    report.tell("in the first 2 s", share(SLOW_FROM, NOTICED).shown());
    let later = share(NOTICED, HEALED);
    report.must("later", later.shown(), "< 5 % (peers 22-27 %)", later.percent() < 5.0);
    let words = back.map_or("not within 11 s".into(), |at| shown(at - HEALED));
    let in_time = back.is_some_and(|at| at - HEALED <= ms(10_000));
    report.must("healed, back after", words, "<= 10 s", in_time);
    report.tell("at the end", share(END - ms(2000), END).shown());
    let slowed = visits.gets().between(SLOW_FROM, HEALED);
    report
        .tell("GETs over 500 ms", format!("{} of {}", slowed.slower_than(ms(500)), slowed.count()));
    report.latency(&visits);
    report
}

#[test]
#[ignore = "long: 45 s of load"]
fn a_worker_that_turns_slow_gets_little_until_it_has_healed() {
    with_and_without_checks("/health", slow);
}
