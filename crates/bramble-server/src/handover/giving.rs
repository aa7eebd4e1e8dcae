//! The old process's clients on their way: cores give them, a thread passes them on.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::mpsc::{Receiver, Sender, channel};

use bramble_net::{Passage, SOCKETS_A_MESSAGE};

use super::{HandoverError, Message, Words};

/// One client that is passed on.
pub(crate) struct Given {
    pub(crate) socket: OwnedFd,
    pub(crate) words: Words,
}

/// Where a core gives its clients. What waits here is bounded by the connections that there are.
#[derive(Clone)]
pub(crate) struct Giving(Sender<Given>);

impl Giving {
    /// Starts the thread that passes clients on until none is to come, or the heir is gone.
    pub(super) fn start(passage: Passage) -> std::io::Result<Self> {
        let (giving, given) = channel();
        std::thread::Builder::new().name("handover".to_owned()).spawn(move || {
            if let Err(error) = pass_on(&passage, &given) {
                tracing::error!(%error, "clients can't be handed over");
            }
        })?;
        Ok(Self(giving))
    }

    /// Gives a client; back it comes when nobody takes it.
    ///
    /// # Errors
    /// The client.
    pub(crate) fn give(&self, given: Given) -> Result<(), Given> {
        self.0.send(given).map_err(|refused| refused.0)
    }
}

fn pass_on(passage: &Passage, given: &Receiver<Given>) -> Result<(), HandoverError> {
    while let Ok(first) = given.recv() {
        let more = given.try_iter().take(SOCKETS_A_MESSAGE - 1);
        let (sockets, words): (Vec<_>, Vec<_>) =
            std::iter::once(first).chain(more).map(|given| (given.socket, given.words)).unzip();
        let message = serde_json::to_vec(&Message::Clients(words))?;
        let sockets: Vec<_> = sockets.iter().map(AsFd::as_fd).collect();
        passage.send(&message, &sockets)?;
    }
    Ok(())
}
