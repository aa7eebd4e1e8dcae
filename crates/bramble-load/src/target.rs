//! Where the load goes: `http://host[:port][/path]`. Strict: what would not reach the wire as
//! written is refused. Does not resolve names.

use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// A parsed URL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Name or address, an IPv6 address without its brackets.
    pub host: String,
    /// Port, 80 unless given.
    pub port: u16,
    /// Path and query, `/` unless given.
    pub path: String,
    /// What stands in the Host header.
    pub authority: String,
}

/// Why a URL was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// TLS.
    #[error("https is not supported yet; give the http:// address of a balancer or worker")]
    Https,
    /// Another scheme or none.
    #[error("a URL begins with http://, as in http://127.0.0.1:8080/")]
    Scheme,
    /// Nothing between `//` and the path.
    #[error("the URL names no host; write http://HOST:PORT/PATH")]
    NoHost,
    /// `user@host`.
    #[error("the URL has a user name, which this client would not send; remove it")]
    UserInfo,
    /// A host with characters that cannot stand there.
    #[error("`{0}` is not a host name or address (an IPv6 address stands in brackets)")]
    Host(String),
    /// A port that is no number from 1 to 65535.
    #[error("`{0}` is not a port; give a number from 1 to 65535")]
    Port(String),
    /// A path that cannot be sent.
    #[error("`{0}` is not a path: it begins with / and has no space, control character or #")]
    Path(String),
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(url: &str) -> Result<Self, TargetError> {
        let (scheme, rest) = url.split_once("://").ok_or(TargetError::Scheme)?;
        match scheme.to_ascii_lowercase().as_str() {
            "http" => {}
            "https" => return Err(TargetError::Https),
            _ => return Err(TargetError::Scheme),
        }
        let path_at = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(path_at);
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        check_path(&path)?;
        let (host, port) = parse_authority(authority)?;
        Ok(Self { host: host.to_owned(), port, path, authority: authority.to_owned() })
    }
}

/// Whether `path` can stand in a request line.
pub(crate) fn check_path(path: &str) -> Result<(), TargetError> {
    let sendable = path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
    match path.starts_with('/') && sendable {
        true => Ok(()),
        false => Err(TargetError::Path(path.to_owned())),
    }
}

fn parse_authority(authority: &str) -> Result<(&str, u16), TargetError> {
    if authority.contains('@') {
        return Err(TargetError::UserInfo);
    }
    let (host, port) = split_port(authority)?;
    if host.is_empty() {
        return Err(TargetError::NoHost);
    }
    Ok((host, port.map_or(Ok(80), parse_port)?))
}

fn split_port(authority: &str) -> Result<(&str, Option<&str>), TargetError> {
    let invalid = || TargetError::Host(authority.to_owned());
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, after) = rest.split_once(']').ok_or_else(invalid)?;
        host.parse::<std::net::Ipv6Addr>().map_err(|_| invalid())?;
        return match after.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if after.is_empty() => Ok((host, None)),
            None => Err(invalid()),
        };
    }
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let named = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    if host.bytes().all(named) { Ok((host, port)) } else { Err(invalid()) }
}

fn parse_port(text: &str) -> Result<u16, TargetError> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(port) if digits && port != 0 => Ok(port),
        _ => Err(TargetError::Port(text.to_owned())),
    }
}

#[cfg(test)]
mod tests;
