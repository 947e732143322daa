//! `airlift pack`

use super::cost::dry_run;
use super::gate::{Documents, Judged, Judging};
use super::shaping::Shaping;
use super::sign::{Keys, Signing, sign_all};
use crate::artifact::{Digest, LARGEST, sha256_bytes};
use crate::bundle::{Previous, Redundancy, Written};
use crate::cli::Context;
use crate::cli::sizes::{permille, volume_size};
use crate::ecosystems::{bytes, count};
use crate::error::{Error, Result};
use crate::lock::{Lock, MAX_LOCK_BYTES};
use crate::log::Journal;
use crate::steps::Fetched;
use crate::steps::delta::Shape;
use crate::steps::gates::refuse;
use crate::steps::pack::{PackRequest, pack};
use crate::steps::sbom::of_lock;
use crate::store::read_bounded;
use clap::{Args, value_parser};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Write a bundle from fetched blobs, and sign it
#[derive(Debug, Args)]
#[command(after_help = "Example: airlift pack mlops.lock --out /media/usb --volume-size fat32 --key ~/.ssh/release")]
pub struct Pack {
    /// The lock
    lock: PathBuf,
    /// Say what the bundle would cost, and write nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    options: Packing,
}

/// How a bundle is packed and signed.
#[derive(Debug, Clone, Args)]
pub struct Packing {
    /// The folder that gets the volumes
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Longest volume: a size such as 4GB or 700MiB, or fat32, cd, dvd, dvd-dl, bd, bd-dl
    #[arg(long, value_name = "SIZE", value_parser = volume_size)]
    pub volume_size: Option<u64>,
    /// Parity in every volume, such as 5%: as much of it may be lost, in sectors or in one scratch
    #[arg(long, value_name = "PERCENT", value_parser = permille)]
    pub parity: Option<u64>,
    /// Spare volumes beside the others: as many may be lost, whichever they are
    #[arg(long, value_name = "N", value_parser = value_parser!(u16).range(1..=998))]
    pub spare: Option<u16>,
    /// Creation time to claim (RFC 3339) [default: SOURCE_DATE_EPOCH, else now; the same lock keeps its time]
    #[arg(long, value_name = "TIME")]
    pub created: Option<jiff::Timestamp>,
    /// Number in the release line [default: the next; the same lock keeps its number]
    #[arg(long, value_name = "N", value_parser = value_parser!(u64).range(1..=LARGEST))]
    pub seq: Option<u64>,
    /// Epoch of the release line
    #[arg(long, value_name = "N", value_parser = value_parser!(u64).range(..=LARGEST))]
    pub epoch: Option<u64>,
    /// The bundle before it, as NUMBER:ID [default: the last one packed here]
    #[arg(long, value_name = "N:ID", value_parser = previous)]
    pub previous: Option<Previous>,
    #[command(flatten)]
    pub shaping: Shaping,
    #[command(flatten)]
    pub judging: Judging,
    #[command(flatten)]
    pub documents: Documents,
    #[command(flatten)]
    pub keys: Keys,
}

impl Pack {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        let store = context.open_store()?;
        let fetched = Fetched::of(read_lock(&self.lock)?, &store)?;
        if self.dry_run {
            return dry_run(fetched.lock(), &self.options.shaping, &store, context);
        }
        let signing = self.options.keys.open(&store, context)?;
        let writer = store.writer()?;
        write(&fetched, &context.journal(&writer)?, &self.options, (signing.as_ref(), None), context).map(|_| ())
    }
}

/// Reads a lock file.
pub fn read_lock(path: &Path) -> Result<Lock> {
    let missing = || Error::usage(format!("{}: there is no such lock", path.display())).hint("write it with: airlift lock MANIFEST");
    let bytes = read_bounded(path, MAX_LOCK_BYTES as u64)?.ok_or_else(missing)?;
    if !bytes.starts_with(b"{") {
        return Err(Error::usage(format!("{} is not a lock", path.display())).hint("a manifest becomes one with: airlift lock MANIFEST"));
    }
    Lock::parse(path.display(), &bytes)
        .map_err(|e| e.hint("locks are not changed by hand: copy it again, or write it anew with: airlift lock MANIFEST"))
}

/// Packs, signs and tells. A shape that is not the one of the options is of what is packed again.
pub fn write(
    fetched: &Fetched,
    journal: &Journal<'_>,
    options: &Packing,
    (signing, shape): (Option<&Signing>, Option<Shape>),
    context: &Context,
) -> Result<Written> {
    let (created, given) = options.created.map_or_else(|| context.created(), |time| Ok((time, true)))?;
    let seconds = jiff::Timestamp::from_second(created.as_second()).map_err(|e| Error::usage("the time is out of range").because(&e))?;
    gate(fetched.lock(), journal, options, context)?;
    let shape = shape.map_or_else(|| options.shaping.shape(journal.store(), context), Ok)?;
    let progress = context.out.progress();
    let (written, seq) = pack(&PackRequest {
        fetched,
        journal,
        out: &options.out,
        volume_size: options.volume_size,
        redundancy: Redundancy { permille: options.parity.unwrap_or(0), spares: options.spare.map_or(0, usize::from) },
        threads: context.environment.threads(),
        created: seconds.to_string(),
        created_given: given,
        epoch: options.epoch,
        seq: options.seq,
        previous: options.previous,
        shape: &shape,
        trust: context.carried_roots(journal.store())?,
        progress: progress.as_ref(),
    })?;
    let signed = sign_all(&written.statement, &written.volumes, signing, journal, context)?;
    let name = &fetched.lock().name;
    let mut text =
        format!("packed    {} → {} in {}\n", bytes(written.content), bytes(written.stored), count(written.volumes.len(), "volume"));
    let (recoded, blobs, streams) = written.recoded;
    if written.left_out > 0 {
        text.push_str(&format!("left out  {}, which the other side has\n", count(written.left_out, "blob")));
    }
    if recoded > 0 {
        text.push_str(&format!("recoded   {}, {} → {}\n", count(recoded, "blob"), bytes(blobs), bytes(streams)));
    }
    text.push_str(&format!("bundle    {name} {seq}   {}\n", written.id.spoken()));
    let document = json!({ "bundle": written.id.hex(), "spoken": written.id.spoken(), "name": name, "seq": seq, "volumes": written.volumes,
        "content_bytes": written.content, "stored_bytes": written.stored, "left_out": written.left_out,
        "recoded": { "blobs": recoded, "bytes": blobs, "stored": streams }, "signed_by": signed, "sha256-bytes": sha256_bytes() });
    context.out.data(&document, &text)?;
    context.out.say("read the bundle's identity aloud to the other side");
    Ok(written)
}

/// Judges what would be packed, where a policy is named; a refusal leaves nothing written but the documents.
fn gate(lock: &Lock, journal: &Journal<'_>, options: &Packing, context: &Context) -> Result<()> {
    let judged = Judged { subject: of_lock(lock), artifacts: &lock.artifacts, blobs: journal.store(), as_of: options.created, hash: true };
    let Some(gated) = options.judging.run(&judged, context)? else { return options.documents.none_asked() };
    options.documents.write(&gated)?;
    refuse(&lock.name, &gated)?;
    let told = gated.rules.iter().filter(|ruled| ruled.worst > crate::policy::Outcome::NotKnown);
    told.for_each(|ruled| context.out.warn(format!("{}: {}", ruled.rule.id, ruled.counted())));
    Ok(())
}

fn previous(text: &str) -> std::result::Result<Previous, String> {
    let wrong = || "expected NUMBER:ID, the id being 64 hex digits".to_owned();
    let (seq, id) = text.split_once(':').ok_or_else(wrong)?;
    let bundle = Digest::from_hex(id).map_err(|_| wrong())?;
    let seq = seq.parse().ok().filter(|seq| (1..=LARGEST).contains(seq)).ok_or_else(wrong)?;
    Ok(Previous { bundle, seq })
}
