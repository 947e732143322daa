//! Damage to what repairs, and parity that somebody made up.

use super::{MIB, Protected, SECTOR};
use crate::world::{World, key, noise};
use airlift::artifact::Digest;
use airlift::bundle::find;
use airlift::error::Kind;
use airlift::trust::{BUNDLE, sign};

/// Where a member's data lies on a volume.
fn member(bytes: &[u8], name: &str) -> (usize, usize) {
    let mut archive = tar::Archive::new(bytes);
    let found = archive.entries().expect("an archive").map(|e| e.expect("an entry"));
    let found = found.filter(|e| e.path().expect("a name").to_str() == Some(name)).last().unwrap_or_else(|| panic!("no {name}"));
    (found.raw_file_position() as usize, found.size() as usize)
}

#[test]
fn damage_to_parity_is_found_and_mended() {
    let set = Protected::new(Some(24 * MIB as u64), 50, 1);
    for volume in [0, set.volumes.len() - 1] {
        for name in ["parity.bin", "parity/checks.001", "parity/rows.001", "parity/checks-again.001", "parity/head.001", "sig/.space"] {
            let (at, size) = member(&set.bytes[volume], name);
            for at in [at, at + size / 2, at + size - 1] {
                set.change(volume, |bytes| bytes[at] ^= 4);
                let refusal = set.world.verify(&set.folder()).expect_err("a bit is flipped");
                assert_eq!(refusal.kind(), Kind::Verification, "{name} at {at}: {refusal}");
                let told = format!("volume {}", volume + 1);
                assert!(refusal.message().contains("repairable") && refusal.to_string().contains(&told), "{name} at {at}: {refusal}");
                set.change(volume, |bytes| bytes[at] ^= 4);
            }
        }
    }
}

#[test]
fn no_flipped_bit_behind_the_payload_goes_unseen() {
    let set = Protected::new(Some(24 * MIB as u64), 20, 1);
    let (from, _) = member(&set.bytes[0], "parity/checks.001");
    let length = set.bytes[0].len();
    let places: Vec<usize> = (from - 1000..length).step_by((length - from) / 40).chain([length - 1, length - 1025, from - 100]).collect();
    for at in places {
        set.change(0, |bytes| bytes[at] ^= 1);
        set.world.verify(&set.folder()).map(|_| ()).expect_err(&format!("a bit at {at} is flipped"));
        set.change(0, |bytes| bytes[at] ^= 1);
    }
    set.world.verify(&set.folder()).expect("all is as it was");
}

#[test]
fn lost_check_values_are_no_harm() {
    let set = Protected::new(None, 50, 0);
    let (first, size) = member(&set.bytes[0], "parity/checks.001");
    let (second, _) = member(&set.bytes[0], "parity/checks-again.001");
    set.change(0, |bytes| {
        bytes[first..first + size].fill(0);
        bytes[set.head + 3 * MIB..set.head + 3 * MIB + SECTOR].fill(0);
    });
    set.world.import(&set.folder(), &set.world.receiver("one")).expect("there is another copy");
    set.change(0, |bytes| bytes[second..second + size].fill(0));
    let refusal = set.world.import(&set.folder(), &set.world.receiver("two")).expect_err("nobody knows what is whole");
    assert_eq!(refusal.kind(), Kind::Verification, "{refusal}");
}

#[test]
fn made_up_parity_repairs_nothing() {
    let set = Protected::new(Some(20 * MIB as u64), 0, 1);
    let spare = set.volumes.len() - 1;
    let (at, size) = member(&set.bytes[spare], "parity/spare.001");
    std::fs::remove_file(&set.volumes[0]).expect("removed");
    set.change(spare, |bytes| {
        let junk = noise(size, 99);
        bytes[at..at + size].copy_from_slice(&junk);
    });
    let receiver = set.world.receiver("receiver");
    let refusal = set.world.import(&set.folder(), &receiver).expect_err("the spare is of something else");
    assert!(matches!(refusal.kind(), Kind::Verification | Kind::Incomplete), "{refusal}");
    assert!(receiver.current().expect("readable").is_none(), "something was installed");
}

#[test]
fn a_spare_volume_of_another_set_is_no_help() {
    let set = Protected::new(Some(20 * MIB as u64), 0, 1);
    // Another set of the same world: the same keys, another lock.
    let lock = set.world.lock("kit", &[noise(30 * MIB, 4)]);
    let redundancy = airlift::bundle::Redundancy { permille: 0, spares: 1 };
    let written = set.world.try_protected(&lock, "other", Some(20 * MIB as u64), (None, None), redundancy).expect("packed");
    airlift::steps::sign::sign(&written.statement, &written.volumes, &set.world.root, &key(1)).expect("signed");
    let spare = set.volumes.len() - 1;
    std::fs::copy(&written.volumes[written.volumes.len() - 1], &set.volumes[spare]).expect("copied");
    std::fs::remove_file(&set.volumes[0]).expect("removed");
    let mut sets = find(&set.folder()).expect("two sets");
    assert_eq!(sets.len(), 2);
    let ours = sets.iter().position(|s| s.volumes.contains_key(&1)).expect("ours");
    let refusal = airlift::bundle::Authentic::open(sets.remove(ours), &set.world.root).expect_err("too little is here");
    assert!(refusal.kind() == Kind::Incomplete && refusal.to_string().contains("another bundle"), "{refusal}");
}

/// A volume's head with another parity table, signed by those who may.
fn with_table(set: &Protected, table: &[u8]) -> Vec<u8> {
    let bytes = &set.bytes[0];
    let (_, size) = member(bytes, "bundle.json");
    let mut statement: serde_json::Value = serde_json::from_slice(&bytes[512..512 + size]).expect("JSON");
    statement["files"]["parity.bin"] = serde_json::json!({ "sha256": Digest::of(table).hex(), "size": table.len() });
    let mut statement = serde_json::to_vec_pretty(&statement).expect("JSON");
    statement.push(b'\n');
    let armour = sign(&key(1), BUNDLE, &statement).expect("signed");
    let volume = format!("volume 1 of 1 of bundle {}\n", Digest::of(&statement).hex());
    let mut files = vec![("bundle.json".to_owned(), statement), ("volume.001".to_owned(), volume.into_bytes())];
    let mut archive = tar::Archive::new(&bytes[..]);
    for entry in archive.entries().expect("an archive") {
        let mut entry = entry.expect("an entry");
        let name = entry.path().expect("a name").to_str().expect("text").to_owned();
        if name == "sig/.space" {
            break;
        }
        let mut content = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut content).expect("readable");
        match name.as_str() {
            "bundle.json" | "volume.001" => {}
            "parity.bin" => files.push((name, table.to_vec())),
            _ if name.starts_with("sig/") => files.push((name, armour.clone().into_bytes())),
            _ => files.push((name, content)),
        }
    }
    let mut out: Vec<u8> = files.iter().flat_map(|(name, content)| crate::medium::member(name, content)).collect();
    let room = set.head - out.len() - 512;
    out.extend_from_slice(&crate::medium::member("sig/.space", &vec![0; room]));
    [out, bytes[set.head..].to_vec()].concat()
}

#[test]
fn signed_tables_that_contradict_themselves_are_refused() {
    let set = Protected::new(None, 50, 0);
    let (at, size) = member(&set.bytes[0], "parity.bin");
    let table = set.bytes[0][at..at + size].to_vec();
    std::fs::write(&set.volumes[0], with_table(&set, &table)).expect("a volume");
    set.world.open(&set.folder()).expect("the table as it was");
    let changes: [(&str, Box<dyn Fn(&mut Vec<u8>)>); 8] = [
        ("magic", Box::new(|t| t[0] ^= 1)),
        ("length of a block", Box::new(|t| t[9] = 0)),
        ("no parity at all", Box::new(|t| t[12..16].fill(0))),
        ("more parity", Box::new(|t| t[12] += 1)),
        ("parity without end", Box::new(|t| t[12..16].fill(0xff))),
        ("spare volumes without end", Box::new(|t| t[16..20].fill(0xff))),
        ("volumes without end", Box::new(|t| t[20..24].fill(0xff))),
        ("cut", Box::new(|t| t.truncate(30))),
    ];
    for (what, change) in changes {
        let mut changed = table.clone();
        change(&mut changed);
        std::fs::write(&set.volumes[0], with_table(&set, &changed)).expect("a volume");
        let refusal = set.world.open(&set.folder()).expect_err(what);
        assert_eq!(refusal.kind(), Kind::Verification, "{what}: {refusal}");
        assert!(refusal.to_string().contains("parity"), "{what}: {refusal}");
    }
    let mut longer = table.clone();
    *longer.last_mut().expect("bytes") = 1;
    std::fs::write(&set.volumes[0], with_table(&set, &longer)).expect("a volume");
    assert_eq!(set.world.open(&set.folder()).expect_err("bytes behind the pins").kind(), Kind::Verification);
}

/// What the import of a set says whose signed table has other pins, and one flipped bit in its content.
fn with_other_pins(permille: u64, change: impl Fn(&mut [u8])) -> airlift::error::Result<()> {
    let set = Protected::new(None, permille, 0);
    let (at, size) = member(&set.bytes[0], "parity.bin");
    let mut table = set.bytes[0][at..at + size].to_vec();
    change(&mut table[24..]);
    std::fs::write(&set.volumes[0], with_table(&set, &table)).expect("a volume");
    set.change(0, |bytes| bytes[set.head + 5000] ^= 1);
    let receiver = set.world.receiver("receiver");
    let done = set.world.import(&set.folder(), &receiver).map(|_| ());
    assert_eq!(receiver.current().expect("readable").is_some(), done.is_ok(), "half done");
    done
}

#[test]
fn signed_pins_of_other_parity_never_give_other_bytes() {
    // The check values that a wrong pin covers are not believed, so all that they vouch for is a scratch: mended where the parity is
    // enough for it, refused where it is not.
    with_other_pins(400, |pins| pins[0] ^= 1).expect("there is parity for a block");
    let refusal = with_other_pins(50, |pins| pins[0] ^= 1).expect_err("there is too little parity for a block");
    assert_eq!(refusal.kind(), Kind::Verification, "{refusal}");
    assert!(refusal.to_string().contains("more whole sectors"), "{refusal}");
    let all = |pins: &mut [u8]| pins.chunks_mut(16).filter(|pin| pin.iter().any(|b| *b != 0)).for_each(|pin| pin[0] ^= 2);
    let refusal = with_other_pins(400, all).expect_err("the table is of something else");
    assert_eq!(refusal.kind(), Kind::Verification, "{refusal}");
}

#[test]
fn an_unsigned_set_with_parity_is_not_believed() {
    let world = World::new();
    let lock = world.lock("kit", &super::blobs());
    let redundancy = airlift::bundle::Redundancy { permille: 50, spares: 1 };
    let written = world.try_protected(&lock, "out", Some(20 * MIB as u64), (None, None), redundancy).expect("packed");
    let refusal = world.open(&written.volumes).expect_err("nobody signed");
    assert_eq!(refusal.kind(), Kind::Verification, "{refusal}");
    std::fs::remove_file(&written.volumes[0]).expect("removed");
    let refusal = world.open(&[world.path("out")]).expect_err("nobody signed");
    assert_eq!(refusal.kind(), Kind::Verification, "{refusal}");
}
