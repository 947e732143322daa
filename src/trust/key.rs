//! Secret keys in OpenSSH files (PROTOCOL.key), so that `ssh-keygen -p`, `-y` and `-Y sign` work on them. The only file of the trusted
//! core that asks for randomness.

use super::public::{Algorithm, MAX_LINE_BYTES, PublicKey};
use super::sshsig::{Signer, ed25519_signature};
use crate::error::{Error, Kind, Result};
use crate::store::sync_folder;
use ed25519_dalek::{Signer as _, SigningKey};
use ssh_key::private::{Ed25519Keypair, KeypairData};
use ssh_key::{Cipher, Kdf, LineEnding, PrivateKey};
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Rounds of the bcrypt KDF for new files: about a second.
const ROUNDS: u32 = 100;
/// Most rounds a file may ask for, or opening it could take hours.
const MOST_ROUNDS: u32 = 2000;
/// Longest key file, in bytes.
const MAX_FILE_BYTES: u64 = 64 << 10;
/// Shortest passphrase, in characters.
const SHORTEST: usize = 8;
/// Longest comment, in bytes.
const LONGEST_COMMENT: usize = 200;

/// An Ed25519 secret key in memory: wiped when dropped, never printed, never copied.
pub struct SecretKey {
    signing: SigningKey,
    public: PublicKey,
    comment: String,
}

/// How a key file is written.
#[derive(Clone, Copy)]
pub enum Protection<'a> {
    /// Encrypted with AES-256 under a passphrase of at least eight characters.
    Passphrase(&'a str),
    /// Readable by whoever gets the file.
    Plain,
}

/// Whether a key file without a passphrase may be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlainKeys {
    /// No: the careful default.
    Refused,
    /// Yes, because the user said so.
    Allowed,
}

/// What asks for a passphrase; called only when the file has one.
pub type Ask<'a> = &'a mut dyn FnMut() -> Result<Zeroizing<String>>;

/// The seed of a new Ed25519 key (RFC 8032, section 5.1.5) from the operating system's randomness; the event log's key is made of one too.
pub fn fresh_seed() -> Result<Zeroizing<[u8; 32]>> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *seed).map_err(|e| Error::failed("the system gave no randomness").because(&e))?;
    Ok(seed)
}

impl SecretKey {
    /// A new key from the operating system's randomness; the comment stands behind the public key.
    pub fn generate(comment: &str) -> Result<Self> {
        Self::from_seed(&*fresh_seed()?, comment)
    }

    /// The key of a seed (RFC 8032, section 5.1.5); for tests and examples whose keys are public knowledge.
    pub fn from_seed(seed: &[u8; 32], comment: &str) -> Result<Self> {
        if comment.len() > LONGEST_COMMENT || comment.contains('\n') || crate::error::plain(comment) != comment {
            return Err(
                Error::usage("the key's comment must be one plain line of at most 200 bytes").with("found", format!("{comment:.80}"))
            );
        }
        let signing = SigningKey::from_bytes(seed);
        let public = PublicKey::ed25519(signing.verifying_key().to_bytes())?;
        Ok(Self { signing, public, comment: comment.to_owned() })
    }

    /// What stands behind the public key.
    pub fn comment(&self) -> &str {
        &self.comment
    }

    /// The content of the `.pub` file.
    pub fn public_line(&self) -> String {
        format!("{} {}", self.public.line(), self.comment).trim_end().to_owned() + "\n"
    }

    /// Writes the secret key (mode 0600) and `PATH.pub`; nothing that exists is replaced.
    pub fn write(&self, path: &Path, protection: Protection<'_>) -> Result<()> {
        let text = self.encode(protection)?;
        let public = public_path(path);
        for taken in [path, &public] {
            if taken.symlink_metadata().is_ok() {
                return Err(
                    Error::usage(format!("{} exists already", taken.display())).hint("a key is never overwritten: give another name")
                );
            }
        }
        create(path, 0o600, text.as_bytes())?;
        create(&public, 0o644, self.public_line().as_bytes()).inspect_err(|_| drop(fs::remove_file(path)))?;
        sync_folder(path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")))
    }

    fn encode(&self, protection: Protection<'_>) -> Result<Zeroizing<String>> {
        let broken = |e: ssh_key::Error| Error::failed("the key cannot be written").because(&e);
        let pair = KeypairData::Ed25519(Ed25519Keypair::from(&self.signing));
        let plain = PrivateKey::new(pair, self.comment.as_str()).map_err(broken)?;
        let key = match protection {
            Protection::Plain => plain,
            Protection::Passphrase(phrase) if phrase.chars().count() < SHORTEST => {
                return Err(Error::usage(format!("the passphrase is too short: at least {SHORTEST} characters"))
                    .hint("several words in a row are easy to remember"));
            }
            Protection::Passphrase(phrase) => {
                let mut random = [0; 20];
                getrandom::fill(&mut random).map_err(|e| Error::failed("the system gave no randomness").because(&e))?;
                let (salt, check) = random.split_at(16);
                let check = u32::from_be_bytes(check.try_into().expect("four bytes are left"));
                plain.encrypt_with(Cipher::Aes256Ctr, Kdf::Bcrypt { salt: salt.to_vec(), rounds: ROUNDS }, check, phrase).map_err(broken)?
            }
        };
        key.to_openssh(LineEnding::LF).map_err(broken)
    }

    /// Opens a key file, asking for its passphrase when it has one.
    pub fn read(path: &Path, plain: PlainKeys, ask: Ask<'_>) -> Result<Self> {
        Self::parse(&read_private(path)?, plain, ask).map_err(|e| e.about(path.display()))
    }

    /// Opens the text of a key file.
    pub fn parse(text: &str, plain: PlainKeys, ask: Ask<'_>) -> Result<Self> {
        let key = PrivateKey::from_openssh(text).map_err(|e| not_a_key(text, &e))?;
        let key = if key.is_encrypted() {
            unlock(&key, ask)?
        } else if plain == PlainKeys::Allowed {
            key
        } else {
            return Err(Error::usage("the key has no passphrase")
                .hint("give it one with: ssh-keygen -p -f KEY")
                .hint("or accept that whoever has the file can sign: --allow-plain-key"));
        };
        match key.key_data() {
            KeypairData::Ed25519(pair) => Self::from_seed(pair.private.as_ref(), key.comment()),
            KeypairData::SkEd25519(_) => Err(Error::usage("the key is inside a FIDO2 authenticator")
                .hint("load it with `ssh-add`, then name its public half: --key KEY.pub")),
            _ => Err(not_supported().with("found", key.algorithm())),
        }
    }
}

impl Signer for SecretKey {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign_ssh(&self, message: &[u8]) -> Result<Vec<u8>> {
        Ok(ed25519_signature(&self.signing.sign(message).to_bytes()))
    }
}

/// Reads a public key file; returns the key and its comment.
pub fn read_public(path: &Path) -> Result<(PublicKey, String)> {
    let mut text = String::new();
    let file = File::open(path).and_then(|f| f.take(MAX_LINE_BYTES as u64 + 64).read_to_string(&mut text));
    file.map_err(|e| match e.kind() {
        ErrorKind::NotFound => Error::usage(format!("{}: there is no such public key", path.display())).because(&e),
        _ => Error::io(format!("{} cannot be read", path.display()), &e),
    })?;
    PublicKey::from_line(&text).map_err(|e| e.of_kind(Kind::Usage).about(path.display()))
}

/// The path of a key's public half.
pub fn public_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    name.into()
}

fn unlock(key: &PrivateKey, ask: Ask<'_>) -> Result<PrivateKey> {
    match key.kdf() {
        Kdf::Bcrypt { rounds, .. } if *rounds > MOST_ROUNDS => {
            return Err(Error::usage("the key's passphrase is stretched more than this airlift is willing to wait for")
                .with("expected", format!("at most {MOST_ROUNDS} rounds"))
                .with("found", rounds));
        }
        _ => {}
    }
    let phrase = ask()?;
    key.decrypt(phrase.as_bytes()).map_err(|e| match e {
        ssh_key::Error::Crypto => Error::usage("wrong passphrase, or the file is damaged"),
        other => Error::failed("the key cannot be opened").because(&other),
    })
}

/// The content of a key file that nobody else may read; OpenSSH refuses such files by the same rule.
fn read_private(path: &Path) -> Result<Zeroizing<String>> {
    let wrong = |e: &std::io::Error| Error::io(format!("{} cannot be read", path.display()), e);
    let file = File::open(path).map_err(|e| wrong(&e))?;
    let about = file.metadata().map_err(|e| wrong(&e))?;
    if about.uid() == rustix::process::getuid().as_raw() && about.mode() & 0o077 != 0 {
        return Err(Error::usage(format!("{} can be read by others", path.display()))
            .with("mode", format!("{:04o}", about.mode() & 0o7777))
            .hint(format!("chmod 600 {}", path.display())));
    }
    // Room for all of it at once: a growing buffer would leave copies behind that are not wiped.
    let mut text = Zeroizing::new(String::with_capacity(MAX_FILE_BYTES as usize + 2));
    file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text).map_err(|e| wrong(&e))?;
    if text.len() as u64 > MAX_FILE_BYTES {
        return Err(Error::usage(format!("{} is too large for a key", path.display())));
    }
    Ok(text)
}

fn not_a_key(text: &str, error: &ssh_key::Error) -> Error {
    if text.starts_with("ssh-") || text.starts_with("sk-ssh-") {
        return Error::usage("it is a public key").hint("give the file without .pub");
    }
    if text.starts_with("-----BEGIN OPENSSH PRIVATE KEY-----") && *error == ssh_key::Error::AlgorithmUnknown {
        return not_supported();
    }
    Error::usage("it is not an OpenSSH private key").because(error).hint("make one with: airlift key generate PATH")
}

fn not_supported() -> Error {
    Error::usage("the key's type or cipher is not supported")
        .with("expected", Algorithm::Ed25519.name())
        .hint("make one with: airlift key generate PATH")
}

/// Creates a file that must not exist; a file that could not be finished is taken away again.
fn create(path: &Path, mode: u32, bytes: &[u8]) -> Result<()> {
    let wrong = |e: &std::io::Error| Error::unwritten(format!("{} cannot be written", path.display()), e);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path).map_err(|e| wrong(&e))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|e| {
        let _ = fs::remove_file(path);
        wrong(&e)
    })
}
