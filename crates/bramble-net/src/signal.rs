//! Letting a signal pass or wait: needs `unsafe`, since what is done at a signal is the C library's.

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

/// Signals wait until this is dropped; also in a program that this process becomes before that, until
/// it lets them come ([`let_come`]).
pub struct Held(Vec<Signal>);

impl Held {
    /// From now on, where this thread is the only one that would take them.
    ///
    /// # Errors
    /// The kernel refused.
    pub fn new(signals: &[Signal]) -> io::Result<Self> {
        mask(libc::SIG_BLOCK, signals)?;
        Ok(Self(signals.to_vec()))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = let_come(&self.0);
    }
}

/// Lets signals come that have waited.
///
/// # Errors
/// The kernel refused.
pub fn let_come(signals: &[Signal]) -> io::Result<()> {
    mask(libc::SIG_UNBLOCK, signals)
}

#[allow(unsafe_code)]
fn mask(how: c_int, signals: &[Signal]) -> io::Result<()> {
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: it fills the whole set.
    unsafe { libc::sigemptyset(set.as_mut_ptr()) };
    for signal in signals {
        // SAFETY: the set is one, and the signal's number is the kernel's own.
        unsafe { libc::sigaddset(set.as_mut_ptr(), signal.as_raw()) };
    }
    // SAFETY: the set is whole, and what was in effect before is not asked for.
    match unsafe { libc::pthread_sigmask(how, set.as_ptr(), ptr::null_mut()) } {
        0 => Ok(()),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}

#[cfg(test)]
mod tests;
