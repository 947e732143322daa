//! The corpus of `tests/vectors/pickles/`, whose table says what is to be said of each file; and bounds.

use super::{Report, Verdict, examine};
use crate::scan::Findings;
use std::path::Path;

fn report(bytes: &[u8]) -> Report {
    examine(&mut &bytes[..]).expect("memory can be read")
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/pickles")
}

/// The rows of the table: file and verdict.
fn table() -> Vec<(String, String)> {
    let text = std::fs::read_to_string(folder().join("README.md")).expect("the table");
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
    let row = |line: &str| {
        let (file, rest) = line.split_once('`')?;
        Some((file.to_owned(), rest.trim_end_matches(" |").rsplit('|').next()?.trim().to_owned()))
    };
    rows.filter_map(row).collect()
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Data => "data",
        Verdict::Allowed => "allowed",
        Verdict::Unlisted => "unlisted",
        Verdict::Undetermined => "undetermined",
        Verdict::Dangerous => "dangerous",
    }
}

#[test]
fn every_pickle_of_the_corpus_is_judged_as_its_table_says() {
    let rows = table();
    let files =
        std::fs::read_dir(folder()).unwrap().filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|e| e == "pickle"));
    assert_eq!(rows.len(), files.count(), "the table has every file");
    assert!(rows.iter().filter(|(_, verdict)| !matches!(verdict.as_str(), "data" | "allowed")).count() >= 60);
    let mut wrong = Vec::new();
    for (file, expected) in rows {
        let found = report(&std::fs::read(folder().join(&file)).unwrap());
        if word(found.verdict) != expected {
            wrong.push(format!("{file}: expected {expected}, found {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whatever is cut off a gadget, or put before it that a reader passes over: never data, never allowed.
#[test]
fn no_prefix_of_data_hides_a_gadget() {
    for (file, verdict) in table().iter().filter(|(_, verdict)| matches!(verdict.as_str(), "dangerous" | "unlisted")) {
        let gadget = std::fs::read(folder().join(file)).unwrap();
        for before in [&b"\x80\x02N."[..], b"N0", b"]q\xff0", b"\x8c\x03abc0", b"K\x01\x85N\x860"] {
            let found = report(&[before, &gadget].concat());
            assert!(found.verdict >= Verdict::Unlisted, "{file} ({verdict}) behind {before:?}: {found:?}");
        }
    }
}

#[test]
fn a_gadget_that_is_cut_anywhere_is_never_clean() {
    for (file, _) in table().iter().filter(|(_, verdict)| verdict == "dangerous") {
        let gadget = std::fs::read(folder().join(file)).unwrap();
        // What is whole without its end: the first of several pickles.
        let whole = |end: usize| gadget[..end].ends_with(b".") && report(&gadget[..end]).verdict <= Verdict::Allowed;
        for end in 0..gadget.len() {
            let found = report(&gadget[..end]);
            assert!(found.verdict >= Verdict::Unlisted || whole(end), "{file} cut at {end}: {found:?}");
        }
    }
}

#[test]
fn names_are_told_with_the_list_and_never_called_safe() {
    let told = |bytes: &[u8]| {
        let mut found = Findings::default();
        report(bytes).tell("model.pkl", &mut found);
        found.list().iter().map(|finding| format!("{} {}: {}", finding.rule.name, finding.place, finding.what)).collect::<Vec<_>>()
    };
    assert_eq!(
        told(b"cposix\ngetpid\n)R0cacme\nload\n."),
        [
            "pickle-dangerous model.pkl: executable content: posix.getpid",
            "pickle-unlisted model.pkl: executable content: not on list 1: acme.load"
        ]
    );
    assert_eq!(told(b"N."), ["pickle model.pkl: it names nothing (complete parse)"]);
    assert_eq!(told(b"ccollections\nOrderedDict\n)R."), ["pickle model.pkl: only listed names (list 1, complete parse)"]);
    assert_eq!(told(b"N"), ["pickle-undetermined model.pkl: not fully analysed: it ends within a pickle (byte 1)"]);
}

/// Two names whose words joined by a dot are one: the second is not what the first was judged as.
#[test]
fn a_name_is_module_and_attribute_not_their_sum() {
    let found = report(b"ccollections\nOrderedDict.fromkeys\n0ccollections.OrderedDict\nfromkeys\n.");
    assert_eq!((found.verdict, found.unlisted.len()), (Verdict::Unlisted, 2));
    let listed_first = report(b"cnumpy.core.multiarray\nscalar\n0cnumpy\ncore.multiarray.scalar\n.");
    assert_eq!(listed_first.verdict, Verdict::Unlisted, "{listed_first:?}");
}

#[test]
fn what_goes_beyond_a_bound_is_undetermined() {
    let endless = [&b"\x80\x02"[..], &b"N".repeat((1 << 20) + 1), b"."].concat();
    assert_eq!(report(&endless).verdict, Verdict::Undetermined);
    let names: Vec<u8> = (0..5000).flat_map(|n| format!("ccollections\nOrderedDict{n}\n0").into_bytes()).chain(*b"N.").collect();
    assert_eq!(report(&names).verdict, Verdict::Undetermined);
    // Long texts and bytes are passed over, not kept.
    let long =
        [&b"\x80\x04X\x00\x00\x00\x02"[..], &vec![b'a'; 32 << 20], b"0\x8e\x00\x00\x00\x01\x00\x00\x00\x00", &vec![0; 16 << 20], b"."]
            .concat();
    assert_eq!(report(&long).verdict, Verdict::Data);
}

#[test]
fn arrays_between_the_opcodes_are_passed_over_where_their_length_is_certain() {
    let wrapper = b"\x80\x03cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}(\x8c\x05dtypecnumpy\ndtype\n\x8c\x02f8\x88\x89\x87R\x8c\x05shapeK\x02\x85\x8c\x1bnumpy_array_alignment_bytesK\x10ub";
    let with = |array: &[u8], rest: &[u8]| report(&[wrapper, array, rest].concat());
    let array = [&[3u8, 255, 255, 255][..], &[0; 16]].concat();
    assert_eq!(with(&array, b".").verdict, Verdict::Allowed);
    assert_eq!(with(&array[..19], b".").verdict, Verdict::Undetermined, "one byte is missing");
    assert_eq!(with(&array, b"cposix\ngetpid\n)R.").verdict, Verdict::Dangerous);
    // To others the bytes are a mark that is taken away, and then nothing is left to take: they raise.
    assert_eq!(with(&[&[b'('; 1][..], &[b'0'; 40], &[0; 16]].concat(), b".").verdict, Verdict::Allowed);
    assert_eq!(with(&[&[b'('; 1][..], &[b'N'; 40], &[b'N'; 16]].concat(), b".").verdict, Verdict::Undetermined, "others go on");
}
