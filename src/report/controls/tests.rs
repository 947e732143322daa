use super::*;
use crate::artifact::Digest;
use crate::error::Kind;
use crate::report::Language;

/// What a text of a language promises and may not.
fn promised(text: &str, language: Language) -> Vec<String> {
    crate::report::promises::promised(text, language.code())
}

fn about(language: Language) -> About<'static> {
    About {
        title: "kit 1 (main line)",
        subject: Digest::of(b"kit"),
        time: "2026-03-04T05:06:07Z",
        tool: "airlift 0.1.0",
        profiles: "hipaa",
        language,
    }
}

fn filed(name: &str) -> References {
    References::to(Filed::made_up(name))
}

fn gathered() -> Gathered {
    let mut gathered = Gathered::default();
    gathered.note(Evidence::E1, Found::Present(filed("bundle.json")));
    gathered.note(Evidence::E4, Found::but(References::events(Filed::made_up("log/events.jsonl"), vec![3]), vec![Reason::NotCosigned]));
    gathered.note(Evidence::E12, Found::NotApplicable(Reason::NoModels));
    gathered
}

#[test]
fn no_pack_and_no_text_promises_anything() {
    let check = |name: &str, text: &Text| {
        for language in Language::ALL {
            assert_eq!(promised(text.of(language), language), Vec::<String>::new(), "{name}: {}", text.of(language));
        }
        Ok(())
    };
    said().each(&mut |name, text| check(name, text)).expect("all were looked at");
    for pack in ControlPack::shipped() {
        check(&pack.id, &pack.note).expect("looked at");
        for control in &pack.controls {
            for text in [&control.title, &control.does_not_show].into_iter().chain(control.shows.values()) {
                check(&control.label(), text).expect("looked at");
            }
        }
        for language in Language::ALL {
            let (gathered, about) = (gathered(), about(language));
            let mut written = vec![markdown(pack, &gathered, &about), csv(pack, &gathered, language)];
            let documents = [
                assessment_results(&[pack], &gathered, &about),
                json(pack, &gathered, &about),
                component_definition(language),
                assessment_plan(language),
            ];
            written.extend(documents.map(|bytes| String::from_utf8(bytes).expect("UTF-8")));
            written.iter().for_each(|text| assert_eq!(promised(text, language), Vec::<String>::new(), "{}", pack.id));
        }
    }
    for (language, readme) in [
        (Language::English, include_str!("../../steps/evidence/readme.en.md")),
        (Language::German, include_str!("../../steps/evidence/readme.de.md")),
        (Language::Italian, include_str!("../../steps/evidence/readme.it.md")),
    ] {
        assert_eq!(promised(readme, language), Vec::<String>::new(), "{readme}");
    }
}

#[test]
fn every_row_has_evidence_and_all_its_texts() {
    let (mut rows, mut drawn) = (0, std::collections::BTreeSet::new());
    for pack in ControlPack::shipped() {
        assert!(pack.controls.len() >= 5, "{} has {} rows", pack.id, pack.controls.len());
        for control in &pack.controls {
            rows += 1;
            assert!(!control.shows.is_empty(), "{}", control.label());
            drawn.extend(control.shows.keys().copied());
            for language in Language::ALL {
                for text in [&control.title, &control.does_not_show].into_iter().chain(control.shows.values()) {
                    assert!(!text.of(language).is_empty(), "{} {}", control.label(), language.code());
                }
            }
        }
    }
    assert!(rows >= 90, "{rows} rows");
    assert_eq!(drawn.len(), Evidence::ALL.len(), "some evidence serves no control");
    for language in Language::ALL {
        Evidence::ALL.iter().for_each(|evidence| assert!(!evidence.title(language).is_empty() && !evidence.proof(language).is_empty()));
        Reason::ALL.iter().for_each(|reason| assert!(!reason.text(language).contains(['{', '}']), "{reason:?}"));
    }
    let names: Vec<&str> = ControlPack::shipped().iter().map(|pack| pack.id.as_str()).collect();
    assert_eq!(names, ["hipaa", "gdpr", "nist-800-53", "iso-27001", "cmmc", "cra", "dora", "pci-dss", "ai-act"]);
    assert_eq!(ControlPack::named("sox").expect_err("there is none").kind(), Kind::Usage);
}

#[test]
fn identifiers_are_those_of_the_catalogues() {
    let tokens = |id: &str| -> Vec<String> {
        ControlPack::named(id).expect("a pack").controls.iter().flat_map(|control| control.tokens.clone()).collect()
    };
    assert!(tokens("nist-800-53").contains(&"ac-3.2".to_owned()) && tokens("nist-800-53").contains(&"si-7.15".to_owned()));
    assert_eq!(tokens("hipaa")[0], "hipaa-164.308.a.1.ii.a");
    assert_eq!(tokens("gdpr")[0], "gdpr-art.5.1.f");
    assert_eq!(tokens("iso-27001")[0], "iso27001-a.5.3");
    assert_eq!(tokens("cmmc")[0], "cmmc-3.1.3");
    let fine = |token: &String| token.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-".contains(&b));
    for pack in ControlPack::shipped() {
        tokens(&pack.id).iter().for_each(|token| assert!(fine(token) && token.starts_with(|c: char| c.is_ascii_lowercase()), "{token}"));
    }
}

#[test]
fn a_pack_that_is_not_whole_is_refused() {
    let good = include_str!("packs/gdpr.toml");
    assert!(ControlPack::parse(good).is_ok());
    for (from, to) in [
        ("airlift-controls = 1", "airlift-controls = 2"),
        ("airlift-controls = 1", "airlift-controls = 1\nsurprise = 1"),
        (", it = \"Integrità e riservatezza\"", ""),
        ("it = \"Integrità e riservatezza\"", "it = \"\""),
        ("it = \"Integrità e riservatezza\"", "it = \"Integrità | riservatezza\""),
        ("shows = { E12 = \"models\" }", "shows = { }"),
        ("E12 = \"models\"", "E21 = \"models\""),
        ("E12 = \"models\"", "E12 = \"nothing-like-it\""),
        ("source = ", "checked = \"2026-11-23\"\nsource = "),
        ("does-not-show = \"personal-data\"\n", ""),
        ("does-not-show = \"personal-data\"", "does-not-show = \"\""),
        ("Art. 35", "Art. 28"),
        ("Art. 35", "../35"),
    ] {
        let bad = good.replace(from, to);
        assert_ne!(bad, good, "{from}");
        assert!(ControlPack::parse(&bad).is_err(), "{from} -> {to}");
    }
}

#[test]
fn a_status_follows_from_the_evidence_alone() {
    let pack = ControlPack::named("ai-act").expect("a pack");
    let gathered = gathered();
    let rows = Assessed::all(pack, &gathered);
    let row = |id: &str| rows.iter().find(|row| row.control.ids[0] == id).expect("a row");
    assert_eq!(row("Art. 10").status(), Status::NotApplicable);
    assert_eq!(row("Art. 14").status(), Status::Absent);
    assert_eq!(row("Art. 15(5)").status(), Status::Partial, "one is here, one is not, one does not apply");
    for language in Language::ALL {
        assert!(row("Art. 14").shows(language).is_none(), "nothing is claimed without evidence");
        assert!(row("Art. 10").shows(language).is_none());
    }
    let log =
        Assessed::all(ControlPack::named("pci-dss").expect("a pack"), &gathered).into_iter().find(|row| row.control.ids[0] == "10.3.2");
    for (language, words) in
        [(Language::English, "In part: Who"), (Language::German, "Zum Teil: Wer"), (Language::Italian, "In parte: Chi")]
    {
        let shows = log.as_ref().and_then(|row| row.shows(language)).expect("a claim");
        assert!(shows.starts_with(words), "what is only part of the evidence is said to be so: {shows}");
    }
    let mut whole = Gathered::default();
    Evidence::ALL.iter().for_each(|evidence| whole.note(*evidence, Found::Present(filed("x"))));
    assert!(ControlPack::shipped().iter().all(|pack| Assessed::all(pack, &whole).iter().all(|row| row.status() == Status::Present)));
    let nothing = Gathered::default();
    for pack in ControlPack::shipped() {
        for row in Assessed::all(pack, &nothing) {
            assert!(row.status() == Status::Absent && row.references().is_empty() && row.claims(Language::English).is_empty());
        }
        let text = markdown(pack, &nothing, &about(Language::English));
        assert!(!text.contains("evidence present") && !text.contains("(sha256 "), "{text}");
    }
    assert_eq!(References::of([]), None);
}

#[test]
fn the_same_input_gives_the_same_bytes_and_tables_hold() {
    let pack = ControlPack::named("hipaa").expect("a pack");
    for language in Language::ALL {
        let text = markdown(pack, &gathered(), &about(language));
        assert_eq!(text, markdown(pack, &gathered(), &about(language)));
        let rows: Vec<&str> = text.lines().filter(|line| line.starts_with('|')).collect();
        assert_eq!(rows.len(), pack.controls.len() + Evidence::ALL.len() + 4);
        rows.iter().for_each(|row| assert_eq!(row.matches('|').count(), 7, "{row}"));
        let table = csv(pack, &gathered(), language);
        assert_eq!(table.matches("\r\n").count(), pack.controls.len() + 1);
        let document: serde_json::Value = serde_json::from_slice(&json(pack, &gathered(), &about(language))).expect("JSON");
        assert_eq!(document["rows"].as_array().map(Vec::len), Some(pack.controls.len()));
        assert_eq!(document["evidence"][3]["references"][0]["events"], serde_json::json!([3]));
    }
}

#[test]
fn identifiers_of_oscal_are_used_once_and_lead_somewhere() {
    let packs: Vec<&ControlPack> = ControlPack::shipped().iter().collect();
    let bytes = assessment_results(&packs, &gathered(), &about(Language::English));
    assert_eq!(bytes, assessment_results(&packs, &gathered(), &about(Language::English)));
    let document: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
    let mut seen = std::collections::BTreeSet::new();
    collect(&document, &mut |key, value| {
        if key == "uuid" {
            assert!(seen.insert(value.to_owned()), "{value} is there twice");
        }
    });
    collect(&document, &mut |key, value| {
        let led = match key {
            "actor-uuid" | "subject-uuid" => value,
            "href" if value.starts_with('#') => &value[1..],
            _ => return,
        };
        assert!(seen.contains(led), "{key} {value} leads nowhere");
    });
    // Another text has another identifier: another language, other frameworks, another program.
    let english = about(Language::English);
    let others = [about(Language::German), About { profiles: "gdpr", ..english }, About { tool: "airlift 0.2.0", ..english }];
    let mut all: Vec<Vec<u8>> = others.iter().map(|about| assessment_results(&packs, &gathered(), about)).collect();
    all.extend(Language::ALL.into_iter().flat_map(|language| [component_definition(language), assessment_plan(language)]));
    for bytes in all {
        let other: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
        collect(&other, &mut |key, value| assert!(key != "uuid" || seen.insert(value.to_owned()), "{value} is of two texts"));
    }
    let results = &document["assessment-results"]["results"];
    assert_eq!(results.as_array().map(Vec::len), Some(packs.len()));
    assert!(results[0].get("findings").is_none(), "an assessor decides that");
    let absent = results[0]["observations"].as_array().expect("observations").iter().find(|o| o["props"][0]["value"] == "absent");
    assert!(absent.expect("some evidence is absent").get("relevant-evidence").is_none());
}

fn collect(value: &serde_json::Value, take: &mut dyn FnMut(&str, &str)) {
    match value {
        serde_json::Value::Object(members) => members.iter().for_each(|(key, value)| {
            if let Some(text) = value.as_str() {
                take(key, text);
            }
            collect(value, take);
        }),
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, take)),
        _ => {}
    }
}

#[test]
fn a_folder_is_there_whole_or_not_at_all() {
    let place = tempfile::TempDir::new().expect("a folder");
    let to = place.path().join("pack");
    let names = || std::fs::read_dir(place.path()).expect("a folder").count();
    let mut folder = Folder::begin(&to).expect("a place");
    folder.write("a/b.txt", b"b").expect("a file");
    assert!(!to.exists() && names() == 1);
    for bad in ["", "/x", "../x", "a//b", "a/.b", ".x", "a/b.txt", "SHA256SUMS", "a/b/c/d/e/f", "x y", "x\ny"] {
        assert!(folder.write(bad, b"x").is_err(), "{bad:?}");
    }
    drop(folder);
    assert_eq!(names(), 0, "what is given up leaves nothing");
    let mut folder = Folder::begin(&to).expect("a place");
    folder.write("b", b"b").expect("a file");
    let filed = folder.stream("a/b.txt", |out| out.write_all(b"b").map_err(|e| crate::error::Error::unwritten("b", &e))).expect("a file");
    assert_eq!((filed.name(), filed.digest()), ("a/b.txt", Digest::of(b"b")));
    let sums = folder.finish(|list| Ok(vec![("seal".to_owned(), list.to_vec())])).expect("a folder");
    assert_eq!(std::fs::read(to.join("seal")).expect("a file"), std::fs::read(to.join("SHA256SUMS")).expect("a list"));
    let text = std::fs::read(to.join("SHA256SUMS")).expect("a list");
    assert_eq!(Digest::of(&text), sums);
    assert_eq!(String::from_utf8(text).expect("UTF-8"), format!("{0}  a/b.txt\n{0}  b\n", Digest::of(b"b").hex()));
    assert_eq!(names(), 1);
    assert_eq!(Folder::begin(&to).expect_err("it is there").kind(), Kind::Usage);
}

/// What is not there, or cannot be, is never counted as if it were.
#[test]
fn what_does_not_apply_makes_a_row_partial() {
    let hipaa = ControlPack::named("hipaa").expect("a pack");
    let status = |e2: Found, e5: Found| {
        let mut gathered = Gathered::default();
        gathered.note(Evidence::E2, e2);
        gathered.note(Evidence::E5, e5);
        let rows = Assessed::all(hipaa, &gathered);
        let row = rows.iter().find(|row| row.control.ids[0] == "164.308(a)(3)(ii)(A)").expect("a row");
        (row.status(), row.shows(Language::English))
    };
    let (here, asked) = (|| Found::Present(filed("x")), || Found::NotApplicable(Reason::NobodyAsked));
    let (found, shows) = status(here(), asked());
    assert_eq!(found, Status::Partial);
    assert_eq!(shows.as_deref(), Some("Which people may sign, approve and revoke, and how many of them are needed."));
    assert_eq!(status(Found::Absent(Reason::NotGathered), asked()), (Status::Absent, None));
    assert_eq!(status(asked(), asked()), (Status::NotApplicable, None));
    assert_eq!(status(here(), here()).0, Status::Present);
    assert!(status(here(), here()).1.is_some_and(|shows| shows.ends_with("and what they decided.")));
}

/// A row is about its control, and says of each identifier what it is.
#[test]
fn rows_that_the_evidence_is_not_about_are_not_there() {
    for (pack, gone) in [
        ("nist-800-53", &["MP-6", "SC-28", "SI-2(7)", "RA-5(5)", "AU-9(5)"][..]),
        ("hipaa", &["164.310(d)(2)(i)", "164.310(d)(2)(ii)"]),
        ("ai-act", &["Art. 12", "Art. 26(6)"]),
        ("gdpr", &["Art. 30"]),
        ("iso-27001", &["A.8.17", "A.5.20", "A.5.23"]),
        ("cmmc", &["3.4.2"]),
        ("pci-dss", &["10.3.3"]),
    ] {
        let pack = ControlPack::named(pack).expect("a pack");
        let ids: Vec<&str> = pack.controls.iter().flat_map(|control| control.ids.iter().map(String::as_str)).collect();
        gone.iter().for_each(|id| assert!(!ids.contains(id), "{} {id}", pack.id));
    }
    // Only implementation specifications are required or addressable: 45 CFR 164.306(d).
    for control in &ControlPack::named("hipaa").expect("a pack").controls {
        let title = control.title.of(Language::English);
        let standards = control.ids.iter().filter(|id| !id.contains(")(ii)") && !id.contains(")(2)(i") && !id.contains("(c)(2)")).count();
        assert_eq!(title.matches("(S)").count(), standards, "{title}: {:?}", control.ids);
        assert_eq!(
            title.matches("(R)").count() + title.matches("(A)").count(),
            control.ids.len() - standards,
            "{title}: {:?}",
            control.ids
        );
    }
    let used: std::collections::BTreeSet<String> = ControlPack::shipped()
        .iter()
        .flat_map(|pack| &pack.controls)
        .flat_map(|control| control.shows.values().chain([&control.does_not_show]).map(|text| text.of(Language::English).to_owned()))
        .collect();
    said()
        .each(&mut |name, text| {
            let sentence = name.starts_with("shows.") || name.starts_with("does-not-show.");
            assert!(!sentence || used.contains(text.of(Language::English)), "{name} is said nowhere");
            Ok(())
        })
        .expect("all were looked at");
}
