//! Drain, enable, remove; and what status says of it.

use bramble_cluster::api::{BackendFacts, NodeStatus, Role};

use crate::cluster::{Cluster, refused};
use crate::node::Node;

async fn status(cluster: &Cluster, name: &str) -> NodeStatus {
    let nodes = cluster.status().await.nodes;
    nodes.into_iter().find(|node| node.name == name).unwrap()
}

/// The balancer says that these workers are up.
fn see_up(node1: &Node, names: &[&str]) {
    let up = |name: &&str| BackendFacts {
        pool: "site:blog".to_owned(),
        name: (*name).to_owned(),
        state: "up".to_owned(),
        ..BackendFacts::default()
    };
    node1.report.lock().unwrap().roles[0].server.backends = names.iter().map(up).collect();
}

#[tokio::test]
async fn a_worker_serves_once_all_is_there() {
    let cluster = Cluster::start().await;
    let node1 = Node::first(&cluster).work();
    let why = async || status(&cluster, "a").await.why_not.unwrap_or_default();
    let a = Node::join(&cluster, Role::Worker, "a").await;
    assert!(why().await.contains("not heard of"), "{}", why().await);
    let _a = a.work();
    cluster.publish("one").await.unwrap();
    assert!(why().await.contains("does not know it yet"), "{}", why().await);
    see_up(&node1, &["a"]);
    node1.say().await.unwrap();
    let a = status(&cluster, "a").await;
    assert!(a.serving, "{:?}", a.why_not);
    assert!(a.last_seen_s.unwrap() < 5.0);
    cluster.post("/v1/nodes/a/drain?force=true").await.unwrap();
    assert_eq!(why().await, "it drains");
}

#[tokio::test]
async fn the_last_worker_is_not_taken_away_by_mistake() {
    let cluster = Cluster::start().await;
    let node1 = Node::first(&cluster).work();
    let _a = Node::join(&cluster, Role::Worker, "a").await.work();
    let _b = Node::join(&cluster, Role::Worker, "b").await.work();
    cluster.publish("one").await.unwrap();
    see_up(&node1, &["a", "b"]);
    node1.say().await.unwrap();

    cluster.post("/v1/nodes/a/drain").await.unwrap();
    let (code, words) = refused(cluster.post("/v1/nodes/b/drain").await);
    assert_eq!(code, 409);
    assert!(words.contains("last worker") && words.contains("--force"), "{words}");
    assert_eq!(refused(cluster.operator().delete("/v1/nodes/b").await).0, 409);
    cluster.post("/v1/nodes/a/enable").await.unwrap();
    cluster.operator().delete("/v1/nodes/b").await.unwrap();
    cluster.operator().delete("/v1/nodes/a?force=true").await.unwrap();
    assert_eq!(cluster.status().await.nodes.len(), 1);
}

#[tokio::test]
async fn two_at_once_are_not_each_others_excuse() {
    let cluster = Cluster::start().await;
    let node1 = Node::first(&cluster).work();
    let _a = Node::join(&cluster, Role::Worker, "a").await.work();
    let _b = Node::join(&cluster, Role::Worker, "b").await.work();
    cluster.publish("one").await.unwrap();
    see_up(&node1, &["a", "b"]);
    node1.say().await.unwrap();
    let drains = [cluster.post("/v1/nodes/a/drain"), cluster.post("/v1/nodes/b/drain")];
    let drained = futures_util::future::join_all(drains).await;
    assert_eq!(drained.iter().filter(|drain| drain.is_ok()).count(), 1, "{drained:?}");
}

#[tokio::test]
async fn a_manager_that_just_started_keeps_the_last_worker_too() {
    let mut cluster = Cluster::start().await;
    let node1 = Node::first(&cluster).work();
    let a = Node::join(&cluster, Role::Worker, "a").await.work();
    cluster.publish("one").await.unwrap();
    drop((node1, a));
    cluster.restart().await;
    let (code, words) = refused(cluster.post("/v1/nodes/a/drain").await);
    assert_eq!(code, 409);
    assert!(words.contains("last worker"), "{words}");
}

#[tokio::test]
async fn a_node_without_a_worker_has_nothing_to_drain() {
    let cluster = Cluster::start().await;
    let before = cluster.status().await.revision;
    for verb in ["drain", "drain?force=true", "enable"] {
        let (code, words) = refused(cluster.post(&format!("/v1/nodes/node1/{verb}")).await);
        assert_eq!(code, 409);
        assert!(words.contains("node1 runs no worker"), "{words}");
    }
    assert_eq!(cluster.status().await.revision, before);
}

#[tokio::test]
async fn unknown_nodes_and_the_manager_itself_are_refused() {
    let cluster = Cluster::start().await;
    let (code, words) = refused(cluster.post("/v1/nodes/x/drain").await);
    assert_eq!(code, 404);
    assert!(words.contains("node1"), "{words}");
    assert_eq!(refused(cluster.operator().delete("/v1/nodes/x").await).0, 404);
    assert_eq!(refused(cluster.operator().delete("/v1/nodes/node1").await).0, 409);
}
