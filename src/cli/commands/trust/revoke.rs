//! `airlift trust revoke`, `apply-revocation` and `impact`

use super::{Keys, signers};
use crate::cli::Context;
use crate::cli::qr;
use crate::ecosystems::count;
use crate::error::{Error, Result, plain};
use crate::steps::trust::{self, Admitted, Impact, Revoking};
use crate::store::write_atomic;
use crate::trust::{Reason, Revocation, key_digest, pinned, told};
use clap::Args;
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::PathBuf;

/// So many artifacts of a bundle are listed; `--json` lists all.
const MOST: usize = 20;

/// What is said against a key.
#[derive(Debug, Args)]
pub struct Revoke {
    /// The key that counts no more, as `ssh-keygen -l` prints it
    #[arg(long, value_name = "SHA256:…")]
    key_fingerprint: String,
    /// compromised, retired or lost
    #[arg(long)]
    reason: String,
    /// The last bundle of a line that the key's owner stands by: NAME@LINE:SEQ:ID, the id not needed where it is installed; may be repeated
    #[arg(long, value_name = "NAME@LINE:SEQ:ID")]
    last_good: Vec<String>,
    /// The folder to write the revocation to
    #[arg(long, default_value = "trust")]
    out: PathBuf,
    #[command(flatten)]
    keys: Keys,
}

/// A revocation from elsewhere.
#[derive(Debug, Args)]
pub struct Apply {
    /// The revocation, its signature beside it; or a file that holds the typed text
    #[arg(required_unless_present = "text")]
    file: Option<PathBuf>,
    /// The text as it was typed or scanned
    #[arg(long, conflicts_with = "file")]
    text: Option<String>,
}

impl Revoke {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        let store = context.open_store()?;
        let root = context.accepted_root(&store)?;
        let reason = Reason::named(&self.reason).map_err(|e| e.of_kind(crate::error::Kind::Usage))?;
        let last_good = self.last_good.iter().map(|text| trust::last_good(&store, text)).collect::<Result<_>>()?;
        let signers = signers(&self.keys, context)?;
        let [signer] = signers.as_slice() else {
            return Err(Error::usage("a revocation is signed by one key").hint("name it: --key KEY"));
        };
        let revoking = Revoking { key: &self.key_fingerprint, reason, last_good, time: context.created()?.0 };
        let revocation = trust::revoke(&root, revoking, signer.as_ref())?;
        std::fs::create_dir_all(&self.out).map_err(|e| Error::unwritten(format!("{} cannot be created", self.out.display()), &e))?;
        let mut written = Vec::new();
        for (name, bytes) in revocation.files() {
            write_atomic(&self.out.join(&name), &bytes)?;
            written.push(self.out.join(name));
        }
        let text = revocation.text()?;
        let code = qr::draw(&text.split_whitespace().collect::<String>()).unwrap_or_default();
        let document = json!({ "key": revocation.revoked().fingerprint(), "reason": reason.name(), "signed-by": revocation.by().0, "written": written, "text": text });
        context.out.data(&document, &format!("{}\n{text}\n{code}", told(revocation.revoked())))?;
        context.out.say("on every host, from the file, by typing the text or by scanning the code: airlift trust apply-revocation");
        Ok(())
    }
}

impl Apply {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        let writer = context.open_store()?.writer()?;
        let store = writer.store();
        let root = context.accepted_root(store)?;
        let revocation = match (&self.text, &self.file) {
            (Some(text), _) => Revocation::from_text(&root, &pinned::keys(&store.trust_folder())?, text)?,
            (None, Some(file)) => trust::read(store, &root, file)?,
            (None, None) => return Err(Error::usage("name the revocation")),
        };
        let impact = trust::apply(&context.journal(&writer)?, &revocation)?;
        context.out.say(format!("{} by {} counts no more on this host", told(revocation.revoked()), revocation.by().0));
        show(&impact, context)
    }
}

/// Lists what a key has admitted, without revoking it.
pub fn impact(key: &str, context: &Context) -> Result<()> {
    let store = context.open_store()?;
    let key = key_digest(key).map_err(|e| e.of_kind(crate::error::Kind::Usage))?;
    show(&trust::impact(&store, &key)?, context)
}

fn show(impact: &Impact, context: &Context) -> Result<()> {
    let mut text = format!("{} signed {} that this host accepted\n", impact.fingerprint, count(impact.bundles.len(), "bundle"));
    match impact.said.as_slice() {
        [] => text.push_str("it is not revoked: this is what rests on it\n"),
        said => said.iter().for_each(|said| text.push_str(&format!("it is revoked as {}\n", said.reason.name()))),
    }
    impact.bundles.iter().for_each(|admitted| text.push_str(&lines(admitted)));
    for number in &impact.roots {
        let _ = writeln!(text, "root {number} of this trust domain");
    }
    for installed in &impact.unread {
        let _ = writeln!(text, "{} {} ({} line): its record is damaged, nobody knows", installed.name, installed.seq, installed.line);
    }
    let document = json!({
        "key": impact.fingerprint, "revoked": impact.said.iter().map(|said| said.reason.name()).collect::<Vec<_>>(), "bundles": impact.bundles.iter().map(document).collect::<Vec<_>>(), "roots": impact.roots,
        "unread": impact.unread.iter().map(|i| i.bundle.hex()).collect::<Vec<_>>(),
    });
    context.out.data(&document, &plain(&text))
}

fn lines(admitted: &Admitted) -> String {
    let Admitted { installed, served, stands, spared, artifacts } = admitted;
    let mut text = format!("{} {} ({} line)   {}", installed.name, installed.seq, installed.line, installed.bundle.spoken());
    text.push_str(if *served { "   served now" } else { "   accepted earlier" });
    text.push_str(if *stands { ", the others who signed are enough" } else { ", not enough people without this key" });
    text.push_str(if *spared { ", the key's owner stands by it\n" } else { "\n" });
    for artifact in artifacts.iter().take(MOST) {
        let _ = writeln!(text, "  {}", artifact.label());
        artifact.descriptors.iter().for_each(|d| text.push_str(&format!("    {}\n", d.digest)));
    }
    if let Some(more) = artifacts.len().checked_sub(MOST).filter(|more| *more > 0) {
        let _ = writeln!(text, "  and {more} more: --json lists all");
    }
    text
}

fn document(admitted: &Admitted) -> Value {
    let Admitted { installed, served, stands, spared, artifacts } = admitted;
    let artifacts: Vec<Value> = artifacts
        .iter()
        .map(|a| {
            let digests: Vec<String> = a.descriptors.iter().map(|d| d.digest.to_string()).collect();
            json!({ "ecosystem": a.ecosystem, "name": a.name, "version": a.version, "digests": digests })
        })
        .collect();
    json!({ "name": installed.name, "line": installed.line, "epoch": installed.epoch, "seq": installed.seq, "bundle": installed.bundle.hex(),
        "served": served, "stands": stands, "spared": spared, "artifacts": artifacts })
}
