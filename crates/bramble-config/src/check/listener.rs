//! Listeners and, shared with backends, socket addresses.

use std::net::SocketAddr;

use toml::Spanned;

use crate::check::name;
use crate::error::{Finding, Findings};
use crate::plan::{Link, Listener, Serves};
use crate::raw;

const LISTENERS: usize = 64;

/// Name of the listener that `[metrics]` asks for.
const METRICS: &str = "metrics";

pub(crate) fn check(raw: &[Spanned<raw::Listener>], findings: &mut Findings) -> Vec<Listener> {
    if raw.is_empty() {
        let help = "add [[listener]] with name = \"web\" and address = \"127.0.0.1:8080\"";
        let finding = Finding::new(0..0, "there is no listener: nothing would be accepted");
        findings.add(finding.label("no [[listener]] in this file").help(help));
    }
    name::at_most("listener", raw, LISTENERS, findings);
    name::check("listener", raw.iter().map(|listener| &listener.as_ref().name), findings);
    let mut listeners: Vec<Listener> = Vec::new();
    for listener in raw.iter().map(AsRef::as_ref) {
        if let Some(address) = free_address(&listener.address, &listeners, findings) {
            let name = listener.name.as_ref().clone();
            listeners.push(Listener { name, address, link: Link::Plain, serves: Serves::Routes });
        }
    }
    listeners
}

/// The listener that `[metrics]` asks for.
pub(crate) fn metrics(
    raw: &raw::Metrics,
    others: &[Listener],
    findings: &mut Findings,
) -> Option<Listener> {
    if others.iter().any(|listener| listener.name == METRICS) {
        let message = "a listener is called `metrics`, as that of `[metrics]` is";
        let help = "give that listener another name";
        findings.add(Finding::new(raw.address.span(), message).label("used twice").help(help));
    }
    let address = free_address(&raw.address, others, findings)?;
    let name = METRICS.to_owned();
    Some(Listener { name, address, link: Link::Plain, serves: Serves::Metrics })
}

/// An IP address with a port; names are not resolved, since what they mean can change.
pub(crate) fn address(raw: &Spanned<String>, findings: &mut Findings) -> Option<SocketAddr> {
    let text: &str = raw.as_ref();
    let finding = match text.parse::<SocketAddr>() {
        Ok(address) if address.port() != 0 => return Some(address),
        Ok(_) => Finding::new(raw.span(), format!("`{text}` has port 0")).label("no port"),
        Err(_) => {
            Finding::new(raw.span(), format!("`{text}` is no address")).label("not an address")
        }
    };
    findings.add(finding.help(address_help(text)));
    None
}

fn free_address(
    raw: &Spanned<String>,
    before: &[Listener],
    findings: &mut Findings,
) -> Option<SocketAddr> {
    let address = address(raw, findings)?;
    if let Some(other) = before.iter().find(|listener| listener.address == address) {
        let message = format!("listener `{}` has {address} already", other.name);
        let help = "an address accepts once: change the port or leave this listener out";
        findings.add(Finding::new(raw.span(), message).label("used twice").help(help));
    }
    Some(address)
}

fn address_help(text: &str) -> &'static str {
    if text.contains("://") {
        "give an address without a scheme, as \"127.0.0.1:8080\""
    } else if text.starts_with(':') || text.bytes().all(|byte| byte.is_ascii_digit()) {
        "give the address too, as \"0.0.0.0:8080\" for all of this machine's"
    } else if text.parse::<std::net::IpAddr>().is_ok() {
        "give a port too, as \"127.0.0.1:8080\" or \"[::1]:8080\""
    } else {
        "give an IP address and a port from 1 to 65535, as \"127.0.0.1:8080\" or \"[::1]:8080\"; names are not resolved"
    }
}
