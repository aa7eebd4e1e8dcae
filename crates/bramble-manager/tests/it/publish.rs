//! Publish and rollback: all at once or not at all.

use std::sync::Arc;

use bramble_cluster::api::{PublishRequest, Published, Revision, Role, RollbackRequest, Staged};
use bramble_cluster::state::{Release, Site, State};
use bramble_cluster::store::{Embedded, Expected, Options};
use bramble_config::plan::Plan;
use bramble_content::Hash;
use serde_json::Value;

use crate::cluster::{Cluster, manifest, refused};
use crate::node::Node;

/// The balancer's plan, as it would run it now.
async fn balancer(node: &Node) -> Plan {
    let plan = node.plan(0).await.unwrap();
    serde_json::from_value(plan.roles[&Role::Balancer].clone()).unwrap()
}

async fn rollback(
    cluster: &Cluster,
    release: Option<&str>,
) -> Result<Published, bramble_cluster::link::LinkError> {
    let request = RollbackRequest { release: release.map(str::to_owned) };
    cluster.operator().post_json("/v1/sites/blog/rollback", &request).await
}

#[tokio::test]
async fn all_change_over_at_once_and_back() {
    let cluster = Cluster::start().await;
    let node1 = Node::first(&cluster).work();
    let _a = Node::join(&cluster, Role::Worker, "a").await.work();
    let _b = Node::join(&cluster, Role::Worker, "b").await.work();

    let first = cluster.publish("one").await.unwrap();
    assert_eq!(first.previous, None);
    assert!(first.nodes.iter().all(|node| node.ok), "{:?}", first.nodes);
    assert_eq!(first.nodes.len(), 3);
    // What is answered as published is what the balancer runs.
    let applied = node1.report.lock().unwrap().applied;
    assert_eq!(applied, node1.plan(0).await.unwrap().revision);
    let pool = balancer(&node1).await.pools.remove(0);
    assert_eq!(pool.release, Some(first.release.clone()));
    assert_eq!(pool.backends.len(), 2);

    let second = cluster.publish("two").await.unwrap();
    assert_eq!(second.previous, Some(first.release.clone()));
    let back = rollback(&cluster, None).await.unwrap();
    assert_eq!(back.release, first.release);
    let status = cluster.status().await;
    assert_eq!(status.sites[0].release, Some(first.release.clone()));
    assert_eq!(status.sites[0].history, [second.release, first.release]);
    assert_eq!((status.sites[0].files, status.sites[0].bytes), (1, 3));
}

#[tokio::test]
async fn a_laggard_is_left_out_until_it_caught_up() {
    let cluster = Cluster::start().await;
    let node1 = Node::first(&cluster).work();
    let _a = Node::join(&cluster, Role::Worker, "a").await.work();
    let b = Node::join(&cluster, Role::Worker, "b").await.work();
    cluster.publish("one").await.unwrap();
    *b.fetches.lock().unwrap() = false;
    b.report.lock().unwrap().trouble = Some("its disk is full".to_owned());

    let published = cluster.publish("two").await.unwrap();
    assert!(published.took_ms >= 2_000);
    let lagging = published.nodes.iter().find(|node| node.node == "b").unwrap();
    assert!(lagging.error.as_ref().unwrap().contains("its disk is full"), "{lagging:?}");
    let backends = balancer(&node1).await.pools.remove(0).backends;
    assert_eq!(backends.iter().map(|b| b.name.as_str()).collect::<Vec<_>>(), ["a"]);

    *b.fetches.lock().unwrap() = true;
    while balancer(&node1).await.pools.remove(0).backends.len() < 2 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_manager_that_just_started_waits_for_who_was_not_heard_of_yet() {
    let mut cluster = Cluster::start().await;
    let _a = Node::join(&cluster, Role::Worker, "a").await.work();
    let b = Node::join(&cluster, Role::Worker, "b").await;
    cluster.restart().await;
    let late = async {
        tokio::time::sleep(std::time::Duration::from_millis(1_000)).await;
        (Node::first(&cluster).work(), b.work())
    };
    let (published, _late) = tokio::join!(cluster.publish("one"), late);
    let published = published.unwrap();
    assert!(published.nodes.iter().all(|node| node.ok), "{:?}", published.nodes);
    assert_eq!(published.nodes.len(), 3);
}

#[tokio::test]
async fn without_a_worker_nothing_is_changed() {
    let cluster = Cluster::without_balancer().await;
    let (status, words) = refused(cluster.publish("one").await);
    assert_eq!(status, 503);
    assert!(words.contains("no worker is there"), "{words}");
    let status = cluster.status().await;
    assert_eq!(status.sites[0].release, None);
}

#[tokio::test]
async fn what_a_crash_left_staged_is_taken_back() {
    let mut cluster = Cluster::without_balancer().await;
    let _a = Node::join(&cluster, Role::Worker, "a").await.work();
    let one = cluster.publish("one").await.unwrap().release;
    let two = cluster.upload("two").await;
    cluster.stop().await;
    let path = cluster.path().join("manager/state.db");
    let store = Embedded::open(&path, Options::default()).await.unwrap();
    let state = State::new(Arc::new(store));
    let stage = |site: &mut Site| site.staged.replace(two.clone()).is_none();
    state.update("blog", stage).await.unwrap().unwrap();
    let record = Release { at: 1, files: 1, bytes: 3 };
    state.put(&format!("blog/{two}"), Expected::Absent, &record).await.unwrap();
    drop(state);

    cluster.resume().await;
    let link = cluster.operator();
    assert_eq!(refused(link.get_body(&format!("/v1/release/{two}")).await.map(drop)).0, 404);
    link.get_body(&format!("/v1/release/{one}")).await.unwrap();
    let after = cluster.status().await.revision;
    let revisions = format!("/v1/watch?after={}", after - 2);
    let mut lines = link.get_lines(&revisions).await.unwrap();
    let site = lines.next::<Revision>().await.unwrap().unwrap();
    assert!(!site.value.unwrap().contains(&two));
    let record = lines.next::<Revision>().await.unwrap().unwrap();
    assert_eq!((record.key, record.value), (format!("releases/blog/{two}"), None));
}

#[tokio::test]
async fn what_was_not_sent_can_not_be_published() {
    let cluster = Cluster::without_balancer().await;
    let _a = Node::join(&cluster, Role::Worker, "a").await.work();
    let operator = cluster.operator();
    let publish = async |release: String| {
        let request = PublishRequest { release };
        refused(operator.post_json::<Published>("/v1/sites/blog/publish", &request).await)
    };
    assert_eq!(publish("nonsense".to_owned()).await.0, 400);
    let (status, words) = publish("0".repeat(32)).await;
    assert_eq!(status, 409);
    assert!(words.contains("publish the folder again"), "{words}");

    let text = manifest("page").to_string();
    let staged: Staged = operator.post_text("/v1/sites/blog/stage", text).await.unwrap();
    let (status, words) = publish(staged.release.clone()).await;
    assert_eq!(status, 409);
    assert!(words.contains("missing"), "{words}");

    let path = format!("/v1/blob/{}", staged.missing[0]);
    let (status, words) = refused(operator.put_bytes(&path, "other".into()).await);
    assert_eq!(status, 400);
    assert!(words.contains("publish again"), "{words}");
}

#[tokio::test]
async fn an_unknown_site_lists_those_there_are() {
    let cluster = Cluster::start().await;
    let text = manifest("page").to_string();
    let outcome = cluster.operator().post_text::<Value>("/v1/sites/shop/stage", text).await;
    let (status, words) = refused(outcome);
    assert_eq!(status, 404);
    assert!(words.contains("shop") && words.contains("blog"), "{words}");
}

#[tokio::test]
async fn a_rollback_needs_a_kept_release() {
    let cluster = Cluster::without_balancer().await;
    let _a = Node::join(&cluster, Role::Worker, "a").await.work();
    assert_eq!(refused(rollback(&cluster, None).await).0, 409);
    let one = cluster.publish("one").await.unwrap().release;
    assert_eq!(refused(rollback(&cluster, None).await).0, 409);
    let (status, words) = refused(rollback(&cluster, Some("other")).await);
    assert_eq!(status, 404);
    assert!(words.contains(&one), "{words}");
}

#[tokio::test]
async fn each_rollback_goes_further_back() {
    let cluster = Cluster::without_balancer().await;
    let a = Node::join(&cluster, Role::Worker, "a").await.work();
    let mut published = Vec::new();
    for page in ["1", "2", "3"] {
        published.push(cluster.publish(page).await.unwrap().release);
    }
    for expected in [&published[1], &published[0]] {
        assert_eq!(&rollback(&cluster, None).await.unwrap().release, expected);
    }
    let (status, words) = refused(rollback(&cluster, None).await);
    assert_eq!(status, 409);
    assert!(words.contains("before the current one") && words.contains("--to"), "{words}");
    let site = cluster.status().await.sites.remove(0);
    assert_eq!(site.release.as_ref(), Some(&published[0]));
    published.reverse();
    assert_eq!(site.history, published);
    // Forth again, and what is published anew is the newest.
    rollback(&cluster, Some(&published[1])).await.unwrap();
    assert!(a.plan(0).await.unwrap().releases.contains(&published[0]));
    cluster.publish("1").await.unwrap();
    published.rotate_right(1);
    assert_eq!(cluster.status().await.sites[0].history, published);
}

#[tokio::test]
async fn old_releases_go_and_ten_stay() {
    let cluster = Cluster::without_balancer().await;
    let a = Node::join(&cluster, Role::Worker, "a").await.work();
    let mut releases = Vec::new();
    // More than are kept for going back, and then more than uploads are remembered.
    for n in 0..18 {
        releases.push(cluster.publish(&format!("page {n}")).await.unwrap().release);
    }
    let kept: Vec<_> = releases.iter().rev().take(10).cloned().collect();
    assert_eq!(cluster.status().await.sites[0].history, kept);
    let manifest = |release: &str| {
        let path = format!("/v1/release/{release}");
        let link = a.link.clone();
        async move { link.get_body(&path).await?.collect().await }
    };
    assert_eq!(refused(manifest(&releases[0]).await).0, 404);
    manifest(&releases[8]).await.unwrap();
    rollback(&cluster, Some(&releases[8])).await.unwrap();
}

#[tokio::test]
async fn a_node_reads_what_was_published() {
    let cluster = Cluster::without_balancer().await;
    let a = Node::join(&cluster, Role::Worker, "a").await.work();
    let page = "x".repeat(200_000);
    let release = cluster.publish(&page).await.unwrap().release;
    let read = async |path: String| a.link.get_body(&path).await.unwrap().collect().await.unwrap();
    let text = read(format!("/v1/release/{release}")).await;
    let manifest = bramble_content::Manifest::parse(&text).unwrap();
    let blob = read(format!("/v1/blob/{}", manifest.files()[0].hash)).await;
    assert_eq!(blob, page.as_bytes());
}

#[tokio::test]
async fn a_restarted_manager_says_the_same() {
    let mut cluster = Cluster::start().await;
    let node1 = Node::first(&cluster);
    let a = Node::join(&cluster, Role::Worker, "a").await.work();
    cluster.publish("one").await.unwrap();
    let before = (node1.plan(0).await.unwrap().roles, a.plan(0).await.unwrap().roles);
    drop(a.work());
    cluster.restart().await;
    let a = Node::first(&cluster);
    let after = a.plan(0).await.unwrap().roles;
    let strip = |mut value: Value| {
        value.as_object_mut().unwrap().remove("revision");
        value
    };
    let (before, after) = (&before.0[&Role::Balancer], &after[&Role::Balancer]);
    assert_eq!(strip(before.clone()), strip(after.clone()));
}

#[tokio::test]
async fn what_is_uploaded_while_old_content_goes_stays_whole() {
    let cluster = Cluster::without_balancer().await;
    let _a = Node::join(&cluster, Role::Worker, "a").await.work();
    let publishes = async {
        for n in 0..100 {
            cluster.publish(&format!("page {n}")).await.unwrap();
        }
    };
    // More than are remembered: each publish finds some to remove.
    let uploads = async {
        let operator = cluster.operator();
        for n in 0.. {
            let page = format!("draft {n}");
            let release = cluster.upload(&page).await;
            operator.get_body(&format!("/v1/release/{release}")).await.unwrap();
            let blob = Hash::of(page.as_bytes());
            operator.get_body(&format!("/v1/blob/{blob}")).await.unwrap();
        }
    };
    tokio::select! {
        () = publishes => {}
        () = uploads => {}
    }
}
