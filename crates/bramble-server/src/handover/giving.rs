//! The old process's clients on their way: cores give them, a thread passes them on.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
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
pub(crate) struct Giving {
    given: Sender<Given>,
    /// Clients that were given and not passed on yet.
    under_way: Arc<AtomicUsize>,
}

impl Giving {
    /// Starts the thread that passes clients on until none is to come. Where that fails, they and
    /// all that follow go `back`.
    pub(super) fn start(
        passage: Passage,
        back: impl FnOnce(Vec<Given>) + Send + 'static,
    ) -> io::Result<Self> {
        let (giving, given) = channel();
        let under_way = Arc::new(AtomicUsize::new(0));
        let left = under_way.clone();
        std::thread::Builder::new().name("handover".to_owned()).spawn(move || {
            if let Err((error, refused)) = pass_on(&passage, given, &left) {
                tracing::error!(%error, clients = refused.len(), "clients stay here");
                let count = refused.len();
                back(refused);
                left.fetch_sub(count, Ordering::Relaxed);
            }
        })?;
        Ok(Self { given: giving, under_way })
    }

    /// Gives a client; back it comes when nobody takes it.
    ///
    /// # Errors
    /// The client.
    pub(crate) fn give(&self, given: Given) -> Result<(), Given> {
        self.under_way.fetch_add(1, Ordering::Relaxed);
        self.given.send(given).map_err(|refused| {
            self.under_way.fetch_sub(1, Ordering::Relaxed);
            refused.0
        })
    }

    /// Whether all that were given have gone.
    pub(crate) fn is_done(&self) -> bool {
        self.under_way.load(Ordering::Relaxed) == 0
    }
}

/// With the error come the clients that were not passed on.
fn pass_on(
    passage: &Passage,
    given: Receiver<Given>,
    left: &AtomicUsize,
) -> Result<(), (HandoverError, Vec<Given>)> {
    while let Ok(first) = given.recv() {
        let mut batch = vec![first];
        batch.extend(given.try_iter().take(SOCKETS_A_MESSAGE - 1));
        if let Err(error) = send(passage, &batch) {
            batch.extend(given.try_iter());
            // From here on whoever gives has its client back at once.
            drop(given);
            return Err((error, batch));
        }
        left.fetch_sub(batch.len(), Ordering::Relaxed);
    }
    Ok(())
}

fn send(passage: &Passage, batch: &[Given]) -> Result<(), HandoverError> {
    let words = batch.iter().map(|given| given.words.clone()).collect();
    let message = serde_json::to_vec(&Message::Clients(words))?;
    let sockets: Vec<_> = batch.iter().map(|given| given.socket.as_fd()).collect();
    Ok(passage.send(&message, &sockets)?)
}
