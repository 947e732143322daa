//! `airlift pack`

use super::sign::{Keys, Signing, sign_all};
use crate::artifact::{Digest, LARGEST, sha256_bytes};
use crate::bundle::{Previous, Written};
use crate::cli::Context;
use crate::ecosystems::{bytes, count};
use crate::error::{Error, Result};
use crate::lock::{Lock, MAX_LOCK_BYTES};
use crate::log::Journal;
use crate::steps::Fetched;
use crate::steps::pack::{PackRequest, pack};
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
    pub keys: Keys,
}

impl Pack {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        let store = context.open_store()?;
        let fetched = Fetched::of(read_lock(&self.lock)?, &store)?;
        let signing = self.options.keys.open(&store, context)?;
        let writer = store.writer()?;
        write(&fetched, &context.journal(&writer)?, &self.options, signing.as_ref(), context).map(|_| ())
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
}

/// Packs, signs and tells.
pub fn write(fetched: &Fetched, journal: &Journal<'_>, options: &Packing, signing: Option<&Signing>, context: &Context) -> Result<Written> {
    let (created, given) = options.created.map_or_else(|| context.created(), |time| Ok((time, true)))?;
    let seconds = jiff::Timestamp::from_second(created.as_second()).map_err(|e| Error::usage("the time is out of range").because(&e))?;
    let progress = context.out.progress();
    let (written, seq) = pack(&PackRequest {
        fetched,
        journal,
        out: &options.out,
        volume_size: options.volume_size,
        threads: context.environment.threads(),
        created: seconds.to_string(),
        created_given: given,
        epoch: options.epoch,
        seq: options.seq,
        previous: options.previous,
        trust: context.carried_roots(journal.store())?,
        progress: progress.as_ref(),
    })?;
    let signed = sign_all(&written.statement, &written.volumes, signing, journal, context)?;
    let name = &fetched.lock().name;
    let text = format!(
        "packed    {} → {} in {}\nbundle    {name} {seq}   {}\n",
        bytes(written.content),
        bytes(written.stored),
        count(written.volumes.len(), "volume"),
        written.id.spoken()
    );
    let document = json!({ "bundle": written.id.hex(), "spoken": written.id.spoken(), "name": name, "seq": seq, "volumes": written.volumes,
        "content_bytes": written.content, "stored_bytes": written.stored, "signed_by": signed, "sha256-bytes": sha256_bytes() });
    context.out.data(&document, &text)?;
    context.out.say("read the bundle's identity aloud to the other side");
    Ok(written)
}

/// Sizes of media, in bytes: FAT32's longest file; ECMA-130, ECMA-267, ECMA-268 and Blu-ray discs less room for a file system.
const MEDIA: [(&str, u64); 6] = [
    ("fat32", (1 << 32) - 1),
    ("cd", 700 << 20),
    ("dvd", 4_699_979_776),
    ("dvd-dl", 8_543_666_176),
    ("bd", 25_019_023_360),
    ("bd-dl", 50_040_143_872),
];

/// A volume size: a medium's name, or a number with a decimal or binary unit.
pub fn volume_size(text: &str) -> std::result::Result<u64, String> {
    if let Some((_, size)) = MEDIA.iter().find(|(name, _)| *name == text) {
        return Ok(*size);
    }
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit: u64 = match &text[digits.len()..] {
        "" | "B" => 1,
        "kB" => 1000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => return Err("expected a size such as 4GB, 700MiB or fat32".to_owned()),
    };
    digits.parse::<u64>().ok().and_then(|n| n.checked_mul(unit)).ok_or_else(|| "expected a size such as 4GB, 700MiB or fat32".to_owned())
}

fn previous(text: &str) -> std::result::Result<Previous, String> {
    let wrong = || "expected NUMBER:ID, the id being 64 hex digits".to_owned();
    let (seq, id) = text.split_once(':').ok_or_else(wrong)?;
    let bundle = Digest::from_hex(id).map_err(|_| wrong())?;
    let seq = seq.parse().ok().filter(|seq| (1..=LARGEST).contains(seq)).ok_or_else(wrong)?;
    Ok(Previous { bundle, seq })
}
