//! A connection that has switched protocols (WebSocket): bytes both ways, of which nothing is
//! understood, until both sides have ended.
//!
//! It begins with the backend's 101 and not before: bytes that a client sends behind its request
//! are nobody's until then (CVE-2026-2833). An idle one holds no buffer.

use std::io;
use std::task::{Context, Poll, ready};

use bramble_http::{ForwardResponse, forward_response};
use bramble_net::{Buffer, Stream};

use super::attempt::Answer;
use crate::connection::{Connection, End, Next};
use crate::counters::add;
use crate::wait;

/// Reads that one turn passes on before others get theirs.
const READS_A_TURN: usize = 8;

/// Passes the 101 on, and then whatever comes.
pub(super) async fn run(c: &mut Connection, answer: Answer) -> Result<Next, End> {
    let Answer { mut link, mut buffer, _in_flight } = answer;
    let how = ForwardResponse {
        keep_alive: false,
        client_version: c.head.version,
        request_was_head: false,
    };
    c.out.clear();
    forward_response(&mut c.out, buffer.unread(), &c.answer, &how);
    buffer.consume(c.answer.len);
    c.send_out(&[]).await?;
    c.core.counters.answered(101);
    let (mut up, mut down) = (Flow::default(), Flow::default());
    let (timer, times) = (&c.timer, &c.table.times);
    let ended = wait::within(timer, times.tunnel, |cx| {
        let sent = up.poll(cx, &mut c.stream, &mut c.input, &mut link.stream)?;
        let received = down.poll(cx, &mut link.stream, &mut buffer, &mut c.stream)?;
        if up.has_moved() | down.has_moved() {
            // One side that has ended is followed by the other: it is not waited for for long.
            let one_ended = sent.is_ready() || received.is_ready();
            timer.arm(if one_ended { times.body } else { times.tunnel });
        }
        if sent.is_ready() && received.is_ready() { Poll::Ready(Ok(())) } else { Poll::Pending }
    });
    let ended = ended.await;
    add(&c.core.counters.bytes_out, down.bytes);
    ended?;
    Ok(Next::Close)
}

/// One direction.
#[derive(Default)]
struct Flow {
    bytes: u64,
    moved: bool,
    ended: bool,
}

impl Flow {
    /// Passes on what it can, first what came in behind the head; ready once the end of `from`
    /// has been passed on too.
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut Stream,
        buffer: &mut Buffer,
        to: &mut Stream,
    ) -> Poll<io::Result<()>> {
        for _ in 0..READS_A_TURN {
            if self.ended {
                return Poll::Ready(Ok(()));
            }
            while !buffer.is_empty() {
                let n = ready!(wait::poll_write(cx, to, [buffer.unread(), &[], &[]], 0))?;
                buffer.consume(n);
                self.bytes += n as u64;
                self.moved = true;
            }
            ready!(to.poll_flush(cx))?;
            // It is empty, so that it need not grow.
            if ready!(buffer.poll_fill(cx, from, 1))? == 0 {
                to.shutdown_write();
                (self.ended, self.moved) = (true, true);
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn has_moved(&mut self) -> bool {
        std::mem::take(&mut self.moved)
    }
}
