//! Who a party is: its key, and the certificate that shows it.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use aws_lc_rs::digest;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::TlsError;

/// SHA-256 of a public key (its `SubjectPublicKeyInfo`), written as 64 lower-case hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub [u8; 32]);

/// Not 64 hex digits.
#[derive(Debug, thiserror::Error)]
#[error("a key id is 64 hexadecimal digits")]
pub struct KeyIdError;

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for KeyId {
    type Err = KeyIdError;

    fn from_str(text: &str) -> Result<Self, KeyIdError> {
        let mut id = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return Err(KeyIdError);
        }
        for (byte, digits) in id.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let digits = std::str::from_utf8(digits).map_err(|_| KeyIdError)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| KeyIdError)?;
        }
        Ok(Self(id))
    }
}

/// The id of the key in a certificate (DER).
///
/// # Errors
/// The bytes are no certificate.
pub fn key_id(certificate: &[u8]) -> Result<KeyId, TlsError> {
    let der = CertificateDer::from(certificate);
    let certificate =
        webpki::EndEntityCert::try_from(&der).map_err(|e| TlsError::Certificate(e.to_string()))?;
    let hash = digest::digest(&digest::SHA256, &certificate.subject_public_key_info());
    let mut id = [0; 32];
    id.copy_from_slice(hash.as_ref());
    Ok(KeyId(id))
}

/// The id of the key in the first certificate of a PEM file.
///
/// # Errors
/// The file can't be read, or holds no certificate.
pub fn load_key_id(certificate: &Path) -> Result<KeyId, TlsError> {
    let certificates = certificates(&read(certificate)?)?;
    key_id(certificates.first().ok_or_else(|| TlsError::Certificate("none found".to_owned()))?)
}

/// A certificate chain with its private key.
pub struct Identity {
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
    id: KeyId,
}

impl Identity {
    /// From PEM: the chain with the own certificate first, and the private key.
    ///
    /// # Errors
    /// Either is not what it should be.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let chain = certificates(chain)?;
        let own = chain.first().ok_or_else(|| TlsError::Certificate("none found".to_owned()))?;
        let id = key_id(own)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|e| TlsError::Key(e.to_string()))?;
        Ok(Self { chain, key, id })
    }

    /// From two PEM files.
    ///
    /// # Errors
    /// A file can't be read, or is not what it should be.
    pub fn load(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        Self::from_pem(&read(certificate)?, &read(key)?)
    }

    /// The id of the own key.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        self.id
    }
}

impl Clone for Identity {
    fn clone(&self) -> Self {
        Self { chain: self.chain.clone(), key: self.key.clone_key(), id: self.id }
    }
}

/// Certificates out of a PEM text.
pub(super) fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|e| TlsError::Certificate(e.to_string()))
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path)
        .map_err(|source| TlsError::File { path: path.display().to_string(), source })
}
