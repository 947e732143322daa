//! What a delta will cost, told before anything of it is fetched.

use super::{length, lock, shape, site, version};
use crate::host::{Host, arg};
use crate::world::World;
use airlift::artifact::Digest;
use airlift::bundle::Request;
use serde_json::{Value, json};

struct Place {
    world: World,
    host: Host,
    base: std::path::PathBuf,
}

impl Place {
    /// A sender that has bundle 1 and the lock of version 2, and of that nothing that is new.
    fn new() -> Self {
        let world = World::new();
        let base = world.pack(&lock(&world, 1), "one", None, &[1]).remove(0);
        let host = Host::new();
        host.write("kit.lock", lock(&world, 2).to_bytes());
        let old: Vec<Digest> = version(1).iter().map(|bytes| Digest::of(bytes)).collect();
        for digest in version(2).iter().map(|bytes| Digest::of(bytes)).filter(|digest| !old.contains(digest)) {
            let hex = digest.hex();
            std::fs::remove_file(world.sender.root().join("blobs/sha256").join(&hex[..2]).join(hex)).expect("it was there");
        }
        Self { world, host, base }
    }

    fn run(&self, command: &[&str]) -> crate::host::Ran {
        self.host.run(&[&["--store", arg(self.world.sender.root())], command].concat())
    }

    fn json(&self, command: &[&str]) -> Value {
        let ran = self.run(&[&["--json"], command].concat());
        assert_eq!(ran.code, Some(0), "{ran:?}");
        serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {ran:?}"))
    }
}

#[test]
fn a_plan_of_a_lock_needs_none_of_its_blobs_and_says_what_packing_says() {
    let place = Place::new();
    let base = arg(&place.base);
    let sizes: Vec<u64> = version(2).iter().map(|bytes| bytes.len() as u64).collect();
    // Without the blobs nothing can be packed, and all the same it is known what would be.
    place.run(&["pack", "kit.lock", "--base", base, "--out", "out", "--dry-run"]).refused(3, &["not in the store yet"]);
    let told = place.json(&["plan", "--lock", "kit.lock", "--base", base]);
    assert_eq!(told["left-out"], json!({ "blobs": 1, "bytes": sizes[0] }));
    assert_eq!(told["recoded"], json!({ "blobs": 2, "bytes": sizes[1] + sizes[2] }));
    assert_eq!(told["as-it-is"], json!({ "blobs": 1, "bytes": sizes[3] }));
    assert_eq!(told["not-here"], json!({ "blobs": 3, "bytes": sizes[1] + sizes[2] + sizes[3] }));
    assert_eq!((&told["at-most"], &told["estimate"]), (&json!(sizes[1] + sizes[2] + sizes[3]), &Value::Null));
    let compared = told["compared"].as_array().expect("a list");
    let with = |n: usize| compared[n]["with"][0]["digest"].as_str().expect("a digest").to_owned();
    assert_eq!(compared.len(), 2);
    for n in [0, 1] {
        assert_eq!(compared[n]["digest"], Digest::of(&version(2)[n + 1]).to_string());
        assert_eq!(with(n), Digest::of(&version(1)[n + 1]).to_string());
    }
    let text = place.run(&["plan", "--lock", "kit.lock", "--base", base]);
    for words in ["left out   1 blob", "not here   3 blobs", "compared   files/blob-001 1", "at most"] {
        assert!(text.code == Some(0) && text.out.contains(words), "{words}: {text:?}");
    }
    assert!(text.err.contains("next: airlift fetch kit.lock"), "{text:?}");
    // Nothing is compared for a fast one, and everything is carried without a base.
    let fast = place.json(&["plan", "--lock", "kit.lock", "--base", base, "--fast"]);
    assert_eq!((&fast["recoded"]["blobs"], &fast["as-it-is"]["blobs"]), (&json!(0), &json!(3)));
    let full = place.json(&["plan", "--lock", "kit.lock"]);
    assert_eq!((&full["left-out"]["blobs"], &full["at-most"]), (&json!(0), &json!(sizes.iter().sum::<u64>())));
    // Once they are here, the bundle that is packed is what was planned.
    let shape = shape(vec![site(&place.world, &[std::slice::from_ref(&place.base)])]);
    let delta = place.world.pack_shaped(&lock(&place.world, 2), "two", None, &shape);
    let bundle = place.world.open(&delta).expect("authentic");
    let counts = (bundle.lock.blobs().len() - bundle.table.blobs.len(), bundle.bases.recoded.len());
    assert_eq!(counts, (1, 2));
    assert!(length(&delta) < told["at-most"].as_u64().expect("a number"));
    let dry = place.json(&["pack", "kit.lock", "--base", base, "--out", "out", "--dry-run"]);
    assert!(dry["estimate"].as_u64().is_some_and(|size| size < length(&delta)), "{dry}");
    for part in ["left-out", "recoded", "as-it-is", "at-most", "compared"] {
        assert_eq!(dry[part], told[part], "{part}");
    }
}

#[test]
fn a_request_adds_what_is_asked_for_and_what_cannot_be_told_has_the_code_of_packing() {
    let place = Place::new();
    let (base, same) = (arg(&place.base), version(2)[0].len() as u64);
    let asked = [Digest::of(&version(2)[0]), Digest::of(b"of another toolkit")];
    let words: Vec<String> = Request::of(asked.iter()).expect("few").words().collect();
    place.host.write("request.txt", words.join("\n"));
    let told = place.json(&["plan", "--lock", "kit.lock", "--base", base, "--request", "request.txt"]);
    assert_eq!((&told["left-out"]["blobs"], &told["asked-for"]), (&json!(0), &json!({ "blobs": 1, "bytes": same })));
    assert_eq!(told["unknown"], 1);
    assert_eq!(std::fs::read_to_string(place.host.path("request.txt")).expect("a file"), words.join("\n"), "it is read, not written");
    let text = place.run(&["plan", "--lock", "kit.lock", "--base", base, "--request", "request.txt"]);
    assert!(text.out.contains("asked for  1 blob") && text.out.contains("unknown    1 blob"), "{text:?}");
    place.run(&["plan", "--lock", "kit.lock", "--request", "request.txt"]).refused(2, &["a request is of a receiver", "--base"]);
    place.run(&["plan", "--lock", "none.lock", "--base", base]).refused(2, &["there is no such lock"]);
    let (other, receiver) = (World::named("another", 9), place.world.receiver("receiver"));
    let foreign = other.pack(&lock(&other, 1), "one", None, &[9]);
    place.run(&["plan", "--lock", "kit.lock", "--base", arg(&foreign[0])]).refused(4, &[]);
    // A receipt of a bundle that was not packed here.
    place.world.import(std::slice::from_ref(&place.base), &receiver).expect("imported");
    std::fs::remove_dir_all(place.world.sender.root().join("sent")).expect("forgotten");
    let receipt = receiver.root().join("log/receipts/snapshot-1.tlog-proof");
    let planned = place.run(&["plan", "--lock", "kit.lock", "--base", arg(&receipt)]);
    planned.refused(3, &["not remembered here"]);
}
