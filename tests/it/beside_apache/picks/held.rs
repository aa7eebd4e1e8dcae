//! By busyness: some requests are held by their backends while others come and go.

use std::sync::{Arc, Condvar, Mutex};

use bramble_tests::{Caller, PATIENCE, get, post};

use super::{Lane, Picks, REQUESTS, pick, say};

/// At most so many at a time.
const HELD: usize = 6;

/// What is held where, and what may go on.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<State>, Condvar)>);

#[derive(Default)]
struct State {
    /// Targets, each with the backend that has it.
    held: Vec<(String, char)>,
    released: Vec<String>,
}

/// A request to both that is held.
struct Held {
    number: usize,
    lanes: [Lane; 2],
}

impl Gate {
    /// A backend's side.
    fn pass(&self, name: char, target: &str) {
        let (state, changed) = &*self.0;
        let mut state = state.lock().unwrap();
        state.held.push((target.to_owned(), name));
        changed.notify_all();
        let is_held = |state: &mut State| !state.released.iter().any(|one| one == target);
        drop(changed.wait_timeout_while(state, PATIENCE, is_held).unwrap());
    }

    /// Who has it, as soon as somebody does.
    fn holder(&self, target: &str) -> char {
        let (state, changed) = &*self.0;
        let find =
            |state: &State| state.held.iter().find(|(one, _)| one == target).map(|(_, b)| *b);
        let is_away = |state: &mut State| find(state).is_none();
        let (state, _) =
            changed.wait_timeout_while(state.lock().unwrap(), PATIENCE, is_away).unwrap();
        find(&state).expect("a backend gets it")
    }

    fn release(&self, target: String) {
        let (state, changed) = &*self.0;
        state.lock().unwrap().released.push(target);
        changed.notify_all();
    }
}

impl Held {
    /// A POST, since bramble asks somebody else as well where a GET has to wait.
    fn begin(picks: &mut Picks, gate: &Gate, number: usize) -> Self {
        let mut lanes = picks.lanes.each_ref().map(|lane| Lane { at: lane.at, client: None });
        for (side, lane) in lanes.iter_mut().enumerate() {
            let target = target(side, number);
            lane.send(&post(&target, "x"));
            picks.seen[side].push(format!("+{}", gate.holder(&target)));
        }
        Self { number, lanes }
    }

    /// Both know that it is over when they have answered the connection's next request.
    fn end(mut self, picks: &mut Picks, gate: &Gate) {
        for (side, lane) in self.lanes.iter_mut().enumerate() {
            gate.release(target(side, self.number));
            picks.seen[side].push(format!("-{}", pick(&lane.answer())));
            lane.ask(&get("/sync")).expect(404);
        }
    }
}

fn target(side: usize, number: usize) -> String {
    format!("/held/{side}/{number}")
}

#[track_caller]
fn check(members: &[&str], begin: &str) {
    let gate = Gate::default();
    let passed = gate.clone();
    let mut picks =
        Picks::with("lbmethod=bybusyness", members, move |name, caller: &mut Caller| {
            if caller.target().starts_with("/held/") {
                passed.pass(name, caller.target());
            }
            say(name, caller, 200, "x");
        });
    let mut held: Vec<Held> = Vec::new();
    for number in 0..REQUESTS {
        // Now and then one more, or the one that is held longest but so many.
        match number * 7 % 24 {
            0 | 9 if held.len() < HELD => held.push(Held::begin(&mut picks, &gate, number)),
            3 | 14 if !held.is_empty() => {
                held.remove(number * 5 % held.len()).end(&mut picks, &gate);
            }
            _ => picks.send(&get("/")),
        }
    }
    held.into_iter().for_each(|one| one.end(&mut picks, &gate));
    picks.agree(begin);
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn three_alike() {
    check(&["", "", ""], "+a");
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn weights_part_equals() {
    check(&["loadfactor=3", "", "loadfactor=1.5"], "+a");
}
