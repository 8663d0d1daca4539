//! Vendor IDs by which peers tell what they can do (RFC 2408 §3.16). Most are the MD5 digest of a text.

use std::fmt;

/// A Vendor ID that is known.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Vendor {
    name: &'static str,
    octets: &'static [u8],
    /// How many of the octets have to be there; a version stands in the others.
    fixed: usize,
    /// How many octets may follow: a version or flags.
    more: usize,
}

impl Vendor {
    /// NAT traversal (RFC 3947 §3.1).
    pub const RFC_3947: Self =
        Self::exact("RFC 3947", b"\x4a\x13\x1c\x81\x07\x03\x58\x45\x5c\x57\x28\xf2\x0e\x95\x45\x2f");
    /// NAT traversal as in its draft 00.
    pub const NAT_T_00: Self = Self::exact(
        "draft-ietf-ipsec-nat-t-ike-00",
        b"\x44\x85\x15\x2d\x18\xb6\xbb\xcd\x0b\xe8\xa8\x46\x95\x79\xdd\xcc",
    );
    /// NAT traversal as in its draft 02.
    pub const NAT_T_02: Self = Self::exact(
        "draft-ietf-ipsec-nat-t-ike-02",
        b"\xcd\x60\x46\x43\x35\xdf\x21\xf8\x7c\xfd\xb2\xfc\x68\xb6\xa4\x48",
    );
    /// NAT traversal as in its draft 02, which printed the digest of its name with a line feed behind.
    pub const NAT_T_02_LF: Self = Self::exact(
        "draft-ietf-ipsec-nat-t-ike-02\\n",
        b"\x90\xcb\x80\x91\x3e\xbb\x69\x6e\x08\x63\x81\xb5\xec\x42\x7b\x1f",
    );
    /// NAT traversal as in its draft 03.
    pub const NAT_T_03: Self = Self::exact(
        "draft-ietf-ipsec-nat-t-ike-03",
        b"\x7d\x94\x19\xa6\x53\x10\xca\x6f\x2c\x17\x9d\x92\x15\x52\x9d\x56",
    );
    /// Dead peer detection, version 1.0; the last two octets are the version (RFC 3706 §5.1).
    pub const DPD: Self = Self {
        fixed: 14,
        ..Self::exact(
            "dead peer detection",
            b"\xaf\xca\xd7\x13\x68\xa1\xf1\xc9\x6b\x86\x96\xfc\x77\x57\x01\x00",
        )
    };
    /// Extended authentication (draft-beaulieu-ike-xauth-02 §4).
    pub const XAUTH: Self = Self::exact("XAUTH", b"\x09\x00\x26\x89\xdf\xd6\xb7\x12");
    /// Cisco's extensions of the configuration method; the last two octets are the version.
    pub const UNITY: Self = Self {
        fixed: 14,
        ..Self::exact("Cisco Unity", b"\x12\xf5\xf2\x8c\x45\x71\x68\xa9\x70\x2d\x9f\xe2\x74\xcc\x01\x00")
    };
    /// Fragments of IKE messages; four octets of flags may follow (MS-IKEE §2.2.3.1).
    pub const FRAGMENTATION: Self = Self {
        more: 4,
        ..Self::exact("FRAGMENTATION", b"\x40\x48\xb7\xd5\x6e\xbc\xe8\x85\x25\xe7\xde\x7f\x00\xd6\xc2\xd3")
    };
    /// Windows; four octets of its version follow.
    pub const MS_NT5: Self = Self {
        more: 4,
        ..Self::exact(
            "MS NT5 ISAKMPOAKLEY",
            b"\x1e\x2b\x51\x69\x05\x99\x1c\x7d\x7c\x96\xfc\xbf\xb5\x87\xe4\x61",
        )
    };
    /// strongSwan.
    pub const STRONGSWAN: Self =
        Self::exact("strongSwan", b"\x88\x2f\xe5\x6d\x6f\xd2\x0d\xbc\x22\x51\x61\x3b\x2e\xbe\x5b\xeb");
    /// racoon.
    pub const RACOON: Self =
        Self::exact("KAME/racoon", b"\x70\x03\xcb\xc1\x09\x7d\xbe\x9c\x26\x00\xba\x69\x83\xbc\x8b\x35");

    /// All that are known.
    pub const ALL: [Self; 12] = [
        Self::RFC_3947,
        Self::NAT_T_00,
        Self::NAT_T_02,
        Self::NAT_T_02_LF,
        Self::NAT_T_03,
        Self::DPD,
        Self::XAUTH,
        Self::UNITY,
        Self::FRAGMENTATION,
        Self::MS_NT5,
        Self::STRONGSWAN,
        Self::RACOON,
    ];

    const fn exact(name: &'static str, octets: &'static [u8]) -> Self {
        Self { name, octets, fixed: octets.len(), more: 0 }
    }

    /// The one that a payload with these octets stands for.
    #[must_use]
    pub fn of(octets: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|vendor| vendor.is(octets))
    }

    /// What a payload with these octets says: the name that is known, or its text where it is one, or how long it is.
    #[must_use]
    pub fn says(octets: &[u8]) -> String {
        let is_text = octets.len() >= 4 && octets.iter().all(|octet| matches!(octet, b' '..=b'~'));
        match Self::of(octets) {
            Some(vendor) => vendor.name.to_owned(),
            None if is_text => octets.iter().take(LONGEST_TEXT).map(|octet| char::from(*octet)).collect(),
            None => format!("{} octets", octets.len()),
        }
    }

    /// Whether a payload with these octets stands for it, in whatever version.
    #[must_use]
    pub fn is(self, octets: &[u8]) -> bool {
        let least = self.octets.len();
        (least..=least + self.more).contains(&octets.len()) && octets.starts_with(&self.octets[..self.fixed])
    }

    /// Its octets, as they are sent.
    #[must_use]
    pub fn octets(self) -> &'static [u8] {
        self.octets
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.name
    }
}

/// Of a text no more characters than these are told.
const LONGEST_TEXT: usize = 64;

impl fmt::Debug for Vendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vendor({})", self.name)
    }
}

impl fmt::Display for Vendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name)
    }
}
