//! `docs/formats/bundle.md`, "Parents" and "Ancestors": the statements that a re-packed bundle was made from, with the signatures that lay
//! beside them, and the lists of those that were packed again themselves. They are evidence of where its content came from; none of their
//! signatures counts for the new statement.

use super::head::PARENTS;
use super::statement::{MAX_STATEMENT_BYTES, Pin, Statement};
use crate::artifact::{Digest, Limits, check_name, parse_versioned};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Longest `parents.json` and longest `ancestors.json`, in bytes.
pub const MAX_PARENTS_BYTES: u64 = 8 << 20;
/// Most parents.
pub const MAX_PARENTS: usize = 64;
/// Most lists of ancestors, and how many generations they go back.
pub const MAX_LISTS: usize = 64;
/// See there.
pub const MAX_GENERATIONS: usize = 16;
const VERSION: u32 = 1;

/// One bundle that another was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parent {
    /// Its id.
    pub id: Digest,
    /// Its statement's exact bytes.
    pub statement: Vec<u8>,
    /// The signatures that its first volume had, by file name.
    pub signatures: Vec<(String, Vec<u8>)>,
    /// Which of them counted where the other bundle was made.
    pub counted: Judgement,
}

/// What whoever packed a bundle again says of the signatures of its parent. It binds nobody else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Judgement {
    /// File names of the signatures that counted, in their order.
    pub files: Vec<String>,
    /// SHA-256 of the trust root they were judged by, in hex.
    pub root: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    #[serde(rename = "airlift-parents")]
    version: u32,
    parents: Vec<WireParent>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireParent {
    bundle: String,
    counted: Judgement,
    signatures: BTreeMap<String, String>,
    statement: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireAncestors {
    #[serde(rename = "airlift-ancestors")]
    version: u32,
    lists: Vec<String>,
}

impl Parent {
    /// Reads the bytes of `parents.json`.
    pub fn read_all(bytes: &[u8]) -> Result<Vec<Self>> {
        parse(bytes)
    }

    /// Reads the bytes of `ancestors.json`: the parents of those of some bundles, and theirs, with how many generations back they are.
    pub fn read_ancestors(bytes: &[u8], parents: &[Self]) -> Result<Vec<(usize, Self)>> {
        Ok(follow(parents, &read_lists(bytes)?)?.into_iter().flat_map(|(back, list)| list.into_iter().map(move |p| (back, p))).collect())
    }

    /// The list of its own parents, as its statement pins it.
    fn list(&self) -> Option<Pin> {
        Statement::parse(&self.statement).ok().and_then(|statement| statement.files.get(PARENTS).copied())
    }
}

/// The bytes of `parents.json`. Signatures that are no text are left out: no armour is.
pub fn to_bytes(parents: &[Parent]) -> Vec<u8> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
    let parents = parents.iter().map(|parent| WireParent {
        bundle: parent.id.hex(),
        counted: parent.counted.clone(),
        signatures: parent.signatures.iter().filter_map(|(name, armour)| Some((name.clone(), text(armour)?))).collect(),
        statement: text(&parent.statement).unwrap_or_default(),
    });
    document(&Wire { version: VERSION, parents: parents.collect() })
}

/// The bytes of `ancestors.json`.
pub fn ancestors_to_bytes(lists: &[String]) -> Vec<u8> {
    document(&WireAncestors { version: VERSION, lists: lists.to_vec() })
}

fn document(wire: &impl Serialize) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(wire).expect("parents have string keys only");
    bytes.push(b'\n');
    bytes
}

fn wrong(what: &str) -> Error {
    Error::verification(format!("the list of {what} contradicts itself"))
}

/// Reads bytes whose digest has been checked. Each statement has the id it is under; its signatures are not judged.
pub fn parse(bytes: &[u8]) -> Result<Vec<Parent>> {
    let limits = Limits { bytes: MAX_PARENTS_BYTES as usize, depth: 5 };
    let wire: Wire = parse_versioned("the list of parents", bytes, limits, "airlift-parents", VERSION)?;
    if wire.parents.is_empty() || wire.parents.len() > MAX_PARENTS {
        return Err(wrong("parents"));
    }
    wire.parents.into_iter().map(parent).collect()
}

fn parent(wire: WireParent) -> Result<Parent> {
    let (id, statement) = (Digest::from_signed(&wire.bundle)?, wire.statement.into_bytes());
    Digest::from_signed(&wire.counted.root)?;
    let known = wire.counted.files.iter().all(|name| wire.signatures.contains_key(name));
    let sorted = wire.counted.files.is_sorted_by(|a, b| a < b);
    if Digest::of(&statement) != id || statement.len() > MAX_STATEMENT_BYTES || !known || !sorted {
        return Err(wrong("parents"));
    }
    wire.signatures.keys().try_for_each(|name| check_name("file name of a signature", name))?;
    let signatures = wire.signatures.into_iter().map(|(name, armour)| (name, armour.into_bytes())).collect();
    Ok(Parent { id, statement, signatures, counted: wire.counted })
}

/// Reads the lists of `ancestors.json`, which are the exact texts of the `parents.json` of others.
pub fn read_lists(bytes: &[u8]) -> Result<Vec<String>> {
    let limits = Limits { bytes: MAX_PARENTS_BYTES as usize, depth: 3 };
    let wire: WireAncestors = parse_versioned("the list of ancestors", bytes, limits, "airlift-ancestors", VERSION)?;
    if wire.lists.is_empty() || wire.lists.len() > MAX_LISTS {
        return Err(wrong("ancestors"));
    }
    Ok(wire.lists)
}

/// Parses lists, each of which a statement of the parents or of a list before it must pin; with how many generations back they are.
pub fn follow(parents: &[Parent], lists: &[String]) -> Result<Vec<(usize, Vec<Parent>)>> {
    let mut pinned: BTreeMap<(Digest, u64), usize> =
        parents.iter().filter_map(Parent::list).map(|pin| ((pin.sha256, pin.size), 2)).collect();
    let mut found = Vec::new();
    for list in lists {
        // Each once: then it leads nowhere any more.
        let back = pinned.remove(&(Digest::of(list.as_bytes()), list.len() as u64)).filter(|back| *back <= MAX_GENERATIONS + 1);
        let back = back.ok_or_else(|| wrong("ancestors"))?;
        let parsed = parse(list.as_bytes())?;
        for pin in parsed.iter().filter_map(Parent::list) {
            pinned.entry((pin.sha256, pin.size)).or_insert(back + 1);
        }
        found.push((back, parsed));
    }
    Ok(found)
}

/// Of the lists that some parents carry, those that go into a bundle that is made from them: the nearest generations first, as many as a
/// reader takes. A list is left out whole, with those that only it leads to.
pub fn inherited(parents: &[Parent], carried: &[String]) -> Vec<String> {
    let by_digest: BTreeMap<Digest, &String> = carried.iter().map(|list| (Digest::of(list.as_bytes()), list)).collect();
    let mut next: VecDeque<(usize, Pin)> = parents.iter().filter_map(Parent::list).map(|pin| (1, pin)).collect();
    let (mut seen, mut lists) = (BTreeSet::new(), Vec::<String>::new());
    let mut length = ancestors_to_bytes(&[]).len() + 64;
    while let Some((generation, pin)) = next.pop_front() {
        let Some(list) = by_digest.get(&pin.sha256).filter(|_| seen.insert(pin.sha256)) else { continue };
        let Ok(parsed) = parse(list.as_bytes()) else { continue };
        let longer = length + document(list).len() + 8;
        if generation > MAX_GENERATIONS || lists.len() == MAX_LISTS || longer as u64 > MAX_PARENTS_BYTES {
            continue;
        }
        length = longer;
        lists.push((*list).clone());
        next.extend(parsed.iter().filter_map(Parent::list).map(|pin| (generation + 1, pin)));
    }
    lists
}

#[cfg(test)]
mod tests {
    use super::{Digest, Judgement, MAX_GENERATIONS, MAX_LISTS, PARENTS, Parent, Pin, Statement, follow, inherited, read_lists, to_bytes};
    use super::{ancestors_to_bytes, parse};

    /// A bundle with a number, made from those whose list is given.
    fn bundle(seq: u64, list: Option<&str>) -> Parent {
        let mut statement = Statement::draft("kit", "main", "2026-01-01T00:00:00Z", "airlift");
        (statement.seq, statement.volumes) = (seq, vec![1]);
        if let Some(list) = list {
            statement.features = vec!["repacked".to_owned()];
            let pin = Pin { sha256: Digest::of(list.as_bytes()), size: list.len() as u64 };
            statement.files = [(PARENTS.to_owned(), pin)].into();
        }
        let statement = statement.to_bytes();
        let counted = Judgement { files: vec!["a.sshsig".to_owned()], root: Digest::of(b"root").hex() };
        let signatures = vec![("a.sshsig".to_owned(), b"armour".to_vec()), ("b.sshsig".to_owned(), b"armour".to_vec())];
        Parent { id: Digest::of(&statement), statement, signatures, counted }
    }

    fn list(parents: &[Parent]) -> String {
        String::from_utf8(to_bytes(parents)).expect("UTF-8")
    }

    /// Bundles that were packed again and again, the last one, and the lists of all but it, the nearest first.
    fn line(generations: u64) -> (Parent, Vec<String>) {
        let (mut last, mut lists) = (bundle(1, None), Vec::new());
        for seq in 2..=generations + 1 {
            let made = list(std::slice::from_ref(&last));
            last = bundle(seq, Some(&made));
            lists.insert(0, made);
        }
        (last, lists)
    }

    #[test]
    fn each_list_is_the_one_that_a_statement_before_it_names() {
        let (last, lists) = line(3);
        let parents = [last];
        assert_eq!(parse(list(&parents).as_bytes()).expect("right"), parents);
        let found = follow(&parents, &lists).expect("a line");
        let told: Vec<(usize, u64)> =
            found.iter().map(|(back, list)| (*back, Statement::parse(&list[0].statement).expect("right").seq)).collect();
        assert_eq!(told, [(2, 3), (3, 2), (4, 1)]);
        assert_eq!(read_lists(&ancestors_to_bytes(&lists)).expect("right"), lists);
        let changed = lists[1].replace("armour", "ARMOUR");
        for (lists, what) in [
            (vec![lists[1].clone()], "nothing leads to it"),
            (vec![lists[1].clone(), lists[0].clone()], "before what leads to it"),
            (vec![lists[0].clone(), lists[0].clone()], "twice"),
            (vec![lists[0].clone(), changed], "changed"),
            (vec![lists[0].clone(), format!("{} ", lists[1])], "longer"),
        ] {
            follow(&parents, &lists).expect_err(what);
        }
        let counted = list(&parents).replace("\"a.sshsig\"\n", "\"c.sshsig\"\n");
        parse(counted.as_bytes()).expect_err("what is not there has not counted");
        let other = list(&parents).replace("kit", "kat");
        assert_ne!(other, list(&parents));
        parse(other.as_bytes()).expect_err("a statement is under its own id");
    }

    #[test]
    fn the_oldest_are_left_out_where_they_are_too_many() {
        let (last, lists) = line(MAX_GENERATIONS as u64 + 4);
        let mut shuffled = lists.clone();
        shuffled.reverse();
        let kept = inherited(std::slice::from_ref(&last), &shuffled);
        assert_eq!(kept, lists[..MAX_GENERATIONS]);
        follow(&[last], &kept).expect("readers take it");
        let many: Vec<(Parent, String)> = (0..=MAX_LISTS as u64)
            .map(|n| {
                let made = list(&[bundle(1000 + n, None)]);
                (bundle(2000 + n, Some(&made)), made)
            })
            .collect();
        let (parents, lists): (Vec<Parent>, Vec<String>) = many.into_iter().unzip();
        let kept = inherited(&parents, &lists);
        assert_eq!(kept, lists[..MAX_LISTS]);
        follow(&parents, &kept).expect("readers take it");
        // What is too long is left out whole, and nothing that only it leads to is kept.
        let mut long = bundle(1, None);
        long.signatures[0].1 = vec![b'x'; 9 << 20];
        let made = list(&[long]);
        assert!(inherited(&[bundle(2, Some(&made))], &[made]).is_empty());
    }
}
