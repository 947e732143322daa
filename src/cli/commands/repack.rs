//! `airlift merge`, `airlift split`, `airlift extract`

use super::pack::{Packing, write};
use crate::bundle::Verification;
use crate::cli::Context;
use crate::ecosystems::count;
use crate::error::{Error, Result};
use crate::steps::extract::{extract, meant};
use crate::steps::repack::{Repacked, merge, split};
use crate::steps::verify::{open, open_one};
use crate::store::Store;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

/// Fold deltas into a full bundle, which names those it was made from
#[derive(Debug, Args)]
#[command(after_help = "Example: airlift merge /media/usb1/kit-7.airlift kit-8.airlift --out full --key ~/.ssh/release\n\nThe newest \
decides what is in it. What they build on may also be in the store. The result is a new bundle with a number of its own: only \
who numbers the line should make it.")]
pub struct Merge {
    /// Volumes of the bundles, or folders that hold them
    #[arg(required = true)]
    places: Vec<PathBuf>,
    #[command(flatten)]
    options: Packing,
}

/// Cut a bundle into other volumes; the result names the one it was made from
#[derive(Debug, Args)]
#[command(after_help = "Example: airlift split /media/usb1 --volume-size dvd --out discs --key ~/.ssh/release\n\nA delta stays a delta. \
The result is a new bundle with a number of its own: only who numbers the line should make it.")]
pub struct Split {
    /// The volumes, or folders that hold them
    #[arg(required = true)]
    places: Vec<PathBuf>,
    #[command(flatten)]
    options: Packing,
}

/// Take artifacts out of a bundle, as files
#[derive(Debug, Args)]
#[command(
    after_help = "Example: airlift extract /media/usb1 --artifact 'numpy 2.2.5' --out files\n\nWhat recoded blobs are made from is looked for in the bundles \
that --base names, and in the store."
)]
pub struct Extract {
    /// Volumes of one bundle, or folders that hold them
    #[arg(required = true)]
    places: Vec<PathBuf>,
    /// The artifact: its name, ecosystem/name, either with a version behind a space, or a digest; may be repeated
    #[arg(long, value_name = "NAME", required = true)]
    artifact: Vec<String>,
    /// The folder that gets the files
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Volumes, or folders of them, of bundles that it builds on
    #[arg(long, value_name = "BUNDLE")]
    base: Vec<PathBuf>,
}

impl Merge {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        let store = context.make_store()?;
        let bundles = open(&self.places, &context.accepted_root(&store)?)?;
        again(&self.options, &store, context, |journal, verification| merge(bundles, journal, verification))
    }
}

impl Split {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        let store = context.make_store()?;
        let bundle = open_one(&self.places, &context.accepted_root(&store)?)?;
        again(&self.options, &store, context, |journal, verification| split(&bundle, journal, verification))
    }
}

/// Brings blobs together and packs them.
fn again(
    options: &Packing,
    store: &Store,
    context: &Context,
    gather: impl FnOnce(&crate::log::Journal<'_>, &Verification<'_>) -> Result<Repacked>,
) -> Result<()> {
    if !options.shaping.is_none() {
        return Err(Error::usage("what is packed again keeps what it builds on").hint("leave out --base, --request, --small and --fast"));
    }
    let signing = options.keys.open(store, context)?;
    let writer = store.writer()?;
    let journal = context.journal(&writer)?;
    let progress = context.out.progress();
    let verification =
        Verification { threads: context.environment.threads(), keep_going: false, progress: progress.as_ref(), phase: "reading" };
    let Repacked { fetched, shape, unbuilt } = gather(&journal, &verification)?;
    if unbuilt > 0 {
        context.out.warn(format!("{} not made again, since what is needed for that is not here:", count(unbuilt, "recoded blob")));
        context.out.warn("every stored byte is as signed, and is taken over on the word of who signed it");
    }
    let lock = fetched.lock();
    if store.last_packed(&lock.name, &lock.line)?.is_none() {
        context
            .out
            .warn(format!("no bundle of {}, line {}, was packed with this store: only who numbers a line should", lock.name, lock.line));
        context.out.warn("pack it again, or receivers take the maker's next bundle for a fork of this one");
    }
    write(&fetched, &journal, options, (signing.as_ref(), Some(shape)), context).map(|_| ())
}

impl Extract {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        let store = context.open_store()?;
        let root = context.accepted_root(&store)?;
        let mut bundles = if self.base.is_empty() { vec![] } else { open(&self.base, &root)? };
        let bundle = open_one(&self.places, &root)?;
        bundles.retain(|base| base.id != bundle.id);
        let artifacts = bundle.lock.artifacts.clone();
        bundles.push(bundle);
        let mut chosen = Vec::new();
        for word in &self.artifact {
            chosen.extend(meant(&artifacts, word)?);
        }
        std::fs::create_dir_all(&self.out).map_err(|e| Error::unwritten(format!("{} cannot be created", self.out.display()), &e))?;
        let progress = context.out.progress();
        let verification =
            Verification { threads: context.environment.threads(), keep_going: false, progress: progress.as_ref(), phase: "extracting" };
        let files = extract(&bundles, &chosen, (&self.out, Some(&store)), &verification)?;
        let text: String = files.iter().map(|path| format!("{}\n", crate::error::shown(path))).collect();
        context.out.data(&json!({ "written": files }), &text)?;
        context.out.say(format!("{}, each compared with its digest in the signed lock", count(files.len(), "file")));
        Ok(())
    }
}
