//! Why an attempt failed: whose fault it is, and whether it may be repeated.

use std::io;
use std::rc::Rc;

use bramble_http::Reject;
use rustix::io::Errno;

use crate::balance::Weight;
use crate::connection::End;
use crate::pool::Backend;
use crate::reason::Reason;
use crate::retry::Reached;
use crate::wait::WaitError;

/// An attempt that brought no answer.
#[derive(Debug)]
pub(super) enum AttemptError {
    /// The backend's or its link's fault.
    Backend(Failure),
    /// The client's: there is nobody left to answer, or its body is malformed.
    Client(End),
}

/// What went wrong with a backend.
#[derive(Debug, thiserror::Error)]
#[error("{kind}")]
pub(super) struct Failure {
    pub(super) reached: Reached,
    pub(super) kind: FailureKind,
    /// Whose it is, where that is not whoever was asked last.
    pub(super) backend: Option<Rc<Backend>>,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum FailureKind {
    #[error("not a valid answer: {0}")]
    BadAnswer(Reject),
    #[error("closed the connection before its answer was whole")]
    Closed,
    #[error("connect: {0}")]
    Connect(io::Error),
    #[error("connect: no answer in time")]
    ConnectTimeout,
    #[error("the request could not be sent: {0}")]
    Send(io::Error),
    #[error("out of descriptors, memory or ports here: {0}")]
    Local(io::Error),
    #[error("no answer in time")]
    Timeout,
    #[error("the request took too long, all in all")]
    RequestTimeout,
    #[error("more than {0} interim answers")]
    TooManyInterim(u16),
    /// The backend has had all of the request for so long.
    #[error("no answer in time")]
    Unbegun,
}

impl Failure {
    pub(super) fn new(reached: Reached, kind: FailureKind) -> Self {
        Self { reached, kind, backend: None }
    }

    /// What it says about the backend.
    pub(super) fn weight(&self) -> Weight {
        match self.kind {
            FailureKind::Connect(_)
            | FailureKind::ConnectTimeout
            | FailureKind::Closed
            | FailureKind::Send(_) => Weight::Down,
            FailureKind::Local(_) | FailureKind::RequestTimeout => Weight::None,
            FailureKind::BadAnswer(_)
            | FailureKind::Timeout
            | FailureKind::TooManyInterim(_)
            | FailureKind::Unbegun => Weight::Doubt,
        }
    }

    /// There is no time for another attempt.
    pub(super) fn is_last(&self) -> bool {
        matches!(self.kind, FailureKind::RequestTimeout)
    }

    /// What the client is told.
    pub(super) fn reason(&self) -> Reason {
        match self.kind {
            FailureKind::BadAnswer(_) => Reason::BackendAnswer,
            FailureKind::Closed => Reason::BackendClosed,
            FailureKind::Connect(_) => Reason::BackendConnect,
            FailureKind::ConnectTimeout => Reason::BackendConnectTimeout,
            FailureKind::Local(_) => Reason::LocalResources,
            FailureKind::Send(_) => Reason::BackendSend,
            FailureKind::Timeout | FailureKind::Unbegun => Reason::BackendTimeout,
            FailureKind::RequestTimeout => Reason::RequestTimeout,
            FailureKind::TooManyInterim(_) => Reason::BackendInterim,
        }
    }
}

impl AttemptError {
    /// The same, said of this backend.
    pub(super) fn of(self, backend: &Rc<Backend>) -> Self {
        match self {
            Self::Backend(failure) => {
                Self::Backend(Failure { backend: Some(backend.clone()), ..failure })
            }
            client => client,
        }
    }
}

impl From<Failure> for AttemptError {
    fn from(failure: Failure) -> Self {
        Self::Backend(failure)
    }
}

impl From<End> for AttemptError {
    fn from(end: End) -> Self {
        Self::Client(end)
    }
}

impl FailureKind {
    /// Of opening a connection: is it the other side, or have we run out of something?
    pub(super) fn connecting(error: io::Error) -> Self {
        if is_own_fault(&error) { Self::Local(error) } else { Self::Connect(error) }
    }

    /// Of waiting for an answer.
    pub(super) fn receiving(error: &WaitError) -> Self {
        match error {
            WaitError::Closed | WaitError::Io(_) => Self::Closed,
            WaitError::RequestTimeout => Self::RequestTimeout,
            WaitError::Timeout(_) | WaitError::TooSlow | WaitError::Evicted => Self::Timeout,
        }
    }

    /// Of sending a request.
    pub(super) fn sending(error: WaitError) -> Self {
        match error {
            WaitError::Closed => Self::Closed,
            WaitError::Io(e) => Self::Send(e),
            WaitError::RequestTimeout => Self::RequestTimeout,
            WaitError::Timeout(_) | WaitError::TooSlow | WaitError::Evicted => Self::Timeout,
        }
    }
}

/// Of opening a connection: have we run out of something?
pub(crate) fn is_own_fault(error: &io::Error) -> bool {
    let own = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM, Errno::ADDRNOTAVAIL];
    Errno::from_io_error(error).is_some_and(|errno| own.contains(&errno))
}
