//! `airlift lock`

use super::network::{self, Network};
use crate::cli::Context;
use crate::ecosystems::{self, bytes, count};
use crate::error::{Error, Result};
use crate::lock::{Lock as LockFile, LockDiff, MAX_LOCK_BYTES};
use crate::manifest::Manifest;
use crate::steps::lock::{LockOptions, LockOutcome, lock};
use crate::store::{Store, read_bounded, write_named};
use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Resolve a manifest into a lock: every blob with digest and size
#[derive(Debug, Args)]
#[command(after_help = "Example: airlift lock mlops.toml")]
pub struct Lock {
    /// The toolkit manifest
    manifest: PathBuf,
    /// Where the lock is written [default: beside the manifest, ending in .lock]
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    network: Network,
}

impl Lock {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        let upstream = self.network.upstream(context)?;
        let path = self.out.unwrap_or_else(|| self.manifest.with_extension("lock"));
        check_place(&path)?;
        let before = read_bounded(&path, MAX_LOCK_BYTES as u64)?.and_then(|bytes| LockFile::parse(path.display(), &bytes).ok());
        let outcome = network::run(resolve(&self.manifest, &upstream, context))?;
        write_named(&path, &outcome.lock.to_bytes())?;
        tell(&outcome, before.as_ref(), &path, context)
    }
}

/// Whether a lock can be written there: better known before everything is resolved.
fn check_place(path: &Path) -> Result<()> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return Err(Error::usage(format!("{}: there is no such folder", folder.display())).hint("make it, or choose another with --out"));
    }
    if path.is_dir() {
        return Err(Error::usage(format!("{} is a folder", path.display())).hint("name the file to write: --out FILE"));
    }
    Ok(())
}

/// The text of a manifest.
pub fn read_manifest(path: &Path) -> Result<String> {
    if path.is_dir() {
        return Err(Error::usage(format!("{} is a folder", path.display())).hint("name the manifest in it"));
    }
    let missing = || Error::usage(format!("{}: there is no such manifest", path.display())).hint("write one with: airlift init NAME");
    let text = read_bounded(path, 1 << 20)?.ok_or_else(missing)?;
    String::from_utf8(text).map_err(|_| Error::usage(format!("{}: the manifest is not UTF-8", path.display())))
}

/// Reads and resolves a manifest.
pub async fn resolve(path: &Path, upstream: &crate::upstream::Upstream, context: &Context) -> Result<LockOutcome> {
    let text = read_manifest(path)?;
    let manifest = Manifest::parse(&text, &ecosystems::names()).map_err(|e| e.about(path.display()))?;
    let base = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (cache, progress) = (context.cache(), context.out.progress());
    let options = LockOptions { base, cache: &cache, now: context.created()?.0, upstream, progress: progress.as_ref() };
    let outcome = lock(&manifest, &options).await.map_err(|e| e.about(path.display()))?;
    for section in &outcome.sections {
        context.out.say(format!("  {:<8} {:<12} {}", section.ecosystem, section.name, section.summary));
        section.notes.iter().for_each(|note| context.out.say(format!("           note: {note}")));
    }
    Ok(outcome)
}

fn tell(outcome: &LockOutcome, before: Option<&LockFile>, path: &Path, context: &Context) -> Result<()> {
    let lock = &outcome.lock;
    let blobs = lock.blobs();
    let store = Store::open(&context.store_path()).ok();
    let missing: u64 =
        blobs.iter().filter(|(d, s)| !store.as_ref().is_some_and(|st| st.has(d, **s).unwrap_or(false))).map(|(_, s)| s).sum();
    let mut text =
        format!("wrote {}: {}, {} ({} not yet fetched)\n", path.display(), count(blobs.len(), "blob"), bytes(lock.size()), bytes(missing));
    if let Some(before) = before {
        let (changed, new, removed, rebuilt) = LockDiff::between(before, lock).counts();
        text.push_str(&format!(
            "since the last lock: {changed} changed, {new} new, {removed} removed, {rebuilt} with the same version and other bytes\n"
        ));
    }
    let sections: Vec<_> = outcome
        .sections
        .iter()
        .map(|s| json!({ "ecosystem": s.ecosystem, "name": s.name, "summary": s.summary, "notes": s.notes }))
        .collect();
    let document = json!({ "lock": path, "sha256": lock.digest().hex(), "artifacts": lock.artifacts.len(), "blobs": blobs.len(), "bytes": lock.size(),
        "missing_bytes": missing, "sections": sections });
    context.out.data(&document, &text)?;
    context.out.say(format!("next: airlift fetch {}", path.display()));
    Ok(())
}
