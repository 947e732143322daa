//! When to try again: exponential back-off with a cap, `Retry-After` honoured, attempts counted.

use super::Failure;
use crate::error::Result;
use http::{HeaderMap, header};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Attempts at one thing; forgets its failures when progress is made.
#[derive(Debug, Clone)]
pub struct Backoff {
    attempts: u32,
    failed: u32,
    base: Duration,
    notice: Notice,
}

/// Where a person is told that somebody is being waited for; nowhere, unless asked otherwise.
#[derive(Clone, Default)]
pub struct Notice(Option<Arc<dyn Fn(&str) + Send + Sync>>);

impl Notice {
    /// Tells by calling this.
    pub fn new(tell: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(tell)))
    }
}

impl fmt::Debug for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Notice")
    }
}

/// Longest pause between two attempts, also against a server that asks for more.
const LONGEST: Duration = Duration::from_secs(60);
/// A pause of this length is told of: it could be taken for a standstill.
const LONG: Duration = Duration::from_secs(5);

impl Backoff {
    /// At most `attempts` in a row without progress, the first pause being `base`.
    pub fn new(attempts: u32, base: Duration) -> Self {
        Self { attempts, failed: 0, base, notice: Notice::default() }
    }

    /// The same, telling of long pauses.
    #[must_use]
    pub fn telling(self, notice: Notice) -> Self {
        Self { notice, ..self }
    }

    /// Progress was made: the next failure counts as the first.
    pub fn progressed(&mut self) {
        self.failed = 0;
    }

    /// How long to pause before the next attempt, or the failure when there shall be none; then it says how often it was tried.
    pub fn after(&mut self, failure: Failure) -> Result<Duration> {
        self.failed += 1;
        if !failure.transient {
            return Err(failure.error);
        }
        if self.failed >= self.attempts {
            return Err(failure.error.with("tried", format!("{} times", self.failed)).hint("run the command again later"));
        }
        let pause = self.base.saturating_mul(1 << (self.failed - 1).min(16));
        let wait = failure.wait.unwrap_or(pause).min(LONGEST);
        if let Some(tell) = self.notice.0.as_ref().filter(|_| wait >= LONG) {
            let asked = failure.wait.map(|asked| format!(": the server asks to wait {} s", asked.as_secs())).unwrap_or_default();
            tell(&format!("{}; trying again in {} s{asked}", failure.error.message(), wait.as_secs()));
        }
        Ok(wait)
    }

    /// Runs a small request until it succeeds or shall not be tried again.
    pub async fn run<T, F: Future<Output = std::result::Result<T, Failure>>>(mut self, mut request: impl FnMut() -> F) -> Result<T> {
        loop {
            match request().await {
                Ok(done) => return Ok(done),
                Err(failure) => tokio::time::sleep(self.after(failure)?).await,
            }
        }
    }
}

/// `Retry-After` (RFC 9110, section 10.2.3). A date counts from the answer's own `Date`, so that no clock needs to be right.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let told = text(header::RETRY_AFTER)?;
    if let Ok(seconds) = told.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = |text: &str| jiff::fmt::rfc2822::parse(text).ok().map(|date| date.timestamp());
    let wait = date(told)?.duration_since(date(text(header::DATE)?)?);
    Some(Duration::try_from(wait).unwrap_or_default())
}
