//! What a report says where a bundle is refused, waits, comes back, is put away, was approved or not; what rests on a key; what an import did.

use super::{AT, Place};
use crate::cli::approvals::Site;
use crate::host::arg;
use crate::world::{World, journal, key, noise};
use airlift::artifact::Digest;
use airlift::report::document::{Report, RuleRow, Standing, Verdict};
use airlift::steps::trust::{Revoking, apply, last_good, revoke};
use airlift::store::Store;
use airlift::trust::{Reason, Signer};
use std::path::PathBuf;

/// The policy of a host whose exceptions are in every state.
const POLICY: &str = "airlift-policy = 1\n\n[bundle]\nlines = [\"lab\"]\nmax-age-days = 900\n\n[artifacts]\nmax-bytes = 1000000\n\n\
    [[exception]]\nrule = \"artifacts.size\"\nsubject = \"files/one\"\nowner = \"dora\"\nreason = \"needed on the ward\"\n\
    granted = \"2026-01-01\"\nexpires = \"2026-02-01\"\n\n\
    [[exception]]\nrule = \"artifacts.size\"\nsubject = \"files/two\"\nowner = \"erik\"\nreason = \"until the next release\"\n\
    granted = \"2026-02-01\"\nexpires = \"2026-06-01\"\n";

#[test]
fn a_refusal_is_told_with_its_rules_and_the_exceptions_in_every_language() {
    let place = Place::new();
    let policy = place.host.write("policy.toml", POLICY);
    place.host.ok(&["--store", arg(&place.store), "policy", "set", arg(&policy)]);
    let report = place.report(&[arg(&place.out)]);
    let decision = report.decision.said();
    assert_eq!(decision.verdict, Verdict::Refused);
    let rule = |id: &str| decision.rules.iter().find(|row| row.rule == id).unwrap_or_else(|| panic!("{id}: {decision:?}"));
    let RuleRow { outcome, expected, found, .. } = rule("bundle.line");
    assert_eq!((outcome.as_str(), expected.as_str(), found.as_str()), ("refused", "lab", "main"));
    assert_eq!(rule("bundle.age").outcome, "passed");
    let exceptions = report.exceptions.as_ref().unwrap().said();
    let told: Vec<_> = exceptions.iter().map(|row| (row.owner.as_str(), row.expires.as_str(), row.standing)).collect();
    assert_eq!(told, [("dora", "2026-02-01", Standing::Expired), ("erik", "2026-06-01", Standing::Holds)]);
    for (language, words) in [
        ("en", ["IMPORT REFUSED", "refused", "made at most 900 days before", "EXPIRED", "needed on the ward"]),
        ("de", ["IMPORT ABGELEHNT", "abgelehnt", "höchstens 900 Tage vorher gemacht", "ABGELAUFEN", "needed on the ward"]),
        ("it", ["IMPORTAZIONE RIFIUTATA", "rifiutata", "fatto al massimo 900 giorni prima", "SCADUTA", "needed on the ward"]),
    ] {
        let args = ["--store", arg(&place.store), "report", "--language", language, arg(&place.out)];
        let text = place.host.ok(&[&args[..], &AT].concat()).out;
        words.iter().for_each(|word| assert!(text.contains(word), "{language} {word}: {text}"));
    }
}

#[test]
fn what_is_not_here_yet_is_waited_for() {
    let world = World::new();
    let lock = world.lock("kit", &[noise(10 << 20, 1), noise(10 << 20, 2)]);
    let volumes = world.pack(&lock, "out", Some(14 << 20), &[1]);
    assert!(volumes.len() > 1);
    let place =
        Place { store: world.receiver("receiver").root().to_owned(), host: crate::host::Host::new(), out: world.path("out"), world };
    let report = place.report(&[arg(&volumes[0])]);
    assert_eq!(report.decision.said().verdict, Verdict::Waiting, "{:?}", report.decision);
    assert!(report.decision.said().reason.contains("still needed") && report.subject.said().volumes.iter().any(|volume| !volume.here));
    assert!(place.said(&[arg(&volumes[0])], "payload-not-read").is_some());
}

#[test]
fn what_went_missing_of_an_installed_bundle_would_come_back() {
    let place = Place::new();
    place.import();
    let blob = Digest::of(b"one").hex();
    let found = walkdir::WalkDir::new(place.store.join("blobs")).into_iter().map(Result::unwrap);
    let path: PathBuf = found.map(walkdir::DirEntry::into_path).find(|path| path.to_string_lossy().ends_with(&blob)).unwrap();
    std::fs::remove_file(path).unwrap();
    let report = place.report(&[arg(&place.out)]);
    assert_eq!(report.decision.said().verdict, Verdict::Information);
    assert_eq!(place.said(&[arg(&place.out)], "would-restore").unwrap()["blobs"], "1");
    assert!(report.changes.is_none(), "nothing was compared");
}

/// Nobody compares a store each time it is asked: that is said, and done where it is asked for and where people sign.
#[test]
fn changed_bytes_are_not_reported_on_where_they_are_compared() {
    let place = Place::new();
    place.import();
    assert!(place.said(&[], "store-not-read").is_some() && place.said(&[], "store-read").is_none());
    let read = place.said(&["--scrub"], "store-read").unwrap();
    assert!(place.said(&["--scrub"], "store-not-read").is_none() && read["blobs"].parse::<u64>().unwrap() > 1, "{read:?}");
    let blob = Digest::of(b"one").hex();
    let found = walkdir::WalkDir::new(place.store.join("blobs")).into_iter().map(Result::unwrap);
    let path: PathBuf = found.map(walkdir::DirEntry::into_path).find(|path| path.to_string_lossy().ends_with(&blob)).unwrap();
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, "two").unwrap();
    place.report(&[]);
    for more in [&["--scrub"][..], &["--receipt", "1", "--scrub"], &["--sign", "nobody"]] {
        let args = [&["--store", arg(&place.store), "report"], more].concat();
        place.host.fails(
            7,
            &args,
            &["files/blob-000 1: a blob of it is not what it was when it came in", &blob, "airlift scrub --discard"],
        );
    }
}

#[test]
fn what_was_put_away_is_said_to_be() {
    let place = Place::new();
    place.import();
    let lock = place.world.lock("kit", &[b"one".to_vec(), b"other".to_vec()]);
    let next = place.world.pack(&lock, "next", None, &[1]);
    place.world.import(&next, &Store::open(&place.store).unwrap()).unwrap();
    let store = ["--store", arg(&place.store)];
    place.host.ok(&[&store[..], &["rollback", "1"]].concat());
    let put_away = place.report(&[arg(&place.world.path("next"))]);
    assert_eq!(put_away.decision.said().verdict, Verdict::Information);
    assert!(put_away.remarks.iter().any(|claim| claim.said().key == "not-served"));
    assert_eq!(place.report(&[arg(&place.out)]).decision.said().verdict, Verdict::Installed);
    let second = place.report(&["--installed", "2"]);
    assert!(second.decision.said().verdict == Verdict::Information && second.subject.said().bundles[0].state == "not-served");
    // Both bundles are in what the log tells of the snapshots, in one reading.
    assert!(place.report(&["--installed", "2"]).custody.iter().any(|event| event.said().kind == "import"));
}

#[test]
fn what_rests_on_a_key_is_told_with_what_is_said_against_it() {
    let world = World::with_threshold(2, 1);
    let receiver = world.receiver("receiver");
    for seq in 1..=2 {
        let volumes = world.pack_as(&world.lock("kit", &[noise(100, seq)]), &format!("kit-{seq}"), None, &[2], Some(seq));
        world.import(&volumes, &receiver).unwrap();
    }
    let fingerprint = key(2).public_key().fingerprint();
    let good = last_good(&receiver, "kit@main:1").unwrap();
    let place = Place { store: receiver.root().to_owned(), host: crate::host::Host::new(), out: world.path("kit-2"), world };
    let states = |report: &Report| report.subject.said().bundles.iter().map(|row| row.state.clone()).collect::<Vec<_>>();
    let impact = ["--impact", &fingerprint];
    let before = place.report(&impact);
    assert_eq!(states(&before), ["falls", "falls"], "nobody said what the key still counts for");
    assert!(place.said(&impact, "key-in-force").is_some() && place.said(&impact, "key-revoked").is_none());
    let revoking =
        Revoking { key: &fingerprint, reason: Reason::Retired, last_good: vec![good], time: "2026-05-01T00:00:00Z".parse().unwrap() };
    let revocation = revoke(&place.world.root, revoking, &key(1)).unwrap();
    apply(&journal(&receiver.writer().unwrap()), &revocation).unwrap();
    assert_eq!(states(&place.report(&impact)), ["spared", "falls"]);
    let said = place.said(&impact, "key-revoked-since").unwrap();
    assert_eq!((said["reason"].as_str(), said["good"].as_str()), ("retired", "kit 1"));
    let german = place.host.ok(&["--store", arg(&place.store), "report", "--impact", &fingerprint, "--language", "de"]).out;
    assert!(german.contains("ausgemustert"), "{german}");
    // Whoever reads of a bundle learns it too: of the spared one that its owner stands by it, of the other that it counts for having been first.
    let remark = |args: &[&str], key: &str| place.said(args, key).map(|values| values["reason"].clone());
    let retired = Some("retired".to_owned());
    assert_eq!((remark(&["--receipt", "1"], "signer-spared"), remark(&["--receipt", "1"], "signer-revoked")), (retired.clone(), None));
    assert_eq!(remark(&["--receipt", "2"], "signer-revoked"), retired);
    assert_eq!(remark(&[arg(&place.out)], "signer-revoked"), retired, "on its medium as well");
    let signer = place.report(&["--receipt", "2"]).people.unwrap().said().signers[0].clone();
    assert_eq!(signer.revoked, retired);
    let installed = place.report(&[]);
    assert_eq!((states(&installed), remark(&[], "installed-revoked")), (vec!["served-revoked".to_owned()], retired));
    for args in [vec![], vec!["--receipt", "2"], vec![arg(&place.out)]] {
        let html = place.host.ok(&[&["--store", arg(&place.store), "report", "--format", "html"], &args[..]].concat()).out;
        let first = html.split("<table").next().unwrap();
        assert!(first.contains(&fingerprint) && first.contains("<section class=\"verdict care\">"), "{args:?}: {first}");
    }
}

#[test]
fn approvers_are_named_whether_the_bundle_comes_in_or_not() {
    let site = Site::new();
    let report = |args: &[&str]| Report::parse(site.host.ok(&[&["report", "--format", "json"], args].concat()).out.as_bytes()).unwrap();
    let people = |report: &Report| {
        let people = report.people.as_ref().unwrap().said();
        (people.approvals, people.approvers.iter().map(|a| format!("{} {}", a.name, a.decision)).collect::<Vec<_>>())
    };
    let (review, carol, dave) = (site.review(), site.key("carol"), site.key("dave"));
    let nobody = report(&[&site.out]);
    assert_eq!((nobody.decision.said().verdict, people(&nobody)), (Verdict::WaitingForApproval, (Some(2), vec![])));
    let awaited = |report: &Report| report.people.as_ref().unwrap().said().awaited.clone();
    assert_eq!(awaited(&nobody), ["carol", "dave"], "alice signed it, and others have to approve");
    site.host.ok(&site.decide(&carol, &review, &[]));
    let one = report(&[&site.out]);
    assert_eq!((one.decision.said().verdict, awaited(&one)), (Verdict::WaitingForApproval, vec!["dave".to_owned()]));
    let text = site.host.ok(&["report", "--language", "de", &site.out]).out;
    assert!(text.contains("WARTET AUF FREIGABE: 1 VON 2") && text.contains("sie können kommen von: dave"), "{text}");
    // What the rules refuse is refused, whoever might approve it.
    let policy = site.host.write("policy.toml", "airlift-policy = 1\n[artifacts]\nmax-bytes = 9\n");
    site.host.ok(&["policy", "set", arg(&policy)]);
    assert_eq!(report(&[&site.out]).decision.said().verdict, Verdict::Refused);
    site.host.ok(&["policy", "set", arg(&site.host.write("policy.toml", "airlift-policy = 1\n"))]);
    let (review, awaits) = (site.review(), report(&[&site.out]));
    assert_eq!(awaits.decision.said().verdict, Verdict::WaitingForApproval);
    site.host.ok(&site.decide(&carol, &review, &[]));
    site.host.ok(&site.decide(&dave, &review, &["--refuse", "too new for the ward"]));
    let refused = report(&[&site.out]);
    assert_eq!(people(&refused), (Some(2), vec!["carol approve".to_owned(), "dave refuse".to_owned()]));
    assert_eq!((refused.decision.said().verdict, awaited(&refused)), (Verdict::Refused, vec![]), "nobody is waited for");
    assert_eq!(refused.people.as_ref().unwrap().said().approvers[1].reason, "too new for the ward");
    let mut again = site.host.command(&site.decide(&dave, &review, &[]));
    assert!(again.env("SOURCE_DATE_EPOCH", "4102444800").status().expect("airlift runs").success());
    site.host.ok(&["import", &site.out]);
    let both = (Some(2), vec!["carol approve".to_owned(), "dave approve".to_owned()]);
    assert_eq!(people(&report(&[&site.out])), both, "after it was installed");
    assert_eq!(people(&report(&["--receipt", "1"])), both);
}

#[test]
fn what_one_person_alone_decided_is_allowed_with_remarks_only() {
    let site = Site::new();
    let report = || Report::parse(site.host.ok(&["report", "--format", "json", &site.out]).out.as_bytes()).unwrap();
    let told = |report: &Report| (report.decision.said().verdict, report.remarks.iter().any(|claim| claim.said().key == "alone"));
    let policy = site.host.write("policy.toml", "airlift-policy = 1\n[approval]\nbreak-glass = true\n");
    site.host.ok(&["policy", "set", arg(&policy)]);
    let (review, carol, dave) = (site.review(), site.key("carol"), site.key("dave"));
    site.host.ok(&site.decide(&carol, &review, &["--break-glass", "the ward waits"]));
    assert_eq!(told(&report()), (Verdict::AllowedWithRemarks, true));
    let dave = site.decide(&dave, &review, &[]);
    site.host.ok(&dave);
    assert_eq!(told(&report()), (Verdict::AllowedWithRemarks, true), "one of two approved it, the other let it in alone");
    let mut later = site.host.command(&site.decide(&carol, &review, &[]));
    assert!(later.env("SOURCE_DATE_EPOCH", "4102444800").status().expect("airlift runs").success());
    assert_eq!(told(&report()), (Verdict::Allowed, false), "both approved it");
}

#[test]
fn a_receipt_says_what_an_import_did_and_its_proof_verifies_alone() {
    let place = Place::new();
    place.import();
    let lock = place.world.lock("kit", &[b"one".to_vec(), b"other".to_vec()]);
    let next = place.world.pack(&lock, "next", None, &[1]);
    place.world.import(&next, &Store::open(&place.store).unwrap()).unwrap();
    let receipt = place.report(&["--receipt", "2"]);
    assert_eq!((receipt.kind.word(), receipt.decision.said().verdict), ("receipt", Verdict::Installed));
    let subject = receipt.subject.said();
    assert_eq!((subject.name.as_str(), subject.seq, subject.artifacts), ("kit", Some(2), Some(2)));
    assert_eq!(receipt.changes.as_ref().unwrap().said().before, "1");
    assert_eq!(receipt.changed().len(), 1, "{:?}", receipt.changed());
    assert!(
        receipt.people.as_ref().unwrap().said().signers.len() == 1 && receipt.custody.iter().any(|event| event.said().kind == "import")
    );
    let proof = receipt.proof.as_ref().unwrap().said();
    let path = place.host.write("receipt", format!("{}\n", proof.lines.join("\n")));
    let verified = place.host.ok(&["log", "verify", "--receipt", arg(&path), "--key", &proof.key]).out;
    assert!(verified.contains(&format!("event {} (import", proof.index)), "{verified}");
    let mut broken = proof.lines.clone();
    broken[1].insert_str(10, "AAAA");
    let path = place.host.write("broken", format!("{}\n", broken.join("\n")));
    assert_eq!(place.host.run(&["log", "verify", "--receipt", arg(&path), "--key", &proof.key]).code, Some(4));
    // The first import is no longer what is served, and is said not to be.
    assert!(place.report(&["--receipt", "1"]).remarks.iter().any(|claim| claim.said().key == "not-served"));
    let none = place.host.run(&["--store", arg(&place.store), "report", "--receipt", "7"]);
    assert!(none.code == Some(2) && none.err.contains("no event of the log"), "{none:?}");
}

#[test]
fn a_report_rests_on_a_log_that_is_what_its_checkpoint_says() {
    let place = Place::new();
    place.import();
    assert!(place.said(&[], "log-whole").is_some() && place.said(&[], "logged").is_some());
    let path = place.store.join("log/events.jsonl");
    let events = std::fs::read_to_string(&path).unwrap();
    // The last event, rewritten so that every line still fits what is before it.
    let (before, last) = events.trim_end().rsplit_once('\n').unwrap();
    std::fs::write(&path, format!("{before}\n{}\n", last.replace("2026", "2025"))).unwrap();
    let changed = place.host.run(&["--store", arg(&place.store), "report"]);
    assert!(changed.code != Some(0) && changed.err.contains("the event log is damaged"), "{changed:?}");
    std::fs::write(&path, format!("{before}\n")).unwrap();
    let cut = place.host.run(&["--store", arg(&place.store), "report"]);
    assert!(cut.code != Some(0) && cut.err.contains("the event log is damaged"), "{cut:?}");
    std::fs::write(&path, &events).unwrap();
    place.host.ok(&["--store", arg(&place.store), "report"]);
    std::fs::remove_dir_all(place.store.join("log")).unwrap();
    assert!(place.said(&[], "no-log").is_some(), "without a log that is said, and nothing is told of it");
}
