//! The numbers of version 1: IANA's "Magic Numbers for ISAKMP Protocol" and "Internet Key Exchange (IKE) Attributes", and
//! those of drafts that the field agreed on. Open lists, as those of version 2 are.

mod algorithms;
mod attributes;
mod messages;
#[cfg(test)]
mod tests;
mod vendor;

pub use algorithms::{
    AhTransform, AuthMethod, Authentication, EncapsulationMode, Encryption, EspTransform, Group, GroupType,
    Hash, IkeTransform, IpcompTransform, LifeType, SequenceNumbers, transform_name,
};
pub use attributes::{ConfigAttribute, Phase1Attribute, Phase2Attribute, XauthStatus, XauthType};
pub use messages::{
    CertEncoding, ConfigType, Doi, ExchangeType, IdType, NotifyType, PayloadType, ProtocolId,
};
pub use vendor::Vendor;
