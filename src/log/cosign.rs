//! Cosignatures: a person signs what the log is, with their own SSH key, so that rewriting it needs that key as well.

use super::folder::EventLog;
use crate::error::{Error, Result};
use crate::store::read_bounded;
use crate::trust::{MAX_SIGNATURE_BYTES, PublicKey, Signature, Signer, sign};
use std::collections::BTreeMap;
use std::io::ErrorKind;

/// What a checkpoint is cosigned in.
pub const CHECKPOINT: &str = "checkpoint.v1@airlift";
/// Most cosignatures that are looked at.
const MAX_COSIGNATURES: usize = 10_000;

/// A cosignature as it lies in the log's folder.
#[derive(Debug, Clone)]
pub struct Cosignature {
    /// Its file's name.
    pub file: String,
    signature: Signature,
    armour: Vec<u8>,
}

impl Cosignature {
    /// The key it says it is from.
    pub fn key(&self) -> &PublicKey {
        self.signature.claimed_key()
    }

    /// The file's bytes, as `ssh-keygen` reads them.
    pub fn armour(&self) -> &[u8] {
        &self.armour
    }

    /// Whether it fits the text of a checkpoint.
    pub fn verify(&self, text: &[u8]) -> Result<()> {
        let signed = self.signature.verify(CHECKPOINT, text)?;
        // A token that nobody touched may have been made to sign by any program.
        if signed.token.is_some_and(|token| !token.presence) {
            return Err(Error::verification("the token was not touched"));
        }
        Ok(())
    }
}

/// The file of a cosignature: a size and the beginning of a fingerprint, no name of a person.
pub fn cosignature_name(size: u64, key: &PublicKey) -> String {
    format!("{size}.{}.sshsig", key.short())
}

/// Signs the text of a checkpoint with a person's key.
pub fn cosign(signer: &dyn Signer, text: &str) -> Result<String> {
    sign(signer, CHECKPOINT, text.as_bytes())
}

/// All cosignatures, by the size they are of.
pub fn cosignatures(log: &EventLog) -> Result<BTreeMap<u64, Vec<Cosignature>>> {
    let folder = log.path("cosignatures");
    let wrong = |e: &std::io::Error| Error::io(format!("{} cannot be listed", folder.display()), e);
    let entries = match std::fs::read_dir(&folder) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(BTreeMap::new()),
        other => other.map_err(|e| wrong(&e))?,
    };
    let mut found: BTreeMap<u64, Vec<Cosignature>> = BTreeMap::new();
    for entry in entries.take(MAX_COSIGNATURES) {
        let path = entry.map_err(|e| wrong(&e))?.path();
        let file = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        let Some(size) = file.strip_suffix(".sshsig").and_then(|name| name.split('.').next()?.parse().ok()) else { continue };
        let Some(armour) = read_bounded(&path, MAX_SIGNATURE_BYTES as u64)? else { continue };
        let signature = Signature::parse(&armour).map_err(|e| e.about(path.display()))?;
        found.entry(size).or_default().push(Cosignature { file, signature, armour });
    }
    Ok(found)
}
