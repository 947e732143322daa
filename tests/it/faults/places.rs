//! Real file systems that are full, read-only or failing, mounted where only the test sees them.

use super::{holds, traced};
use crate::host::{Host, Ran, arg};
use crate::origin::{Origin, Reply};
use crate::stock::skip;
use crate::world::{World, key, noise};
use airlift::artifact::Digest;
use airlift::trust::Protection;

const MIB: usize = 1 << 20;

/// A host, and a world whose root and key lie in the host's folder.
fn world(blobs: &[Vec<u8>]) -> (Host, World, String) {
    let (host, world) = (Host::new(), World::new());
    let lock = world.lock("kit", blobs);
    host.write("kit.lock", lock.to_bytes());
    key(1).write(&host.path("person1"), Protection::Plain).expect("a key");
    world.pack(&lock, "out", None, &[1]);
    let accept = format!("trust accept {} --fingerprint {}", arg(&world.path("root/root.1.json")), world.root.fingerprint().spoken());
    (host, world, accept)
}

/// Heads are parsed before anybody is believed: on a thread that gave up writing before it opened a volume.
#[test]
fn import_reads_heads_where_nothing_can_be_written() {
    let (host, world) = (Host::new(), World::new());
    let volumes = world.pack(&world.lock("kit", &[noise(100_000, 1)]), "out", None, &[1]);
    let receiver = world.receiver("receiver");
    let log = host.path("strace.log");
    let tracing = ["-qq", "-o", arg(&log), "-e", "trace=openat,landlock_restrict_self"];
    let Some(mut command) = traced(&host, &tracing, &["--store", arg(receiver.root()), "import", arg(&volumes[0])]) else { return };
    let ran = Ran::of(command.output().expect("strace runs"));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let log = std::fs::read_to_string(&log).expect("strace wrote its log");
    let thread = |words: &[&str]| {
        let found = log.lines().enumerate().find(|(_, line)| words.iter().all(|word| line.contains(word)));
        found.map(|(n, line)| (n, line.split(' ').next().unwrap_or_default().to_owned()))
    };
    let opened = thread(&["openat(", ".airlift\""]).expect("the volume is opened");
    match thread(&["landlock_restrict_self("]) {
        Some(confined) => assert!(confined.0 < opened.0 && confined.1 == opened.1, "{confined:?} {opened:?}"),
        None => skip("the kernel has no Landlock"),
    }
}

#[test]
fn import_into_a_full_store() {
    let (host, world, accept) = world(&[noise(30 * MIB, 1)]);
    let volume = world.path("out/kit-1.airlift");
    let script = format!(
        "mkdir m; mount -t tmpfs -o size=40m tmpfs m
        expect 0 airlift --store m/store {accept}
        expect 8 airlift --store m/store import {volume}
        says 'not enough room'; says needed; says 'stay free'; says 'nothing was changed'
        expect 0 airlift --store m/store status
        [ -z \"$(ls m/store/partial)\" ]
        mount -o remount,size=80m m
        expect 0 airlift --store m/store import {volume}
        expect 0 airlift --store m/store scrub",
        volume = arg(&volume)
    );
    holds(&host, &script);
}

#[test]
fn import_into_a_store_that_fills_up_half_way() {
    let blobs: Vec<_> = (0..200).map(|n| noise(3000, n)).collect();
    let (host, world, accept) = world(&blobs);
    let volume = world.path("out/kit-1.airlift");
    let script = format!(
        "mkdir m; mount -t tmpfs -o size=200m,nr_inodes=120 tmpfs m
        expect 0 airlift --store m/store {accept}
        expect 8 airlift --store m/store import {volume}
        says 'No space left on device'; says 'run the command again'
        ! grep -q damaged said
        [ -z \"$(find m -name '*.new' -type f)\" ]
        expect 0 airlift --store m/store scrub
        expect 0 airlift --store m/store --json status
        grep -q '\"snapshot\":null' out.log
        mount -o remount,nr_inodes=4000 m
        expect 0 airlift --store m/store import {volume}
        expect 0 airlift --store m/store scrub",
        volume = arg(&volume)
    );
    holds(&host, &script);
}

#[test]
fn pack_onto_a_full_medium() {
    let (host, world, _) = world(&[noise(30 * MIB, 1)]);
    let script = format!(
        "mkdir m; mount -t tmpfs -o size=20m tmpfs m
        pack() {{ airlift --store {store} pack kit.lock --out m/out --key person1 --allow-plain-key \"$@\"; }}
        expect 8 pack
        says 'm/out'; says 'choose another place'; says 'it may not fit'
        [ -z \"$(ls -A m/out)\" ]
        mount -o remount,size=80m m
        expect 0 pack
        expect 0 airlift --store {store} verify m/out",
        store = arg(world.sender.root())
    );
    holds(&host, &script);
}

#[test]
fn pack_onto_a_medium_with_short_files() {
    let (host, world, _) = world(&[noise(30 * MIB, 1)]);
    let script = format!(
        "trap '' XFSZ
        pack() {{ (ulimit -f 40960; airlift --store {store} pack kit.lock --out out --key person1 --allow-plain-key \"$@\"); }}
        expect 8 pack
        says 'File too large'; says 'smaller --volume-size'
        [ -z \"$(ls -A out)\" ]
        expect 0 pack --volume-size 16MiB
        expect 0 airlift --store {store} verify out",
        store = arg(world.sender.root())
    );
    holds(&host, &script);
}

#[test]
fn fetch_into_a_full_store() {
    let (host, bytes) = (Host::new(), noise(30 * MIB, 1));
    let origin = Origin::new(&[("/f", vec![Reply::File(bytes.clone())])]);
    let (url, sha256) = (origin.url("/f"), Digest::of(&bytes).hex());
    host.write("kit.toml", format!("airlift = 1\nname = \"kit\"\n[files.f]\nurl = \"{url}\"\nsha256 = \"{sha256}\"\n"));
    host.ok(&["lock", "kit.toml"]);
    let script = "mkdir m; mount -t tmpfs -o size=20m tmpfs m
        expect 8 airlift --store m/store fetch kit.lock
        says 'not enough room'; says 'nothing was changed'
        mount -o remount,size=80m m
        expect 0 airlift --store m/store fetch kit.lock
        expect 0 airlift --store m/store scrub
        expect 0 airlift --store m/store pack kit.lock --out out";
    holds(&host, script);
    assert_eq!(origin.gets("/f").len(), usize::from(rustix::process::geteuid().is_root()), "nothing is asked for before there is room");
}

#[test]
fn read_only_places() {
    let (host, world, accept) = world(&[noise(2 * MIB, 1)]);
    let script = format!(
        "mkdir m; mount -t tmpfs -o size=80m tmpfs m
        mkdir m/usb m/more; cp {volume} m/usb/
        expect 0 airlift --store {store} pack kit.lock --out unsigned
        cp unsigned/*.airlift m/more/
        expect 0 airlift --store m/store {accept}
        mount -o remount,ro m
        expect 8 airlift --store m/store import m/usb
        says 'Read-only'; says 'can only be read'
        expect 0 airlift --store m/store verify m/usb
        expect 8 airlift --store {store} pack kit.lock --out m/usb
        says 'Read-only'
        expect 0 airlift --store {store} sign m/usb --key person1 --allow-plain-key
        expect 0 airlift --store inside {accept}
        expect 0 airlift --store inside import m/usb
        mount -o remount,rw m
        expect 0 airlift --store m/store import m/usb
        mount -o remount,ro m
        expect 0 airlift --store m/store status
        expect 0 airlift --store m/store scrub
        expect 8 airlift --store {store} sign m/more --key person1 --allow-plain-key
        says 'Read-only'",
        volume = arg(&world.path("out/kit-1.airlift")),
        store = arg(world.sender.root())
    );
    holds(&host, &script);
}

#[test]
fn unreadable_sectors() {
    let (host, world, accept) = world(&[noise(30 * MIB, 1)]);
    // The image loses its end while it is mounted: what lay there can no longer be read.
    let script = format!(
        "make() {{ truncate -s 64M $1; mkfs.ext4 -q -m0 -O ^has_journal $1; mkdir $2; mount -o loop $1 $2; }}
        make usb.img usb; cp {volume} usb/; umount usb; mount -o loop usb.img usb
        expect 0 airlift --store inside {accept}
        truncate -s 16M usb.img
        for verb in verify import; do
            expect 1 airlift --store inside $verb usb
            says 'cannot be read at byte'; says 'Input/output error'; says 'the medium is damaged; nothing was changed'
        done
        expect 0 airlift --store inside --json status
        grep -q '\"snapshot\":null' out.log
        expect 0 airlift --store inside import {volume}
        make disk.img disk; cp -a {store} disk/sender; umount disk; mount -o loop disk.img disk
        truncate -s 16M disk.img
        expect 1 airlift --store disk/sender pack kit.lock --out packed
        says 'cannot be read'; says 'Input/output error'
        [ -z \"$(ls -A packed)\" ]",
        volume = arg(&world.path("out/kit-1.airlift")),
        store = arg(world.sender.root())
    );
    holds(&host, &script);
}
