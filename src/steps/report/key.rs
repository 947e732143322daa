//! What a key has admitted on this host.

use crate::artifact::Digest;
use crate::error::Result;
use crate::report::document::{Backed, BundleRow, Claim, Decision, Evidence, Identity, Kind, Report, Source, Verdict, outside};
use crate::steps::trust::{Admitted, impact};
use crate::store::{Installed, Store};
use crate::trust::TrustRoot;
use jiff::Timestamp;

/// The report of a key, whether it is revoked or not.
pub fn of_key(store: &Store, root: &TrustRoot, key: &Digest, at: Timestamp) -> Result<Report> {
    let impact = impact(store, key)?;
    let by = Evidence::named(Source::TrustRoot, &root.label(), root.fingerprint());
    let state = |admitted: &Admitted| match () {
        () if admitted.spared => "spared",
        () if admitted.stands => "stands",
        () => "falls",
    };
    let mut bundles: Vec<BundleRow> = impact.bundles.iter().map(|admitted| bundle_row(&admitted.installed, state(admitted))).collect();
    bundles.extend(impact.unread.iter().map(|installed| bundle_row(installed, "unread")));
    let identity = Identity { name: impact.fingerprint.clone(), sha256: key.hex(), spoken: key.spoken(), bundles, ..Identity::default() };
    let decision = Decision { verdict: Verdict::Information, reason: String::new(), rules: vec![] };
    let mut report = Report::new(Kind::Impact, &at.to_string(), Backed::new(identity, by.clone()), Backed::new(decision, by.clone()));
    if impact.said.is_empty() {
        report.remarks.push(Claim::say("key-in-force", &[("key", impact.fingerprint.clone())], by.clone()));
    }
    for said in &impact.said {
        let good = |mark: &crate::trust::Mark| format!("{} {}", mark.name, mark.seq);
        let spared = said.last_good.iter().map(good).collect::<Vec<_>>().join(", ");
        let values = [("key", impact.fingerprint.clone()), ("reason", said.reason.name().to_owned()), ("good", spared)];
        let key = if said.last_good.is_empty() { "key-revoked" } else { "key-revoked-since" };
        report.remarks.push(Claim::say(key, &values[..if said.last_good.is_empty() { 2 } else { 3 }], by.clone()));
    }
    let values = [("key", impact.fingerprint.clone()), ("bundles", impact.bundles.len().to_string())];
    report.transcript.push(Claim::say("key-signed", &values, by.clone()));
    if !impact.roots.is_empty() {
        let roots = impact.roots.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
        report.transcript.push(Claim::say("key-roots", &[("roots", roots)], by.clone()));
    }
    if !impact.unread.is_empty() {
        report.not_checked.push(Claim::say("unread-records", &[("count", impact.unread.len().to_string())], by));
    }
    super::age_of_root(&mut report, root, at);
    Ok(report)
}

/// An installed bundle.
pub(super) fn bundle_row(installed: &Installed, state: &str) -> BundleRow {
    BundleRow {
        label: outside(&format!("{} {}", installed.name, installed.seq)),
        line: outside(&installed.line),
        sha256: installed.bundle.hex(),
        spoken: installed.bundle.spoken(),
        state: state.to_owned(),
    }
}
