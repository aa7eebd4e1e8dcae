//! Bodies and queries of requests; what does not fit is refused in words, as everything is.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::refusal::Refusal;

/// How long a body may take; one that comes in parts (a blob), each of its parts.
pub(super) const BODY_LIMIT: Duration = Duration::from_secs(10);

/// A JSON body.
pub(super) struct Payload<T>(pub(super) T);

/// A body as it came.
pub(super) struct Whole(pub(super) Bytes);

/// What follows the `?`.
pub(super) struct Asked<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let query = Query::from_request_parts(parts, state).await;
        query.map(|Query(asked)| Self(asked)).map_err(|e| Refusal::bad(e.body_text(), ""))
    }
}

impl<S: Send + Sync> FromRequest<S> for Whole {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let read = tokio::time::timeout(BODY_LIMIT, Bytes::from_request(request, state));
        let bytes = read.await.map_err(|_| too_slow())?.map_err(|rejection| {
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                Refusal::new(rejection.status(), "the request is too large", "")
            } else {
                Refusal::bad(rejection.body_text(), "")
            }
        })?;
        Ok(Self(bytes))
    }
}

/// A body that did not come in time.
pub(super) fn too_slow() -> Refusal {
    Refusal::new(StatusCode::REQUEST_TIMEOUT, "the request did not come in time", "send it again")
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Payload<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let Whole(bytes) = Whole::from_request(request, state).await?;
        serde_json::from_slice(&bytes).map(Self).map_err(|e| {
            let hint = "manager and caller must be of the same bramble version";
            Refusal::bad(format!("the request can't be read: {e}"), hint)
        })
    }
}
