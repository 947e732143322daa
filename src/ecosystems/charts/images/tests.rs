//! Documents and values in the shapes of public charts.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::evidence::{Evidence, Weight, fits};
use super::reference::Reference;
use super::values::{global, guesses};
use super::walk::{Seen, walk};
use crate::ecosystems::charts::section::ImagePolicy;
use serde_json::{Value, json};

fn seen(document: Value) -> (Vec<String>, Vec<String>) {
    let mut seen = Seen::default();
    walk(&document, &mut seen);
    (seen.images, seen.mentions)
}

#[test]
fn containers_custom_resources_and_variables_name_images() {
    let pod = json!({
        "initContainers": [{ "name": "i", "image": "busybox" }],
        "containers": [{ "name": "c", "image": "quay.io/a/b:1", "args": ["--reloader=quay.io/a/reloader:2", "--url=https://quay.io/a/b:1", "--x=a/b:1"],
            "env": [{ "name": "RELATED_IMAGE_X", "value": "quay.io/a/x:3" }, { "name": "SIDE_IMAGE", "value": "quay.io/a/y:4" }, { "name": "NO_IMAGE", "value": "yes" }] }],
        "ephemeralContainers": [{ "name": "e", "image": "docker.io/library/debug:5" }],
        "volumes": [{ "image": { "reference": "quay.io/a/volume:6" } }],
    });
    let (mut images, mentions) = seen(json!({ "kind": "Deployment", "spec": { "template": { "spec": pod } } }));
    images.sort_unstable();
    let wanted = ["busybox", "docker.io/library/debug:5", "quay.io/a/b:1", "quay.io/a/volume:6", "quay.io/a/x:3", "quay.io/a/y:4"];
    assert_eq!(images, wanted);
    assert_eq!(mentions, ["quay.io/a/reloader:2"]);
    let custom = json!({ "kind": "Prometheus", "spec": {
        "image": "quay.io/p/p:v2", "thanos": { "baseImage": "quay.io/p/thanos", "version": "v1" }, "other": { "image": { "registry": "quay.io", "repository": "p/q", "tag": 3 } },
        "image_pull": true, "useImage": "yes" } });
    assert_eq!(seen(custom).0, ["quay.io/p/p:v2", "quay.io/p/q:3", "quay.io/p/thanos"]);
    let config = json!({ "kind": "ConfigMap", "data": { "c.yaml": "sidecar:\n  image: \"quay.io/a/side:1\"\n# see https://example.org/x:1\nhost: db.example.org/x\n" } });
    assert_eq!(seen(config), (vec![], vec!["quay.io/a/side:1".to_owned()]));
    let definition = json!({ "kind": "CustomResourceDefinition", "spec": { "image": "quay.io/a/b:1" } });
    assert_eq!(seen(definition), (vec![], vec![]));
    assert_eq!(seen(json!({ "kind": "Pod", "spec": { "containers": [{ "name": "c", "image": "" }] } })).0, [""], "told, not passed over");
}

#[test]
fn values_describe_images_in_many_ways() {
    let values = json!({
        "image": { "registry": "docker.io", "repository": "bitnami/nginx", "tag": "1.2", "digest": "" },
        "metrics": { "image": { "repository": "quay.io/team/exporter", "pullPolicy": "Always" } },
        "hub": { "image": { "name": "quay.io/jupyterhub/k8s-hub", "tag": "4.2.0" } },
        "initImage": "busybox:1.36", "sidecar": { "image": "quay.io/a/b", "imageTag": "7" },
        "extra": [{ "image": "quay.io/in/list:1" }],
        "git": { "repository": "https://git.example.org/x.git" }, "image2": { "repository": "Capital/Name", "tag": "1" }, "name": "x", "tag": "y", "useImage": "yes",
        "db": { "image": { "registry": "localhost:5000", "repository": "db" } },
        "global": { "imageRegistry": "" },
    });
    let found = guesses(&values, &|path| Some(if path.first().is_some_and(|p| p == "db") { "15" } else { "9" }.to_owned()));
    let mut lines: Vec<String> = found
        .iter()
        .map(|g| {
            format!(
                "{} {} {}",
                g.place,
                g.reference,
                g.redirect.as_ref().map_or("-".to_owned(), |r| format!("{}={}", r.path.join("."), r.value))
            )
        })
        .collect();
    lines.sort();
    assert_eq!(
        lines,
        [
            "db.image localhost:5000/db:15 db.image.registry=localhost_5000",
            "extra.image quay.io/in/list:1 -",
            "hub.image quay.io/jupyterhub/k8s-hub:4.2.0 hub.image.name=quay.io/jupyterhub/k8s-hub",
            "image docker.io/bitnami/nginx:1.2 image.registry=docker.io",
            "initImage docker.io/library/busybox:1.36 initImage=docker.io/library/busybox:1.36",
            "metrics.image quay.io/team/exporter:9 metrics.image.repository=quay.io/team/exporter",
            "sidecar.image quay.io/a/b:7 sidecar.image=quay.io/a/b",
        ]
    );
    assert!(global(&values).is_none());
    assert_eq!(global(&json!({ "global": { "imageRegistry": "reg.corp:5000/hub/" } })).unwrap().value, "reg.corp_5000/hub");
}

#[test]
fn what_is_sure_is_carried_and_what_is_guessed_on_demand() {
    let mut evidence = Evidence::default();
    evidence.add("quay.io/a/sure:1", Weight::Guessed, "values: a");
    evidence.add("quay.io/a/sure:1", Weight::Sure, "rendered: default, t");
    evidence.add("quay.io/a/guess:1", Weight::Guessed, "values: b");
    evidence.add("quay.io/win/sure:1", Weight::Sure, "listed");
    evidence.add("No Image", Weight::Sure, "rendered: default, u");
    evidence.add("No Guess", Weight::Guessed, "mentioned: v");
    for n in 0..30 {
        evidence.add("quay.io/a/often:1", Weight::Sure, &format!("rendered: default, {n:02}"));
    }
    let mut policy = ImagePolicy { exclude: vec!["quay.io/win/*".to_owned()], ..ImagePolicy::default() };
    let carried = |policy: &ImagePolicy| evidence.images(policy).into_iter().filter(|i| i.carried).map(|i| i.reference).collect::<Vec<_>>();
    assert_eq!(carried(&policy), ["quay.io/a/often:1", "quay.io/a/sure:1"]);
    policy.heuristics = true;
    assert_eq!(carried(&policy), ["quay.io/a/guess:1", "quay.io/a/often:1", "quay.io/a/sure:1"]);
    policy.carry = false;
    assert!(carried(&policy).is_empty());
    let images = evidence.images(&policy);
    assert_eq!(images.iter().find(|i| i.reference.contains("often")).unwrap().found.last().unwrap(), "and in 10 more places");
    assert_eq!(images.iter().find(|i| i.reference.contains("win")).unwrap().found, ["listed", "excluded by quay.io/win/*"]);
    assert_eq!(evidence.unreadable.len(), 1);
}

#[test]
fn patterns_fit_whole_references() {
    for (pattern, text) in
        [("*windows*", "quay.io/a/windows:1"), ("quay.io/a/b", "quay.io/a/b:1"), ("quay.io/*:1", "quay.io/a:1"), ("*", "x")]
    {
        assert!(fits(pattern, text), "{pattern}");
    }
    for (pattern, text) in [("quay.io/a", "quay.io/ab:1"), ("*:1", "quay.io/a:11"), ("x*", "quay.io/x"), ("quay.io/a/*/c", "quay.io/a/c")] {
        assert!(!fits(pattern, text), "{pattern}");
    }
}

#[test]
fn what_was_led_to_a_mirror_is_known_again() {
    let served = |text: &str| super::served(&Reference::parse(text).unwrap());
    assert!(served("nginx:1").contains(&"docker.io/nginx:1".to_owned()));
    assert!(served("127.0.0.1:5000/a:1").contains(&"127.0.0.1_5000/a:1".to_owned()));
    assert!(!served("quay.io/a/b:1").contains(&"quay.io/a/b:2".to_owned()));
}

#[test]
fn images_in_parts_are_put_together() {
    let policy = json!({ "kind": "ClusterPolicy", "spec": {
        "driver": { "repository": "nvcr.io/nvidia", "image": "driver", "version": "550.1" },
        "toolkit": { "registry": "nvcr.io", "image": "nvidia/k8s/container-toolkit", "tag": "v1" },
        "pinned": { "repository": "nvcr.io/nvidia", "image": "x", "version": format!("sha256:{}", "a".repeat(64)) },
        "whole": { "repository": "quay.io/team", "image": "quay.io/team/app:1" },
    } });
    let mut images = seen(policy).0;
    images.sort_unstable();
    let pinned = format!("nvcr.io/nvidia/x@sha256:{}", "a".repeat(64));
    assert_eq!(images, ["nvcr.io/nvidia/driver:550.1", "nvcr.io/nvidia/k8s/container-toolkit:v1", &pinned, "quay.io/team/app:1"]);
}

#[test]
fn custom_resources_name_images_under_many_keys() {
    let cluster = json!({ "kind": "Cluster", "spec": {
        "imageName": "ghcr.io/db/postgres:17", "imageURL": "quay.io/a/b:1", "images": ["quay.io/a/ahead:2", "not-one"],
        "logoImage": "a/b.png", "iconImage": "data:image/png;base64,AA", "backgroundImage": "/img/x",
        "env": [{ "name": "POSTGRES_IMAGE_NAME", "value": "quay.io/a/name:3" }, { "name": "IMAGE", "value": "quay.io/a/plain:4" }, { "name": "IMAGE", "value": "large" }],
    } });
    let mut images = seen(cluster).0;
    images.sort_unstable();
    assert_eq!(images, ["ghcr.io/db/postgres:17", "quay.io/a/ahead:2", "quay.io/a/b:1", "quay.io/a/name:3", "quay.io/a/plain:4"]);
    assert!(Reference::parse("auto").unwrap_err().contains("webhook"));
}
