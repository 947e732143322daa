//! Maven's `ComparableVersion`, as Maven 3.9 has it: numbers, qualifiers, and lists within lists.

use super::digits::Number;
use std::cmp::Ordering;

/// A version of a Maven artifact.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Maven(List);

type List = Vec<Item>;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Item {
    Number(Number),
    Word(Qualifier),
    List(List),
}

/// A qualifier in the order of the known ones; the unknown ones come behind, by their letters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Qualifier {
    rank: usize,
    text: Box<str>,
}

const KNOWN: [&str; 7] = ["alpha", "beta", "milestone", "rc", "snapshot", "", "sp"];
const RELEASED: usize = 5;

impl Qualifier {
    fn new(text: &str, number_follows: bool) -> Self {
        let text = match text {
            "a" if number_follows => "alpha",
            "b" if number_follows => "beta",
            "m" if number_follows => "milestone",
            "ga" | "final" | "release" => "",
            "cr" => "rc",
            other => other,
        };
        match KNOWN.iter().position(|known| *known == text) {
            Some(rank) => Self { rank, text: "".into() },
            None => Self { rank: KNOWN.len(), text: text.into() },
        }
    }

    fn beside_nothing(&self) -> Ordering {
        self.rank.cmp(&RELEASED)
    }
}

impl Item {
    fn is_null(&self) -> bool {
        match self {
            Self::Number(number) => number.is_zero(),
            Self::Word(word) => word.rank == RELEASED,
            Self::List(list) => list.is_empty(),
        }
    }

    fn beside_nothing(&self) -> Ordering {
        match self {
            Self::Number(number) if number.is_zero() => Ordering::Equal,
            Self::Number(_) => Ordering::Greater,
            Self::Word(word) => word.beside_nothing(),
            Self::List(list) => list.iter().map(Self::beside_nothing).find(|found| *found != Ordering::Equal).unwrap_or(Ordering::Equal),
        }
    }

    /// Words before lists before numbers.
    fn rank(&self) -> u8 {
        match self {
            Self::Word(_) => 0,
            Self::List(_) => 1,
            Self::Number(_) => 2,
        }
    }
}

fn items(a: &Item, b: &Item) -> Ordering {
    match (a, b) {
        (Item::Number(a), Item::Number(b)) => a.cmp(b),
        (Item::Word(a), Item::Word(b)) => a.cmp(b),
        (Item::List(a), Item::List(b)) => lists(a, b),
        _ => a.rank().cmp(&b.rank()),
    }
}

fn lists(a: &List, b: &List) -> Ordering {
    let one = |at: usize| match (a.get(at), b.get(at)) {
        (Some(a), Some(b)) => items(a, b),
        (Some(a), None) => a.beside_nothing(),
        (None, Some(b)) => b.beside_nothing().reverse(),
        (None, None) => Ordering::Equal,
    };
    (0..a.len().max(b.len())).map(one).find(|found| *found != Ordering::Equal).unwrap_or(Ordering::Equal)
}

impl Ord for Maven {
    fn cmp(&self, other: &Self) -> Ordering {
        lists(&self.0, &other.0)
    }
}

impl PartialOrd for Maven {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Reads a version: Maven takes any text, this one only what is ASCII and not empty.
pub fn parse(text: &str) -> Option<Maven> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_graphic()) {
        return None;
    }
    let text = text.to_ascii_lowercase();
    let mut reader = Reader { text: &text, open: vec![Vec::new()], start: 0, digits: false };
    (0..text.len()).for_each(|at| reader.step(at));
    reader.finish()
}

/// The lists that are still open, innermost last, and the piece that is being read.
struct Reader<'a> {
    text: &'a str,
    open: Vec<List>,
    start: usize,
    digits: bool,
}

impl Reader<'_> {
    fn step(&mut self, at: usize) {
        match self.text.as_bytes()[at] {
            b'.' => self.end_piece(at),
            b'-' => {
                self.end_piece(at);
                self.open_list();
            }
            b'0'..=b'9' => {
                if !self.digits && at > self.start {
                    // A word in front of a number begins a list, whether a dot or a hyphen stands before it.
                    self.open_list();
                    self.push(Item::Word(Qualifier::new(&self.text[self.start..at], true)));
                    self.start = at;
                    self.open_list();
                }
                self.digits = true;
            }
            _ => {
                if self.digits && at > self.start {
                    self.push(self.piece(at));
                    self.start = at;
                    self.open_list();
                }
                self.digits = false;
            }
        }
    }

    fn end_piece(&mut self, at: usize) {
        let item = if at == self.start { Item::Number(Number::zero()) } else { self.piece(at) };
        self.push(item);
        self.start = at + 1;
    }

    fn piece(&self, end: usize) -> Item {
        let text = &self.text[self.start..end];
        match Number::parse(text) {
            Some(number) if self.digits => Item::Number(number),
            _ => Item::Word(Qualifier::new(text, false)),
        }
    }

    fn push(&mut self, item: Item) {
        if let Some(list) = self.open.last_mut() {
            list.push(item);
        }
    }

    /// Opens a list within the innermost one, unless that one is still empty.
    fn open_list(&mut self) {
        if self.open.last().is_some_and(|list| !list.is_empty()) {
            self.open.push(Vec::new());
        }
    }

    fn finish(mut self) -> Option<Maven> {
        if self.text.len() > self.start {
            if !self.digits {
                self.open_list();
            }
            self.push(self.piece(self.text.len()));
        }
        // A list is always the last of the one it lies in, so that closing them from within gives the same tree.
        let mut inner = normalised(self.open.pop()?);
        while let Some(mut outer) = self.open.pop() {
            outer.push(Item::List(inner));
            inner = normalised(outer);
        }
        Some(Maven(inner))
    }
}

/// Takes out what is nothing at the end, in front of lists too.
fn normalised(mut list: List) -> List {
    for at in (0..list.len()).rev() {
        match &list[at] {
            nothing if nothing.is_null() => drop(list.remove(at)),
            Item::List(_) => {}
            _ => break,
        }
    }
    list
}
