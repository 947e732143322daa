//! The whole package against package indexes on the loopback interface, made up on the spot.
//!
//! No test touches the network: [`server::Server`] is an index in a thread, with wheels and
//! source distributions built in memory.

mod answers;
mod archives;
mod hostile;
mod indexes;
mod locks;
mod policies;
mod requirements_txt;
mod resolutions;
mod server;

use std::path::Path;

use crate::{Arch, Callbacks, Failure, FailureKind, Index, Login, Request, Requirement, Resolution, Resolver, Settings, System, Target};
use server::Server;

/// The target of most tests.
const TARGET: Target = Target { python: (3, 12, 4), arch: Arch::X86_64, system: System::Glibc(2, 28) };

/// A cache directory and a runtime.
struct Bench {
    cache: tempfile::TempDir,
    runtime: tokio::runtime::Runtime,
}

impl Bench {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        Self { cache: tempfile::tempdir().unwrap(), runtime }
    }

    fn settings(&self) -> Settings {
        Settings { cache_dir: self.cache.path().join("cache"), offline: false, retries: 0 }
    }

    fn resolver(&self) -> Resolver {
        self.open(self.settings())
    }

    fn open(&self, settings: Settings) -> Resolver {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        self.runtime.block_on(Resolver::open(client, settings, callbacks())).unwrap()
    }

    fn resolve(&self, request: &Request) -> Result<Resolution, Failure> {
        self.runtime.block_on(async { self.resolver_here().await.resolve(request).await })
    }

    async fn resolver_here(&self) -> Resolver {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        Resolver::open(client, self.settings(), callbacks()).await.unwrap()
    }
}

/// No credentials, and a reader of wheels that trusts them.
fn callbacks() -> Callbacks {
    Callbacks { read_metadata: archives::metadata_of, login: Login::none() }
}

/// A request for these requirements from one server alone.
fn request(server: &Server, requirements: &[&str]) -> Request {
    let requirements = requirements.iter().map(|text| Requirement::new(*text, "test")).collect();
    Request { default_index: Some(Index::new(server.simple())), ..Request::new(TARGET, requirements) }
}

/// `name version` of every package.
fn names(resolution: &Resolution) -> Vec<String> {
    resolution.packages.iter().map(|package| format!("{} {}", package.name, package.version)).collect()
}

/// The failure of a request, with its kind checked.
#[track_caller]
fn failure(outcome: Result<Resolution, Failure>, kind: FailureKind) -> Failure {
    let failure = outcome.expect_err("it should have failed");
    assert_eq!(failure.kind, kind, "{failure} {:?}", failure.hints);
    assert!(!failure.message.contains('\u{1b}'), "colours in {failure:?}");
    failure
}

/// Writes a file and gives its path.
fn write(directory: &Path, name: &str, text: &str) -> std::path::PathBuf {
    let path = directory.join(name);
    std::fs::write(&path, text).unwrap();
    path
}
