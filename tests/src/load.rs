//! Visitors that come all the time while something happens.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

/// Lets so many visitors `arrive` and then `visit` again and again while `work` is done, and
/// answers how often they did.
#[track_caller]
pub fn under_load<V>(
    visitors: usize,
    arrive: impl Fn(usize) -> V + Sync,
    visit: impl Fn(&mut V) + Sync,
    work: impl FnOnce(),
) -> usize {
    let (done, visits) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        for i in 0..visitors {
            let (arrive, visit, done, visits) = (&arrive, &visit, &done, &visits);
            scope.spawn(move || {
                let mut visitor = arrive(i);
                while !done.load(Ordering::Relaxed) {
                    visit(&mut visitor);
                    visits.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        // Also when `work` ends with a surprise: they would go on for ever.
        let _end = End(&done);
        work();
    });
    visits.into_inner()
}

/// Says that it is over when it is dropped, be that by a surprise.
pub struct End<'a>(pub &'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
