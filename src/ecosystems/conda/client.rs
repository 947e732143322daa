//! What a user pastes.

use crate::ecosystems::{Mirror, Snippet};

pub(super) fn snippets(mirror: &Mirror) -> Vec<Snippet> {
    let text = format!("channel_alias: {}/conda/{}\n", mirror.base, mirror.view);
    vec![Snippet { client: "conda", place: "~/.condarc".to_owned(), text }]
}
