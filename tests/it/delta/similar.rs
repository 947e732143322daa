//! What a blob is compared with where its name says nothing: packages under another name, layers of images.

use super::shape;
use crate::world::{World, noise, text};
use airlift::artifact::{Artifact, Descriptor, Digest, Learned};
use airlift::lock::Lock;
use airlift::progress::Silent;
use airlift::steps::delta::{Preparing, Site, prepare};
use std::io::{Cursor, Write};

/// An artifact with these blobs, which are put into the sender's store.
fn artifact(world: &World, (name, version): (&str, &str), blobs: &[(Option<&str>, Vec<u8>)]) -> Artifact {
    world.lock("put", &blobs.iter().map(|(_, bytes)| bytes.clone()).collect::<Vec<_>>());
    let descriptors = blobs.iter().map(|(file, bytes)| Descriptor {
        media_type: "application/octet-stream".to_owned(),
        digest: Digest::of(bytes),
        size: bytes.len() as u64,
        name: file.map(str::to_owned),
        origins: vec!["https://example.org/blob".to_owned()],
        learned: Learned::Pinned,
        side_digests: std::collections::BTreeMap::default(),
    });
    Artifact {
        ecosystem: "files".to_owned(),
        sections: vec!["all".to_owned()],
        name: name.to_owned(),
        version: version.to_owned(),
        descriptors: descriptors.collect(),
        subject: None,
        meta: serde_json::Value::Null,
    }
}

/// What each blob of a new lock is made from, for a receiver that has the old one.
fn made_from(world: &World, old: Vec<Artifact>, new: Vec<Artifact>) -> impl Fn(&[u8]) -> Vec<Digest> {
    let lock = |name: &str, artifacts| Lock::new(name.to_owned(), "main".to_owned(), Digest::of(b"manifest"), artifacts).expect("a lock");
    let mut site = Site::default();
    site.add(&lock("old", old), (Digest::of(b"bundle"), 0, 1));
    let (new, shape) = (lock("new", new), shape(vec![site]));
    let work = Preparing { lock: &new, store: &world.sender, shape: &shape, threads: 2, progress: &Silent };
    let made = prepare(&work).expect("prepared");
    move |bytes| made.bases.of(&Digest::of(bytes)).iter().map(|(digest, _)| *digest).collect()
}

fn zip(files: &[Vec<u8>]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
    for (n, file) in files.iter().enumerate() {
        zip.start_file(format!("member-{n}"), options).expect("a member");
        zip.write_all(file).expect("room");
    }
    zip.finish().expect("a zip").into_inner()
}

/// A layer as it is unpacked; within gzip it has the same parts.
fn layer(files: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Vec::new();
    for file in files {
        let mut head = [0u8; 512];
        head[..4].copy_from_slice(b"file");
        head[124..135].copy_from_slice(format!("{:011o}", file.len()).as_bytes());
        head[156] = b'0';
        head[148..156].copy_from_slice(&[b' '; 8]);
        let sum: u64 = head.iter().map(|byte| u64::from(*byte)).sum();
        head[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        out.extend_from_slice(&head);
        out.extend_from_slice(file);
        out.resize(out.len().next_multiple_of(512), 0);
    }
    out.resize(out.len() + 1024, 0);
    out
}

/// Files of which one is of a version; what has another seed has other files of the same lengths.
fn files(seed: u64, version: u64) -> Vec<Vec<u8>> {
    // Half of each byte, as a listing of digests has it: it shrinks, and only by what encoders do first.
    let listing = |n: u64| noise(1500 + n as usize * 100, seed * 100 + n).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut files: Vec<Vec<u8>> = (0..12).map(|n| listing(n).into_bytes()).collect();
    files[3] = text(1000 + version as usize, seed * 1000 + version);
    files
}

#[test]
fn a_package_under_another_projects_name_is_found_by_its_members() {
    let world = World::new();
    let (old, new) = (zip(&files(1, 1)), zip(&files(1, 2)));
    // Others of its size, one of them the nearest by far.
    let others: Vec<Vec<u8>> = (2..12).map(|seed| zip(&files(seed, 2))).collect();
    let named: Vec<String> = (0..others.len()).map(|n| format!("other_{n}-1.0.whl")).collect();
    let mut before: Vec<Artifact> = others
        .iter()
        .zip(&named)
        .map(|(bytes, file)| artifact(&world, (file.trim_end_matches("-1.0.whl"), "1.0"), &[(Some(file), bytes.clone())]))
        .collect();
    before.push(artifact(&world, ("project", "1.0"), &[(Some("project-1.0.whl"), old.clone())]));
    let after = vec![artifact(&world, ("fork-of-it", "7.1"), &[(Some("fork_of_it-7.1.whl"), new.clone())])];
    assert_eq!(made_from(&world, before, after)(&new), [Digest::of(&old)]);
}

#[test]
fn a_layer_is_found_in_another_repository_and_behind_a_new_one() {
    let layers = |version: u64| -> Vec<Vec<u8>> { (1..6).map(|seed| layer(&files(seed, version))).collect() };
    let unnamed = |layers: &[Vec<u8>]| layers.iter().map(|layer| (None, layer.clone())).collect::<Vec<_>>();
    let (old, new) = (layers(1), layers(2));
    let others: Vec<Vec<u8>> = (20..30).map(|seed| layer(&files(seed, 2))).collect();
    // One that is like nothing, and one that is like a layer of another repository.
    let in_front = [vec![layer(&files(50, 1)), layer(&files(25, 3))], new.clone()].concat();
    for (name, now) in [("registry/team/app", &in_front), ("elsewhere/fork", &new), ("elsewhere/fork", &in_front)] {
        let world = World::new();
        let before =
            vec![artifact(&world, ("registry/base", "1"), &unnamed(&others)), artifact(&world, ("registry/team/app", "1"), &unnamed(&old))];
        let made_from = made_from(&world, before, vec![artifact(&world, (name, "2"), &unnamed(now))]);
        for (n, (was, is)) in old.iter().zip(&new).enumerate() {
            assert_eq!(made_from(is), [Digest::of(was)], "layer {n} of {name}, {} layers", now.len());
        }
        assert!(made_from(&in_front[0]).is_empty(), "nothing is like what is new");
        let taken: &[Digest] = if now.len() > new.len() { &[Digest::of(&others[5])] } else { &[] };
        assert_eq!(made_from(&in_front[1]), taken, "a layer that was in another repository");
    }
}

#[test]
fn what_is_like_nothing_is_not_recoded_against_its_neighbour_in_size() {
    let world = World::new();
    let before = vec![artifact(&world, ("one", "1"), &[(Some("one.whl"), zip(&files(1, 1)))])];
    let new = zip(&files(2, 1));
    let lock = |artifacts| Lock::new("kit".to_owned(), "main".to_owned(), Digest::of(b"manifest"), artifacts).expect("a lock");
    let mut site = Site::default();
    site.add(&lock(before), (Digest::of(b"bundle"), 0, 1));
    let (after, shape) = (lock(vec![artifact(&world, ("two", "1"), &[(Some("two.whl"), new)])]), shape(vec![site]));
    let work = Preparing { lock: &after, store: &world.sender, shape: &shape, threads: 2, progress: &Silent };
    let cost = airlift::steps::delta::foresee(&work).expect("foreseen");
    assert_eq!((cost.whole.0, cost.recoded.0), (1, 0), "time would be spent on it for nothing");
}

/// Many small blobs are recoded side by side: how many at a time decides nothing of what comes out.
#[test]
fn the_same_streams_come_out_on_any_number_of_threads() {
    let world = World::new();
    let hex = |seed: u64| noise(12_000, seed).iter().map(|byte| format!("{byte:02x}")).collect::<String>().into_bytes();
    let versions = [0, 1].map(|revision: u64| {
        (0..24).map(|n: u64| [hex(n), noise(10 + n as usize * 3, 1000 * revision + n), hex(500 + n)].concat()).collect::<Vec<_>>()
    });
    let [old, new] = versions.each_ref().map(|blobs| world.lock("kit", blobs));
    let mut site = Site::default();
    site.add(&old, (Digest::of(b"bundle"), 0, 1));
    let shape = shape(vec![site]);
    let made = |threads| {
        let work = Preparing { lock: &new, store: &world.sender, shape: &shape, threads, progress: &Silent };
        let made = prepare(&work).expect("prepared");
        let bytes = |stream: &airlift::bundle::Stream| {
            let mut bytes = vec![0; stream.length as usize];
            std::os::unix::fs::FileExt::read_exact_at(&*stream.file, &mut bytes, stream.at).expect("it is there");
            bytes
        };
        (made.bases.to_bytes(), made.streams.iter().map(|(digest, stream)| (*digest, bytes(stream))).collect::<Vec<_>>())
    };
    let one = made(1);
    assert_eq!(one.1.len(), 24, "each is made from its old version");
    for threads in [2, 3, 8, 64] {
        assert!(made(threads) == one, "{threads} threads");
    }
}
