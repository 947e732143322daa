//! The manifests that registries keep (OCI image specification 1.1; Docker's image manifest version 2, schema 2): which are carried.

/// An OCI index.
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// An OCI manifest: a configuration and layers.
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// Docker's index.
pub const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
/// Docker's manifest.
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
/// The four media types of manifests that are carried.
pub const MANIFEST_TYPES: [&str; 4] = [INDEX, MANIFEST, DOCKER_LIST, DOCKER_MANIFEST];
/// Longest manifest that is carried, in bytes; the distribution specification asks registries for at least 4 MiB.
pub const MOST_MANIFEST_BYTES: usize = 8 << 20;
