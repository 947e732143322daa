//! The resolver as callers see it.

use std::pin::Pin;
use std::sync::{LazyLock, Once};

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use uv_cache::Cache;
use uv_distribution_types::PYPI_URL;
use uv_preview::Preview;

use crate::documents::Known;
use crate::failure::{Failure, FailureKind, chain};
use crate::job::Job;
use crate::limits::Limits;
use crate::package::Resolution;
use crate::request::{Callbacks, Request, Settings};

/// Stack of the thread a resolution runs on, in bytes. uv's futures are deep, and deeper still
/// in a build that is not optimised; only what is touched is ever backed by memory.
const STACK: usize = 16 << 20;

/// Resolves requirements to files. Keeps a client and a cache, which all its resolutions share;
/// several may run at once.
#[derive(Debug)]
pub struct Resolver {
    client: reqwest::Client,
    cache: Cache,
    settings: Settings,
    pub(crate) limits: Limits,
    callbacks: Callbacks,
    known: Known,
}

/// What an asynchronous call gives. Boxed, so that the code behind it is compiled in this package
/// and not in the caller's.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send + 'a>>;

impl Resolver {
    /// Opens the cache directory, creating it if need be.
    ///
    /// `client` makes every connection: its TLS roots, proxies, timeouts and user agent are the
    /// ones in use. Give it `redirect::Policy::none()`: redirects are then followed one by one,
    /// with the credentials of each origin.
    ///
    /// # Errors
    ///
    /// [`FailureKind::Storage`] when the cache directory cannot be created or locked.
    pub fn open(client: reqwest::Client, settings: Settings, callbacks: Callbacks) -> Answer<'static, Self> {
        set_up_uv();
        Box::pin(async move {
            let cache = Cache::from_path(&settings.cache_dir).init().await.map_err(|error| {
                let dir = settings.cache_dir.display();
                Failure::new(FailureKind::Storage, format!("cache directory {dir}: {}", chain(&error)))
            })?;
            Ok(Self { client, cache, settings, limits: Limits::default(), callbacks, known: Known::default() })
        })
    }

    /// Finds the newest set of packages that satisfies the request, and their files.
    ///
    /// Must be called within a tokio runtime with I/O and time. Dropping the future ends the
    /// resolution.
    ///
    /// # Errors
    ///
    /// Any [`FailureKind`]; a conflict is told in uv's own words.
    pub fn resolve(&self, request: &Request) -> Answer<'static, Resolution> {
        let job = Job {
            client: self.client.clone(),
            cache: self.cache.clone(),
            settings: self.settings.clone(),
            limits: self.limits,
            callbacks: self.callbacks.clone(),
            known: self.known.clone(),
            request: request.clone(),
        };
        Box::pin(async move {
            start(job)?.await.unwrap_or_else(|_| {
                let message = "the resolution ended without an answer";
                Err(Failure::new(FailureKind::Malformed, message))
            })
        })
    }
}

/// Runs a resolution on a thread of its own: uv's futures cannot move between threads and need a
/// deep stack. It ends when nobody waits for the answer any more.
fn start(job: Job) -> Result<oneshot::Receiver<Result<Resolution, Failure>>, Failure> {
    let runtime = Handle::current();
    let (mut answer, result) = oneshot::channel();
    std::thread::Builder::new()
        .name("python-resolve".to_owned())
        .stack_size(STACK)
        .spawn(move || {
            runtime.block_on(async {
                let outcome = tokio::select! {
                    outcome = job.run() => outcome,
                    () = answer.closed() => return,
                };
                // An error here means that nobody waits any more: nothing to tell.
                let _ = answer.send(outcome);
            });
        })
        .map_err(|error| Failure::from_error(FailureKind::Storage, &error))?;
    Ok(result)
}

/// The URL of the index that is asked when a request names no default index: uv's constant.
pub fn default_index_url() -> &'static str {
    static URL: LazyLock<String> = LazyLock::new(|| PYPI_URL.to_string());
    &URL
}

/// uv reads its preview switches from a global, and panics where nobody has set it.
fn set_up_uv() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Both fail only if somebody else in this process has done it, which is as good.
        let _ = uv_preview::set(Preview::default());
        let _ = uv_preview::finalize();
    });
}
