//! A backend on raw sockets that does to each request what its script says.

use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, Weak};
use std::thread;
use std::time::Duration;

use crate::address::Address;
use crate::wire::{Broken, Head, Wire};

/// A listening backend; gone with everything it has open when dropped.
pub struct Backend {
    address: Address,
    shared: Arc<Shared>,
    listener: Option<TcpListener>,
}

struct Shared {
    script: Box<dyn Fn(&mut Caller) + Send + Sync>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// All that were ever accepted.
    connections: Vec<Weak<TcpStream>>,
    requests: Vec<Head>,
}

/// A connection on which a request's head has come in.
pub struct Caller {
    /// The head.
    pub request: Head,
    wire: Wire,
    body: Option<Vec<u8>>,
    open: bool,
}

/// The script that always gives the same answer.
pub fn respond(status: u16, body: &str) -> impl Fn(&mut Caller) + Send + Sync + use<> {
    let body = body.to_owned();
    move |caller| caller.respond(status, &body)
}

impl Backend {
    /// Starts to listen.
    #[must_use]
    pub fn start(script: impl Fn(&mut Caller) + Send + Sync + 'static) -> Self {
        let mut backend = Self::stopped(script);
        backend.listen();
        backend
    }

    /// Has an address at which nothing listens yet.
    #[must_use]
    pub fn stopped(script: impl Fn(&mut Caller) + Send + Sync + 'static) -> Self {
        let shared = Shared { script: Box::new(script), seen: Mutex::default() };
        Self { address: Address::free(), shared: Arc::new(shared), listener: None }
    }

    /// Listens, for the first time or again.
    pub fn listen(&mut self) {
        let listener = TcpListener::bind(self.address.socket()).unwrap();
        let (accepting, shared) = (listener.try_clone().unwrap(), self.shared.clone());
        thread::spawn(move || {
            // Ends when the listener is shut down.
            while let Ok((stream, _)) = accepting.accept() {
                let (wire, shared) = (Wire::new(stream), shared.clone());
                shared.seen.lock().unwrap().connections.push(wire.socket());
                thread::spawn(move || shared.serve(wire));
            }
        });
        self.listener = Some(listener);
    }

    /// Dies: stops listening and cuts every connection.
    pub fn stop(&mut self) {
        if let Some(listener) = self.listener.take() {
            let _ = rustix::net::shutdown(&listener, rustix::net::Shutdown::Both);
        }
        self.hang_up();
    }

    /// Closes every connection, and goes on listening.
    pub fn hang_up(&self) {
        let connections = &self.shared.seen.lock().unwrap().connections;
        for stream in connections.iter().filter_map(Weak::upgrade) {
            // The other side may have closed it already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address.socket()
    }

    /// Connections that were accepted so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.seen.lock().unwrap().connections.len()
    }

    /// Requests of which a head came so far, health checks apart.
    #[must_use]
    pub fn count(&self) -> usize {
        self.requests().len()
    }

    /// The heads that came so far, those of health checks apart.
    #[must_use]
    pub fn requests(&self) -> Vec<Head> {
        let seen = self.shared.seen.lock().unwrap();
        let visit = |head: &&Head| head.field("User-Agent") != Some("bramble-health");
        seen.requests.iter().filter(visit).cloned().collect()
    }

    /// The head that came last.
    #[must_use]
    #[track_caller]
    pub fn last(&self) -> Head {
        self.requests().pop().expect("a request")
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shared {
    fn serve(&self, mut wire: Wire) {
        while let Ok(request) = wire.head() {
            self.seen.lock().unwrap().requests.push(request.clone());
            let mut caller = Caller { request, wire, body: None, open: true };
            (self.script)(&mut caller);
            if !caller.open || caller.try_body().is_err() {
                return;
            }
            wire = caller.wire;
        }
    }
}

impl Caller {
    /// Sends bytes as they are; false: the caller is gone.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.wire.send(bytes)
    }

    /// Sends a sound answer.
    pub fn respond(&mut self, status: u16, body: &str) {
        let length = body.len();
        self.send(format!("HTTP/1.1 {status} Fine\r\nContent-Length: {length}\r\n\r\n{body}"));
    }

    /// Sends bytes and then closes.
    pub fn send_last(&mut self, bytes: impl AsRef<[u8]>) {
        self.send(bytes);
        self.close();
    }

    /// Reads the request's body.
    ///
    /// # Errors
    /// It was not whole.
    pub fn try_body(&mut self) -> Result<&[u8], Broken> {
        if self.body.is_none() {
            let framed = ["Content-Length", "Transfer-Encoding"];
            let framed = framed.iter().any(|name| self.request.field(name).is_some());
            let body = if framed { self.wire.body(&self.request)? } else { Vec::new() };
            self.body = Some(body);
        }
        Ok(self.body.as_deref().unwrap_or_default())
    }

    /// Reads the request's body, which is text and whole.
    #[track_caller]
    pub fn body(&mut self) -> String {
        String::from_utf8(self.try_body().expect("a whole body").to_vec()).expect("text")
    }

    /// The target that was asked for.
    #[must_use]
    pub fn target(&self) -> &str {
        self.request.start.split(' ').nth(1).unwrap_or_default()
    }

    /// Closes after what was sent.
    pub fn close(&mut self) {
        self.open = false;
    }

    /// Closes with a reset.
    pub fn reset(&mut self) {
        self.wire.reset_at_the_end();
        self.open = false;
    }

    /// Does nothing for a while.
    pub fn pause(&self, ms: u64) {
        thread::sleep(Duration::from_millis(ms));
    }

    /// The connection below.
    pub fn wire(&mut self) -> &mut Wire {
        &mut self.wire
    }
}
