//! The locks of bundles that were packed here: what their receivers have, when a delta is to build on one.

use super::files::{create_folder, read_own, remove, write_atomic};
use super::layout::{Store, Writer};
use crate::artifact::Digest;
use crate::error::{Error, Kind, Result};
use crate::lock::{Lock, MAX_LOCK_BYTES};
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::PathBuf;

/// So many of the last bundles of a line are remembered.
const REMEMBERED: usize = 8;
/// Longest list of the bundles that one builds on.
const MAX_BASES_BYTES: u64 = 1 << 20;

/// A bundle that was packed here.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sent {
    /// Toolkit name.
    pub name: String,
    /// Release line.
    pub line: String,
    /// Its epoch.
    pub epoch: u64,
    /// Its number.
    pub seq: u64,
    /// Its id.
    pub id: Digest,
}

impl Sent {
    fn file_name(&self) -> String {
        format!("{}@{}.{}.{}.{}.json", self.name, self.line, self.epoch, self.seq, self.id.hex())
    }

    fn from_file_name(name: &str) -> Option<Self> {
        let mut parts = name.strip_suffix(".json")?.rsplitn(4, '.');
        let id = Digest::from_hex(parts.next()?).ok()?;
        let (seq, epoch) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let (name, line) = parts.next()?.split_once('@')?;
        Some(Self { name: name.to_owned(), line: line.to_owned(), epoch, seq, id })
    }

    /// Where it is kept on which bundles it builds, when it builds on any.
    fn bases_name(&self) -> String {
        format!("{}.bases", self.file_name())
    }

    fn is_of(&self, other: &Self) -> bool {
        (&self.name, &self.line) == (&other.name, &other.line)
    }
}

impl Store {
    fn sent_folder(&self) -> PathBuf {
        self.root().join("sent")
    }

    /// The last bundles that were packed here, sorted.
    pub fn sent(&self) -> Result<Vec<Sent>> {
        let folder = self.sent_folder();
        let wrong = |e: &std::io::Error| Error::io(format!("{} cannot be listed", folder.display()), e);
        let entries = match folder.read_dir() {
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(vec![]),
            other => other.map_err(|e| wrong(&e))?,
        };
        let mut found = Vec::new();
        for entry in entries {
            let name = entry.map_err(|e| wrong(&e))?.file_name();
            found.extend(name.to_str().and_then(Sent::from_file_name));
        }
        found.sort();
        Ok(found)
    }

    /// The lock of one of them.
    pub fn lock_sent(&self, sent: &Sent) -> Result<Lock> {
        let path = self.sent_folder().join(sent.file_name());
        let damaged =
            |e: Error| e.of_kind(Kind::Store).hint("the store is damaged: remove the file, and give the bundle itself with --base");
        let missing = || Error::new(Kind::Store, format!("the lock of {} {} is missing", sent.name, sent.seq)).with("file", path.display());
        let bytes = read_own(&path, MAX_LOCK_BYTES as u64)?.ok_or_else(missing)?;
        Lock::parse(path.display(), &bytes).map_err(damaged)
    }

    /// The locks of the last bundle of each line, which the next delta builds on, and of those that it builds on itself: to pack it again
    /// takes what it was recoded from.
    pub(super) fn last_sent(&self) -> Result<Vec<Lock>> {
        let sent = self.sent()?;
        let last = |n: usize| sent.get(n + 1).is_none_or(|next| !next.is_of(&sent[n]));
        let mut bases = BTreeSet::new();
        for n in (0..sent.len()).filter(|n| last(*n)) {
            bases.extend(self.bases_sent(&sent[n])?);
        }
        let named = sent.iter().enumerate().filter(|(n, one)| last(*n) || bases.contains(&one.id));
        named.map(|(_, one)| self.lock_sent(one)).collect()
    }

    /// The ids of the bundles that one of them builds on.
    fn bases_sent(&self, sent: &Sent) -> Result<Vec<Digest>> {
        let path = self.sent_folder().join(sent.bases_name());
        let damaged = |e: Error| e.of_kind(Kind::Store).with("file", path.display()).hint("the store is damaged: remove the file");
        let bytes = read_own(&path, MAX_BASES_BYTES)?.unwrap_or_default();
        String::from_utf8_lossy(&bytes).lines().map(|line| Digest::from_hex(line).map_err(damaged)).collect()
    }
}

impl Writer {
    /// Remembers the lock of a bundle that is being packed and the ids of those it builds on, and forgets those long before it.
    pub fn keep_sent(&self, sent: &Sent, lock: &[u8], bases: &[Digest]) -> Result<()> {
        let folder = self.store().sent_folder();
        create_folder(&folder)?;
        let path = folder.join(sent.bases_name());
        match bases.is_empty() {
            true => remove(&path)?,
            false => write_atomic(&path, bases.iter().map(|id| format!("{}\n", id.hex())).collect::<String>().as_bytes())?,
        }
        write_atomic(&folder.join(sent.file_name()), lock)?;
        let of_line: Vec<Sent> = self.store().sent()?.into_iter().filter(|other| other.is_of(sent)).collect();
        let over = of_line.len().saturating_sub(REMEMBERED);
        // The lock goes last: a kill between the two leaves what the next packing takes away.
        of_line[..over].iter().filter(|old| *old != sent && !bases.contains(&old.id)).try_for_each(|old| {
            remove(&folder.join(old.bases_name()))?;
            remove(&folder.join(old.file_name()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Sent;
    use crate::artifact::Digest;

    #[test]
    fn a_file_name_says_all_of_it() {
        let sent = Sent { name: "a.b".into(), line: "x.y-1".into(), epoch: 2, seq: 30, id: Digest::of(b"") };
        assert_eq!(Sent::from_file_name(&sent.file_name()), Some(sent));
        assert_eq!(Sent::from_file_name("kit@main.1.2.json"), None);
    }
}
