//! Configurations: shown, applied, and never undone by mistake.

use bramble_cluster::api::{Applied, ApplyRequest, Role};
use bramble_cluster::link::LinkError;

use crate::cluster::{CONFIG, Cluster, refused};
use crate::node::Node;

async fn apply(cluster: &Cluster, text: &str, file: &str) -> Result<Applied, LinkError> {
    send(cluster, text, file, false, false).await
}

async fn send(
    cluster: &Cluster,
    text: &str,
    file: &str,
    dry_run: bool,
    reload: bool,
) -> Result<Applied, LinkError> {
    let (text, file) = (text.to_owned(), file.to_owned());
    let request = ApplyRequest { text, file, dry_run, reload };
    cluster.operator().post_json("/v1/apply", &request).await
}

fn with_site(name: &str) -> String {
    format!("{CONFIG}\n[[site]]\nname = \"{name}\"\nhosts = [\"{name}.example.org\"]\n")
}

#[tokio::test]
async fn a_dry_run_shows_and_changes_nothing() {
    let cluster = Cluster::without_balancer().await;
    let shown = send(&cluster, &with_site("shop"), "new.toml", true, false).await.unwrap();
    assert!(shown.changes.iter().any(|change| change.contains("shop")), "{:?}", shown.changes);
    assert_eq!(cluster.status().await.sites.len(), 1);
    let applied = apply(&cluster, &with_site("shop"), "new.toml").await.unwrap();
    assert_eq!(applied.changes, shown.changes);
    assert_eq!(cluster.status().await.sites.len(), 2);
    let again = apply(&cluster, &with_site("shop"), "new.toml").await.unwrap();
    assert_eq!((again.revision, again.changes), (applied.revision, Vec::new()));
}

#[tokio::test]
async fn a_faulty_file_is_refused_with_its_place() {
    let cluster = Cluster::without_balancer().await;
    let (code, words) = refused(apply(&cluster, "[[site]]\nnam = 1\n", "new.toml").await);
    assert_eq!(code, 422);
    assert!(words.contains("new.toml:2"), "{words}");
    assert_eq!(cluster.status().await.sites.len(), 1);
}

#[tokio::test]
async fn what_a_balancer_refuses_is_taken_back() {
    let cluster = Cluster::start().await;
    let node1 = Node::first(&cluster).work();
    let applied = apply(&cluster, &with_site("shop"), "new.toml").await.unwrap();
    assert!(applied.nodes.iter().all(|node| node.ok) && applied.nodes.len() == 1);

    *node1.fetches.lock().unwrap() = false;
    node1.report.lock().unwrap().trouble = Some("port 8443 is taken".to_owned());
    let faulty = with_site("faulty");
    let taken_back = async {
        until_site(&cluster, "faulty").await;
        until_site(&cluster, "shop").await;
        *node1.fetches.lock().unwrap() = true;
    };
    let (outcome, ()) = tokio::join!(apply(&cluster, &faulty, "new.toml"), taken_back);
    let (code, words) = refused(outcome);
    assert_eq!(code, 409);
    assert!(words.contains("node1") && words.contains("port 8443 is taken"), "{words}");
}

/// Waits until the configuration has this site; the nodes of the test get their turns meanwhile.
async fn until_site(cluster: &Cluster, name: &str) {
    for _ in 0..1000 {
        if cluster.status().await.sites[1].name == name {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("no site {name}");
}

#[tokio::test]
async fn a_silent_balancer_is_named() {
    let cluster = Cluster::start().await;
    let applied = apply(&cluster, &with_site("shop"), "new.toml").await.unwrap();
    let node1 = &applied.nodes[0];
    assert!(!node1.ok && node1.error.as_ref().unwrap().contains("not heard of"), "{node1:?}");
}

#[tokio::test]
async fn reload_does_not_undo_what_others_applied() {
    let cluster = Cluster::without_balancer().await;
    let reload = async |text: &str| send(&cluster, text, "bramble.toml", false, true).await;
    reload(&with_site("one")).await.unwrap();
    apply(&cluster, &with_site("two"), "elsewhere.toml").await.unwrap();
    let (code, words) = refused(reload(&with_site("three")).await);
    assert_eq!(code, 409);
    assert!(words.contains("two") && words.contains("bramble.toml"), "{words}");
    // The file itself, applied, is what the cluster was loaded from again.
    apply(&cluster, &with_site("three"), "bramble.toml").await.unwrap();
    reload(&with_site("four")).await.unwrap();
    assert_eq!(cluster.status().await.sites[1].name, "four");
}

#[tokio::test]
async fn a_site_that_is_dropped_keeps_its_current_release_alone() {
    let cluster = Cluster::without_balancer().await;
    let _a = Node::join(&cluster, Role::Worker, "a").await.work();
    let one = cluster.publish("one").await.unwrap().release;
    let two = cluster.publish("two").await.unwrap().release;
    // More uploads than are remembered.
    for n in 0..16 {
        cluster.upload(&format!("draft {n}")).await;
    }
    let other = CONFIG.replace("\"blog\"", "\"shop\"");
    apply(&cluster, &other, "new.toml").await.unwrap();
    let link = cluster.operator();
    let kept = async |id: &str| link.get_body(&format!("/v1/release/{id}")).await.is_ok();
    assert!(kept(&two).await && !kept(&one).await);
    let again = apply(&cluster, CONFIG, "new.toml").await.unwrap();
    assert!(again.nodes.iter().all(|node| node.ok));
    let blog = cluster.status().await.sites.remove(0);
    assert_eq!((blog.release, blog.history), (Some(two.clone()), vec![two]));
}

#[tokio::test]
async fn a_configuration_survives_a_restart() {
    let mut cluster = Cluster::without_balancer().await;
    apply(&cluster, &with_site("shop"), "new.toml").await.unwrap();
    cluster.restart().await;
    assert_eq!(cluster.status().await.sites.len(), 2);
}
