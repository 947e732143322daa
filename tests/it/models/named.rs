//! What configurations name, wherever they lie: in git, as large files, at plain URLs.

use super::hub::{Hub, commit, large, small};
use super::{Outside, said};
use crate::images::registry::Registry;
use airlift::artifact::{Artifact, Completeness, Digest};
use airlift::ecosystems::find;
use airlift::error::Kind;
use airlift::lock::Lock;
use serde_json::json;

const CODE: &str = r#"{"auto_map":{"AutoModel":"other/code--modeling.Net"}}"#;

fn known(artifact: &Artifact, store: &airlift::store::Store) -> Completeness {
    find("models").unwrap().describe(artifact, store).unwrap().dependencies_known
}

fn described(outside: &Outside, lock: Lock) -> Completeness {
    let artifact = lock.artifacts[0].clone();
    known(&artifact, &outside.fetch(lock).unwrap())
}

#[test]
fn a_configuration_that_is_a_large_file_is_fetched_and_read() {
    let (hub, outside) = (Hub::start(), Outside::new());
    hub.repo("models", "acme/tiny", &commit('a'), &[large("config.json", CODE), large("model.onnx", b"weights".to_vec())]);
    let text = said(&outside.refusal(&hub, "repo = \"acme/tiny\""));
    assert!(text.contains("other/code (code), named by acme/tiny in config.json"), "{text}");
    let asked = hub.server.log();
    assert!(asked.iter().all(|asked| !asked.path.ends_with("model.onnx") || asked.header("range").is_some()), "no other file for that");
    let left = outside.lock(&hub, "repo = \"acme/tiny\"\nreferences = \"leave\"").unwrap().lock;
    assert_eq!(described(&outside, left), Completeness::Complete);
    hub.server.put(
        format!("/acme/tiny/resolve/{}/config.json", commit('a')),
        "application/json",
        CODE.replace("other", "evil1").as_bytes(),
    );
    let error = outside.refusal(&hub, "repo = \"acme/tiny\"\npickles = \"allow\"");
    assert!(error.kind() == Kind::Verification && said(&error).contains("config.json"), "{}", said(&error));
}

#[test]
fn a_configuration_that_is_too_long_is_told_and_the_dependencies_are_called_partial() {
    let (hub, outside) = (Hub::start(), Outside::new());
    let long = format!("{CODE}{}", " ".repeat(16 << 20));
    let files = [large("config.json", long), small("adapter_config.json", "{"), small("x_config.json", "{}")];
    hub.repo("models", "acme/tiny", &commit('a'), &files);
    let outcome = outside.lock(&hub, "repo = \"acme/tiny\"").unwrap();
    let notes = outcome.sections[0].notes.join("\n");
    assert!(notes.contains("acme/tiny: config.json has 16777269 bytes; at most 16777216 are read: what it names is not known"), "{notes}");
    assert!(notes.contains("adapter_config.json is not JSON"), "{notes}");
    assert_eq!(outcome.lock.artifacts[0].meta["unread"], json!(["adapter_config.json", "config.json"]));
    assert_eq!(described(&outside, outcome.lock), Completeness::Partial);
}

#[test]
fn plain_files_are_read_for_what_they_name() {
    let (server, hub, outside) = (Registry::start(), Hub::start(), Outside::new());
    server.put("/config.json".to_owned(), "application/json", CODE.as_bytes());
    server.put("/net.onnx".to_owned(), "application/octet-stream", b"weights");
    hub.repo("models", "other/code", &commit('c'), &[small("modeling.py", "class Net: pass\n")]);
    let section = |config: &[u8], more: &str| {
        let (host, digest) = (&server.host, Digest::of(config).hex());
        let files = format!("{{ url = \"http://{host}/config.json\", sha256 = \"{digest}\" }}, {{ url = \"http://{host}/net.onnx\" }}");
        format!("[models.m]\nrepo = \"ours/net\"\nfiles = [{files}]\n{more}\n")
    };
    let refused = outside.lock_all(&section(CODE.as_bytes(), "")).map(|_| ()).unwrap_err();
    assert_eq!(refused.kind(), Kind::Policy);
    assert!(said(&refused).contains("other/code (code), named by ours/net in config.json"), "{}", said(&refused));
    let left = outside.lock_all(&section(CODE.as_bytes(), "references = \"leave\"")).unwrap();
    assert!(left.sections[0].notes.iter().any(|note| note.starts_with("left out: other/code")), "{:?}", left.sections);
    assert_eq!(left.lock.artifacts[0].meta["references"][0]["carried"], false);
    assert_eq!(described(&outside, left.lock), Completeness::Complete);
    let beside = format!("[models.code]\nhub = \"{}\"\nrepo = \"other/code\"\n", hub.address());
    let both = outside.lock_all(&(section(CODE.as_bytes(), "") + &beside)).unwrap().lock;
    assert_eq!(both.artifacts.iter().find(|a| a.name == "ours/net").unwrap().meta["references"][0]["carried"], true);
    let follow = outside.lock_all(&section(CODE.as_bytes(), "references = \"follow\"")).map(|_| ()).unwrap_err();
    assert!(follow.kind() == Kind::Usage && said(&follow).contains("no hub to follow"), "{}", said(&follow));
    let other = outside.lock_all(&section(b"{}", "")).map(|_| ()).unwrap_err();
    assert_eq!(other.kind(), Kind::Verification, "another digest than was pinned: {}", said(&other));
}
