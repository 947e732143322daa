//! A set of volumes whose statement has been signed by enough people, and whose head is what they signed.

use super::frames::FrameTable;
use super::geometry::stretches;
use super::head::Head;
use super::statement::Statement;
use super::volumes::{Volume, VolumeSet, read_at};
use crate::artifact::{Artifact, Digest};
use crate::error::{Error, Kind, Result, shown};
use crate::lock::Lock;
use crate::trust::{BUNDLE, Chain, Judged, Role, TrustRoot};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// An authentic head: statement, lock and frame table are what the trust root's people signed. The payload has not been looked at.
#[derive(Debug)]
pub struct Authentic {
    /// SHA-256 of the statement: the bundle id.
    pub id: Digest,
    /// The statement.
    pub statement: Statement,
    /// Who signed it.
    pub judged: Judged,
    /// The root that judged: the accepted one, or a newer one of the same domain that the bundle carries.
    pub root: TrustRoot,
    /// The roots the bundle carries.
    pub chain: Chain,
    /// What it carries.
    pub lock: Lock,
    /// Where every frame lies.
    pub table: FrameTable,
    /// The volumes, all of them, in order.
    pub(super) volumes: Vec<Volume>,
    /// Where further copies of each of them lie.
    pub(super) copies: Vec<Vec<String>>,
    /// The lock's exact bytes.
    pub(super) lock_bytes: Vec<u8>,
}

impl Authentic {
    /// Judges the signatures over the statement's bytes, then parses those bytes, then everything they pin. `Kind::Incomplete` when a
    /// volume is not here; then nothing but heads has been read.
    pub fn open(set: VolumeSet, root: &TrustRoot) -> Result<Self> {
        let (bytes, (judged, statement, chain, newest)) = set.judged(root)?;
        let label = statement.label();
        let about = |e: Error| e.about(&label);
        let (volumes, copies) = complete(set, &statement, root)?;
        let same_end = volumes.iter().all(|v| v.head.end == volumes[0].head.end);
        if !same_end {
            return Err(Error::verification(format!("{label}: the heads of its volumes differ in length")));
        }
        let lock_bytes = pinned_everywhere(&volumes, &statement, "lock.json").map_err(about)?;
        let lock = Lock::parse("its lock", &lock_bytes).map_err(about)?;
        if (&lock.name, &lock.line) != (&statement.name, &statement.line) {
            return Err(Error::verification(format!("{label}: its lock is of another toolkit or line"))
                .with("found", format!("{} {}", lock.name, lock.line)));
        }
        newest.judge_scopes(&judged.tally, &lock.artifacts).map_err(about)?;
        let table = pinned_everywhere(&volumes, &statement, "frames.bin").map_err(about)?;
        let table = FrameTable::parse(&table, &lock, &statement.volumes).map_err(about)?;
        pinned_everywhere(&volumes, &statement, "README").map_err(about)?;
        check_limits(&newest, &statement, &table).map_err(about)?;
        Ok(Self { id: Digest::of(&bytes), statement, judged, root: newest, chain, lock, table, volumes, copies, lock_bytes })
    }

    /// The same bundle, judged anew by the root that is accepted now: another import may have brought a newer one since it was opened.
    pub fn judged_by(mut self, accepted: &TrustRoot) -> Result<Self> {
        let mut newest = None;
        for volume in &self.volumes {
            newest = Some(judge(volume, accepted)?);
        }
        let (judged, _, chain, root) = newest.ok_or_else(|| Error::failed("a bundle has at least one volume"))?;
        let about = |e: Error| e.about(self.statement.label());
        root.judge_scopes(&judged.tally, &self.lock.artifacts).map_err(about)?;
        check_limits(&root, &self.statement, &self.table).map_err(about)?;
        (self.judged, self.chain, self.root) = (judged, chain, root);
        Ok(self)
    }

    /// Compares everything between the frames, on every volume, with what the frame table says must be there: headers, padding, end.
    pub(super) fn check_geometry(&self) -> Result<()> {
        let fits = stretches(&self.table, self.volumes[0].head.end, self.volumes.len(), |stretch| {
            let volume = &self.volumes[usize::from(stretch.volume)];
            if stretch.last && stretch.offset + stretch.bytes.len() as u64 != volume.length {
                return Err(self.damaged(stretch.volume, stretch.offset, "there are bytes after its end"));
            }
            let mut found = vec![0; stretch.bytes.len()];
            read_at(&volume.path, &volume.file, &mut found, stretch.offset)?;
            match found.iter().zip(&stretch.bytes).position(|(a, b)| a != b) {
                None => Ok(()),
                Some(n) => Err(self.damaged(stretch.volume, stretch.offset + n as u64, "a tar header or padding is not what it must be")),
            }
        })?;
        if fits {
            Ok(())
        } else {
            Err(Error::verification(format!("{}: its frames do not lie where this format puts them", self.statement.label())))
        }
    }

    /// The statement's exact bytes.
    pub fn statement_bytes(&self) -> &[u8] {
        &self.head().statement
    }

    /// The head of the first volume.
    pub fn head(&self) -> &Head {
        &self.volumes[0].head
    }

    /// Where the volumes lie.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.volumes.iter().map(|v| v.path.clone()).collect()
    }

    /// The first artifact that has a blob, for messages.
    pub fn owner(&self, digest: &Digest) -> String {
        let owner = self.lock.artifacts.iter().find(|a| a.descriptors.iter().any(|d| d.digest == *digest));
        owner.map_or_else(|| digest.to_string(), Artifact::label)
    }

    /// The error for damage at a place of a volume.
    pub(super) fn damaged(&self, volume: u16, at: u64, what: &str) -> Error {
        let path = &self.volumes[usize::from(volume)].path;
        Error::verification(format!("{}: {what}", self.statement.label()))
            .with("at", format!("byte {at} of {}", shown(path)))
            .with_all("another copy", &self.copies[usize::from(volume)])
            .hint(COPY_AGAIN)
    }
}

/// What to do about a volume that is not what was signed.
pub const COPY_AGAIN: &str =
    "the medium is damaged or was changed: copy the volume again from where it was made (nothing was changed here)";

/// Who signed, what they signed, the roots that came along, and the newest of them.
type Verdict = (Judged, Statement, Chain, TrustRoot);

impl Volume {
    /// Whether enough of the root's people signed what this volume says it is of; nothing else of it is looked at.
    pub fn judge(&self, accepted: &TrustRoot) -> Result<()> {
        judge(self, accepted).map(|_| ())
    }
}

impl VolumeSet {
    /// The statement as signed on the first volume whose signatures suffice; without one, why the first does not.
    fn judged(&self, accepted: &TrustRoot) -> Result<(Arc<[u8]>, Verdict)> {
        let mut first = None;
        for volume in self.volumes.values().chain(&self.copies) {
            match judge(volume, accepted) {
                Ok(verdict) => return Ok((Arc::clone(&volume.head.statement), verdict)),
                Err(error) => first = first.or(Some(error)),
            }
        }
        Err(first.unwrap_or_else(|| Error::failed("a set of volumes has at least one")))
    }
}

/// The signatures of one volume's head over the statement it holds. Each volume is judged by its own signatures, so that none can be
/// passed off on the strength of another.
fn judge(volume: &Volume, accepted: &TrustRoot) -> Result<Verdict> {
    let head = &volume.head;
    let judged = || {
        let roots = head.trust.iter().map(|(name, bytes)| (name.trim_start_matches("trust/").to_owned(), bytes.clone()));
        let chain = Chain::read(roots)?;
        let newest = chain.follow(accepted)?;
        let judged = newest.judge(Role::Bundle, BUNDLE, &head.statement, &head.signatures)?;
        Ok((judged, Statement::parse(&head.statement)?, chain, newest))
    };
    judged().map_err(|e: Error| match e.hints() {
        [] if e.kind() == Kind::Verification => e.about(shown(&volume.path)).hint(COPY_AGAIN),
        _ => e.about(shown(&volume.path)),
    })
}

/// What the signers may send at most, even together.
fn check_limits(root: &TrustRoot, statement: &Statement, table: &FrameTable) -> Result<()> {
    let limits = &root.terms().limits;
    let largest = table.blobs.iter().map(|b| b.size).max().unwrap_or(0);
    let sum = table.blobs.iter().map(|b| b.size).sum::<u64>();
    let found = [
        ("bytes of all blobs", limits.bundle_bytes, sum),
        ("blobs", limits.blobs, table.blobs.len() as u64),
        ("bytes of its largest blob", limits.blob_bytes, largest),
        ("bytes of a frame", limits.frame_bytes, largest.min(crate::artifact::PIECE as u64)),
        ("volumes", limits.volumes, statement.volumes.len() as u64),
    ];
    match found.iter().find(|(_, most, found)| most.is_some_and(|most| *found > most)) {
        None => Ok(()),
        Some((what, most, found)) => Err(Error::new(Kind::Policy, format!("the trust root does not allow so many {what}"))
            .with("expected", format!("at most {}", most.unwrap_or(0)))
            .with("found", found)),
    }
}

/// All volumes in order, each judged and of the signed length, and where further copies of each lie. Of several copies the first that is
/// right is taken.
fn complete(set: VolumeSet, statement: &Statement, root: &TrustRoot) -> Result<(Vec<Volume>, Vec<Vec<String>>)> {
    let (count, label) = (statement.volumes.len(), statement.label());
    let mut found: BTreeMap<usize, Vec<Volume>> = BTreeMap::new();
    for volume in set.volumes.into_values().chain(set.copies) {
        found.entry(volume.head.volume).or_default().push(volume);
    }
    for copies in found.values_mut() {
        *copies = right(std::mem::take(copies), |volume| judge(volume, root).map(|_| ()))?;
    }
    if let Some(missing) = (0..count).find(|n| !found.contains_key(n)) {
        return Err(incomplete(statement, missing, &set.looked_in, &set.passed_over));
    }
    let (mut volumes, mut others) = (vec![], vec![]);
    for copies in found.into_values() {
        let mut copies = right(copies, |volume| check_place(volume, statement, &label))?;
        volumes.push(copies.remove(0));
        others.push(copies.iter().map(|copy| shown(&copy.path)).collect());
    }
    Ok((volumes, others))
}

/// The copies of a volume that pass a check; without any, why the first does not.
fn right(copies: Vec<Volume>, check: impl Fn(&Volume) -> Result<()>) -> Result<Vec<Volume>> {
    let (mut good, mut first, mut bad) = (vec![], None, vec![]);
    for copy in copies {
        match check(&copy) {
            Ok(()) => good.push(copy),
            Err(error) if first.is_none() => first = Some(error),
            Err(_) => bad.push(shown(&copy.path)),
        }
    }
    match first {
        Some(error) if good.is_empty() => Err(error.with_all("another copy", &bad)),
        _ => Ok(good),
    }
}

/// Whether a volume is, but for its payload, what the statement says of it.
fn check_place(volume: &Volume, statement: &Statement, label: &str) -> Result<()> {
    let (path, expected) = (&volume.path, statement.volumes.get(volume.head.volume).copied());
    if expected != Some(volume.length) {
        return Err(Error::verification(format!("{label}: {} has the wrong length", shown(path)))
            .with("expected", expected.map_or_else(|| "no such volume".to_owned(), |n| format!("{n} bytes")))
            .with("found", format!("{} bytes", volume.length))
            .hint("it was cut or added to: copy it again (nothing was changed)"));
    }
    let about = |e: Error| e.about(label);
    volume.head.check_room(path).map_err(about)?;
    volume.head.check_volume(path, statement).map_err(about)?;
    volume.head.check_files(path, statement).map_err(about)
}

/// A volume is not here, or it is one of the files that cannot be read as a volume.
fn incomplete(statement: &Statement, missing: usize, looked_in: &[PathBuf], passed_over: &[String]) -> Error {
    let (label, count, size) = (statement.label(), statement.volumes.len(), statement.volumes[missing]);
    let message = format!("{label}: volume {} of {count} is not here", missing + 1);
    let (kind, hint) = match passed_over {
        [] => (Kind::Incomplete, "plug it in anywhere and name that folder as well (nothing was changed)"),
        _ => (
            Kind::Verification,
            "a file here is damaged and may be that volume: copy it again, or name another folder that has it (nothing was changed)",
        ),
    };
    let (found, hint) = match in_its_place(statement, missing, looked_in) {
        Some(found) => {
            (vec![found], "that file is not what its name says: copy the volume again from where it was made (nothing was changed)")
        }
        None => (vec![], hint),
    };
    Error::new(kind, message)
        .with("expected", format!("{} ({size} bytes)", statement.volume_name(missing)))
        .with("looked in", looked_in.iter().map(|p| shown(p)).collect::<Vec<_>>().join(", "))
        .with_all("found", &found)
        .with_all("passed over", passed_over)
        .hint(hint)
}

/// What a file holds that has the name of a missing volume: people look at names.
fn in_its_place(statement: &Statement, missing: usize, looked_in: &[PathBuf]) -> Option<String> {
    let name = statement.volume_name(missing);
    let paths = looked_in.iter().map(|place| if place.is_dir() { place.join(&name) } else { place.clone() });
    let path = paths.filter(|path| path.file_name().is_some_and(|n| *n == *name)).find(|path| path.is_file())?;
    let head = Volume::open(&path).ok()?.head;
    let of = match Statement::parse(&head.statement) {
        Ok(found) if found == *statement => statement.label(),
        Ok(found) => format!("another bundle, {} {}", found.label(), Digest::of(&head.statement).spoken()),
        Err(_) => "another bundle".to_owned(),
    };
    Some(format!("{}, which holds volume {} of {of}", shown(&path), head.volume + 1))
}

/// A pinned file, compared with its pin in the head of every volume.
fn pinned_everywhere(volumes: &[Volume], statement: &Statement, name: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for volume in volumes.iter().filter(|v| v.head.places.contains_key(name)) {
        bytes = volume.head.pinned(&volume.path, &volume.file, statement, name)?;
    }
    Ok(bytes)
}
