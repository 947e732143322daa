//! Signed notes and verifier keys (C2SP `signed-note`), Ed25519 only.

use crate::error::{Error, Result};
use crate::trust::PublicKey;
use data_encoding::{BASE64, HEXLOWER};
use ed25519_dalek::VerifyingKey;
use sha2::{Digest as _, Sha256};
use std::fmt;

/// Longest note, in bytes; signatures of other kinds may be long.
pub const MAX_NOTE_FILE_BYTES: usize = 64 << 10;
/// Most signatures of a note.
const MAX_SIGNATURES: usize = 64;
/// Ed25519 over the note's text.
const ED25519: u8 = 0x01;
const DASH: &str = "\u{2014} ";

/// The public half of a log's key, with its name.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    point: [u8; 32],
}

impl VerifierKey {
    /// A key that is neither weak nor written in a second way, under a name without spaces and plus.
    pub fn new(name: &str, point: [u8; 32]) -> Result<Self> {
        let fits = (1..=200).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_graphic() && b != b'+');
        if !fits {
            return Err(Error::verification("the verifier key is refused: its name is empty, too long or has spaces or plus"));
        }
        PublicKey::ed25519(point)?;
        Ok(Self { name: name.to_owned(), point })
    }

    /// Reads `name+id+base64`.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = || {
            Error::verification("this is not the verifier key of a log")
                .with("expected", "NAME+ID+KEY")
                .with("found", format!("{text:.120}"))
        };
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else { return Err(wrong()) };
        let bytes = BASE64.decode(key.as_bytes()).map_err(|_| wrong())?;
        let point = bytes.strip_prefix(&[ED25519]).and_then(|point| point.try_into().ok()).ok_or_else(wrong)?;
        let found = Self::new(name, point)?;
        if HEXLOWER.encode(&found.id()) == id && found.to_string() == text { Ok(found) } else { Err(wrong()) }
    }

    /// Its name, which is the origin of its log's checkpoints.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The 32 bytes of the curve point.
    pub fn point(&self) -> &[u8; 32] {
        &self.point
    }

    /// The first four bytes of SHA-256 over name, line feed, kind and key.
    pub(super) fn id(&self) -> [u8; 4] {
        let hash = Sha256::new().chain_update(&self.name).chain_update([b'\n', ED25519]).chain_update(self.point).finalize();
        [hash[0], hash[1], hash[2], hash[3]]
    }

    fn fits(&self, text: &str, signature: &[u8]) -> bool {
        let (Ok(key), Ok(signature)) = (VerifyingKey::from_bytes(&self.point), <&[u8; 64]>::try_from(signature)) else { return false };
        key.verify_strict(text.as_bytes(), &ed25519_dalek::Signature::from_bytes(signature)).is_ok()
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [&[ED25519], &self.point[..]].concat();
        write!(f, "{}+{}+{}", self.name, HEXLOWER.encode(&self.id()), BASE64.encode(&key))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text and the signatures beneath it; worth nothing before [`Note::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    name: String,
    id: [u8; 4],
    signature: Vec<u8>,
}

impl Note {
    /// A text, which ends in a line feed, with one signature.
    pub(super) fn signed(text: String, key: &VerifierKey, signature: [u8; 64]) -> Self {
        let line = Line { name: key.name.clone(), id: key.id(), signature: signature.to_vec() };
        Self { text, signatures: vec![line] }
    }

    /// Reads a note to its last byte.
    pub fn parse(what: &str, bytes: &[u8]) -> Result<Self> {
        let wrong = |why: &str| Error::verification(format!("{what} is not a signed note: {why}"));
        if bytes.len() > MAX_NOTE_FILE_BYTES {
            return Err(wrong("it is too large").with("expected", format!("at most {MAX_NOTE_FILE_BYTES} bytes")));
        }
        let all = std::str::from_utf8(bytes).map_err(|_| wrong("it is not UTF-8"))?;
        if all.chars().any(|c| c < ' ' && c != '\n') {
            return Err(wrong("it has control characters"));
        }
        let (text, lines) = all.rsplit_once("\n\n").ok_or_else(|| wrong("there is no blank line before signatures"))?;
        let lines = lines.strip_suffix('\n').ok_or_else(|| wrong("its last line has no end"))?;
        let signatures: Option<Vec<Line>> = lines.split('\n').map(line).take(MAX_SIGNATURES + 1).collect();
        match signatures {
            Some(signatures) if signatures.len() <= MAX_SIGNATURES => Ok(Self { text: format!("{text}\n"), signatures }),
            Some(_) => Err(wrong("it has too many signatures")),
            None => Err(wrong("a line beneath the blank one is not a signature")),
        }
    }

    /// The text, when the key has signed it. Signatures of other keys are passed over; one of this key that does not fit spoils the note.
    pub fn verify(&self, what: &str, key: &VerifierKey) -> Result<&str> {
        let mut own = self.signatures.iter().filter(|line| line.name == key.name && line.id == key.id()).peekable();
        if own.peek().is_some() && own.all(|line| key.fits(&self.text, &line.signature)) {
            return Ok(&self.text);
        }
        let names: Vec<String> = self.signatures.iter().map(|line| line.name.clone()).collect();
        Err(Error::verification(format!("{what} is not signed by the log's key"))
            .with("expected", key)
            .with("signed by", format!("{:.200}", names.join(", "))))
    }

    /// The first line: whose note it says it is.
    pub fn first_line(&self) -> &str {
        self.text.lines().next().unwrap_or_default()
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|line| {
            let raw = [&line.id[..], &line.signature].concat();
            writeln!(f, "{DASH}{} {}", line.name, BASE64.encode(&raw))
        })
    }
}

fn line(text: &str) -> Option<Line> {
    let (name, encoded) = text.strip_prefix(DASH)?.split_once(' ')?;
    let raw = BASE64.decode(encoded.as_bytes()).ok().filter(|raw| BASE64.encode(raw) == encoded)?;
    let (id, signature) = raw.split_first_chunk::<4>()?;
    let named = !name.is_empty() && !name.contains('+') && !name.contains(char::is_whitespace);
    named.then(|| Line { name: name.to_owned(), id: *id, signature: signature.to_vec() })
}
