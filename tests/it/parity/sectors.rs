//! Lost sectors, scattered and in a row, overwritten and unreadable.

use super::{MIB, Protected, SECTOR, one_in_a_hundred, scatter};
use crate::world::{World, key};
use airlift::bundle::{Authentic, ReadAt, Redundancy, find};
use airlift::error::Kind;
use airlift::steps::import::{Imported, import};
use airlift::steps::sign::sign;
use airlift::steps::verify::verify;
use std::io;
use std::sync::Arc;

/// A medium of which some sectors cannot be read.
#[derive(Debug)]
struct Failing {
    inner: Arc<dyn ReadAt>,
    lost: Vec<usize>,
}

impl ReadAt for Failing {
    fn fill_at(&self, bytes: &mut [u8], at: u64) -> io::Result<()> {
        let (from, to) = (at as usize, at as usize + bytes.len());
        match self.lost.iter().any(|lost| *lost < to && lost + SECTOR > from) {
            // EIO, what Linux gives for a sector that cannot be read.
            true => Err(io::Error::from_raw_os_error(5)),
            false => self.inner.fill_at(bytes, at),
        }
    }
}

#[test]
fn one_in_a_hundred_overwritten_sectors_come_back() {
    let set = Protected::new(None, 50, 0);
    for seed in 1..4 {
        set.reset();
        set.change(0, |bytes| assert!(scatter(bytes, seed) > 60));
        let refusal = set.world.verify(&set.folder()).expect_err("it is damaged");
        assert!(refusal.kind() == Kind::Verification && refusal.message().contains("damaged but repairable"), "{refusal}");
        let receiver = set.world.receiver(&format!("receiver-{seed}"));
        let Imported::Done { repaired, .. } = set.world.import(&set.folder(), &receiver).expect("imported") else { panic!("not new") };
        assert!(repaired.len() == 1 && repaired[0].contains("volume 1") && repaired[0].contains("places"), "{repaired:?}");
    }
}

#[test]
fn one_in_a_hundred_unreadable_sectors_come_back() {
    let set = Protected::new(None, 50, 0);
    let failing = || {
        let mut found = set.set();
        for volume in found.volumes.values_mut() {
            volume.file = Arc::new(Failing { inner: Arc::clone(&volume.file), lost: one_in_a_hundred(volume.length as usize, 9) });
        }
        Authentic::open(found, &set.world.root).expect("authentic")
    };
    let refusal = verify(failing(), &crate::world::verification(), None).expect_err("it is damaged");
    assert!(refusal.message().contains("damaged but repairable"), "{refusal}");
    let receiver = set.world.receiver("receiver");
    let outcome =
        import(failing(), &crate::world::journal(&receiver.writer().expect("the lock")), &crate::world::verification()).expect("imported");
    assert!(matches!(outcome, Imported::Done { repaired, .. } if repaired.len() == 1));
}

#[test]
fn a_scratch_comes_back_wherever_it_is() {
    let set = Protected::new(None, 50, 0);
    let (length, scratch) = (set.bytes[0].len(), MIB);
    for from in [0, set.head - 9000, set.head + 7 * MIB + 123, length * 9 / 10, length - scratch] {
        set.reset();
        set.change(0, |bytes| bytes[from..from + scratch].fill(0));
        let receiver = set.world.receiver(&format!("receiver-{from}"));
        set.world.import(&set.folder(), &receiver).unwrap_or_else(|e| panic!("from {from}: {e}"));
    }
}

#[test]
fn too_much_damage_is_told_with_what_would_help() {
    let set = Protected::new(None, 50, 0);
    set.change(0, |bytes| bytes[set.head + MIB..set.head + 6 * MIB].fill(0));
    let receiver = set.world.receiver("receiver");
    let refusal = set.world.import(&set.folder(), &receiver).expect_err("a fifth is lost");
    assert_eq!(refusal.kind(), Kind::Verification, "{refusal}");
    assert!(refusal.to_string().contains("more whole sectors") && refusal.to_string().contains("volume 1"), "{refusal}");
    assert!(receiver.current().expect("readable").is_none(), "something was installed");
}

#[test]
fn a_lost_stick_and_lost_sectors_come_back_together() {
    let set = Protected::new(Some(24 * MIB as u64), 50, 1);
    for lost in 0..set.volumes.len() {
        set.reset();
        for volume in (0..set.volumes.len()).filter(|v| *v != lost) {
            set.change(volume, |bytes| assert!(scatter(bytes, volume as u64 + 3) > 0));
        }
        std::fs::remove_file(&set.volumes[lost]).expect("removed");
        let receiver = set.world.receiver(&format!("receiver-{lost}"));
        set.world.import(&set.folder(), &receiver).unwrap_or_else(|e| panic!("without {lost}: {e}"));
    }
}

#[test]
fn every_sector_of_the_head_may_be_lost_one_at_a_time() {
    let set = Protected::new(None, 50, 0);
    for at in (0..set.head).step_by(SECTOR) {
        set.change(0, |bytes| bytes[at..at + SECTOR].fill(0xa5));
        set.world.open(&set.folder()).unwrap_or_else(|e| panic!("the head at {at}: {e}"));
        set.change(0, |bytes| bytes[at..at + SECTOR].copy_from_slice(&set.bytes[0][at..at + SECTOR]));
    }
    set.world.verify(&set.folder()).expect("all is as it was");
}

#[test]
fn who_signed_is_known_without_the_head() {
    let world = World::with_threshold(2, 2);
    let redundancy = Redundancy { permille: 50, spares: 0 };
    let written = world.try_protected(&world.lock("kit", &super::blobs()), "out", None, (None, None), redundancy).expect("packed");
    let head = find(&written.volumes).expect("a set")[0].volumes[&0].head.end as usize;
    for person in [1, 2] {
        let refusal = world.open(&written.volumes).expect_err("not enough people signed");
        assert_eq!(refusal.kind(), Kind::Verification, "{refusal}");
        sign(&written.statement, &written.volumes, &world.root, &key(person)).expect("signed");
    }
    let mut bytes = std::fs::read(&written.volumes[0]).expect("a volume");
    bytes[..head].fill(0x33);
    std::fs::write(&written.volumes[0], &bytes).expect("a volume");
    let bundle = world.open(&written.volumes).expect("both signatures are in the second room");
    assert_eq!(bundle.judged.tally.people(), 2);
    // Without that room nobody knows who signed.
    let length = bytes.len();
    bytes[length - 17 * SECTOR..].fill(0);
    std::fs::write(&written.volumes[0], &bytes).expect("a volume");
    assert_eq!(world.open(&written.volumes).expect_err("no signature is left").kind(), Kind::Verification);
}
