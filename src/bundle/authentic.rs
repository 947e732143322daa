//! A set of volumes whose statement has been signed by enough people, and whose head is what they signed.

use super::frames::FrameTable;
use super::geometry::stretches;
use super::head::Head;
use super::statement::Statement;
use super::volumes::{Volume, VolumeSet, read_at};
use crate::artifact::{Artifact, Digest};
use crate::error::{Error, Kind, Result};
use crate::lock::Lock;
use crate::trust::{BUNDLE, Chain, Judged, Role, TrustRoot};
use std::path::PathBuf;

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
    /// The lock's exact bytes.
    pub(super) lock_bytes: Vec<u8>,
}

impl Authentic {
    /// Judges the signatures over the statement's bytes, then parses those bytes, then everything they pin. `Kind::Incomplete` when a
    /// volume is not here; then nothing but heads has been read.
    pub fn open(set: VolumeSet, root: &TrustRoot) -> Result<Self> {
        let first = set.volumes.values().next().ok_or_else(|| Error::failed("a set of volumes has at least one"))?;
        let bytes = first.head.statement.clone();
        let (judged, statement, chain, newest) = judge(first, root)?;
        for volume in set.volumes.values().skip(1) {
            judge(volume, root)?;
        }
        let label = statement.label();
        let about = |e: Error| e.about(&label);
        let volumes = complete(set, &statement)?;
        for volume in &volumes {
            volume.head.check_room(&volume.path).map_err(about)?;
            volume.head.check_volume(&volume.path, &statement).map_err(about)?;
            volume.head.check_files(&volume.path, &statement).map_err(about)?;
        }
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
        let table = pinned_everywhere(&volumes, &statement, "frames.bin").map_err(about)?;
        let table = FrameTable::parse(&table, &lock, &statement.volumes).map_err(about)?;
        pinned_everywhere(&volumes, &statement, "README").map_err(about)?;
        check_limits(&newest, &statement, &table).map_err(about)?;
        Ok(Self { id: Digest::of(&bytes), statement, judged, root: newest, chain, lock, table, volumes, lock_bytes })
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
            .with("at", format!("byte {at} of {}", path.display()))
            .hint("the medium is damaged or was changed: copy the volume again from where it was made (nothing was changed here)")
    }
}

/// The signatures of one volume's head over the statement it holds. Each volume is judged by its own signatures, so that none can be
/// passed off on the strength of another.
fn judge(volume: &Volume, accepted: &TrustRoot) -> Result<(Judged, Statement, Chain, TrustRoot)> {
    let head = &volume.head;
    let judged = || {
        let roots = head.trust.iter().map(|(name, bytes)| (name.trim_start_matches("trust/").to_owned(), bytes.clone()));
        let chain = Chain::read(roots)?;
        let newest = chain.follow(accepted)?;
        let judged = newest.judge(Role::Bundle, BUNDLE, &head.statement, &head.signatures)?;
        Ok((judged, Statement::parse(&head.statement)?, chain, newest))
    };
    judged().map_err(|e: Error| e.about(volume.path.display()))
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

/// All volumes in order, each of the signed length.
fn complete(set: VolumeSet, statement: &Statement) -> Result<Vec<Volume>> {
    let (count, label) = (statement.volumes.len(), statement.label());
    let looked_in = set.looked_in.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", ");
    if let Some(missing) = (0..count).find(|n| !set.volumes.contains_key(n)) {
        let size = statement.volumes[missing];
        return Err(Error::new(Kind::Incomplete, format!("{label}: volume {} of {count} is not here", missing + 1))
            .with("expected", format!("{} ({size} bytes)", statement.volume_name(missing)))
            .with("looked in", looked_in)
            .with_all("passed over", &set.passed_over)
            .hint("plug it in anywhere and name that folder as well (nothing was changed)"));
    }
    for (index, volume) in &set.volumes {
        let expected = statement.volumes.get(*index).copied();
        if expected != Some(volume.length) {
            return Err(Error::verification(format!("{label}: {} has the wrong length", volume.path.display()))
                .with("expected", expected.map_or_else(|| "no such volume".to_owned(), |n| format!("{n} bytes")))
                .with("found", format!("{} bytes", volume.length))
                .hint("it was cut or added to: copy it again (nothing was changed)"));
        }
    }
    Ok(set.volumes.into_values().collect())
}

/// A pinned file, compared with its pin in the head of every volume.
fn pinned_everywhere(volumes: &[Volume], statement: &Statement, name: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for volume in volumes.iter().filter(|v| v.head.places.contains_key(name)) {
        bytes = volume.head.pinned(&volume.path, &volume.file, statement, name)?;
    }
    Ok(bytes)
}
