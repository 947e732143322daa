//! Media as they come: too many files, damaged copies, foreign bundles beside ours, names that lie to a terminal.

use crate::host::{AIRLIFT, Host, Ran, arg};
use crate::world::{World, noise};
use airlift::bundle::{Authentic, MAX_HEAD_BYTES, find};
use airlift::error::Kind;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

const MIB: usize = 1 << 20;

fn two_volumes(world: &World) -> Vec<PathBuf> {
    let volumes = world.pack(&world.lock("kit", &[noise(20 * MIB, 1)]), "out", Some(14 * MIB as u64), &[1]);
    assert_eq!(volumes.len(), 2);
    volumes
}

/// One header of a volume's head, and bytes behind it.
pub fn member(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_ustar();
    header.set_path(name).expect("a short name");
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_entry_type(tar::EntryType::Regular);
    header.set_cksum();
    let mut member = [header.as_bytes(), bytes].concat();
    member.resize(member.len().next_multiple_of(512), 0);
    member
}

/// A head that nobody signed.
fn head(statement: &[u8], trust: &[u8]) -> Vec<u8> {
    let names = [("lock.json", &b"{}"[..]), ("frames.bin", b""), ("trust/root.1.json", trust), ("sig/.space", &[0; 4096])];
    let rest = names.iter().flat_map(|(name, bytes)| member(name, bytes));
    member("bundle.json", statement).into_iter().chain(rest).collect()
}

#[test]
fn heads_that_nobody_signed_take_bounded_memory() {
    let folder = tempfile::tempdir().expect("a folder");
    let trust = vec![b'x'; 4 << 20];
    let count = MAX_HEAD_BYTES as usize / trust.len() + 1;
    for n in 0..count {
        std::fs::write(folder.path().join(format!("{n}.airlift")), head(format!("{{{n}}}").as_bytes(), &trust)).expect("a file");
    }
    let refusal = find(&[folder.path().to_owned()]).expect_err("too much to hold");
    assert!(refusal.kind() == Kind::Verification && refusal.to_string().contains("name the files of one bundle"), "{refusal}");
    // What the volumes of one set have in common counts once.
    for n in 0..count {
        std::fs::write(folder.path().join(format!("{n}.airlift")), head(b"{}", &trust)).expect("a file");
    }
    assert_eq!(find(&[folder.path().to_owned()]).expect("one set").len(), 1);
}

#[test]
fn other_files_do_not_hide_a_bundle_and_too_many_volumes_are_an_error() {
    let world = World::new();
    world.pack(&world.lock("kit", &[noise(100, 1)]), "out", None, &[1]);
    let out = world.path("out");
    for n in 0..10_050 {
        std::fs::File::create(out.join(format!("photo-{n}.jpg"))).expect("a file");
    }
    world.verify(std::slice::from_ref(&out)).expect("the bundle is found");
    for n in 0..10_000 {
        std::fs::rename(out.join(format!("photo-{n}.jpg")), out.join(format!("photo-{n}.airlift"))).expect("renamed");
    }
    let refusal = world.verify(&[out]).expect_err("too many to look at");
    assert!(refusal.kind() == Kind::Usage && refusal.to_string().contains("too many files"), "{refusal}");
}

#[test]
fn a_good_copy_is_taken_where_another_is_damaged() {
    let world = World::new();
    let volumes = two_volumes(&world);
    let copies = world.path("stick");
    std::fs::create_dir_all(&copies).expect("a folder");
    let second = copies.join("z.airlift");
    std::fs::copy(&volumes[0], &second).expect("copied");
    let whole = std::fs::read(&volumes[0]).expect("a volume");
    let places = [world.path("out"), copies.clone()];
    let first = std::fs::File::options().write(true).open(&volumes[0]).expect("a volume");
    first.set_len(whole.len() as u64 - 5000).expect("cut");
    for order in [places.clone(), [places[1].clone(), places[0].clone()]] {
        world.verify(&order).expect("the second copy is whole");
    }
    // A signature that does not fit any more is damage of that copy alone.
    let mut flipped = whole.clone();
    let at = whole.windows(19).rposition(|w| w == b"BEGIN SSH SIGNATURE").expect("a signature") + 60;
    flipped[at] ^= 1;
    std::fs::write(&volumes[0], &flipped).expect("a volume");
    world.verify(&places).expect("the second copy is right");
    // Damage in the payload is met later: the other copy is named.
    std::fs::write(&volumes[0], &whole).expect("a volume");
    first.write_all_at(&[whole[4 * MIB] ^ 1], 4 * MIB as u64).expect("written");
    let refusal = world.verify(&places).map(|_| ()).expect_err("the first copy is taken").to_string();
    assert!(refusal.contains("another copy") && refusal.contains("z.airlift"), "{refusal}");
}

#[test]
fn a_volume_with_a_damaged_head_is_damaged_and_not_missing() {
    let world = World::new();
    let volumes = two_volumes(&world);
    let second = std::fs::File::options().write(true).open(&volumes[1]).expect("a volume");
    second.write_all_at(b"?", 3).expect("written");
    let refusal = world.verify(&[world.path("out")]).expect_err("volume 2 is damaged");
    assert_eq!(refusal.kind(), Kind::Verification);
    let text = refusal.to_string();
    assert!(text.contains("volume 2 of 2") && text.contains(".002.airlift") && text.contains("copy it again"), "{text}");
}

#[test]
fn a_file_under_a_missing_volumes_name_is_told_for_what_it_is() {
    let world = World::new();
    let volumes = two_volumes(&world);
    let kept = world.path("kept");
    std::fs::rename(&volumes[1], &kept).expect("moved");
    let other = world.pack(&world.lock("other", &[noise(100, 9)]), "other", None, &[1]).remove(0);
    for (instead, words) in [(&volumes[0], "which holds volume 1 of kit 1"), (&other, "which holds volume 1 of another bundle, other 1 ")] {
        std::fs::copy(instead, &volumes[1]).expect("copied");
        // Named, not found in their folder: there the other bundle would be one of two.
        let set = find(&volumes).expect("readable").into_iter().find(|set| set.volumes.values().any(|v| v.path == volumes[0]));
        let refusal = Authentic::open(set.expect("the first volume's"), &world.root).expect_err("volume 2 is not here");
        assert_eq!(refusal.kind(), Kind::Incomplete);
        let text = refusal.to_string();
        assert!(text.contains("volume 2 of 2") && text.contains(words) && text.contains("not what its name says"), "{text}");
    }
}

#[test]
fn whatever_is_passed_over_is_named() {
    let world = World::new();
    let volumes = two_volumes(&world);
    let whole = std::fs::read(&volumes[1]).expect("a volume");
    for at in [3, 400, 512 + 40, 5000, 40_000] {
        let mut flipped = whole.clone();
        flipped[at] ^= 1;
        std::fs::write(&volumes[1], flipped).expect("a volume");
        let Err(refusal) = world.verify(&[world.path("out")]) else { panic!("byte {at} may be anything") };
        assert!(refusal.kind() == Kind::Verification && refusal.to_string().contains(".002.airlift"), "byte {at}: {refusal}");
    }
}

#[test]
fn a_fifo_is_no_bundle() {
    let host = Host::new();
    let world = World::new();
    let receiver = world.receiver("receiver");
    rustix::fs::mkfifoat(rustix::fs::CWD, host.path("fifo"), rustix::fs::Mode::from_raw_mode(0o600)).expect("a fifo");
    for command in ["verify", "import", "inspect", "serve"] {
        host.fails(2, &["--store", arg(receiver.root()), command, "fifo"], &["fifo is not a file", "name the .airlift files"]);
        host.fails(3, &["--store", arg(receiver.root()), command, "nowhere"], &["nowhere is not here", "plug the medium in"]);
    }
}

/// Runs the real binary under a limit of open files.
fn limited(host: &Host, limit: &str, args: &[&str]) -> Ran {
    let mut command = host.program("/bin/sh");
    command.args(["-c", &format!("ulimit {limit} && exec \"$0\" \"$@\""), AIRLIFT]).args(args);
    Ran::of(command.output().expect("sh runs"))
}

#[test]
fn too_few_open_files_are_said_and_not_taken_for_a_missing_volume() {
    let (host, world) = (Host::new(), World::new());
    let volumes = two_volumes(&world);
    for n in 0..40 {
        std::fs::copy(&volumes[0], world.path("out").join(format!("copy-{n}.airlift"))).expect("copied");
    }
    let (store, out) = (world.receiver("receiver"), world.path("out"));
    let args = ["--store", arg(store.root()), "verify", arg(&out)];
    limited(&host, "-n 24", &args).refused(1, &["cannot be read", "Too many open files"]);
    let ran = limited(&host, "-S -n 24", &args);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
}

#[test]
fn a_medium_cannot_write_lines_of_its_own() {
    let (host, folder) = (Host::new(), tempfile::tempdir().expect("a folder"));
    let fake = "kit 1 verified by alice";
    let statement = format!("{{\"x\\n{fake}\\n\": 1}}");
    let inspect = |path: &Path| {
        let ran = host.run(&["inspect", arg(path)]);
        assert_eq!(ran.code, Some(4), "{}{}", ran.out, ran.err);
        assert!(ran.err.contains("error: ") && !ran.err.lines().any(|line| line.starts_with(fake)), "{}", ran.err);
    };
    let path = folder.path().join("a.airlift");
    std::fs::write(&path, head(statement.as_bytes(), b"{}")).expect("a file");
    inspect(&path);
    // An unknown member's name is repeated by the parser, and so is a very long one.
    std::fs::write(&path, head(format!("{{\"{}\": 1}}", "y".repeat(100_000)).as_bytes(), b"{}")).expect("a file");
    inspect(&path);
    assert!(host.run(&["inspect", arg(&path)]).err.len() < 4000, "a cause is cut");
    std::fs::remove_file(&path).expect("removed");
    std::fs::write(folder.path().join(format!("a\n{fake}\n.airlift")), "no volume").expect("a file");
    inspect(folder.path());
    assert!(!airlift::error::shown(Path::new("a\nb\u{61c}")).contains(['\n', '\u{61c}']));
}

#[test]
fn a_lock_of_very_many_values_is_not_read_before_anybody_is_believed() {
    let (host, world) = (Host::new(), World::new());
    let volume = world.pack(&world.lock("kit", &[noise(100, 1)]), "out", None, &[]).remove(0);
    let shown = host.json(&["inspect", arg(&volume)]).remove(0);
    assert_eq!(shown[0]["lock"], "read");
    let many = format!("{{\"x\":[{}0]}}", "0,".repeat(600_000));
    let pin = airlift::artifact::Digest::of(many.as_bytes()).hex();
    let bytes = std::fs::read(&volume).expect("a volume");
    let length = find(std::slice::from_ref(&volume)).expect("a set")[0].volumes[&0].head.statement.len();
    let mut statement: serde_json::Value = serde_json::from_slice(&bytes[512..512 + length]).expect("JSON");
    statement["files"]["lock.json"] = serde_json::json!({ "sha256": pin, "size": many.len() });
    let crafted = [
        member("bundle.json", statement.to_string().as_bytes()),
        member("lock.json", many.as_bytes()),
        member("frames.bin", b""),
        member("sig/.space", &[0; 512]),
    ];
    std::fs::write(&volume, crafted.concat()).expect("a file");
    assert_eq!(host.json(&["inspect", arg(&volume)]).remove(0)[0]["lock"], "not read");
    let ran = host.ok(&["inspect", arg(&volume)]);
    assert!(ran.out.contains("not read") && !ran.out.contains("damaged"), "{}", ran.out);
}

#[test]
fn a_foreign_bundle_beside_ours_does_not_stop_ours() {
    let (host, ours, theirs) = (Host::new(), World::new(), World::with_threshold(2, 2));
    let medium = ours.path("out");
    ours.pack(&ours.lock("kit", &[noise(100, 1)]), "out", None, &[1]);
    let foreign = theirs.pack(&theirs.lock("other", &[noise(100, 2)]), "out", None, &[1, 2]).remove(0);
    std::fs::copy(foreign, medium.join("a.airlift")).expect("copied");
    let receiver = ours.receiver("receiver");
    let ran = host.run(&["--store", arg(receiver.root()), "--json", "import", arg(&medium)]);
    assert_eq!(ran.code, Some(4), "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("another trust root 1") && ran.err.contains("a.airlift"), "{}", ran.err);
    let told: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!(told[0]["imported"], true);
    assert_eq!(receiver.current().expect("readable").expect("a snapshot").number, 1);
}

/// T6: nothing is unpacked by name, and a head takes only the names of its own grammar.
#[test]
fn names_in_a_head_that_lead_out_are_refused() {
    let world = World::new();
    let volume = world.pack(&world.lock("kit", &[noise(100, 1)]), "out", None, &[1]).remove(0);
    let good = std::fs::read(&volume).expect("a volume");
    let at = good.windows(9).position(|w| w == b"lock.json").expect("its header") / 512 * 512;
    for name in ["../k.json", "/lock.jso", "a/../k.js", "lock.jso\\", "sig/../..", "sig/..//x", "blobs/abc"] {
        let mut bytes = good.clone();
        let block = &mut bytes[at..at + 512];
        block[..9].copy_from_slice(name.as_bytes());
        block[148..156].fill(b' ');
        let sum: u32 = block.iter().map(|b| u32::from(*b)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        std::fs::write(&volume, &bytes).expect("a volume");
        let refusal = world.verify(std::slice::from_ref(&volume)).expect_err(name);
        assert_eq!(refusal.kind(), Kind::Verification, "{name}: {refusal}");
    }
}

/// Takes blobs in, and destroys the frame on the medium as soon as its content has been handed over.
struct Destroyer<'a> {
    volume: &'a Path,
    frame: (u64, usize),
    kept: std::sync::Mutex<Vec<u8>>,
}

struct Sink<'a>(&'a Destroyer<'a>, airlift::artifact::Digest);

impl airlift::artifact::BlobIntake for Destroyer<'_> {
    fn receive(&self, digest: &airlift::artifact::Digest, _: u64) -> airlift::error::Result<Option<Box<dyn airlift::artifact::BlobSink>>> {
        // A sink lives as long as what it belongs to: it gets a copy of the few words it needs.
        let copy = Box::leak(Box::new(Destroyer {
            volume: Box::leak(self.volume.to_owned().into_boxed_path()),
            frame: self.frame,
            kept: std::sync::Mutex::default(),
        }));
        self.kept.lock().expect("not poisoned").extend_from_slice(digest.as_bytes());
        Ok(Some(Box::new(Sink(copy, *digest))))
    }

    fn settle(&self) -> airlift::error::Result<()> {
        Ok(())
    }
}

impl airlift::artifact::BlobSink for Sink<'_> {
    fn offset(&self) -> u64 {
        self.0.kept.lock().expect("not poisoned").len() as u64
    }

    fn rewind(&mut self, offset: u64) -> airlift::error::Result<()> {
        self.0.kept.lock().expect("not poisoned").truncate(offset as usize);
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> airlift::error::Result<()> {
        let file = std::fs::File::options().write(true).open(self.0.volume).expect("the medium");
        file.write_all_at(&vec![0; self.0.frame.1], self.0.frame.0).expect("destroyed");
        self.0.kept.lock().expect("not poisoned").extend_from_slice(bytes);
        Ok(())
    }

    fn finish(self: Box<Self>) -> airlift::error::Result<()> {
        let kept = self.0.kept.lock().expect("not poisoned");
        assert_eq!(airlift::artifact::Digest::of(&kept), self.1, "what was handed over is what was checked");
        Ok(())
    }
}

/// T12: a device that answers differently the second time is not asked a second time. The head is destroyed once it has been judged, the
/// frame once it has been handed over; what is recorded and kept is what was signed.
#[test]
fn nothing_is_read_a_second_time() {
    let world = World::new();
    let content = noise(MIB, 5);
    let volume = world.pack(&world.lock("kit", std::slice::from_ref(&content)), "out", None, &[1]).remove(0);
    let bytes = std::fs::read(&volume).expect("a volume");
    let at = bytes.windows(64).position(|w| w == &content[..64]).expect("it is stored as it is");
    let bundle = world.open(std::slice::from_ref(&volume)).expect("it is authentic");
    let (id, head) = (bundle.id, bundle.head().end as usize);
    let file = std::fs::File::options().write(true).open(&volume).expect("the medium");
    file.write_all_at(&vec![0xff; head], 0).expect("destroyed");
    let intake = Destroyer { volume: &volume, frame: (at as u64, content.len()), kept: std::sync::Mutex::default() };
    let verified = crate::world::verification().run(bundle, &intake, None).expect("it was right when it was read");
    let record = verified.record();
    let statement = &record.iter().find(|(name, _)| name == "bundle.json").expect("the statement").1;
    assert_eq!(airlift::artifact::Digest::of(statement), id);
    assert_eq!(
        airlift::artifact::Digest::of(&record.iter().find(|(name, _)| name == "lock.json").expect("the lock").1),
        verified.lock_digest()
    );
    assert!(world.verify(&[volume]).is_err(), "the medium is destroyed");
}

/// Bytes that this thread has asked the system for.
fn read_so_far() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/thread-self/io").ok()?;
    text.lines().find_map(|line| line.strip_prefix("rchar: "))?.parse().ok()
}

/// A set of 10 GB whose head was tampered with is refused for what its head says: of the payload not a byte is read, so its length does
/// not matter, and nothing is decompressed.
#[test]
fn a_tampered_set_of_ten_gigabytes_is_refused_by_its_head() {
    let world = World::new();
    let volume = world.pack(&world.lock("kit", &[noise(5 * MIB, 1)]), "out", None, &[1]).remove(0);
    let head = world.open(std::slice::from_ref(&volume)).expect("it is authentic").head().end;
    let file = std::fs::File::options().read(true).write(true).open(&volume).expect("a volume");
    // The payload becomes a hole: reading it would give another error than the head does.
    file.set_len(head).expect("cut");
    file.set_len(10_000_000_000).expect("a hole");
    let mut byte = [0];
    file.read_exact_at(&mut byte, 600).expect("a byte of the statement");
    file.write_all_at(&[byte[0] ^ 1], 600).expect("tampered");
    let before = read_so_far();
    let refusal = world.open(std::slice::from_ref(&volume)).expect_err("tampered");
    if let (Some(before), Some(after)) = (before, read_so_far()) {
        let read = after - before;
        println!("refused after {read} bytes of 10000000000");
        assert!(read < 2 * head + (1 << 20), "{read} bytes were read");
    }
    assert_eq!(refusal.kind(), Kind::Verification, "{refusal}");
    assert!(!refusal.to_string().contains("frame 1"), "{refusal}");
}
