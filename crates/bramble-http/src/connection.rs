//! The `Connection` field (RFC 9110 section 7.6.1): whether the connection persists, and which
//! other fields are for this hop only.

use crate::{Field, Kind, Reject, Version, scan};

/// More options than this are an attack on the loop that looks for the fields they name.
const OPTIONS_MAX: usize = 32;

/// What the `Connection` fields of a head ask for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Connection {
    close: bool,
    keep_alive: bool,
    /// The option that makes an `Upgrade` field count.
    pub upgrade: bool,
}

/// The `Upgrade` fields of a head (RFC 9110 section 7.8).
#[derive(Debug, Default)]
pub(crate) struct Upgrade {
    count: usize,
    websocket: bool,
}

impl Upgrade {
    pub(crate) fn add(&mut self, value: &[u8]) {
        self.count += 1;
        self.websocket = value.eq_ignore_ascii_case(b"websocket");
    }

    /// Whether WebSocket is named, and nothing else.
    pub(crate) fn is_websocket(&self) -> bool {
        self.websocket && self.count == 1
    }
}

impl Connection {
    /// Reads all `Connection` fields and marks the fields that they name. Called only for heads
    /// that have one.
    pub(crate) fn read(buf: &[u8], fields: &mut [Field]) -> Result<Connection, Reject> {
        let mut connection = Connection::default();
        let mut count = 0;
        for i in 0..fields.len() {
            let field = fields[i];
            if field.kind != Kind::Connection {
                continue;
            }
            for option in field.value.of(buf).split(|&byte| byte == b',') {
                count += 1;
                if count > OPTIONS_MAX {
                    return Err(Reject::TooManyConnectionOptions);
                }
                connection.add(scan::trim(option), buf, fields)?;
            }
        }
        Ok(connection)
    }

    /// Whether the connection may carry another message (RFC 9112 section 9.3).
    pub(crate) fn persists(&self, version: Version) -> bool {
        !self.close && (version == Version::Http11 || self.keep_alive)
    }

    fn add(&mut self, option: &[u8], buf: &[u8], fields: &mut [Field]) -> Result<(), Reject> {
        if scan::is_word(option, b"close") {
            self.close = true;
        } else if scan::is_word(option, b"keep-alive") {
            self.keep_alive = true;
        } else if scan::is_word(option, b"upgrade") {
            self.upgrade = true;
        } else if scan::is_token(option) {
            name_hop(option, buf, fields);
        } else if !option.is_empty() {
            return Err(Reject::InvalidConnection);
        }
        Ok(())
    }
}

/// Marks the fields called `name`, but none that the next hop must not lose: its host, its
/// framing, and what tells it who the client is. Naming those is an abuse.
fn name_hop(name: &[u8], buf: &[u8], fields: &mut [Field]) {
    for field in fields {
        let is_kept = field.kind == Kind::Host
            || field.kind == Kind::Connection
            || field.kind.is_hop_by_hop()
            || field.kind.is_identity();
        if !is_kept && field.name.of(buf).eq_ignore_ascii_case(name) {
            field.kind = Kind::NamedHop;
        }
    }
}
