//! Platforms: operating system, architecture, variant (OCI image specification 1.1, "Image Index", `platform`).

use crate::error::{Error, Result};
use std::fmt;
use std::str::FromStr;

/// A platform in its usual spelling: `linux/arm64`, not `linux/arm64/v8`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Platform {
    os: String,
    architecture: String,
    variant: Option<String>,
}

impl Platform {
    /// A platform from its parts, as containerd normalises them; `None` when there is no system or no architecture, or a part is no word.
    pub fn new(os: &str, architecture: &str, variant: &str) -> Option<Self> {
        let word = |w: &str| w.len() <= 64 && w.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
        if os.is_empty() || architecture.is_empty() || ![os, architecture, variant].into_iter().all(word) {
            return None;
        }
        let (os, architecture, variant) = (os.to_ascii_lowercase(), architecture.to_ascii_lowercase(), variant.to_ascii_lowercase());
        let architecture = match architecture.as_str() {
            "x86_64" | "x86-64" => "amd64".to_owned(),
            "aarch64" => "arm64".to_owned(),
            _ => architecture,
        };
        let variant = match (architecture.as_str(), variant.as_str()) {
            (_, "") | ("amd64", "v1") | ("arm64", "v8" | "8") => None,
            _ => Some(variant),
        };
        Some(Self { os, architecture, variant })
    }

    /// Whether something for `other` is wanted by one who asks for `self`: without a variant, every variant is.
    pub fn accepts(&self, other: &Self) -> bool {
        self.os == other.os && self.architecture == other.architecture && (self.variant.is_none() || self.variant == other.variant)
    }

    /// Whether it is the `unknown/unknown` that build attestations are listed under.
    pub fn is_unknown(&self) -> bool {
        self.os == "unknown"
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        self.variant.as_ref().map_or(Ok(()), |variant| write!(f, "/{variant}"))
    }
}

impl FromStr for Platform {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let parts: Vec<&str> = text.split('/').collect();
        let made = match parts[..] {
            [os, architecture] => Self::new(os, architecture, ""),
            [os, architecture, variant] if !variant.is_empty() => Self::new(os, architecture, variant),
            _ => None,
        };
        made.ok_or_else(|| {
            Error::usage("not a platform").with("expected", "OS/ARCHITECTURE, such as linux/amd64").with("found", format!("{text:.80}"))
        })
    }
}
