//! A set of volumes whose statement has been signed by enough people, and whose head is what they signed.

use super::bases::Bases;
use super::complete::{Shortage, beyond_spares, check_head, complete};
use super::frames::FrameTable;
use super::geometry::{Stretch, stretches};
use super::head::{ANCESTORS, BASES, Head, PARENTS, PARITY};
use super::kept::Kept;
use super::parents::Parent;
use super::parity::{Damage, Gathered, Mender, ParityTable, gather, salvage};
use super::statement::Statement;
use super::volumes::{Volume, VolumeSet, read_at};
use crate::artifact::{Artifact, Digest};
use crate::error::{Error, Kind, Result, shown};
use crate::lock::Lock;
use crate::trust::{BUNDLE, Chain, Judged, Role, TrustRoot};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
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
    /// What it takes the receiver to have; empty for a bundle that stands alone.
    pub bases: Bases,
    /// The list of the bundles it was made from, where there is one.
    pub(super) parents: Option<Vec<u8>>,
    /// The list of what those were made from, where they were packed again themselves.
    pub(super) ancestors: Option<Vec<u8>>,
    /// The volumes in order; one that is not here has its place and cannot be read.
    pub(super) volumes: Vec<Volume>,
    /// Where further copies of each of them lie.
    pub(super) copies: Vec<Vec<String>>,
    /// The lock's exact bytes.
    pub(super) lock_bytes: Vec<u8>,
    /// What gives back lost blocks, where the set has parity.
    pub(super) mender: Option<Mender>,
    /// The volumes that are not here and that parity does not make up for; only after [`Authentic::open_partly`].
    pub(super) shortage: Option<Shortage>,
    /// What a store keeps of the frames on such volumes.
    pub(super) kept: Kept,
}

impl Authentic {
    /// Judges the signatures over the statement's bytes, then parses those bytes, then everything they pin. `Kind::Incomplete` when a
    /// volume is not here; then nothing but heads has been read.
    pub fn open(set: VolumeSet, root: &TrustRoot) -> Result<Self> {
        Self::open_partly(set, root)?.whole()
    }

    /// This bundle, if all of it is here or can be worked out from what is.
    pub fn whole(self) -> Result<Self> {
        match self.shortage {
            Some(shortage) => Err(shortage.error),
            None => Ok(self),
        }
    }

    /// The same as [`Authentic::open`] where volumes may be missing: any of them has the head, and with it everything that is signed but
    /// the payload.
    pub fn open_partly(mut set: VolumeSet, root: &TrustRoot) -> Result<Self> {
        salvage(&mut set, |volume| judge(volume, root).and_then(|_| volume.head.check_room(&volume.path)));
        let (bytes, (judged, statement, chain, newest)) = set.judged(root)?;
        let label = statement.label();
        let about = |e: Error| e.about(&label);
        let (looked_in, passed_over) = (set.looked_in.clone(), set.passed_over.clone());
        let sound = |volume: &Volume| judge(volume, root).and_then(|_| check_head(volume, &statement, &label));
        let (Gathered { volumes, copies, mut damage }, mut shortage) = match statement.has_parity() {
            true => (gather(set, &statement, sound)?, None),
            false => complete(set, &statement, root)?,
        };
        let same_end = volumes.iter().all(|v| v.head.end == volumes[0].head.end);
        if !same_end {
            return Err(Error::verification(format!("{label}: the heads of its volumes differ in length")));
        }
        let mut pinned = |name: &str| pinned_everywhere(&volumes, &statement, name, &mut damage).map_err(about);
        let lock_bytes = pinned("lock.json")?;
        let lock = Lock::parse("its lock", &lock_bytes).map_err(about)?;
        if (&lock.name, &lock.line) != (&statement.name, &statement.line) {
            return Err(Error::verification(format!("{label}: its lock is of another toolkit or line"))
                .with("found", format!("{} {}", lock.name, lock.line)));
        }
        newest.judge_scopes(&judged.tally, &lock.artifacts).map_err(about)?;
        let bases = match statement.files.contains_key(BASES) {
            true => Bases::parse(&pinned(BASES)?, &statement).map_err(about)?,
            false => Bases::default(),
        };
        let table = FrameTable::parse(&pinned("frames.bin")?, &lock, &statement.volumes, &bases).map_err(about)?;
        bases.check(&table, &lock.blobs()).map_err(about)?;
        pinned("README")?;
        let parents = statement.files.contains_key(PARENTS).then(|| pinned(PARENTS)).transpose()?;
        let ancestors = statement.files.contains_key(ANCESTORS).then(|| pinned(ANCESTORS)).transpose()?;
        check_lineage(parents.as_deref(), ancestors.as_deref()).map_err(about)?;
        let parity = statement.has_parity().then(|| pinned(PARITY)).transpose()?;
        let parity = parity.map(|bytes| ParityTable::parse(&bytes, &table, volumes[0].head.end, &statement.volumes).map_err(about));
        let mender = parity.transpose()?.map(|table| Mender::new(table, damage));
        if let Some(mender) = &mender {
            shortage = beyond_spares(mender, &statement, &looked_in, &passed_over);
        }
        check_limits(&newest, &statement, &lock).map_err(about)?;
        let (id, root, kept) = (Digest::of(&bytes), newest, Kept::default());
        Ok(Self {
            id,
            statement,
            judged,
            root,
            chain,
            lock,
            table,
            bases,
            parents,
            ancestors,
            volumes,
            copies,
            lock_bytes,
            mender,
            shortage,
            kept,
        })
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
        check_limits(&root, &self.statement, &self.lock).map_err(about)?;
        (self.judged, self.chain, self.root) = (judged, chain, root);
        Ok(self)
    }

    /// The bundles it was made from. Which of their signatures counted is what its own signers say.
    pub fn parents(&self) -> Result<Vec<Parent>> {
        self.parents.as_deref().map_or_else(|| Ok(vec![]), super::parents::parse)
    }

    /// The bundles that those were made from, and so on, as far as they are carried, with how many generations back they are.
    pub fn ancestors(&self) -> Result<Vec<(usize, Parent)>> {
        let parents = self.parents()?;
        self.ancestors.as_deref().map_or_else(|| Ok(vec![]), |bytes| Parent::read_ancestors(bytes, &parents))
    }

    /// Why a volume that is not here may only seem so: a file that cannot be read as a volume may be it.
    pub fn misplaced(&self) -> Option<Error> {
        self.shortage().filter(|error| error.kind() == Kind::Verification).cloned()
    }

    /// Why volumes that are not here are an error for whoever needs them, where any are missing.
    pub fn shortage(&self) -> Option<&Error> {
        self.shortage.as_ref().map(|shortage| &shortage.error)
    }

    /// SHA-256 of the lock's bytes.
    pub fn lock_digest(&self) -> Digest {
        Digest::of(&self.lock_bytes)
    }

    /// The lock's exact bytes.
    pub fn lock_bytes(&self) -> &[u8] {
        &self.lock_bytes
    }

    /// Whether a volume, from 0, is not here and nothing makes up for it.
    pub(super) fn lacks_volume(&self, volume: usize) -> bool {
        self.shortage.as_ref().is_some_and(|shortage| shortage.volumes.contains(&volume))
    }

    /// Compares everything between the frames, on every volume that is here, with what the frame table says must be there: headers, padding, end.
    pub(super) fn check_geometry(&self) -> Result<()> {
        let fits = stretches(&self.table, self.volumes[0].head.end, self.volumes.len(), |stretch| {
            let volume = &self.volumes[usize::from(stretch.volume)];
            if self.lacks_volume(usize::from(stretch.volume)) {
                return Ok(());
            }
            if self.mender.is_some() {
                return self.note_geometry(&stretch);
            }
            if stretch.last && stretch.offset + stretch.bytes.len() as u64 != volume.length {
                return Err(self.damaged(stretch.volume, stretch.offset, "there are bytes after its end"));
            }
            let mut found = vec![0; stretch.bytes.len()];
            read_at(&volume.path, &*volume.file, &mut found, stretch.offset)?;
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

    /// The same where there is parity: no reader needs what lies between the frames, and damage is no reason to refuse.
    fn note_geometry(&self, stretch: &Stretch) -> Result<()> {
        let volume = usize::from(stretch.volume);
        match stretch.last {
            true => self.examine_layout(volume),
            false => {
                self.compare(volume, stretch.offset, &stretch.bytes);
                Ok(())
            }
        }
    }

    /// Names a folder for what repairing on the way cannot keep in memory.
    pub fn spill_to(&self, folder: &Path) {
        if let Some(mender) = &self.mender {
            mender.spill_to(folder);
        }
    }

    /// What was damaged on each volume of a set with parity, as far as that is known by now; not what is missing and was not worked out.
    pub fn damage(&self) -> BTreeMap<usize, Damage> {
        let found = self.mender.as_ref().map(Mender::damage).unwrap_or_default();
        found.into_iter().filter(|(volume, _)| !self.lacks_volume(*volume)).collect()
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

/// Refuses lists of parents that contradict themselves, and lists of theirs that nothing leads to.
fn check_lineage(parents: Option<&[u8]>, ancestors: Option<&[u8]>) -> Result<()> {
    let parents = parents.map(super::parents::parse).transpose()?.unwrap_or_default();
    let Some(ancestors) = ancestors else { return Ok(()) };
    super::parents::follow(&parents, &super::parents::read_lists(ancestors)?).map(|_| ())
}

/// Who signed, what they signed, the roots that came along, and the newest of them.
pub(super) type Verdict = (Judged, Statement, Chain, TrustRoot);

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
pub(super) fn judge(volume: &Volume, accepted: &TrustRoot) -> Result<Verdict> {
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

/// What the signers may send at most, even together. What a delta leaves out counts as well: several small ones are not to add up to what
/// one bundle may not be.
fn check_limits(root: &TrustRoot, statement: &Statement, lock: &Lock) -> Result<()> {
    let (limits, blobs) = (&root.terms().limits, lock.blobs());
    let largest = blobs.values().copied().max().unwrap_or(0);
    let sum = blobs.values().fold(0u64, |sum, size| sum.saturating_add(*size));
    let found = [
        ("bytes of all blobs", limits.bundle_bytes, sum),
        ("blobs", limits.blobs, blobs.len() as u64),
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

/// A pinned file, compared with its pin in the head of every volume. Where there is parity one that fits is enough, and the others are
/// noted as damaged.
fn pinned_everywhere(volumes: &[Volume], statement: &Statement, name: &str, damage: &mut BTreeMap<usize, Damage>) -> Result<Vec<u8>> {
    let (mut bytes, mut failed) = (None, None);
    for (number, volume) in volumes.iter().enumerate().filter(|(_, v)| v.head.places.contains_key(name)) {
        if damage.get(&number).is_some_and(|d| d.absent) {
            continue;
        }
        match volume.pinned_here(statement, name) {
            Ok(found) => bytes = Some(found),
            Err(error) if !statement.has_parity() => return Err(error),
            Err(error) => {
                damage.entry(number).or_default().head = true;
                failed = failed.or(Some(error));
            }
        }
    }
    let copies = || volumes.iter().find_map(|volume| volume.pinned(statement, name).ok());
    match bytes.or_else(|| failed.is_some().then(copies).flatten()) {
        Some(bytes) => Ok(bytes),
        None => failed.map_or_else(|| Ok(Vec::new()), Err),
    }
}
