//! Shelf → channels.

use crate::store::Shelf;
use axum::Router;

pub(super) fn router(_: Shelf) -> Router {
    Router::new()
}
