//! A worker that is a timer: a queue with a number of places, in which a request takes a time by
//! chance and no processor, so that one core carries all of them. Counts who came when.
//!
//! Places are free again at exact times, whenever the runtime's timers, which know milliseconds,
//! let it go on: what one request has waited too long the next begins earlier, and the capacity is
//! the pace's.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore};
use tokio::task::spawn_local;
use tokio::time::{Instant, sleep, sleep_until};

use super::rng::Rng;
use super::script::{Mode, Pace};

/// What is asked for; everything else is a check.
pub(super) const WORK: &str = "/work";

/// Of times that are a worker's own, e.g. pages of one kind: their 99th percentile is twice the mean.
const DEVIATION: f64 = 0.3;
const FAILS_AFTER: Duration = Duration::from_millis(1);
const HEAD_BYTES: usize = 16 << 10;
/// When no connection can be taken.
const PAUSE: Duration = Duration::from_millis(10);

pub(super) struct Worker {
    pace: Pace,
    mode: Cell<Mode>,
    changed: Notify,
    places: Semaphore,
    /// Since when each free place is free.
    free: RefCell<Vec<Instant>>,
    rng: RefCell<Rng>,
    arrivals: RefCell<Vec<Instant>>,
}

impl Worker {
    pub fn new(pace: Pace, rng: Rng) -> Rc<Self> {
        let free = vec![Instant::now(); pace.slots as usize];
        Rc::new(Self {
            pace,
            mode: Cell::new(Mode::Works),
            changed: Notify::new(),
            places: Semaphore::new(free.len()),
            free: RefCell::new(free),
            rng: RefCell::new(rng),
            arrivals: RefCell::default(),
        })
    }

    pub fn set(&self, mode: Mode) {
        self.mode.set(mode);
        self.changed.notify_waiters();
    }

    /// When each request came, checks left out.
    pub fn arrivals(&self) -> Vec<Instant> {
        self.arrivals.borrow().clone()
    }

    pub async fn serve(self: Rc<Self>, listener: TcpListener) {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => drop(spawn_local(Rc::clone(&self).talk(stream))),
                Err(_) => sleep(PAUSE).await,
            }
        }
    }

    /// Who asks and is gone before the answer is served all the same, as by most servers.
    async fn talk(self: Rc<Self>, mut stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut unread = Vec::new();
        while let Some(is_work) = request(&mut stream, &mut unread).await? {
            let status = if is_work { self.work().await } else { self.check().await };
            stream.write_all(answer(status).as_bytes()).await?;
        }
        Ok(())
    }

    async fn check(&self) -> u16 {
        self.stand().await;
        200
    }

    async fn work(&self) -> u16 {
        let arrived = Instant::now();
        self.arrivals.borrow_mut().push(arrived);
        if self.mode.get() == Mode::Fails {
            sleep(FAILS_AFTER).await;
            return 503;
        }
        let Ok(_place) = self.places.acquire().await else { return 500 };
        let since = self.free.borrow_mut().pop().unwrap_or(arrived);
        let end = since.max(arrived) + self.takes();
        sleep_until(end).await;
        let end = if self.stand().await { Instant::now() } else { end };
        self.give_back(end);
        200
    }

    /// The place that was free first is the next that is taken.
    fn give_back(&self, end: Instant) {
        let mut free = self.free.borrow_mut();
        free.push(end);
        free.sort_by_key(|since| std::cmp::Reverse(*since));
    }

    fn takes(&self) -> Duration {
        let by_chance = self.rng.borrow_mut().log_normal(self.pace.mean_ms, DEVIATION);
        let ms = match self.mode.get() {
            Mode::Slow(times) => by_chance * times,
            Mode::TakesMs(ms) => ms,
            Mode::Fails | Mode::Stands | Mode::Works => by_chance,
        };
        Duration::from_secs_f64(ms / 1000.0)
    }

    /// As long as it stands. Whether it did.
    async fn stand(&self) -> bool {
        let mut stood = false;
        while self.mode.get() == Mode::Stands {
            self.changed.notified().await;
            stood = true;
        }
        stood
    }
}

/// Whether the next is work; none where the other side has ended. What it reads too much is kept.
async fn request(stream: &mut TcpStream, unread: &mut Vec<u8>) -> io::Result<Option<bool>> {
    loop {
        if let Some(end) = unread.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            let target = unread.strip_prefix(b"GET ").unwrap_or_default();
            let is_work = target.starts_with(WORK.as_bytes());
            unread.drain(..end + 4);
            return Ok(Some(is_work));
        }
        if unread.len() > HEAD_BYTES || stream.read_buf(unread).await? == 0 {
            return Ok(None);
        }
    }
}

fn answer(status: u16) -> &'static str {
    match status {
        200 => "HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\nbramble balances",
        503 => "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
        _ => "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n",
    }
}
