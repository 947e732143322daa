//! Every parser of untrusted bytes, driven with mutations of its corpus: the same ones on every run. `fuzz/README.md` has the long way.

#[allow(clippy::duplicate_mod, reason = "the targets belong to libFuzzer as well")]
#[path = "../../fuzz/targets.rs"]
mod targets;

use crate::scan::made::{deflated, described, extended, file, gzip, of_kind, part, tar, zip};
use crate::scan::packages::{newer, wheel};
use airlift::artifact::InMemory;
use airlift::scan::{Findings, Profile, Severity, by_content};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use targets::TARGETS;

/// Mutations of each file of a corpus, unless AIRLIFT_FUZZ_ROUNDS says otherwise.
const ROUNDS: u64 = 3000;
/// Longest input that is made, in bytes.
const LONGEST: usize = 64 << 10;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn number(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// Numbers that look like chance and are the same on every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % sides.max(1)
    }
}

/// The files of a target: its own, and the vectors that are of its kind.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let vectors: &[&str] = match target {
        "statement" => &["tests/vectors/trust"],
        "root" => &["tests/vectors/trust/roots"],
        "signature" => &["tests/vectors/trust/signatures"],
        "head" => &["tests/vectors/bundle"],
        "lock" => &["tests/vectors/lock"],
        "manifest" => &["manifests"],
        _ => &[],
    };
    let own = format!("fuzz/corpus/{target}");
    let folders = vectors.iter().copied().chain([own.as_str()]).map(|folder| root().join(folder)).filter(|folder| folder.exists());
    let mut files: Vec<PathBuf> = folders
        .flat_map(|folder| std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()))
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    files.iter().map(|path| std::fs::read(path).unwrap()).filter(|bytes| bytes.len() <= 4 * LONGEST).collect()
}

fn mutated(bytes: &[u8], others: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    const ODD: [u8; 10] = [0, 1, 0x7f, 0x80, 0xff, b'-', b'/', b'.', b'"', b'9'];
    let mut bytes = bytes.to_vec();
    for _ in 0..=dice.roll(4) {
        let at = dice.roll(bytes.len());
        let end = (at + 1 + dice.roll(16)).min(bytes.len());
        match dice.roll(9) {
            0 if !bytes.is_empty() => bytes[at] ^= 1 << dice.roll(8),
            1 if !bytes.is_empty() => bytes[at] = ODD[dice.roll(ODD.len())],
            2 if !bytes.is_empty() => bytes[at..end].fill(ODD[dice.roll(ODD.len())]),
            3 => bytes.truncate(at),
            4 if at < end => {
                let piece = bytes[at..end].to_vec();
                let to = dice.roll(bytes.len());
                bytes.splice(to..to, piece);
            }
            5 if at < end => drop(bytes.drain(at..end)),
            6 => bytes.insert(at, ODD[dice.roll(ODD.len())]),
            7 => {
                let other = &others[dice.roll(others.len())];
                let from = dice.roll(other.len());
                bytes.truncate(at);
                bytes.extend(&other[from..]);
            }
            _ if bytes.len() >= at + 4 => bytes[at..at + 4].copy_from_slice(&[u32::MAX, 0, 1 << 31, 70_000][dice.roll(4)].to_le_bytes()),
            _ => {}
        }
    }
    bytes.truncate(LONGEST);
    bytes
}

fn drive(name: &str) {
    let (_, target) = TARGETS.iter().find(|(known, _)| *known == name).expect("a target of that name");
    let (corpus, rounds) = (corpus(name), number("AIRLIFT_FUZZ_ROUNDS", ROUNDS));
    assert!(!corpus.is_empty(), "{name} has no corpus");
    let mut dice = Dice(number("AIRLIFT_FUZZ_SEED", 0x9e37_79b9_7f4a_7c15) | 1);
    let mut inputs = 0u64;
    for bytes in &corpus {
        target(bytes);
        for _ in 0..rounds {
            let input = mutated(bytes, &corpus, &mut dice);
            if catch_unwind(AssertUnwindSafe(|| target(&input))).is_err() {
                let kept = std::env::temp_dir().join(format!("airlift-fuzz-{name}-{}", std::process::id()));
                std::fs::write(&kept, &input).unwrap();
                panic!("{name} failed; the input is {}", kept.display());
            }
            inputs += 1;
        }
    }
    println!("{name}: {inputs} inputs from {} files", corpus.len());
}

#[test]
fn statement_target() {
    drive("statement");
}

#[test]
fn signature_target() {
    drive("signature");
}

#[test]
fn publisher_target() {
    drive("publisher");
}

#[test]
fn root_target() {
    drive("root");
}

#[test]
fn head_target() {
    drive("head");
}

#[test]
fn frames_target() {
    drive("frames");
}

#[test]
fn carried_target() {
    drive("carried");
}

/// Each file of the corpus is what it is there for.
#[test]
fn what_is_carried_is_read_to_its_end() {
    let read = |name: &str| std::fs::read(root().join("fuzz/corpus/carried").join(name)).unwrap();
    let statement = airlift::bundle::Statement::parse(include_bytes!("../../fuzz/corpus/statement/delta.json")).expect("a delta");
    assert_eq!(airlift::bundle::Bases::parse(&read("bases.json"), &statement).expect("bases").granted.len(), 2);
    assert_eq!(airlift::bundle::Parent::read_all(&read("parents.json")).expect("parents").len(), 1);
    let text = String::from_utf8(read("request")).unwrap();
    assert_eq!(airlift::bundle::Request::parse(&text).expect("a request").len(), 3);
    let refused = airlift::log::HostInventory::parse(&read("inventory"), None).expect_err("its key is none");
    assert!(refused.message().contains("verifier key"), "{refused}");
}

#[test]
fn recoded_target() {
    drive("recoded");
}

#[test]
fn corrected_target() {
    drive("corrected");
}

#[test]
fn deflated_target() {
    drive("deflated");
}

#[test]
fn opened_target() {
    drive("opened");
}

#[test]
fn lock_target() {
    drive("lock");
}

#[test]
fn manifest_target() {
    drive("manifest");
}

#[test]
fn tar_target() {
    drive("tar");
}

#[test]
fn zip_target() {
    drive("zip");
}

#[test]
fn packed_target() {
    drive("packed");
}

#[test]
fn wheel_target() {
    drive("wheel");
}

#[test]
fn conda_target() {
    drive("conda");
}

#[test]
fn chart_target() {
    drive("chart");
}

#[test]
fn image_target() {
    drive("image");
}

#[test]
fn inside_target() {
    drive("inside");
}

#[test]
fn http_target() {
    drive("http");
}

#[test]
fn reference_target() {
    drive("reference");
}

#[test]
fn advisory_target() {
    drive("advisory");
}

#[test]
fn vex_target() {
    drive("vex");
}

#[test]
fn pickle_target() {
    drive("pickle");
}

#[test]
fn tensors_target() {
    drive("tensors");
}

/// None is left out.
#[test]
fn every_target_is_driven() {
    let text = include_str!("fuzz.rs");
    for (name, _) in TARGETS {
        assert!(text.contains(&format!("drive(\"{name}\");")), "{name} is not driven");
    }
}

/// The archives of the corpus, made anew by AIRLIFT_WRITE_VECTORS=1; the parsers must take what they hold.
#[test]
fn the_archives_of_the_corpus_are_sound() {
    let module: (&str, &[u8]) = ("demo/__init__.py", b"print('hello')\n");
    let entries = [
        of_kind("web/", b'5', ""),
        file("web/Chart.yaml", b"apiVersion: v2\nname: web\nversion: 1.0.0\n"),
        extended("web/short", b"content", &[("path", "web/a name that is longer"), ("mtime", "1.5")]),
        of_kind("web/link", b'2', "short"),
        of_kind("web/second", b'1', "web/Chart.yaml"),
    ];
    let made: Vec<(&str, Vec<u8>)> = vec![
        ("frames/planned", airlift::bundle::FrameTable::plan(&targets::three_blobs(), &airlift::bundle::Recoding::default()).to_bytes()),
        ("tar/entries", tar(&entries)),
        ("zip/members", zip(&[part("a/", b""), part("a/stored", b"content"), deflated("b", &[b'x'; 300]), described("c", b"streamed")])),
        ("packed/gzip", gzip(&tar(&entries))),
        ("packed/zstd", zstd::encode_all(&tar(&entries)[..], 3).unwrap()),
        ("wheel/sound", wheel(&[module], "", "")),
        ("conda/sound", newer("demo", &[module], &[module], &[])),
        ("chart/sound", gzip(&tar(&entries[..3]))),
        ("opened/zip", zip(&[part("a/", b""), part("a/stored", b"content"), deflated("b", &[b'x'; 300]), described("c", b"streamed")])),
        ("opened/gzip", gzip(&tar(&entries))),
    ];
    for (name, bytes) in made {
        let path = root().join("fuzz/corpus").join(name);
        if std::env::var_os("AIRLIFT_WRITE_VECTORS").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &bytes).unwrap();
        }
        sound(name, &std::fs::read(&path).unwrap_or_else(|e| panic!("{name} is not in the corpus: {e}")));
    }
}

/// What is mutated reaches the decoder's end.
#[test]
fn the_recoded_streams_of_the_corpus_come_out() {
    for name in ["hello", "delta"] {
        assert!(targets::comes_out(&std::fs::read(root().join("fuzz/corpus/recoded").join(name)).unwrap()), "{name}");
    }
}

/// A file of the corpus is read to its end by what its target drives: a corpus of what is refused at once would reach nothing.
fn sound(name: &str, bytes: &[u8]) {
    let (target, _) = name.split_once('/').unwrap();
    // A table before anything is placed: read to its end, where its frames are missed.
    if target == "frames" {
        let refused = airlift::bundle::FrameTable::parse(bytes, &targets::three_blobs(), &[1 << 20], &airlift::bundle::Bases::default())
            .expect_err("nothing is placed");
        return assert!(refused.message().contains("frames that belong to no blob"), "{name}: {refused:?}");
    }
    let found = match target {
        "tar" | "zip" | "packed" | "opened" => {
            let mut found = Findings::default();
            by_content(&mut InMemory::new(bytes), Profile::Tree, &mut found).unwrap();
            found
        }
        _ => in_its_room(target, bytes),
    };
    assert!(found.worst() < Some(Severity::Error), "{name}: {:?}", found.list());
}

/// What the room of a target finds in the artifact that the target makes of the bytes.
fn in_its_room(target: &str, bytes: &[u8]) -> Findings {
    let artifact = match target {
        "wheel" => targets::wheel_of(bytes),
        "conda" => targets::conda_of("demo-1.0-0.conda", bytes),
        _ => targets::chart_of(bytes),
    };
    let (room, mut found) = (airlift::ecosystems::find(&artifact.ecosystem).unwrap(), Findings::default());
    room.scan_blob(&artifact, &artifact.descriptors[0], &mut InMemory::new(bytes), &mut found).unwrap();
    found
}
