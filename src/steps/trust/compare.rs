//! What changes from one root to the next, for people who are about to sign it.

use crate::trust::{Role, TrustRoot, told};
use std::collections::{BTreeMap, BTreeSet};

/// A line for each difference: `+` is new, `-` is gone.
pub fn compare(old: &TrustRoot, new: &TrustRoot) -> Vec<String> {
    let (before, after) = (facts(old), facts(new));
    let subjects: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let differing = subjects.into_iter().filter(|what| before.get(*what) != after.get(*what));
    let side = |sign: char, what: &String, facts: &BTreeMap<String, String>| facts.get(what).map(|value| format!("{sign} {what}{value}"));
    differing.flat_map(|what| [side('-', what, &before), side('+', what, &after)]).flatten().collect()
}

/// Everything a root says, one fact a line: what it is about, and its value.
fn facts(root: &TrustRoot) -> BTreeMap<String, String> {
    let terms = root.terms();
    let mut facts = BTreeMap::from([
        ("domain    ".to_owned(), terms.name.clone()),
        ("epoch     ".to_owned(), terms.epoch.to_string()),
        ("expires   ".to_owned(), terms.expires.map_or_else(|| "never".to_owned(), |t| t.to_string())),
    ]);
    for role in Role::ALL {
        for (n, rule) in root.rules(role).iter().enumerate() {
            facts.insert(format!("{:<9} {}", role.name(), if n == 0 { String::new() } else { format!("rule {} ", n + 1) }), rule.needs());
        }
    }
    for (principal, held) in terms.principals.iter().flat_map(|p| p.keys.iter().map(move |k| (p, k))) {
        facts.insert(format!("key       {} ", held.key.fingerprint()), format!("{} ({})", principal.name, held.custody.name()));
    }
    for revoked in &terms.revoked {
        let spared: Vec<String> = revoked.last_good.iter().map(|g| format!(" spares {}@{} {}", g.name, g.line, g.id.spoken())).collect();
        facts.insert(format!("revoked   {}", told(revoked)), spared.concat());
    }
    let limits = terms.limits;
    let limits = [
        ("bundle-bytes", limits.bundle_bytes),
        ("blobs", limits.blobs),
        ("blob-bytes", limits.blob_bytes),
        ("frame-bytes", limits.frame_bytes),
        ("volumes", limits.volumes),
    ];
    for (name, most) in limits.into_iter().filter_map(|(name, most)| most.map(|most| (name, most))) {
        facts.insert(format!("limit     {name} "), most.to_string());
    }
    facts
}
