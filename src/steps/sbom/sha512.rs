//! SHA-512 of what is here, for those who ask for it: everything is read once more, and compared with the digest that it is known by.

use crate::artifact::{Blobs, Digest};
use crate::error::{Error, Result};
use crate::progress::{Progress, go_on};
use crate::report::{Inventory, Part};
use sha2::{Digest as _, Sha256, Sha512};
use std::collections::HashMap;
use std::io::Read;

const PHASE: &str = "hashing";
/// How much is read at once, in bytes.
const BUFFER: usize = 1 << 20;

/// Adds the SHA-512 of every blob of the artifacts that is here, where the lock does not have it.
pub fn add_sha512(inventory: &mut Inventory, blobs: &dyn Blobs, progress: &dyn Progress) -> Result<()> {
    let lacks = |part: &&mut Part| !part.hashes.contains_key("sha512");
    let size = inventory.components.iter().flat_map(|c| &c.parts).filter(|p| !p.hashes.contains_key("sha512"));
    progress.begin(PHASE, size.fold(0, |sum: u64, part| sum.saturating_add(part.size)));
    // One blob may be of many artifacts, as the layers of images are.
    let mut known: HashMap<Digest, Option<String>> = HashMap::new();
    for part in inventory.components.iter_mut().flat_map(|component| &mut component.parts).filter(lacks) {
        let hex = match known.get(&part.digest) {
            Some(hex) => hex.clone(),
            None => known.entry(part.digest).or_insert(hashed(part, blobs, progress)?).clone(),
        };
        part.hashes.extend(hex.map(|hex| ("sha512".to_owned(), hex)));
        progress.advance(PHASE, part.size);
    }
    progress.end(PHASE);
    Ok(())
}

fn hashed(part: &Part, blobs: &dyn Blobs, progress: &dyn Progress) -> Result<Option<String>> {
    let Some(mut blob) = blobs.open(&part.digest)? else { return Ok(None) };
    let (mut sha256, mut sha512, mut buffer) = (Sha256::new(), Sha512::new(), vec![0; BUFFER]);
    loop {
        go_on(progress)?;
        let read = blob.read(&mut buffer).map_err(|e| Error::io(format!("the blob {} cannot be read", part.digest), &e))?;
        if read == 0 {
            break;
        }
        sha256.update(&buffer[..read]);
        sha512.update(&buffer[..read]);
    }
    let found = Digest::from_bytes(sha256.finalize().into());
    if found != part.digest {
        return Err(Error::verification("a blob is not what it should be").with("expected", part.digest).with("found", found));
    }
    Ok(Some(data_encoding::HEXLOWER.encode(&sha512.finalize())))
}
