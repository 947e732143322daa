//! `client`: what a user pastes so that a client asks the mirror.

use crate::ecosystems::{ALL, Mirror, Snippet};
use crate::error::{Error, Result};
use crate::store::Store;

/// The snippets for one client, or for all, in the order of the ecosystems. With the mirror's store, those for one client have what it
/// needs for single things that are installed as well; such a snippet is instead of one for the same place that knows of nothing installed.
pub fn client(name: Option<&str>, mirror: &Mirror, store: Option<&Store>) -> Result<Vec<Snippet>> {
    let all: Vec<Snippet> = ALL.iter().flat_map(|ecosystem| ecosystem.client_config(mirror)).collect();
    let Some(name) = name else { return Ok(all) };
    let (mut wanted, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|snippet| snippet.client == name);
    if wanted.is_empty() {
        return Err(unknown(name, &others));
    }
    let snapshot = store.map(Store::current).transpose()?.flatten();
    let views = store.zip(snapshot).map(|(store, snapshot)| store.views(&snapshot)).transpose()?.unwrap_or_default();
    if let Some(view) = views.iter().find(|view| view.name == mirror.view) {
        let carried = ALL.iter().flat_map(|ecosystem| ecosystem.carried_config(mirror, &view.shelf(ecosystem.name())));
        let carried: Vec<_> = carried.filter(|snippet| snippet.client == name).collect();
        wanted.retain(|usual| carried.iter().all(|snippet| snippet.place != usual.place));
        wanted.extend(carried);
    }
    Ok(wanted)
}

fn unknown(name: &str, known: &[Snippet]) -> Error {
    let mut clients: Vec<&str> = known.iter().map(|snippet| snippet.client).collect();
    clients.dedup();
    let nearest = clients.iter().max_by(|a, b| strsim::jaro_winkler(a, name).total_cmp(&strsim::jaro_winkler(b, name)));
    let error = Error::usage(format!("no client is called {name:.60}")).with("known", clients.join(", "));
    match nearest.filter(|nearest| strsim::jaro_winkler(nearest, name) > 0.8) {
        Some(nearest) => error.hint(format!("did you mean {nearest}")),
        None => error,
    }
}
