//! A refusal in words with its HTTP status: what, why, and the next step.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bramble_cluster::api::Problem;
use bramble_cluster::certificate::CertificateError;
use bramble_cluster::store::StoreError;

/// What a call answers when it does not do it.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    problem: Problem,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, error: impl Into<String>, hint: &str) -> Self {
        let hint = (!hint.is_empty()).then(|| hint.to_owned());
        Self { status, problem: Problem { error: error.into(), hint } }
    }

    /// The request makes no sense.
    pub(crate) fn bad(error: impl Into<String>, hint: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error, hint)
    }

    /// Things are not as the request supposes.
    pub(crate) fn conflict(error: impl Into<String>, hint: &str) -> Self {
        Self::new(StatusCode::CONFLICT, error, hint)
    }

    pub(crate) fn is_disk_full(&self) -> bool {
        self.status == StatusCode::INSUFFICIENT_STORAGE
    }

    pub(crate) fn not_found(error: impl Into<String>, hint: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, error, hint)
    }

    /// Our own fault, or the machine's.
    pub(crate) fn internal(error: &dyn ToString) -> Self {
        let error = error.to_string();
        tracing::error!(%error, "a call failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, error, "see the manager's log")
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(self.problem)).into_response()
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        let status = match error {
            StoreError::Compacted { .. } => StatusCode::GONE,
            StoreError::Conflict { .. } => StatusCode::CONFLICT,
            StoreError::Full { .. } => StatusCode::INSUFFICIENT_STORAGE,
            StoreError::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            _ => return Self::internal(&error),
        };
        Self::new(status, error.to_string(), "")
    }
}

impl From<CertificateError> for Refusal {
    fn from(error: CertificateError) -> Self {
        Self::internal(&error)
    }
}
