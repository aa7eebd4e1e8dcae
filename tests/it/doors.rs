//! Every door of a cluster, tried by strangers: only the visitors' lets them in.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use bramble_net::tls::{Connector, Identity, Trust};
use bramble_tests::{Broken, Client, Cluster, Folder, Node, eventually, processes};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What a stranger would like to have.
const WISHES: [&str; 6] =
    ["/", "/v1/plan", "/v1/watch", "/v1/status", "/v1/release/x", "/v1/invite"];

/// Listening sockets of a node, but for the visitors'.
fn doors(node: &Node, visitors: SocketAddr) -> Vec<SocketAddr> {
    let listening = node.processes().into_iter().flat_map(processes::listening);
    listening.filter(|address| *address != visitors).collect()
}

/// A chain of somebody else's authority, with a name that a node or the manager would have.
fn foreign(name: &str) -> Identity {
    let mut params = CertificateParams::new(vec![]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
    let chain = params.signed_by(&key, &authority).unwrap().pem() + &authority.pem();
    Identity::from_pem(chain.as_bytes(), key.serialize_pem().as_bytes()).unwrap()
}

/// The identity that a node shows.
fn own(node: &Node) -> Identity {
    let identity = node.data().join("identity");
    Identity::load(&identity.join("cert.pem"), &identity.join("key.pem")).unwrap()
}

/// Everything that comes back for one request by TLS; nothing when the handshake fails.
fn ask(address: SocketAddr, identity: Option<&Identity>, servers: Trust, path: &str) -> String {
    let connector = Connector::new(identity, servers).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let talk = async {
        let mut stream = connector.connect(TcpStream::connect(address).await.ok()?).await.ok()?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = Vec::new();
        // TLS 1.3 tells a client that it was refused only when it reads.
        stream.read_to_end(&mut answer).await.ok()?;
        Some(String::from_utf8_lossy(&answer).into_owned())
    };
    let limited = async { tokio::time::timeout(Duration::from_secs(5), talk).await };
    runtime.block_on(limited).expect("an end").unwrap_or_default()
}

fn cluster() -> (Cluster, Node) {
    let cluster = Cluster::up();
    let second = cluster.join("second");
    cluster.publish(&Folder::with(&[("index.html", "SECRET CONTENT")])).expect(0);
    cluster.wait_until_serving(&["first", "second"]);
    (cluster, second)
}

/// Trusts these nodes by their keys.
fn keys(nodes: &[&Node]) -> Trust {
    Trust::Keys(nodes.iter().map(|node| own(node).key_id()).collect())
}

#[test]
fn a_node_has_the_doors_that_it_needs_and_no_more() {
    let (cluster, second) = cluster();
    // The manager's and the worker's; of the other node its worker's.
    assert_eq!(doors(&cluster.first, cluster.address()).len(), 2);
    assert_eq!(doors(&second, cluster.address()).len(), 1);
}

#[test]
fn without_tls_no_door_says_a_word() {
    let (cluster, second) = cluster();
    for node in [&cluster.first, &second] {
        for door in doors(node, cluster.address()) {
            for path in WISHES {
                let mut client = Client::connect(door);
                client.send(bramble_tests::get(path));
                client.wire().half_close();
                match client.wire().rest() {
                    Ok(bytes) => assert!(!bytes.starts_with(b"HTTP"), "{door}{path}: {bytes:?}"),
                    Err(broken) => assert_eq!(broken, Broken::Reset, "{door}{path}"),
                }
            }
        }
    }
}

#[test]
fn a_strangers_certificate_opens_no_door() {
    let (cluster, second) = cluster();
    for name in ["manager.bramble", "first", "second"] {
        let stranger = foreign(name);
        for node in [&cluster.first, &second] {
            for door in doors(node, cluster.address()) {
                for trust in [keys(&[&cluster.first, &second]), authority(&cluster)] {
                    let answer = ask(door, Some(&stranger), trust, "/v1/plan");
                    assert_eq!(answer, "", "{door} as {name}");
                }
            }
        }
    }
}

#[test]
fn without_a_certificate_a_worker_is_silent_and_the_manager_knows_only_join() {
    let (cluster, second) = cluster();
    for node in [&cluster.first, &second] {
        for door in doors(node, cluster.address()) {
            for path in WISHES {
                let worker = ask(door, None, keys(&[&cluster.first, &second]), path);
                let manager = ask(door, None, authority(&cluster), path);
                for answer in [worker, manager] {
                    assert!(
                        !answer.contains("SECRET") && !answer.contains(" 200 "),
                        "{path}: {answer}"
                    );
                    let refused =
                        answer.starts_with("HTTP/1.1 403 ") || answer.starts_with("HTTP/1.1 404 ");
                    assert!(answer.is_empty() || refused, "{door}{path}: {answer}");
                }
            }
        }
    }
}

#[test]
fn the_right_keys_open_the_doors() {
    // Otherwise the tests above would hold for doors that are nailed up.
    let (cluster, second) = cluster();
    let (first, other) = (own(&cluster.first), own(&second));
    let worker = doors(&second, cluster.address())[0];
    let answer = ask(worker, Some(&first), keys(&[&second]), "/");
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("SECRET"), "{answer}");
    let plans = doors(&cluster.first, cluster.address()).into_iter();
    let plan = |door| ask(door, Some(&other), authority(&cluster), "/v1/plan");
    assert!(plans.map(plan).any(|answer| answer.starts_with("HTTP/1.1 200 ")));
}

#[test]
fn a_worker_answers_again_over_a_link_that_was_silent() {
    let (cluster, second) = cluster();
    let worker = doors(&second, cluster.address())[0];
    let connector = Connector::new(Some(&own(&cluster.first)), keys(&[&second])).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let stream = TcpStream::connect(worker).await.unwrap();
        let mut stream = connector.connect(stream).await.unwrap();
        for silence_ms in [0, 1_400, 1_400] {
            tokio::time::sleep(Duration::from_millis(silence_ms)).await;
            stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
            let mut answer = Vec::new();
            while !answer.ends_with(b"SECRET CONTENT") {
                assert!(stream.read_buf(&mut answer).await.unwrap() > 0, "closed");
            }
        }
    });
}

#[test]
fn a_worker_lets_only_balancers_in() {
    let (cluster, second) = cluster();
    let third = cluster.join("third");
    cluster.wait_until_serving(&["first", "second", "third"]);
    let worker = doors(&second, cluster.address())[0];
    let answer = ask(worker, Some(&own(&third)), keys(&[&second]), "/");
    assert_eq!(answer, "", "a worker is no balancer");
}

/// A node's worker, and the manager of a first node.
fn worker_and_manager(node: &Node) -> (SocketAddr, SocketAddr) {
    let file = std::fs::read(node.data().join("node.json")).unwrap();
    let file: serde_json::Value = serde_json::from_slice(&file).unwrap();
    let ip = file["address"].as_str().unwrap().parse().unwrap();
    let port = u16::try_from(file["worker_port"].as_u64().unwrap()).unwrap();
    (SocketAddr::new(ip, port), file["managers"][0].as_str().unwrap().parse().unwrap())
}

#[test]
fn a_removed_node_has_lost_its_keys() {
    let cluster = Cluster::with_roles("manager,worker");
    let (front, other) = (cluster.join_as("front", "balancer"), cluster.join("other"));
    cluster.publish(&Folder::with(&[("index.html", "SECRET CONTENT")])).expect(0);
    cluster.wait_until_serving(&["first", "other"]);
    let (worker, manager) = worker_and_manager(&cluster.first);
    let at_worker = |key: &Identity| ask(worker, Some(key), keys(&[&cluster.first]), "/");
    let at_manager = |key: &Identity| ask(manager, Some(key), authority(&cluster), "/v1/plan");
    let (front, other) = (own(&front), own(&other));
    assert!(at_worker(&front).contains("SECRET"), "a balancer's key opens a worker's door");
    assert!(at_manager(&front).starts_with("HTTP/1.1 200 "), "a member's key opens the manager's");

    cluster.call(&["node", "remove", "front"]).expect(0);
    eventually("the worker knows it no more", || at_worker(&front).is_empty());
    for path in WISHES {
        let answer = ask(manager, Some(&front), authority(&cluster), path);
        assert!(!answer.contains(" 200 ") && !answer.contains("SECRET"), "{path}: {answer}");
    }
    assert!(at_manager(&other).starts_with("HTTP/1.1 200 "), "the others' keys are as before");
}

fn authority(cluster: &Cluster) -> Trust {
    let ca_pem = std::fs::read(cluster.first.data().join("identity/ca.pem")).unwrap();
    Trust::Authority { ca_pem }
}

#[test]
fn keys_sockets_and_state_are_the_owners_alone() {
    let (cluster, second) = cluster();
    for node in [&cluster.first, &second] {
        let mode =
            |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        for entry in std::fs::read_dir(node.data().join("run")).unwrap() {
            let socket = entry.unwrap().path();
            assert_eq!(mode(&socket), 0o600, "{}", socket.display());
        }
        for folder in ["run", "manager"].map(|name| node.data().join(name)) {
            assert!(!folder.exists() || mode(&folder) == 0o700, "{}", folder.display());
        }
        for key in ["identity/key.pem", "manager/ca-key.pem", "manager/key.pem"] {
            let file = node.data().join(key);
            assert!(!file.exists() || mode(&file) == 0o600, "{}", file.display());
        }
    }
}
