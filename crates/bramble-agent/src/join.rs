//! Becoming a member: a one-time ticket and a key of our own against a certificate. `node.json`
//! is written last; a folder that has it and a certificate is a node's.

use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use bramble_cluster::api::{JoinRequest, JoinResponse};
use bramble_cluster::certificate::{CertificateError, NodeKey};
use bramble_cluster::link::{Link, LinkError};
use bramble_cluster::ticket::Ticket;
use bramble_content::{DiskError, disk};
use bramble_net::tls::{self, Connector, Identity, TlsError, Trust};
use tracing::info;

use crate::node::{NodeError, NodeFile};

/// Why the node did not join.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// The key or the request for a certificate failed.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The disk refused, or is full.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The manager can't be reached, or says no.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The folder is a node's already.
    #[error(
        "{} belongs to a node already ({name}); to join as another node give an empty \
         folder with --data",
        data.display()
    )]
    Member {
        /// The folder.
        data: PathBuf,
        /// Its name.
        name: String,
    },
    /// The node's file can't be made, or its address is not ours.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The ticket's authority can't be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// What a new node asks for.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Its name; the manager makes it unique.
    pub name: String,
    /// Address of this machine that balancers reach its worker at.
    pub address: IpAddr,
    /// Its worker emulates one old board: requests a second.
    pub worker_rate: Option<u32>,
}

impl JoinError {
    /// Was the node refused for sure? Else it may be a member under its key, as when the
    /// manager's answer was lost: another try must come with the same key.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Link(LinkError::Refused { status, .. }) => *status < 500,
            // Nothing was sent.
            Self::Link(LinkError::Unreachable { source, .. }) => {
                source.kind() == io::ErrorKind::ConnectionRefused
            }
            Self::Link(LinkError::Protocol { .. }) | Self::Disk(_) | Self::Node(_) => false,
            Self::Certificate(_) | Self::Member { .. } | Self::Tls(_) => true,
        }
    }
}

/// A file of the node's identity: `key.pem`, `cert.pem` or `ca.pem`.
pub fn identity_path(data: &Path, file: &str) -> PathBuf {
    data.join("identity").join(file)
}

/// Did a join of this folder come to its end? One that was cut off is repeated with its ticket.
pub fn is_node(data: &Path) -> bool {
    NodeFile::is_in(data) && identity_path(data, "cert.pem").exists()
}

/// Joins the ticket's cluster. Nothing that a failure leaves behind stands in the way of
/// another try.
pub async fn join(ticket: &Ticket, data: &Path, wish: &Wish) -> Result<NodeFile, JoinError> {
    check_free(data, ticket)?;
    rejoin(ticket, data, wish).await
}

/// Joins again under the key that the folder has: of a node that was removed, or of a try whose
/// answer was lost.
pub async fn rejoin(ticket: &Ticket, data: &Path, wish: &Wish) -> Result<NodeFile, JoinError> {
    // Before the ticket is used up: is the address ours?
    NodeFile::check_address(wish.address)?;
    let request = JoinRequest {
        ticket_id: ticket.id.clone(),
        secret: ticket.secret.clone(),
        csr: key(data)?.csr_pem()?,
        name: wish.name.clone(),
        address: wish.address,
        worker_rate: wish.worker_rate,
    };
    let connector = Connector::new(None, Trust::AuthorityKey(ticket.ca))?;
    let link = Link::new(ticket.addresses.clone(), connector);
    let answer: JoinResponse = link.post_json("/v1/join", &request).await?;
    settle(data, ticket, wish.address, answer)
}

/// The way to the managers of a node that has joined.
pub fn link(data: &Path) -> Result<Link, JoinError> {
    let node = NodeFile::load(data)?;
    let path = |file| identity_path(data, file);
    let identity = Identity::load(&path("cert.pem"), &path("key.pem"))?;
    let ca_pem = fs::read(path("ca.pem")).map_err(DiskError::at(&path("ca.pem")))?;
    let connector = Connector::new(Some(&identity), Trust::Authority { ca_pem })?;
    Ok(Link::new(node.managers, connector))
}

/// A join that was cut off may be repeated, but not as a node of another cluster.
fn check_free(data: &Path, ticket: &Ticket) -> Result<(), JoinError> {
    let ca = identity_path(data, "ca.pem");
    if !is_node(data) && (!ca.exists() || tls::load_key_id(&ca)? == ticket.ca) {
        return Ok(());
    }
    let name = NodeFile::load(data).map(|node| node.name);
    Err(JoinError::Member { data: data.into(), name: name.unwrap_or_else(|_| "unnamed".into()) })
}

/// The key of a try that was cut off is used again: the manager may know it by now.
pub(crate) fn key(data: &Path) -> Result<NodeKey, JoinError> {
    let path = identity_path(data, "key.pem");
    match fs::read_to_string(&path) {
        Ok(pem) => return Ok(NodeKey::from_pem(&pem)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(DiskError::at(&path)(error).into()),
    }
    let key = NodeKey::generate()?;
    disk::replace(&path, key.pem().as_bytes())?;
    Ok(key)
}

fn settle(
    data: &Path,
    ticket: &Ticket,
    address: IpAddr,
    answer: JoinResponse,
) -> Result<NodeFile, JoinError> {
    let JoinResponse { name, roles, certificate, ca } = answer;
    let node = NodeFile::new(name, roles, ticket.addresses.clone(), address)?;
    disk::replace(&identity_path(data, "ca.pem"), ca.as_bytes())?;
    disk::replace(&identity_path(data, "cert.pem"), certificate.as_bytes())?;
    // Last: it says that the rest is there.
    node.save(data)?;
    info!(name = node.name, "joined");
    Ok(node)
}

#[cfg(test)]
mod tests;
