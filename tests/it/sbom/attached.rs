//! Lists of packages that publishers attach to images, laid beside what is found in them: as a referrer, and as BuildKit puts them inside.

use super::inside::{INDEX, MANIFEST, blobs, descriptor, image, layer, metadata};
use super::{bytes, held, inventory, judged};
use crate::scan::packages::artifact;
use airlift::artifact::{Artifact, Digest};
use airlift::report::Format;
use serde_json::{Value, json};

const STATEMENT: &str = "application/vnd.in-toto+json";
const SPDX: &str = "application/spdx+json";

/// An SPDX document of some packages.
fn spdx(purls: &[&str]) -> Value {
    let package = |purl: &&str| json!({ "name": "x", "externalRefs": [{ "referenceType": "purl", "referenceLocator": purl }] });
    json!({ "spdxVersion": "SPDX-2.3", "packages": purls.iter().map(package).collect::<Vec<_>>() })
}

/// Packages the same, only listed, only found, as they are told of the first component that was compared.
fn counts(found: &airlift::report::Inventory) -> Vec<(u64, u64, u64)> {
    let mut all = Vec::new();
    found.walk(&mut |component| all.extend(component.compared.iter().map(|c| (c.same, c.only_listed, c.only_found))));
    all
}

#[test]
fn a_list_that_refers_to_an_image_is_compared_with_it() {
    let of_image = blobs(&[layer(&[metadata("one"), metadata("two")])]);
    let list = spdx(&["pkg:pypi/one@1?arch=x", "pkg:pypi/two@3", "pkg:pypi/three@1"]).to_string().into_bytes();
    let manifest = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": SPDX, "config": descriptor("application/vnd.oci.empty.v1+json", b"{}"),
        "layers": [descriptor(SPDX, &list)], "subject": descriptor(MANIFEST, &of_image[0].1) });
    let manifest = manifest.to_string().into_bytes();
    let root = Digest::of(&manifest).to_string();
    let listed: Vec<(&str, &str, &[u8])> =
        vec![("", MANIFEST, &manifest[..]), ("", "application/vnd.oci.empty.v1+json", b"{}"), ("", SPDX, &list[..])];
    let meta = json!({ "repository": "registry.example.org/team/app", "role": "referrer", "root": root, "media-type": MANIFEST, "artifact-type": SPDX, "platforms": [] });
    let referrer =
        Artifact { subject: Some(Digest::of(&of_image[0].1)), ..artifact("images", "registry.example.org/team/app", &root, &listed, meta) };
    let everything = || of_image.iter().map(|(_, bytes)| bytes.clone()).chain([manifest.clone(), b"{}".to_vec(), list.clone()]);
    let found = inventory(&[image(&of_image), referrer.clone()], &held(everything()));
    assert_eq!(counts(&found), [(1, 2, 1)]);
    judged(&found);
    let told = format!("SPDX {}: 1 packages the same, 2 only there, 1 only here", Digest::of(&list));
    for format in [Format::CycloneDx, Format::Spdx, Format::Spdx3] {
        assert!(String::from_utf8(bytes(&found, format)).unwrap().contains(&told), "{format:?}");
    }
    // A list whose bytes are not those of its digest, or that is not here, says nothing.
    let without = everything().filter(|bytes| *bytes != list).collect::<Vec<_>>();
    assert_eq!(counts(&inventory(&[image(&of_image), referrer], &held(without))), []);
}

#[test]
fn an_attestation_inside_an_index_is_about_the_platform_that_it_names() {
    let (first, second) = (blobs(&[layer(&[metadata("one")])]), blobs(&[layer(&[metadata("two")])]));
    let platform = Digest::of(&second[0].1);
    let statement = json!({ "_type": "https://in-toto.io/Statement/v0.1", "predicateType": "https://spdx.dev/Document",
        "subject": [{ "name": "pkg:docker/app@1", "digest": { "sha256": platform.hex() } }], "predicate": spdx(&["pkg:pypi/two@1"]) });
    let statement = statement.to_string().into_bytes();
    let attests = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": descriptor("application/vnd.oci.image.config.v1+json", b"{}"),
        "layers": [descriptor(STATEMENT, &statement)] });
    let attests = attests.to_string().into_bytes();
    let entry = |bytes: &[u8], os: &str, architecture: &str| {
        let mut entry = descriptor(MANIFEST, bytes);
        entry["platform"] = json!({ "os": os, "architecture": architecture });
        entry
    };
    let mut attesting = entry(&attests, "unknown", "unknown");
    attesting["annotations"] =
        json!({ "vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": platform.to_string() });
    let manifests = [entry(&first[0].1, "linux", "amd64"), entry(&second[0].1, "linux", "arm64"), attesting];
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": manifests });
    let mut everything = vec![(INDEX, index.to_string().into_bytes())];
    everything.extend(first.into_iter().chain(second));
    everything.extend([(MANIFEST, attests), (STATEMENT, statement)]);
    let found = inventory(&[image(&everything)], &held(everything.iter().map(|(_, bytes)| bytes.clone())));
    assert_eq!(counts(&found), [(1, 0, 0)]);
    let platforms = &found.components[0].inside.as_ref().unwrap().components;
    assert_eq!(platforms.iter().map(|p| p.compared.len()).collect::<Vec<_>>(), [0, 1], "the one that it names");
}
