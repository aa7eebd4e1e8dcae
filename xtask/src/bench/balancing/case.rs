//! The cases: who plays which scenes, and how often.

use clap::ValueEnum;

use super::super::peer::{Peer, Spread};
use super::super::setup::Setup;
use super::contender::{APACHE_BUSY, BRAMBLE, BRAMBLE_IN_TURN, BY_LOAD, Contender, IN_TURN, LEAST};
use super::scene::Scene;

/// What a sweep tries.
pub(super) const MAXCONNS: [u32; 8] = [1, 2, 4, 6, 8, 16, 32, 64];

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Case {
    /// One of eight is 16 times slower, from the start.
    Slow,
    /// The same with two threads on the cores that the load has too.
    SlowTwoCores,
    /// All eight alike.
    Alike,
    /// One answers 503 in 1 ms, its check green.
    Fails,
    /// One takes a second for each request, for a while.
    TurnsSlow,
    /// Several times what the workers can.
    Overload,
    /// Ten times as many for 5 s, who try again.
    Spike,
    /// 800 users, all healthy or one stalling.
    Users,
    /// HAProxy with the `maxconn` that is best for it.
    Sweep,
}

/// A contender's part in a scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Turn {
    pub scene: Scene,
    pub contender: Contender,
    /// Once: nothing is held against it.
    pub is_once: bool,
}

impl Case {
    pub fn name(self) -> &'static str {
        match self {
            Self::Slow => "slow",
            Self::SlowTwoCores => "slow_two_cores",
            Self::Alike => "alike",
            Self::Fails => "fails",
            Self::TurnsSlow => "turns_slow",
            Self::Overload => "overload",
            Self::Spike => "spike",
            Self::Users => "users",
            Self::Sweep => "sweep",
        }
    }

    /// For the reader of the page.
    pub fn title(self) -> &'static str {
        match self {
            Self::Slow => "One of eight is 16 times slower, at 60 % of the remaining capacity",
            Self::SlowTwoCores => "The same on two cores that balancer, workers and load share",
            Self::Alike => "All eight alike",
            Self::Fails => "One answers 503 in 1 ms, its check green",
            Self::TurnsSlow => "One turns slow (1 s) for 4 s",
            Self::Overload => "Several times the capacity (800 requests/s)",
            Self::Spike => {
                "A spike: ten times as many (1,000/s) for 5 s, who try again up to 3 times"
            }
            Self::Users => "800 users who think up to 1 s; one worker stalls for 1 s in 10",
            Self::Sweep => "Beside HAProxy with the best `maxconn` of a sweep",
        }
    }

    pub fn setup(self) -> Setup {
        if self == Self::SlowTwoCores { Setup::TwoCores } else { Setup::Balancer }
    }

    /// In the order of a round. `BRAMBLE` stands for each bramble that is tried.
    pub fn turns(self) -> Vec<Turn> {
        let offered = [8, 10, 20, 50].map(Scene::Offered);
        match self {
            Self::Slow | Self::SlowTwoCores => [
                of(Scene::Alike, &[BRAMBLE]),
                of(Scene::Slow, &[BRAMBLE]),
                of(Scene::Slow, if self == Self::Slow { &IN_TURN } else { &[] }),
                of(Scene::Slow, if self == Self::Slow { &BY_LOAD } else { &LEAST }),
            ]
            .concat(),
            Self::Alike => [Scene::Alike, Scene::Saturated]
                .map(|scene| [of(scene, &[BRAMBLE, BRAMBLE_IN_TURN]), of(scene, &IN_TURN)].concat())
                .concat(),
            Self::Fails => [
                of(Scene::Fails, &[BRAMBLE]),
                once(Scene::Fails, &IN_TURN),
                once(Scene::Fails, &BY_LOAD),
            ]
            .concat(),
            Self::TurnsSlow => {
                [of(Scene::TurnsSlow, &[BRAMBLE]), once(Scene::TurnsSlow, &LEAST)].concat()
            }
            Self::Overload => [
                offered.map(|scene| of(scene, &[BRAMBLE])).concat(),
                of(Scene::Offered(100), &[BRAMBLE]),
                [8, 20].map(|tenths| once(Scene::Offered(tenths), &LEAST)).concat(),
            ]
            .concat(),
            Self::Spike => [of(Scene::Spike, &[BRAMBLE]), once(Scene::Spike, &LEAST)].concat(),
            Self::Users => [
                of(Scene::Users, &[BRAMBLE]),
                of(Scene::Users, &LEAST),
                of(Scene::Users, &[APACHE_BUSY]),
                of(Scene::UsersStalling, &[BRAMBLE]),
                of(Scene::UsersStalling, &LEAST),
            ]
            .concat(),
            Self::Sweep => of(Scene::Busy, &[BRAMBLE]),
        }
    }

    /// Before the turns: those of whom the best takes part in them.
    pub fn sweep(self) -> Vec<Turn> {
        let tuned = |most: u32| {
            let spread = Spread { method: Some("leastconn"), maxconn: Some(most) };
            once(Scene::Busy, &[Contender { peer: Peer::Haproxy, spread }])
        };
        if self == Self::Sweep { MAXCONNS.map(tuned).concat() } else { Vec::new() }
    }
}

fn of(scene: Scene, contenders: &[Contender]) -> Vec<Turn> {
    contenders
        .iter()
        .map(|contender| Turn { scene, contender: *contender, is_once: false })
        .collect()
}

fn once(scene: Scene, contenders: &[Contender]) -> Vec<Turn> {
    of(scene, contenders).into_iter().map(|turn| Turn { is_once: true, ..turn }).collect()
}
