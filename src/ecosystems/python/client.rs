//! What users paste to reach the index.

use crate::ecosystems::{Mirror, Snippet};
use std::fmt::Write;

/// Where the mirror's own authority is kept, as for the other clients.
const AUTHORITY: &str = "/etc/ssl/certs/airlift-ca.pem";

/// One snippet a client.
pub fn snippets(mirror: &Mirror) -> Vec<Snippet> {
    let index = format!("{}/python/{}/simple/", mirror.base, mirror.view);
    vec![pip(mirror, &index), uv(mirror, &index), poetry(mirror, &index), pdm(mirror, &index)]
}

/// pip calls plain HTTP secure on loopback only; elsewhere it drops the index without `trusted-host`.
fn insecure(mirror: &Mirror) -> bool {
    let loopback = mirror.host() == "localhost" || mirror.host().starts_with("127.") || mirror.host() == "[::1]";
    mirror.plain_http() && !loopback
}

fn pip(mirror: &Mirror, index: &str) -> Snippet {
    let mut text = format!("[global]\nindex-url = {index}\ndisable-pip-version-check = true\n");
    if insecure(mirror) {
        let _ = writeln!(text, "trusted-host = {}", mirror.host());
    }
    if mirror.own_ca {
        let _ = writeln!(text, "{}cert = {AUTHORITY}", mirror.authority_comment(AUTHORITY));
    }
    Snippet { client: "pip", place: "~/.config/pip/pip.conf".to_owned(), text }
}

fn uv(mirror: &Mirror, index: &str) -> Snippet {
    let mut text = String::new();
    if insecure(mirror) {
        let _ = writeln!(text, "allow-insecure-host = [\"{}\"]", mirror.authority());
    }
    if mirror.own_ca {
        let _ = writeln!(text, "{}# and into the environment: SSL_CERT_FILE={AUTHORITY}", mirror.authority_comment(AUTHORITY));
    }
    let _ = write!(text, "python-downloads = \"manual\"\n\n[[index]]\nurl = \"{index}\"\ndefault = true\n");
    Snippet { client: "uv", place: "~/.config/uv/uv.toml".to_owned(), text }
}

fn poetry(mirror: &Mirror, index: &str) -> Snippet {
    let mut text = format!("[[tool.poetry.source]]\nname = \"mirror\"\nurl = \"{index}\"\npriority = \"primary\"\n");
    if mirror.own_ca {
        let _ = writeln!(text, "{}# and once: poetry config certificates.mirror.cert {AUTHORITY}", mirror.authority_comment(AUTHORITY));
    }
    Snippet { client: "poetry", place: "pyproject.toml".to_owned(), text }
}

fn pdm(mirror: &Mirror, index: &str) -> Snippet {
    let mut text = format!("[[tool.pdm.source]]\nname = \"pypi\"\nurl = \"{index}\"\n");
    text.push_str(if insecure(mirror) { "verify_ssl = false\n" } else { "verify_ssl = true\n" });
    Snippet { client: "pdm", place: "pyproject.toml".to_owned(), text }
}
