//! `airlift scrub`

use crate::cli::Context;
use crate::ecosystems::{bytes, count};
use crate::error::{Error, Kind, Result};
use crate::steps::log;
use crate::steps::upkeep::discard;
use crate::store::{Fault, Store};
use crate::trust::pinned;
use clap::Args;
use serde_json::json;

/// So many faults are named.
const MOST: usize = 20;

/// Read and hash every blob of the store again
#[derive(Debug, Args)]
#[command(after_help = "Example: airlift scrub\n\nExit code 7 means: something is damaged or missing.")]
pub struct Scrub {
    /// Take damaged blobs out, so that importing or fetching again brings them back
    #[arg(long)]
    discard: bool,
}

impl Scrub {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        let store = context.open_store()?;
        let progress = context.out.progress();
        let mut scrubbed = store.scrub(context.environment.threads(), progress.as_ref())?;
        if let Err(error) = pinned::load(&store.trust_folder()) {
            scrubbed.faults.push(Fault::unreadable("trust".to_owned(), &error));
        }
        let removed = if self.discard { discarded(&store, &scrubbed.faults, context)? } else { 0 };
        if let Some(error) = log::verify(&store, None, &[]).err().filter(|e| e.kind() != Kind::Incomplete) {
            scrubbed.faults.push(Fault::unreadable("log".to_owned(), &error));
        }
        let faults: Vec<_> = scrubbed.faults.iter().map(|f| json!({ "place": f.place, "problem": f.problem })).collect();
        let text =
            format!("read {}, {}: {}\n", count(scrubbed.blobs as usize, "blob"), bytes(scrubbed.bytes), count(faults.len(), "fault"));
        let document = json!({ "blobs": scrubbed.blobs, "bytes": scrubbed.bytes, "faults": faults, "removed": removed });
        context.out.data(&document, &text)?;
        if scrubbed.faults.is_empty() {
            return Ok(());
        }
        Err(damaged(&scrubbed.faults, self.discard, removed))
    }
}

/// Takes damaged blobs out, and how many there were.
fn discarded(store: &Store, faults: &[Fault], context: &Context) -> Result<usize> {
    let writer = store.writer()?;
    if faults.iter().any(|fault| fault.blob.is_some()) { discard(&context.journal(&writer)?, faults) } else { Ok(0) }
}

/// What is wrong, and what mends it: a missing or damaged blob can come again, a list cannot.
fn damaged(faults: &[Fault], discard: bool, removed: usize) -> Error {
    let error = match removed {
        0 => Error::new(Kind::Store, "the store is damaged"),
        n => Error::new(Kind::Store, format!("the store was damaged: {} taken out", count(n, "damaged blob"))),
    };
    let error = faults.iter().take(MOST).fold(error, |e, f| e.with("fault", format!("{}: {}", f.place, f.problem)));
    let error = if faults.len() > MOST { error.with("and", count(faults.len() - MOST, "further fault")) } else { error };
    let error = match faults.iter().any(|f| f.blob.is_some()) {
        false => error,
        true if discard => error.hint("import or fetch the same bundle again: it brings back what is missing"),
        true => error.hint("airlift scrub --discard takes damaged blobs out; then import or fetch the same bundle again"),
    };
    faults
        .iter()
        .filter_map(|f| f.hint.as_deref())
        .fold(error, |e, hint| if e.hints().iter().any(|h| h == hint) { e } else { e.hint(hint) })
}
