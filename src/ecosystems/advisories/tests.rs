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
}

#[test]
fn the_snippet_fills_the_folders_of_both_lines_of_releases() {
    let mirror = Mirror { base: "https://mirror.lan".to_owned(), view: "latest".to_owned(), own_ca: true };
    let text = serve::snippet(&mirror, &["Red Hat".to_owned()]).text;
    for folder in ["osv-scalibr", "osv-scanner"] {
        assert!(
            text.contains(&format!("/{folder}/Red Hat/all.zip\" https://mirror.lan/advisories/latest/{folder}/Red%20Hat/all.zip")),
            "{text}"
        );
    }
}
