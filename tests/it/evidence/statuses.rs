//! How much evidence there is said to be: no more than what is here.

use super::{Pack, lived};
use crate::cli::{SIGNED, manifest, origin, packed, receiver};
use crate::host::{Host, arg};
use crate::world::noise;

/// The row of a table that begins with a control.
fn row(pack: &Pack, table: &str, control: &str) -> String {
    let text = String::from_utf8(pack.files()[table].clone()).expect("UTF-8");
    text.lines().find(|line| line.starts_with(&format!("| {control}"))).unwrap_or_else(|| panic!("{control}: {text}")).to_owned()
}

fn reasons(pack: &Pack, code: &str) -> String {
    let table: serde_json::Value = serde_json::from_slice(&pack.files()["controls/nist-800-53.json"]).expect("JSON");
    let all = table["evidence"].as_array().expect("a catalogue");
    all.iter().find(|one| one["id"] == code).expect("a piece")["reasons"].to_string()
}

/// One person signs, nobody approves: that is a decision of one.
#[test]
fn one_person_is_not_two() {
    let (sender, _origin) = packed(&[("/tool.tar", &noise(50_000, 2))]);
    let host = receiver(&sender);
    host.ok(&["import", arg(&sender.path("out"))]);
    let pack = Pack::made(&host, "pack", &[]);
    assert_eq!([pack.status("E1"), pack.status("E5"), pack.status("E20")], ["evidence-present", "not-applicable", "absent"]);
    let dual = row(&pack, "controls/nist-800-53.md", "AC-3(2)");
    assert!(dual.contains("| absent | E20 (absent) | - |"), "{dual}");
    let duties = row(&pack, "controls/iso-27001.md", "A.5.3");
    assert!(duties.contains("| partial |") && !duties.contains("Who decided"), "{duties}");
    let vulnerabilities = row(&pack, "controls/pci-dss.md", "6.3.1");
    assert!(vulnerabilities.contains("In part: What was found") && !vulnerabilities.contains("lets through"), "{vulnerabilities}");
    // The policy asks for what nobody can give.
    let file = host.write("policy.toml", "airlift-policy = 1\n[approval]\nrequired = true\n");
    host.ok(&["policy", "set", arg(&file)]);
    let pack = Pack::made(&host, "asked", &[]);
    assert_eq!(pack.status("E5"), "absent");
    assert!(reasons(&pack, "E5").contains("names nobody who may give them"), "{}", reasons(&pack, "E5"));
}

/// A bundle with advisories, beside one that came before there was a policy.
#[test]
fn advisories_exceptions_and_differences_are_counted() {
    let (sender, _origin) = packed(&[("/tool.tar", &noise(50_000, 2))]);
    let host = receiver(&sender);
    host.ok(&["import", arg(&sender.path("out"))]);
    let before = Pack::made(&host, "before", &[]);
    assert!(reasons(&before, "E8").contains("there are no advisories here"), "{}", reasons(&before, "E8"));
    assert_eq!([before.status("E9"), before.status("E13")], ["absent", "not-applicable"]);
    let exception = "[[exception]]\nrule = \"advisories.severity\"\nsubject = \"pkg:pypi/example\"\nowner = \"Alice\"\n\
                     reason = \"not called\"\ngranted = \"2026-01-15\"\nexpires = \"2026-03-31\"\n";
    let file = host.write("policy.toml", format!("airlift-policy = 1\n[bundle]\nlines = [\"main\"]\n{exception}"));
    host.ok(&["policy", "set", arg(&file)]);
    let archive = crate::advisories::ours().bytes;
    let origin = origin(&[("/PyPI/all.zip", &archive)]);
    let section = format!("[advisories.osv]\necosystems = [\"PyPI\"]\nsource = \"{}/{{ecosystem}}/all.zip\"\n", origin.address);
    sender.write("known.toml", format!("airlift = 1\nname = \"known\"\n{section}"));
    sender.ok(&[&["build", "known.toml", "--out", "known"], &SIGNED[..]].concat());
    host.ok(&["import", arg(&sender.path("known"))]);
    let pack = Pack::made(&host, "pack", &[]);
    assert_eq!([pack.status("E8"), pack.status("E9"), pack.status("E13")], ["partial", "evidence-present", "partial"]);
    assert!(
        reasons(&pack, "E13").contains("of 1 of 2 bundles there is a difference") || reasons(&pack, "E13").contains("1 of 2"),
        "{}",
        reasons(&pack, "E13")
    );
    let files = pack.files();
    let advisories: serde_json::Value = serde_json::from_slice(&files["advisories.json"]).expect("JSON");
    assert_eq!((advisories["count"].as_u64(), advisories["assessed"].as_u64()), (Some(0), Some(0)), "{advisories}");
    assert!(advisories["not-assessable"].as_u64().is_some_and(|n| n > 0) && advisories["sha256"].is_string(), "{advisories}");
    let exceptions: serde_json::Value = serde_json::from_slice(&files["exceptions.json"]).expect("JSON");
    assert_eq!(exceptions["all"][0]["owner"], "Alice");
    assert_eq!(exceptions["all"][0]["standing"], "expired", "as of the newest time the log claims");
    let vulnerabilities = row(&pack, "controls/pci-dss.md", "6.3.1");
    assert!(vulnerabilities.contains("lets through"), "{vulnerabilities}");
    if ["ssh-keygen", "python3", "openssl"].map(crate::stock::need).iter().all(Option::is_some) {
        let ran = pack.check(&host, &pack.told());
        assert_eq!(ran.code, Some(0), "{}", ran.out);
    }
}

fn at(host: &Host, name: &str, seconds: &str, out: &str) -> Vec<u8> {
    let mut command = host.command(&["evidence", out, "--out", name, "--profile", "gdpr"]);
    assert!(command.env("SOURCE_DATE_EPOCH", seconds).status().expect("airlift runs").success());
    let review = walkdir::WalkDir::new(host.path(name)).into_iter().flatten().find(|entry| entry.file_name() == "review.json");
    std::fs::read(review.expect("a review").path()).expect("a file")
}

/// The review of a bundle that is not installed is of the pack's own time.
#[test]
fn ages_are_counted_to_the_time_of_the_pack() {
    let (sender, _origin) = packed(&[("/tool.tar", &noise(50_000, 2))]);
    let (host, out) = (receiver(&sender), arg(&sender.path("out")).to_owned());
    let file = host.write("policy.toml", "airlift-policy = 1\n[bundle]\nmax-age-days = 30\n");
    host.ok(&["policy", "set", arg(&file)]);
    let outcome = |bytes: &[u8]| {
        let review: serde_json::Value = serde_json::from_slice(bytes).expect("JSON");
        review["findings"].as_array().expect("findings").iter().find(|f| f["rule"] == "bundle.age").expect("a rule")["outcome"].clone()
    };
    let (now, later) = (at(&host, "now", "1000000000", &out), at(&host, "later", "4102444800", &out));
    assert_eq!((outcome(&now), outcome(&later)), ("passed".into(), "refused".into()));
    assert_eq!(at(&host, "again", "4102444800", &out), later);
}

/// Each refusal is counted, the first hundred are named.
#[test]
fn refusals_that_are_not_named_are_counted() {
    let site = lived();
    let pack = Pack::made(&site.host, "few", &["--profile", "nist-800-53"]);
    assert_eq!(pack.status("E16"), "evidence-present");
    let other = crate::cli::approvals::another(&site);
    let file = other.write("other.toml", "airlift-policy = 1\n[bundle]\nlines = [\"lab\"]\n");
    other.ok(&["policy", "set", arg(&file)]);
    for _ in 0..101 {
        other.fails(5, &["import", &site.out], &["bundle.line"]);
    }
    let pack = Pack::made(&other, "many", &[&site.out, "--profile", "nist-800-53"]);
    assert_eq!(pack.status("E16"), "partial");
    assert!(reasons(&pack, "E16").contains("100 of 101 refusals"), "{}", reasons(&pack, "E16"));
}

/// What an earlier snapshot had and is gone was not read again.
#[test]
fn blobs_that_are_not_here_were_not_read() {
    let (sender, _origin) = packed(&[("/tool.tar", &noise(50_000, 2))]);
    let host = receiver(&sender);
    host.ok(&["import", arg(&sender.path("out"))]);
    assert_eq!(Pack::made(&host, "whole", &["--profile", "nist-800-53"]).status("E17"), "partial");
    let content = noise(40_000, 3);
    let files: [(&str, &[u8]); 1] = [("/other.tar", &content)];
    let origin = origin(&files);
    sender.write("kit.toml", manifest(&origin, &files));
    sender.ok(&[&["build", "kit.toml", "--out", "next"], &SIGNED[..]].concat());
    host.ok(&["import", arg(&sender.path("next"))]);
    host.ok(&["gc", "--keep", "0", "--grace", "0"]);
    let pack = Pack::made(&host, "old", &["--installed", "1", "--profile", "nist-800-53"]);
    assert_eq!(pack.status("E17"), "absent");
    for code in ["E8", "E17"] {
        assert!(reasons(&pack, code).contains("1 of 1 blobs are not here"), "{code}: {}", reasons(&pack, code));
    }
}
