use super::*;
use crate::artifact::{Release, UpstreamSignature};
use crate::policy::{Outcome, Policy};
use crate::publisher::Judgement;
use jiff::Timestamp;

fn time(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn terms(text: &str) -> Terms {
    Policy::parse(format!("airlift-policy = 1\n{text}").as_bytes()).unwrap_or_else(|e| panic!("{text}: {e:?}")).terms
}

fn refused(text: &str) -> String {
    let error = Policy::parse(format!("airlift-policy = 1\n{text}").as_bytes()).expect_err(text);
    format!("{} {:?} {:?}", error.message(), error.context(), error.hints())
}

fn asked(advised: Advised) -> Asked {
    Asked { now: time("2026-06-01T12:00:00Z"), as_of: time("2026-06-01T00:00:00Z"), advised }
}

fn held() -> Asked {
    asked(Advised::Held(Consulted { used: vec!["a list".to_owned()], ..Consulted::default() }))
}

/// What was fetched today from where nothing has changed for long is not of today.
#[test]
fn a_source_that_stands_still_is_refused_where_the_policy_asks_for_that() {
    let newest = |day: &str| vec![("PyPI".to_owned(), time(&format!("{day}T12:00:00Z"))), ("npm".to_owned(), time("2026-06-01T00:00:00Z"))];
    let gated = |policy: &str, day: &str| {
        let held = asked(Advised::Held(Consulted { newest: newest(day), ..Consulted::default() }));
        let gated = terms(policy).gate(&[weak("X-1", None, false, false)], &held);
        gated.rules.into_iter().find(|ruled| ruled.rule == rules::DATA).expect("the rule is in force")
    };
    let bounded = "[advisories]\nmax-age-days = 7\nmax-record-age-days = 30\n";
    let refused = gated(bounded, "2026-05-01");
    assert_eq!(
        (refused.worst, refused.counted().as_str()),
        (Outcome::Refused, "PyPI: the newest record is of 2026-05-01T12:00:00Z, 31 days old")
    );
    assert!(refused.expected.ends_with("at most 7 days old, the newest record at most 30 days old"), "{}", refused.expected);
    assert_eq!(gated(bounded, "2026-05-02").worst, Outcome::Passed);
    assert_eq!(gated("[advisories]\nmax-age-days = 7\n", "2020-01-01").worst, Outcome::Passed, "nobody asked for it");
}

fn subject(name: &str) -> Subject {
    Subject {
        name: format!("room/{name}"),
        version: "1".to_owned(),
        purl: format!("pkg:generic/{name}@1"),
        bytes: 100,
        licences: Licences { examined: true, ..Licences::default() },
        scan: Some(Look::default()),
        release: Some(Release::default()),
        packages: Some(vec![]),
        ..Subject::default()
    }
}

fn outcome(policy: &str, subject: &Subject, rule: Rule) -> Outcome {
    let gated = terms(policy).gate(std::slice::from_ref(subject), &held());
    gated.rules.iter().find(|ruled| ruled.rule == rule).unwrap_or_else(|| panic!("{} is not in force", rule.id)).outcomes[0]
}

fn licensed(expressions: &[&str]) -> Subject {
    let expressions = expressions.iter().map(|text| (*text).to_owned()).collect();
    Subject { licences: Licences { expressions, unread: vec![], examined: true }, ..subject("a") }
}

#[test]
fn licences_are_judged_by_what_joins_them() {
    let allowed = "[artifacts]\nlicences-allowed = [\"MIT\", \"Apache-2.0\", \"GPL-2.0-only WITH Classpath-exception-2.0\"]\n";
    let banned = "[artifacts]\nlicences-refused = [\"GPL-3.0-only\", \"GPL-3.0-or-later\"]\n";
    for (policy, expressions, expected) in [
        (allowed, &["MIT"][..], Outcome::Passed),
        (allowed, &["MIT OR GPL-3.0-only"], Outcome::Passed),
        (allowed, &["MIT AND GPL-3.0-only"], Outcome::Refused),
        (allowed, &["(MIT OR GPL-3.0-only) AND Apache-2.0"], Outcome::Passed),
        (allowed, &["MIT OR (GPL-3.0-only AND Apache-2.0)"], Outcome::Passed),
        (allowed, &["GPL-2.0-only"], Outcome::Refused),
        (allowed, &["GPL-2.0-only WITH Classpath-exception-2.0"], Outcome::Passed),
        (allowed, &["Apache-2.0 WITH LLVM-exception"], Outcome::Passed),
        (allowed, &["Apache-2.0+"], Outcome::Passed),
        (allowed, &["LicenseRef-ours"], Outcome::Refused),
        (allowed, &["MIT", "GPL-3.0-only"], Outcome::Refused),
        (banned, &["GPL-3.0-or-later"], Outcome::Refused),
        (banned, &["GPL-3.0-or-later WITH GCC-exception-3.1"], Outcome::Refused),
        (banned, &["MIT OR GPL-3.0-only"], Outcome::Passed),
        (banned, &["LGPL-3.0-only"], Outcome::Passed),
    ] {
        assert_eq!(outcome(policy, &licensed(expressions), rules::LICENCE), expected, "{policy}{expressions:?}");
    }
}

#[test]
fn a_licence_that_is_not_known_never_passes() {
    let strict = "[artifacts]\nunknown-licence = \"refused\"\n";
    let with = |unread: &[&str], examined| Subject {
        licences: Licences { expressions: vec![], unread: unread.iter().map(|text| (*text).to_owned()).collect(), examined },
        ..subject("a")
    };
    assert_eq!(outcome(strict, &with(&[], true), rules::UNKNOWN_LICENCE), Outcome::Refused);
    assert_eq!(outcome(strict, &with(&["see COPYING"], true), rules::UNKNOWN_LICENCE), Outcome::Refused);
    assert_eq!(outcome(strict, &with(&[], false), rules::UNKNOWN_LICENCE), Outcome::NotAssessed);
    assert_eq!(outcome("[artifacts]\nlicences-refused = [\"MIT\"]\n", &with(&[], true), rules::UNKNOWN_LICENCE), Outcome::Shown);
    assert_eq!(outcome(strict, &licensed(&["MIT"]), rules::UNKNOWN_LICENCE), Outcome::Passed);
}

fn holding(packages: &[(&str, &[&str])], unseen: usize) -> Subject {
    let contained = |(purl, expressions): &(&str, &[&str])| Contained {
        purl: (*purl).to_owned(),
        licences: Licences { expressions: expressions.iter().map(|text| (*text).to_owned()).collect(), ..Licences::default() },
    };
    let unseen = crate::report::Unseen { parts: unseen, why: vec!["a layer".to_owned()] };
    Subject { inside: Inside { packages: packages.iter().map(contained).collect(), unseen }, ..licensed(&["GPL-3.0-only"]) }
}

/// Inside and outside are two rules with lists of their own, by the same words.
#[test]
fn licences_of_packages_inside_are_judged_by_their_own_lists() {
    let banned = "[artifacts]\nlicences-inside-refused = [\"GPL-3.0-only\"]\n";
    let allowed = "[artifacts]\nlicences-inside-allowed = [\"MIT\"]\n";
    for (policy, licences, expected) in [
        (banned, &["GPL-3.0-only"][..], Outcome::Refused),
        (banned, &["MIT OR GPL-3.0-only"], Outcome::Passed),
        (banned, &["MIT AND GPL-3.0-only"], Outcome::Refused),
        (banned, &["MIT", "GPL-3.0-only"], Outcome::Refused),
        (allowed, &["MIT OR GPL-3.0-only"], Outcome::Passed),
        (allowed, &["ISC"], Outcome::Refused),
        (allowed, &[], Outcome::NotKnown),
    ] {
        let subject = holding(&[("pkg:x/first@1", &["MIT"]), ("pkg:x/inner@1", licences)], 0);
        assert_eq!(outcome(policy, &subject, rules::LICENCE_INSIDE), expected, "{policy}{licences:?}");
        let unknown = if licences.is_empty() { Outcome::Shown } else { Outcome::Passed };
        assert_eq!(outcome(policy, &subject, rules::UNKNOWN_LICENCE_INSIDE), unknown, "{licences:?}");
    }
    let outside = "[artifacts]\nlicences-refused = [\"GPL-3.0-only\"]\n";
    let gated = terms(outside).gate(&[holding(&[("pkg:x/inner@1", &["GPL-3.0-only"])], 1)], &held());
    assert!(gated.rules.iter().all(|ruled| ruled.rule != rules::LICENCE_INSIDE), "nobody asks");
    assert!(refused("[artifacts]\nnot-examined-inside = \"shown\"\n").contains("asks nothing by itself"));
    assert!(refused("[artifacts]\nlicences-inside-refused = [\"GPL-3.0\"]\n").contains("GPL-3.0-only"));
}

#[test]
fn what_is_inside_and_was_not_looked_into_is_not_assessed() {
    for (more, expected) in [
        ("", Outcome::NotAssessed),
        ("not-examined-inside = \"shown\"\n", Outcome::Shown),
        ("not-examined-inside = \"refused\"\n", Outcome::Refused),
    ] {
        let policy = format!("[artifacts]\nlicences-inside-refused = [\"GPL-3.0-only\"]\n{more}");
        let gated = terms(&policy).gate(&[holding(&[], 3)], &held());
        for rule in [rules::LICENCE_INSIDE, rules::UNKNOWN_LICENCE_INSIDE] {
            let ruled = gated.rules.iter().find(|ruled| ruled.rule == rule).expect("in force");
            let found = "3 parts of what is inside could not be looked into: a layer";
            assert_eq!((ruled.worst, ruled.hits[0].found.as_str()), (expected, found));
        }
        let both = holding(&[("pkg:x/inner@1", &["GPL-3.0-only"])], 1);
        assert_eq!(outcome(&policy, &both, rules::LICENCE_INSIDE), Outcome::Refused, "what is known is not waited for");
    }
}

/// A package that two platforms have is found once; of very many the rest is counted.
#[test]
fn findings_inside_are_told_once_and_bounded() {
    let policy = "[artifacts]\nlicences-inside-allowed = [\"MIT\"]\nunknown-licence-inside = \"refused\"\n";
    let hits = |packages: &[(&str, &[&str])], rule: Rule| {
        let gated = terms(policy).gate(&[holding(packages, 0)], &held());
        let ruled = gated.rules.into_iter().find(|ruled| ruled.rule == rule).expect("in force");
        (ruled.hits, ruled.more)
    };
    let twice: [(&str, &[&str]); 4] = [("pkg:x/a@1", &["ISC"]), ("pkg:x/b@1", &[]), ("pkg:x/a@1", &["ISC"]), ("pkg:x/b@1", &[])];
    let (mut refusals, _) = hits(&twice, rules::LICENCE_INSIDE);
    assert_eq!(refusals.pop().map(|hit| hit.outcome), Some(Outcome::NotKnown), "one of the two states none");
    assert_eq!((refusals.len(), refusals[0].package.as_deref(), refusals[0].id.as_str()), (1, Some("pkg:x/a@1"), "ISC"));
    let (unknown, _) = hits(&twice, rules::UNKNOWN_LICENCE_INSIDE);
    assert_eq!((unknown.len(), unknown[0].package.as_deref(), unknown[0].found.as_str()), (1, Some("pkg:x/b@1"), "none is stated"));
    let names: Vec<String> = (0..10_020).map(|n| format!("pkg:x/part-{n:05}@1")).collect();
    let many: Vec<(&str, &[&str])> = names.iter().map(|name| (name.as_str(), &["ISC"][..])).collect();
    let (refusals, more) = hits(&many, rules::LICENCE_INSIDE);
    assert_eq!((refusals.len(), more), (MOST_FINDINGS, 10_001 - MOST_FINDINGS), "of all, and one line for the rest");
    let silent: Vec<(&str, &[&str])> = names.iter().map(|name| (name.as_str(), &[][..])).collect();
    assert_eq!(hits(&silent, rules::UNKNOWN_LICENCE_INSIDE).1, 10_001 - MOST_FINDINGS);
}

#[test]
fn sizes_and_formats_are_bounded() {
    assert_eq!(outcome("[artifacts]\nmax-bytes = 100\n", &subject("a"), rules::SIZE), Outcome::Passed);
    assert_eq!(outcome("[artifacts]\nmax-bytes = 99\n", &subject("a"), rules::SIZE), Outcome::Refused);
    let policy = "[artifacts]\nformats = [\"safetensors\", \"GGUF\"]\n";
    let of = |known: &[&str], unread| {
        let formats = Formats { known: known.iter().map(|text| (*text).to_owned()).collect(), unread };
        outcome(policy, &Subject { formats: Some(formats), ..subject("a") }, rules::FORMAT)
    };
    assert_eq!(of(&["safetensors", "gguf"], false), Outcome::Passed);
    assert_eq!(of(&["safetensors", "pickle"], false), Outcome::Refused);
    assert_eq!(of(&["safetensors"], true), Outcome::NotAssessed);
    assert_eq!(of(&["pickle"], true), Outcome::Refused, "what is known to be wrong is not waited for");
    assert_eq!(outcome(policy, &subject("a"), rules::FORMAT), Outcome::Passed, "what has no formats to choose from");
}

#[test]
fn findings_of_the_scanner_count_from_a_severity_on() {
    let look = |weight, more: [usize; 3], absent| {
        let findings = vec![Scanned { rule: "zip-gap".to_owned(), weight, what: "somewhere".to_owned() }];
        Subject { scan: Some(Look { findings, more, absent, cut: 0 }), ..subject("a") }
    };
    let (errors, warnings) = ("[artifacts]\nscan = \"refused\"\n", "[artifacts]\nscan = \"refused\"\nscan-severity = \"warning\"\n");
    assert_eq!(outcome(errors, &look(Weight::Error, [0; 3], 0), rules::SCAN), Outcome::Refused);
    assert_eq!(outcome(errors, &look(Weight::Warning, [9, 9, 0], 0), rules::SCAN), Outcome::Passed);
    assert_eq!(outcome(errors, &look(Weight::Warning, [0, 0, 1], 0), rules::SCAN), Outcome::Refused, "what was not kept counts too");
    assert_eq!(outcome(warnings, &look(Weight::Warning, [0; 3], 0), rules::SCAN), Outcome::Refused);
    assert_eq!(outcome("[artifacts]\nscan = \"shown\"\n", &look(Weight::Error, [0; 3], 0), rules::SCAN), Outcome::Shown);
    assert_eq!(outcome(errors, &look(Weight::Note, [0; 3], 1), rules::SCAN), Outcome::NotAssessed);
    assert_eq!(outcome(errors, &Subject { scan: None, ..subject("a") }, rules::SCAN), Outcome::NotAssessed);
    let findings = vec![Scanned { rule: Scanned::NOT_EXAMINED.to_owned(), weight: Weight::Warning, what: "packed".to_owned() }];
    let unseen = Subject { scan: Some(Look { findings, ..Look::default() }), ..subject("a") };
    assert_eq!(outcome(errors, &unseen, rules::SCAN), Outcome::NotAssessed, "what nobody looked into does not pass");
    assert_eq!(outcome(warnings, &unseen, rules::SCAN), Outcome::Refused);
    let cut = Subject { scan: Some(Look { cut: 1, ..Look::default() }), ..subject("a") };
    assert_eq!(outcome(errors, &cut, rules::SCAN), Outcome::NotAssessed, "what was not kept may be about it");
}

#[test]
fn releases_have_an_age_and_a_signature() {
    let out = |published: &str| Subject {
        release: Some(Release { published: Some(time(published)), signature: UpstreamSignature::Unknown }),
        ..subject("a")
    };
    let cool = "[artifacts]\ncool-down-days = 7\n";
    assert_eq!(outcome(cool, &out("2026-05-25T00:00:00Z"), rules::COOL_DOWN), Outcome::Passed);
    assert_eq!(outcome(cool, &out("2026-05-25T00:00:01Z"), rules::COOL_DOWN), Outcome::Refused);
    assert_eq!(outcome(cool, &out("2027-01-01T00:00:00Z"), rules::COOL_DOWN), Outcome::Refused, "a release of the future");
    assert_eq!(outcome(cool, &subject("a"), rules::UNKNOWN_AGE), Outcome::Shown);
    assert_eq!(outcome(&format!("{cool}unknown-age = \"refused\"\n"), &subject("a"), rules::UNKNOWN_AGE), Outcome::Refused);
    let old = "[artifacts]\nmax-age-days = 365\n";
    assert_eq!(outcome(old, &out("2025-06-01T00:00:00Z"), rules::AGE), Outcome::Passed);
    assert_eq!(outcome(old, &out("2025-05-31T23:59:59Z"), rules::AGE), Outcome::Refused);
    let signed = |policy: &str, signature, rule| {
        let release = Some(Release { published: None, signature });
        outcome(&format!("[artifacts]\nupstream-signatures = \"{policy}\"\n"), &Subject { release, ..subject("a") }, rule)
    };
    assert_eq!(signed("present", UpstreamSignature::Present, rules::SIGNATURE), Outcome::Passed);
    assert_eq!(signed("present", UpstreamSignature::Absent, rules::SIGNATURE), Outcome::Refused);
    assert_eq!(signed("verified", UpstreamSignature::Present, rules::SIGNATURE), Outcome::Refused);
    assert_eq!(signed("verified", UpstreamSignature::Unknown, rules::UNKNOWN_SIGNATURE), Outcome::Shown);
    let beside = Subject { release: None, ..subject("a") };
    assert_eq!(outcome("[artifacts]\nupstream-signatures = \"present\"\n", &beside, rules::SIGNATURE), Outcome::Passed);
}

const KEY: &str = "[[upstream-key]]\nname = \"Example\"\nartifacts = [\"room/a\"]\nkind = \"cosign\"\nkey = '''\n-----BEGIN PUBLIC KEY-----\n\
     MCowBQYDK2VwAyEA331+Bgfcdv6yu/3WGkIyR7FP0DIUFwJ7YDu0GMUVp9w=\n-----END PUBLIC KEY-----\n'''\n";

/// What a key is for has to be verified by it, whatever is asked of the rest; what is signed by somebody else is a rule of its own.
#[test]
fn a_key_is_a_demand_of_its_own() {
    let texts = || vec!["the reason".to_owned()];
    let judged = |policy: &str, signed: Judgement, rule| {
        let release = Some(Release { published: None, signature: UpstreamSignature::Present });
        outcome(&format!("{policy}{KEY}"), &Subject { release, signed, ..subject("a") }, rule)
    };
    for policy in ["", "[artifacts]\nupstream-signatures = \"present\"\n", "[artifacts]\nupstream-signatures = \"verified\"\n"] {
        let of = |signed: Judgement| [rules::SIGNATURE, rules::WRONG_SIGNATURE].map(|rule| judged(policy, signed.clone(), rule));
        assert_eq!(of(Judgement::Verified(texts())), [Outcome::Passed, Outcome::Passed], "{policy}");
        assert_eq!(of(Judgement::Missing("it is not".to_owned())), [Outcome::Refused, Outcome::Passed], "{policy}");
        assert_eq!(of(Judgement::NotHere("it is not".to_owned())), [Outcome::NotAssessed, Outcome::Passed], "{policy}");
        assert_eq!(of(Judgement::Wrong(texts())), [Outcome::Passed, Outcome::Refused], "{policy}");
    }
    let unkeyed = |policy: &str| judged(policy, Judgement::Unkeyed, rules::SIGNATURE);
    assert_eq!(unkeyed(""), Outcome::Passed, "no key is for it, and nothing is asked");
    assert_eq!(unkeyed("[artifacts]\nupstream-signatures = \"present\"\n"), Outcome::Passed);
    assert_eq!(unkeyed("[artifacts]\nupstream-signatures = \"verified\"\n"), Outcome::Refused);
    let verified = Subject { signed: Judgement::Verified(texts()), ..subject("a") };
    let gated = terms(KEY).gate(&[verified], &held());
    assert!(gated.told().iter().any(|finding| finding.found == "signed by the reason"), "who signed is told: {gated:?}");
    assert!(!sarif(std::slice::from_ref(&gated), &[]).to_string().contains("the reason"), "what passed is no result");
    let excepted = format!("{KEY}{}", exception("artifacts.wrong-signature", "room/a", ""));
    let wrong = Subject { signed: Judgement::Wrong(texts()), ..subject("a") };
    assert_eq!(outcome(&excepted, &wrong, rules::WRONG_SIGNATURE), Outcome::Excepted);
    let other = format!("{KEY}{}", exception("artifacts.signature", "room/a", ""));
    assert_eq!(outcome(&other, &wrong, rules::WRONG_SIGNATURE), Outcome::Refused, "an exception for what is missing is none for it");
}

#[test]
fn keys_that_would_judge_nothing_are_refused() {
    for (text, word) in [
        (format!("{KEY}{KEY}"), "the name of another"),
        (KEY.replace("room/a", "a"), "for no artifact"),
        (KEY.replace("room/a", "ro*m/a"), "cannot be one"),
        (KEY.replace("[\"room/a\"]", "[]"), "no `artifacts`"),
        (KEY.replace("\"cosign\"", "\"cosine\""), "no known `kind`"),
        (KEY.replace("Example", ""), "a name that is empty"),
        (KEY.replace("MCow", "MCox"), "not judged"),
        (KEY.replace("name =", "nmae ="), "nmae"),
    ] {
        let said = refused(&text);
        assert!(said.contains(word), "{text}: {said}");
    }
    let root = include_str!("../../../tests/vectors/attestations/trusted_root.json");
    let root = format!("[[trusted-root]]\nname = \"public\"\njson = '''\n{root}'''\n");
    let identity = "[[upstream-identity]]\nname = \"Team\"\nartifacts = [\"room/a\"]\ntrusted-root = \"public\"\n\
        issuer = \"https://issuer.example\"\nidentities = [\"team@*\"]\n";
    for (text, word) in [
        (format!("{root}{identity}{identity}"), "the name of another"),
        (format!("{root}{identity}{}", KEY.replace("Example", "Team")), "the name of another"),
        (format!("{root}{root}{identity}"), "that of another"),
        (root.clone(), "is named by no"),
        (identity.to_owned(), "names no `[[trusted-root]]`"),
        (format!("{root}{}", identity.replace("team@*", "*")), "takes anybody"),
        (format!("{root}{}", identity.replace("[\"team@*\"]", "[]")), "no `identities`"),
        (format!("{root}{}", identity.replace("https://issuer.example", "")), "`issuer`"),
        (format!("{root}{}", identity.replace("room/a", "a")), "for no artifact"),
        (format!("{}{identity}", root.replace("SHA2_256", "SHA1")), "hashes by SHA1"),
        (KEY.replace("\"cosign\"", "\"keyless\""), "no known `kind`"),
    ] {
        let said = refused(&text);
        assert!(said.contains(word), "{text}: {said}");
    }
    assert!(terms(&format!("{root}{identity}")).ask());
    assert!(terms(KEY).ask());
}

/// Scores refuse from the one that the policy names on; what has none, and where there are none, is as the policy says, and never passes.
#[test]
fn what_is_likely_to_be_exploited_is_refused_by_its_score() {
    let scored = |share: Option<f32>| {
        let mut one = weak("X-1", None, false, false);
        one.packages.as_mut().expect("packages")[0].weaknesses[0].likelihood = share.map(Share::of);
        one
    };
    let policy = "[advisories]\nmax-age-days = 7\nlikelihood = 0.1\n";
    let strict = format!("{policy}unknown-likelihood = \"refused\"\n");
    let strict = strict.as_str();
    for (policy, share, expected) in [
        (policy, Some(0.97), Outcome::Refused),
        (policy, Some(0.1), Outcome::Refused),
        (policy, Some(0.099_99), Outcome::Passed),
        (policy, Some(0.000_43), Outcome::Passed),
        (policy, None, Outcome::Shown),
        (strict, None, Outcome::Refused),
        (strict, Some(0.0), Outcome::Passed),
    ] {
        assert_eq!(outcome(policy, &scored(share), rules::LIKELY), expected, "{share:?}");
    }
    let least = "[advisories]\nmax-age-days = 7\nlikelihood = 0.00043\n";
    assert_eq!(outcome(least, &scored(Some(0.000_43)), rules::LIKELY), Outcome::Refused, "as fine as scores are published");
    let excepted = format!("{policy}{}", exception("advisories.likely", "pkg:generic/inner", "finding = \"CVE-1\"\n"));
    assert_eq!(outcome(&excepted, &scored(Some(0.97)), rules::LIKELY), Outcome::Excepted);

    // Without a table nothing is known of any package; a score of another day still refuses.
    let blind =
        asked(Advised::Held(Consulted { likelihood_unknown: Some("no table of scores is here".to_owned()), ..Consulted::default() }));
    let of = |policy: &str, share| {
        let gated = terms(policy).gate(&[scored(share), subject("b")], &blind);
        let ruled = gated.rules.iter().find(|ruled| ruled.rule == rules::LIKELY).expect("in force").clone();
        (ruled.outcomes, ruled.hits.len())
    };
    assert_eq!(of(policy, None), (vec![Outcome::Shown; 2], 1));
    assert_eq!(of(strict, None), (vec![Outcome::Refused; 2], 1));
    assert_eq!(of(policy, Some(0.5)), (vec![Outcome::Refused, Outcome::Shown], 2));
    let unasked = terms("[advisories]\nmax-age-days = 7\n").gate(&[scored(Some(0.97))], &blind);
    assert!(unasked.rules.iter().all(|ruled| ruled.rule != rules::LIKELY), "nobody asks");
    let later = terms(policy).gate(&[scored(None)], &asked(Advised::Later));
    assert!(later.rules.iter().any(|ruled| ruled.rule == rules::LIKELY && ruled.worst == Outcome::NotAssessed));
    for (text, word) in [
        ("[advisories]\nmax-age-days = 7\nlikelihood = 0\n", "a float"),
        ("[advisories]\nmax-age-days = 7\nlikelihood = 0.0\n", "out of range"),
        ("[advisories]\nmax-age-days = 7\nlikelihood = 1.1\n", "out of range"),
        ("[advisories]\nmax-age-days = 7\nlikelihood = nan\n", "out of range"),
        ("[advisories]\nmax-age-days = 7\nunknown-likelihood = \"refused\"\n", "by itself"),
    ] {
        // A whole number may be taken for a fraction, or not at all: it is out of range either way.
        let said = refused(text);
        assert!(said.contains(word) || word == "a float", "{text}: {said}");
    }
}

/// A database that other programs ask is too old from the same day on as advisories that are asked here.
#[test]
fn databases_of_other_programs_have_an_age_too() {
    let of = |time_of: &str| Subject { database: Some(time(time_of)), ..subject("db") };
    let judged = |policy: &str, subject: &Subject, asked: &Asked| {
        let gated = terms(policy).gate(std::slice::from_ref(subject), asked);
        let found = gated.rules.iter().find(|ruled| ruled.rule == rules::DATA);
        found.map(|ruled| (ruled.worst, ruled.hits.first().map(|hit| hit.found.clone()).unwrap_or_default()))
    };
    let policy = "[advisories]\nmax-age-days = 7\n";
    assert_eq!(judged(policy, &of("2026-05-25T12:00:00Z"), &held()), Some((Outcome::Passed, String::new())));
    let (outcome, found) = judged(policy, &of("2026-05-25T11:59:59Z"), &held()).expect("the rule is in force");
    assert!(outcome == Outcome::Refused && found.contains("room/db is as of 2026-05-25T11:59:59Z, 7 days old"), "{found}");
    let review = judged(policy, &of("2020-01-01T00:00:00Z"), &asked(Advised::Later)).expect("the rule is in force");
    assert_eq!(review.0, Outcome::NotAssessed, "a review does not change from day to day");
    assert_eq!(judged("", &of("2020-01-01T00:00:00Z"), &held()), Some((Outcome::Passed, String::new())), "nobody asks for an age");
}

fn weak(id: &str, grade: Option<Grade>, malicious: bool, exploited: bool) -> Subject {
    let names = vec![id.to_owned(), "CVE-1".to_owned()];
    let weakness = Weakness {
        id: id.to_owned(),
        names,
        grade,
        malicious,
        exploited,
        likelihood: None,
        summary: "something [here](https://example.org) {0}".to_owned(),
    };
    let purl = "pkg:generic/inner@2".to_owned();
    let package = Package { purl, undetermined: vec![], not_examined: vec![], weaknesses: vec![weakness] };
    Subject { packages: Some(vec![package]), ..subject("a") }
}

#[test]
fn advisories_are_judged_by_severity_and_by_what_is_done_with_them() {
    let policy = "[advisories]\nrefuse = \"high\"\nmax-age-days = 7\n";
    for (grade, expected) in [
        (Some(Grade::Critical), Outcome::Refused),
        (Some(Grade::High), Outcome::Refused),
        (Some(Grade::Medium), Outcome::Shown),
        (None, Outcome::Refused),
    ] {
        assert_eq!(outcome(policy, &weak("X-1", grade, false, false), rules::SEVERITY), expected, "{grade:?}");
    }
    let any = "[advisories]\nrefuse = \"any\"\nmax-age-days = 7\n";
    for grade in [Some(Grade::Critical), Some(Grade::Medium), Some(Grade::Low), None] {
        assert_eq!(outcome(any, &weak("X-1", grade, false, false), rules::SEVERITY), Outcome::Refused, "{grade:?}");
    }
    let low = weak("X-1", Some(Grade::Low), false, true);
    assert_eq!((outcome(policy, &low, rules::SEVERITY), outcome(policy, &low, rules::EXPLOITED)), (Outcome::Shown, Outcome::Refused));
    assert_eq!(outcome("", &weak("MAL-1", None, true, false), rules::MALICIOUS), Outcome::Refused, "refused without being asked for");
    let with = |undetermined: &[&str], not_examined: &[&str]| {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let (undetermined, not_examined) = (texts(undetermined), texts(not_examined));
        let package = Package { purl: "pkg:generic/x".to_owned(), undetermined, not_examined, weaknesses: vec![] };
        Subject { packages: Some(vec![package]), ..subject("a") }
    };
    let undetermined = with(&["no version"], &[]);
    assert_eq!(outcome(policy, &undetermined, rules::UNDETERMINED), Outcome::Shown);
    assert_eq!(outcome(policy, &undetermined, rules::NOT_EXAMINED), Outcome::Passed);
    let unseen = with(&[], &["not looked into"]);
    assert_eq!(
        (outcome(policy, &unseen, rules::NOT_EXAMINED), outcome(policy, &unseen, rules::UNDETERMINED)),
        (Outcome::Shown, Outcome::Passed)
    );
    assert_eq!(outcome(&format!("{policy}not-examined = \"refused\"\n"), &unseen, rules::NOT_EXAMINED), Outcome::Refused);
}

/// Without a list nobody knows what is exploited: the rule does not pass, and the policy says whether that is refused.
#[test]
fn a_list_that_is_not_here_is_never_good_news() {
    let blind = || asked(Advised::Held(Consulted { exploited_unknown: Some("no list is here".to_owned()), ..Consulted::default() }));
    let of = |policy: &str| {
        let gated = terms(policy).gate(&[subject("a")], &blind());
        let ruled = gated.rules.iter().find(|ruled| ruled.rule == rules::EXPLOITED).expect("in force").clone();
        (ruled.worst, ruled.outcomes[0], ruled.hits.first().is_some_and(|hit| hit.found.contains("no list is here")))
    };
    let table = "[advisories]\nrefuse = \"high\"\nmax-age-days = 7\n";
    assert_eq!(of(table), (Outcome::Shown, Outcome::Shown, true));
    assert_eq!(of(&format!("{table}unknown-exploited = \"refused\"\n")), (Outcome::Refused, Outcome::Refused, true));
    assert_eq!(of(""), (Outcome::Shown, Outcome::Shown, true), "without a table too");
    let sighted = terms(table).gate(&[subject("a")], &held());
    assert!(sighted.rules.iter().all(|ruled| ruled.worst == Outcome::Passed), "{sighted:?}");
    assert_eq!(document(&sighted)["asked"][0], "a list");
}

/// What is only there for another artifact is not asked about its release, and that is said.
#[test]
fn what_is_exempt_is_counted() {
    let policy = "[artifacts]\nupstream-signatures = \"present\"\ncool-down-days = 7\nmax-bytes = 1000\n";
    let beside = Subject { release: None, ..subject("a") };
    let gated = terms(policy).gate(&[beside, subject("b")], &held());
    let exempt = |rule| gated.rules.iter().find(|ruled| ruled.rule == rule).expect("in force").exempt;
    assert_eq!([rules::SIGNATURE, rules::UNKNOWN_SIGNATURE, rules::COOL_DOWN, rules::UNKNOWN_AGE].map(exempt), [1; 4]);
    assert_eq!(exempt(rules::SIZE), 0);
    let told = gated.told().iter().map(|finding| finding.found.clone()).collect::<Vec<_>>().join("\n");
    assert!(told.contains("1 of them not asked, being there for another one"), "{told}");
}

/// What a rule could not ask has not passed it, and is no second refusal: another rule judges that, and is named.
#[test]
fn what_is_not_known_is_not_called_passed() {
    let policy = "[artifacts]\ncool-down-days = 7\nmax-age-days = 900\nunknown-age = \"refused\"\nlicences-allowed = [\"MIT\"]\n\
                  upstream-signatures = \"present\"\n[advisories]\nrefuse = \"high\"\nmax-age-days = 7\n";
    let package = |not_examined: &[&str]| Package {
        purl: "pkg:oci/a".to_owned(),
        undetermined: vec![],
        not_examined: not_examined.iter().map(|why| (*why).to_owned()).collect(),
        weaknesses: vec![],
    };
    let known = Subject {
        release: Some(Release { published: Some(time("2026-01-01T00:00:00Z")), signature: UpstreamSignature::Present }),
        packages: Some(vec![package(&[])]),
        ..licensed(&["MIT"])
    };
    let unknown = Subject { packages: Some(vec![package(&["its content is not here"])]), ..subject("b") };
    let gated = terms(policy).gate(&[known, unknown], &held());
    let of = |rule: Rule| gated.rules.iter().find(|ruled| ruled.rule == rule).expect("in force");
    for (rule, by) in [
        (rules::COOL_DOWN, "artifacts.unknown-age"),
        (rules::AGE, "artifacts.unknown-age"),
        (rules::LICENCE, "artifacts.unknown-licence"),
        (rules::SIGNATURE, "artifacts.unknown-signature"),
        (rules::MALICIOUS, "advisories.not-examined and advisories.undetermined"),
        (rules::SEVERITY, "advisories.not-examined and advisories.undetermined"),
    ] {
        assert_eq!(of(rule).outcomes, [Outcome::Passed, Outcome::NotKnown], "{}", rule.id);
        assert_eq!(of(rule).counted(), format!("of 2 artifacts 1 not-known ({by}), 1 passed"));
    }
    assert_eq!(of(rules::UNKNOWN_AGE).outcomes, [Outcome::Passed, Outcome::Refused]);
    let xml = junit(std::slice::from_ref(&gated), &[]);
    assert!(xml.contains("<testcase classname=\"artifacts.cool-down\" name=\"room/b 1\"><skipped"), "{xml}");
    let log = sarif(std::slice::from_ref(&gated), &[]);
    let results = log["runs"][0]["results"].as_array().expect("results");
    assert!(results.iter().any(|result| result["ruleId"] == "artifacts.cool-down" && result["kind"] == "open"));
    let lines = gated.told();
    assert!(lines.iter().all(|finding| finding.subject.is_none() || finding.outcome != Outcome::NotKnown), "{lines:?}");
}

#[test]
fn a_finding_without_words_ends_with_its_name() {
    let mut silent = weak("MAL-1", None, true, false);
    silent.packages.iter_mut().flatten().flat_map(|package| &mut package.weaknesses).for_each(|weakness| weakness.summary.clear());
    let gated = terms("").gate(&[silent], &held());
    let hit = gated.findings(Outcome::Refused).next().expect("a finding").1;
    assert_eq!(hit.found, "MAL-1");
}

#[test]
fn exceptions_are_granted_by_any_name_and_say_which() {
    let weak = weak("GHSA-1", Some(Grade::High), false, false);
    let gated = |finding: &str, now: &str| {
        let more = format!("finding = \"{finding}\"\n");
        let policy = format!("[advisories]\nrefuse = \"any\"\nmax-age-days = 7\n{}", exception("advisories.severity", "room/a", &more));
        terms(&policy).gate(std::slice::from_ref(&weak), &Asked { now: time(now), ..held() })
    };
    let hit = |gated: &Gated| gated.rules.iter().find(|ruled| ruled.rule == rules::SEVERITY).expect("in force").hits[0].clone();
    let by_alias = hit(&gated("CVE-1", "2026-06-01T00:00:00Z"));
    assert!(by_alias.outcome == Outcome::Excepted && by_alias.found.contains("exception 1 was granted for CVE-1"), "{by_alias:?}");
    assert!(!hit(&gated("GHSA-1", "2026-06-01T00:00:00Z")).found.contains("was granted"), "by its own name");
    let expired = gated("CVE-1", "2026-06-02T00:00:00Z");
    assert!(hit(&expired).outcome == Outcome::Refused && hit(&expired).found.contains("granted for CVE-1 has expired"), "{expired:?}");
    assert_eq!((expired.exceptions[0].matched, hit(&gated("CVE-2", "2026-06-01T00:00:00Z")).outcome), (1, Outcome::Refused));
}

#[test]
fn missing_advisories_are_a_refusal_and_never_clean() {
    let terms = terms("[advisories]\nrefuse = \"high\"\nmax-age-days = 7\n");
    let worst = |advised| {
        let gated = terms.gate(&[Subject { packages: None, ..subject("a") }], &asked(advised));
        let of = |rule: Rule| gated.rules.iter().find(|ruled| ruled.rule == rule).expect("in force").worst;
        (of(rules::DATA), of(rules::SEVERITY))
    };
    assert_eq!(worst(Advised::Missing("there are none".to_owned())), (Outcome::Refused, Outcome::NotAssessed));
    assert_eq!(worst(Advised::Later), (Outcome::NotAssessed, Outcome::NotAssessed));
    assert_eq!(worst(Advised::Held(Consulted::default())), (Outcome::Passed, Outcome::Passed));
}

fn exception(rule: &str, subject: &str, more: &str) -> String {
    format!(
        "[[exception]]\nrule = \"{rule}\"\nsubject = \"{subject}\"\nowner = \"Alice\"\nreason = \"until it is replaced\"\n\
         granted = \"2026-01-01\"\nexpires = \"2026-06-01\"\n{more}"
    )
}

#[test]
fn exceptions_let_one_thing_through_and_are_listed() {
    let policy = |subject: &str, more: &str| format!("[artifacts]\nmax-bytes = 1\n{}", exception("artifacts.size", subject, more));
    for (wanted, expected) in [
        ("room/a", Outcome::Excepted),
        ("room/a@1", Outcome::Excepted),
        ("pkg:generic/a", Outcome::Excepted),
        ("pkg:generic/a@1", Outcome::Excepted),
        ("room/a@2", Outcome::Refused),
        ("pkg:generic/a@2", Outcome::Refused),
        ("pkg:generic/b", Outcome::Refused),
        ("room/", Outcome::Refused),
    ] {
        assert_eq!(outcome(&policy(wanted, ""), &subject("a"), rules::SIZE), expected, "{wanted}");
    }
    let gated = terms(&policy("room/b", "")).gate(&[subject("a")], &held());
    assert_eq!((gated.exceptions.len(), gated.exceptions[0].matched, gated.worst()), (1, 0, Outcome::Refused));
    let weak = weak("X-1", Some(Grade::High), false, false);
    let advisory = |finding: &str, subject: &str| {
        let more = format!("finding = \"{finding}\"\n");
        let policy = format!("[advisories]\nrefuse = \"any\"\nmax-age-days = 7\n{}", exception("advisories.severity", subject, &more));
        outcome(&policy, &weak, rules::SEVERITY)
    };
    assert_eq!(advisory("X-1", "pkg:generic/inner"), Outcome::Excepted, "by the package");
    assert_eq!(advisory("X-1", "room/a"), Outcome::Excepted, "by the artifact");
    assert_eq!(advisory("X-2", "room/a"), Outcome::Refused);
}

#[test]
fn exceptions_end() {
    let terms = terms(&format!("[artifacts]\nmax-bytes = 1\n{}", exception("artifacts.size", "room/a", "")));
    let at = |now: &str| terms.gate(&[subject("a")], &Asked { now: time(now), ..held() });
    assert_eq!(at("2026-06-01T23:59:59Z").worst(), Outcome::Excepted);
    let expired = at("2026-06-02T00:00:00Z");
    assert_eq!(expired.worst(), Outcome::Refused);
    assert_eq!((expired.exceptions[0].standing, expired.exceptions[0].matched), (Standing::Expired, 1));
    let told = expired.rules.iter().find(|ruled| ruled.rule == rules::EXCEPTION).expect("in force");
    assert!(told.worst == Outcome::Shown && told.hits[0].found.contains("has expired"), "{told:?}");
    assert_eq!(at("2025-12-31T23:59:59Z").worst(), Outcome::Refused, "not begun");
}

#[test]
fn what_would_ask_nothing_is_no_policy() {
    let sound = exception("artifacts.size", "room/a", "");
    for (text, word) in [
        ("[artifacts]\nlicence-refused = []\n".to_owned(), "licence-refused"),
        ("[artifacts]\nlicences-refused = [\"GPL-3.0\"]\n".to_owned(), "GPL-3.0-only"),
        ("[artifacts]\nlicences-refused = [\"Apache 2\"]\n".to_owned(), "Apache-2.0"),
        ("[artifacts]\nlicences-refused = [\"MIT OR ISC\"]\n".to_owned(), "no single licence"),
        ("[artifacts]\nscan-severity = \"error\"\n".to_owned(), "by itself"),
        ("[artifacts]\nunknown-age = \"refused\"\n".to_owned(), "by itself"),
        ("[artifacts]\nscan = \"refused\"\nscan-severity = \"grave\"\n".to_owned(), "none of its words"),
        ("[artifacts]\ncool-down-days = 0\n".to_owned(), "out of range"),
        ("[artifacts]\ncool-down-days = 36526\n".to_owned(), "out of range"),
        ("[advisories]\nmax-age-days = 36526\n".to_owned(), "out of range"),
        ("[advisories]\nmax-age-days = 7\nmax-record-age-days = 0\n".to_owned(), "out of range"),
        ("[advisories]\nrefuse = \"high\"\n".to_owned(), "max-age-days"),
        ("[advisories]\nrefuse = \"very\"\nmax-age-days = 1\n".to_owned(), "none of its words"),
        (sound.replace("artifacts.size", "bundle.age"), "no exceptions"),
        (sound.replace("2026-06-01", "2027-01-03"), "too late"),
        (sound.replace("2026-06-01", "2025-12-31"), "before it begins"),
        (sound.replace("2026-06-01", "soon"), "no day"),
        (sound.replace("Alice", " "), "empty"),
        (sound.replace("until it is replaced", ""), "empty"),
        (sound.replace("until it is replaced", "until it is \\u202ereplaced"), "not plain"),
        (sound.replace("Alice", "Alice\\u001b[2J"), "not plain"),
        (sound.replace("room/a", "room/a\\u0007"), "room/a"),
        (sound.replace("artifacts.size", "advisories.malicious"), "one person"),
        (format!("{sound}vex = \"not_affected\"\n"), "not say about what"),
        (format!("{sound}justification = \"component_not_present\"\n"), "by itself"),
        (format!("{}finding = \"X\"\nvex = \"fine\"\n", exception("advisories.severity", "pkg:npm/a", "")), "status is not known"),
        (format!("{}second-owner = \"Alice\"\n", sound.replace("artifacts.size", "advisories.malicious")), "one person"),
        (format!("{}second-owner = \" Alice \"\n", sound.replace("artifacts.size", "advisories.malicious")), "one person"),
    ] {
        let said = refused(&text);
        assert!(said.contains(word), "{text}: {said}");
    }
    let second = format!("{}second-owner = \"Bob\"\n", sound.replace("artifacts.size", "advisories.malicious"));
    assert_eq!(terms(&second).exceptions[0].second.as_deref(), Some("Bob"));
    assert!(!terms("").ask() && !terms("[bundle]\nlines = [\"main\"]\n").ask());
}

/// An exception is granted for what was found: nobody can grant what nobody has looked at.
#[test]
fn no_exception_lets_through_what_was_not_assessed() {
    let policy = format!("[artifacts]\nscan = \"refused\"\n{}", exception("artifacts.scan", "room/a", ""));
    for scan in [None, Some(Look { absent: 1, ..Look::default() }), Some(Look { cut: 1, ..Look::default() })] {
        let gated = terms(&policy).gate(&[Subject { scan, ..subject("a") }], &held());
        assert_eq!((gated.worst(), gated.exceptions[0].matched), (Outcome::NotAssessed, 0), "{gated:?}");
    }
    let seen = Scanned { rule: "zip-gap".to_owned(), weight: Weight::Error, what: "somewhere".to_owned() };
    let found = Subject { scan: Some(Look { findings: vec![seen], ..Look::default() }), ..subject("a") };
    assert_eq!(outcome(&policy, &found, rules::SCAN), Outcome::Excepted);
}

#[test]
fn what_is_not_listed_is_counted() {
    let many: Vec<Subject> = (0..MOST_FINDINGS + 5).map(|n| subject(&format!("n{n}"))).collect();
    let gated = terms("[artifacts]\nmax-bytes = 1\n").gate(&many, &held());
    let sizes = gated.rules.iter().find(|ruled| ruled.rule == rules::SIZE).expect("in force");
    assert_eq!((sizes.hits.len(), sizes.more, sizes.count(Outcome::Refused)), (MOST_FINDINGS, 5, MOST_FINDINGS + 5));
    assert!(sarif(std::slice::from_ref(&gated), &[]).to_string().contains("5 further findings"));
    assert!(gated.told().iter().any(|finding| finding.found.contains("5 further findings")));
    assert!(junit(std::slice::from_ref(&gated), &[]).contains(&format!("failures=\"{}\"", MOST_FINDINGS + 5)));
}

/// What nobody has looked at decides, however many findings are only shown before it.
#[test]
fn what_was_not_assessed_is_listed_before_what_is_only_shown() {
    let seen = || Scanned { rule: "zip-gap".to_owned(), weight: Weight::Error, what: "somewhere".to_owned() };
    let shown = |n| Subject { scan: Some(Look { findings: vec![seen()], ..Look::default() }), ..subject(&format!("n{n}")) };
    let unseen = Subject { scan: None, ..subject("unseen") };
    let many: Vec<Subject> = (0..MOST_FINDINGS).map(shown).chain([unseen]).collect();
    let gated = terms("[artifacts]\nscan = \"shown\"\n").gate(&many, &held());
    let ruled = gated.rules.iter().find(|ruled| ruled.rule == rules::SCAN).expect("in force");
    assert_eq!((ruled.hits.len(), ruled.more, ruled.hits[0].outcome), (MOST_FINDINGS, 1, Outcome::NotAssessed));
    assert_eq!(gated.findings(Outcome::NotAssessed).count(), 1);
}

/// A reader that follows findings from day to day tells two of one package apart.
#[test]
fn two_findings_of_one_package_are_two_in_sarif() {
    let mut two = weak("X-1", Some(Grade::High), false, false);
    let weaknesses = &mut two.packages.as_mut().expect("packages")[0].weaknesses;
    weaknesses.push(Weakness { id: "X-2".to_owned(), names: vec!["X-2".to_owned()], ..weaknesses[0].clone() });
    let gated = terms("[advisories]\nrefuse = \"high\"\nmax-age-days = 7\n").gate(&[two], &held());
    let log = sarif(std::slice::from_ref(&gated), &[]);
    let results = log["runs"][0]["results"].as_array().expect("results").iter().filter(|result| result["ruleId"] == rules::SEVERITY.id);
    let marks: std::collections::BTreeSet<String> = results.map(|result| result["partialFingerprints"].to_string()).collect();
    assert_eq!(marks.len(), 2, "{log}");
}

/// Every state at once, of things with hostile names.
fn everything() -> Gated {
    let mut hostile = weak("MAL-1", None, true, true);
    hostile.name = "room/\u{1b}[2J<a>&\"\u{202e}\u{fffe}]]>".to_owned();
    hostile.purl = "pkg:generic/a b".to_owned();
    let policy = format!(
        "[artifacts]\nmax-bytes = 99\ncool-down-days = 3\nscan = \"refused\"\nunknown-licence = \"shown\"\n[advisories]\nrefuse = \"high\"\nmax-age-days = 7\n{}",
        exception("artifacts.size", "room/b", "")
    );
    let unread = Subject { scan: None, ..subject("c") };
    terms(&policy).gate(&[hostile, subject("b"), unread], &held())
}

/// By the list that reports and tables of controls are read with.
#[test]
fn no_rule_and_no_document_promises_more_than_was_looked_at() {
    let gated = everything();
    let said = gated.told().iter().map(|finding| format!("{} {}", finding.expected, finding.found)).collect::<Vec<_>>().join("\n");
    let failed = ["the bundle is damaged".to_owned()];
    let documents = [sarif(std::slice::from_ref(&gated), &failed).to_string(), junit(std::slice::from_ref(&gated), &failed), said];
    let texts = rules::ALL.iter().flat_map(|rule| [rule.title.to_owned(), rule.help.to_owned()]).chain(documents);
    for text in texts {
        assert_eq!(crate::report::promises::promised(&text, "en"), Vec::<String>::new(), "{text}");
    }
}

/// What could not be judged is in both documents, as what nobody can take for an answer without findings.
#[test]
fn what_was_not_judged_is_said_in_the_documents() {
    let why = ["kit 1: <damaged> [here]".to_owned()];
    let log = sarif(&[], &why);
    let invocation = &log["runs"][0]["invocations"][0];
    assert_eq!((invocation["executionSuccessful"].as_bool(), log["runs"].as_array().map(Vec::len)), (Some(false), Some(1)));
    assert_eq!(invocation["toolExecutionNotifications"][0]["message"]["text"], r"kit 1: <damaged> \[here\]");
    let xml = junit(&[], &why);
    assert!(
        xml.contains("tests=\"1\" failures=\"0\" errors=\"1\"") && xml.contains("<error message=\"kit 1: &lt;damaged&gt; [here]\"/>"),
        "{xml}"
    );
    let both = sarif(&[everything(), everything()], &why);
    assert_eq!(both["runs"].as_array().map(Vec::len), Some(3), "a run each");
    assert_eq!(junit(&[everything(), everything()], &[]).matches("<testsuite name=\"artifacts\"").count(), 2);
}

#[test]
fn documents_have_every_outcome_and_no_hostile_character() {
    let gated = everything();
    for outcome in Outcome::ALL {
        assert!(gated.rules.iter().any(|ruled| ruled.count(outcome) > 0), "{}", outcome.word());
    }
    let log = sarif(std::slice::from_ref(&gated), &[]);
    let results = log["runs"][0]["results"].as_array().expect("results");
    assert!(results.iter().any(|result| result["suppressions"][0]["justification"].as_str().is_some_and(|why| why.contains("Alice"))));
    assert!(results.iter().all(|result| result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] != "pkg:generic/a b"));
    let texts: Vec<&str> = results.iter().filter_map(|result| result["message"]["text"].as_str()).collect();
    assert!(
        texts.iter().any(|text| text.contains(r"something \[here\](https://example.org) {{0}}")),
        "a link, or a place for arguments: {texts:?}"
    );
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().expect("rules");
    for result in results {
        let at = result["ruleIndex"].as_u64().expect("an index") as usize;
        assert_eq!(rules[at]["id"], result["ruleId"]);
    }
    let xml = junit(std::slice::from_ref(&gated), &[]);
    assert!(xml.chars().all(|c| c == '\n' || c >= ' ' && c != '\u{fffe}' && c != '\u{202e}') && !xml.contains("<a>"), "{xml}");
    assert!(xml.contains("<skipped") && xml.contains("<failure") && xml.contains("excepted by Alice"), "{xml}");
    assert_eq!(
        (sarif(std::slice::from_ref(&gated), &[]).to_string(), junit(std::slice::from_ref(&gated), &[]), document(&gated)),
        (sarif(std::slice::from_ref(&everything()), &[]).to_string(), xml, document(&everything()))
    );
}

#[test]
fn the_document_lists_every_rule() {
    let text = include_str!("../../../docs/formats/policy.md");
    for rule in rules::ALL {
        assert!(text.contains(&format!("`{}`", rule.id)), "{} is not in docs/formats/policy.md", rule.id);
    }
    let ids: Vec<&str> = rules::ALL.iter().map(|rule| rule.id).collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
}

/// A document that was kept says line by line what the findings said.
#[test]
fn what_was_kept_is_read_back_as_it_was_told() {
    let mut gated = everything();
    gated.rules[1].more = 3;
    let bundle = Policy::parse(b"airlift-policy = 1\n[bundle]\nlines = [\"main\"]\n").expect("a policy");
    let facts = crate::policy::Facts {
        toolkit: "kit".to_owned(),
        line: "other".to_owned(),
        created: time("2026-01-01T00:00:00Z"),
        ecosystems: std::collections::BTreeSet::new(),
        missing: None,
        root_expires: None,
        now: time("2026-01-01T00:00:00Z"),
    };
    let gated = gated.beside(&bundle.judge(&facts));
    let told: Vec<Kept> = gated
        .told()
        .into_iter()
        .map(|finding| Kept {
            rule: finding.rule.to_owned(),
            outcome: finding.outcome.word().to_owned(),
            expected: finding.expected,
            found: finding.found,
            subject: finding.subject,
            exception: finding.exception,
        })
        .collect();
    assert!(told.iter().any(|line| line.exception.is_some()) && told.iter().any(|line| line.rule == "bundle.line"), "{told:?}");
    assert_eq!(read(document(&gated).to_string().as_bytes()).expect("it is read"), told);
    for broken in ["{}", "[]", r#"{"airlift-gates":2,"rules":[],"exceptions":[]}"#] {
        assert_eq!(read(broken.as_bytes()).map_err(|e| e.kind()), Err(crate::error::Kind::Store), "{broken}");
    }
    let astray = document(&gated).to_string().replace("\"exception\":1", "\"exception\":9");
    assert!(read(astray.as_bytes()).is_err(), "an exception that is not in it");
}
