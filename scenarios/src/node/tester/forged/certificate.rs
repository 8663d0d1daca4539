//! Certificates that must not be taken (RFC 7296 §3.6, RFC 5280 §4, §6.1, RFC 4945 §3.1, §5.1). AUTH is honest, and where an
//! authority has issued what is wrong, it has done so with its own key.

use ipsec::auth::x509::laboratory::Authority;
use ipsec::crypto::{KeyType, SignatureAlgorithm, Signer};
use ipsec::wire::registry::CertEncoding;
use ipsec::wire::v2::{Certificate, CertificateRequest, Payload};

use super::der::{self, BIT_STRING, OID, SEQUENCE, element};
use super::parts::{
    ALTERNATIVE_NAMES, BASIC_CONSTRAINTS, EXTENDED_KEY_USAGE, KEY_USAGE, NAME_CONSTRAINTS, Parts, basic,
    common_name, extension, names, validity,
};
use super::{Case, Ground, Luck};

/// dNSName, and the other forms of text (RFC 5280 §4.2.1.6).
const DNS: u8 = 0x82;
const MAIL: u8 = 0x81;
const URI: u8 = 0x86;

pub(super) const CASES: &[Case] = &[
    Case::new("no certificate", |g, _| shown(g, &[])),
    Case::new("a certificate of no octets", |g, _| shown(g, &[Vec::new()])),
    Case::new("a certificate that ends early", |g, luck| {
        let mut der = own_der(g);
        der.truncate(luck.below(der.len()));
        shown(g, &[der])
    }),
    Case::new("octets behind the certificate", |g, luck| {
        let more = luck.pick(&[1, 4, 1000]);
        shown(g, &[[own_der(g), luck.octets(more)].concat()])
    }),
    Case::new("a certificate with a bit that flipped", |g, luck| {
        let mut der = own_der(g);
        let bit = luck.below(der.len() * 8);
        der[bit / 8] ^= 1 << (bit % 8);
        shown(g, &[der])
    }),
    Case::new("sequences in sequences in sequences", |g, _| {
        let deep = (0..3000).fold(Vec::new(), |inner: Vec<u8>, _| element(SEQUENCE, &[&inner]));
        shown(g, &[deep])
    }),
    Case::new("a subject of sequences in sequences", |g, _| {
        let deep = (0..1000).fold(Vec::new(), |inner: Vec<u8>, _| element(SEQUENCE, &[&inner]));
        issued(g, |parts| parts.subject = deep)
    }),
    Case::new("lengths far beyond the end", |g, luck| {
        let header = luck.pick(&[
            vec![0x30, 0x80],
            vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
            vec![0x30, 0x88, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            vec![0x30, 0xff],
            vec![0x3f, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x10],
        ]);
        shown(g, &[[header, own_der(g)].concat()])
    }),
    Case::new("an encoding that is not known", |g, luck| {
        let encoding = CertEncoding(luck.pick(&[0, 1, 2, 3, 6, 7, 8, 9, 10, 11, 14, 99, 255]));
        encoded(g, encoding, own_der(g))
    }),
    Case::new("a hash and a URL", |g, luck| {
        let url = [luck.octets(20), b"http://192.0.2.99/%s%n".to_vec()].concat();
        encoded(g, CertEncoding(luck.pick(&[12, 13])), url)
    }),
    Case::new("a raw key where a certificate is due", |g, _| {
        encoded(g, CertEncoding::RAW_PUBLIC_KEY, Parts::of(&own_der(g)).spki)
    }),
    Case::new("the authority's own certificate", |g, _| {
        shown(
            g,
            &authority(g)
                .map(|authority| authority.certificate().der().to_vec())
                .into_iter()
                .collect::<Vec<_>>(),
        )
    }),
    Case::new("two authorities that issue each other", |g, luck| {
        let [one, other] = [key(luck), key(luck)];
        let (a, b) = (common_name("Ring A"), common_name("Ring B"));
        let leaf = own(g).below(&a, SignatureAlgorithm::Ed25519).issue(&one);
        let ring = [
            between(g, &a, one.verifier().to_spki()).below(&b, SignatureAlgorithm::Ed25519).issue(&other),
            between(g, &b, other.verifier().to_spki()).below(&a, SignatureAlgorithm::Ed25519).issue(&one),
        ];
        shown(g, &[&[leaf], &ring[..]].concat())
    }),
    Case::new("sixty certificates that may all have issued one another", |g, luck| {
        let ring = key(luck);
        let name = common_name("Ring");
        let leaf = own(g).below(&name, SignatureAlgorithm::Ed25519).issue(&ring);
        let authorities = (0..60).map(|number| {
            let mut parts = between(g, &name, ring.verifier().to_spki());
            parts.serial = der::number(&[1, number]);
            parts.below(&name, SignatureAlgorithm::Ed25519).issue(&ring)
        });
        shown(g, &std::iter::once(leaf).chain(authorities).collect::<Vec<_>>())
    }),
    Case::new("five thousand CERT payloads", |g, _| shown(g, &vec![vec![0x30, 0]; 5000])),
    Case::new("a certificate that is its own authority's", |g, luck| {
        let own_key = key(luck);
        let parts = own(g);
        shown(g, &[parts.below(&parts.subject, SignatureAlgorithm::Ed25519).issue(&own_key)])
    }),
    Case::new("another authority of the same name", |g, luck| {
        let parts = own(g);
        shown(g, &[parts.below(&parts.issuer, SignatureAlgorithm::Ed25519).issue(&key(luck))])
    }),
    Case::new("a serial number that the authority has not signed", |g, luck| {
        let parts = own(g);
        let whole = issue(g, &parts);
        let changed = Parts { serial: der::number(&luck.octets(16)), ..parts }.signed();
        let rest = der::elements(der::content(&whole))[1..].concat();
        shown(g, &[element(SEQUENCE, &[&changed, &rest])])
    }),
    Case::new("two fields for the algorithm that differ", |g, _| {
        let whole = own_der(g);
        let parts = der::elements(der::content(&whole)).into_iter().map(<[u8]>::to_vec).collect::<Vec<_>>();
        let other = SignatureAlgorithm::Ed448.identifier().unwrap_or_default();
        shown(g, &[element(SEQUENCE, &[&parts[0], other, &parts[2]])])
    }),
    Case::new("an algorithm that nobody knows", |g, _| {
        let md5 = element(OID, &[&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 4]]);
        issued(g, |parts| parts.algorithm = element(SEQUENCE, &[&md5, &[5, 0]]))
    }),
    Case::new("a key for encipherment", |g, _| issued(g, |parts| parts.set((KEY_USAGE, &usage(5, 0x20))))),
    Case::new("a key for certificates", |g, _| issued(g, |parts| parts.set((KEY_USAGE, &usage(1, 0x06))))),
    Case::new("a key for nothing", |g, _| {
        issued(g, |parts| parts.set((KEY_USAGE, &element(BIT_STRING, &[&[0]]))))
    }),
    Case::new("a key for web servers", |g, _| {
        let server = element(OID, &[&[0x2b, 6, 1, 5, 5, 7, 3, 1]]);
        issued(g, |parts| parts.set((EXTENDED_KEY_USAGE, &element(SEQUENCE, &[&server]))))
    }),
    Case::new("expired", |g, _| {
        issued(g, |parts| parts.validity = validity("240101000000Z", "251231235959Z"))
    }),
    Case::new("not yet valid", |g, _| {
        issued(g, |parts| parts.validity = validity("290101000000Z", "300101000000Z"))
    }),
    Case::new("valid from its end to its beginning", |g, _| {
        issued(g, |parts| parts.validity = validity("300101000000Z", "200101000000Z"))
    }),
    Case::new("dates that do not exist", |g, luck| {
        let date =
            luck.pick(&["251332000000Z", "250229000000Z", "250101246060Z", "2501010000Z", "-50101000000Z"]);
        issued(g, |parts| parts.validity = validity(date, "300101000000Z"))
    }),
    Case::new("another name", |g, _| renamed(g, DNS, &[b"north.example"])),
    Case::new("a name with a wildcard", |g, _| {
        renamed(g, DNS, &[b"*", b"*.example", b"*.esplanade.example"])
    }),
    Case::new("its name and a zero and another name", |g, _| {
        let name = g.orders.identity.to_string();
        renamed(g, DNS, &[&[name.as_bytes(), b"\0.evil.example"].concat()])
    }),
    Case::new("its name with a dot behind it, or a space", |g, luck| {
        let name = g.orders.identity.to_string();
        renamed(g, DNS, &[&[name.as_bytes(), luck.pick(&[&b"."[..], b" "])].concat()])
    }),
    Case::new("its name in other forms", |g, _| {
        let name = g.orders.identity.to_string();
        let mail = element(MAIL, &[b"x@", name.as_bytes()]);
        let uri = element(URI, &[b"https://", name.as_bytes()]);
        issued(g, |parts| parts.set((ALTERNATIVE_NAMES, &element(SEQUENCE, &[&mail, &uri]))))
    }),
    Case::new("its name in the subject alone", |g, _| {
        let name = g.orders.identity.to_string();
        issued(g, |parts| {
            parts.remove(ALTERNATIVE_NAMES);
            parts.subject = common_name(&name);
        })
    }),
    Case::new("a critical extension that nobody knows", |g, _| {
        issued(g, |parts| parts.set((&[0x2b, 6, 1, 4, 1, 0x82, 0x37, 99], &[5, 0])))
    }),
    Case::new("an extension that stands there twice", |g, _| {
        issued(g, |parts| parts.extensions.extend_from_within(..1))
    }),
    Case::new("an extension that is not what its identifier says", |g, luck| {
        let oid = luck.pick(&[KEY_USAGE, ALTERNATIVE_NAMES, BASIC_CONSTRAINTS, NAME_CONSTRAINTS]);
        let value = luck.pick(&[&[][..], &[5, 0], &[0x30, 0x80], &[0x30, 5, 1]]);
        issued(g, |parts| parts.set((oid, value)))
    }),
    Case::new("extensions in a certificate of version 1", |g, _| issued(g, |parts| parts.version.clear())),
    Case::new("a version that does not exist", |g, luck| {
        let version = luck.pick(&[0, 1, 3, 0x7f, 0xff]);
        issued(g, |parts| parts.version = element(0xa0, &[&[2, 1, version]]))
    }),
    Case::new("an authority between that is none", |g, luck| {
        let no_constraints = luck.below(2) == 0;
        by_middle(g, luck, |parts| match no_constraints {
            true => parts.remove(BASIC_CONSTRAINTS),
            false => parts.set((BASIC_CONSTRAINTS, &basic(false, None))),
        })
    }),
    Case::new("an authority between whose key is not for certificates", |g, luck| {
        by_middle(g, luck, |parts| parts.set((KEY_USAGE, &usage(7, 0x80))))
    }),
    Case::new("an authority between that has expired", |g, luck| {
        by_middle(g, luck, |parts| parts.validity = validity("240101000000Z", "251231235959Z"))
    }),
    Case::new("an authority between with a critical extension that nobody knows", |g, luck| {
        by_middle(g, luck, |parts| parts.extensions.push(extension(&[0x2b, 6, 1, 4, 1, 99], true, &[5, 0])))
    }),
    Case::new("an authority between that must not issue such names", |g, luck| {
        let excluded = element(0xa1, &[&element(SEQUENCE, &[&element(DNS, &[])])]);
        by_middle(g, luck, |parts| parts.set((NAME_CONSTRAINTS, &element(SEQUENCE, &[&excluded]))))
    }),
    Case::new("an authority below one that may have none below it", two_levels),
    Case::new("an end that issues for another end", |g, luck| {
        // The honest certificate, as the issuer of another one.
        let parts = own(g);
        let child = parts.below(&parts.subject, g.algorithm());
        let signer = g.credential().map(|own| own.signer.clone()).unwrap_or_else(|| key(luck));
        shown(g, &[child.issue(&signer), own_der(g)])
    }),
    Case::new("requests of odd lengths, and AUTH with a bit that flipped", |g, luck| {
        let length = luck.pick(&[0, 1, 19, 21, 59, 40_000]);
        let encoding = CertEncoding(luck.pick(&[4, 4, 0, 15, 255]));
        let request = CertificateRequest { encoding, authorities: luck.octets(length) };
        let mut value = g.signature();
        value.iter_mut().last().into_iter().for_each(|last| *last ^= 1);
        [vec![Payload::CertReq(request)], g.valued(&value)].concat()
    }),
    Case::new("somebody else's certificate first", |g, luck| {
        let mut parts = own(g);
        parts.set((ALTERNATIVE_NAMES, &names(DNS, &[b"north.example"])));
        parts.spki = key(luck).verifier().to_spki();
        shown(g, &[issue(g, &parts), own_der(g)])
    }),
];

/// The octets of the honest certificate.
pub(super) fn own_der(g: &Ground<'_>) -> Vec<u8> {
    let own = g.credential().and_then(|own| own.chain.first());
    own.map(|own| own.der().to_vec()).unwrap_or_default()
}

/// The parts of the honest certificate.
pub(super) fn own(g: &Ground<'_>) -> Parts {
    Parts::of(&own_der(g))
}

fn authority<'a>(g: &Ground<'a>) -> Option<&'a Authority> {
    g.orders.authority.as_deref()
}

/// What the authority makes of these parts.
pub(super) fn issue(g: &Ground<'_>, parts: &Parts) -> Vec<u8> {
    authority(g).map(|authority| parts.issue(authority.signer())).unwrap_or_default()
}

/// These certificates, and the honest AUTH.
fn shown(g: &Ground<'_>, certificates: &[Vec<u8>]) -> Vec<Payload> {
    let auth = g.valued(&g.signature()).pop();
    let shown = certificates.iter().map(|der| payload(CertEncoding::X509_SIGNATURE, der.clone()));
    shown.chain(auth).collect()
}

/// One CERT payload of this encoding, and the honest AUTH.
fn encoded(g: &Ground<'_>, encoding: CertEncoding, data: Vec<u8>) -> Vec<Payload> {
    std::iter::once(payload(encoding, data)).chain(shown(g, &[])).collect()
}

pub(super) fn payload(encoding: CertEncoding, data: Vec<u8>) -> Payload {
    Payload::Cert(Certificate { encoding, data })
}

/// The honest certificate with a change, issued by the authority.
fn issued(g: &Ground<'_>, change: impl FnOnce(&mut Parts)) -> Vec<Payload> {
    let mut parts = own(g);
    change(&mut parts);
    shown(g, &[issue(g, &parts)])
}

fn renamed(g: &Ground<'_>, tag: u8, alternative: &[&[u8]]) -> Vec<Payload> {
    issued(g, |parts| parts.set((ALTERNATIVE_NAMES, &names(tag, alternative))))
}

fn key(luck: &mut Luck) -> Signer {
    Signer::generate(KeyType::Ed25519, luck)
}

/// A keyUsage of one octet with so many bits that do not count.
fn usage(unused: u8, bits: u8) -> Vec<u8> {
    element(BIT_STRING, &[&[unused, bits]])
}

/// An authority of this name and key, without an issuer yet but the honest one.
fn between(g: &Ground<'_>, name: &[u8], spki: Vec<u8>) -> Parts {
    let mut parts = own(g);
    (parts.subject, parts.spki) = (name.to_vec(), spki);
    parts.extensions.clear();
    parts.set((BASIC_CONSTRAINTS, &basic(true, None)));
    parts.set((KEY_USAGE, &usage(1, 0x06)));
    parts
}

/// The honest certificate, issued by an authority that the honest one has issued with a change.
fn by_middle(g: &Ground<'_>, luck: &mut Luck, change: impl FnOnce(&mut Parts)) -> Vec<Payload> {
    let (middle, name) = (key(luck), common_name("Middle"));
    let mut parts = between(g, &name, middle.verifier().to_spki());
    change(&mut parts);
    let leaf = own(g).below(&name, SignatureAlgorithm::Ed25519).issue(&middle);
    shown(g, &[leaf, issue(g, &parts)])
}

fn two_levels(g: &Ground<'_>, luck: &mut Luck) -> Vec<Payload> {
    let (upper, lower) = (key(luck), key(luck));
    let [upper_name, lower_name] = ["Upper", "Lower"].map(common_name);
    let mut first = between(g, &upper_name, upper.verifier().to_spki());
    first.set((BASIC_CONSTRAINTS, &basic(true, Some(0))));
    let second = between(g, &lower_name, lower.verifier().to_spki());
    let second = second.below(&upper_name, SignatureAlgorithm::Ed25519).issue(&upper);
    let leaf = own(g).below(&lower_name, SignatureAlgorithm::Ed25519).issue(&lower);
    shown(g, &[leaf, second, issue(g, &first)])
}
