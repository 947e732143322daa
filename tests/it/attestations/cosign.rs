//! The program cosign itself: what it signs is carried and judged, and what the mirror serves it verifies, with no other network.

use super::deployment::{Deployment, TIME};
use super::images::{ISSUER, WHO, policy, statement};
use crate::host::{Host, arg};
use crate::images::debian::Debian;
use crate::images::pictures::{MANIFEST, Put, blob, list, put, single};
use crate::images::registry::Registry;
use crate::stock::need;
use crate::upstream_keys::payload;
use rcgen::ExtendedKeyUsagePurpose::CodeSigning;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
/// Without a log of signatures; in the form of cosign 3, and in that of those before.
const ALONE: [&str; 4] = ["--use-signing-config=false", "--tlog-upload=false", "--allow-http-registry", "--yes"];
const FORMS: [&str; 2] = ["--new-bundle-format=true", "--new-bundle-format=false"];

/// Asks cosign of the image on the mirror.
const SCRIPT: &str = r#"
verify() { "$COSIGN" "$@" --allow-http-registry "$MIRROR/$IMAGE" 2>&1; }
"#;

struct Site {
    host: Host,
    cosign: PathBuf,
}

impl Site {
    fn cosign(&self, arguments: &[&str]) {
        let mut command = self.host.program(&self.cosign);
        let out = command.env("COSIGN_PASSWORD", "").args(arguments).output().expect("cosign runs");
        assert!(out.status.success(), "cosign {arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
    }

    /// Carries an image of a registry into the store of this host.
    fn carries(&self, registry: &str) {
        let section = format!("[images.app]\nreferences = [\"{registry}/team/app:1\"]\n");
        let manifest = format!("airlift = 1\nname = \"kit\"\n[targets.linux]\nplatform = \"linux-x86_64\"\n{section}");
        let manifest = self.host.write("kit.toml", manifest);
        self.host.ok(&["up", arg(&manifest), "--no-serve", "--plain-http", registry]);
    }

    /// What the rule about publishers' signatures says of what is installed, by a policy.
    fn judged(&self, policy: &str) -> Value {
        let text = format!("airlift-policy = 1\n[artifacts]\nupstream-signatures = \"verified\"\n{policy}");
        let path = self.host.write("policy.toml", text);
        let ran = self.host.run(&["--json", "gate", "--policy", arg(&path)]);
        let document = ran.out.lines().next().unwrap_or_else(|| panic!("{ran:?}"));
        json!({ "code": ran.code, "told": document })
    }

    /// What a script prints beside the mirror.
    fn beside_the_mirror(&self, registry: &str, script: &str) -> String {
        let image = format!("{}/team/app:1", registry.replace(':', "_"));
        let variables = [("COSIGN", &*self.cosign), ("IMAGE", Path::new(&image)), ("WHO", Path::new(WHO)), ("ISSUER", Path::new(ISSUER))];
        self.host.beside_a_mirror(8093, &variables, &format!("{SCRIPT}{script}"))
    }
}

fn by_key(pem: &str) -> String {
    format!("[[upstream-key]]\nname = \"Team\"\nartifacts = [\"images/*\"]\nkind = \"cosign\"\nkey = '''\n{pem}'''\n")
}

#[tokio::test]
async fn what_cosign_signs_is_judged_and_verified_from_the_mirror() {
    let (Some(cosign), Some(program)) = (need("cosign"), need("docker-registry")) else { return };
    let source = Registry::start();
    let image = single(&source, "team/app", Some("1"), "amd64");
    let debian = Debian::start(&program, tempfile::tempdir().unwrap(), "", "");
    debian.fill(&reqwest::Client::new(), "http", &source).await;
    let site = Site { host: Host::new(), cosign };
    for name in ["ours", "others"] {
        site.cosign(&["generate-key-pair", "--output-key-prefix", name]);
    }
    site.host.write("predicate.json", json!({ "builder": { "id": "https://example.org/builder" }, "buildType": "x" }).to_string());
    let reference = format!("{}/team/app@{}", debian.host, image.digest);
    for form in FORMS {
        site.cosign(&[&["sign", "--key", "ours.key", form][..], &ALONE, &[&reference]].concat());
        let what = ["--type", "slsaprovenance", "--predicate", "predicate.json"];
        site.cosign(&[&["attest", "--key", "ours.key", form][..], &what, &ALONE, &[&reference]].concat());
    }
    site.carries(&debian.host);

    let key = |name: &str| by_key(&std::fs::read_to_string(site.host.path(name)).unwrap());
    let judged = site.judged(&key("ours.pub"));
    assert!(judged["code"] == 0 && judged["told"].as_str().unwrap().contains("signed by Team (cosign, "), "{judged}");
    let counting = site.judged(&format!("{}attestations = [\"https://slsa.dev/provenance/*\"]\n", key("ours.pub")));
    assert!(counting["code"] == 0 && counting["told"].as_str().unwrap().contains("SLSA provenance v0.2"), "{counting}");
    let others = site.judged(&key("others.pub"));
    assert!(others["code"] == 5 && others["told"].as_str().unwrap().contains("artifacts.wrong-signature"), "{others}");

    let said = site.beside_the_mirror(
        &debian.host,
        r#"
for form in --new-bundle-format=true --new-bundle-format=false; do
  verify verify --key ours.pub --insecure-ignore-tlog "$form"
  verify verify-attestation --key ours.pub --insecure-ignore-tlog --type slsaprovenance "$form"
  ! verify verify --key others.pub --insecure-ignore-tlog "$form"
done
"#,
    );
    assert_eq!(said.matches("The signatures were verified against the specified public key").count(), 4, "{said}");
}

/// Puts a signature beside an image as cosign attaches it: below its tag, or as what refers to it.
fn attach(registry: &Registry, image: &Put, simple: &(Vec<u8>, Value), bundle: &[u8]) {
    for bytes in [b"{}", &simple.0[..], bundle] {
        registry.blob("team/app", bytes);
    }
    let mut layer = blob(SIMPLE_SIGNING, &simple.0);
    layer["annotations"] = simple.1.clone();
    let config = blob("application/vnd.oci.image.config.v1+json", b"{}");
    let manifest = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer] });
    put(registry, "team/app", Some(&format!("sha256-{}.sig", image.digest.hex())), MANIFEST, &manifest);
    let empty = blob("application/vnd.oci.empty.v1+json", b"{}");
    let annotations = json!({ "dev.sigstore.bundle.content": "dsse-envelope", "dev.sigstore.bundle.predicateType": "https://sigstore.dev/cosign/sign/v1" });
    let manifest = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": BUNDLE, "config": empty, "layers": [blob(BUNDLE, bundle)],
        "annotations": annotations, "subject": image.descriptor() });
    let referring = put(registry, "team/app", None, MANIFEST, &manifest);
    list(registry, "team/app", &image.digest, &[&referring]);
}

#[test]
fn cosign_takes_a_signature_without_a_key_from_the_mirror_that_the_policy_takes() {
    let Some(cosign) = need("cosign") else { return };
    let (registry, deployment) = (Registry::start(), Deployment::new());
    let image = single(&registry, "team/app", Some("1"), "amd64");
    let holder = deployment.holder(ISSUER, WHO, CodeSigning);
    let payload = payload(&image.digest, &format!("{}/team/app", registry.host));
    let annotations = deployment.annotations(&holder, &payload, TIME);
    let bundle = deployment.bundle(&holder, &statement(&image.digest), TIME);
    attach(&registry, &image, &(payload, annotations), bundle.to_string().as_bytes());
    let site = Site { host: Host::new(), cosign };
    site.carries(&registry.host);
    let judged = site.judged(&policy(&deployment.root(), ISSUER, WHO));
    assert!(judged["code"] == 0 && judged["told"].as_str().unwrap().contains("signed by Team (keyless, "), "{judged}");
    for (name, of) in [("root.json", &deployment), ("other.json", &Deployment::new())] {
        site.host.write(name, of.root());
    }
    let said = site.beside_the_mirror(
        &registry.host,
        r#"
for form in --new-bundle-format=true --new-bundle-format=false; do
  who=(--certificate-identity "$WHO" --certificate-oidc-issuer "$ISSUER" --offline "$form")
  verify verify --trusted-root root.json "${who[@]}"
  ! verify verify --trusted-root other.json "${who[@]}"
  ! verify verify --trusted-root root.json --certificate-identity other@registry.example --certificate-oidc-issuer "$ISSUER" --offline "$form"
done
"#,
    );
    assert_eq!(
        said.matches("The code-signing certificate was verified using trusted certificate authority certificates").count(),
        2,
        "{said}"
    );
    assert_eq!(said.matches("error during command execution").count(), 4, "{said}");
    for refusal in ["0 < 1", "got \"team@registry.example\"", "rekor log public key not found", "none of the expected identities matched"] {
        assert!(said.contains(refusal), "{refusal}: {said}");
    }
}
