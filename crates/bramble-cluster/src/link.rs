//! Client of the manager's API: from a node by mutual TLS, from the operator by the Unix
//! socket. A few idle connections are kept; every wait has an end.

mod body;
mod connection;
mod whole;

#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bramble_net::tls::Connector;
use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Method, Request, Response, StatusCode, body::Incoming};
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use self::connection::{Connection, Endpoint, Idle};
use self::whole::{Moves, Whole};
use crate::api::Problem;

pub use self::body::{Body, Lines};

/// From the last part of a request to the head of its answer: a publish waits up to 35 s for
/// nodes. A request's body may take as long as it moves.
const ANSWER_LIMIT: Duration = Duration::from_secs(60);

/// Why a call was not answered as hoped.
#[derive(Debug, Error)]
pub enum LinkError {
    /// The answer makes no sense.
    #[error("the manager at {address} answered oddly: {detail}")]
    Protocol {
        /// Whose.
        address: String,
        /// What.
        detail: String,
    },
    /// The manager says no.
    #[error("{}{}", problem.error, hint(problem))]
    Refused {
        /// HTTP status.
        status: u16,
        /// In words.
        problem: Problem,
    },
    /// No answer.
    #[error("the manager at {address} can't be reached: {source}")]
    Unreachable {
        /// Where.
        address: String,
        /// Why.
        source: io::Error,
    },
}

fn hint(problem: &Problem) -> String {
    problem.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default()
}

/// A way to the manager; usable from several tasks at once.
pub struct Link {
    endpoint: Endpoint,
    idle: Idle,
    answer_limit: Duration,
}

impl Link {
    /// By mutual TLS; addresses are tried in order.
    pub fn new(addresses: Vec<SocketAddr>, connector: Connector) -> Self {
        Self::to(Endpoint::Tls { addresses, connector })
    }

    /// By the operator's socket on the manager's own machine.
    pub fn operator(socket: &Path) -> Self {
        Self::to(Endpoint::Unix(PathBuf::from(socket)))
    }

    fn to(endpoint: Endpoint) -> Self {
        Self { endpoint, idle: Idle::default(), answer_limit: ANSWER_LIMIT }
    }

    /// Waits only so long for the head of an answer, and between two parts of a body.
    #[must_use]
    pub fn with_time_limit(self, limit: Duration) -> Self {
        Self { answer_limit: limit, ..self }
    }

    /// `GET`, JSON back.
    pub async fn get_json<T: DeserializeOwned>(&self, path: &str) -> Result<T, LinkError> {
        let body = self.get_body(path).await?;
        self.parse(&body.collect().await?)
    }

    /// `GET`, JSON back; None if the manager had nothing to say (204).
    pub async fn poll_json<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, LinkError> {
        let (status, body) = self.call(Method::GET, path, "", Bytes::new()).await?;
        let bytes = body.collect().await?;
        if status == StatusCode::NO_CONTENT { Ok(None) } else { self.parse(&bytes).map(Some) }
    }

    /// `POST` of JSON, JSON back.
    pub async fn post_json<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, LinkError> {
        let json = serde_json::to_vec(body).map_err(|e| self.odd(&e))?;
        let (_, body) = self.call(Method::POST, path, "application/json", json.into()).await?;
        self.parse(&body.collect().await?)
    }

    /// `POST` of a text (a manifest), JSON back.
    pub async fn post_text<T: DeserializeOwned>(
        &self,
        path: &str,
        text: String,
    ) -> Result<T, LinkError> {
        let (_, body) = self.call(Method::POST, path, "text/plain", text.into()).await?;
        self.parse(&body.collect().await?)
    }

    /// `PUT` of bytes (a blob).
    pub async fn put_bytes(&self, path: &str, bytes: Bytes) -> Result<(), LinkError> {
        let (_, body) = self.call(Method::PUT, path, "application/octet-stream", bytes).await?;
        body.collect().await.map(drop)
    }

    /// `DELETE`.
    pub async fn delete(&self, path: &str) -> Result<(), LinkError> {
        let (_, body) = self.call(Method::DELETE, path, "", Bytes::new()).await?;
        body.collect().await.map(drop)
    }

    /// `GET`; the body comes in parts.
    pub async fn get_body(&self, path: &str) -> Result<Body<'_>, LinkError> {
        Ok(self.call(Method::GET, path, "", Bytes::new()).await?.1)
    }

    /// `GET`; JSON values come line by line, without a limit of time between them.
    pub async fn get_lines(&self, path: &str) -> Result<Lines<'_>, LinkError> {
        Ok(self.get_body(path).await?.into_lines())
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        kind: &str,
        body: Bytes,
    ) -> Result<(StatusCode, Body<'_>), LinkError> {
        let moves = Moves::default();
        let sent = self.send(&method, path, kind, || Whole::new(body.clone(), moves.clone()));
        let sent = moves.wait(self.answer_limit, sent).await;
        let (connection, answer) =
            sent.unwrap_or_else(|| Err(self.unreachable(io::ErrorKind::TimedOut.into())))?;
        let status = answer.status();
        let body = Body::new(self, connection, answer.into_body());
        if status.is_success() { Ok((status, body)) } else { Err(self.refused(status, body).await) }
    }

    /// Over an idle connection first. One that the manager closed meanwhile is told by an
    /// error without an answer: then over another, unless the call may have been done already.
    async fn send(
        &self,
        method: &Method,
        path: &str,
        kind: &str,
        body: impl Fn() -> Whole,
    ) -> Result<(Connection, Response<Incoming>), LinkError> {
        while let Some(mut connection) = self.idle.take() {
            let request = self.request(method, path, kind, body())?;
            match connection.send(request).await {
                Ok(answer) => return Ok((connection, answer)),
                Err(error) if error.unsent || *method != Method::POST => {}
                Err(error) => return Err(self.unreachable(error.source)),
            }
        }
        let connected = self.endpoint.connect().await;
        let mut connection = connected.map_err(|e| self.unreachable(e))?;
        let request = self.request(method, path, kind, body())?;
        match connection.send(request).await {
            Ok(answer) => Ok((connection, answer)),
            Err(error) => Err(self.unreachable(error.source)),
        }
    }

    fn request(
        &self,
        method: &Method,
        path: &str,
        kind: &str,
        body: Whole,
    ) -> Result<Request<Whole>, LinkError> {
        let mut request = Request::builder().method(method).uri(path).header(HOST, "manager");
        if !kind.is_empty() {
            request = request.header(CONTENT_TYPE, kind);
        }
        request.body(body).map_err(|e| self.odd(&e))
    }

    async fn refused(&self, status: StatusCode, body: Body<'_>) -> LinkError {
        let bytes = match body.collect().await {
            Ok(bytes) => bytes,
            Err(error) => return error,
        };
        let problem = serde_json::from_slice(&bytes).unwrap_or_else(|_| Problem {
            error: format!("the manager answered {status}"),
            hint: None,
        });
        LinkError::Refused { status: status.as_u16(), problem }
    }

    fn parse<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, LinkError> {
        serde_json::from_slice(bytes).map_err(|e| self.odd(&e))
    }

    fn odd(&self, detail: &impl ToString) -> LinkError {
        LinkError::Protocol { address: self.endpoint.to_string(), detail: detail.to_string() }
    }

    fn unreachable(&self, source: io::Error) -> LinkError {
        LinkError::Unreachable { address: self.endpoint.to_string(), source }
    }
}
