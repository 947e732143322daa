//! Signatures of publishers in a pack: as they were carried, by which keys and roots they were judged, and that tools of others judge them the same.

use super::{Pack, script};
use crate::attestations::deployment::{Deployment, TIME};
use crate::attestations::images::statement;
use crate::attestations::{IDENTITY, ISSUER, PROJECT, REQUIREMENT, WHEEL, index, path, vector};
use crate::charts::{Classic, web};
use crate::host::{Host, Ran, arg};
use crate::images::pictures::{MANIFEST, Put, blob, list, manifest_of, put, single};
use crate::images::registry::Registry;
use crate::provenance::{Gpg, provenance};
use crate::simple_index::SimpleIndex;
use crate::stock::{self, need};
use crate::upstream_keys::{Signer, attach, attest, envelope, payload, tagged};
use airlift::artifact::Digest;
use rcgen::ExtendedKeyUsagePurpose::CodeSigning;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

const SIGNED: [&str; 3] = ["--key", "alice", "--allow-plain-key"];
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const SPDX: &str = "https://spdx.dev/Document/v2.3";
const PROVIDER: &str = "https://accounts.example";
const WHO: &str = "team@registry.example";

/// Who publishes: a key of cosign's, one of gpg's, an identity of a deployment of their own, and one of the public deployment.
struct Publishers {
    cosign: Signer,
    gpg: Gpg,
    deployment: Deployment,
}

impl Publishers {
    fn new() -> Self {
        Self { cosign: Signer::p256(), gpg: Gpg::new(), deployment: Deployment::new() }
    }

    /// A policy that knows all of them.
    fn policy(&self, key: &str, registry: &str) -> String {
        let public = String::from_utf8(vector("trusted_root.json")).unwrap();
        let (ours, keyed) = (self.deployment.root(), self.cosign.table("Team", &format!("images/{registry}/team/app")));
        format!(
            "airlift-policy = 1\n{keyed}\
             [[upstream-key]]\nname = \"Charts\"\nartifacts = [\"charts/*\"]\nkind = \"openpgp\"\nkey = '''\n{key}'''\n\
             [[trusted-root]]\nname = \"public\"\njson = '''\n{public}'''\n[[trusted-root]]\nname = \"ours\"\njson = '''\n{ours}'''\n\
             [[upstream-identity]]\nname = \"Example\"\nartifacts = [\"python/{PROJECT}\"]\ntrusted-root = \"public\"\n\
             issuer = \"{ISSUER}\"\nidentities = [\"https://circleci.com/api/v2/projects/*\"]\n\
             [[upstream-identity]]\nname = \"Releases\"\nartifacts = [\"images/{registry}/team/web\", \"images/{registry}/team/old\", \"images/{registry}/team/new\"]\n\
             trusted-root = \"ours\"\nissuer = \"{PROVIDER}\"\nidentities = [\"{WHO}\"]\n"
        )
    }
}

/// A bundle in a manifest that names an image as its subject, as cosign 3 attaches them.
fn refer(registry: &Registry, repository: &str, image: &Put, bundle: &Value) {
    let bytes = bundle.to_string().into_bytes();
    registry.blob(repository, &bytes);
    registry.blob(repository, b"{}");
    let document = json!({
        "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": BUNDLE, "config": blob("application/vnd.oci.empty.v1+json", b"{}"),
        "layers": [blob(BUNDLE, &bytes)], "subject": image.descriptor(),
    });
    let referrer = put(registry, repository, None, MANIFEST, &document);
    list(registry, repository, &image.digest, &[&referrer]);
}

/// An image that is another one than those of [`single`].
fn another(registry: &Registry, repository: &str, tag: &str) -> Put {
    let mut document = manifest_of(registry, repository, "amd64");
    document["annotations"] = json!({ "org.example": format!("another of {repository}") });
    put(registry, repository, Some(tag), MANIFEST, &document)
}

/// A chart with its provenance file, in a repository.
fn publish(repository: &Classic, archive: &[u8], signed: &[u8]) {
    repository.add("web", "1.0.0", archive);
    repository.server.put("/charts/web-1.0.0.tgz.prov".to_owned(), "text/plain", signed);
}

fn charts(repository: &Classic) -> String {
    format!("[charts.kit]\nchart = \"web\"\nrepository = \"{}\"\nimages = {{ carry = false }}\n", repository.address())
}

/// A host that can pack and import.
fn host() -> Host {
    let host = Host::new();
    host.ok(&["key", "generate", "alice", "--no-passphrase"]);
    host.ok(&[&["trust", "init", "test", "--principal", "alice=alice.pub", "--threshold", "1"], &SIGNED[..]].concat());
    let root = host.path("trust/root.1.json");
    let shown = host.json(&["trust", "show", arg(&root)]);
    host.ok(&["trust", "accept", arg(&root), "--fingerprint", shown[0]["spoken"].as_str().unwrap()]);
    host
}

fn installed(host: &Host, sections: &str) {
    let targets = "[targets.linux]\nplatform = \"linux-x86_64\"\npython = \"3.11\"\n";
    host.write("kit.toml", format!("airlift = 1\nname = \"kit\"\n{targets}{sections}"));
    host.ok(&[&["build", "kit.toml", "--out", "out"], &SIGNED[..]].concat());
    host.ok(&["import", arg(&host.path("out"))]);
}

fn images(registry: &Registry, names: &[&str]) -> String {
    let references = names.iter().map(|name| format!("\"{}/team/{name}\"", registry.host)).collect::<Vec<_>>().join(", ");
    format!("[images.all]\nreferences = [{references}]\nplain-http = [\"{}\"]\n", registry.host)
}

fn packages(index: &SimpleIndex, more: &str) -> String {
    format!("[python.kit]\nrequirements = [\"{REQUIREMENT}\"{more}]\ndefault-index = \"{}\"\n", index.url())
}

/// Runs the published script with the reference implementations at hand.
fn checked(pack: &Pack, host: &Host, args: &[&str]) -> Option<Ran> {
    let python = stock::need_as("attestations", "python3")?;
    let mut command = host.program("sh");
    command.env("PATH", format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", arg(python.parent().unwrap())));
    Some(Ran::of(command.arg(script()).args(args).arg(&pack.folder).output().expect("a shell")))
}

fn listed(pack: &Pack) -> Value {
    serde_json::from_slice(&pack.files()["publishers/index.json"]).expect("JSON")
}

fn row<'a>(index: &'a Value, name: &str) -> &'a Value {
    let rows = index["artifacts"].as_array().unwrap();
    rows.iter().find(|row| row["name"].as_str().unwrap().ends_with(name)).unwrap_or_else(|| panic!("{name}: {index:#}"))
}

fn signature<'a>(row: &'a Value, form: &str) -> &'a Value {
    row["signatures"].as_array().unwrap().iter().find(|one| one["form"] == form).unwrap_or_else(|| panic!("{form}: {row:#}"))
}

fn reasons(pack: &Pack) -> String {
    let table: Value = serde_json::from_slice(&pack.files()["controls/nist-800-53.json"]).expect("JSON");
    table["evidence"].as_array().unwrap().iter().find(|one| one["id"] == "E10").unwrap()["reasons"].to_string()
}

/// An installed toolkit in which everything is signed, each in another form, and its pack.
struct Site {
    host: Host,
    pack: Pack,
    publishers: Publishers,
    key: String,
    registry: Registry,
    _index: SimpleIndex,
}

impl Site {
    async fn new() -> Self {
        let (publishers, registry, repository, host) = (Publishers::new(), Registry::start(), Classic::start(), host());
        let index = index(Some(&vector(&format!("{WHEEL}.provenance")))).await;
        let app = single(&registry, "team/app", Some("1"), "amd64");
        attach(&registry, "team/app", &app.digest, &publishers.cosign.signs(&app.digest, &format!("{}/team/app", registry.host)));
        attest(&registry, "team/app", &app.digest, envelope(&publishers.cosign, &app.digest, SPDX).to_string().as_bytes());
        let pages = another(&registry, "team/web", "1");
        let holder = publishers.deployment.holder(PROVIDER, WHO, CodeSigning);
        refer(&registry, "team/web", &pages, &publishers.deployment.bundle(&holder, &statement(&pages.digest), TIME));
        let newer = another(&registry, "team/new", "1");
        let bundle = publishers.deployment.newer_bundle(&holder, &statement(&newer.digest), "hashedrekord", "20260101020000Z");
        refer(&registry, "team/new", &newer, &bundle);
        let (key, archive) = (publishers.gpg.key("ed25519"), web("1.0.0"));
        let text = provenance("web-1.0.0.tgz", &Digest::of(&archive).to_string());
        publish(&repository, &archive, &publishers.gpg.sign("ed25519", &text, &[]));
        let policy = host.write("policy.toml", publishers.policy(&key, &registry.host));
        host.ok(&["policy", "set", arg(&policy)]);
        installed(&host, &format!("{}{}{}", packages(&index, ""), images(&registry, &["app:1", "web:1", "new:1"]), charts(&repository)));
        let pack = Pack::made(&host, "pack", &["--profile", "nist-800-53"]);
        Self { host, pack, publishers, key, registry, _index: index }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_publishers_signed_is_here_and_judged_again_by_tools_of_others() {
    let [Some(_), Some(_), Some(_)] = ["gpg", "gpgv", "openssl"].map(need) else { return };
    let site = Site::new().await;
    let (pack, host) = (&site.pack, &site.host);
    let files = pack.files();
    // Everything is signed by somebody whom the policy names: nothing is partial.
    assert_eq!((pack.status("E10"), &*reasons(pack)), ("evidence-present", "[]"), "{:#}", listed(pack));
    let (index, text) = (listed(pack), |name: &str| String::from_utf8(files[name].clone()).expect("UTF-8"));
    assert_eq!(index["count"]["all"], 5);
    assert_eq!(index["count"]["valid"], 5);
    assert_eq!(index["policy"], Digest::of(&files["policy.toml"]).hex());
    for (name, form, by) in [
        (PROJECT, "provenance", "identity"),
        ("team/app", "simple-signing", "fingerprint"),
        ("team/app", "dsse-envelope", "fingerprint"),
        ("team/web", "sigstore-bundle", "identity"),
        ("team/new", "sigstore-bundle", "identity"),
        ("/web", "clear-signed", "fingerprint"),
    ] {
        let row = row(&index, name);
        let one = signature(row, form);
        assert_eq!(one["signs"], form != "dsse-envelope");
        assert!(row["judgement"] == "valid" && one["judgement"] == "valid" && one["form"] == form && one["by"][by].is_string(), "{row:#}");
        for (file, digest) in one["in"].as_array().unwrap().iter().zip(one["sha256"].as_array().unwrap()) {
            assert_eq!(Digest::of(&files[file.as_str().unwrap()]).hex(), digest.as_str().unwrap());
        }
    }
    let python = row(&index, PROJECT);
    let by = &python["signatures"][0]["by"];
    assert_eq!((by["identity"].as_str(), by["issuer"].as_str(), by["says"].as_str()), (Some(IDENTITY), Some(ISSUER), Some("publish/v1")));
    assert!(by["time"].as_str().unwrap().starts_with("2026-02-05T"), "{by}");
    // As they were published: the attestation, the root, the keys.
    let attested = python["signatures"][0]["in"][0].as_str().unwrap();
    assert_eq!(files[attested], vector(&format!("{WHEEL}.provenance")));
    assert_eq!(text(by["root"].as_str().unwrap()), String::from_utf8(vector("trusted_root.json")).unwrap());
    assert!(files.keys().filter(|name| name.starts_with("publishers/keys/")).map(|name| text(name)).any(|key| key == site.key));
    // Each is E10 in the index of the pack.
    let content: Value = serde_json::from_slice(&files["pack.json"]).expect("JSON");
    for file in content["content"].as_array().unwrap().iter().filter(|file| file["name"].as_str().unwrap().starts_with("publishers/")) {
        assert_eq!(file["evidence"], json!(["E10"]), "{file}");
    }
    // The published script has all of it judged again.
    let Some(ran) = checked(pack, host, &pack.told()) else { return };
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    for words in [
        "publishers/keys and publishers/roots have the keys and trusted roots of policy.toml and no others".to_owned(),
        format!("{PROJECT} 0.0.1.dev137 was signed by Example, {IDENTITY}, 2026-02-05T"),
        "team/app 1 was signed by Team, sha256:".to_owned(),
        "team/app 1 was attested by Team, sha256:".to_owned(),
        format!("team/web 1 was signed by Releases, {WHO}, 2026-01-01T01:00:00Z, by publishers/roots/"),
        format!("team/new 1 was signed by Releases, {WHO}, 2026-01-01T02:00:00Z, by publishers/roots/"),
        format!("web 1.0.0 was signed by Charts, {}, by publishers/keys/", site.publishers.gpg.fingerprint("ed25519")),
    ] {
        assert!(ran.out.lines().any(|line| line.starts_with("proved ") && line.contains(&words)), "{words} is not in: {}", ran.out);
    }
    // Where a tool is missing, what was not judged is counted with its name, and the rest is.
    let ran = pack.check(host, &pack.told());
    assert_eq!(ran.code, Some(3), "{}{}", ran.out, ran.err);
    for words in [
        "UNCHECKED  1 signatures of publishers: there is no pypi-attestations in this python3",
        "2 signatures of publishers: there is no sigstore",
    ] {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
    assert!(ran.out.contains("team/app 1 was signed by Team") && ran.out.contains("web 1.0.0 was signed by Charts"), "{}", ran.out);
}

/// A foreign judge by itself, over nothing but what lies in a pack.
#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_judge_takes_the_attestation_of_a_pack_by_the_root_of_the_pack() {
    let [Some(_), Some(_)] = ["gpg", "openssl"].map(need) else { return };
    let Some(python) = stock::need_as("attestations", "python") else { return };
    let site = Site::new().await;
    let (files, index) = (site.pack.files(), listed(&site.pack));
    let one = &row(&index, PROJECT)["signatures"][0];
    let object: Value = serde_json::from_slice(&files[one["in"][0].as_str().unwrap()]).expect("JSON");
    let attestation = object["attestation_bundles"][0]["attestations"][usize::try_from(one["at"].as_u64().unwrap()).unwrap()].clone();
    let file = site.host.write("attestation.json", attestation.to_string());
    let judge = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/judge-attestations.py");
    let judged = |distribution: &str, identity: &str| {
        let mut command = Command::new(&python);
        command.env_clear().env("HOME", site.host.work()).arg(&judge).arg(site.pack.folder.join(one["by"]["root"].as_str().unwrap()));
        let ran = Ran::of(command.arg(&file).arg(path(distribution)).args([ISSUER, identity]).output().unwrap());
        assert!([Some(0), Some(3)].contains(&ran.code), "{ran:?}");
        ran.code == Some(0)
    };
    let identity = one["by"]["identity"].as_str().unwrap();
    assert!(judged(WHEEL, identity));
    assert!(!judged(WHEEL, "https://circleci.com/other") && !judged("pypi_attestations-0.0.19.tar.gz", identity));
}

/// Whoever alters a list without a key cannot have others said to have signed.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_of_signatures_and_is_not_so_is_refused() {
    let [Some(_), Some(_), Some(_)] = ["gpg", "gpgv", "openssl"].map(need) else { return };
    let site = Site::new().await;
    let (pack, good, files) = (&site.pack, listed(&site.pack), site.pack.files());
    let at =
        |name: &str| good["artifacts"].as_array().unwrap().iter().position(|row| row["name"].as_str().unwrap().ends_with(name)).unwrap();
    let (python, app, pages, chart) = (at(PROJECT), at("team/app"), at("team/web"), at("/web"));
    let refused = |index: &Value, words: &str| {
        pack.write("publishers/index.json", index.to_string());
        pack.listed_anew();
        let Some(ran) = checked(pack, &site.host, &pack.root_and_key()) else { return };
        assert!(ran.code == Some(1) && ran.out.contains(words), "{words}: {}{}", ran.out, ran.err);
    };
    type Change<'a> = Box<dyn Fn(&mut Value) + 'a>;
    let set = |row: usize, pointer: &'static str, value: Value| -> Change<'_> {
        Box::new(move |index| *index["artifacts"][row].pointer_mut(pointer).unwrap() = value.clone())
    };
    let other = Digest::of(b"other").hex();
    let moved = |from: usize, to: usize| -> Change<'_> {
        let signature = good["artifacts"][from]["signatures"][0].clone();
        Box::new(move |index| index["artifacts"][to]["signatures"][0] = signature.clone())
    };
    for (change, words) in [
        (set(python, "/signatures/0/by/identity", "https://circleci.com/other".into()), "it is by nobody whom policy.toml names"),
        (set(python, "/signatures/0/by/identity", "https://circleci.com/api/v2/projects/other".into()), "VerificationError"),
        (set(python, "/signatures/0/by/time", "2026-02-05T00:00:00Z".into()), "entered at another time"),
        (set(pages, "/signatures/0/by/issuer", "https://other.example".into()), "it is by nobody whom policy.toml names"),
        (set(pages, "/signatures/0/by/name", "Example".into()), "no such key of policy.toml is for it"),
        (set(pages, "/subject/sha256", other.clone().into()), "it is in no lock here"),
        (set(pages, "/version", "2".into()), "it is in no lock here"),
        (set(app, "/signed-as", "registry.example/other".into()), "it has another name in the lock"),
        (set(app, "/signatures/0/sha256/0", other.clone().into()), "is no file of it here"),
        (set(app, "/signatures/0/by/kind", "openpgp".into()), "no such key of policy.toml is for it"),
        (set(app, "/signatures/0/by/fingerprint", format!("sha256:{other}").into()), "it is said to be by another key"),
        (set(chart, "/signatures/0/by/fingerprint", other.to_uppercase().into()), "it is not by this key"),
        (Box::new(|index| index["known"][0]["name"] = "Somebody".into()), "it names others than policy.toml"),
        (set(app, "/judgement", "wrong".into()), "what is said of it and of its signatures differs"),
        (set(chart, "/signatures/0/judgement", "wrong".into()), "what is said of it and of its signatures differs"),
        (set(app, "/signatures/0/signs", true.into()), "it is said to be a signature and is none"),
        (set(chart, "/signatures/0/signs", false.into()), "what is said of it and of its signatures differs"),
        (set(chart, "/signatures/0/form", "poem".into()), "is not what it should be (KeyError)"),
        (set(chart, "/signatures", json!([])), "is named by no line of publishers/index.json"),
        (moved(pages, app), "no such key of policy.toml is for it"),
        (Box::new(|index| index["policy"] = Value::Null), "it was made by another policy"),
        (Box::new(|index| index["count"]["valid"] = 6.into()), "its count of artifacts is not right: valid"),
        (Box::new(|index| index["airlift-publishers"] = 2.into()), "of a version that is not known here"),
    ] {
        let mut index = good.clone();
        change(&mut index);
        refused(&index, words);
    }
    pack.write("publishers/index.json", &files["publishers/index.json"]);
    // A file of another content under the digest of what was signed, a key that the policy does not have.
    let signed = good["artifacts"][chart]["signatures"][0]["in"][0].as_str().unwrap();
    pack.write(signed, [&files[signed][..], b"\n"].concat());
    refused(&good, "is not named by its digest");
    pack.write(signed, &files[signed]);
    let stranger = Signer::p256().public();
    pack.write(&format!("publishers/keys/{}.pem", Digest::of(stranger.as_bytes()).hex()), &stranger);
    refused(&good, "keys and roots are others than those of policy.toml");
}

/// Signatures that are by the right ones, of another content: what only looking into what was signed shows.
#[test]
fn a_signature_of_something_else_is_refused_by_the_script_too() {
    let [Some(_), Some(_), Some(_)] = ["gpg", "gpgv", "openssl"].map(need) else { return };
    let (publishers, registry, host) = (Publishers::new(), Registry::start(), host());
    let policy = host.write("policy.toml", publishers.policy(&publishers.gpg.key("ed25519"), &registry.host));
    let (holder, elsewhere) = (publishers.deployment.holder(PROVIDER, WHO, CodeSigning), Digest::of(b"another image"));
    let (place, stranger, repository) = (format!("{}/team/app", registry.host), Signer::p256(), Classic::start());
    let app = single(&registry, "team/app", Some("1"), "amd64");
    attach(&registry, "team/app", &app.digest, &publishers.cosign.signs(&elsewhere, &place));
    let next = another(&registry, "team/app", "2");
    attach(&registry, "team/app", &next.digest, &stranger.signs(&next.digest, &place));
    let pages = another(&registry, "team/web", "1");
    refer(&registry, "team/web", &pages, &publishers.deployment.bundle(&holder, &statement(&elsewhere), TIME));
    let old = another(&registry, "team/old", "1");
    let elsewhere_known = publishers.deployment.holder("https://other.example", WHO, CodeSigning);
    refer(&registry, "team/old", &old, &publishers.deployment.bundle(&elsewhere_known, &statement(&old.digest), TIME));
    publishers.gpg.key("nistp256");
    let archive = web("1.0.0");
    publish(&repository, &archive, &publishers.gpg.sign("nistp256", &provenance("web-1.0.0.tgz", &Digest::of(&archive).to_string()), &[]));
    installed(&host, &format!("{}{}", images(&registry, &["app:1", "app:2", "web:1", "old:1"]), charts(&repository)));
    host.ok(&["policy", "set", arg(&policy)]);
    let pack = Pack::made(&host, "pack", &["--profile", "nist-800-53"]);
    assert_eq!(pack.status("E10"), "partial");
    let all = r#"["5 of 5 artifacts have signatures of publishers of which none holds by the keys and identities of the policy"]"#;
    assert_eq!(reasons(&pack), all);
    let Some(ran) = checked(&pack, &host, &pack.told()) else { return };
    let noted = "noted      signatures of publishers: 5 artifacts have none that holds";
    assert!(ran.code == Some(0) && ran.out.contains(noted), "{}", ran.out);
    // The list is made to say that all of them hold.
    let key = publishers.cosign.public().lines().filter(|line| !line.starts_with('-')).collect::<String>();
    let fingerprint = Digest::of(&data_encoding::BASE64.decode(key.as_bytes()).unwrap()).to_string();
    let root = format!("publishers/roots/{}.json", Digest::of(publishers.deployment.root().as_bytes()).hex());
    let claimed = |name: &str| match name {
        name if name.ends_with("team/app") => json!({ "name": "Team", "kind": "cosign", "fingerprint": fingerprint }),
        name if name.ends_with("team/web") || name.ends_with("team/old") => json!({
            "name": "Releases", "kind": "keyless", "identity": WHO, "issuer": PROVIDER, "time": "2026-01-01T01:00:00Z", "root": root,
        }),
        _ => json!({ "name": "Charts", "kind": "openpgp", "fingerprint": publishers.gpg.fingerprint("ed25519") }),
    };
    let mut index = listed(&pack);
    for row in index["artifacts"].as_array_mut().unwrap() {
        let by = claimed(row["name"].as_str().unwrap());
        (row["judgement"], row["signatures"][0]["judgement"], row["signatures"][0]["by"]) = ("valid".into(), "valid".into(), by);
    }
    (index["count"]["valid"], index["count"]["wrong"]) = (5.into(), 0.into());
    pack.write("publishers/index.json", index.to_string());
    pack.listed_anew();
    let ran = checked(&pack, &host, &pack.root_and_key()).unwrap();
    let refused = |words: &str| ran.out.lines().filter(|line| line.starts_with("REFUSED") && line.ends_with(words)).count();
    assert_eq!((ran.code, refused("it is of another content"), refused("it is not by this key")), (Some(1), 2, 2), "{}", ran.out);
    assert!(ran.out.contains("team/old 1: VerificationError: "), "{}", ran.out);
}

/// Without a policy nobody judged anything, and what nobody signed is counted.
#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_judged_and_what_nobody_signed_is_counted() {
    let [Some(_), Some(_)] = ["gpg", "openssl"].map(need) else { return };
    let (publishers, registry, host) = (Publishers::new(), Registry::start(), host());
    let index = index(Some(&vector(&format!("{WHEEL}.provenance")))).await;
    index.wheel("plain", "1.0", &[]);
    let old = single(&registry, "team/old", Some("1"), "amd64");
    let holder = publishers.deployment.holder(PROVIDER, WHO, CodeSigning);
    let signed = payload(&old.digest, &format!("{}/team/old", registry.host));
    let annotations = publishers.deployment.annotations(&holder, &signed, TIME);
    tagged(&registry, "team/old", &old.digest, &signed, &annotations);
    installed(&host, &format!("{}{}", packages(&index, ", \"plain\""), images(&registry, &["old:1"])));
    let pack = Pack::made(&host, "before", &["--profile", "nist-800-53"]);
    assert_eq!(pack.status("E10"), "partial");
    let told = reasons(&pack);
    for words in [
        "no signature of a publisher was judged",
        "2 of 3 artifacts have signatures of publishers that no key and no identity of the policy judged",
        "with 1 of 3 artifacts no signature of a publisher is carried",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let index = listed(&pack);
    assert_eq!(
        (index["policy"].clone(), index["known"].clone(), index["artifacts"].as_array().unwrap().len()),
        (Value::Null, json!([]), 2)
    );
    let one = &row(&index, PROJECT)["signatures"][0];
    assert!(one["judgement"] == "not-judged" && one["why"] == "no key and no identity of the policy is for it", "{one:#}");
    assert!(pack.files().contains_key(one["in"][0].as_str().unwrap()), "it is here all the same");
    let ran = pack.check(&host, &pack.told());
    assert!(ran.code == Some(0) && ran.out.contains("signatures of publishers: 2 artifacts have some that nobody judged"), "{}", ran.out);
    // Simple signing without a key is judged here, and by no other tool that works without the image: the script says so.
    let policy = host.write("policy.toml", publishers.policy(&publishers.gpg.key("ed25519"), &registry.host));
    host.ok(&["policy", "set", arg(&policy)]);
    let pack = Pack::made(&host, "after", &["--profile", "nist-800-53"]);
    assert_eq!(reasons(&pack), r#"["with 1 of 3 artifacts no signature of a publisher is carried"]"#);
    assert_eq!(row(&listed(&pack), "team/old")["judgement"], "valid");
    let Some(ran) = checked(&pack, &host, &pack.told()) else { return };
    let words = "UNCHECKED  1 signatures of publishers: there is no judge here of simple signing without a key: cosign is one";
    assert!(ran.code == Some(3) && ran.out.contains(words), "{}", ran.out);
}

/// What the README says to do by hand does what it says, with what the list says.
#[tokio::test(flavor = "multi_thread")]
async fn the_commands_by_hand_are_right() {
    let [Some(_), Some(_), Some(_)] = ["gpg", "gpgv", "openssl"].map(need) else { return };
    let Some(python) = stock::need_as("attestations", "python3") else { return };
    let site = Site::new().await;
    let (index, readme) = (listed(&site.pack), String::from_utf8(site.pack.files()["README.md"].clone()).expect("UTF-8"));
    let section = readme.split("Signatures of publishers lie in").nth(1).expect("a section");
    let commands: Vec<&str> = section.lines().filter_map(|line| line.strip_prefix("    ")).collect();
    let [gpg, extract, simple, unpack, bundle, sigstore, pypi] = commands[..] else { panic!("{commands:#?}") };
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let run = |command: &str, filled: &[(&str, String)]| {
        let command = filled.iter().fold(command.to_owned(), |command, (word, value)| command.replace(word, value));
        let mut shell = site.host.program("sh");
        shell.env("PATH", format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", arg(python.parent().unwrap())));
        Ran::of(shell.current_dir(&site.pack.folder).args(["-c", &command]).output().expect("a shell"))
    };
    let does = |command: &str, filled: &[(&str, String)], words: &str| {
        let ran = run(command, filled);
        assert!(ran.code == Some(0) && format!("{}{}", ran.out, ran.err).contains(words), "{command}: {ran:?}");
    };
    let key = |name: &str| text(&index["known"].as_array().unwrap().iter().find(|known| known["name"] == name).unwrap()["file"]);
    let empty = site.host.path("empty");
    std::fs::create_dir(&empty).unwrap();
    std::fs::set_permissions(&empty, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let chart = &row(&index, "/web")["signatures"][0];
    let home = ("EMPTY", arg(&empty).to_owned());
    does(gpg, &[home, ("KEY.asc", key("Charts")), ("FILE.prov", text(&chart["in"][0]))], "Good signature");
    let (app, signature) =
        (signature(row(&index, "team/app"), "simple-signing"), ("SIGNATURE", arg(&site.host.path("signature")).to_owned()));
    does(extract, &[("FILE.manifest.json", text(&app["in"][1])), (" AT ", format!(" {} ", app["at"])), signature.clone()], "");
    does(simple, &[("KEY.pem", key("Team")), signature.clone(), ("FILE.payload.json", text(&app["in"][0]))], "Verified Successfully");
    // A bundle by a key is taken apart the same way as one without.
    let (pages, signed) = (&row(&index, "team/web")["signatures"][0], ("SIGNED", arg(&site.host.path("signed")).to_owned()));
    let file = ("FILE.sigstore.json", text(&pages["in"][0]));
    does(unpack, &[file.clone(), signed.clone(), signature.clone()], "sigstore.dev/cosign/sign/v1");
    let ran = run(bundle, &[("KEY.pem", key("Team")), signature.clone(), signed.clone()]);
    assert!(ran.code == Some(1) && format!("{}{}", ran.out, ran.err).contains("Verification Failure"), "by another: {ran:?}");
    let attested = text(&self::signature(row(&index, "team/app"), "dsse-envelope")["in"][0]);
    does(unpack, &[("FILE.sigstore.json", attested), signed.clone(), signature.clone()], SPDX);
    does(bundle, &[("KEY.pem", key("Team")), signature, signed], "Verified Successfully");
    let by = |one: &Value| {
        [("ROOT.json", text(&one["by"]["root"])), ("IDENTITY", text(&one["by"]["identity"])), ("ISSUER", text(&one["by"]["issuer"]))]
    };
    does(sigstore, &[&by(pages)[..], &[file]].concat(), "sigstore.dev/cosign/sign/v1");
    let (file, one) = (row(&index, PROJECT), &row(&index, PROJECT)["signatures"][0]);
    let of = [
        ("FILE.provenance.json", text(&one["in"][0])),
        (" AT NAME SHA256", format!(" {} {} {}", one["at"], text(&file["subject"]["name"]), text(&file["subject"]["sha256"]))),
    ];
    does(pypi, &[&of[..], &by(one)[..]].concat(), "attestations/publish/v1");
    let wrong = run(pypi, &[&of[..], &[("IDENTITY", "nobody".to_owned())], &by(one)[..]].concat());
    assert_eq!(wrong.code, Some(1), "{wrong:?}");
    assert!(!site.registry.host.is_empty());
}
