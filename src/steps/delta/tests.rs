//! What a blob is compared with: the nearest version, the same place, the same file, else the nearest size of its kind.

use super::candidates::{Candidates, DEEPEST, Placed};
use crate::artifact::{Artifact, Descriptor, Digest, Learned};
use std::collections::BTreeMap;

fn artifact(name: &str, version: &str, blobs: &[(&str, u64)]) -> Artifact {
    let descriptors = blobs.iter().map(|(file, size)| Descriptor {
        media_type: "application/octet-stream".into(),
        digest: Digest::of(format!("{name} {version} {file} {size}").as_bytes()),
        size: *size,
        name: Some((*file).into()),
        origins: vec![],
        learned: Learned::Pinned,
        side_digests: BTreeMap::default(),
    });
    Artifact {
        ecosystem: "files".into(),
        sections: vec![],
        name: name.into(),
        version: version.into(),
        descriptors: descriptors.collect(),
        subject: None,
        meta: serde_json::Value::Null,
    }
}

fn placed(artifact: &Artifact, position: usize, there: bool, depth: usize) -> Placed<'_> {
    Placed { artifact, position, blob: &artifact.descriptors[position], there, depth }
}

/// Without a look at any byte.
fn of(candidates: &Candidates<'_>, new: &Placed<'_>) -> (Vec<(Digest, u64)>, usize) {
    candidates.of(new, &mut |_, _| Ok(None)).expect("nothing is read")
}

#[test]
fn the_nearest_version_and_the_same_place_come_first() {
    let old = [
        artifact("a", "1.2.9", &[("a-1.2.9-x86.whl", 9000), ("a-1.2.9-arm.whl", 9000)]),
        artifact("a", "1.9.0", &[("a-1.9.0-x86.whl", 9000)]),
    ];
    let other = artifact("b", "1.3.0", &[("a-1.3.0-x86.whl", 9001), ("c", 50_000)]);
    let mut candidates = Candidates::default();
    for one in old.iter().chain([&other]) {
        (0..one.descriptors.len()).for_each(|n| candidates.add(placed(one, n, true, 0)));
    }
    let best = |new: &Artifact, n: usize| of(&candidates, &placed(new, n, false, 0)).0.first().map(|(digest, _)| *digest);
    let new = artifact("a", "1.3.0", &[("a-1.3.0-arm.whl", 9001), ("a-1.3.0-x86.whl", 9000)]);
    assert_eq!(best(&new, 0), Some(old[0].descriptors[1].digest), "nearest version, same platform");
    assert_eq!(best(&new, 1), Some(old[0].descriptors[0].digest));
    let renamed = artifact("c", "2", &[("a-1.3.0-x86.whl", 9000), ("unknown", 60_000), ("tiny", 10)]);
    assert_eq!(best(&renamed, 0), Some(other.descriptors[0].digest), "same file name");
    assert_eq!(best(&renamed, 1), Some(other.descriptors[1].digest), "nearest size");
    assert_eq!(best(&renamed, 2), None);
}

#[test]
fn what_is_not_there_yet_is_only_used_after_it() {
    let (one, two) = (artifact("a", "1", &[("a", 9000)]), artifact("a", "2", &[("a", 9000)]));
    let mut candidates = Candidates::default();
    assert_eq!(of(&candidates, &placed(&one, 0, false, 0)), (vec![], 1), "nothing stands before it");
    candidates.add(placed(&one, 0, false, 1));
    assert!(of(&candidates, &placed(&one, 0, false, 0)).0.is_empty(), "nothing is made from itself");
    assert_eq!(of(&candidates, &placed(&two, 0, false, 0)), (vec![(one.descriptors[0].digest, 9000)], 2));
    let other = artifact("b", "1", &[("b", 9000)]);
    assert!(of(&candidates, &placed(&other, 0, false, 0)).0.is_empty(), "size alone is no reason to wait for another new blob");
}

#[test]
fn chains_have_an_end() {
    let all: Vec<Artifact> = (0..20).map(|n| artifact("a", &n.to_string(), &[("a", 9000)])).collect();
    let (mut candidates, mut deepest) = (Candidates::default(), 0);
    for one in &all {
        let (_, depth) = of(&candidates, &placed(one, 0, false, 0));
        deepest = deepest.max(depth);
        candidates.add(placed(one, 0, false, depth));
    }
    assert_eq!(deepest, DEEPEST);
}
