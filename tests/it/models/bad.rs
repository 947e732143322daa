//! Hubs that refuse, lie or are damaged: one clear error each, and nothing half done.

use super::hub::{File, Hub, commit, entry, git_name, large, pointer, small, tiny};
use super::{Outside, said};
use crate::images::registry::Answer;
use airlift::artifact::Digest;
use airlift::error::Kind;
use serde_json::{Value, json};

const SECTION: &str = "repo = \"acme/tiny\"";

fn hub(files: &[File]) -> Hub {
    let hub = Hub::start();
    hub.repo("models", "acme/tiny", &commit('a'), files);
    hub
}

fn tree() -> String {
    format!("/api/models/acme/tiny/tree/{}", commit('a'))
}

#[test]
fn missing_hidden_and_gated_repositories_are_told_apart_as_far_as_the_hub_does() {
    let outside = Outside::new();
    for (status, words) in [(404, "no such repository"), (401, "needs a token"), (403, "behind a gate")] {
        let hub = Hub::start();
        hub.answer("/api/models/acme/tiny/revision/main", Answer::new(status, "").with("X-Error-Code", "GatedRepo"));
        let error = outside.refusal(&hub, SECTION);
        assert!(error.kind() == Kind::Upstream && said(&error).contains(words), "{status}: {}", said(&error));
        assert_eq!(hub.server.log().len(), 1, "asking again does not help");
    }
}

#[test]
fn a_file_that_is_not_what_the_commit_holds_is_refused() {
    let (hub, outside) = (hub(&tiny()), Outside::new());
    let path = format!("/acme/tiny/resolve/{}/config.json", commit('a'));
    hub.server.put(path, "application/json", br#"{"model_type":"evil"}"#);
    let error = outside.refusal(&hub, SECTION);
    assert_eq!(error.kind(), Kind::Verification);
    assert!(said(&error).contains("config.json: the bytes are not what the commit holds"), "{}", said(&error));
}

#[test]
fn a_file_that_is_longer_than_its_commit_says_is_told_without_a_hint_at_other_bounds() {
    let (hub, outside) = (hub(&tiny()), Outside::new());
    let path = format!("/acme/tiny/resolve/{}/config.json", commit('a'));
    hub.server.put(path, "application/json", &[b' '; 100]);
    let text = said(&outside.refusal(&hub, SECTION));
    assert!(text.contains("longer than it should be") && !text.contains("--max-download"), "{text}");
}

#[test]
fn a_digest_that_the_commits_pointer_does_not_hold_is_refused() {
    let (hub, outside) = (hub(&tiny()), Outside::new());
    let mut entries: Vec<Value> = tiny().iter().map(entry).collect();
    entries[4]["lfs"]["oid"] = "1".repeat(64).into();
    hub.json(&tree(), &Value::Array(entries));
    let error = outside.refusal(&hub, SECTION);
    assert_eq!(error.kind(), Kind::Verification);
    assert!(said(&error).contains("model.safetensors: the digest the hub names is not the one the commit holds"), "{}", said(&error));
}

#[test]
fn other_bytes_than_the_digest_names_are_refused_when_fetched() {
    let (hub, outside) = (hub(&tiny()), Outside::new());
    let lock = outside.lock(&hub, SECTION).unwrap().lock;
    let path = format!("/acme/tiny/resolve/{}/model.safetensors", commit('a'));
    hub.server.put(path, "application/octet-stream", &crate::world::noise(300_000, 9));
    let error = outside.fetch(lock).map(|_| ()).unwrap_err();
    assert_eq!(error.kind(), Kind::Verification, "{}", said(&error));
}

#[test]
fn a_pointer_in_place_of_content_is_called_by_its_name() {
    let outside = Outside::new();
    let weights = crate::world::noise(300_000, 3);
    let complete = hub(&[large("model.safetensors", weights.clone())]);
    let lock = outside.lock(&complete, SECTION).unwrap().lock;
    let path = format!("/acme/tiny/resolve/{}/model.safetensors", commit('a'));
    complete.server.put(path, "application/octet-stream", pointer(&weights).as_bytes());
    let error = outside.fetch(lock).map(|_| ()).unwrap_err();
    assert!(said(&error).contains("the pointer of a large file came in place of its content"), "{}", said(&error));

    let committed = hub(&[small("model.bin", pointer(&weights))]);
    let error = outside.refusal(&committed, SECTION);
    assert!(said(&error).contains("exclude = [\\\"model.bin\\\"]"), "{}", said(&error));
}

#[test]
fn answers_that_are_not_the_hubs_are_refused() {
    let account = |fields: Value| Answer::new(200, fields.to_string());
    let revision = "/api/models/acme/tiny/revision/main";
    for (answer, words) in [
        (account(json!({ "id": "acme/tiny", "sha": "main" })), "40 lower-case hex digits"),
        (account(json!({ "id": "../../etc", "sha": commit('a') })), "its name is malformed"),
        (Answer::new(200, "<html>"), "cannot be read"),
    ] {
        let (hub, outside) = (hub(&tiny()), Outside::new());
        hub.answer(revision, answer);
        let error = outside.refusal(&hub, SECTION);
        assert!(error.kind() == Kind::Upstream && said(&error).contains(words), "{words}: {}", said(&error));
    }
    let (hub, outside) = (hub(&tiny()), Outside::new());
    hub.revision("models", "acme/tiny", &commit('a'), &commit('b'));
    let error = outside.refusal(&hub, &format!("{SECTION}\nrevision = \"{}\"", commit('a')));
    assert!(said(&error).contains("another commit than asked for"), "{}", said(&error));
}

#[test]
fn trees_with_other_peoples_paths_are_refused() {
    let outside = Outside::new();
    for path in ["../../etc/passwd", "/etc/passwd", "a//b", "a\u{202e}b"] {
        let hub = hub(&tiny());
        hub.json(&tree(), &json!([{ "type": "file", "path": path, "size": 1, "oid": commit('e') }]));
        let error = outside.refusal(&hub, SECTION);
        assert_eq!(error.kind(), Kind::Upstream, "{path}: {}", said(&error));
    }
    let hub = hub(&tiny());
    let twice = entry(&small("config.json", "{}"));
    hub.json(&tree(), &json!([twice, twice]));
    assert!(said(&outside.refusal(&hub, SECTION)).contains("lists config.json twice"));
}

#[test]
fn an_odd_path_that_is_not_wanted_stops_nothing() {
    let (hub, outside) = (hub(&tiny()), Outside::new());
    let mut entries: Vec<Value> = tiny().iter().map(entry).collect();
    entries.push(json!({ "type": "file", "path": "a\u{202e}b", "size": 1, "oid": commit('e') }));
    hub.json(&tree(), &Value::Array(entries));
    let refused = outside.refusal(&hub, SECTION);
    assert!(said(&refused).contains("leave it out with `exclude`"), "{}", said(&refused));
    let locked = outside.lock(&hub, &format!("{SECTION}\nexclude = [\"a*b\"]")).unwrap().lock;
    assert_eq!(locked.artifacts[0].descriptors.len(), tiny().len());
}

#[test]
fn a_pointer_of_another_form_is_asked_for_and_must_be_the_commits() {
    let weights = crate::world::noise(3000, 3);
    let other = pointer(&weights).replace("\nsize", "\r\nsize");
    for (held, size, words) in [
        (other.clone(), Some(other.len()), None),
        (other.clone(), None, None),
        (other.replace("oid", "x-y"), Some(9), Some("a pointer of git blob")),
        (String::new(), None, Some("a pointer of git blob")),
    ] {
        let (hub, outside) = (hub(&tiny()), Outside::new());
        let mut listed = entry(&large("model.safetensors", weights.clone()));
        listed["oid"] = git_name(other.as_bytes()).into();
        listed["lfs"]["pointerSize"] = size.into();
        hub.json(&tree(), &json!([listed]));
        hub.server.put(format!("/acme/tiny/resolve/{}/model.safetensors", commit('a')), "application/octet-stream", &weights);
        hub.server.put(format!("/acme/tiny/raw/{}/model.safetensors", commit('a')), "text/plain", held.as_bytes());
        match (outside.lock(&hub, SECTION), words) {
            (locked, None) => assert_eq!(locked.unwrap().lock.artifacts[0].descriptors[0].digest, Digest::of(&weights)),
            (refused, Some(words)) => {
                let error = refused.map(|_| ()).unwrap_err();
                assert!(error.kind() == Kind::Verification && said(&error).contains(words), "{}", said(&error));
            }
        }
    }
    // The commit's own pointer, and another digest in the list.
    let (hub, outside) = (hub(&tiny()), Outside::new());
    let mut listed = entry(&large("model.safetensors", b"other bytes".repeat(273).into_iter().take(3000).collect::<Vec<u8>>()));
    listed["oid"] = git_name(other.as_bytes()).into();
    listed["lfs"]["pointerSize"] = Value::Null;
    hub.json(&tree(), &json!([listed]));
    hub.server.put(format!("/acme/tiny/raw/{}/model.safetensors", commit('a')), "text/plain", other.as_bytes());
    assert!(said(&outside.refusal(&hub, SECTION)).contains("in place of"));
}

#[test]
fn a_long_tree_is_read_to_its_end_on_its_own_host_only() {
    let outside = Outside::new();
    let entries: Vec<Value> = tiny().iter().map(entry).collect();
    let page = |from: usize, to: usize| Answer::new(200, Value::from(entries[from..to].to_vec()).to_string());
    let hub = hub(&tiny());
    let next = format!("<{}/next-page?cursor=x>; rel=\"next\"", hub.address());
    hub.answer(&tree(), page(0, 4).with("Link", next));
    hub.answer("/next-page", page(4, 6));
    assert_eq!(outside.lock(&hub, SECTION).unwrap().lock.artifacts[0].descriptors.len(), 6);

    let hub = self::hub(&tiny());
    hub.answer(&tree(), page(0, 4).with("Link", "<http://127.0.0.1:9/x>; rel=\"next\""));
    assert!(said(&outside.refusal(&hub, SECTION)).contains("goes on somewhere else"));
}

#[test]
fn sections_that_make_no_sense_are_refused_before_anything_is_asked() {
    let (hub, outside) = (hub(&tiny()), Outside::new());
    for (section, words) in [
        ("", "no repository is named"),
        ("revision = \"main\"", "belong to a `repo`"),
        ("repo = \"acme/tiny/more\"", "owner/name"),
        ("repo = \"../tiny\"", "owner/name"),
        ("repo = \"acme/tiny\"\nkind = \"modell\"", "modell"),
        ("repo = \"acme/tiny\"\nrevison = \"v1\"", "revision"),
        ("oci = \"h.example.org/a:1\"", "`hub` and `references` belong to a `repo`"),
        ("items = [{ oci = \"h.example.org/a:1\", kind = \"model\" }, { repo = \"acme/tiny\" }]", "`oci` stands alone"),
        ("kind = \"model\"\noci = \"h.example.org/a:1\"", "belong to a `repo`"),
    ] {
        let error = outside.refusal(&hub, section);
        assert!(error.kind() == Kind::Usage && said(&error).contains(words), "{section}: {}", said(&error));
    }
    let followed = outside.lock_all("[models.m]\noci = \"h.example.org/a:1\"\nreferences = \"follow\"\n").map(|_| ()).unwrap_err();
    assert!(followed.kind() == Kind::Usage && said(&followed).contains("`references` belong to a `repo`"), "{}", said(&followed));
    for address in ["http://hub.example.org", "https://me:secret@hub.example.org", "ftp://hub.example.org"] {
        let error = outside.lock_all(&format!("[models.m]\nhub = \"{address}\"\nrepo = \"a/b\"\n")).map(|_| ()).unwrap_err();
        assert!(error.kind() == Kind::Usage && !said(&error).contains("secret"), "{}", said(&error));
    }
    assert!(hub.server.log().is_empty());
}

#[test]
fn what_would_not_be_served_is_not_locked() {
    let outside = Outside::new();
    let classes: serde_json::Map<String, Value> = (0..10_001).map(|n| (format!("C{n}"), json!(format!("other/r{n}--m.C")))).collect();
    let long = "v".repeat(5000);
    for (config, words) in [
        (json!({ "auto_map": classes }), "too many repositories"),
        (json!({ "base_model_name_or_path": "other/base", "revision": long }), "excessive length"),
    ] {
        let hub = hub(&[small("config.json", config.to_string())]);
        let error = outside.refusal(&hub, &format!("{SECTION}\nreferences = \"leave\""));
        let text = said(&error);
        assert!(error.kind() == Kind::Policy && text.contains("acme/tiny") && text.contains(words), "{words}: {text}");
    }
}
