//! `bench balancing`: where balancers send requests, and what visitors notice of it when workers
//! are slow, fail or are too few.
//!
//! ```text
//!  visitors ──> balancer ──> 8 workers that are timers
//!  └── one thread, core 1 ──────────────────┘
//! ```
//! Contenders of a case take turns; a round is one run of each in each of its scenes, and the order
//! rotates. Each run starts the balancer anew. Ratios are taken within a round.

mod bars;
mod case;
mod contender;
mod measure;
mod outcome;
mod page;
mod rng;
mod scene;
mod script;
mod stage;
mod visitors;
mod worker;

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::ValueEnum;

use self::case::{Case, Turn};
use self::contender::{BRAMBLE, Contender, with};
use self::measure::{Measure, Taken};
use self::outcome::Outcome;
use self::page::Found;
use self::stage::Stage;
use super::origin::Place;
use super::peer::Peer;
use super::running::Running;
use super::{network, process};
use crate::needs;
use crate::step::{self, cargo, timed};

/// Pairs of a ratio.
const ROUNDS: usize = 5;
/// Beyond it the load was not what it is said to be.
const LATE_MS: f64 = 5.0;
/// Runs until a generator that is late makes its case void.
const TRIES: usize = 3;
/// Less goodput than the best `maxconn` has by this, and a lower p99 counts more.
const AS_GOOD: f64 = 0.98;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// What is measured; all, if none is given.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Case>,
    /// One round of bramble alone, and of the peers that are named.
    #[arg(long)]
    quick: bool,
    /// Who takes part beside bramble; all, if none is given.
    #[arg(long, value_enum, value_delimiter = ',')]
    peers: Vec<Peer>,
    /// Methods that bramble is tried with; its default, if none is given.
    #[arg(long, value_delimiter = ',')]
    methods: Vec<String>,
    /// Rounds of each case.
    #[arg(long, default_value_t = ROUNDS)]
    rounds: usize,
    /// Measures this binary instead of building one with the `dist` profile.
    #[arg(long)]
    bramble: Option<PathBuf>,
    /// Plays other chances.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// It runs in a network of its own.
    #[arg(long, hide = true)]
    enclosed: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    if !args.enclosed {
        prepare(args)?;
        if network::is_possible() {
            return network::run_within("--enclosed");
        }
    }
    process::raise_limit_of_files();
    let place = Place::make("balancing", args.binary()?)?;
    let mut found = Vec::new();
    for case in args.cases() {
        timed(case.name(), || {
            found.push(measure(case, args, &place));
            Ok(())
        })?;
    }
    std::fs::remove_dir_all(&place.folder)?;
    let page = page::render(&found, &place.bramble);
    println!("\n{page}");
    println!("rows: {}", page::write_rows(&found)?.display());
    println!("page: {}", super::page::write(&page, args.is_whole())?.display());
    Ok(())
}

impl Args {
    fn cases(&self) -> Vec<Case> {
        if self.only.is_empty() { Case::value_variants().to_vec() } else { self.only.clone() }
    }

    /// The brambles that the bars are for.
    fn ours(&self) -> Vec<Contender> {
        // A few words, for as long as the program runs.
        let method = |word: &String| with(Peer::Bramble, word.clone().leak());
        let tried: Vec<Contender> = self.methods.iter().map(method).collect();
        if tried.is_empty() { vec![BRAMBLE] } else { tried }
    }

    fn takes_part(&self, contender: Contender) -> bool {
        let all = self.peers.is_empty() && !self.quick;
        contender.is_ours() || all || self.peers.contains(&contender.peer)
    }

    fn rounds(&self) -> usize {
        if self.quick { 1 } else { self.rounds }
    }

    /// Those of the case who take part.
    fn turns(&self, turns: &[Turn]) -> Vec<Turn> {
        let mut taken = Vec::new();
        for turn in turns.iter().filter(|turn| self.takes_part(turn.contender)) {
            let is_default = turn.contender == BRAMBLE;
            let contenders = if is_default { self.ours() } else { vec![turn.contender] };
            taken.extend(contenders.into_iter().map(|contender| Turn { contender, ..*turn }));
        }
        taken.dedup_by_key(|turn| (turn.scene, turn.contender.name()));
        taken
    }

    /// The bramble that is measured.
    fn binary(&self) -> Result<PathBuf> {
        match &self.bramble {
            Some(path) => Ok(std::path::absolute(path)?),
            None => Ok(step::target().join("dist/bramble")),
        }
    }

    /// Enough for the page that stands in the repository.
    fn is_whole(&self) -> bool {
        let all = self.only.is_empty() && self.peers.is_empty() && self.methods.is_empty();
        all && !self.quick && self.rounds >= ROUNDS
    }
}

/// What is not to be measured, and has to have the machine's network.
fn prepare(args: &Args) -> Result<()> {
    timed("peers", || needs::install(&[needs::PROXIES, needs::NETWORK].concat()))?;
    if std::thread::available_parallelism()?.get() < 2 {
        bail!("the bench needs two cores: one for the balancer, one for the load");
    }
    if args.bramble.is_none() {
        timed("build", || step::run(&mut cargo("build --profile dist --package bramble")))?;
    }
    Ok(())
}

fn measure(case: Case, args: &Args, place: &Place) -> Found {
    let swept = interleave(case, &args.turns(&case.sweep()), args, place);
    let mut turns = args.turns(&case.turns());
    turns.extend(best(&swept));
    let mut taken = interleave(case, &turns, args, place);
    let judged = args.ours().into_iter().flat_map(|ours| bars::judge(case, ours, &taken)).collect();
    let is_kept = |one: &Taken| !turns.iter().any(|turn| turn.contender == one.contender);
    taken.extend(swept.into_iter().filter(is_kept));
    Found { case, taken, judged }
}

/// Of those that are as good as the best in goodput, the one with the lowest p99.
fn best(swept: &[Taken]) -> Option<Turn> {
    let of = |one: &Taken, measure| one.figure(measure).map(|figure| figure.median);
    let most = swept.iter().filter_map(|one| of(one, Measure::Goodput)).fold(0.0, f64::max);
    let good = swept
        .iter()
        .filter(|one| of(one, Measure::Goodput).is_some_and(|goodput| goodput >= AS_GOOD * most));
    let timed = good.filter_map(|one| Some((of(one, Measure::P99)?, one)));
    let best = timed.min_by(|(one, _), (other, _)| one.total_cmp(other));
    best.map(|(_, one)| Turn { scene: one.scene, contender: one.contender, is_once: false })
}

/// A round after the other, and in each all whose turn it is. One that fails has no figures, and the
/// others go on.
fn interleave(case: Case, turns: &[Turn], args: &Args, place: &Place) -> Vec<Taken> {
    let new = |turn: &Turn| Taken::new(turn.scene, turn.contender);
    let mut taken: Vec<Taken> = turns.iter().map(new).collect();
    let mut has_failed = vec![false; turns.len()];
    for round in 0..args.rounds() {
        for step in 0..turns.len() {
            let index = (round + step) % turns.len();
            let (Some(turn), Some(kept)) = (turns.get(index), taken.get_mut(index)) else {
                continue;
            };
            let Some(has_failed) = has_failed.get_mut(index) else { continue };
            if *has_failed || (turn.is_once && round > 0) {
                continue;
            }
            if let Err(error) = play(case, *turn, args.seed + round as u64, place, kept) {
                println!("no figures of {}: {error:#}", turn.contender.name());
                *kept = new(turn);
                *has_failed = true;
            }
        }
    }
    taken
}

/// Once, or until the generator was in time.
fn play(case: Case, turn: Turn, seed: u64, place: &Place, kept: &mut Taken) -> Result<()> {
    let mut outcome = once(case, turn, seed, place)?;
    for _ in 1..TRIES {
        if outcome.late_ms() <= LATE_MS {
            break;
        }
        println!("once more: the generator was {:.1} ms late", outcome.late_ms());
        outcome = once(case, turn, seed, place)?;
    }
    kept.is_void |= outcome.late_ms() > LATE_MS;
    kept.add(turn.scene.figures(&outcome));
    Ok(())
}

fn once(case: Case, turn: Turn, seed: u64, place: &Place) -> Result<Outcome> {
    let Turn { scene, contender, .. } = turn;
    let stage = Stage::open(scene.script(), seed)?;
    let (peer, spread) = (contender.peer, contender.spread);
    let one = Running::start_spreading(peer, spread, case.setup(), place, stage.port)?;
    stage.play(one.address)
}
