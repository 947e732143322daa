//! `airlift sbom`

use super::pack::read_lock;
use crate::artifact::{Artifact, Blobs};
use crate::bundle::InPlace;
use crate::cli::Context;
use crate::ecosystems::count;
use crate::error::{Error, Result};
use crate::report::{Change, Difference, Format, Inventory, Subject, of_program};
use crate::steps::sbom::{Nowhere, Stocktaking, add_sha512, of_bundle, of_lock, of_snapshot};
use crate::steps::verify::open_one;
use crate::store::{Snapshot, Store, write_named};
use clap::{Args, ValueEnum};
use std::borrow::Borrow;
use std::path::{Path, PathBuf};

/// The form of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// CycloneDX 1.6 JSON
    Cyclonedx,
    /// SPDX 2.3 JSON
    Spdx,
    /// SPDX 3.0.1 JSON-LD
    Spdx3,
}

/// Write a bill of materials of a bundle, a lock or what is installed: CycloneDX, SPDX 2 or SPDX 3
#[derive(Debug, Args)]
#[command(
    after_help = "Example: airlift sbom /media/usb1 --format spdx --out mlops.spdx.json\n\nWithout places: what is installed. --program: what airlift itself was made of, with the SHA-256 of its file. The same input gives the same bytes. What is not here is listed, and said to be not examined."
)]
pub struct Sbom {
    /// Volumes of one bundle, or folders that hold them; its signatures are judged first
    #[arg(conflicts_with_all = ["lock", "installed", "program"])]
    places: Vec<PathBuf>,
    /// A lock; blobs that were fetched into the store are looked into
    #[arg(long, value_name = "FILE", conflicts_with = "installed")]
    lock: Option<PathBuf>,
    /// A snapshot of the store, by its number
    #[arg(long, value_name = "NUMBER")]
    installed: Option<u64>,
    /// airlift itself, as far as its lock of packages says it
    #[arg(long, conflicts_with_all = ["lock", "installed", "since_lock", "since", "sha512"])]
    program: bool,
    /// Only what is new or other than in this lock
    #[arg(long, value_name = "FILE", conflicts_with = "since")]
    since_lock: Option<PathBuf>,
    /// Only what is new or other than in this snapshot of the store
    #[arg(long, value_name = "NUMBER")]
    since: Option<u64>,
    /// The form of the document: cyclonedx (1.6), spdx (2.3) or spdx3 (3.0.1)
    #[arg(long, value_name = "FORM", default_value = "cyclonedx", hide_possible_values = true)]
    format: Form,
    /// Who accounts for the document: NAME, or NAME (ADDRESS)
    #[arg(long, value_name = "WHO")]
    author: Option<String>,
    /// The author concludes that declared licences govern, where each is certain and no text of another was found inside
    #[arg(long, requires = "author")]
    conclude_licences: bool,
    /// Hash all files with SHA-512 too, which BSI TR-03183-2 asks for: everything is read once more
    #[arg(long)]
    sha512: bool,
    /// Write the document to this file instead of to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Sbom {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        let after = self.after(context)?;
        let inventory = match self.before(context)? {
            None => after,
            Some(before) => {
                let difference = Difference::between(&before, &after);
                let counts = [Change::Added, Change::Changed, Change::Rebuilt, Change::Removed]
                    .map(|c| format!("{} {}", difference.count(c), c.name()));
                context.out.say(counts.join(", "));
                difference.inventory()
            }
        };
        self.write(&inventory, context)?;
        context.out.say(summary(&inventory));
        Ok(())
    }

    /// What the document is of.
    fn after(&self, context: &Context) -> Result<Inventory> {
        if self.program {
            return self.of_program(context);
        }
        if let Some(path) = &self.lock {
            return self.of_lock(path, context);
        }
        let store = context.open_store()?;
        if self.places.is_empty() {
            let snapshot = match self.installed {
                Some(number) => store.snapshot(number)?,
                None => {
                    store.current()?.ok_or_else(|| Error::usage("nothing is installed").hint("name a bundle's volumes, or --lock FILE"))?
                }
            };
            return self.of_snapshot(&snapshot, &store, context);
        }
        let place = InPlace::new(open_one(&self.places, &context.accepted_root(&store)?)?)?;
        let subject = of_bundle(&place.bundle().statement, place.bundle().id);
        self.take(subject, &place.bundle().lock.artifacts, &place, context)
    }

    /// What it is compared with.
    fn before(&self, context: &Context) -> Result<Option<Inventory>> {
        if let Some(path) = &self.since_lock {
            return self.of_lock(path, context).map(Some);
        }
        let Some(number) = self.since else { return Ok(None) };
        let store = context.open_store()?;
        self.of_snapshot(&store.snapshot(number)?, &store, context).map(Some)
    }

    fn of_program(&self, context: &Context) -> Result<Inventory> {
        let executable = context.environment.program();
        let unread = || Error::failed("the program's own file cannot be read").hint("run it by its path");
        let mut inventory = of_program(executable.ok_or_else(unread)?)?;
        self.accounted(&mut inventory.subject, context)?;
        Ok(inventory)
    }

    fn accounted(&self, subject: &mut Subject, context: &Context) -> Result<()> {
        subject.author.clone_from(&self.author);
        // Only a time that was given: the clock would make two documents of one thing.
        if let (None, (time, true)) = (&subject.created, context.created()?) {
            subject.created = Some(time.to_string());
        }
        Ok(())
    }

    /// Without a store, from the lock alone.
    fn of_lock(&self, path: &Path, context: &Context) -> Result<Inventory> {
        let lock = read_lock(path)?;
        if context.store_path().exists() {
            self.take(of_lock(&lock), &lock.artifacts, &context.open_store()?, context)
        } else {
            self.take(of_lock(&lock), &lock.artifacts, &Nowhere, context)
        }
    }

    fn of_snapshot(&self, snapshot: &Snapshot, store: &Store, context: &Context) -> Result<Inventory> {
        let latest = store.views(snapshot)?.into_iter().next().map(|view| view.artifacts).unwrap_or_default();
        let artifacts: Vec<_> = latest.iter().map(|artifact| &**artifact).collect();
        self.take(of_snapshot(snapshot, store)?, &artifacts, store, context)
    }

    fn take<A: Borrow<Artifact> + Sync>(
        &self,
        mut subject: Subject,
        artifacts: &[A],
        blobs: &dyn Blobs,
        context: &Context,
    ) -> Result<Inventory> {
        self.accounted(&mut subject, context)?;
        let progress = context.out.progress();
        let taking = Stocktaking { threads: context.environment.threads(), progress: progress.as_ref() };
        let mut inventory = taking.run(subject, artifacts, blobs)?;
        if self.conclude_licences {
            inventory.conclude_licences();
        }
        if self.sha512 {
            add_sha512(&mut inventory, blobs, progress.as_ref())?;
        }
        Ok(inventory)
    }

    /// A file is there whole or not at all.
    fn write(&self, inventory: &Inventory, context: &Context) -> Result<()> {
        let format = match self.format {
            Form::Cyclonedx => Format::CycloneDx,
            Form::Spdx => Format::Spdx,
            Form::Spdx3 => Format::Spdx3,
        };
        let mut document = Vec::new();
        format.write(inventory, &mut document)?;
        match &self.out {
            None => context.out.raw(std::str::from_utf8(&document).expect("JSON is UTF-8")),
            Some(path) => write_named(path, &document),
        }
    }
}

/// What a person should know of the document.
fn summary(inventory: &Inventory) -> String {
    let counts = inventory.counts();
    format!(
        "{}, {}; not examined: {}, unreadable: {}; licence of the list: {}, other: {}, none: {} (texts found in {}); dependencies complete: {}, incomplete: {}, unknown: {}",
        count(counts.artifacts, "artifact"),
        count(counts.components, "component"),
        counts.not_examined,
        counts.unreadable,
        counts.licensed,
        counts.otherwise_licensed,
        counts.unlicensed,
        counts.only_found,
        counts.linked,
        counts.partly_linked,
        counts.unlinked
    )
}
