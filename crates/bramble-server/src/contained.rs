//! A fault of ours is contained: work that panics ends itself and nothing else.

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::Poll;

use crate::counters::{Counters, add};

/// The work ended by a panic, which was counted and logged.
#[derive(Debug)]
pub(crate) struct Panicked;

/// Does `work`, which is pinned where it is made: moved in, it would take its memory twice. `what`
/// names it in the log.
///
/// What the work shared with others is in order all the same: borrowed cells and counts are given
/// back as the stack unwinds, and nothing on a core is held over an await.
pub(crate) async fn contained<F: Future>(
    counters: &Counters,
    what: &str,
    mut work: Pin<&mut F>,
) -> Result<F::Output, Panicked> {
    let done = poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))) {
        Ok(poll) => poll.map(Ok),
        Err(panic) => Poll::Ready(Err(panic)),
    });
    done.await.map_err(|panic| {
        add(&counters.panics, 1);
        let words = words(panic.as_ref());
        tracing::error!("{what} panicked and was ended; please report this: {words}");
        Panicked
    })
}

fn words(panic: &(dyn Any + Send)) -> &str {
    let literal = panic.downcast_ref::<&str>().copied();
    literal.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no words")
}

#[cfg(test)]
mod tests;
