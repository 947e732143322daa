//! The corruption matrix for what deltas add: lists of bases, streams, sizes and digests of theirs.

use super::{has, two, version};
use crate::world::{World, state, verification};
use airlift::artifact::Digest;
use airlift::bundle::{BASES, Encoding, find};
use airlift::error::{Error, Kind};
use airlift::steps::verify::verify;
use airlift::store::Store;
use std::path::{Path, PathBuf};

struct Set {
    world: World,
    receiver: Store,
    volume: PathBuf,
    bytes: Vec<u8>,
}

fn set() -> Set {
    let world = World::new();
    let (full, delta) = two(&world);
    let receiver = world.receiver("receiver");
    world.import(&full, &receiver).expect("imported");
    let bytes = std::fs::read(&delta[0]).expect("a volume");
    Set { world, receiver, volume: delta[0].clone(), bytes }
}

impl Set {
    /// What import says of changed bytes; what earlier ones took in is removed, or it would not be read again.
    fn refused(&self, what: &str, changed: &[u8]) -> Error {
        std::fs::write(&self.volume, changed).expect("a volume");
        for bytes in version(2).iter().skip(1) {
            let hex = Digest::of(bytes).hex();
            drop(std::fs::remove_file(self.receiver.root().join("blobs/sha256").join(&hex[..2]).join(hex)));
        }
        let before = kept(self.receiver.root());
        let error = self.world.import(std::slice::from_ref(&self.volume), &self.receiver).expect_err(what);
        assert_eq!(error.kind(), Kind::Verification, "{what}: {error}");
        assert_eq!(kept(self.receiver.root()), before, "{what}: something was left behind");
        let checked = self.world.open(std::slice::from_ref(&self.volume)).and_then(|b| verify(b, &verification(), Some(&self.receiver)));
        assert_eq!(checked.map(|_| ()).expect_err(what).kind(), Kind::Verification, "{what}: verify");
        error
    }

    fn flipped(&self, at: usize) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        bytes[at] ^= 1 << (at % 8);
        bytes
    }
}

fn kept(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    state(folder).into_iter().filter(|(path, _)| !path.starts_with("blobs") && !path.starts_with("partial")).collect()
}

#[test]
fn no_byte_of_the_list_of_bases_nor_of_a_stream_changes_unseen() {
    let set = set();
    let bundle = set.world.open(std::slice::from_ref(&set.volume)).expect("authentic");
    let (at, size) = bundle.head().places[BASES];
    for at in (at..at + size).step_by(71) {
        set.refused(&format!("byte {at} of the list of bases"), &set.flipped(at as usize));
    }
    for blob in bundle.table.blobs.iter().filter(|blob| blob.encoding == Encoding::Recoded) {
        for frame in bundle.table.frames_of(blob) {
            let (from, to) = (frame.offset as usize, frame.offset as usize + frame.stored as usize);
            for at in (from..to).step_by(frame.stored as usize / 6 + 1).chain([to - 1]) {
                let error = set.refused(&format!("byte {at} of a stream"), &set.flipped(at));
                assert!(error.to_string().contains("frame 1 of 1") && error.to_string().contains("blake3"), "{error}");
            }
        }
    }
    let length = set.bytes.len();
    for length in [length - 1, length - 1024, bundle.head().end as usize + 600] {
        set.refused(&format!("cut to {length}"), &set.bytes[..length]);
    }
    std::fs::write(&set.volume, &set.bytes).expect("a volume");
    set.world.import(std::slice::from_ref(&set.volume), &set.receiver).expect("the whole one");
    has(&set.receiver, 2);
}

#[test]
fn streams_that_are_swapped_are_refused() {
    let set = set();
    let bundle = set.world.open(std::slice::from_ref(&set.volume)).expect("authentic");
    let streams: Vec<_> = bundle.table.blobs.iter().filter(|b| b.is_recoded()).map(|b| bundle.table.frames_of(b)[0]).collect();
    let least = streams.iter().map(|frame| frame.stored as usize).min().expect("two");
    let (a, b) = (streams[0].offset as usize, streams[1].offset as usize);
    let mut swapped = set.bytes.clone();
    swapped[a..a + least].copy_from_slice(&set.bytes[b..b + least]);
    swapped[b..b + least].copy_from_slice(&set.bytes[a..a + least]);
    set.refused("two streams exchanged", &swapped);
    let mut doubled = set.bytes.clone();
    doubled.copy_within(a..a + least, b);
    set.refused("one stream twice", &doubled);
}

#[test]
fn stock_tools_see_a_recoded_member() {
    let set = set();
    let ran = std::process::Command::new("tar").arg("tf").arg(&set.volume).output().expect("tar");
    let names = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(
        ran.status.success() && names.contains("bases.json") && names.lines().any(|n| n.starts_with("blobs/") && n.ends_with(".recoded")),
        "{names}"
    );
    assert_eq!(find(std::slice::from_ref(&set.volume)).expect("a set").len(), 1);
}
