//! Packs that somebody altered, and packs that cannot be made.

use super::{Pack, lived, script};
use crate::host::{Ran, arg};
use crate::stock::need;
use airlift::artifact::Digest;
use std::path::Path;

/// A byte that is another one afterwards, in the middle and no line feed; an empty file gets one.
fn flip(bytes: &[u8]) -> Vec<u8> {
    if bytes.is_empty() {
        return b"0".to_vec();
    }
    let mut bytes = bytes.to_vec();
    let middle = bytes.len() / 2;
    let at = (middle..bytes.len()).chain(0..middle).find(|at| bytes[*at].is_ascii_alphanumeric()).expect("a letter or digit");
    bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
    bytes
}

/// The list finds every byte that differs from what was told of: that no other file is here is `a_folder_holds_what_is_listed`.
#[test]
fn one_flipped_byte_of_any_file_is_refused_by_name() {
    let Some(_) = need("python3") else { return };
    let site = lived();
    let pack = Pack::made(&site.host, "pack", &["--profile", "gdpr"]);
    let files = pack.files();
    assert!(files.len() > 35, "{} files", files.len());
    for (name, bytes) in &files {
        pack.write(name, flip(bytes));
        let ran = pack.check(&site.host, &pack.told());
        let said = ran.out.lines().any(|line| line.starts_with("REFUSED") && line.contains(name));
        assert!(ran.code == Some(1) && said, "{name} is not named: {}{}", ran.out, ran.err);
        pack.write(name, bytes);
    }
    assert_eq!(pack.check(&site.host, &pack.told()).code, Some(0));
}

/// With the root and the key alone: what is signed, logged or named by what is.
#[test]
fn what_is_signed_is_refused_even_with_a_new_list() {
    let [Some(_), Some(_)] = ["ssh-keygen", "python3"].map(need) else { return };
    let site = lived();
    let pack = Pack::made(&site.host, "pack", &["--profile", "gdpr"]);
    let files = pack.files();
    let signed = |name: &str| {
        let made = ["controls/", "oscal/", "program/", "sbom/"].iter().any(|folder| name.starts_with(folder));
        let ours =
            ["README.md", "check.sh", "pack.json", "SHA256SUMS", "licences.csv", "scan.json", "transcript.json", "publishers/index.json"];
        // What airlift itself wrote down is as good as the list.
        !made && !ours.contains(&name)
    };
    let mut altered = 0;
    for (name, bytes) in files.iter().filter(|(name, _)| signed(name)) {
        pack.write(name, flip(bytes));
        pack.listed_anew();
        let ran = pack.check(&site.host, &pack.root_and_key());
        assert!(ran.code == Some(1) && ran.out.contains("REFUSED"), "{name}: {}", ran.out);
        pack.write(name, bytes);
        altered += 1;
    }
    assert!(altered > 17, "{altered} files are signed");
    pack.listed_anew();
    assert_eq!(pack.check(&site.host, &pack.root_and_key()).code, Some(4));
    // Nor can what was told be passed over by leaving out what it is about.
    for (folder, words) in [("log", "REFUSED    log"), ("trust", "REFUSED    trust"), ("bundles", "names a bundle that is not here")] {
        std::fs::rename(pack.folder.join(folder), site.host.path("aside")).expect("moved away");
        pack.listed_anew();
        let ran = pack.check(&site.host, &pack.root_and_key());
        assert!(ran.code == Some(1) && ran.out.contains(words), "{folder}: {}", ran.out);
        std::fs::rename(site.host.path("aside"), pack.folder.join(folder)).expect("moved back");
    }
    // A decision that is left out is missed by the log.
    let approvals = pack.bundle().join("approvals");
    std::fs::remove_dir_all(&approvals).expect("removed");
    pack.listed_anew();
    let ran = pack.check(&site.host, &pack.root_and_key());
    assert!(ran.out.contains("0 of 2 people approved") && ran.out.contains("whose decision is not here"), "{}", ran.out);
}

/// Lists for `ssh-keygen` give each key to its own person, for the purposes of the root.
#[test]
fn who_may_sign_is_what_the_root_says() {
    let [Some(_), Some(_)] = ["ssh-keygen", "python3"].map(need) else { return };
    let site = lived();
    let pack = Pack::made(&site.host, "pack", &["--profile", "gdpr"]);
    let name = "trust/allowed_signers.2";
    let text = String::from_utf8(pack.files()[name].clone()).expect("UTF-8");
    let (alice, dave) = (|l: &&str| l.starts_with("alice "), |l: &&str| l.starts_with("dave "));
    let (first, second) = (text.lines().find(alice).expect("alice"), text.lines().find(dave).expect("dave"));
    let key = |line: &str| line.split_once(" ssh-ed25519 ").expect("a key").1.to_owned();
    for bad in [
        format!("{text}{}\n", first.replace("alice", "mallory")),
        // A last line without an end, another person's key, another purpose, one that is missing.
        format!("{text}{}", first.replace("alice", "mallory")),
        format!("{text}{}\n", second.replace(&key(second), &key(first))),
        format!("{text}{}\n", second.replace("approve.v1", "bundle.v1")),
        text.replacen(&format!("{second}\n"), "", 1),
    ] {
        pack.write(name, &bad);
        pack.listed_anew();
        let ran = pack.check(&site.host, &pack.root_and_key());
        assert!(ran.code == Some(1) && ran.out.contains(&format!("REFUSED    {name}: it lists others")), "{bad}: {}", ran.out);
    }
}

/// An old checkpoint is authentic for ever: what stands behind it is not.
#[test]
fn a_log_ends_where_its_checkpoint_says() {
    let [Some(_), Some(_), Some(_)] = ["ssh-keygen", "python3", "openssl"].map(need) else { return };
    let site = lived();
    let pack = Pack::made(&site.host, "pack", &["--profile", "gdpr"]);
    let files = pack.files();
    let receipt = files.keys().find(|name| name.starts_with("log/receipts/")).expect("a receipt").clone();
    let text = String::from_utf8(files[&receipt].clone()).expect("UTF-8");
    let check = |words: &str| {
        pack.listed_anew();
        let ran = pack.check(&site.host, &pack.root_and_key());
        assert!(ran.code == Some(1) && ran.out.contains(words), "{words}: {}", ran.out);
    };
    // A hash of the proof, and the place it is about.
    let hash = text.lines().nth(3).expect("a hash");
    pack.write(&receipt, text.replacen(hash, &format!("{}{}", if hash.starts_with('A') { 'B' } else { 'A' }, &hash[1..]), 1));
    check("its proof leads elsewhere");
    pack.write(&receipt, text.replacen("index ", "index $(touch ran)", 1));
    check("it is no receipt");
    pack.write(&receipt, text.replacen("index ", "index 9", 1));
    check("it is of another event");
    std::fs::remove_file(pack.folder.join(&receipt)).expect("removed");
    // Back to event 3, with an event of our own behind it.
    for folder in ["log/cosignatures", "log/checkpoints", "log/receipts"] {
        std::fs::remove_dir_all(pack.folder.join(folder)).expect("removed");
    }
    std::fs::copy(site.host.store().join("log/checkpoints/3"), pack.folder.join("log/checkpoint")).expect("copied");
    let events = String::from_utf8(files["log/events.jsonl"].clone()).expect("UTF-8");
    let lines: Vec<&str> = events.lines().collect();
    let forged = lines[3].replace("\"index\":3", "\"index\":3 ");
    pack.write("log/events.jsonl", format!("{}\n{forged}\n", lines[..3].join("\n")));
    check("there is more behind its 3 events");
    pack.write("log/events.jsonl", format!("{}\n{}", lines[..3].join("\n"), &forged[..40]));
    check("there is more behind its 3 events");
    pack.write("log/events.jsonl", format!("{}\n", lines[..2].join("\n")));
    check("event 2 is the first bad one: it is missing");
}

/// Nothing is in the folder but files that are listed, under names that packs have.
#[test]
fn a_folder_holds_what_is_listed() {
    let Some(_) = need("python3") else { return };
    let site = lived();
    let pack = Pack::made(&site.host, "pack", &["--profile", "gdpr"]);
    let at = |name: &str| pack.folder.join(name);
    let refused = |what: &str, words: &str| {
        let ran = pack.check(&site.host, &pack.told());
        let said = ran.out.lines().any(|line| line.starts_with("REFUSED") && line.contains(words));
        assert!(ran.code == Some(1) && said, "{what}: {}{}", ran.out, ran.err);
    };
    for name in ["controls/more.md", "controls/gdpr.md ", "verify_log.py\ncheck.sh", "-f", "sub/\u{1b}[2J", "evidence.x"] {
        std::fs::create_dir_all(at(name).parent().expect("a folder")).expect("a folder");
        pack.write(name, "all is well");
        let shown = name.replace('\n', "\\n").replace('\u{1b}', "\\x1b");
        refused(name, &format!("{shown} is not listed"));
        std::fs::remove_file(at(name)).expect("removed");
        let _ = std::fs::remove_dir(at("sub"));
    }
    std::fs::create_dir(at("empty")).expect("a folder");
    refused("an empty folder", "empty/ is empty");
    std::fs::remove_dir(at("empty")).expect("removed");
    std::os::unix::fs::symlink("/etc/passwd", at("link")).expect("a link");
    refused("a link", "link is no plain file");
    std::fs::remove_file(at("link")).expect("removed");
    for name in ["policy.toml", "SHA256SUMS"] {
        std::fs::rename(at(name), site.host.path("outside")).expect("moved");
        refused("a file that is missing", if name == "SHA256SUMS" { name } else { "policy.toml is listed" });
        std::os::unix::fs::symlink(site.host.path("outside"), at(name)).expect("a link");
        refused("a link to a file that is right", &format!("{name} is no plain file"));
        std::fs::remove_file(at(name)).expect("removed");
        assert!(site.host.program("mkfifo").arg(at(name)).status().expect("mkfifo runs").success());
        refused("a pipe", &format!("{name} is no plain file"));
        std::fs::remove_file(at(name)).expect("removed");
        std::fs::rename(site.host.path("outside"), at(name)).expect("moved");
    }
    assert_eq!(pack.check(&site.host, &pack.told()).code, Some(0));
    // Listed under a name that no pack has.
    let list = pack.files()["SHA256SUMS"].clone();
    for line in ["../outside", "/etc/passwd", "controls/../policy.toml", "json.py", "bundles/x/bundle.json"] {
        pack.write("SHA256SUMS", [&list[..], format!("{}  {line}\n", Digest::of(b"").hex()).as_bytes()].concat());
        let ran = pack.check(&site.host, &pack.root_and_key());
        assert!(ran.code == Some(1) && ran.out.contains("this line is none of a pack"), "{line}: {}", ran.out);
    }
}

/// The script runs nothing of the pack, wherever it is started and by whatever shell.
#[test]
fn nothing_of_a_pack_is_run() {
    let Some(_) = need("python3") else { return };
    let site = lived();
    let pack = Pack::made(&site.host, "pack", &["--profile", "gdpr"]);
    let mark = site.host.path("ran");
    let (python, shell) = (format!("open({:?}, 'w')\n", arg(&mark)), format!("#!/bin/sh\ntouch '{}'\n", arg(&mark)));
    for name in ["verify_log.py", "json.py", "base64.py", "sitecustomize.py", "usercustomize.py"] {
        pack.write(name, &python);
    }
    for name in ["check.sh", "ssh-keygen", "openssl", "python3"] {
        pack.write(name, &shell);
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(pack.folder.join(name), mode).expect("set");
    }
    let receipt = pack.files().into_keys().find(|name| name.starts_with("log/receipts/")).expect("a receipt");
    let text = String::from_utf8(pack.files()[&receipt].clone()).expect("UTF-8");
    pack.write(&receipt, text.replacen("index ", &format!("index refused[$(touch {})]", arg(&mark)), 1));
    pack.write("checks.tsv", format!("receipt\t-f./evil.sed\nlog\t$(touch {})\n", arg(&mark)));
    for anew in [false, true] {
        if anew {
            for name in [
                "verify_log.py",
                "json.py",
                "base64.py",
                "sitecustomize.py",
                "usercustomize.py",
                "ssh-keygen",
                "openssl",
                "python3",
                "checks.tsv",
            ] {
                std::fs::remove_file(pack.folder.join(name)).expect("removed");
            }
            pack.listed_anew();
        }
        for interpreter in ["sh", "bash", "dash"].into_iter().filter(|name| need(name).is_some()) {
            let mut command = site.host.program(interpreter);
            command.current_dir(&pack.folder).env("PYTHONPATH", &pack.folder).env("PYTHONSTARTUP", pack.folder.join("json.py"));
            let ran = Ran::of(command.arg(script()).args(pack.root_and_key()).arg(".").output().expect("a shell"));
            assert!(ran.code == Some(1) && ran.out.contains("REFUSED"), "{ran:?}");
            assert!(!mark.exists(), "{interpreter} ran something of the pack: {ran:?}");
        }
    }
}

#[test]
fn a_pack_is_there_whole_or_not_at_all() {
    let site = lived();
    let entries = || {
        let mut names: Vec<_> = std::fs::read_dir(site.host.work()).expect("a folder").map(|e| e.expect("an entry").file_name()).collect();
        names.sort();
        names
    };
    std::fs::create_dir(site.host.path("there")).expect("a folder");
    let before = entries();
    site.host.fails(2, &["evidence", "--out", "there"], &["there is something already"]);
    site.host.fails(2, &["evidence", "--out", "pack", "--profile", "sox"], &["there is no such profile", "hipaa, gdpr"]);
    site.host.fails(2, &["evidence", "--out", "pack", "--installed", "9"], &["there is no snapshot 9 here"]);
    // A damaged volume, a damaged log, a damaged blob: nothing is left.
    let volume = Path::new(&site.out).join("kit-1.airlift");
    let bytes = std::fs::read(&volume).expect("a volume");
    let mut damaged = bytes.clone();
    let at = damaged.len() - 20_000;
    damaged[at] ^= 1;
    std::fs::write(&volume, damaged).expect("a file");
    site.host.fails(4, &["evidence", &site.out, "--out", "pack"], &["does not match the signed table"]);
    std::fs::write(&volume, bytes).expect("a file");
    let events = site.host.store().join("log/events.jsonl");
    let text = std::fs::read(&events).expect("a log");
    std::fs::write(&events, flip(&text)).expect("a file");
    site.host.fails(7, &["evidence", "--out", "pack"], &["event"]);
    std::fs::write(&events, text).expect("a file");
    let blob =
        walkdir::WalkDir::new(site.host.store().join("blobs")).into_iter().flatten().find(|e| e.file_type().is_file()).expect("a blob");
    let content = std::fs::read(blob.path()).expect("a blob");
    let mut permissions = std::fs::metadata(blob.path()).expect("a blob").permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o644);
    std::fs::set_permissions(blob.path(), permissions).expect("set");
    let mut damaged = content.clone();
    damaged[1000] ^= 1;
    std::fs::write(blob.path(), damaged).expect("a file");
    let ran = site.host.run(&["evidence", "--out", "pack"]);
    assert!(ran.code != Some(0) && ran.err.contains("error: "), "{ran:?}");
    std::fs::write(blob.path(), content).expect("a file");
    assert_eq!(entries(), before, "what was given up leaves nothing");
    // What a run that was killed left is taken away by the next one.
    std::fs::create_dir_all(site.host.path(".pack.airlift-part/controls")).expect("a folder");
    let pack = Pack::made(&site.host, "pack", &["--profile", "gdpr"]);
    assert_eq!(entries().len(), before.len() + 1);
    assert!(pack.folder.join("SHA256SUMS").exists() && arg(&pack.folder).ends_with("pack"));
}
