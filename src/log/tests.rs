//! Trees against the vectors of RFC 6962 and its definition, notes and keys against the examples of C2SP, forms of export.

use super::merkle::{RangeRoots, Tree, consistency_ranges, inclusion_ranges, leaf_hash, node_hash, verify_consistency, verify_inclusion};
use super::*;
use crate::artifact::Digest;
use data_encoding::HEXLOWER;
use proptest::prelude::*;

/// The inputs of the reference implementation's tests (`merkle_tree_test.cc` of certificate-transparency).
const INPUTS: [&str; 8] = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn leaves(count: u64) -> Vec<Digest> {
    (0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect()
}

fn tree(leaves: &[Digest]) -> Tree {
    let mut tree = Tree::default();
    leaves.iter().for_each(|leaf| tree.push(*leaf));
    tree
}

/// MTH as RFC 6962, section 2.1, defines it.
fn defined(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => tree(&[]).root(),
        [leaf] => *leaf,
        _ => {
            let k = leaves.len().next_power_of_two() / 2;
            node_hash(&defined(&leaves[..k]), &defined(&leaves[k..]))
        }
    }
}

/// PATH(m, D[n]) as section 2.1.1 defines it.
fn path(m: usize, leaves: &[Digest]) -> Vec<Digest> {
    if leaves.len() == 1 {
        return vec![];
    }
    let k = leaves.len().next_power_of_two() / 2;
    let (mut path, other) = if m < k { (path(m, &leaves[..k]), &leaves[k..]) } else { (path(m - k, &leaves[k..]), &leaves[..k]) };
    path.push(defined(other));
    path
}

/// SUBPROOF(m, D[n], b) as section 2.1.2 defines it.
fn subproof(m: usize, leaves: &[Digest], known: bool) -> Vec<Digest> {
    if m == leaves.len() {
        return if known { vec![] } else { vec![defined(leaves)] };
    }
    let k = leaves.len().next_power_of_two() / 2;
    let (mut proof, other) =
        if m <= k { (subproof(m, &leaves[..k], known), &leaves[k..]) } else { (subproof(m - k, &leaves[k..], false), &leaves[..k]) };
    proof.push(defined(other));
    proof
}

fn roots(ranges: Vec<std::ops::Range<u64>>, leaves: &[Digest]) -> Vec<Digest> {
    let mut roots = RangeRoots::new(ranges);
    leaves.iter().for_each(|leaf| roots.push(*leaf));
    roots.finish()
}

#[test]
fn roots_are_those_of_the_reference_implementation() {
    let mut tree = Tree::default();
    assert_eq!(tree.root().hex(), ROOTS[0]);
    for (input, root) in INPUTS.iter().zip(&ROOTS[1..]) {
        tree.push(leaf_hash(&HEXLOWER.decode(input.as_bytes()).unwrap()));
        assert_eq!(tree.root().hex(), *root, "{} leaves", tree.size());
    }
}

#[test]
fn proofs_are_those_of_the_definition() {
    let all = leaves(67);
    for size in 1..all.len() {
        let leaves = &all[..size];
        assert_eq!(tree(leaves).root(), defined(leaves), "{size}");
        for m in 0..size {
            assert_eq!(roots(inclusion_ranges(m as u64, size as u64), leaves), path(m, leaves), "{m} of {size}");
        }
        for m in 1..size {
            assert_eq!(roots(consistency_ranges(m as u64, size as u64), leaves), subproof(m, leaves, true), "{m} to {size}");
        }
    }
}

proptest! {
    #[test]
    fn a_proof_is_taken_and_every_change_of_it_refused(size in 1u64..600, at in any::<prop::sample::Index>(), bit in 0usize..256, which in any::<prop::sample::Index>()) {
        let (all, index) = (leaves(size), at.index(size as usize) as u64);
        let root = tree(&all).root();
        let path = roots(inclusion_ranges(index, size), &all);
        let leaf = all[index as usize];
        prop_assert!(verify_inclusion(leaf, index, size, &path, root).is_ok());
        prop_assert!(verify_inclusion(leaf, index, size, &path, flipped(root, bit)).is_err());
        prop_assert!(verify_inclusion(flipped(leaf, bit), index, size, &path, root).is_err());
        prop_assert!(verify_inclusion(leaf, size, size, &path, root).is_err());
        prop_assert!(verify_inclusion(leaf, index, size, &[&path[..], &[root]].concat(), root).is_err());
        if !path.is_empty() {
            let mut other = path.clone();
            let n = which.index(path.len());
            other[n] = flipped(other[n], bit);
            prop_assert!(verify_inclusion(leaf, index, size, &other, root).is_err());
            prop_assert!(verify_inclusion(leaf, index, size, &path[1..], root).is_err());
            prop_assert!(verify_inclusion(leaf, index ^ 1, size, &path, root).is_err());
        }
    }

    #[test]
    fn growth_is_taken_and_every_change_of_it_refused(size in 1u64..600, at in any::<prop::sample::Index>(), bit in 0usize..256, which in any::<prop::sample::Index>()) {
        let (all, old) = (leaves(size), at.index(size as usize) as u64 + 1);
        let (before, after) = ((old, tree(&all[..old as usize]).root()), (size, tree(&all).root()));
        let path = roots(consistency_ranges(old, size), &all);
        prop_assert!(verify_consistency(before, after, &path).is_ok());
        prop_assert!(verify_consistency((old, flipped(before.1, bit)), after, &path).is_err());
        prop_assert!(verify_consistency(before, (size, flipped(after.1, bit)), &path).is_err());
        prop_assert!(verify_consistency(before, after, &[&path[..], &[after.1]].concat()).is_err());
        prop_assert!(verify_consistency((size + 1, before.1), after, &path).is_err());
        if !path.is_empty() {
            let mut other = path.clone();
            let n = which.index(path.len());
            other[n] = flipped(other[n], bit);
            prop_assert!(verify_consistency(before, after, &other).is_err());
            prop_assert!(verify_consistency(before, after, &path[..path.len() - 1]).is_err());
        }
    }
}

fn flipped(digest: Digest, bit: usize) -> Digest {
    let mut bytes = *digest.as_bytes();
    bytes[bit / 8] ^= 1 << (bit % 8);
    Digest::from_bytes(bytes)
}

#[test]
fn the_example_of_the_note_specification_is_read() {
    let key = VerifierKey::parse("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k").unwrap();
    let text = "This is an example message.\n\n\u{2014} example.com/foo \
                Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
    let note = Note::parse("the note", text.as_bytes()).unwrap();
    assert_eq!(note.verify("the note", &key).unwrap(), "This is an example message.\n");
    assert_eq!(note.to_string(), text);
    for (from, to) in [("example message", "example massage"), ("Uw2Q", "Uw2R"), ("\u{2014} example.com/foo", "\u{2014} example.com/fob")] {
        let other = Note::parse("the note", text.replace(from, to).as_bytes());
        assert!(other.and_then(|note| note.verify("the note", &key).map(|_| ())).is_err(), "{to}");
    }
    for damaged in [&text[..text.len() - 1], &text.replace("\n\n", "\n"), &text.replace('.', "\r"), &format!("{text}more\n"), "", "\n\n"] {
        assert!(Note::parse("the note", damaged.as_bytes()).is_err(), "{damaged:?}");
    }
    for damaged in [
        "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "a b+00000000+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "x",
        "",
    ] {
        assert!(VerifierKey::parse(damaged).is_err(), "{damaged}");
    }
}

#[test]
fn a_checkpoint_on_paper_is_all_of_two_hundred_bits() {
    let root = Digest::of(b"root");
    let checkpoint = Checkpoint { origin: "x".to_owned(), size: 42, root };
    let words = checkpoint.paper();
    let bits: String = root.as_bytes().iter().map(|byte| format!("{byte:08b}")).collect();
    let expected: Vec<char> = (0..40)
        .map(|n| char::from(b"0123456789ABCDEFGHJKMNPQRSTVWXYZ"[usize::from_str_radix(&bits[n * 5..n * 5 + 5], 2).unwrap()]))
        .collect();
    assert_eq!(words.strip_prefix("42 ").unwrap().replace('-', "").chars().collect::<Vec<_>>(), expected);
    assert_eq!(words.len(), 3 + 47);
    let (size, read) = read_paper(&words.to_lowercase().replace('0', "o").replace('1', "l")).unwrap();
    assert_eq!((size, read), (42, expected.into_iter().collect()));
    for wrong in
        ["", "42", "42 ABCDE", "042 00000-00000-00000-00000-00000-00000-00000-00000", "4 0000U-00000-00000-00000-00000-00000-00000-00000"]
    {
        assert!(read_paper(wrong).is_err(), "{wrong}");
    }
}

fn event() -> Event {
    Event {
        index: 3,
        time: "2026-11-29T04:12:55Z".parse().unwrap(),
        clock: Clock::Ok,
        actor: "p1".to_owned(),
        kind: kind::REFUSE.to_owned(),
        subjects: vec![Item::named("bundle", "kit 3").digest(Digest::of(b"x"))],
        evidence: vec![],
        note: Some("=cmd|' /C calc'!A0, \"quoted\" \\ and a=b".to_owned()),
        pointer: Some(Pointer { snapshot: 1, highest: 2 }),
        previous: Digest::of(b""),
        tool: "airlift 0.1.0".to_owned(),
    }
}

#[test]
fn there_is_one_way_to_write_an_event() {
    let line = String::from_utf8(event_line(&event())).unwrap();
    assert_eq!(parse_event(line.as_bytes()).unwrap(), event());
    for (from, to) in [
        (",\"time\"", ", \"time\""),
        ("\"index\":3", "\"index\":3.0"),
        ("\"airlift-event\":1", "\"airlift-event\":2"),
        ("\"clock\":\"ok\"", "\"clock\":\"good\""),
        ("04:12:55Z", "04:12:55.5Z"),
        ("\"event\":\"refuse\"", "\"event\":\"Refuse\""),
        ("\"evidence\":[]", "\"evidence\":[],\"evidence\":[]"),
        ("\"evidence\":[]", "\"evidence\":[],\"more\":1"),
        ("kit 3", "kit\\u00203"),
        ("kit 3", "kit\\u0007"),
        ("\"actor\":\"p1\"", "\"actor\":\"Alice Example\""),
    ] {
        assert!(line.contains(from), "{from}");
        assert!(parse_event(line.replacen(from, to, 1).as_bytes()).is_err(), "{to}");
    }
    let long = Event { note: Some("x".repeat(1001)), ..event() };
    assert!(parse_event(&event_line(&long)).is_err());
    let many = Event { subjects: vec![Item::named("blob", "x"); MAX_ITEMS + 1], ..event() };
    assert!(parse_event(&event_line(&many)).is_err());
}

#[test]
fn text_from_outside_is_made_harmless_and_cut() {
    let item = Item::named("bundle", format!("a\u{202e}b\n{}", "ä".repeat(2000)));
    let name = item.name.unwrap();
    assert!(name.starts_with("a\\u{202e}b ä") && name.len() <= 700, "{name}");
}

#[test]
fn exports_say_what_was_logged_and_escape_what_others_would_run() {
    let event = event();
    let csv = Form::Csv.event(&event, b"");
    assert!(csv.contains("\"'=cmd|' /C calc'!A0, \"\"quoted\"\" \\ and a=b\"") && csv.ends_with("\r\n"), "{csv}");
    assert_eq!(Form::Csv.head().matches(',').count(), 11);
    let cef = Form::Cef.event(&event, b"");
    assert!(cef.starts_with("CEF:0|airlift|airlift|0.1.0|refuse|refuse|7|rt=1795925575000 externalId=3 suser=p1 "), "{cef}");
    assert!(cef.contains("msg=\\=cmd|' /C calc'!A0, \"quoted\" \\\\ and a\\=b\n"), "{cef}");
    assert_eq!(Form::JsonLines.event(&event, b"{}"), "{}\n");
    assert!(Form::named("xml").is_err());
}
