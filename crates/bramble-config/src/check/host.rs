//! Host names: exact or `*.domain`, lower case, without a port; and what is sent as `Host`.

use std::net::Ipv6Addr;

use toml::Spanned;

use crate::check::name;
use crate::error::{Finding, Findings};

const HOSTS: usize = 32;

/// The hosts in lower case, which is how requests are compared.
pub(crate) fn check(raw: &[Spanned<String>], findings: &mut Findings) -> Vec<String> {
    name::at_most("hosts", raw, HOSTS, findings);
    let mut hosts: Vec<String> = Vec::new();
    for host in raw {
        let lower = host.as_ref().to_ascii_lowercase();
        check_one(host, &lower, hosts.contains(&lower), findings);
        hosts.push(lower);
    }
    hosts
}

/// A host that is sent, with its port where that is not 80.
pub(crate) fn authority(raw: &Spanned<String>, findings: &mut Findings) -> String {
    let text: &str = raw.as_ref();
    if !is_authority(text) {
        let message = format!("`{text}` is no host that could be sent");
        let help =
            "give a name or address, and a port if it needs one, as in \"app.internal:8080\"";
        findings.add(Finding::new(raw.span(), message).label("not a host").help(help));
    }
    text.to_owned()
}

/// Names of machines may have a `_`, which those of sites have not.
pub(crate) fn is_authority(text: &str) -> bool {
    let name_end = text.rfind(']').map_or(0, |bracket| bracket + 1);
    let colon = text.get(name_end..).and_then(|rest| rest.find(':')).map(|at| name_end + at);
    let (name, port) = text.split_at(colon.unwrap_or(text.len()));
    let is_named = |name: &str| {
        name.len() <= 253 && name.split('.').all(|label| is_label(&label.replace('_', "a")))
    };
    (is_ipv6(name) || is_named(name)) && (port.is_empty() || is_port(port))
}

fn is_port(text: &str) -> bool {
    let digits = text.trim_start_matches(':');
    let is_short = text.len() == digits.len() + 1 && digits.len() <= 5;
    is_short
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !digits.starts_with('0')
        && digits.parse::<u16>().is_ok()
}

/// Does every name that `narrow` stands for fall under `wide`?
pub(crate) fn covers(wide: &str, narrow: &str) -> bool {
    match wide.strip_prefix('*') {
        Some(domain) => wide == narrow || (narrow.len() > domain.len() && narrow.ends_with(domain)),
        None => wide == narrow,
    }
}

fn check_one(at: &Spanned<String>, host: &str, seen: bool, findings: &mut Findings) {
    let fault = match fault(host) {
        Some(help) => (format!("`{host}` is no host name"), "not a host", help),
        None if seen => (format!("`{host}` stands here twice"), "again", "leave one out"),
        None => return,
    };
    let (message, label, help) = fault;
    findings.add(Finding::new(at.span(), message).label(label).help(help));
}

/// What would be right, if the host is not.
fn fault(host: &str) -> Option<&'static str> {
    let name = host.strip_prefix("*.").unwrap_or(host);
    if host == "*" {
        Some("leave `hosts` out to match any host")
    } else if is_ipv6(host) {
        None
    } else if host.contains("://") || host.contains('/') {
        Some("give the name alone, as in \"example.org\"; paths go into a route's `path_prefix`")
    } else if host.contains(':') {
        Some("leave out the port: a host matches on every listener")
    } else if name.contains('*') {
        Some("a `*` stands only at the start, for whole labels: \"*.example.org\"")
    } else if name.len() > 253 || !name.split('.').all(is_label) {
        Some("use letters, digits, `-` and `.`, as in \"www.example.org\"")
    } else {
        None
    }
}

fn is_ipv6(host: &str) -> bool {
    let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    inner.is_some_and(|address| address.parse::<Ipv6Addr>().is_ok())
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
