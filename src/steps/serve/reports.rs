//! Signed reports on the mirror's pages: read from the store when they are asked for, and never changed.

use super::pages::{Shared, html};
use crate::artifact::Digest;
use crate::error::Result;
use crate::server::page::{self, PAGE_TYPE, ReportLine};
use crate::server::{DocumentReply, document, problem};
use crate::steps::report::{file, kept};
use crate::store::Store;
use axum::extract::{Extension, Path};
use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;
use http::request::Parts;
use tokio::task::spawn_blocking;

/// The list of them.
pub async fn list(Extension(pages): Shared, parts: Parts) -> Response {
    let Some(store) = pages.reports() else { return none() };
    let found = blocking(move || kept(&store)).await;
    let Some(found) = found else { return unreadable() };
    let line = |kept: crate::steps::report::Kept| ReportLine { digest: kept.digest.hex(), spoken: kept.digest.spoken(), files: kept.files };
    let lines: Vec<ReportLine> = found.into_iter().map(line).collect();
    html(&parts, page::reports(pages.about(), &lines))
}

/// One file of one of them.
pub async fn one(Extension(pages): Shared, Path((digest, name)): Path<(String, String)>, parts: Parts) -> Response {
    let (Some(store), Ok(digest)) = (pages.reports(), Digest::from_hex(&digest)) else { return none() };
    let media_type = match name.rsplit('.').next() {
        Some("html") => PAGE_TYPE,
        Some("json") => "application/json",
        _ => "text/plain; charset=utf-8",
    };
    match blocking(move || file(&store, &digest, &name)).await {
        Some(Some(bytes)) => {
            let (bytes, media_type, headers) = (Bytes::from(bytes), media_type.to_owned(), page::report_headers());
            document(&parts, DocumentReply { bytes, media_type, varies: false, headers })
        }
        Some(None) => none(),
        None => unreadable(),
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Option<T> {
    spawn_blocking(work).await.ok()?.ok()
}

fn none() -> Response {
    problem(StatusCode::NOT_FOUND, "there is no such report", "The list of them: /reports/")
}

fn unreadable() -> Response {
    problem(StatusCode::INTERNAL_SERVER_ERROR, "the reports cannot be read", "")
}

/// Where reports are kept, when the mirror serves a store.
pub fn place(source: &super::Source) -> Option<Store> {
    match source {
        super::Source::Store(store) => Some(store.clone()),
        super::Source::Views(_) => None,
    }
}
