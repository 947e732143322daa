//! What `airlift inspect` says of how publishers signed artifacts: what the lock says is carried, and what the keys and identities of a policy say
//! of it.

use crate::artifact::UpstreamSignature;
use crate::bundle::{Authentic, VolumeSet};
use crate::cli::Context;
use crate::ecosystems::{count, find as room};
use crate::error::{Error, Result};
use crate::policy::Policy;
use crate::steps::gates::Standing;
use crate::steps::inspect::Inspection;
use crate::steps::policy::{in_force, read};
use crate::store::Store;
use crate::trust::TrustRoot;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

/// Who judges signatures of publishers.
pub enum Judge {
    /// A policy that knows publishers, for bundles by people who count here.
    Knows(Box<Policy>, Box<TrustRoot>),
    /// Nobody, and why.
    Nobody(String),
}

/// What was judged; why nothing was, where nothing was.
pub type Judged = std::result::Result<Standing, String>;

impl Judge {
    /// By the policy that is named, else by the one in force here. A store that cannot be read judges nothing, and is no reason not to look
    /// at a medium; a file that was named is.
    pub fn of(named: Option<&Path>, context: &Context) -> Result<Self> {
        let named = named.map(read).transpose()?;
        let judge = context.any_store().and_then(|store| Self::in_store(named, store.as_ref(), context));
        Ok(judge.unwrap_or_else(|error| Self::Nobody(error.message().to_owned())))
    }

    fn in_store(named: Option<Policy>, store: Option<&Store>, context: &Context) -> Result<Self> {
        let nobody = |why: &str| Ok(Self::Nobody(why.to_owned()));
        let set = || store.map(in_force).transpose().map(|found| found.map(|(policy, _)| policy).filter(|policy| policy.digest.is_some()));
        let Some(policy) = named.map_or_else(set, |policy| Ok(Some(policy)))? else { return nobody("there is no policy here") };
        if policy.terms.keys.is_empty() {
            return nobody("the policy names no key and no identity of a publisher");
        }
        let Some(store) = store else { return nobody("no trust root is accepted here, by which the bundle would be believed") };
        Ok(Self::Knows(Box::new(policy), Box::new(context.accepted_root(store)?)))
    }

    /// Whether it will read signatures.
    pub const fn reads(&self) -> bool {
        matches!(self, Self::Knows(..))
    }

    /// Judges what is in a set of volumes. Where it cannot be read, or is by nobody who counts, nothing is judged.
    pub fn judge(&self, set: VolumeSet) -> Judged {
        let (policy, root) = match self {
            Self::Knows(policy, root) => (policy, root),
            Self::Nobody(why) => return Err(why.clone()),
        };
        let judged = Authentic::open(set, root).and_then(|bundle| Standing::of(bundle, &policy.terms.keys));
        judged.map_err(|error: Error| error.message().to_owned())
    }
}

/// What the lock says of how publishers signed artifacts: how many have a signature, how many none, and of how many it does not say.
fn carried(found: &Inspection) -> (usize, usize, usize) {
    let mut counts = (0, 0, 0);
    for artifact in found.lock.iter().flat_map(|lock| &lock.artifacts) {
        let room = room(&artifact.ecosystem).ok();
        if room.is_some_and(|room| room.stands_beside(artifact)) {
            continue;
        }
        *match room.map(|room| room.release(artifact).signature).unwrap_or_default() {
            UpstreamSignature::Present => &mut counts.0,
            UpstreamSignature::Absent => &mut counts.1,
            UpstreamSignature::Unknown => &mut counts.2,
        } += 1;
    }
    counts
}

/// The lines for people; none where there is nothing to say.
pub fn shown(found: &Inspection, judged: &Judged) -> String {
    let (present, absent, unknown) = carried(found);
    if present + absent == 0 {
        return String::new();
    }
    let mut text = format!("  upstream  {} signed by their publishers, {absent} not, {unknown} not said", count(present, "artifact"));
    let standing = match judged {
        Ok(standing) => standing,
        Err(why) => {
            let _ = writeln!(text, "; nobody judged them: {why}");
            return text;
        }
    };
    let sum = |reasons: &BTreeMap<String, usize>| reasons.values().sum::<usize>();
    let (wrong, unjudged, unsigned) = (sum(&standing.wrong), sum(&standing.unjudged), standing.unsigned);
    let _ =
        writeln!(text, "\n  judged    {} valid, {wrong} wrong, {unjudged} not judged, {unsigned} not signed as is asked", standing.valid);
    for (word, reasons) in [("wrong", &standing.wrong), ("not judged", &standing.unjudged)] {
        for (why, n) in reasons {
            let _ = writeln!(text, "            {n} {word}: {why}");
        }
    }
    text
}

/// The same for programs.
pub fn document(found: &Inspection, judged: &Judged) -> Value {
    let (present, absent, unknown) = carried(found);
    let judged = match judged {
        Ok(Standing { valid, wrong, unjudged, unsigned }) => {
            json!({ "valid": valid, "wrong": wrong, "not-judged": unjudged, "unsigned": unsigned })
        }
        Err(why) => json!({ "nobody": why }),
    };
    json!({ "present": present, "absent": absent, "unknown": unknown, "judged": judged })
}
