//! What signatures are worth: who made one that holds, why another is none, and what all of an artifact's come to.

use super::key::{Kind, UpstreamKey};
use crate::artifact::Digest;
use jiff::Timestamp;
use std::fmt;

/// Why nobody judged a signature for which no key and no identity was given.
const NOBODY: &str = "no key and no identity of the policy is for it";

/// Who made a signature that holds, as a policy knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    /// What the policy calls the key or identity.
    pub name: String,
    /// What they are known by.
    pub means: Means,
    /// What they say with it, where the form has several things to say.
    pub says: Option<String>,
}

/// What publishers are known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Means {
    /// A key that they keep.
    Key {
        /// What signatures it makes.
        kind: Kind,
        /// Its fingerprint.
        fingerprint: String,
    },
    /// An identity, for whose signature a certificate stood.
    Identity {
        /// Who it is, by the certificate.
        identity: String,
        /// Who says so.
        issuer: String,
        /// When it was made, as a log of signatures or an authority of timestamps signed it, in seconds since 1970.
        time: i64,
        /// SHA-256 of the trusted root that it was judged by.
        root: Digest,
    },
}

impl fmt::Display for By {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.means {
            Means::Key { kind, fingerprint } => write!(out, "{} ({}, {fingerprint})", self.name, kind.word())?,
            Means::Identity { identity, issuer, time, .. } => {
                let time = Timestamp::from_second(*time).map(|time| time.to_string()).unwrap_or_default();
                let kind = Kind::Keyless.word();
                write!(out, "{} ({kind}, {identity:.300}, known to {issuer:.200}, at {time})", self.name)?;
            }
        }
        self.says.as_ref().map_or(Ok(()), |says| write!(out, ", {says}"))
    }
}

/// The forms in which signatures are carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scheme {
    /// Attestations of a file, as an index has them (PEP 740).
    Provenance,
    /// A Sigstore bundle.
    Bundle,
    /// An envelope (DSSE) by itself, and the manifest whose layer it is.
    Envelope,
    /// A payload of simple signing, and the manifest whose layer it is.
    SimpleSigning,
    /// A clear-signed text.
    ClearSigned,
    /// It could not be seen which.
    Unknown,
}

impl Scheme {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Provenance => "provenance",
            Self::Bundle => "sigstore-bundle",
            Self::Envelope => "dsse-envelope",
            Self::SimpleSigning => "simple-signing",
            Self::ClearSigned => "clear-signed",
            Self::Unknown => "unknown",
        }
    }
}

/// What one signature is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Worth {
    /// Nobody judged it, and why not.
    Unjudged(String),
    /// It is named, and what would be judged is not here.
    NotHere(String),
    /// It is by nobody who was named, or of something else: why.
    Wrong(String),
    /// It holds.
    Valid(By),
}

impl Worth {
    /// By keys of which one has to have made it; where there is none, nobody judges it.
    pub fn judged(keys: &[&UpstreamKey], judge: impl FnOnce() -> Result<By, String>) -> Self {
        if keys.is_empty() {
            return Self::Unjudged(NOBODY.to_owned());
        }
        judge().map_or_else(Self::Wrong, Self::Valid)
    }
}

/// What was made of a signature or attestation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What it is worth.
    pub worth: Worth,
    /// Whether it stands for its publisher's signature. An attestation only says something about the artifact, but where the policy takes it for one.
    pub signs: bool,
}

impl Verdict {
    /// Of what can only be a signature.
    pub const fn signature(worth: Worth) -> Self {
        Self { worth, signs: true }
    }
}

/// A signature or attestation that is carried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// Its form.
    pub scheme: Scheme,
    /// The blobs that it is in: what was signed first, then what holds the signature, where these are two.
    pub blobs: Vec<Digest>,
    /// Which it is of those that are in there, from 0.
    pub at: usize,
    /// What it is worth, and as what.
    pub verdict: Verdict,
}

/// What was looked at of how its publisher signed an artifact.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Looked {
    /// Each signature that is carried.
    pub signatures: Vec<Carried>,
    /// How many further ones nobody looked at.
    pub left: usize,
    /// As what it has to be signed, where the form says it.
    pub place: Option<String>,
    /// Why none of the keys could judge anything, where it is so.
    pub none: Option<String>,
}

impl Looked {
    /// Nothing that could be judged.
    pub fn nothing(why: impl Into<String>) -> Self {
        Self { none: Some(why.into()), ..Self::default() }
    }

    /// Those that stand for a signature.
    pub fn signing(&self) -> impl Iterator<Item = &Carried> {
        self.signatures.iter().filter(|one| one.verdict.signs)
    }

    /// What all of it comes to for who has keys that are for the artifact. Of several signatures one that holds is enough: others may be by
    /// people who were not named.
    pub fn judgement(&self) -> Judgement {
        if let Some(why) = &self.none {
            return Judgement::Missing(why.clone());
        }
        let (mut by, mut wrong, mut not_here) = (Vec::new(), Vec::new(), Vec::new());
        for signature in self.signing() {
            match &signature.verdict.worth {
                Worth::Valid(key) if !by.contains(&key.to_string()) => by.push(key.to_string()),
                Worth::Valid(_) | Worth::Unjudged(_) => {}
                Worth::Wrong(why) => wrong.push(why.clone()),
                Worth::NotHere(why) => not_here.push(why.clone()),
            }
        }
        if self.left > 0 {
            wrong.push(format!("{} further signatures were not looked at", self.left));
        }
        if !by.is_empty() {
            return Judgement::Verified(by);
        }
        match not_here.first() {
            Some(why) if not_here.len() > 1 => Judgement::NotHere(format!("{why}, nor are {} others", not_here.len() - 1)),
            Some(why) => Judgement::NotHere(why.clone()),
            None if !wrong.is_empty() => Judgement::Wrong(wrong),
            None => Judgement::Missing(match self.signatures.len() - self.signing().count() {
                0 => "no signature is carried".to_owned(),
                count => format!("no signature is carried: {count} attestations are, which the policy takes for none"),
            }),
        }
    }
}

/// What keys say of how its publisher signed an artifact.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Judgement {
    /// No key is for it.
    #[default]
    Unkeyed,
    /// Keys are for it, and what they would judge is not here.
    NotHere(String),
    /// Keys are for it, and nothing is carried that they could judge.
    Missing(String),
    /// Signatures are carried, and none is by a key that is for it and of this very content: why, for each that was looked at.
    Wrong(Vec<String>),
    /// Who signed it: each key that did.
    Verified(Vec<String>),
}
