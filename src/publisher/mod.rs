//! Signatures of publishers, judged by keys and identities that this side was given: whoever writes a policy says which signs what.
//!
//! In: keys and identities with the names of what they sign, the bytes of a signature as its publisher made it, the digest of what it has to be of. Out: what
//! each signature is worth, and a [`Judgement`] that names the key, or says of each why it is none. Only what a key verifies counts: a signature that is there,
//! but is by nobody who was named, is worse than none. Nothing here reads a clock, a keyring or a network.

mod bundle;
mod envelope;
mod key;
pub mod keyless;
pub mod openpgp;
mod pattern;
mod simple;
mod spki;
#[cfg(test)]
mod tests;
mod worth;

pub use bundle::{SIGSTORE_BUNDLE, judge as judge_bundle};
pub use envelope::{DSSE_ENVELOPE, dsse, judge_envelope};
pub use key::{Kind, MAX_KEY_BYTES, UpstreamKey};
pub use pattern::Pattern;
pub use simple::{BUNDLE_ANNOTATION, CERTIFICATE_ANNOTATION, Keyless, SIGNATURE_ANNOTATION, SIMPLE_SIGNING, Signed};
pub use worth::{By, Carried, Judgement, Looked, Means, Scheme, Verdict, Worth};
