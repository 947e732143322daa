//! `gate`: a policy's rules over artifacts, by what the lock says, what their bytes say, and what is known of them. Building, verifying and
//! importing ask the same rules. Nothing is written.

mod inside;
mod kept;
mod signed;
mod standing;

pub(super) use kept::{GATES, bytes, kept};

use super::advise::at_hand;
use super::assess::{Held, database_time};
use super::review::claimed;
use super::sbom::{Nowhere, Stocktaking, distinct, look};
use super::scan::{Report, Scan, Scanned as Outcomes};
use super::trust::age;
use crate::advisories::vex;
use crate::artifact::{Artifact, Blobs, Digest};
use crate::bundle::{Statement, VerifiedBundle};
use crate::ecosystems::find;
use crate::error::{Error, Kind, Result};
use crate::policy::gate::rules::rests_on_content;
use crate::policy::gate::{Advised, Asked, Formats, Gated, Inside, Licences, Look, Package, Scanned, Subject, Weight};
use crate::policy::{Finding, Outcome, Policy, refusals};
use crate::progress::Progress;
use crate::publisher::Judgement;
use crate::report::{Basis, Component, Examined, Inventory};
use crate::scan::Severity;
use crate::store::Store;
use jiff::Timestamp;
use signed::Judges;
pub use signed::{Signatures, published, signatures};
pub use standing::Standing;
use std::borrow::Borrow;
use std::collections::BTreeSet;

/// How artifacts are judged.
#[derive(Clone, Copy)]
pub struct Gates<'a> {
    /// The policy.
    pub policy: &'a Policy,
    /// The time it is, by which exceptions end and advisories age.
    pub now: Timestamp,
    /// The time that ages of releases are counted to.
    pub as_of: Timestamp,
    /// The advisories, where there are some.
    pub advisories: Option<&'a Held>,
    /// Statements beside those that are carried and installed; they let nothing through.
    pub statements: &'a [vex::Statement],
    /// What is installed here, whose advisories are asked where neither those nor what is judged has any.
    pub installed: Option<&'a Store>,
    /// Threads that read.
    pub threads: usize,
    /// Whether each blob is hashed before it is looked into; the place may do that itself, or have done it.
    pub hash: bool,
    /// Where the work is reported.
    pub progress: &'a dyn Progress,
}

impl<'a> Gates<'a> {
    /// As an import of a bundle judges, at some time: by the policy in force, and by the advisories that are carried or installed where
    /// none are named.
    pub fn of_import(
        policy: &'a Policy,
        statement: &Statement,
        store: &'a Store,
        clock: Timestamp,
        advisories: Option<&'a Held>,
        by: Stocktaking<'a>,
    ) -> Result<Self> {
        let (now, as_of) = (age(store, clock)?.now, as_of(statement, store, clock)?);
        let Stocktaking { threads, progress } = by;
        Ok(Self { policy, now, as_of, advisories, statements: &[], installed: Some(store), threads, hash: false, progress })
    }
}

impl Gates<'_> {
    /// Judges artifacts by everything that is known of them. Those that are there twice are judged once.
    pub fn run<A: Borrow<Artifact> + Sync>(&self, subject: crate::report::Subject, artifacts: &[A], blobs: &dyn Blobs) -> Result<Gated> {
        if !self.ask() {
            return Ok(self.policy.terms.gate(&[], &self.asked(Advised::Unasked)));
        }
        let inventory = Stocktaking { threads: self.threads, progress: self.progress }.run(subject, artifacts, blobs)?;
        self.over(&inventory, artifacts, blobs)
    }

    fn ask(&self) -> bool {
        self.policy.terms.ask() || self.advisories.is_some()
    }

    /// The same where the inventory of these artifacts has been taken.
    pub fn over<A: Borrow<Artifact> + Sync>(&self, inventory: &Inventory, artifacts: &[A], blobs: &dyn Blobs) -> Result<Gated> {
        let terms = &self.policy.terms;
        if !self.ask() {
            return Ok(terms.gate(&[], &self.asked(Advised::Unasked)));
        }
        let all = distinct(artifacts);
        let scanned = match terms.artifacts.scan {
            Some(_) => Some(Scan { threads: self.threads, hash: self.hash, progress: self.progress }.run(&all, blobs)?),
            None => None,
        };
        let asks = terms.advisories.is_some() || self.advisories.is_some();
        let carried = if asks && self.advisories.is_none() { at_hand(&all, blobs, self.installed, self.statements) } else { Ok(None) };
        let (advised, mut packages) = match (self.advisories, &carried) {
            (Some(held), _) | (None, Ok(Some(held))) => self.advised(inventory, held),
            _ if !asks => (Advised::Unasked, None),
            (None, Ok(None)) => (Advised::Missing("there are none here".to_owned()), None),
            (None, Err(error)) => (Advised::Missing(in_a_line(error)), None),
        };
        let mut subjects = Vec::with_capacity(all.len());
        let here: BTreeSet<Digest> = all.iter().flat_map(|artifact| artifact.descriptors.iter().map(|blob| blob.digest)).collect();
        let judges = Judges::new(&terms.keys, &all, blobs);
        for (at, (artifact, component)) in all.iter().zip(&inventory.components).enumerate() {
            let found = scanned.as_ref().map(|outcomes| looked(artifact, outcomes, blobs)).transpose()?;
            let known = packages.as_mut().map(|packages| std::mem::take(&mut packages[at]));
            let inside = inside::of(&terms.artifacts, component);
            subjects.push(Subject { scan: found, packages: known, signed: judges.of(artifact)?, inside, ..of(artifact, component, &here) });
        }
        Ok(terms.gate(&subjects, &self.asked(advised)))
    }

    fn asked(&self, advised: Advised) -> Asked {
        Asked { now: self.now, as_of: self.as_of, advised }
    }

    /// What is known of the packages of each component; where nothing can be known, why.
    fn advised(&self, inventory: &Inventory, held: &Held) -> (Advised, Option<Vec<Vec<Package>>>) {
        match held.advice(inventory, self.now, self.policy.terms.advisory_days()) {
            Ok(advice) => (Advised::Held(advice.consulted), Some(advice.packages)),
            Err(error) => (Advised::Missing(in_a_line(&error)), None),
        }
    }
}

/// An error as the text of a finding.
fn in_a_line(error: &Error) -> String {
    let context = error.context().iter().map(|(label, value)| format!("{label} {value}"));
    std::iter::once(error.message().to_owned()).chain(context).collect::<Vec<_>>().join("; ")
}

/// The time that the ages of a bundle's releases are counted to: its claimed creation, so that a review stays what was approved; of a bundle
/// that claims a time to come, the time that is known here, so that no claim ends a cool-down.
pub fn as_of(statement: &Statement, store: &Store, clock: Timestamp) -> Result<Timestamp> {
    Ok(claimed(statement)?.min(age(store, clock)?.now))
}

/// What the lock alone says: for reviews, whose bytes must not change with what is at hand. What only the bytes or advisories can say has
/// not been assessed yet.
pub fn of_lock(policy: &Policy, artifacts: &[Artifact], now: Timestamp, as_of: Timestamp) -> Result<Vec<Finding>> {
    if !policy.terms.ask() {
        return Ok(vec![]);
    }
    let all = distinct(artifacts);
    let here = all.iter().flat_map(|artifact| artifact.descriptors.iter().map(|blob| blob.digest)).collect();
    let judges = Judges::new(&policy.terms.keys, &all, &Nowhere);
    let known = |artifact: &&Artifact| {
        let component = look(artifact, &Nowhere)?;
        let inside = inside::of(&policy.terms.artifacts, &component);
        Ok(Subject { signed: judges.of(artifact)?, inside, ..of(artifact, &component, &here) })
    };
    let subjects = all.iter().map(known).collect::<Result<Vec<_>>>()?;
    Ok(policy.terms.gate(&subjects, &Asked { now, as_of, advised: Advised::Later }).told())
}

/// Refuses a bundle whose content the policy does not take; what could not be assessed is [`Kind::Incomplete`].
pub fn refuse(label: &str, gated: &Gated) -> Result<()> {
    let told = gated.told();
    if let Some(error) = refusals(label, &told) {
        return Err(error);
    }
    let open: Vec<&Finding> = told.iter().filter(|finding| finding.outcome == Outcome::NotAssessed).collect();
    if open.is_empty() {
        return Ok(());
    }
    let error = Error::new(Kind::Incomplete, format!("{label}: not everything that the policy asks could be assessed"));
    let error = open.iter().take(10).fold(error, |error, finding| {
        let subject = finding.subject.as_ref().map(|subject| format!("{subject}: ")).unwrap_or_default();
        error.with("not assessed", format!("{}: {subject}{}", finding.rule, finding.found))
    });
    Err(error.hint("what was not looked at does not pass: bring what is missing, and ask again"))
}

/// The same for who lets a bundle in: what could not be assessed is refused too, as there is nobody left behind this who would look.
pub fn refuse_import(label: &str, gated: &Gated) -> Result<()> {
    refuse(label, gated).map_err(|error| if error.kind() == Kind::Incomplete { error.of_kind(Kind::Policy) } else { error })
}

/// The rules among some findings of which what the lock says is not the last word.
pub fn undecided(findings: &[Finding], artifacts: &[Artifact]) -> Vec<&'static str> {
    let beside = artifacts.iter().any(|artifact| artifact.subject.is_some());
    let rules: BTreeSet<&str> = findings.iter().map(|finding| finding.rule).filter(|rule| rests_on_content(rule, beside)).collect();
    rules.into_iter().collect()
}

/// Judges a bundle that has been verified, from a place that has its blobs.
pub fn of_bundle(gates: &Gates<'_>, bundle: &VerifiedBundle, blobs: &dyn Blobs) -> Result<Gated> {
    let subject = super::sbom::of_bundle(&bundle.bundle().statement, bundle.bundle().id);
    gates.run(subject, &bundle.lock().artifacts, blobs)
}

/// The facts that the lock and the bytes of an artifact say; `here` are the blobs of everything that is judged.
fn of(artifact: &Artifact, component: &Component, here: &BTreeSet<Digest>) -> Subject {
    let release = find(&artifact.ecosystem).map(|room| room.release(artifact)).unwrap_or_default();
    let formats = component
        .model
        .as_ref()
        .map(|model| Formats { known: model.formats.clone(), unread: model.not_looked_into > 0 || !read(component) });
    // What could not be read may be anything.
    let formats =
        formats.or_else(|| matches!(component.examined, Examined::Unreadable(_)).then(|| Formats { unread: true, ..Formats::default() }));
    Subject {
        name: format!("{}/{}", artifact.ecosystem, artifact.name),
        version: artifact.version.clone(),
        purl: component.purl.clone(),
        bytes: artifact.size(),
        licences: Licences { examined: read(component), ..licences(component) },
        inside: Inside::default(),
        formats,
        scan: None,
        release: Some(release).filter(|_| !stands_beside(artifact, component, here)),
        signed: Judgement::Unkeyed,
        packages: None,
        database: database_time(artifact),
    }
}

/// Whether an artifact is only there for another one, such as a signature: its room says so, what it is there for is judged too, and there
/// is nothing in it that could be run. That it names a subject is not enough: an image may do that.
fn stands_beside(artifact: &Artifact, component: &Component, here: &BTreeSet<Digest>) -> bool {
    let own = |digest: &Digest| artifact.descriptors.iter().any(|blob| blob.digest == *digest);
    let about = artifact.subject.is_some_and(|subject| here.contains(&subject) && !own(&subject));
    about && component.inside.is_none() && find(&artifact.ecosystem).is_ok_and(|room| room.stands_beside(artifact))
}

/// Whether anybody has looked at its bytes and could read them.
fn read(component: &Component) -> bool {
    !matches!(component.examined, Examined::NotExamined | Examined::Unreadable(_))
}

/// What is declared of licences, each statement once.
fn licences(component: &Component) -> Licences {
    let mut stated = Licences { examined: true, ..Licences::default() };
    for statement in component.licences.iter().filter(|statement| statement.basis == Basis::Declared) {
        match &statement.expression {
            Some(expression) if !stated.expressions.contains(expression) => stated.expressions.push(expression.clone()),
            Some(_) => {}
            None => stated.unread.push(statement.text.lines().next().unwrap_or_default().chars().take(200).collect()),
        }
    }
    stated
}

/// What the scan found in the blobs of an artifact, those that it shares with others too.
fn looked(artifact: &Artifact, outcomes: &Outcomes, blobs: &dyn Blobs) -> Result<Look> {
    let label = artifact.label();
    let own: BTreeSet<_> = artifact.descriptors.iter().map(|blob| blob.digest).collect();
    let concerns = |report: &&Report| match report.blob {
        Some(blob) => own.contains(&blob),
        None => report.artifact == label,
    };
    let mut look = Look { cut: outcomes.cut, ..Look::default() };
    for report in outcomes.reports.iter().filter(concerns) {
        look.findings.extend(report.findings.iter().map(|finding| Scanned {
            rule: finding.rule.name.to_owned(),
            weight: weight(finding.severity),
            what: placed(report.file.as_deref(), finding),
        }));
        for (severity, more) in look.more.iter_mut().enumerate() {
            let kept = report.findings.iter().filter(|finding| finding.severity as usize == severity).count();
            *more += report.counts[severity].saturating_sub(kept);
        }
    }
    for blob in &artifact.descriptors {
        look.absent += usize::from(blobs.size(&blob.digest)?.is_none());
    }
    Ok(look)
}

/// What was found and where; by which rule is said by whoever names the rule.
fn placed(file: Option<&str>, finding: &crate::scan::Finding) -> String {
    let places = [file.unwrap_or_default(), finding.place.as_str(), finding.what.as_str()];
    places.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ")
}

const fn weight(severity: Severity) -> Weight {
    match severity {
        Severity::Note => Weight::Note,
        Severity::Warning => Weight::Warning,
        Severity::Error => Weight::Error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::{Descriptor, Learned, SideDigests};
    use crate::ecosystems::ALL;
    use crate::report::Inside;
    use crate::scan::confine::Confined;
    use crate::scan::{Finding as Scanner, rules};
    use serde_json::json;

    /// What a room takes for a referrer of something else, where it knows such.
    fn referrer(ecosystem: &str, subject: Digest) -> Artifact {
        let media_type = "application/vnd.oci.image.manifest.v1+json";
        let digest = Digest::of(b"manifest");
        let blob = Descriptor {
            media_type: media_type.to_owned(),
            digest,
            size: 8,
            name: None,
            origins: vec![],
            learned: Learned::Upstream,
            side_digests: SideDigests::default(),
        };
        let root = format!("sha256:{}", digest.hex());
        Artifact {
            ecosystem: ecosystem.to_owned(),
            sections: vec![],
            name: "example.org/app".to_owned(),
            version: root.clone(),
            descriptors: vec![blob],
            subject: Some(subject),
            meta: json!({ "repository": "example.org/app", "role": "referrer", "root": root, "media-type": media_type }),
        }
    }

    /// Nobody makes an image exempt by calling it a signature: what has a file system inside could be run.
    #[test]
    fn only_what_cannot_be_run_stands_beside_another() {
        let subject = Digest::of(b"subject");
        let all = ALL.iter().map(|room| referrer(room.name(), subject));
        let knows = |artifact: &Artifact| find(&artifact.ecosystem).is_ok_and(|room| room.stands_beside(artifact));
        let artifact = all.into_iter().find(knows).expect("a room with referrers");
        let (here, nobody) = (BTreeSet::from([subject]), BTreeSet::new());
        let own = artifact.descriptors[0].digest;
        let plain = Component::default();
        let image = Component { inside: Some(Inside::default()), ..Component::default() };
        assert!(stands_beside(&artifact, &plain, &here));
        assert!(!stands_beside(&artifact, &image, &here), "something is inside");
        assert!(!stands_beside(&artifact, &plain, &nobody), "what it is there for is not judged");
        let itself = Artifact { subject: Some(own), ..artifact.clone() };
        assert!(!stands_beside(&itself, &plain, &BTreeSet::from([subject, own])), "it is there for itself");
        let alone = Artifact { subject: None, ..artifact };
        assert!(!stands_beside(&alone, &plain, &here));
    }

    /// What the scanner counted and did not keep counts in gates, by its severity.
    #[test]
    fn findings_that_were_not_kept_one_by_one_count() {
        let artifact = referrer("room", Digest::of(b"subject"));
        let finding = |severity| Scanner { rule: rules::NAME, severity, place: "a".to_owned(), what: "wrong".to_owned() };
        let report = |blob, counts| Report {
            artifact: artifact.label(),
            blob,
            file: None,
            findings: vec![finding(Severity::Error), finding(Severity::Error), finding(Severity::Note)],
            more: 9,
            counts,
            worst: Some(Severity::Error),
        };
        let own = Some(artifact.descriptors[0].digest);
        let reports = vec![report(own, [1, 0, 7]), report(None, [4, 2, 2]), report(Some(Digest::of(b"another's")), [9, 9, 9])];
        let outcomes =
            Outcomes { blobs: 1, bytes: 8, absent: 0, reports, cut: 3, counts: [14, 11, 18], worst: None, confined: Confined::No };
        let look = looked(&artifact, &outcomes, &Nowhere).expect("a look");
        assert_eq!(Scanned::NOT_EXAMINED, rules::NOT_EXAMINED.name);
        assert_eq!((look.findings.len(), look.more, look.absent, look.cut), (6, [3, 2, 5], 1, 3));
    }
}
