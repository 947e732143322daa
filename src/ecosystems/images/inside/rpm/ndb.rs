//! rpm's own container (`lib/backend/ndb/rpmpkg.c`): pages of slots, each naming a run of blocks; little-endian.

const PAGE: usize = 4096;
const SLOT: usize = 16;
const BLOCK: usize = 16;
/// Most pages of slots.
const MOST_PAGES: usize = 1 << 14;

/// The blobs of a container, at most so many.
pub(in super::super) fn blobs(bytes: &[u8], most: usize) -> Result<Vec<Vec<u8>>, &'static str> {
    if bytes.get(..4) != Some(b"RpmP") || word(bytes, 4) != Some(0) {
        return Err("it is no container of rpm's that is known here");
    }
    let pages = word(bytes, 12).and_then(|pages| usize::try_from(pages).ok()).filter(|pages| *pages <= MOST_PAGES);
    let slots = pages.and_then(|pages| bytes.get(2 * SLOT..pages * PAGE)).ok_or("its slots are cut short")?;
    let used = slots.chunks_exact(SLOT).filter(|slot| slot.starts_with(b"Slot") && word(slot, 4).is_some_and(|package| package != 0));
    let (mut all, mut taken) = (Vec::new(), 0usize);
    for slot in used {
        if all.len() == most {
            return Err("it has too many packages");
        }
        let blob = blob(bytes, slot).ok_or("a blob is not where its slot says")?;
        // Slots that share one blob are no database, and would be a lever.
        taken += blob.len();
        if taken > bytes.len() {
            return Err("its slots name more than it holds");
        }
        all.push(blob.to_vec());
    }
    Ok(all)
}

/// `BlbS`, number of the package, generation, length; then the bytes.
fn blob<'a>(bytes: &'a [u8], slot: &[u8]) -> Option<&'a [u8]> {
    let start = usize::try_from(word(slot, 8)?).ok()?.checked_mul(BLOCK)?;
    let room = usize::try_from(word(slot, 12)?).ok()?.checked_mul(BLOCK)?;
    let place = bytes.get(start..start.checked_add(room)?)?;
    if !place.starts_with(b"BlbS") || word(place, 4) != word(slot, 4) {
        return None;
    }
    let length = usize::try_from(word(place, 12)?).ok()?;
    place.get(16..16usize.checked_add(length)?)
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
}
