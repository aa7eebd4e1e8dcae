//! The new process's view of the old one: what it takes over.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use bramble_config::plan::Plan;
use bramble_net::{ListenSocket, Passage};
use rustix::stdio::dup2_stdin;

use super::{Given, HandoverError, Message, STANDARD_INPUT, VARIABLE};
use crate::control::LINE_BYTES;

/// The process that is asked may be taking a plan just then.
const ASK_LIMIT: Duration = Duration::from_secs(10);

/// What an older process leaves.
pub struct Inheritance {
    passage: Passage,
    pub(crate) sockets: Vec<ListenSocket>,
}

impl Inheritance {
    /// The older process's listening sockets; none if this process was started as any other.
    ///
    /// # Errors
    /// There should be one, but nothing that makes sense comes from it.
    pub fn take() -> Result<Option<Self>, HandoverError> {
        if std::env::var_os(VARIABLE).is_none_or(|place| place != STANDARD_INPUT) {
            return Ok(None);
        }
        let passage = Passage::from_end(io::stdin().as_fd().try_clone_to_owned()?);
        // What this process starts is not to hold it open.
        dup2_stdin(File::open("/dev/null")?).map_err(io::Error::from)?;
        Self::by(passage).map(Some)
    }

    /// Asks the process that has a role now by its control socket, as an heir that a node's agent
    /// has started. With the sockets comes the plan that it runs: the one on the disk may be older.
    ///
    /// # Errors
    /// Nobody is there, or nothing that makes sense comes.
    pub fn ask(control: &Path) -> Result<(Self, Option<Plan>), HandoverError> {
        let stream = UnixStream::connect(control)?;
        stream.set_read_timeout(Some(ASK_LIMIT))?;
        (&stream).write_all(b"{\"inherit\":null}\n")?;
        let answer = Passage::from_end(stream.try_clone()?.into()).receive()?;
        let Some([end]) = answer.and_then(|(_, ends)| <[OwnedFd; 1]>::try_from(ends).ok()) else {
            return Err(HandoverError::Passage(io::ErrorKind::UnexpectedEof.into()));
        };
        let mut plan = String::new();
        BufReader::new(stream.take(LINE_BYTES)).read_line(&mut plan)?;
        Ok((Self::by(Passage::from_end(end))?, serde_json::from_str(&plan)?))
    }

    fn by(passage: Passage) -> Result<Self, HandoverError> {
        let mut sockets = Vec::new();
        while let Some((words, some)) = passage.receive()? {
            match serde_json::from_slice(&words)? {
                Message::Listening(_) => {
                    for socket in some {
                        sockets.push(ListenSocket::inherited(socket)?);
                    }
                }
                Message::Whole => return Ok(Self { passage, sockets }),
                Message::Ready(_) | Message::Clients(_) | Message::Over => break,
            }
        }
        Err(HandoverError::Passage(io::ErrorKind::UnexpectedEof.into()))
    }

    /// Says that this process accepts now, and takes clients over until the old one has none.
    pub(crate) fn begin(
        &self,
        listening: Vec<std::net::SocketAddr>,
        mut adopt: impl FnMut(Vec<Given>) + Send + 'static,
    ) -> Result<(), HandoverError> {
        let passage = self.passage.try_clone()?;
        passage.send(&serde_json::to_vec(&Message::Ready(listening))?, &[])?;
        std::thread::Builder::new().name("handover".to_owned()).spawn(move || {
            match take_clients(&passage, &mut adopt) {
                Ok(clients) => tracing::info!(clients, "the older process has ended"),
                Err(error) => tracing::error!(%error, "no more of the older process's clients"),
            }
            // What is still to come would wait for nobody: the older process keeps it.
            passage.refuse_more();
        })?;
        Ok(())
    }

    /// Tells the older process, if it is still there, that this one ends in order.
    pub fn over(&self) {
        // It may have gone long ago.
        let _ = serde_json::to_vec(&Message::Over).map(|words| self.passage.send(&words, &[]));
    }
}

/// How many there were.
fn take_clients(
    passage: &Passage,
    adopt: &mut impl FnMut(Vec<Given>),
) -> Result<usize, HandoverError> {
    let mut count = 0;
    while let Some((words, sockets)) = passage.receive()? {
        if let Message::Clients(all) = serde_json::from_slice(&words)? {
            let given: Vec<_> = sockets
                .into_iter()
                .zip(all)
                .map(|(socket, words)| Given { socket, words })
                .collect();
            count += given.len();
            adopt(given);
        }
    }
    Ok(count)
}
