//! Signatures that come later: many of them, several at once, and some that are not what their names say.

use crate::world::{World, key, noise};
use airlift::artifact::Digest;
use airlift::bundle::{Head, append_signature, find};
use airlift::error::Kind;
use airlift::steps::sign::sign;
use airlift::trust::{BUNDLE, Signer, sign as armour, signature_name};
use std::fs::File;
use std::path::PathBuf;

const MIB: usize = 1 << 20;

fn packed(people: u8, volume_size: Option<u64>) -> (World, Vec<PathBuf>, Vec<u8>) {
    let world = World::with_threshold(people, 1);
    let bytes = if volume_size.is_some() { 30 * MIB } else { 100 };
    let volumes = world.pack(&world.lock("kit", &[noise(bytes, 1)]), "out", volume_size, &[]);
    let statement = statement(&volumes);
    (world, volumes, statement)
}

fn statement(volumes: &[PathBuf]) -> Vec<u8> {
    find(volumes).expect("a set")[0].volumes[&0].head.statement.to_vec()
}

fn signatures(volume: &PathBuf) -> usize {
    Head::read(volume, &File::open(volume).expect("a volume")).expect("a head").signatures.len()
}

#[test]
fn a_65th_signature_is_refused_and_changes_nothing() {
    let (world, volumes, statement) = packed(1, None);
    let id = Digest::of(&statement);
    sign(&statement, &volumes, &world.root, &key(1)).expect("signed");
    for n in 1..64 {
        append_signature(&volumes[0], &id, &format!("sig/bundle.n{n}.sshsig"), b"-").expect("there is room");
    }
    let before = std::fs::read(&volumes[0]).expect("a volume");
    let refusal = append_signature(&volumes[0], &id, "sig/bundle.n64.sshsig", b"-").expect_err("64 are the most");
    assert_eq!(refusal.kind(), Kind::Space);
    assert!(std::fs::read(&volumes[0]).expect("a volume") == before, "a refused signature left something behind");
    assert_eq!(signatures(&volumes[0]), 64);
}

#[test]
fn a_signature_that_no_reader_takes_is_not_written() {
    let (_world, volumes, statement) = packed(1, None);
    let before = std::fs::read(&volumes[0]).expect("a volume");
    let refusal =
        append_signature(&volumes[0], &Digest::of(&statement), "sig/long.sshsig", &b"-".repeat((16 << 10) + 1)).expect_err("too long");
    assert_eq!(refusal.kind(), Kind::Space);
    assert!(std::fs::read(&volumes[0]).expect("a volume") == before, "a refused signature left something behind");
}

#[test]
fn people_who_sign_at_once_lose_nothing() {
    let (world, volumes, statement) = packed(16, Some(14 * MIB as u64));
    assert!(volumes.len() > 1);
    std::thread::scope(|scope| {
        for person in 1..=16 {
            let (world, volumes, statement) = (&world, &volumes, &statement);
            scope.spawn(move || sign(statement, volumes, &world.root, &key(person)).expect("signed"));
        }
    });
    for volume in &volumes {
        assert_eq!(signatures(volume), 16);
    }
    assert_eq!(world.verify(&volumes).expect("all signed").bundle().judged.tally.people(), 16);
}

/// The name under which a person's signature goes into a volume.
fn name(person: u8) -> String {
    format!("sig/{}", signature_name("bundle", &format!("person{person}"), key(person).public_key()))
}

#[test]
fn another_keys_signature_under_my_name_is_not_mine() {
    let (world, volumes, statement) = packed(2, None);
    let mallorys = armour(&key(77), BUNDLE, &statement).expect("signed");
    append_signature(&volumes[0], &Digest::of(&statement), &name(1), mallorys.as_bytes()).expect("there is room");
    let refusal = sign(&statement, &volumes, &world.root, &key(1)).expect_err("it is not person1's");
    assert_eq!(refusal.kind(), Kind::Verification);
    assert!(refusal.to_string().contains(&name(1)) && refusal.to_string().contains("copy the volume again"), "{refusal}");
    sign(&statement, &volumes, &world.root, &key(2)).expect("others can sign");
}

#[test]
fn a_damaged_signature_of_mine_is_called_so_before_anything_is_written() {
    let (world, volumes, statement) = packed(1, Some(14 * MIB as u64));
    let mut damaged = armour(&key(1), BUNDLE, &statement).expect("signed").into_bytes();
    damaged[100] ^= 1;
    append_signature(&volumes[1], &Digest::of(&statement), &name(1), &damaged).expect("there is room");
    let before = std::fs::read(&volumes[0]).expect("a volume");
    let refusal = sign(&statement, &volumes, &world.root, &key(1)).expect_err("volume 2 is damaged");
    let text = refusal.to_string();
    assert!(refusal.kind() == Kind::Verification && text.contains(".002.airlift") && text.contains("damaged"), "{text}");
    assert!(std::fs::read(&volumes[0]).expect("a volume") == before, "the first volume was signed all the same");
}
