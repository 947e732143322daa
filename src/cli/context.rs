//! What commands share: where the store is, whom it trusts, how the network is reached.

use super::{environment::Environment, output::Output};
use crate::error::{Error, Result};
use crate::log::{Journal, Scribe};
use crate::steps::trust::{age, check_age};
use crate::store::{Store, Writer, read_bounded};
use crate::trust::{Agent, PlainKeys, Signer, TrustRoot, pinned};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What every command gets.
pub struct Context {
    /// Where data and talk go.
    pub out: Output,
    /// What the environment says.
    pub environment: Environment,
    /// `--store`, when given.
    pub store: Option<PathBuf>,
}

/// Longest wait for an agent: a person may have to find and touch a token.
const AGENT_PATIENCE: Duration = Duration::from_secs(60);

impl Context {
    /// The store's folder.
    pub fn store_path(&self) -> PathBuf {
        let named = self.store.clone().or_else(|| self.environment.store.clone());
        named.unwrap_or_else(|| self.environment.data_home.join("airlift"))
    }

    /// The store, which must exist.
    pub fn open_store(&self) -> Result<Store> {
        Store::open(&self.store_path())
    }

    /// The store, made when it does not exist.
    pub fn make_store(&self) -> Result<Store> {
        Store::open_or_create(&self.store_path())
    }

    /// The event log of a store that is about to be changed.
    pub fn journal<'a>(&self, writer: &'a Writer) -> Result<Journal<'a>> {
        Journal::open(writer, Scribe { clock: jiff::Timestamp::now, actor: self.environment.actor.clone() })
    }

    /// The folder for what can be made again.
    pub fn cache(&self) -> PathBuf {
        self.environment.cache_home.join("airlift")
    }

    /// The trust root this host has accepted, with what it knows beside it.
    pub fn accepted_root(&self, store: &Store) -> Result<TrustRoot> {
        crate::steps::trust::trusted(store)
    }

    /// Warns of a root that should have been replaced, or refuses it where that was asked for.
    pub fn check_age(&self, store: &Store, root: &TrustRoot, refuse_expired: bool) -> Result<()> {
        let told = check_age(root, age(store, self.environment.now())?, refuse_expired)?;
        told.into_iter().for_each(|told| self.out.warn(told));
        Ok(())
    }

    /// The time to judge by: of the clock, what this host has accepted as claims, and when the program was written, the latest.
    pub fn known_time(&self, store: Option<&Store>) -> Result<jiff::Timestamp> {
        crate::steps::trust::known_time(store, self.environment.now())
    }

    /// The store, where there is one.
    pub fn any_store(&self) -> Result<Option<Store>> {
        if self.store_path().exists() { self.open_store().map(Some) } else { Ok(None) }
    }

    /// The accepted roots and revocations, as they travel in a bundle.
    pub fn carried_roots(&self, store: &Store) -> Result<Vec<(String, Vec<u8>)>> {
        let chain = pinned::stored(&store.trust_folder())?;
        Ok(chain.files().into_iter().map(|(name, bytes)| (format!("trust/{name}"), bytes.to_vec())).collect())
    }

    /// Opens what `--key` names.
    pub fn signer(&self, key: &str, plain: PlainKeys) -> Result<Box<dyn Signer>> {
        let agent = self.environment.agent.as_deref().map(|socket| Agent::at(socket, AGENT_PATIENCE));
        crate::steps::keys::open(key, agent.as_ref(), plain, &mut || self.passphrase(&format!("passphrase of {key}: ")))
    }

    /// A passphrase from the file the environment names, or from the terminal; never from anywhere else.
    pub fn passphrase(&self, prompt: &str) -> Result<zeroize::Zeroizing<String>> {
        if let Some(path) = &self.environment.passphrase_file {
            return passphrase_in(path);
        }
        if !std::io::stdin().is_terminal() {
            return Err(Error::usage("a passphrase is needed and there is no terminal to ask on")
                .hint("put it into a file only you can read and name that in AIRLIFT_PASSPHRASE_FILE, or use ssh-agent"));
        }
        let typed = rpassword::prompt_password(prompt).map_err(|e| Error::io("the passphrase cannot be read", &e))?;
        Ok(zeroize::Zeroizing::new(typed))
    }

    /// The time to claim for something made now: `SOURCE_DATE_EPOCH` where it is set, so that builds reproduce.
    pub fn created(&self) -> Result<(jiff::Timestamp, bool)> {
        match &self.environment.source_date_epoch {
            Some(text) => {
                let time =
                    text.parse::<i64>().ok().filter(|seconds| *seconds >= 0).and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
                let wrong = || {
                    Error::usage("SOURCE_DATE_EPOCH is not a time")
                        .with("expected", "whole seconds since 1970")
                        .with("found", format!("{text:.60}"))
                        .hint("set it right, or unset it")
                };
                Ok((time.ok_or_else(wrong)?, true))
            }
            None => Ok((self.environment.now(), false)),
        }
    }
}

fn passphrase_in(path: &Path) -> Result<zeroize::Zeroizing<String>> {
    let missing = || Error::usage(format!("{}: there is no passphrase file", path.display()));
    let bytes = zeroize::Zeroizing::new(read_bounded(path, 4096)?.ok_or_else(missing)?);
    let text = std::str::from_utf8(&bytes).map_err(|_| Error::usage(format!("{}: the passphrase is not UTF-8", path.display())))?;
    Ok(zeroize::Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}
