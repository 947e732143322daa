//! Details in the lock, paths and evidence.

use super::*;
use crate::advisories::EvidenceKind;
use crate::artifact::{Descriptor, Digest, Learned};
use serde_json::json;

fn artifact(name: &str, meta: serde_json::Value) -> Artifact {
    let blob = Descriptor {
        media_type: "application/zip".to_owned(),
        digest: Digest::of(b"x"),
        size: 1,
        name: None,
        origins: vec![],
        learned: Learned::Downloaded,
        side_digests: std::collections::BTreeMap::new(),
    };
    Artifact {
        ecosystem: "advisories".to_owned(),
        sections: vec!["osv".to_owned()],
        name: name.to_owned(),
        version: "2026-11-23T00:00:00Z".to_owned(),
        descriptors: vec![blob],
        subject: None,
        meta,
    }
}

/// A lock is read by many: what opens a door is not in it.
#[cfg(feature = "upstream")]
#[test]
fn an_address_in_a_lock_holds_no_secret() {
    for good in ["https://example.org/all.zip", "http://127.0.0.1:8080/all.zip"] {
        assert_eq!(lock::address(good).expect("an address").as_str(), good);
    }
    for bad in [
        "https://example.org/all.zip?token=secret",
        "https://example.org/all.zip?",
        "https://token@example.org/all.zip",
        "https://:secret@example.org/all.zip",
        "http://example.org/all.zip",
        "ftp://example.org/all.zip",
        "all.zip",
    ] {
        assert!(lock::address(bad).is_err(), "{bad}");
    }
}

#[test]
fn an_artifact_is_evidence_of_its_kind() {
    let time = "2026-11-23T00:00:00Z";
    let kind = |name, meta| Advisories.evidence(&artifact(name, meta)).map(|evidence| evidence.kind);
    let debian = kind("osv/Debian", json!({ "kind": "osv", "ecosystem": "Debian", "time": time }));
    assert_eq!(debian, Some(EvidenceKind::Advisories("Debian".to_owned())));
    assert_eq!(kind("exploited.json", json!({ "kind": "exploited", "time": time })), Some(EvidenceKind::Exploited));
    for wrong in [
        json!(null),
        json!({ "kind": "osv", "time": time }),
        json!({ "kind": "osv", "ecosystem": "Debian:12", "time": time }),
        json!({ "kind": "osv", "ecosystem": "../x", "time": time }),
        json!({ "kind": "exploited", "ecosystem": "PyPI", "time": time }),
        json!({ "kind": "osv", "ecosystem": "PyPI", "time": "yesterday" }),
        json!({ "kind": "osv", "ecosystem": "PyPI", "time": time, "more": 1 }),
    ] {
        let wrong = artifact("osv/PyPI", wrong);
        assert!(Advisories.check(&wrong).is_err() && Advisories.evidence(&wrong).is_none(), "{:?}", wrong.meta);
    }
    // A name belongs to one kind: nothing is served in the place of something else.
    let exploited = || json!({ "kind": "exploited", "time": time });
    for (name, meta) in [
        ("osv/npm", json!({ "kind": "osv", "ecosystem": "PyPI", "time": time })),
        ("PyPI", json!({ "kind": "osv", "ecosystem": "PyPI", "time": time })),
        ("exploited.json", json!({ "kind": "likelihood", "time": time })),
        ("statements/exploited.json", exploited()),
        ("osv/PyPI", exploited()),
        ("exploited.json", json!({ "kind": "statements", "time": time })),
        ("statements/", json!({ "kind": "statements", "time": time })),
        ("statements/a/b", json!({ "kind": "statements", "time": time })),
    ] {
        let wrong = artifact(name, meta);
        assert!(Advisories.check(&wrong).is_err() && Advisories.evidence(&wrong).is_none(), "{name}");
    }
    let filtered = |only: serde_json::Value| json!({ "kind": "osv", "ecosystem": "PyPI", "time": time, "only": only });
    let sound = artifact("osv-filtered/PyPI", filtered(json!(["a", "b"])));
    assert!(Advisories.check(&sound).is_ok());
    assert_eq!(
        serve::files(std::iter::once(&sound)).0.keys().collect::<Vec<_>>(),
        ["osv-filtered/PyPI/all.zip"],
        "not where stock tools look"
    );
    for only in [json!([]), json!(["b", "a"]), json!(["a", "a"]), json!([""]), json!("a")] {
        assert!(Advisories.check(&artifact("osv-filtered/PyPI", filtered(only.clone()))).is_err(), "{only}");
    }
    assert!(Advisories.check(&artifact("osv/PyPI", filtered(json!(["a"])))).is_err(), "it would stand for all packages");
    assert!(Advisories.check(&artifact("statements/vex.json", json!({ "kind": "statements", "time": time }))).is_ok());
}

/// Databases of other scanners are evidence of a kind of their own, under names that say where they are served.
#[test]
fn a_database_says_what_it_is_and_where_it_is_served() {
    let time = "2026-11-23T00:00:00Z";
    let of = |kind: &str, name: &str, blobs: &[(&str, Option<&str>)]| {
        let blob = |(media_type, name): &(&str, Option<&str>)| {
            let one = artifact("x", json!(null)).descriptors.remove(0);
            Descriptor { media_type: (*media_type).to_owned(), name: name.map(str::to_owned), ..one }
        };
        Artifact { descriptors: blobs.iter().map(blob).collect(), ..artifact(name, json!({ "kind": kind, "time": time })) }
    };
    let manifest = [("application/vnd.oci.image.manifest.v1+json", None), ("application/octet-stream", None)];
    let packed = [("application/json", Some("latest.json")), ("application/octet-stream", Some("db_v6.1.3_2025-12-02T00:26:24Z.tar.zst"))];
    let trivy = of("trivy", "trivy/127.0.0.1:5000/aquasecurity/trivy-db:2", &manifest);
    let grype = of("grype", "grype/v6", &packed);
    for sound in [&trivy, &grype] {
        assert!(Advisories.check(sound).is_ok(), "{}", sound.name);
        assert_eq!(Advisories.evidence(sound).map(|found| found.kind), Some(EvidenceKind::Database(sound.name.clone())));
    }
    let served = serve::files([&trivy, &grype].into_iter());
    assert_eq!(served.0.keys().collect::<Vec<_>>(), ["grype/v6/db_v6.1.3_2025-12-02T00:26:24Z.tar.zst", "grype/v6/latest.json"]);
    assert_eq!(served.1.len(), 2, "the times of both");
    for wrong in [
        of("trivy", "trivy/ghcr.io/aquasecurity/trivy-db", &manifest),
        of("trivy", "trivy/ghcr.io/../trivy-db:2", &manifest),
        of("trivy", "trivy/trivy-db:2", &manifest),
        of("trivy", "osv/PyPI", &manifest),
        of("trivy", "trivy/ghcr.io/aquasecurity/trivy-db:2", &manifest[..1]),
        of("trivy", "trivy/ghcr.io/aquasecurity/trivy-db:2", &packed),
        of("grype", "grype/latest", &packed),
        of("grype", "grype/v6", &manifest),
        of("grype", "grype/v6", &[packed[0], ("application/octet-stream", Some("../v6/db.tar.zst"))]),
        of("grype", "grype/v6", &[packed[0], packed[0]]),
        of("osv", "osv/PyPI", &packed),
    ] {
        assert!(Advisories.check(&wrong).is_err() && Advisories.evidence(&wrong).is_none(), "{} {:?}", wrong.name, wrong.descriptors.len());
    }
}

/// Settings of trivy and grype name the mirror, and its authority where it has its own.
#[test]
fn the_snippets_of_trivy_and_grype_reach_the_mirror_only() {
    let text = |base: &str, own_ca, client: &str| {
        let mirror = Mirror { base: base.to_owned(), view: "latest".to_owned(), own_ca };
        Advisories.client_config(&mirror).into_iter().find(|snippet| snippet.client == client).expect("a snippet").text
    };
    let trivy = text("https://mirror.lan:8443", true, "trivy");
    for line in [
        "export SSL_CERT_FILE=/etc/airlift/ca.pem\n",
        "export TRIVY_DB_REPOSITORY=mirror.lan:8443/ghcr.io/aquasecurity/trivy-db:2\n",
        "export TRIVY_JAVA_DB_REPOSITORY=mirror.lan:8443/ghcr.io/aquasecurity/trivy-java-db:1\n",
        "--db-repository mirror.lan:8443/ghcr.io/aquasecurity/trivy-db:2 ",
        "export TRIVY_SKIP_CHECK_UPDATE=true\n",
    ] {
        assert!(trivy.contains(line), "{line}: {trivy}");
    }
    assert!(!trivy.contains("INSECURE") && text("http://mirror.lan", false, "trivy").contains("TRIVY_INSECURE=true"));
    let grype = text("https://mirror.lan:8443", true, "grype");
    for line in [
        "export GRYPE_DB_UPDATE_URL=https://mirror.lan:8443/advisories/latest/grype/v6/latest.json\n",
        "export GRYPE_DB_CA_CERT=/etc/airlift/ca.pem\n",
        "export GRYPE_DB_MAX_ALLOWED_BUILT_AGE=336h\n",
    ] {
        assert!(grype.contains(line), "{line}: {grype}");
    }
    assert!(!text("http://mirror.lan", false, "grype").contains("CA_CERT"));
}

/// What is served under a path is the later one, whatever order and name it came in.
#[test]
fn of_two_that_have_one_path_the_later_is_served() {
    let blob = |bytes: &[u8], artifact: Artifact| {
        let blob = Descriptor { digest: Digest::of(bytes), ..artifact.descriptors[0].clone() };
        Artifact { descriptors: vec![blob], ..artifact }
    };
    let at = |time: &str| json!({ "kind": "osv", "ecosystem": "statements", "time": time });
    let document = |time: &str| json!({ "kind": "statements", "time": time });
    let (early, late) = ("2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z");
    let archive = |time| blob(b"archive", artifact("osv/statements", at(time)));
    let vex = |time| blob(b"document", artifact("statements/all.zip", document(time)));
    let served = |artifacts: &[Artifact]| serve::files(artifacts.iter()).0["statements/all.zip"].digest;
    for artifacts in [[archive(early), vex(late)], [vex(late), archive(early)]] {
        assert_eq!(served(&artifacts), Digest::of(b"document"));
    }
    for artifacts in [[archive(late), vex(early)], [vex(early), archive(late)]] {
        assert_eq!(served(&artifacts), Digest::of(b"archive"));
    }
    let tied = [archive(late), vex(late)];
    assert_eq!(served(&tied), served(&[tied[1].clone(), tied[0].clone()]), "of one time, always the same");
}

#[test]
fn the_snippet_fills_the_folders_of_both_lines_of_releases() {
    let mirror = Mirror { base: "https://mirror.lan".to_owned(), view: "latest".to_owned(), own_ca: true };
    let text = client::osv(&mirror, &["Red Hat".to_owned()]).text;
    for folder in ["osv-scalibr", "osv-scanner"] {
        assert!(
            text.contains(&format!("/{folder}/Red Hat/all.zip\" https://mirror.lan/advisories/latest/{folder}/Red%20Hat/all.zip")),
            "{text}"
        );
    }
}
