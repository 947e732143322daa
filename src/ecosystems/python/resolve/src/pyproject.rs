//! What a source distribution needs to be built (PEP 518).

use crate::failure::{Failure, FailureKind};
use crate::inputs;

/// What is needed where a project does not say: PEP 518 and PEP 517 leave it to setuptools.
const DEFAULT: &str = "setuptools >= 40.8.0";

/// The largest `pyproject.toml` that is read, in bytes.
const LARGEST: usize = 1 << 20;

/// `build-system.requires` of a `pyproject.toml`, or setuptools where there is no such table.
///
/// These are requirements of their own: nothing of them is part of the resolution that chose
/// the source distribution. An empty text stands for a project without a `pyproject.toml`.
///
/// # Errors
///
/// [`FailureKind::Malformed`] for text that is not TOML or a `build-system` table without a list
/// of strings called `requires`; [`FailureKind::Refused`] for a requirement that is not on an
/// index.
pub fn build_requirements(pyproject: &str) -> Result<Vec<String>, Failure> {
    let malformed = |why: &str| Failure::new(FailureKind::Malformed, format!("pyproject.toml: {why}"));
    if pyproject.len() > LARGEST {
        return Err(malformed("larger than 1 MiB"));
    }
    let document: toml::Table = pyproject.parse().map_err(|error: toml::de::Error| malformed(error.message()))?;
    let Some(build_system) = document.get("build-system") else {
        return Ok(vec![DEFAULT.to_owned()]);
    };
    let requires = build_system
        .get("requires")
        .and_then(toml::Value::as_array)
        .ok_or_else(|| malformed("build-system has no list called requires (PEP 518)"))?;
    let mut requirements = Vec::with_capacity(requires.len());
    for item in requires {
        let text = item.as_str().ok_or_else(|| malformed("build-system.requires holds something not a string"))?;
        inputs::parse(text, "build-system.requires")?;
        requirements.push(text.to_owned());
    }
    Ok(requirements)
}
