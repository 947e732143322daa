//! People who come and go: what they decided before still counts by the root that was in force, and what does not count is not in a pack.

use super::{Pack, lived, nothing};
use crate::cli::SIGNED;
use crate::cli::approvals::Site;
use crate::host::arg;
use crate::stock::need;

/// The next root of a site, accepted on both sides.
fn rotated(site: &Site, number: u64, changes: &[&str]) {
    site.sender.ok(&[&["trust", "rotate"], changes, &SIGNED].concat());
    let root = site.sender.path(&format!("trust/root.{number}.json"));
    for host in [&site.sender, &site.host] {
        host.ok(&["trust", "accept", arg(&root)]);
    }
}

fn transcript(pack: &Pack) -> String {
    String::from_utf8(pack.files()["transcript.json"].clone()).expect("UTF-8")
}

#[test]
fn approvals_count_by_the_root_that_was_in_force() {
    let [Some(_), Some(_), Some(_)] = ["ssh-keygen", "python3", "openssl"].map(need) else { return };
    let site = lived();
    site.host.ok(&["log", "cosign", "--key", &site.key("alice"), "--allow-plain-key"]);
    site.sender.ok(&["key", "generate", "erin", "--no-passphrase"]);
    rotated(&site, 3, &["--add", "erin=erin.pub", "--role", "approve=erin,dave", "--threshold", "approve=2", "--role", "bundle=erin"]);
    let pack = Pack::made(&site.host, "pack", &["--profile", "hipaa"]);
    assert_eq!([pack.status("E1"), pack.status("E5"), pack.status("E20")], ["evidence-present"; 3], "{}", pack.said);
    let ran = pack.check(&site.host, &pack.told());
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    for words in [
        "2 of 2 people approved what the review shows, by trust/root.2.json",
        "by trust/root.2.json, by which it was imported",
        // She signed bundles when she cosigned, and does no more.
        ".txt was signed by alice (checkpoint.v1@airlift)",
    ] {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
    // Only the log says which root was in force: whoever had the role once could say so too.
    std::fs::remove_dir_all(pack.folder.join("log")).expect("removed");
    pack.listed_anew();
    let ran = pack.check(&site.host, &pack.told()[2..4]);
    assert_eq!(ran.code, Some(4), "{}", ran.out);
    for words in [
        "people signed it who count, by trust/root.2.json, which is not the newest",
        "people approved what the review shows, by trust/root.2.json, which is not the newest",
    ] {
        assert!(ran.out.lines().any(|line| line.starts_with("compare") && line.contains(words)), "{words}: {}", ran.out);
    }
}

/// Who signs for which artifacts is asked of the root, as airlift asks it.
#[test]
fn scopes_are_kept() {
    let [Some(_), Some(_), Some(_)] = ["ssh-keygen", "python3", "openssl"].map(need) else { return };
    // Of files/all/tool.tar.
    for (scope, root) in
        [("models:**", 3), ("files:**", 2), ("files:all/*.tar", 2), ("files:all/*.zip", 3), ("*:all/tool.*", 2), ("files:all", 3)]
    {
        let site = lived();
        site.sender.ok(&["key", "generate", "erin", "--no-passphrase"]);
        let rule = format!("1=erin@{scope}");
        rotated(&site, 3, &["--add", "erin=erin.pub", "--bundle-rule", "1=alice@*:**", "--bundle-rule", &rule]);
        let pack = Pack::made(&site.host, "pack", &["--profile", "gdpr"]);
        let ran = pack.check(&site.host, &pack.told());
        let words = format!("kit 1: 1 of 1 people signed it who count, by trust/root.{root}.json");
        assert!(ran.code == Some(0) && ran.out.contains(&words), "{scope}: {}", ran.out);
    }
}

#[test]
fn a_cosignature_of_somebody_without_a_role_is_not_in_a_pack() {
    let [Some(_), Some(_), Some(_)] = ["ssh-keygen", "python3", "openssl"].map(need) else { return };
    let site = lived();
    site.sender.ok(&["key", "generate", "frank", "--no-passphrase"]);
    rotated(&site, 3, &["--add", "frank=frank.pub", "--role", "report=frank", "--threshold", "report=1"]);
    site.host.ok(&["log", "cosign", "--key", &site.key("frank"), "--allow-plain-key"]);
    let pack = Pack::made(&site.host, "pack", &["--profile", "hipaa"]);
    assert_eq!(pack.status("E4"), "partial");
    assert!(transcript(&pack).contains("a cosignature that does not count"), "{}", transcript(&pack));
    let ran = pack.check(&site.host, &pack.told());
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    // Who signs reports signs packs.
    let pack = Pack::made(&site.host, "signed", &["--profile", "hipaa", "--sign", &site.key("frank"), "--allow-plain-key"]);
    let ran = pack.check(&site.host, &pack.root_and_key());
    assert!(ran.code == Some(0) && ran.out.contains("1 of 1 people of the role report signed it"), "{}", ran.out);
}

#[test]
fn what_a_revoked_key_said_is_not_passed_off_as_good() {
    let [Some(_), Some(_), Some(_)] = ["ssh-keygen", "python3", "openssl"].map(need) else { return };
    let site = lived();
    let revoke = |who: &str| {
        let key = site.sender.json(&["key", "show", &format!("{who}.pub")])[0]["fingerprint"].as_str().expect("a fingerprint").to_owned();
        let out = format!("said-{who}");
        let by = ["--key", who, "--allow-plain-key"];
        site.sender.ok(&[&["trust", "revoke", "--key-fingerprint", &key, "--reason", "compromised", "--out", &out][..], &by].concat());
        let said = std::fs::read_dir(site.sender.path(&out)).expect("a folder").map(|entry| entry.expect("readable").path());
        let said = said.into_iter().find(|path| path.extension().is_some_and(|x| x == "json")).expect("a revocation");
        site.host.ok(&["trust", "apply-revocation", arg(&said)]);
    };
    for who in ["carol", "dave"] {
        revoke(who);
    }
    let pack = Pack::made(&site.host, "pack", &["--profile", "hipaa"]);
    assert_eq!([pack.status("E4"), pack.status("E5"), pack.status("E20")], ["partial", "absent", "absent"], "{}", pack.said);
    assert!(!pack.files().keys().any(|name| name.starts_with("log/cosignatures/") || name.contains("/approvals/")));
    let ran = pack.check(&site.host, &pack.told());
    nothing(&ran, "REFUSED");
    assert!(ran.code == Some(4) && ran.out.contains("whose decision is not here") && ran.out.contains("nobody cosigned"), "{}", ran.out);
    assert_eq!(pack.status("E1"), "evidence-present");
    // The one who signed: it was imported before, and a person has to take that.
    revoke("alice");
    let pack = Pack::made(&site.host, "later", &["--profile", "hipaa"]);
    assert_eq!(pack.status("E1"), "partial", "what check.sh does not count is not told as if it counted");
    let ran = pack.check(&site.host, &pack.told());
    nothing(&ran, "REFUSED");
    assert!(ran.code == Some(4) && ran.out.contains("with a key that was revoked since. It was imported as event"), "{}", ran.out);
}

#[test]
fn an_approval_of_a_stranger_is_no_evidence() {
    let [Some(_), Some(_)] = ["ssh-keygen", "python3"].map(need) else { return };
    let site = lived();
    let folder = site.host.store().join("approvals");
    let folder = std::fs::read_dir(folder).expect("a folder").next().expect("a bundle").expect("readable").path();
    let document = std::fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("readable").path());
    let document = document.into_iter().find(|path| arg(path).contains("approval.carol") && arg(path).ends_with(".json")).expect("carol's");
    let strange = folder.join("approval.mallory.0123456789abcdef.json");
    std::fs::copy(&document, &strange).expect("copied");
    site.sender.ok(&["key", "generate", "mallory", "--no-passphrase"]);
    let by = ["-Y", "sign", "-f", &site.key("mallory"), "-n", "approve.v1@airlift", arg(&strange)];
    assert!(site.host.program("ssh-keygen").args(by).status().expect("ssh-keygen runs").success());
    let armour = std::fs::read(format!("{}.sig", arg(&strange))).expect("a signature");
    std::fs::write(strange.with_extension("sshsig"), armour).expect("a file");
    std::fs::remove_file(format!("{}.sig", arg(&strange))).expect("removed");
    let pack = Pack::made(&site.host, "pack", &["--profile", "hipaa"]);
    assert_eq!(pack.status("E5"), "evidence-present");
    assert_eq!(pack.files().keys().filter(|name| name.contains("/approvals/")).count(), 4, "two decisions of two files each");
    assert!(transcript(&pack).contains("an approval that does not count"), "{}", transcript(&pack));
    assert_eq!(pack.check(&site.host, &pack.told()).code, Some(0));
    // The stranger alone is nobody.
    for entry in std::fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("readable").path()) {
        if ["approval.carol", "approval.dave"].iter().any(|name| arg(&entry).contains(name)) {
            std::fs::remove_file(entry).expect("removed");
        }
    }
    assert_eq!(Pack::made(&site.host, "alone", &["--profile", "hipaa"]).status("E5"), "absent");
}
