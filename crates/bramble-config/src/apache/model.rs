//! What a configuration of Apache comes to, before it is written down.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::access::Access;
use super::expand::{Node, Place};
use crate::check::host;

/// A key of ours with its value, as TOML.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    /// With its tables, as `pool.backend.weight`.
    pub key: &'static str,
    pub value: String,
    pub place: Place,
    /// The part of the line that it stands for.
    pub text: String,
}

/// `<Proxy balancer://…>`, or the one backend of a `ProxyPass`.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    /// As Apache knows it: `balancer://app`, `http://10.0.0.5:8080`.
    pub url: String,
    pub place: Place,
    pub settings: Vec<Setting>,
    pub members: Vec<Member>,
    pub access: Access,
    /// Whether `Host` is the client's (`ProxyPreserveHost On`); none: nothing leads here.
    pub keeps_host: Option<bool>,
}

/// `BalancerMember`.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub place: Place,
    pub address: SocketAddr,
    /// The authority in its URL, which is what it gets as `Host`.
    pub authority: String,
    /// The path in its URL, without a last `/`.
    pub path: String,
    pub settings: Vec<Setting>,
}

impl Member {
    /// What Apache sends it as `Host`, unless the client's is kept.
    pub fn host(&self) -> String {
        let Self { authority, address, .. } = self;
        let host = authority.strip_suffix(":80").unwrap_or(authority);
        match host::is_authority(host) {
            true => host.to_owned(),
            false if address.port() == 80 && address.is_ipv4() => address.ip().to_string(),
            false => address.to_string(),
        }
    }
}

/// The main server, or a virtual host.
#[derive(Debug, Default)]
pub(crate) struct Host {
    pub node: Option<Node>,
    pub names: Vec<String>,
    /// Addresses of a virtual host, as written.
    pub addresses: Vec<String>,
    pub is_tls: bool,
    pub root: Option<(String, Place)>,
    pub index: Vec<String>,
    pub pages: BTreeMap<u16, String>,
    pub keeps_host: Option<bool>,
    pub locations: Vec<Location>,
    pub passes: Vec<Rule>,
    pub redirects: Vec<Rule>,
}

/// `<Location>`.
#[derive(Debug)]
pub(crate) struct Location {
    pub place: Place,
    pub path: String,
    pub access: Access,
    pub keeps_host: Option<bool>,
    pub rules: Vec<Rule>,
}

/// What answers below a path.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub place: Place,
    pub text: String,
    /// Without a last `/`, but for the root.
    pub path: String,
    pub answer: Answer,
}

#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// `ProxyPass /path !`.
    NotPassed,
    /// The pool of this URL, asked for that path instead.
    Pass {
        url: String,
        path: String,
    },
    Redirect {
        status: u16,
        location: String,
        /// What follows the path goes behind the location.
        keep_path: bool,
    },
    Respond {
        status: u16,
    },
}
