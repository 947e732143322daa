//! What `plan` says, and that it is what `import` does.

use super::{MIB, Sticks};
use crate::faults::holds;
use crate::host::arg;
use crate::world::{World, key, noise, state};
use airlift::artifact::Digest;
use airlift::lock::Lock;
use airlift::trust::Protection;

#[test]
fn the_plan_says_what_is_here_what_is_needed_and_what_would_change() {
    let sticks = Sticks::new();
    let before = state(sticks.receiver.root());
    let log = || std::fs::read_to_string(sticks.receiver.root().join("log/events.jsonl")).expect("a log");
    let events = log();
    let plan = sticks.plan(&[2]);
    assert_eq!(plan.code, Some(3), "{plan:?}");
    for words in [
        "kit 1   ",
        "order      the first of its line here",
        "signatures 1 of 1: person1 (file)",
        "volumes    1 of 3 here",
        "needed     kit-1.001.airlift (",
        "needed     kit-1.003.airlift (",
        "can be taken in, ",
        "free",
        "changes    0 upgraded, 6 new, 0 removed, 0 with the same version and another digest",
        "new      files/blob-000 1",
        "policy     nothing speaks against it",
    ] {
        assert!(plan.out.contains(words), "{words}: {}", plan.out);
    }
    assert!(!plan.out.contains("needed     kit-1.002"), "{}", plan.out);
    assert!(plan.err.contains("next: airlift import ") && plan.err.contains("kit 1: 2 of its 3 volumes are still needed"), "{}", plan.err);
    assert!(state(sticks.receiver.root()) == before && log() == events, "the plan changed the store");
    let all = sticks.plan(&[1, 2, 3]);
    assert!(all.code == Some(0) && all.out.contains("volumes    3 of 3 here") && !all.out.contains("needed "), "{all:?}");
    sticks.import(&[2]);
    assert!(sticks.plan(&[2]).out.contains("a part of it is in the store already"));
    let after = sticks.planned(&[1]);
    assert_eq!((&after["would"], after["volumes"][1]["needed"].as_bool()), (&"stage".into(), Some(false)), "{after}");
}

/// Of several bundles on one medium each is judged as if those before it were installed: `import` installs them in that order.
#[test]
fn bundles_on_one_medium_follow_each_other() {
    let (host, world) = (crate::host::Host::new(), World::new());
    let pack = |seq: u64| {
        let blobs: Vec<_> = (0..seq).map(|n| noise(100, n)).collect();
        world.pack_as(&world.lock("kit", &blobs), &format!("kit{seq}"), None, &[1], Some(seq)).remove(0)
    };
    let volumes: Vec<_> = (1..=3).map(pack).collect();
    let receiver = world.receiver("receiver");
    let store = ["--store", arg(receiver.root())];
    let run = |args: &[&str]| host.run(&[&store[..], args].concat());
    let policy = host.write("policy.toml", "airlift-policy = 1\n[bundle]\ngaps = \"refused\"\n");
    assert_eq!(run(&["policy", "set", arg(&policy)]).code, Some(0));
    assert_eq!(run(&["import", arg(&volumes[0])]).code, Some(0));
    let alone = run(&["plan", arg(&volumes[2])]);
    assert!(alone.code == Some(5) && alone.out.contains("bundle.gaps"), "{alone:?}");
    let both = run(&["plan", arg(&volumes[1]), arg(&volumes[2])]);
    assert_eq!(both.code, Some(0), "{both:?}");
    for words in ["follows kit 1 (installed)", "follows kit 2 (which comes first)"] {
        assert!(both.out.contains(words), "{words}: {}", both.out);
    }
    assert_eq!(both.out.matches("changes    0 upgraded, 1 new, 0 removed").count(), 2, "{}", both.out);
    assert_eq!(run(&["import", arg(&volumes[1]), arg(&volumes[2])]).code, Some(0));
}

/// Which way a version goes is said where it is certain, and what goes back is not called an upgrade.
#[test]
fn versions_that_go_back_are_said_to() {
    let (host, world) = (crate::host::Host::new(), World::new());
    let pack = |seq: u64, versions: [&str; 3]| {
        let mut artifacts = world.lock("kit", &[noise(100, seq), noise(100, seq + 10), noise(100, seq + 20)]).artifacts;
        artifacts.iter_mut().zip(versions).for_each(|(artifact, version)| artifact.version = version.to_owned());
        let lock = Lock::new("kit".to_owned(), "main".to_owned(), Digest::of(b"a manifest"), artifacts).expect("a lock");
        world.pack_as(&lock, &format!("kit{seq}"), None, &[1], Some(seq)).remove(0)
    };
    let (first, second) = (pack(1, ["1.10", "2.0", "stable"]), pack(2, ["1.9", "2.1", "latest"]));
    let receiver = world.receiver("receiver");
    world.import(&[first], &receiver).expect("imported");
    let plan = host.ok(&["--store", arg(receiver.root()), "plan", arg(&second)]);
    let counts = "changes    1 upgraded, 1 downgraded, 1 in another version, 0 new, 0 removed, 0 with";
    assert!(plan.out.contains(counts), "{}", plan.out);
}

#[test]
fn a_record_that_would_be_written_again_is_said() {
    let sticks = Sticks::new();
    assert_eq!(sticks.import(&[1, 2, 3]).code, Some(0));
    assert!(sticks.plan(&[1]).out.contains("installed already: nothing would be changed"));
    let bundle = sticks.receiver.current().expect("readable").expect("installed").bundles[0].bundle;
    std::fs::write(sticks.receiver.bundle_folder(&bundle).join("lock.json"), "{}").expect("written");
    let plan = sticks.planned(&[1, 2, 3]);
    assert_eq!(plan["would"], "restore", "{plan}");
    assert!(sticks.plan(&[1, 2, 3]).out.contains("its damaged record would be written again"));
    assert!(sticks.import(&[1, 2, 3]).err.contains("its damaged record was written again"));
}

/// Who decides about a bundle needs one of its volumes.
#[test]
fn one_stick_is_enough_to_review() {
    let sticks = Sticks::new();
    let reviews: Vec<_> = [&[1][..], &[3], &[1, 2, 3]].iter().map(|places| sticks.run(&["review"], places)).collect();
    assert!(reviews.iter().all(|ran| ran.code == Some(0) && ran.out == reviews[0].out), "{reviews:?}");
}

#[test]
fn a_dry_run_says_the_same_as_the_plan() {
    let sticks = Sticks::new();
    for places in [&[1][..], &[2, 3], &[1, 2, 3]] {
        let (plan, dry) = (sticks.plan(places), sticks.run(&["import", "--dry-run"], places));
        assert_eq!((plan.code, &plan.out), (dry.code, &dry.out), "{places:?}");
    }
}

#[test]
fn upgrades_removals_and_rebuilds_are_counted_and_the_list_is_bounded() {
    let (host, world) = (crate::host::Host::new(), World::new());
    let before: Vec<_> = (0..40).map(|n| noise(100, n)).collect();
    let old = world.pack(&world.lock("kit", &before), "old", None, &[1]);
    let mut after: Vec<_> = (0..30).map(|n| noise(100, n)).collect();
    after[..25].iter_mut().for_each(|blob| blob[0] ^= 1);
    let new = world.pack(&world.lock("kit", &after), "new", None, &[1]);
    let receiver = world.receiver("receiver");
    world.import(&old, &receiver).expect("imported");
    let plan = host.ok(&["--store", arg(receiver.root()), "plan", arg(&new[0])]);
    let counts = "0 upgraded, 0 new, 10 removed, 25 with the same version and another digest";
    assert!(plan.out.contains(counts) && plan.out.contains("and 15 more: --json has them all"), "{}", plan.out);
    assert_eq!(plan.out.lines().filter(|line| line.contains("files/blob-")).count(), 20);
    let told = host.json(&["--store", arg(receiver.root()), "plan", arg(&new[0])]).remove(0);
    assert_eq!(told[0]["changes"].as_array().expect("a list").len(), 35);
    assert_eq!((&told[0]["order"], &told[0]["installed"]["seq"], &told[0]["would"]), (&"next".into(), &1.into(), &"install".into()));
    host.ok(&["--store", arg(receiver.root()), "import", arg(&new[0])]);
    let again = host.ok(&["--store", arg(receiver.root()), "plan", arg(&new[0])]);
    assert!(again.out.contains("installed already: nothing would be changed") && !again.out.contains("changes"), "{}", again.out);
}

#[test]
fn a_gap_and_missing_trust_are_told() {
    let (host, world) = (crate::host::Host::new(), World::new());
    let pack = |seed, out: &str, seq| world.pack_as(&world.lock("kit", &[noise(100, seed)]), out, None, &[1], Some(seq)).remove(0);
    let (old, new) = (pack(1, "old", 1), pack(2, "new", 4));
    let receiver = world.receiver("receiver");
    world.import(&[old], &receiver).expect("imported");
    let gap = host.ok(&["--store", arg(receiver.root()), "plan", arg(&new)]).out;
    assert!(gap.contains("comes after kit 1 (installed); numbers 2 to 3 have not been seen here"), "{gap}");
    host.fails(3, &["plan", arg(&new)], &["there is no store"]);
    let naive = world.path("naive");
    airlift::store::Store::open_or_create(&naive).expect("a store");
    host.fails(4, &["--store", arg(&naive), "plan", arg(&new)], &["trusts nobody yet"]);
}

/// Room is asked for by the same count: where the plan says there is too little, import refuses before it takes anything in; where it says
/// there is enough, it is enough, also for what waits twice.
#[test]
fn plan_and_import_agree_about_room_and_about_a_store_that_can_only_be_read() {
    let sticks = Sticks::new();
    key(1).write(&sticks.host.path("person1"), Protection::Plain).expect("a key");
    let root = sticks.world.path("root/root.1.json");
    let accept = format!("trust accept {} --fingerprint {}", arg(&root), sticks.world.root.fingerprint().spoken());
    let stick = |n: usize| sticks.world.path(&format!("stick{n}"));
    let script = format!(
        "mkdir m; mount -t tmpfs -o size=40m tmpfs m
        expect 0 airlift --store m/store {accept}
        for verb in plan import; do
            expect 8 airlift --store m/store $verb {three}
            says 'not enough room'; says needed
        done
        [ -z \"$(ls m/store/partial)\" ]
        mount -o remount,size=76m m
        for stick in {three} {two}; do
            expect 3 airlift --store m/store plan $stick
            expect 3 airlift --store m/store import $stick
            says 'still needed'
        done
        mount -o remount,ro m
        expect 0 airlift --store m/store plan {one}
        expect 8 airlift --store m/store import {one}
        mount -o remount,rw m
        expect 0 airlift --store m/store import {one}
        expect 0 airlift --store m/store scrub",
        one = arg(&stick(1)),
        two = arg(&stick(2)),
        three = arg(&stick(3))
    );
    holds(&sticks.host, &script);
    assert!(super::blobs().iter().map(Vec::len).sum::<usize>() > 33 * MIB, "there must be something to run out of room for");
}

#[test]
fn approvals_are_part_of_the_plan() {
    let sticks = Sticks::new();
    sticks.host.write("policy.toml", "airlift-policy = 1\n[approval]\nrequired = true\n");
    let store = arg(sticks.receiver.root());
    let set = sticks.host.run(&["--store", store, "policy", "set", "policy.toml"]);
    assert_eq!(set.code, Some(0), "{set:?}");
    let plan = sticks.plan(&[1, 2, 3]);
    assert!(plan.code == Some(5) && plan.out.contains("refused    ") && plan.err.contains("asks for approvals"), "{plan:?}");
    assert!(plan.err.contains("next: airlift review "), "{}", plan.err);
    sticks.import(&[1, 2, 3]).refused(5, &["asks for approvals"]);
}
