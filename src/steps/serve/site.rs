//! The site: which room answers which path. `/<ecosystem>/<view>/…`, `/<ecosystem>/…` for the first view, and the roots that some
//! clients demand. On a listener of one room, that room also stands at the root.

use super::Settings;
use super::pages::Pages;
use crate::artifact::percent_encoded as segment;
use crate::ecosystems::ALL;
use crate::server::{Shown, mount, problem};
use crate::store::View;
use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use http::uri::PathAndQuery;
use http::{StatusCode, Uri};
use std::collections::HashMap;
use std::sync::Arc;
use tower::ServiceExt;

/// The view of all bundles; where no view has that name, the first view answers to it.
const LATEST: &str = "latest";

/// Everything that is served from one set of views.
pub struct Site {
    rooms: HashMap<&'static str, Room>,
    at_root: Vec<(&'static str, &'static str)>,
}

struct Room {
    root: Option<&'static str>,
    /// Routers by view, as it is written in a URL.
    views: HashMap<String, Mounted>,
}

#[derive(Clone)]
struct Mounted {
    view: Arc<str>,
    router: Router,
}

impl Site {
    /// The router over the views, the first of which is the one without a name in URLs.
    pub fn router(views: Vec<View>, snapshot: Option<u64>, settings: &Arc<Settings>) -> Router {
        let rooms: HashMap<_, _> = ALL.iter().map(|ecosystem| (ecosystem.name(), Room::new(*ecosystem, &views))).collect();
        let at_root = ALL.iter().filter_map(|ecosystem| Some((ecosystem.root()?, ecosystem.name()))).collect();
        let site = Arc::new(Self { rooms, at_root });
        Pages::new(views, snapshot, settings.clone()).routes().fallback(answer).with_state(site)
    }

    /// The room's router for a path, and the path below its mount point.
    fn find<'a>(&'a self, path: &'a str) -> Option<(&'a Mounted, &'a str)> {
        for (root, ecosystem) in &self.at_root {
            if let Some(rest) = below(path, root) {
                return Some((self.rooms.get(ecosystem)?.views.get(LATEST)?, rest));
            }
        }
        let (ecosystem, rest) = first_segment(path);
        let room = self.rooms.get(ecosystem)?;
        let (view, deeper) = first_segment(rest);
        let (mounted, rest) = match room.views.get(view) {
            Some(mounted) => (mounted, deeper),
            None => (room.views.get(LATEST)?, rest),
        };
        Some((mounted, room.root.and_then(|root| below(rest, root)).unwrap_or(rest)))
    }
}

impl Room {
    fn new(ecosystem: &'static dyn crate::ecosystems::Ecosystem, views: &[View]) -> Self {
        let mounted = |view: &View| Mounted { view: view.name.as_str().into(), router: ecosystem.serve(view.shelf(ecosystem.name())) };
        let mut routers: HashMap<_, _> = views.iter().map(|view| (segment(&view.name), mounted(view))).collect();
        if let (Some(first), false) = (views.first(), routers.contains_key(LATEST)) {
            // Rooms may write the view's name into paths, so the alias is a router of its own.
            let alias = View { name: LATEST.to_owned(), ..first.clone() };
            routers.insert(LATEST.to_owned(), mounted(&alias));
        }
        Self { root: ecosystem.root(), views: routers }
    }
}

async fn answer(State(site): State<Arc<Site>>, mut request: Request) -> Response {
    let path = request.uri().path();
    let rooted = mount(request.extensions()).filter(|room| first_segment(path).0 != *room).map(|room| format!("/{room}{path}"));
    let Some((mounted, rest)) = site.find(rooted.as_deref().unwrap_or(path)) else {
        return problem(StatusCode::NOT_FOUND, "nothing is here", "The start page says what this mirror has: /");
    };
    let (mounted, target) = (mounted.clone(), target(rest, request.uri().query()));
    *request.uri_mut() = target;
    let mut response = mounted.router.oneshot(request).await.unwrap_or_else(|never| match never {});
    response.extensions_mut().insert(Shown(mounted.view));
    response
}

/// The path behind a mount point, if it lies there.
fn below<'a>(path: &'a str, mount: &str) -> Option<&'a str> {
    path.strip_prefix(mount).filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The first segment of a path, and the rest with its slash.
fn first_segment(path: &str) -> (&str, &str) {
    let path = path.strip_prefix('/').unwrap_or(path);
    path.split_at(path.find('/').unwrap_or(path.len()))
}

fn target(path: &str, query: Option<&str>) -> Uri {
    let path = if path.is_empty() { "/" } else { path };
    let target = query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    // It is part of a target that was valid.
    Uri::from(PathAndQuery::try_from(target).unwrap_or(PathAndQuery::from_static("/")))
}
