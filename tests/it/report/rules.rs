//! The decision on page 1 is the one that an import comes to: rules that only the content decides are asked, or said not to have been.

use crate::audit::{Site, TAKEN};
use crate::evidence::Pack;
use crate::gates::{accept, exception, policy, sender};
use crate::host::{Host, arg};
use crate::stock::need;
use airlift::report::document::{Report, RuleRow, Verdict};
use std::path::PathBuf;

/// A host that trusts another one's signers, has a policy in force, and the other one's volumes, of which one file hides something.
fn receiver(rules: &str) -> (Host, PathBuf) {
    let (host, _origin) = sender();
    let far = Host::new();
    accept(&far, &host.path("trust/root.1.json"));
    policy(&far, "policy.toml", rules);
    far.ok(&["policy", "set", "policy.toml"]);
    let out = far.path("medium");
    std::fs::create_dir(&out).unwrap();
    for entry in std::fs::read_dir(host.path("out")).unwrap().map(Result::unwrap) {
        std::fs::copy(entry.path(), out.join(entry.file_name())).unwrap();
    }
    (far, out)
}

fn report(host: &Host, args: &[&str]) -> Report {
    Report::parse(host.ok(&[&["report", "--format", "json"], args].concat()).out.as_bytes()).expect("a report")
}

fn said(report: &Report, key: &str) -> bool {
    report.claims().any(|claim| claim.said().key == key)
}

fn rule<'a>(report: &'a Report, id: &str) -> Vec<&'a RuleRow> {
    report.decision.said().rules.iter().filter(|row| row.rule == id).collect()
}

#[test]
fn what_an_import_would_refuse_is_never_told_to_be_allowed() {
    let (host, out) = receiver("[artifacts]\nscan = \"refused\"\nmax-bytes = 1000000\n");
    let whole = report(&host, &[arg(&out)]);
    assert_eq!(whole.decision.said().verdict, Verdict::Refused, "{:?}", whole.decision);
    assert!(rule(&whole, "artifacts.scan").iter().any(|row| row.outcome == "refused" && row.subject.contains("tool.zip")));
    assert!(!said(&whole, "no-scan") && !said(&whole, "rules-undecided"), "the rules were asked");
    let found = rule(&whole, "artifacts.scan").into_iter().find(|row| row.subject.contains("tool.zip")).unwrap().found.clone();
    let (named, rest) = found.split_once(": ").unwrap();
    assert!(!rest.contains(&format!("{named}: ")), "the scanner's rule is said once: {found}");
    for (language, words) in [("en", "Rules, refused: artifacts.scan"), ("de", "Regeln, abgelehnt: artifacts.scan")] {
        let text = host.ok(&["report", "--language", language, arg(&out)]).out.replace('\\', "");
        assert!(text.contains(words), "{text}");
    }
    assert_eq!(host.run(&["import", arg(&out)]).code, Some(5));
    // Where nobody read the content that is said, and nothing is allowed.
    let unread = report(&host, &["--unverified", arg(&out)]);
    assert_eq!(unread.decision.said().verdict, Verdict::Undecided);
    let claim = &unread.not_checked[0];
    assert_eq!((claim.said().key.as_str(), claim.said().values["rules"].as_str()), ("rules-undecided", "artifacts.scan"));
    assert_eq!(rule(&unread, "artifacts.size")[0].outcome, "passed", "the lock has the last word on that");
    for (language, words) in [("en", "UNDECIDED"), ("de", "UNENTSCHIEDEN"), ("it", "NON DECISO")] {
        let text = host.ok(&["report", "--language", language, "--unverified", arg(&out)]).out;
        assert!(text.contains(words) && text.contains("artifacts.scan"), "{text}");
    }
    let plan = host.json(&["plan", arg(&out)]).remove(0);
    assert_eq!((&plan[0]["would"], &plan[0]["undecided"]), (&"install".into(), &serde_json::json!(["artifacts.scan"])), "{plan}");
    assert!(host.ok(&["plan", arg(&out)]).out.contains("undecided  artifacts.scan"));
    // A rule that only shows what it finds leaves it allowed, as import does.
    policy(&host, "kind.toml", "[artifacts]\nscan = \"shown\"\n");
    host.ok(&["policy", "set", "kind.toml"]);
    assert_eq!(report(&host, &[arg(&out)]).decision.said().verdict, Verdict::AllowedWithRemarks);
    assert_eq!(report(&host, &["--unverified", arg(&out)]).decision.said().verdict, Verdict::Undecided);
}

/// Advisories that are carried, and those of a folder, are asked as import asks them.
#[tokio::test(flavor = "multi_thread")]
async fn carried_advisories_decide_as_they_do_at_import() {
    let site = Site::new().await;
    let whole = site.locked(&format!("{}{}", site.python(), site.advisories()), TAKEN).await.unwrap();
    let volumes = site.packed(&whole, "all").await;
    let host = Host::new();
    accept(&host, &site.world.path("root/root.1.json"));
    policy(&host, "high.toml", "[advisories]\nrefuse = \"high\"\nmax-age-days = 36525\nknown-exploited = \"shown\"\n");
    host.ok(&["policy", "set", "high.toml"]);
    let told = report(&host, &["--at", TAKEN, arg(&volumes[0])]);
    assert_eq!(told.decision.said().verdict, Verdict::Refused, "{:?}", told.decision);
    // Nothing is installed here: all of it is new, and what nobody rated is counted beside what is severe.
    use airlift::report::document::Tile;
    let counts = [Tile::Severe, Tile::Unrated, Tile::SevereNew, Tile::Fixed, Tile::Already].map(|tile| told.counted(tile));
    assert_eq!(counts, [Some(0), Some(1), Some(0), Some(0), Some(0)]);
    assert!(told.findings.as_ref().unwrap().said().iter().all(|row| row.new == Some(true)));
    let severity = rule(&told, "advisories.severity");
    assert!(severity.iter().any(|row| row.outcome == "refused" && row.found.contains("EXAMPLE-2024-1")), "{severity:?}");
    let html = host.ok(&["report", "--at", TAKEN, "--format", "html", arg(&volumes[0])]).out;
    let first = html.split("<table").next().unwrap();
    assert!(first.contains("IMPORT REFUSED") && first.contains("advisories.severity"), "{first}");
    assert_eq!(host.run(&["import", arg(&volumes[0])]).code, Some(5));
    let unread = report(&host, &["--at", TAKEN, "--unverified", arg(&volumes[0])]);
    assert_eq!(unread.decision.said().verdict, Verdict::Undecided);
    assert!(unread.not_checked[0].said().values["rules"].contains("advisories.severity"), "{:?}", unread.not_checked[0]);
}

#[test]
fn what_the_rules_found_at_an_import_is_kept_and_proved() {
    let (host, out) = receiver("[artifacts]\nscan = \"shown\"\nmax-bytes = 1000000\n[bundle]\nlines = [\"main\"]\n");
    host.ok(&["import", arg(&out)]);
    let receipt = report(&host, &["--receipt", "1"]);
    assert!(said(&receipt, "rules-kept") && !said(&receipt, "rules-not-kept"), "{receipt:?}");
    let scan = rule(&receipt, "artifacts.scan");
    assert!(scan.len() > 1 && scan[0].outcome == "shown" && scan[0].found.contains("of 2 artifacts 1 shown, 1 passed"), "{scan:?}");
    assert!(scan[1].subject.contains("tool.zip") && rule(&receipt, "bundle.line")[0].outcome == "passed");
    let pack = Pack::made(&host, "pack", &["--profile", "hipaa"]);
    assert!(pack.bundle().join("gates.json").is_file());
    if ["ssh-keygen", "python3", "openssl"].map(need).iter().all(Option::is_some) {
        let ran = pack.check(&host, &pack.told());
        assert!(ran.code == Some(0) && ran.out.contains("gates.json is what the log names with the import"), "{}", ran.out);
        let kept = pack.bundle().join("gates.json");
        let text = std::fs::read_to_string(&kept).unwrap();
        std::fs::write(&kept, text.replace("zip", "zap")).unwrap();
        pack.listed_anew();
        let ran = pack.check(&host, &pack.root_and_key());
        assert!(ran.code == Some(1) && ran.out.contains("is not what the log names"), "{}", ran.out);
    }
    // In the store as well: what is not what the event names is not shown.
    let bundles = walkdir::WalkDir::new(host.store().join("bundles")).into_iter().map(Result::unwrap);
    let kept = bundles.map(walkdir::DirEntry::into_path).find(|path| path.ends_with("gates.json")).expect("it was kept");
    let text = std::fs::read_to_string(&kept).unwrap();
    std::fs::write(&kept, text.replace("\"shown\"", "\"passed\"")).unwrap();
    host.fails(7, &["report", "--receipt", "1"], &["is not what was logged"]);
    std::fs::remove_file(&kept).unwrap();
    let lost = report(&host, &["--receipt", "1"]);
    assert!(lost.not_checked[0].said().key == "rules-lost" && lost.decision.said().rules.is_empty());
}

/// What an exception lets through is never told as if nothing had been found, at the import and after it.
#[test]
fn what_an_exception_let_in_is_said_to_be_let_in_by_it() {
    let (host, out) =
        receiver(&format!("[artifacts]\nscan = \"refused\"\n{}", exception("artifacts.scan", "files/all/tool.zip", "zip-structure")));
    let told = report(&host, &[arg(&out)]);
    assert_eq!(told.decision.said().verdict, Verdict::AllowedWithExceptions, "{:?}", told.decision);
    let last = &told.exceptions.as_ref().unwrap().said()[0].expires;
    let by = |word: &str| format!("Alice {word} {last}: known");
    for (language, words) in [
        ("en", ["IMPORT ALLOWED, WITH EXCEPTIONS: 1", "artifacts.scan: files/all/tool.zip", &by("until")]),
        ("de", ["IMPORT ERLAUBT, MIT AUSNAHMEN: 1", "artifacts.scan: files/all/tool.zip", &by("bis")]),
        ("it", ["IMPORTAZIONE AMMESSA, CON ECCEZIONI: 1", "artifacts.scan: files/all/tool.zip", &by("fino al")]),
    ] {
        let html = host.ok(&["report", "--format", "html", "--language", language, arg(&out)]).out;
        let first = html.split("<table").next().unwrap();
        words.iter().for_each(|word| assert!(first.contains(word), "{word}: {first}"));
        assert!(first.contains("<section class=\"verdict care\">"), "{first}");
    }
    host.ok(&["import", arg(&out)]);
    let html = host.ok(&["report", "--format", "html", "--receipt", "1"]).out;
    assert!(html.contains("INSTALLED, WITH EXCEPTIONS: 1") && html.contains("<section class=\"verdict care\">"), "{html}");
}
