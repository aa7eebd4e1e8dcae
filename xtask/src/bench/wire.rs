//! `bench wire`: what a request costs the balancer, ours and the peers', in one interleaved run.
//!
//! Peers of a case stay up, and take turns; a round is one run of each, and the order rotates, so
//! that a drift of the machine hits all alike. Ratios are taken within a round. For memory each
//! peer starts anew in its turn.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use super::case::Case;
use super::count::Counter;
use super::figure::REPEATS;
use super::load;
use super::measure::{Measure, Measured, Sample};
use super::network;
use super::origin::{DOWNLOAD_BYTES, Origin, Place};
use super::page;
use super::peer::Peer;
use super::process;
use super::report;
use super::running::Running;
use super::setup::LOAD_CORE;
use super::syscalls;
use super::{memory, relay, users};
use crate::needs;
use crate::step::{self, cargo, timed};

const WARM_UP_S: u32 = 1;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Rounds of each case; peers and cases that no ratio depends on have 3 at most.
    #[arg(long, default_value_t = REPEATS)]
    repeats: usize,
    /// Length of a run.
    #[arg(long, default_value_t = 3)]
    seconds: u32,
    /// What is measured; all, if none is given.
    #[arg(long, value_enum, value_delimiter = ',')]
    cases: Vec<Case>,
    /// Who takes part; all, if none is given.
    #[arg(long, value_enum, value_delimiter = ',')]
    peers: Vec<Peer>,
    /// Measures this binary instead of building one with the `dist` profile.
    #[arg(long)]
    bramble: Option<PathBuf>,
    /// It runs in a network of its own.
    #[arg(long, hide = true)]
    enclosed: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    if !args.enclosed {
        prepare(args)?;
        if network::is_possible() {
            let _allowed = args.allow()?;
            return network::run_within("--enclosed");
        }
    }
    process::raise_limit_of_files();
    let place = Place::make("wire", args.binary()?)?;
    let conditions = page::conditions(&args.peers(), &place.bramble);
    let mut measured = Vec::new();
    for case in args.cases() {
        timed(case.name(), || {
            measured.extend(measure(case, args, &place)?);
            Ok(())
        })?;
    }
    std::fs::remove_dir_all(&place.folder)?;
    let page = page::render(&conditions, &measured);
    println!("\n{page}");
    println!("rows: {}", report::write("wire", &measured)?.display());
    println!("page: {}", page::write(&page, args.is_whole())?.display());
    Ok(())
}

impl Args {
    fn cases(&self) -> Vec<Case> {
        let all = Case::value_variants();
        if self.cases.is_empty() { all.to_vec() } else { self.cases.clone() }
    }

    fn peers(&self) -> Vec<Peer> {
        let all = Peer::value_variants().iter().filter(|peer| peer.plain() == **peer);
        if self.peers.is_empty() { all.copied().collect() } else { self.peers.clone() }
    }

    fn of<'a>(&self, peers: &'a [Peer]) -> impl Iterator<Item = Peer> + 'a {
        let taken = self.peers();
        peers.iter().copied().filter(move |peer| taken.contains(&peer.plain()))
    }

    /// The bramble that is measured.
    fn binary(&self) -> Result<PathBuf> {
        match &self.bramble {
            Some(path) => Ok(std::path::absolute(path)?),
            None => Ok(step::target().join("dist/bramble")),
        }
    }

    /// What the cases set in their network.
    fn allow(&self) -> Result<Vec<network::Allowed>> {
        let words = self.cases().into_iter().filter_map(Case::congestion_control);
        words.map(network::Allowed::congestion_control).collect()
    }

    /// Enough for the page that stands in the repository.
    fn is_whole(&self) -> bool {
        self.cases.is_empty() && self.peers.is_empty() && self.repeats >= REPEATS
    }
}

/// What is not to be measured, and has to have the machine's network.
fn prepare(args: &Args) -> Result<()> {
    timed("peers", || needs::install(&[needs::PROXIES, needs::BENCH].concat()))?;
    if std::thread::available_parallelism()?.get() < 2 {
        bail!("the bench needs two cores: one for the balancer, one for the load");
    }
    if args.bramble.is_none() && args.peers().contains(&Peer::Bramble) {
        timed("build", || step::run(&mut cargo("build --profile dist --package bramble")))?;
    }
    Ok(())
}

fn measure(case: Case, args: &Args, place: &Place) -> Result<Vec<Measured>> {
    if case.congestion_control().is_some() && !args.enclosed {
        println!("left out: only root has a network with other settings");
        return Ok(Vec::new());
    }
    let _set = case.congestion_control().map(network::Set::congestion_control).transpose()?;
    let origin = Origin::start(place, case.setup())?;
    let peers: Vec<Peer> = args.of(case.peers()).collect();
    let start = |peer: &Peer| Running::start(*peer, case.setup(), place, origin.port);
    let mut measured = match case {
        Case::Memory => interleave(case, &peers, args.repeats, |index| {
            memory::measure(&start(peers.get(index).context("no such peer")?)?, case.shape())
        }),
        Case::Users => interleave(case, &peers, args.repeats, |index| {
            let one = start(peers.get(index).context("no such peer")?)?;
            users::measure(&one, case.shape(), case.setup().load_cores(), &place.folder)
        }),
        Case::Relay | Case::RelayFile => {
            let running = peers.iter().map(start).collect::<Result<Vec<Running>>>()?;
            interleave(case, &peers, args.repeats, |index| {
                let one = running.get(index).context("no such peer")?;
                relay::measure(one.address, case.shape(), DOWNLOAD_BYTES, LOAD_CORE)
            })
        }
        _ => {
            let running = peers.iter().map(start).collect::<Result<Vec<Running>>>()?;
            under_load(case, &peers, &running, args, place)?
        }
    };
    count_instructions(case, args, place, &origin, &mut measured);
    Ok(measured)
}

/// A round after the other, and in each all peers that take part in it. One that fails has no
/// figures, and the others go on.
fn interleave(
    case: Case,
    peers: &[Peer],
    repeats: usize,
    once: impl Fn(usize) -> Result<Sample>,
) -> Vec<Measured> {
    let mut measured: Vec<Measured> = peers.iter().map(|peer| Measured::new(case, *peer)).collect();
    let mut failed = BTreeSet::new();
    for round in 0..repeats {
        for turn in 0..peers.len() {
            let index = (round + turn) % peers.len();
            let Some(kept) = measured.get_mut(index) else { continue };
            if round >= case.rounds(kept.peer, repeats) || failed.contains(&index) {
                continue;
            }
            match once(index) {
                Ok(sample) => kept.add(sample),
                Err(error) => {
                    println!("no figures of {}: {error:#}", kept.peer.name());
                    *kept = Measured::new(case, kept.peer);
                    failed.insert(index);
                }
            }
        }
    }
    measured
}

fn under_load(
    case: Case,
    peers: &[Peer],
    running: &[Running],
    args: &Args,
    place: &Place,
) -> Result<Vec<Measured>> {
    let mut measured = interleave(case, peers, args.repeats, |index| {
        let one = running.get(index).context("no such peer")?;
        load(case, one, WARM_UP_S)?;
        load(case, one, args.seconds)
    });
    for (one, kept) in running.iter().zip(&mut measured) {
        kept.add(system_calls(case, one, place));
    }
    Ok(measured)
}

fn load(case: Case, one: &Running, seconds: u32) -> Result<Sample> {
    let command = load::command(one.address, case.shape(), seconds);
    let before = one.process.cpu();
    let load = load::run(&command, case.setup().load_cores())?;
    let cpu = one.process.cpu() - before;
    Ok(vec![
        (Measure::Cpu, cpu.us() / load.requests),
        (Measure::User, cpu.user_us() / load.requests),
        (Measure::PerCpuS, load.requests * 1e6 / cpu.us()),
        (Measure::Rate, load.per_s),
        (Measure::P50, load.p50_ms),
        (Measure::P99, load.p99_ms),
        (Measure::Errors, load.errors),
    ])
}

/// In a run of its own, since counting slows; none where perf may not count.
fn system_calls(case: Case, one: &Running, place: &Place) -> Sample {
    let command = load::command(one.address, case.shape(), 1);
    let cores = case.setup().load_cores();
    let counted = syscalls::during(&one.process.pids(), &command, cores, &place.folder);
    let a_request = counted.and_then(|(calls, said)| Ok(calls / load::parse(&said)?.requests));
    sample(Measure::SystemCalls, one.peer, a_request)
}

fn count_instructions(
    case: Case,
    args: &Args,
    place: &Place,
    origin: &Origin,
    measured: &mut Vec<Measured>,
) {
    for peer in args.of(case.counted()) {
        let counted = Counter::Callgrind.per_request(case, peer, place, origin);
        let counted = sample(Measure::Instructions, peer, counted);
        match measured.iter_mut().find(|one| one.peer == peer) {
            Some(kept) => kept.add(counted),
            None => {
                let mut new = Measured::new(case, peer);
                new.add(counted);
                measured.push(new);
            }
        }
    }
}

fn sample(measure: Measure, peer: Peer, value: Result<f64>) -> Sample {
    let named = |error: &anyhow::Error| {
        println!("no {} of {}: {error:#}", measure.name(), peer.name());
    };
    value.inspect_err(named).map_or_else(|_| Vec::new(), |value| vec![(measure, value)])
}
