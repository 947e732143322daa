//! A sender and a receiver in temporary folders: keys from fixed seeds, a trust root, locks of made-up blobs.

use airlift::artifact::{Artifact, BlobIntake, Descriptor, Digest, Learned};
use airlift::bundle::{Authentic, Redundancy, Verification, VerifiedBundle, Written, find};
use airlift::error::Result;
use airlift::lock::Lock;
use airlift::log::{Journal, Scribe};
use airlift::progress::Silent;
use airlift::steps::delta::Shape;
use airlift::steps::import::{Imported, import};
use airlift::steps::pack::{PackRequest, pack};
use airlift::steps::sign::sign;
use airlift::steps::trust::{Founding, init};
use airlift::steps::verify::{one, verify};
use airlift::steps::{Fetched, trust};
use airlift::store::{Store, Writer};
use airlift::trust::{RootLimits, SecretKey, Signer, TrustRoot, pinned};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub struct World {
    pub folder: TempDir,
    pub root: TrustRoot,
    pub sender: Store,
}

/// The key of a person, from a seed that is theirs alone.
pub fn key(person: u8) -> SecretKey {
    SecretKey::from_seed(&[person; 32], "test").expect("a seed makes a key")
}

/// Bytes that no compressor shrinks, the same on every run.
pub fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut out = Vec::with_capacity(length + 8);
    while out.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        out.extend_from_slice(&state.wrapping_mul(0x2545_f491_4f6c_dd1d).to_le_bytes());
    }
    out.truncate(length);
    out
}

/// Bytes that every compressor shrinks.
pub fn text(length: usize, seed: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(length + 64);
    let mut n = seed;
    while out.len() < length {
        out.extend_from_slice(format!("line {n} of a long and rather repetitive text\n").as_bytes());
        n += 1;
    }
    out.truncate(length);
    out
}

impl World {
    /// One signer, threshold one.
    pub fn new() -> Self {
        Self::with_threshold(1, 1)
    }

    /// `people` signers of whom `threshold` must sign.
    pub fn with_threshold(people: u8, threshold: usize) -> Self {
        Self::with_limits(people, threshold, RootLimits::default())
    }

    /// The same with limits that no signer can exceed.
    pub fn with_limits(people: u8, threshold: usize, limits: RootLimits) -> Self {
        Self::made("test", (1..=people).collect(), threshold, limits)
    }

    /// A trust domain of another name with one signer.
    pub fn named(name: &str, key: u8) -> Self {
        Self::made(name, vec![key], 1, RootLimits::default())
    }

    fn made(name: &str, people: Vec<u8>, threshold: usize, limits: RootLimits) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let keys = folder.path().join("keys");
        std::fs::create_dir_all(&keys).expect("a folder");
        let principals: Vec<String> = people
            .iter()
            .map(|n| {
                let path = keys.join(format!("person{n}.pub"));
                std::fs::write(&path, key(*n).public_line()).expect("a file");
                format!("person{n}={}", path.display())
            })
            .collect();
        let created = "2026-01-01T00:00:00Z".parse().expect("a time");
        let founding = Founding { name, principals: &principals, threshold, created, expires: None, limits };
        let signers: Vec<Box<dyn Signer>> = people.iter().map(|n| Box::new(key(*n)) as Box<dyn Signer>).collect();
        let root = init(&folder.path().join("root"), &founding, &signers).expect("a root").root;
        let world = Self { sender: Store::open_or_create(&folder.path().join("sender")).expect("a store"), folder, root };
        world.trust(&world.sender);
        world
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Lets a store accept the world's root.
    pub fn trust(&self, store: &Store) {
        let typed = self.root.fingerprint().spoken();
        trust::accept(&journal(&store.writer().expect("the lock")), &self.path("root/root.1.json"), &typed).expect("the root is accepted");
    }

    /// A receiver that trusts the world's root.
    pub fn receiver(&self, name: &str) -> Store {
        let store = Store::open_or_create(&self.path(name)).expect("a store");
        self.trust(&store);
        store
    }

    /// Puts blobs into the sender's store and makes the lock that lists them.
    pub fn lock(&self, name: &str, blobs: &[Vec<u8>]) -> Lock {
        let writer = self.sender.writer().expect("the lock");
        let artifacts = blobs.iter().enumerate().map(|(n, bytes)| {
            let digest = Digest::of(bytes);
            if let Some(mut sink) = writer.receive(&digest, bytes.len() as u64).expect("room") {
                sink.write(bytes).expect("room");
                sink.finish().expect("the right digest");
            }
            Artifact {
                ecosystem: "files".to_owned(),
                sections: vec!["all".to_owned()],
                name: format!("blob-{n:03}"),
                version: "1".to_owned(),
                descriptors: vec![Descriptor {
                    media_type: "application/octet-stream".to_owned(),
                    digest,
                    size: bytes.len() as u64,
                    name: None,
                    origins: vec![format!("https://example.org/{n}")],
                    learned: Learned::Pinned,
                    side_digests: std::collections::BTreeMap::default(),
                }],
                subject: None,
                meta: serde_json::Value::Null,
            }
        });
        Lock::new(name.to_owned(), "main".to_owned(), Digest::of(b"manifest"), artifacts.collect()).expect("a lock")
    }

    /// Packs a lock and has it signed by some people; returns the volumes.
    pub fn pack(&self, lock: &Lock, out: &str, volume_size: Option<u64>, people: &[u8]) -> Vec<PathBuf> {
        self.pack_as(lock, out, volume_size, people, None)
    }

    /// The same with a number of its own, by a builder that has forgotten which ones it handed out.
    pub fn pack_as(&self, lock: &Lock, out: &str, volume_size: Option<u64>, people: &[u8], seq: Option<u64>) -> Vec<PathBuf> {
        if seq.is_some() {
            let _ = std::fs::remove_dir_all(self.sender.root().join("packed"));
        }
        let written = self.try_pack(lock, out, volume_size, (None, seq)).expect("packed");
        for person in people {
            sign(&written.statement, &written.volumes, &self.root, &key(*person)).expect("signed");
        }
        written.volumes
    }

    /// Packs and signs a delta, or a small bundle.
    pub fn pack_shaped(&self, lock: &Lock, out: &str, volume_size: Option<u64>, shape: &Shape) -> Vec<PathBuf> {
        let written = self.try_shaped(lock, out, volume_size, (None, None), (Redundancy::default(), shape)).expect("packed");
        sign(&written.statement, &written.volumes, &self.root, &key(1)).expect("signed");
        written.volumes
    }

    /// Packs a lock under an epoch and a number, where they are given.
    pub fn try_pack(&self, lock: &Lock, out: &str, volume_size: Option<u64>, number: (Option<u64>, Option<u64>)) -> Result<Written> {
        self.try_protected(lock, out, volume_size, number, Redundancy::default())
    }

    /// The same with parity.
    pub fn try_protected(
        &self,
        lock: &Lock,
        out: &str,
        volume_size: Option<u64>,
        (epoch, seq): (Option<u64>, Option<u64>),
        redundancy: Redundancy,
    ) -> Result<Written> {
        self.try_shaped(lock, out, volume_size, (epoch, seq), (redundancy, &Shape::default()))
    }

    /// The same for some receivers, and as small as asked.
    pub fn try_shaped(
        &self,
        lock: &Lock,
        out: &str,
        volume_size: Option<u64>,
        (epoch, seq): (Option<u64>, Option<u64>),
        (redundancy, shape): (Redundancy, &Shape),
    ) -> Result<Written> {
        let fetched = Fetched::of(lock.clone(), &self.sender).expect("everything is in the store");
        let chain = pinned::stored(&self.sender.trust_folder()).expect("the roots");
        let trust = chain.files().into_iter().map(|(name, bytes)| (format!("trust/{name}"), bytes.to_vec())).collect();
        let writer = self.sender.writer().expect("the lock");
        let request = PackRequest {
            fetched: &fetched,
            journal: &journal(&writer),
            out: &self.path(out),
            volume_size,
            redundancy,
            threads: 2,
            created: "2026-02-03T04:05:06Z".to_owned(),
            created_given: true,
            epoch,
            seq,
            previous: None,
            shape,
            trust,
            progress: &Silent,
        };
        pack(&request).map(|(written, _)| written)
    }

    /// Opens a bundle as a receiver that trusts the world's root.
    pub fn open(&self, places: &[PathBuf]) -> Result<Authentic> {
        Authentic::open(one(find(places)?)?, &self.root)
    }

    /// Opens and verifies a bundle without writing anything.
    pub fn verify(&self, places: &[PathBuf]) -> Result<VerifiedBundle> {
        verify(self.open(places)?, &verification(), None)
    }

    /// Imports a bundle.
    pub fn import(&self, places: &[PathBuf], store: &Store) -> Result<Imported> {
        import(self.open(places)?, &try_journal(&store.writer()?)?, &verification())
    }
}

/// Two threads, first error ends it.
pub fn verification() -> Verification<'static> {
    Verification { threads: 2, keep_going: false, progress: &Silent, phase: "verifying" }
}

/// The log of a store that is about to be changed, at a time that stands still, by somebody the tests name.
pub fn try_journal(writer: &Writer) -> Result<Journal<'_>> {
    Journal::open(writer, Scribe { clock: || "2026-03-04T05:06:07Z".parse().expect("a time"), actor: "tester".to_owned() })
}

/// The same where it must be right.
pub fn journal(writer: &Writer) -> Journal<'_> {
    try_journal(writer).expect("a log that can be written")
}

/// Every file below a folder with its bytes, for comparing whole states; but for the event log, which also tells of what was refused.
pub fn state(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let files = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().map(|e| e.expect("a readable folder"));
    let files = files.filter(|e| e.file_type().is_file() && e.file_name() != "lock" && !e.path().starts_with(folder.join("log")));
    files.map(|e| (e.path().strip_prefix(folder).expect("below").to_owned(), std::fs::read(e.path()).expect("a readable file"))).collect()
}
