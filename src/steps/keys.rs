//! `key`: make a signing key, show one, open one to sign with.

use crate::error::{Error, Kind, Result};
use crate::trust::{Agent, Ask, PlainKeys, Protection, PublicKey, SecretKey, Signer, public_path, read_public};
use std::path::Path;

/// A public key, for people and for scripts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyShown {
    /// `type base64`, what goes into a trust root.
    pub line: String,
    /// As `ssh-keygen -l` prints it.
    pub fingerprint: String,
    /// OpenSSH's name of the type.
    pub algorithm: &'static str,
    /// What stands behind the key.
    pub comment: String,
}

impl KeyShown {
    fn of(key: &PublicKey, comment: &str) -> Self {
        Self { line: key.line(), fingerprint: key.fingerprint(), algorithm: key.algorithm().name(), comment: comment.to_owned() }
    }
}

/// Makes a key: `path` (mode 0600) and `path.pub`; nothing is replaced.
pub fn generate(path: &Path, comment: &str, protection: Protection<'_>) -> Result<KeyShown> {
    let key = SecretKey::generate(comment)?;
    key.write(path, protection)?;
    Ok(KeyShown::of(key.public_key(), comment))
}

/// Shows a public key; for the path of a secret one, the `.pub` beside it.
pub fn show(path: &Path) -> Result<KeyShown> {
    let public = public_path(path);
    let path = if !is_public(path) && public.exists() { &public } else { path };
    read_public(path).map(|(key, comment)| KeyShown::of(&key, &comment))
}

/// Opens what `--key` names: a secret key file; `FILE.pub` or `SHA256:…` for a key inside the agent.
pub fn open(key: &str, agent: Option<&Agent>, plain: PlainKeys, ask: Ask<'_>) -> Result<Box<dyn Signer>> {
    let agent = || {
        agent.ok_or_else(|| {
            Error::new(Kind::Incomplete, format!("{key:.200}: there is no ssh-agent to ask"))
                .hint("start one with: eval \"$(ssh-agent)\" && ssh-add PATH")
        })
    };
    if key.starts_with("SHA256:") {
        return Ok(Box::new(agent()?.key_by_fingerprint(key)?));
    }
    let path = Path::new(key);
    if !path.exists() {
        return Err(Error::usage(format!("{key:.200}: there is no such key")).hint("make one with: airlift key generate PATH"));
    }
    if is_public(path) {
        return Ok(Box::new(agent()?.key(&read_public(path)?.0)?));
    }
    Ok(Box::new(SecretKey::read(path, plain, ask)?))
}

fn is_public(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "pub")
}
