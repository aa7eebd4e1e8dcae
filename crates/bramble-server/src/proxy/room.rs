//! Waiting for room, where every backend has as many requests as it can work on.

use std::rc::Rc;
use std::task::Poll;
use std::time::{Duration, Instant};

use super::failure::{AttemptError, Failure, FailureKind};
use super::{Exchange, key};
use crate::balance::{Pick, Picked};
use crate::connection::{Connection, End};
use crate::pool::{Backend, Place};
use crate::queue::Turn;
use crate::retry::Reached;
use crate::wait::{self, WaitError};

/// Whoever is not called looks for room by itself: nobody calls when a client has gone.
const LOOK: Duration = Duration::from_millis(50);

/// Whom to ask; none if there is nobody, or nobody in time, which [`Exchange::is_shed`] tells.
pub(super) async fn find(
    c: &mut Connection,
    exchange: &mut Exchange,
    tried: &[usize],
    now: Instant,
) -> Result<Option<(Picked, Rc<Backend>)>, AttemptError> {
    let pool = exchange.pool.clone();
    // Where somebody waits already, whoever has just come has to wait, too.
    if pool.line.is_empty() || exchange.rival.is_some() {
        match pool.pick(exchange.asked(), tried, now) {
            Pick::Backend(found) => return Ok(Some(found)),
            Pick::Nobody => return Ok(None),
            // Whoever was asked before is still to be waited for.
            Pick::Full if exchange.rival.is_some() => return Ok(None),
            Pick::Full => {}
        }
    }
    let mut place = pool.line.place(key::of_client(c));
    loop {
        match wait(c, exchange, &mut place).await? {
            Waited::InVain => break,
            Waited::Room => {}
        }
        let now = Instant::now();
        match pool.pick(exchange.asked(), tried, now) {
            Pick::Backend(found) => {
                place.served(pool.usual(), now);
                return Ok(Some(found));
            }
            Pick::Nobody => return Ok(None),
            Pick::Full => {}
        }
    }
    exchange.is_shed = true;
    Ok(None)
}

enum Waited {
    /// There will be no room in time.
    InVain,
    /// There may be some.
    Room,
}

async fn wait(
    c: &mut Connection,
    exchange: &Exchange,
    place: &mut Place,
) -> Result<Waited, AttemptError> {
    let usual = exchange.pool.usual();
    let has_said_all = exchange.whole.is_some();
    let (timer, stream) = (&c.timer, &mut c.stream);
    let turn = wait::within(timer, LOOK, |cx| {
        if has_said_all && stream.poll_gone(cx, 0).is_ready() {
            return Poll::Ready(Ok(None));
        }
        place.poll_turn(cx, usual).map(|turn| Ok(Some(turn)))
    });
    match turn.await {
        Ok(None) => Err(End::from(WaitError::Closed).into()),
        Ok(Some(Turn::Never)) => Ok(Waited::InVain),
        Ok(Some(_)) | Err(WaitError::Timeout(_)) => Ok(Waited::Room),
        Err(WaitError::Evicted) => Err(End::Evicted.into()),
        Err(WaitError::RequestTimeout) => {
            Err(Failure::new(Reached::Never, FailureKind::RequestTimeout).into())
        }
        Err(error) => Err(End::from(error).into()),
    }
}
