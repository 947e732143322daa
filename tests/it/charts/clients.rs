//! Stock Helm and podman behind the gap, from an imported bundle: charts as they were, and every image that they render to.

use super::{Classic, archive, push};
use crate::host::{Host, arg};
use crate::images::registry::Registry;
use crate::stock;
use airlift::artifact::Digest;
use std::path::Path;

/// Adds the repository as `airlift client` says.
const SCRIPT: &str = r#"
helm() { "$HELM" "$@"; }
eval "$("$AIRLIFT" --store "$STORE" client helm --mirror http://127.0.0.1:8090 | grep '^helm repo add')" >&2
"#;

/// An image that podman can pull: one layer with one file.
fn picture(registry: &Registry, repository: &str, tag: &str) {
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.set_size(repository.len() as u64);
    header.set_mode(0o644);
    tar.append_data(&mut header, "name", repository.as_bytes()).unwrap();
    let plain = tar.into_inner().unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gzip, &plain).unwrap();
    let layer = gzip.finish().unwrap();
    let config = format!(
        r#"{{"os":"linux","architecture":"amd64","config":{{}},"rootfs":{{"type":"layers","diff_ids":["{}"]}}}}"#,
        Digest::of(&plain)
    );
    let part = |media_type: &str, bytes: &[u8]| {
        let digest = registry.blob(repository, bytes);
        format!(r#"{{"mediaType":"{media_type}","digest":"{digest}","size":{}}}"#, bytes.len())
    };
    let manifest = "application/vnd.oci.image.manifest.v1+json";
    let config = part("application/vnd.oci.image.config.v1+json", config.as_bytes());
    let layer = part("application/vnd.oci.image.layer.v1.tar+gzip", &layer);
    let text = format!(r#"{{"schemaVersion":2,"mediaType":"{manifest}","config":{config},"layers":[{layer}]}}"#);
    registry.manifest(repository, Some(tag), manifest, text.as_bytes());
}

const APP: &str = r#"apiVersion: v1
kind: Pod
metadata: {name: {{ .Release.Name }}}
spec:
  initContainers:
    - {name: init, image: "{{ .Values.initImage }}"}
  containers:
    - {name: app, image: "{{ .Values.image.registry }}/{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"}
"#;

fn app(host: &str) -> Vec<u8> {
    let chart = "apiVersion: v2\nname: app\nversion: 1.2.0+b1\nappVersion: \"7\"\ndescription: An app\n";
    let values = format!("initImage: {host}/team/init:1\nimage:\n  registry: {host}\n  repository: team/app\n");
    archive("app", &[("Chart.yaml", chart), ("values.yaml", &values), ("templates/app.yaml", APP)])
}

/// A host with an imported bundle: a chart with a provenance file, one of a registry, and the images of both.
struct Inside {
    host: Host,
    app: Vec<u8>,
    /// Where the mirror has the classic repository, and the one of the registry.
    places: [String; 2],
}

impl Inside {
    fn new(sign: impl FnOnce(&Host, &[u8]) -> Option<Vec<u8>>) -> Self {
        let (host, registry, repository) = (Host::new(), Registry::start(), Classic::start());
        for (name, tag) in [("team/init", "1"), ("team/app", "7"), ("team/web", "2")] {
            picture(&registry, name, tag);
        }
        let app = app(&registry.host);
        repository.add("app", "1.2.0+b1", &app);
        if let Some(provenance) = sign(&host, &app) {
            repository.server.put("/charts/app-1.2.0+b1.tgz.prov".to_owned(), "text/plain", &provenance);
        }
        let pod = format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: web}}\nspec: {{containers: [{{name: c, image: \"{}/team/web:2\"}}]}}\n",
            registry.host
        );
        let web = archive("web", &[("Chart.yaml", "apiVersion: v2\nname: web\nversion: 2.0.0\n"), ("templates/p.yaml", &pod)]);
        push(&registry, "charts/web", "2.0.0", &web);
        let manifest = format!(
            "airlift = 1\nname = \"kit\"\n[targets.linux]\nplatform = \"linux-x86_64\"\n[charts.app]\nchart = \"app\"\nrepository = \"{}\"\n\
             [charts.web]\nchart = \"web\"\nrepository = \"oci://{}/charts\"\nversion = \"2.0.0\"\n",
            repository.address(),
            registry.host
        );
        let manifest = host.write("kit.toml", manifest);
        host.ok(&["up", arg(&manifest), "--no-serve", "--plain-http", &registry.host]);
        let places = [repository.server.host.replace(':', "_"), format!("{}/charts", registry.host.replace(':', "_"))];
        Self { host, app, places }
    }

    /// What a script prints beside the mirror.
    fn run(&self, helm: &Path, script: &str) -> String {
        let variables = [("HELM", helm), ("CLASSIC", Path::new(&self.places[0])), ("REGISTRY", Path::new(&self.places[1]))];
        self.host.beside_a_mirror(8090, &variables, &format!("{SCRIPT}{script}"))
    }

    fn pulled(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.host.path(name)).unwrap()
    }
}

#[test]
fn helm_pulls_from_both_kinds_of_repository() {
    let Some(helm) = stock::need("helm") else { return };
    let inside = Inside::new(|_, _| None);
    let said = inside.run(
        &helm,
        r#"
mkdir classic registry
helm search repo airlift --output json
helm pull airlift/app --destination classic
helm pull "oci://127.0.0.1:8090/charts/$CLASSIC/app" --version 1.2.0+b1 --destination registry >&2
helm pull "oci://127.0.0.1:8090/charts/$REGISTRY/web" --destination registry >&2
helm repo add one "http://127.0.0.1:8090/charts/latest/$REGISTRY" >&2
helm pull one/web --version 2.x --destination classic
"#,
    );
    assert!(said.contains(r#""name":"airlift/app","version":"1.2.0+b1","app_version":"7","description":"An app""#), "{said}");
    assert_eq!(inside.pulled("classic/app-1.2.0+b1.tgz"), inside.app);
    assert_eq!(inside.pulled("registry/app-1.2.0+b1.tgz"), inside.app);
    assert_eq!(inside.pulled("registry/web-2.0.0.tgz"), inside.pulled("classic/web-2.0.0.tgz"));
}

#[test]
fn every_image_that_is_rendered_with_the_mirrors_values_is_pulled_from_it() {
    let (Some(helm), Some(_)) = (stock::need("helm"), stock::need("podman")) else { return };
    let inside = Inside::new(|_, _| None);
    let said = inside.run(
        &helm,
        r#"
values=http://127.0.0.1:8090/charts/latest/values
helm template x airlift/app -f "$values/app-1.2.0+b1.yaml" >rendered
"$CLIENTS/podman" start "$HOME/p" --insecure 127.0.0.1:8090 >&2
trap '"$CLIENTS/podman" stop "$HOME/p" >&2; kill %1' EXIT
grep -o 'image: "[^"]*' rendered | cut -d'"' -f2 | while read -r image; do
  "$CLIENTS/podman" call "$HOME/p" pull --quiet "$image" >&2 </dev/null
  echo "$image"
done
curl --silent --fail "$values/web-2.0.0.yaml"
"#,
    );
    let printed = inside.host.ok(&["client", "helm", "--mirror", "http://127.0.0.1:8090"]).out;
    let led = format!("\"initImage\": \"127.0.0.1:8090/{}/team/init:1\"", inside.places[1].strip_suffix("/charts").unwrap());
    assert!(printed.contains(&format!("# helm: {}/web-2.0.0.yaml", inside.places[1])) && printed.contains(&led), "{printed}");
    let served = inside.places[1].strip_suffix("/charts").unwrap();
    assert!(said.starts_with(&format!("127.0.0.1:8090/{served}/team/init:1\n127.0.0.1:8090/{served}/team/app:7\n")), "{said}");
    assert!(said.contains("No value of the chart leads these to the mirror") && said.contains("/team/web:2"), "{said}");
}

#[test]
fn helm_verifies_the_provenance_file_with_its_own_keyring() {
    let (Some(helm), Some(gpg)) = (stock::need("helm"), stock::need("gpg")) else { return };
    let inside = Inside::new(|host, bytes| {
        let home = host.path("gnupg");
        std::fs::create_dir(&home).unwrap();
        std::fs::set_permissions(&home, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        let text = format!("apiVersion: v2\nname: app\nversion: 1.2.0+b1\n\n...\nfiles:\n  app-1.2.0+b1.tgz: {}\n", Digest::of(bytes));
        host.write("message", text);
        let run = |args: &[&str]| {
            let mut command = host.program(&gpg);
            let output = command.env("GNUPGHOME", &home).args(["--batch", "--quiet", "--passphrase", ""]).args(args).output().unwrap();
            assert!(output.status.success(), "gpg {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        };
        run(&["--quick-gen-key", "Tester <tester@example.org>", "rsa2048", "sign", "never"]);
        run(&["--digest-algo", "SHA512", "--output", "prov", "--clearsign", "message"]);
        run(&["--output", "ring.gpg", "--export"]);
        let _ = host.program("gpgconf").env("GNUPGHOME", &home).args(["--kill", "all"]).output();
        Some(std::fs::read(host.path("prov")).unwrap())
    });
    let said = inside.run(&helm, "helm pull airlift/app --verify --keyring ring.gpg 2>&1\n");
    assert!(said.contains("Tester <tester@example.org>") && said.contains("Chart Hash Verified"), "{said}");
    assert_eq!(inside.pulled("app-1.2.0+b1.tgz"), inside.app);
}

#[test]
fn helm_builds_dependencies_from_the_mirror() {
    let Some(helm) = stock::need("helm") else { return };
    let inside = Inside::new(|_, _| None);
    inside.run(
        &helm,
        r#"
mkdir ours
printf 'apiVersion: v2\nname: ours\nversion: 1.0.0\ndependencies:\n- {name: app, version: ^1, repository: "%s"}\n- {name: web, version: 2.0.0, repository: "%s"}\n' \
  "http://127.0.0.1:8090/charts/latest/$CLASSIC" "oci://127.0.0.1:8090/charts/$REGISTRY" >ours/Chart.yaml
helm repo add one "http://127.0.0.1:8090/charts/latest/$CLASSIC" >&2
helm dependency update ours >&2
rm ours/charts/*
helm dependency build ours >&2
"#,
    );
    assert_eq!(inside.pulled("ours/charts/app-1.2.0+b1.tgz"), inside.app);
    assert!(!inside.pulled("ours/charts/web-2.0.0.tgz").is_empty());
}
