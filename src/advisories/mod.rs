//! Advisories: what is known to be wrong with packages, and which versions it is wrong with.
//!
//! In: records in OSV's form, as an archive a published ecosystem or a folder, with the time they are of; a list of packages; statements
//! about what does not apply (VEX); optionally lists that help to put findings in order. Out: findings, and for every package how far it
//! could be assessed. What is missing or too old is an error, what no order of versions knows is undetermined, what has no order cannot be
//! assessed; all of it is counted, none of it is ever "clean". No clock, no network: who asks says what time it is.
//! `docs/formats/advisories.md` has the words and the bounds.

mod assess;
mod cvss;
mod ecosystem;
mod evidence;
mod filter;
mod format;
mod moment;
pub mod order;
mod range;
mod ranking;
mod record;
mod snapshot;
mod source;
mod subject;
#[cfg(test)]
mod tests;
pub mod vex;

pub use assess::{Assessment, Counts, Extent, Finding, Judged, Package, Reason, assess};
pub use cvss::{Rating, Score, Severity, base_score};
pub use ecosystem::{Ecosystem, base};
pub use evidence::{Evidence, EvidenceKind};
pub use filter::filter;
pub use range::{Answer, Asked, Event, Kind, Range};
pub use ranking::{Exploited, Likelihood, Ranking};
pub use record::{Affected, Record};
pub use snapshot::{Builder, Freshness, MOST_AHEAD, Snapshot, Taken};
pub use subject::Subject;
