//! Bodies and queries of requests; what does not fit is refused in words, as everything is.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::refusal::Refusal;

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
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                Refusal::new(rejection.status(), "the request is too large", "")
            } else {
                Refusal::bad(rejection.body_text(), "")
            }
        })?;
        Ok(Self(bytes))
    }
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
