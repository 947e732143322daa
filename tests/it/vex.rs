//! A site's own statements: written in both forms, signed, read back, asked beside findings, and before foreign readers.

use crate::audit::{Site, TAKEN, at};
use crate::host::{Host, arg};
use crate::sbom;
use crate::stock;
use crate::world::{World, key};
use airlift::advisories::vex::{Statement, VEX};
use airlift::error::Kind;
use airlift::policy::Policy;
use airlift::steps::assess::{Held, said};
use airlift::steps::vex::{own, read_back, sign, write};
use airlift::trust::Signer;
use std::path::{Path, PathBuf};
use std::process::Command;

const STATEMENTS: &str = r#"
airlift-statements = 1

[[statement]]
vulnerability = "CVE-0000-0001"
aliases = ["EXAMPLE-2024-1"]
products = ["pkg:pypi/example-parser@1.1"]
status = "not_affected"
justification = "vulnerable_code_not_in_execute_path"
reason = "The parser is never called"
owner = "Alice"
granted = "2026-06-01"
expires = "2026-10-28"

[[statement]]
vulnerability = "CVE-0000-0002"
products = ["pkg:npm/%40scope/thing", "pkg:pypi/thing@2.0"]
status = "affected"
reason = "Replaced in March"
owner = "Bob"
granted = "2026-06-02"
expires = "2027-06-03"
"#;

const POLICY: &str = r#"
airlift-policy = 1

[[exception]]
rule = "advisories.severity"
subject = "pkg:pypi/other@1.0"
finding = "CVE-0000-0003"
owner = "Carol"
reason = "Kept out by the proxy"
granted = "2026-06-01"
expires = "2026-12-31"
vex = "not_affected"
justification = "inline_mitigations_already_exist"

[[exception]]
rule = "advisories.severity"
subject = "pkg:pypi/silent@1.0"
owner = "Carol"
reason = "says nothing of the vulnerability"
granted = "2026-06-01"
expires = "2026-12-31"
"#;

fn statements(world: &World) -> Vec<Statement> {
    let file = world.path("statements.toml");
    std::fs::write(&file, STATEMENTS).unwrap();
    own(Some(&file), Some(&Policy::parse(POLICY.as_bytes()).unwrap())).unwrap()
}

fn signers(people: &[u8]) -> Vec<Box<dyn Signer>> {
    people.iter().map(|person| Box::new(key(*person)) as Box<dyn Signer>).collect()
}

/// Both forms say the same, in the same bytes each time, and count with enough signatures only.
#[test]
fn statements_count_with_the_signatures_of_enough_people() {
    let world = World::with_threshold(3, 2);
    let all = statements(&world);
    assert_eq!(all.len(), 3, "an exception that does not say that it is a statement is none: {all:?}");
    let folder = world.path("vex");
    let written = write(&folder, &all, &world.root, &signers(&[1])).unwrap();
    let bytes = |paths: &[PathBuf]| paths.iter().map(|path| std::fs::read(path).unwrap()).collect::<Vec<_>>();
    let first = bytes(&written);
    for path in &written {
        let refused = read_back(path, Some(&world.root)).map(drop).expect_err("one of two");
        assert!(refused.kind() == Kind::Policy && format!("{:?}", refused.context()).contains("1 of 2"), "{refused:?}");
        sign(path, &world.root, &key(2)).unwrap();
        let back = read_back(path, Some(&world.root)).unwrap();
        let mut found: Vec<_> = back.statements.iter().map(|s| (s.names.clone(), s.status, s.mark.clone(), s.detail.clone())).collect();
        let mut wanted: Vec<_> = all.iter().map(|s| (s.names.clone(), s.status, s.mark.clone(), s.detail.clone())).collect();
        found.sort();
        wanted.sort();
        assert_eq!(found, wanted, "{}", path.display());
        assert!(back.statements.iter().all(|s| s.signers == ["person1", "person2"] && s.author == "test"), "{back:?}");
        assert_eq!(read_back(path, None).map(drop).map_err(|e| e.kind()), Err(Kind::Policy), "nobody can judge it");
    }
    assert_eq!(first, bytes(&write(&folder, &all, &world.root, &signers(&[1, 2])).unwrap()), "the same bytes");
    // A stranger's key neither signs nor counts.
    assert_eq!(sign(&written[0], &world.root, &key(9)).map(drop).map_err(|e| e.kind()), Err(Kind::Usage));
    let armour = airlift::trust::sign(&key(9), VEX, &std::fs::read(&written[0]).unwrap()).unwrap();
    std::fs::write(folder.join("statements.openvex.stranger.0123456789abcdef.sshsig"), armour).unwrap();
    assert_eq!(read_back(&written[0], Some(&world.root)).unwrap().uncounted.len(), 1);
    // What was changed behind the signatures, or lost them, is refused.
    let changed = String::from_utf8(first[0].clone()).unwrap().replace("2026-12-31", "2026-12-30");
    std::fs::write(&written[0], changed).unwrap();
    assert_eq!(read_back(&written[0], Some(&world.root)).map(drop).map_err(|e| e.kind()), Err(Kind::Verification));
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "sshsig") {
            std::fs::remove_file(path).unwrap();
        }
    }
    assert_eq!(read_back(&written[1], Some(&world.root)).map(drop).map_err(|e| e.kind()), Err(Kind::Policy));
}

/// Beside a finding it is told by whom and until when; after its last day it is set aside. It takes no finding away.
#[tokio::test(flavor = "multi_thread")]
async fn a_signed_statement_is_told_beside_its_finding_until_its_last_day() {
    let site = Site::new().await;
    let lock = site.locked(&format!("{}{}", site.python(), site.advisories()), TAKEN).await.unwrap();
    site.packed(&lock, "out").await;
    let (store, folder) = (&site.world.sender, site.world.path("vex"));
    let all = statements(&site.world);
    let written = write(&folder, &all, &site.world.root, &signers(&[1])).unwrap();
    let asked = |statements: Vec<Statement>, now: &str| {
        let held = Held::of(&lock.artifacts, store).unwrap().with_statements(statements);
        let told = held.assess(&sbom::inventory(&lock.artifacts, store), &at(now)).unwrap();
        assert_eq!(told.counts.findings, 1, "a statement takes nothing away");
        let found = told.lines.iter().flat_map(|line| &line.findings).next().unwrap().clone();
        (found.said.map(|said| said.told()).unwrap_or_default(), found.set_aside)
    };
    for path in &written {
        let signed = || read_back(path, Some(&site.world.root)).unwrap().statements;
        let told = "test, signed by person1 says: not_affected, vulnerable_code_not_in_execute_path, until 2026-10-28 by Alice";
        assert_eq!(asked(signed(), "2026-10-28T23:59:59Z"), (told.to_owned(), 0));
        assert_eq!(asked(signed(), "2026-10-29T00:00:00Z"), (String::new(), 1));
        // The same words without signatures hold no longer than what anybody says.
        let anybody = said("vex", &std::fs::read(path).unwrap()).unwrap();
        assert_eq!(asked(anybody, "2026-10-28T23:59:59Z"), (String::new(), 1));
    }
}

/// Taken into the store, signed statements are read by whatever is asked there, for as long as enough people who count have signed them.
#[tokio::test(flavor = "multi_thread")]
async fn a_kept_statement_is_read_by_every_question() {
    let site = Site::new().await;
    let lock = site.locked(&format!("{}{}", site.python(), site.advisories()), TAKEN).await.unwrap();
    let volumes = site.packed(&lock, "out").await;
    let host = Host::new();
    crate::gates::accept(&host, &site.world.path("root/root.1.json"));
    host.write("policy.toml", "airlift-policy = 1\n[advisories]\nmax-age-days = 36525\nknown-exploited = \"shown\"\n");
    host.ok(&["policy", "set", "policy.toml"]);
    host.ok(&["import", arg(&volumes[0])]);
    let folder = site.world.path("vex");
    let written = write(&folder, &statements(&site.world), &site.world.root, &signers(&[1])).unwrap();
    let told = |args: &[&str]| -> (serde_json::Value, serde_json::Value) {
        let ran = host.ok(&[&["report", "--at", TAKEN, "--format", "json"], args].concat());
        let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        let tile = report["risks"].as_array().unwrap().iter().find(|risk| risk["said"]["tile"] == "stated").unwrap();
        assert_eq!(report["findings"]["said"].as_array().unwrap().len(), 1, "a statement takes nothing away");
        (tile["said"]["count"].clone(), report["findings"]["said"][0]["statement"].clone())
    };
    assert_eq!(told(&[]), (0.into(), serde_json::Value::Null));
    let said = |(count, statement): (serde_json::Value, serde_json::Value)| {
        assert_eq!((count, &statement["status"], &statement["author"]), (1.into(), &"not_affected".into(), &"test".into()));
        assert_eq!((&statement["signed-by"][0], &statement["owner"]), (&"person1".into(), &"Alice".into()));
        assert_eq!(statement["until"], "2026-10-28");
    };
    said(told(&["--vex", arg(&written[0])]));
    said(told(&["--vex", arg(&written[1]), arg(&volumes[0])]));
    assert_eq!(told(&[]).0, 0, "what was only named is not kept");
    // Unsigned words of one's own are refused, and so are those of others.
    host.write("alone.json", std::fs::read(&written[0]).unwrap());
    host.fails(5, &["vex", "keep", "alone.json"], &["too few people"]);
    let kept = host.json(&["vex", "keep", arg(&written[0])]).remove(0);
    assert!(kept["event"].is_u64(), "{kept}");
    assert!(host.json(&["vex", "keep", arg(&written[0])]).remove(0)["event"].is_null(), "the same again changes nothing");
    said(told(&[]));
    said(told(&[arg(&volumes[0])]));
    assert!(host.ok(&["log", "show"]).out.contains("vex"), "the log tells of it");
    let gated = host.ok(&["gate"]).out;
    assert!(gated.contains("asked        vex as of 2026-06-02T00:00:00Z (installed)"), "{gated}");
    let mut pack = host.command(&["evidence", "--out", "pack", "--profile", "hipaa"]);
    let taken: jiff::Timestamp = TAKEN.parse().unwrap();
    assert!(pack.env("SOURCE_DATE_EPOCH", taken.as_second().to_string()).output().unwrap().status.success());
    let advisories: serde_json::Value = serde_json::from_slice(&std::fs::read(host.path("pack/advisories.json")).unwrap()).unwrap();
    assert_eq!(
        (&advisories["findings"][0]["said"]["signed-by"][0], &advisories["findings"][0]["said-and-set-aside"]),
        (&"person1".into(), &0.into())
    );
    assert!(host.ok(&["vex", "show"]).out.contains("signed by person1"));
    // Without its signature it says nothing any more, and one that was changed is damage.
    let own = host.store().join("vex").join(kept["kept"].as_str().unwrap());
    let signature =
        std::fs::read_dir(&own).unwrap().map(|entry| entry.unwrap().path()).find(|path| path.extension().unwrap() == "sshsig").unwrap();
    let armour = std::fs::read(&signature).unwrap();
    std::fs::remove_file(&signature).unwrap();
    assert_eq!(told(&[]).0, 0);
    assert!(host.ok(&["vex", "show"]).err.contains("not counted"));
    std::fs::write(&signature, armour).unwrap();
    let text = std::fs::read_to_string(own.join("statements.json")).unwrap();
    std::fs::write(own.join("statements.json"), text.replace("never", "often")).unwrap();
    host.fails(7, &["vex", "show"], &["statements that were kept are damaged"]);
    let report = host.ok(&["report", "--at", TAKEN, "--format", "json"]).out;
    assert!(report.contains("advisories-unusable") && report.contains("statements that were kept are damaged"), "{report}");
    std::fs::write(own.join("statements.json"), text).unwrap();
    said(told(&[]));
    // What was kept can be withdrawn, for a reason, which the log tells; and be kept again.
    let digest = kept["kept"].as_str().unwrap();
    host.fails(2, &["vex", "withdraw", digest], &["--reason"]);
    host.fails(2, &["vex", "withdraw", digest, "--reason", " "], &["the reason for a withdrawal"]);
    let withdrawn = host.json(&["vex", "withdraw", &format!("vex/{digest}"), "--reason", "it is called after all"]).remove(0);
    assert_eq!((told(&[]).0, own.exists()), (0.into(), false));
    let log = serde_json::Value::from(host.json(&["log", "show"])).to_string();
    assert!(log.contains("vex-withdraw") && log.contains("it is called after all") && log.contains(digest), "{log}");
    host.fails(2, &["vex", "withdraw", digest, "--reason", "again"], &["no statements of that digest are kept"]);
    let again = host.json(&["vex", "keep", arg(&written[0])]).remove(0);
    assert!(again["event"].as_u64() > withdrawn["event"].as_u64(), "{again}");
    said(told(&[]));
    host.ok(&["log", "verify"]);
}

/// What foreign readers make of both forms, and `ssh-keygen` of the signatures.
#[test]
fn foreign_readers_take_the_documents() {
    let host = Host::new();
    host.ok(&["key", "generate", "alice", "--no-passphrase"]);
    host.ok(&["trust", "init", "test", "--principal", "alice=alice.pub", "--threshold", "1", "--key", "alice", "--allow-plain-key"]);
    let shown = host.json(&["trust", "show", "trust/root.1.json"]);
    host.ok(&["trust", "accept", "trust/root.1.json", "--fingerprint", shown[0]["spoken"].as_str().unwrap()]);
    host.write("statements.toml", STATEMENTS);
    host.write("policy.toml", POLICY);
    let write = ["vex", "write", "statements.toml", "--policy", "policy.toml", "--out", "vex", "--key", "alice", "--allow-plain-key"];
    host.ok(&write);
    let rows = host.json(&["vex", "show", "vex/statements.cdx.json"]).remove(0);
    assert_eq!((&rows["statements"][0]["owner"], &rows["statements"][0]["until"]), (&"Alice".into(), &"2026-10-28".into()));
    let allowed = host.ok(&["trust", "allowed-signers"]).out;
    host.write("allowed_signers", &allowed);
    let mut files = std::fs::read_dir(host.path("vex")).unwrap().map(|entry| entry.unwrap().path());
    let signature = files.find(|path| path.to_string_lossy().contains("openvex.alice.")).expect("a signature");
    let verify = ["-Y", "verify", "-f", "allowed_signers", "-I", "alice", "-n", VEX, "-s", arg(&signature)];
    let document = std::fs::File::open(host.path("vex/statements.openvex.json")).unwrap();
    let ran = host.program("ssh-keygen").args(verify).stdin(document).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let judged = |environment: &str, form: &str, name: &str, words: &[&str]| {
        let Some(environment) = stock::environment(environment) else { return };
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/judge-statements.py");
        let mut command = Command::new(environment.join("bin/python"));
        command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C.UTF-8").arg("-I").arg(script).arg(form);
        let ran = command.arg(host.path(name)).output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&ran.stdout).into_owned(), String::from_utf8_lossy(&ran.stderr).into_owned());
        assert!(ran.status.success(), "{form}: {out}{err}");
        words.iter().for_each(|word| assert!(out.contains(word), "{form}: {word} is not in: {out}"));
    };
    let openvex = [
        "CVE-0000-0001 not_affected vulnerable_code_not_in_execute_path pkg:pypi/example-parser@1.1",
        "CVE-0000-0002 affected - pkg:npm/%40scope/thing pkg:pypi/thing@2.0",
        "CVE-0000-0003 not_affected inline_mitigations_already_exist pkg:pypi/other@1.0",
    ];
    judged("vex", "openvex", "vex/statements.openvex.json", &openvex);
    let cyclonedx = [
        "CVE-0000-0001 not_affected code_not_reachable pkg:pypi/example-parser@1.1",
        "CVE-0000-0002 exploitable - pkg:npm/%40scope/thing pkg:pypi/thing@2.0",
        "CVE-0000-0003 not_affected protected_by_mitigating_control pkg:pypi/other@1.0",
    ];
    judged("sbom", "cyclonedx", "vex/statements.cdx.json", &cyclonedx);
}
