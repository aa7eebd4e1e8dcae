//! Who gets in, by which door, and how far.

use std::os::unix::fs::PermissionsExt;

use bramble_cluster::api::{NodePlan, OperatorIdentity, Role};
use bramble_cluster::link::{Link, LinkError};
use bramble_net::tls::{Connector, Identity, Trust};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::cluster::{Cluster, refused};
use crate::node::Node;

fn ca(cluster: &Cluster) -> Trust {
    let ca_pem = std::fs::read(cluster.path().join("identity/ca.pem")).unwrap();
    Trust::Authority { ca_pem }
}

fn link(cluster: &Cluster, identity: Option<&Identity>) -> Link {
    Link::new(vec![cluster.address], Connector::new(identity, ca(cluster)).unwrap())
}

#[tokio::test]
async fn without_a_certificate_only_join_answers() {
    let cluster = Cluster::start().await;
    let link = link(&cluster, None);
    for path in ["/v1/plan", "/v1/release/0", "/v1/blob/0"] {
        let (status, words) = refused(link.get_json::<Value>(path).await);
        assert_eq!(status, 403, "{path}");
        assert!(words.contains("no member"), "{words}");
    }
    assert_eq!(refused(link.post_json::<Value>("/v1/report", &Value::Null).await).0, 403);
    assert_eq!(refused(link.post_json::<Value>("/v1/renew", &Value::Null).await).0, 403);
    assert_eq!(refused(link.post_json::<Value>("/v1/join", &Value::Null).await).0, 400);
}

#[tokio::test]
async fn a_foreign_certificate_fails_the_handshake() {
    let (ours, theirs) = (Cluster::start().await, Cluster::start().await);
    let folder = theirs.path().join("identity");
    let foreign = Identity::load(&folder.join("cert.pem"), &folder.join("key.pem")).unwrap();
    let link = link(&ours, Some(&foreign));
    for path in ["/v1/plan", "/v1/join"] {
        let error = link.get_json::<Value>(path).await.unwrap_err();
        assert!(matches!(error, LinkError::Unreachable { .. }), "{error}");
    }
}

#[tokio::test]
async fn plain_http_gets_nothing() {
    let cluster = Cluster::start().await;
    let mut socket = TcpStream::connect(cluster.address).await.unwrap();
    socket.write_all(b"GET /v1/status HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"));
}

#[tokio::test]
async fn a_node_can_not_do_what_the_operator_can() {
    let cluster = Cluster::start().await;
    let node = Node::join(&cluster, Role::Worker, "a").await;
    for path in ["/v1/invite", "/v1/operator", "/v1/apply", "/v1/nodes/node1/drain"] {
        let (status, _) = refused(node.link.post_json::<Value>(path, &Value::Null).await);
        assert_eq!(status, 404, "{path}");
    }
    for path in ["/v1/status", "/v1/watch"] {
        assert_eq!(refused(node.link.get_json::<Value>(path).await).0, 404, "{path}");
    }
    let blob = format!("/v1/blob/{}", "0".repeat(64));
    assert_eq!(refused(node.link.put_bytes(&blob, "x".into()).await).0, 404);
}

/// Strangers who say nothing further, in greater number than may come in.
#[tokio::test]
async fn strangers_do_not_keep_members_out() {
    let cluster = Cluster::start().await;
    let node = Node::join(&cluster, Role::Worker, "a").await;
    let slow = b"POST /v1/join HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{";
    let connector = Connector::new(None, ca(&cluster)).unwrap();
    let mut strangers = Vec::new();
    for _ in 0..80 {
        let socket = TcpStream::connect(cluster.address).await.unwrap();
        let mut stranger = connector.connect(socket).await.unwrap();
        let _ = stranger.write_all(slow).await;
        strangers.push(stranger);
    }
    node.say().await.unwrap();
    // The last one was turned away, the first one when its time was over.
    let mut answer = Vec::new();
    let _ = strangers.pop().unwrap().read_to_end(&mut answer).await;
    assert!(answer.is_empty());
    let _ = strangers.remove(0).read_to_end(&mut answer).await;
    assert!(answer.starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&answer));
}

#[tokio::test]
async fn a_removed_node_is_shut_out_at_once() {
    let cluster = Cluster::without_balancer().await;
    let node = Node::join(&cluster, Role::Worker, "a").await;
    node.say().await.unwrap();
    cluster.operator().delete("/v1/nodes/a").await.unwrap();
    assert_eq!(refused(node.say().await).0, 403);
    assert_eq!(refused(node.link.get_json::<NodePlan>("/v1/plan").await).0, 403);
}

#[tokio::test]
async fn an_operators_identity_is_for_workers_not_for_the_manager() {
    let cluster = Cluster::start().await;
    let identity: OperatorIdentity =
        cluster.operator().post_json("/v1/operator", &Value::Null).await.unwrap();
    let operator =
        Identity::from_pem(identity.certificate.as_bytes(), identity.key.as_bytes()).unwrap();
    let link = link(&cluster, Some(&operator));
    assert_eq!(refused(link.get_json::<Value>("/v1/plan").await).0, 403);

    let node = Node::join(&cluster, Role::Worker, "a").await;
    node.say().await.unwrap();
    let plan = node.plan(0).await.unwrap();
    let worker = plan.roles[&Role::Worker].to_string();
    assert!(worker.contains(&operator.key_id().to_string()), "{worker}");
}

#[tokio::test]
async fn the_operators_door_is_private() {
    let cluster = Cluster::start().await;
    let mode = |path: &str| {
        let metadata = cluster.path().join(path).metadata().unwrap();
        metadata.permissions().mode() & 0o777
    };
    assert_eq!(mode("run/manager-api.sock"), 0o600);
    assert_eq!(mode("run"), 0o700);
    assert_eq!(mode("manager"), 0o700);
    assert_eq!(mode("manager/ca-key.pem"), 0o600);
    assert_eq!(mode("identity/key.pem"), 0o600);
}
