//! Whether a core metadata document can be given to uv.

/// Longest metadata document that is read, in bytes; the largest seen have some 500 KB.
pub(crate) const MOST_DOCUMENT: u64 = 4 << 20;

/// How deep parentheses may nest in one field.
const DEEPEST: usize = 100;
/// Longest dependency, in bytes: a marker of many parts can take memory beyond all bounds.
const LONGEST: usize = 16 << 10;

/// Refuses what would take uv's stack: it reads markers by recursion, and a stack that overflows
/// ends the process. Every line counts, with those that continue it: where the header ends is for
/// no second reader to say.
pub(crate) fn checked(document: &[u8]) -> Result<(), &'static str> {
    if document.len() as u64 > MOST_DOCUMENT {
        return Err("the document is longer than 4 MiB");
    }
    let (mut depth, mut length, mut dependency) = (0_usize, 0_usize, false);
    for line in document.split(|byte| matches!(byte, b'\n' | b'\r')) {
        let continues = line.is_empty() || line[0].is_ascii_whitespace();
        if !continues {
            (depth, length) = (0, 0);
            dependency = line.get(..8).is_some_and(|start| start.eq_ignore_ascii_case(b"requires"));
        }
        length += line.len();
        if dependency && length > LONGEST {
            return Err("a dependency is longer than 16 KiB");
        }
        for byte in line {
            match byte {
                b'(' => depth += 1,
                b')' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth > DEEPEST {
                return Err("more than 100 parentheses within each other");
            }
        }
    }
    Ok(())
}
