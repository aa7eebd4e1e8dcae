//! Connections to the manager: made, used, and kept while idle.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bramble_net::tls::Connector;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, Response, body::Incoming};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

use super::whole::Whole;

/// TCP and TLS to one address.
const CONNECT_LIMIT: Duration = Duration::from_secs(2);

/// Kept while idle; more are closed after use.
const IDLE_CONNECTIONS: usize = 4;

/// Where the manager is.
pub(super) enum Endpoint {
    Tls { addresses: Vec<SocketAddr>, connector: Connector },
    Unix(PathBuf),
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tls { addresses, .. } => {
                let texts: Vec<_> = addresses.iter().map(SocketAddr::to_string).collect();
                f.write_str(&texts.join(" or "))
            }
            Self::Unix(path) => write!(f, "{}", path.display()),
        }
    }
}

impl Endpoint {
    pub(super) async fn connect(&self) -> io::Result<Connection> {
        match self {
            Self::Tls { addresses, connector } => connect_any(addresses, connector).await,
            Self::Unix(path) => Connection::over(UnixStream::connect(path).await?).await,
        }
    }
}

/// The first that takes us; the last refusal if none does.
async fn connect_any(addresses: &[SocketAddr], connector: &Connector) -> io::Result<Connection> {
    let mut refusal = io::Error::new(io::ErrorKind::AddrNotAvailable, "no address is known");
    for address in addresses {
        let connected = tokio::time::timeout(CONNECT_LIMIT, connect_tls(*address, connector));
        match connected.await {
            Ok(Ok(connection)) => return Ok(connection),
            Ok(Err(error)) => refusal = error,
            Err(_) => refusal = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(refusal)
}

async fn connect_tls(address: SocketAddr, connector: &Connector) -> io::Result<Connection> {
    let socket = TcpStream::connect(address).await?;
    socket.set_nodelay(true)?;
    Connection::over(connector.connect(socket).await?).await
}

/// One connection, good for one call at a time.
pub(super) struct Connection {
    sender: SendRequest<Whole>,
}

/// A call that got no answer.
pub(super) struct SendError {
    /// Not one byte of it went out.
    pub(super) unsent: bool,
    pub(super) source: io::Error,
}

impl Connection {
    async fn over(
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ) -> io::Result<Self> {
        let handshake = http1::handshake(TokioIo::new(stream)).await;
        let (sender, connection) = handshake.map_err(io::Error::other)?;
        // Ends by itself when the sender is dropped; its error is also the sender's.
        tokio::spawn(async move { connection.await.ok() });
        Ok(Self { sender })
    }

    pub(super) async fn send(
        &mut self,
        request: Request<Whole>,
    ) -> Result<Response<Incoming>, SendError> {
        if let Err(error) = self.sender.ready().await {
            return Err(SendError { unsent: true, source: io::Error::other(error) });
        }
        let sent = self.sender.try_send_request(request).await;
        sent.map_err(|mut error| {
            let unsent = error.take_message().is_some();
            SendError { unsent, source: io::Error::other(error.into_error()) }
        })
    }
}

/// Connections that wait for the next call.
#[derive(Default)]
pub(super) struct Idle(Mutex<Vec<Connection>>);

impl Idle {
    pub(super) fn take(&self) -> Option<Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    pub(super) fn put(&self, connection: Connection) {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_CONNECTIONS && !connection.sender.is_closed() {
            idle.push(connection);
        }
    }
}
