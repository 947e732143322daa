//! Opening a store, its paths, and the one writer.

use super::files::{create_folder, read_own, write_atomic};
use super::intake::Arrivals;
use crate::artifact::Digest;
use crate::error::{Error, Kind, Result};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use walkdir::WalkDir;

/// The marker's content; the number is the layout version.
const MARKER: &[u8] = b"{\"airlift-store\":1}\n";

/// The folders of a store.
const FOLDERS: [&str; 7] = ["blobs", "blobs/sha256", "partial", "bundles", "snapshots", "held", "trust"];

/// Whether there is nothing in a folder but what an earlier attempt to make a store may have left (empty folders, and no list yet), and
/// what a file system puts into its root itself.
fn only_begun(root: &Path) -> bool {
    let entries = WalkDir::new(root).min_depth(1).into_iter().flatten();
    entries.into_iter().all(|entry| {
        let name = entry.path().strip_prefix(root).ok().and_then(Path::to_str).unwrap_or_default();
        let own = if entry.file_type().is_dir() { &FOLDERS[..] } else { &["lock", "airlift-store.json.new"] };
        own.contains(&name) || (name == "lost+found" && entry.file_type().is_dir())
    })
}

/// A store opened for reading.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
}

/// The right to change a store; held by one process at a time, released when dropped.
#[derive(Debug)]
pub struct Writer {
    store: Store,
    lock: File,
    arrivals: Arc<Arrivals>,
    keeps_check_values: bool,
}

impl Store {
    /// Opens a store that exists.
    pub fn open(root: &Path) -> Result<Self> {
        let missing = || {
            Error::new(Kind::Incomplete, format!("there is no store at {}", root.display()))
                .hint("name it with --store DIR; airlift trust accept, fetch and import make one")
        };
        match read_own(&root.join("airlift-store.json"), 4096)?.ok_or_else(missing)? {
            found if found == MARKER => Ok(Self { root: root.to_owned() }),
            found => Err(Error::new(Kind::Store, format!("the store at {} has a layout this airlift does not know", root.display()))
                .with("expected", String::from_utf8_lossy(MARKER).trim())
                .with("found", format!("{:.80}", String::from_utf8_lossy(&found).trim()))
                .hint("a newer airlift may read it")),
        }
    }

    /// Opens a store, creating it in a folder that is empty or does not exist.
    pub fn open_or_create(root: &Path) -> Result<Self> {
        let marker = root.join("airlift-store.json");
        if !marker.exists() {
            if !only_begun(root) {
                return Err(Error::new(Kind::Store, format!("{} is not a store and not empty", root.display()))
                    .hint("give an empty folder, or one that airlift made"));
            }
            FOLDERS.iter().try_for_each(|folder| create_folder(&root.join(folder)))?;
            write_atomic(&marker, MARKER)?;
        }
        Self::open(root)
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Takes the writer's lock, or says that another process has it.
    pub fn writer(&self) -> Result<Writer> {
        let path = self.root.join("lock");
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(|e| Error::unwritten(format!("{} cannot be opened", path.display()), &e))?;
        match file.try_lock() {
            Ok(()) => Ok(Writer { store: self.clone(), lock: file, arrivals: Arc::default(), keeps_check_values: false }),
            Err(TryLockError::WouldBlock) => {
                Err(Error::new(Kind::Store, format!("the store at {} is being changed by another airlift", self.root.display()))
                    .hint("wait until it has finished and run the command again"))
            }
            Err(TryLockError::Error(e)) => Err(Error::io(format!("{} cannot be locked", path.display()), &e)),
        }
    }

    pub(super) fn blob_path(&self, digest: &Digest) -> PathBuf {
        let hex = digest.hex();
        self.root.join("blobs/sha256").join(&hex[..2]).join(hex)
    }

    pub(super) fn partial_path(&self, digest: &Digest) -> PathBuf {
        self.root.join("partial").join(digest.hex())
    }

    /// The folder that keeps an accepted bundle's statement, signatures, roots and lock.
    pub fn bundle_folder(&self, id: &Digest) -> PathBuf {
        self.root.join("bundles").join(id.hex())
    }

    pub(super) fn snapshot_path(&self, number: u64) -> PathBuf {
        self.root.join("snapshots").join(format!("{number}.json"))
    }

    pub(super) fn current_path(&self) -> PathBuf {
        self.root.join("current")
    }

    pub(super) fn held_folder(&self) -> PathBuf {
        self.root.join("held")
    }

    /// The file of the policy this host asks bundles by.
    pub fn policy_path(&self) -> PathBuf {
        self.root.join("policy.toml")
    }

    /// The folder that keeps the review and the approvals of a bundle.
    pub fn approvals_folder(&self, id: &Digest) -> PathBuf {
        self.root.join("approvals").join(id.hex())
    }

    /// The folder of the reports that were signed here, by their digests.
    pub fn reports_folder(&self) -> PathBuf {
        self.root.join("reports")
    }

    /// The file of what advisories said of a snapshot when it was installed.
    pub fn known_path(&self, number: u64) -> PathBuf {
        self.root.join("known").join(format!("{number}.json"))
    }

    /// The folder of the statements about vulnerabilities that were taken in here, by their digests.
    pub fn statements_folder(&self) -> PathBuf {
        self.root.join("vex")
    }

    /// The folder of the trust roots this host has accepted.
    pub fn trust_folder(&self) -> PathBuf {
        self.root.join("trust")
    }
}

impl Drop for Writer {
    /// What has been checked keeps its worth, even where something else failed. Closing the lock's file is not enough where a child
    /// process that is just being started still has a copy of it.
    fn drop(&mut self) {
        let _ = self.arrivals.settle(&self.store);
        let _ = self.lock.unlock();
    }
}

impl Writer {
    /// The store being changed.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// For a store that will be packed from: blobs that come in get their check value, a second hash that spares packing the SHA-256.
    #[must_use]
    pub fn keeping_check_values(mut self) -> Self {
        self.keeps_check_values = true;
        self
    }

    pub(super) fn keeps_check_values(&self) -> bool {
        self.keeps_check_values
    }

    pub(super) fn arrivals(&self) -> &Arc<Arrivals> {
        &self.arrivals
    }
}
