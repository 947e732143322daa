//! Signatures of publishers, judged by keys and identities that this side was given: whoever writes a policy says which signs what.
//!
//! In: keys and identities with the names of what they sign, the bytes of a signature as its publisher made it, the digest of what it has to be of. Out: a
//! [`Judgement`] that names the key, or says of each signature why it is none. Only what a key verifies counts: a signature that is there,
//! but is by nobody who was named, is worse than none. Nothing here reads a clock, a keyring or a network.

mod bundle;
mod key;
pub mod keyless;
pub mod openpgp;
mod pattern;
mod simple;
mod spki;
#[cfg(test)]
mod tests;

pub use bundle::{SIGSTORE_BUNDLE, dsse, judge as judge_bundle};
pub use key::{Kind, MAX_KEY_BYTES, UpstreamKey};
pub use pattern::Pattern;
pub use simple::{BUNDLE_ANNOTATION, CERTIFICATE_ANNOTATION, Keyless, SIGNATURE_ANNOTATION, SIMPLE_SIGNING, Signed};

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

impl Judgement {
    /// Of several signatures one that holds is enough: others may be by people who were not named.
    pub fn of(looked: Vec<Result<String, String>>) -> Self {
        let (mut by, mut wrong) = (Vec::new(), Vec::new());
        for one in looked {
            match one {
                Ok(key) if !by.contains(&key) => by.push(key),
                Ok(_) => {}
                Err(why) => wrong.push(why),
            }
        }
        match (by.is_empty(), wrong.is_empty()) {
            (false, _) => Self::Verified(by),
            (true, false) => Self::Wrong(wrong),
            (true, true) => Self::Missing("no signature is carried".to_owned()),
        }
    }
}
