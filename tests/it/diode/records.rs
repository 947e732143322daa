//! The stream itself: lost, doubled, damaged, out of order, from anywhere on.

use super::{Receiver, chance, id, large, records, small};
use airlift::stream::{CHECK, Content, HEADER, Header, Scanner};
use proptest::prelude::*;
use std::path::PathBuf;
use std::sync::OnceLock;

/// One bundle for all cases: the volume, its records, and a world that keeps the file.
fn shared() -> &'static (PathBuf, Vec<Vec<u8>>) {
    static SHARED: OnceLock<(crate::world::World, (PathBuf, Vec<Vec<u8>>))> = OnceLock::new();
    &SHARED
        .get_or_init(|| {
            let (world, volume) = small();
            let records = records(std::slice::from_ref(&volume), 1472, 10);
            (world, (volume, records))
        })
        .1
}

/// What a bad channel does to the nth record.
#[derive(Debug, Clone)]
enum Fault {
    Drop,
    Double,
    Flip(usize),
    Cut(usize),
    Garbage(Vec<u8>),
    Swap(usize),
}

fn faults() -> impl Strategy<Value = Vec<(usize, Fault)>> {
    let fault = prop_oneof![
        Just(Fault::Drop),
        Just(Fault::Double),
        (0_usize..1_000_000).prop_map(Fault::Flip),
        (0_usize..1_000_000).prop_map(Fault::Cut),
        proptest::collection::vec(any::<u8>(), 0..300).prop_map(Fault::Garbage),
        Just(Fault::Garbage(b"ALSTREAM".to_vec())),
        (0_usize..1_000_000).prop_map(Fault::Swap),
    ];
    proptest::collection::vec((0_usize..1_000_000, fault), 0..120)
}

/// What arrives, and which records of it are harmed.
fn harm(records: &[Vec<u8>], faults: &[(usize, Fault)]) -> Vec<Vec<u8>> {
    let mut out = records.to_vec();
    for (at, fault) in faults {
        let at = at % out.len();
        match fault {
            Fault::Drop => out[at].clear(),
            Fault::Double => {
                let again = out[at].clone();
                out.insert(at, again);
            }
            Fault::Flip(bit) if !out[at].is_empty() => {
                let bit = bit % (out[at].len() * 8);
                out[at][bit / 8] ^= 1 << (bit % 8);
            }
            Fault::Cut(length) => {
                let length = length % (out[at].len() + 1);
                out[at].truncate(length);
            }
            Fault::Garbage(bytes) => out.insert(at, bytes.clone()),
            Fault::Swap(with) => {
                let with = with % out.len();
                out.swap(at, with);
            }
            Fault::Flip(_) => {}
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_the_channel_does_a_later_round_fills_the_gaps(faults in faults(), piece in 1_usize..5000, start in 0_usize..1_000_000) {
        let (volume, records) = shared();
        let folder = tempfile::TempDir::new().unwrap();
        let mut receiver = Receiver::new(folder.path().join("in"));
        let first = harm(records, &faults).concat();
        receiver.pour(&first[start % first.len()..], piece).unwrap();
        if !receiver.assembly.is_complete() {
            prop_assert!(receiver.names().is_empty(), "nothing has its name before all of it is here");
            receiver.pour(&records.concat(), piece).unwrap();
        }
        receiver.holds(std::slice::from_ref(volume));
    }

    #[test]
    fn intact_records_are_found_in_anything(garbage in proptest::collection::vec(any::<u8>(), 0..4000), piece in 1_usize..3000, n in 0_usize..100) {
        let (_, records) = shared();
        let mut scanner = Scanner::default();
        let bytes = [&garbage, &records[n], &garbage[..garbage.len() / 2], &records[n + 1]].concat();
        let mut found = Vec::new();
        for piece in bytes.chunks(piece) {
            scanner.feed(piece);
            while let Some(record) = scanner.record() {
                found.push(record.header.record(record.payload));
            }
        }
        prop_assert!(found.contains(&records[n]) && found.contains(&records[n + 1]));
        prop_assert_eq!(scanner.skipped() as usize, garbage.len() + garbage.len() / 2);
    }
}

#[test]
fn every_flipped_bit_of_a_record_is_noticed() {
    let record = &shared().1[7];
    for bit in 0..record.len() * 8 {
        let mut flipped = record.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let mut scanner = Scanner::default();
        scanner.feed(&flipped);
        scanner.close();
        assert!(scanner.record().is_none(), "bit {bit}");
        assert_eq!(scanner.skipped() as usize, record.len());
    }
}

#[test]
fn five_in_a_hundred_lost_at_random_need_one_round() {
    let (world, volumes) = large();
    for (packet, seed) in [(1472, 1), (1472, 2), (9000, 3), (65507, 4)] {
        let mut lost = chance(seed, 100);
        let records = records(&volumes, packet, 12);
        let mut receiver = Receiver::new(world.path(&format!("in-{packet}-{seed}")));
        receiver.takes(records.iter().filter(|_| lost() >= 5));
        receiver.holds(&volumes);
        assert!(receiver.assembly.tally().recovered > 0);
    }
}

#[test]
fn a_burst_is_recovered_and_one_that_is_too_long_waits_for_the_next_round() {
    let (world, volumes) = large();
    let records = records(&volumes, 1472, 10);
    let mut receiver = Receiver::new(world.path("in"));
    receiver.takes(records[..1000].iter().chain(&records[1400..]));
    receiver.holds(&volumes);
    assert_eq!(receiver.assembly.tally().recovered, 400);
    let mut receiver = Receiver::new(world.path("again"));
    receiver.takes(records[..1000].iter().chain(&records[1500..]));
    assert_eq!(receiver.assembly.missing()[0].bytes, Some(500 * 1024), "a group of 4096 has 418 recovery records");
    receiver.takes(&records[1000..1100]);
    receiver.holds(&volumes);
}

#[test]
fn recovery_records_may_come_first_and_rounds_may_have_other_records() {
    let (world, volumes) = large();
    let small = records(&volumes, 1472, 10);
    let is_data = |record: &&Vec<u8>| Header::read(record).expect("a header").content == Content::Data;
    let mut receiver = Receiver::new(world.path("in"));
    let (data, recovery): (Vec<_>, Vec<_>) = small.iter().partition(is_data);
    receiver.takes(recovery.into_iter().chain(data.into_iter().enumerate().filter(|(n, _)| n % 25 > 0).map(|(_, record)| record)));
    assert!(receiver.assembly.tally().recovered > 100, "of as many groups as recovery records are held for");
    receiver.takes(&records(&volumes, 4096, 0));
    receiver.holds(&volumes);
}

#[test]
fn one_record_is_pinned_to_the_byte() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/bundle/good.airlift");
    let records = records(std::slice::from_ref(&path), 1472, 10);
    let length = std::fs::metadata(&path).expect("a vector").len();
    let mut header = b"ALSTREAM\x01\x00\x00\x04\x00\x00\x01\x00".to_vec();
    header.extend_from_slice(&length.to_le_bytes());
    header.extend_from_slice(&1024_u64.to_le_bytes());
    header.extend_from_slice(&[0; 8]);
    assert_eq!(records[1][..40], header);
    assert_eq!(records[1][48..80], *id(&path).as_bytes());
    assert_eq!(records[1][HEADER..HEADER + 1024], std::fs::read(&path).expect("a vector")[1024..2048]);
    assert_eq!(records[1].len(), HEADER + 1024 + CHECK);
    assert_eq!(records[1][HEADER + 1024..], blake3::hash(&records[1][..HEADER + 1024]).as_bytes()[..CHECK]);
    let all = blake3::hash(&records.concat()).to_hex().to_string();
    assert_eq!(
        (records.len(), &all[..32]),
        (102, "cddbc7521f54dc32ded0cd492b6800e8"),
        "the stream of the good bundle, recovery records included"
    );
}
