//! Locking and fetching from a hub that behaves.

use super::hub::{Hub, commit, git_name, large, small, tiny};
use super::{Outside, said};
use airlift::artifact::{Blobs, Digest, Learned};
use airlift::error::Kind;
use airlift::upstream::{Credential, Credentials, Settings};
use serde_json::json;

fn tiny_hub() -> Hub {
    let hub = Hub::start();
    hub.repo("models", "acme/tiny", &commit('a'), &tiny());
    hub
}

#[test]
fn a_branch_becomes_a_commit_with_the_digests_of_every_file() {
    let (hub, outside) = (tiny_hub(), Outside::new());
    let outcome = outside.lock(&hub, "repo = \"acme/tiny\"").unwrap();
    let artifact = &outcome.lock.artifacts[0];
    assert_eq!((artifact.name.as_str(), artifact.version.as_str()), ("acme/tiny", commit('a').as_str()));
    assert_eq!(artifact.descriptors.len(), tiny().len());
    for (file, blob) in tiny().iter().zip(&artifact.descriptors) {
        assert_eq!((blob.name.as_deref(), blob.digest, blob.size), (Some(file.path), Digest::of(&file.bytes), file.bytes.len() as u64));
        let git = (!file.large).then(|| git_name(&file.bytes));
        assert_eq!(blob.side_digests.get("git-blob-sha1"), git.as_ref());
        assert_eq!(blob.learned, if file.large { Learned::Upstream } else { Learned::Downloaded });
    }
    assert_eq!(artifact.meta["revisions"], json!(["main"]));
    assert_eq!(artifact.meta["card"]["licences"], json!(["mit"]));
    let asked = hub.server.log();
    let mut whole = asked.iter().filter(|a| a.path.ends_with(".safetensors") && a.header("range") != Some("bytes=0-4095"));
    assert!(whole.next().is_none(), "large files are not downloaded to be locked, only looked at");
    let again = outside.lock(&hub, "repo = \"acme/tiny\"").unwrap();
    assert_eq!(again.lock.to_bytes(), outcome.lock.to_bytes());
    let store = outside.fetch(outcome.lock).unwrap();
    for file in tiny() {
        assert_eq!(Blobs::size(&store, &Digest::of(&file.bytes)).unwrap(), Some(file.bytes.len() as u64), "{}", file.path);
    }
}

#[test]
fn patterns_take_a_part_and_say_so() {
    let (hub, outside) = (tiny_hub(), Outside::new());
    let outcome = outside.lock(&hub, "repo = \"acme/tiny\"\ninclude = [\"*.json\", \"onnx/\"]\nexclude = [\"copy/*\"]").unwrap();
    let artifact = &outcome.lock.artifacts[0];
    let names: Vec<_> = artifact.descriptors.iter().filter_map(|d| d.name.as_deref()).collect();
    assert_eq!(names, ["config.json", "onnx/model.onnx"]);
    assert_eq!(artifact.meta["whole"], json!(false));
    assert!(outcome.sections[0].notes.iter().any(|note| note.contains("only a part of commit")), "{:?}", outcome.sections);
    let none = outside.refusal(&hub, "repo = \"acme/tiny\"\ninclude = [\"*.gguf\"]");
    assert_eq!(none.kind(), Kind::Usage, "{}", said(&none));
}

#[test]
fn two_sections_that_want_parts_of_one_commit_get_both() {
    let (hub, outside) = (tiny_hub(), Outside::new());
    let address = hub.address();
    let section =
        |name: &str, include: &str| format!("[models.{name}]\nhub = \"{address}\"\nrepo = \"acme/tiny\"\ninclude = [{include}]\n");
    let both = section("one", "\"config.json\"") + &section("two", "\"config.json\", \"copy/config.json\"");
    let lock = outside.lock_all(&both).unwrap().lock;
    assert_eq!(lock.artifacts.len(), 1);
    let names: Vec<_> = lock.artifacts[0].descriptors.iter().filter_map(|d| d.name.as_deref()).collect();
    assert_eq!(names, ["config.json", "copy/config.json"], "two files of one content are two files");
}

#[test]
fn datasets_tags_and_commits_are_asked_for_by_their_own_paths() {
    let (hub, outside) = (Hub::start(), Outside::new());
    hub.repo("datasets", "acme/ds", &commit('d'), &[small("README.md", "# ds\n"), large("data/train.csv", "a\n1\n")]);
    hub.revision("datasets", "acme/ds", "refs%2Fpr%2F3", &commit('d'));
    for revision in ["refs/pr/3", &commit('d')] {
        let lock = outside.lock(&hub, &format!("kind = \"dataset\"\nrepo = \"acme/ds\"\nrevision = \"{revision}\"")).unwrap().lock;
        assert_eq!((lock.artifacts[0].name.as_str(), &lock.artifacts[0].version), ("datasets/acme/ds", &commit('d')));
        outside.fetch(lock).unwrap();
    }
}

#[test]
fn a_renamed_repository_is_known_by_both_names() {
    let (hub, outside) = (tiny_hub(), Outside::new());
    hub.revision("models", "acme/tiny", "main", &commit('a'));
    let account = json!({ "id": "acme/tiny", "sha": commit('a') });
    hub.json("/api/models/acme/old-name/revision/main", &account);
    let lock = outside.lock(&hub, "repo = \"acme/old-name\"").unwrap().lock;
    assert_eq!(lock.artifacts[0].name, "acme/tiny");
    assert_eq!(lock.artifacts[0].meta["aliases"], json!(["acme/old-name"]));
}

/// An adapter, its base, and code that lives in a third repository.
fn family() -> Hub {
    let hub = Hub::start();
    let adapter = format!(r#"{{"base_model_name_or_path":"acme/base","revision":"{}"}}"#, commit('b'));
    hub.repo("models", "acme/adapter", &commit('a'), &[small("adapter_config.json", adapter)]);
    let config = r#"{"auto_map":{"AutoModel":"other/code--modeling.Net","AutoTokenizer":[null,"own.Tok"]}}"#;
    hub.repo("models", "acme/base", &commit('b'), &[small("config.json", config)]);
    hub.repo("models", "other/code", &commit('c'), &[small("modeling.py", "class Net: pass\n")]);
    hub
}

#[test]
fn what_files_name_is_refused_followed_or_left_out_aloud() {
    let (hub, outside) = (family(), Outside::new());
    let refused = outside.refusal(&hub, "repo = \"acme/adapter\"");
    let text = said(&refused);
    assert_eq!(refused.kind(), Kind::Policy, "{text}");
    assert!(text.contains("acme/base (base model), named by acme/adapter in adapter_config.json"), "{text}");

    let followed = outside.lock(&hub, "repo = \"acme/adapter\"\nreferences = \"follow\"").unwrap().lock;
    let names: Vec<_> = followed.artifacts.iter().map(|a| (a.name.as_str(), a.version.as_str())).collect();
    let (a, b, c) = (commit('a'), commit('b'), commit('c'));
    assert_eq!(names, [("acme/adapter", a.as_str()), ("acme/base", b.as_str()), ("other/code", c.as_str())]);

    let left = outside.lock(&hub, "repo = \"acme/adapter\"\nreferences = \"leave\"").unwrap();
    assert_eq!(left.lock.artifacts.len(), 1);
    assert!(left.sections[0].notes.iter().any(|note| note.starts_with("left out: acme/base")), "{:?}", left.sections);

    let address = hub.address();
    let all = ["adapter", "base"].map(|name| format!("[models.{name}]\nhub = \"{address}\"\nrepo = \"acme/{name}\"\n")).concat();
    let text = said(&outside.lock_all(&all).map(|_| ()).unwrap_err());
    assert!(text.contains("other/code (code)") && !text.contains("acme/base (base model)"), "another section asks for the base: {text}");
}

#[test]
fn a_base_at_another_revision_is_not_the_one_that_is_named() {
    let (hub, outside) = (family(), Outside::new());
    hub.repo("models", "acme/base", &commit('d'), &[small("config.json", "{}")]);
    let address = hub.address();
    let section = |name: &str, more: &str| format!("[models.{name}]\nhub = \"{address}\"\nrepo = \"acme/{name}\"\n{more}");
    let text = said(&outside.lock_all(&(section("adapter", "") + &section("base", ""))).map(|_| ()).unwrap_err());
    assert!(text.contains("acme/base (base model)"), "main is another commit now: {text}");
    hub.revision("models", "acme/base", "v1", &commit('b'));
    let pinned = section("adapter", "") + &section("base", "revision = \"v1\"\nreferences = \"leave\"\n");
    let lock = outside.lock_all(&pinned).unwrap().lock;
    assert_eq!(lock.artifacts[0].meta["references"][0]["carried"], true);
}

#[test]
fn a_branch_that_moves_meanwhile_changes_nothing_and_is_told() {
    let (hub, outside) = (tiny_hub(), Outside::new());
    let (mut asked, moved) = (0, json!({ "id": "acme/tiny", "sha": commit('b') }).to_string());
    hub.server.rule(move |request| {
        asked += usize::from(request.path.ends_with("/revision/main"));
        (asked > 1 && request.path.ends_with("/revision/main")).then(|| super::super::images::registry::Answer::new(200, moved.clone()))
    });
    let outcome = outside.lock(&hub, "repo = \"acme/tiny\"").unwrap();
    assert_eq!(outcome.lock.artifacts[0].version, commit('a'));
    let note = format!("main moved to {} while it was locked", commit('b'));
    assert!(outcome.sections[0].notes.iter().any(|n| n.contains(&note)), "{:?}", outcome.sections);
}

#[test]
fn a_token_goes_to_its_hub_and_not_to_the_storage_behind_it() {
    let (hub, storage) = (tiny_hub(), crate::images::registry::Registry::start());
    let weights = tiny().into_iter().find(|f| f.path == "model.safetensors").unwrap().bytes;
    storage.put("/object".to_owned(), "application/octet-stream", &weights);
    let path = format!("/acme/tiny/resolve/{}/model.safetensors", commit('a'));
    let place = format!("http://localhost:{}/object", storage.host.rsplit(':').next().unwrap());
    hub.answer(&path, crate::images::registry::Answer::new(302, "").with("Location", place));
    hub.server
        .rule(|asked| (asked.header("authorization") != Some("Bearer hf_secret")).then(|| crate::images::registry::Answer::new(401, "")));
    let mut credentials = Credentials::default();
    credentials.insert(&hub.address().parse().unwrap(), Credential::Bearer("hf_secret".to_owned()));
    let outside = Outside::with(Settings { credentials, ..Settings::default() });
    let lock = outside.lock(&hub, "repo = \"acme/tiny\"").unwrap().lock;
    outside.fetch(lock).unwrap();
    let seen = storage.log();
    assert!(!seen.is_empty() && seen.iter().all(|asked| asked.header("authorization").is_none()), "{seen:?}");
}

#[test]
fn plain_urls_are_a_repository_whose_commit_is_made_from_their_digests() {
    let (server, outside) = (crate::images::registry::Registry::start(), Outside::new());
    let weights = crate::world::noise(40_000, 5);
    server.put("/w.onnx".to_owned(), "application/octet-stream", &weights);
    server.put("/config.json".to_owned(), "application/json", b"{}");
    let section = |weights: &[u8]| {
        let (host, digest) = (&server.host, Digest::of(weights).hex());
        let pinned = format!("{{ url = \"http://{host}/w.onnx\", sha256 = \"{digest}\", path = \"onnx/model.onnx\" }}");
        format!("[models.m]\nrepo = \"ours/net\"\nfiles = [{pinned}, {{ url = \"http://{host}/config.json\" }}]\n")
    };
    let outcome = outside.lock_all(&section(&weights)).unwrap();
    let artifact = &outcome.lock.artifacts[0];
    let names: Vec<_> = artifact.descriptors.iter().map(|d| (d.name.as_deref().unwrap(), d.learned)).collect();
    assert_eq!(names, [("config.json", Learned::Downloaded), ("onnx/model.onnx", Learned::Pinned)]);
    let lines = format!("{} config.json\n{} onnx/model.onnx\n", Digest::of(b"{}").hex(), Digest::of(&weights).hex());
    assert_eq!((artifact.name.as_str(), artifact.version.clone()), ("ours/net", git_name(lines.as_bytes())));
    assert!(outcome.sections[0].notes[0].starts_with("config.json was not pinned"), "{:?}", outcome.sections);
    outside.fetch(outcome.lock).unwrap();
    let other = outside.lock_all(&section(b"other")).unwrap().lock;
    assert_eq!(Outside::new().fetch(other).map(|_| ()).unwrap_err().kind(), Kind::Verification, "another digest than was pinned");
    for (line, words) in [
        ("files = [{ url = \"https://example.org/a\" }]", "has a `repo`"),
        ("repo = \"a/b\"\nexclude = [\"x\"]\nfiles = [{ url = \"https://example.org/a\" }]", "has a `repo`"),
        ("repo = \"a/b\"\nfiles = [{ url = \"https://example.org/a?sig=geheim\" }]", "with a login or a query"),
        ("repo = \"a/b\"\nfiles = [{ url = \"http://example.org/a\" }]", "http with a sha256"),
        ("repo = \"a/b\"\nfiles = [{ url = \"https://example.org/a\", path = \"../a\" }]", "path is refused"),
    ] {
        let error = outside.lock_all(&format!("[models.m]\n{line}\n")).map(|_| ()).unwrap_err();
        assert!(said(&error).contains(words) && !said(&error).contains("geheim"), "{line}: {}", said(&error));
    }
}
