//! What looks like a private key or an access token in small texts. A few well-known forms: that none is found proves nothing.

use super::finding::{Findings, Step};
use super::rules;
use std::io::Read;

/// Longest text that is looked through, in bytes.
pub(super) const LOOKED_AT: u64 = 256 << 10;

/// Tokens that are known by their first characters: those, what follows them, and how long that is at least.
const TOKENS: [(&str, fn(u8) -> bool, usize); 13] = [
    ("AKIA", upper_or_digit, 16),
    ("ASIA", upper_or_digit, 16),
    ("ghp_", word, 36),
    ("gho_", word, 36),
    ("ghs_", word, 36),
    ("github_pat_", word, 60),
    ("glpat-", word, 20),
    ("hf_", word, 34),
    ("xoxb-", word, 24),
    ("xoxp-", word, 24),
    ("sk_live_", word, 24),
    ("AIza", word, 35),
    ("npm_", word, 36),
];
/// How a private key in PEM begins, between the word and the last hyphens.
const BEGIN: &[u8] = b"-----BEGIN ";
const KEY: &[u8] = b"PRIVATE KEY-----";

fn upper_or_digit(b: u8) -> bool {
    b.is_ascii_uppercase() || b.is_ascii_digit()
}

fn word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_' || b == b'-'
}

/// Reads a stream to its end; one that is short is looked through.
pub(super) fn look_through(stream: &mut dyn Read, found: &mut Findings) -> Step<()> {
    let mut bytes = Vec::new();
    stream.take(LOOKED_AT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 <= LOOKED_AT {
        look(&bytes, "", found);
    }
    std::io::copy(stream, &mut std::io::sink())?;
    Ok(())
}

/// Looks through a text; what holds a NUL is none.
pub(super) fn look(bytes: &[u8], place: &str, found: &mut Findings) {
    if bytes.len() < 16 || bytes.contains(&0) {
        return;
    }
    if let Some(kind) = private_key(bytes) {
        found.add(rules::SECRET, place, format!("a private key ({kind})"));
    }
    let starts = (0..bytes.len()).filter(|at| *at == 0 || !word(bytes[at - 1]));
    for at in starts {
        if let Some((prefix, ..)) = TOKENS.iter().find(|(prefix, inside, length)| is_token(&bytes[at..], prefix, *inside, *length)) {
            found.add(rules::SECRET, place, format!("a token that begins with {prefix}"));
        }
    }
}

fn is_token(text: &[u8], prefix: &str, inside: fn(u8) -> bool, length: usize) -> bool {
    let Some(rest) = text.strip_prefix(prefix.as_bytes()) else { return false };
    let run = rest.iter().take(200).take_while(|b| inside(**b)).count();
    // A run of one character is a placeholder.
    run >= length && run < 200 && rest[..run].iter().any(|b| *b != rest[0])
}

/// A line that begins a private key, with something of a key behind it.
fn private_key(bytes: &[u8]) -> Option<&'static str> {
    let mut lines = bytes.split(|b| *b == b'\n').map(<[u8]>::trim_ascii);
    while let Some(line) = lines.next() {
        let Some(label) = line.strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(KEY)) else { continue };
        let body =
            lines.clone().take(4).any(|line| line.len() >= 40 && line.iter().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(b)));
        if body {
            return Some(match label {
                b"OPENSSH " => "OpenSSH",
                b"RSA " => "RSA",
                b"EC " => "EC",
                b"ENCRYPTED " => "encrypted",
                _ => "PKCS #8",
            });
        }
    }
    None
}
