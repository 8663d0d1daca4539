//! The UDP ports of IKE, the same for both versions.

/// The port of IKE (RFC 2408 §2.5.1, RFC 7296 §2).
pub const IKE_PORT: u16 = 500;

/// The port of IKE and ESP behind NAT (RFC 3948, RFC 7296 §2.23).
pub const NAT_PORT: u16 = 4500;
