//! Loads and compares on byte slices.

/// The 4 bytes at `at`, least significant first; nothing beyond the end is read.
pub(in crate::recode::encoder) fn load32(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |word| u32::from_le_bytes(*word))
}

/// The 8 bytes at `at`, least significant first; nothing beyond the end is read.
pub(in crate::recode::encoder) fn load64(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |word| u64::from_le_bytes(*word))
}

/// How many bytes agree from the start.
pub(in crate::recode::encoder) fn common(left: &[u8], right: &[u8]) -> usize {
    let length = left.len().min(right.len());
    let (left, right) = (&left[..length], &right[..length]);
    let mut at = 0;
    let words = left.as_chunks::<8>().0.iter().zip(right.as_chunks::<8>().0);
    for (left, right) in words {
        let differs = u64::from_le_bytes(*left) ^ u64::from_le_bytes(*right);
        if differs != 0 {
            return at + (differs.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    at + left[at..].iter().zip(&right[at..]).take_while(|(left, right)| left == right).count()
}
