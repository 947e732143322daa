//! The site: which room answers which path. `/<ecosystem>/<view>/…`, `/<ecosystem>/…` for the first view, and the roots that some
//! clients demand. On a listener of one room, that room also stands at the root. What registry clients read comes from all rooms and is put
//! together here: at its root for the first view, below one room's mount point for every view.

use super::Settings;
use super::pages::Pages;
use crate::artifact::percent_encoded as segment;
use crate::ecosystems::{ALL, Ecosystem};
use crate::server::oci::{ROOT, Registry};
use crate::server::{Secret, Shown, mount, problem};
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
/// What stands before a token in a path.
const TOKEN: &str = "/t";

/// Everything that is served from one set of views.
pub struct Site {
    /// Routers by ecosystem and by view, as it is written in a URL.
    rooms: HashMap<&'static str, HashMap<String, Mounted>>,
    /// The ecosystem whose mount point is the shared registry.
    registry: Option<&'static str>,
    /// The ecosystems whose clients may write a token before the whole path.
    tokens: Vec<&'static str>,
}

#[derive(Clone)]
struct Mounted {
    view: Arc<str>,
    router: Router,
}

impl Site {
    /// The router over the views, the first of which is the one without a name in URLs.
    pub fn router(views: Vec<View>, snapshot: Option<u64>, settings: &Arc<Settings>) -> Router {
        let rooms = ALL.iter().map(|ecosystem| (ecosystem.name(), mounted(*ecosystem, &views))).collect();
        let registry = ALL.iter().find(|ecosystem| ecosystem.is_registry()).map(|ecosystem| ecosystem.name());
        let tokens = ALL.iter().filter(|ecosystem| ecosystem.takes_tokens_in_front()).map(|ecosystem| ecosystem.name()).collect();
        let site = Arc::new(Self { rooms, registry, tokens });
        Pages::new(views, snapshot, settings.clone()).routes().fallback(answer).with_state(site)
    }

    /// The token of an account before a path, and the path behind it, where that leads to a room whose clients write one.
    fn token<'a>(&self, path: &'a str) -> Option<(&'a str, &'a str)> {
        let (token, rest) = first_segment(below(path, TOKEN)?);
        self.tokens.contains(&first_segment(rest).0).then_some((token, rest)).filter(|(token, _)| !token.is_empty())
    }

    /// The room's router for a path, and the path below its mount point.
    fn find<'a>(&'a self, path: &'a str) -> Option<(&'a Mounted, &'a str)> {
        if let (Some(rest), Some(registry)) = (below(path, ROOT), self.registry) {
            return Some((self.rooms.get(registry)?.get(LATEST)?, rest));
        }
        let (ecosystem, rest) = first_segment(path);
        let views = self.rooms.get(ecosystem)?;
        let (view, deeper) = first_segment(rest);
        let (mounted, rest) = match views.get(view) {
            Some(mounted) => (mounted, deeper),
            None => (views.get(LATEST)?, rest),
        };
        Some((mounted, below(rest, ROOT).filter(|_| self.registry == Some(ecosystem)).unwrap_or(rest)))
    }
}

/// Whether a POST request to a path only asks something: the room that it leads to knows.
pub fn is_question(mount: Option<&str>, path: &str) -> bool {
    let (first, rest) = first_segment(path);
    let (room, rest) = mount.filter(|room| first != *room).map_or((first, rest), |room| (room, path));
    ALL.iter().any(|ecosystem| ecosystem.name() == room && ecosystem.is_question(rest))
}

/// The routers of an ecosystem by view.
fn mounted(ecosystem: &'static dyn Ecosystem, views: &[View]) -> HashMap<String, Mounted> {
    let mounted = |view: &View| {
        let router = if ecosystem.is_registry() { registry(view, ecosystem.name()) } else { ecosystem.serve(view.shelf(ecosystem.name())) };
        Mounted { view: view.name.as_str().into(), router }
    };
    let mut routers: HashMap<_, _> = views.iter().map(|view| (segment(&view.name), mounted(view))).collect();
    if let (Some(first), false) = (views.first(), routers.contains_key(LATEST)) {
        // Rooms may write the view's name into paths, so the alias is a router of its own.
        let alias = View { name: LATEST.to_owned(), ..first.clone() };
        routers.insert(LATEST.to_owned(), mounted(&alias));
    }
    routers
}

/// The registry of a view: the repositories of all rooms.
fn registry(view: &View, mount: &str) -> Router {
    let base = if view.name == LATEST { ROOT.to_owned() } else { format!("/{mount}/{}{ROOT}", segment(&view.name)) };
    let rooms = ALL.iter().map(|ecosystem| ecosystem.repositories(&view.shelf(ecosystem.name())));
    Registry::new(rooms, view.blobs.clone(), base).router()
}

async fn answer(State(site): State<Arc<Site>>, mut request: Request) -> Response {
    let path = request.uri().path();
    let (token, path) = site.token(path).map_or((None, path), |(token, path)| (Some(Secret(token.to_owned())), path));
    let rooted = mount(request.extensions()).filter(|room| first_segment(path).0 != *room).map(|room| format!("/{room}{path}"));
    let Some((mounted, rest)) = site.find(rooted.as_deref().unwrap_or(path)) else {
        return problem(StatusCode::NOT_FOUND, "nothing is here", "The start page says what this mirror has: /");
    };
    let (mounted, target) = (mounted.clone(), target(rest, request.uri().query()));
    *request.uri_mut() = target;
    let mut response = mounted.router.oneshot(request).await.unwrap_or_else(|never| match never {});
    response.extensions_mut().insert(Shown(mounted.view));
    if let Some(token) = token {
        response.extensions_mut().insert(token);
    }
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
