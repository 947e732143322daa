//! Judging signatures by a trust root: people are counted, not signatures, and what was judged comes back as proof.

use super::revoked::Reason;
use super::root::{Custody, Presence, Role, Rule, TrustRoot};
use super::sshsig::{Signature, Signed, Token};
use crate::artifact::Digest;
use crate::error::{Error, Result};
use std::collections::BTreeSet;

/// What bundle signers sign in.
pub const BUNDLE: &str = "bundle.v1@airlift";
/// What root signers sign in.
pub const ROOT: &str = "root.v1@airlift";
/// What revokers sign in.
pub const REVOKE: &str = "revoke.v1@airlift";
/// Most signatures that are looked at.
pub const MAX_SIGNATURES: usize = 256;

/// A signature as it lies on a medium: file name and content.
pub type SignatureFile = (String, Vec<u8>);

/// Proof that enough people signed exact bytes; only [`TrustRoot::judge`] makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Judged {
    /// SHA-256 of what was signed.
    pub message: Digest,
    /// SHA-256 of the root that judged.
    pub root: Digest,
    /// The signatures it was judged by.
    pub tally: Tally,
}

/// Signatures that fit a message, counted; says nothing about whether they are enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// How many people the role needs.
    pub threshold: usize,
    /// Every signature that counts, in the order given.
    pub signers: Vec<Counted>,
    /// Signatures that fit and yet do not count.
    pub uncounted: Vec<Uncounted>,
    /// The same for each rule of the role, in the root's order.
    pub rules: Vec<RuleCount>,
}

/// How far a rule is met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleCount {
    /// How many people it needs.
    pub threshold: usize,
    /// Who signed and counts for it.
    pub people: BTreeSet<String>,
}

impl RuleCount {
    /// How many more people have to sign.
    pub fn missing(&self) -> usize {
        self.threshold.saturating_sub(self.people.len())
    }
}

/// A signature that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// Who.
    pub principal: String,
    /// With which key, as `ssh-keygen -l` prints it.
    pub fingerprint: String,
    /// How the root says the key is kept.
    pub custody: Custody,
    /// For FIDO2 keys: presence and PIN.
    pub token: Option<Token>,
}

/// A signature that fits the bytes and does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uncounted {
    /// The signature's file name.
    pub file: String,
    /// The key, as `ssh-keygen -l` prints it.
    pub fingerprint: String,
    /// Why.
    pub why: Why,
}

/// Why a good signature does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// The root does not know the key.
    UnknownKey,
    /// The root knows whose key it is, and that principal has another role.
    NotInRole(String),
    /// The FIDO2 authenticator of that principal was not touched.
    NotPresent(String),
    /// The PIN of that principal's authenticator was not given, and the role asks for it.
    NoPin(String),
    /// The key of that principal is kept in another way than the role asks.
    KeptElsewhere(String),
    /// That principal has counted in this other role for the same bundle.
    NotDistinct(String, Role),
    /// The key of that principal was revoked.
    Revoked(String, Reason),
}

impl Tally {
    /// How many distinct people signed: for the rule that is nearest to being met, where there are several.
    pub fn people(&self) -> usize {
        self.nearest().map_or(0, |rule| rule.people.len())
    }

    /// How many more people have to sign before anything of the document is believed.
    pub fn missing(&self) -> usize {
        self.nearest().map_or(self.threshold, RuleCount::missing)
    }

    fn nearest(&self) -> Option<&RuleCount> {
        self.rules.iter().min_by_key(|rule| rule.missing())
    }
}

impl TrustRoot {
    /// Judges the signatures (file name, content) over a message. [`Kind::Verification`](crate::error::Kind) when the role's threshold
    /// of people is not reached (of a role with several rules, none is met), and whenever [`TrustRoot::tally`] fails.
    pub fn judge(&self, role: Role, namespace: &str, message: &[u8], signatures: &[SignatureFile]) -> Result<Judged> {
        self.judged(role, message, self.tally(role, namespace, message, signatures)?)
    }

    /// The same for a role whose people must be others than those who counted in some roles for the same bundle.
    pub fn judge_apart(&self, role: Role, message: &[u8], signatures: &[SignatureFile], others: &[(Role, &Tally)]) -> Result<Judged> {
        self.judged(role, message, self.count(role, role.namespace(), message, signatures, others)?)
    }

    /// Counts the signatures of a role whose people must be others than those who counted in some roles for the same bundle.
    pub fn tally_apart(&self, role: Role, message: &[u8], signatures: &[SignatureFile], others: &[(Role, &Tally)]) -> Result<Tally> {
        self.count(role, role.namespace(), message, signatures, others)
    }

    fn judged(&self, role: Role, message: &[u8], tally: Tally) -> Result<Judged> {
        if tally.missing() > 0 {
            return Err(self.too_few(role, &tally));
        }
        Ok(Judged { message: Digest::of(message), root: self.fingerprint(), tally })
    }

    /// Counts the signatures over a message. Every one must be well-formed and fit the message, or the set is damaged; those of keys
    /// without the role are listed and not counted.
    pub fn tally(&self, role: Role, namespace: &str, message: &[u8], signatures: &[SignatureFile]) -> Result<Tally> {
        self.count(role, namespace, message, signatures, &[])
    }

    fn count(&self, role: Role, namespace: &str, message: &[u8], files: &[SignatureFile], others: &[(Role, &Tally)]) -> Result<Tally> {
        if files.len() > MAX_SIGNATURES {
            return Err(Error::verification("too many signatures").with("expected", format!("at most {MAX_SIGNATURES}")));
        }
        let rules = self.rules(role);
        if rules.is_empty() {
            return Err(Error::verification(format!("the trust root has no role `{}`", role.name())).with("trust root", self.label()));
        }
        let counts = rules.iter().map(|rule| RuleCount { threshold: rule.threshold, people: BTreeSet::new() }).collect();
        let mut tally = Tally { threshold: 0, signers: vec![], uncounted: vec![], rules: counts };
        let id = Digest::of(message);
        for (file, armour) in files {
            let signed = Signature::parse(armour).and_then(|s| s.verify(namespace, message)).map_err(|e| e.about(file))?;
            match self.admit(role, &signed, &id, others, &mut tally.rules) {
                Ok(counted) if tally.signers.contains(&counted) => {}
                Ok(counted) => tally.signers.push(counted),
                Err(why) => tally.uncounted.push(Uncounted { file: file.clone(), fingerprint: signed.key.fingerprint(), why }),
            }
        }
        tally.threshold = tally.nearest().map_or(0, |rule| rule.threshold);
        Ok(tally)
    }

    /// Counts a signature for every rule that takes it; without one, why the first does not.
    fn admit(
        &self,
        role: Role,
        signed: &Signed,
        message: &Digest,
        others: &[(Role, &Tally)],
        counts: &mut [RuleCount],
    ) -> std::result::Result<Counted, Why> {
        let (principal, held) = self.holder(&signed.key).ok_or(Why::UnknownKey)?;
        let who = &principal.name;
        if let Some(revoked) = self.revoked_for(&signed.key, message) {
            return Err(Why::Revoked(who.clone(), revoked.reason));
        }
        let mut refused = None;
        let mut counted = false;
        for (rule, count) in self.rules(role).iter().zip(counts).filter(|(rule, _)| rule.principals.contains(who)) {
            match rule.admits(held.custody, signed.token).and_then(|()| rule.is_apart(who, others)) {
                Ok(()) => {
                    count.people.insert(who.clone());
                    counted = true;
                }
                Err(why) => refused = refused.or(Some(why.of(who))),
            }
        }
        if !counted {
            return Err(refused.unwrap_or_else(|| Why::NotInRole(who.clone())));
        }
        Ok(Counted { principal: who.clone(), fingerprint: signed.key.fingerprint(), custody: held.custody, token: signed.token })
    }

    fn too_few(&self, role: Role, tally: &Tally) -> Error {
        let Tally { threshold, signers, uncounted, .. } = tally;
        let have = tally.people();
        let made = match (have, uncounted.as_slice()) {
            (0, []) => Error::verification("unsigned"),
            (0, all) if all.iter().all(|u| u.why == Why::UnknownKey) => {
                let keys: Vec<&str> = all.iter().map(|u| u.fingerprint.as_str()).collect();
                Error::verification(format!("signed by keys this root does not know: {}", keys.join(", ")))
            }
            _ => Error::verification(format!("signed by {have} of {threshold} signers")),
        };
        let made = signers.iter().fold(made, |e, s| e.with("signed by", format!("{} {}", s.principal, s.fingerprint)));
        let made = uncounted.iter().fold(made, |e, u| e.with("not counted", u.explain(role)));
        let made = self.rules(role).iter().fold(made, |e, rule| e.with("expected", format!("{} ({})", rule.needs(), role.name())));
        made.with("trust root", format!("{} {}", self.label(), self.fingerprint().spoken()))
            .hint("a signer adds a signature with: airlift sign")
    }
}

/// Why a rule does not take a key's signature, before it is known whose.
#[derive(Debug, Clone, Copy)]
pub(super) enum Untaken {
    NotPresent,
    NoPin,
    KeptElsewhere,
    NotDistinct(Role),
}

impl Untaken {
    fn of(self, who: &str) -> Why {
        let who = who.to_owned();
        match self {
            Self::NotPresent => Why::NotPresent(who),
            Self::NoPin => Why::NoPin(who),
            Self::KeptElsewhere => Why::KeptElsewhere(who),
            Self::NotDistinct(role) => Why::NotDistinct(who, role),
        }
    }
}

impl Rule {
    /// Whether it takes a signature of a key that is kept like this. Stock tools accept an authenticator's signature without a touch, which
    /// any program on the signer's machine could have caused.
    pub(super) fn admits(&self, custody: Custody, token: Option<Token>) -> std::result::Result<(), Untaken> {
        if token.is_some_and(|token| !token.presence) {
            return Err(Untaken::NotPresent);
        }
        if self.presence == Presence::Pin && token.is_some_and(|token| !token.pin) {
            return Err(Untaken::NoPin);
        }
        if self.takes(custody) { Ok(()) } else { Err(Untaken::KeptElsewhere) }
    }

    fn is_apart(&self, who: &str, others: &[(Role, &Tally)]) -> std::result::Result<(), Untaken> {
        let counted = |tally: &Tally| tally.signers.iter().any(|s| s.principal == who);
        match others.iter().find(|(role, tally)| self.distinct_from.contains(role) && counted(tally)) {
            Some((role, _)) => Err(Untaken::NotDistinct(*role)),
            None => Ok(()),
        }
    }
}

impl Uncounted {
    /// One line for a person.
    pub fn explain(&self, role: Role) -> String {
        match &self.why {
            Why::UnknownKey => format!("{}: a key this root does not know ({})", self.fingerprint, self.file),
            Why::NotInRole(who) => format!("{}: {who} is not in the role `{}` ({})", self.fingerprint, role.name(), self.file),
            Why::NotPresent(who) => format!("{}: the token of {who} was not touched ({})", self.fingerprint, self.file),
            Why::NoPin(who) => format!("{}: the PIN of {who}'s token was not given ({})", self.fingerprint, self.file),
            Why::KeptElsewhere(who) => format!("{}: the role does not take how {who} keeps it ({})", self.fingerprint, self.file),
            Why::NotDistinct(who, other) => format!("{}: {who} counts as `{}` already ({})", self.fingerprint, other.name(), self.file),
            Why::Revoked(who, reason) => {
                format!("{}: this key of {who} was revoked as {} ({})", self.fingerprint, reason.name(), self.file)
            }
        }
    }
}

/// The name of a signature file: `DOCUMENT.PRINCIPAL.FP16.sshsig`, as in `bundle.alice.0123456789abcdef.sshsig`. A name for people; no
/// reader takes anything from it.
pub fn signature_name(document: &str, principal: &str, key: &super::PublicKey) -> String {
    format!("{document}.{principal}.{}.sshsig", key.short())
}
