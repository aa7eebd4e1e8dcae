//! The same key leads to the same backend, as long as that can be used and has not much more to do
//! than the others.
//!
//! Maglev's table (Eisenbud and others, Maglev: A Fast and Reliable Software Network Load Balancer,
//! NSDI 2016, section 3.4): each backend fills places by a permutation of its own, in turns by
//! weight. When one comes or goes few other keys move. Load is bounded as in Mirrokni and others,
//! Consistent Hashing with Bounded Loads, 2018: nobody has over 1.25 times the mean.

use super::Candidate;
use super::rng::mix;

/// Places of a table: a prime, over a hundred for each of as many backends as most pools have.
const PLACES: usize = 16_381;
/// So many times the mean load is allowed.
const BOUND: f64 = 1.25;
/// And so many requests are, whatever the mean: a browser asks for several things at once.
const ALWAYS: u32 = 8;

#[derive(Clone, Default)]
pub(crate) struct Hash {
    /// Index of the backend of each place.
    table: Vec<u16>,
    /// What it was made of: names' hashes and weights.
    made_of: Vec<(u64, u32)>,
}

impl Hash {
    pub(super) fn pick(&mut self, key: u64, candidates: &[Candidate]) -> Option<usize> {
        let same = |(made, candidate): (&(u64, u32), &Candidate)| *made == seat(candidate);
        let is_made =
            self.made_of.len() == candidates.len() && self.made_of.iter().zip(candidates).all(same);
        if !is_made {
            self.make(candidates);
        }
        let places = self.table.len().max(1);
        let start = (mix(key) % places as u64) as usize;
        if !candidates.iter().any(|candidate| candidate.usable) {
            return None;
        }
        let mean = mean(candidates);
        let fits = |i: &usize| candidates.get(*i).is_some_and(|c| c.usable && has_room(c, mean));
        let from_start = (0..places).filter_map(|n| self.table.get((start + n) % places));
        from_start.map(|i| usize::from(*i)).find(fits)
    }

    fn make(&mut self, candidates: &[Candidate]) {
        self.made_of = candidates.iter().map(seat).collect();
        self.table = table(&self.made_of);
    }
}

/// The key that some bytes are (FNV-1a), the same in each process.
pub(crate) fn key_of(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

fn seat(candidate: &Candidate) -> (u64, u32) {
    (candidate.id, candidate.weight)
}

/// What each would have to do, were this request shared by all.
fn mean(candidates: &[Candidate]) -> f64 {
    let usable = || candidates.iter().filter(|candidate| candidate.usable);
    let requests: f64 = usable().map(Candidate::requests).sum();
    let shares: f64 = usable().map(|candidate| 1.0 / candidate.unit).sum();
    (requests + 1.0) / shares.max(f64::MIN_POSITIVE)
}

/// Whether one more is not too much for it.
fn has_room(candidate: &Candidate, mean: f64) -> bool {
    candidate.waiting < ALWAYS
        || candidate.requests() + 1.0 <= (mean / candidate.unit * BOUND).ceil()
}

fn table(seats: &[(u64, u32)]) -> Vec<u16> {
    const FREE: u16 = u16::MAX;
    let mut table = vec![FREE; if seats.is_empty() { 0 } else { PLACES }];
    let heaviest = seats.iter().map(|(_, weight)| *weight).max().unwrap_or(1).max(1);
    let mut next = vec![0_u64; seats.len()];
    // Everybody has a place after the first pass.
    let mut credit: Vec<u32> =
        seats.iter().map(|(_, weight)| heaviest - (*weight).max(1)).collect();
    let mut left = table.len();
    while left > 0 {
        for (i, (id, weight)) in seats.iter().enumerate() {
            let (Some(next), Some(credit)) = (next.get_mut(i), credit.get_mut(i)) else { break };
            *credit += (*weight).max(1);
            if *credit < heaviest || left == 0 {
                continue;
            }
            *credit -= heaviest;
            let offset = mix(*id) % PLACES as u64;
            let skip = mix(!*id) % (PLACES as u64 - 1) + 1;
            // A prime number of places: each step leads to another until all were seen.
            while let Some(place) =
                table.get_mut(((offset + *next * skip) % PLACES as u64) as usize)
            {
                *next += 1;
                if *place == FREE {
                    *place = u16::try_from(i).unwrap_or(FREE - 1);
                    left -= 1;
                    break;
                }
            }
        }
    }
    table
}
