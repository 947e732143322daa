//! Images as the protocol has them: skopeo and curl get byte for byte what was pushed, under every name a mirror is asked by.

use super::engines::Engine;
use super::gap::{finish, run};
use super::{Shared, shared, with};
use serde_json::Value;
use std::fs;

const TAGS: [(&str, &str); 3] =
    [("quay.io/library/pyslim", "1.0"), ("quay.io/library/pyslim", "1.0-zstd"), ("docker.io/library/pyslim", "1.0-v2s2")];

/// The status of a path below `/v2/`, and the body.
fn ask(shared: &Shared, path: &str) -> (u16, Vec<u8>) {
    shared.gap.get(&format!("{}/v2/{path}", shared.mirror.base), &[])
}

#[test]
fn skopeo_gets_what_was_pushed() {
    let Some(shared) = with("skopeo") else { return };
    let skopeo = Engine::start(shared, &shared.mirror, "skopeo", &["podman"], false, &[]);
    for (name, tag) in TAGS {
        let (digest, _) = shared.sender.tagged(tag);
        for reference in [format!("{name}:{tag}"), format!("{name}@{digest}")] {
            let raw = finish(skopeo.command().args(["inspect", "--raw"]).arg(format!("docker://{reference}")));
            assert!(raw.stdout == shared.sender.blob(&digest), "{reference}: {}", String::from_utf8_lossy(&raw.stderr));
        }
        // A plain folder holds any manifest, and keeps the index as `manifest.json`.
        let copy = skopeo.folder().join(tag);
        let (from, to) = (format!("docker://{name}:{tag}"), format!("dir:{}", copy.display()));
        run(skopeo.command().args(["copy", "--quiet", "--all", "--preserve-digests", &from, &to]));
        assert!(fs::read(copy.join("manifest.json")).unwrap() == shared.sender.blob(&digest), "{name}:{tag}");
        // Both architectures: the index, and for each a manifest, a configuration and three layers; and the folder's version.
        assert_eq!(fs::read_dir(&copy).unwrap().count(), 1 + 2 * 5 + 1, "{name}:{tag}");
    }
}

#[test]
fn skopeo_trusts_the_mirrors_own_authority_where_it_is_put() {
    let Some(shared) = with("skopeo") else { return };
    let (digest, _) = shared.sender.tagged("1.0");
    for (secure, works) in [(true, true), (false, false)] {
        let skopeo = Engine::start(shared, &shared.mirror, "skopeo", &["podman"], secure, &[]);
        let name = shared.mirror.secure.replace("https://", "docker://");
        let raw = finish(skopeo.command().args(["inspect", "--raw", &format!("{name}/quay.io/library/pyslim:1.0")]));
        assert_eq!(raw.stdout == shared.sender.blob(&digest), works, "{}", String::from_utf8_lossy(&raw.stderr));
        if secure {
            run(skopeo.command().args(["inspect", "--raw", "docker://quay.io/library/pyslim:1.0"]));
        }
    }
}

#[test]
fn a_registry_is_named_by_query_by_path_or_not_at_all() {
    let Some(shared) = shared() else { return };
    let own = &shared.sender.registry;
    let by_name = [
        ("library/pyslim/manifests/1.0?ns=quay.io".to_owned(), "1.0"),
        ("quay.io/library/pyslim/manifests/1.0".to_owned(), "1.0"),
        (format!("{own}/library/pyslim/manifests/1.0"), "1.0"),
        (format!("library/pyslim/manifests/1.0?ns={}", own.replace('_', ":")), "1.0"),
        ("library/pyslim/manifests/1.0-v2s2".to_owned(), "1.0-v2s2"),
        ("pyslim/manifests/1.0-v2s2".to_owned(), "1.0-v2s2"),
        ("library/pyslim/manifests/1.0-v2s2?ns=docker.io".to_owned(), "1.0-v2s2"),
        ("library/pyslim/manifests/1.0-v2s2?ns=registry-1.docker.io".to_owned(), "1.0-v2s2"),
    ];
    for (path, tag) in by_name {
        let (status, body) = ask(shared, &path);
        assert!(status == 200 && body == shared.sender.blob(&shared.sender.tagged(tag).0), "{path}: {status}");
    }
    // Each name means one registry: what another has is not there.
    for path in
        ["library/pyslim/manifests/1.0", "quay.io/library/pyslim/manifests/1.0-v2s2", "library/pyslim/manifests/1.0-v2s2?ns=quay.io"]
    {
        assert_eq!(ask(shared, path).0, 404, "{path}");
    }
}

#[test]
fn signatures_and_referrers_are_there() {
    let Some(shared) = with("skopeo") else { return };
    let (digest, _) = shared.sender.tagged("1.0");
    let (name, tag) = (format!("{}/library/pyslim", shared.sender.registry), digest.replace(':', "-"));
    let tags: Value = serde_json::from_slice(&ask(shared, &format!("{name}/tags/list")).1).unwrap();
    assert!(tags["tags"].as_array().unwrap().contains(&format!("{tag}.sig").into()), "{tags}");
    for tag in [format!("{tag}.sig"), tag.clone()] {
        let (status, body) = ask(shared, &format!("{name}/manifests/{tag}"));
        assert!(status == 200 && body == shared.sender.blob(&shared.sender.tagged(&tag).0), "{tag}: {status}");
    }
    let list: Value = serde_json::from_slice(&ask(shared, &format!("{name}/referrers/{digest}")).1).unwrap();
    let found = &list["manifests"][0];
    assert_eq!(found["artifactType"], "application/vnd.cyclonedx+json", "{list}");
    let found = found["digest"].as_str().unwrap();
    assert!(ask(shared, &format!("{name}/manifests/{found}")).1 == shared.sender.blob(found), "the bill of materials");
    // A signature's payload can be had by the clients that read them, too.
    let skopeo = Engine::start(shared, &shared.mirror, "skopeo", &["podman"], false, &[]);
    let (from, copy) = (format!("docker://127.0.0.1:8080/{name}:{tag}.sig"), skopeo.folder().join("signature"));
    run(skopeo.command().args(["copy", "--quiet", "--src-tls-verify=false", &from, &format!("dir:{}", copy.display())]));
    let payload: Value = serde_json::from_slice(&shared.sender.blob(&shared.sender.tagged(&format!("{tag}.sig")).0)).unwrap();
    let layer = payload["layers"][0]["digest"].as_str().unwrap().replace("sha256:", "");
    assert!(copy.join(layer).exists());
}
