//! Exit codes and messages for bad input: the documented code, what it is about, what to do next; and nothing half done.

use super::{SIGNED, manifest, origin, packed, receiver, refusal, sign_in, status};
use crate::host::{AIRLIFT, Host, Ran, arg};
use crate::stock::need;
use crate::world::{World, noise, state};
use std::io::pipe;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

const MIB: usize = 1 << 20;

#[test]
fn a_wrong_command_line_is_2() {
    let host = Host::new();
    host.write("guide.txt", "read me first\n");
    for (args, words) in [
        (&["status", "--frobnicate"][..], &["--frobnicate"][..]),
        (&["stauts"], &["stauts", "status"]),
        (&["lock"], &["<MANIFEST>"]),
        (&["pack", "kit.lock", "--out", "x", "--volume-size", "huge"], &["4GB, 700MiB or fat32"]),
        (&["pack", "kit.lock", "--out", "x", "--previous", "7"], &["NUMBER:ID"]),
        (&["serve", "--http", "localhost"], &["--http"]),
        (&["serve", "--tls-cert", "x.pem"], &["--tls-key"]),
        (&["lock", "kit.toml"], &["kit.toml: there is no such manifest", "airlift init NAME"]),
        (&["fetch", "kit.lock"], &["kit.lock: there is no such lock", "airlift lock MANIFEST"]),
        (&["fetch", "guide.txt"], &["guide.txt is not a lock", "airlift lock MANIFEST"]),
        (&["diff", "guide.txt", "guide.txt"], &["guide.txt is not a lock"]),
        (&["key", "show", "guide.txt"], &["guide.txt: the public key is refused"]),
        (&["sign", "guide.txt"], &["--key KEY", "airlift inspect"]),
        (&["client", "pipp"], &["pipp", "did you mean pip"]),
        (&["init", "../kit"], &["toolkit name is refused"]),
        (&["trust", "show", "root.1.json"], &["there is no trust root at root.1.json", "airlift trust init"]),
        (&["trust", "init", "x", "--principal", "alice", "--threshold", "1"], &["NAME=KEY.pub"]),
    ] {
        host.fails(2, args, words);
    }
    let bare = host.run(&[]);
    assert!(bare.code == Some(2) && bare.err.contains("Usage: airlift"), "{bare:?}");
}

#[test]
fn a_wrong_manifest_is_2_and_names_line_and_nearest_key() {
    let host = Host::new();
    let head = "airlift = 1\nname = \"kit\"\n";
    for (text, words) in [
        ("[files.f]\nurl = \"https://example.org/f\"\nsha265 = \"x\"\n", &["line 5", "sha265", "did you mean `sha256`"][..]),
        ("[fiels.f]\nurl = \"x\"\n", &["line 3", "did you mean `files`"]),
        ("[filess]\nurl = \"x\"\n", &["line 3", "sections", "python, conda", "files", "did you mean `files`"]),
        ("[files.f]\nurl = 3\n", &["line 4", "string"]),
        ("[files.f\n", &["line 3"]),
        ("[files.f]\nurl = \"http://example.org/f\"\n", &["must be pinned", "add its sha256"]),
        (
            "[targets.lab]\nplatform = \"linux-x86_64\"\npython = \"3.12\"\n[python.p]\nrequirements = [\"six\"]\ntargets = [\"lba\"]\n",
            &["[python.p]: no target is called lba", "did you mean lab"],
        ),
        (
            "[targets.lab]\nplatform = \"windows\"\n[files.f]\nurl = \"https://example.org/f\"\n",
            &["[targets.lab]", "windows", "linux-x86_64"],
        ),
        ("", &["asks for nothing"]),
        ("[files.f]\nitems = \"x\"\n", &["kit.toml: [files.f]: line 4: `items`: invalid type", "sequence"]),
        (
            "[targets.lab]\nplatform = \"linux-x86_64\"\npython = \"3.x\"\n[files.f]\nurl = \"https://example.org/f\"\n",
            &["kit.toml: [targets.lab]: line 5: `python`: not a version", "3.x"],
        ),
        (
            "[targets.lab]\nplatform = \"windows\"\n[files.f]\nurl = \"x\"\n",
            &["kit.toml: [targets.lab]: line 4: `platform`: the platform is not known"],
        ),
    ] {
        host.write("kit.toml", format!("{head}{text}"));
        host.fails(2, &["lock", "kit.toml"], words);
        assert!(!host.path("kit.lock").exists(), "a lock was written for {text}");
    }
    host.write("kit.toml", "airlift = 2\nname = \"kit\"\nfuture = true\n[files.f]\nurl = \"x\"\n");
    host.fails(2, &["lock", "kit.toml"], &["line 1: the manifest has a format version", "airlift = 2", "a newer airlift"]);
    let other = "[targets.w]\nplatform = \"linux-x86_64\"\npython = \"3.12\"\n[python.p]\nrequirements = [\"six\"]\ntargets = [\"v\"]\n";
    host.write("kit.toml", format!("{head}{other}"));
    assert!(!host.fails(2, &["lock", "kit.toml"], &["no target is called v"]).err.contains("did you mean"));
    host.write("kit.toml", format!("{head}[targets.w]\nplatfrm = \"x\"\n[files.f]\nurl = \"x\"\n"));
    assert!(!host.fails(2, &["lock", "kit.toml"], &["line 4", "did you mean `platform`"]).err.contains("sections"), "a target has none");
    host.write("kit.toml", b"\xff\xfe");
    host.fails(2, &["lock", "kit.toml"], &["not UTF-8"]);
    host.write("kit.toml", vec![b'#'; 2 << 20]);
    host.fails(2, &["lock", "kit.toml"], &["too large"]);
}

#[test]
fn what_is_not_here_yet_is_3() {
    let files: [(&str, &[u8]); 1] = [("/guide.txt", b"read me first\n")];
    let (host, origin) = (Host::new(), origin(&files));
    host.write("kit.toml", manifest(&origin, &files));
    host.ok(&["lock", "kit.toml"]);
    for command in [&["status"][..], &["scrub"], &["serve"], &["verify", "."], &["pack", "kit.lock", "--out", "out"]] {
        host.fails(3, command, &["there is no store at", "airlift trust accept, fetch and import make one"]);
    }
    sign_in(&host);
    host.fails(3, &["pack", "kit.lock", "--out", "out"], &["files/all/guide.txt", "not in the store yet", "airlift fetch"]);
    assert!(!host.path("out").exists());
    host.fails(3, &["verify", "."], &["there is no bundle here", "looked in"]);
    host.fails(3, &["pack", "kit.lock", "--out", "out", "--key", "SHA256:nobody"], &["not in the store yet"]);
}

#[test]
fn a_missing_volume_is_3_and_installs_nothing() {
    let (sender, _origin) = packed(&[("/tool.tar", &noise(30 * MIB, 5))]);
    sender.ok(&[&["pack", "kit.lock", "--out", "many", "--volume-size", "16MiB"], &SIGNED[..]].concat());
    let inside = receiver(&sender);
    let before = state(&inside.store());
    std::fs::rename(sender.path("many/kit-2.002.airlift"), sender.path("kept")).expect("moved");
    let medium = sender.path("many");
    inside.fails(3, &["verify", arg(&medium)], &["kit 2: volume 2 of", "kit-2.002.airlift", "looked in", "plug it in"]);
    sender.fails(3, &[&["sign", "many"], &SIGNED[..]].concat(), &["name all of them"]);
    assert!(state(&inside.store()) == before);
    let told = ["kit 2: 1 of its 3 volumes is still needed", "kit-2.002.airlift", "looked in", "plug the next one in"];
    inside.fails(3, &["import", arg(&medium)], &told);
    assert!(status(&inside)["snapshot"].is_null());
    std::fs::rename(sender.path("kept"), sender.path("many/kit-2.002.airlift")).expect("moved");
    inside.ok(&["import", arg(&sender.path("many"))]);
}

/// A store of its own beside a host, for worlds made with the library.
fn with_store<'a>(store: &'a Path, args: &[&'a str]) -> Vec<&'a str> {
    [&["--store", arg(store)], args].concat()
}

#[test]
fn bundles_that_are_not_signed_as_they_must_be_are_4() {
    let (host, world) = (Host::new(), World::with_threshold(2, 2));
    let lock = world.lock("kit", &[noise(1000, 1)]);
    let receiver = world.receiver("receiver");
    let before = state(receiver.root());
    let unsigned = world.pack(&lock, "unsigned", None, &[]);
    let one = world.pack(&lock, "one", None, &[1]);
    let (stranger, _origin) = packed(&[("/guide.txt", b"read me first\n")]);
    let strange = vec![stranger.path("out/kit-1.airlift")];
    for (volumes, words) in [
        (unsigned, &["kit-1.airlift: unsigned", "2 of person1, person2", "airlift sign"][..]),
        (one, &["signed by 1 of 2", "person1"]),
        (strange, &["another trust root 1 than the one this host accepted", "by another channel"]),
    ] {
        for command in ["verify", "import", "serve"] {
            host.fails(4, &with_store(receiver.root(), &[command, arg(&volumes[0])]), words);
        }
    }
    assert!(state(receiver.root()) == before, "a refused bundle left something behind");
    let naive = Host::new();
    naive.ok(&["--store", "empty", "import", "--help"]);
    std::fs::create_dir_all(naive.store()).expect("a folder");
    naive.fails(4, &["import", arg(&world.path("one"))], &["trusts nobody yet", "airlift trust accept"]);
}

#[test]
fn damaged_volumes_are_4_and_the_undamaged_one_is_taken_after() {
    let (host, world) = (Host::new(), World::new());
    let volume = world.pack(&world.lock("kit", &[noise(9 * MIB, 1), noise(1000, 2)]), "out", None, &[1]).remove(0);
    let receiver = world.receiver("receiver");
    let whole = std::fs::read(&volume).expect("a volume");
    let file = std::fs::File::options().write(true).open(&volume).expect("a volume");
    let import = with_store(receiver.root(), &["import", arg(&volume)]);
    let verify = with_store(receiver.root(), &["verify", arg(&volume)]);
    let at = whole.len() as u64 - 5 * MIB as u64;
    file.write_all_at(&[whole[at as usize] ^ 4], at).expect("written");
    for command in [&verify, &import] {
        host.fails(4, command, &["files/blob-000 1: frame", "does not match the signed table", "volume 1, ", "nothing was changed"]);
    }
    file.write_all_at(&[whole[at as usize]], at).expect("written");
    file.write_all_at(&[whole[600] ^ 1], 600).expect("written");
    host.fails(4, &import, &[]);
    file.write_all_at(&[whole[600]], 600).expect("written");
    file.set_len(at).expect("cut");
    for command in [&verify, &import] {
        host.fails(4, command, &["wrong length", "expected", "found", "copy it again"]);
    }
    assert!(receiver.current().expect("readable").is_none());
    file.write_all_at(&whole[at as usize..], at).expect("written");
    host.ok(&import);
}

#[test]
fn older_bundles_and_forks_are_5() {
    let (host, world) = (Host::new(), World::new());
    let packed = |seed, out, seq| world.pack_as(&world.lock("kit", &[noise(100, seed)]), out, None, &[1], seq).remove(0);
    let (old, new) = (packed(1, "old", None), packed(2, "new", None));
    let fork = packed(3, "fork", Some(2));
    let receiver = world.receiver("receiver");
    host.ok(&with_store(receiver.root(), &["import", arg(&new)]));
    let before = state(receiver.root());
    host.fails(5, &with_store(receiver.root(), &["import", arg(&old)]), &["kit 1", "installed"]);
    host.fails(5, &with_store(receiver.root(), &["import", arg(&fork)]), &["kit 2"]);
    for command in [&["plan"][..], &["import", "--dry-run"]] {
        let planned = host.run(&with_store(receiver.root(), &[command, &[arg(&old)]].concat()));
        assert!(planned.code == Some(5) && planned.out.contains("order      refused: kit 1: rollback"), "{planned:?}");
    }
    assert!(state(receiver.root()) == before, "a refused bundle left something behind");
}

#[test]
fn a_store_that_is_locked_foreign_or_damaged_is_7() {
    let (host, world) = (Host::new(), World::new());
    let bytes = noise(5000, 1);
    let volume = world.pack(&world.lock("kit", std::slice::from_ref(&bytes)), "out", None, &[1]).remove(0);
    let receiver = world.receiver("receiver");
    let held = receiver.writer().expect("the lock");
    host.fails(7, &with_store(receiver.root(), &["import", arg(&volume)]), &["being changed by another airlift", "wait"]);
    host.fails(7, &with_store(receiver.root(), &["gc"]), &["being changed by another airlift"]);
    host.ok(&with_store(receiver.root(), &["verify", arg(&volume)]));
    drop(held);
    host.ok(&with_store(receiver.root(), &["import", arg(&volume)]));
    host.write("something", "else");
    host.fails(7, &with_store(&host.work(), &["import", arg(&volume)]), &["is not a store and not empty"]);
    damage(receiver.root(), &bytes);
    let scrubbed = host.run(&with_store(receiver.root(), &["scrub"]));
    assert!(scrubbed.code == Some(7) && scrubbed.out.contains("1 fault"), "{scrubbed:?}");
    assert!(scrubbed.err.contains("its bytes are sha256:") && scrubbed.err.contains("scrub --discard"), "{scrubbed:?}");
    assert_eq!(host.run(&with_store(receiver.root(), &["scrub", "--discard"])).code, Some(7));
    std::fs::write(receiver.root().join("current"), b"{}").expect("a file");
    for command in [&["status"][..], &["scrub"], &["gc"], &["import", arg(&volume)]] {
        let ran = host.run(&with_store(receiver.root(), command));
        assert!(ran.code == Some(7) && ran.err.contains("write it anew") && !ran.err.contains("--discard"), "{ran:?}");
    }
    std::fs::write(receiver.root().join("current"), "{\"snapshot\":1,\"highest\":1}\n").expect("a file");
    std::fs::write(receiver.root().join("trust/root.1.json"), b"{}").expect("a file");
    for command in [&["status"][..], &["scrub"], &["import", arg(&volume)]] {
        let ran = host.run(&with_store(receiver.root(), command));
        assert!(ran.code == Some(7) && ran.err.contains("restore it from a backup"), "{ran:?}");
    }
}

#[test]
fn a_folder_that_may_not_be_written_to_is_8() {
    use std::os::unix::fs::PermissionsExt;
    let (sender, _origin) = packed(&[("/guide.txt", b"read me first\n")]);
    let folder = sender.path("theirs");
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o555)).expect("ours");
    // Root may write everywhere, unless it gives that up.
    let root = rustix::process::geteuid().is_root();
    let Some(setpriv) = need("setpriv") else { return };
    for args in [
        &["lock", "kit.toml", "--out", "theirs/kit.lock"][..],
        &["pack", "kit.lock", "--out", "theirs/out"],
        &["pack", "kit.lock", "--out", "theirs"],
        &["--store", "theirs/store", "fetch", "kit.lock"],
        &["key", "generate", "theirs/key", "--no-passphrase"],
    ] {
        let mut command = sender.program(if root { setpriv.as_os_str() } else { AIRLIFT.as_ref() });
        if root {
            command.args(["--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all", AIRLIFT]);
        }
        let ran = Ran::of(command.args(args).output().expect("airlift runs"));
        assert!(ran.code == Some(8) && ran.err.contains("theirs") && ran.err.contains("may not write there"), "{args:?}: {ran:?}");
    }
}

#[test]
fn an_older_bundle_served_from_its_medium_is_told_as_older() {
    let (host, world) = (Host::new(), World::new());
    let [old, new] = [1, 2].map(|seed| world.pack(&world.lock("kit", &[noise(100, seed)]), &format!("out{seed}"), None, &[1]).remove(0));
    let receiver = world.receiver("receiver");
    for volume in [&old, &new] {
        host.ok(&with_store(receiver.root(), &["import", arg(volume)]));
    }
    let listed = host.ok(&with_store(receiver.root(), &["status"]));
    assert!(listed.out.contains("also      snapshot 1: kit 1 (main line)"), "{}", listed.out);
    let never = world.pack_as(&world.lock("kit", &[noise(100, 4)]), "out4", None, &[1], Some(9)).remove(0);
    let other = world.receiver("other");
    host.ok(&with_store(other.root(), &["import", arg(&never)]));
    let mut serving = host.start(&with_store(other.root(), &["serve", arg(&old), "--http", "127.0.0.1:0"]));
    assert!(serving.said("warning").contains("kit 1"), "an older bundle passes for a new one");
    serving.line();
}

/// Flips a bit of a blob in a store.
fn damage(store: &Path, bytes: &[u8]) {
    let hex = airlift::artifact::Digest::of(bytes).hex();
    let path: PathBuf = store.join("blobs/sha256").join(&hex[..2]).join(&hex);
    let mut damaged = bytes.to_vec();
    damaged[100] ^= 1;
    std::fs::write(path, damaged).expect("a blob");
}

#[test]
fn a_damaged_blob_comes_back_with_the_same_bundle() {
    let (host, world) = (Host::new(), World::new());
    let bytes = noise(5000, 1);
    let volume = world.pack(&world.lock("kit", std::slice::from_ref(&bytes)), "out", None, &[1]).remove(0);
    let receiver = world.receiver("receiver");
    host.ok(&with_store(receiver.root(), &["import", arg(&volume)]));
    damage(receiver.root(), &bytes);
    let scrubbed = host.run(&with_store(receiver.root(), &["scrub", "--discard"]));
    assert!(scrubbed.code == Some(7) && scrubbed.err.contains("1 damaged blob taken out"), "{scrubbed:?}");
    assert!(scrubbed.err.contains("import or fetch the same bundle again") && !scrubbed.err.contains("--discard"), "{scrubbed:?}");
    let ran = host.ok(&with_store(receiver.root(), &["import", arg(&volume)]));
    assert!(ran.err.contains("1 blob had gone missing and was brought back"), "{}", ran.err);
    host.ok(&with_store(receiver.root(), &["scrub"]));
}

#[test]
fn errors_in_json_say_the_same() {
    let host = Host::new();
    let ran = host.run(&["--json", "fetch", "kit.lock"]);
    let error = refusal(&ran);
    assert_eq!((ran.code, &error["exit"], &error["kind"]), (Some(2), &2.into(), &"usage".into()));
    assert!(error["message"].as_str().expect("a message").contains("kit.lock") && error["hints"][0].is_string(), "{error}");
}

#[test]
fn a_closed_pipe_is_no_failure_and_a_full_one_is() {
    let host = Host::new();
    for args in [&["schema"][..], &["completions", "bash"], &["client"]] {
        let (reader, writer) = pipe().expect("a pipe");
        drop(reader);
        let ran = Ran::of(host.command(args).stdout(writer).output().expect("airlift runs"));
        assert!(ran.code == Some(0) && ran.err.is_empty(), "{args:?}: {ran:?}");
        let full = std::fs::File::options().write(true).open("/dev/full").expect("a device that is always full");
        let ran = Ran::of(host.command(args).stdout(full).output().expect("airlift runs"));
        ran.refused(8, &["standard output cannot be written"]);
    }
}

#[test]
fn a_closed_pipe_does_not_undo_an_import() {
    let (sender, _origin) = packed(&[("/guide.txt", b"read me first\n")]);
    let inside = receiver(&sender);
    let (reader, writer) = pipe().expect("a pipe");
    drop(reader);
    let mut command = inside.program(AIRLIFT);
    command.args(["--json", "import", arg(&sender.path("out"))]).stdout(writer.try_clone().expect("a pipe")).stderr(writer);
    assert_eq!(command.output().expect("airlift runs").status.code(), Some(0));
    assert_eq!(status(&inside)["snapshot"], 1);
}
