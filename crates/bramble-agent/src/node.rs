//! Who this node is: `DIR/node.json`, and where things lie in the data folder.

use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use bramble_cluster::api::Role;
use bramble_content::{DiskError, disk};
use bramble_net::steady_port;
use serde::{Deserialize, Serialize};

/// Why the node's file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// The worker can't listen there.
    #[error("{address}: {source}; give an address of this machine with --address")]
    Address {
        /// What was given.
        address: IpAddr,
        /// As the system said it.
        source: io::Error,
    },
    /// Neither `up` nor `join` was here before.
    #[error(
        "{} is no node yet; `bramble join TICKET` or `bramble up` makes it one",
        data.display()
    )]
    Absent {
        /// The data folder.
        data: PathBuf,
    },
    /// Not what we wrote.
    #[error("{}: {source}; restore it, or join anew with an empty folder", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// The disk refused, or is full.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// What a node knows of itself; written when it joins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeFile {
    /// Unique in the cluster.
    pub name: String,
    /// What it runs.
    pub roles: Vec<Role>,
    /// Where managers listen for nodes, tried in order.
    pub managers: Vec<SocketAddr>,
    /// Address that balancers reach this node's worker at.
    pub address: IpAddr,
    /// Chosen once, so that the address in other nodes' plans stays true over restarts.
    pub worker_port: Option<u16>,
}

impl NodeFile {
    /// A new node; its worker, if it runs one, gets a free port.
    pub fn new(
        name: impl Into<String>,
        roles: Vec<Role>,
        managers: Vec<SocketAddr>,
        address: IpAddr,
    ) -> Result<Self, NodeError> {
        let worker_port = match roles.contains(&Role::Worker) {
            true => Some(free_port(address)?),
            false => None,
        };
        Ok(Self { name: name.into(), roles, managers, address, worker_port })
    }

    /// Is there a `DIR/node.json`?
    pub fn is_in(data: &Path) -> bool {
        path(data).exists()
    }

    /// Reads `DIR/node.json`.
    pub fn load(data: &Path) -> Result<Self, NodeError> {
        let path = path(data);
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(NodeError::Absent { data: data.into() });
            }
            bytes => bytes.map_err(DiskError::at(&path))?,
        };
        serde_json::from_slice(&bytes).map_err(|source| NodeError::Damaged { path, source })
    }

    /// Writes `DIR/node.json`, whole or not at all.
    pub fn save(&self, data: &Path) -> Result<(), NodeError> {
        let path = path(data);
        let json = serde_json::to_vec_pretty(self);
        let json = json.map_err(|e| DiskError::at(&path)(e.into()))?;
        Ok(disk::replace(&path, &json)?)
    }

    /// Is the address one of this machine?
    pub fn check_address(address: IpAddr) -> Result<(), NodeError> {
        free_port(address).map(drop)
    }

    /// Where the worker listens.
    pub fn worker_address(&self) -> Option<SocketAddr> {
        Some(SocketAddr::new(self.address, self.worker_port?))
    }
}

/// The role's name, as in `bramble role NAME` and in file names.
pub fn role_name(role: Role) -> &'static str {
    match role {
        Role::Balancer => "balancer",
        Role::Manager => "manager",
        Role::Worker => "worker",
    }
}

/// A role's control socket.
pub fn control_path(data: &Path, role: Role) -> PathBuf {
    data.join("run").join(format!("{}.sock", role_name(role)))
}

/// A role's last good plan.
pub fn plan_path(data: &Path, role: Role) -> PathBuf {
    data.join("plans").join(format!("{}.json", role_name(role)))
}

fn path(data: &Path) -> PathBuf {
    data.join("node.json")
}

fn free_port(address: IpAddr) -> Result<u16, NodeError> {
    steady_port(address).map_err(|source| NodeError::Address { address, source })
}

#[cfg(test)]
mod tests;
