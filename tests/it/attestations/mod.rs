//! Attestations of Python packages (PEP 740), as they were published: from an index across the gap to stock clients, and by the identities of a
//! policy. The vectors and where they come from are in `tests/vectors/attestations`.

mod attested;
mod cosign;
pub mod deployment;
pub mod images;
mod judge;
mod locking;
mod rekor2;
pub mod stamper;
pub mod tiles;

use crate::host::{Host, arg};
use crate::simple_index::SimpleIndex;
use crate::stock;
use airlift::artifact::Digest;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

pub const WHEEL: &str = "circleci_sign_publish_example-0.0.1.dev137-py3-none-any.whl";
pub const PROJECT: &str = "circleci-sign-publish-example";
pub const REQUIREMENT: &str = "circleci-sign-publish-example==0.0.1.dev137";
const ORIGIN: &str = "/integrity/circleci/provenance";
const MEDIA_TYPE: &str = "application/vnd.pypi.integrity.v1+json";
/// Who signed the wheel, by its certificate.
pub const ISSUER: &str = "https://oidc.circleci.com";
pub const IDENTITY: &str =
    "https://circleci.com/api/v2/projects/fdd9283f-e619-46af-8f9c-851f7d3e8b2b/pipeline-definitions/8e4f8ab2-8d7c-4827-9f15-de076d6d647f";
const SIGNED: [&str; 3] = ["--key", "alice", "--allow-plain-key"];

/// A vector by its name.
pub fn vector(name: &str) -> Vec<u8> {
    std::fs::read(path(name)).unwrap()
}

/// Where it is.
pub fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/attestations").join(name)
}

/// An index with a published wheel, and what it attests of it.
pub async fn index(provenance: Option<&[u8]>) -> SimpleIndex {
    let index = SimpleIndex::start().await;
    index.file(PROJECT, WHEEL, vector(WHEEL));
    if let Some(provenance) = provenance {
        let place = format!("{}{ORIGIN}", index.origin);
        index.last(PROJECT, |listed| listed.more = json!({ "provenance": place }));
        index.with(|stock| stock.documents.insert(ORIGIN.to_owned(), (MEDIA_TYPE.to_owned(), provenance.to_vec())));
    }
    index
}

/// A host that can pack what an index has.
fn kit(index: &SimpleIndex) -> Host {
    let host = Host::new();
    host.ok(&["key", "generate", "alice", "--no-passphrase"]);
    host.ok(&[&["trust", "init", "test", "--principal", "alice=alice.pub", "--threshold", "1"], &SIGNED[..]].concat());
    accept(&host, &host.path("trust/root.1.json"));
    let targets = "[targets.one]\nplatform = \"linux-x86_64\"\npython = \"3.11\"\n";
    let section = format!("[python.kit]\nrequirements = [\"{REQUIREMENT}\"]\ndefault-index = \"{}\"\n", index.url());
    host.write("kit.toml", format!("airlift = 1\nname = \"kit\"\n{targets}{section}"));
    host
}

fn accept(host: &Host, root: &Path) {
    let shown = host.json(&["trust", "show", arg(root)]);
    host.ok(&["trust", "accept", arg(root), "--fingerprint", shown[0]["spoken"].as_str().unwrap()]);
}

/// A policy that names who has to have signed.
fn policy(issuer: &str, identity: &str) -> String {
    let root = String::from_utf8(vector("trusted_root.json")).unwrap();
    format!(
        "airlift-policy = 1\n[artifacts]\nupstream-signatures = \"present\"\n\
         [[trusted-root]]\nname = \"public\"\njson = '''\n{root}'''\n\
         [[upstream-identity]]\nname = \"Example\"\nartifacts = [\"python/{PROJECT}\"]\ntrusted-root = \"public\"\n\
         issuer = \"{issuer}\"\nidentities = [\"{identity}\"]\n"
    )
}

fn built(host: &Host, policy: &str, out: &str) -> (Option<i32>, String) {
    host.write("policy.toml", policy);
    let ran = host.run(&[&["build", "kit.toml", "--out", out, "--policy", "policy.toml"], &SIGNED[..]].concat());
    (ran.code, format!("{}{}", ran.out, ran.err))
}

/// The whole way: locked, packed, imported under a policy, served, and installed by pip and uv.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_published_crosses_with_its_attestation() {
    let provenance = vector(&format!("{WHEEL}.provenance"));
    let index = index(Some(&provenance)).await;
    let host = kit(&index);
    let (code, told) = built(&host, &policy(ISSUER, "https://circleci.com/other*"), "none");
    assert!(code == Some(5) && told.contains("artifacts.wrong-signature") && told.contains("signed it"), "{told}");
    let (code, told) = built(&host, &policy("https://issuer.example", IDENTITY), "none");
    assert!(code == Some(5) && told.contains("artifacts.wrong-signature") && told.contains("says who signed it"), "{told}");
    let (code, told) = built(&host, &policy(ISSUER, IDENTITY), "out");
    assert_eq!(code, Some(0), "{told}");
    let shown = host.ok(&["gate", "out", "--policy", "policy.toml"]).out;
    assert!(shown.contains(&format!("signed by Example (keyless, {IDENTITY}, known to {ISSUER}, at 2026-02-05T")), "{shown}");

    let far = Host::new();
    accept(&far, &host.path("trust/root.1.json"));
    far.ok(&["policy", "set", arg(&host.path("policy.toml"))]);
    far.ok(&["import", arg(&host.path("out"))]);
    let mut server = far.start(&["serve", "--http", "127.0.0.1:0"]);
    let origin = format!("http://{}", server.line().trim_start_matches("listening on http://"));
    let client = reqwest::Client::new();
    let page = format!("{origin}/python/latest/simple/{PROJECT}/");
    let get = async |url: &str, accept: &str| {
        let answer = client.get(url).header("accept", accept).send().await.unwrap();
        assert!(answer.status().is_success(), "{url}: {}", answer.status());
        let media_type = answer.headers()["content-type"].to_str().unwrap().to_owned();
        (media_type, answer.bytes().await.unwrap())
    };
    let (_, json) = get(&page, "application/vnd.pypi.simple.v1+json").await;
    let json: Value = serde_json::from_slice(&json).unwrap();
    let place = json["files"][0]["provenance"].as_str().unwrap();
    let url = url::Url::parse(&page).unwrap().join(place).unwrap();
    assert_eq!(get(url.as_str(), "*/*").await, (MEDIA_TYPE.to_owned(), provenance.into()));
    let (_, html) = get(&page, "text/html").await;
    assert!(String::from_utf8(html.to_vec()).unwrap().contains(&format!("data-provenance=\"{place}\"")));
    let simple = format!("{origin}/python/latest/simple/");
    clients_install(&far, &simple);
    server.signal(rustix::process::Signal::TERM);
    server.end();
}

/// Each installs the wheel with the key beside it.
fn clients_install(host: &Host, simple: &str) {
    for client in ["pip-20.3.4", "pip-newest"] {
        let Some(python) = stock::need_as(client, "python") else { continue };
        let (into, mut command) = (host.path(client), host.program(python));
        command.args(["-m", "pip", "install", "--no-cache-dir", "--no-deps", "--pre", "--index-url", simple, "--target"]);
        installs(command.arg(&into).arg(REQUIREMENT), &into);
    }
    let Some(uv) = stock::need("uv") else { return };
    let (into, mut command) = (host.path("uv"), host.program(uv));
    command.args(["pip", "install", "--no-cache", "--no-config", "--no-deps", "--prerelease", "allow"]);
    command.args(["--default-index", simple, "--target"]).arg(&into).arg(REQUIREMENT);
    installs(&mut command, &into);
}

fn installs(command: &mut Command, into: &Path) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}\n{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(into.join("circleci_sign_publish_example-0.0.1.dev137.dist-info").is_dir());
}

/// Nothing where nothing is named: no blob, no key on the page, and a policy that names an identity refuses it.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_attested_is_not_said_to_be() {
    let index = index(None).await;
    let host = kit(&index);
    let (code, told) = built(&host, &policy(ISSUER, IDENTITY), "none");
    assert!(code == Some(5) && told.contains("artifacts.signature") && told.contains("no attestation is carried"), "{told}");
    // One that is of another wheel: it is carried, and refused.
    let other = vector("gcb_attestation_test-0.0.0.tar.gz.provenance");
    let index = self::index(Some(&other)).await;
    let host = kit(&index);
    host.ok(&["lock", "kit.toml"]);
    let lock = std::fs::read_to_string(host.path("kit.lock")).unwrap();
    assert!(lock.contains(&Digest::of(&other).hex()), "{lock}");
    let (code, told) = built(&host, &policy("https://accounts.google.com", "919436158236-compute@*"), "none");
    assert!(code == Some(5) && told.contains("artifacts.wrong-signature") && told.contains("of another file"), "{told}");
}
