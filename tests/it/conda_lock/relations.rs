//! Channels that say what they are built upon (CEP 42): kept where that is carried too, under the names that are served.

use super::channel::{Package, Paths, package, repodata, zst};
use super::{Outside, said};
use crate::origin::Origin;
use serde_json::{Value, json};

fn index(subdir: &str, packages: &[Package], relations: &Value) -> Vec<u8> {
    let mut index = repodata(subdir, packages);
    index["info"]["channel_relations"] = relations.clone();
    // What must not be carried.
    index["info"]["base_url"] = json!("./");
    index["info"]["virtual_package_detectors"] = json!({ "detector": ["__thing"] });
    index["info"]["repodata_revisions"] = json!({ "v3": {} });
    index.to_string().into_bytes()
}

fn served(relations: &Value) -> Origin {
    let tool = [package("noarch", "tool-1.0-0.conda", &["dep"])];
    let dep = [package("noarch", "dep-1.0-0.conda", &[])];
    let mut paths = Paths::default();
    paths.archives("bio/label/dev", &tool).set("/bio/label/dev/noarch/repodata.json.zst", zst(&index("noarch", &tool, relations)));
    paths.plain("forge", &dep).plain("extra", &[]).serve()
}

const SECTION: &str = "channels = [\"bio/label/dev\", \"forge\", \"extra\"]\nspecs = [\"tool\"]";

/// What the lock says, and the notes.
fn locked(relations: &Value, section: &str) -> (Vec<Value>, Vec<String>) {
    let (origin, outside) = (served(relations), Outside::new());
    let outcome = outside.lock(&origin, section).unwrap_or_else(|e| panic!("{relations}: {}", said(&e)));
    let told = outcome.lock.artifacts.iter().filter_map(|artifact| artifact.meta.get("relations").cloned()).collect();
    (told, outcome.sections[0].notes.clone())
}

#[test]
fn relations_are_carried_under_the_names_that_are_served() {
    let (told, notes) = locked(&json!({ "base": "../../../forge", "overrides": "../../../extra/" }), SECTION);
    assert_eq!(told, [json!({ "bio/label/dev": { "base": "forge", "overrides": "extra" } })]);
    assert!(notes.is_empty(), "{notes:?}");
    let (origin, outside) = (served(&json!({ "base": "../../../forge" })), Outside::new());
    let section = format!(
        "[conda.c]\nchannels = [{{ name = \"ours\", url = \"{0}/bio/label/dev\" }}, {{ name = \"team/base\", url = \"{0}/forge\" }}]\nspecs = [\"tool\"]\n",
        origin.address
    );
    let outcome = outside.lock_all(&section).unwrap();
    assert_eq!(outcome.lock.artifacts[0].meta["relations"], json!({ "ours": { "base": "team/base" } }));
}

#[test]
fn relations_that_lead_elsewhere_are_left_out_and_said() {
    let cases = [
        (json!({ "base": "../../../absent" }), Some("../../../absent")),
        (json!({ "base": "https://example.org/forge" }), Some("https://example.org/forge")),
        (json!({ "base": "../../../forge", "overrides": "../../../forge" }), None),
        (json!({ "base": "." }), None),
        (json!({}), None),
        (Value::Null, None),
    ];
    for (relations, note) in cases {
        let (told, notes) = locked(&relations, SECTION);
        assert!(told.is_empty(), "{relations}: {told:?}");
        let said = notes.iter().find(|text| text.contains("belongs together"));
        assert_eq!(said.is_some(), note.is_some(), "{relations}: {notes:?}");
        assert!(note.is_none_or(|note| said.is_some_and(|said| said.contains(note))), "{relations}: {notes:?}");
    }
}

#[test]
fn a_list_carries_the_relations_of_its_channels() {
    let (origin, outside) = (served(&json!({ "base": "../../../forge" })), Outside::new());
    let urls = ["/forge/noarch/dep-1.0-0.conda", "/bio/label/dev/noarch/tool-1.0-0.conda"].map(|path| origin.url(path));
    outside.file("list.txt", &format!("@EXPLICIT\n{}\n", urls.join("\n")));
    let outcome = outside.lock(&origin, "explicit = \"list.txt\"").unwrap();
    assert_eq!(outcome.lock.artifacts[0].meta["relations"], json!({ "bio/label/dev": { "base": "forge" } }));
}
