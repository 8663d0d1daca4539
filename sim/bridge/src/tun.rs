//! A TUN device: what is written to it the kernel receives, what the kernel sends through it is read from it.

#![expect(unsafe_code, reason = "the kernel is told by an ioctl which device an open file is")]

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt as _;

use ipsec_net::{Buffer, IpPacket};
use nix::libc;

/// A TUN device, which is there as long as this is.
#[derive(Debug)]
pub struct Tun {
    file: File,
}

/// `struct ifreq` of the kernel, as far as it counts here.
#[repr(C, align(8))]
struct Request {
    name: [u8; libc::IFNAMSIZ],
    flags: libc::c_short,
    rest: [u8; 22],
}

nix::ioctl_write_ptr_bad!(
    /// Makes an open file the device of this name.
    set_interface, libc::TUNSETIFF, Request
);

impl Tun {
    /// Makes a device of this name, of at most 15 octets, in the network namespace of this thread. It is down and has no
    /// address.
    ///
    /// # Errors
    /// When the name is too long, or the kernel refuses: who asks has to be root.
    pub(crate) fn new(name: &str) -> io::Result<Self> {
        let mut request = Request {
            name: [0; libc::IFNAMSIZ],
            flags: (libc::IFF_TUN | libc::IFF_NO_PI) as _,
            rest: [0; 22],
        };
        if name.len() >= request.name.len() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a device's name has at most 15 octets"));
        }
        request.name[..name.len()].copy_from_slice(name.as_bytes());
        let file =
            OpenOptions::new().read(true).write(true).custom_flags(libc::O_NONBLOCK).open("/dev/net/tun")?;
        // SAFETY: the file is open, and the request is as long as the kernel's `struct ifreq` (40 octets), lives until the
        // call returns, and is only read but for the name, which is written back within its bounds.
        unsafe { set_interface(file.as_raw_fd(), &raw const request) }?;
        Ok(Self { file })
    }

    /// Lets the kernel receive a packet. Tells whether it has: it does not when the device is down or its queue full.
    pub fn send(&self, packet: &IpPacket) -> bool {
        (&self.file).write(packet.as_bytes()).is_ok_and(|written| written == packet.len())
    }

    /// The next packet that the kernel has sent, if there is one; what is no IP packet is left out.
    pub fn receive(&self) -> Option<IpPacket> {
        let mut octets = [0; 65_536];
        loop {
            let len = (&self.file).read(&mut octets).ok().filter(|len| *len > 0)?;
            if let Ok(packet) = IpPacket::parse(Buffer::copy_of(&octets[..len])) {
                return Some(packet);
            }
        }
    }
}

impl AsFd for Tun {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_is_as_long_as_the_kernels() {
        assert_eq!(size_of::<Request>(), size_of::<libc::ifreq>());
    }

    #[test]
    fn a_name_that_does_not_fit_is_refused() {
        assert_eq!(Tun::new("a-name-of-sixteen").unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }
}
