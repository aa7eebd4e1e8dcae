//! A core: one thread, one runtime, nothing shared.

use std::future::Future;
use std::io;
use std::thread::JoinHandle;

use tokio::runtime::{Builder, LocalOptions};

/// A running core; [`Core::join`] waits for its work to end.
pub struct Core<T> {
    thread: JoinHandle<io::Result<T>>,
}

impl<T> Core<T> {
    /// Waits for the core to end.
    ///
    /// # Errors
    /// The runtime could not start, or the core's work panicked.
    pub fn join(self) -> io::Result<T> {
        self.thread.join().map_err(|_| io::Error::other("a core's thread panicked"))?
    }
}

/// Starts a thread with a runtime of its own and runs `work` on it to its end.
///
/// `work` is called on the new thread, so what it makes need not be `Send`.
///
/// # Errors
/// The thread could not be started.
pub fn spawn_core<W, F, T>(name: &str, work: W) -> io::Result<Core<T>>
where
    W: FnOnce() -> F + Send + 'static,
    F: Future<Output = T>,
    T: Send + 'static,
{
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
        // Tasks of a `LocalSet` would have a scheduler of their own within that of the runtime, and
        // `work` would be polled with each turn: 1,000 instructions a request.
        let mut builder = Builder::new_current_thread();
        let runtime = builder.enable_all().build_local(LocalOptions::default())?;
        Ok(runtime.block_on(async move { work().await }))
    })?;
    Ok(Core { thread })
}
