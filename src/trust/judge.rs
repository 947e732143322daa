//! Judging signatures by a trust root: people are counted, not signatures, and what was judged comes back as proof.

use super::root::{Custody, Role, TrustRoot};
use super::sshsig::{Signature, Signed, Token};
use crate::artifact::Digest;
use crate::error::{Error, Result};
use std::collections::BTreeSet;

/// What bundle signers sign in.
pub const BUNDLE: &str = "bundle.v1@airlift";
/// What root signers sign in.
pub const ROOT: &str = "root.v1@airlift";
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
}

impl Tally {
    /// How many distinct people signed.
    pub fn people(&self) -> usize {
        self.signers.iter().map(|s| s.principal.as_str()).collect::<BTreeSet<_>>().len()
    }

    /// How many more people have to sign.
    pub fn missing(&self) -> usize {
        self.threshold.saturating_sub(self.people())
    }
}

impl TrustRoot {
    /// Judges the signatures (file name, content) over a message. [`Kind::Verification`](crate::error::Kind) when the role's threshold
    /// of people is not reached, and whenever [`TrustRoot::tally`] fails.
    pub fn judge(&self, role: Role, namespace: &str, message: &[u8], signatures: &[SignatureFile]) -> Result<Judged> {
        let tally = self.tally(role, namespace, message, signatures)?;
        if tally.missing() > 0 {
            return Err(self.too_few(role, &tally));
        }
        Ok(Judged { message: Digest::of(message), root: self.fingerprint(), tally })
    }

    /// Counts the signatures over a message. Every one must be well-formed and fit the message, or the set is damaged; those of keys
    /// without the role are listed and not counted.
    pub fn tally(&self, role: Role, namespace: &str, message: &[u8], signatures: &[SignatureFile]) -> Result<Tally> {
        if signatures.len() > MAX_SIGNATURES {
            return Err(Error::verification("too many signatures").with("expected", format!("at most {MAX_SIGNATURES}")));
        }
        let mut tally = Tally { threshold: self.rule(role).threshold, signers: vec![], uncounted: vec![] };
        for (file, armour) in signatures {
            let signed = Signature::parse(armour).and_then(|s| s.verify(namespace, message)).map_err(|e| e.about(file))?;
            match self.admit(role, &signed) {
                Ok(counted) if tally.signers.contains(&counted) => {}
                Ok(counted) => tally.signers.push(counted),
                Err(why) => tally.uncounted.push(Uncounted { file: file.clone(), fingerprint: signed.key.fingerprint(), why }),
            }
        }
        Ok(tally)
    }

    fn admit(&self, role: Role, signed: &Signed) -> std::result::Result<Counted, Why> {
        let (principal, held) = self.holder(&signed.key).ok_or(Why::UnknownKey)?;
        if !self.rule(role).principals.contains(&principal.name) {
            return Err(Why::NotInRole(principal.name.clone()));
        }
        // Stock tools accept an authenticator's signature without a touch, which any program on the signer's machine could have caused.
        if signed.token.is_some_and(|token| !token.presence) {
            return Err(Why::NotPresent(principal.name.clone()));
        }
        Ok(Counted { principal: principal.name.clone(), fingerprint: signed.key.fingerprint(), custody: held.custody, token: signed.token })
    }

    fn too_few(&self, role: Role, tally: &Tally) -> Error {
        let Tally { threshold, signers, uncounted } = tally;
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
        made.with("expected", format!("{threshold} of {} ({})", self.rule(role).principals.join(", "), role.name()))
            .with("trust root", format!("{} {}", self.label(), self.fingerprint().spoken()))
            .hint("a signer adds a signature with: airlift sign")
    }
}

impl Uncounted {
    /// One line for a person.
    pub fn explain(&self, role: Role) -> String {
        match &self.why {
            Why::UnknownKey => format!("{}: a key this root does not know ({})", self.fingerprint, self.file),
            Why::NotInRole(who) => format!("{}: {who} is not in the role `{}` ({})", self.fingerprint, role.name(), self.file),
            Why::NotPresent(who) => format!("{}: the token of {who} was not touched ({})", self.fingerprint, self.file),
        }
    }
}

/// The name of a signature file: `DOCUMENT.PRINCIPAL.FP16.sshsig`, as in `bundle.alice.0123456789abcdef.sshsig`. A name for people; no
/// reader takes anything from it.
pub fn signature_name(document: &str, principal: &str, key: &super::PublicKey) -> String {
    format!("{document}.{principal}.{}.sshsig", key.short())
}
