//! Tickets for new nodes, and identities for checks from outside.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use axum::Json;
use axum::extract::State;
use bramble_cluster::api::{Invite, InviteRequest, OperatorIdentity, Role};
use bramble_cluster::certificate::NodeKey;
use bramble_cluster::state::{Operator, TicketRecord, delete, put};
use bramble_cluster::store::{Change, Expected};
use bramble_cluster::ticket::{Ticket, secret_hash};
use bramble_metrics::calendar::unix_now;

use super::payload::Payload;
use crate::app::App;
use crate::refusal::Refusal;
use crate::view::View;

/// A ticket's longest life, a week.
const TICKET_S: u64 = 7 * 24 * 3_600;

/// Tickets that are open at once.
const TICKETS: usize = 1_000;

/// A used ticket is remembered for a day, so that its holder can be told who used it.
const TICKET_MEMORY_S: u64 = 24 * 3_600;

const OPERATOR_LIFETIME: Duration = Duration::from_secs(3_600);
const OPERATORS: usize = 100;

/// `POST /v1/invite`
pub(super) async fn invite(
    State(app): State<Arc<App>>,
    Payload(request): Payload<InviteRequest>,
) -> Result<Json<Invite>, Refusal> {
    check(&request)?;
    let view = app.view();
    let now = unix_now();
    let forgotten = forgotten(&view, now);
    if view.snapshot.tickets.len() - forgotten.len() >= TICKETS {
        let error = format!("there are {TICKETS} tickets already");
        return Err(Refusal::conflict(error, "wait until some are used or have expired"));
    }
    let ca = app.authority.key_id()?;
    let ticket =
        Ticket::new(app.settings.addresses.clone(), ca).map_err(|e| Refusal::internal(&e))?;
    let record = TicketRecord {
        secret_hash: secret_hash(&ticket.secret),
        roles: request.roles,
        expires_at: now + request.expires_s,
        used_by: None,
    };
    if !forgotten.is_empty() {
        app.state.store().transact(forgotten).await?;
    }
    let change = put(&ticket.id, Expected::Absent, &record)?;
    let lifetime = Duration::from_secs(request.expires_s);
    app.state.store().lease(change, lifetime, Instant::now()).await?;
    tracing::info!(ticket = ticket.id, roles = ?record.roles, "a ticket was made");
    Ok(Json(Invite { ticket: ticket.to_string(), expires_s: request.expires_s }))
}

fn check(request: &InviteRequest) -> Result<(), Refusal> {
    if request.roles.is_empty() {
        return Err(Refusal::bad("a ticket needs a role", "name `worker` or `balancer`"));
    }
    if request.roles.contains(&Role::Manager) {
        let hint = "name `worker` or `balancer`";
        return Err(Refusal::bad("a cluster has one manager, on its first node", hint));
    }
    if !(1..=TICKET_S).contains(&request.expires_s) {
        let hint = format!("choose 1 to {TICKET_S} seconds");
        return Err(Refusal::bad("a ticket can't live for so long or short", &hint));
    }
    Ok(())
}

/// Deletions of tickets that were used a while ago; the others end with their lease.
fn forgotten(view: &View, now: u64) -> Vec<Change> {
    let dead = view.snapshot.tickets.iter();
    let dead = dead.filter(|(_, entry)| entry.record.expires_at + TICKET_MEMORY_S < now);
    dead.map(|(id, _)| delete::<TicketRecord>(id, Expected::Any)).collect()
}

/// `POST /v1/operator`: a key and certificate that workers accept for an hour.
pub(super) async fn identity(
    State(app): State<Arc<App>>,
) -> Result<Json<OperatorIdentity>, Refusal> {
    if app.view().snapshot.operators.len() >= OPERATORS {
        let error = format!("{OPERATORS} operators have an identity now");
        return Err(Refusal::conflict(error, "try again in an hour"));
    }
    let key = NodeKey::generate()?;
    let issued = app.authority.issue(&key.csr_pem()?, "operator", &[], SystemTime::now())?;
    let record = Operator { expires_at: unix_now() + OPERATOR_LIFETIME.as_secs() };
    let change = put(&issued.key.to_string(), Expected::Absent, &record)?;
    let leased = app.state.store().lease(change, OPERATOR_LIFETIME, Instant::now());
    leased.await?;
    let ca = app.authority.pem().to_owned();
    Ok(Json(OperatorIdentity { certificate: issued.chain, key: key.pem(), ca }))
}
