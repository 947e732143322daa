//! Damage on a stick, and damage of what was kept from one.

use super::{MIB, Sticks, blobs};
use airlift::artifact::Digest;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

fn flip(path: &Path, at: u64) {
    let file = std::fs::File::options().read(true).write(true).open(path).expect("a file");
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).expect("readable");
    file.write_all_at(&[byte[0] ^ 1], at).expect("written");
}

#[test]
fn a_damaged_stick_installs_nothing_and_a_good_one_goes_on() {
    for (damaged, at) in [(1, 3 * MIB), (1, 9 * MIB), (2, 2 * MIB), (2, 11 * MIB), (3, 2 * MIB)] {
        let sticks = Sticks::new();
        flip(&sticks.volumes[damaged - 1], at as u64);
        let refused = sticks.import(&[damaged]);
        refused.refused(4, &["frame ", "does not match the signed table", &format!("volume {damaged}"), "copy the volume again"]);
        assert!(sticks.installed().is_none());
        flip(&sticks.volumes[damaged - 1], at as u64);
        let others: Vec<usize> = (1..=3).filter(|n| *n != damaged).collect();
        sticks.waits(&sticks.import(&[damaged]), &others);
        assert_eq!(sticks.import(&others).code, Some(0));
        sticks.is_whole();
    }
}

/// The frame on the later stick is named, by that stick, and the good beginning from the first is not given up for it.
#[test]
fn damage_on_a_later_stick_is_not_told_of_what_is_kept() {
    let sticks = Sticks::new();
    sticks.waits(&sticks.import(&[1]), &[2, 3]);
    let kept = |sticks: &Sticks| {
        let sizes = sticks.left().into_iter().map(|name| sticks.receiver.root().join("partial").join(name).metadata().expect("kept").len());
        sizes.max().expect("a beginning is kept")
    };
    let before = kept(&sticks);
    let at = first_frame_of_a_spanning_blob(&sticks, 1);
    flip(&sticks.volumes[1], at);
    sticks.import(&[2]).refused(4, &["does not match the signed table", "volume 2", "copy the volume again"]);
    assert!(kept(&sticks) >= before, "the good beginning was given up");
    flip(&sticks.volumes[1], at);
    sticks.waits(&sticks.import(&[2]), &[3]);
    assert_eq!(sticks.import(&[3]).code, Some(0));
    sticks.is_whole();
}

/// Where the first frame of a blob lies on a volume, from 0, that began on the volume before.
fn first_frame_of_a_spanning_blob(sticks: &Sticks, volume: u16) -> u64 {
    let bundle = sticks.world.open(&sticks.volumes).expect("authentic");
    let spanning = bundle
        .table
        .blobs
        .iter()
        .map(|blob| bundle.table.frames_of(blob))
        .find(|frames| frames.iter().any(|frame| frame.volume == volume - 1) && frames.iter().any(|frame| frame.volume == volume));
    spanning.expect("a blob spans them").iter().find(|frame| frame.volume == volume).expect("it does").offset
}

/// A kill may come between the last byte of a blob and its name: that blob needs its volume no more.
#[test]
fn a_blob_of_which_only_the_name_is_missing_is_not_read_again() {
    let sticks = Sticks::new();
    sticks.waits(&sticks.import(&[1]), &[2, 3]);
    let store = &sticks.receiver;
    let unnamed =
        blobs().iter().filter(|blob| blob.len() > 4 * MIB && blob.len() % (4 * MIB) != 0).map(|blob| Digest::of(blob)).find(|digest| {
            let path = store.root().join("blobs/sha256").join(&digest.hex()[..2]).join(digest.hex());
            path.exists() && std::fs::rename(&path, store.root().join("partial").join(digest.hex())).is_ok()
        });
    assert!(unnamed.is_some(), "a blob of more than one frame came whole from the first stick");
    assert_eq!(sticks.plan(&[2, 3]).code, Some(0));
    assert_eq!(sticks.import(&[2, 3]).code, Some(0));
    sticks.is_whole();
}

#[test]
fn every_blob_that_is_there_is_right_whatever_was_damaged() {
    for damaged in 1..=3 {
        let sticks = Sticks::new();
        let length = sticks.volumes[damaged - 1].metadata().expect("a volume").len();
        (0..8).for_each(|n| flip(&sticks.volumes[damaged - 1], length / 9 * (n + 1)));
        for stick in [damaged, damaged % 3 + 1, (damaged + 1) % 3 + 1, damaged] {
            sticks.import(&[stick]);
            let scrubbed = sticks.receiver.scrub(2, &airlift::progress::Silent).expect("scrubbed");
            assert!(scrubbed.faults.is_empty() && sticks.installed().is_none(), "{:?}", scrubbed.faults);
        }
    }
}

/// What was kept of a blob's part on the second volume.
fn stretch(sticks: &Sticks, volume: usize) -> PathBuf {
    let name = sticks.left().into_iter().find(|name| name.ends_with(&format!(".{volume:03}"))).expect("a part is kept");
    sticks.receiver.root().join("partial").join(name)
}

#[test]
fn a_kept_part_that_was_damaged_is_asked_for_again() {
    let sticks = Sticks::new();
    sticks.waits(&sticks.import(&[3]), &[1, 2]);
    sticks.waits(&sticks.import(&[2]), &[1]);
    flip(&stretch(&sticks, 2), 1 << 20);
    let told = sticks.import(&[1]);
    told.refused(3, &["is damaged", "kit-1.002.airlift, once more", "plug that volume in again"]);
    // Other blobs of the first stick may have been on their way when that was found.
    sticks.waits(&sticks.import(&[1]), &[2]);
    let plan = sticks.plan(&[1]);
    assert!(
        plan.code == Some(3) && plan.out.contains("needed     kit-1.002.airlift") && !plan.out.contains("needed     kit-1.003"),
        "{plan:?}"
    );
    assert_eq!(sticks.import(&[2]).code, Some(0));
    sticks.is_whole();
}

#[test]
fn a_cut_part_counts_as_far_as_its_frames_are_whole() {
    let sticks = Sticks::new();
    sticks.waits(&sticks.import(&[3]), &[1, 2]);
    let part = stretch(&sticks, 3);
    let length = part.metadata().expect("a file").len();
    std::fs::File::options().write(true).open(&part).expect("a file").set_len(length - 7).expect("cut");
    assert_eq!(sticks.planned(&[2])["volumes"][2]["needed"], true);
    sticks.waits(&sticks.import(&[1, 2]), &[3]);
    assert_eq!(sticks.import(&[3]).code, Some(0));
    sticks.is_whole();
}

#[test]
fn a_beginning_that_was_damaged_is_asked_for_again() {
    let sticks = Sticks::new();
    sticks.waits(&sticks.import(&[1]), &[2, 3]);
    let begun = blobs().iter().map(|b| Digest::of(b).hex()).find(|hex| sticks.left().contains(hex)).expect("a blob is begun");
    flip(&sticks.receiver.root().join("partial").join(begun), 77);
    let told = sticks.import(&[2]);
    told.refused(3, &["what the store kept of the beginning of", "kit-1.001.airlift, once more"]);
    assert_eq!(sticks.planned(&[2])["volumes"][0]["needed"], true);
    assert_eq!(sticks.import(&[1, 3]).code, Some(3));
    assert_eq!(sticks.import(&[2]).code, Some(0));
    sticks.is_whole();
}

#[test]
fn a_file_that_may_be_the_missing_volume_is_damage_and_not_waited_for() {
    let sticks = Sticks::new();
    let second = sticks.world.path("stick1").join("kit-1.002.airlift");
    std::fs::copy(&sticks.volumes[1], &second).expect("copied");
    flip(&second, 3);
    let before = crate::world::state(sticks.receiver.root());
    for ran in [sticks.import(&[1]), sticks.plan(&[1])] {
        assert!(ran.code == Some(4) && ran.err.contains("kit-1.002.airlift") && ran.err.contains("copy it again"), "{ran:?}");
    }
    assert!(crate::world::state(sticks.receiver.root()) == before, "something was taken in");
}
