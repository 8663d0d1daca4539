//! Every value of a conversation from its messages and its secrets alone: a second reading of the RFCs, which shares nothing
//! with the code that the endpoints run. It refuses a conversation whose messages do not prove what they have to.
//!
//! ```text
//! IKE_SA_INIT        SK(0)   SKEYSEED                            SK_d … SK_pr          RFC 7296 §2.14
//! IKE_SESSION_RESUME         SKEYSEED                            SK_d … SK_pr          RFC 5723 §5.1
//! IKE_INTERMEDIATE   SK(n)   SKEYSEED(n)   IntAuth_in IntAuth_rn SK_d(n) … SK_pr(n)    RFC 9242 §3.3.2, RFC 9370 §2.2.2
//!   with a PPK               SKEYSEED'                           SK_d' … SK_pr'        RFC 9867 §3.1
//! IKE_AUTH           IntAuth, signed octets, AUTH, KEYMAT; with a PPK SK_d' SK_pi' SK_pr'    RFC 7296 §2.15, RFC 8784 §3
//! CREATE_CHILD_SA, IKE_FOLLOWUP_KE   SK(0) … SK(n), KEYMAT or SKEYSEED                 RFC 7296 §2.17, §2.18, RFC 9370 §2.2.4
//! ```

use std::collections::BTreeMap;

use super::format::{Conversation, MixedIn, Octets};
use super::primitives::{Agreement, agree, key_lengths, open, prf, prf_plus};
use super::read::{
    self, AUTH, CREATE_CHILD_SA, FOLLOWUP_KE, Head, INTERMEDIATE, KE, NO_PPK_AUTH, NONCE, PPK_IDENTITY,
    PPK_IDENTITY_KEY, Payload, SA_INIT, SESSION_RESUME, find, notify,
};

/// What there is to know of one message.
#[derive(Default)]
pub(super) struct Known {
    /// What was inside SK or SKF.
    pub(super) content: Option<Octets>,
    pub(super) values: BTreeMap<String, Octets>,
}

/// What there is to know of each message. `pieces` are the messages.
pub(super) fn calculate(
    conversation: &Conversation,
    messages: &[Vec<Vec<u8>>],
) -> Result<Vec<Known>, String> {
    let mut reader = Reader {
        conversation,
        agreed: 0,
        sas: BTreeMap::new(),
        begun: None,
        asked: None,
        known: Known::default(),
    };
    let each = messages.iter().enumerate().map(|(number, pieces)| {
        reader.message(pieces).map_err(|error| format!("message {number}: {error}"))?;
        Ok(std::mem::take(&mut reader.known))
    });
    each.collect()
}

/// `SK_d | SK_ai | SK_ar | SK_ei | SK_er | SK_pi | SK_pr`
type Keys = [Vec<u8>; 7];
const NAMES: [&str; 7] = ["SK_d", "SK_ai", "SK_ar", "SK_ei", "SK_er", "SK_pi", "SK_pr"];
const D: usize = 0;
/// Of the initiator; that of the responder follows each.
const A: usize = 1;
const E: usize = 3;
const P: usize = 5;

/// An IKE SA. Where there are two of something, the initiator's is the first.
struct Sa {
    nonces: [Vec<u8>; 2],
    /// The messages that made it, where `IKE_AUTH` signs them.
    made_by: [Vec<u8>; 2],
    full_transcript: bool,
    resumed: bool,
    keys: Keys,
    /// Those with the PPK, from the `IKE_AUTH` request on.
    with_ppk: Option<Keys>,
    int_auth: [Vec<u8>; 2],
    additional: usize,
}

/// A request that waits for its response.
struct Asked {
    nonce: Vec<u8>,
    /// The SPI of the IKE SA that is asked for; a child's is shorter.
    spi: Vec<u8>,
    ike: bool,
    nonce_r: Vec<u8>,
    spi_r: Vec<u8>,
    secrets: Vec<Vec<u8>>,
}

struct Reader<'a> {
    conversation: &'a Conversation,
    /// How many key exchanges there have been.
    agreed: usize,
    /// By both SPIs.
    sas: BTreeMap<[u8; 16], Sa>,
    /// The message that asks for an IKE SA.
    begun: Option<Vec<u8>>,
    asked: Option<Asked>,
    known: Known,
}

impl Reader<'_> {
    fn message(&mut self, pieces: &[Vec<u8>]) -> Result<(), String> {
        let whole = pieces.first().ok_or("no octets")?;
        let head = Head::of(whole)?;
        match (head.exchange, head.response) {
            (SA_INIT | SESSION_RESUME, false) => {
                self.begun = Some(whole.clone());
                return Ok(());
            }
            (SA_INIT | SESSION_RESUME, true) => return self.begin(&head, whole),
            _ => {}
        }
        let mut sa = self.sas.remove(&head.spis).ok_or("it belongs to no IKE SA")?;
        let done = self.protected(&head, &mut sa, pieces);
        self.sas.insert(head.spis, sa);
        done
    }

    /// The response that makes an IKE SA.
    fn begin(&mut self, head: &Head, response: &[u8]) -> Result<(), String> {
        let request = self.begun.take().ok_or("a response to nothing")?;
        let (asked, answered) = (read::clear(&request)?, read::clear(response)?);
        let nonces = [find(&asked, NONCE)?.to_vec(), find(&answered, NONCE)?.to_vec()];
        let prf_id = self.prf()?;
        let skeyseed = if head.exchange == SESSION_RESUME {
            let old = self.sas.values().last().ok_or("there is nothing to resume")?;
            let sk_d = &old.with_ppk.as_ref().unwrap_or(&old.keys)[D];
            prf(prf_id, sk_d, &[b"Resumption", &nonces[0], &nonces[1]])?
        } else {
            let shared = self.agree(0, find(&asked, KE)?, find(&answered, KE)?)?;
            self.tell("SK(0)", &shared);
            prf(prf_id, &nonces.concat(), &[&shared])?
        };
        self.tell("SKEYSEED", &skeyseed);
        let keys = self.keys(&skeyseed, &nonces, &head.spis, "")?;
        let sa = Sa {
            nonces,
            made_by: [request, response.to_vec()],
            full_transcript: self.conversation.full_transcript,
            resumed: head.exchange == SESSION_RESUME,
            keys,
            with_ppk: None,
            int_auth: [Vec::new(), Vec::new()],
            additional: 0,
        };
        self.sas.clear();
        self.sas.insert(head.spis, sa);
        Ok(())
    }

    fn protected(&mut self, head: &Head, sa: &mut Sa, pieces: &[Vec<u8>]) -> Result<(), String> {
        let side = usize::from(!head.by_initiator);
        let (mut first, mut content) = (None, Vec::new());
        for piece in pieces {
            let sealed = read::sealed(piece)?;
            let keys = (sa.keys[E + side].as_slice(), sa.keys[A + side].as_slice());
            let mut text = open(&self.conversation.ike, keys, sealed.before, sealed.rest)?;
            let padding = usize::from(text.pop().ok_or("no pad length")?);
            text.truncate(text.len().checked_sub(padding).ok_or("more padding than there is")?);
            first = first.or(Some(sealed.first));
            content.extend(text);
        }
        let first = first.unwrap_or_default();
        let inner = read::chain(first, &content)?;
        match (head.exchange, head.response) {
            (INTERMEDIATE, _) => self.intermediate(head, sa, first, &content, &inner)?,
            (AUTH, _) => self.auth(head, sa, &inner)?,
            (CREATE_CHILD_SA, false) => self.ask(&inner)?,
            (CREATE_CHILD_SA | FOLLOWUP_KE, _) => self.make(head, sa, &inner)?,
            _ => {}
        }
        self.known.content = Some(Octets(content));
        Ok(())
    }

    fn intermediate(
        &mut self,
        head: &Head,
        sa: &mut Sa,
        first: u8,
        content: &[u8],
        inner: &[Payload<'_>],
    ) -> Result<(), String> {
        let prf_id = self.prf()?;
        let side = usize::from(head.response);
        // RFC 9242 §3.3.2: header and generic header as if SK held neither IV nor padding nor ICV, and was not cut.
        let length = u32::try_from(content.len() + 4).map_err(|error| error.to_string())?;
        let mut proven = head.octets.to_vec();
        proven[16] = 46;
        proven[24..28].copy_from_slice(&(28 + length).to_be_bytes());
        proven.extend([first, 0]);
        proven.extend(&length.to_be_bytes()[2..]);
        proven.extend(content);
        let name = format!("IntAuth_{}{}", ["i", "r"][side], head.message_id);
        self.tell(&format!("{name}A | {name}P"), &proven);
        let value = prf(prf_id, &sa.keys[P + side], &[&sa.int_auth[side], &proven])?;
        self.tell(&name, &value);
        sa.int_auth[side] = value;
        let ke = find(inner, KE).ok();
        if !head.response {
            if let Some(identity) = notify(inner, PPK_IDENTITY_KEY) {
                self.confirm(head, sa, identity)?;
            }
            self.asked = ke.map(Asked::for_key);
            return Ok(());
        }
        let ppk = notify(inner, PPK_IDENTITY).and(self.conversation.ppk.as_ref());
        if let Some(public) = ke {
            let asked = self.asked.take().ok_or("a key exchange that nobody asked for")?;
            sa.additional += 1;
            let shared = self.agree(sa.additional, &asked.secrets[0], public)?;
            self.tell(&format!("SK({})", sa.additional), &shared);
            let skeyseed = prf(prf_id, &sa.keys[D], &[&shared, &sa.nonces[0], &sa.nonces[1]])?;
            let suffix = format!("({})", sa.additional);
            self.tell(&format!("SKEYSEED{suffix}"), &skeyseed);
            sa.keys = self.keys(&skeyseed, &sa.nonces, &head.spis, &suffix)?;
        }
        if let Some(ppk) = ppk {
            let skeyseed = prf_plus(prf_id, &ppk.key.0, &sa.keys[D], sa.keys[D].len())?;
            self.tell("SKEYSEED'", &skeyseed);
            sa.keys = self.keys(&skeyseed, &sa.nonces, &head.spis, "'")?;
        }
        Ok(())
    }

    /// The initiator's word that it has the PPK: its identifier, and eight octets that only who has it can calculate.
    fn confirm(&mut self, head: &Head, sa: &Sa, identity: &[u8]) -> Result<(), String> {
        let ppk = self.conversation.ppk.as_ref().ok_or("a PPK that the file does not have")?;
        let value = prf(self.prf()?, &ppk.key.0, &[&sa.nonces[0], &sa.nonces[1], &head.spis])?;
        self.tell("PPK Confirmation", &value[..8]);
        match identity.ends_with(&value[..8]) {
            true => Ok(()),
            false => Err("the PPK Confirmation is another".to_owned()),
        }
    }

    fn auth(&mut self, head: &Head, sa: &mut Sa, inner: &[Payload<'_>]) -> Result<(), String> {
        let prf_id = self.prf()?;
        let side = usize::from(head.response);
        let named = notify(inner, PPK_IDENTITY).is_some();
        if named && !head.response {
            let ppk = self.conversation.ppk.as_ref().filter(|ppk| ppk.mixed_in == MixedIn::Auth);
            let ppk = ppk.ok_or("a PPK that the file does not have")?;
            let mut keys = sa.keys.clone();
            for key in [D, P, P + 1] {
                keys[key] = prf_plus(prf_id, &ppk.key.0, &sa.keys[key], sa.keys[key].len())?;
                self.tell(&format!("{}'", NAMES[key]), &keys[key]);
            }
            sa.with_ppk = Some(keys);
        } else if head.response && !named {
            sa.with_ppk = None;
        }
        let int_auth = match sa.int_auth.concat() {
            proven if proven.is_empty() => proven,
            proven => [proven, head.message_id.to_be_bytes().to_vec()].concat(),
        };
        if !int_auth.is_empty() {
            self.tell("IntAuth", &int_auth);
        }
        let id = find(inner, [35, 36][side])?;
        let said = find(inner, 39)?.get(4..).ok_or("an AUTH payload without data")?;
        let current = sa.with_ppk.as_ref().unwrap_or(&sa.keys).clone();
        let proof = self.proof(
            sa,
            &current,
            side,
            id,
            &int_auth,
            ["InitiatorSignedOctets", "ResponderSignedOctets"][side],
        )?;
        self.tell("AUTH", &proof);
        if proof != said {
            return Err("AUTH is another".to_owned());
        }
        if let Some(said) = notify(inner, NO_PPK_AUTH) {
            let keys = sa.keys.clone();
            let proof =
                self.proof(sa, &keys, side, id, &int_auth, "InitiatorSignedOctets without the PPK")?;
            self.tell("NO_PPK_AUTH", &proof);
            if proof != said {
                return Err("NO_PPK_AUTH is another".to_owned());
            }
        }
        if head.response {
            self.child(&current[D], &sa.nonces, &[])?;
        }
        Ok(())
    }

    /// RFC 7296 §2.15; with the full transcript, eight zeros and the message received go first.
    fn proof(
        &mut self,
        sa: &Sa,
        keys: &Keys,
        side: usize,
        id: &[u8],
        int_auth: &[u8],
        name: &str,
    ) -> Result<Vec<u8>, String> {
        let prf_id = self.prf()?;
        let maced_id = prf(prf_id, &keys[P + side], &[id])?;
        let received = match sa.full_transcript {
            true => [&[0; 8], sa.made_by[1 - side].as_slice()].concat(),
            false => Vec::new(),
        };
        let signed =
            [&received, sa.made_by[side].as_slice(), &sa.nonces[1 - side], &maced_id, int_auth].concat();
        self.tell(name, &signed);
        let key = match sa.resumed {
            true => keys[P + side].clone(),
            false => prf(prf_id, &self.conversation.psk.0, &[b"Key Pad for IKEv2"])?,
        };
        prf(prf_id, &key, &[&signed])
    }

    /// The request for a child or for another IKE SA.
    fn ask(&mut self, inner: &[Payload<'_>]) -> Result<(), String> {
        let (protocol, spi) = read::proposal(find(inner, 33)?)?;
        let mut asked = find(inner, KE).map_or_else(|_| Asked::for_nothing(), Asked::for_key);
        asked.nonce = find(inner, NONCE)?.to_vec();
        (asked.spi, asked.ike) = (spi.to_vec(), protocol == 1);
        self.asked = Some(asked);
        Ok(())
    }

    /// What is agreed on, and once all key exchanges are through, made.
    fn make(&mut self, head: &Head, sa: &Sa, inner: &[Payload<'_>]) -> Result<(), String> {
        let mut asked = self.asked.take().ok_or("a response to nothing")?;
        if !head.response {
            asked.secrets.push(find(inner, KE)?.to_vec());
            self.asked = Some(asked);
            return Ok(());
        }
        if head.exchange == CREATE_CHILD_SA {
            asked.nonce_r = find(inner, NONCE)?.to_vec();
            asked.spi_r = read::proposal(find(inner, 33)?)?.1.to_vec();
        }
        let suite = if asked.ike { &self.conversation.ike } else { &self.conversation.child };
        let total = suite.key_exchanges.len();
        if let Ok(public) = find(inner, KE) {
            let ours = asked.secrets.pop().ok_or("a key exchange that nobody asked for")?;
            let number = asked.secrets.len();
            let id = *suite.key_exchanges.get(number).ok_or("more key exchanges than there should be")?;
            let shared = self.exchange(id, &ours, public)?;
            self.tell(&format!("SK({number})"), &shared);
            asked.secrets.push(shared);
        }
        if asked.secrets.len() < total {
            self.asked = Some(asked);
            return Ok(());
        }
        let nonces = [asked.nonce, asked.nonce_r];
        if !asked.ike {
            let sk_d = sa.with_ppk.as_ref().unwrap_or(&sa.keys)[D].clone();
            return self.child(&sk_d, &nonces, &asked.secrets);
        }
        let spis: [u8; 16] =
            [asked.spi, asked.spi_r].concat().try_into().map_err(|_| "SPIs of another length")?;
        let (own, additional) = asked.secrets.split_first().ok_or("an IKE SA without a key exchange")?;
        let additional = additional.concat();
        let sk_d = &sa.with_ppk.as_ref().unwrap_or(&sa.keys)[D];
        let skeyseed = prf(self.prf()?, sk_d, &[own, &nonces[0], &nonces[1], &additional])?;
        self.tell("SKEYSEED", &skeyseed);
        let keys = self.keys(&skeyseed, &nonces, &spis, "")?;
        let made = Sa {
            nonces,
            made_by: Default::default(),
            full_transcript: false,
            resumed: false,
            keys,
            with_ppk: None,
            int_auth: Default::default(),
            additional: 0,
        };
        self.sas.insert(spis, made);
        Ok(())
    }

    /// The child's keys (RFC 7296 §2.17): the packets of the initiator come first.
    fn child(&mut self, sk_d: &[u8], nonces: &[Vec<u8>; 2], secrets: &[Vec<u8>]) -> Result<(), String> {
        let (encryption, integrity) = key_lengths(&self.conversation.child)?;
        let length = encryption + integrity;
        let own = secrets.first().map_or(&[][..], Vec::as_slice);
        let seed = [own, &nonces.concat(), &secrets.get(1..).unwrap_or_default().concat()].concat();
        let stream = prf_plus(self.prf()?, sk_d, &seed, 2 * length)?;
        self.tell("KEYMAT", &stream);
        self.tell(FROM_INITIATOR, &stream[..length]);
        self.tell(FROM_RESPONDER, &stream[length..]);
        Ok(())
    }

    fn keys(
        &mut self,
        skeyseed: &[u8],
        nonces: &[Vec<u8>; 2],
        spis: &[u8],
        suffix: &str,
    ) -> Result<Keys, String> {
        let prf_id = self.prf()?;
        let own = prf(prf_id, b"", &[])?.len();
        let (encryption, integrity) = key_lengths(&self.conversation.ike)?;
        let lengths = [own, integrity, integrity, encryption, encryption, own, own];
        let seed = [&nonces.concat(), spis].concat();
        let stream = prf_plus(prf_id, skeyseed, &seed, lengths.iter().sum())?;
        let mut rest = stream.as_slice();
        let keys = lengths.map(|length| {
            let (key, after) = rest.split_at(length);
            rest = after;
            key.to_vec()
        });
        for (name, key) in NAMES.iter().zip(&keys).filter(|(_, key)| !key.is_empty()) {
            self.tell(&format!("{name}{suffix}"), key);
        }
        Ok(keys)
    }

    /// The key exchange of the IKE SA with this number.
    fn agree(&mut self, number: usize, initiator: &[u8], responder: &[u8]) -> Result<Vec<u8>, String> {
        let methods = &self.conversation.ike.key_exchanges;
        let id = *methods.get(number).ok_or("more key exchanges than there should be")?;
        self.exchange(id, initiator, responder)
    }

    /// The next key exchange, whose KE payloads these are.
    fn exchange(&mut self, id: u16, initiator: &[u8], responder: &[u8]) -> Result<Vec<u8>, String> {
        let private = |end: &super::format::End| {
            end.private.get(self.agreed).map(|octets| octets.0.clone()).ok_or("a private value is missing")
        };
        let (a, b) = (private(&self.conversation.initiator)?, private(&self.conversation.responder)?);
        self.agreed += 1;
        let Agreement { public, shared } = agree(id, &a, &b)?;
        // The number of the method and two reserved octets come first (RFC 7296 §3.4).
        let written = public.map(|public| [&id.to_be_bytes()[..], &[0, 0], &public].concat());
        match written[0] == initiator && written[1] == responder {
            true => Ok(shared),
            false => Err(format!("the public values of key exchange {id} are others")),
        }
    }

    fn prf(&self) -> Result<u16, String> {
        self.conversation.ike.prf.ok_or_else(|| "an IKE SA without a PRF".to_owned())
    }

    fn tell(&mut self, name: &str, value: &[u8]) {
        self.known.values.insert(name.to_owned(), Octets(value.to_vec()));
    }
}

/// The key material of a child for the packets of the exchange's initiator.
pub(super) const FROM_INITIATOR: &str = "KEYMAT, initiator to responder";
/// And for those of its responder.
pub(super) const FROM_RESPONDER: &str = "KEYMAT, responder to initiator";

impl Asked {
    fn for_nothing() -> Self {
        Self {
            nonce: Vec::new(),
            spi: Vec::new(),
            ike: false,
            nonce_r: Vec::new(),
            spi_r: Vec::new(),
            secrets: Vec::new(),
        }
    }

    /// With a KE payload, which waits among the secrets for its answer.
    fn for_key(public: &[u8]) -> Self {
        Self { secrets: vec![public.to_vec()], ..Self::for_nothing() }
    }
}
