//! Addresses and URLs of what is passed on to.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::expand::Surroundings;

/// A URL in its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Url {
    /// In lower case.
    pub scheme: String,
    /// Host and port, as written.
    pub authority: String,
    /// Without a last `/`.
    pub path: String,
}

impl Url {
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let end = rest.find('/').unwrap_or(rest.len());
        let (authority, path) = (rest.get(..end)?, rest.get(end..)?);
        let scheme = scheme.to_ascii_lowercase();
        let is_plain = !authority.is_empty() && !authority.contains(['@', '$', '|']);
        is_plain.then(|| Self {
            scheme,
            authority: authority.to_ascii_lowercase(),
            path: path.trim_end_matches('/').to_owned(),
        })
    }

    /// Without its path.
    pub fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.authority)
    }

    /// Where it listens; or why that can't be said, and what to do.
    pub fn address(&self, world: &mut dyn Surroundings) -> Result<SocketAddr, (String, String)> {
        self.check_scheme()?;
        let authority = self.authority.as_str();
        let (host, port) = split_port(authority).ok_or_else(|| {
            (format!("`{authority}` is no host and port"), "correct it".to_owned())
        })?;
        let unbracketed = host.trim_start_matches('[').trim_end_matches(']');
        let ip = match unbracketed.parse() {
            Ok(ip) => ip,
            Err(_) if host == "localhost" => IpAddr::V4(Ipv4Addr::LOCALHOST),
            Err(_) => world.resolve(host).ok_or_else(|| unresolved(host))?,
        };
        match ip.is_unspecified() || port == 0 {
            true => Err((format!("nobody can connect to {authority}"), "correct it".to_owned())),
            false => Ok(SocketAddr::new(ip, port)),
        }
    }

    fn check_scheme(&self) -> Result<(), (String, String)> {
        let why = match self.scheme.as_str() {
            "http" | "ws" => return Ok(()),
            "https" | "wss" => "bramble speaks TLS only with its own workers",
            "h2" | "h2c" => "bramble speaks HTTP/1.1 with backends",
            "ajp" | "fcgi" | "scgi" | "uwsgi" | "unix" => "bramble speaks only HTTP with backends",
            _ => "bramble does not know that scheme",
        };
        Err((why.to_owned(), "let the backend listen with plain HTTP as well".to_owned()))
    }
}

fn unresolved(host: &str) -> (String, String) {
    let why = format!("bramble takes addresses, and `{host}` is a name");
    (why, "write its address, or let --resolve look it up".to_owned())
}

/// Host and port; without one it is 80.
fn split_port(authority: &str) -> Option<(&str, u16)> {
    let host_end = authority.rfind(']').unwrap_or(0);
    match authority.get(host_end..)?.rfind(':') {
        Some(colon) => {
            let (host, port) = authority.split_at_checked(host_end + colon)?;
            Some((host, port.get(1..)?.parse().ok()?))
        }
        None => Some((authority, 80)),
    }
}

/// A load factor, as a weight. As in httpd, a hundred times the number is cut and not rounded: with
/// binary fractions 1.15 comes to 1.14.
pub(crate) fn hundredths(value: &str) -> Option<String> {
    let hundredths = (value.parse::<f64>().ok()? * 100.0).trunc();
    (100.0..=10_000.0).contains(&hundredths).then(|| format!("{:?}", hundredths / 100.0))
}

#[cfg(test)]
mod tests;
