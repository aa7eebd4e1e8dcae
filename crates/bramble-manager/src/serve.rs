//! The two doors: mutual TLS for nodes, a Unix socket for the operator. Every wait and every
//! number of connections has a limit.

use std::convert::Infallible;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use bramble_net::tls::{Acceptor, ClientCertificate, Identity, KeyId, Trust};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tower_service::Service;

use crate::ManagerError;
use crate::api::Routers;
use crate::setup::{Home, at, private_folder};

/// Of nodes: a plan, a report and a download each, for some hundreds.
const NODE_CONNECTIONS: usize = 2_048;
/// Of peers that show no certificate, on their way in: they must not keep members out.
const STRANGER_CONNECTIONS: usize = 64;
const OPERATOR_CONNECTIONS: usize = 64;
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(5);
const HEAD_LIMIT: Duration = Duration::from_secs(10);
const HEAD_BYTES: usize = 16 * 1024;

/// After an accept that failed (no descriptor left, say): time for some to come free.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Key that the peer showed, if any; stands in each request's extensions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) Option<KeyId>);

/// Open listeners.
pub(crate) struct Doors {
    acceptor: Acceptor,
    nodes: TcpListener,
    nodes_address: SocketAddr,
    operator: UnixListener,
}

impl Doors {
    pub(crate) async fn open(home: &Home) -> Result<Self, ManagerError> {
        let folder = home.folder();
        let ca = folder.join("ca.pem");
        let trust = Trust::Authority { ca_pem: fs::read(&ca).map_err(at(&ca))? };
        let identity = Identity::load(&folder.join("cert.pem"), &folder.join("key.pem"))?;
        let acceptor = Acceptor::new(&identity, trust, ClientCertificate::Optional)?;
        let failed = |address: String| {
            move |source| ManagerError::Listen { address, source, file: home.file() }
        };
        let listen = home.settings.listen;
        let nodes = TcpListener::bind(listen).await.map_err(failed(listen.to_string()))?;
        let nodes_address = nodes.local_addr().map_err(failed(listen.to_string()))?;
        let operator = operator_socket(&home.socket())?;
        Ok(Self { acceptor, nodes, nodes_address, operator })
    }

    pub(crate) fn nodes_address(&self) -> SocketAddr {
        self.nodes_address
    }

    /// Accepts until dropped; with that, all connections end.
    pub(crate) async fn serve(&self, routers: Routers) {
        let mut connections = JoinSet::new();
        let nodes = Arc::new(Semaphore::new(NODE_CONNECTIONS));
        let strangers = Arc::new(Semaphore::new(STRANGER_CONNECTIONS));
        let operators = Arc::new(Semaphore::new(OPERATOR_CONNECTIONS));
        loop {
            tokio::select! {
                (permit, (socket, _)) = admit(&nodes, || self.nodes.accept()) => {
                    let (acceptor, router) = (self.acceptor.clone(), routers.nodes.clone());
                    let strangers = strangers.clone();
                    connections.spawn(serve_node(acceptor, socket, router, permit, strangers));
                }
                (permit, (socket, _)) = admit(&operators, || self.operator.accept()) => {
                    let router = routers.operator.clone();
                    connections.spawn(serve_http(socket, Peer(None), router, permit));
                }
                Some(_) = connections.join_next() => {}
            }
        }
    }
}

/// Readable by its owner from the first moment: its folder is, before it is there.
fn operator_socket(path: &Path) -> Result<UnixListener, ManagerError> {
    path.parent().map_or(Ok(()), private_folder)?;
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at(path)(error)),
        _ => {}
    }
    let listener = UnixListener::bind(path).map_err(at(path))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(at(path))?;
    Ok(listener)
}

/// The next connection, as soon as there is room for it.
async fn admit<T, A: Future<Output = io::Result<T>>>(
    room: &Arc<Semaphore>,
    accept: impl Fn() -> A,
) -> (Option<OwnedSemaphorePermit>, T) {
    // None only of a closed semaphore, and ours is never closed.
    let permit = room.clone().acquire_owned().await.ok();
    loop {
        match accept().await {
            Ok(accepted) => return (permit, accepted),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn serve_node(
    acceptor: Acceptor,
    socket: TcpStream,
    router: Router,
    permit: Option<OwnedSemaphorePermit>,
    strangers: Arc<Semaphore>,
) {
    let _ = socket.set_nodelay(true);
    match tokio::time::timeout(HANDSHAKE_LIMIT, acceptor.accept(socket)).await {
        Ok(Ok((stream, None))) => match strangers.try_acquire_owned() {
            Ok(stranger) => {
                drop(permit);
                serve_http(stream, Peer(None), router, Some(stranger)).await;
            }
            Err(_) => tracing::info!("a peer without a certificate found no room"),
        },
        Ok(Ok((stream, key))) => serve_http(stream, Peer(key), router, permit).await,
        Ok(Err(error)) => tracing::info!(%error, "a peer was not let in"),
        Err(_) => tracing::info!("a peer did not finish its handshake"),
    }
}

async fn serve_http(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: Peer,
    router: Router,
    _permit: Option<OwnedSemaphorePermit>,
) {
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(peer);
        let mut router = router.clone();
        async move { Ok::<_, Infallible>(answer(&mut router, request).await) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_LIMIT).max_buf_size(HEAD_BYTES);
    if let Err(error) = http.serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%error, "a connection ended");
    }
}

async fn answer(router: &mut Router, request: Request<Body>) -> axum::response::Response {
    router.call(request).await.unwrap_or_else(|never| match never {})
}
