//! Hostile content in honest bundles: each lint has a file that calls it up and one that does not.

mod command;
mod confined;
pub mod made;
pub mod packages;
mod pickles;
mod real;

use airlift::artifact::InMemory;
use airlift::scan::rules::{self, Rule};
use airlift::scan::{Finding, Findings, Profile, by_content};
use made::{Entry, bytes, deflated, described, extended, file, gzip, of_kind, part, record, tar, zip};
use std::collections::BTreeSet;

fn found_as(profile: Profile, blob: &[u8]) -> Vec<Finding> {
    let mut found = Findings::default();
    by_content(&mut InMemory::new(blob), profile, &mut found).expect("it can be read");
    found.list().to_vec()
}

fn found(blob: &[u8]) -> Vec<Finding> {
    found_as(Profile::Package, blob)
}

fn names(found: &[Finding]) -> Vec<&'static str> {
    found.iter().map(|finding| finding.rule.name).collect()
}

/// A tar whose findings are exactly these.
fn is(entries: &[Entry], expected: &[Rule]) {
    let findings = found(&tar(entries));
    assert_eq!(names(&findings), expected.iter().map(|rule| rule.name).collect::<Vec<_>>(), "{findings:?}");
}

fn ok(name: &str) -> Entry {
    file(name, b"content")
}

#[test]
fn sound_archives_have_no_findings() {
    let long = "folder/".repeat(40) + "name";
    let entries = [
        of_kind("folder/", b'5', ""),
        ok("folder/file"),
        extended("folder/short", b"x", &[("path", &long), ("mtime", "1.5"), ("SCHILY.xattr.user.a", "b")]),
        of_kind("folder/link", b'2', "../folder/file"),
        of_kind("folder/second", b'1', "folder/file"),
        Entry { name: b"././@LongLink".to_vec(), kind: b'L', magic: *b"ustar  \0", ..file("", &[long.as_bytes(), b"2\0"].concat()) },
        Entry { magic: *b"ustar  \0", ..ok("cut") },
        file("empty", b""),
        file("block", &[7; 512]),
    ];
    is(&entries, &[]);
    for packed in [gzip(&tar(&entries)), zstd::encode_all(&tar(&entries)[..], 3).unwrap()] {
        assert!(found(&packed).is_empty());
    }
    let parts = [part("a/", b""), part("a/stored", b"content"), deflated("a/deflated", &[b'x'; 5000]), described("b", b"streamed")];
    assert!(found(&zip(&parts)).is_empty(), "{:?}", found(&zip(&parts)));
    assert!(found(&zip(&[])).is_empty());
}

/// TARmageddon (CVE-2025-62518): the extended header says the file is empty, the header that it is long; one reader sees what it holds as
/// content, the other as entries.
#[test]
fn lengths_that_disagree() {
    let hidden = tar(&[ok("hidden")]);
    is(&[extended("outer", &hidden, &[("size", "0")])], &[rules::TAR_PAX_SIZE]);
    is(&[extended("same", b"four", &[("size", "4")])], &[]);
    let huge = Entry { size: Some(0), ..extended("huge", b"", &[("size", "8589934592")]) };
    assert_eq!(names(&found(&tar(&[huge]))), ["unreadable"], "beyond 8 GiB the header cannot say it; the archive is cut all the same");
    is(&[Entry { size: Some(3), ..of_kind("folder/", b'5', "") }], &[rules::TAR_HEADER]);
}

#[test]
fn extended_headers_with_two_readings() {
    let raw = |pax: Vec<u8>| Entry { pax: Some(pax), ..ok("file") };
    is(&[raw(b"11 path=abc\n".to_vec())], &[rules::TAR_PAX_RECORD]);
    is(&[raw([record("path", "a"), record("path", "b")].concat())], &[rules::TAR_PAX_RECORD]);
    is(&[raw(record("path", "a\0b"))], &[rules::TAR_PAX_RECORD]);
    is(&[raw(record("size", "-1"))], &[rules::TAR_PAX_RECORD]);
    is(&[raw(record("VENDOR.odd", "1"))], &[rules::TAR_PAX_KEY]);
    is(&[extended("file", b"x", &[("GNU.sparse.major", "1")])], &[rules::TAR_SPARSE]);
    is(&[Entry { kind: b'S', magic: *b"ustar  \0", ..ok("sparse") }], &[rules::TAR_SPARSE]);
    is(&[Entry { kind: b'g', content: record("comment", "abc"), ..file("pax_global_header", b"") }, ok("file")], &[]);
    is(&[Entry { kind: b'g', content: record("path", "abc"), ..file("global", b"") }, ok("file")], &[rules::TAR_PAX_GLOBAL]);
    let lonely = Entry { kind: b'x', content: record("path", "abc"), ..file("x", b"") };
    is(&[ok("file"), lonely.clone()], &[rules::TAR_PAX_RECORD]);
    is(&[lonely.clone(), lonely, ok("file")], &[rules::TAR_PAX_RECORD]);
    is(&[Entry { kind: b'x', size: Some(1 << 30), ..file("x", b"") }], &[rules::TAR_PAX_RECORD]);
}

#[test]
fn headers_and_blocks_that_are_not_as_they_should_be() {
    let mut broken = tar(&[ok("file")]);
    broken[0] ^= 1;
    assert_eq!(names(&found(&broken)), ["tar-header"]);
    is(&[Entry { fill: 1, ..ok("file") }], &[rules::TAR_PADDING]);
    is(&[Entry { magic: [0; 8], ..ok("second") }], &[rules::TAR_FORMAT]);
    is(&[ok("first"), Entry { magic: [0; 8], ..ok("second") }], &[rules::TAR_FORMAT]);
    let mut behind = tar(&[ok("file")]);
    behind.extend(bytes(&ok("behind")));
    assert_eq!(names(&found(&behind)), ["tar-trailing"], "one reader stops at the end mark, another (`--ignore-zeros`) does not");
    let whole = tar(&[ok("file")]);
    assert_eq!(names(&found(&whole[..1024])), ["tar-format"], "no end mark");
    assert_eq!(names(&found(&whole[..700])), ["unreadable"]);
}

#[test]
fn names_that_lead_out_or_read_differently() {
    for name in ["/etc/passwd", "../up", "a/../../b", "C:/windows", "a\\b", "tab\tname"] {
        is(&[ok(name)], &[rules::NAME]);
        assert!(names(&found(&zip(&[part(name, b"x")]))).contains(&"name"), "{name}");
    }
    is(&[Entry { name: "a\u{202e}b".into(), ..ok("") }], &[rules::NAME]);
    is(&[ok("folder-like/")], &[rules::NAME]);
    is(&[ok(&"a/".repeat(48))], &[rules::NAME]);
    is(&[extended("deep", b"", &[("path", &"a/".repeat(300))])], &[rules::NAME, rules::NAME]);
    assert!(names(&found(&zip(&[part("nul\0.txt", b"x")]))).contains(&"name"));
    assert!(names(&found(&zip(&[part("folder/", b"x")]))).contains(&"name"));
    is(&[ok("aux.txt")], &[rules::NAME_RESERVED]);
    is(&[ok("com1")], &[rules::NAME_RESERVED]);
    is(&[ok("auxiliary.txt"), ok("com10"), ok("console")], &[]);
    is(&[Entry { name: vec![b'a', 0xff], ..ok("") }], &[rules::NAME_RESERVED]);
}

#[test]
fn names_that_collide() {
    is(&[ok("file"), ok("file")], &[rules::NAME_TWICE]);
    is(&[ok("file"), ok("./file")], &[rules::NAME_TWICE]);
    is(&[of_kind("a/", b'5', ""), of_kind("a/", b'5', "")], &[]);
    assert_eq!(names(&found(&zip(&[part("a", b"1"), part("a", b"2")]))), ["name-twice"]);
    is(&[ok("File"), ok("file")], &[rules::NAME_COLLIDES]);
    is(&[ok("file."), ok("file")], &[rules::NAME_COLLIDES]);
    is(&[ok("caf\u{e9}"), ok("cafe\u{301}")], &[rules::NAME_COLLIDES]);
    is(&[ok("\u{ff41}bc"), ok("abc")], &[rules::NAME_COLLIDES]);
    is(&[ok("ab\u{200b}c"), ok("abc")], &[rules::NAME_COLLIDES]);
}

/// CVE-2026-33056 and its like: a link first, then something that is written through it.
#[test]
fn links_devices_and_rights() {
    is(&[of_kind("link", b'2', "/etc")], &[rules::LINK_ESCAPES]);
    is(&[of_kind("a/link", b'2', "../../etc")], &[rules::LINK_ESCAPES]);
    is(&[of_kind("link", b'1', "../etc/passwd")], &[rules::LINK_ESCAPES]);
    is(&[of_kind("a", b'2', "b"), ok("a/file")], &[rules::BELOW_LINK]);
    is(&[of_kind("a", b'2', "b"), ok("a")], &[rules::BELOW_LINK, rules::NAME_TWICE]);
    is(&[of_kind("device", b'3', "")], &[rules::DEVICE]);
    is(&[of_kind("pipe", b'6', "")], &[rules::DEVICE]);
    is(&[of_kind("odd", b'Z', "")], &[rules::DEVICE]);
    is(&[Entry { mode: 0o4755, ..ok("su") }], &[rules::SETUID]);
    let link = made::Part { mode: 0o120_777, ..part("link", b"/etc") };
    assert_eq!(names(&found(&zip(&[link]))), ["link"]);
    // Where a file system is packed, that is how things are.
    let tree = tar(&[ok("first"), of_kind("bin", b'2', "/usr/bin"), Entry { mode: 0o4755, ..ok("su") }, of_kind("null", b'3', "")]);
    let worst = found_as(Profile::Tree, &tree).iter().map(|finding| finding.severity).max();
    assert_eq!(worst, Some(airlift::scan::Severity::Warning));
}

#[test]
fn zips_whose_directories_disagree() {
    let judged = |part: made::Part| names(&found(&zip(&[part])));
    // uv CVE-2025-54368: another name in the member's own header.
    assert_eq!(judged(made::Part { local_name: b"evil.py".to_vec(), ..part("good.py", b"x") }), ["zip-structure"]);
    assert_eq!(judged(made::Part { size: 2, ..part("a", b"x") }), ["zip-content"]);
    assert_eq!(judged(made::Part { crc: 7, ..part("a", b"x") }), ["zip-content"]);
    assert_eq!(judged(made::Part { flags: 1, ..part("a", b"x") }), ["zip-encrypted"]);
    assert_eq!(judged(made::Part { method: 12, ..part("a", b"x") }), ["zip-method"]);
    assert_eq!(judged(made::Part { behind: b"gap".to_vec(), ..part("a", b"x") }), ["zip-gap"]);
    let path = [&0x7075u16.to_le_bytes()[..], &6u16.to_le_bytes(), &[1, 0, 0, 0, 0, b'b']].concat();
    assert_eq!(judged(made::Part { extra: path, ..part("a", b"x") }), ["zip-second-name"]);
    let mut lying = described("a", b"streamed");
    lying.behind[4] ^= 1;
    assert_eq!(judged(lying), ["zip-descriptor"]);
    let mut slack = deflated("a", b"content");
    slack.packed.extend(b"behind the end of the stream");
    assert_eq!(judged(slack), ["zip-gap"]);
    // Two members on the same bytes, as zip bombs are made.
    let both = zip(&[part("a", b"x"), made::Part { offset: Some(0), ..part("a", b"x") }]);
    assert!(names(&found(&both)).contains(&"zip-overlap"));
    let whole = zip(&[part("a", b"x")]);
    assert_eq!(names(&found(&[&whole[..], b"tail"].concat())), ["zip-structure"]);
    let prefixed = [&b"PK\x03\x04"[..], &whole].concat();
    assert_eq!(names(&found(&prefixed)), ["zip-structure"], "something in front");
    let twice = [&whole[..whole.len() - 2], &22u16.to_le_bytes(), &whole[whole.len() - 22..]].concat();
    assert_eq!(names(&found(&twice)), ["zip-structure"], "two end records");
}

#[test]
fn packing_that_hides_or_expands() {
    let (one, two) = (gzip(b"first"), gzip(b"second"));
    assert_eq!(names(&found(&[&one[..], &two].concat())), ["gzip-members"]);
    assert_eq!(names(&found(&[&one[..], b"tail"].concat())), ["gzip-trailing"]);
    assert_eq!(names(&found(&one[..one.len() - 3])), ["unreadable"]);
    let zeros = vec![0u8; 80 << 20];
    let bomb = zstd::encode_all(&zeros[..], 19).unwrap();
    assert!(bomb.len() < 10_000);
    assert_eq!(names(&found(&bomb)), ["expands"]);
    assert_eq!(names(&found(b"\xfd7zXZ\0 is none")), ["unreadable"]);
}

/// As `bzip2 -9` writes them, and damaged.
#[test]
fn bzip2_is_read_as_bzip2_writes_it() {
    let text: Vec<u8> = (0..3000u32).flat_map(|n| format!("{} {}\n", n % 17, "ab".repeat((n % 300) as usize)).into_bytes()).collect();
    let Some(packed) = packed_by("bzip2", &text) else { return };
    assert!(found(&packed).is_empty(), "{:?}", found(&packed));
    let archive = tar(&[file("notes", &text), ok("other"), file("zeros", &vec![0; 1_000_000])]);
    let packed = packed_by("bzip2", &archive).expect("it was there");
    assert!(found(&packed).is_empty(), "{:?}", found(&packed));
    let two = [&packed[..], &packed_by("bzip2", b"").expect("it was there")].concat();
    assert!(found(&two).is_empty());
    assert_eq!(names(&found(&[&packed[..], b"tail"].concat())), ["gzip-trailing"]);
    for at in (4..packed.len()).step_by(packed.len() / 200 + 1) {
        let mut broken = packed.clone();
        broken[at] ^= 0x10;
        assert!(!found(&broken).is_empty(), "byte {at}");
    }
}

fn packed_by(program: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    use std::io::Write;
    let program = crate::stock::find(program)?;
    let mut child = std::process::Command::new(program)
        .arg("-9c")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .ok()?;
    let mut input = child.stdin.take()?;
    std::thread::scope(|scope| {
        scope.spawn(move || input.write_all(bytes));
        child.wait_with_output().ok().map(|out| out.stdout)
    })
}

#[test]
fn secrets_in_small_texts() {
    let key = format!(
        "-----BEGIN {}PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----\n",
        "RSA ",
        "MIIEowIBAAKCAQEA1234567890abcdefghijklmnopqrstuv".repeat(2)
    );
    let token = format!("{}_{}", "ghp", "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF3hJ6");
    for text in [&key, &format!("token = \"{token}\"\n"), &format!("key: {}{}", "AKIA", "Z7Q3M5N1B8V2C4X6")] {
        assert_eq!(names(&found(text.as_bytes())), ["secret"], "{text}");
        is(&[file("config", text.as_bytes())], &[rules::SECRET]);
        assert_eq!(names(&found(&zip(&[deflated("config", text.as_bytes())]))), ["secret"]);
    }
    let harmless = [
        "-----BEGIN PRIVATE KEY-----\n...\n",
        "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "-----BEGIN CERTIFICATE-----\nMIIEowIBAAKC\n",
        "graph_of_things",
    ];
    for text in harmless {
        assert!(found(text.as_bytes()).is_empty(), "{text}");
    }
}

/// T11: none of the checks over names is quadratic. 300,000 names, links before them and deep paths end in moments.
#[test]
fn many_names_do_not_multiply() {
    let (links, deep) = (50_000, "d/".repeat(30));
    let mut archive: Vec<u8> = Vec::new();
    for n in 0..links {
        archive.extend(bytes(&of_kind(&format!("links/{n}"), b'2', "x")));
    }
    for n in 0..250_000 {
        archive.extend(bytes(&file(&format!("{deep}{n}"), b"")));
    }
    archive.extend([0; 1024]);
    assert!(found(&archive).is_empty());
    let parts: Vec<_> = (0..50_000).map(|n| part(&format!("{deep}{n}"), b"")).collect();
    assert!(found(&zip(&parts)).is_empty());
}

/// However many faults there are, the list of them is short, and the gravest is known.
#[test]
fn findings_are_bounded() {
    let entries: Vec<Entry> = (0..2000).map(|n| ok(&format!("../{n}"))).collect();
    let mut found = Findings::default();
    by_content(&mut InMemory::new(tar(&entries)), Profile::Package, &mut found).expect("it can be read");
    assert!(found.list().len() <= 100 && found.more() > 1900);
    assert_eq!(found.worst(), Some(airlift::scan::Severity::Error));
}

/// Every rule stands in this corpus, and in the guide with its severity and its meaning.
#[test]
fn every_rule_is_called_up_and_documented() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let guide = std::fs::read_to_string(root.join("docs/guides/scanning.md")).expect("the guide");
    let corpus =
        ["mod.rs", "packages.rs", "pickles.rs"].map(|file| std::fs::read_to_string(root.join("tests/it/scan").join(file)).expect("UTF-8"));
    let unique: BTreeSet<&str> = rules::ALL.iter().map(|rule| rule.name).collect();
    assert_eq!(unique.len(), rules::ALL.len());
    for rule in rules::ALL {
        let constant = format!("rules::{}", rule.name.replace('-', "_").to_uppercase());
        let word = format!("\"{}\"", rule.name);
        assert!(corpus.iter().any(|text| text.contains(&constant) || text.contains(&word)), "no file calls up {}", rule.name);
        let line = format!("| `{}` | {} | {} | {} |", rule.name, rule.severity.name(), rule.in_trees.name(), rule.meaning);
        assert!(guide.contains(&line), "docs/guides/scanning.md lacks the line\n{line}");
    }
}
