//! Names that follow from what is named: UUIDs of version 5 (RFC 9562, section 5.5), identifiers of SPDX elements.

use crate::artifact::{Digest, Sha256Writer};
use data_encoding::HEXLOWER;
use sha1::{Digest as _, Sha1};
use std::io::{Result, Write};

/// The namespace of airlift's documents: a number of its own, which never changes.
const NAMESPACE: [u8; 16] = [0x2f, 0x0e, 0x1c, 0x6b, 0x55, 0x4d, 0x5d, 0x11, 0x9a, 0x07, 0x3c, 0x61, 0x72, 0x6c, 0x66, 0x74];

/// A UUID that is the same for the same words and for no others.
pub fn uuid(words: &str) -> String {
    let hash = Sha1::new().chain_update(NAMESPACE).chain_update(words.as_bytes()).finalize();
    let mut bytes = [0u8; 16];
    bytes.copy_from_slice(&hash[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x50;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = HEXLOWER.encode(&bytes);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// The UUID of a document: of all that stands in it but the UUID itself, which `write` gives out for whatever it is told to put in its place.
pub(super) fn of_document(form: &str, write: impl Fn(&str, &mut dyn Write) -> Result<()>) -> Result<String> {
    let mut hashed = Hashed(Sha256Writer::default());
    write("", &mut hashed)?;
    Ok(uuid(&format!("{form} {}", hashed.0.finish().hex())))
}

/// What is written is hashed, and nowhere else.
struct Hashed(Sha256Writer);

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

/// An identifier within an SPDX document (section 7.2): letters, digits and hyphens only.
pub(super) fn spdx_id(reference: &str) -> String {
    format!("SPDXRef-{}", short(reference))
}

/// A name for a text, of 128 bits in hexadecimal digits.
pub(super) fn short(text: &str) -> String {
    let mut hex = Digest::of(text.as_bytes()).hex();
    hex.truncate(32);
    hex
}
