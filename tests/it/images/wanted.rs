//! Images that other rooms want.

use super::pictures::{index, single};
use super::registry::Registry;
use super::settings;
use airlift::ecosystems::{LockRequest, Locked, Want, WantKind, find};
use airlift::error::{Kind, Result};
use airlift::manifest::Manifest;
use airlift::progress::Silent;
use airlift::upstream::Upstream;

/// Answers what the section `[files.app]` wants, in a manifest whose images section only says where images are had.
async fn answer(registry: &Registry, wants: &[Want]) -> Result<Locked> {
    let host = &registry.host;
    let text = format!(
        "airlift = 1\nname = \"kit\"\n[targets.x]\nplatform = \"linux-x86_64\"\n[targets.a]\nplatform = \"linux-aarch64\"\n\
         [files.app]\nurl = \"https://example.org/app\"\n[images.places]\nplain-http = [\"{host}\"]\nmirrors = {{ \"quay.io\" = [\"{host}\"] }}\n\
         signatures = false\nreferrers = false\n"
    );
    let manifest = Manifest::parse(&text, &["images", "files"])?;
    let upstream = Upstream::new(settings())?;
    let request = LockRequest {
        section: manifest.sections.iter().find(|s| s.ecosystem == "files").unwrap(),
        manifest: &manifest,
        base: "/".as_ref(),
        cache: "/".as_ref(),
        now: "2026-11-23T00:00:00Z".parse().unwrap(),
        upstream: &upstream,
        packages: &std::collections::BTreeMap::new(),
        progress: &Silent,
    };
    find("images")?.answer(request, wants).await
}

fn want(reference: String, targets: Option<&[&str]>) -> Want {
    let targets = targets.map(|targets| targets.iter().map(|&t| t.to_owned()).collect());
    Want { kind: WantKind::ContainerImage, wanted_by: format!("chart app, for {reference}"), reference, targets }
}

#[tokio::test]
async fn what_is_wanted_comes_from_where_the_manifests_own_sections_say() {
    let registry = Registry::start();
    index(&registry, "team/app", "1.0");
    single(&registry, "mirrored/tool", Some("2"), "amd64");
    let host = &registry.host;
    let wants = [
        want(format!("{host}/team/app:1.0"), Some(&["a"])),
        want("quay.io/mirrored/tool:2".to_owned(), Some(&["x"])),
        want("quay.io/mirrored/tool:2".to_owned(), Some(&["x"])),
    ];
    let locked = answer(&registry, &wants).await.unwrap();
    let mut found: Vec<_> = locked.artifacts.iter().map(|a| (a.name.replace(host, "REGISTRY"), a.version.as_str())).collect();
    found.sort();
    assert_eq!(found, [("REGISTRY/team/app".to_owned(), "1.0"), ("quay.io/mirrored/tool".to_owned(), "2")], "each once");
    assert!(locked.artifacts.iter().all(|a| a.sections == ["app"]), "they belong to the section that wants them");
    let app = locked.artifacts.iter().find(|a| a.name.ends_with("team/app")).unwrap();
    assert_eq!(app.meta["platforms"], serde_json::json!(["linux/arm64"]), "for the targets of the want");
}

#[tokio::test]
async fn what_cannot_be_had_is_told_with_whoever_wants_it() {
    let registry = Registry::start();
    single(&registry, "team/app", Some("1"), "amd64");
    let host = registry.host.clone();
    let gone =
        answer(&registry, &[want(format!("{host}/team/app:1"), Some(&["x"])), want(format!("{host}/team/gone:1"), Some(&["x"]))]).await;
    let gone = gone.unwrap_err();
    assert_eq!(gone.kind(), Kind::Upstream);
    let by: Vec<_> = gone.context().iter().filter(|(key, _)| *key == "wanted by").map(|(_, who)| who.replace(&host, "REGISTRY")).collect();
    assert_eq!(by, ["chart app, for REGISTRY/team/gone:1"], "{gone}");
    let wrong = answer(&registry, &[want("UPPER CASE".to_owned(), None)]).await.unwrap_err();
    assert_eq!(wrong.kind(), Kind::Usage);
    assert!(wrong.context().contains(&("wanted by", "chart app, for UPPER CASE".to_owned())), "{wrong}");
}

#[tokio::test]
async fn a_pin_decides_where_others_only_name_the_tag() {
    let registry = Registry::start();
    let (host, pinned) = (registry.host.clone(), single(&registry, "team/app", Some("1"), "amd64"));
    let digest = pinned.descriptor()["digest"].as_str().unwrap().to_owned();
    let wants = [want(format!("{host}/team/app:1"), Some(&["x"])), want(format!("{host}/team/app:1@{digest}"), Some(&["x"]))];
    let locked = answer(&registry, &wants).await.unwrap();
    assert_eq!(locked.artifacts.iter().map(|a| a.version.as_str()).collect::<Vec<_>>(), ["1"]);
    let other = single(&registry, "team/app", None, "arm64").descriptor()["digest"].as_str().unwrap().to_owned();
    let wants = [digest, other].map(|digest| want(format!("{host}/team/app:1@{digest}"), Some(&["x", "a"])));
    let locked = answer(&registry, &wants).await.unwrap();
    assert_eq!(locked.artifacts.iter().filter(|a| a.version == "1").count(), 1);
    assert_eq!(locked.artifacts.len(), 2, "both are carried");
}

#[tokio::test]
async fn a_pin_decides_for_all_targets_and_it_is_told_which_keeps_the_tag() {
    let registry = Registry::start();
    let host = registry.host.clone();
    let pinned = index(&registry, "team/app", "1").0.digest;
    single(&registry, "team/app", Some("1"), "amd64");
    let wants = [want(format!("{host}/team/app:1"), Some(&["x"])), want(format!("{host}/team/app:1@{pinned}"), Some(&["a"]))];
    let locked = answer(&registry, &wants).await.unwrap();
    let found: Vec<_> = locked.artifacts.iter().map(|a| (a.version.as_str(), a.descriptors[0].digest, &a.meta["platforms"][0])).collect();
    let (arm, amd) = (serde_json::json!("linux/arm64"), serde_json::json!("linux/amd64"));
    assert_eq!(found, [("1", pinned, &arm), ("1", pinned, &amd)], "both of the image that is pinned");
    assert!(locked.notes.iter().all(|note| !note.contains("keeps the tag")), "{:?}", locked.notes);

    let other = single(&registry, "team/app", None, "amd64").digest;
    let wants = [want(format!("{host}/team/app:1@{pinned}"), Some(&["a"])), want(format!("{host}/team/app:1@{other}"), Some(&["x"]))];
    let locked = answer(&registry, &wants).await.unwrap();
    let (keeps, goes) = (pinned.min(other), pinned.max(other));
    let note = format!("{host}/team/app:1 is pinned to several digests: {keeps} keeps the tag; by digest only: {goes}");
    assert!(locked.notes.contains(&note), "{:?}", locked.notes);
    let tagged: Vec<_> = locked.artifacts.iter().filter(|a| a.version == "1").map(|a| a.descriptors[0].digest).collect();
    assert_eq!(tagged, [keeps]);
}
