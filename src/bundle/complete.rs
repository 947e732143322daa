//! Putting the volumes of a set in their places, and saying which are not here.

use super::authentic::judge;
use super::parity::{Gathered, Mender, absent};
use super::statement::Statement;
use super::volumes::{Volume, VolumeSet};
use crate::artifact::Digest;
use crate::error::{Error, Kind, Result, shown};
use crate::trust::TrustRoot;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Volumes that are not here and that nothing can make up for.
#[derive(Debug, Clone)]
pub struct Shortage {
    /// Their numbers, from 0.
    pub volumes: BTreeSet<usize>,
    /// Why that is an error for whoever needs one of them.
    pub error: Error,
}

/// A set without parity: its volumes in order, each judged and of the signed length, a place for each that is not here, and where
/// further copies of each lie. Of several copies the first that is right is taken.
pub fn complete(set: VolumeSet, statement: &Statement, root: &TrustRoot) -> Result<(Gathered, Option<Shortage>)> {
    let (label, looked_in, passed_over) = (statement.label(), set.looked_in.clone(), set.passed_over.clone());
    let mut found: BTreeMap<usize, Vec<Volume>> = BTreeMap::new();
    for volume in set.volumes.into_values().chain(set.copies) {
        found.entry(volume.head.volume).or_default().push(volume);
    }
    for copies in found.values_mut() {
        let judged = right(std::mem::take(copies), |volume| judge(volume, root).map(|_| ()))?;
        *copies = right(judged, |volume| check_place(volume, statement, &label))?;
    }
    let head = found.values().flatten().next().map(|volume| volume.head.clone());
    let head = head.ok_or_else(|| Error::failed("a set of volumes has at least one"))?;
    let missing: BTreeSet<usize> = (0..statement.volumes.len()).filter(|n| !found.contains_key(n)).collect();
    let mut gathered = Gathered { volumes: vec![], copies: vec![], damage: BTreeMap::new() };
    for number in 0..statement.volumes.len() {
        let mut copies = found.remove(&number).unwrap_or_default().into_iter();
        gathered.volumes.push(copies.next().unwrap_or_else(|| absent(statement, number, &head)));
        gathered.copies.push(copies.map(|copy| shown(&copy.path)).collect());
        gathered.damage.entry(number).or_default().absent = missing.contains(&number);
    }
    let first = missing.first().map(|first| incomplete(statement, *first, &looked_in, &passed_over));
    Ok((gathered, first.map(|error| Shortage { volumes: missing, error })))
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
    check_head(volume, statement, label)
}

/// The same without its length.
pub fn check_head(volume: &Volume, statement: &Statement, label: &str) -> Result<()> {
    let (path, about) = (&volume.path, |e: Error| e.about(label));
    volume.head.check_room(path).map_err(about)?;
    volume.head.check_volume(path, statement).map_err(about)?;
    volume.head.check_files(path, statement).map_err(about)
}

/// More volumes may not be missing than there are spare ones.
pub fn beyond_spares(mender: &Mender, statement: &Statement, looked_in: &[PathBuf], passed_over: &[String]) -> Option<Shortage> {
    let absent: Vec<usize> = mender.damage().into_iter().filter(|(_, damage)| damage.absent).map(|(volume, _)| volume).collect();
    let spares = mender.table.redundancy.spares;
    if absent.len() <= spares {
        return None;
    }
    let error = incomplete(statement, absent[0], looked_in, passed_over);
    let more: Vec<String> = absent[1..].iter().map(|volume| statement.volume_name(*volume)).collect();
    let found: Vec<String> = absent[1..].iter().filter_map(|volume| in_its_place(statement, *volume, looked_in)).collect();
    let needs = format!("any {} of these; spare volumes make up for {spares}", absent.len() - spares);
    let error = error.of_kind(Kind::Incomplete).with_all("expected", &more).with_all("found", &found).with("needs", needs);
    Some(Shortage { volumes: absent.into_iter().collect(), error })
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
