//! The charts room against repositories on loopback: classic ones and registries, sound and broken.

mod bad;
mod clients;
mod lock;

use crate::images::registry::Registry;
use airlift::artifact::Digest;
use airlift::ecosystems::{LockRequest, Locked, find};
use airlift::error::{Error, Result};
use airlift::manifest::Manifest;
use airlift::progress::Silent;
use airlift::upstream::{Settings, Upstream};
use std::path::Path;
use std::time::Duration;

/// A chart's archive, made of files below its folder.
pub fn archive(name: &str, files: &[(&str, &str)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    for (path, text) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        // Not by `set_path`, which refuses names that a hostile archive has.
        let path = format!("{name}/{path}");
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_cksum();
        tar.append(&header, text.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

/// A small chart with a deployment of one image.
pub fn web(version: &str) -> Vec<u8> {
    archive(
        "web",
        &[
            (
                "Chart.yaml",
                &format!(
                    "apiVersion: v2\nname: web\nversion: {version}\nappVersion: \"1.25\"\nannotations:\n  artifacthub.io/images: |\n    - name: job\n      image: quay.io/team/job:3\n"
                ),
            ),
            (
                "values.yaml",
                "image:\n  registry: quay.io\n  repository: team/web\n  tag: \"\"\nsidecar:\n  enabled: false\n  image: quay.io/team/sidecar:1\n",
            ),
            ("templates/web.yaml", WEB),
        ],
    )
}

const WEB: &str = r#"apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      containers:
        - name: web
          image: "{{ .Values.image.registry }}/{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
          args: ["--helper=quay.io/team/helper:2"]
        {{- if .Values.sidecar.enabled }}
        - name: sidecar
          image: {{ .Values.sidecar.image }}
        {{- end }}
        {{- if semverCompare "<1.30" .Capabilities.KubeVersion.Version }}
        - name: old
          image: quay.io/team/old:1
        {{- end }}
"#;

/// A classic repository.
pub struct Classic {
    pub server: Registry,
    entries: std::cell::RefCell<String>,
}

impl Classic {
    pub fn start() -> Self {
        Self { server: Registry::start(), entries: std::cell::RefCell::default() }
    }

    pub fn address(&self) -> String {
        format!("http://{}", self.server.host)
    }

    /// Publishes an archive under a name and version, with its digest in the index.
    pub fn add(&self, name: &str, version: &str, bytes: &[u8]) {
        self.put(name, bytes, version, &format!("charts/{name}-{version}.tgz"), Some(&Digest::of(bytes).hex()));
    }

    /// The same, with what the index says of it.
    pub fn put(&self, name: &str, bytes: &[u8], version: &str, url: &str, digest: Option<&str>) {
        self.server.put(format!("/charts/{name}-{version}.tgz"), "application/gzip", bytes);
        let digest = digest.map(|digest| format!("\n    digest: {digest}")).unwrap_or_default();
        let entry = format!("  {name}:\n  - name: {name}\n    version: {version}\n    urls: [\"{url}\"]{digest}\n");
        let mut entries = self.entries.borrow_mut();
        let begin = format!("  {name}:\n");
        match entries.find(&begin) {
            Some(at) => entries.insert_str(at + begin.len(), &entry[begin.len()..]),
            None => entries.push_str(&entry),
        }
        self.index(&format!("apiVersion: v1\nentries:\n{entries}"));
    }

    pub fn index(&self, text: &str) {
        self.server.put("/index.yaml".to_owned(), "text/yaml", text.as_bytes());
    }
}

/// Pushes an archive as a chart into a registry.
pub fn push(registry: &Registry, repository: &str, tag: &str, bytes: &[u8]) -> Digest {
    push_as(registry, repository, Some(tag), bytes, "application/vnd.cncf.helm.chart.content.v1.tar+gzip")
}

/// The same with a media type of the layer, and without a tag.
fn push_as(registry: &Registry, repository: &str, tag: Option<&str>, bytes: &[u8], layer: &str) -> Digest {
    let config = br#"{"name":"web"}"#;
    let part = |media_type: &str, bytes: &[u8]| {
        let digest = registry.blob(repository, bytes);
        format!(r#"{{"mediaType":"{media_type}","digest":"{digest}","size":{}}}"#, bytes.len())
    };
    let config = part("application/vnd.cncf.helm.config.v1+json", config);
    let layer = part(layer, bytes);
    let text = format!(r#"{{"schemaVersion":2,"config":{config},"layers":[{layer}]}}"#);
    registry.manifest(repository, tag, "application/vnd.oci.image.manifest.v1+json", text.as_bytes())
}

/// Locks one section, as it stands below `[charts.kit]`.
async fn lock_in(folder: &Path, section: &str) -> Result<Locked> {
    let text = format!("airlift = 1\nname = \"kit\"\n[targets.linux]\nplatform = \"linux-x86_64\"\n[charts.kit]\n{section}\n");
    let manifest = Manifest::parse(&text, &["charts"])?;
    let upstream = Upstream::new(Settings { attempts: 2, pause: Duration::from_millis(1), ..Settings::default() })?;
    let request = LockRequest {
        section: &manifest.sections[0],
        manifest: &manifest,
        base: folder,
        cache: &folder.join("cache"),
        now: "2026-11-23T00:00:00Z".parse().unwrap(),
        upstream: &upstream,
        packages: &std::collections::BTreeMap::new(),
        progress: &Silent,
    };
    find("charts")?.lock(request).await
}

async fn lock(section: &str) -> Result<Locked> {
    lock_in(tempfile::tempdir().unwrap().path(), section).await
}

/// The same, for a lock that must fail.
async fn refusal(section: &str) -> Error {
    lock(section).await.expect_err("this must not be locked")
}

/// The references that are wanted, sorted.
fn wanted(locked: &Locked) -> Vec<&str> {
    let mut all: Vec<&str> = locked.wants.iter().map(|want| want.reference.as_str()).collect();
    all.sort_unstable();
    all
}
