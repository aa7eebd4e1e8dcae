//! The API's calls, a file a group, and who may make which: nodes and the operator have a
//! router each, so that what a node may not do it can't even ask for.

mod apply;
mod content;
pub(crate) use content::from_content;
mod edit;
mod join;
mod nodes;
mod operator;
mod payload;
mod plan;
mod pools;
mod report;
mod sites;
mod status;
mod watch;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{delete, get, post, put};
use bramble_content::manifest::MANIFEST_BYTES_MAX;

use crate::app::App;
use crate::refusal::Refusal;
use crate::serve::Peer;

/// Bodies but for manifests and blobs.
const BODY_BYTES: usize = 1 << 20;

/// What each door leads to.
pub(crate) struct Routers {
    pub(crate) nodes: Router,
    pub(crate) operator: Router,
}

/// The member that calls.
#[derive(Clone, Debug)]
struct Caller(String);

pub(crate) fn routers(app: &Arc<App>) -> Routers {
    Routers { nodes: finish(nodes(app), app), operator: finish(operator(), app) }
}

fn nodes(app: &Arc<App>) -> Router<Arc<App>> {
    Router::new()
        .route("/v1/plan", get(plan::plan))
        .route("/v1/renew", post(join::renew))
        .route("/v1/report", post(report::report))
        .merge(shared())
        .route_layer(middleware::from_fn_with_state(app.clone(), members_only))
        .route("/v1/join", post(join::join))
}

fn operator() -> Router<Arc<App>> {
    let manifests = DefaultBodyLimit::max(MANIFEST_BYTES_MAX);
    Router::new()
        .route("/v1/apply", post(apply::apply))
        .route("/v1/configuration", get(edit::configuration))
        .route("/v1/edit", post(edit::edit))
        .route("/v1/invite", post(operator::invite))
        .route("/v1/nodes/{name}", delete(nodes::remove))
        .route("/v1/nodes/{name}/drain", post(nodes::drain))
        .route("/v1/nodes/{name}/enable", post(nodes::enable))
        .route("/v1/operator", post(operator::identity))
        .route("/v1/pools", get(pools::pools))
        .route("/v1/sites/{site}/publish", post(sites::publish))
        .route("/v1/sites/{site}/rollback", post(sites::rollback))
        .route("/v1/sites/{site}/stage", post(sites::stage).layer(manifests))
        .route("/v1/status", get(status::status))
        .route("/v1/watch", get(watch::watch))
        .route("/v1/blob/{hash}", put(content::put_blob).layer(DefaultBodyLimit::disable()))
        .merge(shared())
}

fn shared() -> Router<Arc<App>> {
    Router::new()
        .route("/v1/blob/{hash}", get(content::blob))
        .route("/v1/release/{id}", get(content::release))
}

fn finish(router: Router<Arc<App>>, app: &Arc<App>) -> Router {
    router
        .fallback(unknown)
        .method_not_allowed_fallback(unknown)
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .with_state(app.clone())
}

async fn unknown(request: Request) -> Refusal {
    let call = format!("there is no call {} {}", request.method(), request.uri().path());
    Refusal::not_found(call, "manager and caller must be of the same bramble version")
}

/// The key that TLS saw must be a member's now; that the authority once signed it is not
/// enough.
async fn members_only(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let peer = request.extensions().get::<Peer>().and_then(|peer| peer.0);
    let view = app.view();
    let member = peer.and_then(|key| view.snapshot.member(&key.to_string()));
    let Some((name, _)) = member else { return Err(not_a_member()) };
    request.extensions_mut().insert(Caller(name.to_owned()));
    Ok(next.run(request).await)
}

fn not_a_member() -> Refusal {
    let hint = "make a ticket with `bramble invite` and join with it";
    Refusal::new(StatusCode::FORBIDDEN, "this key is no member of the cluster", hint)
}
