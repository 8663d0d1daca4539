//! Ends that prove who they are in each of the ways, fittingly or not.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::careful::preshared;
use super::{Pair, list, plain};

const NAMES: [&str; 2] = ["west", "east"];

/// Pairs of them.
pub(crate) fn proving() -> impl Strategy<Value = Pair> {
    let below = (prop::bool::weighted(0.08), prop::bool::weighted(0.08));
    let how = (any::<bool>(), prop::bool::weighted(0.3));
    (end(0), end(1), below, how).prop_map(|(mut west, mut east, (revoked, not_yet), (fitting, alone))| {
        if fitting {
            west.fit();
            east.fit();
        }
        if alone {
            [west.own.auth, east.own.auth] = with_eap_alone(west.own.auth, east.own.auth);
        }
        let mut pair = plain();
        let from = if not_yet { "from = \"1h\"" } else { "" };
        pair.tables += AUTHORITIES;
        pair.tables +=
            &format!("[authority.below]\nissuer = \"one\"\nkey = \"ed25519\"\nrevoked = {revoked}\n{from}\n");
        let proofs = [west.own, east.own];
        for (side, (accepts, more)) in
            [(west.accepts, west.more), (east.accepts, east.more)].into_iter().enumerate()
        {
            let (own, theirs) = (&proofs[side], &proofs[1 - side]);
            let end = &mut pair.ends[side];
            end.auth.clone_from(&own.auth);
            end.lines.extend(more);
            // An end that is not told what to accept takes what the other one does.
            let accepts = accepts.and_then(|accepts| accepts.of(NAMES[1 - side], &theirs.auth));
            end.lines.extend(accepts.map(|accepts| format!("accept = {{ {accepts} }}")));
            pair.tables += &own.tables;
        }
        pair
    })
}

/// The proofs of two ends, that of the other one by EAP alone where one has EAP.
fn with_eap_alone(west: String, east: String) -> [String; 2] {
    let alone = || "eap-only = true".to_owned();
    match [west.starts_with("eap ="), east.starts_with("eap =")] {
        [true, _] => [west, alone()],
        [_, true] => [alone(), east],
        _ => [west, east],
    }
}

/// Two roots, one of which publishes no revocation list.
const AUTHORITIES: &str =
    "[authority.one]\nkey = \"ed25519\"\n[authority.two]\nkey = \"ed25519\"\nlist = \"none\"\n";

/// What one end does, and wants of the other.
#[derive(Clone, Debug)]
struct Proving {
    own: Own,
    accepts: Option<Accepts>,
    more: Vec<String>,
}

impl Proving {
    /// Leaves out what mostly keeps ends apart.
    fn fit(&mut self) {
        let apart = ["identity", "expects", "accept-further"];
        self.more.retain(|line| !apart.iter().any(|word| line.starts_with(word)));
        if let Some(accepts) = &mut self.accepts {
            accepts.anyway = None;
        }
    }
}

/// How an end proves who it is.
#[derive(Clone, Debug)]
struct Own {
    auth: String,
    tables: String,
}

/// What an end accepts that is told so.
#[derive(Clone, Debug)]
struct Accepts {
    /// Whatever the other end does.
    anyway: Option<String>,
    /// Where the other end proves itself by a certificate.
    certificate: String,
    /// Where it does so by EAP.
    eap: String,
    /// Where it does so by a raw key, if that is not the one to know.
    raw: Option<String>,
}

impl Accepts {
    /// What is accepted of the end of this name that proves itself like this, if that has to be said.
    fn of(self, other: &str, proof: &str) -> Option<String> {
        let fitting = match proof.split(' ').next() {
            Some("certificate") => Some(self.certificate),
            Some("eap") => Some(self.eap),
            Some("raw-key") => self.raw,
            _ => None,
        };
        self.anyway.or(fitting).map(|accepts| accepts.replace("OTHER", other))
    }
}

fn end(side: usize) -> impl Strategy<Value = Proving> {
    let told = prop::option::weighted(0.4, accepts(side));
    (own(side), told, more(side)).prop_map(|(own, accepts, more)| Proving { own, accepts, more })
}

fn own(side: usize) -> impl Strategy<Value = Own> {
    let of = |auth: &str| Own { auth: auth.to_owned(), tables: String::new() };
    let psk = prop_oneof![6 => Just("correct horse"), 1 => Just("battery staple")];
    prop_oneof![
        3 => psk.prop_map(move |psk| of(&format!("psk = \"{psk}\""))),
        9 => certificates(side),
        3 => select(vec!["ed25519", "ecdsa-p256"]).prop_map(move |key| of(&format!("raw-key = \"{key}\""))),
        1 => Just(of("null = true")),
        4 => user(side).prop_map(move |user| of(&user)),
        1 => Just(of("eap-only = true")),
    ]
}

fn user(side: usize) -> impl Strategy<Value = String> {
    methods().prop_map(move |methods| {
        format!("eap = {{ user = \"{}\", password = \"open\", methods = {methods} }}", USERS[side])
    })
}

const USERS: [&str; 2] = ["alice@example.org", "bob.example"];

fn methods() -> impl Strategy<Value = String> {
    subsequence(vec!["mschapv2", "md5", "gtc"], 1..=3).prop_shuffle().prop_map(|methods| list(&methods))
}

/// One certificate or two, most of them good.
fn certificates(side: usize) -> impl Strategy<Value = Own> {
    let table = |name: String| {
        let issuer = prop_oneof![5 => Just("one"), 3 => Just("below"), 2 => Just("two")];
        let key = prop_oneof![3 => Just("ed25519"), 2 => Just("ecdsa-p256"), 1 => Just("ecdsa-p384")];
        let flaw = prop_oneof![
            8 => Just(""),
            2 => select(vec![
                "revoked = true",
                "from = \"1h\"",
                "chain = false",
                "usage = \"encipherment\"",
                "names = [\"someone.example\"]",
            ])
        ];
        (issuer, key, flaw).prop_map(move |(issuer, key, flaw)| {
            format!("[certificate.{name}]\nissuer = \"{issuer}\"\nkey = \"{key}\"\n{flaw}\n")
        })
    };
    let name = NAMES[side];
    let tables = (table(name.to_owned()), prop::option::weighted(0.3, table(format!("{name}-two"))));
    tables.prop_map(move |(first, second)| {
        let names = match second {
            Some(_) => list(&[name.to_owned(), format!("{name}-two")]),
            None => list(&[name]),
        };
        let tables = first + &second.unwrap_or_default();
        Own { auth: format!("certificate = {names}"), tables }
    })
}

fn accepts(side: usize) -> impl Strategy<Value = Accepts> {
    let anyway = select(vec![
        "psk = \"correct horse\"",
        "null = true",
        "eap-only = true",
        "raw-key = \"OTHER\"",
        "certificate = {}",
        "eap = {}",
    ]);
    let anyway = prop::option::weighted(0.25, anyway.prop_map(str::to_owned));
    let raw = prop::option::weighted(0.3, Just(format!("raw-key = \"{}\"", NAMES[side])));
    (anyway, authorities(), server(), raw).prop_map(|(anyway, certificate, eap, raw)| Accepts {
        anyway,
        certificate,
        eap,
        raw,
    })
}

fn authorities() -> impl Strategy<Value = String> {
    let named = select(vec![&["one"][..], &["two"], &["below"], &["two", "below"]]);
    let named = prop::option::of(named);
    let revocation = prop::bool::weighted(0.3);
    (named, revocation, prop::bool::weighted(0.3)).prop_map(|(named, required, any_name)| {
        let named = named.map_or_else(String::new, |names| format!("authorities = {}, ", list(names)));
        let revocation = if required { "revocation = \"required\", " } else { "" };
        format!("certificate = {{ {named}{revocation}any-name = {any_name} }}")
    })
}

fn server() -> impl Strategy<Value = String> {
    let password = prop_oneof![5 => Just("open"), 1 => Just("shut")];
    let user = prop_oneof![4 => Just(None), 1 => Just(Some("carol@example.org"))];
    (password, user, methods(), any::<bool>()).prop_map(|(password, user, methods, asks)| {
        let known = |name: &str| format!("\"{name}\" = \"{password}\"");
        let users: Vec<String> = match user {
            Some(user) => vec![known(user)],
            None => USERS.iter().map(|name| known(name)).collect(),
        };
        format!("eap = {{ users = {{ {} }}, methods = {methods}, asks-identity = {asks} }}", users.join(", "))
    })
}

/// Who it is and whom it expects, which hash functions it announces, and what else.
fn more(side: usize) -> impl Strategy<Value = Vec<String>> {
    let (own, other) = (NAMES[side], NAMES[1 - side]);
    let identity = prop_oneof![
        9 => Just(None),
        3 => select(vec![
            format!("{}.EXAMPLE", own.to_uppercase()),
            format!("{own}@example.org"),
            "192.0.2.77".to_owned(),
            format!("CN={own},O=Esplanade"),
        ])
        .prop_map(Some)
    ];
    let expects = prop_oneof![
        14 => Just(None),
        5 => Just(Some("%any".to_owned())),
        2 => select(vec![
            ".example".to_owned(),
            "@example.org".to_owned(),
            "*,O=Esplanade".to_owned(),
            "192.0.2.0/24".to_owned(),
            format!("{other}.example"),
            format!("{}.EXAMPLE", other.to_uppercase()),
            "someone.example".to_owned(),
        ])
        .prop_map(Some)
    ];
    let hashes = prop_oneof![
        8 => Just(None),
        2 => select(vec![&["identity"][..], &["sha2-256"], &["sha2-384", "identity"], &["sha2-512"]]).prop_map(Some)
    ];
    let announces = prop::bool::weighted(0.15);
    let ppk = prop::option::weighted(0.1, preshared());
    let told = (identity, expects, hashes, announces, ppk);
    (told, further(side)).prop_map(|((identity, expects, hashes, announces, ppk), further)| {
        let mut lines: Vec<String> = further;
        lines.extend(identity.map(|identity| format!("identity = \"{identity}\"")));
        lines.extend(expects.map(|expects| format!("expects = \"{expects}\"")));
        lines.extend(hashes.map(|hashes| format!("hashes = {}", list(hashes))));
        lines.extend(announces.then(|| "announce-methods = true".to_owned()));
        lines.extend(ppk);
        lines
    })
}

/// Further proofs, and what is wanted of the other end in that respect if not what it does.
fn further(side: usize) -> impl Strategy<Value = Vec<String>> {
    let own = NAMES[side];
    let proof = prop_oneof![
        3 => Just("psk = \"second\"".to_owned()),
        1 => Just("psk = \"third\"".to_owned()),
        1 => Just("raw-key = \"ed25519\"".to_owned()),
        2 => user(side),
    ];
    let proofs = prop_oneof![7 => Just(Vec::new()).boxed(), 2 => prop::collection::vec(proof, 1..=2).boxed()];
    let demands = prop_oneof![
        6 => Just(None),
        1 => select(vec!["", "{ accept = { psk = \"second\" } }", "{ accept = { null = true }, expects = \"%any\" }"])
            .prop_map(Some)
    ];
    (proofs, demands).prop_map(move |(proofs, demands)| {
        let proof =
            |proof: &String| format!("{{ auth = {{ {proof} }}, identity = \"{own}.second.example\" }}");
        let listed: Vec<String> = proofs.iter().map(proof).collect();
        let mut lines = Vec::new();
        lines.extend((!listed.is_empty()).then(|| format!("further = [{}]", listed.join(", "))));
        lines.extend(demands.map(|demands| format!("accept-further = [{demands}]")));
        lines
    })
}
