//! The wall clock of a world, and waiting by it.

use std::io;
use std::os::fd::AsFd as _;
use std::time::Duration;

use ipsec_net::Instant;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::Tun;

/// The time of a world that goes by the wall clock: how long ago it began.
#[derive(Clone, Copy, Debug)]
pub struct WallClock {
    began: std::time::Instant,
}

impl WallClock {
    /// A clock at which it is [`Instant::ZERO`].
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the wall clock")]
    pub fn start() -> Self {
        Self { began: std::time::Instant::now() }
    }

    /// What it shows.
    #[must_use]
    pub fn now(&self) -> Instant {
        Instant::ZERO + self.began.elapsed()
    }

    /// How long it takes until it shows `at`.
    #[must_use]
    pub fn until(&self, at: Instant) -> Duration {
        at.since(self.now())
    }
}

/// Waits until one of the devices has a packet, at most so long; tells whether one has.
///
/// # Errors
/// When the kernel refuses.
pub fn wait(devices: &[&Tun], longest: Duration) -> io::Result<bool> {
    let mut polled: Vec<PollFd<'_>> =
        devices.iter().map(|device| PollFd::new(device.as_fd(), PollFlags::POLLIN)).collect();
    // Whole milliseconds: rounded up, so that nobody waits in circles for a part of one.
    let milliseconds = longest.as_nanos().div_ceil(1_000_000).min(60_000) as u16;
    match poll(&mut polled, PollTimeout::from(milliseconds)) {
        Ok(ready) => Ok(ready > 0),
        Err(Errno::EINTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
