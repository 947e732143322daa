//! rpm's own container (`lib/backend/ndb/rpmpkg.c`): pages of slots, each naming a run of blocks; little-endian.

const PAGE: usize = 4096;
const SLOT: usize = 16;
const BLOCK: usize = 16;
/// Most pages of slots.
const MOST_PAGES: usize = 1 << 14;

/// The blobs of a container, at most so many.
pub(super) fn blobs(bytes: &[u8], most: usize) -> Result<Vec<Vec<u8>>, &'static str> {
    if bytes.get(..4) != Some(b"RpmP") || word(bytes, 4) != Some(0) {
        return Err("it is no container of rpm's that is known here");
    }
    let pages = word(bytes, 12).and_then(|pages| usize::try_from(pages).ok()).filter(|pages| *pages <= MOST_PAGES);
    let slots = pages.and_then(|pages| bytes.get(2 * SLOT..pages * PAGE)).ok_or("its slots are cut short")?;
    let used = slots.chunks_exact(SLOT).filter(|slot| slot.starts_with(b"Slot") && word(slot, 4).is_some_and(|package| package != 0));
    let mut all = Vec::new();
    for slot in used {
        if all.len() == most {
            return Err("it has too many packages");
        }
        all.push(blob(bytes, slot).ok_or("a blob is not where its slot says")?);
    }
    Ok(all)
}

/// `BlbS`, number of the package, generation, length; then the bytes.
fn blob(bytes: &[u8], slot: &[u8]) -> Option<Vec<u8>> {
    let start = usize::try_from(word(slot, 8)?).ok()?.checked_mul(BLOCK)?;
    let room = usize::try_from(word(slot, 12)?).ok()?.checked_mul(BLOCK)?;
    let place = bytes.get(start..start.checked_add(room)?)?;
    if !place.starts_with(b"BlbS") || word(place, 4) != word(slot, 4) {
        return None;
    }
    let length = usize::try_from(word(place, 12)?).ok()?;
    Some(place.get(16..16usize.checked_add(length)?)?.to_vec())
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
}
