//! `airlift up`

use super::fetch::bring;
use super::import::{By, take_in};
use super::lock::resolve;
use super::network::{self, Network};
use super::network_free::run_until_stopped;
use super::pack::{Packing, write};
use super::scan::Scanning;
use super::serve::Serving;
use super::sign::{Keys, Signing};
use crate::cli::Context;
use crate::error::Result;
use crate::log::Journal;
use crate::steps::serve::{Source, serve};
use crate::steps::trust::{Founding, accept, init};
use crate::steps::{keys, verify};
use crate::store::write_named;
use crate::trust::{PlainKeys, Protection, RootLimits, pinned};
use clap::Args;
use std::path::{Path, PathBuf};

/// Do everything on one machine: lock, fetch, pack, verify, import, serve
#[derive(Debug, Args)]
#[command(
    after_help = "Example: airlift up manifests/quickstart.toml\n\nWithout --key a development key is made on first use; bundles it signs are good for this machine only."
)]
pub struct Up {
    /// The toolkit manifest
    manifest: PathBuf,
    /// Stop when it is installed, before serving
    #[arg(long)]
    no_serve: bool,
    /// Folder for the bundle [default: inside the store]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    keys: Keys,
    #[command(flatten)]
    network: Network,
    #[command(flatten)]
    serving: Serving,
}

impl Up {
    /// Runs the command.
    pub fn run(mut self, context: &Context) -> Result<()> {
        let store = context.make_store()?;
        {
            let writer = store.writer()?.keeping_check_values();
            let journal = context.journal(&writer)?;
            self.use_development_key(&journal, context)?;
            let signing = self.keys.open(&store, context)?;
            self.install(&journal, signing.as_ref(), context)?;
        }
        if self.no_serve {
            return Ok(());
        }
        let out = context.out;
        let listening = move |url: &str| {
            out.say(format!("try it:   pip install --index-url {url}/python/latest/simple/ PACKAGE      or open {url}/ in a browser"));
        };
        run_until_stopped(|stopped| async { serve(self.serving.options(context, listening)?, Source::Store(store), stopped).await })
    }

    fn install(&self, journal: &Journal<'_>, signing: Option<&Signing>, context: &Context) -> Result<()> {
        let store = journal.store();
        let upstream = self.network.upstream(context)?;
        let fetched = network::run(async {
            let lock = resolve(&self.manifest, &upstream, context).await?.lock;
            write_named(&self.manifest.with_extension("lock"), &lock.to_bytes())?;
            bring(lock, journal, &upstream, self.network.parallel, context).await
        })?
        .fetched;
        let out = self.out.clone().unwrap_or_else(|| store.root().join("outbox"));
        let packing = Packing {
            shaping: super::shaping::Shaping::default(),
            judging: super::gate::Judging::default(),
            documents: super::gate::Documents::default(),
            out,
            volume_size: None,
            parity: None,
            spare: None,
            created: None,
            seq: None,
            epoch: None,
            previous: None,
            keys: self.keys.clone(),
        };
        let written = write(&fetched, journal, &packing, (signing, None), context)?;
        let bundle = verify::open_one(&written.volumes, &context.accepted_root(store)?)?;
        take_in(bundle, journal, &By { scanning: Scanning::NONE, known: None, told: &|_| {} }, context).map(|_| ())
    }

    /// Without a key, a key and a trust root that hold on this machine only; said aloud when they are made.
    fn use_development_key(&mut self, journal: &Journal<'_>, context: &Context) -> Result<()> {
        let folder = context.environment.config_home.join("airlift");
        let key = folder.join("development");
        if !self.keys.key.is_empty() {
            return Ok(());
        }
        if !key.exists() {
            std::fs::create_dir_all(&folder).map_err(|e| crate::error::Error::io(format!("{} cannot be created", folder.display()), &e))?;
            keys::generate(&key, "development", Protection::Plain)?;
            context
                .out
                .warn(format!("made a development key without a passphrase, {}: good for trying, not for a real gap", key.display()));
        }
        let trust = journal.store().trust_folder();
        if pinned::load(&trust)?.is_none() {
            found(&key, &folder.join("development-trust"), journal, context)?;
        }
        self.keys.key.push(key.display().to_string());
        self.keys.allow_plain_key = true;
        Ok(())
    }
}

/// Founds the development root, or takes the one of an earlier store, and accepts it here: its maker and its receiver are one.
fn found(key: &Path, folder: &Path, journal: &Journal<'_>, context: &Context) -> Result<()> {
    let file = folder.join("root.1.json");
    if !file.exists() {
        let signer = context.signer(&key.display().to_string(), PlainKeys::Allowed)?;
        let principals = [format!("developer={}.pub", key.display())];
        let founding = Founding {
            name: "development",
            principals: &principals,
            threshold: 1,
            created: context.environment.now(),
            expires: None,
            limits: RootLimits::default(),
        };
        init(folder, &founding, &[signer])?;
    }
    let fingerprint = crate::steps::trust::show(&file)?.root.fingerprint().spoken();
    accept(journal, &file, &fingerprint).map(|_| ())
}
