//! What the mirror says of itself: start page, lists, state, authority.

use super::Settings;
use super::reports::Reports;
use super::site::Site;
use crate::artifact::Artifact;
use crate::ecosystems::{ALL, Ecosystem, Mirror};
use crate::server::page::{self, About, ListPage, PAGE_TYPE, Recipe, Row, ShelfLine, StartPage, ViewLine};
use crate::server::{DocumentReply, base, document, problem};
use crate::store::View;
use axum::Router;
use axum::extract::{Extension, Path};
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use http::header::CACHE_CONTROL;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Rows on one page of a list.
const ROWS: usize = 500;

/// The pages over one set of views.
pub struct Pages {
    settings: Arc<Settings>,
    views: Vec<View>,
    /// All that does not depend on the request.
    start: StartPage,
    health: Bytes,
}

pub(super) type Shared = Extension<Arc<Pages>>;

impl Pages {
    /// Counts what is there, once.
    pub fn new(views: Vec<View>, snapshot: Option<u64>, settings: Arc<Settings>) -> Self {
        let latest = views.first();
        let about = About {
            name: settings.name.clone(),
            snapshot,
            id: latest.map(|view| view.id.spoken()),
            authority: settings.authority.as_ref().map(|(_, fingerprint)| fingerprint.clone()),
            contact: settings.contact.clone(),
            reports: settings.reports.is_some(),
        };
        let shelves = latest.map_or_else(Vec::new, |view| ALL.iter().filter_map(|e| shelf_line(view, e.name())).collect());
        let lines = views.iter().map(view_line).collect();
        let health = health(&views, snapshot);
        Self { settings, start: StartPage { about, shelves, views: lines, recipes: vec![] }, views, health }
    }

    /// The routes, for a site to add its own to.
    pub fn routes(self) -> Router<Arc<Site>> {
        Router::new()
            .route("/", get(start))
            .route("/healthz", get(healthz))
            .route("/ca.pem", get(authority))
            .route("/reports/", get(super::reports::list))
            .route("/reports/{digest}/{file}", get(super::reports::one))
            .route("/browse/{ecosystem}/{view}", get(browse))
            .layer(Extension(Arc::new(self)))
    }

    /// What every page tells.
    pub(super) const fn about(&self) -> &About {
        &self.start.about
    }

    /// The signed reports that are shown.
    pub(super) fn reports(&self) -> Option<Arc<Reports>> {
        self.settings.reports.clone()
    }

    /// What pointing a client at this mirror takes, seen from where the request came from.
    fn recipes(&self, parts: &Parts) -> Vec<Recipe> {
        let Some(base) = base(parts) else { return vec![] };
        let own_ca = self.settings.authority.is_some() && base.starts_with("https://");
        let mirror = Mirror { base, view: "latest".to_owned(), own_ca };
        let here = |e: &&&dyn Ecosystem| self.start.shelves.iter().any(|shelf| shelf.ecosystem == e.name());
        let snippets = ALL.iter().filter(here).flat_map(|e| e.client_config(&mirror));
        snippets.map(|s| Recipe { client: s.client.to_owned(), place: s.place, text: s.text }).collect()
    }

    fn list(&self, ecosystem: &str, view: &str, filter: &str, number: usize) -> Option<ListPage> {
        let view = self.views.iter().find(|v| v.name == view)?;
        ALL.iter().find(|e| e.name() == ecosystem)?;
        let fits = |artifact: &&Arc<Artifact>| artifact.ecosystem == ecosystem && artifact.name.contains(filter);
        let total = view.artifacts.iter().filter(fits).count();
        let pages = total.div_ceil(ROWS).max(1);
        if number == 0 || number > pages {
            return None;
        }
        let rows = view.artifacts.iter().filter(fits).skip((number - 1) * ROWS).take(ROWS).map(|artifact| row(artifact)).collect();
        let (ecosystem, filter) = (ecosystem.to_owned(), filter.to_owned());
        Some(ListPage { about: self.start.about.clone(), ecosystem, view: view.name.clone(), filter, rows, total, page: number, pages })
    }
}

async fn start(Extension(pages): Shared, parts: Parts) -> Response {
    let page = StartPage { recipes: pages.recipes(&parts), ..pages.start.clone() };
    html(&parts, page::start(&page))
}

async fn browse(Extension(pages): Shared, Path((ecosystem, view)): Path<(String, String)>, parts: Parts) -> Response {
    let (mut number, mut filter) = (Ok(1), String::new());
    for (key, value) in url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
        match &*key {
            "page" => number = value.parse(),
            "q" => value.trim().clone_into(&mut filter),
            _ => {}
        }
    }
    let page = number.ok().and_then(|number| pages.list(&ecosystem, &view, &filter, number));
    match page {
        Some(page) => html(&parts, page::list(&page)),
        None => problem(StatusCode::NOT_FOUND, "there is no such list", "The start page links to all of them: /"),
    }
}

async fn healthz(Extension(pages): Shared, parts: Parts) -> Response {
    let headers = HeaderMap::from_iter([(CACHE_CONTROL, HeaderValue::from_static("no-store"))]);
    let (bytes, media_type) = (pages.health.clone(), "application/json".to_owned());
    document(&parts, DocumentReply { bytes, media_type, varies: false, headers })
}

async fn authority(Extension(pages): Shared, parts: Parts) -> Response {
    let Some((pem, _)) = &pages.settings.authority else {
        return problem(StatusCode::NOT_FOUND, "this mirror has no certificate authority of its own", "");
    };
    let (bytes, media_type) = (Bytes::from(pem.clone()), "application/x-pem-file".to_owned());
    document(&parts, DocumentReply { bytes, media_type, varies: false, headers: HeaderMap::new() })
}

pub(super) fn html(parts: &Parts, text: String) -> Response {
    let media_type = PAGE_TYPE.to_owned();
    document(parts, DocumentReply { bytes: Bytes::from(text), media_type, varies: false, headers: page::headers() })
}

fn health(views: &[View], snapshot: Option<u64>) -> Bytes {
    let id = views.first().map(|view| view.id.to_string());
    let names: Vec<&str> = views.iter().map(|view| view.name.as_str()).collect();
    let state = serde_json::json!({ "status": "ok", "snapshot": snapshot, "id": id, "views": names });
    Bytes::from(format!("{state}\n"))
}

fn shelf_line(view: &View, ecosystem: &str) -> Option<ShelfLine> {
    let shelf = view.shelf(ecosystem);
    let names: BTreeSet<_> = shelf.artifacts.iter().map(|a| &a.name).collect();
    let blobs: BTreeSet<_> = shelf.artifacts.iter().flat_map(|a| &a.descriptors).map(|d| (d.digest, d.size)).collect();
    let bytes = blobs.iter().map(|(_, size)| size).sum();
    let (names, artifacts, blobs) = (names.len(), shelf.artifacts.len(), blobs.len());
    (artifacts > 0).then(|| ShelfLine { ecosystem: ecosystem.to_owned(), names, artifacts, blobs, bytes })
}

fn view_line(view: &View) -> ViewLine {
    let counted = ALL.iter().map(|e| (e.name().to_owned(), view.artifacts.iter().filter(|a| a.ecosystem == e.name()).count()));
    ViewLine { name: view.name.clone(), id: view.id.spoken(), shelves: counted.filter(|(_, count)| *count > 0).collect() }
}

fn row(artifact: &Artifact) -> Row {
    Row { name: artifact.name.clone(), version: artifact.version.clone(), blobs: artifact.descriptors.len(), bytes: artifact.size() }
}
