//! Lost sticks: any k of n suffice.

use super::{MIB, Protected};
use crate::world::state;
use airlift::artifact::{Blobs, Digest};
use airlift::bundle::InPlace;
use airlift::error::Kind;
use airlift::steps::import::Imported;
use std::io::Read;

/// Two volumes of payload and a spare one.
fn three_sticks() -> Protected {
    let set = Protected::new(Some(20 * MIB as u64), 0, 1);
    assert_eq!(set.volumes.len(), 3);
    set
}

fn imported(set: &Protected, receiver: &str) -> Vec<String> {
    let receiver = set.world.receiver(receiver);
    let Imported::Done { repaired, .. } = set.world.import(&set.folder(), &receiver).expect("imported") else { panic!("not new") };
    for bytes in &set.blobs {
        let mut found = Vec::new();
        receiver.blob(&Digest::of(bytes)).expect("readable").expect("there").read_to_end(&mut found).expect("readable");
        assert!(found == *bytes, "a blob came out other than it went in");
    }
    repaired
}

#[test]
fn a_whole_set_is_verified_and_needs_no_repair() {
    let set = three_sticks();
    set.world.verify(&set.folder()).expect("nothing is damaged");
    assert!(imported(&set, "receiver").is_empty());
}

#[test]
fn one_of_three_sticks_may_be_lost_whichever_it_is() {
    let set = three_sticks();
    for lost in 0..3 {
        set.reset();
        std::fs::remove_file(&set.volumes[lost]).expect("removed");
        let refusal = set.world.verify(&set.folder()).expect_err("a volume is missing");
        assert!(refusal.kind() == Kind::Incomplete && refusal.to_string().contains("what is here is enough"), "{refusal}");
        let repaired = imported(&set, &format!("removed-{lost}"));
        assert!(repaired.len() == 1 && repaired[0].contains(&format!("volume {}", lost + 1)), "{repaired:?}");
    }
}

#[test]
fn one_of_three_sticks_may_be_cut_or_overwritten() {
    let set = three_sticks();
    for lost in 0..3 {
        for (what, change) in [
            ("cut", Box::new(|bytes: &mut Vec<u8>| bytes.truncate(bytes.len() / 3)) as Box<dyn Fn(&mut Vec<u8>)>),
            ("cut within the head", Box::new(|bytes: &mut Vec<u8>| bytes.truncate(3000))),
            ("overwritten", Box::new(|bytes: &mut Vec<u8>| bytes.fill(0x5a))),
            (
                "its first half overwritten",
                Box::new(|bytes: &mut Vec<u8>| {
                    let half = bytes.len() / 2;
                    bytes[..half].fill(0);
                }),
            ),
        ] {
            set.reset();
            set.change(lost, |bytes| change(bytes));
            let refusal = set.world.verify(&set.folder()).expect_err("a volume is damaged");
            assert!(matches!(refusal.kind(), Kind::Verification | Kind::Incomplete), "{what} {lost}: {refusal}");
            assert!(refusal.to_string().contains(&format!("volume {}", lost + 1)), "{what} {lost}: {refusal}");
            imported(&set, &format!("{what}-{lost}"));
        }
    }
}

#[test]
fn two_of_three_sticks_may_not_be_lost() {
    let set = three_sticks();
    let receiver = set.world.receiver("receiver");
    let before = state(receiver.root());
    for (one, two) in [(0, 1), (0, 2), (1, 2)] {
        set.reset();
        std::fs::remove_file(&set.volumes[one]).expect("removed");
        std::fs::remove_file(&set.volumes[two]).expect("removed");
        let refusal = set.world.import(&set.folder(), &receiver).expect_err("one spare is not enough");
        assert_eq!(refusal.kind(), Kind::Incomplete, "{refusal}");
        assert!(refusal.to_string().contains("any 1 of these"), "{refusal}");
        assert!(state(receiver.root()) == before, "a refused bundle left something behind");
    }
    // The same place on two volumes: what is here does not suffice, and it is told what would.
    set.reset();
    std::fs::remove_file(&set.volumes[2]).expect("removed");
    set.change(0, |bytes| bytes[set.head + 5 * MIB..set.head + 5 * MIB + 9].fill(0x77));
    let refusal = set.world.import(&set.folder(), &receiver).expect_err("two are damaged at one place");
    assert!(refusal.kind() == Kind::Incomplete && refusal.to_string().contains("1 more of the volumes"), "{refusal}");
}

#[test]
fn two_spare_volumes_make_up_for_two() {
    let set = Protected::new(Some(20 * MIB as u64), 0, 2);
    assert!(set.volumes.len() >= 4);
    let last = set.volumes.len() - 1;
    for (one, two) in [(0, 1), (0, last), (1, last - 1), (last - 1, last)] {
        set.reset();
        std::fs::remove_file(&set.volumes[one]).expect("removed");
        set.change(two, |bytes| bytes.truncate(4 * MIB));
        assert_eq!(imported(&set, &format!("without-{one}-{two}")).len(), 2);
    }
}

#[test]
fn a_bundle_without_a_stick_is_served_in_place() {
    let set = three_sticks();
    std::fs::remove_file(&set.volumes[0]).expect("removed");
    let medium = InPlace::new(set.world.open(&set.folder()).expect("authentic")).expect("well-formed");
    for bytes in &set.blobs {
        let mut found = Vec::new();
        medium.open(&Digest::of(bytes)).expect("readable").expect("there").read_to_end(&mut found).expect("readable");
        assert!(found == *bytes, "bytes in place differ");
    }
}
