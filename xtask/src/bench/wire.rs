//! `bench wire`: what a request costs the balancer, ours and the peers', in one interleaved run.
//!
//! Core 0 has the balancer under test alone, core 1 the load and the backends. All peers stay
//! up, and take turns; a round is one run of each, and the order rotates, so that a drift of
//! the machine hits all alike. Ratios are taken within a round.

use std::path::PathBuf;

use anyhow::{Result, bail};

use super::cpu::Cpu;
use super::figure::REPEATS;
use super::load::{self, Load};
use super::peer::{self, Peer, Place, Running};
use super::report::{self, Measured};
use super::syscalls;
use crate::needs;
use crate::step::{self, cargo, timed};

/// Cases: name, and the header that makes it.
const CASES: [(&str, Option<&str>); 2] =
    [("keepalive_2k", None), ("connection_a_request", Some("Connection: close"))];

const WARM_UP_S: u32 = 1;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Runs of each peer in each case.
    #[arg(long, default_value_t = REPEATS)]
    repeats: usize,
    /// Length of a run.
    #[arg(long, default_value_t = 3)]
    seconds: u32,
    /// Who takes part.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t =
        [Peer::Bramble, Peer::Nginx, Peer::Haproxy, Peer::Apache])]
    peers: Vec<Peer>,
    /// Measures this binary instead of building one with the `dist` profile.
    #[arg(long)]
    bramble: Option<PathBuf>,
}

/// One run of one peer.
pub(super) struct Run {
    pub cpu: Cpu,
    pub load: Load,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    timed("peers", || needs::install(&[needs::PROXIES, needs::BENCH].concat()))?;
    if std::thread::available_parallelism()?.get() < 2 {
        bail!("the bench needs two cores: one for the balancer, one for the load");
    }
    let place = place(args)?;
    report::conditions(&args.peers, &place.bramble);
    let (_origin, origin_port) = peer::start_origin(&place)?;
    let start = |peer: &Peer| peer.start(&place, origin_port);
    let running = args.peers.iter().map(start).collect::<Result<Vec<Running>>>()?;
    let mut measured = Vec::new();
    for (case, header) in CASES {
        timed(case, || {
            measured.extend(measure(case, header, &running, args, &place)?);
            Ok(())
        })?;
    }
    report::table(&measured);
    let written = report::write("wire", &measured)?;
    std::fs::remove_dir_all(&place.folder)?;
    println!("rows: {}", written.display());
    Ok(())
}

fn place(args: &Args) -> Result<Place> {
    let bramble = match &args.bramble {
        Some(path) => std::path::absolute(path)?,
        None => step::target().join("dist/bramble"),
    };
    if args.bramble.is_none() && args.peers.contains(&Peer::Bramble) {
        timed("build", || step::run(&mut cargo("build --profile dist --package bramble")))?;
    }
    let folder = step::target().join("bench").join(format!("wire-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    Ok(Place { folder, bramble, peer_core: 0, load_core: 1 })
}

fn measure(
    case: &'static str,
    header: Option<&str>,
    running: &[Running],
    args: &Args,
    place: &Place,
) -> Result<Vec<Measured>> {
    let blank = |running: &Running| Measured::new(case, running.peer);
    let mut measured: Vec<Measured> = running.iter().map(blank).collect();
    for round in 0..args.repeats {
        for turn in 0..running.len() {
            let index = (round + turn) % running.len();
            let (Some(one), Some(kept)) = (running.get(index), measured.get_mut(index)) else {
                continue;
            };
            load::run(&load::command(&one.url, header, WARM_UP_S), place.load_core)?;
            kept.runs.push(run_once(one, header, args.seconds, place)?);
        }
    }
    for (one, kept) in running.iter().zip(&mut measured) {
        kept.syscalls = syscalls(one, header, place);
    }
    Ok(measured)
}

/// In a run of its own, since counting slows; none where perf may not count.
fn syscalls(one: &Running, header: Option<&str>, place: &Place) -> Option<f64> {
    let command = load::command(&one.url, header, 1);
    let pids = one.process.pids();
    syscalls::per_request(&pids, &command, place.load_core, &place.folder)
        .inspect_err(|error| println!("no system calls of {}: {error:#}", one.peer.name()))
        .ok()
}

fn run_once(one: &Running, header: Option<&str>, seconds: u32, place: &Place) -> Result<Run> {
    let pids = one.process.pids();
    let before = Cpu::of(&pids);
    let load = load::run(&load::command(&one.url, header, seconds), place.load_core)?;
    let cpu = Cpu::of(&pids) - before;
    Ok(Run { cpu, load })
}
