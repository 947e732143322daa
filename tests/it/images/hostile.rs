//! Registries that send what they should not.

use super::pictures::{CONFIG, INDEX, LAYER, MANIFEST, blob, config, index, manifest_of, put, single};
use super::registry::{Answer, Registry};
use super::{lock, refusal, steady};
use airlift::artifact::Digest;
use airlift::error::Kind;
use serde_json::json;

const QUIET: &str = "signatures = false\nreferrers = false";

#[tokio::test]
async fn other_bytes_than_the_digest_says() {
    let registry = Registry::start();
    let image = single(&registry, "team/app", Some("1"), "amd64");
    registry.put(format!("/v2/team/app/manifests/{}", image.digest), MANIFEST, b"{}");
    let error = refusal(&registry, &format!("team/app@{}", image.digest), QUIET).await;
    assert_eq!(error.kind(), Kind::Verification);
    insta::assert_snapshot!(steady(&registry, &error.to_string()), @r"
    [images.base]: REGISTRY/team/app@sha256:c01f274ef43faa068061df837b33c9983897669fd8694475265e5bcdce99c61e: http://REGISTRY/v2/team/app/manifests/sha256:c01f274ef43faa068061df837b33c9983897669fd8694475265e5bcdce99c61e: the registry sent other bytes than it should
      expected   sha256:c01f274ef43faa068061df837b33c9983897669fd8694475265e5bcdce99c61e
      found      sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a
    ");
}

#[tokio::test]
async fn other_bytes_than_the_header_says() {
    let registry = Registry::start();
    let image = single(&registry, "team/app", Some("1"), "amd64");
    registry.rule(move |asked| {
        let lie = Answer::new(200, "{}").with("Content-Type", MANIFEST).with("Docker-Content-Digest", image.digest);
        asked.path.ends_with("/manifests/1").then_some(lie)
    });
    let error = refusal(&registry, "team/app:1", QUIET).await;
    assert_eq!(error.kind(), Kind::Verification);
    assert_eq!(error.context()[1].1, Digest::of(b"{}").to_string(), "{error}");
}

#[tokio::test]
async fn a_child_of_another_type_or_length_than_its_index_says() {
    for (size, media_type) in [(1, MANIFEST), (0, INDEX)] {
        let registry = Registry::start();
        let mut image = single(&registry, "team/app", None, "amd64");
        image.size += size;
        image.media_type = media_type;
        put(&registry, "team/app", Some("1"), INDEX, &json!({ "schemaVersion": 2, "manifests": [image.on("linux", "amd64")] }));
        let error = refusal(&registry, "team/app:1", QUIET).await;
        assert!(error.message().ends_with("the manifest is not what its index says"), "{error}");
    }
}

#[tokio::test]
async fn a_manifest_that_does_not_end() {
    let registry = Registry::start();
    let long = vec![b' '; (8 << 20) + 1];
    registry.put("/v2/team/app/manifests/1".to_owned(), MANIFEST, &long);
    let error = refusal(&registry, "team/app:1", QUIET).await;
    assert!(error.message().ends_with("the answer is too long"), "{error}");
    assert_eq!(registry.log().len(), 1, "asking again cannot help");
}

#[tokio::test]
async fn a_manifest_that_is_cut_off() {
    let registry = Registry::start();
    registry.rule(|asked| asked.path.ends_with("/manifests/1").then(|| Answer::new(200, "{").with("Content-Type", MANIFEST).claiming(500)));
    let error = refusal(&registry, "team/app:1", QUIET).await;
    assert_eq!(error.kind(), Kind::Upstream);
    assert!(error.message().ends_with("the connection broke off"), "{error}");
    assert!(error.context().contains(&("tried", "3 times".to_owned())), "{error}");
}

#[tokio::test]
async fn a_configuration_of_another_length() {
    let registry = Registry::start();
    let mut image = manifest_of(&registry, "team/app", "amd64");
    image["config"]["size"] = json!(config("amd64").len() + 1);
    put(&registry, "team/app", Some("1"), MANIFEST, &image);
    let error = refusal(&registry, "team/app:1", QUIET).await;
    assert!(error.message().ends_with("the configuration is not as long as its manifest says"), "{error}");
}

#[tokio::test]
async fn schema_1() {
    let registry = Registry::start();
    let old = json!({ "schemaVersion": 1, "name": "team/app", "fsLayers": [], "history": [] }).to_string();
    registry.put("/v2/team/app/manifests/1".to_owned(), "application/vnd.docker.distribution.manifest.v1+prettyjws", old.as_bytes());
    let error = refusal(&registry, "team/app:1", QUIET).await;
    insta::assert_snapshot!(steady(&registry, &error.to_string()), @r"
    [images.base]: REGISTRY/team/app:1: the image is in Docker's schema 1, which current clients refuse
      hint: push it again with a current client, then lock the new digest
    ");
}

#[tokio::test]
async fn foreign_layers_are_carried_from_the_registry_or_not_at_all() {
    let registry = Registry::start();
    let elsewhere = Registry::start();
    let mut image = manifest_of(&registry, "team/app", "amd64");
    let mut layer = blob(LAYER, b"foreign layer");
    layer["urls"] = json!([format!("http://{}/layer", elsewhere.host)]);
    image["layers"].as_array_mut().unwrap().push(layer);
    put(&registry, "team/app", Some("1"), MANIFEST, &image);
    let error = refusal(&registry, "team/app:1", QUIET).await;
    assert!(error.message().ends_with("only at places outside that it names (a foreign layer)"), "{error}");
    registry.blob("team/app", b"foreign layer");
    lock(&registry, "team/app:1", QUIET).await.unwrap();
    assert!(elsewhere.log().is_empty(), "what an image names is never asked");
}

#[tokio::test]
async fn sha512_is_refused_by_name() {
    let registry = Registry::start();
    let mut image = manifest_of(&registry, "team/app", "amd64");
    image["layers"][0]["digest"] = json!(format!("sha512:{}", "0".repeat(128)));
    put(&registry, "team/app", Some("1"), MANIFEST, &image);
    let error = refusal(&registry, "team/app:1", QUIET).await;
    assert!(error.message().ends_with("names a blob by SHA-512; only SHA-256 is carried"), "{error}");
    let error = refusal(&registry, &format!("team/app@sha512:{}", "0".repeat(128)), QUIET).await;
    assert!(error.message().ends_with("only SHA-256 digests are carried"), "{error}");
}

#[tokio::test]
async fn indexes_within_indexes_are_followed_to_a_bound() {
    let registry = Registry::start();
    let (mut inner, _) = index(&registry, "team/app", "0");
    for depth in 1..=3 {
        let outer = json!({ "schemaVersion": 2, "manifests": [inner.descriptor()] });
        inner = put(&registry, "team/app", Some(&depth.to_string()), INDEX, &outer);
    }
    let locked = lock(&registry, "team/app:2", QUIET).await.unwrap();
    assert_eq!(locked.artifacts[0].meta["platforms"], json!(["linux/amd64"]));
    let error = refusal(&registry, "team/app:3", QUIET).await;
    assert!(error.message().ends_with("the index is nested too deeply"), "{error}");
}

#[tokio::test]
async fn one_digest_with_two_sizes() {
    let registry = Registry::start();
    let mut image = manifest_of(&registry, "team/app", "amd64");
    let mut again = image["layers"][0].clone();
    again["size"] = json!(99);
    image["layers"].as_array_mut().unwrap().push(again);
    put(&registry, "team/app", Some("1"), MANIFEST, &image);
    let error = refusal(&registry, "team/app:1", QUIET).await;
    assert!(error.message().ends_with("a blob is listed twice and differently"), "{error}");
}

#[tokio::test]
async fn an_image_that_is_also_an_index() {
    let registry = Registry::start();
    let mut image = manifest_of(&registry, "team/app", "amd64");
    image["manifests"] = json!([]);
    put(&registry, "team/app", Some("1"), MANIFEST, &image);
    let error = refusal(&registry, "team/app:1", QUIET).await;
    assert!(error.message().ends_with("the manifest can be read as an image and as an index"), "{error}");
    assert_ne!(CONFIG, INDEX);
}
