//! The shared words: what an artifact is, how its bytes are known, where they came from.
//!
//! An [`Artifact`] is one named, versioned thing of one ecosystem (an image, a wheel, a file). It lists [`Descriptor`]s (media type,
//! SHA-256, size, origins) and carries `meta`, the payload of its room, which nobody else interprets. [`Blobs`] is how bytes are
//! looked up by digest, whether they lie in a store or still inside a bundle. [`Target`] says what machine a toolkit is for.
//! [`Description`] is what a room can tell an auditor. [`MANIFEST_TYPES`] are the manifests of registries that are carried.
//!
//! Everything may use this module; it uses nothing of ours but `error`. It reads no files, knows no network and no ecosystem's name.

mod blobs;
mod buffer;
mod check;
mod description;
mod descriptor;
mod digest;
mod markup;
mod name;
mod percent;
mod purl;
mod registry;
mod strict;
mod target;
mod typed;

pub use blobs::{BlobIntake, BlobRead, BlobSink, Blobs, CheckOnly, InMemory, check_blob};
pub use buffer::AlignedBuffer;
pub use check::{CheckValue, PIECE};
pub use description::{Completeness, Description, Licence, Release, UpstreamSignature};
pub use descriptor::{Artifact, Descriptor, Learned, SideDigests};
pub use digest::{Digest, Sha256Writer, sha256_bytes};
pub use markup::html_escaped;
pub use name::{check_name, check_word, is_loopback_host, set_name};
pub use percent::{percent_decoded, percent_encoded};
pub use purl::Purl;
pub use registry::{DOCKER_LIST, DOCKER_MANIFEST, INDEX, MANIFEST, MANIFEST_TYPES, MOST_MANIFEST_BYTES};
pub use strict::{LARGEST, Limits, parse_strict, parse_versioned};
pub use target::{Architecture, Libc, Target, Version};
pub use typed::{read_typed, typed_rows};
