//! A connection that has switched protocols (WebSocket): bytes both ways, of which nothing is
//! understood, until both sides have ended.
//!
//! Where frames end is looked at all the same: when this process ends, the client hears so by a
//! Close between two of them.
//!
//! It begins with the backend's 101 and not before: bytes that a client sends behind its request
//! are nobody's until then (CVE-2026-2833). An idle one holds no buffer.

mod frames;

use std::io::{self, IoSlice};
use std::task::{Context, Poll, ready};

use bramble_http::{ForwardResponse, forward_response};
use bramble_net::{Buffer, Stream};

use super::attempt::Attempt;
use crate::connection::{Connection, End, Next};
use crate::counters::add;
use crate::reason::Event;
use crate::wait;
use frames::{CLOSE, Frames, MASKED_CLOSE};

/// Reads that one turn passes on before others get theirs.
const READS_A_TURN: usize = 8;

/// Passes the 101 on, with a cookie where one is set, and then whatever comes.
pub(super) async fn run(
    c: &mut Connection,
    answer: Attempt,
    cookie: Option<&str>,
) -> Result<Next, End> {
    let Attempt { mut link, mut buffer, in_flight, .. } = answer;
    let date = c.core.date();
    let extra = cookie.map(|cookie| ("Set-Cookie", cookie));
    let how = ForwardResponse {
        date: &date,
        keep_alive: false,
        client_version: c.head.version,
        request_was_head: false,
        back: None,
        extra: extra.as_slice(),
    };
    c.out.clear();
    forward_response(&mut c.out, buffer.unread(), &c.answer, &how);
    buffer.consume(c.answer.len);
    c.send_out(&[]).await?;
    c.answered(101);
    c.forget_heads();
    c.timer.begin(None);
    let (mut up, mut down) = (Flow::default(), Flow::default());
    while !(up.ended && down.ended) {
        // One side that has ended is followed by the other: it is not waited for for long.
        let one_ended = up.ended || down.ended;
        let limit = if one_ended { c.table.times.body } else { c.table.times.tunnel };
        let (timer, core, record) = (&c.timer, &c.core, &mut c.record);
        let metering = &mut c.metering;
        let step = wait::within(timer, limit, |cx| {
            up.poll(cx, &mut c.stream, &mut c.input, &mut link.stream);
            down.poll(cx, &mut link.stream, &mut buffer, &mut c.stream);
            let passed = std::mem::take(&mut down.bytes);
            in_flight.standing().received(passed as usize);
            in_flight.standing().sent(std::mem::take(&mut up.bytes) as usize);
            add(&core.counters.bytes_out, passed);
            metering.sent_bytes += passed;
            record.iter_mut().for_each(|record| record.sent(passed));
            if core.stopping.get() && !down.ended && down.is_between_frames(&buffer) {
                return Poll::Ready(Ok(()));
            }
            if (up.ended || down.ended) != one_ended || up.ended && down.ended {
                return Poll::Ready(Ok(()));
            }
            if up.has_moved() | down.has_moved() {
                timer.arm(limit);
            }
            Poll::Pending
        });
        if step.await.is_err() {
            c.refused(Event::TunnelIdle);
            // One that has not ended by now, though it was told to, mostly never does.
            link.stream.forget_when_closed();
            break;
        }
        if c.core.stopping.get() && down.is_between_frames(&buffer) && !down.ended {
            let is_polite = up.is_between_frames(&c.input);
            return say_goodbye(c, if is_polite { Some(&mut link.stream) } else { None }).await;
        }
    }
    Ok(Next::Close)
}

/// Ends a WebSocket since this process does, so that the client knows that it may come again.
async fn say_goodbye(c: &mut Connection, backend: Option<&mut Stream>) -> Result<Next, End> {
    if let Some(backend) = backend {
        // Whether it hears that makes no difference here.
        let _ = backend.try_write(&[IoSlice::new(MASKED_CLOSE)]);
    }
    c.out.clear();
    c.out.extend_from_slice(CLOSE);
    c.send_out(&[]).await?;
    Ok(c.leave().await)
}

/// One direction.
#[derive(Default)]
struct Flow {
    /// Passed on since somebody asked.
    bytes: u64,
    moved: bool,
    ended: bool,
    frames: Frames,
}

impl Flow {
    /// Passes on what it can, first what came in behind the head, and at last the end. An error
    /// is the end of this direction alone: what the other still holds arrives.
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut Stream,
        buffer: &mut Buffer,
        to: &mut Stream,
    ) {
        if !self.ended && self.poll_pass(cx, from, buffer, to).is_ready() {
            buffer.release();
            to.shutdown_write();
            self.ended = true;
        }
    }

    fn poll_pass(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut Stream,
        buffer: &mut Buffer,
        to: &mut Stream,
    ) -> Poll<io::Result<()>> {
        for _ in 0..READS_A_TURN {
            while !buffer.is_empty() {
                let written = wait::poll_write(cx, to, [buffer.unread(), &[], &[]], 0);
                if written.is_pending() {
                    from.will_fill(u64::MAX);
                }
                let n = ready!(written)?;
                self.frames.pass(buffer.unread().get(..n).unwrap_or_default());
                buffer.consume(n);
                self.bytes += n as u64;
                self.moved = true;
            }
            ready!(to.poll_flush(cx))?;
            // It is empty, so that it need not grow.
            if ready!(buffer.poll_fill(cx, from, 1))? == 0 {
                return Poll::Ready(Ok(()));
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Whether all that came in has gone on, and is whole.
    fn is_between_frames(&self, buffer: &Buffer) -> bool {
        buffer.is_empty() && self.frames.is_between()
    }

    fn has_moved(&mut self) -> bool {
        std::mem::take(&mut self.moved)
    }
}
