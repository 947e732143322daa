//! Vectors of the lock and bundle formats, in `tests/vectors/`: one good file of each, pinned to the byte, and damaged ones named by their
//! damage. `AIRLIFT_WRITE_VECTORS=1` writes them anew, which is a change of format and wants its document changed with it.

use crate::world::{World, noise, text};
use airlift::error::{Error, Kind};
use airlift::lock::Lock;
use std::path::{Path, PathBuf};

fn folder(format: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(format)
}

/// The committed bytes, which must be the ones made now.
fn pinned(format: &str, name: &str, made: &[u8]) -> PathBuf {
    let path = folder(format).join(name);
    if std::env::var_os("AIRLIFT_WRITE_VECTORS").is_some() {
        std::fs::create_dir_all(folder(format)).expect("a folder");
        std::fs::write(&path, made).expect("a vector");
    }
    let found = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    assert!(found == made, "{} is not what this code writes: the format has changed", path.display());
    path
}

fn good(world: &World) -> (Lock, Vec<u8>) {
    let lock = world.lock("vector", &[text(9000, 1), noise(700, 2), b"small".to_vec(), Vec::new()]);
    let volumes = world.pack(&lock, "out", None, &[1]);
    (lock, std::fs::read(&volumes[0]).expect("a volume"))
}

/// What is done to the good bundle, and the kind of error it must give.
fn damages(good: &[u8], head: usize) -> Vec<(&'static str, Vec<u8>, Kind)> {
    let flipped = |at: usize| {
        let mut bytes = good.to_vec();
        bytes[at] ^= 1;
        bytes
    };
    let at = |needle: &[u8]| good.windows(needle.len()).position(|w| w == needle).expect("it is there");
    vec![
        ("flipped-header.airlift", flipped(10), Kind::Verification),
        ("flipped-statement.airlift", flipped(at(b"\"created\"") + 14), Kind::Verification),
        ("flipped-lock.airlift", flipped(at(b"{\"airlift-lock\"") + 60), Kind::Verification),
        ("flipped-frame-table.airlift", flipped(at(b"ALFRAME1") + 30), Kind::Verification),
        ("flipped-signature.airlift", flipped(at(b"BEGIN SSH SIGNATURE") + 60), Kind::Verification),
        ("flipped-frame.airlift", flipped(head + 1100), Kind::Verification),
        ("flipped-payload-header.airlift", flipped(head + 20), Kind::Verification),
        ("cut-in-the-head.airlift", good[..5000].to_vec(), Kind::Verification),
        ("cut-in-the-payload.airlift", good[..head + 700].to_vec(), Kind::Verification),
        ("bytes-after-the-end.airlift", [good, &[0; 512]].concat(), Kind::Verification),
    ]
}

#[test]
fn bundles() {
    let world = World::new();
    let (_, bytes) = good(&world);
    let path = pinned("bundle", "good.airlift", &bytes);
    let verified = world.verify(&[path]).expect("the good bundle is accepted");
    assert_eq!(verified.lock().artifacts.len(), 4);
    let head = verified.bundle().head().end as usize;
    for (name, damaged, kind) in damages(&bytes, head) {
        let path = pinned("bundle", name, &damaged);
        let error: Error = world.verify(&[path]).map(|_| ()).expect_err(name);
        assert_eq!(error.kind(), kind, "{name}: {error}");
    }
    let unsigned = world.pack(&world.lock("vector", &[b"small".to_vec()]), "unsigned", None, &[]);
    let path = pinned("bundle", "unsigned.airlift", &std::fs::read(&unsigned[0]).expect("a volume"));
    assert_eq!(world.verify(&[path]).map(|_| ()).expect_err("nobody signed").kind(), Kind::Verification);
}

#[test]
fn locks() {
    let world = World::new();
    let (lock, _) = good(&world);
    let bytes = lock.to_bytes();
    pinned("lock", "good.lock", &bytes);
    assert_eq!(Lock::parse("good", &bytes).expect("the good lock is accepted"), lock);
    let text = String::from_utf8(bytes).expect("UTF-8");
    let replaced = |from: &str, to: &str| {
        assert!(text.contains(from), "{from} is not in the lock");
        text.replacen(from, to, 1)
    };
    let lines: Vec<&str> = text.lines().collect();
    let reordered = [lines[0], lines[2], &format!("{},", lines[1].trim_end_matches(',')), lines[3], lines[4], lines[5], ""].join("\n");
    for (name, damaged) in [
        ("white-space.lock", replaced("\"line\":\"main\"", "\"line\": \"main\"")),
        ("duplicate-key.lock", replaced("\"line\":\"main\"", "\"line\":\"main\",\"line\":\"main\"")),
        ("unknown-member.lock", replaced("\"line\":\"main\"", "\"extra\":1,\"line\":\"main\"")),
        ("float.lock", replaced("\"size\":9000", "\"size\":9000.0")),
        ("newer-version.lock", replaced("\"airlift-lock\":1", "\"airlift-lock\":2,\"future\":{}")),
        ("path-as-toolkit.lock", replaced("\"name\":\"vector\"", "\"name\":\"a/b\"")),
        ("line-with-at-sign.lock", replaced("\"line\":\"main\"", "\"line\":\"a@b\"")),
        ("section-twice.lock", replaced("\"sections\":[\"all\"]", "\"sections\":[\"all\",\"all\"]")),
        ("sections-not-sorted.lock", replaced("\"sections\":[\"all\"]", "\"sections\":[\"z\",\"all\"]")),
        ("path-as-section.lock", replaced("\"sections\":[\"all\"]", "\"sections\":[\"../all\"]")),
        ("credentials.lock", replaced("https://example.org/", "https://user:secret@example.org/")),
        ("unknown-side-digest.lock", replaced("\"learned\":", "\"digests\":{\"crc32\":\"00000000\"},\"learned\":")),
        ("short-side-digest.lock", replaced("\"learned\":", "\"digests\":{\"md5\":\"00\"},\"learned\":")),
        ("reordered.lock", reordered),
        ("path-as-name.lock", replaced("\"name\":\"blob-000\"", "\"name\":\"../blob\"")),
        ("short-digest.lock", replaced("\"manifest\":\"", "\"manifest\":\"0")),
        ("control-character.lock", replaced("\"name\":\"blob-000\"", "\"name\":\"blob\\u001b000\"")),
    ] {
        pinned("lock", name, damaged.as_bytes());
        let error = Lock::parse(name, damaged.as_bytes()).expect_err(name);
        assert_eq!(error.kind(), Kind::Verification, "{name}: {error}");
        assert_eq!(error.to_string().contains("needs a newer airlift"), name == "newer-version.lock", "{name}: {error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
