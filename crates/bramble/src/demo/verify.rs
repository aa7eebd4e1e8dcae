//! Do all workers hold the same release? Asks none of them: fetches every file from every
//! worker and hashes what comes.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, SystemTime};

use bramble_cluster::api::{NodeStatus, OperatorIdentity, Status};
use bramble_cluster::link::Link;
use bramble_content::manifest::File;
use bramble_content::{Hash, Index, Manifest, scan};
use bramble_http::{Asked, Body, Limits, Parsed, ResponseHead, parse_response};
use bramble_load::report::demo::DemoWorker;
use bramble_net::Stream;
use bramble_net::tls::{Connector, Identity, Trust};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::cluster::workers;
use crate::exit::{Doing, Failure};

/// The workers have to hear of a new operator's key first.
const ACCEPT_LIMIT: Duration = Duration::from_secs(8);
const FETCH_LIMIT: Duration = Duration::from_secs(20);

/// Whoever may look into workers, and what they should hold.
pub(super) struct Verifier {
    identity: Identity,
    site: Manifest,
}

impl Verifier {
    /// Gets an operator's certificate for a look at the workers.
    pub(super) async fn new(operator: &Link, site: &Path) -> Result<Self, Failure> {
        let own: OperatorIdentity = operator.post_json("/v1/operator", &()).await?;
        let identity = Identity::from_pem(own.certificate.as_bytes(), own.key.as_bytes());
        let mut verifier = Self {
            identity: identity.doing("the operator's certificate")?,
            site: Manifest::new(Vec::new()).doing("an empty site")?,
        };
        verifier.expect(site)?;
        Ok(verifier)
    }

    /// Takes the site as it lies in a folder now for what the workers should hold.
    pub(super) fn expect(&mut self, site: &Path) -> Result<(), Failure> {
        self.site = scan(site, &Index::default(), SystemTime::now()).doing("the site")?.manifest;
        Ok(())
    }

    /// The release that the site's files make.
    pub(super) fn release(&self) -> String {
        self.site.id().to_string()
    }

    pub(super) fn files(&self) -> usize {
        self.site.files().len()
    }

    /// Fetches everything from every worker at once; the release of each is worked out from
    /// the bytes that came.
    pub(super) async fn check(&self, status: &Status) -> Result<Vec<DemoWorker>, Failure> {
        let mut checks = JoinSet::new();
        for worker in workers(status) {
            let (address, connector) = self.door(worker)?;
            checks.spawn_local(fetch_all(address, connector, self.site.files().to_vec()));
        }
        let mut found = Vec::new();
        while let Some(check) = checks.join_next().await {
            found.push(check.doing("checking a worker")??);
        }
        found.sort_by(|a, b| a.address.cmp(&b.address));
        let release = self.release();
        match found.iter().find(|worker| worker.release != release) {
            Some(other) => Err(Failure::failed(format!(
                "the worker at {} holds {}, not {release}",
                other.address, other.release
            ))),
            None => Ok(found),
        }
    }

    fn door(&self, worker: &NodeStatus) -> Result<(SocketAddr, Connector), Failure> {
        let address = worker.report.worker_address;
        let address = address
            .ok_or_else(|| Failure::failed(format!("{} has no address yet", worker.name)))?;
        let key = worker.key.parse().doing("a worker's key")?;
        let trust = Trust::Keys([key].into());
        Ok((address, Connector::new(Some(&self.identity), trust).doing("TLS")?))
    }
}

async fn fetch_all(
    address: SocketAddr,
    connector: Connector,
    files: Vec<File>,
) -> Result<DemoWorker, Failure> {
    let mut stream = knock(address, &connector).await?;
    let mut found = Vec::new();
    for file in files {
        let body = timeout(FETCH_LIMIT, fetch(&mut stream, &file.path)).await;
        let body = body.doing(format!("{address}{}", file.path))??;
        found.push(File { hash: Hash::of(&body), size: body.len() as u64, ..file });
    }
    let release = Manifest::new(found).doing("a worker's files")?.id().to_string();
    Ok(DemoWorker { address: address.to_string(), release })
}

/// Connects as soon as the worker knows this operator. TLS 1.3 tells a client only with the
/// first answer whether its certificate was taken.
async fn knock(address: SocketAddr, connector: &Connector) -> Result<Stream, Failure> {
    let end = Instant::now() + ACCEPT_LIMIT;
    loop {
        let tried = match timeout(ACCEPT_LIMIT, try_door(address, connector)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(failure)) => failure,
            Err(_) => Failure::failed(format!("the worker at {address} does not answer")),
        };
        if Instant::now() >= end {
            return Err(tried);
        }
        sleep(Duration::from_millis(100)).await;
    }
}

async fn try_door(address: SocketAddr, connector: &Connector) -> Result<Stream, Failure> {
    let stream = Stream::connect(address, Some(connector)).await;
    let mut stream = stream.doing(format!("worker at {address}"))?;
    fetch(&mut stream, "robots.txt").await?;
    Ok(stream)
}

async fn fetch(stream: &mut Stream, path: &str) -> Result<Vec<u8>, Failure> {
    let what = format!("fetching /{path}");
    let request = format!("GET /{path} HTTP/1.1\r\nHost: demo\r\n\r\n");
    stream.write_all(request.as_bytes()).await.doing(&what)?;
    let (mut bytes, mut piece) = (Vec::new(), vec![0; 64 * 1024]);
    let mut head = ResponseHead::default();
    loop {
        let n = stream.read(&mut piece).await.doing(&what)?;
        bytes.extend_from_slice(piece.get(..n).unwrap_or_default());
        let parsed =
            parse_response(&bytes, &Limits::default(), Asked::default(), &mut head).doing(&what)?;
        match (parsed, head.body) {
            (Parsed::Complete, Body::Length(length)) => {
                let end = head.len + usize::try_from(length).unwrap_or(usize::MAX);
                if head.status == 200 && bytes.len() == end {
                    return Ok(bytes.split_off(head.len));
                }
                if head.status != 200 {
                    return Err(Failure::failed(format!("{what}: status {}", head.status)));
                }
            }
            (Parsed::Complete, _) => {
                return Err(Failure::failed(format!("{what}: an answer without a length")));
            }
            (Parsed::Partial, _) => {}
        }
        if n == 0 {
            return Err(Failure::failed(format!("{what}: the answer broke off")));
        }
    }
}
