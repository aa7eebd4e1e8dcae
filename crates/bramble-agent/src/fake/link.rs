//! A manager's door: real mutual TLS on a real port, and as much HTTP as the agent speaks.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use bramble_cluster::api::{JoinRequest, JoinResponse, NodePlan, NodeReport, RenewRequest, Role};
use bramble_cluster::certificate::{Authority, NodeKey};
use bramble_cluster::ticket::Ticket;
use bramble_net::tls::{Acceptor, ClientCertificate, Identity, TlsStream, Trust};
use serde::Serialize;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use super::FakeManager;

/// What it knows and has heard.
pub(crate) struct Desk {
    pub(crate) content: FakeManager,
    pub(crate) plan: RefCell<Option<NodePlan>>,
    pub(crate) reports: RefCell<Vec<NodeReport>>,
    pub(crate) renewals: Cell<usize>,
    pub(crate) ticket: Ticket,
    authority: Authority,
    acceptor: Acceptor,
}

/// Answers until dropped.
pub(crate) struct FakeLink {
    pub(crate) desk: Rc<Desk>,
    pub(crate) address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for FakeLink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl FakeLink {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let desk = Rc::new(Desk::new(listener.local_addr().unwrap()));
        Self::serve(desk, listener)
    }

    /// As after a restart: the same manager on the same port.
    pub(crate) async fn reopen(desk: Rc<Desk>, address: SocketAddr) -> Self {
        Self::serve(desk, TcpListener::bind(address).await.unwrap())
    }

    fn serve(desk: Rc<Desk>, listener: TcpListener) -> Self {
        let address = listener.local_addr().unwrap();
        let shared = desk.clone();
        let task = tokio::task::spawn_local(async move {
            // Dropped with the task: a manager that is gone leaves no connection open.
            let mut connections = JoinSet::new();
            while let Ok((socket, _)) = listener.accept().await {
                let desk = shared.clone();
                connections.spawn_local(async move {
                    if let Ok((stream, _)) = desk.acceptor.accept(socket).await {
                        desk.converse(stream).await;
                    }
                });
            }
        });
        Self { desk, address, task }
    }
}

impl Desk {
    fn new(address: SocketAddr) -> Self {
        let authority = Authority::create("test").unwrap();
        let key = NodeKey::generate().unwrap();
        let issued = authority.issue_manager(&key, SystemTime::now()).unwrap();
        let identity = Identity::from_pem(issued.chain.as_bytes(), key.pem().as_bytes()).unwrap();
        let clients = Trust::Authority { ca_pem: authority.pem().into() };
        Self {
            content: FakeManager::new(),
            plan: None.into(),
            reports: Vec::new().into(),
            renewals: 0.into(),
            ticket: Ticket::new(vec![address], authority.key_id().unwrap()).unwrap(),
            acceptor: Acceptor::new(&identity, clients, ClientCertificate::Optional).unwrap(),
            authority,
        }
    }

    pub(crate) fn last_report(&self) -> NodeReport {
        self.reports.borrow().last().cloned().unwrap_or_default()
    }

    async fn converse(&self, stream: TlsStream) {
        let mut stream = BufReader::new(stream);
        while let Some((path, body)) = request(&mut stream).await {
            let (status, answer) = self.answer(&path, &body).await;
            let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n", answer.len());
            stream.write_all(&[head.as_bytes(), &answer].concat()).await.unwrap();
            stream.flush().await.unwrap();
        }
    }

    async fn answer(&self, path: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let releases = &self.content.releases;
        match path.rsplit_once('/').unwrap() {
            ("/v1", "join") => self.join(&serde_json::from_slice(body).unwrap()),
            ("/v1", "renew") => self.renew(&serde_json::from_slice(body).unwrap()),
            ("/v1", "report") => {
                self.reports.borrow_mut().push(serde_json::from_slice(body).unwrap());
                json(&serde_json::json!({}))
            }
            ("/v1/release", id) => {
                (200, releases.manifest(&id.parse().unwrap()).unwrap().to_string().into())
            }
            ("/v1/blob", hash) => {
                (200, std::fs::read(releases.blobs().path(&hash.parse().unwrap())).unwrap())
            }
            (_, poll) => self.poll(poll.strip_prefix("plan?after=").unwrap()).await,
        }
    }

    async fn poll(&self, after: &str) -> (u16, Vec<u8>) {
        let after: u64 = after.parse().unwrap();
        for _ in 0..60 {
            if let Some(plan) = self.plan.borrow().as_ref().filter(|plan| plan.revision > after) {
                return json(plan);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        (204, Vec::new())
    }

    fn join(&self, request: &JoinRequest) -> (u16, Vec<u8>) {
        if request.secret != self.ticket.secret {
            return (403, br#"{"error": "the ticket is not genuine", "hint": null}"#.into());
        }
        self.certificate(&request.csr, &request.name)
    }

    fn renew(&self, request: &RenewRequest) -> (u16, Vec<u8>) {
        self.renewals.set(self.renewals.get() + 1);
        self.certificate(&request.csr, "n1")
    }

    fn certificate(&self, csr: &str, name: &str) -> (u16, Vec<u8>) {
        let roles = vec![Role::Worker];
        let issued = self.authority.issue(csr, name, &roles, SystemTime::now()).unwrap();
        let (name, ca) = (name.to_owned(), self.authority.pem().to_owned());
        json(&JoinResponse { name, roles, certificate: issued.chain, ca })
    }
}

async fn request(stream: &mut BufReader<TlsStream>) -> Option<(String, Vec<u8>)> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        match line.trim_end() {
            "" if lines.is_empty() => return None,
            "" => break,
            line => lines.push(line.to_ascii_lowercase()),
        }
    }
    let length = lines.iter().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).await.ok()?;
    Some((lines[0].split(' ').nth(1)?.to_owned(), body))
}

fn json(value: &impl Serialize) -> (u16, Vec<u8>) {
    (200, serde_json::to_vec(value).unwrap())
}
