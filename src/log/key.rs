//! The log's own key: Ed25519, made for one log, in a PKCS #8 file that `openssl` reads. Never a person's key.

use super::checkpoint::Checkpoint;
use super::note::{Note, VerifierKey};
use crate::artifact::Digest;
use crate::error::{Error, Kind, Result};
use crate::store::{read_bounded, sync_folder};
use crate::trust::fresh_seed;
use data_encoding::BASE64;
use ed25519_dalek::{Signer, SigningKey};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use zeroize::Zeroizing;

const BEGIN: &str = "-----BEGIN PRIVATE KEY-----\n";
const END: &str = "\n-----END PRIVATE KEY-----\n";
/// RFC 8410, section 7: version 0, Ed25519, 32 bytes.
const PKCS8: [u8; 16] = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// The secret key of a log: wiped when dropped, never printed.
pub struct LogKey {
    signing: SigningKey,
    verifier: VerifierKey,
}

impl LogKey {
    /// The key of a seed; its log is called by its public half, so that no two logs have one name.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self> {
        let signing = SigningKey::from_bytes(seed);
        let point = signing.verifying_key().to_bytes();
        let name = format!("airlift-log/{}", &Digest::of(&point).hex()[..16]);
        Ok(Self { signing, verifier: VerifierKey::new(&name, point)? })
    }

    /// The public half.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Signs what the log is now.
    pub fn sign(&self, size: u64, root: Digest) -> Note {
        let text = Checkpoint { origin: self.verifier.name().to_owned(), size, root }.text();
        let signature = self.signing.sign(text.as_bytes()).to_bytes();
        Note::signed(text, &self.verifier, signature)
    }

    /// Makes a key and its file, mode 0600; a file that a kill left half written is never taken for one.
    pub(super) fn make(path: &Path) -> Result<Self> {
        let seed = fresh_seed()?;
        let wrong = |e: &std::io::Error| Error::unwritten(format!("{} cannot be written", path.display()), e);
        let aside = path.with_extension("new");
        crate::store::remove(&aside)?;
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside);
        let written = file.and_then(|mut file| file.write_all(pem(&seed).as_bytes()).and_then(|()| file.sync_all()));
        written.and_then(|()| fs::rename(&aside, path)).map_err(|e| {
            let _ = fs::remove_file(&aside);
            wrong(&e)
        })?;
        sync_folder(path.parent().unwrap_or(path))?;
        Self::from_seed(&seed)
    }

    /// Reads the key's file, which nobody else may read; `None` when there is none.
    pub(super) fn read(path: &Path) -> Result<Option<Self>> {
        if let Ok(about) = path.metadata()
            && about.uid() == rustix::process::getuid().as_raw()
            && about.mode() & 0o077 != 0
        {
            return Err(Error::new(Kind::Store, format!("the event log's key {} can be read by others", path.display()))
                .with("mode", format!("{:04o}", about.mode() & 0o7777))
                .hint(format!("whoever read it can sign in the log's name; if nobody did: chmod 600 {}", path.display())));
        }
        let Some(bytes) = read_bounded(path, 4096)?.map(Zeroizing::new) else { return Ok(None) };
        let damaged = || {
            Error::new(Kind::Store, format!("the event log's key {} is damaged", path.display()))
                .with("expected", "an Ed25519 key in PKCS #8, as it was made")
                .hint("put the file back from a backup of the store; docs/formats/log.md says how to begin another log")
        };
        let seed = unpem(&bytes).ok_or_else(damaged)?;
        Self::from_seed(&seed).map(Some)
    }
}

fn pem(seed: &[u8; 32]) -> Zeroizing<String> {
    let der = Zeroizing::new([&PKCS8[..], seed].concat());
    Zeroizing::new(format!("{BEGIN}{}{END}", *Zeroizing::new(BASE64.encode(&der))))
}

fn unpem(bytes: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    let body = std::str::from_utf8(bytes).ok()?.strip_prefix(BEGIN)?.strip_suffix(END)?;
    let der = Zeroizing::new(BASE64.decode(body.as_bytes()).ok()?);
    let seed = der.strip_prefix(&PKCS8)?;
    seed.try_into().ok().map(Zeroizing::new)
}
