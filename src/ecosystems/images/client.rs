//! What stock clients are configured with.

use crate::artifact::percent_encoded as segment;
use crate::ecosystems::{Mirror, Snippet};
use std::fmt::Write;

/// The registries that configurations are printed for where a client needs each by name.
const REGISTRIES: [&str; 3] = ["docker.io", "quay.io", "ghcr.io"];

/// All snippets, in the order pages show them.
pub(super) fn snippets(mirror: &Mirror) -> Vec<Snippet> {
    let mut all = docker(mirror);
    all.extend(containerd(mirror));
    all.extend(podman(mirror));
    all.extend(k3s(mirror));
    all
}

fn snippet(client: &'static str, place: impl Into<String>, text: impl Into<String>) -> Snippet {
    Snippet { client, place: place.into(), text: text.into() }
}

/// Where the mirror's own authority goes, when it has one; the start page links to it and shows its fingerprint.
fn authority(client: &'static str, mirror: &Mirror, path: &str) -> Option<Snippet> {
    let text = format!("# {}/ca.pem, after comparing its fingerprint\ninstall -D -m 644 ca.pem {path}\n", mirror.base);
    mirror.own_ca.then(|| snippet(client, "shell", text))
}

fn only_latest(mirror: &Mirror) -> &'static str {
    if mirror.view == "latest" { "" } else { "# this client reaches the view `latest` only\n" }
}

fn docker(mirror: &Mirror) -> Vec<Snippet> {
    let (base, authority_name) = (&mirror.base, mirror.authority());
    let insecure = if mirror.plain_http() { format!(",\n  \"insecure-registries\": [\"{authority_name}\"]") } else { String::new() };
    let mut all: Vec<Snippet> = authority("docker", mirror, &format!("/etc/docker/certs.d/{authority_name}/ca.crt")).into_iter().collect();
    all.push(snippet("docker", "/etc/docker/daemon.json", format!("{{\n  \"registry-mirrors\": [\"{base}\"]{insecure}\n}}\n")));
    let note = "# engines with the containerd image store: one such file for each registry\n";
    all.push(snippet("docker", "/etc/docker/certs.d/quay.io/hosts.toml", format!("{note}{}", hosts(mirror, "/etc/docker/certs.d"))));
    let others = "# the mirror stands in for Docker Hub; what comes from elsewhere is pulled by its full name\n";
    let only_latest = only_latest(mirror);
    all.push(snippet("docker", "shell", format!("{only_latest}{others}docker pull {authority_name}/quay.io/NAME:TAG\n")));
    all
}

/// hosts.toml; `server` is the mirror, or containerd would go on to the registry itself when the mirror has not got something.
fn hosts(mirror: &Mirror, folder: &str) -> String {
    let (base, over) = match mirror.view.as_str() {
        "latest" => (mirror.base.clone(), ""),
        view => (format!("{}/{}/{}/v2", mirror.base, super::NAME, segment(view)), "override_path = true\n"),
    };
    let ca = match mirror.own_ca {
        true => format!(
            "ca = \"{folder}/{}\"\n",
            if folder.contains("docker") { format!("{}/ca.crt", mirror.authority()) } else { "airlift-ca.pem".to_owned() }
        ),
        false => String::new(),
    };
    let indented = |text: &str| if text.is_empty() { String::new() } else { format!("  {text}") };
    format!(
        "server = \"{base}\"\n{ca}{over}\n[host.\"{base}\"]\n  capabilities = [\"pull\", \"resolve\"]\n{}{}",
        indented(&ca),
        indented(over)
    )
}

fn containerd(mirror: &Mirror) -> Vec<Snippet> {
    let folder = "/etc/containerd/certs.d";
    let mut all: Vec<Snippet> = authority("containerd", mirror, &format!("{folder}/airlift-ca.pem")).into_iter().collect();
    all.push(snippet("containerd", format!("{folder}/_default/hosts.toml"), hosts(mirror, folder)));
    let config = format!(
        "# containerd 2; in containerd 1 the table is [plugins.\"io.containerd.grpc.v1.cri\".registry]\n\
         [plugins.\"io.containerd.cri.v1.images\".registry]\n  config_path = \"{folder}\"\n"
    );
    all.push(snippet("containerd", "/etc/containerd/config.toml", config));
    all
}

/// `location` instead of a mirror entry: it never falls back to the registry itself.
fn podman(mirror: &Mirror) -> Vec<Snippet> {
    let authority_name = mirror.authority();
    let mut all: Vec<Snippet> =
        authority("podman", mirror, &format!("/etc/containers/certs.d/{authority_name}/ca.crt")).into_iter().collect();
    let insecure = if mirror.plain_http() { "insecure = true\n" } else { "" };
    let mut text = format!("# podman, skopeo, buildah and CRI-O; add other registries in the same way\n{}", only_latest(mirror));
    text.push_str("unqualified-search-registries = [\"docker.io\"]\n");
    for registry in REGISTRIES {
        let _ = write!(text, "\n[[registry]]\nprefix = \"{registry}\"\nlocation = \"{authority_name}/{registry}\"\n{insecure}");
    }
    all.push(snippet("podman", "/etc/containers/registries.conf.d/50-airlift.conf", text));
    all
}

fn k3s(mirror: &Mirror) -> Vec<Snippet> {
    let (file, mut all) = ("/etc/rancher/k3s/airlift-ca.pem", vec![]);
    all.extend(authority("k3s", mirror, file));
    let (base, authority_name) = (&mirror.base, mirror.authority());
    let mut text = format!(
        "# also for rke2; start the server with --disable-default-registry-endpoint\n{}mirrors:\n  \"*\":\n    endpoint:\n      - \"{base}\"\n",
        only_latest(mirror)
    );
    if mirror.own_ca {
        let _ = write!(text, "configs:\n  \"{authority_name}\":\n    tls:\n      ca_file: {file}\n");
    }
    all.push(snippet("k3s", "/etc/rancher/k3s/registries.yaml", text));
    all
}
