//! Users who think 0 or 1 s before workers that take turns, each serving one request after the
//! other in a fixed time: the demo as a queueing model, in virtual time.

use super::{BalancerEvidence, Evidence, GeneratorEvidence, Offer, WorkerEvidence};
use crate::model::Think;
use crate::rng::Rng;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

pub(super) struct Cluster {
    pub(super) users: u32,
    pub(super) workers: usize,
    pub(super) rate_per_s: f64,
}

const THINK: Think = Think::Siege { max_s: 1 };

impl Cluster {
    pub(super) fn simulate(&self, seconds: f64) -> Evidence {
        let mut rng = Rng::new(9);
        let end_us = (seconds * 1e6) as u64;
        let service_us = (1e6 / self.rate_per_s) as u64;
        let first = |rng: &mut Rng| Reverse(THINK.first(rng).as_micros() as u64);
        let mut sends: BinaryHeap<_> = (0..self.users).map(|_| first(&mut rng)).collect();
        let mut free_us = vec![0; self.workers];
        let mut busy_us = vec![0; self.workers];
        let (mut answered, mut response_us) = (0u64, 0u64);
        for turn in 0.. {
            let Some(Reverse(sent_us)) = sends.pop() else { break };
            if sent_us >= end_us {
                break;
            }
            let worker = turn % self.workers;
            let answered_us = sent_us.max(free_us[worker]) + service_us;
            free_us[worker] = answered_us;
            if answered_us < end_us {
                busy_us[worker] += service_us;
                answered += 1;
                response_us += answered_us - sent_us;
            }
            sends.push(Reverse(answered_us + THINK.draw(&mut rng).as_micros() as u64));
        }
        self.evidence(seconds, answered, response_us, &busy_us)
    }

    fn evidence(&self, seconds: f64, answered: u64, response_us: u64, busy_us: &[u64]) -> Evidence {
        let worker = |(number, busy_us): (usize, &u64)| WorkerEvidence {
            name: number.to_string(),
            busy_share: *busy_us as f64 / 1e6 / seconds,
        };
        Evidence {
            offer: Offer::Closed { users: self.users, think_mean_s: THINK.mean_s() },
            achieved_per_s: answered as f64 / seconds,
            response_mean_s: response_us as f64 / 1e6 / answered as f64,
            failed_share: 0.0,
            generator: GeneratorEvidence::default(),
            balancer: Some(BalancerEvidence {
                cpu_ms: 10 * answered,
                window_s: seconds,
                cores: 64,
            }),
            workers: busy_us.iter().enumerate().map(worker).collect(),
            network: None,
        }
    }
}
