//! `key=value` of members and balancers: what it is called here.

use std::collections::BTreeSet;

use super::member::hundredths;
use crate::check::sticky::{is_cookie, is_parameter, is_route, is_separator};

/// What becomes of a parameter.
pub(crate) enum Meaning {
    /// A key of ours, with its value as TOML.
    Set(&'static str, String),
    /// Several, or none.
    Sets(Vec<(&'static str, String)>),
    /// The same, with a difference: what it is, and what to do about it.
    Near(&'static str, String, &'static str, &'static str),
    /// Needed by Apache's way of doing things, not by ours.
    Idle,
    /// Can't be said here: why, and what to do instead.
    LeftOut(&'static str, &'static str),
    /// Apache would refuse it.
    Wrong,
}

use Meaning::{Idle, LeftOut, Near, Set, Sets, Wrong};

/// Backends that bramble asks at most after the first.
const RETRIES_MAX: u32 = 7;

/// Of `BalancerMember`, or of a `ProxyPass` to one backend.
pub(crate) fn of_member(key: &str, value: &str) -> Meaning {
    match key.to_ascii_lowercase().as_str() {
        "loadfactor" => {
            hundredths(value).map_or(Wrong, |weight| Set("pool.backend.weight", weight))
        }
        "lbset" => number(value, 0..=99).map_or(Wrong, |set| above("pool.backend.set", set, 0)),
        "route" => route("pool.backend.route", value),
        "redirect" => route("pool.backend.redirect", value),
        "retry" => seconds(value).map_or(Wrong, |ms| match ms {
            60_000 => Idle,
            ms => Set("pool.backend.retry_ms", ms.max(1).to_string()),
        }),
        "timeout" => seconds(value)
            .map_or(Wrong, |ms| Set("pool.backend.first_byte_ms", ms.max(1).to_string())),
        "connectiontimeout" => {
            seconds(value).map_or(Wrong, |ms| Set("pool.backend.connect_ms", ms.max(1).to_string()))
        }
        "status" => status(value),
        key if key.starts_with("hc") => check(key, value),
        "ttl" => LeftOut(
            "bramble has one such time for all backends",
            "set `backend_idle_ms` in [timeouts], below what the backends themselves have",
        ),
        "max" => LeftOut(
            "bramble finds out how many requests a backend works on at a time",
            "nothing, or set `max_requests` in the pool",
        ),
        "secret" => LeftOut("it is for AJP, which bramble does not speak", "use HTTP"),
        "ping" | "min" | "smax" | "acquire" | "keepalive" | "flushpackets" | "flushwait"
        | "iobuffersize" | "receivebuffersize" | "responsefieldsize" | "disablereuse"
        | "enablereuse" | "upgrade" | "addressttl" | "nocanon" => Idle,
        _ => Wrong,
    }
}

/// Of `ProxySet` in a balancer, or of a `ProxyPass` to one.
pub(crate) fn of_balancer(key: &str, value: &str) -> Meaning {
    match key.to_ascii_lowercase().as_str() {
        "lbmethod" => method(value),
        "stickysession" => sticky(value),
        "stickysessionsep" => separator(value),
        // Ours takes it from a path, too.
        "scolonpathdelim" => Idle,
        "nofailover" => switch(value, |is_on| {
            if is_on { Set("pool.sticky.failover", "false".to_owned()) } else { Idle }
        }),
        "maxattempts" => number(value, 0..=99).map_or(Wrong, retries),
        "failonstatus" => codes(value).map_or(Wrong, |list| Set("pool.fail_on_status", list)),
        "failontimeout" => {
            switch(
                value,
                |is_on| if is_on { Set("pool.fail_on_timeout", "true".to_owned()) } else { Idle },
            )
        }
        "forcerecovery" => {
            switch(
                value,
                |is_on| if is_on { Idle } else { Set("pool.force_recovery", "false".to_owned()) },
            )
        }
        "timeout" => LeftOut(
            "requests wait for room by themselves in bramble, for a second at most",
            "nothing, or `max_requests` in the pool if its backends have such limits",
        ),
        "nonce" | "growth" => Idle,
        _ => Wrong,
    }
}

fn method(value: &str) -> Meaning {
    let ours = match value {
        "byrequests" => "by_requests",
        "bytraffic" => "by_traffic",
        "bybusyness" => "by_busyness",
        "heartbeat" => "heartbeat",
        _ => return LeftOut("bramble has no such method", "choose one of docs/reference.md"),
    };
    Set("pool.method", quoted(ours))
}

fn retries(most: u32) -> Meaning {
    if most <= RETRIES_MAX {
        return above("pool.retries", most, 1);
    }
    Near(
        "pool.retries",
        RETRIES_MAX.to_string(),
        "bramble asks 7 more backends at most",
        "nothing, if the backends are not mostly down",
    )
}

fn route(key: &'static str, value: &str) -> Meaning {
    match is_route(value) {
        true => Set(key, quoted(value)),
        false => LeftOut("bramble's routes are what a cookie may hold", "choose another route"),
    }
}

fn separator(value: &str) -> Meaning {
    match value {
        "." => Idle,
        _ if value.eq_ignore_ascii_case("off") => Set("pool.sticky.separator", quoted("")),
        _ if value.len() != 1 => Wrong,
        _ if is_separator(value) => Set("pool.sticky.separator", quoted(value)),
        _ => LeftOut("a cookie's value can't hold it", "choose another, as `.` or `!`"),
    }
}

fn sticky(value: &str) -> Meaning {
    let (cookie, parameter) = value.split_once('|').unwrap_or((value, value));
    if !is_cookie(cookie) || !is_parameter(parameter) {
        let why = "bramble takes no such name of a cookie or parameter";
        return LeftOut(why, "use up to 63 letters, digits, `-`, `_` or `.`");
    }
    Sets(vec![("pool.sticky.cookie", quoted(cookie)), ("pool.sticky.parameter", quoted(parameter))])
}

/// Flags, as `+H`, `-E` or `DI`.
fn status(value: &str) -> Meaning {
    let (mut is_set, mut settings) = (true, Vec::new());
    for flag in value.chars() {
        match (flag.to_ascii_uppercase(), is_set) {
            ('+', _) => is_set = true,
            ('-', _) => is_set = false,
            ('D', true) => settings.push(("pool.backend.state", quoted("disabled"))),
            ('S', true) => settings.push(("pool.backend.state", quoted("stopped"))),
            ('N', true) => settings.push(("pool.backend.state", quoted("draining"))),
            ('H', true) => settings.push(("pool.backend.reserve", quoted("standby"))),
            ('R', true) => settings.push(("pool.backend.reserve", quoted("spare"))),
            ('I', true) => settings.push(("pool.backend.ignore_errors", "true".to_owned())),
            // How it starts, which the first request or check finds out.
            ('E' | 'C', _) | ('D' | 'S' | 'N' | 'H' | 'R' | 'I', false) => {}
            _ => return Wrong,
        }
    }
    // Who is both is a spare to Apache.
    let is_spare = settings.iter().any(|(_, value)| value == "\"spare\"");
    settings.retain(|(_, value)| !is_spare || value != "\"standby\"");
    // Of two states the last one counts, as of two lines.
    settings.reverse();
    let mut seen = Vec::new();
    settings.retain(|(key, _)| {
        !seen.contains(key) && {
            seen.push(*key);
            true
        }
    });
    Sets(settings)
}

/// Of mod_proxy_hcheck.
fn check(key: &str, value: &str) -> Meaning {
    match key {
        "hcmethod" => match value.to_ascii_uppercase().as_str() {
            method @ ("GET" | "HEAD" | "OPTIONS" | "TCP") => {
                Set("pool.health.method", quoted(method))
            }
            "NONE" => Idle,
            _ => LeftOut("bramble has no such check", "GET, HEAD, OPTIONS and TCP are there"),
        },
        "hcuri" => Set("pool.health.path", quoted(value)),
        "hcinterval" => {
            seconds(value).map_or(Wrong, |ms| Set("pool.health.interval_ms", ms.max(1).to_string()))
        }
        "hcpasses" => number(value, 1..=1000).map_or(Wrong, |n| above("pool.health.passes", n, 1)),
        "hcfails" => number(value, 1..=1000).map_or(Wrong, |n| above("pool.health.fails", n, 2)),
        "hcexpr" => LeftOut(
            "bramble has no expressions of Apache's",
            "say the statuses with `status` in [pool.health]",
        ),
        _ => Wrong,
    }
}

/// Seconds, or milliseconds where the unit says so.
pub(crate) fn seconds(value: &str) -> Option<u64> {
    let lower = value.to_ascii_lowercase();
    let digits = lower.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u64 = digits.parse().ok()?;
    let unit = match lower.get(digits.len()..)? {
        "" | "s" => 1_000,
        "ms" => 1,
        "m" | "mi" | "min" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.checked_mul(unit).filter(|ms| *ms <= 24 * 3_600_000)
}

fn number(value: &str, range: std::ops::RangeInclusive<u32>) -> Option<u32> {
    value.parse().ok().filter(|number| range.contains(number))
}

fn above(key: &'static str, value: u32, default: u32) -> Meaning {
    if value == default { Idle } else { Set(key, value.to_string()) }
}

fn codes(value: &str) -> Option<String> {
    let codes: Option<BTreeSet<u16>> = value
        .split(',')
        .map(|code| code.trim().parse().ok().filter(|code| (400..=599).contains(code)))
        .collect();
    codes.map(|codes| format!("{:?}", Vec::from_iter(codes)))
}

fn switch(value: &str, meaning: impl Fn(bool) -> Meaning) -> Meaning {
    match value.to_ascii_lowercase().as_str() {
        "on" => meaning(true),
        "off" => meaning(false),
        _ => Wrong,
    }
}

/// A string of TOML.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
