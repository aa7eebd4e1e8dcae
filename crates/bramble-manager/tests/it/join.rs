//! Tickets: one node each, in time, in their own cluster.

use std::time::Duration;

use bramble_cluster::api::{Invite, InviteRequest, JoinResponse, RenewRequest, Role};
use bramble_cluster::certificate::NodeKey;
use bramble_cluster::link::LinkError;
use bramble_cluster::ticket::Ticket;

use crate::cluster::{Cluster, refused};
use crate::node::{Node, join};

fn key() -> NodeKey {
    NodeKey::generate().unwrap()
}

#[tokio::test]
async fn a_ticket_makes_a_member() {
    let cluster = Cluster::start().await;
    let node = Node::join(&cluster, Role::Worker, "Board 7!").await;
    assert_eq!(node.name, "board-7");
    let status = cluster.status().await;
    let found = status.nodes.iter().find(|n| n.name == "board-7").unwrap();
    assert_eq!(found.roles, [Role::Worker]);
    assert!(!found.serving);
    node.say().await.unwrap();
}

#[tokio::test]
async fn a_ticket_is_used_once() {
    let cluster = Cluster::start().await;
    let ticket = cluster.ticket(Role::Worker).await;
    join(&ticket, &key(), "a").await.unwrap();
    let (status, words) = refused(join(&ticket, &key(), "b").await);
    assert_eq!(status, 403);
    assert!(
        words.contains("used already, by node a") && words.contains("bramble invite"),
        "{words}"
    );
}

#[tokio::test]
async fn a_node_that_lost_its_answer_asks_again() {
    let cluster = Cluster::without_balancer().await;
    let (ticket, key) = (cluster.ticket(Role::Worker).await, key());
    let first = join(&ticket, &key, "a").await.unwrap();
    let again = join(&ticket, &key, "a").await.unwrap();
    assert_eq!((again.name, again.roles), (first.name, first.roles));
    assert_eq!(cluster.status().await.nodes.len(), 2);
    // Who was removed does not come back so.
    cluster.operator().delete("/v1/nodes/a").await.unwrap();
    assert_eq!(refused(join(&ticket, &key, "a").await).0, 403);
}

#[tokio::test]
async fn two_at_the_same_moment_never_share_a_ticket() {
    let cluster = Cluster::start().await;
    let ticket = cluster.ticket(Role::Worker).await;
    let keys: Vec<_> = (0..4).map(|_| key()).collect();
    let outcomes = tokio::join!(
        join(&ticket, &keys[0], "a"),
        join(&ticket, &keys[1], "a"),
        join(&ticket, &keys[2], "b"),
        join(&ticket, &keys[3], "c"),
    );
    let joined = [outcomes.0.is_ok(), outcomes.1.is_ok(), outcomes.2.is_ok(), outcomes.3.is_ok()];
    assert_eq!(joined.iter().filter(|ok| **ok).count(), 1);
    assert_eq!(cluster.status().await.nodes.len(), 2);
}

#[tokio::test]
async fn names_are_made_unique() {
    let cluster = Cluster::start().await;
    let names = [
        Node::join(&cluster, Role::Worker, "node1").await.name.clone(),
        Node::join(&cluster, Role::Worker, "node1").await.name.clone(),
        Node::join(&cluster, Role::Worker, "---").await.name.clone(),
    ];
    assert_eq!(names, ["node1-2", "node1-3", "node"]);
}

#[tokio::test]
async fn an_expired_ticket_says_so() {
    let cluster = Cluster::start().await;
    let request = InviteRequest { roles: vec![Role::Worker], expires_s: 1 };
    let invite: Invite = cluster.operator().post_json("/v1/invite", &request).await.unwrap();
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    let (status, words) = refused(join(&invite.ticket, &key(), "a").await);
    assert_eq!(status, 403);
    assert!(words.contains("expired"), "{words}");
}

#[tokio::test]
async fn an_unknown_or_forged_ticket_says_so() {
    let cluster = Cluster::start().await;
    let ticket: Ticket = cluster.ticket(Role::Worker).await.parse().unwrap();
    let unknown = Ticket { id: "0".repeat(16), ..ticket.clone() };
    let (_, words) = refused(join(&unknown.to_string(), &key(), "a").await);
    assert!(words.contains("does not know the ticket"), "{words}");
    let forged = Ticket { secret: "0".repeat(64), ..ticket.clone() };
    let (_, words) = refused(join(&forged.to_string(), &key(), "a").await);
    assert!(words.contains("not genuine"), "{words}");
    // Neither used it up.
    join(&ticket.to_string(), &key(), "a").await.unwrap();
}

#[tokio::test]
async fn a_foreign_ticket_does_not_get_past_the_handshake() {
    let (ours, theirs) = (Cluster::start().await, Cluster::start().await);
    let foreign: Ticket = theirs.ticket(Role::Worker).await.parse().unwrap();
    let misled = Ticket { addresses: vec![ours.address], ..foreign };
    let error = join(&misled.to_string(), &key(), "a").await.unwrap_err();
    assert!(matches!(error, LinkError::Unreachable { .. }), "{error}");
}

#[tokio::test]
async fn a_cloned_key_is_refused() {
    let cluster = Cluster::start().await;
    let key = key();
    join(&cluster.ticket(Role::Worker).await, &key, "a").await.unwrap();
    let (status, words) = refused(join(&cluster.ticket(Role::Worker).await, &key, "b").await);
    assert_eq!(status, 409);
    assert!(words.contains("node a") && words.contains("cloned"), "{words}");
}

#[tokio::test]
async fn senseless_invitations_are_refused() {
    let cluster = Cluster::start().await;
    let check = async |roles: &[Role], expires_s, expected: &str| {
        let request = InviteRequest { roles: roles.to_vec(), expires_s };
        let (status, words) =
            refused(cluster.operator().post_json::<Invite>("/v1/invite", &request).await);
        assert_eq!(status, 400);
        assert!(words.contains(expected), "{words}");
    };
    check(&[], 60, "needs a role").await;
    check(&[Role::Manager], 60, "one manager").await;
    check(&[Role::Worker], 0, "604800").await;
    check(&[Role::Worker], u64::MAX, "604800").await;
}

#[tokio::test]
async fn a_member_renews_its_certificate_but_keeps_its_key() {
    let cluster = Cluster::start().await;
    let node = Node::join(&cluster, Role::Worker, "a").await;
    let request = RenewRequest { csr: node.key.csr_pem().unwrap() };
    let renewed: JoinResponse = node.link.post_json("/v1/renew", &request).await.unwrap();
    assert_eq!(renewed.name, "a");
    let request = RenewRequest { csr: key().csr_pem().unwrap() };
    let (status, _) = refused(node.link.post_json::<JoinResponse>("/v1/renew", &request).await);
    assert_eq!(status, 400);
}
