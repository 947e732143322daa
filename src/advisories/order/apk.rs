//! Versions of apk packages: `digit{.digit}{letter}{_suffix{number}}...{~hash}{-r#}` (apk-package(5)), in the order of apk-tools 3.

use super::digits::{self, are_digits, split_run};
use std::cmp::Ordering;

/// A version of an apk package: its pieces, each of its kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Apk(Vec<Piece>);

/// The kinds in the order in which they may follow each other: where two versions part, the one that goes on with the earlier kind is later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Kind {
    First,
    Further,
    Letter,
    Suffix,
    SuffixNumber,
    Hash,
    Revision,
    End,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Piece {
    kind: Kind,
    text: Box<str>,
    rank: usize,
}

/// The suffixes, in order; those before `RELEASED` make a version earlier than one without.
const SUFFIXES: [&str; 9] = ["alpha", "beta", "pre", "rc", "cvs", "svn", "git", "hg", "p"];
const RELEASED: usize = 4;

/// Reads a version; `None` where apk would not take it.
pub fn parse(text: &str) -> Option<Apk> {
    let mut pieces = Vec::new();
    let piece = |kind, text: &str| Piece { kind, text: text.into(), rank: 0 };
    let (first, mut rest) = split_run(text, |c| c.is_ascii_digit());
    pieces.push(piece(Kind::First, first));
    while let Some(next) = rest.strip_prefix('.') {
        let (run, after) = split_run(next, |c| c.is_ascii_digit());
        pieces.push(piece(Kind::Further, run));
        rest = after;
    }
    if rest.starts_with(|c: char| c.is_ascii_lowercase()) {
        pieces.push(piece(Kind::Letter, &rest[..1]));
        rest = &rest[1..];
    }
    while let Some(next) = rest.strip_prefix('_') {
        let (word, after) = split_run(next, |c| c.is_ascii_lowercase());
        let rank = SUFFIXES.iter().position(|suffix| *suffix == word)?;
        pieces.push(Piece { kind: Kind::Suffix, text: word.into(), rank });
        let (number, after) = split_run(after, |c| c.is_ascii_digit());
        pieces.extend((!number.is_empty()).then(|| piece(Kind::SuffixNumber, number)));
        rest = after;
    }
    if let Some(next) = rest.strip_prefix('~') {
        let (hash, after) = split_run(next, |c| c.is_ascii_digit() || ('a'..='f').contains(&c));
        pieces.push(piece(Kind::Hash, hash));
        rest = after;
    }
    if let Some(number) = rest.strip_prefix("-r") {
        pieces.push(piece(Kind::Revision, number));
        rest = "";
    }
    let numbers = [Kind::First, Kind::Further, Kind::Revision];
    let whole = pieces.iter().all(|p| !p.text.is_empty() && (!numbers.contains(&p.kind) || are_digits(&p.text)));
    pieces.push(piece(Kind::End, ""));
    (rest.is_empty() && whole).then_some(Apk(pieces))
}

impl Ord for Apk {
    fn cmp(&self, other: &Self) -> Ordering {
        let differ = self.0.iter().zip(&other.0).map(|(a, b)| pieces(a, b)).find(|found| *found != Ordering::Equal);
        // Both end with the same kind, so that one cannot be the start of the other.
        differ.unwrap_or(Ordering::Equal)
    }
}

impl PartialOrd for Apk {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn pieces(a: &Piece, b: &Piece) -> Ordering {
    let early = |piece: &Piece| piece.kind == Kind::Suffix && piece.rank < RELEASED;
    if a.kind != b.kind {
        return match (early(a), early(b)) {
            (true, _) => Ordering::Less,
            (_, true) => Ordering::Greater,
            _ => b.kind.cmp(&a.kind),
        };
    }
    match a.kind {
        // Numbers behind the first that begin with a zero are fractions.
        Kind::Further if a.text.starts_with('0') || b.text.starts_with('0') => a.text.cmp(&b.text),
        Kind::First | Kind::Further | Kind::SuffixNumber | Kind::Revision => digits::compare(&a.text, &b.text),
        Kind::Suffix => a.rank.cmp(&b.rank),
        Kind::Letter | Kind::Hash | Kind::End => a.text.cmp(&b.text),
    }
}
