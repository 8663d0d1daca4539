//! Pairs of configurations, as scenario files: close enough to agree often, and different enough to fail in every way.

use std::sync::Arc;

use esplanade::file::{self, Scenario};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

/// What one end is told.
#[derive(Clone, Debug)]
pub(crate) struct End {
    identity: &'static str,
    expects: Option<&'static str>,
    proof: Proof,
    /// The password of the client's user, the first time that it is asked, where a user is asked for.
    password: Option<&'static str>,
    aggressive: bool,
    ike: Vec<String>,
    child: Vec<String>,
    group: Option<&'static str>,
    transport: bool,
    protects: &'static str,
    reaches: &'static str,
    life: Option<&'static str>,
}

/// How an end proves who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// By a shared key.
    Psk(&'static str),
    /// By certificates of these keys, and by these methods if it says which.
    Certificates(Vec<&'static str>, Option<Vec<&'static str>>),
    /// Not at all in phase 1, but by the password of a user behind it.
    User,
}

/// At each side all and a part of it.
const NETWORKS: [[&str; 2]; 2] = [["10.1.0.0/16", "10.1.2.0/24"], ["10.2.0.0/16", "10.2.2.0/23"]];
const IDENTITIES: [&str; 2] = ["west.example", "east@example.org"];

fn words(list: &[&'static str], least: usize, most: usize) -> BoxedStrategy<Vec<&'static str>> {
    subsequence(list.to_vec(), least..=most).prop_shuffle().boxed()
}

fn ike_proposal() -> impl Strategy<Value = String> {
    let ciphers = words(&["aes128", "aes256", "3des", "camellia128"], 1, 2);
    // Cheap groups, so that many cases can be run.
    (ciphers, words(&["md5", "sha1", "sha256", "sha384"], 1, 2), words(&["ecp192", "ecp224", "ecp256"], 1, 2))
        .prop_map(|(ciphers, hashes, groups)| [ciphers, hashes, groups].concat().join("-"))
}

fn child_proposal() -> impl Strategy<Value = String> {
    let combined = words(&["aes128gcm16", "aes256gcm16", "aes128ccm8"], 1, 2);
    let separate = (words(&["aes128", "aes256", "3des"], 1, 2), words(&["md5", "sha1", "sha256"], 1, 2));
    let separate = separate.prop_map(|(ciphers, hashes)| [ciphers, hashes].concat());
    let ah = words(&["md5", "sha1"], 1, 2).prop_map(|hashes| [vec!["ah"], hashes].concat());
    let numbers = prop_oneof![4 => Just(vec!["noesn"]).boxed(), 1 => words(&["esn", "noesn"], 1, 2)];
    (prop_oneof![2 => combined, 4 => separate, 1 => ah], numbers)
        .prop_map(|(protection, numbers)| [protection, numbers].concat().join("-"))
}

/// Keys that are cheap to make, so that many cases can be run.
const KEYS: [&str; 3] = ["ecdsa-p256", "ecdsa-p384", "ecdsa-p521"];

const SIGNS: &str = "rsa-signatures";
/// A key of RSA that signs, and one that decrypts.
const RSA: &str = "rsa-2048";
const ENCIPHERMENT: &str = "rsa-2048-encipherment";

fn proof() -> impl Strategy<Value = Proof> {
    let psk = prop_oneof![15 => Just("correct horse"), 1 => Just("battery staple")].prop_map(Proof::Psk);
    let methods = prop_oneof![3 => Just(None), 1 => Just(Some(vec!["rsa-signatures", "ecdsa-signatures"]))];
    let certificates = (words(&KEYS, 1, 2), methods);
    prop_oneof![3 => psk, 1 => certificates.prop_map(|(keys, methods)| Proof::Certificates(keys, methods))]
}

fn end(side: usize) -> impl Strategy<Value = End> {
    let networks = |side: usize| {
        let [all, part] = NETWORKS[side];
        prop_oneof![9 => Just(all), 1 => Just(part)]
    };
    let other = IDENTITIES[1 - side];
    let expects = prop_oneof![24 => Just(None), 1 => Just(Some(other)), 1 => Just(Some("someone.example"))];
    let modes =
        (prop_oneof![9 => Just(false), 1 => Just(true)], prop_oneof![9 => Just(false), 1 => Just(true)]);
    let offers = (prop::collection::vec(ike_proposal(), 1..4), prop::collection::vec(child_proposal(), 1..4));
    let group = prop_oneof![9 => Just(None), 1 => Just(Some("ecp192"))];
    // Whole kilobytes, as they are offered.
    let life = select(vec![
        None,
        Some("{ seconds = 600 }"),
        Some("{ time = \"2h\", bytes = 5120000 }"),
        Some("{ seconds = 86400, bytes = 4096 }"),
    ]);
    let told = (expects, proof(), modes, offers, group, networks(side), networks(1 - side), life);
    told.prop_map(
        move |(expects, proof, (aggressive, transport), (ike, child), group, protects, reaches, life)| {
            let identity = IDENTITIES[side];
            let password = None;
            End {
                identity,
                expects,
                proof,
                password,
                aggressive,
                ike,
                child,
                group,
                transport,
                protects,
                reaches,
                life,
            }
        },
    )
}

/// Two ends. Mostly the second has proposals of the first among its own, and does as the first in what both have to do alike:
/// by chance alone ends agree too seldom.
pub(crate) fn ends() -> impl Strategy<Value = [End; 2]> {
    let alike = (0usize..5, 0usize..5, 0usize..8, any::<bool>(), any::<bool>());
    let password = prop_oneof![12 => Just(None), 2 => Just(Some("wonder")), 1 => Just(Some("wander"))];
    (end(0), end(1), alike, password).prop_map(
        |(west, mut east, (ike, child, like, aggressive, group), password)| {
            let mix = |theirs: &[String], own: &mut Vec<String>, how: usize| match how {
                0 => {}
                1 | 2 => own.extend(theirs.first().cloned()),
                _ => {
                    own.truncate(1);
                    own.extend(theirs.iter().rev().cloned());
                }
            };
            let mut west = west;
            mix(&west.ike, &mut east.ike, ike);
            mix(&west.child, &mut east.child, child);
            west.aggressive ^= aggressive;
            if group {
                west.group = west.group.xor(Some("ecp192"));
            }
            if like > 0 {
                (east.aggressive, east.group, east.transport) = (west.aggressive, west.group, west.transport);
            }
            // Ends of two kinds have nothing in common, which no file may say.
            if std::mem::discriminant(&east.proof) != std::mem::discriminant(&west.proof) {
                east.proof = west.proof.clone();
            }
            // Users are asked for behind a shared key: ECDSA has no numbers for that.
            if matches!((&west.proof, &east.proof), (Proof::Psk(_), Proof::Psk(_))) {
                (west.password, east.password) = (password, password);
            }
            [west, east]
        },
    )
}

/// Two ends with certificates of RSA and some of the methods that take such, or the second alone has one, and the first a user
/// with a password (hybrid authentication). Nobody is taken for somebody else: for whom nobody has a key nothing is encrypted, which
/// is what scenarios show.
pub(crate) fn ends_with_rsa() -> impl Strategy<Value = [End; 2]> {
    let methods = || words(&["rsa-signatures", "rsa-encryption", "revised-rsa-encryption"], 1, 2);
    let certified = |methods: Vec<&'static str>| {
        let (signs, decrypts) = (methods.contains(&SIGNS), methods.iter().any(|method| *method != SIGNS));
        let keys = [signs.then_some(RSA), decrypts.then_some(ENCIPHERMENT)];
        Proof::Certificates(keys.into_iter().flatten().collect(), Some(methods))
    };
    let both = (methods(), methods()).prop_map(move |each| (<[_; 2]>::from(each).map(certified), None));
    let password = prop_oneof![3 => Just("wonder"), 1 => Just("wander")];
    let hybrid =
        password.prop_map(|password| ([Proof::User, Proof::Certificates(vec![RSA], None)], Some(password)));
    (ends(), prop_oneof![3 => both, 1 => hybrid]).prop_map(|([mut west, mut east], (proofs, password))| {
        [west.proof, east.proof] = proofs;
        (west.expects, east.expects) = (None, None);
        // Keys of RSA take their time: what is not about them is the same.
        (east.aggressive, east.ike) = (west.aggressive, west.ike.clone());
        (west.password, east.password) = (password, password);
        [west, east]
    })
}

/// The scenario in which these two ends meet.
pub(crate) fn scenario(ends: &[End; 2]) -> Arc<Scenario> {
    let text = text(ends);
    Arc::new(file::parse("generated", &text).unwrap_or_else(|problems| panic!("{text}\n{problems:?}")))
}

/// The value of `auth` of an end, and before it what it stands on.
fn auth(name: &str, proof: &Proof, text: &mut String) -> String {
    match proof {
        Proof::Psk(psk) => format!("{{ psk = \"{psk}\" }}"),
        Proof::User => "{ null = true }".to_owned(),
        Proof::Certificates(keys, _) => {
            let names: Vec<String> = keys.iter().map(|key| format!("{name}-{key}")).collect();
            for (key, certificate) in keys.iter().zip(&names) {
                let (key, usage) = match key.strip_suffix("-encipherment") {
                    Some(key) => (key, "encipherment"),
                    None => (*key, "signature"),
                };
                *text += &format!("[certificate.{certificate}]\nkey = \"{key}\"\nusage = \"{usage}\"\n");
            }
            format!("{{ certificate = {names:?} }}")
        }
    }
}

fn text(ends: &[End; 2]) -> String {
    let list = |words: Vec<String>| {
        format!("[{}]", words.iter().map(|w| format!("\"{w}\"")).collect::<Vec<_>>().join(", "))
    };
    let mut text =
        "title = \"two ends\"\nstory = '''\n0s west: initiate net\nexpect site up at west within 1s\n'''\n"
            .to_owned();
    let xauth = ends[0].password.map_or_else(String::new, |password| {
        let mistakes =
            if password == "wonder" { String::new() } else { format!(", mistakes = [\"{password}\"]") };
        format!("xauth = {{ user = \"alice\", password = \"wonder\"{mistakes} }}\n")
    });
    let mut told = format!(
        "[authority.root]\n[ike.site]\nends = [\"west\", \"east\"]\nversion = 1\n{xauth}[child.net]\nof = \"site\"\n"
    );
    for (name, address, end) in [("west", "192.0.2.1", &ends[0]), ("east", "198.51.100.1", &ends[1])] {
        text += &format!(
            "[peer.{name}]\naddress = \"{address}\"\nidentity = \"{}\"\nprotects = \"{}\"\n",
            end.identity, end.protects
        );
        told += &format!(
            "[ike.site.at.{name}]\nauth = {}\nmode = \"{}\"\noffer = {}\n",
            auth(name, &end.proof, &mut text),
            if end.aggressive { "aggressive" } else { "main" },
            list(end.ike.clone())
        );
        if let Proof::Certificates(_, Some(methods)) = &end.proof {
            told += &format!("methods = {}\n", list(methods.iter().map(|word| (*word).to_owned()).collect()));
        }
        if end.proof == Proof::User {
            told += &format!("identity = \"{}\"\n", end.identity);
        }
        told += &end.expects.map_or_else(String::new, |who| format!("expects = \"{who}\"\n"));
        let group = end.group.map_or_else(String::new, |group| format!("-{group}"));
        told += &format!(
            "[child.net.at.{name}]\nmode = \"{}\"\noffer = {}\nprotects = \"{}\"\nreaches = \"{}\"\n",
            if end.transport { "transport" } else { "tunnel" },
            list(end.child.iter().map(|one| format!("{one}{group}")).collect()),
            end.protects,
            end.reaches
        );
        told += &end.life.map_or_else(String::new, |life| format!("lifetime = {life}\n"));
    }
    text + &told
}
