//! TLS by keys: the only place where rustls is named (with `stream/secure.rs`).
//!
//! A party is known by its public key, not by its address and not by the clock. On the path
//! of visitors a peer is accepted when its key is listed ([`Trust::Keys`]), whatever the dates
//! in its certificate say: boards boot in 1970. The manager is trusted through the cluster's
//! authority, under the one name [`MANAGER_NAME`].

mod identity;
mod trust;

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::NoServerSessionStorage;
use rustls::{ClientConfig, ServerConfig, version::TLS13};
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

pub use identity::{Identity, KeyId, KeyIdError, key_id, load_key_id};
pub use trust::{ClientCertificate, Trust};

/// Subject alternative name of a manager's certificate.
pub const MANAGER_NAME: &str = "manager.bramble";

/// Why TLS could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// Not a certificate, or one that holds no usable key.
    #[error("unusable certificate: {0}")]
    Certificate(String),
    /// The file can't be read.
    #[error("can't read {path}: {source}")]
    File {
        /// Which file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// Not a private key, or not that of the certificate.
    #[error("unusable private key: {0}")]
    Key(String),
    /// Rejected by the TLS library.
    #[error(transparent)]
    Setup(#[from] rustls::Error),
    /// Nobody would be trusted.
    #[error("no trusted authority: {0}")]
    Trust(String),
}

/// Accepts TLS from clients that it trusts.
#[derive(Clone)]
pub struct Acceptor {
    config: Arc<ServerConfig>,
}

impl Acceptor {
    /// Shows `identity`, and asks for a certificate that `clients` covers.
    ///
    /// # Errors
    /// Certificate, key or authority are unusable.
    pub fn new(
        identity: &Identity,
        clients: Trust,
        certificate: ClientCertificate,
    ) -> Result<Self, TlsError> {
        let verifier = trust::client_verifier(clients, certificate, provider())?;
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&TLS13])?
            .with_client_cert_verifier(verifier)
            .with_single_cert(identity.chain.clone(), identity.key.clone_key())?;
        // Links are pooled and long-lived; a resumed session would skip the look at the key.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Self { config: Arc::new(config) })
    }

    /// Does the handshake; returns the peer's key where it showed a certificate.
    ///
    /// # Errors
    /// The peer speaks no TLS, or is not trusted.
    pub async fn accept(&self, socket: TcpStream) -> io::Result<(TlsStream, Option<KeyId>)> {
        let stream = tokio_rustls::TlsAcceptor::from(self.config.clone()).accept(socket).await?;
        let chain = stream.get_ref().1.peer_certificates();
        let key = chain.and_then(|c| c.first()).and_then(|c| key_id(c).ok());
        Ok((TlsStream(stream.into()), key))
    }

    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        self.config.clone()
    }
}

/// Connects by TLS to peers that it trusts.
#[derive(Clone)]
pub struct Connector {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

impl Connector {
    /// Shows `identity` where the peer asks for one, and accepts peers that `servers` covers.
    ///
    /// # Errors
    /// Certificate, key or authority are unusable.
    pub fn new(identity: Option<&Identity>, servers: Trust) -> Result<Self, TlsError> {
        let verifier = trust::server_verifier(servers, provider())?;
        let builder = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&TLS13])?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let mut config = match identity {
            None => builder.with_no_client_auth(),
            Some(i) => builder.with_client_auth_cert(i.chain.clone(), i.key.clone_key())?,
        };
        config.resumption = rustls::client::Resumption::disabled();
        let name =
            ServerName::try_from(MANAGER_NAME).map_err(|e| TlsError::Certificate(e.to_string()))?;
        Ok(Self { config: Arc::new(config), name })
    }

    /// Does the handshake.
    ///
    /// # Errors
    /// The peer speaks no TLS, is not trusted, or does not trust us.
    pub async fn connect(&self, socket: TcpStream) -> io::Result<TlsStream> {
        let connector = tokio_rustls::TlsConnector::from(self.config.clone());
        let stream = connector.connect(self.name.clone(), socket).await?;
        Ok(TlsStream(stream.into()))
    }

    pub(crate) fn config(&self) -> Arc<ClientConfig> {
        self.config.clone()
    }

    pub(crate) fn name(&self) -> ServerName<'static> {
        self.name.clone()
    }
}

/// A TLS connection of the control plane.
pub struct TlsStream(tokio_rustls::TlsStream<TcpStream>);

impl AsyncRead for TlsStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for TlsStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

#[cfg(test)]
mod tests;
