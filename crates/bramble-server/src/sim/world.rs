//! The loop of events: visitors come, balancers pick, backends answer.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bramble_config::plan::{AdminState, Method};

use super::backend::{Backend, Fault, Taken};
use super::report::{Report, Seen, Sent};
use super::rng::Rng;
use crate::balance::{
    Asked, Balancer, Heard, InFlight, Judged, Member, Members, Pick, Picked, Rank, Rules, Standing,
    Weight,
};
use crate::health::{Health, Verdict};
use crate::queue::{Queue, Turn};
use crate::retry::Budget;

/// How long a 503 takes.
const SICK_S: f64 = 0.001;
/// Backends that may work on one request; those that are not reached don't count, up to a point.
const TRIES: usize = 2;
const TRIED_MAX: usize = 8;
/// Before a visitor who got no answer tries again.
const BEFORE_AGAIN_S: f64 = 0.2;
/// Who waits for room looks about at least so often.
const LOOK_S: f64 = 0.02;

/// What is simulated.
#[derive(Clone, Debug)]
pub(super) struct Scenario {
    pub(super) method: Method,
    pub(super) backends: Vec<Backend>,
    pub(super) weights: Vec<u32>,
    pub(super) balancers: usize,
    /// Backends say with each answer what they have to do.
    pub(super) reports: bool,
    /// Requests a second, over all balancers.
    pub(super) rate: f64,
    pub(super) lasts_s: f64,
    /// From then to then so many times as many come.
    pub(super) spike: Option<(f64, f64, f64)>,
    /// A visitor gives up after so long.
    pub(super) patience_s: f64,
    /// How often one who got no answer tries again.
    pub(super) again: u32,
    pub(super) seed: u64,
}

#[derive(Clone, Copy, Debug)]
enum Event {
    Again(u32),
    Arrival,
    Done(usize),
    GivesUp(usize),
    Sick(usize),
    Hedge(usize),
    /// Whoever waits for room looks how that stands.
    Look(usize),
}

struct Request {
    at: f64,
    balancer: usize,
    tried: Vec<usize>,
    unreached: usize,
    settled: bool,
    /// Attempts under way.
    open: Vec<usize>,
    /// Waits for room.
    ticket: Option<u64>,
    /// So often it can be made again.
    again: u32,
}

struct Attempt {
    request: usize,
    backend: usize,
    sent: f64,
    guard: Option<InFlight>,
}

struct Lane {
    members: Members,
    budget: Budget,
    queue: Queue<usize>,
    standings: Vec<(Rc<Standing>, Arc<Health>)>,
}

struct World {
    scenario: Scenario,
    begin: Instant,
    rng: Rng,
    events: BinaryHeap<Reverse<(u64, u64, usize)>>,
    kinds: Vec<Event>,
    lanes: Vec<Lane>,
    requests: Vec<Request>,
    attempts: Vec<Attempt>,
    report: Report,
}

/// Plays it to its end.
pub(super) fn play(scenario: &Scenario) -> Report {
    let mut world = World::new(scenario.clone());
    world.schedule(0.0, Event::Arrival);
    while let Some(Reverse((ns, _, kind))) = world.events.pop() {
        let (now, event) = (ns as f64 / 1e9, world.kinds[kind]);
        world.happen(event, now);
    }
    world.report
}

impl Lane {
    fn new(scenario: &Scenario, begin: Instant) -> Self {
        let standings: Vec<_> = scenario
            .backends
            .iter()
            .map(|_| (Rc::new(Standing::new(begin)), Arc::new(Health::new(Verdict::Up))))
            .collect();
        let member = |(i, (standing, health)): (usize, &(Rc<Standing>, Arc<Health>))| Member {
            id: i as u64,
            weight: scenario.weights.get(i).copied().unwrap_or(100),
            admin: AdminState::Enabled,
            rank: Rank::default(),
            health: health.clone(),
            standing: standing.clone(),
        };
        let list = standings.iter().enumerate().map(member).collect();
        let rules = Rules {
            retry: Duration::from_secs(60),
            hedge: Duration::from_millis(500),
            slow_start: Duration::from_secs(4),
            force_recovery: true,
        };
        let members =
            Members::new(list, rules, Balancer::new(scenario.method, scenario.seed), begin);
        Self { members, budget: Budget::new(begin), queue: Queue::default(), standings }
    }

    fn judged(&self, backend: usize) -> Judged<'_> {
        let (standing, health) = &self.standings[backend];
        Judged { standing, passes: health.passes(), retry_ms: None }
    }
}

impl World {
    fn new(scenario: Scenario) -> Self {
        let begin = Instant::now();
        let lanes = (0..scenario.balancers).map(|_| Lane::new(&scenario, begin)).collect();
        Self {
            rng: Rng::new(scenario.seed),
            begin,
            events: BinaryHeap::new(),
            kinds: Vec::new(),
            lanes,
            requests: Vec::new(),
            attempts: Vec::new(),
            report: Report::default(),
            scenario,
        }
    }

    fn schedule(&mut self, at: f64, event: Event) {
        let kind = self.kinds.len();
        self.kinds.push(event);
        self.events.push(Reverse(((at * 1e9) as u64, kind as u64, kind)));
    }

    fn instant(&self, at: f64) -> Instant {
        self.begin + Duration::from_secs_f64(at)
    }

    fn happen(&mut self, event: Event, now: f64) {
        match event {
            Event::Again(again) => self.ask(again, now),
            Event::Arrival => self.arrive(now),
            Event::Done(attempt) => self.done(attempt, now),
            Event::GivesUp(request) => self.settle(request, false, now),
            Event::Sick(attempt) => self.sick(attempt, now),
            Event::Hedge(request) => self.hedge(request, now),
            Event::Look(request) => self.look(request, now),
        }
    }

    fn arrive(&mut self, now: f64) {
        let Scenario { rate, spike, lasts_s, again, .. } = self.scenario;
        let times = match spike {
            Some((from, to, times)) if (from..to).contains(&now) => times,
            _ => 1.0,
        };
        let gap = self.rng.exponential() / (rate * times);
        if now + gap < lasts_s {
            self.schedule(now + gap, Event::Arrival);
        }
        self.ask(again, now);
    }

    fn ask(&mut self, again: u32, now: f64) {
        let balancer = self.rng.below(self.scenario.balancers);
        let at = self.instant(now);
        self.lanes[balancer].budget.earn(at);
        let tried = Vec::new();
        self.requests.push(Request {
            at: now,
            balancer,
            tried,
            unreached: 0,
            settled: false,
            open: Vec::new(),
            ticket: None,
            again,
        });
        let request = self.requests.len() - 1;
        self.schedule(now + self.scenario.patience_s, Event::GivesUp(request));
        if self.lanes[balancer].queue.is_empty() {
            self.attempt(request, now);
        } else {
            self.line_up(request, now);
        }
    }

    /// Waits for room.
    fn line_up(&mut self, request: usize, now: f64) {
        let at = self.instant(now);
        let lane = &mut self.lanes[self.requests[request].balancer];
        let usual = lane.members.usual();
        let over: Vec<usize> = lane.queue.expired(usual, at).copied().collect();
        let ticket = lane.queue.join(request as u64, request, at);
        self.requests[request].ticket = Some(ticket);
        self.schedule(now + LOOK_S, Event::Look(request));
        for one in over {
            self.look(one, now);
        }
    }

    fn look(&mut self, request: usize, now: f64) {
        let at = self.instant(now);
        let Some(ticket) = self.requests[request].ticket else { return };
        let lane = &mut self.lanes[self.requests[request].balancer];
        let usual = lane.members.usual();
        match lane.queue.turn(ticket, usual, at) {
            Turn::Come => {
                lane.queue.uncall(ticket);
                self.attempt(request, now);
            }
            Turn::Never => {
                lane.queue.forget(ticket);
                self.requests[request].ticket = None;
                self.settle(request, false, now);
            }
            Turn::Wait(left) => {
                self.attempt(request, now);
                let left = left.as_secs_f64().clamp(0.001, LOOK_S);
                if self.requests[request].ticket.is_some() {
                    self.schedule(now + left, Event::Look(request));
                }
            }
        }
    }

    /// There may be room.
    fn call(&mut self, balancer: usize, now: f64) {
        let at = self.instant(now);
        let lane = &mut self.lanes[balancer];
        let usual = lane.members.usual();
        let over: Vec<usize> = lane.queue.expired(usual, at).copied().collect();
        let next = lane.queue.call(usual, at).copied();
        for one in over.into_iter().chain(next) {
            self.look(one, now);
        }
    }

    /// Asks the next backend.
    fn attempt(&mut self, request: usize, now: f64) {
        let at = self.instant(now);
        let Request { balancer, tried, unreached, .. } = &self.requests[request];
        let is_left = tried.len() - unreached < TRIES && tried.len() < TRIED_MAX;
        let lane = &self.lanes[*balancer];
        let asked = Asked { home: None, key: request as u64, repeatable: true };
        let pick = if is_left { lane.members.pick(asked, tried, at) } else { Pick::Nobody };
        let backend = match pick {
            Pick::Backend(Picked { place, .. }) => place,
            Pick::Full if self.requests[request].open.is_empty() => {
                if self.requests[request].ticket.is_none() {
                    self.line_up(request, now);
                }
                return;
            }
            Pick::Full | Pick::Nobody => return self.settle_if_over(request, now),
        };
        let balancer = *balancer;
        let guard = lane.standings[backend].0.begin(true);
        guard.is_sent();
        let patience = lane.members.patience().as_secs_f64();
        let attempt = self.attempts.len();
        self.attempts.push(Attempt { request, backend, sent: now, guard: Some(guard) });
        self.requests[request].tried.push(backend);
        self.requests[request].open.push(attempt);
        self.report.sent.push(Sent { at: now, backend });
        match self.scenario.backends[backend].take(attempt, now, &mut self.rng) {
            Taken::Until(then) => self.schedule(then, Event::Done(attempt)),
            Taken::Queued => {}
            Taken::Refused => return self.refused(attempt, now),
            Taken::Sick => self.schedule(now + SICK_S, Event::Sick(attempt)),
        }
        if self.requests[request].tried.len() < TRIES {
            self.schedule(now + patience, Event::Hedge(request));
        }
        if let Some(ticket) = self.requests[request].ticket.take() {
            let lane = &mut self.lanes[balancer];
            let usual = lane.members.usual();
            lane.queue.served(ticket, usual, at);
            self.call(balancer, now);
        }
    }

    /// A backend is through with one, and begins with another, whether or not anybody waits.
    fn done(&mut self, attempt: usize, now: f64) {
        let backend = self.attempts[attempt].backend;
        if let Some(spell) = self.scenario.backends[backend].spell(now)
            && spell.fault == Fault::Stall
        {
            return self.schedule(spell.to + 0.001, Event::Done(attempt));
        }
        if let Some((next, then)) = self.scenario.backends[backend].finish(now, &mut self.rng) {
            self.schedule(then, Event::Done(next));
        }
        let after = Duration::from_secs_f64(now - self.attempts[attempt].sent);
        let Some(request) = self.close(attempt, Some(after), now) else { return };
        let alone = self.requests[request].tried.len() >= TRIES;
        let heard = Heard { began_after: Some(after), alone, sound: true };
        let lane = &self.lanes[self.requests[request].balancer];
        if self.scenario.reports {
            let standing = &lane.standings[backend].0;
            let report = self.scenario.backends[backend].report();
            standing.reported(report, standing.in_flight(), self.instant(now));
        }
        lane.members.answered(lane.judged(backend), heard, self.instant(now));
        let balancer = self.requests[request].balancer;
        self.settle(request, true, now);
        self.call(balancer, now);
    }

    fn sick(&mut self, attempt: usize, now: f64) {
        let backend = self.attempts[attempt].backend;
        let Some(request) = self.close(attempt, None, now) else { return };
        self.fail(request, backend, Weight::Doubt, now);
        let lane = &mut self.lanes[self.requests[request].balancer];
        if lane.budget.spend() {
            return self.attempt(request, now);
        }
        self.settle_if_over(request, now);
    }

    fn refused(&mut self, attempt: usize, now: f64) {
        let backend = self.attempts[attempt].backend;
        let Some(request) = self.close(attempt, None, now) else { return };
        self.fail(request, backend, Weight::Down, now);
        self.requests[request].unreached += 1;
        self.attempt(request, now);
    }

    fn hedge(&mut self, request: usize, now: f64) {
        let wants = !self.requests[request].settled && !self.requests[request].open.is_empty();
        if wants && self.lanes[self.requests[request].balancer].budget.spend() {
            self.attempt(request, now);
        }
    }

    fn fail(&self, request: usize, backend: usize, weight: Weight, now: f64) {
        let lane = &self.lanes[self.requests[request].balancer];
        lane.members.failed(lane.judged(backend), weight, "simulated", self.instant(now));
    }

    /// An attempt has ended; its request, if that still waits for it.
    fn close(&mut self, attempt: usize, after: Option<Duration>, now: f64) -> Option<usize> {
        let guard = self.attempts[attempt].guard.take()?;
        guard.begun(after, self.instant(now));
        let request = self.attempts[attempt].request;
        self.requests[request].open.retain(|open| *open != attempt);
        Some(request)
    }

    fn settle_if_over(&mut self, request: usize, now: f64) {
        if self.requests[request].open.is_empty() {
            self.settle(request, false, now);
        }
    }

    fn settle(&mut self, request: usize, ok: bool, now: f64) {
        let settled = &mut self.requests[request];
        if std::mem::replace(&mut settled.settled, true) {
            return;
        }
        let (at, again) = (settled.at, settled.again);
        let losers = std::mem::take(&mut settled.open);
        for loser in losers {
            self.attempts[loser].guard = None;
            if ok {
                self.fail(request, self.attempts[loser].backend, Weight::Doubt, now);
            }
        }
        if !ok && again > 0 {
            self.schedule(now + BEFORE_AGAIN_S, Event::Again(again - 1));
        }
        self.report.seen.push(Seen { at, took: now - at, ok });
    }
}
