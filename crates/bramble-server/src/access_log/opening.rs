//! A line as far as it is known when its request begins: who asks for what. It is written while the
//! head is there, of which nothing is kept. Pure.

use std::net::IpAddr;
use std::rc::Rc;

use bramble_config::plan::LogFormat;
use bramble_http::RequestHead;
use bramble_net::{Grant, Ledger, Use};

use super::asked::put_request;
use super::clock::{COMMON_BYTES, TIME_BYTES};
use super::fragment::Fragment;
use super::line::LINE_BYTES;
use super::room::Room;

/// Most openings are shorter.
const SHORT_BYTES: usize = 1024;

/// The opening of a line. All but the time is the same for the requests of a client, up to where
/// the request is told.
pub(super) struct Opening {
    format: LogFormat,
    client: IpAddr,
    listener: Rc<Fragment>,
    short: [u8; SHORT_BYTES],
    /// All of it, where it is longer, until the next begins.
    long: Option<Long>,
    request_at: usize,
    /// What stands behind the answer begins there.
    behind_at: usize,
    len: usize,
    ledger: Rc<Ledger>,
}

/// As much memory as it takes.
struct Long {
    text: Box<[u8]>,
    _held: Grant,
}

impl Opening {
    /// Of a client that came by this listener. What is longer than most is entered in the ledger.
    pub(super) fn new(
        format: LogFormat,
        client: IpAddr,
        listener: Rc<Fragment>,
        ledger: Rc<Ledger>,
    ) -> Self {
        let mut opening = Self {
            format,
            client,
            listener,
            short: [0; SHORT_BYTES],
            long: None,
            request_at: 0,
            behind_at: 0,
            len: 0,
            ledger,
        };
        opening.put_client();
        opening
    }

    /// Another client asks from now on.
    #[cold]
    pub(super) fn set_client(&mut self, client: IpAddr) {
        if client != self.client {
            self.client = client;
            self.put_client();
        }
    }

    fn put_client(&mut self) {
        let Self { format, client, listener, short, .. } = self;
        let mut room = Room::new(short);
        put_client(&mut room, *format, *client, listener, &[0; TIME_BYTES]);
        // Where not even that has room, no request finds any.
        self.request_at = if room.is_full() { SHORT_BYTES } else { room.end() };
    }

    /// A request began at this time, with this head, which was read from `buf` as far as it could
    /// be.
    #[inline(always)]
    pub(super) fn set_request(&mut self, time: &[u8; TIME_BYTES], head: &RequestHead, buf: &[u8]) {
        self.set_time(time);
        let mut room = Room::behind(&mut self.short, self.request_at);
        self.behind_at = put_request(&mut room, self.format, head, buf);
        self.len = room.end();
        if room.is_full() {
            self.set_long(time, head, buf);
        } else if self.long.is_some() {
            self.forget_long();
        }
    }

    #[inline(always)]
    fn set_time(&mut self, time: &[u8; TIME_BYTES]) {
        match self.format {
            LogFormat::Combined | LogFormat::Common => {
                let before = self.short.get_mut(..self.request_at).unwrap_or_default();
                if let (Some(to), Some(time)) = (before.last_chunk_mut(), time.first_chunk()) {
                    *to = *time as [u8; COMMON_BYTES];
                }
            }
            LogFormat::Json => {
                if let Some(to) = self.short.first_chunk_mut() {
                    *to = *time;
                }
            }
        }
    }

    #[cold]
    #[inline(never)] // So that nothing else has this memory on its stack.
    fn set_long(&mut self, time: &[u8; TIME_BYTES], head: &RequestHead, buf: &[u8]) {
        self.forget_long();
        let mut memory = [0; LINE_BYTES];
        let mut room = Room::new(&mut memory);
        put_client(&mut room, self.format, self.client, &self.listener, time);
        self.behind_at = put_request(&mut room, self.format, head, buf);
        self.len = room.end();
        let text = Box::from(memory.get(..self.len).unwrap_or_default());
        let held = self.ledger.grant(Use::Connections, self.len as u64);
        self.long = Some(Long { text, _held: held });
    }

    #[cold]
    fn forget_long(&mut self) {
        self.long = None;
    }

    /// What stands before the answer.
    #[inline(always)]
    pub(super) fn before(&self) -> Option<&[u8]> {
        self.all().get(..self.behind_at)
    }

    /// What stands behind it.
    #[inline(always)]
    pub(super) fn behind(&self) -> Option<&[u8]> {
        self.all().get(self.behind_at..self.len)
    }

    #[inline(always)]
    fn all(&self) -> &[u8] {
        match &self.long {
            Some(long) => &long.text,
            None => &self.short,
        }
    }
}

fn put_client<const M: usize>(
    to: &mut Room<'_, M>,
    format: LogFormat,
    client: IpAddr,
    listener: &Fragment,
    time: &[u8; TIME_BYTES],
) {
    let client = client.to_canonical().to_string();
    match format {
        LogFormat::Combined | LogFormat::Common => {
            to.copy(client.as_bytes());
            to.put_some(time, COMMON_BYTES);
        }
        LogFormat::Json => {
            to.put(time);
            to.copy(client.as_bytes());
            to.copy(listener.bytes());
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
