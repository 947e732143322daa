//! Trust (`docs/formats/trust.md`): who signed exact bytes, whether they may, and whether the bytes come in order.
//!
//! In: bytes and the signature files over them, a trust root that people accepted by its fingerprint, the marks of what was accepted
//! before. Out: [`Judged`], the proof that enough distinct people signed, and an [`Order`]. Signatures are SSHSIG and keys are OpenSSH's,
//! so `ssh-keygen` makes, checks and re-encrypts all of it. The pack, sign, verify and import steps, the `key` and `trust` commands and
//! `bundle` call it. Nothing but the signature armour is parsed before its signer is known; a key that is weak or written in two ways
//! cannot be constructed; secrets are wiped and have no `Debug`. It never asks a clock or the environment, never trusts on first use,
//! and never answers a question of trust with a boolean. Randomness is used in `key.rs` only.
//!
//! A [`Revocation`] needs one key and is small enough to be typed. A [`TrustRoot`] in memory carries the revocations its holder accepted
//! beside it, so whoever judges by it cannot forget them.

mod agent;
mod allowed_signers;
mod chain;
mod format;
mod judge;
mod key;
pub mod pinned;
mod public;
mod revocation;
mod revoked;
mod root;
mod scope;
mod sequence;
mod sshsig;
mod terms;
#[cfg(test)]
mod tests;
mod wire;

pub use agent::{Agent, AgentKey};
pub use allowed_signers::{allowed_signers, revoked_keys};
pub use chain::{Chain, MAX_ROOTS};
pub use judge::{BUNDLE, Counted, Judged, MAX_SIGNATURES, REVOKE, ROOT, RuleCount, SignatureFile, Tally, Uncounted, Why, signature_name};
pub use key::{Ask, PlainKeys, Protection, SecretKey, fresh_seed, public_path, read_public};
pub use public::{Algorithm, PublicKey};
pub use revocation::{MAX_REVOCATION_BYTES, MAX_REVOCATIONS, Revocation, RevocationTerms, told};
pub use revoked::{Reason, Revoked, fingerprint, key_digest};
pub use root::{Custody, HeldKey, MAX_ROOT_BYTES, Presence, Principal, Role, RootLimits, Rule, Terms, TrustRoot, check_word};
pub use scope::Scope;
pub use sequence::{Candidate, Gaps, LONGEST_STEP, Mark, Order, OrderRules, judge_sequence};
pub use sshsig::{MAX_SIGNATURE_BYTES, Signature, Signed, Signer, Token, sign};
