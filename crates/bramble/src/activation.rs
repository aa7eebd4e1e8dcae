//! Sockets that a service manager has opened for us, by the protocol of sd_listen_fds(3). So a service
//! listens at port 80 without a right to, and whoever comes while it starts waits instead of being
//! refused.

use bramble_net::ListenSocket;
use listenfd::ListenFd;

use crate::exit::{Doing, Failure};

/// All of them; none where there is no such manager. To be called before there are other threads,
/// since it takes the words for it out of the environment: they are for nobody else.
///
/// # Errors
/// One is no TCP socket that listens.
pub fn sockets() -> Result<Vec<ListenSocket>, Failure> {
    // Without it the words are for somebody else, or left over.
    if std::env::var_os("LISTEN_PID").is_none() {
        return Ok(Vec::new());
    }
    let mut given = ListenFd::from_env();
    let taken = (0..given.len()).filter_map(|i| given.take_tcp_listener(i).transpose());
    let sockets = taken.map(|listener| ListenSocket::given(listener?.into()));
    sockets.collect::<Result<_, _>>().doing("can't listen at a socket of the service manager")
}
