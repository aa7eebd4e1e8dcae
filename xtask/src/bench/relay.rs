//! A client far away: a relay in front of a peer that delays each byte, either way.
//!
//! ```text
//!  client <── writes 50 ms later ── queue <── reads ── peer
//! ```
//! It reads on as a sender's window would let it: as long as no more is under way than that, where
//! what was read counts until an acknowledgement would be back. The kernel acknowledges at once,
//! so that its own queue before the relay is kept short: what is measured is how soon the peer
//! goes on sending whenever it may.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use rustix::net::sockopt::set_socket_recv_buffer_size;
use rustix::thread::{CpuSet, sched_setaffinity};

use super::client;
use super::load::Shape;
use super::measure::{Measure, Sample};

const DELAY: Duration = Duration::from_millis(50);
/// What a connection between the far ends has at most under the default of `net.ipv4.tcp_wmem`.
const WINDOW_BYTES: usize = 4 << 20;
const CHUNK_BYTES: usize = 64 << 10;
const QUEUE_BYTES: usize = 128 << 10;
const MB: f64 = 1e6;

/// One download, with the relay and its client on that core.
pub(super) fn measure(peer: SocketAddr, shape: Shape, bytes: usize, core: usize) -> Result<Sample> {
    let download = move || -> Result<Duration> {
        let mut cores = CpuSet::new();
        cores.set(core);
        // Threads begin where their parent is.
        sched_setaffinity(None, &cores)?;
        let relay = start(peer)?;
        let start = Instant::now();
        client::ask(relay, shape, 1)?;
        Ok(start.elapsed())
    };
    let joined = thread::spawn(download).join().map_err(|_| anyhow!("the client panicked"))?;
    let took = joined.context("a download through the relay")?;
    Ok(vec![(Measure::Throughput, bytes as f64 / took.as_secs_f64() / MB)])
}

/// Where one connection is taken, which goes on to the peer.
fn start(peer: SocketAddr) -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    // It ends with the connection; who waits for the client sees whatever breaks.
    thread::spawn(move || {
        let (client, _) = listener.accept()?;
        let peer = TcpStream::connect(peer)?;
        set_socket_recv_buffer_size(&peer, QUEUE_BYTES)?;
        delay(client.try_clone()?, peer.try_clone()?);
        delay(peer, client);
        Ok::<(), std::io::Error>(())
    });
    Ok(address)
}

/// One direction.
fn delay(from: TcpStream, to: TcpStream) {
    let (queue, due) = channel();
    thread::spawn(move || read(from, &queue));
    thread::spawn(move || write(&due, to));
}

fn read(mut from: TcpStream, queue: &Sender<(Instant, Vec<u8>)>) -> std::io::Result<()> {
    let mut window = Window::default();
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        window.wait();
        let n = from.read(&mut chunk)?;
        let bytes = chunk.get(..n).unwrap_or_default();
        let now = Instant::now();
        if bytes.is_empty() || queue.send((now + DELAY, bytes.to_vec())).is_err() {
            return Ok(());
        }
        window.sent(bytes.len(), now);
    }
}

fn write(queue: &Receiver<(Instant, Vec<u8>)>, mut to: TcpStream) -> std::io::Result<()> {
    for (due, bytes) in queue {
        sleep(due.saturating_duration_since(Instant::now()));
        to.write_all(&bytes)?;
    }
    to.shutdown(Shutdown::Write)
}

/// What is under way, with when it will be acknowledged.
#[derive(Default)]
struct Window {
    under_way: VecDeque<(Instant, usize)>,
    bytes: usize,
}

impl Window {
    fn sent(&mut self, bytes: usize, now: Instant) {
        self.under_way.push_back((now + 2 * DELAY, bytes));
        self.bytes += bytes;
    }

    /// Until there is room again.
    fn wait(&mut self) {
        while self.bytes >= WINDOW_BYTES
            && let Some((due, bytes)) = self.under_way.pop_front()
        {
            sleep(due.saturating_duration_since(Instant::now()));
            self.bytes -= bytes;
        }
    }
}

#[cfg(test)]
mod tests;
