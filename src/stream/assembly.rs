//! The bundle that is being received: which records belong to it, what is here, what is missing.

use super::arriving::{Arriving, name};
use super::map::BlockMap;
use super::record::{BLOCK, Content, Header};
use super::recovery::{Group, Recoveries};
use super::scanner::Found;
use crate::artifact::Digest;
use crate::bundle::Volume;
use crate::error::{Error, Kind, Result};
use crate::store::check_space;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Most other bundles of a stream that are remembered by name.
const MAX_NAMED: usize = 16;

/// What may be received.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Only this bundle; else the first that is not whole in the folder already.
    pub bundle: Option<Digest>,
    /// Most bytes of all its volumes.
    pub bytes: u64,
}

/// What became of the records.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Data records that brought something.
    pub taken: u64,
    /// Data records of what was here already.
    pub again: u64,
    /// Data records that were computed from recovery records.
    pub recovered: u64,
    /// Records of this bundle that say something else than those before: another length, count of volumes, or edition.
    pub disagreeing: u64,
    /// Volumes whose bytes were all here and are not a volume of this bundle: begun anew.
    pub discarded: u64,
    /// Records of other bundles.
    pub other: u64,
    /// Other bundles, at most sixteen.
    pub others: BTreeSet<Digest>,
    /// Bundles among them that are whole in the folder.
    pub whole: BTreeSet<Digest>,
}

/// A volume of which not everything is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing {
    /// Its number, from 1.
    pub volume: u16,
    /// Missing bytes; `None` when nothing is known of it.
    pub bytes: Option<u64>,
}

#[derive(Debug)]
enum Slot {
    /// No record of it has come in this run.
    Unseen,
    Arriving(Arriving),
    Here,
}

#[derive(Debug)]
struct Set {
    bundle: Digest,
    volumes: Vec<Slot>,
    /// Volumes that are in the folder, in whatever edition.
    found: BTreeMap<u16, PathBuf>,
    payload: u16,
    recoveries: Recoveries,
}

/// Puts the records of one bundle together in a folder.
#[derive(Debug)]
pub struct Assembly {
    folder: PathBuf,
    bounds: Bounds,
    set: Option<Set>,
    tally: Tally,
}

impl Assembly {
    /// Nothing has come yet. The folder must be there.
    pub fn new(folder: &Path, bounds: Bounds) -> Self {
        Self { folder: folder.to_owned(), bounds, set: None, tally: Tally::default() }
    }

    /// What became of the records so far.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The bundle that is being received, once a record has said so.
    pub fn bundle(&self) -> Option<Digest> {
        self.set.as_ref().map(|set| set.bundle)
    }

    /// Length of the payload of the records that came last, in bytes.
    pub fn payload(&self) -> u16 {
        self.set.as_ref().map_or(0, |set| set.payload)
    }

    /// The volumes that are whole, by number from 1.
    pub fn volumes(&self) -> Vec<(u16, PathBuf)> {
        self.set.iter().flat_map(|set| &set.found).map(|(n, path)| (n + 1, path.clone())).collect()
    }

    /// What is missing; empty when everything is here, or no bundle has been seen.
    pub fn missing(&self) -> Vec<Missing> {
        self.set.as_ref().map_or_else(Vec::new, Set::missing)
    }

    /// Whether a bundle is whole.
    pub fn is_complete(&self) -> bool {
        self.set.as_ref().is_some_and(|set| set.missing().is_empty())
    }

    /// Takes a record. How many bytes of volumes it brought.
    pub fn take(&mut self, found: &Found<'_>) -> Result<u64> {
        let header = &found.header;
        if self.set.is_none() {
            self.choose(header);
        }
        let Some(set) = self.set.as_mut().filter(|set| set.bundle == header.bundle) else {
            self.pass_over(header);
            return Ok(0);
        };
        if usize::from(header.volumes) != set.volumes.len() || !set.admit(header, &self.folder, &self.bounds)? {
            self.tally.disagreeing += 1;
            return Ok(0);
        }
        set.payload = header.payload;
        let before = set.still(header.volume);
        match header.content {
            Content::Data => set.data(header, found.payload, &mut self.tally)?,
            Content::Recovery { .. } => set.recovery(header, found.payload, &mut self.tally)?,
        }
        let brought = before - set.still(header.volume);
        set.finish(header.volume, &mut self.tally)?;
        Ok(brought)
    }

    /// Makes durable what has arrived, so that another run goes on there.
    pub fn save(&mut self) -> Result<()> {
        for slot in self.set.iter_mut().flat_map(|set| &mut set.volumes) {
            if let Slot::Arriving(volume) = slot {
                volume.save()?;
            }
        }
        Ok(())
    }

    /// Volumes whose head is here and whose payload still comes.
    pub fn heads(&self) -> Vec<Volume> {
        let slots = self.set.iter().flat_map(|set| &set.volumes);
        slots.filter_map(|slot| if let Slot::Arriving(volume) = slot { volume.head() } else { None }).collect()
    }

    /// Removes what has come of volumes that are not whole.
    pub fn discard(&mut self) -> Result<()> {
        for slot in self.set.iter_mut().flat_map(|set| &mut set.volumes) {
            if matches!(slot, Slot::Arriving(_))
                && let Slot::Arriving(volume) = std::mem::replace(slot, Slot::Unseen)
            {
                volume.discard()?;
            }
        }
        Ok(())
    }

    /// The first bundle that is wanted and not whole yet is the one.
    fn choose(&mut self, header: &Header) {
        if self.bounds.bundle.is_some_and(|wanted| wanted != header.bundle) {
            return;
        }
        let set = Set::of(header, &self.folder);
        let known = set.found.get(&header.volume).is_some_and(|path| *path == finished(&self.folder, header));
        if known && set.missing().is_empty() && self.bounds.bundle.is_none() {
            if self.tally.whole.len() < MAX_NAMED {
                self.tally.whole.insert(header.bundle);
            }
            return;
        }
        self.set = Some(set);
    }

    fn pass_over(&mut self, header: &Header) {
        self.tally.other += 1;
        if self.tally.others.len() < MAX_NAMED {
            self.tally.others.insert(header.bundle);
        }
    }
}

/// Where a volume lies when it is whole.
fn finished(folder: &Path, header: &Header) -> PathBuf {
    folder.join(format!("{}.airlift", name(&header.bundle, header.edition, header.volume, header.volumes)))
}

impl Set {
    fn of(header: &Header, folder: &Path) -> Self {
        let volumes = (0..header.volumes).map(|_| Slot::Unseen).collect();
        let mut found = BTreeMap::new();
        let (prefix, entries) = (format!("{}.", header.bundle.spoken()), folder.read_dir());
        for path in entries.into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())) {
            let file = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
            let Some(rest) = file.strip_prefix(&prefix).and_then(|rest| rest.strip_suffix(".airlift")) else { continue };
            let number = rest.split_once('.').map_or(Some(1), |(_, number)| number.parse::<u16>().ok());
            let Some(volume) = number.and_then(|n| n.checked_sub(1)).filter(|n| *n < header.volumes) else { continue };
            found.entry(volume).or_insert(path);
        }
        // Of several editions of one volume, the one that is being sent.
        let path = finished(folder, header);
        if path.is_file() {
            found.insert(header.volume, path);
        }
        Self { bundle: header.bundle, volumes, found, payload: header.payload, recoveries: Recoveries::default() }
    }

    fn missing(&self) -> Vec<Missing> {
        let lacking = self.volumes.iter().zip(0_u16..).filter_map(|(slot, n)| match slot {
            Slot::Here => None,
            Slot::Unseen if self.found.contains_key(&n) => None,
            Slot::Unseen => Some(Missing { volume: n + 1, bytes: None }),
            Slot::Arriving(volume) => Some(Missing { volume: n + 1, bytes: Some(volume.missing()) }),
        });
        lacking.collect()
    }

    fn still(&self, volume: u16) -> u64 {
        match &self.volumes[usize::from(volume)] {
            Slot::Arriving(volume) => volume.missing(),
            Slot::Unseen | Slot::Here => 0,
        }
    }

    /// Whether a record says the same of its volume as those before; the first one opens it.
    fn admit(&mut self, header: &Header, folder: &Path, bounds: &Bounds) -> Result<bool> {
        match &self.volumes[usize::from(header.volume)] {
            Slot::Here => return Ok(true),
            Slot::Arriving(volume) => return Ok(volume.length == header.length && volume.edition == header.edition),
            Slot::Unseen => {}
        }
        let path = finished(folder, header);
        let slot = if path.is_file() {
            self.found.insert(header.volume, path);
            Slot::Here
        } else {
            self.check_bounds(header, folder, bounds)?;
            Slot::Arriving(Arriving::open(folder, header)?)
        };
        self.volumes[usize::from(header.volume)] = slot;
        Ok(true)
    }

    /// Before anything of a volume is written: whether there may be so much, and whether there is room for it and for what the others lack.
    fn check_bounds(&self, header: &Header, folder: &Path, bounds: &Bounds) -> Result<()> {
        let open = |of: fn(&Arriving) -> u64| -> u64 {
            self.volumes.iter().map(|slot| if let Slot::Arriving(volume) = slot { of(volume) } else { 0 }).sum()
        };
        let whole = open(|volume| volume.length).saturating_add(header.length);
        if whole > bounds.bytes {
            return Err(Error::new(Kind::Policy, format!("bundle {} is larger than may be received", self.bundle.spoken()))
                .with("expected", format!("at most {} bytes", bounds.bytes))
                .with("found", format!("{whole} bytes in the volumes seen so far"))
                .hint("if that is the bundle you expect, allow it with --max-bytes; --bundle ID receives only that one"));
        }
        let begun = super::arriving::allocated(folder, header);
        let needed = header.length.saturating_sub(begun).saturating_add(BlockMap::file_length(header.length));
        check_space(folder, open(Arriving::missing).saturating_add(needed))
    }

    fn data(&mut self, header: &Header, payload: &[u8], tally: &mut Tally) -> Result<()> {
        let Slot::Arriving(volume) = &mut self.volumes[usize::from(header.volume)] else {
            tally.again += 1;
            return Ok(());
        };
        if !volume.put(header.offset, &payload[..header.bytes() as usize])? {
            tally.again += 1;
            return Ok(());
        }
        tally.taken += 1;
        for group in self.recoveries.around(header.volume, header.offset) {
            self.recover(&group, tally)?;
        }
        Ok(())
    }

    fn recovery(&mut self, header: &Header, payload: &[u8], tally: &mut Tally) -> Result<()> {
        let Some((group, index)) = Group::of(header) else {
            tally.disagreeing += 1;
            return Ok(());
        };
        let Slot::Arriving(volume) = &self.volumes[usize::from(header.volume)] else { return Ok(()) };
        if volume.missing_in(group.start..group.end(volume.length)) == 0 {
            return Ok(());
        }
        self.recoveries.hold(group, index, payload);
        self.recover(&group, tally)
    }

    /// Computes what a group lacks, once enough of it is here.
    fn recover(&mut self, group: &Group, tally: &mut Tally) -> Result<()> {
        let Slot::Arriving(volume) = &mut self.volumes[usize::from(group.volume)] else { return Ok(()) };
        let Some(recoveries) = self.recoveries.of(group) else { return Ok(()) };
        let lacking = volume.missing_in(group.start..group.end(volume.length));
        if lacking > recoveries.len() as u64 * (u64::from(group.payload) / BLOCK) {
            return Ok(());
        }
        let (here, absent): (Vec<_>, Vec<_>) = group.pieces(volume.length).partition(|(_, from, to)| volume.missing_in(*from..*to) == 0);
        if absent.len() > recoveries.len() {
            return Ok(());
        }
        if !absent.is_empty() {
            let read = |(n, from, to): &(usize, u64, u64)| Ok((*n, volume.read(*from..*to, usize::from(group.payload))?));
            let here = here.iter().map(read).collect::<Result<Vec<_>>>()?;
            let restored = group.decode(&here, recoveries)?;
            for (n, from, to) in absent {
                let Some((_, bytes)) = restored.iter().find(|(index, _)| *index == n) else { continue };
                tally.recovered += u64::from(volume.put(from, &bytes[..(to - from) as usize])?);
            }
        }
        self.recoveries.forget(group);
        Ok(())
    }

    /// A volume that is whole gets its name.
    fn finish(&mut self, volume: u16, tally: &mut Tally) -> Result<()> {
        let slot = &mut self.volumes[usize::from(volume)];
        if !matches!(slot, Slot::Arriving(arriving) if arriving.missing() == 0) {
            return Ok(());
        }
        let Slot::Arriving(arriving) = std::mem::replace(slot, Slot::Here) else { return Ok(()) };
        match arriving.finish(&self.bundle, volume)? {
            Some(path) => drop(self.found.insert(volume, path)),
            None => {
                tally.discarded += 1;
                *slot = Slot::Unseen;
            }
        }
        Ok(())
    }
}
