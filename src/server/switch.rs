//! The router being served, exchanged while requests run.

use axum::Router;
use std::sync::{Arc, PoisonError, RwLock};

/// A router that can be exchanged at any time: a request in progress ends on the one it began with.
#[derive(Debug, Clone)]
pub struct Switch {
    router: Arc<RwLock<Router>>,
}

impl Switch {
    /// Serves a router until another one is set.
    pub fn new(router: Router) -> Self {
        Self { router: Arc::new(RwLock::new(router)) }
    }

    /// From now on, this router answers.
    pub fn set(&self, router: Router) {
        let old = std::mem::replace(&mut *self.router.write().unwrap_or_else(PoisonError::into_inner), router);
        // Outside the lock: letting a large router go may take a while.
        drop(old);
    }

    /// The router that answers now.
    pub fn current(&self) -> Router {
        self.router.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
