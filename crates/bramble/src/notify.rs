//! Telling systemd how things stand, by the protocol of sd_notify(3). Where nobody has asked for it,
//! or nobody hears it, nothing happens.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use rustix::time::{ClockId, clock_gettime};

/// Says that this process serves.
pub fn ready() {
    tell("READY=1");
}

/// Says that it reads its configuration again; `ready` ends that.
pub fn reloading() {
    let now = clock_gettime(ClockId::Monotonic);
    let us = now.tv_sec * 1_000_000 + now.tv_nsec / 1_000;
    tell(&format!("RELOADING=1\nMONOTONIC_USEC={us}"));
}

/// Says that another process is the service now.
pub fn handed_over(pid: u32) {
    tell(&format!("MAINPID={pid}"));
}

/// Says that it ends, as it was asked to.
pub fn stopping() {
    tell("STOPPING=1");
}

fn tell(words: &str) {
    if let Some(place) = env::var_os("NOTIFY_SOCKET")
        && let Err(error) = send(&place, words)
    {
        tracing::debug!(%error, "systemd can't be told");
    }
}

fn send(place: &OsStr, words: &str) -> io::Result<()> {
    let address = match place.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        _ => SocketAddr::from_pathname(place)?,
    };
    UnixDatagram::unbound()?.send_to_addr(words.as_bytes(), &address).map(drop)
}
