//! The old process's view of the new one: it is started, given the listening sockets, and waited
//! for.
//!
//! Until it succeeds it is this process's child, and ends with whatever becomes of the attempt: two
//! must not accept. From then on it is the service, and nothing that happens here ends it. One that
//! somebody else has started, as a node's agent does, is met: it ends when its passage does.

use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use bramble_net::{ListenSocket, Passage, SOCKETS_A_MESSAGE};

use super::giving::{Given, Giving};
use super::{HandoverError, Message, STANDARD_INPUT, VARIABLE};

/// To start, read its configuration and listen.
const READY_S: u64 = 30;

/// Between its last word and its end.
const GRACE: Duration = Duration::from_millis(500);

/// How often it is looked whether it has ended, once it has nothing more to say.
const END_LOOK: Duration = Duration::from_millis(20);

/// A process that listens where this one does. Dropped before it has succeeded it is killed.
pub struct Heir {
    id: u32,
    /// None: somebody else has started it.
    child: Option<Child>,
    is_service: bool,
    passage: Passage,
    pub(crate) giving: Giving,
    /// Where it listens.
    pub(crate) listening: Vec<SocketAddr>,
}

impl Heir {
    /// Starts `program` and gives it these sockets, until it accepts from them. Clients that it will
    /// not take come `back`.
    pub(crate) async fn start(
        mut program: Command,
        sockets: impl Iterator<Item = &ListenSocket>,
        back: impl FnOnce(Vec<Given>) + Send + 'static,
    ) -> Result<Self, HandoverError> {
        let (passage, end) = Passage::pair()?;
        let giving = Giving::start(passage.try_clone()?, back)?;
        program.env(VARIABLE, STANDARD_INPUT).stdin(end);
        let child = program.spawn().map_err(HandoverError::Start)?;
        // Its own handle of the other end would keep the passage open for ever.
        drop(program);
        let (id, child, listening) = (child.id(), Some(child), Vec::new());
        let heir = Self { id, child, is_service: false, passage, giving, listening };
        heir.introduced(sockets).await
    }

    /// Gives these sockets to a process that asks for them, until it accepts from them.
    pub(crate) async fn meet(
        id: u32,
        passage: Passage,
        sockets: impl Iterator<Item = &ListenSocket>,
        back: impl FnOnce(Vec<Given>) + Send + 'static,
    ) -> Result<Self, HandoverError> {
        let giving = Giving::start(passage.try_clone()?, back)?;
        let listening = Vec::new();
        let heir = Self { id, child: None, is_service: false, passage, giving, listening };
        heir.introduced(sockets).await
    }

    /// Its process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// From here on it is the service: it accepts, and this process does not.
    pub(crate) fn succeed(&mut self) {
        self.is_service = true;
    }

    /// Waits until it has ended otherwise than in order: then nobody accepts.
    pub(crate) async fn gone(&mut self) {
        let mut last = receive(&self.passage).await;
        // As long as it runs it accepts, even if it can't be understood. It leaves no zombie.
        while let Some(Ok(None)) = self.child.as_mut().map(Child::try_wait) {
            tokio::time::sleep(END_LOOK).await;
        }
        if let Ok(Some(Message::Over)) = last {
            std::future::pending::<()>().await;
        }
        // Of somebody else's child no more is seen here than the passage's end.
        while self.child.is_none() && !is_end(&last) {
            last = receive(&self.passage).await;
        }
    }

    async fn introduced(
        mut self,
        sockets: impl Iterator<Item = &ListenSocket>,
    ) -> Result<Self, HandoverError> {
        match self.introduce(sockets).await {
            Ok(()) => Ok(self),
            Err(error) => Err(self.given_up(as_end(error))),
        }
    }

    async fn introduce(
        &mut self,
        sockets: impl Iterator<Item = &ListenSocket>,
    ) -> Result<(), HandoverError> {
        let sockets: Vec<_> = sockets.collect();
        for some in sockets.chunks(SOCKETS_A_MESSAGE) {
            let addresses = some.iter().map(|socket| socket.address()).collect();
            let words = serde_json::to_vec(&Message::Listening(addresses))?;
            let some: Vec<_> = some.iter().map(|socket| socket.as_fd()).collect();
            self.passage.send(&words, &some)?;
        }
        self.passage.send(&serde_json::to_vec(&Message::Whole)?, &[])?;
        let ready = tokio::time::timeout(Duration::from_secs(READY_S), receive(&self.passage));
        match ready.await {
            Ok(Ok(Some(Message::Ready(listening)))) => self.listening = listening,
            Ok(Ok(_)) => return Err(HandoverError::Ended(String::new())),
            Ok(Err(error)) => return Err(error),
            Err(_) => return Err(HandoverError::Late(READY_S)),
        }
        Ok(())
    }

    /// Ends it, if it does not by itself.
    fn given_up(mut self, error: HandoverError) -> HandoverError {
        let Some(child) = &mut self.child else {
            let is_end = matches!(error, HandoverError::Ended(_));
            return if is_end {
                HandoverError::Ended("how, its parent knows".into())
            } else {
                error
            };
        };
        let grace = Instant::now() + GRACE;
        while let Ok(None) = child.try_wait() {
            if Instant::now() > grace || !matches!(error, HandoverError::Ended(_)) {
                let _ = child.kill();
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        match (error, child.wait()) {
            (HandoverError::Ended(_), Ok(status)) => HandoverError::Ended(status.to_string()),
            (error, _) => error,
        }
    }
}

impl Drop for Heir {
    fn drop(&mut self) {
        if let Some(child) = self.child.as_mut().filter(|_| !self.is_service) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// One that ends before it has read everything, as one with a faulty configuration does, leaves a
/// passage that is reset or broken.
fn as_end(error: HandoverError) -> HandoverError {
    use io::ErrorKind::{BrokenPipe, ConnectionReset};
    match error {
        HandoverError::Passage(error) if matches!(error.kind(), BrokenPipe | ConnectionReset) => {
            HandoverError::Ended(String::new())
        }
        error => error,
    }
}

/// Whether nothing can come any more.
fn is_end(received: &Result<Option<Message>, HandoverError>) -> bool {
    matches!(received, Ok(None) | Err(HandoverError::Passage(_)))
}

/// Waits for a message on a thread of its own; none at the end.
async fn receive(passage: &Passage) -> Result<Option<Message>, HandoverError> {
    let passage = passage.try_clone()?;
    let received = tokio::task::spawn_blocking(move || passage.receive()).await;
    match received.map_err(io::Error::other)?? {
        Some((words, _)) => Ok(Some(serde_json::from_slice(&words)?)),
        None => Ok(None),
    }
}
