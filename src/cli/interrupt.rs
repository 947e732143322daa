//! Ctrl-C while work goes on that does not wait for the network: the work is asked to end, and cleans up behind itself.

use crate::progress::Progress;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Once};
use std::time::{Duration, Instant};
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

static ASKED: AtomicBool = AtomicBool::new(false);
static WATCHED: Once = Once::new();

/// What comes so soon after the first is the same wish: programs that start others pass a signal on that has reached them already.
const SAME: Duration = Duration::from_secs(1);

/// Progress of work that ends after Ctrl-C; a second one ends the process at once.
pub struct Stoppable(Arc<dyn Progress>);

impl Stoppable {
    /// Watches for Ctrl-C from now on, for the rest of the process.
    pub fn new(inner: Arc<dyn Progress>) -> Self {
        WATCHED.call_once(watch);
        Self(inner)
    }
}

/// Where signals cannot be received, Ctrl-C ends the process as it always did.
fn watch() {
    let Ok(runtime) = Builder::new_current_thread().enable_all().build() else { return };
    let interrupts = {
        let _inside = runtime.enter();
        signal(SignalKind::interrupt())
    };
    let Ok(mut interrupts) = interrupts else { return };
    std::thread::spawn(move || {
        runtime.block_on(async {
            let mut first = None;
            while interrupts.recv().await.is_some() {
                ASKED.store(true, Ordering::Relaxed);
                if first.get_or_insert_with(Instant::now).elapsed() > SAME {
                    std::process::exit(i32::from(crate::error::Kind::Interrupted.exit_code()));
                }
            }
        });
    });
}

impl Progress for Stoppable {
    fn begin(&self, phase: &'static str, total: u64) {
        self.0.begin(phase, total);
    }

    fn advance(&self, phase: &'static str, bytes: u64) {
        self.0.advance(phase, bytes);
    }

    fn end(&self, phase: &'static str) {
        self.0.end(phase);
    }

    fn note(&self, message: &str) {
        self.0.note(message);
    }

    fn stopped(&self) -> bool {
        ASKED.load(Ordering::Relaxed)
    }
}
