//! Versions of Conda packages: conda's `VersionOrder`, with epochs, `dev`, `post` and local versions.

use super::digits::{Number, are_digits, split_run};
use std::cmp::Ordering;

/// A version of a Conda package.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Conda {
    version: Vec<Vec<Atom>>,
    local: Vec<Vec<Atom>>,
}

/// A run of digits or of other characters, in the order in which conda compares them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Atom {
    /// `*` stands before `dev`, as its character does.
    Star(Box<str>),
    Dev,
    Word(Box<str>),
    Number(Number),
    Post,
}

/// Reads a version; `None` where conda would not take it.
pub fn parse(text: &str) -> Option<Conda> {
    let mut text = text.to_ascii_lowercase();
    if text.contains('-') && !text.contains('_') {
        text = text.replace('-', "_");
    }
    if !text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase() || b"*.+!_".contains(&b)) {
        return None;
    }
    let (epoch, rest) = text.split_once('!').map_or((None, text.as_str()), |(epoch, rest)| (Some(epoch), rest));
    let (version, local) = rest.split_once('+').map_or((rest, None), |(version, local)| (version, Some(local)));
    if rest.contains('!') || local.is_some_and(|local| local.contains('+')) || !are_digits(epoch.unwrap_or("0")) {
        return None;
    }
    let mut parts = vec![component(epoch.unwrap_or("0"))?];
    parts.append(&mut components(version)?);
    Some(Conda { version: trimmed(parts), local: trimmed(local.map_or(Some(Vec::new()), components)?) })
}

/// The components between dots and underscores. An underscore at the end stays a character of the last one (`1.0.1_`, for openssl).
fn components(text: &str) -> Option<Vec<Vec<Atom>>> {
    let (body, tail) = text.strip_suffix('_').map_or((text, ""), |body| (body, "_"));
    let body = body.replace('_', ".") + tail;
    body.split('.').map(component).collect()
}

fn component(text: &str) -> Option<Vec<Atom>> {
    let mut atoms = Vec::new();
    // A component that begins with a word gets a number in front, to keep numbers beside numbers.
    atoms.extend((!text.starts_with(|c: char| c.is_ascii_digit())).then(|| Atom::Number(Number::zero())));
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let class = |c: char| (c.is_ascii_digit(), c == '*');
        let (run, after) = split_run(rest, |c| class(c) == class(first));
        atoms.push(atom(run));
        rest = after;
    }
    (!text.is_empty()).then_some(atoms)
}

fn atom(run: &str) -> Atom {
    match run {
        "dev" => Atom::Dev,
        "post" => Atom::Post,
        stars if stars.starts_with('*') => Atom::Star(stars.into()),
        other => Number::parse(other).map_or_else(|| Atom::Word(other.into()), Atom::Number),
    }
}

/// A missing atom is zero, so that zeros at the end say nothing.
fn trimmed(mut components: Vec<Vec<Atom>>) -> Vec<Vec<Atom>> {
    let zero = Atom::Number(Number::zero());
    for component in &mut components {
        while component.last() == Some(&zero) {
            component.pop();
        }
    }
    while components.last().is_some_and(Vec::is_empty) {
        components.pop();
    }
    components
}

impl Ord for Conda {
    fn cmp(&self, other: &Self) -> Ordering {
        whole(&self.version, &other.version).then_with(|| whole(&self.local, &other.local))
    }
}

impl PartialOrd for Conda {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn whole(a: &[Vec<Atom>], b: &[Vec<Atom>]) -> Ordering {
    let none = Vec::new();
    let pairs = (0..a.len().max(b.len())).map(|at| (a.get(at).unwrap_or(&none), b.get(at).unwrap_or(&none)));
    pairs.map(|(a, b)| one(a, b)).find(|found| *found != Ordering::Equal).unwrap_or(Ordering::Equal)
}

fn one(a: &[Atom], b: &[Atom]) -> Ordering {
    let zero = Atom::Number(Number::zero());
    let pairs = (0..a.len().max(b.len())).map(|at| (a.get(at).unwrap_or(&zero), b.get(at).unwrap_or(&zero)));
    pairs.map(|(a, b)| a.cmp(b)).find(|found| *found != Ordering::Equal).unwrap_or(Ordering::Equal)
}
