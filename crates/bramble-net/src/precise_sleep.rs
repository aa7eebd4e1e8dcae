//! Waiting with the kernel's precision. The runtime's timers have a grain of 1 ms, which is much
//! for whoever measures latencies.

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::watch::watch;

/// A timer of the kernel; one wait at a time.
pub struct PreciseSleep(AsyncFd<OwnedFd>);

impl PreciseSleep {
    /// A timer of the current core.
    ///
    /// # Errors
    /// The kernel has no descriptor left.
    pub fn new() -> io::Result<Self> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        Ok(Self(watch(timer, Interest::READABLE)?))
    }

    /// Waits for `duration`, which is more than 0.
    ///
    /// # Errors
    /// The duration is longer than the kernel can count.
    pub async fn sleep(&self, duration: Duration) -> io::Result<()> {
        let it_value = Timespec::try_from(duration).map_err(io::Error::other)?;
        let once = Itimerspec { it_interval: Timespec::default(), it_value };
        timerfd_settime(self.0.get_ref(), TimerfdTimerFlags::empty(), &once)?;
        let mut expirations = [0; 8];
        let read = |timer: &OwnedFd| Ok(rustix::io::read(timer, &mut expirations)?);
        self.0.async_io(Interest::READABLE, read).await.map(|_| ())
    }
}
