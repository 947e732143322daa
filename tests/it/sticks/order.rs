//! One stick after the other.

use super::{MIB, Sticks};
use crate::host::arg;
use crate::parity::Protected;
use crate::world::{World, noise, state};

const ORDERS: [[usize; 3]; 6] = [[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]];

#[test]
fn three_sticks_come_one_at_a_time_in_any_order() {
    for [first, second, third] in ORDERS {
        let sticks = Sticks::new();
        sticks.waits(&sticks.import(&[first]), &[second, third]);
        sticks.waits(&sticks.import(&[second]), &[third]);
        assert_eq!(sticks.installed(), None);
        let done = sticks.import(&[third]);
        assert!(done.code == Some(0) && done.err.contains("imported as snapshot 1"), "{first}, {second}, {third}: {done:?}");
        sticks.is_whole();
        assert!(sticks.import(&[first]).err.contains("installed already"), "any stick knows that it is installed");
    }
}

#[test]
fn two_sticks_and_then_the_third() {
    for together in [[1, 3], [2, 3], [1, 2]] {
        let sticks = Sticks::new();
        let last = 6 - together[0] - together[1];
        sticks.waits(&sticks.import(&together), &[last]);
        assert_eq!(sticks.import(&[last]).code, Some(0));
        sticks.is_whole();
    }
}

#[test]
fn a_stick_with_nothing_new_is_not_needed() {
    let world = World::new();
    let old = world.pack(&world.lock("kit", &[noise(12 * MIB, 20), noise(100, 9)]), "old", None, &[1]);
    let lock = world.lock("kit", &[noise(12 * MIB, 10), noise(12 * MIB, 20), noise(12 * MIB, 30)]);
    let new = world.pack(&lock, "new", Some(13 * MIB as u64), &[1]);
    let sticks = Sticks::of(world, new);
    sticks.world.import(&old, &sticks.receiver).expect("imported");
    let plan = sticks.plan(&[1, 3]);
    assert_eq!(plan.code, Some(0), "{plan:?}");
    for words in [
        "follows kit 1 (installed)",
        "volumes    2 of 3 here",
        "not needed kit-2.002.airlift (",
        ", which is not here",
        "needs      25 MB for 2 blobs",
    ] {
        assert!(plan.out.contains(words), "{words}: {}", plan.out);
    }
    let waiting = sticks.import(&[3]);
    sticks.waits(&waiting, &[1]);
    assert!(waiting.err.contains("  not needed kit-2.002.airlift"), "{}", waiting.err);
    let done = sticks.import(&[1]);
    assert!(done.code == Some(0) && done.err.contains("imported as snapshot 2"), "{done:?}");
    sticks.is_whole();
    assert_eq!(sticks.run(&["verify"], &[1, 3]).code, Some(3), "verify compares every byte");
}

#[test]
fn nothing_is_taken_in_of_what_would_be_refused() {
    let world = World::with_threshold(2, 2);
    let packed = |seed, out: &str, people: &[u8], seq| {
        world.pack_as(&world.lock("kit", &[noise(30 * MIB, seed)]), out, Some(14 * MIB as u64), people, Some(seq))
    };
    let (old, fork) = (packed(1, "old", &[1, 2], 1), packed(2, "fork", &[1, 2], 2));
    let (half, far) = (packed(3, "half", &[1], 3), packed(4, "far", &[1, 2], 2000));
    let installed = world.pack_as(&world.lock("kit", &[noise(100, 5)]), "installed", None, &[1, 2], Some(2));
    let receiver = world.receiver("receiver");
    world.import(&installed, &receiver).expect("imported");
    let (host, before) = (crate::host::Host::new(), state(receiver.root()));
    for (volumes, code, words) in [
        (&old, 5, "rollback: it is older than what is installed"),
        (&fork, 5, "another bundle with the same number"),
        (&half, 4, "of 2"),
        (&far, 5, "its number jumps too far"),
    ] {
        for verb in ["import", "plan"] {
            let ran = host.run(&["--store", arg(receiver.root()), verb, arg(&volumes[1])]);
            assert!(ran.code == Some(code) && ran.err.contains(words), "{verb}: {ran:?}");
            assert!(code == 4 || verb == "import" || ran.out.contains("order      refused: "), "{ran:?}");
        }
        assert!(state(receiver.root()) == before, "a refused bundle left something behind");
    }
    let told = host.run(&["--store", arg(receiver.root()), "plan", arg(&old[1])]).out;
    assert!(told.contains("kit 1") && told.contains("; installed: 2 "), "{told}");
}

#[test]
fn nothing_is_taken_in_that_the_policy_refuses() {
    let sticks = Sticks::new();
    sticks.host.write("policy.toml", "airlift-policy = 1\n[bundle]\nlines = [\"edge\"]\n");
    let store = arg(sticks.receiver.root());
    sticks.host.ok(&["--store", store, "policy", "set", "policy.toml"]);
    let before = state(sticks.receiver.root());
    let plan = sticks.plan(&[1]);
    assert!(plan.code == Some(5) && plan.out.contains("policy     refused bundle.line"), "{plan:?}");
    assert!(plan.out.contains("→ airlift review"), "{}", plan.out);
    sticks.import(&[1]).refused(5, &["this host's policy does not take it"]);
    assert!(state(sticks.receiver.root()) == before, "a refused bundle left something behind");
}

#[test]
fn gc_keeps_what_waits_until_it_is_given_up() {
    let sticks = Sticks::new();
    sticks.waits(&sticks.import(&[2]), &[1, 3]);
    let (store, before) = (arg(sticks.receiver.root()), state(sticks.receiver.root()));
    let waiting = sticks.host.ok(&["--store", store, "status"]).out;
    assert!(waiting.contains("waiting   kit 1 (main line) for volumes"), "{waiting}");
    // What was written a moment ago is older than no grace at all.
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(3600);
    let pruned = sticks.receiver.writer().expect("the lock").prune(0, later, false).expect("pruned");
    assert_eq!(pruned.blobs, 0);
    assert!(state(sticks.receiver.root()) == before, "something that waits was removed");
    let writer = sticks.receiver.writer().expect("the lock");
    let pruned = airlift::steps::upkeep::gc(&crate::world::journal(&writer), 0, later, true).expect("pruned");
    assert!(pruned.blobs > 0 && sticks.left().is_empty(), "{pruned:?}");
    drop(writer);
    sticks.waits(&sticks.import(&[1]), &[2, 3]);
    let events = sticks.host.ok(&["--store", store, "log", "show"]).out;
    assert!(events.contains("stage") && events.contains("gc"), "{events}");
    sticks.host.ok(&["--store", store, "log", "verify"]);
}

#[test]
fn what_waited_is_let_go_when_a_newer_bundle_is_installed() {
    let sticks = Sticks::new();
    sticks.waits(&sticks.import(&[1]), &[2, 3]);
    let next = sticks.world.pack(&sticks.world.lock("kit", &[noise(100, 77)]), "next", None, &[1]);
    sticks.world.import(&next, &sticks.receiver).expect("imported");
    assert!(sticks.receiver.waiting().expect("readable").is_empty(), "what can never be installed waits");
    assert_eq!(sticks.import(&[2]).code, Some(5), "it is older now");
}

#[test]
fn spare_volumes_stand_in_and_are_not_asked_for_when_they_do() {
    let set = Protected::new(Some(20 * MIB as u64), 0, 1);
    let volumes = set.volumes.clone();
    let sticks = Sticks::of(set.world, volumes);
    let plan = sticks.plan(&[1, 3]);
    assert!(plan.code == Some(0) && plan.out.contains("made up    kit-1.002.airlift"), "{plan:?}");
    assert!(plan.out.contains("parity stands in for it"), "{}", plan.out);
    // One alone: the spare one is never needed, and what one stick has is taken in.
    let first = sticks.import(&[1]);
    sticks.waits(&first, &[2]);
    let or = "all that is here together with any 1 of these; spare volumes make up for 1: kit-1.002.airlift, kit-1.003.airlift";
    assert!(first.err.contains(or), "{}", first.err);
    let done = sticks.import(&[2]);
    assert!(done.code == Some(0) && !done.err.contains("repaired"), "{done:?}");
    sticks.is_whole();
}

#[test]
fn blobs_of_an_installed_bundle_come_back_stick_by_stick() {
    let sticks = Sticks::new();
    assert_eq!(sticks.import(&[1, 2, 3]).code, Some(0));
    for bytes in [&super::blobs()[1], &super::blobs()[4]] {
        let hex = airlift::artifact::Digest::of(bytes).hex();
        std::fs::remove_file(sticks.receiver.root().join("blobs/sha256").join(&hex[..2]).join(&hex)).expect("removed");
    }
    assert!(sticks.plan(&[1, 2, 3]).out.contains("installed already; 2 blobs have gone missing"));
    for (stick, left) in [(3, &[1, 2][..]), (1, &[2])] {
        let ran = sticks.import(&[stick]);
        ran.refused(3, &["still needed"]);
        assert!(left.iter().all(|n| ran.err.contains(&format!("  needed     kit-1.{n:03}.airlift"))), "{ran:?}");
    }
    let back = sticks.import(&[2]);
    assert!(back.code == Some(0) && back.err.contains("brought back"), "{back:?}");
    sticks.is_whole();
}
