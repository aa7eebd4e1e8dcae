//! Where a run is played: eight workers and the visitors in one thread on the load's core, with a
//! balancer, that others start, between them.

use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use rustix::thread::{CpuSet, sched_setaffinity};
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::{Instant, sleep_until};

use super::super::origin::BACKENDS;
use super::super::running::free_port;
use super::super::setup::LOAD_CORE;
use super::outcome::{Arrival, Outcome};
use super::rng::Rng;
use super::script::Script;
use super::visitors::Visitors;
use super::worker::Worker;

/// Connections that wait to be taken.
const BACKLOG: u32 = 4096;

/// Workers that serve, until it is dropped or played.
pub(super) struct Stage {
    pub port: u16,
    begin: oneshot::Sender<SocketAddr>,
    thread: JoinHandle<Result<Option<Outcome>>>,
}

impl Stage {
    pub fn open(script: Script, seed: u64) -> Result<Self> {
        let port = free_port()?;
        let (begin, balancer) = oneshot::channel();
        let (ready, is_ready) = mpsc::channel();
        let thread = thread::spawn(move || {
            let mut cores = CpuSet::new();
            cores.set(LOAD_CORE);
            sched_setaffinity(None, &cores)?;
            let runtime = Builder::new_current_thread().enable_all().build()?;
            LocalSet::new().block_on(&runtime, async {
                let workers = workers(port, &script, seed)?;
                ready.send(())?;
                match balancer.await {
                    Ok(balancer) => Ok(Some(play(balancer, &workers, script, seed).await)),
                    Err(_) => Ok(None),
                }
            })
        });
        // Where it failed the thread says why.
        let _ = is_ready.recv();
        Ok(Self { port, begin, thread })
    }

    /// All of the script, before that balancer.
    pub fn play(self, balancer: SocketAddr) -> Result<Outcome> {
        // Whom it does not reach has failed, and says why.
        let _ = self.begin.send(balancer);
        let outcome = self.thread.join().map_err(|_| anyhow!("the load panicked"))?;
        outcome?.context("the load had nothing to do")
    }
}

fn workers(port: u16, script: &Script, seed: u64) -> Result<Vec<Rc<Worker>>> {
    let start = |host: u8| {
        let worker = Worker::new(script.pace, Rng::of(seed, u64::from(host) << 32));
        let listener = listen((Ipv4Addr::new(127, 0, 0, host), port).into())?;
        spawn_local(Rc::clone(&worker).serve(listener));
        Ok(worker)
    };
    BACKENDS.map(start).collect()
}

fn listen(address: SocketAddr) -> Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket.listen(BACKLOG)?)
}

async fn play(balancer: SocketAddr, workers: &[Rc<Worker>], script: Script, seed: u64) -> Outcome {
    let (start, changes) = (Instant::now(), script.changes.clone());
    let patience_ms = script.patience_s * 1000.0;
    if let Some(first) = workers.first().map(Rc::clone) {
        spawn_local(async move {
            for (at, mode) in changes {
                sleep_until(start + Duration::from_secs_f64(at)).await;
                first.set(mode);
            }
        });
    }
    let visits = Visitors::new(balancer, script, start).come(seed).await;
    let arrivals = workers.iter().enumerate().flat_map(|(index, worker)| {
        // Whoever asked before the start, to see whether it answers, did not ask for work.
        let times = worker.arrivals().into_iter();
        times.map(move |at| Arrival { at_s: (at - start).as_secs_f64(), is_first: index == 0 })
    });
    Outcome { visits, arrivals: arrivals.collect(), patience_ms }
}
