//! Tickets: one line that lets one node join, once and for a short time.
//!
//! It names the manager's addresses and the cluster's authority, so that the new node knows
//! whom it talks to before it hands out the secret. The manager keeps the secret's hash only.

#[cfg(test)]
mod tests;

use std::fmt::{self, Display, Write};
use std::net::SocketAddr;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bramble_net::tls::KeyId;
use rustix::rand::{GetRandomFlags, getrandom};
use serde::{Deserialize, Serialize};
use thiserror::Error;

const PREFIX: &str = "bramble1.";

/// Longest ticket that is looked at.
const TICKET_BYTES: usize = 4096;

/// What a new node is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Where the manager listens for nodes.
    pub addresses: Vec<SocketAddr>,
    /// Key of the cluster's authority.
    pub ca: KeyId,
    /// Which ticket.
    pub id: String,
    /// Proves that the holder was given it.
    pub secret: String,
}

/// Why a text is no ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TicketError {
    /// Cut or changed on the way.
    #[error("the ticket is damaged; copy the whole line, or make a new one with `bramble invite`")]
    Damaged,
    /// A later bramble's.
    #[error("the ticket is of another version of bramble; install the manager's version here")]
    Newer,
    /// Something else.
    #[error("this is no ticket: it must begin with `{PREFIX}`; `bramble invite` makes one")]
    NotATicket,
}

/// The system could not give random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the system gives no random numbers: {0}")]
pub struct RandomError(rustix::io::Errno);

impl Ticket {
    /// A new id and secret.
    pub fn new(addresses: Vec<SocketAddr>, ca: KeyId) -> Result<Self, RandomError> {
        let (id, secret) = (hex(&random::<8>()?), hex(&random::<32>()?));
        Ok(Self { addresses, ca, id, secret })
    }
}

/// What the manager keeps of a secret. It has 256 random bits, so one round of a fast hash
/// is enough: there is nothing to guess.
pub fn secret_hash(secret: &str) -> String {
    blake3::hash(secret.as_bytes()).to_hex().to_string()
}

/// Is this the secret of that hash? Takes as long for a near miss as for a far one.
pub fn secret_matches(secret: &str, hash: &str) -> bool {
    blake3::Hash::from_hex(hash).is_ok_and(|hash| blake3::hash(secret.as_bytes()) == hash)
}

#[derive(Serialize, Deserialize)]
struct Fields {
    addresses: Vec<SocketAddr>,
    ca: String,
    id: String,
    secret: String,
}

impl Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { addresses, ca, id, secret } = self.clone();
        let fields = Fields { addresses, ca: ca.to_string(), id, secret };
        let json = serde_json::to_vec(&fields).map_err(|_| fmt::Error)?;
        write!(f, "{PREFIX}{}", URL_SAFE_NO_PAD.encode(json))
    }
}

impl FromStr for Ticket {
    type Err = TicketError;

    fn from_str(text: &str) -> Result<Self, TicketError> {
        let text = text.trim();
        let Some(encoded) = text.strip_prefix(PREFIX) else {
            let newer = text.starts_with("bramble") && text.contains('.');
            return Err(if newer { TicketError::Newer } else { TicketError::NotATicket });
        };
        if encoded.len() > TICKET_BYTES {
            return Err(TicketError::Damaged);
        }
        let json = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| TicketError::Damaged)?;
        let fields: Fields = serde_json::from_slice(&json).map_err(|_| TicketError::Damaged)?;
        let ca = fields.ca.parse().map_err(|_| TicketError::Damaged)?;
        Ok(Self { addresses: fields.addresses, ca, id: fields.id, secret: fields.secret })
    }
}

fn random<const N: usize>() -> Result<[u8; N], RandomError> {
    let mut bytes = [0; N];
    let mut filled = 0;
    while filled < N {
        filled += getrandom(&mut bytes[filled..], GetRandomFlags::empty()).map_err(RandomError)?;
    }
    Ok(bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
