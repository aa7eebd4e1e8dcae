//! Whom a party believes: verifiers for both directions.

use std::collections::BTreeSet;
use std::sync::Arc;

use rustls::SignatureScheme;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use super::identity::certificates;
use super::{KeyId, TlsError, key_id};

/// Whose certificate is accepted.
#[derive(Clone, Debug)]
pub enum Trust {
    /// A chain to this authority, within its dates.
    Authority {
        /// The authority's certificate.
        ca_pem: Vec<u8>,
    },
    /// A chain that carries the authority with this key: how a ticket names its cluster.
    AuthorityKey(KeyId),
    /// One of these keys, whatever the dates say.
    Keys(BTreeSet<KeyId>),
}

/// Whether a client must show a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientCertificate {
    /// It may come without one; one that is not trusted fails the handshake all the same.
    Optional,
    /// No certificate, no connection.
    Required,
}

pub(super) fn client_verifier(
    trust: Trust,
    certificate: ClientCertificate,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    match trust {
        Trust::Keys(keys) => Ok(Arc::new(Keys { keys, certificate, provider })),
        Trust::Authority { ca_pem } => {
            let roots = Arc::new(roots(&ca_pem)?);
            let builder = WebPkiClientVerifier::builder_with_provider(roots, provider);
            let builder = match certificate {
                ClientCertificate::Optional => builder.allow_unauthenticated(),
                ClientCertificate::Required => builder,
            };
            builder.build().map(|v| v as _).map_err(|e| TlsError::Trust(e.to_string()))
        }
        Trust::AuthorityKey(_) => {
            Err(TlsError::Trust("clients are not known by a ticket's authority".to_owned()))
        }
    }
}

pub(super) fn server_verifier(
    trust: Trust,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, TlsError> {
    Ok(match trust {
        Trust::Authority { ca_pem } => authority(roots(&ca_pem)?, provider)?,
        Trust::AuthorityKey(key) => Arc::new(Ticketed { key, provider }),
        Trust::Keys(keys) => {
            Arc::new(Keys { keys, certificate: ClientCertificate::Required, provider })
        }
    })
}

fn authority(
    roots: RootCertStore,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, TlsError> {
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .map_err(|e| TlsError::Trust(e.to_string()))
}

fn roots(ca_pem: &[u8]) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(ca_pem)? {
        roots.add(certificate)?;
    }
    Ok(roots)
}

/// Accepts listed keys.
#[derive(Debug)]
struct Keys {
    keys: BTreeSet<KeyId>,
    certificate: ClientCertificate,
    provider: Arc<CryptoProvider>,
}

impl Keys {
    fn check(&self, certificate: &CertificateDer<'_>) -> Result<(), Error> {
        let key = key_id(certificate).map_err(|_| CertificateError::BadEncoding)?;
        if self.keys.contains(&key) {
            return Ok(());
        }
        Err(CertificateError::ApplicationVerificationFailure.into())
    }
}

impl ServerCertVerifier for Keys {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.check(end_entity).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

impl ClientCertVerifier for Keys {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn client_auth_mandatory(&self) -> bool {
        self.certificate == ClientCertificate::Required
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.check(end_entity).map(|()| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        ServerCertVerifier::verify_tls12_signature(self, message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        ServerCertVerifier::verify_tls13_signature(self, message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ServerCertVerifier::supported_verify_schemes(self)
    }
}

/// Accepts a chain up to the authority that a ticket names by its key.
#[derive(Debug)]
struct Ticketed {
    key: KeyId,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Ticketed {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let named = intermediates.iter().find(|c| key_id(c).is_ok_and(|id| id == self.key));
        let Some(ca) = named else { return Err(CertificateError::UnknownIssuer.into()) };
        let mut roots = RootCertStore::empty();
        roots.add(ca.clone().into_owned())?;
        let verifier =
            authority(roots, self.provider.clone()).map_err(|e| Error::General(e.to_string()))?;
        verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
