//! What a user pastes.

use crate::ecosystems::{Mirror, Snippet};

pub(super) fn snippets(mirror: &Mirror) -> Vec<Snippet> {
    let mut text = format!(
        "export HF_ENDPOINT={}/models/{}\nexport HF_HUB_DISABLE_TELEMETRY=1 HF_HUB_DISABLE_UPDATE_CHECK=1\n",
        mirror.base, mirror.view
    );
    if mirror.own_ca {
        text.push_str(&mirror.authority_comment("/etc/ssl/certs/airlift-ca.pem"));
        text.push_str("export SSL_CERT_FILE=/etc/ssl/certs/airlift-ca.pem REQUESTS_CA_BUNDLE=/etc/ssl/certs/airlift-ca.pem\n");
    }
    text.push_str("# HF_HUB_OFFLINE must not be set: it forbids every request, those to this mirror too\n");
    vec![Snippet { client: "hf", place: "shell".to_owned(), text }]
}
