//! The client half of the OCI distribution protocol (OCI distribution specification 1.1, "Pull" and "Listing referrers").
//!
//! In: a registry, a repository, the mirrors it may be had from, and which hosts may be asked over plain HTTP. Out: manifests with the
//! digest of their exact bytes, small blobs, referrers, and [`fetch`]ed blob streams from any offset. Requests go through the one client
//! of the door, so that time-outs, proxies and certificate authorities are those of everything else; what registries add is here: the
//! challenge (RFC 9110, section 11.6.1), bearer tokens kept for one repository of one origin, logins of docker and podman with their
//! helpers, refresh tokens, mirrors tried in order.
//!
//! `oci_distribution` reads references. Its requests are not used: it asks `/v2/` before every request to an
//! open registry, hides `Retry-After` and refused logins, knows no refresh tokens, and brings a second connection pool.
//!
//! Called by `lock` and `fetch` of rooms that carry what registries hold. It interprets no manifest, chooses no platform, and never sends a login to another
//! host than the registry's own or the token server the registry names, and to that one never over plain HTTP when the registry itself
//! was asked over TLS.

mod challenge;
mod login;
mod reference;
mod repository;
mod session;
#[cfg(test)]
mod tests;
mod token;

pub use login::login_files;
pub use reference::Reference;
pub use repository::{Found, Repository, fetch};
pub(super) use session::Sessions;
