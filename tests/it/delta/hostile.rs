//! What only a faulty or malicious signer makes: bundles whose signatures are right and whose documents are not.

use super::{MIB, has, lock, shape, site, two, version};
use crate::host::{Host, arg};
use crate::world::{World, key};
use airlift::artifact::Digest;
use airlift::bundle::{BASES, Head, Redundancy, append_signature};
use airlift::error::Kind;
use airlift::steps::verify::open_partly;
use airlift::store::Waiting;
use airlift::trust::{BUNDLE, RootLimits, Signer, sign, signature_name};
use std::fs::File;
use std::path::{Path, PathBuf};

/// Replaces a text by one of its length.
fn exchange(bytes: &mut [u8], from: &[u8], to: &[u8]) {
    assert_eq!(from.len(), to.len());
    let places: Vec<usize> = (0..=bytes.len() - from.len()).filter(|at| bytes[*at..].starts_with(from)).collect();
    assert!(!places.is_empty(), "there is nothing to exchange");
    places.into_iter().for_each(|at| bytes[at..at + to.len()].copy_from_slice(to));
}

/// Delta 2 on a bundle, with other words in its statement and its list of bases, signed by one who should know better.
fn forged(world: &World, base: &[PathBuf], statement: (&str, &str), bases: (&str, &str)) -> PathBuf {
    let shape = shape(vec![site(world, &[base])]);
    let made = world.try_shaped(&lock(world, 2), "forged", None, (None, None), (Redundancy::default(), &shape)).expect("packed");
    let (path, bytes) = (made.volumes[0].clone(), std::fs::read(&made.volumes[0]).expect("a volume"));
    let change = |list: &mut [u8]| exchange(list, bases.0.as_bytes(), bases.1.as_bytes());
    resign_with(&path, bytes, (BASES, statement), change);
    path
}

/// Changes a file of the head in bytes of a volume that nobody has signed, and has the volume signed by one who should know better.
pub fn resign(path: &Path, bytes: Vec<u8>, name: &str, change: impl FnOnce(&mut [u8])) {
    resign_with(path, bytes, (name, AS_IT_IS), change);
}

fn resign_with(path: &Path, mut bytes: Vec<u8>, (name, statement): (&str, (&str, &str)), change: impl FnOnce(&mut [u8])) {
    let head = Head::read(path, &File::open(path).expect("a volume")).expect("a head");
    let (at, size) = head.places[name];
    let file = &mut bytes[at as usize..(at + size) as usize];
    let pinned = Digest::of(file).hex();
    change(file);
    let pin = Digest::of(file).hex();
    let mut signed = head.statement.to_vec();
    exchange(&mut signed, pinned.as_bytes(), pin.as_bytes());
    exchange(&mut signed, statement.0.as_bytes(), statement.1.as_bytes());
    let begin = bytes.windows(signed.len()).position(|part| part == &head.statement[..]).expect("the statement");
    bytes[begin..begin + signed.len()].copy_from_slice(&signed);
    let (old, id) = (Digest::of(&head.statement), Digest::of(&signed));
    exchange(&mut bytes[..at as usize], old.hex().as_bytes(), id.hex().as_bytes());
    std::fs::write(path, &bytes).expect("a volume");
    let signer = key(1);
    let armour = sign(&signer, BUNDLE, &signed).expect("signed");
    append_signature(path, &id, &format!("sig/{}", signature_name("bundle", "person1", signer.public_key())), armour.as_bytes())
        .expect("there is room");
}

/// A text that may stay as it is.
const AS_IT_IS: (&str, &str) = ("airlift", "airlift");
const BASES_AS_THEY_ARE: (&str, &str) = ("airlift-bases", "airlift-bases");

#[test]
fn a_forged_delta_with_nothing_changed_is_taken() {
    let world = World::new();
    let full = world.pack(&lock(&world, 1), "one", None, &[1]);
    let receiver = world.receiver("receiver");
    world.import(&full, &receiver).expect("imported");
    world.import(&[forged(&world, &full, AS_IT_IS, BASES_AS_THEY_ARE)], &receiver).expect("or the other tests mean nothing");
    has(&receiver, 2);
}

#[test]
fn a_bad_digest_in_a_signed_document_keeps_no_other_bundle_out() {
    let world = World::new();
    let full = world.pack(&lock(&world, 1), "one", None, &[1]);
    let id = world.open(&full).expect("authentic").id.hex();
    let bad = format!("xyz{}", &id[3..]);
    let first = version(1)[0].clone();
    let granted = Digest::of(&first).hex();
    let other = format!("XYZ{}", &granted[3..]);
    for (n, (statement, bases)) in
        [((id.as_str(), bad.as_str()), BASES_AS_THEY_ARE), (AS_IT_IS, (granted.as_str(), other.as_str()))].into_iter().enumerate()
    {
        drop(std::fs::remove_dir_all(world.path("forged")));
        drop(std::fs::remove_dir_all(world.sender.root().join("packed")));
        let forged = forged(&world, &full, statement, bases);
        let (bundles, refused) = open_partly(&[forged.clone(), full[0].clone()], &world.root).expect("the medium can be read");
        assert_eq!((bundles.len(), refused.len()), (1, 1));
        assert_eq!(refused[0].kind(), Kind::Verification, "{}", refused[0]);
        let (host, receiver) = (Host::new(), world.receiver(&format!("receiver{n}")));
        let ran = host.run(&["--store", arg(receiver.root()), "import", arg(&forged), arg(&full[0])]);
        assert!(ran.code == Some(4) && ran.err.contains("imported as snapshot 1"), "{ran:?}");
        has(&receiver, 1);
    }
}

#[test]
fn a_wrong_size_of_a_blob_that_is_right_is_the_bundles_fault() {
    let world = World::new();
    let full = world.pack(&lock(&world, 1), "one", None, &[1]);
    let receiver = world.receiver("receiver");
    world.import(&full, &receiver).expect("imported");
    let (size, wrong) = ((9 * MIB + 11).to_string(), (9 * MIB + 12).to_string());
    let forged = forged(&world, &full, AS_IT_IS, (&size, &wrong));
    let refused = world.import(std::slice::from_ref(&forged), &receiver).expect_err("no blob has two sizes");
    assert!(refused.kind() == Kind::Verification && refused.to_string().contains("with a size that is not its"), "{refused}");
}

#[test]
fn deltas_do_not_add_up_to_more_than_the_root_allows() {
    for (blobs, allowed) in [(5, true), (4, false)] {
        let world = World::with_limits(1, 1, RootLimits { blobs: Some(blobs), ..RootLimits::default() });
        let full = world.pack(&lock(&world, 1), "one", None, &[1]);
        let more = [version(2), vec![crate::world::noise(500, 99)]].concat();
        let delta = world.pack_shaped(&world.lock("kit", &more), "two", None, &shape(vec![site(&world, &[&full])]));
        let opened = world.open(&delta).map(|bundle| bundle.table.blobs.len()).map_err(|error| error.kind());
        assert_eq!(opened, if allowed { Ok(4) } else { Err(Kind::Policy) }, "{blobs}: four are carried, five are in the lock");
    }
}

#[test]
fn what_waiting_bundles_are_made_from_is_forgotten_with_them() {
    let world = World::new();
    let (full, _) = two(&world);
    let receiver = world.receiver("receiver");
    let writer = receiver.writer().expect("the lock");
    let lock = world.open(&full).expect("authentic").lock_bytes().to_vec();
    let waiting = Waiting { name: "kit".into(), line: "main".into(), epoch: 0, seq: 1 };
    let there = |name: &str| Path::new(receiver.root()).join("waiting").join(name).exists();
    writer.await_rest(&waiting, &lock, &[Digest::of(b"base")]).expect("kept");
    assert!(there("kit@main.0.1.bases") && there("kit@main.0.1.json"));
    writer.await_rest(&waiting, &lock, &[]).expect("kept");
    assert!(!there("kit@main.0.1.bases") && there("kit@main.0.1.json"), "another bundle of that number needs none");
    writer.await_rest(&waiting, &lock, &[Digest::of(b"base")]).expect("kept");
    let path = receiver.root().join("waiting");
    std::fs::write(path.join("old@main.0.1.bases"), "").expect("what a kill leaves");
    writer.await_no_more(&Waiting { name: "another".into(), ..waiting.clone() }).expect("nothing of it waits");
    assert!(there("kit@main.0.1.bases") && !there("old@main.0.1.bases"), "only what nothing waits for is swept");
    writer.give_up_waiting().expect("given up");
    assert!(!there("kit@main.0.1.bases") && !there("kit@main.0.1.json"));
}
