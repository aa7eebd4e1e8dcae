//! `POST /v1/join`: a ticket for a membership, once. `POST /v1/renew`: a new certificate.

use std::sync::Arc;
use std::time::SystemTime;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use bramble_cluster::api::{JoinRequest, JoinResponse, NodeState, RenewRequest, Role};
use bramble_cluster::certificate::{CertificateError, Issued};
use bramble_cluster::state::{Entry, Member, Snapshot, TicketRecord, put};
use bramble_cluster::store::{Expected, StoreError};
use bramble_cluster::ticket::secret_matches;
use bramble_metrics::calendar::unix_now;

use super::payload::Payload;
use super::{Caller, not_a_member};
use crate::app::App;
use crate::refusal::Refusal;

/// Members of a cluster.
const NODES: usize = 1_000;

/// Longest name, in characters.
const NAME_CHARACTERS: usize = 40;

/// Tries when others join at the same moment.
const TRIES: u32 = 100;

pub(super) async fn join(
    State(app): State<Arc<App>>,
    Payload(request): Payload<JoinRequest>,
) -> Result<Json<JoinResponse>, Refusal> {
    // Read from the store, not from our memory: it may have been used a moment ago.
    for _ in 0..TRIES {
        let snapshot = app.state.snapshot().await?;
        let ticket = genuine_ticket(&snapshot, &request)?;
        if let Some(node) = &ticket.record.used_by {
            return join_again(&app, &snapshot, node, &request.csr).map(Json);
        }
        refuse_expired(&ticket.record, unix_now())?;
        let name = free_name(&snapshot, &request.name);
        let issued = issue(&app, &request.csr, &name, &ticket.record.roles)?;
        refuse_unwanted(&snapshot, &issued)?;
        match enter(&app, &request, &ticket, &name, &issued).await {
            Err(StoreError::Conflict { .. }) => {}
            entered => {
                app.seen(entered?).await?;
                tracing::info!(node = name, ticket = request.ticket_id, "a node joined");
                return Ok(Json(response(&app, name, ticket.record.roles, issued)));
            }
        }
    }
    Err(Refusal::conflict("too many nodes join at this moment", "try again"))
}

/// Uses up the ticket and makes the member in one step: two joins can't share a ticket.
async fn enter(
    app: &App,
    request: &JoinRequest,
    ticket: &Entry<TicketRecord>,
    name: &str,
    issued: &Issued,
) -> Result<u64, StoreError> {
    let used = TicketRecord { used_by: Some(name.to_owned()), ..ticket.record.clone() };
    let member = Member {
        key: issued.key.to_string(),
        address: request.address,
        roles: ticket.record.roles.clone(),
        state: NodeState::Enabled,
        worker_address: None,
        worker_rate: request.worker_rate,
        releases: Vec::new(),
    };
    let changes = vec![
        put(&request.ticket_id, ticket.expected(), &used)?,
        put(name, Expected::Absent, &member)?,
    ];
    app.state.store().transact(changes).await
}

fn genuine_ticket(
    snapshot: &Snapshot,
    request: &JoinRequest,
) -> Result<Entry<TicketRecord>, Refusal> {
    let Some(ticket) = snapshot.tickets.get(&request.ticket_id) else {
        return Err(no_way_in("this cluster does not know the ticket, or it expired"));
    };
    if !secret_matches(&request.secret, &ticket.record.secret_hash) {
        return Err(no_way_in("the ticket is not genuine"));
    }
    Ok(ticket.clone())
}

fn refuse_expired(ticket: &TicketRecord, now: u64) -> Result<(), Refusal> {
    match now.checked_sub(ticket.expires_at) {
        Some(ago_s) => Err(no_way_in(format!("the ticket expired {ago_s} s ago"))),
        None => Ok(()),
    }
}

/// The node that used the ticket may come with it again, known by its key: the answer to its
/// first time may have been lost.
fn join_again(
    app: &App,
    snapshot: &Snapshot,
    node: &str,
    csr: &str,
) -> Result<JoinResponse, Refusal> {
    let used = || no_way_in(format!("the ticket was used already, by node {node}"));
    let member = &snapshot.nodes.get(node).ok_or_else(used)?.record;
    let issued = issue(app, csr, node, &member.roles)?;
    if issued.key.to_string() != member.key {
        return Err(used());
    }
    Ok(response(app, node.to_owned(), member.roles.clone(), issued))
}

fn no_way_in(error: impl Into<String>) -> Refusal {
    let again = "make a new one on the manager's machine with `bramble invite`";
    Refusal::new(StatusCode::FORBIDDEN, error, again)
}

fn refuse_unwanted(snapshot: &Snapshot, issued: &Issued) -> Result<(), Refusal> {
    if let Some((name, _)) = snapshot.member(&issued.key.to_string()) {
        let hint = "each node needs a key of its own: empty its data folder, then join again";
        let error = format!("this key is that of node {name} already (was its disk cloned?)");
        return Err(Refusal::conflict(error, hint));
    }
    if snapshot.nodes.len() >= NODES {
        let error = format!("the cluster has {NODES} nodes already");
        return Err(Refusal::conflict(error, "remove one with `bramble node remove`"));
    }
    Ok(())
}

/// The wanted name in the letters of a host name, with a number if it is taken.
fn free_name(snapshot: &Snapshot, wanted: &str) -> String {
    let fits = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let name: String = wanted.chars().take(NAME_CHARACTERS).map(fits).collect();
    let name = match name.trim_matches('-') {
        "" => "node",
        name => name,
    };
    let numbered = (2..).map(|n| format!("{name}-{n}"));
    let mut names = std::iter::once(name.to_owned()).chain(numbered);
    names.find(|name| !snapshot.nodes.contains_key(name)).unwrap_or_default()
}

fn issue(app: &App, csr: &str, name: &str, roles: &[Role]) -> Result<Issued, Refusal> {
    app.authority.issue(csr, name, roles, SystemTime::now()).map_err(|error| match error {
        CertificateError::Pem { .. } => Refusal::bad(error.to_string(), "send a PKCS#10 request"),
        error => error.into(),
    })
}

fn response(app: &App, name: String, roles: Vec<Role>, issued: Issued) -> JoinResponse {
    let ca = app.authority.pem().to_owned();
    JoinResponse { name, roles, certificate: issued.chain, ca }
}

pub(super) async fn renew(
    State(app): State<Arc<App>>,
    Extension(Caller(node)): Extension<Caller>,
    Payload(RenewRequest { csr }): Payload<RenewRequest>,
) -> Result<Json<JoinResponse>, Refusal> {
    let view = app.view();
    let Some(entry) = view.snapshot.nodes.get(&node) else { return Err(not_a_member()) };
    let member = &entry.record;
    let issued = issue(&app, &csr, &node, &member.roles)?;
    if issued.key.to_string() != member.key {
        return Err(Refusal::bad("the request is for another key", "a node keeps its key"));
    }
    Ok(Json(response(&app, node, member.roles.clone(), issued)))
}
