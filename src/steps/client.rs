//! `client`: what a user pastes so that a client asks the mirror.

use crate::ecosystems::{ALL, Mirror, Snippet};
use crate::error::{Error, Result};

/// The snippets for one client, or for all, in the order of the ecosystems.
pub fn client(name: Option<&str>, mirror: &Mirror) -> Result<Vec<Snippet>> {
    let all: Vec<Snippet> = ALL.iter().flat_map(|ecosystem| ecosystem.client_config(mirror)).collect();
    let Some(name) = name else { return Ok(all) };
    let (wanted, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|snippet| snippet.client == name);
    if wanted.is_empty() { Err(unknown(name, &others)) } else { Ok(wanted) }
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
