//! Names and dates as people read them.

use std::net::IpAddr;
use std::time::Duration;

use x509_cert::der::DateTime;
use x509_cert::ext::pkix::name::GeneralName;

use crate::identity::printable;

/// A name of a certificate, with its form before it.
pub(super) fn general_name(name: &GeneralName) -> String {
    let escaped = |text: &str| text.escape_default().to_string();
    match name {
        GeneralName::Rfc822Name(name) => format!("email:{}", escaped(name.as_str())),
        GeneralName::DnsName(name) => format!("DNS:{}", escaped(name.as_str())),
        GeneralName::DirectoryName(name) => format!("DN:{}", printable(name)),
        GeneralName::UniformResourceIdentifier(name) => format!("URI:{}", escaped(name.as_str())),
        GeneralName::IpAddress(octets) => match address(octets.as_bytes()) {
            Some(address) => format!("IP:{address}"),
            None => format!("IP:{}", octets.as_bytes().escape_ascii()),
        },
        GeneralName::RegisteredId(oid) => format!("OID:{oid}"),
        GeneralName::OtherName(name) => format!("other name {}", name.type_id),
        GeneralName::EdiPartyName(_) => "EDI party name".to_owned(),
    }
}

/// The address in an iPAddress (RFC 5280 §4.2.1.6).
pub(super) fn address(octets: &[u8]) -> Option<IpAddr> {
    let v4 = || <[u8; 4]>::try_from(octets).ok().map(IpAddr::from);
    let v6 = || <[u8; 16]>::try_from(octets).ok().map(IpAddr::from);
    v4().or_else(v6)
}

/// Seconds since 1970 as a date in UTC.
pub(super) fn date(seconds: u64) -> String {
    DateTime::from_unix_duration(Duration::from_secs(seconds))
        .map_or_else(|_| format!("{seconds} s"), |date| date.to_string())
}
