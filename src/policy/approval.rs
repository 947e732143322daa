//! `docs/formats/policy.md`, "Approval": what an approver signs, in the namespace `approve.v1@airlift`.

use crate::artifact::{Digest, Limits, parse_versioned};
use crate::error::{Error, Result, plain};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What approvers sign in.
pub const APPROVE: &str = "approve.v1@airlift";
/// Longest approval, in bytes.
pub const MAX_APPROVAL_BYTES: usize = 4096;
/// Longest reason, in bytes.
const LONGEST_REASON: usize = 1000;
const VERSION: u32 = 1;

/// What an approver decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// The bundle may be installed.
    Approve,
    /// It may not, whoever else approves it.
    Refuse,
    /// It is installed on one person's word; others approve it afterwards.
    BreakGlass,
}

impl Decision {
    /// The word in documents.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Refuse => "refuse",
            Self::BreakGlass => "break-glass",
        }
    }
}

/// One person's decision about one bundle, as it was shown to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// The bundle id.
    pub bundle: Digest,
    /// SHA-256 of the review they saw.
    pub review: Digest,
    /// Name of the trust domain.
    pub domain: String,
    /// What they decided.
    pub decision: Decision,
    /// Why; empty only where it is approved.
    pub reason: String,
    /// When, as they claim.
    pub created: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WireApproval {
    airlift_approval: u32,
    bundle: String,
    created: String,
    decision: Decision,
    domain: String,
    reason: String,
    review: String,
}

impl Approval {
    /// The bytes to sign: the same approval gives the same bytes.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let wire = WireApproval {
            airlift_approval: VERSION,
            bundle: self.bundle.hex(),
            created: self.created.to_string(),
            decision: self.decision,
            domain: self.domain.clone(),
            reason: self.reason.clone(),
            review: self.review.hex(),
        };
        let mut bytes = serde_json::to_vec_pretty(&wire).expect("an approval has string keys only");
        bytes.push(b'\n');
        Self::parse(&bytes).map(|_| bytes)
    }

    /// Reads an approval whose signature has been judged.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let limits = Limits { bytes: MAX_APPROVAL_BYTES, depth: 4 };
        let wire: WireApproval = parse_versioned("the approval", bytes, limits, "airlift-approval", VERSION)?;
        let digest = |member: &str, hex: &str| Digest::from_hex(hex).map_err(|e| refused(&format!("`{member}` is no SHA-256")).because(&e));
        let created = wire.created.parse::<Timestamp>().ok().filter(|t| t.to_string() == wire.created);
        let created = created.ok_or_else(|| refused("`created` is not a time").with("found", format!("{:.40}", wire.created)))?;
        if wire.reason.len() > LONGEST_REASON || plain(&wire.reason) != wire.reason {
            return Err(refused("its reason is too long or no plain text").with("expected", format!("at most {LONGEST_REASON} bytes")));
        }
        if wire.reason.trim().is_empty() && wire.decision != Decision::Approve {
            return Err(refused("it says no reason").with("expected", format!("a reason to {}", wire.decision.word())));
        }
        Ok(Self {
            bundle: digest("bundle", &wire.bundle)?,
            review: digest("review", &wire.review)?,
            domain: wire.domain,
            decision: wire.decision,
            reason: wire.reason,
            created,
        })
    }
}

fn refused(why: &str) -> Error {
    Error::verification(format!("the approval is refused: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn approval(decision: Decision, reason: &str) -> Approval {
        let digest = Digest::of(b"x");
        let created = "2026-01-01T00:00:00Z".parse().expect("a time");
        Approval { bundle: digest, review: digest, domain: "hospital".to_owned(), decision, reason: reason.to_owned(), created }
    }

    #[test]
    fn what_is_written_is_read() {
        for (decision, reason) in [(Decision::Approve, ""), (Decision::Refuse, "too new"), (Decision::BreakGlass, "the ward waits")] {
            let made = approval(decision, reason);
            assert_eq!(Approval::parse(&made.to_bytes().expect("bytes")).expect("an approval"), made);
        }
    }

    #[test]
    fn whoever_does_not_simply_approve_says_why() {
        for decision in [Decision::Refuse, Decision::BreakGlass] {
            assert!(approval(decision, " ").to_bytes().is_err());
        }
        assert!(approval(Decision::Approve, &"x".repeat(LONGEST_REASON + 1)).to_bytes().is_err());
        assert!(approval(Decision::Approve, "a\u{202e}b").to_bytes().is_err());
    }
}
