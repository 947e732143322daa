//! Packs that somebody altered, and packs that cannot be made.

use super::{Pack, lived};
use crate::host::{Host, Ran, arg};
use crate::stock::need;
use airlift::artifact::Digest;
use std::collections::BTreeMap;
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

fn list(host: &Host, folder: &Path) -> Ran {
    let mut command = host.program("sha256sum");
    Ran::of(command.current_dir(folder).args(["--check", "--quiet", "SHA256SUMS"]).output().expect("sha256sum runs"))
}

#[test]
fn one_flipped_byte_of_any_file_is_refused_by_name() {
    let Some(_) = need("ssh-keygen") else { return };
    let site = lived();
    let pack = Pack::made(&site.host, "pack", &["--profile", "gdpr"]);
    let files = pack.files();
    assert!(files.len() > 35, "{} files", files.len());
    for (name, bytes) in &files {
        let path = pack.folder.join(name);
        std::fs::write(&path, flip(bytes)).expect("a file");
        // A script that was altered is not asked about itself: the list is, as the README says.
        let ran = if name == "check.sh" { list(&site.host, &pack.folder) } else { pack.check(&site.host, &pack.told()) };
        assert!(ran.code == Some(1), "{name}: {ran:?}");
        let said =
            ran.out.lines().chain(ran.err.lines()).any(|line| (line.starts_with("REFUSED") || name == "check.sh") && line.contains(name));
        assert!(said, "{name} is not named: {}{}", ran.out, ran.err);
        std::fs::write(&path, bytes).expect("a file");
    }
    assert_eq!(pack.check(&site.host, &pack.told()).code, Some(0));
}

/// Writes the list anew, as whoever alters a pack without a key would.
fn listed_anew(pack: &Pack) {
    let files: BTreeMap<String, Vec<u8>> = pack.files();
    let lines =
        files.iter().filter(|(name, _)| *name != "SHA256SUMS").map(|(name, bytes)| format!("{}  {name}\n", Digest::of(bytes).hex()));
    std::fs::write(pack.folder.join("SHA256SUMS"), lines.collect::<String>()).expect("a list");
}

#[test]
fn what_is_signed_is_refused_even_with_a_new_list() {
    let [Some(_), Some(_)] = ["ssh-keygen", "python3"].map(need) else { return };
    let site = lived();
    let pack = Pack::made(&site.host, "pack", &["--profile", "gdpr"]);
    let told = &pack.told()[2..];
    let files = pack.files();
    let signed = |name: &str| {
        let made = ["controls/", "oscal/", "sbom/"].iter().any(|folder| name.starts_with(folder));
        let ours = [
            "README.md",
            "check.sh",
            "checks.tsv",
            "pack.json",
            "SHA256SUMS",
            "verify_log.py",
            "licences.csv",
            "scan.json",
            "tool/tool.json",
        ];
        // What airlift itself wrote down is as good as the list; the revoked keys are none here; a key is told by another way.
        !made && !ours.contains(&name) && !["transcript.json", "trust/revoked_keys", "log/verifier-key"].contains(&name)
    };
    let mut altered = 0;
    for (name, bytes) in files.iter().filter(|(name, _)| signed(name)) {
        std::fs::write(pack.folder.join(name), flip(bytes)).expect("a file");
        listed_anew(&pack);
        let ran = pack.check(&site.host, told);
        assert!(ran.code == Some(1) && ran.out.contains("REFUSED"), "{name}: {}", ran.out);
        std::fs::write(pack.folder.join(name), bytes).expect("a file");
        altered += 1;
    }
    assert!(altered > 15, "{altered} files are signed");
    listed_anew(&pack);
    assert_eq!(pack.check(&site.host, told).code, Some(0));
    // Somebody who is in no root may not be added.
    let name = "trust/allowed_signers.2";
    let line = String::from_utf8(files[name].clone()).expect("UTF-8").lines().next().expect("a line").replace("alice", "mallory");
    std::fs::write(pack.folder.join(name), [&files[name][..], line.as_bytes(), b"\n"].concat()).expect("a file");
    listed_anew(&pack);
    let ran = pack.check(&site.host, told);
    assert!(ran.code == Some(1) && ran.out.contains("REFUSED    trust/allowed_signers.2 lists somebody"), "{}", ran.out);
}

#[test]
fn added_and_removed_files_are_refused() {
    let Some(_) = need("ssh-keygen") else { return };
    let site = lived();
    let pack = Pack::made(&site.host, "pack", &["--profile", "gdpr"]);
    std::fs::write(pack.folder.join("controls/more.md"), "all is well").expect("a file");
    let ran = pack.check(&site.host, &pack.told());
    assert!(ran.code == Some(1) && ran.out.contains("REFUSED    controls/more.md is not listed"), "{}", ran.out);
    std::fs::remove_file(pack.folder.join("controls/more.md")).expect("removed");
    std::fs::remove_file(pack.folder.join("policy.toml")).expect("removed");
    let ran = pack.check(&site.host, &pack.told());
    assert!(ran.code == Some(1) && ran.out.contains("policy.toml"), "{}", ran.out);
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
    site.host.fails(7, &["evidence", "--out", "pack", "--installed", "9"], &["snapshot 9"]);
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
