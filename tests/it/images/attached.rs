//! Signatures and other referrers.

use super::pictures::{INDEX, MANIFEST, blob, index, list, put, referrer, single};
use super::registry::{Answer, Registry};
use super::{lock, lock_with, refusal, round_trip, settings};
use airlift::artifact::Artifact;
use serde_json::{Value, json};

fn roles(artifacts: &[Artifact]) -> Vec<(&str, &str)> {
    artifacts.iter().map(|a| (a.meta["role"].as_str().unwrap(), a.version.split('-').next().unwrap().split(':').next().unwrap())).collect()
}

fn signatures(artifacts: &[Artifact]) -> &Value {
    &artifacts[0].meta["signatures"]
}

#[tokio::test]
async fn what_was_looked_for_and_is_absent_is_recorded() {
    let registry = Registry::start();
    let image = single(&registry, "team/app", Some("1"), "amd64");
    let locked = lock(&registry, "team/app:1", "").await.unwrap();
    assert_eq!(signatures(&locked.artifacts), &json!({ "cosign": "absent", "referrers": "unsupported" }));
    assert!(locked.summary.ends_with("   signature: none found"), "{}", locked.summary);
    assert!(locked.notes[0].ends_with("looked for signatures (cosign's tags, referrers): there are none"), "{:?}", locked.notes);
    list(&registry, "team/app", &image.digest, &[]);
    let locked = lock(&registry, "team/app:1", "").await.unwrap();
    assert_eq!(signatures(&locked.artifacts), &json!({ "cosign": "absent", "referrers": "absent" }));
}

#[tokio::test]
async fn cosign_tags_and_referrers_are_carried_two_levels_deep() {
    let registry = Registry::start();
    let (root, children) = index(&registry, "team/app", "1");
    let sbom = referrer(&registry, "team/app", "application/spdx+json", &root);
    let signed = referrer(&registry, "team/app", "application/vnd.example.signature", &sbom);
    let third = referrer(&registry, "team/app", "application/vnd.example.third", &signed);
    list(&registry, "team/app", &root.digest, &[&sbom]);
    list(&registry, "team/app", &sbom.digest, &[&signed]);
    list(&registry, "team/app", &signed.digest, &[&third]);
    list(&registry, "team/app", &children[0].digest, &[]);
    registry.blob("team/app", b"{}");
    registry.blob("team/app", b"payload");
    let signature = json!({
        "schemaVersion": 2, "mediaType": MANIFEST, "config": blob("application/vnd.oci.image.config.v1+json", b"{}"),
        "layers": [blob("application/vnd.dev.cosign.simplesigning.v1+json", b"payload")],
    });
    for subject in [&root, &children[0]] {
        put(&registry, "team/app", Some(&format!("sha256-{}.sig", subject.digest.hex())), MANIFEST, &signature);
    }
    let locked = lock(&registry, "team/app:1", "").await.unwrap();
    assert_eq!(signatures(&locked.artifacts), &json!({ "cosign": "carried", "referrers": 2 }));
    assert!(locked.summary.ends_with("   signature: cosign and 2 referrers, carried"), "{}", locked.summary);
    let expected = [("image", "1"), ("cosign-tag", "sha256"), ("referrer", "sha256"), ("cosign-tag", "sha256"), ("referrer", "sha256")];
    assert_eq!(roles(&locked.artifacts), expected);
    assert_eq!(locked.artifacts[1].subject, Some(root.digest));
    assert_eq!(locked.artifacts[2].subject, Some(root.digest));
    assert_eq!(locked.artifacts[3].subject, Some(children[0].digest), "the platform's own signature");
    assert_eq!(locked.artifacts[4].subject, Some(sbom.digest));
    assert_eq!(locked.artifacts[2].meta["artifact-type"], "application/spdx+json");
    assert!(locked.artifacts.iter().all(|a| a.descriptors[0].digest != third.digest), "two levels, not three");
    round_trip(locked.artifacts);
}

#[tokio::test]
async fn a_registry_without_the_list_has_it_under_a_tag() {
    let registry = Registry::start();
    let image = single(&registry, "team/app", Some("1"), "amd64");
    let sbom = referrer(&registry, "team/app", "application/spdx+json", &image);
    let gone = json!({ "mediaType": MANIFEST, "digest": format!("sha256:{}", "0".repeat(64)), "size": 2 });
    let tag = format!("sha256-{}", image.digest.hex());
    put(&registry, "team/app", Some(&tag), INDEX, &json!({ "schemaVersion": 2, "manifests": [sbom.descriptor(), gone] }));
    let locked = lock(&registry, "team/app:1", "signatures = false").await.unwrap();
    assert_eq!(signatures(&locked.artifacts), &json!({ "cosign": "not-looked-for", "referrers": 1 }));
    let versions: Vec<_> = locked.artifacts.iter().map(|a| a.version.clone()).collect();
    assert_eq!(versions, ["1".to_owned(), tag, sbom.digest.to_string()]);
    assert_eq!(locked.artifacts[1].meta["role"], "referrers-tag");
    assert!(locked.notes[0].contains("but the registry does not have it"), "{:?}", locked.notes);
}

#[tokio::test]
async fn pages_are_followed_and_strangers_left_out() {
    let registry = Registry::start();
    let image = single(&registry, "team/app", Some("1"), "amd64");
    let other = single(&registry, "team/app", Some("2"), "arm64");
    let (mine, strange) = (referrer(&registry, "team/app", "a/b", &image), referrer(&registry, "team/app", "a/b", &other));
    let page = |put: &super::pictures::Put| json!({ "schemaVersion": 2, "manifests": [put.descriptor()] }).to_string();
    let (first, second, path) = (page(&mine), page(&strange), format!("/v2/team/app/referrers/{}", image.digest));
    let next = format!("<{path}?page=2>; rel=\"next\"");
    registry.rule(move |asked| match (asked.path == path, asked.query.as_str()) {
        (true, "page=2") => Some(Answer::new(200, second.clone()).with("Content-Type", INDEX)),
        (true, _) => Some(Answer::new(200, first.clone()).with("Content-Type", INDEX).with("Link", &next)),
        _ => None,
    });
    let locked = lock(&registry, "team/app:1", "signatures = false").await.unwrap();
    assert_eq!(signatures(&locked.artifacts)["referrers"], 1);
    assert!(locked.notes[0].ends_with("but does not refer to it: left out"), "{:?}", locked.notes);
}

#[tokio::test]
async fn a_list_without_end_is_given_up() {
    let registry = Registry::start();
    let image = single(&registry, "team/app", Some("1"), "amd64");
    let path = format!("/v2/team/app/referrers/{}", image.digest);
    registry.rule(move |asked| {
        let empty = json!({ "schemaVersion": 2, "manifests": [] }).to_string();
        let link = format!("<{path}?again>; rel=\"next\"");
        (asked.path == path).then(|| Answer::new(200, empty).with("Content-Type", INDEX).with("Link", link))
    });
    let error = lock(&registry, "team/app:1", "signatures = false").await.unwrap_err();
    assert!(error.message().ends_with("the list of referrers does not end"), "{error}");
}

#[tokio::test]
async fn a_page_instead_of_a_list_is_no_list() {
    let registry = Registry::start();
    single(&registry, "team/app", Some("1"), "amd64");
    registry.rule(|asked| asked.path.contains("/referrers/").then(|| Answer::new(200, "<html>").with("Content-Type", "text/html")));
    let locked = lock(&registry, "team/app:1", "").await.unwrap();
    assert_eq!(signatures(&locked.artifacts)["referrers"], "unsupported");
}

/// A mirror before a registry, both asked over plain HTTP.
fn mirrored(mirror: &Registry, registry: &str) -> String {
    let mirror = &mirror.host;
    format!(
        "references = [\"{registry}/team/app:1\"]\nplain-http = [\"{registry}\", \"{mirror}\"]\nmirrors = {{ \"{registry}\" = [\"{mirror}\"] }}\n"
    )
}

#[tokio::test]
async fn an_empty_list_of_a_mirror_hides_nothing() {
    let (registry, mirror) = (Registry::start(), Registry::start());
    let image = single(&registry, "team/app", Some("1"), "amd64");
    single(&mirror, "team/app", Some("1"), "amd64");
    list(&mirror, "team/app", &image.digest, &[]);
    let sbom = referrer(&registry, "team/app", "application/spdx+json", &image);
    list(&registry, "team/app", &image.digest, &[&sbom]);
    let locked = lock_with(settings(), &mirrored(&mirror, &registry.host)).await.unwrap();
    assert_eq!(signatures(&locked.artifacts)["referrers"], 1);
}

#[tokio::test]
async fn mirrors_alone_cannot_say_that_there_is_no_signature() {
    let mirror = Registry::start();
    let image = single(&mirror, "team/app", Some("1"), "amd64");
    list(&mirror, "team/app", &image.digest, &[]);
    let section = mirrored(&mirror, "127.0.0.1:9");
    let error = lock_with(settings(), &section).await.unwrap_err();
    assert!(error.hints().iter().any(|hint| hint.contains("signatures = false, referrers = false")), "{error}");
    lock_with(settings(), &format!("{section}signatures = false\nreferrers = false")).await.unwrap();
}

#[tokio::test]
async fn a_referrer_that_is_asked_for_by_name_keeps_its_type() {
    let registry = Registry::start();
    let image = single(&registry, "team/app", Some("1"), "amd64");
    let content = json!({
        "schemaVersion": 2, "mediaType": MANIFEST, "config": blob("application/vnd.example.signature", b"{}"),
        "layers": [], "subject": image.descriptor(),
    });
    registry.blob("team/app", b"{}");
    let signature = put(&registry, "team/app", None, MANIFEST, &content);
    list(&registry, "team/app", &image.digest, &[&signature]);
    let host = &registry.host;
    let section = format!("references = [\"{host}/team/app:1\", \"{host}/team/app@{}\"]\nplain-http = [\"{host}\"]", signature.digest);
    let mut artifacts = lock_with(settings(), &section).await.unwrap().artifacts;
    airlift::ecosystems::unite(&mut artifacts).unwrap();
    let locked = round_trip(artifacts);
    let found = locked.artifacts.iter().find(|a| a.descriptors[0].digest == signature.digest).unwrap();
    assert_eq!((&found.meta["artifact-type"], &found.meta["role"]), (&json!("application/vnd.example.signature"), &json!("image")));
    assert_eq!((found.subject, locked.artifacts.len()), (Some(image.digest), 2));
}

#[tokio::test]
async fn too_many_referrers_are_noticed_while_they_are_asked_for() {
    let registry = Registry::start();
    let image = single(&registry, "team/app", Some("1"), "amd64");
    let first: Vec<_> = (0..40).map(|n| referrer(&registry, "team/app", &format!("a/{n}"), &image)).collect();
    list(&registry, "team/app", &image.digest, &first.iter().collect::<Vec<_>>());
    for subject in &first {
        let second: Vec<_> = (0..60).map(|n| referrer(&registry, "team/app", &format!("b/{n}"), subject)).collect();
        list(&registry, "team/app", &subject.digest, &second.iter().collect::<Vec<_>>());
    }
    let error = refusal(&registry, "team/app:1", "signatures = false").await;
    assert!(error.message().ends_with("too many things refer to one manifest"), "{error}");
    let lists = registry.log().iter().filter(|asked| asked.path.contains("/referrers/")).count();
    assert!(lists < 20, "{lists} of 41 lists were asked for");
}
