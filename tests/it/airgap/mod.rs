//! Across the gap for real: the `airlift` program carries JupyterLab, scikit-learn, images and files into a network namespace that has
//! loopback only, and stock clients install, pull, run and download from it with nothing but what `airlift client` prints.
//!
//! In: the clients of `tests/clients`, the index that is built in, a registry and a file server on loopback. All tests share one [`Gap`],
//! made by the first of them: a namespace, signed bundles, and a mirror that serves the first bundle. Who changes what is served starts
//! a mirror of its own. Nothing is left behind: a keeper outside the tests' process ends the namespace with everything in it.

mod engines;
mod files;
pub mod gap;
mod in_place;
mod mirror;
mod python;
mod sealed;
mod sender;
mod skopeo;
mod upgrade;

use crate::stock;
use gap::Gap;
use mirror::Mirror;
use sender::Sender;
use std::sync::LazyLock;

/// What all tests share.
struct Shared {
    gap: Gap,
    sender: Sender,
    /// Serves the first bundle from a store, on HTTP and HTTPS.
    mirror: Mirror,
}

static SHARED: LazyLock<Result<Shared, String>> = LazyLock::new(|| {
    let gap = Gap::make()?;
    let sender = Sender::work(&gap)?;
    sender.import(&gap, "inside", &sender.first);
    let mirror = Mirror::start(&gap, "inside", 8080, Some(8443), &[]);
    Ok(Shared { gap, sender, mirror })
});

/// The other side of the gap; without what it takes to make it, the caller has nothing to test.
fn shared() -> Option<&'static Shared> {
    SHARED.as_ref().inspect_err(|why| stock::skip(why)).ok()
}

/// The same, for a test that installs Python packages.
fn with_python() -> Option<&'static Shared> {
    let shared = shared()?;
    shared.sender.python.as_ref().inspect_err(|why| stock::skip(why)).ok().map(|()| shared)
}

/// The same, for a test that needs one more client.
fn with(client: &str) -> Option<&'static Shared> {
    stock::need(client).and_then(|_| shared())
}
