//! The scenes: what a run plays, and what is read from it.

use super::measure::Measure;
use super::outcome::{Outcome, Span};
use super::script::{Load, Mode, Pace, Script};

/// 3,200 requests a second by eight.
const USUAL: Pace = Pace { slots: 4, mean_ms: 10.0 };
/// 800 a second, so that ten times as many are no load for the generator.
const LEISURELY: Pace = Pace { slots: 4, mean_ms: 40.0 };
/// 400 a second: with those who try again, and what a balancer asks twice, the sockets of one process
/// suffice.
const SLEEPY: Pace = Pace { slots: 4, mean_ms: 80.0 };
const WORKERS: f64 = 8.0;
const SLOWER: f64 = 16.0;
const WARM_S: f64 = 1.0;
const TURN_S: f64 = 1.5;
/// By then it is known that it is no burst, for which all may wait a second.
const CROWDED_S: f64 = 3.0;
const HEAL_S: f64 = 5.5;
const SPIKE: Span = Span(2.0, 7.0);
/// More than the workers have places for, fewer than they can have in flight without waiting long.
const SATURATING: u32 = 48;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scene {
    /// All alike, at the rate of `Slow`.
    Alike,
    /// All alike, at 90 % of what they can.
    Busy,
    Fails,
    /// So many tenths of what the workers can.
    Offered(u32),
    Saturated,
    Slow,
    Spike,
    TurnsSlow,
    Users,
    UsersStalling,
}

impl Scene {
    pub fn name(self) -> String {
        match self {
            Self::Alike => "alike".to_owned(),
            Self::Busy => "alike, 90 % of capacity".to_owned(),
            Self::Fails => "one answers 503".to_owned(),
            Self::Offered(tenths) => format!("offered {} x capacity", f64::from(tenths) / 10.0),
            Self::Saturated => "alike, 48 in flight".to_owned(),
            Self::Slow => "one is 16 x slower".to_owned(),
            Self::Spike => "spike".to_owned(),
            Self::TurnsSlow => "one turns slow".to_owned(),
            Self::Users => "800 users".to_owned(),
            Self::UsersStalling => "800 users, one stalls".to_owned(),
        }
    }

    pub fn script(self) -> Script {
        let base = Script {
            pace: USUAL,
            load: Load::Open(vec![(WARM_S + 2.5, steady())]),
            changes: Vec::new(),
            patience_s: 2.0,
            retries: 0,
            from_s: WARM_S,
        };
        let open = |for_s, per_s| Load::Open(vec![(for_s, per_s)]);
        let users = |for_s| Load::Users { count: 800, think_s: 1.0, for_s };
        match self {
            Self::Alike => base,
            Self::Busy => Script { load: open(WARM_S + 2.5, 0.9 * capacity(USUAL)), ..base },
            Self::Fails => Script {
                load: open(WARM_S + 4.0, steady()),
                changes: vec![(WARM_S, Mode::Fails)],
                ..base
            },
            Self::Offered(tenths) => Script {
                pace: LEISURELY,
                load: open(CROWDED_S + 3.0, f64::from(tenths) / 10.0 * capacity(LEISURELY)),
                patience_s: 1.0,
                from_s: CROWDED_S,
                ..base
            },
            Self::Saturated => {
                let load = Load::Users { count: SATURATING, think_s: 0.0, for_s: WARM_S + 2.0 };
                Script { load, ..base }
            }
            Self::Slow => Script { changes: vec![(0.0, Mode::Slow(SLOWER))], ..base },
            Self::Spike => {
                Script { pace: SLEEPY, load: spike(), patience_s: 1.0, retries: 3, ..base }
            }
            Self::TurnsSlow => Script {
                load: open(HEAL_S + 10.5, steady()),
                changes: vec![(TURN_S, Mode::TakesMs(1000.0)), (HEAL_S, Mode::Works)],
                ..base
            },
            Self::Users => Script { load: users(WARM_S + 3.0), patience_s: 10.0, ..base },
            Self::UsersStalling => Script {
                load: users(WARM_S + 10.0),
                changes: vec![(WARM_S + 4.0, Mode::Stands), (WARM_S + 5.0, Mode::Works)],
                patience_s: 10.0,
                ..base
            },
        }
    }

    /// What the run says.
    pub fn figures(self, outcome: &Outcome) -> Vec<(Measure, f64)> {
        let script = self.script();
        let all = Span(script.from_s, script.load.end_s());
        let mut figures = vec![
            (Measure::P50, outcome.waited_ms(all, 0.5)),
            (Measure::P99, outcome.waited_ms(all, 0.99)),
            (Measure::Failed, 100.0 * outcome.failed(all)),
            (Measure::Late, outcome.late_ms()),
        ];
        figures.extend(self.own_figures(outcome, all));
        figures
    }

    fn own_figures(self, outcome: &Outcome, all: Span) -> Vec<(Measure, f64)> {
        match self {
            Self::Alike | Self::Slow => vec![(Measure::Share, 100.0 * outcome.share(all))],
            Self::Busy | Self::Saturated => vec![(Measure::Goodput, outcome.good_per_s(all))],
            Self::Fails => {
                let (first, after) = (Span(WARM_S, WARM_S + 1.0), Span(WARM_S + 1.0, all.1));
                vec![
                    (Measure::FailedFirst, 100.0 * outcome.failed(first)),
                    (Measure::ShareAfter, 100.0 * outcome.share(after)),
                ]
            }
            Self::Offered(_) => vec![
                (Measure::Goodput, outcome.good_per_s(all)),
                (Measure::Admitted, outcome.admitted_ms(all, 0.99)),
            ],
            Self::Spike => {
                let (before, after) = (Span(WARM_S, SPIKE.0), Span(SPIKE.1, all.1));
                vec![(Measure::Calm, outcome.calm_s(before, after))]
            }
            Self::TurnsSlow => vec![
                (Measure::Settled, outcome.settled_s(Span(TURN_S, HEAL_S), 0.05)),
                (Measure::P999, outcome.waited_ms(all, 0.999)),
                (Measure::Returned, outcome.returned_s(Span(HEAL_S, all.1), 0.5 / WORKERS)),
            ],
            Self::Users | Self::UsersStalling => vec![
                (Measure::P999, outcome.waited_ms(all, 0.999)),
                (Measure::Longest, outcome.waited_ms(all, 1.0)),
            ],
        }
    }
}

fn capacity(pace: Pace) -> f64 {
    WORKERS * pace.per_s()
}

/// 60 % of what is left when one of them is slower.
fn steady() -> f64 {
    0.6 * (WORKERS - 1.0 + 1.0 / SLOWER) * USUAL.per_s()
}

/// Ten times a quarter of what they can: with all that try again ten times what they can.
fn spike() -> Load {
    let usual = 0.25 * capacity(SLEEPY);
    Load::Open(vec![(SPIKE.0, usual), (SPIKE.1 - SPIKE.0, 10.0 * usual), (4.0, usual)])
}
