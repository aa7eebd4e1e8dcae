//! One user's connection: sends a request, takes the whole answer, and says honestly what went
//! wrong. It never sends a request twice, not even when a kept connection turns out to be closed.

use crate::recorder::Failure;
use bramble_http::{Asked, BodyReader, Limits, Parsed, ResponseHead, parse_response};
use bramble_net::{Stream, Timer};
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

/// A whole answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Head and body as they came over the wire.
    pub(crate) bytes: u64,
}

/// A connection that is opened when it is needed.
pub(crate) struct Client {
    address: SocketAddr,
    stream: Option<Stream>,
    input: Input,
    timer: Timer,
    timeout: Duration,
    reuse: bool,
}

/// The bytes that came and are not used up yet, and the reader's state.
struct Input {
    buf: Box<[u8]>,
    start: usize,
    end: usize,
    received: u64,
    limits: Limits,
    head: ResponseHead,
}

/// Holds the largest head; only the pages that are written to take memory.
const BUFFER_BYTES: usize = 32 * 1024;

impl Client {
    pub(crate) fn new(address: SocketAddr, timer: Timer, timeout: Duration, reuse: bool) -> Self {
        let input = Input {
            buf: vec![0; BUFFER_BYTES].into_boxed_slice(),
            start: 0,
            end: 0,
            received: 0,
            limits: Limits::default(),
            head: ResponseHead::default(),
        };
        Self { address, stream: None, input, timer, timeout, reuse }
    }

    /// Sends `request` once and takes its answer.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> Result<Answer, Failure> {
        self.timer.arm(self.timeout);
        let Self { address, stream, input, timer, .. } = self;
        let outcome = {
            let mut attempt = pin!(attempt(*address, stream, input, request));
            poll_fn(|cx| match attempt.as_mut().poll(cx) {
                Poll::Ready(outcome) => Poll::Ready(outcome),
                Poll::Pending => timer.poll_due(cx).map(|()| Err(Failure::Timeout)),
            })
            .await
        };
        self.timer.disarm();
        let keep = self.reuse && outcome.is_ok() && input.head.keep_alive && input.is_empty();
        if !keep {
            self.stream = None;
        }
        outcome
    }
}

async fn attempt(
    address: SocketAddr,
    connection: &mut Option<Stream>,
    input: &mut Input,
    request: &[u8],
) -> Result<Answer, Failure> {
    let stream = match connection {
        Some(stream) => stream,
        None => {
            let opened = Stream::connect(address, None).await.map_err(|_| Failure::Connect)?;
            connection.insert(opened)
        }
    };
    input.clear();
    stream.write_all(request).await.map_err(|_| Failure::Reset)?;
    input.take_head(stream).await?;
    input.take_body(stream).await?;
    Ok(Answer { status: input.head.status, bytes: input.received - input.len() as u64 })
}

impl Input {
    fn len(&self) -> usize {
        self.end - self.start
    }

    fn is_empty(&self) -> bool {
        self.start == self.end
    }

    fn clear(&mut self) {
        (self.start, self.end, self.received) = (0, 0, 0);
    }

    /// Reads until there is a final head, and steps over interim ones.
    async fn take_head(&mut self, stream: &mut Stream) -> Result<(), Failure> {
        loop {
            let bytes = &self.buf[self.start..self.end];
            match parse_response(bytes, &self.limits, Asked::default(), &mut self.head) {
                Ok(Parsed::Complete) => {
                    self.start += self.head.len;
                    if self.head.status >= 200 {
                        return Ok(());
                    }
                }
                Ok(Parsed::Partial) if self.fill(stream).await? == 0 => return Err(self.cut_off()),
                Ok(Parsed::Partial) => {}
                Err(_) => return Err(Failure::Malformed),
            }
        }
    }

    async fn take_body(&mut self, stream: &mut Stream) -> Result<(), Failure> {
        let mut body = BodyReader::of_answer(self.head.body, &self.limits);
        loop {
            let step =
                body.next(&self.buf[self.start..self.end]).map_err(|_| Failure::Malformed)?;
            self.start += step.consumed;
            if step.done {
                return Ok(());
            }
            if step.consumed == 0 && self.fill(stream).await? == 0 {
                return body.finish_on_close().map_err(|_| Failure::Truncated);
            }
        }
    }

    /// Reads more behind what is left; 0 is the peer's end.
    async fn fill(&mut self, stream: &mut Stream) -> Result<usize, Failure> {
        self.buf.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.len());
        if self.end == self.buf.len() {
            return Err(Failure::Malformed);
        }
        let count = stream.read(&mut self.buf[self.end..]).await.map_err(|_| self.cut_off())?;
        self.end += count;
        self.received += count as u64;
        Ok(count)
    }

    /// What it is called when the connection ends here.
    fn cut_off(&self) -> Failure {
        if self.received == 0 { Failure::Reset } else { Failure::Truncated }
    }
}
