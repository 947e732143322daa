//! Stock scanners behind the gap: set up as `airlift client` says, with databases that came with a bundle, on a bill of materials and on an image of
//! the mirror.

use super::{Scanners, differences, grypes, osvs, package, text, trivys};
use crate::advisories::sample;
use crate::databases::{JAVA, LAYER, gzip, listed, publish, published, tar};
use crate::host::{Host, arg};
use crate::images::registry::Registry;
use crate::origin::{Origin, Reply};
use crate::simple_index::{SimpleIndex, wheel};
use airlift::artifact::Digest;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Sets the scanners up.
const SCRIPT: &str = r#"
told() { "$AIRLIFT" --store "$STORE" client "$1" --mirror "http://$MIRROR"; }
eval "$(told trivy | grep '^export ')"
eval "$(told grype | grep '^export ')"
eval "$(told osv-scanner | grep -E '^(export|curl) ')" >&2
trivy() { "$TRIVY" --quiet --cache-dir "$HOME/trivy" "$@"; }
grype() { "$GRYPE" --quiet "$@"; }
osv() { "$OSV" scan source --offline --format json "$@"; }
"#;

/// Databases are taken from the mirror by the first that needs them.
const EACH_SCANNER: &str = r#"
# As old as it is by now, and refused for that by the setting that is printed.
! "$GRYPE" sbom:bill.cdx.json >"$HOME/old.txt" 2>&1
export GRYPE_DB_MAX_ALLOWED_BUILT_AGE=87600h
grype sbom:bill.cdx.json --output json >"$HOME/grype.json"
trivy sbom bill.cdx.json --format json >"$HOME/trivy-nested.json"
trivy sbom bill.spdx.json --format json >"$HOME/trivy.json"
trivy image --download-java-db-only
trivy image "$IMAGE" --format json >"$HOME/trivy-image.json"
GRYPE_REGISTRY_INSECURE_USE_HTTP=true grype "registry:$IMAGE" --output json >"$HOME/grype-image.json"
# It found something.
osv -L bill.cdx.json >"$HOME/osv.json" 2>"$HOME/osv.txt" || [[ $? == 1 ]] || { cat "$HOME/osv.txt" >&2; false; }
"#;

/// Python packages that lie in an image, beside those that are carried as wheels.
const INSIDE: [(&str, &str); 4] = [("jinja2", "2.10"), ("pillow", "9.0.0"), ("Adyen", "2.2.0"), ("example-of-nobody", "1.0")];

/// An image with them, under a tag of a registry.
fn image(registry: &Registry) {
    let metadata = INSIDE.map(|(name, version)| {
        let folder = format!("usr/lib/python3/dist-packages/{}-{version}.dist-info", name.replace('-', "_"));
        (format!("{folder}/METADATA"), format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"))
    });
    let system = "ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n";
    let mut files = vec![("etc/os-release", system.as_bytes())];
    files.extend(metadata.iter().map(|(path, text)| (path.as_str(), text.as_bytes())));
    let plain = tar(&files);
    let layer = gzip(&plain);
    let config = json!({ "os": "linux", "architecture": "amd64", "config": {}, "rootfs": { "type": "layers", "diff_ids": [Digest::of(&plain).to_string()] } });
    let part = |media_type: &str, bytes: &[u8]| {
        let digest = registry.blob("team/app", bytes);
        json!({ "mediaType": media_type, "digest": digest.to_string(), "size": bytes.len() })
    };
    let manifest = "application/vnd.oci.image.manifest.v1+json";
    let text = json!({ "schemaVersion": 2, "mediaType": manifest, "config": part("application/vnd.oci.image.config.v1+json", config.to_string().as_bytes()),
        "layers": [part("application/vnd.oci.image.layer.v1.tar+gzip", &layer)] });
    registry.manifest("team/app", Some("1"), manifest, text.to_string().as_bytes());
}

/// What `same.rs` tells of: scanners read these records in ways of their own.
const OTHERWISE: [&str; 4] = ["ipython", "octoprint", "rope", "supervisor"];

/// One version that a record names of each of so many packages, whose names and versions a wheel can have as they are.
fn named(most: usize) -> BTreeMap<String, String> {
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let release = |version: &str| {
        version.split('.').count() > 1 && version.split('.').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let mut found = BTreeMap::new();
    for record in sample().values().iter().filter(|record| record["withdrawn"].is_null()) {
        for affected in record["affected"].as_array().into_iter().flatten() {
            let name = text(&affected["package"]["name"]).to_owned();
            let version = affected["versions"].as_array().into_iter().flatten().filter_map(Value::as_str).rfind(|version| release(version));
            if let (true, Some(version)) = (plain(&name) && !OTHERWISE.contains(&&*name), version) {
                found.entry(name).or_insert_with(|| version.to_owned());
            }
        }
    }
    found.into_iter().take(most).collect()
}

struct Publishers {
    index: SimpleIndex,
    registry: Registry,
    grype: Origin,
    osv: Origin,
}

impl Publishers {
    async fn start(scanners: &Scanners, packages: &BTreeMap<String, String>) -> Self {
        let (index, registry) = (SimpleIndex::start().await, Registry::start());
        for (name, version) in packages {
            index.file(name, &format!("{name}-{version}-py3-none-any.whl"), wheel(name, version, &[]));
        }
        image(&registry);
        let metadata = scanners.database("metadata.json");
        let layer = gzip(&tar(&[("trivy.db", &scanners.database("trivy.db")), ("metadata.json", &metadata)]));
        publish(&registry, "aquasecurity/trivy-db", "2", LAYER, &layer);
        let java = json!({ "Version": 1, "NextUpdate": "2026-10-30T07:27:43Z", "UpdatedAt": "2026-10-27T07:27:43Z", "DownloadedAt": "0001-01-01T00:00:00Z" });
        let layer = gzip(&tar(&[("trivy-java.db", b"of jars"), ("metadata.json", java.to_string().as_bytes())]));
        publish(&registry, "aquasecurity/trivy-java-db", "1", JAVA, &layer);
        let (packed, name, mut listing) = listed("2026-10-27T07:27:43Z", &scanners.database("vulnerability.db"));
        listing["schemaVersion"] = json!("v6.1.10");
        let osv = Origin::new(&[("/PyPI/all.zip", vec![Reply::File(sample().bytes)])]);
        Self { index, registry, grype: published(packed, &name, &listing), osv }
    }

    fn manifest(&self, packages: &BTreeMap<String, String>) -> String {
        let wanted: Vec<_> = packages.iter().map(|(name, version)| format!("\"{name}=={version}\"")).collect();
        let host = &self.registry.host;
        format!(
            "airlift = 1\nname = \"kit\"\n[targets.linux]\nplatform = \"linux-x86_64\"\npython = \"3.12\"\nglibc = \"2.28\"\n\
             [python.x]\nrequirements = [{}]\ndefault-index = \"{}\"\n[images.app]\nreferences = [\"{host}/team/app:1\"]\n\
             [advisories.scanners]\necosystems = [\"PyPI\"]\nsource = \"{}/{{ecosystem}}/all.zip\"\ngrype = \"{}\"\n\
             trivy = [\"{host}/aquasecurity/trivy-db:2\", \"{host}/aquasecurity/trivy-java-db:1\"]\n",
            wanted.join(", "),
            self.index.url(),
            self.osv.address,
            self.grype.url("/databases/v6/latest.json"),
        )
    }
}

/// What `airlift audit` says of what is installed: the names of each finding, by package.
fn audited(host: &Host) -> BTreeMap<String, Vec<BTreeSet<String>>> {
    let told = host.json(&["audit", "--max-age", "3650"]);
    let names = |finding: &Value| finding["names"].as_array().into_iter().flatten().map(|name| text(name).to_owned()).collect();
    let mut found: BTreeMap<String, Vec<BTreeSet<String>>> = BTreeMap::new();
    for line in told[0]["packages"].as_array().expect("packages") {
        let of = package(text(&line["asked"]["name"]), text(&line["asked"]["version"]));
        found.entry(of).or_default().extend(line["findings"].as_array().into_iter().flatten().map(names));
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn scanners_are_served_their_databases_and_agree_with_the_audit() {
    let Some(scanners) = Scanners::ready() else { return };
    let packages = named(60);
    let publishers = Publishers::start(&scanners, &packages).await;
    let host = Host::new();
    let manifest = host.write("kit.toml", publishers.manifest(&packages));
    host.ok(&["up", arg(&manifest), "--no-serve", "--plain-http", &publishers.registry.host]);
    host.ok(&["sbom", "--out", "bill.cdx.json"]);
    host.ok(&["sbom", "--format", "spdx", "--out", "bill.spdx.json"]);
    let image = format!("127.0.0.1:8092/{}/team/app:1", publishers.registry.host.replace(':', "_"));
    let variables = [("TRIVY", &*scanners.trivy), ("GRYPE", &scanners.grype), ("OSV", &scanners.osv), ("IMAGE", Path::new(&image))];
    host.beside_a_mirror(8092, &variables, &format!("{SCRIPT}{EACH_SCANNER}"));
    let left = |name: &str| -> Value { serde_json::from_slice(&std::fs::read(host.path("home").join(name)).expect(name)).expect(name) };
    let refused = std::fs::read_to_string(host.path("home/old.txt")).expect("what grype said");
    assert!(refused.contains("the vulnerability database was built") && refused.contains("max allowed age is 2 weeks"), "{refused}");

    let whole = audited(&host);
    assert!(whole.len() >= 60, "{}", whole.len());
    let agreed = (vec![], vec![]);
    assert_eq!(differences(&whole, &grypes(&left("grype.json"))), agreed, "grype, of the bill of materials");
    assert_eq!(differences(&whole, &trivys(&left("trivy.json"))), agreed, "trivy, of the bill of materials");
    assert_eq!(differences(&whole, &osvs(&left("osv.json"))), agreed, "osv-scanner, of the bill of materials");
    let inside: BTreeMap<_, _> = INSIDE
        .iter()
        .filter_map(|(name, version)| whole.get_key_value(&package(name, version)))
        .map(|(of, all)| (of.clone(), all.clone()))
        .collect();
    assert_eq!(inside.len(), 2, "{inside:?}");
    // Components within components of CycloneDX are not for trivy, which is why it is told to take the other form.
    let nested = differences(&whole, &trivys(&left("trivy-nested.json"))).1;
    assert_eq!(nested, ["adyen==2.2.0 PYSEC-2023-1", "jinja2==2.10 CVE-2020-28493"], "trivy, of CycloneDX");
    assert_eq!(differences(&inside, &grypes(&left("grype-image.json"))), agreed, "grype, of the image");
    assert_eq!(differences(&inside, &trivys(&left("trivy-image.json"))), agreed, "trivy, of the image");
}
