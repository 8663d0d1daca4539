//! The numbers of IANA's "Internet Key Exchange Version 2 (IKEv2) Parameters", as open lists: an unknown number is kept
//! and shows as a number. Those of version 1 are in [`v1`].

mod algorithms;
mod messages;
#[cfg(test)]
mod tests;
pub mod v1;

pub use algorithms::{
    AuthMethod, Encryption, Integrity, KeyExchange, Prf, ProtocolId, SequenceNumbers, TransformType,
    transform_name,
};
pub use messages::{
    CertEncoding, ConfigAttributeType, ConfigType, ExchangeType, IdType, NotifyType, PayloadType, TsType,
};

/// Defines an open list of numbers with their names.
macro_rules! registry {
    ($(#[$doc:meta])* $name:ident($number:ty) { $($(#[$item:meta])* $constant:ident = $value:literal $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $number);

        impl $name {
            $(
                #[doc = concat!("`", $text, "`, number ", stringify!($value), ".")]
                $(#[$item])*
                pub const $constant: Self = Self($value);
            )*

            /// All that have a name.
            pub const ALL: &'static [Self] = &[$(Self::$constant),*];

            /// The name, if the number is known.
            #[must_use]
            pub fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($value => Some($text),)*
                    _ => None,
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self.name() {
                    Some(name) => f.pad(name),
                    None => write!(f, "{} {}", stringify!($name), self.0),
                }
            }
        }
    };
}
pub(crate) use registry;
