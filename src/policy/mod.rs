//! What a receiving host asks of a bundle beyond signatures and order, and the approvals of its people: pure functions over facts.
//!
//! In: the policy file a site wrote, facts about a bundle that is authentic already, approval documents. Out: findings by rule, the
//! review that approvers sign for, and whether enough of them did. Nothing here reads a clock, a store or a medium; the normative
//! document is `docs/formats/policy.md`.

mod approval;
mod format;
pub mod gate;
mod review;
mod rules;

pub use approval::{APPROVE, Approval, Decision, MAX_APPROVAL_BYTES};
pub use format::{MAX_POLICY_BYTES, Policy};
pub use review::{Review, Reviewed, Signer};
pub use rules::{Facts, Finding, Outcome, refusals};
