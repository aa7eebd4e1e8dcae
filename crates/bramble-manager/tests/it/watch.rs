//! Watching over HTTP: no revision is missed or repeated, whoever is restarted.

use std::time::Duration;

use bramble_cluster::api::{Revision, Role};
use serde_json::Value;

use crate::cluster::{Cluster, refused};
use crate::node::Node;

const RESTARTS: u32 = 1_000;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

#[tokio::test]
async fn no_revision_is_missed_over_restarts_of_either_side() {
    let mut cluster = Cluster::without_balancer().await;
    let _a = Node::join(&cluster, Role::Worker, "a").await;
    let mut random = Random(11);
    let mut written = cluster.status().await.revision;
    let (mut seen, mut draining) = (0, false);
    for _ in 0..RESTARTS {
        // A watcher that was started anew, for one in two times also at a new manager.
        if random.below(2) == 0 {
            cluster.restart().await;
        }
        let operator = cluster.operator();
        let mut lines = operator.get_lines(&format!("/v1/watch?after={seen}")).await.unwrap();
        for _ in 0..random.below(3) {
            draining = !draining;
            let verb = if draining { "drain" } else { "enable" };
            cluster.post(&format!("/v1/nodes/a/{verb}")).await.unwrap();
            written += 1;
        }
        for _ in 0..random.below(4) {
            if seen < written {
                let next = tokio::time::timeout(Duration::from_secs(5), lines.next::<Revision>());
                let next = next.await.unwrap().unwrap().unwrap();
                seen += 1;
                assert_eq!(next.revision, seen);
            }
        }
    }
    let operator = cluster.operator();
    let mut lines = operator.get_lines(&format!("/v1/watch?after={seen}")).await.unwrap();
    while seen < written {
        seen += 1;
        assert_eq!(lines.next::<Revision>().await.unwrap().unwrap().revision, seen);
    }
    assert_eq!(cluster.status().await.revision, seen);
    assert!(written > u64::from(RESTARTS) / 2);
}

#[tokio::test]
async fn a_watcher_from_another_time_is_told() {
    let cluster = Cluster::start().await;
    let (status, words) =
        refused(cluster.operator().get_json::<Value>("/v1/watch?after=999").await);
    assert_eq!(status, 410);
    assert!(words.contains("read everything anew"), "{words}");
}

#[tokio::test]
async fn a_node_waits_for_another_plan() {
    let cluster = Cluster::start().await;
    let node = Node::first(&cluster);
    let _a = Node::join(&cluster, Role::Worker, "a").await;
    let first = node.plan(0).await.unwrap();
    let waiting = node.plan(first.revision);
    let drained = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        cluster.ticket(Role::Worker).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        // Nothing for a balancer: this worker holds nothing yet.
        cluster.post("/v1/nodes/a/drain").await
    };
    let waited =
        tokio::time::timeout(Duration::from_millis(300), async { tokio::join!(waiting, drained) });
    assert!(waited.await.is_err(), "a plan came though nothing changed for the node");
}
