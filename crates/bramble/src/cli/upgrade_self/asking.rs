//! Asking a process at its upgrade socket. Anybody may listen there under any name: who does is
//! found out from the kernel before a word is said.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::time::timeout;

use crate::process;
use crate::upgrade::{Answer, NAME, Question};

/// Longest answer that is read: a path, or words about a failure.
const ANSWER_BYTES: u64 = 64 * 1024;

/// What a process has said.
#[derive(Debug)]
pub struct Answered {
    pub answer: Answer,
    /// The user that it had when it began to listen.
    pub user: u32,
}

/// Why there is no answer.
#[derive(Debug)]
pub struct AskError {
    pub why: io::Error,
    /// It may have heard the question, and done what it was asked for.
    pub is_asked: bool,
}

/// Asks the process with this id; all of it takes no longer than `limit`.
pub fn ask(pid: u32, question: Question, limit: Duration) -> Result<Answered, AskError> {
    let mut is_asked = false;
    let asked = process::block_on(async {
        let late = |_| io::Error::new(io::ErrorKind::TimedOut, format!("no answer in {limit:?}"));
        let talk = talk(pid, question, &mut is_asked);
        Ok(timeout(limit, talk).await.map_err(late).flatten())
    });
    let answered = asked.unwrap_or_else(|_| Err(io::Error::other("no runtime can be had")));
    answered.map_err(|why| AskError { why, is_asked })
}

/// Whose process listens there; it is told nothing.
pub fn user(pid: u32) -> io::Result<u32> {
    let user = process::block_on(async { Ok(connect(pid).await.map(|(_, user)| user)) });
    user.unwrap_or_else(|_| Err(io::Error::other("no runtime can be had")))
}

async fn talk(pid: u32, question: Question, is_asked: &mut bool) -> io::Result<Answered> {
    let (mut stream, user) = connect(pid).await?;
    *is_asked = true;
    let question = format!("{}\n", serde_json::to_string(&question)?);
    stream.write_all(question.as_bytes()).await?;
    let mut line = String::new();
    BufReader::new(stream.take(ANSWER_BYTES)).read_line(&mut line).await?;
    match line.is_empty() {
        true => Err(io::Error::other("it says nothing")),
        false => Ok(Answered { answer: serde_json::from_str(&line)?, user }),
    }
}

async fn connect(pid: u32) -> io::Result<(UnixStream, u32)> {
    // By an abstract name. Unlike the standard library's, this does not wait for a full queue.
    let stream = UnixStream::connect(format!("\0{NAME}{pid}")).await?;
    let peer = stream.peer_cred()?;
    // A process of another namespace has the id 0 here.
    if peer.pid().is_none_or(|peer| peer.cast_unsigned() != pid) {
        return Err(io::Error::other("another process answers in its name"));
    }
    Ok((stream, peer.uid()))
}
