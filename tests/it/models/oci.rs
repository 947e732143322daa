//! Models that registries hold: locked whole by digest, described by their configuration, and served as they were.

use super::hub::{Hub, commit, large, small};
use super::{Outside, said};
use crate::images::pictures;
use crate::images::registry::{Answer, Registry};
use airlift::artifact::Digest;
use airlift::ecosystems::find;
use airlift::error::Kind;
use airlift::lock::Lock;
use airlift::server::oci::Registry as RegistryOf;
use airlift::store::Shelf;
use airlift::upstream::Settings;
use serde_json::{Value, json};
use std::sync::Arc;
use tower::ServiceExt;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const PACK: &str = "application/vnd.cncf.model.config.v1+json";

/// A registry, and the connected side that may ask it over plain HTTP.
pub fn registry() -> (Registry, Outside) {
    let registry = Registry::start();
    let settings = Settings { plain_http: vec![registry.host.clone()], ..Settings::default() };
    (registry, Outside::with(settings))
}

/// Pushes a model of a configuration and layers (media type, path, bytes); returns the manifest.
pub fn push(registry: &Registry, tag: &str, config: (&str, &[u8]), layers: &[(&str, &str, &[u8])]) -> Vec<u8> {
    let part = |media_type: &str, bytes: &[u8], path: &str| {
        let digest = registry.blob("acme/llm", bytes).to_string();
        json!({ "mediaType": media_type, "digest": digest, "size": bytes.len(), "annotations": { "org.opencontainers.image.title": path } })
    };
    let layers: Vec<Value> = layers.iter().map(|(media_type, path, bytes)| part(media_type, bytes, path)).collect();
    let manifest = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": part(config.0, config.1, "config"), "layers": layers });
    let bytes = manifest.to_string().into_bytes();
    registry.manifest("acme/llm", Some(tag), MANIFEST, &bytes);
    bytes
}

pub const WEIGHTS: (&str, &str, &[u8]) = ("application/vnd.cncf.model.weight.v1.raw", "llm.gguf", b"GGUF weights");
const TORCH: (&str, &str, &[u8]) = ("application/vnd.cncf.model.weight.v1.raw", "llm.bin", b"\x80\x02}q\x00.");
const ARCHIVE: (&str, &str, &[u8]) = ("application/vnd.kitops.modelkit.model.v1.tar+gzip", "model", b"\x1f\x8b rest");

#[test]
fn a_model_of_a_registry_is_carried_whole_and_described() {
    let (registry, outside) = registry();
    let config =
        json!({ "descriptor": { "name": "llm", "licenses": ["MIT"] }, "config": { "format": "gguf", "paramSize": "7b" } }).to_string();
    let manifest = push(&registry, "1.0", (PACK, config.as_bytes()), &[WEIGHTS, ARCHIVE]);
    let section = format!("[models.m]\noci = \"{}/acme/llm:1.0\"\n", registry.host);
    let outcome = outside.lock_all(&section).unwrap();
    let lock: Lock = outcome.lock;
    assert_eq!(lock.to_bytes(), outside.lock_all(&section).unwrap().lock.to_bytes(), "twice the same");
    let artifact = &lock.artifacts[0];
    assert_eq!((artifact.name.as_str(), artifact.version.as_str()), (&*format!("{}/acme/llm", registry.host), "1.0"));
    let digests: Vec<Digest> = artifact.descriptors.iter().map(|d| d.digest).collect();
    assert_eq!(digests, [&manifest[..], config.as_bytes(), WEIGHTS.2, ARCHIVE.2].map(Digest::of));
    let asked = registry.log().iter().filter(|asked| asked.path.contains(&digests[2].to_string())).count();
    assert_eq!(asked, 2, "weights are looked at, once a lock");
    assert!(registry.log().iter().any(|asked| asked.header("range") == Some("bytes=0-11")), "and only their beginning");
    let artifact = artifact.clone();
    let store = outside.fetch(lock).unwrap();
    let described = find("models").unwrap().describe(&artifact, &store).unwrap();
    assert!(described.purl.starts_with(&format!("pkg:oci/llm@{}?repository_url=", digests[0])), "{}", described.purl);
    assert_eq!(described.licences[0].expression, "MIT");
    let property = |key: &str| described.properties.get(key).map(String::as_str);
    assert_eq!((property("formats"), property("parameters"), property("not looked into")), (Some("gguf"), Some("7b"), Some("1")));
}

#[test]
fn what_stands_beside_a_model_is_carried_and_served_with_it() {
    let (registry, outside) = registry();
    let model = push(&registry, "1.0", (PACK, b"{}"), &[WEIGHTS]);
    let (root, host) = (Digest::of(&model), registry.host.clone());
    let section = format!("[models.m]\noci = \"{host}/acme/llm:1.0\"\n");
    let bare = outside.lock_all(&section).unwrap();
    assert!(bare.lock.artifacts.len() == 1 && bare.sections[0].summary.ends_with("signature: none found"), "{:?}", bare.sections);
    assert!(bare.sections[0].notes.iter().any(|note| note.contains("looked for signatures")), "{:?}", bare.sections);

    let signature: (&str, &str, &[u8]) = ("application/vnd.dev.cosign.simplesigning.v1+json", "signature", b"payload");
    let tag = format!("sha256-{}.sig", root.hex());
    push(&registry, &tag, ("application/vnd.oci.image.config.v1+json", b"{}"), &[signature]);
    let subject = pictures::Put { media_type: MANIFEST, digest: root, size: model.len() };
    let bill = pictures::referrer(&registry, "acme/llm", "application/spdx+json", &subject);
    pictures::list(&registry, "acme/llm", &root, &[&bill]);
    let outcome = outside.lock_all(&section).unwrap();
    assert!(outcome.sections[0].summary.ends_with("signature: cosign and 1 referrer, carried"), "{:?}", outcome.sections);
    let lock: Lock = outcome.lock;
    assert_eq!(lock.to_bytes(), outside.lock_all(&section).unwrap().lock.to_bytes(), "twice the same");
    let roles: Vec<_> = lock.artifacts.iter().map(|a| (a.meta["beside"].as_str().unwrap_or("model"), a.subject.is_some())).collect();
    assert!(roles.len() == 3 && roles.contains(&("cosign-tag", true)) && roles.contains(&("referrer", true)), "{roles:?}");

    let artifacts: Vec<_> = lock.artifacts.iter().cloned().map(Arc::new).collect();
    let store = Arc::new(outside.fetch(lock).unwrap());
    let shelf = Shelf { view: "latest".to_owned(), id: root, artifacts, blobs: store.clone() };
    let router = RegistryOf::new([find("models").unwrap().repositories(&shelf)], store, "/v2".to_owned()).router();
    let name = format!("{}/acme/llm", host.replace(':', "_"));
    let ask = |path: String| {
        let request = http::Request::get(path).body(axum::body::Body::empty()).unwrap();
        outside.runtime.block_on(async {
            let response = router.clone().oneshot(request).await.unwrap();
            axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap()
        })
    };
    let tags: Value = serde_json::from_slice(&ask(format!("/{name}/tags/list"))).unwrap();
    assert_eq!(tags["tags"], json!(["1.0", tag]));
    let signed: Value = serde_json::from_slice(&ask(format!("/models/{name}/manifests/{tag}"))).unwrap();
    assert_eq!(signed["layers"][0]["digest"], Digest::of(b"payload").to_string());
    assert_eq!(ask(format!("/{name}/blobs/{}", Digest::of(b"payload"))), &b"payload"[..]);
    let listed: Value = serde_json::from_slice(&ask(format!("/{name}/referrers/{root}"))).unwrap();
    assert_eq!(listed["manifests"][0]["digest"], bill.digest.to_string());
    assert_eq!(listed["manifests"][0]["artifactType"], "application/spdx+json");
}

#[test]
fn what_is_no_model_is_refused_with_the_way_out() {
    let (registry, outside) = registry();
    let refused =
        |reference: &str| outside.lock_all(&format!("[models.m]\noci = \"{}/acme/{reference}\"\n", registry.host)).map(|_| ()).unwrap_err();
    push(&registry, "image", ("application/vnd.oci.image.config.v1+json", b"{}"), &[WEIGHTS]);
    assert!(said(&refused("llm:image")).contains("a container image, not a model"));
    push(&registry, "empty", (PACK, b"{}"), &[]);
    assert!(said(&refused("llm:empty")).contains("no file at all"));
    let index = json!({ "schemaVersion": 2, "manifests": [] }).to_string();
    registry.manifest("acme/llm", Some("index"), "application/vnd.oci.image.index.v1+json", index.as_bytes());
    assert!(said(&refused("llm:index")).contains("it is an index"));
    push(&registry, "large", (PACK, &vec![b' '; (1 << 20) + 1]), &[WEIGHTS]);
    assert!(said(&refused("llm:large")).contains("configuration is too large"));
    let absent = refused("llm:none");
    assert_eq!(absent.kind(), Kind::Upstream, "{}", said(&absent));
    assert_eq!(refused("llm").kind(), Kind::Usage, "no tag and no digest");
    for keys in ["oci = \"h/a:1\"\nrepo = \"a/b\"", "items = [{ oci = \"h/a:1\", repo = \"a/b\" }]", "oci = \"h/a:1\"\nexclude = [\"x\"]"] {
        assert_eq!(outside.lock_all(&format!("[models.m]\n{keys}\n")).map(|_| ()).unwrap_err().kind(), Kind::Usage, "{keys}");
    }
}

#[test]
fn pickles_are_noted_refused_or_let_be() {
    let (registry, outside) = registry();
    push(&registry, "torch", (PACK, b"{}"), &[TORCH]);
    push(&registry, "kit", (PACK, b"{}"), &[ARCHIVE]);
    let lock = |tag: &str, policy: &str| outside.lock_all(&format!("[models.m]\noci = \"{}/acme/llm:{tag}\"\n{policy}\n", registry.host));
    let noted = lock("torch", "").unwrap();
    assert!(noted.sections[0].notes.iter().any(|note| note.contains("llm.bin")), "the default names them");
    let refused = lock("torch", "pickles = \"refuse\"").map(|_| ()).unwrap_err();
    assert!(refused.kind() == Kind::Policy && said(&refused).contains("llm.bin"), "{}", said(&refused));
    push(&registry, "both", (PACK, TORCH.2), &[TORCH]);
    assert_eq!(lock("both", "pickles = \"refuse\"").map(|_| ()).unwrap_err().kind(), Kind::Policy, "a configuration that is a layer too");
    let unknown = lock("kit", "pickles = \"refuse\"").map(|_| ()).unwrap_err();
    assert!(unknown.kind() == Kind::Policy && said(&unknown).contains("not known"), "what was not looked into is not called clean");
    let two = "[models.a]\noci = \"HOST/acme/llm:torch\"\n[models.b]\noci = \"HOST/acme/llm:torch\"\npickles = \"allow\"\n";
    let lock_of_two = outside.lock_all(&two.replace("HOST", &registry.host)).unwrap().lock;
    assert_eq!(lock_of_two.artifacts[0].meta["looked"]["pickles"], json!(["llm.bin"]), "one section looked for both");
    assert!(lock("torch", "pickles = \"allow\"").unwrap().lock.artifacts[0].meta.get("looked").is_none());
}

#[test]
fn files_of_a_hub_are_looked_at_by_their_beginnings() {
    let (hub, outside) = (Hub::start(), Outside::new());
    let mut torch = b"PK\x03\x04".to_vec();
    torch.resize(26, 0);
    torch.extend([16, 0, 0, 0]);
    torch.extend(b"archive/data.pkl");
    torch.resize(200_000, 7);
    let files = [small("config.json", "{}"), small("old.pkl", b"\x80\x04\x95rest".to_vec()), large("model.safetensors", torch)];
    hub.repo("models", "acme/tiny", &commit('a'), &files);
    let locked = outside.lock(&hub, "repo = \"acme/tiny\"").unwrap();
    let looked = &locked.lock.artifacts[0].meta["looked"];
    assert_eq!(looked["pickles"], json!(["model.safetensors", "old.pkl"]), "a name is not believed");
    let ranges: Vec<_> = hub.server.log().iter().filter_map(|asked| asked.header("range").map(str::to_owned)).collect();
    assert_eq!(ranges, ["bytes=0-4095"], "git's file was at hand, of the large one only the beginning was asked for");
    let refused = outside.refusal(&hub, "repo = \"acme/tiny\"\npickles = \"refuse\"");
    assert_eq!(refused.kind(), Kind::Policy, "{}", said(&refused));
    outside.lock(&hub, "repo = \"acme/tiny\"\npickles = \"refuse\"\ninclude = [\"config.json\"]").unwrap();
}

#[test]
fn a_header_is_read_to_its_end_within_bounds() {
    let (hub, outside) = (Hub::start(), Outside::new());
    let tensors = |length: usize, json: &str| {
        let mut bytes = (length as u64).to_le_bytes().to_vec();
        bytes.extend(json.as_bytes());
        bytes.resize(8 + length, b' ');
        bytes
    };
    let refused = "repo = \"acme/tiny\"\npickles = \"refuse\"";
    hub.repo("models", "acme/tiny", &commit('a'), &[large("model.safetensors", tensors(9000, "{\"__metadata__\":{}}"))]);
    let locked = outside.lock(&hub, refused).unwrap().lock;
    assert_eq!(locked.artifacts[0].meta["looked"]["formats"], json!(["safetensors"]));
    let ranges: Vec<_> = hub.server.log().iter().filter_map(|asked| asked.header("range").map(str::to_owned)).collect();
    assert_eq!(ranges, ["bytes=0-4095", "bytes=0-9007"]);

    let hub = Hub::start();
    hub.repo("models", "acme/tiny", &commit('a'), &[large("model.safetensors", tensors(17 << 20, "{\"__metadata__\":{}}"))]);
    let error = outside.refusal(&hub, refused);
    assert!(said(&error).contains("not known") && said(&error).contains("model.safetensors"), "too long to be read: {}", said(&error));
    assert!(hub.server.log().iter().all(|asked| asked.header("range").is_none_or(|range| range == "bytes=0-4095")), "and not asked for");

    // A text of 0x2000 bytes to a reader of pickles, which ends behind the first look; then a call.
    let mut both = b"T\x00\x20\0\0\0\0\0{\"__metadata__\":{\"format\":\"pt\"}}".to_vec();
    both.resize(5 + 0x2000, b' ');
    both.extend(b"0cos\nsystem\n(S'id'\ntR.");
    both.resize(8 + 0x20_0054, b' ');
    let hub = Hub::start();
    hub.repo("models", "acme/tiny", &commit('a'), &[large("model.safetensors", both)]);
    let error = outside.refusal(&hub, refused);
    assert!(said(&error).contains("runs what it says") && said(&error).contains("model.safetensors"), "{}", said(&error));
}

#[test]
fn what_is_packed_under_the_name_of_a_pickle_is_not_called_clean() {
    let (hub, outside) = (Hub::start(), Outside::new());
    let packed = b"\x1f\x8b\x08rest".to_vec();
    hub.repo("models", "acme/tiny", &commit('a'), &[large("model.joblib", packed.clone()), large("train.csv.gz", packed)]);
    let noted = outside.lock(&hub, "repo = \"acme/tiny\"").unwrap().lock;
    let looked = &noted.artifacts[0].meta["looked"];
    assert_eq!((&looked["unknown"], &looked["unseen"]), (&json!(1), &json!(["model.joblib"])));
    let error = outside.refusal(&hub, "repo = \"acme/tiny\"\npickles = \"refuse\"");
    assert!(error.kind() == Kind::Policy && said(&error).contains("model.joblib"), "{}", said(&error));
    outside.lock(&hub, "repo = \"acme/tiny\"\npickles = \"refuse\"\nexclude = [\"*.joblib\"]").unwrap();
}

#[test]
fn what_a_hub_read_from_gguf_files_is_said() {
    let (hub, outside) = (Hub::start(), Outside::new());
    hub.repo("models", "acme/tiny", &commit('a'), &[large("tiny.Q4.gguf", b"GGUF\x03\0\0\0rest".to_vec())]);
    let gguf = json!({ "total": 7_000_000_000_u64, "architecture": "llama", "context_length": 8192, "chat_template": "{{ x }}" });
    hub.json("/api/models/acme/tiny/revision/main", &json!({ "id": "acme/tiny", "sha": commit('a'), "gguf": gguf }));
    let lock = outside.lock(&hub, "repo = \"acme/tiny\"\npickles = \"allow\"").unwrap().lock;
    let (artifact, empty) =
        (lock.artifacts[0].clone(), airlift::store::Store::open_or_create(&outside.folder.path().join("empty")).unwrap());
    let described = find("models").unwrap().describe(&artifact, &empty).unwrap();
    let property = |key: &str| described.properties.get(key).map(String::as_str);
    assert_eq!((property("parameters"), property("formats")), (Some("7000000000"), Some("gguf")));
    assert_eq!((property("architecture"), property("context length")), (Some("llama"), Some("8192")));
}

#[test]
fn one_tag_is_one_manifest_and_one_branch_is_one_commit() {
    let (registry, outside) = registry();
    let digests = ["1", "2"].map(|config| Digest::of(&push(&registry, "1.0", (PACK, config.as_bytes()), &[WEIGHTS])).to_string());
    let section = |name: &str, reference: &str| format!("[models.{name}]\noci = \"{}/acme/llm{reference}\"\n", registry.host);
    let pinned =
        |tag: &str| ["a", "b"].iter().zip(&digests).map(|(name, digest)| section(name, &format!("{tag}@{digest}"))).collect::<String>();
    let error = outside.lock_all(&pinned(":1.0")).map(|_| ()).unwrap_err();
    let text = said(&error);
    assert!(error.kind() == Kind::Usage && digests.iter().all(|digest| text.contains(digest)) && text.contains("a, b"), "{text}");
    assert_eq!(outside.lock_all(&pinned("")).unwrap().lock.artifacts.len(), 2, "by digest both are had");

    registry.put("/old".to_owned(), "application/octet-stream", b"old");
    registry.put("/new".to_owned(), "application/octet-stream", b"new");
    let plain = |name: &str, revision: &str| {
        let files = format!("files = [{{ url = \"http://{}/{name}\", path = \"net.onnx\" }}]", registry.host);
        format!("[models.{name}]\nrepo = \"ours/net\"\n{files}\nrevision = \"{revision}\"\n")
    };
    let text = said(&outside.lock_all(&(plain("old", "main") + &plain("new", "main"))).map(|_| ()).unwrap_err());
    assert!(text.contains("ours/net: main would mean two things inside"), "{text}");
    assert_eq!(outside.lock_all(&(plain("old", "v1") + &plain("new", "main"))).unwrap().lock.artifacts.len(), 2);
}

#[test]
fn a_gate_is_written_down() {
    let (hub, outside) = (Hub::start(), Outside::new());
    hub.repo("models", "acme/tiny", &commit('a'), &[small("config.json", "{}")]);
    hub.json("/api/models/acme/tiny/revision/main", &json!({ "id": "acme/tiny", "sha": commit('a'), "gated": "manual" }));
    let locked = outside.lock(&hub, "repo = \"acme/tiny\"").unwrap();
    let meta = &locked.lock.artifacts[0].meta;
    assert_eq!((&meta["gated"], &meta["terms"]), (&json!(true), &json!(format!("{}/acme/tiny", hub.address()))));
    assert!(locked.sections[0].notes.iter().any(|note| note.contains("accepted its terms")), "{:?}", locked.sections[0].notes);
}

#[test]
fn a_gate_that_is_closed_is_told_before_anything_is_locked() {
    for status in [401, 403] {
        let (hub, outside) = (Hub::start(), Outside::new());
        hub.repo("models", "acme/tiny", &commit('a'), &[large("model.safetensors", b"weights".to_vec())]);
        hub.json("/api/models/acme/tiny/revision/main", &json!({ "id": "acme/tiny", "sha": commit('a'), "gated": "manual" }));
        hub.answer("/api/models/acme/tiny/auth-check", Answer::new(status, ""));
        let refused = outside.refusal(&hub, "repo = \"acme/tiny\"\npickles = \"allow\"");
        let text = said(&refused);
        assert!(refused.kind() == Kind::Upstream && text.contains("behind a gate") && text.contains("netrc"), "{status}: {text}");
    }
}
