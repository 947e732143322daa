//! `scan`: strict readers look into every blob of some artifacts and tell what is wrong with its content. Nothing is written or executed.
//!
//! A digest says that bytes are what was signed or locked, not that they are harmless to read. The threads that read can write nothing,
//! where the kernel has a way to make that so.

use super::reading::{Readers, identity};
use crate::artifact::{Artifact, BlobRead, Blobs, Descriptor, Digest, Sha256Writer, check_blob};
use crate::ecosystems::find;
use crate::error::{Error, Kind, Result};
use crate::progress::{Progress, go_on};
use crate::scan::confine::Confined;
use crate::scan::names::collision_key;
use crate::scan::{Finding, Findings, Severity, rules};
use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::SeekFrom;

/// How scanning goes about it.
#[derive(Clone, Copy)]
pub struct Scan<'a> {
    /// Threads that read.
    pub threads: usize,
    /// Whether each blob is hashed before it is looked into; the place may do that itself.
    pub hash: bool,
    /// Where the work is reported.
    pub progress: &'a dyn Progress,
}

/// What was found in one blob, or in an artifact as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The first artifact that has it.
    pub artifact: String,
    /// The blob; none for the artifact as a whole.
    pub blob: Option<Digest>,
    /// Its file name, where it has one.
    pub file: Option<String>,
    /// What was found.
    pub findings: Vec<Finding>,
    /// How many further findings there were, all of them no graver.
    pub more: usize,
    /// How many notes, warnings and errors there were, of the further ones too.
    pub counts: [usize; 3],
    /// How grave the gravest is.
    pub worst: Option<Severity>,
}

/// The outcome of a scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scanned {
    /// Blobs that were looked into.
    pub blobs: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Blobs that are not here.
    pub absent: usize,
    /// Reports with findings, in the order of the artifacts.
    pub reports: Vec<Report>,
    /// Reports that were not kept: there were graver ones, and too many.
    pub cut: usize,
    /// How many notes, warnings and errors there were, in all of them.
    pub counts: [usize; 3],
    /// How grave the gravest finding is.
    pub worst: Option<Severity>,
    /// Whether the readers could have written anything.
    pub confined: Confined,
}

/// Most reports that are kept, the gravest; the numbers are known of all.
const MOST_REPORTS: usize = 10_000;
const PHASE: &str = "scanning";

impl Scanned {
    /// How many findings of a severity there were.
    pub fn count(&self, severity: Severity) -> usize {
        self.counts[severity as usize]
    }

    /// An error when something at least so grave was found.
    pub fn refuse(&self, least: Option<Severity>) -> Result<()> {
        let (Some(least), Some(worst)) = (least, self.worst) else { return Ok(()) };
        if worst < least {
            return Ok(());
        }
        let grave = |report: &&Report| report.findings.iter().any(|finding| finding.severity >= least);
        let error = Error::new(Kind::Policy, format!("what was found is refused: a finding of severity {} or more", least.name()));
        let error = self.reports.iter().filter(grave).take(10).fold(error, |error, report| {
            let first = report.findings.iter().find(|finding| finding.severity >= least);
            error.with("in", format!("{}: {}", report.label(), first.map_or_else(String::new, told)))
        });
        Err(error.hint("airlift scan lists everything; --refuse error, warning or never decides what is refused"))
    }
}

impl Report {
    fn of(artifact: &Artifact, blob: Option<&Descriptor>, found: &Findings) -> Self {
        Self {
            artifact: artifact.label(),
            blob: blob.map(|blob| blob.digest),
            file: blob.and_then(|blob| blob.name.clone()),
            findings: found.list().to_vec(),
            more: found.more(),
            counts: [Severity::Note, Severity::Warning, Severity::Error].map(|severity| found.count(severity)),
            worst: found.worst(),
        }
    }

    /// What it is about, in words.
    pub fn label(&self) -> String {
        match (&self.file, &self.blob) {
            (Some(file), _) => format!("{} ({file})", self.artifact),
            (None, Some(blob)) => format!("{} ({blob})", self.artifact),
            (None, None) => self.artifact.clone(),
        }
    }
}

/// A finding in a line.
pub fn told(finding: &Finding) -> String {
    let place = if finding.place.is_empty() { String::new() } else { format!("{}: ", finding.place) };
    format!("{}: {place}{}", finding.rule.name, finding.what)
}

impl Scan<'_> {
    /// Looks into every blob once, and at every artifact as a whole.
    pub fn run<A: Borrow<Artifact> + Sync>(&self, artifacts: &[A], blobs: &dyn Blobs) -> Result<Scanned> {
        let jobs = jobs(artifacts);
        let bytes = jobs.iter().filter_map(|(_, blob)| blob.map(|b| b.size)).fold(0, u64::saturating_add);
        let readers = Readers { threads: self.threads, phase: PHASE, bytes, progress: self.progress };
        let (done, confined) = readers.run(&jobs, |(artifact, blob)| self.look(artifact, *blob, blobs))?;
        Ok(gathered(artifacts, &jobs, done, confined))
    }

    /// `None` where the blob is not here.
    fn look(&self, artifact: &Artifact, blob: Option<&Descriptor>, blobs: &dyn Blobs) -> Result<Option<Findings>> {
        let (room, mut found) = (find(&artifact.ecosystem)?, Findings::default());
        let Some(blob) = blob else {
            room.scan_artifact(artifact, blobs, &mut found)?;
            return Ok(Some(found));
        };
        let Some(mut bytes) = blobs.open(&blob.digest)? else { return Ok(None) };
        if self.hash {
            check(blob, &mut *bytes, self.progress).map_err(|e| {
                let hint = "airlift scrub says which blobs of a store are damaged; import or fetch brings back what it discards";
                e.about(artifact.label()).hint(hint)
            })?;
        }
        room.scan_blob(artifact, blob, &mut *bytes, &mut found).map_err(|e| e.about(artifact.label()))?;
        self.progress.advance(PHASE, blob.size);
        Ok(Some(found))
    }
}

type Job<'a> = (&'a Artifact, Option<&'a Descriptor>);

/// Each artifact as a whole, then its blobs; a blob that several rooms or names have is looked into as each of them.
fn jobs<A: Borrow<Artifact>>(artifacts: &[A]) -> Vec<Job<'_>> {
    let (mut jobs, mut known): (Vec<Job<'_>>, _) = (Vec::new(), BTreeSet::new());
    for artifact in artifacts.iter().map(Borrow::borrow) {
        if known.insert((&artifact.ecosystem, None, Some(identity(artifact)))) {
            jobs.push((artifact, None));
        }
        for blob in &artifact.descriptors {
            if known.insert((&artifact.ecosystem, Some((blob.digest, &blob.name, &blob.media_type)), None)) {
                jobs.push((artifact, Some(blob)));
            }
        }
    }
    jobs
}

fn gathered<A: Borrow<Artifact>>(
    artifacts: &[A],
    jobs: &[Job<'_>],
    done: BTreeMap<usize, Option<Findings>>,
    confined: Confined,
) -> Scanned {
    let mut scanned =
        Scanned { blobs: 0, bytes: 0, absent: 0, reports: collisions(artifacts), cut: 0, counts: [0; 3], worst: None, confined };
    for (n, found) in done {
        let (artifact, blob) = jobs[n];
        match (blob, &found) {
            (Some(_), None) => scanned.absent += 1,
            (Some(blob), Some(_)) => (scanned.blobs, scanned.bytes) = (scanned.blobs + 1, scanned.bytes + blob.size),
            (None, _) => {}
        }
        let Some(found) = found.filter(|found| found.worst().is_some()) else { continue };
        scanned.reports.push(Report::of(artifact, blob, &found));
    }
    scanned.worst = scanned.reports.iter().filter_map(|report| report.worst).max();
    for report in &scanned.reports {
        scanned.counts = std::array::from_fn(|severity| scanned.counts[severity] + report.counts[severity]);
    }
    scanned.cut = cut(&mut scanned.reports, MOST_REPORTS);
    scanned
}

/// Keeps the gravest reports, in the order they have; says how many were not kept.
fn cut(reports: &mut Vec<Report>, most: usize) -> usize {
    let over = reports.len().saturating_sub(most);
    if over > 0 {
        let mut order: Vec<(usize, Report)> = std::mem::take(reports).into_iter().enumerate().collect();
        order.sort_by_key(|(_, report)| std::cmp::Reverse(report.worst));
        order.truncate(most);
        order.sort_by_key(|(at, _)| *at);
        reports.extend(order.into_iter().map(|(_, report)| report));
    }
    over
}

/// Names of one ecosystem, and of the files of one artifact, of which some system could take two for one.
fn collisions<A: Borrow<Artifact>>(artifacts: &[A]) -> Vec<Report> {
    let (mut reports, mut known) = (Vec::new(), BTreeMap::new());
    for artifact in artifacts.iter().map(Borrow::borrow) {
        let mut found = Findings::default();
        let spelt = (&artifact.name, &artifact.version);
        let key = (&artifact.ecosystem, collision_key(&artifact.name), collision_key(&artifact.version));
        let first = *known.entry(key).or_insert(spelt);
        if first != spelt {
            found.add(rules::NAME_COLLIDES, &artifact.name, format!("as {} {}, for some systems", first.0, first.1));
        }
        let mut files = BTreeMap::new();
        for file in artifact.descriptors.iter().filter_map(|blob| blob.name.as_ref()) {
            let first = *files.entry(collision_key(file)).or_insert(file);
            if first != file {
                found.add(rules::NAME_COLLIDES, file, format!("as {first}, for some systems"));
            }
        }
        if found.worst().is_some() {
            reports.push(Report::of(artifact, None, &found));
        }
    }
    reports
}

/// Hashes a blob before anything else looks at it, and goes back to its beginning.
fn check(blob: &Descriptor, bytes: &mut dyn BlobRead, progress: &dyn Progress) -> Result<()> {
    let unreadable = |e: std::io::Error| Error::io(format!("{} cannot be read", blob.digest), &e);
    let (mut sha256, mut buffer) = (Sha256Writer::default(), vec![0u8; 1 << 20]);
    loop {
        let read = bytes.read(&mut buffer).map_err(unreadable)?;
        if read == 0 {
            break;
        }
        go_on(progress)?;
        sha256.update(&buffer[..read]);
    }
    bytes.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    let length = sha256.length();
    check_blob(&blob.digest, blob.size, length, sha256.finish())
}

#[cfg(test)]
mod tests {
    use super::{Report, cut};
    use crate::scan::Severity;

    #[test]
    fn the_gravest_reports_are_kept_in_their_order() {
        let report = |(name, worst): &(&str, Severity)| Report {
            artifact: (*name).to_owned(),
            blob: None,
            file: None,
            findings: vec![],
            more: 0,
            counts: [0; 3],
            worst: Some(*worst),
        };
        let all =
            [("a", Severity::Note), ("b", Severity::Warning), ("c", Severity::Note), ("d", Severity::Error), ("e", Severity::Warning)];
        let kept = |most: usize| {
            let mut reports: Vec<Report> = all.iter().map(report).collect();
            let over = cut(&mut reports, most);
            (reports.iter().map(|report| report.artifact.clone()).collect::<String>(), over)
        };
        let expected = [("d", 4), ("bd", 3), ("bde", 2), ("abde", 1), ("abcde", 0), ("abcde", 0)];
        for (most, (names, over)) in (1..).zip(expected) {
            assert_eq!(kept(most), (names.to_owned(), over), "at most {most}");
        }
    }
}
