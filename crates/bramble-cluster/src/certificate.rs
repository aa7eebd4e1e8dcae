//! The cluster's authority, and the keys and certificates of its nodes.
//!
//! Identity is the key. A certificate says that the authority knew the key under a name; its
//! begin lies in 1970, because boards without a clock boot there.

#[cfg(test)]
mod tests;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bramble_net::tls::{self, KeyId, MANAGER_NAME, TlsError};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertificateSigningRequestParams, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PublicKeyData, SanType,
    date_time_ymd,
};
use thiserror::Error;

use crate::api::Role;

/// How long a node's certificate holds; a node renews it at a third.
pub const NODE_LIFETIME: Duration = Duration::from_secs(30 * 24 * 3600);

/// The manager's own: about as long as the authority's, whose key lies beside it on the same disk.
const MANAGER_LIFETIME: Duration = Duration::from_secs(20 * 365 * 24 * 3600);

/// 2026-01-01, before any bramble. A clock that shows less was never set, and its manager
/// can't say when a lifetime is over: what it signs holds as long as the authority. That
/// gives nobody more rights, for who is no member any more is refused whatever the dates say.
const EARLIEST_NOW: Duration = Duration::from_secs(1_767_225_600);

/// 2100-01-01.
const AUTHORITY_END: Duration = Duration::from_secs(4_102_444_800);

/// Why a key or certificate could not be made, read or written.
#[derive(Debug, Error)]
pub enum CertificateError {
    /// A file can't be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Not what it should be.
    #[error("{what} is not usable: {source}")]
    Pem {
        /// Which of them.
        what: &'static str,
        /// Why.
        source: rcgen::Error,
    },
    /// The TLS side does not take it.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// Signs for the cluster.
pub struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A signed certificate.
#[derive(Clone, Debug)]
pub struct Issued {
    /// PEM: the certificate, then the authority's.
    pub chain: String,
    /// Of the key that it is for.
    pub key: KeyId,
}

impl Authority {
    /// Makes a new one with a key of its own.
    pub fn create(name: &str) -> Result<Self, CertificateError> {
        let key = NodeKey::generate()?.0;
        let mut params = params(name, AUTHORITY_END);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let pem = params.self_signed(&key).map_err(unusable("authority"))?.pem();
        Ok(Self { pem, issuer: Issuer::new(params, key) })
    }

    /// Reads `ca.pem` and `ca-key.pem`.
    pub fn load(folder: &Path) -> Result<Self, CertificateError> {
        let pem = read(&folder.join("ca.pem"))?;
        let key = NodeKey::from_pem(&read(&folder.join("ca-key.pem"))?)?.0;
        let issuer = Issuer::from_ca_cert_pem(&pem, key).map_err(unusable("authority"))?;
        Ok(Self { pem, issuer })
    }

    /// Writes `ca.pem` and `ca-key.pem`.
    pub fn save(&self, folder: &Path) -> Result<(), CertificateError> {
        write_private(&folder.join("ca-key.pem"), &self.issuer.key().serialize_pem())?;
        write_private(&folder.join("ca.pem"), &self.pem)
    }

    /// The authority's certificate.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// What tickets name it by.
    pub fn key_id(&self) -> Result<KeyId, CertificateError> {
        let identity = tls::Identity::from_pem(
            self.pem.as_bytes(),
            self.issuer.key().serialize_pem().as_bytes(),
        );
        Ok(identity?.key_id())
    }

    /// Signs a node's request. Of the request only the key is taken: name and usages are ours.
    pub fn issue(
        &self,
        csr_pem: &str,
        name: &str,
        roles: &[Role],
        now: SystemTime,
    ) -> Result<Issued, CertificateError> {
        let request = CertificateSigningRequestParams::from_pem(csr_pem)
            .map_err(unusable("certificate request"))?;
        let mut params = params(name, lasting(now, NODE_LIFETIME));
        for role in roles {
            let unit = format!("{role:?}").to_lowercase();
            params.distinguished_name.push(DnType::OrganizationalUnitName, unit);
        }
        self.sign(params, &request.public_key)
    }

    /// Signs the manager's own key, under the name that nodes look for.
    pub fn issue_manager(
        &self,
        key: &NodeKey,
        now: SystemTime,
    ) -> Result<Issued, CertificateError> {
        let mut params = params("manager", lasting(now, MANAGER_LIFETIME));
        let name = MANAGER_NAME.try_into().map_err(unusable("name"))?;
        params.subject_alt_names = vec![SanType::DnsName(name)];
        self.sign(params, &key.0)
    }

    fn sign(
        &self,
        mut params: CertificateParams,
        key: &impl PublicKeyData,
    ) -> Result<Issued, CertificateError> {
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let signed: Certificate =
            params.signed_by(key, &self.issuer).map_err(unusable("certificate"))?;
        let key = tls::key_id(signed.der())?;
        Ok(Issued { chain: signed.pem() + &self.pem, key })
    }
}

/// A private key; it never leaves the machine that made it.
pub struct NodeKey(KeyPair);

impl NodeKey {
    /// ECDSA on P-256.
    pub fn generate() -> Result<Self, CertificateError> {
        KeyPair::generate().map(Self).map_err(unusable("key"))
    }

    /// Reads PKCS#8 PEM.
    pub fn from_pem(pem: &str) -> Result<Self, CertificateError> {
        KeyPair::from_pem(pem).map(Self).map_err(unusable("key"))
    }

    /// PKCS#8 PEM; for [`write_private`].
    pub fn pem(&self) -> String {
        self.0.serialize_pem()
    }

    /// A request (PKCS#10, PEM) to sign this key.
    pub fn csr_pem(&self) -> Result<String, CertificateError> {
        let request = params("node", Duration::ZERO).serialize_request(&self.0);
        request.and_then(|request| request.pem()).map_err(unusable("certificate request"))
    }
}

/// Writes a file that only its owner can read: beside it first, synced, then renamed.
pub fn write_private(path: &Path, text: &str) -> Result<(), CertificateError> {
    let written = || {
        let new = path.with_extension("new");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, path)?;
        path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    };
    written().map_err(|source| CertificateError::File { path: path.to_owned(), source })
}

fn read(path: &Path) -> Result<String, CertificateError> {
    fs::read_to_string(path)
        .map_err(|source| CertificateError::File { path: path.to_owned(), source })
}

fn lasting(now: SystemTime, lifetime: Duration) -> Duration {
    match now.duration_since(UNIX_EPOCH) {
        Ok(now) if now >= EARLIEST_NOW => now + lifetime,
        _ => AUTHORITY_END,
    }
}

/// From 1970 to `until` after it.
fn params(name: &str, until: Duration) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(1970, 1, 1);
    params.not_after = date_time_ymd(1970, 1, 1) + until;
    params
}

fn unusable(what: &'static str) -> impl FnOnce(rcgen::Error) -> CertificateError {
    move |source| CertificateError::Pem { what, source }
}
