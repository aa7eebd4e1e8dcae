//! Values of options that have a notation of their own: `15m`, `off`, `worker`, `siege:1`.

use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use bramble_cluster::api::Role;
use bramble_load::Think;

/// Longest time that an option may name: a year. What it is for may allow less.
const SECONDS_MAX: f64 = 365.0 * 24.0 * 3600.0;

/// As in a configuration.
const NAME_BYTES: usize = 64;

/// `90`, `1.5s`, `250ms`, `15m`, `2h`, `7d`; a bare number is seconds.
///
/// # Errors
/// What would be right.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "a time is a number with a unit, as 250ms, 90s, 15m, 2h or 7d".to_owned();
    let unit_at = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let unit_s = match unit {
        "ms" => 1e-3,
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        "d" => 24.0 * 3600.0,
        _ => return Err(wrong()),
    };
    let is_plain = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number: f64 = number.parse().ok().filter(|_| is_plain).ok_or_else(wrong)?;
    match number * unit_s {
        seconds if seconds <= SECONDS_MAX => Ok(Duration::from_secs_f64(seconds)),
        _ => Err("more than a year".to_owned()),
    }
}

/// `worker`, `balancer` or `manager`.
///
/// # Errors
/// What would be right.
pub fn role(text: &str) -> Result<Role, String> {
    match text {
        "balancer" => Ok(Role::Balancer),
        "manager" => Ok(Role::Manager),
        "worker" => Ok(Role::Worker),
        _ => Err("a role is worker, balancer or manager".to_owned()),
    }
}

/// An address that others can reach this machine at.
///
/// # Errors
/// What would be right.
pub fn address(text: &str) -> Result<IpAddr, String> {
    let wrong =
        "give the one address of this machine that other nodes reach it at, as 192.168.1.20";
    let address: IpAddr = text.parse().map_err(|_| format!("no IP address; {wrong}"))?;
    let canonical = address.to_canonical();
    let is_broadcast = matches!(canonical, IpAddr::V4(v4) if v4.is_broadcast());
    match canonical.is_unspecified() || canonical.is_multicast() || is_broadcast {
        true => Err(format!("nobody can connect to that; {wrong}")),
        false => Ok(address),
    }
}

/// Name of a site or node: what the manager could know, and what fits into a path.
///
/// # Errors
/// What would be right.
pub fn name(text: &str) -> Result<String, String> {
    let is_name_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let begins_well = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    match begins_well && text.len() <= NAME_BYTES && text.bytes().all(is_name_byte) {
        true => Ok(text.to_owned()),
        false => Err("a name has letters, digits, `-`, `_` or `.`, up to 64".to_owned()),
    }
}

/// `none`, `siege`, `siege:SECONDS` or `uniform:MS`.
///
/// # Errors
/// What would be right.
pub fn think(text: &str) -> Result<Think, String> {
    let think = match text.split_once(':').unwrap_or((text, "")) {
        ("none", "") => Some(Think::None),
        ("siege", "") => Some(Think::Siege { max_s: 1 }),
        ("siege", max_s) => max_s.parse().ok().map(|max_s| Think::Siege { max_s }),
        ("uniform", max_ms) => max_ms.parse().ok().map(|max_ms| Think::Uniform { max_ms }),
        _ => None,
    };
    think.ok_or_else(|| "think time is none, siege, siege:SECONDS or uniform:MS".to_owned())
}

/// Requests a second that a worker is held to; `off` is full speed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkerRate(pub Option<u32>);

impl FromStr for WorkerRate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.parse()) {
            ("off", _) => Ok(Self(None)),
            (_, Ok(rate)) if rate > 0 => Ok(Self(Some(rate))),
            _ => Err("a rate is requests a second, 1 or more, or off".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests;
