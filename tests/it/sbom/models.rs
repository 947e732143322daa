//! Models: what they were trained on and made from leads to what is here, and headers are counted where nobody says.

use super::{document, held, inventory, judged};
use crate::scan::packages::artifact;
use airlift::artifact::Artifact;
use airlift::report::Format;
use serde_json::{Value, json};

const COMMIT: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// A commit of a hub, with these files.
fn commit(kind: &str, repo: &str, files: &[(&str, &[u8])], card: Value) -> Artifact {
    let blobs: Vec<(&str, &str, &[u8])> = files.iter().map(|(name, bytes)| (*name, "application/octet-stream", *bytes)).collect();
    let meta = json!({ "kind": kind, "repo": repo, "commit": COMMIT, "revisions": ["main"], "whole": true, "card": card });
    let prefix = if kind == "dataset" { "datasets/" } else { "" };
    artifact("models", &format!("{prefix}{repo}"), COMMIT, &blobs, meta)
}

/// A file of tensors of these shapes, all of numbers of 16 bits.
fn safetensors(shapes: &[&[u64]]) -> Vec<u8> {
    let (mut header, mut at) = (serde_json::Map::new(), 0);
    for (n, shape) in shapes.iter().enumerate() {
        let length = shape.iter().product::<u64>() * 2;
        header.insert(format!("t{n}"), json!({ "dtype": "F16", "shape": shape, "data_offsets": [at, at + length] }));
        at += length;
    }
    let header = Value::from(header).to_string().into_bytes();
    [&(header.len() as u64).to_le_bytes()[..], &header, &vec![0; usize::try_from(at).unwrap()]].concat()
}

/// GGUF of version 3 with an architecture and one tensor of 32-bit numbers.
fn gguf(elements: u64) -> Vec<u8> {
    let text = |text: &str| [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat();
    let mut bytes = [&b"GGUF"[..], &3u32.to_le_bytes(), &1u64.to_le_bytes(), &1u64.to_le_bytes()].concat();
    bytes.extend([text("general.architecture"), 8u32.to_le_bytes().to_vec(), text("llama")].concat());
    bytes.extend([text("weights"), 1u32.to_le_bytes().to_vec(), elements.to_le_bytes().to_vec(), vec![0; 12]].concat());
    bytes.resize(bytes.len().next_multiple_of(32), 0);
    bytes.resize(bytes.len() + usize::try_from(elements).unwrap() * 4, 0);
    bytes
}

fn properties(card: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().trim_start_matches("airlift:").to_owned();
    card["properties"].as_array().unwrap().iter().map(|p| (text(&p["name"]), text(&p["value"]))).collect()
}

fn value(card: &Value, name: &str) -> Vec<String> {
    properties(card).into_iter().filter(|(key, _)| key == name).map(|(_, value)| value).collect()
}

/// The one of that name.
fn named<'a>(all: &'a Value, name: &str) -> &'a Value {
    all.as_array().unwrap().iter().find(|one| one["name"] == name).unwrap()
}

#[test]
fn what_a_model_is_made_of_leads_to_what_is_here() {
    let card = b"---\ndatasets:\n- acme/corpus\n- acme/elsewhere\n- a corpus of our own\n---\n" as &[u8];
    let data = b"a,b\n" as &[u8];
    let tuned = commit(
        "model",
        "acme/tuned",
        &[("README.md", card)],
        json!({ "base-models": ["acme/base", "acme/other"], "parameters": { "F16": 7 } }),
    );
    let base = commit("model", "acme/base", &[("config.json", b"{}")], json!({}));
    let corpus = commit("dataset", "acme/corpus", &[("data.csv", data)], json!({}));
    let found = inventory(&[tuned, base, corpus], &held([card.to_vec(), b"{}".to_vec(), data.to_vec()]));
    judged(&found);
    let reference = |name: &str| found.components.iter().find(|c| c.name == name).unwrap().reference.clone();

    let document_of = document(&found, Format::CycloneDx);
    let written = named(&document_of["components"], "acme/tuned");
    let url = |name: &str| format!("pkg:huggingface/acme/{name}?repo_type=dataset");
    assert_eq!(
        written["modelCard"]["modelParameters"]["datasets"],
        json!([
            { "ref": reference("acme/corpus") },
            { "type": "dataset", "name": "acme/elsewhere", "contents": { "properties": [{ "name": "airlift:package-url", "value": url("elsewhere") }] } },
            { "type": "dataset", "name": "a corpus of our own" },
        ])
    );
    let ancestors = &written["pedigree"]["ancestors"];
    assert_eq!(ancestors[0]["properties"], json!([{ "name": "airlift:reference", "value": reference("acme/base") }]));
    assert!(ancestors[1].get("properties").is_none() && ancestors[1]["purl"] == "pkg:huggingface/acme/other", "{ancestors}");

    let spdx = document(&found, Format::Spdx);
    let id = |name: &str| named(&spdx["packages"], name)["SPDXID"].as_str().unwrap().to_owned();
    let related = |kind: &str| {
        let all = spdx["relationships"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|r| r["relationshipType"] == kind && r["spdxElementId"] == id("acme/tuned"));
        all.map(|r| r["relatedSpdxElement"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!((related("DESCENDANT_OF"), related("OTHER")), (vec![id("acme/base")], vec![id("acme/corpus")]));
    let comment = named(&spdx["packages"], "acme/tuned")["comment"].as_str().unwrap();
    for line in [
        "model parameters: 7",
        "declared to have been trained on: a corpus of our own",
        "declared to be made from: acme/other (pkg:huggingface/acme/other)",
    ] {
        assert!(comment.lines().any(|l| l == line), "{line}: {comment}");
    }
}

/// The same in SPDX 3, which has classes and relationships of their own for it.
#[test]
fn in_spdx_3_models_and_datasets_are_what_they_are() {
    let card = b"---\ndatasets:\n- acme/corpus\n- a corpus of our own\n---\n" as &[u8];
    let said = json!({ "base-models": ["acme/base", "acme/other"], "parameters": { "F16": 7 }, "pipeline": "text-generation" });
    let tuned = commit("model", "acme/tuned", &[("README.md", card)], said);
    let base = commit("model", "acme/base", &[("config.json", br#"{"architectures":["LlamaForCausalLM"]}"#)], json!({}));
    let corpus = commit("dataset", "acme/corpus", &[("data.csv", b"a,b\n")], json!({}));
    let config = br#"{"architectures":["LlamaForCausalLM"]}"#.to_vec();
    let found = inventory(&[tuned, base, corpus], &held([card.to_vec(), config, b"a,b\n".to_vec()]));
    judged(&found);
    let document = document(&found, Format::Spdx3);
    let graph = Value::from(document["@graph"].as_array().unwrap().clone());
    let (model, origin, data) = (named(&graph, "acme/tuned"), named(&graph, "acme/base"), named(&graph, "acme/corpus"));
    assert_eq!((&model["type"], &model["ai_informationAboutApplication"]), (&json!("ai_AIPackage"), &json!("task: text-generation")));
    assert_eq!((&origin["ai_typeOfModel"], &model["software_primaryPurpose"]), (&json!(["LlamaForCausalLM"]), &json!("model")));
    assert_eq!((&data["type"], &data["dataset_datasetType"]), (&json!("dataset_DatasetPackage"), &json!(["noAssertion"])));
    let (own, other) = (named(&graph, "a corpus of our own"), named(&graph, "acme/other"));
    assert_eq!((&own["type"], own.get("software_packageUrl")), (&json!("dataset_DatasetPackage"), None));
    assert_eq!((&other["type"], &other["software_packageUrl"]), (&json!("ai_AIPackage"), &json!("pkg:huggingface/acme/other")));
    let related = |kind: &str| {
        let all: Vec<&Value> = graph.as_array().unwrap().iter().filter(|one| one["relationshipType"] == kind).collect();
        assert!(all.len() == 1 && all[0]["from"] == model["spdxId"] && all[0]["completeness"] == "noAssertion", "{all:?}");
        all[0]["to"].clone()
    };
    assert_eq!(related("trainedOn"), json!([data["spdxId"], own["spdxId"]]));
    assert_eq!(related("descendantOf"), json!([origin["spdxId"], other["spdxId"]]));
    assert!(model["extension"].to_string().contains(r#""airlift:model-parameters","extension_cdxPropValue":"7""#), "{model}");
}

#[test]
fn headers_are_counted_where_nobody_says() {
    let parts = [safetensors(&[&[2, 3], &[4]]), safetensors(&[&[5]])];
    let names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
    let files: Vec<(&str, &[u8])> = names.into_iter().zip(parts.iter().map(Vec::as_slice)).collect();
    let small = gguf(8);
    let several = [("q.gguf", small.as_slice()), ("model.safetensors", parts[0].as_slice())];
    let artifacts = [
        commit("model", "acme/parts", &files, json!({})),
        commit("model", "acme/several", &several, json!({})),
        commit("model", "acme/said", &several[..1], json!({ "parameters": { "GGUF": 9 }, "architecture": "qwen2" })),
        commit("model", "acme/broken", &[("a.gguf", &small[..50])], json!({})),
    ];
    let broken = small[..50].to_vec();
    let found = inventory(&artifacts, &held(parts.iter().cloned().chain([small, broken])));
    judged(&found);
    let written = document(&found, Format::CycloneDx);
    let card = |name: &str| &named(&written["components"], &format!("acme/{name}"))["modelCard"];
    assert_eq!(
        (value(card("parts"), "model-parameters"), value(card("parts"), "model-parameters-counted")),
        (vec!["15".to_owned()], vec![format!("{}: 15", names[0])])
    );
    assert!(value(card("several"), "model-parameters").is_empty(), "two models have no number together");
    assert_eq!(value(card("several"), "model-parameters-counted"), ["model.safetensors: 10", "q.gguf: 8"]);
    assert_eq!(card("several")["modelParameters"]["modelArchitecture"], "llama");
    assert_eq!(value(card("several"), "model-architecture-from"), ["the header of q.gguf"]);
    assert_eq!(
        (value(card("said"), "model-parameters"), &card("said")["modelParameters"]["modelArchitecture"]),
        (vec!["9".to_owned()], &json!("qwen2"))
    );
    assert!(value(card("said"), "model-architecture-from").is_empty(), "it is declared");
    assert!(value(card("broken"), "model-parameters-counted").is_empty(), "a header that is cut short says nothing");
}

#[test]
fn parameters_in_words_are_kept_as_they_are() {
    let manifest = b"{}" as &[u8];
    let digest = airlift::artifact::Digest::of(manifest).to_string();
    let meta = json!({ "oci": "registry.example.org/acme/tiny", "root": digest, "about": { "parameters": "8b", "architecture": "llama" } });
    let blobs: [(&str, &str, &[u8]); 1] = [("", "application/vnd.oci.image.manifest.v1+json", manifest)];
    let model = artifact("models", "registry.example.org/acme/tiny", &digest, &blobs, meta);
    let found = inventory(&[model], &held([manifest.to_vec()]));
    let card = document(&found, Format::CycloneDx)["components"][0]["modelCard"].clone();
    assert_eq!((value(&card, "model-parameters-declared"), value(&card, "model-parameters")), (vec!["8b".to_owned()], vec![]));
    judged(&found);
}
