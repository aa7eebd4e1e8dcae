//! Those who ask: each at a planned time, which its waiting is counted from, over as many
//! connections as it takes. Nothing that a balancer does slows them.

use std::cell::{Cell, RefCell};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::outcome::Visit;
use super::rng::Rng;
use super::script::{Load, Script, arrivals};
use super::worker::WORK;

/// Before who got no answer tries again.
const BEFORE_RETRY: Duration = Duration::from_millis(200);
const ANSWER_BYTES: usize = 16 << 10;
/// Visitors come from 127.1.0.1 and on: for a balancer they are many.
const HOMES: u8 = 250;

pub(super) struct Visitors {
    balancer: SocketAddr,
    script: Script,
    start: Instant,
    idle: RefCell<Vec<TcpStream>>,
    homes: Cell<u8>,
    visits: RefCell<Vec<Visit>>,
}

impl Visitors {
    pub fn new(balancer: SocketAddr, script: Script, start: Instant) -> Rc<Self> {
        let (idle, visits) = Default::default();
        Rc::new(Self { balancer, script, start, idle, homes: Cell::new(0), visits })
    }

    /// All of the script, until the last has its answer or has given up.
    pub async fn come(self: &Rc<Self>, seed: u64) -> Vec<Visit> {
        match self.script.load.clone() {
            Load::Open(phases) => self.at(&arrivals(&phases, &mut Rng::of(seed, 0))).await,
            Load::Users { count, think_s, for_s } => {
                let mut users = JoinSet::new();
                for user in 1..=count {
                    let rng = Rng::of(seed, user.into());
                    users.spawn_local(Rc::clone(self).user(rng, think_s, for_s));
                }
                users.join_all().await;
            }
        }
        self.visits.take()
    }

    async fn at(self: &Rc<Self>, times: &[f64]) {
        let mut open = JoinSet::new();
        for at in times {
            let planned = self.start + Duration::from_secs_f64(*at);
            sleep_until(planned).await;
            open.spawn_local(Rc::clone(self).visit(planned, true));
        }
        open.join_all().await;
    }

    async fn user(self: Rc<Self>, mut rng: Rng, think_s: f64, for_s: f64) {
        let end = self.start + Duration::from_secs_f64(for_s);
        loop {
            let planned = Instant::now() + Duration::from_secs_f64(think_s * rng.unit());
            if planned >= end {
                return;
            }
            sleep_until(planned).await;
            Rc::clone(&self).visit(planned, think_s == 0.0).await;
        }
    }

    async fn visit(self: Rc<Self>, planned: Instant, keeps: bool) {
        let late = planned.elapsed();
        let mut status = self.try_once(keeps).await;
        for _ in 0..self.script.retries {
            if status == 200 {
                break;
            }
            sleep(BEFORE_RETRY).await;
            status = self.try_once(keeps).await;
        }
        self.visits.borrow_mut().push(Visit {
            planned_s: (planned - self.start).as_secs_f64(),
            late_ms: ms(late),
            took_ms: ms(planned.elapsed()),
            status,
        });
    }

    /// The status; 0 where there was no answer in time.
    async fn try_once(&self, keeps: bool) -> u16 {
        let patience = Duration::from_secs_f64(self.script.patience_s);
        timeout(patience, self.ask(keeps)).await.map_or(0, |answer| answer.unwrap_or(0))
    }

    /// A kept connection may have been closed meanwhile: then it is asked over a new one.
    async fn ask(&self, keeps: bool) -> io::Result<u16> {
        let kept = self.idle.borrow_mut().pop();
        if let Some(mut stream) = kept
            && let Ok(Some(answer)) = exchange(&mut stream, keeps).await
        {
            return Ok(self.done(stream, &answer, keeps));
        }
        let mut stream = self.connect().await?;
        match exchange(&mut stream, keeps).await? {
            Some(answer) => Ok(self.done(stream, &answer, keeps)),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    fn done(&self, stream: TcpStream, answer: &Answer, keeps: bool) -> u16 {
        if keeps && answer.keeps {
            self.idle.borrow_mut().push(stream);
        }
        answer.status
    }

    async fn connect(&self) -> io::Result<TcpStream> {
        let home = self.homes.get() % HOMES + 1;
        self.homes.set(home);
        let socket = TcpSocket::new_v4()?;
        socket.bind((Ipv4Addr::new(127, 1, 0, home), 0).into())?;
        let stream = socket.connect(self.balancer).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

/// What is to be known of one.
#[derive(Debug, PartialEq)]
struct Answer {
    status: u16,
    /// Head and body.
    bytes: usize,
    keeps: bool,
}

/// None where the connection ended before the first byte.
async fn exchange(stream: &mut TcpStream, keeps: bool) -> io::Result<Option<Answer>> {
    let close = if keeps { "" } else { "Connection: close\r\n" };
    let request = format!("GET {WORK} HTTP/1.1\r\nHost: bench\r\n{close}\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut read = Vec::with_capacity(512);
    loop {
        if stream.read_buf(&mut read).await? == 0 {
            return if read.is_empty() { Ok(None) } else { Ok(parse(&read)) };
        }
        match parse(&read) {
            Some(answer) if read.len() >= answer.bytes => return Ok(Some(answer)),
            _ if read.len() > ANSWER_BYTES => return Err(io::ErrorKind::InvalidData.into()),
            _ => {}
        }
    }
}

/// None where the head is not there whole. An answer without a length ends with its connection.
fn parse(read: &[u8]) -> Option<Answer> {
    let end = read.windows(4).position(|bytes| bytes == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(read.get(..end)?).to_ascii_lowercase();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let field = |name: &str| {
        let mut fields = head.lines().filter_map(|line| line.split_once(':'));
        fields.find(|(found, _)| *found == name).map(|(_, value)| value.trim().to_owned())
    };
    let length = field("content-length").and_then(|length| length.parse::<usize>().ok());
    let closes = field("connection").is_some_and(|value| value == "close");
    let bytes = length.map_or(usize::MAX, |body| end.saturating_add(body));
    Some(Answer { status, bytes, keeps: length.is_some() && !closes })
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests;
