//! A node that joins, and holds and applies whatever it is told at once.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bramble_cluster::api::{
    JoinRequest, JoinResponse, NodePlan, NodeReport, Role, RoleFacts, ServerFacts,
};
use bramble_cluster::certificate::NodeKey;
use bramble_cluster::link::{Link, LinkError};
use bramble_cluster::ticket::Ticket;
use bramble_net::tls::{Connector, Identity, Trust};
use serde_json::Value;
use tokio::task::JoinHandle;

use crate::cluster::Cluster;

pub struct Node {
    pub name: String,
    pub link: Arc<Link>,
    pub key: NodeKey,
    /// What it says each time; tests may change it.
    pub report: Arc<Mutex<NodeReport>>,
    /// Whether it fetches what it is told to hold.
    pub fetches: Arc<Mutex<bool>>,
    tasks: Vec<JoinHandle<()>>,
}

pub async fn join(ticket: &str, key: &NodeKey, name: &str) -> Result<JoinResponse, LinkError> {
    let ticket: Ticket = ticket.parse().unwrap();
    let connector = Connector::new(None, Trust::AuthorityKey(ticket.ca)).unwrap();
    let request = JoinRequest {
        ticket_id: ticket.id,
        secret: ticket.secret,
        csr: key.csr_pem().unwrap(),
        name: name.to_owned(),
        address: [127, 0, 0, 11].into(),
        worker_rate: Some(160),
    };
    Link::new(ticket.addresses, connector).post_json("/v1/join", &request).await
}

impl Node {
    pub async fn join(cluster: &Cluster, role: Role, name: &str) -> Self {
        let key = NodeKey::generate().unwrap();
        let joined = join(&cluster.ticket(role).await, &key, name).await.unwrap();
        Self::new(cluster, joined.name, key, &joined.certificate, &joined.ca)
    }

    /// The first node, whose identity lies on disk.
    pub fn first(cluster: &Cluster) -> Self {
        let read =
            |name| std::fs::read_to_string(cluster.path().join("identity").join(name)).unwrap();
        let key = NodeKey::from_pem(&read("key.pem")).unwrap();
        Self::new(cluster, "node1".to_owned(), key, &read("cert.pem"), &read("ca.pem"))
    }

    fn new(cluster: &Cluster, name: String, key: NodeKey, certificate: &str, ca: &str) -> Self {
        let identity = Identity::from_pem(certificate.as_bytes(), key.pem().as_bytes()).unwrap();
        let trust = Trust::Authority { ca_pem: ca.as_bytes().to_vec() };
        let connector = Connector::new(Some(&identity), trust).unwrap();
        let link = Arc::new(Link::new(vec![cluster.address], connector));
        let report = NodeReport {
            worker_address: Some(([127, 0, 0, 11], 7000).into()),
            roles: vec![facts()],
            ..NodeReport::default()
        };
        let report = Arc::new(Mutex::new(report));
        Self { name, link, key, report, fetches: Arc::new(Mutex::new(true)), tasks: Vec::new() }
    }

    pub async fn plan(&self, after: u64) -> Option<NodePlan> {
        self.link.poll_json(&format!("/v1/plan?after={after}")).await.unwrap()
    }

    pub async fn say(&self) -> Result<Value, LinkError> {
        let report = self.report.lock().unwrap().clone();
        self.link.post_json("/v1/report", &report).await
    }

    /// Goes on by itself from here.
    pub fn work(mut self) -> Self {
        let (link, report, fetches) =
            (self.link.clone(), self.report.clone(), self.fetches.clone());
        self.tasks.push(tokio::spawn(async move {
            loop {
                let after = report.lock().unwrap().applied;
                let plan = link.poll_json::<NodePlan>(&format!("/v1/plan?after={after}")).await;
                match plan {
                    Ok(Some(plan)) if *fetches.lock().unwrap() => {
                        let mut report = report.lock().unwrap();
                        report.applied = plan.revision;
                        report.roles.iter_mut().for_each(|r| r.server.revision = plan.revision);
                        report.releases = plan.releases;
                    }
                    _ => tokio::time::sleep(Duration::from_millis(20)).await,
                }
            }
        }));
        let (link, report) = (self.link.clone(), self.report.clone());
        self.tasks.push(tokio::spawn(async move {
            loop {
                let report = report.lock().unwrap().clone();
                let _ = link.post_json::<Value>("/v1/report", &report).await;
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }));
        self
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

fn facts() -> RoleFacts {
    RoleFacts {
        role: Role::Balancer,
        pid: 1,
        restarts: 0,
        uptime_ms: 0,
        cpu_ms: 0,
        rss_kib: 0,
        server: ServerFacts::default(),
    }
}
