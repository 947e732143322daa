//! From references to artifacts.

use super::pictures::{CONFIG, LAYER, LIST, MANIFEST_V2, blob, index, manifest_of, put, single};
use super::registry::{Answer, Registry};
use super::{fetch, lock, lock_with, refusal, round_trip, settings, steady};
use airlift::artifact::{Digest, Learned};
use airlift::error::Kind;
use airlift::upstream::Upstream;
use serde_json::json;

const QUIET: &str = "signatures = false\nreferrers = false";

#[tokio::test]
async fn an_index_is_carried_for_the_targets_only() {
    let registry = Registry::start();
    let (root, children) = index(&registry, "team/app", "1.0");
    let locked = lock(&registry, "team/app:1.0", QUIET).await.unwrap();
    insta::assert_snapshot!(steady(&registry, &locked.summary), @"1 index, 1 platform · 3 layers · 2.3 kB   signature: not looked for");
    let [artifact] = &locked.artifacts[..] else { panic!("one artifact") };
    assert_eq!((artifact.name.clone(), artifact.version.as_str()), (format!("{}/team/app", registry.host), "1.0"));
    assert_eq!(artifact.sections, ["base"]);
    assert_eq!(artifact.descriptors[0].digest, root.digest, "the original index comes first");
    assert!(artifact.descriptors.iter().all(|d| d.learned == Learned::Upstream));
    let has = |digest: Digest| artifact.descriptors.iter().any(|d| d.digest == digest);
    assert!(has(children[0].digest) && has(children[1].digest), "amd64 and its attestation");
    assert!(!has(children[2].digest) && !has(children[3].digest), "not arm64 and its attestation");
    let host = &registry.host;
    assert_eq!(artifact.descriptors[0].origins, [format!("http://{host}/v2/team/app/manifests/{}", root.digest)]);
    let layer = artifact.descriptors.iter().find(|d| d.digest == Digest::of(b"shared layer")).unwrap();
    assert_eq!((layer.size, layer.media_type.as_str()), (12, LAYER));
    assert_eq!(layer.origins, [format!("http://{host}/v2/team/app/blobs/{}", layer.digest)]);
    let meta = &artifact.meta;
    assert_eq!(meta["platforms"], json!(["linux/amd64"]));
    assert_eq!(meta["missing"][0], json!({ "digest": children[2].digest.to_string(), "platform": "linux/arm64" }));
    assert_eq!(meta["signatures"], json!({ "cosign": "not-looked-for", "referrers": "not-looked-for" }));
    round_trip(locked.artifacts);
}

#[tokio::test]
async fn all_platforms_are_a_whole_index() {
    let registry = Registry::start();
    let (_, children) = index(&registry, "team/app", "1.0");
    let locked = lock(&registry, "team/app:1.0", &format!("platforms = \"all\"\n{QUIET}")).await.unwrap();
    let artifact = &locked.artifacts[0];
    assert!(children.iter().all(|child| artifact.descriptors.iter().any(|d| d.digest == child.digest)));
    assert_eq!(artifact.meta["platforms"], json!(["linux/amd64", "linux/arm64"]));
    assert!(artifact.meta.get("missing").is_none());
    assert!(locked.summary.starts_with("1 index, 2 platforms · 5 layers · "), "{}", locked.summary);
}

#[tokio::test]
async fn a_platform_that_is_not_there_is_an_error_that_says_what_is() {
    let registry = Registry::start();
    index(&registry, "team/app", "1.0");
    let error = refusal(&registry, "team/app:1.0", &format!("platforms = [\"linux/amd64\", \"linux/s390x\"]\n{QUIET}")).await;
    assert_eq!(error.kind(), Kind::Usage);
    insta::assert_snapshot!(steady(&registry, &error.to_string()), @r"
    [images.base]: REGISTRY/team/app:1.0: it is not there for linux/s390x
      there is   linux/amd64, linux/arm64, unknown/unknown
      hint: change `platforms` of the section
    ");
    single(&registry, "team/arm", Some("1"), "arm64");
    let error = refusal(&registry, "team/arm:1", QUIET).await;
    assert!(error.message().ends_with("it is not there for linux/amd64"), "{error}");
}

#[tokio::test]
async fn docker_lists_and_manifests_keep_their_types_and_bytes() {
    let registry = Registry::start();
    let mut image = manifest_of(&registry, "old/app", "amd64");
    image["mediaType"] = json!(MANIFEST_V2);
    image["config"]["mediaType"] = json!("application/vnd.docker.container.image.v1+json");
    let image = put(&registry, "old/app", None, MANIFEST_V2, &image);
    let list = json!({ "schemaVersion": 2, "mediaType": LIST, "manifests": [image.on("linux", "amd64")] });
    let list = put(&registry, "old/app", Some("1"), LIST, &list);
    let locked = lock(&registry, "old/app:1", QUIET).await.unwrap();
    let types: Vec<_> = locked.artifacts[0].descriptors.iter().take(2).map(|d| (d.media_type.as_str(), d.digest)).collect();
    assert_eq!(types, [(LIST, list.digest), (MANIFEST_V2, image.digest)]);
}

#[tokio::test]
async fn a_pinned_digest_decides_and_the_tag_is_kept() {
    let registry = Registry::start();
    let pinned = single(&registry, "team/app", None, "amd64");
    index(&registry, "team/app", "1.0");
    let locked = lock(&registry, &format!("team/app:1.0@{}", pinned.digest), QUIET).await.unwrap();
    let artifact = &locked.artifacts[0];
    assert_eq!((artifact.version.as_str(), artifact.descriptors[0].digest), ("1.0", pinned.digest));
    assert_eq!(artifact.descriptors[0].learned, Learned::Pinned);
    assert_eq!(artifact.meta["platforms"], json!(["linux/amd64"]), "from the configuration");
    let locked = lock(&registry, &format!("team/app@{}", pinned.digest), QUIET).await.unwrap();
    assert_eq!(locked.artifacts[0].version, pinned.digest.to_string());
}

#[tokio::test]
async fn an_index_that_disagrees_with_a_configuration_is_noted() {
    let registry = Registry::start();
    let image = single(&registry, "team/app", None, "arm64");
    let index = json!({ "schemaVersion": 2, "manifests": [image.on("linux", "amd64")] });
    put(&registry, "team/app", Some("1"), super::pictures::INDEX, &index);
    let locked = lock(&registry, "team/app:1", QUIET).await.unwrap();
    assert_eq!(locked.notes.len(), 1);
    assert!(locked.notes[0].ends_with("is listed as linux/amd64 and says itself that it is linux/arm64"), "{:?}", locked.notes);
}

#[tokio::test]
async fn mirrors_are_asked_first_and_passed_over_when_they_fail() {
    let (registry, mirror) = (Registry::start(), Registry::start());
    single(&registry, "team/app", Some("1"), "amd64");
    single(&mirror, "proxy/team/app", Some("1"), "amd64");
    let (host, other) = (&registry.host, &mirror.host);
    let section = format!(
        "references = [\"{host}/team/app:1\"]\nplain-http = [\"{host}\", \"{other}\"]\nmirrors = {{ \"{host}\" = [\"{other}/proxy\"] }}\n{QUIET}"
    );
    let locked = lock_with(settings(), &section).await.unwrap();
    assert!(registry.log().is_empty(), "the mirror has it all");
    assert!(mirror.log().iter().all(|asked| asked.query == format!("ns={host}")));
    let layer = locked.artifacts[0].descriptors.iter().find(|d| d.media_type == LAYER).unwrap();
    let origins = [
        format!("http://{other}/v2/proxy/team/app/blobs/{}?ns={host}", layer.digest),
        format!("http://{host}/v2/team/app/blobs/{}", layer.digest),
    ];
    assert_eq!(layer.origins, origins);
    let upstream = Upstream::new(settings()).unwrap();
    mirror.rule(|_| Some(Answer::new(500, "")));
    let (_, bytes) = fetch(&upstream, &locked.artifacts[0], layer, 0).await.unwrap();
    assert_eq!(Digest::of(&bytes), layer.digest, "from the registry, since the mirror fails");
    lock_with(settings(), &section).await.unwrap();
}

#[tokio::test]
async fn plain_http_is_used_only_when_asked_for() {
    let registry = Registry::start();
    single(&registry, "team/app", Some("1"), "amd64");
    let error = lock_with(settings(), &format!("references = [\"{}/team/app:1\"]", registry.host)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Upstream);
    assert!(error.hints().iter().any(|hint| hint.contains("`plain-http`")), "{error}");
    assert!(registry.log().is_empty(), "not one request in the clear");
    let asked_for = airlift::upstream::Settings { plain_http: vec![registry.host.clone()], ..settings() };
    lock_with(asked_for, &format!("references = [\"{}/team/app:1\"]\n{QUIET}", registry.host)).await.unwrap();
}

#[tokio::test]
async fn blobs_are_fetched_from_an_offset_and_manifests_under_their_type() {
    let registry = Registry::start();
    let (root, _) = index(&registry, "team/app", "1.0");
    let artifact = lock(&registry, "team/app:1.0", QUIET).await.unwrap().artifacts.remove(0);
    let upstream = Upstream::new(settings()).unwrap();
    let layer = artifact.descriptors.iter().find(|d| d.size == 12).unwrap();
    assert_eq!(fetch(&upstream, &artifact, layer, 7).await.unwrap(), (7, b"layer".to_vec()));
    let (_, bytes) = fetch(&upstream, &artifact, &artifact.descriptors[0], 0).await.unwrap();
    assert_eq!(Digest::of(&bytes), root.digest);
    let last = registry.log().pop().unwrap();
    assert_eq!(last.header("accept"), Some("application/vnd.oci.image.index.v1+json"), "a registry may answer 404 to any other");
}

#[tokio::test]
async fn wrong_sections_are_refused_before_anything_is_asked() {
    for (section, expected) in [
        ("references = []", "[images.base]: it asks for nothing"),
        ("references = [\"app\"]\nplatform = \"all\"", "line 7: unknown field `platform`, expected one of"),
        ("references = [\"quay.io/team/app\"]", "it names no tag and no digest"),
        (
            "references = [\"quay.io/team/app:1\"]\nplatforms = \"linux\"",
            "line 7: `platforms`: invalid value: string \"linux\", expected \"all\" or a list",
        ),
        ("references = [\"quay.io/team/app:1\"]\nplatforms = [\"linux\"]", "not a platform"),
        ("references = [\"quay.io/team/app:1\"]\nplatforms = []", "`platforms` is empty"),
        ("references = [\"quay.io/team/app:1\"]\nplain-http = [\"http://quay.io\"]", "the host in `plain-http` is not a registry host"),
        (
            "references = [\"quay.io/team/app:1\"]\nmirrors = { \"quay.io\" = [\"m.example.org/a//b\"] }",
            "the path of a mirror is not a repository name",
        ),
        ("references = [\"quay.io/team/app:1\"]\ntargets = [\"linus\"]", "no target is called linus"),
    ] {
        let error = lock_with(settings(), section).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Usage, "{error}");
        assert!(error.message().contains(expected), "{section}\n{error}");
    }
}

#[tokio::test]
async fn sections_that_want_different_platforms_of_one_image_get_both() {
    let registry = Registry::start();
    let (_, children) = index(&registry, "team/app", "1.0");
    let mut all = lock(&registry, "team/app:1.0", QUIET).await.unwrap().artifacts;
    all.extend(lock(&registry, "team/app:1.0", "platforms = [\"linux/arm64\"]").await.unwrap().artifacts);
    airlift::ecosystems::unite(&mut all).unwrap();
    let lock = round_trip(all);
    let [artifact] = &lock.artifacts[..] else { panic!("one artifact") };
    assert_eq!(artifact.meta["platforms"], json!(["linux/amd64", "linux/arm64"]));
    assert_eq!(artifact.meta["signatures"], json!({ "cosign": "absent", "referrers": "unsupported" }), "of the section that looked");
    assert!(artifact.meta.get("missing").is_none());
    assert!(children.iter().all(|child| artifact.descriptors.iter().any(|d| d.digest == child.digest)));
}

#[tokio::test]
async fn a_tag_that_moved_between_two_sections_is_refused_with_both_digests() {
    let registry = Registry::start();
    let first = single(&registry, "team/app", Some("1.0"), "amd64").digest;
    let old = lock(&registry, "team/app:1.0", QUIET).await.unwrap().artifacts;
    let (second, _) = index(&registry, "team/app", "1.0");
    let new = lock(&registry, "team/app:1.0", QUIET).await.unwrap().artifacts;
    let together =
        |some: &[airlift::artifact::Artifact], more: &[airlift::artifact::Artifact]| airlift::ecosystems::unite(&mut [some, more].concat());
    let error = together(&old, &new).unwrap_err();
    assert_eq!(error.kind(), Kind::Usage);
    let found: Vec<_> = error.context().iter().filter(|(key, _)| *key == "found").map(|(_, digest)| digest.clone()).collect();
    assert_eq!(found, [first.to_string(), second.digest.to_string()], "{error}");
    let pinned = lock(&registry, &format!("team/app:1.0@{first}"), QUIET).await.unwrap().artifacts;
    together(&pinned, &new).unwrap();
    let arm = lock(&registry, "team/app:1.0", &format!("platforms = [\"linux/arm64\"]\n{QUIET}")).await.unwrap().artifacts;
    together(&new, &arm).unwrap();
}

#[tokio::test]
async fn sections_that_found_different_things_are_not_merged_silently() {
    let registry = Registry::start();
    let image = single(&registry, "team/app", Some("1.0"), "amd64");
    let mut all = lock(&registry, "team/app:1.0", "").await.unwrap().artifacts;
    super::pictures::list(&registry, "team/app", &image.digest, &[]);
    all.extend(lock(&registry, "team/app:1.0", "").await.unwrap().artifacts);
    airlift::ecosystems::unite(&mut all).unwrap();
    let error = airlift::lock::Lock::new("kit".to_owned(), "main".to_owned(), Digest::of(b""), all).unwrap_err();
    assert!(error.message().ends_with("is wanted by two sections in different ways"), "{error}");
}

#[tokio::test]
async fn artifacts_that_are_no_images_have_no_platforms_to_choose() {
    let registry = Registry::start();
    let chart = json!({
        "schemaVersion": 2, "config": blob("application/vnd.cncf.helm.config.v1+json", b"{}"),
        "layers": [blob("application/vnd.cncf.helm.chart.content.v1.tar+gzip", b"chart")],
    });
    put(&registry, "charts/app", Some("4.2.0"), super::pictures::MANIFEST, &chart);
    let locked = lock(&registry, "charts/app:4.2.0", QUIET).await.unwrap();
    assert!(locked.summary.starts_with("1 image · 1 layer · "), "{}", locked.summary);
    assert_eq!(locked.artifacts[0].descriptors.len(), 3);
    assert_ne!(CONFIG, locked.artifacts[0].descriptors[1].media_type);
}
