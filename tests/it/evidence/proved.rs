//! What is in a pack, and what stock tools prove of it.

use super::{Pack, lived, nothing};
use crate::cli::approvals::another;
use crate::stock::need;

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
        "every file is as it was listed",
        "trust/root.2.json is the trust root you were told of",
        "trust/root.1.json is the file that trust/root.2.json names by its digest",
        "trust/root.2.json was signed by alice (root.v1@airlift)",
        "bundle.json was signed by alice (bundle.v1@airlift)",
        "lock.json is the file that bundles/",
        "policy.toml is the file that bundles/",
        ".json was signed by carol (approve.v1@airlift)",
        ".json was signed by dave (approve.v1@airlift)",
        ".txt was signed by dave (checkpoint.v1@airlift)",
        "every event is as it was logged, signed by airlift-log/",
        ".tlog-proof is the receipt of event",
        "installed/snapshot-1.json is the file that log/events.jsonl names",
        "trust/allowed_signers.2 lists nobody who is not in trust/root.2.json",
    ] {
        assert!(ran.out.contains(words), "{words} is not in: {}", ran.out);
    }
    // Who was told nothing is asked to compare.
    let ran = pack.check(&site.host, &[]);
    assert_eq!((ran.code, ran.out.lines().filter(|line| line.starts_with("compare ")).count()), (Some(0), 3), "{}", ran.out);
    // Without python the log is not proved, and that is said.
    let mut command = site.host.program("/bin/sh");
    let bin = site.host.path("bin");
    std::fs::create_dir(&bin).expect("a folder");
    for tool in ["sha256sum", "ssh-keygen", "dirname", "cut", "grep", "sed", "sort", "find", "tr", "head", "tail", "cmp", "base64"] {
        std::os::unix::fs::symlink(need(tool).expect("a tool of every system"), bin.join(tool)).expect("a link");
    }
    let ran = crate::host::Ran::of(command.arg(pack.folder.join("check.sh")).env("PATH", &bin).output().expect("a shell"));
    assert!(ran.code == Some(3) && ran.out.contains("UNCHECKED  log"), "{ran:?}");
}

#[test]
fn the_list_of_files_is_signed_by_somebody_the_root_names_and_stock_tools_prove_it() {
    let [Some(_), Some(_), Some(_), Some(_)] = ["ssh-keygen", "python3", "openssl", "sha256sum"].map(need) else { return };
    let site = lived();
    let alice = site.key("alice");
    let pack = Pack::made(&site.host, "signed", &["--profile", "hipaa", "--sign", &alice, "--allow-plain-key"]);
    let ran = pack.check(&site.host, &pack.told());
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{}", ran.out);
    assert!(ran.out.contains("proved     SHA256SUMS was signed by alice (evidence.v1@airlift)"), "{}", ran.out);
    assert!(ran.out.contains("trust/evidence_signers lists nobody who is not in trust/root.2.json"), "{}", ran.out);
    // The program is what was run.
    let told: serde_json::Value = serde_json::from_slice(&pack.files()["tool/tool.json"]).expect("JSON");
    let sum = std::process::Command::new("sha256sum").arg(env!("CARGO_BIN_EXE_airlift")).output().expect("a stock tool").stdout;
    assert!(sum.starts_with(told["sha256"].as_str().expect("a digest").as_bytes()), "{told}");
    // A list that was changed afterwards is not the one that was signed, whatever else fits; and no second signature slips in.
    let name = pack.files().into_keys().find(|name| name.starts_with("SHA256SUMS.") && name.ends_with(".sshsig")).expect("a signature");
    std::fs::copy(pack.folder.join(&name), pack.folder.join("SHA256SUMS.mallory.sshsig")).expect("a copy");
    let ran = pack.check(&site.host, &[]);
    assert!(ran.code == Some(1) && ran.out.contains("SHA256SUMS.mallory.sshsig is not listed"), "{}", ran.out);
    std::fs::remove_file(pack.folder.join("SHA256SUMS.mallory.sshsig")).expect("removed");
    let list = pack.folder.join("SHA256SUMS");
    let text = std::fs::read_to_string(&list).expect("a list");
    std::fs::write(&list, text.replace("README.md", "./README.md")).expect("written");
    let ran = pack.check(&site.host, &[]);
    assert!(ran.code == Some(1) && ran.out.contains("is no signature of alice over SHA256SUMS"), "{}", ran.out);
    // Whoever only approves does not sign evidence.
    let out = site.host.path("other");
    let args = ["evidence", "--out", crate::host::arg(&out), "--sign", &site.key("carol"), "--allow-plain-key"];
    site.host.fails(2, &args, &["names nobody who signs reports and evidence"]);
    assert!(!out.exists(), "nothing is left of it");
}

#[test]
fn exceptions_are_evidence_with_owner_and_end() {
    let site = lived();
    let policy = "airlift-policy = 1\n[artifacts]\nmax-bytes = 1000000\n[[exception]]\nrule = \"artifacts.size\"\nsubject = \"files/x\"\n\
        owner = \"dora\"\nreason = \"needed on the ward\"\ngranted = \"2026-01-01\"\nexpires = \"2026-02-01\"\n";
    let path = site.host.write("excepting.toml", policy);
    site.host.ok(&["policy", "set", crate::host::arg(&path)]);
    let pack = Pack::made(&site.host, "pack", &["--profile", "hipaa"]);
    assert_eq!(pack.status("E9"), "evidence-present");
    let told: serde_json::Value = serde_json::from_slice(&pack.files()["exceptions.json"]).expect("JSON");
    let one = &told["exceptions"][0];
    assert_eq!((&one["owner"], &one["expires"], &one["reason"]), (&"dora".into(), &"2026-02-01".into(), &"needed on the ward".into()));
    assert!(["holds", "expired"].contains(&one["standing"].as_str().expect("a word")), "{told}");
}

#[test]
fn evidence_is_what_is_here_and_no_more() {
    let site = lived();
    let installed = Pack::made(&site.host, "installed", &["--profile", "hipaa"]);
    let status = |pack: &Pack, names: &[&str]| names.iter().map(|name| pack.status(name).to_owned()).collect::<Vec<_>>();
    let present = ["E1", "E2", "E3", "E4", "E5", "E6", "E7", "E13", "E15", "E16"];
    assert_eq!(status(&installed, &present), vec!["evidence-present"; present.len()]);
    assert_eq!(status(&installed, &["E8", "E10", "E11", "E14", "E17", "E18", "E19"]), vec!["partial"; 7]);
    assert_eq!(installed.status("E9"), "not-applicable", "the policy has no exceptions");
    assert_eq!(installed.status("E12"), "not-applicable");
    let medium = Pack::made(&site.host, "medium", &[&site.out, "--profile", "hipaa"]);
    assert_eq!(status(&medium, &["E1", "E5", "E6"]), vec!["evidence-present"; 3]);
    assert_eq!(medium.status("E17"), "not-applicable");
    // A host that has only been told of the root: nothing was decided, nothing installed.
    let other = another(&site);
    let pack = Pack::made(&other, "pack", &[&site.out]);
    assert_eq!(status(&pack, &["E1", "E13"]), vec!["evidence-present"; 2]);
    assert_eq!(status(&pack, &["E5", "E15"]), vec!["absent"; 2]);
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
            assert!(!text.contains(secret) || file == "check.sh", "{file} holds {secret}");
        }
    }
}
