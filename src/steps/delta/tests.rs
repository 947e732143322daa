//! What a blob is compared with: the nearest version, the same place, the same file, else the nearest size of its kind.

use super::candidates::{Candidates, DEEPEST, Placed};
use super::carried::by_receipt;
use super::prepare::sides;
use super::{Parent, Shape};
use crate::artifact::{Artifact, Descriptor, Digest, Learned};
use crate::bundle::Judgement;
use crate::error::Kind;
use crate::log::{Draft, HostInventory, Item, Journal, Scribe, VerifierKey, kind};
use crate::store::Store;
use data_encoding::BASE64;
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

/// Logs of two hosts, each with a key of its own.
fn with_logs(look: impl FnOnce(&Journal<'_>, &Journal<'_>)) {
    let folders = [(), ()].map(|()| tempfile::tempdir().expect("a folder"));
    let stores = folders.each_ref().map(|folder| Store::open_or_create(&folder.path().join("store")).expect("a store"));
    let writers = stores.each_ref().map(|store| store.writer().expect("nobody else writes"));
    let scribe = || Scribe { clock: || "2026-01-01T00:00:00Z".parse().expect("a time"), actor: "somebody".to_owned() };
    let [one, other] = writers.each_ref().map(|writer| Journal::open(writer, scribe()).expect("a log"));
    look(&one, &other);
}

/// That a bundle was refused says that it is not there; and a key that is named says whose log is meant.
#[test]
fn only_a_receipt_of_an_import_by_the_log_that_is_named_is_a_base() {
    with_logs(|host, other| {
        let bundle = Item::named("bundle", "kit 1").digest(Digest::of(b"bundle"));
        let receipt = |kind| host.proof(host.append(Draft::new(kind, vec![bundle.clone()])).expect("an event")).expect("a receipt");
        let said = |receipt: &str, key: Option<&VerifierKey>| {
            let error = by_receipt(receipt.as_bytes(), key, host.store()).expect_err("nothing was packed here");
            (error.kind(), error.message().to_owned())
        };
        let unknown = (Kind::Incomplete, "the receipt is of a bundle that is not remembered here".to_owned());
        let imported = receipt(kind::IMPORT);
        assert_eq!([said(&imported, None), said(&imported, Some(host.verifier()))], [unknown.clone(), unknown.clone()]);
        assert_eq!(said(&imported, Some(other.verifier())).0, Kind::Verification, "another log's key");
        assert_ne!(said(&imported, Some(other.verifier())), unknown);
        for kind in [kind::REFUSE, kind::STAGE, kind::APPROVE, kind::ROLLBACK] {
            let not = (Kind::Usage, "the receipt is not of an import".to_owned());
            assert_eq!(said(&receipt(kind), None), not, "{kind}");
        }
    });
}

/// What counts as many blobs has as many, each once.
#[test]
fn an_inventory_names_each_beginning_once_and_in_order() {
    with_logs(|host, _| {
        let starts = [*b"aaaaaaaa", *b"bbbbbbbb"];
        let key = host.verifier().clone();
        let inventory = HostInventory { key, made: "2026-01-01T00:00:00Z".to_owned(), snapshot: 1, bundles: vec![], starts: starts.into() };
        let body = String::from_utf8(inventory.body()).expect("UTF-8");
        let list = |starts: [&[u8; 8]; 2]| BASE64.encode(&starts.map(|start| *start).concat());
        let said = |starts| {
            let text = body.replace(&list([b"aaaaaaaa", b"bbbbbbbb"]), &list(starts)) + "no proof\n";
            HostInventory::parse(text.as_bytes(), None).map(drop).expect_err("there is no proof").message().to_owned()
        };
        let wrong = "the inventory contradicts itself";
        assert_ne!(said([b"aaaaaaaa", b"bbbbbbbb"]), wrong, "only its proof is none");
        assert_eq!([said([b"bbbbbbbb", b"aaaaaaaa"]), said([b"aaaaaaaa", b"aaaaaaaa"])], [wrong, wrong]);
    });
}

/// What a bundle carries of its parents is in its bytes: one number stands for one of them.
#[test]
fn parents_with_other_signatures_are_another_recipe() {
    let told = |name: &str, armour: &[u8], counted: &[&str], root: &str| {
        let counted = Judgement { files: counted.iter().map(|name| (*name).to_owned()).collect(), root: root.to_owned() };
        let signatures = vec![(name.to_owned(), armour.to_vec())];
        let parent = Parent { id: Digest::of(b"parent"), statement: b"parent".to_vec(), signatures, counted };
        Shape { parents: vec![parent], ..Shape::default() }.told()
    };
    let one = told("a.sshsig", b"armour", &["a.sshsig"], "root");
    assert_eq!(told("a.sshsig", b"armour", &["a.sshsig"], "root"), one);
    for other in [
        told("b.sshsig", b"armour", &["a.sshsig"], "root"),
        told("a.sshsig", b"other", &["a.sshsig"], "root"),
        told("a.sshsig", b"armour", &[], "root"),
        told("a.sshsig", b"armour", &["a.sshsig"], "another"),
        Shape::default().told(),
    ] {
        assert_ne!(other, one);
    }
}

#[test]
fn small_blobs_go_side_by_side_on_all_threads_and_large_ones_have_them_all() {
    for threads in [1, 2, 8] {
        assert_eq!(sides(threads), [(true, 1, threads), (false, threads, 1)]);
    }
}
