use super::words::Words;
use super::*;
use crate::advisories::{Builder, Freshness, Ranking, Rating, Snapshot};
use crate::artifact::Digest;
use crate::policy::gate::{Advised, Asked};
use crate::policy::{Decision as Decided, Facts, Outcome, Policy};
use crate::report::promises::promised;
use crate::report::{Examined, Language};
use crate::scan::Severity;
use crate::trust::{Custody, Reason};
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::process::Stdio;

fn row(n: usize) -> ArtifactRow {
    ArtifactRow {
        ecosystem: "one".to_owned(),
        name: outside(&format!("thing-{n}")),
        version: "1.0".to_owned(),
        bytes: 1234,
        sha256: Digest::of(&n.to_be_bytes()).hex(),
        licence: "MIT".to_owned(),
        supplier: "Somebody".to_owned(),
        examined: "examined".to_owned(),
    }
}

/// A report with everything in it, as large and as hostile as asked for.
fn sample(artifacts: usize, text: &str) -> Report {
    let statement = Evidence::of(Source::Statement, Digest::of(b"statement"));
    let hostile = outside(text);
    let many = |n: usize| vec![hostile.clone(); n];
    let identity = Identity {
        name: hostile.clone(),
        line: hostile.clone(),
        epoch: Some(1),
        seq: Some(7),
        missing: Some([3, 5]),
        sha256: Digest::of(b"statement").hex(),
        spoken: Digest::of(b"statement").spoken(),
        created: Some("2026-02-03T04:05:06Z".to_owned()),
        artifacts: Some(artifacts as u64),
        blobs: Some(1204),
        bytes: Some(6_400_000_000),
        new_bytes: Some(1_300_000_000),
        volumes: (0..20).map(|n| VolumeRow { name: format!("{hostile}.{n}"), size: 4_000_000_000, here: n > 0 }).collect(),
        bundles: vec![],
    };
    let rule = |n| RuleRow {
        rule: if n == 0 { "bundle.age".to_owned() } else { format!("bundle.rule-{n}") },
        outcome: "shown".to_owned(),
        subject: hostile.clone(),
        expected: if n == 0 { "made at most 90 days before".to_owned() } else { hostile.clone() },
        found: hostile.clone(),
        exception: hostile.clone(),
    };
    let decision = Decision { verdict: Verdict::AllowedWithRemarks, reason: hostile.clone(), rules: (0..8).map(rule).collect() };
    let policy = Evidence::of(Source::Policy, Digest::of(b"policy"));
    let mut report =
        Report::new(Kind::Arrival, "2026-03-01T00:00:00Z", Backed::new(identity, statement.clone()), Backed::new(decision, policy.clone()));
    let signer =
        SignerRow { name: hostile.clone(), key: "SHA256:abc".to_owned(), custody: "fido2".to_owned(), revoked: Some("lost".to_owned()) };
    let approver = ApproverRow {
        name: hostile.clone(),
        decision: "approve".to_owned(),
        time: "2026-02-04T00:00:00Z".to_owned(),
        reason: hostile.clone(),
    };
    let people = People {
        signers: vec![signer; 5],
        threshold: 2,
        root: hostile.clone(),
        approvers: vec![approver; 5],
        approvals: Some(9),
        awaited: many(40),
    };
    report.people = Some(Backed::new(people, Evidence::of(Source::Signatures, Digest::of(b"signatures"))));
    let change = |n: usize| ChangeRow {
        became: Became::ALL[n % Became::ALL.len()],
        name: format!("one/thing-{n}"),
        before: "1.0".to_owned(),
        after: "2.0".to_owned(),
    };
    let changes = Changes { before: hostile.clone(), rows: (0..12).map(change).collect() };
    report.changes = Some(Backed::new(changes, Evidence::of(Source::Lock, Digest::of(b"lock"))));
    let advisories = Evidence::named(Source::Advisories, "advisories", Digest::of(b"advisories"));
    let counted = |tile| Backed::new(Counted { tile, count: Some(3) }, advisories.clone());
    report.risks = Tile::ALL[..10].iter().map(|tile| counted(*tile)).collect();
    report.trust = Tile::ALL[10..].iter().map(|tile| counted(*tile)).collect();
    let age = Age {
        what: "advisory-data".to_owned(),
        name: hostile.clone(),
        time: Some("2026-02-20T00:00:00Z".to_owned()),
        days: Some(9),
        newest: None,
    };
    report.ages = vec![Backed::new(age, advisories.clone()); 6];
    report.not_checked = ["no-scan", "no-upstream-signatures", "not-executed", "payload-not-read", "as-declared"]
        .iter()
        .map(|key| Claim::say(key, &[], Evidence::tool()))
        .collect();
    let values = [("rule", text.to_owned()), ("expected", text.to_owned()), ("found", text.to_owned())];
    report.remarks = vec![Claim::say("rule-shown", &values, policy); 3];
    report.transcript = vec![Claim::say("signed", &[("people", "2".to_owned()), ("threshold", "2".to_owned())], statement.clone())];
    let statement = StatementRow {
        status: "not_affected".to_owned(),
        author: hostile.clone(),
        time: "2026-02-05T00:00:00Z".to_owned(),
        justification: "component_not_present".to_owned(),
        signed_by: many(2),
        owner: hostile.clone(),
        until: Some("2026-05-01".to_owned()),
    };
    let finding = FindingRow {
        artifact: hostile.clone(),
        purl: "pkg:generic/thing@1.0".to_owned(),
        fix: "1.1".to_owned(),
        ids: vec!["CVE-2026-0001".to_owned(), hostile.clone()],
        severity: "critical".to_owned(),
        exploited: Some(true),
        likelihood: Some(123),
        malicious: false,
        new: Some(true),
        statement: Some(statement),
        set_aside: 2,
        summary: hostile.clone(),
    };
    report.findings = Some(Backed::new(vec![finding; 4], advisories));
    let inventory = Evidence::of(Source::Inventory, Digest::of(b"statement"));
    report.licences = Some(Backed::new(vec![CountRow { name: "MIT".to_owned(), count: 4 }], inventory.clone()));
    report.suppliers = Some(Backed::new(vec![CountRow { name: String::new(), count: 4 }], inventory.clone()));
    let compared = ComparedRow {
        artifact: hostile.clone(),
        form: "SPDX".to_owned(),
        sha256: Digest::of(b"list").hex(),
        same: 100,
        only_listed: 3,
        only_found: 4,
        unnamed: 2,
    };
    report.compared = Some(Backed::new(vec![compared], inventory.clone()));
    let model = ModelRow {
        name: hostile.clone(),
        task: "text".to_owned(),
        architecture: String::new(),
        parameters: Some(33_000_000),
        bases: many(2),
        datasets: many(2),
        formats: many(1),
        executable: many(1),
        not_looked_into: 1,
    };
    report.models = Some(Backed::new(vec![model], inventory.clone()));
    let taken = |encoding| EncodingRow { encoding, blobs: 12, bytes: 4_000_000, carried: 1_000_000 };
    report.encodings = Some(Backed::new(Carriage::ALL.iter().map(|way| taken(*way)).collect(), inventory.clone()));
    let within = WithinRow { purl: hostile.clone(), path: many(2), between: 3, parts: many(2), found_by: format!("dpkg {hostile}") };
    let why = WhyRow { name: hostile.clone(), sections: many(1), path: many(4), between: 12, needed_by: 2, within: Some(within) };
    let stated = Stated { rows: vec![CountRow { name: hostile.clone(), count: 2_000 }], more: 3, more_packages: 40, unstated: 300 };
    let inside = InsideCounts { packages: 2_340, artifacts: 7, unseen: 1, licences: stated.clone(), suppliers: stated };
    report.inside = Some(Backed::new(inside, inventory.clone()));
    report.why = Some(Backed::new(vec![why], inventory.clone()));
    let event = EventRow {
        index: 4,
        time: "2026-02-05T00:00:00Z".to_owned(),
        kind: "import".to_owned(),
        actor: "actor-1".to_owned(),
        note: hostile.clone(),
    };
    let hostile_again = hostile;
    report.custody = vec![Backed::new(event, Evidence::event(4))];
    let exception = |standing| ExceptionRow {
        rule: "artifacts.licence".to_owned(),
        subject: hostile_again.clone(),
        finding: hostile_again.clone(),
        owner: hostile_again.clone(),
        reason: hostile_again.clone(),
        granted: "2026-01-01".to_owned(),
        expires: "2026-02-01".to_owned(),
        standing,
    };
    let rows = Standing::ALL.iter().map(|standing| exception(*standing)).collect();
    report.exceptions = Some(Backed::new(rows, Evidence::of(Source::Policy, Digest::of(b"policy"))));
    let proof = ProofRow {
        index: 4,
        size: 9,
        root: Digest::of(b"root").hex(),
        key: "host+00000000+AAAA".to_owned(),
        lines: ["c2sp.org/tlog-proof@v1", "extra AAAA", "index 4", "", "host", "9", "AAAA"].map(str::to_owned).to_vec(),
    };
    report.proof = Some(Backed::new(proof, Evidence::event(4)));
    let signed = format!("— log.example.org/0123456789abcdef {}", "A".repeat(92));
    let root = Digest::of(b"root");
    let checkpoint = CheckpointRow {
        size: 9,
        root: root.hex(),
        paper: format!("9 {}-{}", root.spoken(), root.spoken()),
        note: ["log.example.org/0123456789abcdef", "9", &"A".repeat(44), "", &signed].map(str::to_owned).to_vec(),
    };
    report.checkpoint = Some(Backed::new(checkpoint, Evidence::event(8)));
    report.commands = vec!["ssh-keygen -Y verify".to_owned()];
    report.artifacts = Some(Backed::new((0..artifacts).map(row).collect(), inventory));
    report
}

fn all_forms(report: &Report) -> Vec<(Form, Language, Vec<u8>)> {
    let forms = Form::ALL.into_iter().flat_map(|form| Language::ALL.map(|language| (form, language)));
    forms.map(|(form, language)| (form, language, report.render(form, language))).collect()
}

#[test]
fn every_language_has_the_same_keys_and_the_same_places_for_values() {
    let english = Words::of_language(Language::English).all();
    let place = |rest: &str| rest.split(['}', '?']).next().unwrap().to_owned();
    let places = |text: &str| -> BTreeSet<String> { text.split('{').skip(1).map(place).collect() };
    for language in Language::ALL {
        let words = Words::of_language(language).all();
        assert_eq!(words.keys().collect::<Vec<_>>(), english.keys().collect::<Vec<_>>(), "{language:?}");
        for (key, text) in words {
            assert!(!text.trim().is_empty() && places(text) == places(&english[key]), "{language:?} {key}: {text}");
        }
    }
}

#[test]
fn every_word_of_the_document_has_words_in_every_language() {
    for language in Language::ALL {
        let words = Words::of_language(language);
        let mut keys: Vec<String> = Kind::ALL.iter().flat_map(|k| [format!("title.{}", k.word()), format!("lead.{}", k.word())]).collect();
        keys.extend(Verdict::ALL.iter().map(|v| format!("verdict.{}", v.word())));
        keys.extend(Became::ALL.iter().map(|b| format!("became.{}", b.word())));
        keys.extend(Tile::ALL.iter().map(|t| format!("tile.{}", t.word())));
        keys.extend(["not_affected", "affected", "fixed", "under_investigation"].map(|status| format!("status.{status}")));
        keys.extend(Source::ALL.iter().map(|s| format!("source.{}", s.word())));
        let ratings = [Rating::Unknown, Rating::None, Rating::Low, Rating::Medium, Rating::High, Rating::Critical];
        keys.extend(ratings.map(|rating| format!("severity.{}", rating.word())));
        keys.extend([Severity::Note, Severity::Warning, Severity::Error].map(|severity| format!("severity.{}", severity.name())));
        keys.extend(Custody::ALL.map(|custody| format!("custody.{}", custody.name())));
        keys.extend(Reason::ALL.map(|reason| format!("reason.{}", reason.name())));
        keys.extend(Outcome::ALL.iter().flat_map(|o| ["outcome", "counted", "decided"].map(|group| format!("{group}.{}", o.word()))));
        let decisions = [Decided::Approve, Decided::Refuse, Decided::BreakGlass];
        keys.extend(decisions.map(|decision| format!("approval.{}", decision.word())));
        let examined = [Examined::Read, Examined::NotExamined, Examined::Opaque, Examined::Unreadable(String::new())];
        keys.extend(examined.map(|examined| format!("examined.{}", examined.words().replace(' ', "-"))));
        let kinds = include_str!("../../log/event.rs").split("pub mod kind {").nth(1).unwrap().split("\n}").next().unwrap();
        let kinds: Vec<String> = kinds.split(": &str = \"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect();
        assert!(kinds.len() > 20 && kinds.contains(&"vex-withdraw".to_owned()), "{kinds:?}");
        keys.extend(kinds.iter().map(|kind| format!("event.{kind}")));
        keys.iter().for_each(|key| assert!(words.find(key).is_some(), "{language:?} has no {key}"));
        // A key that has no words is shown as it is: none may be.
        let html = String::from_utf8(sample(3, "plain").render(Form::Html, language)).unwrap();
        for group in ["fact.", "head.", "column.", "say.", "uncovered.", "glossary.", "state.", "age.", "severity.", "event.", "custody."] {
            assert!(!html.contains(&format!(">{group}")), "{language:?}: a key of {group} is shown");
        }
    }
}

/// A statement stands beside its finding, with who signed it and until when, and takes nothing away.
#[test]
fn a_statement_is_told_beside_its_finding() {
    for (language, words) in [
        (
            Language::English,
            "not affected (Ada), component_not_present, signed by Ada, Ada, Ada answers for it, until 2026-05-01; 2 set aside",
        ),
        (
            Language::German,
            "nicht betroffen (Ada), component_not_present, unterschrieben von Ada, Ada, Ada verantwortet es, bis 2026-05-01; 2 ",
        ),
        (Language::Italian, "non interessato (Ada), component_not_present, firmata da Ada, Ada, ne risponde Ada, fino al 2026-05-01; 2 "),
    ] {
        let html = String::from_utf8(sample(1, "Ada").render(Form::Html, language)).unwrap();
        let share = if language == Language::English { "12.3 %" } else { "12,3 %" };
        assert!(html.contains(words) && html.contains(share), "{language:?}: {html}");
    }
}

/// The text of a form as a person reads it, without what marks it up.
fn read(form: Form, bytes: &[u8]) -> String {
    let text = if form == Form::Pdf { shown(bytes) } else { String::from_utf8(bytes.to_vec()).unwrap() };
    text.replace("<wbr>", "").replace('\\', "")
}

/// What lies inside an artifact is named beside it.
#[test]
fn a_finding_names_its_package_in_every_form() {
    let mut report = sample(1, "plain");
    let findings = report.findings.as_ref().unwrap();
    let (package, artifact) = ("pkg:deb/debian/libssl3@3.0.11", "pkg:oci/app@1");
    let row = FindingRow {
        artifact: format!("{artifact}?repository_url=registry.example.org"),
        purl: format!("{package}?arch=amd64&distro=debian-12"),
        ..findings.said()[0].clone()
    };
    report.findings = Some(Backed::new(vec![row], findings.evidence().clone()));
    for (form, language, bytes) in all_forms(&report) {
        let text = read(form, &bytes);
        let pieces = |words: &str| words.split_inclusive(['/', '@']).all(|piece| text.contains(piece));
        let named = |words: &str| if form == Form::Pdf { pieces(words) } else { text.contains(words) };
        assert!(named(package) && named(artifact), "{form:?} {language:?}: {text}");
        assert!(form == Form::Json || !text.contains("arch=amd64"), "{form:?} {language:?}");
        let heads = [["Package", "Artifact"], ["Paket", "Artefakt"], ["Pacchetto", "Artefatto"]][language as usize];
        let csv = format!("\"{}\",\"{}\"", heads[0], heads[1]);
        assert!(form != Form::Csv || text.contains(&csv), "{language:?}: {text}");
    }
}

/// The box of the decision, as the forms have it.
fn decided(report: &Report, language: Language) -> (layout::Tone, String, Vec<String>) {
    match layout::layout(report, language).first.remove(0) {
        layout::Block::Verdict { tone, title, lines } => (tone, title, lines),
        other => panic!("{other:?}"),
    }
}

fn ruled(rule: &str, outcome: &str, subject: &str, exception: &str) -> RuleRow {
    let [rule, outcome, subject, exception] = [rule, outcome, subject, exception].map(str::to_owned);
    RuleRow { rule, outcome, subject, expected: "known".to_owned(), found: "known".to_owned(), exception }
}

#[test]
fn what_an_exception_let_through_is_told_with_the_decision() {
    let mut report = sample(1, "plain");
    let by = "dora until 2026-06-01: needed on the ward";
    let rules = vec![
        ruled("artifacts.scan", "excepted", "", ""),
        ruled("artifacts.scan", "excepted", "files/one 1", by),
        ruled("artifacts.scan", "excepted", "files/two 1", by),
        ruled("artifacts.size", "excepted", "files/one 1", "erik until 2026-07-01: large"),
        ruled("bundle.age", "passed", "", ""),
    ];
    report.remarks.clear();
    let mut of = |verdict, language| {
        let decision = Decision { verdict, reason: String::new(), rules: rules.clone() };
        report.decision = Backed::new(decision, report.decision.evidence().clone());
        decided(&report, language)
    };
    let (tone, title, lines) = of(Verdict::AllowedWithExceptions, Language::English);
    assert_eq!((tone, title.as_str()), (layout::Tone::Care, "IMPORT ALLOWED, WITH EXCEPTIONS: 2"));
    assert!(
        lines[0] == "Rules, excepted: artifacts.scan, artifacts.size" && lines[1] == format!("artifacts.scan: files/one 1 ({by})"),
        "{lines:?}"
    );
    let (_, title, lines) = of(Verdict::AllowedWithExceptions, Language::German);
    assert!(title == "IMPORT ERLAUBT, MIT AUSNAHMEN: 2" && lines[1].contains("dora bis 2026-06-01"), "{title} {lines:?}");
    let (tone, title, _) = of(Verdict::Installed, Language::Italian);
    assert_eq!((tone, title.as_str()), (layout::Tone::Care, "INSTALLATO, CON ECCEZIONI: 2"));
    let decision = Decision { verdict: Verdict::Allowed, reason: String::new(), rules: rules[4..].to_vec() };
    report.decision = Backed::new(decision, report.decision.evidence().clone());
    let (tone, _, lines) = decided(&report, Language::English);
    assert!(tone == layout::Tone::Good && lines[0] == "Rules, passed: bundle.age", "{lines:?}");
}

#[test]
fn who_waits_for_approvals_is_told_whose_and_a_revoked_key_is_never_passed_over() {
    let mut report = sample(1, "plain");
    let people = report.people.as_ref().unwrap().clone();
    let approvers = people.said().approvers[..1].to_vec();
    let waits = People { approvers, approvals: Some(3), awaited: ["dave", "erin"].map(str::to_owned).to_vec(), ..people.said().clone() };
    report.people = Some(Backed::new(waits, people.evidence().clone()));
    let decision = Decision { verdict: Verdict::WaitingForApproval, reason: "kit 1: approved by 1 of 3 people".to_owned(), rules: vec![] };
    report.decision = Backed::new(decision, report.decision.evidence().clone());
    for (language, head, line) in [
        (Language::English, "WAITING FOR APPROVAL: 1 OF 3", "Approvals still missing: 2; they can come from: dave, erin"),
        (Language::German, "WARTET AUF FREIGABE: 1 VON 3", "Noch fehlende Freigaben: 2; sie können kommen von: dave, erin"),
        (Language::Italian, "IN ATTESA DI APPROVAZIONE: 1 SU 3", "Approvazioni ancora mancanti: 2; possono darle: dave, erin"),
    ] {
        let (tone, title, lines) = decided(&report, language);
        assert!(tone == layout::Tone::Care && title == head && lines[1] == line, "{title} {lines:?}");
    }
    let values = [("name", "alice".to_owned()), ("key", "SHA256:abc".to_owned()), ("reason", "compromised".to_owned())];
    report.remarks = vec![Claim::say("signer-revoked", &values, Evidence::tool())];
    let decision = Decision { verdict: Verdict::Installed, reason: String::new(), rules: vec![] };
    report.decision = Backed::new(decision, report.decision.evidence().clone());
    let (tone, _, lines) = decided(&report, Language::German);
    assert!(tone == layout::Tone::Care && lines[0].starts_with("alice hat es mit dem Schlüssel SHA256:abc unterschrieben"), "{lines:?}");
    assert!(lines[0].contains("kompromittiert"), "{lines:?}");
    let html = String::from_utf8(report.render(Form::Html, Language::English)).unwrap();
    assert!(html.contains("plain (FIDO2, key revoked since: lost)"), "{html}");
}

#[test]
fn one_thing_is_not_told_as_many() {
    let words = Words::of_language(Language::English);
    let told = |count: &str| words.with("say.not-here", &[("count", count)]);
    assert_eq!(told("1"), "1 artifact is not here: only what the lock says of it is known.");
    assert_eq!(told("2"), "2 artifacts are not here: only what the lock says of them is known.");
    let german = Words::of_language(Language::German);
    assert_eq!(german.with("fact.days", &[("days", "1")]), "1 Tag");
    assert_eq!(german.with("fact.blobs", &[("artifacts", "1"), ("blobs", "2")]), "1 Artefakt, 2 Blobs");
    // A value is not read for places of its own.
    assert_eq!(words.with("fact.until", &[("day", "{day?a|b}")]), "until {day?a|b}");
}

/// A word of a language stays whole in a cell; a longer one may be broken behind its signs.
#[test]
fn cells_are_broken_where_a_reader_would() {
    let mut report = sample(1, "Straßenbahnhaltestelle");
    let html = String::from_utf8(report.render(Form::Html, Language::German)).unwrap();
    assert!(html.contains("<td>Straßenbahnhaltestelle</td>") && !html.contains("Straßen<wbr>"), "{html}");
    let digest = Digest::of(&0usize.to_be_bytes()).hex();
    assert!(html.contains(&format!("{}<wbr>{}<wbr>", &digest[..16], &digest[16..32])), "{html}");
    report.commands = vec!["pkg:generic/a-rather-long-name@1".to_owned()];
    assert!(
        String::from_utf8(report.render(Form::Html, Language::German)).unwrap().contains("<pre>pkg:generic/a-rather-long-name@1</pre>")
    );
    assert!(!include_str!("page.css").split('}').any(|rule| rule.contains("th,td{") && rule.contains("anywhere")));
}

/// In the PDF the decision stands in a frame, and so does every tile.
#[test]
fn page_1_of_a_pdf_has_its_boxes() {
    let report = sample(1, "plain");
    let layout = layout::layout(&report, Language::English);
    let tiles: usize = layout.first.iter().map(|block| if let layout::Block::Tiles { tiles, .. } = block { tiles.len() } else { 0 }).sum();
    let page = String::from_utf8_lossy(&contents(&report.render(Form::Pdf, Language::English))[0]).into_owned();
    let frames = page.lines().zip(page.lines().skip(1)).filter(|(line, next)| line.ends_with(" re") && *next == "S").count();
    assert_eq!(frames, tiles + 1, "{page}");
}

#[test]
fn no_form_promises_more_than_was_looked_at() {
    for (form, language, bytes) in all_forms(&sample(2, "plain")) {
        let text = if form == Form::Pdf { shown(&bytes) } else { String::from_utf8_lossy(&bytes).into_owned() }.to_lowercase();
        assert!(text.contains("mit") && text.contains("thing-1"), "{form:?} {language:?} is read whole");
        assert_eq!(promised(&text, language.code()), Vec::<String>::new(), "{form:?} {language:?}");
    }
    for language in Language::ALL {
        for (key, text) in Words::of_language(language).all() {
            assert_eq!(promised(text, language.code()), Vec::<String>::new(), "{language:?} {key}");
        }
    }
}

/// The text of a PDF, from its content streams: what is shown, piece by piece, in the encoding of the font it is shown in.
fn shown(pdf: &[u8]) -> String {
    contents(pdf).iter().map(|content| shown_on_page(content)).collect()
}

/// The content streams of a PDF, a page each.
fn contents(pdf: &[u8]) -> Vec<Vec<u8>> {
    let find = |bytes: &[u8], what: &[u8]| bytes.windows(what.len()).position(|window| window == what);
    let (mut rest, mut pages) = (pdf, Vec::new());
    while let Some(at) = find(rest, b">>\nstream\n") {
        let dictionary = &rest[rest[..at].len().saturating_sub(120)..at];
        rest = &rest[at + 10..];
        if find(dictionary, b"/FlateDecode").is_some() {
            let mut content = Vec::new();
            flate2::read::ZlibDecoder::new(rest).read_to_end(&mut content).unwrap();
            pages.push(content);
        }
    }
    pages
}

fn shown_on_page(content: &[u8]) -> String {
    let (mut text, mut further, mut at) = (String::new(), false, 0);
    let mut push = |bytes: &[u8], further: bool| {
        bytes.iter().for_each(|byte| text.push(pdf::character(*byte, further).unwrap()));
        text.push(' ');
    };
    while at < content.len() {
        match content[at] {
            b'(' => {
                let (mut bytes, mut depth) = (Vec::new(), 1);
                while depth > 0 {
                    at += 1;
                    match content[at] {
                        b'\\' => {
                            at += 1;
                            bytes.push(content[at]);
                        }
                        b'(' => (depth, ()) = (depth + 1, bytes.push(b'(')),
                        b')' if depth == 1 => depth = 0,
                        b')' => (depth, ()) = (depth - 1, bytes.push(b')')),
                        byte => bytes.push(byte),
                    }
                }
                push(&bytes, further);
            }
            b'<' if content[at + 1] != b'<' => {
                let end = at + content[at..].iter().position(|byte| *byte == b'>').unwrap();
                push(&data_encoding::HEXUPPER_PERMISSIVE.decode(&content[at + 1..end]).unwrap(), further);
                at = end;
            }
            b'<' => at += 1,
            b'/' if content[at..].starts_with(b"/RX ") || content[at..].starts_with(b"/BX ") => further = true,
            b'/' if content[at..].starts_with(b"/R ") || content[at..].starts_with(b"/B ") => further = false,
            _ => {}
        }
        at += 1;
    }
    text
}

#[test]
fn the_text_of_a_pdf_is_read_back_in_every_script_its_fonts_have() {
    let name = "Łódź „Straße“ – ≤ 7 € (a\\b) ( 中";
    for language in Language::ALL {
        let text = shown(&sample(2, name).render(Form::Pdf, language));
        let together = |text: &str| text.replace(' ', "");
        assert!(together(&text).contains(&together("Łódź „Straße“ – ≤ 7 € (a\\b) ( \\u{4e2d}")), "{language:?}: {text}");
        let words = Words::of_language(language);
        assert!(together(&text).contains(&together(words.get("glossary.undetermined"))), "{language:?}");
    }
    let Ok(mut stock) = std::process::Command::new("pdftotext").args(["-", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()
    else {
        return;
    };
    let pdf = sample(2, name).render(Form::Pdf, Language::English);
    stock.stdin.take().unwrap().write_all(&pdf).unwrap();
    let text = String::from_utf8(stock.wait_with_output().unwrap().stdout).unwrap();
    assert!(text.contains("Łódź „Straße“ – ≤ 7 €"), "{text}");
}

#[test]
fn in_markdown_no_name_begins_something_or_becomes_a_link() {
    let names = ["# a", "- a", "+ a", "12. a", "12) a", "> a", "=== a", "| a |", "  - a", "~~~ a", "[x] a", "    code"];
    for (name, written) in names.into_iter().zip([
        "\\# a",
        "\\- a",
        "\\+ a",
        "12\\. a",
        "12\\) a",
        "\\> a",
        "\\=== a",
        "\\| a \\|",
        "\\- a",
        "\\~\\~\\~ a",
        "\\[x\\] a",
        "code",
    ]) {
        let text = String::from_utf8(sample(1, name).render(Form::Markdown, Language::English)).unwrap();
        let own =
            |line: &str| line.trim_start_matches(['-', ' ', '|']).starts_with(name.trim_start()) && !written.starts_with(name.trim_start());
        assert!(text.contains(written) && !text.lines().any(own), "{name}: {text}");
    }
    for (name, written) in [
        ("see https://example.org/a", "https\\://"),
        ("www.example.org", "www\\."),
        ("WWW.example.org", "WWW\\."),
        ("mailto:a", "mailto\\:"),
        ("a@example.org", "a\\@example"),
    ] {
        let text = String::from_utf8(sample(1, name).render(Form::Markdown, Language::English)).unwrap();
        assert!(text.contains(written) && !text.contains(name), "{name}");
    }
}

#[test]
fn in_a_table_of_cells_no_name_is_a_formula() {
    for name in ["=1", "+1", "-1", "@a", "＝1", "＋1", "－1", "＠a", " =1", " ＝1", "\u{a0}＋1", "﹦1", "−1"] {
        let name = outside(name);
        let csv = String::from_utf8(sample(1, &name).render(Form::Csv, Language::English)).unwrap();
        assert!(csv.contains(&format!("\"'{name}\"")) && !csv.contains(&format!("\"{name}\"")), "{name:?}");
    }
}

#[test]
fn what_rests_on_nothing_is_no_report() {
    let report = sample(2, "plain");
    assert_eq!(Report::parse(&report.to_bytes()).unwrap(), report);
    let change = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut value = serde_json::to_value(&report).unwrap();
        change(&mut value);
        Report::parse(&serde_json::to_vec(&value).unwrap())
    };
    assert!(change(&|_| ()).is_ok());
    assert!(change(&|v| drop(v["remarks"][0].as_object_mut().unwrap().remove("evidence"))).is_err());
    assert!(change(&|v| v["remarks"][0]["evidence"] = serde_json::json!({ "source": "policy" })).is_err());
    assert!(change(&|v| v["subject"]["evidence"] = serde_json::json!({ "source": "policy", "name": " " })).is_err());
    assert!(change(&|v| v["risks"][0]["evidence"] = serde_json::json!({ "source": "policy", "sha256": "00" })).is_err());
    assert!(change(&|v| v["remarks"][0]["said"]["key"] = "everything-is-well".into()).is_err());
    assert!(change(&|v| v["new-member"] = 1.into()).is_err());
    assert!(change(&|v| v["airlift-report"] = 2.into()).unwrap_err().message().contains("newer"));
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    let (one, other) = (sample(20, "x"), sample(20, "x"));
    assert_eq!(
        all_forms(&one).into_iter().map(|f| f.2).collect::<Vec<_>>(),
        all_forms(&other).into_iter().map(|f| f.2).collect::<Vec<_>>()
    );
}

const HOSTILE: &str = "<script>alert(1)</script>\"'&|`*_[x](javascript:y)\n=1+2\u{202e}\u{0}\u{1b}[31m";

#[test]
fn hostile_names_are_text_in_every_form() {
    let report = sample(2, HOSTILE);
    for (form, language, bytes) in all_forms(&report) {
        let text = String::from_utf8_lossy(&bytes);
        if form == Form::Pdf {
            continue;
        }
        assert!(!text.contains(['\u{202e}', '\u{0}', '\u{1b}']), "{form:?} {language:?} holds control characters");
        match form {
            Form::Html => assert!(!text.contains("<script") && text.contains("&lt;script&gt;")),
            Form::Markdown => assert!(!text.contains("<script") && !text.contains("](javascript")),
            _ => {}
        }
    }
    let csv = String::from_utf8(sample(1, "=cmd|' /C calc'!A0").render(Form::Csv, Language::English)).unwrap();
    assert!(csv.contains("\"'=cmd|") && !csv.contains("\"=cmd|"), "{csv}");
}

/// What is put into a frame of its own is text as well.
#[test]
fn commands_and_proofs_are_escaped() {
    let mut report = sample(1, "x");
    report.commands = vec!["verify <script>alert(1)</script> & \"x\"".to_owned()];
    let mut proof = report.proof.as_ref().expect("a proof").said().clone();
    proof.lines.push("<img src=x onerror=alert(2)>".to_owned());
    report.proof = Some(Backed::new(proof, Evidence::event(4)));
    for language in Language::ALL {
        let html = String::from_utf8(report.render(Form::Html, language)).expect("UTF-8");
        assert!(!html.contains("<script") && !html.contains("<img"), "{html}");
        assert!(html.contains("verify &lt;script&gt;alert(1)") && html.contains("&lt;img src=x"), "{html}");
    }
}

#[test]
fn a_text_is_bounded_and_seen_to_be_cut() {
    assert_eq!(outside("one\ntwo\t\u{7}"), "one two \\u{7}");
    // What is not seen is written by its number, in every form.
    let unseen = "\u{ad}\u{200b}\u{200d}\u{2060}\u{feff}\u{fe0f}\u{2028}\u{e0041}\u{3164}";
    let written = "\\u{ad}\\u{200b}\\u{200d}\\u{2060}\\u{feff}\\u{fe0f}\\u{2028}\\u{e0041}\\u{3164}";
    assert_eq!((outside(unseen).as_str(), outside("naïve „日本“ ½").as_str()), (written, "naïve „日本“ ½"));
    for (form, language, bytes) in all_forms(&sample(1, &format!("re{unseen}quests"))) {
        let text = String::from_utf8_lossy(&bytes);
        assert!(form == Form::Pdf || !text.contains(|c| unseen.contains(c)), "{form:?} {language:?}");
    }
    let long = outside(&"é".repeat(5000));
    assert!(long.chars().count() == 400 && long.ends_with('…'));
    assert!(outside(&"\u{1}".repeat(5000)).chars().count() <= 400);
}

#[test]
fn without_data_no_tile_says_zero() {
    let mut report = sample(1, "plain");
    report.risks = Tile::ALL[..10].iter().map(|tile| Backed::new(Counted { tile: *tile, count: None }, Evidence::tool())).collect();
    let risks = |report: &Report, language| {
        let html = String::from_utf8(report.render(Form::Html, language)).unwrap();
        html.split("<ul class=\"tiles\">").nth(2).unwrap().split("</section>").next().unwrap().to_owned()
    };
    for (language, words) in [(Language::English, "not assessed: no advisory data"), (Language::German, "keine Meldungsdaten")] {
        let risks = risks(&report, language);
        assert!(risks.contains(words) && !risks.contains(">0<"), "{risks}");
    }
    // Data that are here and too old are not said to be missing.
    let why = "the advisories for one are too old".to_owned();
    report.not_checked.push(Claim::say("advisories-unusable", &[("why", why)], Evidence::tool()));
    for (language, words, why) in [
        (Language::English, "the advisories that are here could not be asked", "could not be asked: the advisories for one are too old"),
        (Language::German, "die Meldungen, die hier sind", "befragt werden: die Meldungen zu one sind zu alt"),
        (Language::Italian, "gli avvisi presenti", "consultati: gli avvisi per one sono troppo vecchi"),
    ] {
        let (risks, html) = (risks(&report, language), String::from_utf8(report.render(Form::Html, language)).unwrap());
        assert!(risks.contains(words) && !risks.contains(Words::of_language(language).get("tile.none-risks")), "{risks}");
        assert!(html.contains(why), "{language:?}");
    }
    // Counts that only a comparison gives are not said to be unassessed where the rest was assessed.
    let count = |tile: Tile| (tile == Tile::Severe).then_some(0);
    report.risks = Tile::ALL[..10].iter().map(|tile| Backed::new(Counted { tile: *tile, count: count(*tile) }, Evidence::tool())).collect();
    let told = risks(&report, Language::English);
    assert!(told.matches(">not compared<").count() == 3 && told.contains(">0<") && !told.contains("could not be asked"), "{told}");
}

#[test]
fn html_is_one_file_without_scripts_that_can_be_read_aloud() {
    let html = String::from_utf8(sample(3, "plain").render(Form::Html, Language::German)).unwrap();
    assert!(html.contains("<html lang=\"de\">") && html.contains("default-src 'none'"));
    for word in ["<script", "http://", "https://", "src=", "href=", " style=\"", "url("] {
        assert!(!html.contains(word), "{word}");
    }
    assert_eq!(html.matches("<table").count(), html.matches("<caption>").count());
    assert!(html.matches("<th scope=\"col\"").count() > 20 && html.contains("<main>") && html.contains("<h1>"));
}

/// WCAG 2.2, 1.4.3: the ratio of the lighter to the darker of two colours.
#[test]
fn colours_stand_out_from_what_they_lie_on() {
    let part = |text: &str| {
        let digit = |n: usize| {
            let hex = if text.len() == 3 { text[n..=n].repeat(2) } else { text[2 * n..2 * n + 2].to_owned() };
            let value = f64::from(u8::from_str_radix(&hex, 16).unwrap()) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * digit(0) + 0.7152 * digit(1) + 0.0722 * digit(2)
    };
    let style = include_str!("page.css");
    let schemes: Vec<&str> = style.lines().filter(|line| line.contains("--paper:#")).collect();
    assert_eq!(schemes.len(), 3);
    for scheme in schemes {
        let colour = |name: &str| part(scheme.split(&format!("--{name}:#")).nth(1).unwrap().split([';', '}']).next().unwrap());
        for ink in ["ink", "soft", "good", "care", "bad"] {
            for paper in ["paper", "wash"] {
                let (a, b) = (colour(ink), colour(paper));
                let ratio = (a.max(b) + 0.05) / (a.min(b) + 0.05);
                assert!(ratio >= 4.5, "{ink} on {paper}: {ratio:.2}");
            }
        }
    }
}

#[test]
fn the_published_schema_is_that_of_the_program() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/formats/report-1.schema.json");
    let wanted = format!("{}\n", serde_json::to_string_pretty(&Report::schema()).unwrap());
    if std::env::var_os("AIRLIFT_BLESS").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == wanted, "docs/formats/report-1.schema.json is not the program's: run this test with AIRLIFT_BLESS=1");
}

#[test]
fn page_1_holds_on_one_page_whatever_is_in_it() {
    for text in ["plain", HOSTILE, &"long ".repeat(200)] {
        for language in Language::ALL {
            let mut report = sample(3, text);
            let people = report.people.as_ref().unwrap();
            let many = People {
                signers: people.said().signers.iter().cycle().take(40).cloned().collect(),
                approvers: people.said().approvers.iter().cycle().take(40).cloned().collect(),
                ..people.said().clone()
            };
            report.people = Some(Backed::new(many, people.evidence().clone()));
            let mut layout = layout::layout(&report, language);
            layout.rest.clear();
            let pdf = String::from_utf8_lossy(&pdf::render(&layout)).into_owned();
            // The page after it is there and empty.
            assert!(pdf.contains("/Count 2"), "{language:?}: page 1 of {text:.20} is longer than a page");
        }
    }
}

#[test]
fn the_checkpoint_is_on_page_1_in_words_and_as_a_code() {
    let mut report = sample(3, "plain");
    let row = report.checkpoint.as_ref().unwrap().said().clone();
    for (form, language, bytes) in all_forms(&report) {
        let text = if form == Form::Pdf { shown(&bytes) } else { String::from_utf8(bytes.clone()).unwrap() };
        assert!(form == Form::Csv || text.contains(&row.paper) || text.contains(&row.paper.replace('-', "\\-")), "{form:?} {language:?}");
        match form {
            Form::Html => assert!(text.contains("<svg role=\"img\"") && text.contains("<title>log.example.org/"), "{text:.200}"),
            Form::Pdf => {
                let raw = String::from_utf8_lossy(&bytes);
                assert!(raw.contains("/S /Figure") && raw.contains("/Alt "), "{language:?}");
            }
            _ => {}
        }
    }
    report.checkpoint = None;
    let html = String::from_utf8(report.render(Form::Html, Language::English)).unwrap();
    assert!(!html.contains("<svg") && !html.contains("Checkpoint"));
}

/// Who decides by data looks at the oldest.
#[test]
fn page_1_has_the_oldest_of_each_kind_of_data() {
    let mut report = sample(3, "plain");
    let by = report.ages[0].evidence().clone();
    let age = |what: &str, name: &str, day: u8| {
        let (time, days) = (format!("2026-02-{day:02}T00:00:00Z"), Some(u64::from(28 - day)));
        let newest = (name == "old").then(|| Newest { time: "2024-01-01T00:00:00Z".to_owned(), days: Some(790) });
        Backed::new(Age { what: what.to_owned(), name: name.to_owned(), time: Some(time), days, newest }, by.clone())
    };
    report.ages = vec![age("bundle", "", 20), age("trust-root", "", 1)];
    report.ages.extend([age("advisory-data", "young", 12), age("advisory-data", "old", 3), age("advisory-data", "middle", 9)]);
    let layout = layout::layout(&report, Language::English);
    let facts = layout.first.iter().filter_map(|block| match block {
        layout::Block::Facts { caption, rows } if caption == "How old the data are" => Some(rows.clone()),
        _ => None,
    });
    let rows: Vec<(String, String)> = facts.flatten().collect();
    assert_eq!(rows.len(), 4, "{rows:?}");
    let html = String::from_utf8(report.render(Form::Html, Language::German)).unwrap();
    let table = html.split("<table id=\"ages\">").nth(1).unwrap().split("</table>").next().unwrap();
    assert!(["young", "middle", "old", "2026-02-12"].iter().all(|word| table.contains(word)), "all of them stand further on: {table}");
    assert!(
        rows[2].0.ends_with(", old")
            && rows[2].1 == "2026-02-03T00:00:00Z (25 days), newest record 2024-01-01T00:00:00Z (790 days), 2 younger",
        "{rows:?}"
    );
}

#[test]
fn a_pdf_is_tagged_and_says_its_language_and_title() {
    let bytes = sample(3, "plain").render(Form::Pdf, Language::Italian);
    let text = String::from_utf8_lossy(&bytes);
    for word in ["/Marked true", "/Lang (it)", "/StructTreeRoot", "/S /Table", "/S /TH", "/S /H1", "/DisplayDocTitle true", "/Title"] {
        assert!(text.contains(word), "{word}");
    }
}

/// The ids in the reference of policies, and the texts that rules make, each have words in every language.
#[test]
fn what_rules_say_is_said_in_every_language() {
    let reference = std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/formats/policy.md")).unwrap();
    let is_id = |word: &&str| {
        let family = ["bundle.", "artifacts.", "advisories.", "policy."].iter().any(|family| word.starts_with(family));
        family
            && std::path::Path::new(word).extension().is_none_or(|ending| ending != "md")
            && word.split('.').count() == 2
            && word.bytes().all(|b| b.is_ascii_lowercase() || matches!(b, b'.' | b'-'))
    };
    let lines = reference.lines().filter(|line| line.starts_with("| `"));
    let ids: BTreeSet<&str> = lines.filter_map(|line| line.split('`').nth(1)).filter(is_id).collect();
    assert!(ids.contains("bundle.age") && ids.contains("artifacts.licence") && ids.len() > 15, "{ids:?}");
    let policy = "airlift-policy = 1\n[bundle]\nmax-age-days = 9\n[artifacts]\nmax-bytes = 9\nscan = \"refused\"\nlicences-allowed = [\"MIT\"]\n\
        licences-inside-refused = [\"GPL-3.0-only\"]\nlicences-refused = [\"GPL-3.0-only\"]\nupstream-signatures = \"present\"\ncool-down-days = 3\nmax-age-days = 9\n[advisories]\n\
        refuse = \"high\"\nlikelihood = 0.1\nmax-age-days = 9\nmax-record-age-days = 90\n[[exception]]\nrule = \"artifacts.size\"\nsubject = \"a/b\"\nowner = \"o\"\nreason = \"r\"\n\
        granted = \"2026-01-01\"\nexpires = \"2026-01-09\"\n";
    let policy = Policy::parse(policy.as_bytes()).unwrap();
    let time = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
    let facts = Facts {
        toolkit: "kit".to_owned(),
        line: "main".to_owned(),
        created: time("2026-01-01T00:00:00Z"),
        ecosystems: BTreeSet::new(),
        missing: Some(2..=3),
        root_expires: Some(time("2027-01-01T00:00:00Z")),
        now: time("2026-04-01T00:00:00Z"),
    };
    let asked = Asked { now: facts.now, as_of: facts.now, advised: Advised::Later };
    let mut findings = policy.judge(&facts);
    findings.extend(policy.terms.gate(&[], &asked).told());
    assert!(findings.len() > 12, "{findings:?}");
    for language in [Language::German, Language::Italian] {
        let words = Words::of_language(language);
        ids.iter().for_each(|id| assert!(words.find(&format!("rule.{id}")).is_some(), "{language:?} has no words for {id}"));
        for finding in &findings {
            assert!(words.find(&format!("rule.{}", finding.rule)).is_some(), "{language:?} {}", finding.rule);
            for text in [&finding.expected, &finding.found] {
                assert!(words.of_rules(text) != *text, "{language:?} has no words for {}: {text}", finding.rule);
            }
        }
    }
    // What ranking says of itself, and advisories that cannot be asked, stand within sentences of the reader's language.
    let freshness = Freshness { now: facts.now, most_age: jiff::SignedDuration::from_hours(24) };
    let ranked = |list: Option<&str>| {
        let mut ranking = Ranking::default();
        let list = list
            .map(|time| format!(r#"{{"catalogVersion":"x","dateReleased":"{time}","vulnerabilities":[{{"cveID":"a","dateAdded":"b"}}]}}"#));
        list.iter().for_each(|list| ranking.read_exploited(list.as_bytes(), None).unwrap());
        [ranking.exploited_unknown(&freshness), ranking.likelihood_unknown(&freshness)].into_iter().flatten().collect::<Vec<_>>()
    };
    let lists = [None, Some("?"), Some("2020-01-01T00:00:00Z"), Some("2030-01-01T00:00:00Z")];
    let mut reasons: Vec<String> = lists.iter().flat_map(|list| ranked(*list)).collect();
    assert_eq!(reasons.len(), 8, "{reasons:?}");
    let asked = |snapshot: &Snapshot, at: &str| {
        let freshness = Freshness { now: time(at), ..freshness };
        snapshot.must_hold("PyPI", "a", &freshness).map(drop).expect_err("they cannot be asked").message().to_owned()
    };
    let mut builder = Builder::new();
    let folder = tempfile::tempdir().unwrap();
    let record =
        r#"{"id":"A-1","modified":"2026-03-01T00:00:00Z","affected":[{"package":{"ecosystem":"PyPI","name":"a"},"versions":["1"]}]}"#;
    std::fs::write(folder.path().join("A-1.json"), record).unwrap();
    builder.folder("PyPI", None, folder.path()).unwrap();
    let held = builder.finish();
    reasons.extend([
        asked(&Snapshot::default(), "2026-03-01T00:00:00Z"),
        asked(&held, "2027-01-01T00:00:00Z"),
        asked(&held, "2025-01-01T00:00:00Z"),
    ]);
    for language in [Language::German, Language::Italian] {
        let words = Words::of_language(language);
        reasons.iter().for_each(|why| assert!(words.of_rules(why) != *why, "{language:?} has no words for: {why}"));
        let within = words.of_rules(&format!("not known of any package: {}", reasons[0]));
        assert!(within.ends_with(&words.of_rules(&reasons[0])), "{within}");
    }
    let german = Words::of_language(Language::German);
    assert_eq!(
        german.of_form("fact.excepted", "dora and erik until 2026-02-01: it is needed"),
        "dora and erik bis 2026-02-01: it is needed"
    );
    assert_eq!(german.of_form("fact.excepted", "something else"), "something else");
    assert_eq!(german.of_rules("below high"), "unter hoch");
    for (english, wanted) in [
        ("kit 1: rollback: it is older than what is installed", "kit 1: Rückschritt: es ist älter als das, was eingespielt ist"),
        ("kit 1: 2 of its 3 volumes are still needed", "kit 1: 2 seiner 3 Teile werden noch gebraucht"),
        (
            "PyPI: the newest record is of 2024-01-01T00:00:00Z, 790 days old",
            "PyPI: der neueste Eintrag ist vom 2024-01-01T00:00:00Z, 790 Tage alt",
        ),
        ("kit 1: approved by 0 of 2 people", "kit 1: von 0 der 2 nötigen Personen freigegeben"),
    ] {
        assert_eq!(german.of_rules(english), wanted);
    }
    let italian = Words::of_language(Language::Italian);
    assert_eq!(italian.of_rules("of 15 artifacts 14 passed, 1 refused"), "di 15 artefatti 14 superati, 1 rifiutato");
    assert_eq!(italian.of_rules("of 1 artifacts 1 passed"), "di 1 artefatto 1 superato");
    assert_eq!(german.of_rules("of 12 artifacts 2 refused, 10 passed"), "von 12 Artefakten 2 abgelehnt, 10 bestanden");
    let unknown = german.of_rules("of 3 artifacts 1 not-known (artifacts.unknown-age), 2 passed");
    assert_eq!(unknown, "von 3 Artefakten 1 nicht bekannt (artifacts.unknown-age), 2 bestanden");
    assert_eq!(
        german.of_rules("3 parts of what is inside could not be looked into: a layer"),
        "in 3 Teile des Inhalts konnte nicht hineingesehen werden: a layer"
    );
    assert_eq!(german.of_rules("a name {from} outside"), "a name {from} outside");
    assert_eq!(Words::of_language(Language::English).of_rules("made {x} y"), "made {x} y");
}

/// Not a judgement but its object: with `AIRLIFT_REPORTS=DIR` a plain report and a hostile one in every form, to be looked at.
#[test]
fn samples_for_the_eye() {
    let Some(folder) = std::env::var_os("AIRLIFT_REPORTS").map(std::path::PathBuf::from) else { return };
    let long = "W".repeat(400);
    for (name, text) in [("plain", "mlops"), ("hostile", HOSTILE), ("long", long.as_str())] {
        for (form, language, bytes) in all_forms(&sample(40, text)) {
            std::fs::write(folder.join(format!("{name}.{}.{}", language.code(), form.ending())), bytes).unwrap();
        }
    }
}
