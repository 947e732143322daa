//! tar: headers of 512 bytes, each followed by its file in whole blocks. Files are looked into, nothing of tar is changed.

use super::{Found, MOST_MEMBERS, look};
use crate::recode::source::Part;
use std::io;

const BLOCK: u64 = 512;

/// Whether a header with a right sum stands here.
pub(super) fn begins(head: &[u8]) -> bool {
    head.len() == 512 && head[0] != 0 && sum(head).is_some()
}

/// The sum of a header as it says and as it is.
fn sum(head: &[u8]) -> Option<()> {
    let said = octal(&head[148..156])?;
    let others = head[..148].iter().chain(&head[156..]);
    (others.map(|byte| u64::from(*byte)).sum::<u64>() + 8 * u64::from(b' ') == said).then_some(())
}

/// A number in octal digits, or in binary where its first bit is set.
fn octal(field: &[u8]) -> Option<u64> {
    if field[0] == 0x80 {
        return field[1..].iter().try_fold(0u64, |number, byte| (number < 1 << 54).then_some(number << 8 | u64::from(*byte)));
    }
    let digits = field.iter().skip_while(|byte| **byte == b' ').take_while(|byte| !matches!(byte, 0 | b' '));
    digits.copied().try_fold(0u64, |number, byte| match byte {
        b'0'..=b'7' => number.checked_mul(8)?.checked_add(u64::from(byte - b'0')),
        _ => None,
    })
}

/// The length of the file that follows a header, and whether it is a regular one; None where no header stands.
pub(super) fn file(head: &[u8]) -> Option<(u64, bool)> {
    let size = begins(head).then(|| octal(&head[124..136])).flatten()?;
    Some((size, matches!(head[156], 0 | b'0' | b'7')))
}

pub(super) fn walk(part: Part<'_>, depth: u32, found: &mut Found) -> io::Result<()> {
    let mut at = 0u64;
    for _ in 0..MOST_MEMBERS {
        let Some(head) = part.array::<512>(at)? else { break };
        let Some((size, regular)) = file(&head) else { break };
        let data = at + BLOCK;
        let Some(member) = part.part(data, size) else { break };
        if regular {
            look(member, depth + 1, found)?;
        }
        at = data + size.div_ceil(BLOCK) * BLOCK;
    }
    Ok(())
}
