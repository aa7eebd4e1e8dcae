//! The requests of a run as ready-made bytes, one a path, built once.

use crate::options::{Connections, Options, PathOrder};
use crate::rng::Rng;

/// Every request that a run can send.
pub(crate) struct Requests {
    requests: Vec<Vec<u8>>,
    order: PathOrder,
}

impl Requests {
    pub(crate) fn new(options: &Options) -> Self {
        let own = std::slice::from_ref(&options.target.path);
        let paths = if options.paths.is_empty() { own } else { &options.paths };
        let host = options.host.as_ref().unwrap_or(&options.target.authority);
        let build = |path: &String| build(path, host, options.connections);
        Self { requests: paths.iter().map(build).collect(), order: options.order }
    }

    /// The request number `turn` of a user.
    pub(crate) fn pick(&self, turn: u64, rng: &mut Rng) -> &[u8] {
        let count = self.requests.len() as u64;
        let index = match self.order {
            PathOrder::RoundRobin => turn.checked_rem(count).unwrap_or(0),
            PathOrder::Random => rng.below(count),
        };
        &self.requests[index as usize]
    }
}

fn build(path: &str, host: &str, connections: Connections) -> Vec<u8> {
    let connection = match connections {
        Connections::KeepAlive => "",
        Connections::PerRequest => "Connection: close\r\n",
    };
    format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: bramble-load/{version}\r\n\
         Accept: */*\r\n{connection}\r\n",
        version = env!("CARGO_PKG_VERSION")
    )
    .into_bytes()
}

#[cfg(test)]
mod tests;
