//! Pools that are changed one key at a time, in the text that is in force.

use bramble_cluster::api::{
    Applied, ApplyRequest, Change, Configured, Edit, EditRequest, PoolStatus, Setting,
};
use bramble_cluster::link::LinkError;

use crate::cluster::{CONFIG, Cluster, refused};
use crate::node::Node;

const POOL: &str = r#"
[[pool]]
name = "app" # the shop
[[pool.backend]]
name = "b1"
address = "127.0.0.1:9001"
[[pool.backend]]
name = "b2"
address = "127.0.0.1:9002"
[[route]]
path_prefix = "/app"
pool = "app"
"#;

/// With that pool in force.
async fn with_pool(cluster: &Cluster) {
    let (text, file) = (format!("{CONFIG}{POOL}"), "new.toml".to_owned());
    let request = ApplyRequest { text, file, dry_run: false, reload: false };
    cluster.operator().post_json::<Applied>("/v1/apply", &request).await.unwrap();
}

async fn set(
    cluster: &Cluster,
    backend: &str,
    key: &str,
    value: &str,
) -> Result<Applied, LinkError> {
    let change = Change::Backends(vec![(backend.to_owned(), vec![Setting::new(key, value)])]);
    let edit = Edit { pool: "app".to_owned(), change };
    let request = EditRequest { edit, dry_run: false, force: false };
    cluster.operator().post_json("/v1/edit", &request).await
}

async fn text(cluster: &Cluster) -> String {
    let configured: Configured = cluster.operator().get_json("/v1/configuration").await.unwrap();
    configured.text
}

#[tokio::test]
async fn an_edit_changes_its_line_and_is_kept() {
    let mut cluster = Cluster::without_balancer().await;
    with_pool(&cluster).await;
    let applied = set(&cluster, "b1", "state", "draining").await.unwrap();
    assert_eq!(applied.changes, ["pool app: backend b1: state enabled → draining"]);
    let line = "address = \"127.0.0.1:9001\"\n";
    let expected =
        format!("{CONFIG}{POOL}").replace(line, &format!("{line}state = \"draining\"\n"));
    assert_eq!(text(&cluster).await, expected);
    cluster.restart().await;
    assert_eq!(text(&cluster).await, expected);
    let pools: Vec<PoolStatus> = cluster.operator().get_json("/v1/pools").await.unwrap();
    let states: Vec<_> = pools[0].backends.iter().map(|one| one.state.as_str()).collect();
    assert_eq!((pools[0].method.is_empty(), states), (false, vec!["draining", "enabled"]));
    let again = set(&cluster, "b1", "state", "draining").await.unwrap();
    assert_eq!((again.revision, again.changes), (applied.revision, Vec::new()));
    set(&cluster, "b1", "state", "").await.unwrap();
    assert_eq!(text(&cluster).await, format!("{CONFIG}{POOL}"));
}

#[tokio::test]
async fn many_at_once_are_all_made() {
    let cluster = Cluster::without_balancer().await;
    with_pool(&cluster).await;
    let outcomes = tokio::join!(
        set(&cluster, "b1", "weight", "2"),
        set(&cluster, "b2", "weight", "3"),
        set(&cluster, "b1", "state", "draining"),
        set(&cluster, "b2", "weight", "4"),
    );
    for outcome in [outcomes.0, outcomes.1, outcomes.2, outcomes.3] {
        outcome.unwrap();
    }
    let text = text(&cluster).await;
    assert_eq!(
        (text.matches("weight").count(), text.matches("draining").count()),
        (2, 1),
        "{text}"
    );
}

#[tokio::test]
async fn an_edit_that_is_not_right_is_refused_with_its_place() {
    let cluster = Cluster::without_balancer().await;
    with_pool(&cluster).await;
    let (code, words) = refused(set(&cluster, "b1", "weight", "0").await);
    assert_eq!(code, 422);
    assert!(words.contains("`weight` is 0") && words.contains("^"), "{words}");
    let (code, words) = refused(set(&cluster, "b3", "weight", "2").await);
    assert!(code == 404 && words.contains("did you mean `b1`?"), "{words}");
    let (code, words) = refused(set(&cluster, "b1", "name", "b2").await);
    assert!(code == 422 && words.contains("two backends"), "{words}");
    assert_eq!(text(&cluster).await, format!("{CONFIG}{POOL}"));
}

#[tokio::test]
async fn an_edit_that_a_balancer_refuses_is_taken_back() {
    let cluster = Cluster::start().await;
    let node1 = Node::first(&cluster).work();
    with_pool(&cluster).await;
    *node1.fetches.lock().unwrap() = false;
    node1.report.lock().unwrap().trouble = Some("no room".to_owned());
    let taken_back = async {
        until(&cluster, "draining", true).await;
        until(&cluster, "draining", false).await;
        *node1.fetches.lock().unwrap() = true;
    };
    let (outcome, ()) = tokio::join!(set(&cluster, "b1", "state", "draining"), taken_back);
    let (code, words) = refused(outcome);
    assert!(code == 409 && words.contains("node1") && words.contains("no room"), "{words}");
}

/// Waits until the text has that word, or has it no more.
async fn until(cluster: &Cluster, word: &str, has: bool) {
    for _ in 0..1000 {
        if text(cluster).await.contains(word) == has {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("{word}: not {has}");
}
