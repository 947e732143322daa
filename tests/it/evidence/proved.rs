//! What is in a pack, and what stock tools prove of it.

use super::{Pack, lived, nothing, script};
use crate::cli::approvals::another;
use crate::host::arg;
use crate::stock::need;
use airlift::artifact::Digest;
use std::path::Path;

#[test]
fn stock_tools_prove_every_line_of_a_pack() {
    let [Some(_), Some(_), Some(_)] = ["ssh-keygen", "python3", "openssl"].map(need) else { return };
    let site = lived();
    let pack = Pack::made(&site.host, "pack", &[]);
    let ran = pack.check(&site.host, &pack.told());
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert_eq!(ran.err, "");
    for word in ["REFUSED", "UNCHECKED", "compare"] {
        nothing(&ran, word);
    }
    for words in [
        "SHA256SUMS is the list you were told of",
        "files are as they were listed in SHA256SUMS, and there are no others",
        "trust/root.2.json is the trust root you were told of",
        "trust/root.1.json is the file that trust/root.2.json names by its digest",
        "trust/root.2.json was signed by alice (root.v1@airlift)",
        "bundle.json was signed by alice (bundle.v1@airlift)",
        "lock.json is the file that bundles/",
        "policy.toml is the file that bundles/",
        "kit 1: 1 of 1 people signed it who count, by trust/root.2.json",
        ".json was signed by carol (approve.v1@airlift)",
        ".json was signed by dave (approve.v1@airlift)",
        "kit 1: 2 of 2 people approved what the review shows",
        ".txt was signed by dave (checkpoint.v1@airlift)",
        "events, each as it was logged, signed by airlift-log/",
        "log: people cosigned it up to",
        ".tlog-proof is the receipt of event",
        "installed/snapshot-1.json is the file that log/events.jsonl names",
        "trust/allowed_signers.2 lists the people of trust/root.2.json and nobody else",
        "policy.toml is the policy that the log names last",
        "everything was proved",
    ] {
        assert!(ran.out.contains(words), "{words} is not in: {}", ran.out);
    }
    // Who was told nothing is asked to compare, and that is no success.
    let ran = pack.check(&site.host, &[]);
    assert_eq!((ran.code, ran.out.lines().filter(|line| line.starts_with("compare ")).count()), (Some(4), 3), "{}", ran.out);
    let ran = pack.check(&site.host, &pack.root_and_key());
    assert!(ran.code == Some(4) && ran.out.contains("compare    SHA256SUMS is "), "{}", ran.out);
    // What there is no tool for is not proved, and that is said.
    let bin = site.host.path("bin");
    std::fs::create_dir(&bin).expect("a folder");
    for (tool, words) in [("", "UNCHECKED  everything"), ("python3", "UNCHECKED  whatever was signed"), ("ssh-keygen", "UNCHECKED  log")] {
        if !tool.is_empty() {
            // The program itself, and not what some other environment puts in front of it.
            let place = ["/usr/bin", "/bin"].map(|place| Path::new(place).join(tool)).into_iter().find(|place| place.exists());
            std::os::unix::fs::symlink(place.or_else(|| need(tool)).expect("a tool of every system"), bin.join(tool)).expect("a link");
        }
        let mut command = site.host.program("/bin/sh");
        let ran = crate::host::Ran::of(command.arg(script()).arg(&pack.folder).env("PATH", &bin).output().expect("a shell"));
        assert!(ran.code == Some(3) && ran.out.contains(words), "{tool}: {ran:?}");
    }
}

#[test]
fn the_script_says_how_it_is_called() {
    let Some(_) = need("python3") else { return };
    let site = lived();
    let pack = Pack::made(&site.host, "pack", &["--profile", "gdpr"]);
    let folder = arg(&pack.folder);
    let long = "0".repeat(63);
    for args in [
        &[][..],
        &[folder, folder],
        &["-s", &long, folder],
        &["-r", "HELLO", folder],
        &["-k", "$(id)", folder],
        &["-x", folder],
        &["nowhere"],
    ] {
        let mut command = site.host.program("sh");
        // In the folder of a pack, and still it wants to be told of one.
        let ran = crate::host::Ran::of(command.current_dir(&pack.folder).arg(script()).args(args).output().expect("a shell"));
        assert!(ran.code == Some(2) && ran.err.contains("sh check.sh [-s SUMS]") && ran.out.is_empty(), "{args:?}: {ran:?}");
    }
}

/// A person who signs reports signs the list, and so all of it.
#[test]
fn a_signed_list_is_proved_by_the_root_alone() {
    let [Some(_), Some(_), Some(_)] = ["ssh-keygen", "python3", "openssl"].map(need) else { return };
    let site = lived();
    let alice = site.key("alice");
    let pack = Pack::made(&site.host, "pack", &["--profile", "gdpr", "--sign", &alice, "--allow-plain-key"]);
    assert_eq!(pack.said["signed-by"], "alice");
    let ran = pack.check(&site.host, &pack.root_and_key());
    let words = "SHA256SUMS: 1 of 1 people of the role bundle signed it";
    assert!(ran.code == Some(0) && ran.out.contains(words), "{}{}", ran.out, ran.err);
    // By hand as well.
    let files = pack.files();
    let seal = files.keys().find(|name| name.starts_with("evidence.alice.")).expect("a signature");
    let mut command = site.host.program("ssh-keygen");
    let by = ["-Y", "verify", "-f", "trust/allowed_signers.2", "-I", "alice", "-n", "evidence.v1@airlift", "-s", seal];
    command.current_dir(&pack.folder).args(by).stdin(std::fs::File::open(pack.folder.join("SHA256SUMS")).expect("a list"));
    assert!(command.status().expect("ssh-keygen runs").success());
    // It is over this list and no other, and not everybody's counts.
    pack.write("controls/gdpr.md", "all is well");
    pack.listed_anew();
    let ran = pack.check(&site.host, &pack.root_and_key());
    assert!(ran.code == Some(1) && ran.out.contains("is no signature over it (evidence.v1@airlift)"), "{}", ran.out);
    let carol = site.key("carol");
    let ran = site.host.fails(2, &["evidence", "--out", "other", "--sign", &carol, "--allow-plain-key"], &["nobody who signs evidence"]);
    assert!(!ran.err.is_empty() && !site.host.path("other").exists());
    std::fs::remove_file(pack.folder.join(seal)).expect("removed");
    let mut command = site.host.program("ssh-keygen");
    let by = ["-Y", "sign", "-f", &carol, "-n", "evidence.v1@airlift", "SHA256SUMS"];
    assert!(command.current_dir(&pack.folder).args(by).status().expect("ssh-keygen runs").success());
    std::fs::rename(pack.folder.join("SHA256SUMS.sig"), pack.folder.join("evidence.carol.0123456789abcdef.sshsig")).expect("renamed");
    let ran = pack.check(&site.host, &pack.root_and_key());
    assert!(ran.code == Some(4) && ran.out.contains("0 of 1 people of the role bundle signed it"), "{}", ran.out);
}

#[test]
fn evidence_is_what_is_here_and_no_more() {
    let site = lived();
    let installed = Pack::made(&site.host, "installed", &["--profile", "hipaa"]);
    let status = |pack: &Pack, names: &[&str]| names.iter().map(|name| pack.status(name).to_owned()).collect::<Vec<_>>();
    let present = ["E1", "E2", "E3", "E5", "E6", "E7", "E13", "E15", "E16", "E20"];
    assert_eq!(status(&installed, &present), vec!["evidence-present"; present.len()]);
    // Whoever approved cosigned before the import was logged.
    assert_eq!(status(&installed, &["E4", "E8", "E10", "E11", "E14", "E17", "E18", "E19"]), vec!["partial"; 8]);
    let own: serde_json::Value = serde_json::from_slice(&installed.files()["program/cyclonedx.json"]).expect("JSON");
    let program = Digest::of(&std::fs::read(crate::host::AIRLIFT).expect("the program"));
    assert_eq!(own["metadata"]["component"]["hashes"][0]["content"], program.hex());
    assert_eq!(status(&installed, &["E9", "E12"]), vec!["not-applicable"; 2]);
    site.host.ok(&["log", "cosign", "--key", &site.key("carol"), "--allow-plain-key"]);
    assert_eq!(Pack::made(&site.host, "cosigned", &["--profile", "hipaa"]).status("E4"), "evidence-present");
    let medium = Pack::made(&site.host, "medium", &[&site.out, "--profile", "hipaa"]);
    assert_eq!(status(&medium, &["E1", "E5", "E6"]), vec!["evidence-present"; 3]);
    assert_eq!(medium.status("E17"), "not-applicable");
    // A host that has only been told of the root: nothing was decided, nothing installed.
    let other = another(&site);
    let pack = Pack::made(&other, "pack", &[&site.out]);
    assert_eq!(status(&pack, &["E1", "E13"]), vec!["evidence-present"; 2]);
    assert_eq!(status(&pack, &["E5", "E9", "E15", "E20"]), vec!["absent"; 4]);
    assert_eq!(status(&pack, &["E6", "E16", "E17"]), vec!["not-applicable"; 3]);
    assert_eq!(pack.status("E4"), "partial", "nobody cosigned");
    let ran = pack.check(&other, &pack.told());
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    let table = String::from_utf8(pack.files()["controls/hipaa.md"].clone()).expect("UTF-8");
    let row = table.lines().find(|line| line.starts_with("| 164.308(a)(3)(ii)(A)")).expect("a row");
    assert!(row.contains("| partial | E2 (evidence present), E5 (absent) |"), "{row}");
    let files = pack.files();
    assert_eq!(files.keys().filter(|name| name.starts_with("controls/")).count(), 27);
    // The pack's index knows every file, and which evidence it is.
    let index: serde_json::Value = serde_json::from_slice(&files["pack.json"]).expect("JSON");
    let named: Vec<&str> = index["content"].as_array().expect("files").iter().filter_map(|file| file["name"].as_str()).collect();
    let all: Vec<&str> = files.keys().map(String::as_str).filter(|name| !["pack.json", "SHA256SUMS"].contains(name)).collect();
    assert_eq!(named, all);
}

#[test]
fn no_secret_and_no_name_behind_a_pseudonym_is_in_a_pack() {
    let site = lived();
    let identities = site.host.json(&["log", "identities"]).remove(0);
    let name = identities.as_object().and_then(|names| names.values().next()).map(ToString::to_string).unwrap_or_default();
    assert!(name.contains("uid "), "{identities}");
    let pack = Pack::made(&site.host, "pack", &[]);
    for (file, bytes) in pack.files() {
        let text = String::from_utf8_lossy(&bytes);
        for secret in ["PRIVATE KEY", "uid ", site.host.work().to_str().expect("UTF-8")] {
            assert!(!text.contains(secret), "{file} holds {secret}");
        }
    }
}
