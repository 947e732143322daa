use super::*;

const PRODUCT: &str = "pkg:oci/app@sha256%3Aaa";
const PACKAGE: &str = "pkg:pypi/thing@1.0?file_name=thing-1.0-py3-none-any.whl";

fn document(statements: &str) -> String {
    format!(
        r#"{{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://example.org/vex/1","author":"Ada","role":"vendor",
        "timestamp":"2024-05-01T00:00:00Z","version":1,"statements":[{statements}]}}"#
    )
}

fn statement(status: &str, product: &str, more: &str) -> String {
    format!(r#"{{"vulnerability":{{"name":"CVE-2024-1","aliases":["GHSA-1"]}},"products":[{{{product}}}],"status":"{status}"{more}}}"#)
}

const WHY: &str = r#","justification":"vulnerable_code_not_in_execute_path""#;

fn read(statements: &str) -> Vec<Statement> {
    read_openvex("a document", document(statements).as_bytes()).expect("a document")
}

fn says(statements: &[Statement], purl: &str, within: Option<&str>) -> Option<Status> {
    says_at(statements, purl, within, "2024-05-02T00:00:00Z").0
}

fn says_at(statements: &[Statement], purl: &str, within: Option<&str>, now: &str) -> (Option<Status>, usize) {
    let statements = Statements::new(statements.iter().cloned());
    let lifetime = SignedDuration::from_hours(24 * 90);
    let found = statements.heard(["GHSA-1", "X"], Subject { purl, within }, now.parse().expect("a time"), lifetime);
    (found.holds.map(|statement| statement.status), found.set_aside.len())
}

#[test]
fn statements_hold_for_the_products_they_name() {
    let whole = read(&statement("not_affected", r#""@id":"pkg:pypi/Thing""#, WHY));
    assert_eq!(says(&whole, PACKAGE, None), Some(Status::NotAffected));
    assert_eq!(says(&whole, "pkg:pypi/thingy@1.0", None), None);
    let one = read(&statement("fixed", r#""@id":"anything","identifiers":{"purl":"pkg:pypi/thing@1.0"}"#, ""));
    assert_eq!(says(&one, PACKAGE, None), Some(Status::Fixed));
    assert_eq!(says(&one, "pkg:pypi/thing@1.1", None), None);
    let inside = read(&statement("not_affected", &format!(r#""@id":"{PRODUCT}","subcomponents":[{{"@id":"pkg:pypi/thing"}}]"#), WHY));
    assert_eq!(says(&inside, PACKAGE, Some(PRODUCT)), Some(Status::NotAffected));
    assert_eq!(says(&inside, "pkg:pypi/other@1.0", Some(PRODUCT)), None);
    assert_eq!(says(&inside, PACKAGE, Some("pkg:oci/other@sha256%3Abb")), None);
    assert_eq!(says(&inside, PACKAGE, None), None);
    let image = read(&statement("affected", &format!(r#""@id":"{PRODUCT}""#), r#","action_statement":"update""#));
    assert_eq!(says(&image, PACKAGE, Some(PRODUCT)), Some(Status::Affected));
    let subject = Subject { purl: PACKAGE, within: None };
    let now = "2024-05-02T00:00:00Z".parse().expect("a time");
    let whole = Statements::new(whole);
    assert_eq!(whole.heard(["CVE-2024-2"], subject, now, SignedDuration::from_hours(48)), Heard::default());
    // Found by two of its names, it is one statement.
    let late = whole.heard(["CVE-2024-1", "GHSA-1"], subject, now, SignedDuration::ZERO);
    assert_eq!((late.holds, late.set_aside.len(), whole.iter().count()), (None, 1, 1));
}

#[test]
fn the_newest_holds_and_what_is_too_old_or_to_come_is_set_aside() {
    let product = r#""@id":"pkg:pypi/thing""#;
    let at = |status, time: &str, more: &str| statement(status, product, &format!(r#","timestamp":"{time}"{more}"#));
    let both = read(&[at("not_affected", "2024-04-01T00:00:00Z", WHY), at("affected", "2024-05-01T00:00:00Z", "")].join(","));
    assert_eq!(says_at(&both, PACKAGE, None, "2024-05-02T00:00:00Z"), (Some(Status::Affected), 0));
    assert_eq!(says_at(&both, PACKAGE, None, "2024-07-15T00:00:00Z"), (Some(Status::Affected), 1));
    assert_eq!(says_at(&both, PACKAGE, None, "2025-01-01T00:00:00Z"), (None, 2));
    assert_eq!(says_at(&both, PACKAGE, None, "2024-04-02T00:00:00Z"), (Some(Status::NotAffected), 1));
    // Of two of one time, the one that lets less through.
    let tied = read(&[at("affected", "2024-05-01T00:00:00Z", ""), at("not_affected", "2024-05-01T00:00:00Z", WHY)].join(","));
    assert_eq!(says(&tied, PACKAGE, None), Some(Status::Affected));
}

#[test]
fn what_is_written_is_read_and_is_the_same_bytes() {
    let parts = format!(r#""@id":"{PRODUCT}","subcomponents":[{{"@id":"pkg:pypi/thing"}}]"#);
    let list = [
        statement("not_affected", &parts, &format!(r#"{WHY},"impact_statement":"never called""#)),
        statement("affected", r#""@id":"pkg:pypi/thing@1.0""#, r#","action_statement":"update to 2""#),
        statement("under_investigation", r#""@id":"pkg:pypi/other""#, ""),
    ];
    let about = Document {
        id: "https://example.org/vex/2".to_owned(),
        author: "Ada".to_owned(),
        timestamp: "2024-05-03T00:00:00Z".parse().expect("a time"),
    };
    let statements = read(&list.join(","));
    let written = write_openvex(&about, &statements);
    let again = read_openvex("ours", &written).expect("a document");
    assert_eq!(again.iter().collect::<BTreeSet<_>>(), statements.iter().collect::<BTreeSet<_>>());
    let turned: Vec<_> = statements.iter().rev().chain(&statements).cloned().collect();
    assert_eq!(write_openvex(&about, &turned), written);
    // One author says them all again: the same words of two people are written once.
    let others: Vec<_> =
        statements.iter().cloned().map(|s| Statement { author: "Bob".to_owned(), ..s }).chain(statements.clone()).collect();
    assert_eq!(write_openvex(&about, &others), written);
}

#[test]
fn what_is_to_be_done_is_no_reason() {
    let product = r#""@id":"pkg:pypi/thing""#;
    let both = r#","impact_statement":"never called","action_statement":"update to 2""#;
    let detail = |status, more: &str| read(&statement(status, product, more))[0].detail.clone();
    assert_eq!(detail("affected", both).as_deref(), Some("update to 2"));
    assert_eq!(detail("affected", r#","impact_statement":"leaks""#).as_deref(), Some("leaks"));
    assert_eq!(detail("not_affected", both).as_deref(), Some("never called"));
    assert_eq!(detail("fixed", r#","action_statement":"update to 2""#), None);
    let text = document(&statement("not_affected", product, r#","action_statement":"update to 2""#));
    assert!(read_openvex("a document", text.as_bytes()).is_err(), "an action does not say why");
}

#[test]
fn parts_of_products_count_too() {
    let parts = vec![r#"{"@id":"pkg:pypi/thing"}"#; MOST_STATEMENTS / 2 + 1].join(",");
    let product = format!(r#""@id":"{PRODUCT}","subcomponents":[{parts}]"#);
    let one = statement("not_affected", &product, WHY);
    assert!(read_openvex("a document", document(&one).as_bytes()).is_ok());
    assert!(read_openvex("a document", document(&[&*one, &*one].join(",")).as_bytes()).is_err());
    // In the other form, what is spoken of counts.
    let cyclonedx = |parts: usize| {
        let affects = vec![r#"{"ref":"t"}"#; parts].join(",");
        let text = format!(r#"{{"bomFormat":"CycloneDX","vulnerabilities":[{{"id":"CVE-1","affects":[{affects}]}}]}}"#);
        read_cyclonedx("a document", text.as_bytes()).map(drop).map_err(|e| e.message().to_owned())
    };
    assert_eq!(cyclonedx(MOST_STATEMENTS - 1), Ok(()));
    assert_eq!(cyclonedx(MOST_STATEMENTS), Err("a document: it is too long".to_owned()));
}

#[test]
fn what_says_no_reason_or_nothing_known_is_refused() {
    let product = r#""@id":"pkg:pypi/thing""#;
    let wrong = [
        document(&statement("not_affected", product, "")),
        document(&statement("harmless", product, "")),
        document(&statement("not_affected", product, r#","justification":"trust_me""#)),
        document(&statement("fixed", "", "")),
        document(&statement("fixed", product, "")).replace("v0.2.0", "v9"),
        document(&statement("fixed", product, "")).replace(r#""timestamp":"2024-05-01T00:00:00Z","#, ""),
        document(&statement("fixed", product, "")).replace("Ada", "A\\u202eda"),
        "{}".to_owned(),
    ];
    for text in wrong {
        let error = read_openvex("here.json", text.as_bytes()).expect_err(&text);
        assert!(error.message().starts_with("here.json: "), "{error}");
    }
}

#[test]
fn statements_of_cyclonedx_are_read() {
    let text = r#"{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"timestamp":"2024-05-01T00:00:00Z","supplier":{"name":"Ada"},
        "component":{"type":"container","name":"app","bom-ref":"app","purl":"pkg:oci/app@sha256%3Aaa"}},
        "components":[{"type":"library","name":"x","bom-ref":"x","components":[{"type":"library","name":"thing","bom-ref":"t","purl":"pkg:pypi/thing@1.0"}]}],
        "vulnerabilities":[
          {"id":"CVE-2024-1","references":[{"id":"GHSA-1"}],"analysis":{"state":"not_affected","justification":"code_not_reachable"},"affects":[{"ref":"t"}]},
          {"id":"CVE-2024-2","analysis":{"state":"exploitable","lastUpdated":"2024-05-02T00:00:00Z"},"affects":[{"ref":"t","versions":[{"version":"1"}]}]},
          {"id":"CVE-2024-3","affects":[{"ref":"t"}]}]}"#;
    let said = read_cyclonedx("a document", text.as_bytes()).expect("a document");
    assert_eq!((said.statements.len(), said.left_out), (1, 1));
    assert_eq!(said.statements[0].justification, Some(Justification::VulnerableCodeNotInExecutePath));
    assert_eq!(said.statements[0].author, "Ada");
    // What is said of a component is said of it in the product that the document is about.
    assert_eq!(says(&said.statements, PACKAGE, Some(PRODUCT)), Some(Status::NotAffected));
    assert_eq!(says(&said.statements, PACKAGE, Some("pkg:oci/other@sha256%3Abb")), None);
    assert_eq!(says(&said.statements, PACKAGE, None), None);
    // It is of when it was last updated, else of when it was first issued, else of its document.
    let issued = |more: &str| {
        let text = text.replacen(r#""state":"not_affected""#, &format!(r#""state":"not_affected"{more}"#), 1);
        read_cyclonedx("a document", text.as_bytes()).expect("a document").statements[0].timestamp.to_string()
    };
    let (first, last) = (r#","firstIssued":"2024-01-01T00:00:00Z""#, r#","lastUpdated":"2024-03-01T00:00:00Z""#);
    assert_eq!(
        [issued(""), issued(first), issued(last), issued(&format!("{first}{last}"))],
        ["2024-05-01T00:00:00Z", "2024-01-01T00:00:00Z", "2024-03-01T00:00:00Z", "2024-03-01T00:00:00Z"]
    );
    let top = text.replacen(r#""affects":[{"ref":"t"}]"#, r#""affects":[{"ref":"app"}]"#, 1);
    let top = read_cyclonedx("a document", top.as_bytes()).expect("a document");
    assert_eq!(says(&top.statements, PACKAGE, Some(PRODUCT)), Some(Status::NotAffected));
    let linked =
        text.replacen(r#""affects":[{"ref":"t"}]"#, r#""affects":[{"ref":"urn:cdx:f08a6ccd-4dce-4759-bd84-c626675d60a7/1#t"}]"#, 1);
    let linked = read_cyclonedx("a document", linked.as_bytes()).expect("a document");
    assert_eq!((linked.statements.len(), linked.left_out), (0, 2));
    for (from, to) in
        [("code_not_reachable", "luck"), ("not_affected", "fine"), ("CycloneDX", "SPDX"), (r#","justification":"code_not_reachable""#, "")]
    {
        assert!(read_cyclonedx("a document", text.replace(from, to).as_bytes()).is_err(), "{to}");
    }
}

#[test]
fn package_urls_cover_what_they_leave_open() {
    let covers = |a: &str, b: &str| Purl::read(a).zip(Purl::read(b)).is_some_and(|(a, b)| a.covers(&b));
    assert!(covers("pkg:npm/%40scope/name", "pkg:npm/%40scope/name@1.0.0?x=y#sub"));
    assert!(covers("pkg:npm/@scope/name@1.0.0", "pkg:npm/%40scope/name@1.0.0"));
    assert!(covers("pkg:deb/debian/curl@1?arch=amd64", "pkg:deb/debian/curl@1?distro=x&arch=amd64"));
    assert!(!covers("pkg:deb/debian/curl?arch=amd64", "pkg:deb/debian/curl@1?arch=arm64"));
    assert!(!covers("pkg:npm/a@1", "pkg:npm/a"));
    assert!(!covers("pkg:npm/a", "pkg:pypi/a@1"));
    for wrong in ["", "npm/a", "pkg:npm", "pkg:/a", "pkg:npm/", "pkg:npm/%zz", "pkg:npm/a?b"] {
        assert!(Purl::read(wrong).is_none(), "{wrong}");
    }
}

const OWN: &str = r#"airlift-statements = 1
[[statement]]
vulnerability = "CVE-2024-1"
products = ["pkg:pypi/thing@1.0"]
status = "not_affected"
justification = "component_not_present"
owner = "Ada"
granted = "2024-01-01"
expires = "2024-12-31"
"#;

#[test]
fn ones_own_statements_say_who_answers_and_until_when() {
    let read = |text: &str| read_own("here.toml", text.as_bytes());
    let own = read(OWN).expect("statements");
    assert_eq!(own[0].mark.as_ref().map(Mark::told).as_deref(), Some("until 2024-12-31 by Ada"));
    assert_eq!(own[0].timestamp.to_string(), "2024-01-01T00:00:00Z");
    for (from, to, word) in [
        ("= 1", "= 2", "another"),
        ("not_affected", "harmless", "status is not known"),
        ("component_not_present", "luck", "justification is not known"),
        ("justification = \"component_not_present\"\n", "", "not why"),
        ("\"not_affected\"", "\"fixed\"", "justifies what needs"),
        ("status = \"not_affected\"\njustification = \"component_not_present\"", "status = \"affected\"", "not what"),
        ("pkg:pypi/thing@1.0", "thing", "no package URL"),
        ("[\"pkg:pypi/thing@1.0\"]", "[]", "no product"),
        ("2024-12-31", "2025-01-02", "too late"),
        ("2024-12-31", "2023-12-31", "before it begins"),
        ("2024-12-31", "soon", "no day"),
        ("owner = \"Ada\"\n", "", "owner"),
        ("\"Ada\"", "\"A\\u202eda\"", "owner cannot be used"),
        ("owner", "author", "author"),
    ] {
        let error = read(&OWN.replace(from, to)).map(drop).expect_err(word);
        assert!(format!("{} {:?}", error.message(), error.context()).contains(word), "{word}: {error:?}");
    }
}

#[test]
fn both_forms_bring_back_what_was_written() {
    let about =
        Document { id: "urn:uuid:2".to_owned(), author: "Site".to_owned(), timestamp: "2024-01-01T00:00:00Z".parse().expect("a time") };
    let own = read_own("here.toml", OWN.as_bytes()).expect("statements");
    let said = |mut back: Vec<Statement>| {
        back.iter_mut().for_each(|statement| statement.author.clear());
        back
    };
    assert_eq!(said(read_openvex("ours", &write_openvex(&about, &own)).expect("a document")), own);
    let bom = write_cyclonedx(&about, &own).expect("a document");
    let back = said(read_cyclonedx("ours", &bom).expect("a document").statements);
    // CycloneDX has no word for a component that is not there.
    let nearest: Vec<Statement> =
        own.iter().cloned().map(|s| Statement { justification: Some(Justification::VulnerableCodeNotPresent), ..s }).collect();
    assert_eq!(back, nearest);
    let part = Product { id: "pkg:oci/app".to_owned(), parts: BTreeSet::from(["pkg:pypi/thing".to_owned()]) };
    let parts = Statement { products: BTreeSet::from([part]), ..own[0].clone() };
    assert!(write_cyclonedx(&about, &[parts]).is_err());
}

/// Words of others about an end never make a statement hold longer, only a counted signature does.
#[test]
fn only_signed_statements_hold_for_as_long_as_they_say() {
    let own = read_own("here.toml", OWN.as_bytes()).expect("statements").remove(0);
    let (month, now) = (SignedDuration::from_hours(24 * 30), "2024-06-01T00:00:00Z".parse().expect("a time"));
    let signed = Statement { signers: vec!["ada".to_owned()], ..own.clone() };
    let unmarked = Statement { mark: None, ..signed.clone() };
    assert_eq!([&own, &signed, &unmarked].map(|statement| statement.holds(now, month)), [false, true, false]);
    let after = "2025-01-01T00:00:00Z".parse().expect("a time");
    assert!(!signed.holds(after, SignedDuration::from_hours(24 * 3650)), "after its last day");
    let early = "2023-12-30T23:59:59Z".parse().expect("a time");
    assert!(!signed.holds(early, month), "before it begins");
}
