//! Streams that were made to harm: what they may cost, and what they cannot reach.

use super::{BOUNDS, MIB, Receiver, id, large, records, small};
use crate::host::{AIRLIFT, Host, Ran, arg};
use crate::stock::need;
use crate::world::{World, noise};
use airlift::artifact::Digest;
use airlift::error::Kind;
use airlift::stream::{Bounds, Content, HEADER, Header, Scanner};
use std::os::unix::fs::MetadataExt;

/// A record that nobody's volume has, with a check that is right.
fn forged(change: impl FnOnce(&mut Header)) -> Vec<u8> {
    let mut header = Header {
        bundle: Digest::of(b"no bundle"),
        edition: [7; 8],
        volume: 0,
        volumes: 1,
        length: 1 << 20,
        offset: 0,
        payload: 1024,
        content: Content::Data,
    };
    change(&mut header);
    header.record(&vec![0xa5; usize::from(header.payload)])
}

fn is_record(bytes: &[u8]) -> bool {
    let mut scanner = Scanner::default();
    scanner.feed(bytes);
    scanner.close();
    scanner.record().is_some()
}

#[test]
fn headers_that_break_a_rule_are_no_records() {
    let recovery = |originals, recoveries, index| Content::Recovery { originals, recoveries, index };
    assert!(is_record(&forged(|_| {})));
    assert!(is_record(&forged(|h| h.content = recovery(4, 20, 19))));
    let broken: [(&str, Box<dyn FnOnce(&mut Header)>); 18] = [
        ("no payload", Box::new(|h| h.payload = 0)),
        ("half a block", Box::new(|h| h.payload = 768)),
        ("a payload too long", Box::new(|h| h.payload = 65535)),
        ("a volume beyond the count", Box::new(|h| h.volume = 1)),
        ("no volumes", Box::new(|h| h.volumes = 0)),
        ("too many volumes", Box::new(|h| h.volumes = 1000)),
        ("no length", Box::new(|h| h.length = 0)),
        ("an odd length", Box::new(|h| h.length = 1000)),
        ("a length beyond 2^53", Box::new(|h| h.length = 1 << 53)),
        ("the longest number", Box::new(|h| h.length = u64::MAX / 512 * 512)),
        ("at the end", Box::new(|h| h.offset = 1 << 20)),
        ("far beyond the end", Box::new(|h| h.offset = u64::MAX / 1024 * 1024)),
        ("between two records", Box::new(|h| h.offset = 512)),
        ("no originals", Box::new(move |h| h.content = recovery(0, 1, 0))),
        ("no recoveries", Box::new(move |h| h.content = recovery(4, 0, 0))),
        ("a recovery beyond the count", Box::new(move |h| h.content = recovery(4, 2, 2))),
        ("too many recoveries", Box::new(move |h| h.content = recovery(4, 21, 0))),
        ("a group too long", Box::new(move |h| h.content = recovery(4097, 2, 0))),
    ];
    for (what, change) in broken {
        assert!(!is_record(&forged(change)), "{what}");
    }
    for at in [8, 9, 38] {
        let mut bytes = forged(|_| {});
        bytes[at] = 0x7f;
        let end = bytes.len() - 16;
        let check = blake3::hash(&bytes[..end]);
        bytes[end..].copy_from_slice(&check.as_bytes()[..16]);
        assert!(!is_record(&bytes), "byte {at}");
    }
}

#[test]
fn a_length_beyond_the_limit_or_the_disk_costs_nothing() {
    let (world, volume) = small();
    let largest = forged(|h| h.length = (1 << 53) - 512);
    let mut receiver = Receiver::new(world.path("limit"));
    let error = receiver.pour(&largest, usize::MAX).expect_err("too much");
    assert!(error.kind() == Kind::Policy && error.to_string().contains("--max-bytes"), "{error}");
    assert_eq!(receiver.folder.read_dir().unwrap().count(), 0);
    let mut receiver = Receiver::bounded(world.path("disk"), Bounds { bytes: u64::MAX, ..BOUNDS });
    assert_eq!(receiver.pour(&largest, usize::MAX).expect_err("too much").kind(), Kind::Space);
    assert_eq!(receiver.folder.read_dir().unwrap().count(), 0);
    // The sum counts: each volume alone would do.
    let mut receiver = Receiver::bounded(world.path("sum"), Bounds { bytes: 3 << 20, ..BOUNDS });
    for volume in 0..3 {
        receiver.pour(&forged(|h| (h.volume, h.volumes) = (volume, 999)), usize::MAX).expect("not yet too much");
    }
    assert_eq!(receiver.pour(&forged(|h| (h.volume, h.volumes) = (3, 999)), usize::MAX).expect_err("too much").kind(), Kind::Policy);
    // Who knows what to expect is not disturbed.
    let mut receiver = Receiver::bounded(world.path("asked"), Bounds { bundle: Some(id(&volume)), ..BOUNDS });
    receiver.takes(&[largest]);
    receiver.takes(&records(std::slice::from_ref(&volume), 1472, 0));
    receiver.holds(&[volume]);
    assert_eq!(receiver.assembly.tally().other, 1);
}

#[test]
fn a_claimed_length_takes_no_disk() {
    let world = World::new();
    let mut receiver = Receiver::new(world.path("in"));
    receiver.takes(&[forged(|h| (h.length, h.offset) = (1 << 30, (1 << 30) - 1024))]);
    receiver.assembly.save().expect("room");
    let taken: u64 = receiver.folder.read_dir().unwrap().map(|e| e.unwrap().metadata().unwrap().blocks() * 512).sum();
    assert!(taken < 64 << 10, "{taken} bytes for one record");
}

#[test]
fn records_that_disagree_are_counted_and_not_used() {
    let (world, volumes) = large();
    let mut all = records(&volumes, 1472, 0);
    let mut receiver = Receiver::new(world.path("in"));
    receiver.takes(&all.drain(..1).collect::<Vec<_>>());
    let first = Header::read(&records(&volumes, 1472, 0)[0]).expect("a header");
    let wrong: [fn(&mut Header); 3] = [|h| h.length += 512, |h| (h.volume, h.volumes) = (0, 3), |h| h.edition = [1; 8]];
    for change in wrong {
        let mut header = Header { offset: 4 << 20, ..first };
        change(&mut header);
        receiver.takes(&[header.record(&[0xa5; 1024])]);
    }
    assert_eq!((receiver.assembly.tally().disagreeing, receiver.assembly.tally().taken), (3, 1));
    receiver.takes(&all);
    receiver.holds(&volumes);
}

#[test]
fn a_group_that_reaches_beyond_its_volume_is_none() {
    let (world, volume) = small();
    let first = Header::read(&records(std::slice::from_ref(&volume), 1472, 0)[0]).expect("a header");
    let mut receiver = Receiver::new(world.path("in"));
    let content = Content::Recovery { originals: 4096, recoveries: 1, index: 0 };
    receiver.takes(&[Header { content, ..first }.record(&[0xa5; 1024])]);
    assert_eq!(receiver.assembly.tally().disagreeing, 1);
}

#[test]
fn bytes_that_are_no_volume_are_removed_and_come_again() {
    let (world, volume) = small();
    let records = records(std::slice::from_ref(&volume), 1472, 0);
    let mut receiver = Receiver::new(world.path("in"));
    let header = Header::read(&records[0]).expect("a header");
    receiver.takes(&[header.record(&[0xa5; 1024])]);
    receiver.takes(&records);
    assert_eq!((receiver.assembly.tally().discarded, receiver.names().len()), (1, 0), "its head is not the bundle's");
    receiver.takes(&records);
    receiver.holds(&[volume]);
}

#[test]
fn another_bundle_is_named_and_not_mixed_in() {
    let (world, first) = small();
    let second = world.pack(&world.lock("other", &[noise(150_000, 9)]), "other", None, &[1]).remove(0);
    let (a, b) = (records(std::slice::from_ref(&first), 1472, 10), records(std::slice::from_ref(&second), 1472, 10));
    let mixed: Vec<Vec<u8>> = a.iter().zip(b.iter().cycle()).flat_map(|(a, b)| [a.clone(), b.clone()]).collect();
    let mut receiver = Receiver::new(world.path("in"));
    receiver.takes(&mixed);
    receiver.holds(&[first]);
    assert_eq!(receiver.assembly.tally().others.iter().copied().collect::<Vec<_>>(), [id(&second)]);
    let mut receiver = Receiver::bounded(world.path("asked"), Bounds { bundle: Some(id(&second)), ..BOUNDS });
    receiver.takes(&mixed);
    receiver.holds(&[second]);
}

/// The peak of a process in KiB, told on its standard error's last line.
const MEASURE: &str = "import os, resource, subprocess, sys
code = subprocess.call(sys.argv[2:], stdin=open(sys.argv[1], 'rb'), stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)";

#[test]
fn whatever_comes_memory_is_bounded() {
    let Some(python) = need("python3") else { return };
    let host = Host::new();
    let mut stream = Vec::new();
    // A block of each 16 MiB of a long volume, and recovery records for more groups than are held, each of the largest group.
    for n in 0..256_u64 {
        let place = move |h: &mut Header| (h.payload, h.length, h.offset) = (32768, 4 << 30, n << 24);
        stream.extend(forged(place));
        for index in 0..if n < 24 { 100 } else { 1 } {
            stream.extend(forged(|h| {
                place(h);
                h.offset += 4 << 20;
                h.content = Content::Recovery { originals: 128, recoveries: 144, index };
            }));
        }
    }
    // Beginnings of the longest records, one in the other.
    let beginning = forged(|h| h.payload = 65024)[..HEADER].to_vec();
    (0..100_000).for_each(|_| stream.extend_from_slice(&beginning[..40]));
    host.write("stream", &stream);
    let mut command = host.program(python);
    command.args(["-c", MEASURE, arg(&host.path("stream")), AIRLIFT, "receive", "--out", "in"]);
    let ran = Ran::of(command.output().expect("python runs"));
    assert_eq!(ran.code, Some(3), "{}", ran.err);
    let peak: u64 = ran.out.trim().parse().expect("a number");
    println!("peak memory of receive in KiB: {peak}, for a stream of {} MiB", stream.len() / MIB);
    assert!(peak <= 128 << 10, "{peak} KiB");
}
