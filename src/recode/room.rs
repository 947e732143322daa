//! Large buffers that take memory only while somebody has them.
//!
//! An allocator keeps what is freed for later, each thread what it freed itself: buffers of some MiB, on a few threads, would soon take as much
//! again as all that is in use. Beyond 32 MiB the allocators at hand ask the system for each piece and give it back at once, and pages that nobody
//! has written to take no memory.

/// Longer buffers get pages of their own.
const LARGE: usize = 2 << 20;
/// More than any allocator keeps.
const OWN_PAGES: usize = (32 << 20) + (64 << 10);

/// An empty buffer with room for so many bytes.
pub fn with_room(length: usize) -> Vec<u8> {
    Vec::with_capacity(if length < LARGE { length } else { length.max(OWN_PAGES) })
}

/// So many zeros.
pub fn zeros(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; if length < LARGE { length } else { length.max(OWN_PAGES) }];
    bytes.truncate(length);
    bytes
}

/// How much memory a buffer takes: of one that has pages of its own, those that were written to.
pub fn taken(bytes: &Vec<u8>) -> usize {
    if bytes.capacity() >= OWN_PAGES { bytes.len() } else { bytes.capacity() }
}

#[cfg(test)]
mod tests {
    use super::{LARGE, OWN_PAGES, taken, with_room, zeros};

    #[test]
    fn large_ones_have_pages_of_their_own() {
        for length in [0, 1, LARGE - 1, LARGE, OWN_PAGES, OWN_PAGES + 1] {
            assert!(zeros(length).len() == length && zeros(length).iter().all(|byte| *byte == 0));
            let empty = with_room(length);
            assert_eq!(taken(&empty), if length < LARGE { empty.capacity() } else { 0 });
            assert!(empty.is_empty() && empty.capacity() >= length);
            assert_eq!(empty.capacity() >= OWN_PAGES, length >= LARGE);
        }
    }
}
