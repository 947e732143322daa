//! The manifest section `[images.NAME]`.

use crate::artifact::Target;
use crate::error::{Error, Result};
use crate::server::oci::Platform;
use serde::Deserialize;
use serde::de::value::SeqAccessDeserializer;
use serde::de::{Deserializer, SeqAccess, Visitor};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Container images, and anything else that registries keep as OCI artifacts.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Section {
    /// What to carry: `quay.io/team/app:1.2`, `docker.io/library/alpine@sha256:…`, or both tag and digest. A section without any only
    /// says where images that others want (those of charts) are had: `mirrors`, `plain-http`.
    #[serde(default)]
    pub references: Vec<String>,
    /// Platforms to carry of each image, such as `["linux/amd64"]`, or `"all"` for whole indexes. Default: the architectures of the targets.
    pub platforms: Option<Platforms>,
    /// Targets whose architectures are carried when `platforms` is not given. Default: all.
    pub targets: Option<Vec<String>>,
    /// Carry what refers to the images (signatures, SBOMs, attestations), as the registry lists it.
    #[serde(default = "yes")]
    pub referrers: bool,
    /// Carry the tags that cosign keeps signatures (`.sig`), attestations (`.att`) and SBOMs (`.sbom`) under.
    #[serde(default = "yes")]
    pub signatures: bool,
    /// Mirrors by registry, tried in order before the registry itself: `{ "docker.io" = ["mirror.example.org/hub"] }`.
    #[serde(default)]
    pub mirrors: BTreeMap<String, Vec<String>>,
    /// Registries and mirrors that are asked over plain HTTP: `["127.0.0.1:5000"]`. All others are asked over TLS only.
    #[serde(default)]
    pub plain_http: Vec<String>,
}

fn yes() -> bool {
    true
}

/// Which platforms of an index are carried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Platforms {
    /// Every child of an index.
    All,
    /// These.
    Only(Vec<String>),
}

/// What is wanted of an index, with how it came to be wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Every child.
    All,
    /// The platforms a person listed: each must be there.
    Listed(BTreeSet<Platform>),
    /// The platforms of the targets: at least one must be there.
    Targets(BTreeSet<Platform>),
}

impl Section {
    /// Whether the section says where images are had.
    #[cfg(feature = "upstream")]
    pub(super) fn sets_something(&self) -> bool {
        !self.mirrors.is_empty() || !self.plain_http.is_empty()
    }

    /// The platforms to carry; `targets` are those of the section.
    pub(super) fn wanted(&self, targets: &[Target]) -> Result<Wanted> {
        match &self.platforms {
            Some(Platforms::All) => Ok(Wanted::All),
            Some(Platforms::Only(list)) if list.is_empty() => {
                Err(Error::usage("`platforms` is empty").hint("leave it out for the targets' platforms, or write platforms = \"all\""))
            }
            Some(Platforms::Only(list)) => Ok(Wanted::Listed(list.iter().map(|p| p.parse()).collect::<Result<_>>()?)),
            None if targets.is_empty() => Err(Error::usage("it is not known for which platforms").hint(
                "add a [targets.NAME] table, or in an [images.NAME] section `platforms = [\"linux/amd64\"]` or `platforms = \"all\"`",
            )),
            None => Ok(Wanted::Targets(targets.iter().filter_map(|t| Platform::new("linux", t.architecture.oci(), "")).collect())),
        }
    }
}

impl<'de> Deserialize<'de> for Platforms {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_any(AllOrList)
    }
}

struct AllOrList;

impl<'de> Visitor<'de> for AllOrList {
    type Value = Platforms;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"all\" or a list such as [\"linux/amd64\", \"linux/arm64\"]")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> std::result::Result<Platforms, E> {
        if text == "all" { Ok(Platforms::All) } else { Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)) }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> std::result::Result<Platforms, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(items)).map(Platforms::Only)
    }
}

impl schemars::JsonSchema for Platforms {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ImagePlatforms".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "oneOf": [
                { "const": "all", "description": "Every platform of each index." },
                { "type": "array", "minItems": 1, "items": { "type": "string", "pattern": "^[a-z0-9._-]+/[a-z0-9._-]+(/[a-z0-9._-]+)?$" } }
            ]
        })
    }
}
