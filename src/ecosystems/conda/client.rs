//! What a user pastes.

use crate::ecosystems::{Mirror, Snippet};
use std::fmt::Write;

/// Where short names of channels lead without any configuration.
const USUAL: &str = "https://conda.anaconda.org";
/// Where the mirror's own authority is kept, as for the other clients.
const AUTHORITY: &str = "/etc/ssl/certs/airlift-ca.pem";

/// Left alone, both have every Python require pip, which the records do not: what was solved and carried without pip is then refused.
const PIP: &str = "add_pip_as_python_dependency: false   # what was carried without pip is installed without it\n";

/// One snippet a file.
pub(super) fn snippets(mirror: &Mirror) -> Vec<Snippet> {
    let alias = format!("{}/{}/{}", mirror.base, super::NAME, mirror.view);
    vec![conda(mirror, &alias), mamba(mirror, &alias), pixi(mirror, &alias), pixi_project(mirror), rattler(mirror, &alias)]
}

fn snippet(client: &'static str, place: &str, text: String) -> Snippet {
    Snippet { client, place: place.to_owned(), text }
}

/// Names stay short and mean the mirror; nothing else is asked, the channels of the vendor included, which are there by default.
fn conda(mirror: &Mirror, alias: &str) -> Snippet {
    let mut text = format!(
        "channel_alias: {alias}\nchannels: [conda-forge]   # those that the mirror has: {alias}/\ndefault_channels: []\n\
         channel_priority: strict\n{PIP}notify_outdated_conda: false\n"
    );
    if mirror.own_ca {
        let _ = writeln!(text, "{}ssl_verify: {AUTHORITY}", mirror.authority_comment(AUTHORITY));
    }
    text.push_str("# `offline` stays false: it forbids every request, those to this mirror too\n");
    snippet("conda", "~/.condarc", text)
}

/// mamba and micromamba; they read ~/.condarc too, this file has the last word.
fn mamba(mirror: &Mirror, alias: &str) -> Snippet {
    let mut text = format!("# also for micromamba\nchannel_alias: {alias}\nchannels: [conda-forge]\nchannel_priority: strict\n{PIP}");
    if mirror.own_ca {
        let _ = writeln!(text, "{}ssl_verify: {AUTHORITY}", mirror.authority_comment(AUTHORITY));
    }
    snippet("mamba", "~/.mambarc", text)
}

/// Addresses are rewritten on the way, so that projects and their `pixi.lock` stay as they are.
fn pixi(mirror: &Mirror, alias: &str) -> Snippet {
    let mut text = String::from("default-channels = [\"conda-forge\"]\n");
    if mirror.own_ca {
        let place = "/usr/local/share/ca-certificates/airlift-ca.crt && update-ca-certificates";
        let _ = writeln!(text, "{}tls-root-certs = \"system\"", mirror.authority_comment(place));
    }
    let _ = write!(text, "\n[mirrors]\n\"{USUAL}/\" = [\"{alias}/\"]\n\n[repodata-config]\ndisable-bzip2 = true\n");
    snippet("pixi", "~/.pixi/config.toml", text)
}

/// pixi asks the internet which Python package a Conda package is, as soon as a project has Python packages of an index.
fn pixi_project(mirror: &Mirror) -> Snippet {
    let text = format!(
        "# in [workspace], for projects with Python packages of an index: a map of names. It is here where the toolkit brings it:\n\
         #   [files.pypi-map]\n#   url = …\n#   path = \"conda-pypi-map.json\"\n\
         conda-pypi-map = {{ conda-forge = \"{}/files/{}/conda-pypi-map.json\" }}\n",
        mirror.base, mirror.view
    );
    snippet("pixi", "pixi.toml", text)
}

/// Programs on rattler take addresses of channels.
fn rattler(mirror: &Mirror, alias: &str) -> Snippet {
    let mut text = String::new();
    if mirror.own_ca {
        let _ = writeln!(text, "{}export SSL_CERT_FILE={AUTHORITY}", mirror.authority_comment(AUTHORITY));
    }
    let _ = writeln!(
        text,
        "rattler-build build --channel {alias}/conda-forge --recipe recipe.yaml   # py-rattler: Channel(\"{alias}/conda-forge\")"
    );
    snippet("rattler", "shell", text)
}
