//! The one place where text from outside becomes text of a report: on one line, without control or bidirectional characters, bounded.

use crate::error::plain;

/// Longest piece of text from outside, in characters.
pub const LONGEST_TEXT: usize = 400;

/// Text from outside, made harmless. What is cut is seen to be cut.
pub fn outside(text: &str) -> String {
    let head: String = text.chars().take(LONGEST_TEXT + 1).collect();
    let mut harmless = plain(&head.replace(['\n', '\t', '\r'], " "));
    if harmless.chars().count() > LONGEST_TEXT {
        harmless = harmless.chars().take(LONGEST_TEXT - 1).chain(['…']).collect();
    }
    harmless
}
