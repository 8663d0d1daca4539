//! For all other processors: none of these values can exist.

use crate::Secret;

/// Never on this processor.
pub(crate) fn available() -> bool {
    false
}

macro_rules! absent_aead {
    ($($keyed:ident)+) => {$(
        pub(crate) enum $keyed {}

        impl $keyed {
            pub(crate) fn new(_key: &[u8]) -> Option<Self> {
                None
            }

            pub(crate) fn seal(&self, _: &[u8], _: &[u8], _: &mut [u8], _: &mut [u8]) -> Option<()> {
                match *self {}
            }

            pub(crate) fn open(&self, _: &[u8], _: &[u8], _: &mut [u8], _: &[u8]) -> Option<()> {
                match *self {}
            }
        }
    )+};
}

absent_aead!(FastAesGcm FastChaCha20Poly1305);

macro_rules! absent_private_key {
    ($($private_key:ident($private:ty);)+) => {$(
        pub(crate) enum $private_key {}

        impl $private_key {
            pub(crate) fn new(_private: &$private) -> Option<Self> {
                None
            }

            pub(crate) fn public(&self) -> Vec<u8> {
                match *self {}
            }

            pub(crate) fn agree(&self, _peer: &[u8]) -> Option<Secret> {
                match *self {}
            }
        }
    )+};
}

absent_private_key! {
    FastX25519([u8; 32]);
    FastP256([u8]);
    FastP384([u8]);
}
