//! Where a simulated world meets real programs: a port of the world is a [`Tun`] device in a [`Namespace`], a network of the
//! kernel that holds nothing else, and the world goes by the [`WallClock`].
//!
//! ```text
//! world ── node ── Tun │ kernel ── program         (the bar is the wall of the namespace)
//! ```
//!
//! A packet that the world sends to the node is written to the device, and the kernel of the namespace receives it; what the
//! programs there send comes out of the device, and the node sends it on. No traffic leaves the namespace in any other way:
//! it has no device but these and its loopback.
//!
//! A namespace belongs to a thread, has no name, and ends with it; programs in it are killed by the kernel when the thread
//! that started them ends, however it ends. So nothing stays behind, even when the whole process is killed.

mod clock;
mod namespace;
mod process;
mod tun;

pub use clock::{WallClock, wait};
pub use namespace::{BridgeError, Namespace};
pub use process::Process;
pub use tun::Tun;

/// What this machine lacks for namespaces with TUN devices, in a sentence; nothing when it lacks nothing.
#[must_use]
pub fn missing() -> Option<String> {
    for (program, package) in [("ip", "iproute2"), ("setpriv", "util-linux"), ("unshare", "util-linux")] {
        if process::which(program).is_none() {
            return Some(format!("the program {program} is not here: apt-get install {package}"));
        }
    }
    let tried = Namespace::new().and_then(|namespace| namespace.tun("probe", 1500).map(drop));
    tried.err().map(|error| format!("no TUN device in a network namespace of its own: {error}"))
}
