use super::people::{STATEMENT, person, principal, root_signatures, rule, signed, terms, token};
use super::rotation::put_next;
use crate::world::{World, noise, verification};
use airlift::artifact::{Artifact, Digest};
use airlift::error::Kind;
use airlift::steps::import::import;
use airlift::steps::trust::Edits;
use airlift::steps::verify::open_one;
use airlift::trust::{BUNDLE, Custody, Presence, Reason, Revoked, Role, Rule, Scope, Signer, Terms, TrustRoot, Why};

fn artifact(ecosystem: &str, name: &str) -> Artifact {
    Artifact {
        ecosystem: ecosystem.into(),
        sections: vec!["all".into()],
        name: name.into(),
        version: "1".into(),
        descriptors: vec![],
        subject: None,
        meta: serde_json::Value::Null,
    }
}

fn scoped(threshold: usize, people: &[&str], scopes: &[&str]) -> Rule {
    Rule { scopes: scopes.iter().map(|s| Scope::parse(s).unwrap()).collect(), ..rule(threshold, people) }
}

#[test]
fn patterns_mean_what_they_say() {
    for (pattern, yes, no) in [
        ("*:**", &["a:b", "a:b/c/d"][..], &[][..]),
        ("python:*", &["python:numpy"], &["python:a/b", "conda:numpy", "pythonx:numpy"]),
        (
            "images:quay.io/team/**",
            &["images:quay.io/team/app", "images:quay.io/team/a/b"],
            &["images:quay.io/team", "images:quay.io/teams/app"],
        ),
        ("files:tools/*.txt", &["files:tools/a.txt", "files:tools/.txt"], &["files:tools/a/b.txt", "files:a.txt", "files:tools/txt"]),
        ("files:ab*ba", &["files:abba", "files:abxba"], &["files:aba"]),
        ("models:org/model", &["models:org/model"], &["models:org/model/x", "models:org"]),
    ] {
        let scope = Scope::parse(pattern).unwrap();
        let matches = |text: &&str| text.split_once(':').is_some_and(|(ecosystem, name)| scope.matches(ecosystem, name));
        assert!(yes.iter().all(matches) && !no.iter().any(matches), "{pattern}");
    }
    for wrong in
        ["numpy", "python:", ":x", "Python:*", "p*:x", "files:a**", "files:**/a", "files:*a*", "files:../x", "files:a//b", "files:/a"]
    {
        assert_eq!(Scope::parse(wrong).expect_err(wrong).kind(), Kind::Verification);
    }
    assert!(Scope::parse(&format!("a:{}", "b".repeat(300))).is_err());
}

/// Anybody of three for everything; images need Bob as well, and models two of them.
fn root() -> TrustRoot {
    let everybody = ["alice", "bob", "carol"];
    let bundle =
        vec![rule(1, &everybody), scoped(1, &["bob"], &["images:**"]), scoped(2, &everybody, &["models:org/**", "models:other/**"])];
    TrustRoot::write(&Terms { bundle, ..terms() }).unwrap()
}

fn judged(root: &TrustRoot, people: &[&str], artifacts: &[Artifact]) -> airlift::error::Result<()> {
    let keys: Vec<_> = people.iter().map(|name| (*name, person(name))).collect();
    let signers: Vec<(&str, &dyn Signer)> = keys.iter().map(|(name, key)| (*name, key as _)).collect();
    let judged = root.judge(Role::Bundle, BUNDLE, STATEMENT, &signed("bundle", BUNDLE, STATEMENT, &signers))?;
    root.judge_scopes(&judged.tally, artifacts)
}

#[test]
fn every_matching_rule_must_be_met() {
    let root = root();
    let (python, image, model) = (artifact("python", "numpy"), artifact("images", "quay.io/app"), artifact("models", "org/large"));
    judged(&root, &["alice"], std::slice::from_ref(&python)).unwrap();
    judged(&root, &["bob"], &[python.clone(), image.clone()]).unwrap();
    judged(&root, &["alice", "bob"], &[python.clone(), image.clone(), model.clone()]).unwrap();
    let refusal = judged(&root, &["alice"], &[python.clone(), image]).unwrap_err();
    assert_eq!(refusal.kind(), Kind::Verification);
    assert!(refusal.to_string().contains("images/quay.io/app 1") && refusal.to_string().contains("nobody of them"), "{refusal}");
    let refusal = judged(&root, &["bob"], &[model]).unwrap_err();
    assert!(refusal.to_string().contains("2 of alice, bob, carol (for models:org/**, models:other/**)"), "{refusal}");
    assert_eq!(judged(&root, &[], &[python]).unwrap_err().message(), "unsigned");
}

#[test]
fn what_no_rule_matches_is_refused_whoever_signs() {
    let root = TrustRoot::write(&Terms { bundle: vec![scoped(1, &["alice"], &["python:*"])], ..terms() }).unwrap();
    judged(&root, &["alice"], &[artifact("python", "numpy")]).unwrap();
    let refusal = judged(&root, &["alice", "bob"], &[artifact("python", "numpy"), artifact("conda", "numpy")]).unwrap_err();
    assert_eq!(refusal.kind(), Kind::Policy);
    assert!(refusal.to_string().contains("conda:numpy") && refusal.to_string().contains("python:*"), "{refusal}");
}

#[test]
fn roots_with_scopes_and_roles_are_written_and_read_without_loss() {
    let mut wide = root().terms().clone();
    wide.approve = Some(Rule { distinct_from: vec![Role::Bundle], presence: Presence::Pin, ..rule(1, &["carol"]) });
    wide.revoke = Some(rule(1, &["bob"]));
    wide.report = Some(Rule { custody: vec![Custody::File, Custody::Piv], ..rule(1, &["alice"]) });
    wide.revoked = vec![Revoked { key: Digest::of(b"a key"), reason: Reason::Retired, last_good: vec![] }];
    let root = TrustRoot::write(&wide).unwrap();
    assert_eq!(*root.terms(), wide);
    assert!(std::str::from_utf8(root.bytes()).unwrap().starts_with("{\n  \"airlift-root\": 2,"));
    assert_eq!(root.people(Role::Bundle), ["alice", "bob", "carol"]);
}

#[test]
fn demands_that_nobody_could_keep_are_refused() {
    type Damage = Box<dyn Fn(&mut Terms)>;
    let key = |name: &str| Revoked { key: person(name).public_key().id(), reason: Reason::Lost, last_good: vec![] };
    let (alice, bob) = (key("alice"), key("bob"));
    let both = vec![alice.clone(), bob];
    let wrong: Vec<(&str, Damage)> = vec![
        ("has no rule, or too many", Box::new(|t| t.bundle.clear())),
        ("has no rule, or too many", Box::new(|t| t.bundle = vec![rule(1, &["bob"]); 17])),
        ("too many scopes", Box::new(|t| t.bundle = vec![scoped(1, &["bob"], &["a:b"].repeat(65))])),
        ("said twice", Box::new(|t| t.bundle = vec![scoped(1, &["bob"], &["a:b", "a:b"])])),
        ("scopes are for the role `bundle`", Box::new(|t| t.root = scoped(1, &["bob"], &["a:b"]))),
        ("revoking needs one key", Box::new(|t| t.revoke = Some(rule(2, &["alice", "bob"])))),
        ("`distinct-from` is for", Box::new(|t| t.root.distinct_from = vec![Role::Bundle])),
        ("names a role that signs nothing", Box::new(|t| t.approve = Some(Rule { distinct_from: vec![Role::Root], ..rule(1, &["bob"]) }))),
        (
            "names a role that signs nothing",
            Box::new(|t| t.approve = Some(Rule { distinct_from: vec![Role::Report], ..rule(1, &["bob"]) })),
        ),
        ("have a key that counts", Box::new(|t| t.root.custody = vec![Custody::Fido2])),
        ("have a key that counts", Box::new(move |t| t.revoked = both.clone())),
        ("revokes a key twice", Box::new(move |t| t.revoked = vec![alice.clone(), alice.clone()])),
    ];
    for (words, damage) in wrong {
        let mut terms = terms();
        damage(&mut terms);
        let error = TrustRoot::write(&terms).expect_err(words);
        assert!(error.message().contains(words), "{error}\nexpected: {words}");
    }
}

#[test]
fn tokens_show_what_the_role_asks_and_stock_tools_do_not_look() {
    let carol = principal("carol", token("carol", 1).public_key());
    for (presence, flags, counts) in [
        (Presence::Touch, 0, false),
        (Presence::Touch, 1, true),
        (Presence::Pin, 1, false),
        (Presence::Pin, 5, true),
        (Presence::Pin, 4, false),
    ] {
        let bundle = vec![Rule { presence, ..rule(1, &["carol", "alice"]) }];
        let root = TrustRoot::write(&Terms {
            bundle,
            principals: vec![terms().principals[0].clone(), terms().principals[1].clone(), carol.clone()],
            ..terms()
        })
        .unwrap();
        let by_carol = signed("bundle", BUNDLE, STATEMENT, &[("carol", &token("carol", flags))]);
        assert_eq!(root.judge(Role::Bundle, BUNDLE, STATEMENT, &by_carol).is_ok(), counts, "{presence:?} {flags}");
        // A key without an authenticator has no flags to show: `custody` is what rules it out.
        let by_alice = signed("bundle", BUNDLE, STATEMENT, &[("alice", &person("alice"))]);
        root.judge(Role::Bundle, BUNDLE, STATEMENT, &by_alice).unwrap();
    }
    let strict = Rule { presence: Presence::Pin, custody: vec![Custody::Fido2], ..rule(1, &["carol", "alice"]) };
    let root = TrustRoot::write(&Terms { bundle: vec![strict], ..terms() }).unwrap();
    let both = signed("bundle", BUNDLE, STATEMENT, &[("alice", &person("alice")), ("carol", &token("carol", 1))]);
    let error = root.judge(Role::Bundle, BUNDLE, STATEMENT, &both).unwrap_err();
    assert!(
        error.to_string().contains("PIN of carol's token was not given") && error.to_string().contains("how alice keeps it"),
        "{error}"
    );
}

#[test]
fn who_signed_the_bundle_does_not_approve_it() {
    let approve = Some(Rule { distinct_from: vec![Role::Bundle], ..rule(1, &["alice", "bob"]) });
    let root = TrustRoot::write(&Terms { approve, bundle: vec![rule(1, &["alice", "bob"])], ..terms() }).unwrap();
    let bundle = root.judge(Role::Bundle, BUNDLE, STATEMENT, &signed("bundle", BUNDLE, STATEMENT, &[("alice", &person("alice"))])).unwrap();
    let approval = |who: &str| signed("approve", Role::Approve.namespace(), STATEMENT, &[(who, &person(who))]);
    let others = [(Role::Bundle, &bundle.tally)];
    let refusal = root.judge_apart(Role::Approve, STATEMENT, &approval("alice"), &others).unwrap_err();
    assert!(refusal.to_string().contains("alice counts as `bundle` already"), "{refusal}");
    let judged = root.judge_apart(Role::Approve, STATEMENT, &approval("bob"), &others).unwrap();
    assert!(judged.tally.uncounted.iter().all(|u| u.why != Why::UnknownKey));
    let none = root_signatures(&root, &[]);
    assert!(root.judge_apart(Role::Report, STATEMENT, &none, &[]).unwrap_err().message().contains("no role `report`"));
}

#[test]
fn a_bundle_is_judged_by_the_scopes_when_it_is_opened_and_again_when_it_is_imported() {
    let world = World::new();
    let volumes = world.pack(&world.lock("kit", &[noise(100, 1)]), "set", None, &[1]);
    for (name, scope, taken) in [("in", "files:blob-*", true), ("out", "images:**", false)] {
        let receiver = world.receiver(name);
        let early = world.open(&volumes).unwrap();
        let root = put_next(&world, &receiver, &Edits { bundle_rule: &[format!("1=person1@{scope}")], ..Edits::default() });
        let opened = open_one(&volumes, &root).map(|_| ());
        let imported = import(early, &crate::world::journal(&receiver.writer().unwrap()), &verification()).map(|_| ());
        for outcome in [opened, imported] {
            let refused = outcome.as_ref().is_err_and(|e| e.kind() == Kind::Policy && e.to_string().contains("files:blob-000"));
            assert!(if taken { outcome.is_ok() } else { refused }, "{scope}: {outcome:?}");
        }
    }
}
