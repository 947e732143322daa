//! `airlift log verify`

use super::{log_of, verifier_key};
use crate::cli::Context;
use crate::ecosystems::count;
use crate::error::Result;
use crate::log::{Checked, Remembered, VerifierKey, shown};
use crate::steps::log::{remembered, verify, verify_receipt};
use crate::trust::{TrustRoot, pinned};
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

/// Verify every event, checkpoint and cosignature, and name the first bad one
#[derive(Debug, Args)]
pub struct Verify {
    /// A checkpoint, receipt or proof of this log that was kept elsewhere; may be repeated
    #[arg(long, value_name = "FILE")]
    checkpoint: Vec<PathBuf>,
    /// A checkpoint as it was written on paper: the size and eight groups; may be repeated
    #[arg(long, value_name = "WORDS")]
    paper: Vec<String>,
    /// Verify one receipt alone, without a store
    #[arg(long, value_name = "FILE", conflicts_with_all = ["checkpoint", "paper"])]
    receipt: Option<PathBuf>,
    /// The log's key, as it was printed [default: the one that lies with the log]
    #[arg(long, value_name = "NAME+ID+KEY", value_parser = verifier_key)]
    key: Option<VerifierKey>,
}

impl Verify {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        if let Some(path) = &self.receipt {
            let key = self.key.map_or_else(|| log_of(context)?.key(), Ok)?;
            let (event, checkpoint) = verify_receipt(path, &key)?;
            let items: String = event.subjects.iter().map(|item| format!("  {}\n", shown(item))).collect();
            let text = format!(
                "event {} ({}, {}) is in {} of {} events\n{items}",
                event.index, event.kind, event.time, checkpoint.origin, checkpoint.size
            );
            let document = json!({ "origin": checkpoint.origin, "size": checkpoint.size, "root": checkpoint.root.hex(), "index": event.index, "event": event.kind });
            return context.out.data(&document, &text);
        }
        let store = context.open_store()?;
        let mut given = self.checkpoint.iter().map(|path| remembered(path)).collect::<Result<Vec<_>>>()?;
        given.extend(self.paper.into_iter().map(Remembered::Paper));
        let checked = verify(&store, self.key.as_ref(), &given)?;
        tell(&checked, given.len(), pinned::load(&store.trust_folder())?.as_ref(), context)
    }
}

fn tell(checked: &Checked, given: usize, root: Option<&TrustRoot>, context: &Context) -> Result<()> {
    let Checked { checkpoint, key, retained, cosigned, unfinished, .. } = checked;
    let mut text = format!(
        "{} of {}: every event is as it was logged\nkey       {key}\npaper     {}\nkept      {} agree\n",
        count(checkpoint.size as usize, "event"),
        checkpoint.origin,
        checkpoint.paper(),
        count(*retained as usize, "earlier checkpoint")
    );
    if given > 0 {
        text.push_str(&format!("given     {} agree\n", count(given, "checkpoint")));
    }
    for (size, key) in cosigned {
        let who = root.and_then(|root| root.holder(key)).map_or("a key the trust root does not know", |(principal, _)| &principal.name);
        text.push_str(&format!("cosigned  at {} by {who} ({})\n", count(*size as usize, "event"), key.fingerprint()));
    }
    if *unfinished {
        text.push_str("note      one more event follows that a kill kept from being signed; the next change finishes it\n");
    }
    let cosigned: Vec<_> = cosigned.iter().map(|(size, key)| json!({ "size": size, "key": key.fingerprint() })).collect();
    let document = json!({ "origin": checkpoint.origin, "size": checkpoint.size, "root": checkpoint.root.hex(), "key": key.to_string(),
        "kept": retained, "given": given, "cosigned": cosigned, "unfinished": unfinished });
    context.out.data(&document, &text)
}
