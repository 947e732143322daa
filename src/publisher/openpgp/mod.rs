//! OpenPGP (RFC 9580, and RFC 4880 before it), as far as one thing needs it: whether a clear-signed text was signed by a given key.
//!
//! In: a certificate and a clear-signed message, both armoured. Out: the signed lines and nothing around them, or why there are none. Read
//! are version 4 keys and signatures by RSA, Ed25519 and ECDSA (P-256, P-384) over SHA-2; everything else is refused: SHA-1, signatures of
//! other types, packets of unknown length, text outside of what was signed. There is no keyring, no web of trust and no clock: the key is
//! the one that was given, and times are compared with each other only.

mod armour;
mod certificate;
mod cleartext;
mod material;
mod packet;
mod signature;

pub use certificate::Certificate;
