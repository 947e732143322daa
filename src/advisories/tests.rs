use super::*;
use crate::artifact::InMemory;
use crate::error::Kind as Failure;
use jiff::{SignedDuration, Timestamp};
use std::io::{Cursor, Write};

fn record(text: &str) -> Record {
    Record::parse("a record", text.as_bytes()).expect("a record")
}

/// A record of the ecosystem npm about `thing`, with these members of `affected`.
fn about(id: &str, more: &str, affected: &str) -> String {
    about_in("npm", id, more, affected)
}

fn about_in(ecosystem: &str, id: &str, more: &str, affected: &str) -> String {
    format!(
        r#"{{"schema_version":"1.6.0","id":"{id}","modified":"2024-05-01T00:00:00Z"{more},
        "affected":[{{"package":{{"ecosystem":"{ecosystem}","name":"thing"}},{affected}}}]}}"#
    )
}

fn range(kind: &str, events: &str) -> String {
    format!(r#""ranges":[{{"type":"{kind}","events":[{events}]}}]"#)
}

fn zipped(records: &[String]) -> InMemory {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    for (at, record) in records.iter().enumerate() {
        zip.start_file(format!("{at}.json"), options).expect("a member");
        zip.write_all(record.as_bytes()).expect("its bytes");
    }
    InMemory::new(zip.finish().expect("a zip").into_inner())
}

fn snapshot_of(ecosystem: &str, records: &[String]) -> Snapshot {
    let mut builder = Builder::new();
    builder.archive(ecosystem, None, "all.zip", &mut zipped(records)).expect("a snapshot");
    builder.finish()
}

fn time(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn fresh() -> Freshness {
    Freshness { now: time("2024-05-02T00:00:00Z"), most_age: SignedDuration::from_hours(72) }
}

/// What is found about one version of `thing`: the identifiers of the findings, and how far it went.
fn asked(snapshot: &Snapshot, ecosystem: &str, version: &str) -> (Vec<String>, Extent) {
    let ranking = Ranking::default();
    let answer = assess(snapshot, &[Package { ecosystem, name: "thing", version }], &fresh(), &ranking).expect("an answer");
    let judged = &answer.packages[0];
    (judged.findings.iter().map(|finding| finding.id.to_owned()).collect(), judged.extent)
}

#[test]
fn a_summary_is_not_cut_where_a_line_of_its_text_ends() {
    let said = |details: &str| {
        let more = format!(r#","details":{}"#, serde_json::Value::from(details));
        record(&about("A-1", &more, r#""versions":["1"]"#)).summary.to_string()
    };
    assert_eq!(said("A reader takes\nmore than it\nshould.\n\nMore of that."), "A reader takes more than it should.");
    assert_eq!(said("\n# Impact\nText of its own\n"), "Impact");
    assert_eq!(said("Several things:\n- one\n- other"), "Several things:");
    let long = said(&"word\n".repeat(200));
    assert!(long.ends_with('…') && long.chars().count() == 201, "{long}");
}

#[test]
fn ranges_are_evaluated_as_the_specification_has_it() {
    let events =
        r#"{"introduced":"3.0.0"},{"fixed":"3.1.0"},{"introduced":"0"},{"fixed":"1.0.0"},{"introduced":"2.0.0"},{"last_affected":"2.5.0"}"#;
    let record = record(&about("A-1", "", &range("SEMVER", events)));
    let judge = |version| record.affected[0].judge(&Asked::new(version, order::Order::SemVer, order::Order::SemVer));
    for (version, fixed) in [("0.0.1", "1.0.0"), ("1.0.0-rc.1", "1.0.0"), ("2.0.0", "3.1.0"), ("2.5.0", "3.1.0"), ("3.0.9", "3.1.0")] {
        assert_eq!(judge(version), Answer::Affected { fixed: Some(fixed) }, "{version}");
    }
    for version in ["1.0.0", "1.9.9", "2.5.1", "3.1.0", "4.0.0"] {
        assert_eq!(judge(version), Answer::NotAffected, "{version}");
    }
    assert_eq!(judge("not-a-version"), Answer::Unknown("not-a-version"));
}

#[test]
fn limits_bound_a_range_and_a_star_does_not() {
    let limited = record(&about("A-1", "", &range("SEMVER", r#"{"introduced":"1.0.0"},{"limit":"2.0.0"}"#)));
    let open = record(&about("A-1", "", &range("SEMVER", r#"{"introduced":"1.0.0"},{"limit":"*"}"#)));
    let judge = |record: &Record, version| {
        matches!(record.affected[0].judge(&Asked::new(version, order::Order::SemVer, order::Order::SemVer)), Answer::Affected { .. })
    };
    assert!(judge(&limited, "1.5.0") && !judge(&limited, "2.0.0") && judge(&open, "2.0.0") && !judge(&open, "0.9.0"));
}

#[test]
fn what_is_not_known_is_never_no() {
    let records = [
        about("A-1", "", &range("SEMVER", r#"{"introduced":"0"},{"fixed":"one"}"#)),
        about("A-2", "", &range("GIT", r#"{"introduced":"0"},{"fixed":"b42dd4"}"#)),
        about("A-3", "", r#""database_specific":{}"#),
    ];
    let snapshot = snapshot_of("npm", &records);
    let ranking = Ranking::default();
    let answer =
        assess(&snapshot, &[Package { ecosystem: "npm", name: "thing", version: "1.0.0" }], &fresh(), &ranking).expect("an answer");
    let reasons: Vec<_> = answer.packages[0].reasons.iter().copied().collect();
    let expected = [
        Reason::RecordVersion { record: "A-1", text: "one" },
        Reason::RecordCommits { record: "A-2" },
        Reason::RecordSilent { record: "A-3" },
    ];
    assert_eq!(reasons, expected);
    assert_eq!(answer.counts, Counts { undetermined: 1, ..Counts::default() });
    // A name that no record has is assessed only where its version is one.
    let nobody =
        |version| assess(&snapshot, &[Package { ecosystem: "npm", name: "other", version }], &fresh(), &ranking).expect("an answer").counts;
    assert_eq!(nobody("1.0.0"), Counts { assessed: 1, ..Counts::default() });
    assert_eq!(nobody("latest"), Counts { undetermined: 1, ..Counts::default() });
}

#[test]
fn versions_that_are_named_are_affected_in_every_spelling() {
    let named = about_in("PyPI", "A-1", "", r#""versions":["1.0","2.0.0-final"]"#);
    let snapshot = snapshot_of("PyPI", &[named]);
    assert_eq!(asked(&snapshot, "PyPI", "1.0.0"), (vec!["A-1".to_owned()], Extent::Assessed));
    assert_eq!(asked(&snapshot, "PyPI", "1.0.1"), (vec![], Extent::Assessed));
    // No version of PEP 440: found by its text, and still undetermined.
    assert_eq!(asked(&snapshot, "PyPI", "2.0.0-final"), (vec!["A-1".to_owned()], Extent::Undetermined));
}

#[test]
fn aliases_are_one_finding_and_withdrawn_records_none() {
    let all = range("SEMVER", r#"{"introduced":"0"},{"fixed":"2.0.0"}"#);
    let records = [
        about(
            "GHSA-1",
            r#","aliases":["CVE-2024-1"],"severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]"#,
            &all,
        ),
        about("PYSEC-1", r#","aliases":["CVE-2024-1"],"database_specific":{"severity":"LOW"}"#, &all),
        about("OTHER-2", r#","database_specific":{"severity":"MODERATE"}"#, &all),
        about("GONE-3", r#","withdrawn":"2024-04-01T00:00:00Z""#, &all),
        about("MAL-4", "", &range("SEMVER", r#"{"introduced":"0"}"#)),
    ];
    let snapshot = snapshot_of("npm", &records);
    let ranking = Ranking::default();
    let answer =
        assess(&snapshot, &[Package { ecosystem: "npm", name: "thing", version: "1.0.0" }], &fresh(), &ranking).expect("an answer");
    let findings = &answer.packages[0].findings;
    assert_eq!(findings.iter().map(|f| f.id).collect::<Vec<_>>(), ["GHSA-1", "OTHER-2", "MAL-4"]);
    assert_eq!(findings[0].names, ["CVE-2024-1", "GHSA-1", "PYSEC-1"]);
    assert_eq!((findings[0].fixed.as_slice(), findings[0].severity.rating), (["2.0.0"].as_slice(), Rating::Critical));
    assert_eq!((findings[2].malicious, findings[2].fixed.len()), (true, 0));
}

#[test]
fn distributions_are_asked_by_release() {
    let range = range("ECOSYSTEM", r#"{"introduced":"0"},{"fixed":"1.2-3+deb12u1"}"#);
    let snapshot = snapshot_of("Debian", &[about_in("Debian:12", "DSA-1", "", &range)]);
    assert_eq!(asked(&snapshot, "Debian:12", "1.2-3"), (vec!["DSA-1".to_owned()], Extent::Assessed));
    assert_eq!(asked(&snapshot, "Debian:12", "1.2-3+deb12u1"), (vec![], Extent::Assessed));
    // Of a release that no record speaks of nothing is known.
    assert_eq!(asked(&snapshot, "Debian:11", "1.2-3"), (vec![], Extent::Undetermined));
    let ranking = Ranking::default();
    let of_a_release = [Package { ecosystem: "Debian:11", name: "thing", version: "1.2-3" }];
    let answer = assess(&snapshot, &of_a_release, &fresh(), &ranking).expect("an answer");
    assert_eq!(answer.packages[0].reasons.iter().copied().collect::<Vec<_>>(), [Reason::ReleaseNotHeld]);
    assert_eq!(asked(&snapshot, "Debian", "1.2-3"), (vec![], Extent::NotAssessable));
    assert_eq!(asked(&snapshot, "Somewhere", "1.2-3"), (vec![], Extent::NotAssessable));
}

#[test]
fn distributions_whose_records_name_no_release_are_held_as_a_whole() {
    let range = range("ECOSYSTEM", r#"{"introduced":"0"},{"fixed":"2"}"#);
    let snapshot = snapshot_of("Debian", &[about_in("Debian", "DSA-1", "", &range)]);
    assert_eq!(asked(&snapshot, "Debian:12", "1"), (vec!["DSA-1".to_owned()], Extent::Assessed));
    assert_eq!(asked(&snapshot, "Debian:12", "3"), (vec![], Extent::Assessed));
}

#[test]
fn a_range_without_a_beginning_says_nothing() {
    for events in ["", r#"{"fixed":"2.0.0"}"#, r#"{"last_affected":"2.0.0"}"#] {
        let snapshot = snapshot_of("npm", &[about("A-1", "", &range("SEMVER", events))]);
        for version in ["1.0.0", "3.0.0"] {
            assert_eq!(asked(&snapshot, "npm", version), (vec![], Extent::Undetermined), "{events} {version}");
        }
    }
}

#[test]
fn a_release_that_only_one_side_names_is_left_open() {
    let fixed = range("ECOSYSTEM", r#"{"introduced":"0"},{"fixed":"0:1.2-3.el9"}"#);
    let snapshot = snapshot_of("Rocky Linux", &[about_in("Rocky Linux:9", "RLSA-1", "", &fixed)]);
    assert_eq!(asked(&snapshot, "Rocky Linux:9", "1.2"), (vec![], Extent::Undetermined));
    assert_eq!(asked(&snapshot, "Rocky Linux:9", "1.1"), (vec!["RLSA-1".to_owned()], Extent::Assessed));
    assert_eq!(asked(&snapshot, "Rocky Linux:9", "1.2-3.el9"), (vec![], Extent::Assessed));
    let bare = range("ECOSYSTEM", r#"{"introduced":"0"},{"last_affected":"1.2"}"#);
    let snapshot = snapshot_of("Rocky Linux", &[about_in("Rocky Linux:9", "RLSA-1", "", &bare)]);
    assert_eq!(asked(&snapshot, "Rocky Linux:9", "1.2-1"), (vec![], Extent::Undetermined));
}

#[test]
fn what_is_said_to_be_fixed_is_not_affected_by_the_rest_of_the_record() {
    let fixed = |affected: &str, version: &str| {
        let record = record(&about("A-1", "", affected));
        let asked = Asked::new(version, order::Order::SemVer, order::Order::SemVer);
        match record.affected[0].judge(&asked) {
            Answer::Affected { fixed } => fixed.map(str::to_owned),
            other => panic!("{other:?}"),
        }
    };
    let two = r#""ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.5.0"}]},
        {"type":"SEMVER","events":[{"introduced":"1.2.0"},{"fixed":"2.0.0"}]}]"#;
    assert_eq!(fixed(two, "1.3.0").as_deref(), Some("2.0.0"));
    assert_eq!(fixed(two, "1.0.0").as_deref(), Some("2.0.0"), "1.5.0 lies in the other range");
    let named = format!(
        r#""versions":["1.5.0"],{}"#,
        range("SEMVER", r#"{"introduced":"0"},{"fixed":"1.5.0"},{"introduced":"1.6.0"},{"fixed":"1.7.0"}"#)
    );
    assert_eq!(fixed(&named, "1.0.0").as_deref(), Some("1.7.0"));
    assert_eq!(fixed(&named, "1.5.0").as_deref(), Some("1.7.0"), "named only");
    let none = format!(r#""versions":["1.5.0"],{}"#, range("SEMVER", r#"{"introduced":"0"},{"fixed":"1.5.0"}"#));
    assert_eq!(fixed(&none, "1.0.0"), None);
}

#[test]
fn a_severity_that_is_known_counts_before_one_that_is_not() {
    let four = r#""severity":[{"type":"CVSS_V4","score":"CVSS:4.0/AV:N/AC:L"}]"#;
    let three = r#""severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]"#;
    let rated = |record: &str, affected: &str| {
        let affected = format!(r#"{affected}{}"versions":["1.0.0"]"#, if affected.is_empty() { "" } else { "," });
        let snapshot = snapshot_of("npm", &[about("A-1", record, &affected)]);
        let ranking = Ranking::default();
        let answer =
            assess(&snapshot, &[Package { ecosystem: "npm", name: "thing", version: "1.0.0" }], &fresh(), &ranking).expect("an answer");
        let severity = answer.packages[0].findings[0].severity;
        (severity.rating, severity.vector.is_some())
    };
    assert_eq!(rated(&format!(",{three}"), four), (Rating::Critical, true));
    assert_eq!(rated(r#","database_specific":{"severity":"LOW"}"#, three), (Rating::Critical, true));
    assert_eq!(rated(r#","database_specific":{"severity":"LOW"}"#, four), (Rating::Low, false));
    assert_eq!(rated("", four), (Rating::Unknown, true));
    assert_eq!(rated(&format!(",{four}"), ""), (Rating::Unknown, true));
}

#[test]
fn lists_that_are_null_are_empty() {
    let text = about("A-1", r#","aliases":null,"severity":null"#, r#""severity":null,"versions":["1.0.0"]"#);
    assert_eq!(asked(&snapshot_of("npm", &[text]), "npm", "1.0.0").0, ["A-1"]);
    let bare = record(r#"{"id":"A-2","modified":"2024-05-01T00:00:00Z","affected":null}"#);
    assert!(bare.affected.is_empty() && bare.aliases.is_empty());
}

#[test]
fn a_snapshot_that_would_be_too_much_is_refused() {
    let records: Vec<_> = (0..4).map(|n| about(&format!("A-{n}"), "", r#""versions":["1.0.0","1.1.0"]"#)).collect();
    let build = |most| {
        let mut builder = Builder::new();
        builder.most_kept = most;
        builder.archive("npm", None, "all.zip", &mut zipped(&records))
    };
    assert!(build(16).is_ok());
    assert_eq!(build(15).expect_err("one too many").kind(), Failure::Verification);
}

#[test]
fn many_events_in_any_order_are_put_in_order_quickly() {
    let mut events: Vec<_> = (0..1000).map(|n| format!(r#"{{"introduced":"{n}.1.0"}},{{"fixed":"{n}.2.0"}}"#)).collect();
    events.reverse();
    let record = record(&about("A-1", "", &range("SEMVER", &events.join(","))));
    for n in [0, 1, 500, 999] {
        let (inside, fixed) = (format!("{n}.1.5"), format!("{n}.2.0"));
        let asked = |version| Asked::new(version, order::Order::SemVer, order::Order::SemVer);
        assert_eq!(record.affected[0].judge(&asked(&inside)), Answer::Affected { fixed: Some(&fixed) });
        assert_eq!(record.affected[0].judge(&asked(&fixed)), Answer::NotAffected);
    }
}

#[test]
fn missing_stale_and_future_advisories_are_errors() {
    let snapshot = snapshot_of("npm", &[about("A-1", "", r#""versions":["1.0.0"]"#)]);
    let ask = |ecosystem, now: &str| {
        let freshness = Freshness { now: time(now), most_age: SignedDuration::from_hours(72) };
        let ranking = Ranking::default();
        let asked = [Package { ecosystem, name: "thing", version: "1.0.0" }];
        assess(&snapshot, &asked, &freshness, &ranking).map(|answer| answer.counts.findings).map_err(|e| e.kind())
    };
    assert_eq!(ask("npm", "2024-05-04T00:00:00Z"), Ok(1));
    assert_eq!(ask("npm", "2024-05-04T00:00:01Z"), Err(Failure::Policy));
    assert_eq!(ask("npm", "2024-04-29T23:59:59Z"), Err(Failure::Policy));
    assert_eq!(ask("PyPI", "2024-05-02T00:00:00Z"), Err(Failure::Incomplete));
    assert_eq!(ask("Somewhere", "2034-05-02T00:00:00Z"), Ok(0));
}

#[test]
fn a_snapshot_holds_what_was_taken() {
    let elsewhere = about_in("PyPI", "A-1", "", r#""versions":["1.0"]"#);
    let mut builder = Builder::new();
    let nothing = builder.archive("npm", None, "all.zip", &mut zipped(std::slice::from_ref(&elsewhere)));
    assert_eq!(nothing.expect_err("no record of this ecosystem").kind(), Failure::Incomplete);
    let empty = Builder::new().archive("npm", None, "all.zip", &mut zipped(&[]));
    assert_eq!(empty.expect_err("no record").kind(), Failure::Incomplete);

    let given = Some(time("2024-06-01T00:00:00Z"));
    let mut builder = Builder::new();
    builder.archive("PyPI", given, "all.zip", &mut zipped(std::slice::from_ref(&elsewhere))).expect("a snapshot");
    let newer = builder.finish();
    assert_eq!(newer.taken()["PyPI"], Taken { time: time("2024-06-01T00:00:00Z"), newest: time("2024-05-01T00:00:00Z"), records: 1 });
    // A record that was changed after the archive was taken is not from there; a day is left for clocks.
    let taken = |given: &str| Builder::new().archive("PyPI", Some(time(given)), "all.zip", &mut zipped(std::slice::from_ref(&elsewhere)));
    assert!(taken("2024-04-30T00:00:00Z").is_ok());
    assert_eq!(taken("2024-04-29T23:59:59Z").expect_err("from the future").kind(), Failure::Verification);
}

#[test]
fn the_newer_of_two_records_counts_wherever_it_comes_from() {
    let old = about("A-1", "", r#""versions":["1.0.0"]"#);
    let new = about("A-1", "", r#""versions":["2.0.0"]"#).replace("2024-05-01", "2024-05-02");
    for records in [[old.clone(), new.clone()], [new, old]] {
        let snapshot = snapshot_of("npm", &records);
        assert_eq!(asked(&snapshot, "npm", "1.0.0").0, [""; 0]);
        assert_eq!(asked(&snapshot, "npm", "2.0.0").0, ["A-1"]);
    }
}

#[test]
fn a_folder_says_what_an_archive_says() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("A-1.json"), about("A-1", "", r#""versions":["1.0.0"]"#)).expect("a file");
    std::fs::write(folder.path().join("notes.txt"), "not read").expect("a file");
    let mut builder = Builder::new();
    builder.folder("npm", None, folder.path()).expect("a snapshot");
    assert_eq!(asked(&builder.finish(), "npm", "1.0.0").0, ["A-1"]);
    std::os::unix::fs::symlink("A-1.json", folder.path().join("B-1.json")).expect("a link");
    assert_eq!(Builder::new().folder("npm", None, folder.path()).expect_err("a link").kind(), Failure::Verification);
}

#[test]
fn records_that_are_wrong_or_too_large_are_refused_by_name() {
    let events = vec![r#"{"introduced":"0"}"#; 2001].join(",");
    let many = vec![r#""CVE-1""#; 1001].join(",");
    let wrong = [
        "{}".to_owned(),
        "[".repeat(1000),
        about("A-1", "", "").replace("1.6.0", "2.0.0"),
        about("A-1", "", "").replace("2024-05-01", "2024-13-01"),
        about("", "", r#""versions":[]"#),
        about("A\\u001b", "", r#""versions":[]"#),
        about("A-1", "", &range("SEMVER", r#"{"introduced":"0","fixed":"1.0.0"}"#)),
        about("A-1", "", &range("SEMVER", r"{}")),
        about("A-1", "", &range("SEMVER", &events)),
        about("A-1", r#","id":"A-2""#, r#""versions":[]"#),
        about("A-1", &format!(r#","aliases":[{many}]"#), r#""versions":[]"#),
        about("A-1", &format!(r#","related":[{many}]"#), r#""versions":[]"#),
        about("A-1", &format!(r#","upstream":[{many}]"#), r#""versions":[]"#),
    ];
    let most = vec![r#""CVE-1""#; 1000].join(",");
    assert_eq!(record(&about("A-1", &format!(r#","aliases":[{most}]"#), r#""versions":[]"#)).aliases.len(), 1000);
    for text in &wrong {
        let error = Record::parse("here.json", text.as_bytes()).expect_err(text);
        assert_eq!(error.kind(), Failure::Verification);
        assert!(error.message().starts_with("here.json: "), "{error}");
    }
}

#[test]
fn a_damaged_archive_is_refused() {
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut zipped(&[about("A-1", "", r#""versions":["1.0.0"]"#)]), &mut bytes).expect("bytes");
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        let mut builder = Builder::new();
        match builder.archive("npm", None, "all.zip", &mut InMemory::new(damaged)) {
            Err(error) => assert!(error.message().starts_with("all.zip"), "{error}"),
            // Bits that say when a member was written, or by which system, carry nothing; no other may change in silence.
            Ok(()) => assert_eq!(asked(&builder.finish(), "npm", "1.0.0").0, ["A-1"], "byte {at}"),
        }
    }
    bytes.truncate(bytes.len() - 1);
    assert!(Builder::new().archive("npm", None, "all.zip", &mut InMemory::new(bytes)).is_err());
}

#[test]
fn base_scores_are_those_of_the_specifications() {
    for (vector, score) in [
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "9.8"),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", "10.0"),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", "6.1"),
        ("CVSS:3.0/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N", "6.4"),
        ("CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N", "3.1"),
        ("CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", "7.8"),
        ("CVSS:3.1/AV:P/AC:H/PR:L/UI:R/S:U/C:L/I:L/A:L/E:P/RL:O", "3.7"),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", "0.0"),
        // CVSS v2.0, section 3.3.
        ("AV:N/AC:L/Au:N/C:N/I:N/A:C", "7.8"),
        ("AV:N/AC:L/Au:N/C:C/I:C/A:C", "10.0"),
        ("AV:L/AC:H/Au:N/C:C/I:C/A:C", "6.2"),
    ] {
        assert_eq!(base_score(vector).map(|score| score.to_string()).as_deref(), Some(score), "{vector}");
    }
    for vector in [
        "",
        "CVSS:3.1/AV:N",
        "CVSS:3.1/AV:N/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
        "CVSS:9.0/AV:N",
        "AV:N",
        "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H",
    ] {
        assert_eq!(base_score(vector), None, "{vector}");
    }
    // The bands of the qualitative severity rating scale (CVSS v3.1, section 5), at their bounds.
    for (vector, score, rating) in [
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", "0.0", Rating::None),
        ("CVSS:3.1/AV:L/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L", "4.0", Rating::Medium),
        ("AV:L/AC:M/Au:N/C:C/I:C/A:C", "6.9", Rating::Medium),
        ("CVSS:3.1/AV:L/AC:H/PR:L/UI:N/S:U/C:H/I:H/A:H", "7.0", Rating::High),
        ("CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", "8.8", Rating::High),
        ("CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:C/C:H/I:H/A:H", "9.0", Rating::Critical),
    ] {
        let severity = Severity::of_vector(vector);
        assert_eq!((severity.score.map(|score| score.to_string()).as_deref(), severity.rating), (Some(score), rating), "{vector}");
    }
    let newest = Severity::of_vector("CVSS:4.0/AV:N");
    assert_eq!((newest.rating, newest.score, newest.vector.as_deref()), (Rating::Unknown, None, Some("CVSS:4.0/AV:N")));
}

#[test]
fn lists_of_exploited_and_likely_ones_rank_findings() {
    let kev = r#"{"catalogVersion":"2024.05.01","dateReleased":"2024-05-01T00:00:00Z","count":1,"vulnerabilities":[{"cveID":"CVE-2024-1",
        "dateAdded":"2024-04-30","dueDate":"2024-05-21","knownRansomwareCampaignUse":"Known"}]}"#;
    let epss = "#model_version:v2023.03.01,score_date:2024-05-01T00:00:00+0000\ncve,epss,percentile\nCVE-2024-1,0.97,0.99\nCVE-2024-2,0.00043,0.1\n";
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(epss.as_bytes()).expect("bytes");
    let mut ranking = Ranking::default();
    ranking.read_exploited(kev.as_bytes(), None).expect("a list");
    ranking.read_likelihood(packed.finish().expect("bytes").as_slice()).expect("a table");
    let snapshot = snapshot_of("npm", &[about("A-1", r#","aliases":["CVE-2024-1"]"#, r#""versions":["1.0.0"]"#)]);
    let answer =
        assess(&snapshot, &[Package { ecosystem: "npm", name: "thing", version: "1.0.0" }], &fresh(), &ranking).expect("an answer");
    let finding = &answer.packages[0].findings[0];
    assert!(finding.exploited.is_some_and(|exploited| exploited.ransomware && &*exploited.added == "2024-04-30"));
    assert!(finding.likelihood.is_some_and(|likelihood| (likelihood.probability - 0.97).abs() < 1e-6));
    assert_eq!(ranking.likelihood_as_of.as_deref(), Some("2024-05-01T00:00:00+0000"));
    for wrong in [
        "",
        "cve,epss,percentile\n",
        "#score_date:x\ncve,epss\n",
        &epss.replace("0.97", "1.97"),
        &epss.replace("0.97", "NaN"),
        // An empty line ends nothing.
        &epss.replace("CVE-2024-2", "\nCVE-2024-2"),
        &format!("{epss}\n"),
        &"x".repeat(1 << 20),
    ] {
        assert!(Ranking::default().read_likelihood(wrong.as_bytes()).is_err(), "{wrong:.60}");
    }
    assert!(Ranking::default().read_exploited(br#"{"catalogVersion":"1","vulnerabilities":[]}"#, None).is_err());
    // What is refused takes the place of nothing.
    let half =
        kev.replace("}]}", r#"},{"cveID":"","dateAdded":"x"}]}"#).replace("2024.05.01", "2024.06.01").replace("CVE-2024-1", "CVE-2024-9");
    assert!(
        ranking.read_exploited(half.as_bytes(), None).is_err() && ranking.read_likelihood(epss.replace("0.00043", "x").as_bytes()).is_err()
    );
    assert_eq!(ranking.exploited_as_of.as_deref(), Some("2024.05.01"));
    assert!(ranking.exploited(["CVE-2024-9"].into_iter()).is_none() && ranking.likelihood(["CVE-2024-2"].into_iter()).is_some());
}

/// Of several identifiers of one vulnerability, and of several tables, the highest score is told.
#[test]
fn of_several_scores_the_highest_counts() {
    let told = |tables: &[&str], names: &[&str]| {
        let mut ranking = Ranking::default();
        for rows in tables {
            let table = format!("#score_date:2024-05-01T00:00:00+0000\ncve,epss,percentile\n{rows}\n");
            ranking.read_likelihood(table.as_bytes()).expect("a table");
        }
        ranking.likelihood(names.iter().copied()).map(|found| (f64::from(found.probability) * 100.0).round().to_string())
    };
    let both = ["CVE-1", "CVE-2"];
    assert_eq!(told(&["CVE-1,0.97,0.99\nCVE-2,0.01,0.1"], &both).as_deref(), Some("97"));
    assert_eq!(told(&["CVE-1,0.01,0.1\nCVE-2,0.97,0.99"], &both).as_deref(), Some("97"));
    for tables in [["CVE-1,0.97,0.99", "CVE-1,0.01,0.1"], ["CVE-1,0.01,0.1", "CVE-1,0.97,0.99"]] {
        assert_eq!(told(&tables, &both).as_deref(), Some("97"), "{tables:?}");
    }
    assert_eq!(told(&["CVE-3,0.97,0.99"], &both), None);
}

#[test]
fn without_a_list_of_these_days_nothing_is_known_of_what_is_exploited() {
    let list =
        |more: &str| format!(r#"{{"catalogVersion":"2024.05.01"{more},"vulnerabilities":[{{"cveID":"CVE-1","dateAdded":"2024-04-30"}}]}}"#);
    let unknown = |text: Option<String>, given: Option<&str>, now: &str| {
        let mut ranking = Ranking::default();
        text.iter().for_each(|text| ranking.read_exploited(text.as_bytes(), given.map(time)).expect("a list"));
        ranking.exploited_unknown(&Freshness { now: time(now), most_age: SignedDuration::from_hours(72) })
    };
    assert!(unknown(None, None, "2024-05-02T00:00:00Z").is_some_and(|why| why.contains("no list")));
    assert_eq!(unknown(Some(list("")), None, "2024-05-04T00:00:00Z"), None, "the version is a day");
    assert!(unknown(Some(list("")), None, "2024-05-04T00:00:01Z").is_some_and(|why| why.contains("too old")));
    assert_eq!(unknown(Some(list("")), Some("2024-05-03T00:00:00Z"), "2024-05-04T00:00:01Z"), None, "taken later than it was made");
    assert!(
        unknown(Some(list(r#","dateReleased":"2024-06-01T00:00:00Z""#)), None, "2024-05-02T00:00:00Z")
            .is_some_and(|why| why.contains("future"))
    );
    assert!(unknown(Some(list("").replace("2024.05.01", "1")), None, "2024-05-02T00:00:00Z").is_some_and(|why| why.contains("no time")));
    // Of two lists of one time both are asked.
    let mut both = Ranking::default();
    both.read_exploited(list("").as_bytes(), None).expect("a list");
    both.read_exploited(list("").replace("CVE-1", "CVE-2").as_bytes(), None).expect("a list");
    assert!(both.exploited(["CVE-1"].into_iter()).is_some() && both.exploited(["CVE-2"].into_iter()).is_some());
}

#[test]
fn names_are_compared_in_the_form_of_their_ecosystem() {
    for (ecosystem, name, normal) in [
        ("PyPI", "Zope.Interface__x", "zope-interface-x"),
        ("NuGet", "Newtonsoft.Json", "newtonsoft.json"),
        ("npm", "@A/b", "@A/b"),
        ("Maven", "g:A", "g:A"),
    ] {
        assert_eq!(Ecosystem::of(ecosystem).expect("a known one").normalised(name), normal);
    }
    assert!(Ecosystem::of("Debian:12").is_some_and(|known| known.released) && Ecosystem::of("Linux").is_none());
    let names: std::collections::BTreeSet<_> = Ecosystem::all().iter().map(Ecosystem::name).collect();
    assert_eq!(names.len(), Ecosystem::all().len());
}

/// A filtered archive keeps what concerns the packages and its aliases, is the same each time, and says nothing of other packages.
#[test]
fn an_archive_that_was_filtered_does_not_judge_what_it_was_not_filtered_for() {
    let of = |name: &str, id: &str, more: &str, modified: &str| {
        about_in("PyPI", id, more, r#""versions":["1.0"]"#).replace("thing", name).replace("2024-05-01", modified)
    };
    let whole = [
        of("Thing_A", "A-1", r#","aliases":["CVE-1"]"#, "2024-04-01"),
        of("elsewhere", "A-2", r#","aliases":["CVE-1","CVE-2"]"#, "2024-04-01"),
        of("elsewhere", "A-3", r#","aliases":["CVE-2"]"#, "2024-04-01"),
        of("elsewhere", "A-4", "", "2024-04-01"),
        of("elsewhere", "A-5", "", "2024-05-01"),
    ];
    let only = std::collections::BTreeSet::from(["thing-a".to_owned(), "thing-b".to_owned()]);
    let cut = filter("PyPI", &only, "all.zip", &mut zipped(&whole)).expect("an archive");
    let turned: Vec<String> = whole.iter().rev().cloned().collect();
    assert_eq!(cut, filter("PyPI", &only, "all.zip", &mut zipped(&turned)).expect("an archive"), "the same bytes");
    let mut builder = Builder::new();
    builder.filtered("PyPI", Some(time("2024-05-01T12:00:00Z")), &only, "cut.zip", &mut InMemory::new(cut.clone())).expect("a snapshot");
    let snapshot = builder.finish();
    let mut kept: Vec<&str> = snapshot.records().iter().map(|record| &*record.id).collect();
    kept.sort_unstable();
    assert_eq!(kept, ["A-1", "A-2", "A-3", "A-5"], "about them, aliases of these, and the newest");
    let ranking = Ranking::default();
    let asked = |snapshot: &Snapshot, name| {
        let answer = assess(snapshot, &[Package { ecosystem: "PyPI", name, version: "1.0" }], &fresh(), &ranking).expect("an answer");
        (answer.packages[0].extent, answer.counts.findings, answer.packages[0].reasons.contains(&Reason::NotInArchive))
    };
    assert_eq!(asked(&snapshot, "thing.a"), (Extent::Assessed, 1, false));
    assert_eq!(asked(&snapshot, "thing-b"), (Extent::Assessed, 0, false), "it was filtered for it, and nothing is known");
    assert_eq!(asked(&snapshot, "other"), (Extent::Undetermined, 0, true), "nobody knows");
    assert!(asked(&snapshot, "elsewhere").2, "what came along by its aliases is not all that is known");
    // Beside an older archive of all packages: each package as of the newest that is about it.
    let mut builder = Builder::new();
    builder.archive("PyPI", Some(time("2024-04-30T12:00:00Z")), "all.zip", &mut zipped(&whole[..4])).expect("a snapshot");
    builder.filtered("PyPI", Some(time("2024-05-01T12:00:00Z")), &only, "cut.zip", &mut InMemory::new(cut)).expect("a snapshot");
    let both = builder.finish();
    assert_eq!(asked(&both, "other"), (Extent::Assessed, 0, false));
    let as_of = |name| both.as_of("PyPI", name).map(|time| time.to_string()).unwrap_or_default();
    assert_eq!((as_of("thing-a").as_str(), as_of("other").as_str()), ("2024-05-01T12:00:00Z", "2024-04-30T12:00:00Z"));
    // Asked about both together, the advisories are as old as the older ones.
    for names in [["thing-a", "other"], ["other", "thing-a"]] {
        let packages = names.map(|name| Package { ecosystem: "PyPI", name, version: "1.0" });
        let taken = assess(&both, &packages, &fresh(), &ranking).expect("an answer").taken;
        assert_eq!(taken["PyPI"].time, time("2024-04-30T12:00:00Z"), "{names:?}");
    }
    // The whole one is too old for what only it is about.
    let late = Freshness { now: time("2024-05-04T00:00:00Z"), most_age: SignedDuration::from_hours(72) };
    let late =
        |name| assess(&both, &[Package { ecosystem: "PyPI", name, version: "1.0" }], &late, &ranking).map(drop).map_err(|e| e.kind());
    assert_eq!((late("thing-a"), late("other")), (Ok(()), Err(Failure::Policy)));
}

/// Records name repositories, modules and phases of support; a host says which release it is.
#[test]
fn parts_of_a_release_are_asked_together() {
    let of = |ecosystem: &str| super::ecosystem::release_of(ecosystem).unwrap_or_default();
    for (part, release) in [
        ("Red Hat:enterprise_linux:9::baseos", "Red Hat:enterprise_linux:9"),
        ("Red Hat:rhel_eus:9.2::baseos", ""),
        ("SUSE:Linux Enterprise Module for Basesystem 15 SP5", "SUSE:Linux Enterprise 15 SP5"),
        ("SUSE:Linux Enterprise Module for Python 3 15 SP5", "SUSE:Linux Enterprise 15 SP5"),
        ("SUSE:Linux Enterprise Server 15 SP5-LTSS", "SUSE:Linux Enterprise 15 SP5"),
        ("SUSE:Linux Enterprise Server 12-LTSS", "SUSE:Linux Enterprise 12"),
        ("SUSE:Linux Enterprise Server 16.0", "SUSE:Linux Enterprise 16.0"),
        ("SUSE:Linux Enterprise Live", ""),
        ("SUSE:Manager Server 4.3", ""),
        ("openSUSE:Leap 15.5", ""),
    ] {
        assert_eq!(of(part), release, "{part}");
    }
    let fixed = r#""ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"0:5.1.8-7.el9"}]}]"#;
    let snapshot = snapshot_of("Red Hat", &[about_in("Red Hat:enterprise_linux:9::baseos", "RHSA-1", "", fixed)]);
    let found = |release: &str, version| asked(&snapshot, &format!("Red Hat:enterprise_linux:{release}"), version);
    assert_eq!(found("9", "5.1.8-6.el9"), (vec!["RHSA-1".to_owned()], Extent::Assessed));
    assert_eq!(found("9", "5.1.8-7.el9"), (vec![], Extent::Assessed));
    assert_eq!(found("9", "1:5.1.8-6.el9"), (vec![], Extent::Assessed), "the epoch counts first");
    assert_eq!(found("8", "5.1.8-6.el9"), (vec![], Extent::Undetermined), "no record speaks of that release");
    let suse =
        snapshot_of("SUSE", &[about_in("SUSE:Linux Enterprise Module for Basesystem 15 SP5", "SUSE-1", "", &fixed.replace(".el9", ""))]);
    assert_eq!(asked(&suse, "SUSE:Linux Enterprise 15 SP5", "5.1.8-6").0, ["SUSE-1"]);
}

#[test]
fn packages_are_asked_about_in_the_words_of_their_ecosystem() {
    let asked =
        |purl: &str, source| Subject::of(purl, source).map(|s| format!("{} {} {}", s.ecosystem, s.name, s.version)).unwrap_or_default();
    for (purl, words) in [
        ("pkg:pypi/example_parser@1.0?file_name=x.whl", "PyPI example-parser 1.0"),
        ("pkg:npm/%40scope/name@1.0.0", "npm @scope/name 1.0.0"),
        ("pkg:golang/example.org/a/b@v1.0.0", "Go example.org/a/b v1.0.0"),
        ("pkg:maven/org.example/a@1", "Maven org.example:a 1"),
        ("pkg:deb/debian/libx1@1-2?arch=amd64&distro=debian-12", "Debian:12 libx1 1-2"),
        ("pkg:deb/ubuntu/libx1@1-2?distro=ubuntu-22.04", "Ubuntu:22.04:LTS libx1 1-2"),
        ("pkg:deb/ubuntu/libx1@1-2?distro=ubuntu-23.10", "Ubuntu:23.10 libx1 1-2"),
        ("pkg:apk/alpine/busybox@1.36.1-r2?distro=alpine-3.19.1", "Alpine:v3.19 busybox 1.36.1-r2"),
        ("pkg:apk/wolfi/busybox@1.36.1-r2?distro=wolfi-20230201", "Wolfi busybox 1.36.1-r2"),
        ("pkg:rpm/rocky/bash@5.1.8-6.el9?distro=rocky-9.3", "Rocky Linux:9 bash 5.1.8-6.el9"),
        ("pkg:rpm/rocky/bind@9.16.23-1.el9?arch=x86_64&distro=rocky-9.3&epoch=32", "Rocky Linux:9 bind 32:9.16.23-1.el9"),
        ("pkg:rpm/rocky/bash@5.1.8-6.el9?distro=rocky-9.3&epoch=0", "Rocky Linux:9 bash 5.1.8-6.el9"),
        ("pkg:deb/debian/libx1@1-2", "Debian libx1 1-2"),
        ("pkg:rpm/rhel/bash@5.1.8-6.el9?distro=rhel-9.3", "Red Hat:enterprise_linux:9 bash 5.1.8-6.el9"),
        ("pkg:rpm/sles/bash@4.4-150400.25.22?distro=sles-15.5", "SUSE:Linux Enterprise 15 SP5 bash 4.4-150400.25.22"),
        ("pkg:rpm/sles/bash@4.4-1?distro=sles-15", "SUSE:Linux Enterprise 15 bash 4.4-1"),
        ("pkg:rpm/sles/bash@5.2-1?distro=sles-16.0", "SUSE:Linux Enterprise 16.0 bash 5.2-1"),
        ("pkg:rpm/opensuse-leap/bash@4.4-1?distro=opensuse-leap-15.5", "openSUSE:Leap 15.5 bash 4.4-1"),
        ("pkg:rpm/opensuse-tumbleweed/bash@5.2-1?distro=opensuse-tumbleweed-20240801", "openSUSE:Tumbleweed bash 5.2-1"),
        ("pkg:rpm/azurelinux/bash@5.2-1?distro=azurelinux-3.0", "Azure Linux:3 bash 5.2-1"),
        ("pkg:rpm/centos/bash@5.1.8-6.el9?distro=centos-9", ""),
        ("pkg:rpm/fedora/bash@5.2-1.fc40?distro=fedora-40", ""),
        ("pkg:pypi/thing", ""),
        ("pkg:conda/thing@1.0", ""),
        ("no purl", ""),
    ] {
        assert_eq!(asked(purl, None), words, "{purl}");
    }
    assert_eq!(asked("pkg:deb/debian/libx1@1-2+b1?distro=debian-12", Some(("x", "1-2"))), "Debian:12 x 1-2");
    let rpm = "pkg:rpm/rocky/bind-utils@9.16.23-1.el9?distro=rocky-9.3&epoch=32";
    assert_eq!(asked(rpm, Some(("bind", "9.16.20-1.el9"))), "Rocky Linux:9 bind 32:9.16.20-1.el9", "the epoch of what is built from it");
    let known = |ecosystem: &str| Ecosystem::of(ecosystem).is_some_and(|known| known.name() == ecosystem);
    for purl in ["cargo", "hex", "pub", "nuget", "gem", "composer", "cran", "hackage", "julia", "swift", "bitnami"] {
        let subject = Subject::of(&format!("pkg:{purl}/a/b@1"), None).expect("a subject");
        assert!(known(&subject.ecosystem), "{subject:?}");
    }
}
