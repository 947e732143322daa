//! Bills of materials that come with an artifact from its publisher, laid beside what was found inside it.
//!
//! In: the bytes of a document, CycloneDX or SPDX as JSON, alone or in an attestation (in-toto, in an envelope or not). Out: the packages it
//! lists, by package URL without qualifiers, and how many of them were found too. Nobody says which of the two is right.

use super::component::{Class, Component};
use crate::artifact::{Digest, Purl};
use data_encoding::BASE64;
use serde::Deserialize;
use std::collections::BTreeSet;

/// Longest document that is read, in bytes.
pub const MAX_LIST_BYTES: u64 = 64 << 20;
/// Most packages of a list.
const MOST: usize = 500_000;
/// Deepest nesting of components.
const DEEPEST: usize = 32;

/// A package by its type and name, and its version.
type Package = (String, String);

/// What a publisher lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The form of the list.
    pub form: &'static str,
    /// What it says it is about, by SHA-256; empty for a list alone.
    pub about: Vec<Digest>,
    packages: BTreeSet<Package>,
    /// Entries without a package URL, which cannot be compared.
    pub unnamed: u64,
}

/// A publisher's list beside what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// The document.
    pub digest: Digest,
    /// Its form.
    pub form: &'static str,
    /// Packages of both.
    pub same: u64,
    /// Packages that only the publisher lists.
    pub only_listed: u64,
    /// Packages that were only found here.
    pub only_found: u64,
    /// Entries of the publisher's list that cannot be compared.
    pub unnamed: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    #[serde(rename = "payload")]
    envelope: Option<String>,
    #[serde(default)]
    subject: Vec<About>,
    predicate: Option<Box<Document>>,
    bom_format: Option<String>,
    #[serde(default)]
    components: Vec<Entry>,
    spdx_version: Option<String>,
    #[serde(default)]
    packages: Vec<Entry>,
}

#[derive(Deserialize)]
struct About {
    digest: Option<Digests>,
}

#[derive(Deserialize)]
struct Digests {
    sha256: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    purl: Option<String>,
    #[serde(default)]
    components: Vec<Entry>,
    #[serde(default)]
    external_refs: Vec<Reference>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    reference_type: Option<String>,
    reference_locator: Option<String>,
}

impl Listed {
    /// Reads a document; `None` where it is no list of packages that is read here.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let document: Document = serde_json::from_slice(bytes).ok()?;
        match document.envelope {
            Some(payload) => Self::of(serde_json::from_slice(&BASE64.decode(payload.as_bytes()).ok()?).ok()?),
            None => Self::of(document),
        }
    }

    fn of(document: Document) -> Option<Self> {
        let digest = |about: About| Digest::from_hex(&about.digest?.sha256?).ok();
        let Document { subject, predicate, bom_format, components, spdx_version, packages, .. } = document;
        let about: Vec<Digest> = subject.into_iter().filter_map(digest).collect();
        let (bom_format, components, spdx_version, packages) = match predicate.map(|predicate| *predicate) {
            Some(Document { bom_format, components, spdx_version, packages, .. }) => (bom_format, components, spdx_version, packages),
            None => (bom_format, components, spdx_version, packages),
        };
        let (form, entries) = match (bom_format, spdx_version) {
            (Some(form), _) if form == "CycloneDX" => ("CycloneDX", components),
            (_, Some(version)) if version.starts_with("SPDX-2") => ("SPDX", packages),
            _ => return None,
        };
        let mut listed = Self { form, about, packages: BTreeSet::new(), unnamed: 0 };
        listed.take(&entries, 0);
        Some(listed)
    }

    fn take(&mut self, entries: &[Entry], depth: usize) {
        for entry in entries {
            let of_spdx = |reference: &Reference| {
                let purl = reference.reference_type.as_deref() == Some("purl");
                reference.reference_locator.clone().filter(|_| purl)
            };
            let purl = entry.purl.clone().or_else(|| entry.external_refs.iter().find_map(of_spdx));
            match purl.as_deref().and_then(package) {
                Some(package) if self.packages.len() < MOST => {
                    self.packages.insert(package);
                }
                _ => self.unnamed += 1,
            }
            if depth < DEEPEST {
                self.take(&entry.components, depth + 1);
            }
        }
    }

    /// Lays it beside what was found inside a component. What holds others, such as a platform of an image, is no package, nor is what the
    /// list says of the image itself.
    pub fn beside(&self, digest: Digest, component: &Component) -> Compared {
        let own = Purl::read(&component.purl).map(|purl| format!("pkg:{}/", purl.kind()));
        let of_itself = |package: &&Package| own.as_ref().is_some_and(|own| package.0.starts_with(own));
        let (mut found, listed) =
            (BTreeSet::new(), self.packages.iter().filter(|package| !of_itself(package)).cloned().collect::<BTreeSet<_>>());
        component.nested().iter().for_each(|inner| {
            inner.walk(&mut |one| {
                if one.class != Class::Container {
                    found.extend(package(&one.purl));
                }
            });
        });
        Compared {
            digest,
            form: self.form,
            same: listed.intersection(&found).count() as u64,
            only_listed: listed.difference(&found).count() as u64,
            only_found: found.difference(&listed).count() as u64,
            unnamed: self.unnamed,
        }
    }
}

fn package(purl: &str) -> Option<Package> {
    Purl::read(purl).map(|purl| (purl.base(), purl.version()))
}

impl Compared {
    /// What it came to, in a line.
    pub fn told(&self) -> String {
        let Self { digest, form, same, only_listed, only_found, unnamed } = self;
        format!(
            "{form} {digest}: {same} packages the same, {only_listed} only there, {only_found} only here, {unnamed} without a package URL"
        )
    }
}

/// The component that a digest names: an image, or one platform of it; the innermost of several.
pub fn named(components: &mut [Component], digest: Digest) -> Option<&mut Component> {
    for component in components {
        let own = component.parts.first().is_some_and(|part| part.digest == digest) || component.version == digest.to_string();
        if own {
            return Some(component);
        }
        let inner = component.inside.as_mut().filter(|inside| inside.components.iter().any(|inner| inner.class == Class::Container));
        if let Some(found) = inner.and_then(|inside| named(&mut inside.components, digest)) {
            return Some(found);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Inside;
    use serde_json::json;

    fn image() -> Component {
        let of = |purl: &str| Component { purl: purl.to_owned(), ..Component::default() };
        let components = vec![of("pkg:deb/debian/apt@2.6.1?arch=amd64&distro=debian-12"), of("pkg:pypi/numpy@2.0"), of("pkg:npm/left@1.0")];
        let purl = "pkg:oci/app@sha256%3Aaa".to_owned();
        Component {
            purl,
            version: Digest::of(b"image").to_string(),
            inside: Some(Inside { components, ..Inside::default() }),
            ..Component::default()
        }
    }

    #[test]
    fn lists_of_every_form_are_laid_beside_what_was_found() {
        let cyclonedx = json!({ "bomFormat": "CycloneDX", "components": [
            { "purl": "pkg:deb/debian/apt@2.6.1?arch=amd64", "components": [{ "purl": "pkg:pypi/numpy@1.9" }] },
            { "name": "without" }, { "purl": "no package URL" }, { "purl": "pkg:oci/app@sha256%3Aaa" }] });
        let locator = |purl: &str| json!({ "externalRefs": [{ "referenceType": "cpe23Type", "referenceLocator": "cpe" }, { "referenceType": "purl", "referenceLocator": purl }] });
        let spdx =
            json!({ "spdxVersion": "SPDX-2.3", "packages": [locator("pkg:deb/debian/apt@2.6.1"), locator("pkg:pypi/numpy@1.9"), {}, {}] });
        let digest = Digest::of(b"image");
        let statement = |predicate: &serde_json::Value| {
            json!({ "_type": "https://in-toto.io/Statement/v0.1",
            "subject": [{ "name": "x", "digest": { "sha256": digest.hex() } }], "predicate": predicate })
        };
        let envelope =
            json!({ "payloadType": "application/vnd.in-toto+json", "payload": BASE64.encode(statement(&spdx).to_string().as_bytes()) });
        for (document, form, about) in [
            (cyclonedx.clone(), "CycloneDX", vec![]),
            (spdx.clone(), "SPDX", vec![]),
            (statement(&cyclonedx), "CycloneDX", vec![digest]),
            (envelope, "SPDX", vec![digest]),
        ] {
            let listed = Listed::read(document.to_string().as_bytes()).unwrap();
            assert_eq!((listed.form, &listed.about), (form, &about));
            let compared = listed.beside(digest, &image());
            assert_eq!((compared.same, compared.only_listed, compared.only_found, compared.unnamed), (1, 1, 2, 2), "{document}");
        }
        for none in ["{}", "[]", "no", "{\"payload\":\"%\"}", "{\"spdxVersion\":\"SPDX-3.0\"}", "{\"predicate\":{\"builder\":{}}}"] {
            assert_eq!(Listed::read(none.as_bytes()), None, "{none}");
        }
    }

    #[test]
    fn a_list_is_about_the_platform_that_it_names() {
        let (index, platform) = (Digest::of(b"index"), Component { class: Class::Container, ..image() });
        let mut all = [Component {
            class: Class::Container,
            version: index.to_string(),
            inside: Some(Inside { components: vec![platform], ..Inside::default() }),
            ..Component::default()
        }];
        assert_eq!(named(&mut all, Digest::of(b"image")).unwrap().nested().len(), 3);
        assert_eq!(named(&mut all, index).unwrap().nested().len(), 1);
        assert!(named(&mut all, Digest::of(b"other")).is_none());
    }
}
