//! A status as tables. Pure: rates come from two statuses, each with its own clock.

use std::fmt::Write;

use bramble_agent::node::role_name;
use bramble_cluster::api::{
    BackendFacts, NodeState, NodeStatus, Role, RoleFacts, SiteStatus, Status,
};

use crate::cli::print::Column::{Number, Text};
use crate::cli::print::{Table, clean, count, in_set, short, size};

/// Everything, part by part; with rates when there is an earlier status.
pub fn all(status: &Status, earlier: Option<&Status>) -> String {
    let mut parts = vec![head(status), sites(status), nodes(status, earlier)];
    parts.extend(balancers(status).map(|node| backends(node, earlier)));
    parts.extend(trouble(status));
    parts.join("\n")
}

fn head(status: &Status) -> String {
    let listeners: String =
        status.listeners.iter().map(|address| format!(", http://{address}/")).collect();
    format!("bramble {}, revision {}{listeners}\n", status.version, status.revision)
}

fn sites(status: &Status) -> String {
    let mut table = Table::new([
        Text("site"),
        Text("hosts"),
        Text("release"),
        Number("files"),
        Number("size"),
        Text("published"),
        Text("to go back to"),
    ]);
    status.sites.iter().for_each(|site| table.row(site_row(site)));
    table.to_string()
}

fn site_row(site: &SiteStatus) -> [String; 7] {
    let hosts = if site.hosts.is_empty() { "any".to_owned() } else { site.hosts.join(", ") };
    let release = site.release.as_deref();
    let kept = site.history.iter().filter(|id| Some(id.as_str()) != release);
    [
        site.name.clone(),
        hosts,
        release.map_or("none", short).to_owned(),
        count(site.files),
        size(site.bytes),
        site.published_at.clone().unwrap_or_else(|| "-".to_owned()),
        kept.map(|id| short(id)).collect::<Vec<_>>().join(" "),
    ]
}

/// The nodes alone.
pub fn nodes(status: &Status, earlier: Option<&Status>) -> String {
    let mut columns = vec![
        Text("node"),
        Text("roles"),
        Text("address"),
        Text("state"),
        Text("release"),
        Number("in flight"),
        Number("load"),
        Number("memory"),
        Number("free memory"),
        Text("serving"),
    ];
    if earlier.is_some() {
        columns.insert(5, Number("requests/s"));
    }
    let mut table = Table::new(columns);
    for node in &status.nodes {
        let mut row = node_row(status, node).to_vec();
        if let Some(earlier) = earlier {
            row.insert(5, rate_of(node, earlier));
        }
        table.row(row);
    }
    table.to_string()
}

fn node_row(status: &Status, node: &NodeStatus) -> [String; 10] {
    let report = &node.report;
    let roles: Vec<_> = node.roles.iter().map(|role| role_name(*role)).collect();
    let address = report.worker_address.map_or_else(|| node.address.to_string(), |a| a.to_string());
    let in_flight = public_role(node).map(|facts| facts.server.in_flight);
    let state = match node.state {
        NodeState::Draining => "draining",
        NodeState::Enabled => "enabled",
    };
    [
        node.name.clone(),
        roles.join(","),
        address,
        state.to_owned(),
        held(status, node),
        or_dash(in_flight.map(count)),
        or_dash(is_heard(node).then(|| format!("{:.2}", report.load1))),
        or_dash(memory(node)),
        or_dash(is_heard(node).then(|| size(report.mem_available_kib.saturating_mul(1024)))),
        serving(node),
    ]
}

/// What balancer and worker hold, of what they may.
fn memory(node: &NodeStatus) -> Option<String> {
    let all = node.report.roles.iter().map(|facts| &facts.server.memory);
    let (held, ceiling) = all.fold((0, 0), |(held, ceiling), memory| {
        (held + memory.held_bytes(), ceiling + memory.ceiling_bytes)
    });
    (ceiling > 0).then(|| format!("{} of {}", size(held), size(ceiling)))
}

fn serving(node: &NodeStatus) -> String {
    match &node.why_not {
        Some(why) => format!("no: {why}"),
        None if node.serving => "yes".to_owned(),
        None => "no".to_owned(),
    }
}

/// The current releases that the node holds.
fn held(status: &Status, node: &NodeStatus) -> String {
    let current = status.sites.iter().filter_map(|site| site.release.as_ref());
    let mut held: Vec<_> =
        current.filter(|id| node.report.releases.contains(id)).map(|id| short(id)).collect();
    held.dedup();
    if held.is_empty() { "-".to_owned() } else { held.join(" ") }
}

fn is_heard(node: &NodeStatus) -> bool {
    node.last_seen_s.is_some()
}

fn or_dash(figure: Option<String>) -> String {
    figure.unwrap_or_else(|| "-".to_owned())
}

/// The role whose requests are the node's: its worker, else its balancer.
fn public_role(node: &NodeStatus) -> Option<&RoleFacts> {
    role(node, Role::Worker).or_else(|| role(node, Role::Balancer))
}

fn role(node: &NodeStatus, role: Role) -> Option<&RoleFacts> {
    node.report.roles.iter().find(|facts| facts.role == role)
}

fn earlier_of<'a>(earlier: &'a Status, node: &NodeStatus, wanted: Role) -> Option<&'a RoleFacts> {
    role(earlier.nodes.iter().find(|known| known.key == node.key)?, wanted)
}

fn rate_of(node: &NodeStatus, earlier: &Status) -> String {
    let rate = public_role(node).and_then(|now| {
        let before = earlier_of(earlier, node, now.role)?;
        rate(before, now, before.server.requests, now.server.requests)
    });
    or_dash(rate.map(|per_s| format!("{per_s:.0}")))
}

/// By the process's own clock. None if it was started anew, or has not reported since.
fn rate(before: &RoleFacts, now: &RoleFacts, counted: u64, count: u64) -> Option<f64> {
    let ms = now.uptime_ms.checked_sub(before.uptime_ms).filter(|ms| *ms > 0)?;
    let requests = count.checked_sub(counted)?;
    (before.pid == now.pid).then_some(requests as f64 * 1e3 / ms as f64)
}

fn balancers(status: &Status) -> impl Iterator<Item = &NodeStatus> {
    status.nodes.iter().filter(|node| role(node, Role::Balancer).is_some())
}

/// Backends as one balancer sees them.
fn backends(node: &NodeStatus, earlier: Option<&Status>) -> String {
    let Some(now) = role(node, Role::Balancer) else { return String::new() };
    let before = earlier.and_then(|earlier| earlier_of(earlier, node, Role::Balancer));
    let mut columns = vec![
        Text("backend"),
        Text("pool"),
        Text("address"),
        Text("state"),
        Number("requests"),
        Number("errors"),
        Number("in flight"),
        Text("last error"),
    ];
    if earlier.is_some() {
        columns.insert(4, Number("requests/s"));
    }
    let mut table = Table::new(columns);
    for backend in &now.server.backends {
        let mut row = backend_row(backend).to_vec();
        if earlier.is_some() {
            row.insert(4, backend_rate(before, now, backend));
        }
        table.row(row);
    }
    let mut text = balancer_line(node, before, now);
    if !now.server.backends.is_empty() {
        let _ = write!(text, "{table}");
    }
    text
}

fn balancer_line(node: &NodeStatus, before: Option<&RoleFacts>, now: &RoleFacts) -> String {
    let server = &now.server;
    let counted = before.map_or(0, |facts| facts.server.requests);
    let rate = before.and_then(|before| rate(before, now, counted, server.requests));
    let rate = rate.map_or_else(String::new, |per_s| format!("{per_s:.0} requests/s, "));
    format!(
        "balancer {}: {rate}{} requests, {} in flight, {} connections, {} memory\n",
        node.name,
        count(server.requests),
        count(server.in_flight),
        count(server.connections),
        size(now.rss_kib.saturating_mul(1024))
    )
}

fn backend_row(backend: &BackendFacts) -> [String; 8] {
    [
        backend.name.clone(),
        backend.pool.clone(),
        backend.address.clone(),
        in_set(backend.state.clone(), backend.set),
        count(backend.requests),
        count(backend.errors),
        count(backend.in_flight),
        backend.last_error.clone().unwrap_or_default(),
    ]
}

fn backend_rate(before: Option<&RoleFacts>, now: &RoleFacts, backend: &BackendFacts) -> String {
    let rate = before.and_then(|before| {
        let same = |known: &&BackendFacts| known.pool == backend.pool && known.name == backend.name;
        let counted = before.server.backends.iter().find(same)?.requests;
        rate(before, now, counted, backend.requests)
    });
    or_dash(rate.map(|per_s| format!("{per_s:.0}")))
}

/// What nodes say that went wrong; none if all is well.
fn trouble(status: &Status) -> Option<String> {
    let told = |node: &NodeStatus| {
        let trouble = clean(node.report.trouble.as_ref()?);
        Some(format!("trouble on {}: {trouble}\n", node.name))
    };
    let faults = status.nodes.iter().filter_map(faults);
    let lines: String = status.nodes.iter().filter_map(told).chain(faults).collect();
    (!lines.is_empty()).then_some(lines)
}

/// Faults of bramble's own, which its users can only report.
fn faults(node: &NodeStatus) -> Option<String> {
    let panics: u64 = node.report.roles.iter().map(|facts| facts.server.panics).sum();
    let words = "the node's log says where, please report it";
    (panics > 0)
        .then(|| format!("trouble on {}: panics, contained: {panics}; {words}\n", node.name))
}

#[cfg(test)]
mod tests;
