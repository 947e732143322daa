//! `airlift evidence`

use super::vex::Vexing;
use crate::cli::Context;
use crate::cli::tongue::Tongue;
use crate::error::Result;
use crate::report::Language;
use crate::report::controls::{ControlPack, Status};
use crate::steps::evidence::{Gathering, Of, Packed, gather};
use crate::trust::PlainKeys;
use clap::Args;
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// Write a folder with everything a third party needs to check what was signed, decided and installed, without airlift
#[derive(Debug, Args)]
#[command(
    after_help = "Example: airlift evidence --out pack --profile hipaa\n\nWithout places: of what is installed. A row of a table says which evidence is here, what it shows and what it does not; never that a demand is met.\nChecked with docs/formats/check.sh. Give the three values that are printed by another way than the folder."
)]
pub struct EvidenceCommand {
    /// Volumes of one bundle, or folders that hold them
    #[arg(conflicts_with = "installed")]
    places: Vec<PathBuf>,
    /// A snapshot of the store, by its number
    #[arg(long, value_name = "NUMBER")]
    installed: Option<u64>,
    /// The folder to write, which must not be there yet
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// A framework whose table is written: hipaa, gdpr, nist-800-53, iso-27001, cmmc, cra, dora, pci-dss, ai-act; may be repeated [default: all]
    #[arg(long, value_name = "NAME")]
    profile: Vec<String>,
    /// The language of tables and texts
    #[arg(long, value_name = "LANGUAGE", default_value = "en")]
    language: Tongue,
    #[command(flatten)]
    vexing: Vexing,
    /// Sign the list of the folder's files, as somebody who signs reports
    #[arg(long, value_name = "KEY")]
    sign: Option<String>,
    /// Accept a key file without a passphrase
    #[arg(long, requires = "sign")]
    allow_plain_key: bool,
}

impl EvidenceCommand {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        let mut packs: Vec<&ControlPack> = self.profile.iter().map(|name| ControlPack::named(name)).collect::<Result<_>>()?;
        packs.dedup_by_key(|pack| pack.id.clone());
        if packs.is_empty() {
            packs = ControlPack::shipped().iter().collect();
        }
        let (store, progress, tool) = (context.open_store()?, context.out.progress(), concat!("airlift ", env!("CARGO_PKG_VERSION")));
        let (time, given) = context.created()?;
        let plain = if self.allow_plain_key { PlainKeys::Allowed } else { PlainKeys::Refused };
        let signer = self.sign.as_ref().map(|key| context.signer(key, plain)).transpose()?;
        let statements = self.vexing.statements(context)?;
        let gathering = Gathering {
            store: &store,
            packs: &packs,
            language: self.language.into(),
            threads: context.environment.threads(),
            time: given.then_some(time),
            tool,
            program: context.environment.program(),
            signer: signer.as_deref(),
            statements: &statements,
            progress: progress.as_ref(),
        };
        let of = if self.places.is_empty() { Of::Installed(self.installed) } else { Of::Medium(&self.places) };
        let packed = gather(of, &gathering, &self.out)?;
        context.out.data(&document(&packed), &told(&packed))?;
        let key = packed.key.as_ref().map(|key| format!(" -k {key}")).unwrap_or_default();
        let (sums, root) = (packed.sums.hex(), packed.root.hex());
        context.out.say(format!("check it: sh check.sh -s {sums} -r {root}{key} {}", self.out.display()));
        Ok(())
    }
}

fn document(packed: &Packed) -> Value {
    let evidence: Map<String, Value> =
        packed.gathered.all().map(|(evidence, found)| (evidence.code().to_owned(), Status::of(found).name().into())).collect();
    json!({
        "of": packed.title, "sums": packed.sums.hex(), "root": packed.root.hex(), "log-key": packed.key, "signed-by": packed.signed_by, "count": packed.files,
        "evidence": evidence,
    })
}

fn told(packed: &Packed) -> String {
    let mut text = format!("{}: {} files\n", packed.title, packed.files);
    for (evidence, found) in packed.gathered.all() {
        let reasons: Vec<String> = found.reasons().iter().map(|reason| reason.text(Language::English)).collect();
        let why = if reasons.is_empty() { String::new() } else { format!("   {}", reasons.join("; ")) };
        let status = Status::of(found).words(Language::English);
        text.push_str(&format!("  {:<4} {status:<17} {}{why}\n", evidence.code(), evidence.title(Language::English)));
    }
    text
}
