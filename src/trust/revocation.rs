//! `docs/formats/trust.md`, "Revocation": one key says that a key counts no more. Small enough to be typed, and to be one QR code.

use super::judge::{REVOKE, SignatureFile};
use super::public::PublicKey;
use super::revoked::{Reason, Revoked, WireLastGood, fingerprint, key_digest};
use super::root::{Role, TrustRoot};
use super::sequence::Mark;
use super::sshsig::Signature;
use crate::artifact::{Digest, Limits, parse_versioned, read_typed, typed_rows};
use crate::error::{Error, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Longest revocation document, in bytes.
pub const MAX_REVOCATION_BYTES: usize = 4096;
/// Most revocations that are kept or carried beside the roots.
pub const MAX_REVOCATIONS: usize = 64;
/// Most bytes of the packed form: what one QR code holds and a person types.
const MOST_PACKED: usize = 512;
const VERSION: u32 = 1;

/// What a revocation says, before it is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevocationTerms {
    /// Name of the trust domain.
    pub domain: String,
    /// The newest root its maker knows: what the key signed up to there is not in question.
    pub root: Digest,
    /// The key and what it still counts for.
    pub revoked: Revoked,
    /// When it was made, as its maker claims.
    pub time: Timestamp,
}

/// A revocation whose signature was made by somebody who may revoke; only [`Revocation::judge`] and what packs and unpacks it make it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    terms: RevocationTerms,
    bytes: Vec<u8>,
    signer: PublicKey,
    /// Who the root says signed.
    by: String,
    armour: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Wire {
    airlift_revoke: u32,
    domain: String,
    key: String,
    last_good: Vec<WireLastGood>,
    reason: String,
    root: String,
    time: String,
}

impl RevocationTerms {
    /// The bytes to sign: one form only.
    pub fn to_bytes(&self) -> Vec<u8> {
        let wire = Wire {
            airlift_revoke: VERSION,
            domain: self.domain.clone(),
            key: self.revoked.fingerprint(),
            last_good: self.revoked.last_good.iter().map(WireLastGood::from_domain).collect(),
            reason: self.revoked.reason.name().to_owned(),
            root: self.root.hex(),
            time: self.time.to_string(),
        };
        let mut bytes = serde_json::to_vec(&wire).expect("a revocation has string keys only");
        bytes.push(b'\n');
        bytes
    }

    /// Reads a document. It must have the one form in which it is written, so that the typed form gives the same bytes.
    fn parse(bytes: &[u8]) -> Result<Self> {
        let limits = Limits { bytes: MAX_REVOCATION_BYTES, depth: 4 };
        let wire: Wire = parse_versioned("the revocation", bytes, limits, "airlift-revoke", VERSION)?;
        let wrong = |what: &str| Error::verification(format!("the revocation is refused: {what}"));
        let terms = Self {
            root: Digest::from_hex(&wire.root).map_err(|_| wrong("`root` is not a SHA-256 digest"))?,
            revoked: Revoked {
                key: key_digest(&wire.key)?,
                reason: Reason::named(&wire.reason)?,
                last_good: wire.last_good.into_iter().map(WireLastGood::into_domain).collect::<Result<_>>()?,
            },
            time: wire.time.parse().map_err(|_| wrong("`time` is not a time"))?,
            domain: wire.domain,
        };
        terms.check()?;
        if terms.to_bytes() != bytes {
            return Err(wrong("it is not written in its one form"));
        }
        Ok(terms)
    }

    fn check(&self) -> Result<()> {
        super::root::check_word("the name of the trust domain", &self.domain)?;
        self.revoked.check()?;
        if self.time.subsec_nanosecond() != 0 {
            return Err(Error::verification("the revocation is refused: its time has fractions of a second"));
        }
        let packed = pack(self, &[0; 8], &[0; 70]).len();
        if packed > MOST_PACKED {
            return Err(Error::verification("the revocation is too long for one code")
                .with("expected", format!("at most {MOST_PACKED} bytes"))
                .with("found", format!("{packed} bytes"))
                .hint(
                    "name the last good bundle of fewer lines: whatever is not named is refused, and can be signed again by another key",
                ));
        }
        Ok(())
    }
}

impl Revocation {
    /// Judges a document by the signature beside it: it must fit, and its key must be one of the role `root` or `revoke`, or the revoked key
    /// itself. One is enough: a delay costs more than a false revocation, which costs a rotation. A revoked key can still revoke; two that
    /// revoke each other are both gone.
    pub fn judge(root: &TrustRoot, bytes: &[u8], armour: &[u8]) -> Result<Self> {
        let signed = Signature::parse(armour)?.verify(REVOKE, bytes)?;
        let terms = RevocationTerms::parse(bytes)?;
        if terms.domain != root.terms().name {
            return Err(Error::verification("the revocation is of another trust domain")
                .with("expected", &root.terms().name)
                .with("found", &terms.domain));
        }
        let by = root.may_revoke(&signed, &terms.revoked.key)?;
        Ok(Self { terms, bytes: bytes.to_vec(), signer: signed.key, by, armour: armour.to_vec() })
    }

    /// What is said against the key.
    pub fn revoked(&self) -> &Revoked {
        &self.terms.revoked
    }

    /// Everything it says.
    pub fn terms(&self) -> &RevocationTerms {
        &self.terms
    }

    /// Who signed it, and with which key.
    pub fn by(&self) -> (&str, &PublicKey) {
        (&self.by, &self.signer)
    }

    /// Its two files as they are kept and travel: the document and its signature.
    pub fn files(&self) -> [SignatureFile; 2] {
        let stem = stem(&self.bytes);
        let signature = super::judge::signature_name(&stem, &self.by, &self.signer);
        [(signature, self.armour.clone()), (format!("{stem}.json"), self.bytes.clone())]
    }

    /// Document and signature in one text that a person can type and a QR code can hold.
    pub fn text(&self) -> Result<String> {
        let raw = Signature::parse(&self.armour)?.packed();
        Ok(typed_rows(&pack(&self.terms, &short(&self.signer), &raw)))
    }

    /// Reads that text; the signer's key is looked up among the keys of the roots.
    pub fn from_text(root: &TrustRoot, keys: &[PublicKey], text: &str) -> Result<Self> {
        let (terms, signer, raw) = unpack(&read_typed(text)?).ok_or_else(|| {
            Error::verification("the typed text is not a revocation").hint("type it again from its first row, or scan the code")
        })?;
        let key = keys.iter().find(|key| short(key) == signer).ok_or_else(|| {
            Error::verification("the revocation is signed by a key that no accepted root knows")
                .with("found", data_encoding::HEXLOWER.encode(&signer))
                .with("trust root", root.label())
        })?;
        let armour = Signature::unpacked(key, REVOKE, &raw)
            .ok_or_else(|| Error::verification("the revocation is signed by another kind of key than the root has under its name"))?;
        Self::judge(root, &terms.to_bytes(), armour.as_bytes())
    }
}

impl TrustRoot {
    /// Who revokes, when the key that signed may: any of the roles `root` and `revoke`, or the revoked key itself.
    fn may_revoke(&self, signed: &super::sshsig::Signed, key: &Digest) -> Result<String> {
        let refused = |why: &str| {
            Error::verification(format!("the revocation does not count: {why}"))
                .with("signed by", signed.key.fingerprint())
                .with(
                    "expected",
                    format!(
                        "one key of {}, or the revoked key itself",
                        [self.people(Role::Root), self.people(Role::Revoke)].concat().join(", ")
                    ),
                )
                .with("trust root", self.label())
        };
        let (principal, held) = self.holder(&signed.key).ok_or_else(|| refused("this root does not know the key that signed it"))?;
        let touched = signed.token.is_none_or(|token| token.presence);
        if touched && signed.key.id() == *key {
            return Ok(principal.name.clone());
        }
        let rules = self.rules(Role::Root).iter().chain(self.rules(Role::Revoke));
        let mut rules = rules.filter(|rule| rule.principals.contains(&principal.name)).peekable();
        if rules.peek().is_none() {
            return Err(refused("whoever signed it may not revoke other keys"));
        }
        match rules.any(|rule| rule.admits(held.custody, signed.token).is_ok()) {
            true => Ok(principal.name.clone()),
            false => Err(refused("the token was not touched, its PIN not given, or the key is kept in another way than the role asks")),
        }
    }
}

/// `revoke.<first 16 hex digits of the document's SHA-256>`.
pub(super) fn stem(bytes: &[u8]) -> String {
    format!("revoke.{}", &Digest::of(bytes).hex()[..16])
}

fn short(key: &PublicKey) -> [u8; 8] {
    let mut out = [0; 8];
    out.copy_from_slice(&key.id().as_bytes()[..8]);
    out
}

/// `docs/formats/trust.md`, "Typed form": the same facts without names of members.
fn pack(terms: &RevocationTerms, signer: &[u8; 8], signature: &[u8]) -> Vec<u8> {
    let mut out = vec![VERSION as u8];
    out.extend_from_slice(signer);
    put(&mut out, signature);
    out.extend_from_slice(terms.revoked.key.as_bytes());
    out.extend_from_slice(terms.root.as_bytes());
    out.push(Reason::ALL.iter().position(|r| *r == terms.revoked.reason).unwrap_or(0) as u8);
    out.extend_from_slice(&terms.time.as_second().to_be_bytes());
    put(&mut out, terms.domain.as_bytes());
    out.push(terms.revoked.last_good.len() as u8);
    for good in &terms.revoked.last_good {
        put(&mut out, good.name.as_bytes());
        put(&mut out, good.line.as_bytes());
        put(&mut out, &number(good.epoch));
        put(&mut out, &number(good.seq));
        out.extend_from_slice(good.id.as_bytes());
    }
    out
}

/// A string with its length in one byte; names have no more than 64.
fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(bytes.len() as u8);
    out.extend_from_slice(bytes);
}

/// Big-endian without leading zeros.
fn number(n: u64) -> Vec<u8> {
    n.to_be_bytes().into_iter().skip_while(|b| *b == 0).collect()
}

fn unpack(bytes: &[u8]) -> Option<(RevocationTerms, [u8; 8], Vec<u8>)> {
    let mut rest = Front(bytes);
    if rest.byte()? != VERSION as u8 {
        return None;
    }
    let signer = rest.take(8)?.try_into().ok()?;
    let signature = rest.string()?.to_vec();
    let key = rest.digest()?;
    let root = rest.digest()?;
    let reason = *Reason::ALL.get(usize::from(rest.byte()?))?;
    let time = Timestamp::from_second(i64::from_be_bytes(rest.take(8)?.try_into().ok()?)).ok()?;
    let domain = rest.text()?;
    let mut last_good = Vec::new();
    for _ in 0..rest.byte()? {
        last_good.push(Mark { name: rest.text()?, line: rest.text()?, epoch: rest.number()?, seq: rest.number()?, id: rest.digest()? });
    }
    let terms = RevocationTerms { domain, root, revoked: Revoked { key, reason, last_good }, time };
    rest.0.is_empty().then_some((terms, signer, signature))
}

struct Front<'a>(&'a [u8]);

impl<'a> Front<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(head)
    }

    fn byte(&mut self) -> Option<u8> {
        Some(self.take(1)?[0])
    }

    fn string(&mut self) -> Option<&'a [u8]> {
        let length = self.byte()?;
        self.take(usize::from(length))
    }

    fn text(&mut self) -> Option<String> {
        String::from_utf8(self.string()?.to_vec()).ok()
    }

    fn digest(&mut self) -> Option<Digest> {
        Some(Digest::from_bytes(self.take(32)?.try_into().ok()?))
    }

    fn number(&mut self) -> Option<u64> {
        let bytes = self.string()?;
        let n = bytes.iter().try_fold(0u64, |n, b| n.checked_mul(256)?.checked_add(u64::from(*b)))?;
        (number(n) == bytes).then_some(n)
    }
}

/// The revoked key in a line for people.
pub fn told(revoked: &Revoked) -> String {
    format!("{} ({})", fingerprint(&revoked.key), revoked.reason.name())
}
