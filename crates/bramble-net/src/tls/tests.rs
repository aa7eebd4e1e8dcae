use std::collections::BTreeSet;
use std::io;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{Acceptor, ClientCertificate, Connector, Identity, KeyId, MANAGER_NAME, Trust};

struct Cluster {
    ca: CertifiedIssuer<'static, KeyPair>,
}

impl Cluster {
    fn new() -> Self {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Self { ca }
    }

    fn member(&self, name: &str, years: (i32, i32)) -> Identity {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(years.0, 1, 1);
        params.not_after = rcgen::date_time_ymd(years.1, 1, 1);
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
        let own = params.signed_by(&key, &self.ca).unwrap();
        let chain = format!("{}{}", own.pem(), self.ca.pem());
        Identity::from_pem(chain.as_bytes(), key.serialize_pem().as_bytes()).unwrap()
    }

    fn authority(&self) -> Trust {
        Trust::Authority { ca_pem: self.ca.pem().into_bytes() }
    }

    fn key(&self) -> KeyId {
        super::key_id(self.ca.der()).unwrap()
    }
}

fn keys(ids: &[KeyId]) -> Trust {
    Trust::Keys(ids.iter().copied().collect::<BTreeSet<_>>())
}

/// Both sides of one exchange of a byte each way; TLS 1.3 tells a client only on reading that
/// its certificate was refused.
async fn talk(acceptor: Acceptor, connector: Connector) -> io::Result<Option<KeyId>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = async {
        let (mut stream, key) = acceptor.accept(listener.accept().await?.0).await?;
        let byte = stream.read_u8().await?;
        stream.write_all(&[byte]).await?;
        stream.flush().await?;
        io::Result::Ok(key)
    };
    let client = async {
        let mut stream = connector.connect(TcpStream::connect(address).await?).await?;
        stream.write_all(b"x").await?;
        stream.flush().await?;
        stream.read_u8().await
    };
    let (key, echo) = tokio::join!(server, client);
    echo?;
    key
}

async fn check(clients: Trust, servers: Trust, server: &Identity, client: &Identity) -> bool {
    let acceptor = Acceptor::new(server, clients, ClientCertificate::Required).unwrap();
    let connector = Connector::new(Some(client), servers).unwrap();
    match talk(acceptor, connector).await {
        Ok(key) => {
            assert_eq!(key, Some(client.key_id()));
            true
        }
        Err(_) => false,
    }
}

const NOW: (i32, i32) = (2020, 2090);
const LONG_AGO: (i32, i32) = (1970, 1971);

#[tokio::test]
async fn listed_keys_are_accepted_whatever_the_dates_say() {
    let cluster = Cluster::new();
    let (balancer, worker) = (cluster.member("b", LONG_AGO), cluster.member("w", LONG_AGO));
    let (b, w) = (keys(&[balancer.key_id()]), keys(&[worker.key_id()]));
    assert!(check(b, w, &worker, &balancer).await);
}

#[tokio::test]
async fn keys_that_are_not_listed_are_refused_on_either_side() {
    let cluster = Cluster::new();
    let (balancer, worker) = (cluster.member("b", NOW), cluster.member("w", NOW));
    let (b, w) = (keys(&[balancer.key_id()]), keys(&[worker.key_id()]));
    assert!(!check(w.clone(), w, &worker, &balancer).await);
    assert!(!check(b.clone(), b, &worker, &balancer).await);
}

#[tokio::test]
async fn the_manager_is_known_by_authority_and_name() {
    let cluster = Cluster::new();
    let (manager, node) = (cluster.member(MANAGER_NAME, NOW), cluster.member("n", NOW));
    assert!(check(cluster.authority(), cluster.authority(), &manager, &node).await);
    // Another member of the cluster can't pass for the manager.
    assert!(!check(cluster.authority(), cluster.authority(), &node, &node).await);
}

#[tokio::test]
async fn a_foreign_authority_is_refused_on_either_side() {
    let (ours, foreign) = (Cluster::new(), Cluster::new());
    let (manager, node) = (ours.member(MANAGER_NAME, NOW), ours.member("n", NOW));
    let stranger = foreign.member(MANAGER_NAME, NOW);
    assert!(!check(ours.authority(), ours.authority(), &manager, &stranger).await);
    assert!(!check(ours.authority(), ours.authority(), &stranger, &node).await);
}

#[tokio::test]
async fn a_ticket_names_the_authority_by_its_key() {
    let (ours, foreign) = (Cluster::new(), Cluster::new());
    let manager = ours.member(MANAGER_NAME, NOW);
    for (key, trusted) in [(ours.key(), true), (foreign.key(), false)] {
        let acceptor =
            Acceptor::new(&manager, ours.authority(), ClientCertificate::Optional).unwrap();
        let connector = Connector::new(None, Trust::AuthorityKey(key)).unwrap();
        assert_eq!(talk(acceptor, connector).await.is_ok(), trusted);
    }
}

#[test]
fn a_key_id_is_read_as_it_is_written() {
    let id = Cluster::new().key();
    assert_eq!(id.to_string().parse::<KeyId>().unwrap(), id);
    for bad in ["", "ab", &"g".repeat(64), &"é".repeat(32)] {
        assert!(bad.parse::<KeyId>().is_err());
    }
}
