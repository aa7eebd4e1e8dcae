//! `GET /v1/plan`: what the node is to do, as soon as it is something new.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Deserialize;

use super::payload::Asked;
use super::{Caller, not_a_member};
use crate::app::App;
use crate::refusal::Refusal;

/// How long a node waits for news; then it asks again, so that a dead link is noticed.
const WAIT: Duration = Duration::from_secs(20);

#[derive(Deserialize)]
pub(super) struct After {
    /// Revision of the plan that the node has.
    #[serde(default)]
    after: u64,
}

pub(super) async fn plan(
    State(app): State<Arc<App>>,
    Extension(Caller(node)): Extension<Caller>,
    Asked(After { after }): Asked<After>,
) -> Result<Response, Refusal> {
    match tokio::time::timeout(WAIT, news(&app, &node, after)).await {
        Ok(answer) => answer,
        Err(_) => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

/// Not "newer" but "another": a state that was put back from a backup has lower revisions.
async fn news(app: &App, node: &str, after: u64) -> Result<Response, Refusal> {
    let mut views = app.views();
    loop {
        views.borrow_and_update();
        let Some(plan) = app.plan(node)? else { return Err(not_a_member()) };
        if plan.revision != after {
            return Ok(Json(&*plan).into_response());
        }
        views.changed().await.map_err(|_| Refusal::internal(&"the manager ends"))?;
    }
}
