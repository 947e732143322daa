//! What is told after an import that brought advisories: what of everything installed is newly known to be vulnerable, by name.

use super::audit::{DAYS, counts, summary};
use crate::cli::Context;
use crate::ecosystems::count;
use crate::error::{Result, plain};
use crate::steps::assess::{Found, Line};
use crate::steps::known::{Key, Rescanned, before, rescan};
use crate::steps::sbom::Stocktaking;
use crate::store::Store;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Most findings that are named for a person.
const MOST: usize = 20;

/// What was known before an import; `None` where that cannot be asked.
pub fn known_before(store: &Store, context: &Context) -> Option<BTreeSet<Key>> {
    let progress = context.out.progress();
    let by = Stocktaking { threads: context.environment.threads(), progress: progress.as_ref() };
    before(store, by, context.known_time(Some(store)).ok()?).ok()
}

/// Asks again and tells it. The advisories are in: that they cannot be asked is told, and undoes nothing.
pub fn told_again(had: Option<BTreeSet<Key>>, store: &Store, context: &Context) -> Option<Value> {
    let rescanned = again(had, store, context).unwrap_or_else(|error| {
        context.out.warn(format!("what is installed could not be assessed: {}; airlift audit says more", error.message()));
        None
    })?;
    context.out.say(format!("known now {}", summary(&rescanned.assessed)));
    lines(&rescanned).iter().for_each(|line| context.out.say(plain(line)));
    let mut told = counts(&rescanned.assessed);
    told["new"] = rescanned.new.is_some().then(|| rescanned.newly_known().map(row).collect::<Vec<_>>()).into();
    let gone = |(id, package): &Key| json!({ "id": id, "package": package });
    told["fixed"] = rescanned.fixed.as_ref().map(|fixed| fixed.iter().map(gone).collect::<Vec<_>>()).into();
    Some(told)
}

fn again(had: Option<BTreeSet<Key>>, store: &Store, context: &Context) -> Result<Option<Rescanned>> {
    let progress = context.out.progress();
    let by = Stocktaking { threads: context.environment.threads(), progress: progress.as_ref() };
    rescan(store, had, by, context.known_time(Some(store))?, DAYS)
}

/// What is new, a line each, and how many are not known any more.
fn lines(rescanned: &Rescanned) -> Vec<String> {
    let (Some(new), Some(fixed)) = (&rescanned.new, &rescanned.fixed) else {
        return vec!["what is new of it cannot be told: what was known before could not be asked".to_owned()];
    };
    let mut lines: Vec<String> =
        rescanned.newly_known().take(MOST).map(|(line, found)| format!("new       {}", told(line, found))).collect();
    if let Some(more) = new.len().checked_sub(MOST).filter(|more| *more > 0) {
        lines.push(format!("new       and {}: airlift report lists them", count(more, "further finding")));
    }
    if !fixed.is_empty() {
        lines.push(format!("gone      {} of packages that are still here", count(fixed.len(), "finding")));
    }
    lines
}

fn told(line: &Line, found: &Found) -> String {
    let mut text = format!("{:<8}  {}  {}", found.rating.word(), found.names.join(" "), line.purl);
    text.extend(line.within.as_ref().map(|within| format!("  in {within}")));
    text.extend(found.malicious.then_some("  the package is an attack"));
    text.extend(found.exploited.as_ref().map(|day| format!("  exploited, listed {day}")));
    text.extend((!found.fixed.is_empty()).then(|| format!("  fixed in {}", found.fixed.join(", "))));
    text
}

fn row((line, found): (&Line, &Found)) -> Value {
    json!({
        "id": found.id, "names": found.names, "purl": line.purl, "within": line.within, "severity": found.rating.word(),
        "malicious": found.malicious, "exploited": found.exploited, "fixed": found.fixed,
    })
}
