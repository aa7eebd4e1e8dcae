//! What is signed is trusted by TLS as meant, and nothing more.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bramble_net::tls::{Acceptor, ClientCertificate, Connector, Identity, KeyId, Trust, key_id};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{AUTHORITY_END, Authority, CertificateError, EARLIEST_NOW, Issued, NodeKey, lasting};
use crate::api::Role;

fn identity(key: &NodeKey, issued: &Issued) -> Identity {
    Identity::from_pem(issued.chain.as_bytes(), key.pem().as_bytes()).unwrap()
}

fn node(authority: &Authority, now: SystemTime) -> (Identity, KeyId) {
    let key = NodeKey::generate().unwrap();
    let csr = key.csr_pem().unwrap();
    let issued = authority.issue(&csr, "node2", &[Role::Worker], now).unwrap();
    (identity(&key, &issued), issued.key)
}

fn manager(authority: &Authority) -> Identity {
    let key = NodeKey::generate().unwrap();
    let issued = authority.issue_manager(&key, SystemTime::now()).unwrap();
    identity(&key, &issued)
}

fn trust(authority: &Authority) -> Trust {
    Trust::Authority { ca_pem: authority.pem().as_bytes().to_vec() }
}

/// Greets over TLS; answers the client's key as the server saw it.
async fn greet(server: &Identity, clients: Trust, client: Connector) -> Option<Option<KeyId>> {
    let acceptor = Acceptor::new(server, clients, ClientCertificate::Optional).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let served = tokio::spawn(async move {
        let (mut stream, key) = acceptor.accept(listener.accept().await.unwrap().0).await.ok()?;
        stream.write_all(b"hello").await.ok()?;
        stream.shutdown().await.ok()?;
        Some(key)
    });
    let mut greeting = String::new();
    let mut stream = client.connect(TcpStream::connect(address).await.unwrap()).await.ok()?;
    stream.read_to_string(&mut greeting).await.ok()?;
    assert_eq!(greeting, "hello");
    served.await.unwrap()
}

#[tokio::test]
async fn node_and_manager_trust_each_other_over_the_authority() {
    let authority = Authority::create("test").unwrap();
    let (node, key) = node(&authority, SystemTime::now());
    let client = Connector::new(Some(&node), trust(&authority)).unwrap();
    assert_eq!(greet(&manager(&authority), trust(&authority), client).await, Some(Some(key)));
}

#[tokio::test]
async fn a_ticket_names_the_authority_by_its_key() {
    let authority = Authority::create("test").unwrap();
    let trusted = Trust::AuthorityKey(authority.key_id().unwrap());
    let client = Connector::new(None, trusted).unwrap();
    assert_eq!(greet(&manager(&authority), trust(&authority), client).await, Some(None));
}

#[tokio::test]
async fn a_node_can_not_pose_as_the_manager() {
    let authority = Authority::create("test").unwrap();
    let (node, _) = node(&authority, SystemTime::now());
    let client = Connector::new(None, trust(&authority)).unwrap();
    assert_eq!(greet(&node, trust(&authority), client).await, None);
}

#[tokio::test]
async fn another_cluster_is_refused_both_ways() {
    let (ours, theirs) = (Authority::create("test").unwrap(), Authority::create("test").unwrap());
    let (stranger, _) = node(&theirs, SystemTime::now());
    let client = Connector::new(Some(&stranger), trust(&ours)).unwrap();
    assert_eq!(greet(&manager(&ours), trust(&ours), client).await, None);
    let client = Connector::new(None, trust(&ours)).unwrap();
    assert_eq!(greet(&manager(&theirs), trust(&theirs), client).await, None);
}

#[test]
fn a_manager_without_a_clock_signs_for_as_long_as_the_authority() {
    let day = Duration::from_secs(24 * 3600);
    assert_eq!(lasting(UNIX_EPOCH + day, day), AUTHORITY_END);
    let later = UNIX_EPOCH + EARLIEST_NOW + day;
    assert_eq!(lasting(later, day), EARLIEST_NOW + 2 * day);
}

#[test]
fn survives_the_disk_with_private_files() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::create("test").unwrap();
    authority.save(folder.path()).unwrap();
    let loaded = Authority::load(folder.path()).unwrap();
    assert_eq!(loaded.pem(), authority.pem());
    assert_eq!(loaded.key_id().unwrap(), authority.key_id().unwrap());
    let mode = folder.path().join("ca-key.pem").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let (node, key) = node(&loaded, SystemTime::now());
    assert_eq!(node.key_id(), key);
}

#[test]
fn takes_only_the_key_of_a_request() {
    let authority = Authority::create("test").unwrap();
    let key = NodeKey::generate().unwrap();
    let again = NodeKey::from_pem(&key.pem()).unwrap();
    let csr = again.csr_pem().unwrap();
    let first = authority.issue(&csr, "a", &[], SystemTime::now()).unwrap();
    let second = authority.issue(&csr, "b", &[Role::Balancer], SystemTime::now()).unwrap();
    assert_eq!(first.key, second.key);
    assert_eq!(identity(&key, &first).key_id(), first.key);
    assert!(key_id(b"nonsense").is_err());
}

#[test]
fn nonsense_is_refused() {
    let authority = Authority::create("test").unwrap();
    for csr in
        ["", "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n"]
    {
        let refused = authority.issue(csr, "a", &[], SystemTime::now());
        assert!(matches!(refused, Err(CertificateError::Pem { .. })));
    }
    assert!(Authority::load(std::path::Path::new("/nowhere")).is_err());
}
