//! `pack`: fetched blobs become a bundle. Numbering is remembered per line, so that packing the same lock again gives the same bytes.

use super::Fetched;
use super::delta::{Preparing, Shape, prepare};
use crate::artifact::{Blobs, Digest, LARGEST, set_name};
use crate::bundle::{self, Draft, PackOptions, Previous, Redundancy, Written};
use crate::ecosystems::{self, bytes};
use crate::error::{Error, Kind, Result};
use crate::lock::Lock;
use crate::log::{Draft as Said, Item, Journal, kind};
use crate::progress::Progress;
use crate::store::{LastPacked, Sent, check_space, free_space};
use crate::trust::{TrustRoot, pinned};
use std::path::{Path, PathBuf};

/// What the statement names as its maker.
const TOOL: &str = concat!("airlift ", env!("CARGO_PKG_VERSION"));
/// What goes into every bundle's head for a reader without airlift.
const README: &str = include_str!("../../docs/formats/bundle-readme.txt");

/// What a bundle is packed with; `None` means: as remembered from the last bundle of the line.
pub struct PackRequest<'a> {
    /// The proof that everything is here.
    pub fetched: &'a Fetched,
    /// The store and its event log.
    pub journal: &'a Journal<'a>,
    /// The folder that gets the volumes.
    pub out: &'a Path,
    /// Longest volume in bytes.
    pub volume_size: Option<u64>,
    /// How much parity.
    pub redundancy: Redundancy,
    /// Threads.
    pub threads: usize,
    /// Creation time to claim (RFC 3339, UTC).
    pub created: String,
    /// Whether the time was given by a person, who then gets it even for a lock packed before.
    pub created_given: bool,
    /// Epoch.
    pub epoch: Option<u64>,
    /// Number.
    pub seq: Option<u64>,
    /// The bundle before it.
    pub previous: Option<Previous>,
    /// For whom it is, and how small it should be.
    pub shape: &'a Shape,
    /// Trust roots and their signatures, as `trust/…` files.
    pub trust: Vec<(String, Vec<u8>)>,
    /// Where the work is reported.
    pub progress: &'a dyn Progress,
}

/// Packs what its rooms will serve; signing is a step of its own.
pub fn pack(request: &PackRequest<'_>) -> Result<(Written, u64)> {
    let lock = request.fetched.lock();
    let store = request.journal.store();
    ecosystems::check(&lock.artifacts)?;
    let last = store.last_packed(&lock.name, &lock.line)?;
    let number = numbering(request, last.as_ref());
    check_number(request, &number, last.as_ref())?;
    let out = request.out;
    std::fs::create_dir_all(out).map_err(|e| Error::unwritten(format!("{} cannot be created", out.display()), &e))?;
    check_free(out, lock, &number)?;
    let made = prepare(&Preparing { lock, store, shape: request.shape, threads: request.threads, progress: request.progress })?;
    let recoding = request.shape.recut.as_ref().unwrap_or(&made);
    // Nobody knows how much smaller the content gets: what cannot be enough is refused, what may not be is told.
    let (content, free) = (recoding.carried(lock), free_space(out)?);
    check_space(out, content / 8)?;
    if free < content {
        request.progress.note(&format!("{}: {} free for {} of content: it may not fit", out.display(), bytes(free), bytes(content)));
    }
    let mut files = request.trust.clone();
    files.push(("README".to_owned(), README.as_bytes().to_vec()));
    let draft = Draft {
        lock,
        recoding,
        parents: &request.shape.parents,
        ancestors: &request.shape.ancestors,
        blobs: store as &dyn Blobs,
        epoch: number.epoch,
        seq: number.seq,
        previous: number.previous.map(|(seq, bundle)| Previous { bundle, seq }),
        created: number.created.clone(),
        tool: TOOL.to_owned(),
        remember: &|id| {
            number.refuse_another(lock, id)?;
            let bundle = Item::named("bundle", set_name(&lock.name, &lock.line, number.seq)).digest(id);
            request.journal.append(Said::new(kind::PACK, vec![bundle]).on(vec![Item::of("lock", lock.digest())]))?;
            request.journal.writer().keep_sent(&number.sent(lock, id), &lock.to_bytes(), &request.shape.bases())?;
            request.journal.writer().remember_packed(&lock.name, &lock.line, &number.of(id))
        },
        files,
    };
    let options = PackOptions {
        out,
        volume_size: request.volume_size,
        threads: request.threads,
        redundancy: request.redundancy,
        progress: request.progress,
    };
    let written = bundle::write(&draft, &options)?;
    Ok((written, number.seq))
}

/// Where a bundle will stand in its line.
struct Number {
    epoch: u64,
    seq: u64,
    created: String,
    previous: Option<(u64, Digest)>,
    recipe: Digest,
    /// The id it had when it was packed before; `None` for a bundle that is new.
    bundle: Option<Digest>,
}

impl Number {
    fn sent(&self, lock: &Lock, id: Digest) -> Sent {
        Sent { name: lock.name.clone(), line: lock.line.clone(), epoch: self.epoch, seq: self.seq, id }
    }

    /// Refuses other bytes under a number that was handed out: what a bundle is recoded from can change though its recipe does not, when
    /// old blobs were pruned, or when what is known of an inventory's blobs has changed.
    fn refuse_another(&self, lock: &Lock, id: Digest) -> Result<()> {
        let Some(had) = self.bundle.filter(|had| *had != id) else { return Ok(()) };
        Err(Error::usage(format!("{}: it is another bundle than it was under this number", set_name(&lock.name, &lock.line, self.seq)))
            .with("was", had.spoken())
            .with("would be", id.spoken())
            .hint("what it is recoded from has changed in this store, and receivers would take it for a fork")
            .hint(format!("for the next number, which they take: --seq {}", self.seq.saturating_add(1))))
    }

    fn of(&self, bundle: Digest) -> LastPacked {
        let (recipe, created, previous) = (self.recipe, self.created.clone(), self.previous);
        LastPacked { epoch: self.epoch, seq: self.seq, bundle, recipe, created, previous }
    }
}

/// The number of the next bundle: the last one again when everything that decides the bytes is the same, else the next, also after those it
/// is made from; 1 in a new epoch.
fn numbering(request: &PackRequest<'_>, last: Option<&LastPacked>) -> Number {
    let lock = request.fetched.lock().digest();
    let given = request.previous.map(|p| (p.seq, p.bundle));
    let recipe = |created: &str| recipe(request, &lock, created);
    if let Some(last) = last {
        let created = if request.created_given { &request.created } else { &last.created };
        let same = |wanted: Option<u64>, had: u64| wanted.is_none_or(|w| w == had);
        let unchanged = last.recipe == recipe(created) && same(request.seq, last.seq) && same(request.epoch, last.epoch);
        if unchanged && given.is_none_or(|g| last.previous == Some(g)) {
            let LastPacked { epoch, seq, bundle, recipe, created, previous } = last.clone();
            return Number { epoch, seq, created, previous, recipe, bundle: Some(bundle) };
        }
    }
    let newest = last.map(|l| (l.epoch, l.seq)).max(request.shape.after);
    let epoch = request.epoch.or(newest.map(|(epoch, _)| epoch)).unwrap_or(0);
    let next = newest.filter(|(of, _)| *of >= epoch).map_or(1, |(_, seq)| seq.saturating_add(1));
    let seq = request.seq.unwrap_or(next);
    let before = last.filter(|l| l.epoch == epoch && l.seq < seq).map(|l| (l.seq, l.bundle));
    let created = request.created.clone();
    Number { epoch, seq, recipe: recipe(&created), created, previous: given.or(before), bundle: None }
}

/// Refuses what every receiver would: an epoch above the accepted root's, and another bundle under a number that was handed out.
fn check_number(request: &PackRequest<'_>, number: &Number, last: Option<&LastPacked>) -> Result<()> {
    let label = format!("{} {}", request.fetched.lock().name, number.seq);
    if number.seq == 0 || number.seq.max(number.epoch) > LARGEST {
        return Err(Error::usage(format!("{label}: no reader takes this number or epoch"))
            .with("expected", format!("a number from 1, an epoch from 0, to {LARGEST}"))
            .with("found", format!("epoch {}, number {}", number.epoch, number.seq))
            .hint("leave out --seq for the next number; a new epoch starts at 1 again"));
    }
    if let Some(root) = pinned::load(&request.journal.store().trust_folder())? {
        check_epoch(&label, number.epoch, &root)?;
    }
    let Some(last) = last.filter(|l| number.bundle.is_none() && (number.epoch, number.seq) <= (l.epoch, l.seq)) else { return Ok(()) };
    Err(Error::usage(format!("{label}: the number is not above the last one of its line, and this is another bundle"))
        .with("last", format!("epoch {}, number {}, {}", last.epoch, last.seq, last.bundle.spoken()))
        .with("asked for", format!("epoch {}, number {}", number.epoch, number.seq))
        .hint("receivers would take it for a fork or a rollback: leave out --seq and --epoch for the next number"))
}

/// Refuses an epoch that the trust root does not allow.
pub fn check_epoch(label: &str, epoch: u64, root: &TrustRoot) -> Result<()> {
    if epoch <= root.terms().epoch {
        return Ok(());
    }
    Err(Error::new(Kind::Policy, format!("{label}: its epoch is above the trust root's, and every receiver would refuse it"))
        .with("expected", format!("at most {}", root.terms().epoch))
        .with("found", epoch)
        .with("trust root", root.label())
        .hint("a new trust root raises the epoch first"))
}

/// SHA-256 of everything but the number that decides a bundle's bytes: the lock, the cut, the time, the roots, the tool.
fn recipe(request: &PackRequest<'_>, lock: &Digest, created: &str) -> Digest {
    let mut all = format!("{TOOL}\n{lock}\n{created}\n{:?}\n", request.volume_size).into_bytes();
    if request.redundancy.is_some() {
        all.extend_from_slice(format!("{:?}\n", request.redundancy).as_bytes());
    }
    if !request.shape.is_plain() {
        all.extend_from_slice(format!("{}\n", request.shape.told()).as_bytes());
    }
    for (name, bytes) in &request.trust {
        all.extend_from_slice(format!("{name} {}\n", Digest::of(bytes)).as_bytes());
    }
    Digest::of(&all)
}

/// Volumes of the same name must be of the same bundle: another one is never overwritten.
fn check_free(out: &Path, lock: &Lock, number: &Number) -> Result<()> {
    let set = set_name(&lock.name, &lock.line, number.seq);
    let ours = |path: &PathBuf| is_volume_of(&set, path.file_name().and_then(|n| n.to_str()).unwrap_or_default());
    let entries = std::fs::read_dir(out).map_err(|e| Error::io(format!("{} cannot be listed", out.display()), &e))?;
    for path in entries.flatten().map(|e| e.path()).filter(ours) {
        let same = bundle::Volume::open(&path).is_ok_and(|v| Some(Digest::of(&v.head.statement)) == number.bundle);
        if !same {
            return Err(Error::usage(format!("{} is there already and is another bundle", path.display()))
                .hint("choose another folder, or remove the file if nobody needs it"));
        }
    }
    Ok(())
}

/// Whether a file is called as a volume of the set: `SET.airlift` or `SET.NNN.airlift`. `kit-1.5-1.airlift` is of another than `kit-1`.
fn is_volume_of(set: &str, file: &str) -> bool {
    let Some(rest) = file.strip_prefix(set).and_then(|rest| rest.strip_suffix(".airlift")) else { return false };
    rest.is_empty() || rest.strip_prefix('.').is_some_and(|n| n.len() == 3 && n.bytes().all(|b| b.is_ascii_digit()))
}
