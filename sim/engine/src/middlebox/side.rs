//! The two sides of a middlebox that parts an inside from an outside.

use crate::Port;

/// A side of a translator or filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The side of those that it serves: port 0.
    Inside,
    /// The side of everybody else: port 1.
    Outside,
}

impl Side {
    /// The side at this port, if there is one.
    #[must_use]
    pub fn of(port: Port) -> Option<Self> {
        match port.0 {
            0 => Some(Self::Inside),
            1 => Some(Self::Outside),
            _ => None,
        }
    }

    /// The side's port.
    #[must_use]
    pub fn port(self) -> Port {
        Port(self.index() as u16)
    }

    /// The other side.
    #[must_use]
    pub fn opposite(self) -> Self {
        match self {
            Self::Inside => Self::Outside,
            Self::Outside => Self::Inside,
        }
    }

    pub(crate) fn index(self) -> usize {
        match self {
            Self::Inside => 0,
            Self::Outside => 1,
        }
    }
}
