//! Texts of licences of the SPDX list, recognised whole and word by word within a file, wherever in it they stand.
//!
//! `texts.tsv` has a row for each text: identifiers, number of words, a sum of the first words and a digest of all. It is made of the texts
//! that the crate `spdx` carries (of the licence list whose version it names); a test makes it again and compares. No text is guessed from
//! likeness: what differs in one word that counts is not recognised.

use super::words;
use crate::artifact::Digest;
use std::collections::HashMap;
use std::sync::OnceLock;

/// By how many words a text is looked for.
const START: usize = 8;
/// Fewest words of a text that is recognised.
const FEWEST: usize = 20;
/// Fewest words of a paragraph that is more than a title.
const LEAST_PARAGRAPH: usize = 12;
/// How many words are compared for each word of a file: texts may be made to begin again and again.
const EFFORT: usize = 16;
/// Words that are compared in any case.
const LEAST_EFFORT: usize = 100_000;

const TABLE: &str = include_str!("texts.tsv");

/// One text of the list.
struct Text {
    /// Its identifiers; several where the text is the same.
    ids: &'static str,
    words: usize,
    all: &'static str,
}

/// What identifies the text of a licence: the number of its words, a sum of the first and a digest of all. `None` for one that is too short.
pub fn text_key(text: &str) -> Option<String> {
    let words = words::that_count(words::of(&core(text)));
    (words.len() >= FEWEST).then(|| format!("{}\t{:016x}\t{}", words.len(), sum(&words[..START]), digest(&words)))
}

/// A text without title, copyright notice and what stands behind its terms: what others leave out, or put in other words.
fn core(text: &str) -> String {
    const HEADS: [&str; 2] = ["TERMS AND CONDITIONS FOR COPYING", "TERMS AND CONDITIONS FOR USE"];
    const TAILS: [&str; 4] =
        ["END OF TERMS AND CONDITIONS", "ADDENDUM: How to use this License", "EXHIBIT A", "\nGNU GENERAL PUBLIC LICENSE"];
    let head = HEADS.iter().filter_map(|head| text.find(head)).min().unwrap_or(0);
    let tail = TAILS.iter().filter_map(|tail| text[head..].find(tail)).min().map_or(text.len(), |at| head + at);
    let paragraphs: Vec<&str> = text[head..tail].split("\n\n").collect();
    let is_copyright = |p: &str| ["copyright", "(c)", "©"].iter().any(|start| p.trim_start().to_lowercase().starts_with(start));
    let titles = paragraphs.iter().take_while(|p| words::of(p).len() < LEAST_PARAGRAPH || is_copyright(p)).count();
    paragraphs[titles..].join("\n\n")
}

/// FNV-1a over some words: only to find candidates, which are compared as a whole.
fn sum(words: &[String]) -> u64 {
    let bytes = words.iter().flat_map(|word| word.bytes().chain([b' ']));
    bytes.fold(0xcbf2_9ce4_8422_2325, |sum: u64, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn digest(words: &[String]) -> String {
    Digest::of(words.join(" ").as_bytes()).hex()
}

fn table() -> &'static HashMap<u64, Vec<Text>> {
    static ROWS: OnceLock<HashMap<u64, Vec<Text>>> = OnceLock::new();
    ROWS.get_or_init(|| {
        let mut rows: HashMap<u64, Vec<Text>> = HashMap::new();
        for row in TABLE.lines().filter(|line| !line.starts_with('#')).filter_map(row) {
            rows.entry(row.0).or_default().push(row.1);
        }
        // The longest that fits is the one that stands there.
        rows.values_mut().for_each(|texts| texts.sort_by_key(|text| std::cmp::Reverse(text.words)));
        rows
    })
}

fn row(line: &'static str) -> Option<(u64, Text)> {
    let mut fields = line.split('\t');
    let (ids, words, sum, all) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    Some((u64::from_str_radix(sum, 16).ok()?, Text { ids, words: words.parse().ok()?, all }))
}

/// The texts that stand in a file of these words, each by the identifiers that it may have.
pub(super) fn within(words: &[String]) -> Vec<&'static str> {
    let (mut found, mut at, mut effort) = (Vec::new(), 0, words.len() * EFFORT + LEAST_EFFORT);
    while at + START <= words.len() {
        let candidates = table().get(&sum(&words[at..at + START])).map_or(&[][..], Vec::as_slice);
        let fits = candidates.iter().find(|text| fits(&words[at..], text, &mut effort));
        at += fits.map_or(1, |text| text.words);
        found.extend(fits.map(|text| text.ids));
    }
    found
}

/// Whether a text begins here, as long as there is effort left to compare.
fn fits(words: &[String], text: &Text, effort: &mut usize) -> bool {
    let Some(part) = words.get(..text.words) else { return false };
    let left = effort.checked_sub(part.len());
    *effort = left.unwrap_or(0);
    left.is_some() && digest(part) == text.all
}
