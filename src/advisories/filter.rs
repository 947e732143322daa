//! An archive with only the records that concern some packages of an ecosystem: those about them, those that are aliases of these, and the
//! one that was changed last, which shows of when the archive is. The same records give the same bytes.

use super::ecosystem::{Ecosystem, base};
use super::record::Record;
use super::source;
use crate::artifact::{BlobRead, percent_encoded};
use crate::error::{Error, Result};
use flate2::Crc;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Most bytes of the records that are kept; of more than that, the whole archive is carried.
const MOST_BYTES: usize = 512 << 20;
/// Most records that are kept: a zip archive without 64-bit fields has no more.
const MOST_RECORDS: usize = 60_000;

/// What is remembered of a record until it is known which are kept.
struct Seen {
    id: Box<str>,
    names: Vec<Box<str>>,
    kept: bool,
}

/// Writes the archive; `only` are names in the form in which they are compared. `what` names the whole one in errors.
pub fn filter(ecosystem: &str, only: &BTreeSet<String>, what: &str, archive: &mut dyn BlobRead) -> Result<Vec<u8>> {
    let kept = chosen(ecosystem, only, what, archive)?;
    let (mut records, mut bytes) = (BTreeMap::new(), 0usize);
    source::archive(what, archive, |named, content| {
        let record = Record::parse(named, content)?;
        if kept.contains(&record.id) {
            bytes = bytes.saturating_add(content.len());
            records.insert(record.id, content.to_vec());
        }
        within(what, records.len(), bytes)
    })?;
    Ok(zipped(&records))
}

fn within(what: &str, records: usize, bytes: usize) -> Result<()> {
    if records > MOST_RECORDS || bytes > MOST_BYTES {
        let error = Error::verification(format!("{what}: too much of it is about the packages of this lock"));
        let error = error.with("expected", format!("at most {MOST_RECORDS} records of together {MOST_BYTES} bytes"));
        return Err(error.with("found", format!("{records} records, {bytes} bytes")).hint("carry it whole: leave out `only-locked`"));
    }
    Ok(())
}

/// The identifiers of the records that are kept.
fn chosen(ecosystem: &str, only: &BTreeSet<String>, what: &str, archive: &mut dyn BlobRead) -> Result<BTreeSet<Box<str>>> {
    let known = Ecosystem::of(ecosystem);
    let normal = |name: &str| known.map_or_else(|| name.to_owned(), |known| known.normalised(name));
    let (mut seen, mut newest): (Vec<Seen>, Option<(Timestamp, Box<str>)>) = (Vec::new(), None);
    source::archive(what, archive, |named, content| {
        let record = Record::parse(named, content)?;
        let mut own = record.affected.iter().filter(|affected| base(&affected.ecosystem) == ecosystem).peekable();
        if own.peek().is_some() {
            newest = newest.take().max(Some((record.modified, record.id.clone())));
        }
        let kept = own.any(|affected| only.contains(&normal(&affected.name)));
        seen.push(Seen { names: record.names().map(Into::into).collect(), id: record.id, kept });
        Ok(())
    })?;
    close(&mut seen);
    let kept = seen.into_iter().filter(|one| one.kept).map(|one| one.id);
    Ok(kept.chain(newest.map(|(_, id)| id)).collect())
}

/// Keeps what shares a name with what is kept, directly or through others.
fn close(seen: &mut [Seen]) {
    let mut by_name: HashMap<Box<str>, Vec<usize>> = HashMap::new();
    for (at, one) in seen.iter().enumerate() {
        one.names.iter().for_each(|name| by_name.entry(name.clone()).or_default().push(at));
    }
    let mut open: Vec<usize> = (0..seen.len()).filter(|at| seen[*at].kept).collect();
    while let Some(at) = open.pop() {
        // Each name leads on once.
        let names = std::mem::take(&mut seen[at].names);
        for other in names.iter().filter_map(|name| by_name.remove(name)).flatten() {
            if !std::mem::replace(&mut seen[other].kept, true) {
                open.push(other);
            }
        }
    }
}

/// A zip archive of stored members, sorted, without times (APPNOTE 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16).
fn zipped(records: &BTreeMap<Box<str>, Vec<u8>>) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (id, content) in records {
        let name = format!("{}.json", percent_encoded(id));
        let mut crc = Crc::new();
        crc.update(content);
        let mut same = Vec::new();
        // Version 2.0, UTF-8, stored, the first day there is.
        [20u16, 1 << 11, 0, 0, 0x21].iter().for_each(|number| same.extend(number.to_le_bytes()));
        [crc.sum(), content.len() as u32, content.len() as u32].iter().for_each(|number| same.extend(number.to_le_bytes()));
        same.extend((name.len() as u16).to_le_bytes());
        same.extend(0u16.to_le_bytes());
        let offset = out.len() as u32;
        directory.extend(b"PK\x01\x02");
        directory.extend(20u16.to_le_bytes());
        directory.extend(&same);
        // No comment, one disk, no attributes.
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
        out.extend(b"PK\x03\x04");
        out.extend(&same);
        out.extend(name.as_bytes());
        out.extend(content);
    }
    let (start, count) = (out.len() as u32, (records.len() as u16).to_le_bytes());
    out.extend(&directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    [count, count].iter().for_each(|count| out.extend(count));
    out.extend((directory.len() as u32).to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0, 0]);
    out
}
