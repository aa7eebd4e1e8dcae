//! What one core has found out about a backend. Pure.
//!
//! It outlives a change of plan, with whatever is in flight.

mod moved;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::ejection::Ejection;
use super::elsewhere::Elsewhere;
use super::estimate::Estimate;
use super::failures::{Count, Failures};
use crate::lanes::Counts;
use crate::limit::Limit;
pub(crate) use moved::Connecting;
use moved::Moved;

/// What a failed attempt says about a backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// A slow or odd answer, or one that says that there is none: it may be the request's fault.
    Doubt,
    /// It can't be reached, or closes connections.
    Down,
    /// An answer that puts it out by a rule of its pool.
    Ejected,
    /// Nothing: the fault is ours.
    None,
}

/// Answers that take up to so many times as long as usual are no slower than others, nor are those
/// that take so many seconds longer.
const ALIKE: f64 = 1.5;
const ALIKE_S: f64 = 0.001;

/// A silence is believed for so long; from then on it halves with each second.
const SILENT_S: f64 = 1.0;

/// Whoever is full and gives no answer for so many seconds, and so many times as long as usual, may
/// be no busier for one more.
const SILENT_FULL_S: f64 = 0.1;
const SILENT_FULL: f64 = 2.0;

/// Answers in a row that say that a backend has failed.
const UNSOUND_MAX: u8 = 3;

/// The part of its load that whoever came back is spared at first.
const SPARED_MOST: f64 = 0.9;

/// How a backend stands with one core.
pub(crate) struct Standing {
    /// Times are told from here.
    base: Instant,
    ejection: Cell<Ejection>,
    failures: Cell<Failures>,
    last_error: RefCell<Option<String>>,
    requests: Cell<u64>,
    errors: Cell<u64>,
    in_flight: Cell<u64>,
    /// Requests for which a connection to it is being opened.
    connecting: Cell<u64>,
    moved: Moved,
    /// The operator wants nothing held against it.
    ignores_errors: Cell<bool>,
    /// Of them, those whose answer has not begun.
    waiting: Cell<u32>,
    /// When the first of them was sent that came after the last answer; 0: none did. One that waits
    /// for news while others are answered says nothing about its backend.
    silent_since_ns: Cell<u64>,
    /// Answers in a row that said that it has failed.
    unsound: Cell<u8>,
    estimate: Cell<Estimate>,
    limit: RefCell<Limit>,
    /// With fewer there is room, and nothing to be learned from that.
    roomy: Cell<u32>,
    /// What others have there.
    elsewhere: Elsewhere,
    /// Its checks said so when they were last looked at.
    was_down: Cell<bool>,
    /// When it came back.
    back_at: Cell<Option<Instant>>,
    /// Its answers take longer than usual, or have done so lately.
    is_slow: Cell<bool>,
    /// Something is held against it, or it has just come back. Of most backends there is nothing to
    /// remark most of the time, and a pick looks at no more than that.
    is_remarkable: Cell<bool>,
}

/// A request that a backend has been picked for, and works on.
pub(crate) struct InFlight {
    standing: Rc<Standing>,
    is_sent: Cell<bool>,
    waits: Cell<bool>,
    /// With it so many waited.
    of: Cell<u32>,
}

impl Standing {
    pub(crate) fn new(base: Instant) -> Self {
        Self {
            base,
            ejection: Cell::default(),
            failures: Cell::default(),
            last_error: RefCell::default(),
            requests: Cell::default(),
            errors: Cell::default(),
            in_flight: Cell::default(),
            connecting: Cell::default(),
            moved: Moved::default(),
            ignores_errors: Cell::default(),
            waiting: Cell::default(),
            silent_since_ns: Cell::default(),
            unsound: Cell::default(),
            estimate: Cell::default(),
            limit: RefCell::default(),
            roomy: Cell::new(Limit::default().roomy()),
            elsewhere: Elsewhere::default(),
            was_down: Cell::default(),
            back_at: Cell::default(),
            is_slow: Cell::default(),
            is_remarkable: Cell::default(),
        }
    }

    /// Since its base.
    pub(super) fn ns(&self, now: Instant) -> u64 {
        ns(now.saturating_duration_since(self.base)).max(1)
    }

    #[inline]
    pub(super) fn elsewhere(&self) -> &Elsewhere {
        &self.elsewhere
    }

    /// Whether there is anything to know of it.
    #[inline]
    pub(super) fn is_remarkable(&self) -> bool {
        self.is_remarkable.get()
    }

    /// It was looked at closely: whether there still is anything.
    pub(super) fn mark_usual(&self) {
        let ejection = self.ejection.get();
        self.is_remarkable
            .set(ejection.is_held() || self.was_down.get() || self.back_at.get().is_some());
    }

    /// Whether nothing is to be held against it; what was is forgotten.
    pub(crate) fn ignore_errors(&self, ignores: bool) {
        self.ignores_errors.set(ignores);
        if ignores {
            self.ejection.set(Ejection::default());
        }
    }

    /// Whether nothing is held against it.
    pub(crate) fn ignores_errors(&self) -> bool {
        self.ignores_errors.get()
    }

    /// Whether its answers have put it out.
    pub(crate) fn is_doubted(&self) -> bool {
        self.ejection.get().is_doubted()
    }

    /// Whether it should get no request now; `passes` of its checks have passed so far.
    pub(crate) fn is_avoided(&self, now: Instant, passes: u32) -> bool {
        self.ejection.get().is_out(now, passes)
    }

    /// Whether nobody could connect to it lately.
    pub(super) fn is_unreachable(&self, now: Instant, passes: u32) -> bool {
        self.ejection.get().is_unreachable(now, passes)
    }

    /// Whether what can't be repeated should not go there.
    pub(super) fn keeps_away(&self, now: Instant, passes: u32) -> bool {
        self.ejection.get().keeps_away(now, passes)
    }

    /// Whether a request should find out if it is well again.
    pub(super) fn is_due(&self, now: Instant, passes: u32) -> bool {
        self.ejection.get().is_due(now, passes)
    }

    /// What there is to tell other cores.
    pub(super) fn counts(&self) -> Counts {
        let in_flight = u32::try_from(self.in_flight.get()).unwrap_or(u32::MAX);
        Counts { in_flight, waiting: self.waiting.get() }
    }

    /// Counts a request until the result is dropped. `is_whole`: it is sent whole, so that its
    /// answer is waited for from now on.
    pub(crate) fn begin(self: &Rc<Self>, is_whole: bool) -> InFlight {
        let of = self.waiting.get() + u32::from(is_whole);
        self.waiting.set(of);
        self.elsewhere.publish(|| self.counts());
        InFlight {
            standing: self.clone(),
            is_sent: Cell::new(false),
            waits: Cell::new(is_whole),
            of: Cell::new(of),
        }
    }

    /// Whether one more may go there.
    #[inline]
    pub(super) fn has_room(&self, now_ns: u64) -> bool {
        let waiting = self.waiting.get();
        waiting < self.roomy.get() || self.limited(|limit| limit.has_room(waiting, now_ns))
    }

    /// It is given more at a time. The next time for that comes when they are not answered either.
    pub(super) fn widen(&self, now_ns: u64) {
        self.limited(|limit| limit.widen(now_ns));
        self.silent_since_ns.set(now_ns);
    }

    /// It is given so many at a time, or as many as it turns out to work on.
    pub(crate) fn limit_to(&self, most: Option<u32>) {
        self.limited(|limit| match most {
            Some(most) => *limit = Limit::fixed(most),
            None if limit.is_fixed() => *limit = Limit::default(),
            None => {}
        });
    }

    fn limited<T>(&self, by: impl FnOnce(&mut Limit) -> T) -> T {
        let mut limit = self.limit.borrow_mut();
        let result = by(&mut limit);
        self.roomy.set(limit.roomy());
        result
    }

    /// It has as many as it can work on, and has answered none for a while.
    pub(super) fn is_silent_though_full(&self, usual_s: f64, now_ns: u64) -> bool {
        let since_ns = self.silent_since_ns.get();
        let silent_s = now_ns.saturating_sub(since_ns) as f64 * 1e-9;
        since_ns > 0
            && !self.limit.borrow().is_fixed()
            && silent_s > SILENT_FULL_S.max(usual_s * SILENT_FULL)
    }

    /// Requests whose answers have not begun.
    pub(crate) fn waiting(&self) -> u32 {
        self.waiting.get()
    }

    /// How long an answer to one more request is likely to take to begin, in seconds, where `usual`
    /// is what the answers of the whole pool take.
    #[inline]
    pub(super) fn expected_s(&self, usual: f64, now_ns: u64) -> f64 {
        if !self.is_slow.get() {
            return usual;
        }
        let expected = self.estimate.get().get(usual, now_ns);
        self.is_slow.set(expected > alike_s(usual));
        if self.is_slow.get() { expected } else { usual }
    }

    /// For how many seconds it has owed an answer and given none: it will not be quicker with the
    /// next. Believed for a while, as all that is known: who waits may wait for news. `now_ns` is
    /// told from its base.
    #[inline]
    pub(super) fn silent_s(&self, now_ns: u64) -> f64 {
        let since_ns = self.silent_since_ns.get();
        if since_ns == 0 || self.waiting.get() == 0 {
            return 0.0;
        }
        let silent_s = now_ns.saturating_sub(since_ns) as f64 * 1e-9;
        if silent_s > SILENT_S { doubtful(silent_s) } else { silent_s }
    }

    /// The part of its load that it is spared so soon after it came back.
    pub(super) fn spared(&self, slow_start: Duration, now: Instant) -> f64 {
        let Some(back_at) = self.back_at.get() else { return 0.0 };
        let since = now.saturating_duration_since(back_at);
        if since >= slow_start {
            self.back_at.set(None);
            return 0.0;
        }
        (1.0 - since.as_secs_f64() / slow_start.as_secs_f64()).min(SPARED_MOST)
    }

    /// Its checks say so now, or it is new beside others.
    pub(crate) fn mark_down(&self) {
        self.was_down.set(true);
        self.is_remarkable.set(true);
    }

    /// The same of the contrary.
    pub(super) fn mark_up(&self, now: Instant) {
        if self.was_down.replace(false) {
            self.back_at.set(Some(now));
        }
    }

    /// An answer has begun, after so long.
    pub(super) fn began_after(&self, s: f64, usual: f64, now_ns: u64) {
        let mut estimate = self.estimate.get();
        estimate.add(s, usual, now_ns);
        self.estimate.set(estimate);
        self.is_slow.set(estimate.get(usual, now_ns) > alike_s(usual));
    }

    /// So far.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.get()
    }

    /// Attempts that failed so far.
    pub(crate) fn errors(&self) -> u64 {
        self.errors.get()
    }

    /// Now.
    pub(crate) fn in_flight(&self) -> u64 {
        self.in_flight.get()
    }

    /// Why an attempt failed last.
    pub(crate) fn last_error(&self) -> Option<String> {
        self.last_error.borrow().clone()
    }

    /// It was picked for a request.
    pub(super) fn picked(&self, now: Instant, passes: u32) {
        let now_ns = self.ns(now);
        let silent_s = now_ns.saturating_sub(self.silent_since_ns.get()) as f64 * 1e-9;
        if self.waiting.get() == 0 || self.silent_since_ns.get() == 0 || silent_s > SILENT_S {
            self.silent_since_ns.set(now_ns);
        }
        if self.is_remarkable() {
            let was_held = self.ejection.get().is_held();
            self.judge(|ejection| ejection.begin(now, passes));
            if was_held && !self.ejection.get().is_held() {
                self.back_at.set(Some(now));
            }
        }
    }

    /// An answer said that it has failed, or did not. True when it has said so several times in a
    /// row: once is mostly the page's own fault.
    pub(super) fn is_failing(&self, sound: bool) -> bool {
        let count = if sound { 0 } else { self.unsound.get().saturating_add(1) };
        self.unsound.set(count);
        count >= UNSOUND_MAX
    }

    /// It can't be reached: nobody goes there until then, or until a newer check has passed.
    pub(super) fn down(&self, why: &str, until: Instant, passes: u32) {
        self.erred(why);
        self.judge(|ejection| ejection.down(until, passes));
    }

    /// An answer of it was slow, odd or none. `may_eject`: enough others are left.
    pub(super) fn doubted(&self, why: &str, may_eject: bool, now: Instant) {
        self.erred(why);
        self.judge(|ejection| ejection.doubt(may_eject, now));
    }

    /// It fails so often that it is left alone, as if its doubts had come in a row.
    pub(super) fn fails_often(&self, now: Instant) {
        self.judge(|ejection| ejection.failed_often(now));
    }

    /// An answer of it puts it out until then.
    pub(super) fn ejected(&self, why: &str, until: Instant) {
        self.erred(why);
        self.judge(|ejection| ejection.eject(until));
    }

    /// Something came of a request.
    #[inline]
    pub(super) fn add(&self, failed: bool, now_ns: u64) {
        let mut failures = self.failures.get();
        failures.add(failed, now_ns);
        self.failures.set(failures);
    }

    /// What has come of its last requests.
    pub(super) fn count(&self, now_ns: u64) -> Count {
        self.failures.get().count(now_ns)
    }

    /// A good answer came: what was held against the backend is forgotten, unless it is out for a
    /// fixed time.
    pub(super) fn answered(&self, now: Instant) {
        let was_held = self.is_remarkable() && self.ejection.get().is_held();
        self.judge(Ejection::good);
        if was_held && !self.ejection.get().is_held() {
            self.back_at.set(Some(now));
        }
    }

    fn erred(&self, why: &str) {
        self.errors.set(self.errors.get() + 1);
        *self.last_error.borrow_mut() = Some(why.to_owned());
    }

    fn judge(&self, by: impl FnOnce(&mut Ejection)) {
        if self.ignores_errors() {
            return;
        }
        let mut ejection = self.ejection.get();
        by(&mut ejection);
        self.ejection.set(ejection);
        if ejection.is_held() {
            self.is_remarkable.set(true);
        }
    }
}

/// What is believed of a silence that lasts.
#[cold]
fn doubtful(silent_s: f64) -> f64 {
    SILENT_S * (SILENT_S - silent_s).exp2()
}

/// Nanoseconds, for centuries.
#[inline]
pub(super) fn ns(time: Duration) -> u64 {
    time.as_secs().saturating_mul(1_000_000_000).saturating_add(u64::from(time.subsec_nanos()))
}

/// The seconds that are as good as usual.
#[inline]
pub(super) fn alike_s(usual: f64) -> f64 {
    (usual * ALIKE).max(usual + ALIKE_S)
}

impl InFlight {
    /// It goes out now.
    pub(crate) fn is_sent(&self) {
        if !self.is_sent.replace(true) {
            let standing = &self.standing;
            standing.requests.set(standing.requests.get() + 1);
            standing.in_flight.set(standing.in_flight.get() + 1);
            standing.elsewhere.publish(|| standing.counts());
        }
    }

    /// All of the request is with the backend now.
    pub(crate) fn is_whole(&self, now: Instant) {
        if !self.waits.replace(true) {
            let standing = &self.standing;
            self.of.set(standing.waiting.get() + 1);
            standing.waiting.set(self.of.get());
            standing.elsewhere.publish(|| standing.counts());
            if standing.silent_since_ns.get() == 0 {
                standing.silent_since_ns.set(standing.ns(now));
            }
        }
    }

    /// Its answer has begun; so long after it was sent, where nothing but the backend was waited
    /// for.
    pub(crate) fn begun(&self, after: Option<Duration>, now: Instant) {
        if self.waits.replace(false) {
            let standing = &self.standing;
            let there = standing.waiting.get();
            standing.waiting.set(there.saturating_sub(1));
            standing.elsewhere.publish(|| standing.counts());
            standing.silent_since_ns.set(0);
            if let Some(after) = after {
                let (s, now_ns) = (after.as_secs_f64(), standing.ns(now));
                standing.limited(|limit| limit.heard(s, self.of.get(), there, now_ns));
            }
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let standing = &self.standing;
        if self.is_sent.get() {
            standing.in_flight.set(standing.in_flight.get().saturating_sub(1));
        }
        if self.waits.get() {
            standing.waiting.set(standing.waiting.get().saturating_sub(1));
        }
        standing.elsewhere.publish(|| standing.counts());
    }
}
