//! Names that follow from what is named: UUIDs of version 5 (RFC 9562, section 5.5), identifiers of SPDX elements.

use crate::artifact::Digest;
use data_encoding::HEXLOWER;
use sha1::{Digest as _, Sha1};

/// The namespace of airlift's documents: a number of its own, which never changes.
const NAMESPACE: [u8; 16] = [0x2f, 0x0e, 0x1c, 0x6b, 0x55, 0x4d, 0x5d, 0x11, 0x9a, 0x07, 0x3c, 0x61, 0x72, 0x6c, 0x66, 0x74];

/// A UUID that is the same for the same words and for no others.
pub(super) fn uuid(words: &str) -> String {
    let hash = Sha1::new().chain_update(NAMESPACE).chain_update(words.as_bytes()).finalize();
    let mut bytes = [0u8; 16];
    bytes.copy_from_slice(&hash[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x50;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = HEXLOWER.encode(&bytes);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// An identifier within an SPDX document (section 7.2): letters, digits and hyphens only.
pub(super) fn spdx_id(reference: &str) -> String {
    format!("SPDXRef-{}", &Digest::of(reference.as_bytes()).hex()[..32])
}
