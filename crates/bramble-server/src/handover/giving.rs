//! The old process's clients on their way: cores give them, a thread passes them on.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bramble_net::{Passage, SOCKETS_A_MESSAGE};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{HandoverError, Message, Words};

/// One client that is passed on.
pub(crate) struct Given {
    pub(crate) socket: OwnedFd,
    pub(crate) words: Words,
}

/// Where a core gives its clients. What waits here is bounded by the connections that there are.
#[derive(Clone)]
pub(crate) struct Giving {
    given: UnboundedSender<Given>,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    given: AtomicUsize,
    /// Passed on, or back where they were.
    arrived: AtomicUsize,
}

impl Giving {
    /// Starts the thread that passes clients on until none is to come. Where that fails, they and
    /// all that follow go `back`.
    pub(super) fn start(
        passage: Passage,
        back: impl FnOnce(Vec<Given>) + Send + 'static,
    ) -> io::Result<Self> {
        let (giving, given) = unbounded_channel();
        let counts = Arc::<Counts>::default();
        let arrived = counts.clone();
        std::thread::Builder::new().name("handover".to_owned()).spawn(move || {
            if let Err((error, refused)) = pass_on(&passage, given, &arrived) {
                tracing::error!(%error, clients = refused.len(), "clients stay here");
                let count = refused.len();
                back(refused);
                arrived.arrive(count);
            }
        })?;
        Ok(Self { given: giving, counts })
    }

    /// Gives a client; back it comes when nobody takes it.
    ///
    /// # Errors
    /// The client.
    pub(crate) fn give(&self, given: Given) -> Result<(), Given> {
        self.counts.given.fetch_add(1, Ordering::Relaxed);
        self.given.send(given).map_err(|refused| {
            self.counts.arrive(1);
            refused.0
        })
    }

    /// How many were given so far; none while any of them is under way.
    pub(crate) fn settled(&self) -> Option<usize> {
        let arrived = self.counts.arrived.load(Ordering::Acquire);
        (self.counts.given.load(Ordering::Relaxed) == arrived).then_some(arrived)
    }
}

impl Counts {
    fn arrive(&self, clients: usize) {
        self.arrived.fetch_add(clients, Ordering::Release);
    }
}

/// With the error come the clients that were not passed on.
fn pass_on(
    passage: &Passage,
    mut given: UnboundedReceiver<Given>,
    counts: &Counts,
) -> Result<(), (HandoverError, Vec<Given>)> {
    while let Some(first) = given.blocking_recv() {
        let mut batch = vec![first];
        while batch.len() < SOCKETS_A_MESSAGE
            && let Ok(next) = given.try_recv()
        {
            batch.push(next);
        }
        if let Err(error) = send(passage, &batch) {
            // From here on whoever gives has its client back at once.
            given.close();
            while let Some(next) = given.blocking_recv() {
                batch.push(next);
            }
            return Err((error, batch));
        }
        counts.arrive(batch.len());
    }
    Ok(())
}

fn send(passage: &Passage, batch: &[Given]) -> Result<(), HandoverError> {
    let words = batch.iter().map(|given| given.words.clone()).collect();
    let message = serde_json::to_vec(&Message::Clients(words))?;
    let sockets: Vec<_> = batch.iter().map(|given| given.socket.as_fd()).collect();
    Ok(passage.send(&message, &sockets)?)
}
