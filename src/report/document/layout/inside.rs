//! What lies inside artifacts, in words: counts that add up to all packages, and where a thing of them was met.

use super::super::evidence::Backed;
use super::super::inside::{InsideCounts, Stated, WithinRow};
use super::super::words::Words;
use super::rest::{table, way};
use super::{Block, basis};

/// The tables of what the packages inside state.
pub fn tables(counted: &Backed<InsideCounts>, words: &Words) -> Vec<Block> {
    let inside = counted.said();
    let of = |id, name, stated: &Stated| {
        let mut block = table(words, id, &[name, "packages"], rows(stated, words), basis(words, counted.evidence()));
        if let Block::Table(table) = &mut block {
            table.notes.insert(1, told(inside, stated, words));
        }
        block
    };
    vec![of("licences-inside", "licence", &inside.licences), of("suppliers-inside", "supplier", &inside.suppliers)]
}

/// The names; then what is not listed, and those that state nothing, so that the numbers add up.
fn rows(stated: &Stated, words: &Words) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> = stated.rows.iter().map(|row| vec![row.name.clone(), words.number(row.count)]).collect();
    if stated.more > 0 {
        rows.push(vec![words.with("fact.and-more", &[("count", &words.number(stated.more))]), words.number(stated.more_packages)]);
    }
    rows.push(vec![words.of("fact", "nothing"), words.number(stated.unstated)]);
    rows
}

/// How much of it is known.
fn told(inside: &InsideCounts, stated: &Stated, words: &Words) -> String {
    let numbers = [inside.packages, inside.artifacts, stated.unstated, inside.unseen].map(|number| words.number(number));
    let [packages, artifacts, unstated, unseen] = &numbers;
    words.with("fact.inside", &[("packages", packages), ("artifacts", artifacts), ("unstated", unstated), ("unseen", unseen)])
}

/// Where something lies: the way to the artifact, what it is in there, and what names it.
pub fn place(within: &WithinRow, words: &Words) -> String {
    let mut place = way(words, &within.path, within.between);
    within.parts.iter().for_each(|part| place.push_str(&format!(" › {part}")));
    if within.found_by.is_empty() { place } else { format!("{place} ({})", within.found_by) }
}
