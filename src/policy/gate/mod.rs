//! Gates: the rules of a policy that are about artifacts, over neutral facts of each. The same rules hold wherever something is built,
//! verified or imported.
//!
//! In: the tables `[artifacts]`, `[advisories]`, `[[upstream-key]]` and `[[exception]]` of a policy, one [`Subject`] for each artifact, what time it is. Out:
//! [`Gated`], with everything that was found by rule, and what was let through by whom; its forms as JSON, SARIF and JUnit. What was not
//! looked at is said not to have been assessed, and never passes.

mod document;
mod exceptions;
mod facts;
mod gated;
mod judge;
mod junit;
mod kept;
mod keys;
mod licences;
pub mod rules;
mod sarif;
mod signed;
mod terms;
#[cfg(test)]
mod tests;

pub use document::document;
pub use exceptions::{Exception, Standing};
pub use facts::{
    Advised, Consulted, Contained, Formats, Grade, Inside, Licences, Look, Package, Scanned, Share, Subject, Weakness, Weight,
};
pub use gated::{Excepted, Gated, Hit, MOST_FINDINGS, Ruled};
pub use judge::Asked;
pub use junit::junit;
pub use kept::{Kept, read};
pub use rules::Rule;
pub use sarif::sarif;
pub use terms::{Advisories, Artifacts, Choice, LicenceTerms, Signed, Terms};

pub(super) use exceptions::WireException;
pub(super) use keys::{WireIdentity, WireKey, WireKeys, WireRoot};
pub(super) use terms::{WireAdvisories, WireArtifacts};

/// How old advisories may be where no policy says it, in days.
pub const USUAL_AGE_DAYS: u32 = 30;
