//! What the inventory says of a file: that it is one.

use super::describe::describe;
use crate::artifact::{Artifact, Blobs};
use crate::error::Result;
use crate::report::{Class, Component, Examined};

/// The component of an artifact of this room. What is in the file is not read: nothing says what it is.
pub(super) fn examine(artifact: &Artifact, blobs: &dyn Blobs) -> Result<Component> {
    let examined = if super::super::is_here(artifact, blobs)? { Examined::Opaque } else { Examined::NotExamined };
    let version = if artifact.version == "unversioned" { String::new() } else { artifact.version.clone() };
    Ok(Component { class: Class::File, examined, version, ..Component::of(artifact, describe(artifact)) })
}
