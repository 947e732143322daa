//! The one place where text from outside becomes text of a report: on one line, without control, bidirectional or invisible characters, bounded.

use crate::error::plain;

/// Longest piece of text from outside, in characters.
pub const LONGEST_TEXT: usize = 400;

/// Text from outside, made harmless. What is cut is seen to be cut.
pub fn outside(text: &str) -> String {
    let head: String = text.chars().take(LONGEST_TEXT + 1).collect();
    let mut harmless = seen(&plain(&head.replace(['\n', '\t', '\r'], " ")));
    if harmless.chars().count() > LONGEST_TEXT {
        harmless = harmless.chars().take(LONGEST_TEXT - 1).chain(['…']).collect();
    }
    harmless
}

/// The same with every character that is not seen written by its number: by them two names look alike that are not.
fn seen(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unseen(c) { out.extend(c.escape_unicode()) } else { out.push(c) }
    }
    out
}

/// Format characters, fillers, tags and variation selectors (Unicode, `Default_Ignorable_Code_Point`), and separators of lines and paragraphs.
const fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}
