//! Letting a signal pass: needs `unsafe`, since what is done at a signal is the C library's.

use std::ffi::c_int;
use std::io;
use std::mem::MaybeUninit;
use std::ptr;

use rustix::process::Signal;

/// A signal does nothing until this is dropped; nor to a program that this process becomes before
/// that (execve(2)), until it asks for the signal itself.
pub struct Ignored {
    signal: c_int,
    before: libc::sigaction,
}

impl Ignored {
    /// From now on.
    ///
    /// # Errors
    /// It is none that can be ignored.
    #[allow(unsafe_code)]
    pub fn new(signal: Signal) -> io::Result<Self> {
        let signal = signal.as_raw();
        // SAFETY: all zeros are a valid `sigaction`: no flags, no signals, no pointer.
        let mut ignore: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
        ignore.sa_sigaction = libc::SIG_IGN;
        let mut before = ignore;
        // SAFETY: both are whole and outlive the call.
        match unsafe { libc::sigaction(signal, &raw const ignore, &raw mut before) } {
            0 => Ok(Self { signal, before }),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

impl Drop for Ignored {
    #[allow(unsafe_code)]
    fn drop(&mut self) {
        // SAFETY: what stands in it was in effect before.
        unsafe { libc::sigaction(self.signal, &raw const self.before, ptr::null_mut()) };
    }
}

#[cfg(test)]
mod tests;
