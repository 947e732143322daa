//! Patterns, paths, formats, references, documents, descriptions.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::catalog::Catalog;
use super::format::{Format, Sight, recognise};
use super::git::{blob_sha1, pointer};
use super::meta::Kind;
use super::route::{Route, Verb, route};
use super::{Models, document};
use crate::artifact::{Artifact, BlobRead, Blobs, Descriptor, Digest, Learned, SideDigests};
use crate::ecosystems::{Ecosystem, Mirror};
use crate::error::Result;
use crate::store::Shelf;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Blobs in memory.
#[derive(Default)]
struct Memory(BTreeMap<Digest, Vec<u8>>);

struct Reading(std::io::Cursor<Vec<u8>>);

impl std::io::Read for Reading {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}

impl std::io::Seek for Reading {
    fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
        self.0.seek(to)
    }
}

impl BlobRead for Reading {
    fn size(&self) -> u64 {
        self.0.get_ref().len() as u64
    }
}

impl Blobs for Memory {
    fn open(&self, digest: &Digest) -> Result<Option<Box<dyn BlobRead>>> {
        Ok(self.0.get(digest).map(|bytes| Box::new(Reading(std::io::Cursor::new(bytes.clone()))) as Box<dyn BlobRead>))
    }

    fn size(&self, digest: &Digest) -> Result<Option<u64>> {
        Ok(self.0.get(digest).map(|bytes| bytes.len() as u64))
    }
}

fn file(path: &str, bytes: &[u8], large: bool) -> Descriptor {
    let git = (!large).then(|| ("git-blob-sha1".to_owned(), blob_sha1(bytes)));
    Descriptor {
        media_type: "application/octet-stream".to_owned(),
        digest: Digest::of(bytes),
        size: bytes.len() as u64,
        name: Some(path.to_owned()),
        origins: vec![format!("https://hub.example.org/acme/tiny/resolve/x/{path}")],
        learned: Learned::Upstream,
        side_digests: git.into_iter().collect::<SideDigests>(),
    }
}

fn artifact(repo: &str, digit: char, revisions: &[&str], files: Vec<Descriptor>) -> Artifact {
    let commit = digit.to_string().repeat(40);
    let card = json!({ "licences": ["apache-2.0"], "base-models": ["acme/base"], "parameters": { "F16": 7, "F32": 5 } });
    let references = json!([{ "repo": "other/code", "role": "code", "file": "config.json", "carried": false }]);
    let meta = json!({ "kind": "model", "repo": repo, "commit": commit, "revisions": revisions, "whole": true, "card": card, "references": references });
    let (ecosystem, name) = ("models".to_owned(), repo.to_owned());
    Artifact { ecosystem, sections: vec![], name, version: commit, descriptors: files, subject: None, meta }
}

fn shelf(artifacts: Vec<Artifact>) -> Shelf {
    let artifacts = artifacts.into_iter().map(Arc::new).collect();
    Shelf { view: "latest".to_owned(), id: Digest::of(b""), artifacts, blobs: Arc::new(Memory::default()) }
}

fn tiny() -> Artifact {
    let files = vec![file("config.json", b"{}", false), file("onnx/a/model.onnx", b"ONNX", true), file("onnx/b.txt", b"b", false)];
    artifact("acme/tiny", 'a', &["main", "refs/pr/3"], files)
}

#[cfg(feature = "upstream")]
#[test]
fn patterns_match_as_the_hubs_clients_match_them() {
    use super::pattern::{matches, selects};
    for (pattern, path) in
        [("*.json", "a/b/c.json"), ("onnx/", "onnx/model.onnx"), ("a?c", "abc"), ("*", ""), ("**b*", "aab"), ("a*b*c", "a-b-b-c")]
    {
        assert!(matches(pattern, path), "{pattern} {path}");
    }
    for (pattern, path) in [("*.json", "a.json.gz"), ("onnx/", "onnx"), ("a?c", "ac"), ("", "a"), ("a*b*c", "a-c-b")] {
        assert!(!matches(pattern, path), "{pattern} {path}");
    }
    let long = "a".repeat(4000);
    assert!(!matches(&"a*".repeat(500), &format!("b{long}")) && !matches(&format!("{}b", "*a".repeat(200)), &long), "in bounded time");
    let words = |list: &[&str]| list.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
    assert!(selects(&[], &[], "x") && !selects(&words(&["*.bin"]), &[], "x") && !selects(&words(&["*"]), &words(&["x*"]), "x"));
}

#[test]
fn names_in_git_are_those_of_git() {
    // `printf hello | git hash-object --stdin`
    assert_eq!(blob_sha1(b"hello"), "b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0");
    assert_eq!(pointer(&Digest::of(b"hello"), 5).lines().nth(2), Some("size 5"));
}

#[cfg(feature = "upstream")]
#[test]
fn configurations_name_other_repositories() {
    use super::reference::references;
    let found = |content: &str| {
        let found = references("acme/tiny", "config.json", content.as_bytes());
        found.map(|all| all.into_iter().map(|r| (r.repo, r.role, r.revision)).collect::<Vec<_>>())
    };
    let one = |repo: &str, role: &str, revision: Option<&str>| Some(vec![(repo.to_owned(), role.to_owned(), revision.map(str::to_owned))]);
    let code = r#"{"auto_map":{"A":"other/code--m.A","B":[null,"other/code--m.B"],"C":"m.C","D":"acme/tiny--m.D"},"code_revision":"v2"}"#;
    assert_eq!(found(code), one("other/code", "code", Some("v2")));
    assert_eq!(found(r#"{"base_model_name_or_path":"gpt2","revision":null}"#), one("gpt2", "base-model", None));
    assert_eq!(found(r#"{"tokenizer_name":"acme/words","revision":"x"}"#), one("acme/words", "tokenizer", None));
    let verifier = r#"{"speculators_config":{"verifier":{"name_or_path":"acme/big"}}}"#;
    assert_eq!(found(verifier), one("acme/big", "verifier", None));
    let clip = r#"{"model_cfg":{"text_cfg":{"hf_tokenizer_name":"xlm-roberta-base","hf_model_name":"acme/text"}}}"#;
    let both = [("acme/text", "text-model"), ("xlm-roberta-base", "tokenizer")];
    assert_eq!(found(clip), Some(both.map(|(repo, role)| (repo.to_owned(), role.to_owned(), None)).to_vec()));
    assert_eq!(found(r#"{"mm_vision_tower":"openai/clip-vit"}"#), one("openai/clip-vit", "vision-model", None));
    assert_eq!(found(r#"{"mm_vision_tower":"eva-clip"}"#), Some(vec![]), "a word for code of its own");
    assert_eq!(found(r#"{"audio_model_id":"acme/ears"}"#), one("acme/ears", "audio-model", None));
    let pretrained = r#"{"backbone":"acme/eyes","use_pretrained_backbone":true}"#;
    assert_eq!(found(pretrained), one("acme/eyes", "backbone", None));
    assert_eq!(found(&pretrained.replace("true", "false")), Some(vec![]));
    assert_eq!(found(r#"{"model_name":"acme/base"}"#), Some(vec![]), "it means something else here");
    let in_file = |path: &str, content: &str| {
        let found = references("acme/tiny", path, content.as_bytes()).unwrap();
        found.into_iter().map(|r| (r.repo, r.role)).collect::<Vec<_>>()
    };
    let base = |role: &str| vec![("acme/base".to_owned(), role.to_owned())];
    assert_eq!(in_file("a/gliner_config.json", r#"{"model_name":"acme/base"}"#), base("text-model"));
    assert_eq!(in_file("adapter_config.json", r#"{"model":"acme/base"}"#), base("base-model"));
    assert_eq!(
        in_file("modules.json", r#"[{"type":"acme/base--custom.Pool"},{"type":"sentence_transformers.models.Pooling"}]"#),
        base("code")
    );
    assert_eq!(found(r#"{"base_model_name_or_path":"/home/me/model","auto_map":7,"tokenizer_name":["a"]}"#), Some(vec![]));
    assert_eq!(found("{"), None);
}

#[test]
fn formats_are_told_by_content() {
    let tensors = [&2u64.to_le_bytes()[..], b"{}"].concat();
    let torch = [b"PK\x03\x04".as_slice(), &[0; 22], &[16, 0, 0, 0], b"archive/data.pkl"].concat();
    let plain_zip = [b"PK\x03\x04".as_slice(), &[0; 22], &[5, 0, 0, 0], b"a.txt"].concat();
    for (start, format) in [
        (tensors.as_slice(), Some(Format::Safetensors)),
        (b"GGUF\x03", Some(Format::Gguf)),
        (b"\x80\x02}q\x00", Some(Format::Pickle)),
        (b"\x80\x04\x95\x10", Some(Format::Pickle)),
        (b"\x80\x03C\x03abc", Some(Format::Pickle)),
        (b"]q\x00.", Some(Format::Pickle)),
        (b"\x93NUMPY\x01\x00\x76\x00{'descr': [('a', '|O'), ('b', '<f4')], 'fortran", Some(Format::NumpyObjects)),
        (b"cposix\nsystem\n(S'id'\ntR.", Some(Format::Pickle)),
        (&torch, Some(Format::PickleInZip)),
        (&plain_zip, Some(Format::Zip)),
        (b"\x93NUMPY\x01\x00\x76\x00{'descr': '|O', 'fortran", Some(Format::NumpyObjects)),
        (b"\x93NUMPY\x01\x00\x76\x00{'descr': 'f8,O', 'fortran", Some(Format::NumpyObjects)),
        (b"\x93NUMPY\x01\x00\x76\x00{'descr': 'object', 'fortran", Some(Format::NumpyObjects)),
        (b"\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran", None),
        (b"\x89HDF\r\n", Some(Format::Hdf5)),
        (b"{\"a\": 1}", None),
        (b"confusion\nmatrix", None),
        (b"", None),
        (b"PK\x03\x04", Some(Format::Zip)),
    ] {
        let seen = format.map_or(Sight::Other, Sight::Is);
        assert_eq!(recognise(start, start.len() as u64), seen, "{start:?}");
    }
    assert_eq!(recognise(&tensors, 5), Sight::Other, "a header longer than the file is none");
}

#[test]
fn a_header_of_tensors_is_read_to_its_end() {
    let header = |json: &str| [&(json.len() as u64).to_le_bytes()[..], json.as_bytes()].concat();
    let long = header(&format!("{{\"__metadata__\":{{\"note\":\"{}\"}}}}", "x".repeat(8976)));
    let size = long.len() as u64 + 1000;
    assert_eq!(recognise(&long[..4096], size), Sight::Unsure(long.len() as u64), "its beginning does not tell");
    assert_eq!(recognise(&long, size), Sight::Is(Format::Safetensors));
    let broken = [&long[..5000], b"\ncos\nsystem\n", &long[5012..]].concat();
    assert_eq!(recognise(&broken, size), Sight::Other, "a length before a brace is not enough");
    // To a reader of pickles: a text of 7 bytes, which is thrown away, then a call.
    let both = b"U\x07\0\0\0\0\0\0{0cbuiltins\nprint\n(S'ran'\ntR.";
    assert_eq!(recognise(both, 5000), Sight::Is(Format::Pickle));
    // Valid JSON in UTF-8 to the last byte, and a pickle: a text up to within the name, module and function, and a call.
    let (module, function) = ("concurrent.futures._base_________", "x".repeat(32));
    let json = format!("{{\"{}U {}U {function}q\u{d3}(tR.\":1}}", "x".repeat(27), &module[..32]);
    let both = header(&format!("{json}{}", " ".repeat(0x2054 - json.len())));
    assert_eq!(&both[..5], b"T \0\0\0", "a text of 32 bytes");
    assert_eq!(recognise(&both, 10_000), Sight::Is(Format::Pickle));
    let harmless = header(&format!("{}{}", json.replace("(tR.", "----"), " ".repeat(0x2054 - json.len())));
    assert_eq!(recognise(&harmless, 10_000), Sight::Is(Format::Safetensors));
}

#[test]
fn streams_of_old_protocols_may_begin_with_anything() {
    let call = b"cos\nsystem\n(S'id'\ntR.";
    let after = |first: &[u8]| [first, call].concat();
    for first in [
        &b"I1\n0"[..],
        b"N0",
        b"F1.5\n0",
        b"K\x010",
        b"Vtext\n0",
        b"S'a'\n0",
        b"L12L\n0",
        b"(1",
        b"X\x01\0\0\0a0",
        b"M\x01\x020",
        b"J\0\0\0\x010",
        b"G\0\0\0\0\0\0\0\x000",
        b"GGUF\x03\0\0\0\x010",
        b"\x880",
        b"N.",
        b"(lp0\n0",
        b"\x8c\x01a0",
        b"\x95\xff\0\0\0\0\0\0\0N0",
    ] {
        let stream = after(first);
        assert_eq!(recognise(&stream, stream.len() as u64), Sight::Is(Format::Pickle), "{first:?}");
    }
    let created = b"(ios\nsystem\n.";
    assert_eq!(recognise(created, 14), Sight::Is(Format::Pickle), "INST calls by itself");
    let far = after(&[b"X\x88\x13\0\0".as_slice(), &[b'a'; 5000], b"0"].concat());
    assert_eq!(recognise(&far[..4096], far.len() as u64), Sight::Unsure(far.len() as u64), "a text that goes on behind what is here");
    assert_eq!(recognise(&far, far.len() as u64), Sight::Is(Format::Pickle));
    assert_eq!(recognise(b"N0cos\nsystem\n", 9000), Sight::Is(Format::Pickle), "imported, and what follows is not here");
    let words: [&[u8]; 12] = [
        b"(c) 2024 Acme. All rights reserved.\n",
        b"cat\ndog\nRat\n",
        b"import os\nclass A: pass\n",
        b"Vocab\nword\n",
        b"id,text\n1,a\n",
        b"\x0a\x0e\x0a\x05<unk>\x15\0\0\0\0",
        b"\x08\x07\x12\x07pytorch",
        b"{\"a\": 1}",
        b"[PAD]\n[UNK]\n",
        b"I1\n\n",
        b"Iam\n",
        b"\x83\xa6params\x81R",
    ];
    for text in words {
        assert_eq!(recognise(text, text.len() as u64), Sight::Other, "{text:?}");
    }
}

#[test]
fn what_usually_is_a_pickle_is_known_by_name() {
    use super::format::{is_packed, may_be_pickle};
    for name in [Some("a/pytorch_model.bin"), Some("x.PKL.gz"), Some("m.joblib"), Some("last.ckpt"), None] {
        assert!(may_be_pickle(name), "{name:?}");
    }
    assert!(!may_be_pickle(Some("data.bin/train.csv.gz")) && !may_be_pickle(Some("bin")));
    assert!(is_packed(b"\x1f\x8b\x08") && is_packed(&[&[0; 257][..], b"ustar"].concat()) && !is_packed(b"{}"));
}

#[test]
fn an_array_whose_header_is_long_is_read_to_the_end_of_it() {
    let fields = (0..400).map(|n| format!("('f{n}', '<f4'), ")).collect::<String>();
    let text = format!("{{'descr': [{fields}('last', '|O')], 'fortran_order': False, 'shape': (1,), }}\n");
    let array = [b"\x93NUMPY\x02\x00".as_slice(), &(text.len() as u32).to_le_bytes(), text.as_bytes(), &[0; 100]].concat();
    assert_eq!(recognise(&array[..4096], array.len() as u64), Sight::Unsure(12 + text.len() as u64));
    assert_eq!(recognise(&array, array.len() as u64), Sight::Is(Format::NumpyObjects));
}

#[cfg(feature = "upstream")]
#[test]
fn what_two_sections_did_not_look_into_is_counted_once_a_file() {
    use super::meta::Looked;
    let looked = |names: &[&str], more: u64| {
        let mut looked = Looked::default();
        looked.pass_over(names.iter().map(|name| (*name).to_owned()));
        Looked { unknown: looked.unknown + more, ..looked }
    };
    let both = Looked::together(Some(looked(&["a", "b"], 0)), Some(looked(&["b", "c"], 2))).unwrap();
    assert_eq!((both.unknown, both.unseen), (5, ["a", "b", "c"].map(str::to_owned).to_vec()));
}

#[test]
fn paths_of_every_client_are_understood() {
    let catalog = Catalog::new(&shelf(vec![tiny(), artifact("gpt2", 'b', &["main"], vec![file("config.json", b"{}", false)])]));
    let api = |name: &str, verb| Route::Api(Kind::Model, name.to_owned(), verb);
    let revision = |name: &str| Verb::Revision(name.to_owned());
    let a_file = |kind, repo: &str, revision: &str, path: &str, raw| {
        let (repo, revision, path) = (repo.to_owned(), revision.to_owned(), path.to_owned());
        Route::File { kind, repo, revision, path, raw }
    };
    for (path, wanted) in [
        ("/api/models/acme/tiny", api("acme/tiny", revision("main"))),
        ("/api/models/acme/tiny/revision/refs%2Fpr%2F3", api("acme/tiny", revision("refs/pr/3"))),
        ("/api/models/gpt2/revision/main", api("gpt2", revision("main"))),
        ("/api/models/none/revision/main", api("none", revision("main"))),
        ("/api/models/gpt2", api("gpt2", revision("main"))),
        ("/api/models/acme/tiny/tree/main", api("acme/tiny", Verb::Tree("main".to_owned(), String::new()))),
        ("/api/models/acme/tiny/tree/main/a%2Fb", api("acme/tiny", Verb::Tree("main".to_owned(), "a/b".to_owned()))),
        ("/api/models/acme/tiny/refs", api("acme/tiny", Verb::Refs)),
        ("/api/models/acme/tiny/discussions", api("acme/tiny", Verb::Other)),
        ("/api/datasets", Route::List(Kind::Dataset)),
        ("/acme/tiny/resolve/main/onnx/a/model.onnx", a_file(Kind::Model, "acme/tiny", "main", "onnx/a/model.onnx", false)),
        ("/gpt2/resolve/refs%2Fpr%2F1/a%20b", a_file(Kind::Model, "gpt2", "refs/pr/1", "a b", false)),
        ("/datasets/acme/ds/raw/main/x", a_file(Kind::Dataset, "acme/ds", "main", "x", true)),
        ("/api/whoami-v2", Route::WhoAmI),
        ("/api/agent-harnesses", Route::Unknown),
        ("/acme/tiny/resolve/main", Route::Unknown),
        ("/resolve/main/x", Route::Unknown),
    ] {
        assert_eq!(route(&catalog, path), wanted, "{path}");
    }
}

#[test]
fn revisions_are_names_commits_and_their_beginnings() {
    let older = artifact("acme/tiny", 'b', &["main", "v1"], vec![file("config.json", b"old", false)]);
    let pinned = artifact("acme/pinned", 'c', &[], vec![file("config.json", b"{}", false)]);
    let catalog = Catalog::new(&shelf(vec![older, tiny(), pinned]));
    let repo = catalog.repo(Kind::Model, "acme/tiny").unwrap();
    let commit = |revision: &str| repo.commit(revision).map(|(hash, _)| hash.chars().next().unwrap());
    for (revision, wanted) in [
        ("main", Some('a')),
        ("refs/heads/main", Some('a')),
        ("v1", Some('b')),
        ("refs/tags/v1", Some('b')),
        ("refs/pr/3", Some('a')),
        ("pr/3", None),
        ("refs/heads/v2", None),
    ] {
        assert_eq!(commit(revision), wanted, "{revision}: of two bundles the newer one decides");
    }
    assert_eq!((commit("bbbbbbb"), commit("bbbbbb"), commit("v2"), commit(&"d".repeat(40))), (Some('b'), None, None, None));
    let pinned = catalog.repo(Kind::Model, "acme/pinned").unwrap();
    assert!(pinned.commit("main").is_some() && pinned.commit("v1").is_none(), "main is what there is");
    assert!(pinned.commit("refs/heads/main").is_some() && pinned.commit("refs/pr/1").is_none(), "under its full name too");
    let full = Catalog::new(&shelf(vec![artifact("acme/full", 'd', &["refs/heads/dev"], vec![file("x", b"x", false)])]));
    let full = full.repo(Kind::Model, "acme/full").unwrap();
    assert!(full.commit("dev").is_some(), "what was locked by its full name is there by its short one");
    assert_eq!(document::refs(full)["branches"][0]["name"], "dev");
    assert!(catalog.repo(Kind::Dataset, "acme/tiny").is_none());
}

#[test]
fn trees_list_what_is_carried_and_offer_chunks_above_the_wall_only() {
    let catalog = Catalog::new(&shelf(vec![tiny()]));
    let (_, commit) = catalog.repo(Kind::Model, "acme/tiny").unwrap().commit("main").unwrap();
    let listing = |wall| document::Listing { hash: "a", expand: false, wall };
    let paths = |folder: &str, recursive| {
        let tree = document::tree(commit, folder, recursive, listing(50));
        tree.map(|t| t.as_array().unwrap().iter().map(|e| e["path"].as_str().unwrap().to_owned()).collect::<Vec<_>>())
    };
    assert_eq!(paths("", true).unwrap(), ["onnx", "onnx/a", "config.json", "onnx/a/model.onnx", "onnx/b.txt"]);
    assert_eq!(paths("", false).unwrap(), ["onnx", "config.json"]);
    assert_eq!(paths("onnx", false).unwrap(), ["onnx/a", "onnx/b.txt"]);
    assert_eq!((paths("on", true), paths("config.json", true)), (None, None));
    let tree = document::tree(commit, "onnx/a", true, listing(4)).unwrap();
    let large = json!({ "oid": Digest::of(b"ONNX").hex(), "size": 4, "pointerSize": 126 });
    assert_eq!(tree[0]["lfs"], large);
    assert_eq!(tree[0]["oid"], blob_sha1(pointer(&Digest::of(b"ONNX"), 4).as_bytes()));
    assert!(!tree.to_string().contains("xet"));
    assert_eq!(document::tree(commit, "onnx/a", true, listing(3)).unwrap()[0]["xetHash"], Digest::of(b"ONNX").hex());
}

#[test]
fn containers_are_chunks_with_heads_wherever_reading_begins() {
    use super::chunks::{CHUNK, CHUNKS, Contained, Container};
    use std::io::{Read, Seek, SeekFrom};
    let content: Vec<u8> = (0..CHUNK * (CHUNKS + 1) + 5).map(|n| (n / 7) as u8).collect();
    let (file, size) = (Digest::of(&content), content.len() as u64);
    let blobs: Arc<dyn Blobs> = Arc::new(Memory(BTreeMap::from([(file, content.clone())])));
    let all: Vec<Container> = Container::holding(file, size, 0, size - 1).collect();
    assert_eq!(
        all.iter().map(|c| (c.content(), c.place(2))).collect::<Vec<_>>(),
        [(CHUNK * CHUNKS, 2 * (CHUNK + 8)), (CHUNK + 5, CHUNK + 21)]
    );
    assert_ne!(all[0].hash(), all[1].hash());
    let second = Contained { blobs, container: all[1] };
    assert_eq!(second.size(&file).unwrap(), Some(CHUNK + 21));
    let mut expected = vec![0, 0, 0, 2, 0, 0, 0, 2];
    expected.extend(&content[(CHUNK * CHUNKS) as usize..(CHUNK * (CHUNKS + 1)) as usize]);
    expected.extend([0, 5, 0, 0, 0, 5, 0, 0]);
    expected.extend(&content[(CHUNK * (CHUNKS + 1)) as usize..]);
    for from in [0, 3, 8, 9, CHUNK + 7, CHUNK + 8, CHUNK + 12, CHUNK + 16, CHUNK + 20] {
        let (mut reader, mut read) = (second.open(&file).unwrap().unwrap(), Vec::new());
        reader.seek(SeekFrom::Start(from)).unwrap();
        reader.read_to_end(&mut read).unwrap();
        assert!(read == expected[from as usize..], "from {from}");
    }
}

#[test]
fn reconstructions_cover_what_is_asked_for_in_both_generations() {
    use super::chunks::{CHUNK, CHUNKS};
    use super::route::Generation;
    use super::xet::reconstruction;
    let whole = CHUNK * CHUNKS;
    let found = Descriptor { size: 2 * whole + 5, ..file("model.bin", b"x", true) };
    let asked = |range: &str, generation| {
        let (parts, ()) = http::Request::get("/").header("range", range).body(()).unwrap().into_parts();
        reconstruction(&parts, &found, "http://m/models/latest", generation)
    };
    let second = asked(&format!("bytes={}-{}", whole - 1, whole + CHUNK), Generation::Second).unwrap();
    assert_eq!(second["offset_into_first_range"], CHUNK - 1);
    let terms: Vec<_> = second["terms"].as_array().unwrap().iter().map(|t| (t["range"].clone(), t["unpacked_length"].clone())).collect();
    let term = |start: u64, end: u64, length: u64| (json!({ "start": start, "end": end }), json!(length));
    assert_eq!(terms, [term(CHUNKS - 1, CHUNKS, CHUNK), term(0, 2, 2 * CHUNK)]);
    let hash = second["terms"][1]["hash"].as_str().unwrap();
    let place = &second["xorbs"][hash][0];
    assert_eq!(place["url"], format!("http://m/models/latest/xet/containers/{}/1", found.digest.hex()));
    assert_eq!(place["ranges"][0]["bytes"], json!({ "start": 0, "end": 2 * (CHUNK + 8) - 1 }));

    let first = asked(&format!("bytes={}-{}", 2 * whole, u64::MAX), Generation::First).unwrap();
    assert_eq!(first["terms"][0]["unpacked_length"], 5);
    let place = &first["fetch_info"][first["terms"][0]["hash"].as_str().unwrap()][0];
    assert_eq!((&place["url_range"], &place["range"]), (&json!({ "start": 0, "end": 12 }), &json!({ "start": 0, "end": 1 })));
    assert!(asked(&format!("bytes={}-", 2 * whole + 5), Generation::First).is_none(), "behind the end");
    assert!(asked("bytes=9-3", Generation::Second).is_none());
    assert!(asked("bytes=x", Generation::Second).is_some(), "what is no range is as good as none");
}

#[test]
fn what_is_said_of_a_model() {
    let pickle = b"\x80\x04\x95rest";
    let files = vec![file("code.py", b"x", false), file("innocent.json", pickle, false)];
    let artifact = artifact("acme/tiny", 'a', &["main"], files);
    let memory = Memory(BTreeMap::from([(Digest::of(pickle), pickle.to_vec())]));
    let described = Models.describe(&artifact, &memory).unwrap();
    assert_eq!(described.purl, format!("pkg:huggingface/acme/tiny@{}", "a".repeat(40)));
    assert_eq!((described.licences[0].expression.as_str(), described.supplier.as_deref()), ("apache-2.0", Some("acme")));
    assert_eq!(described.dependencies, ["pkg:huggingface/other/code"]);
    let property = |name: &str| described.properties.get(name).map(String::as_str);
    assert_eq!((property("pickle"), property("formats")), (Some("innocent.json"), Some("pickle")), "a name is not believed");
    assert_eq!((property("parameters"), property("code"), property("not carried")), (Some("12"), Some("code.py"), Some("other/code")));
    let less = Models.describe(&artifact, &Memory::default()).unwrap();
    assert!(!less.properties.contains_key("pickle") && less.licences == described.licences);
}

#[test]
fn entries_that_contradict_themselves_are_not_served() {
    let mut other = tiny();
    other.version = "b".repeat(40);
    let mut unnamed = tiny();
    unnamed.descriptors[0].name = None;
    let mut foreign = tiny();
    foreign.meta["repo"] = Value::from("../x");
    foreign.name = "../x".to_owned();
    for bad in [other, unnamed, foreign] {
        assert!(Models.describe(&bad, &Memory::default()).is_err());
        assert_eq!(Catalog::new(&shelf(vec![bad])).of_kind(Kind::Model).count(), 0);
    }
}

#[test]
fn clients_are_told_the_view_and_the_authority() {
    let mirror = Mirror { base: "https://mirror.lan:8443".to_owned(), view: "kit-7".to_owned(), own_ca: true };
    let text = &Models.client_config(&mirror)[0].text;
    assert!(text.contains("HF_ENDPOINT=https://mirror.lan:8443/models/kit-7\n") && text.contains("SSL_CERT_FILE"), "{text}");
}

#[test]
fn a_commit_is_a_model_pack_whose_layers_are_its_files() {
    let repositories = Models.repositories(&shelf(vec![tiny()]));
    let served = &repositories["models/acme/tiny"];
    let commit = "a".repeat(40);
    let root = served.tags["main"];
    let tags: Vec<&str> = served.tags.keys().map(String::as_str).collect();
    assert_eq!(tags, ["aaaaaaaa", &commit, "main", "refs-pr-3"], "revisions, and the commit in two lengths");
    assert!(served.tags.values().all(|tag| *tag == root));
    let manifest: Value = serde_json::from_slice(&served.made[&root]).unwrap();
    assert_eq!(manifest["artifactType"], "application/vnd.cncf.model.manifest.v1+json");
    let layers = manifest["layers"].as_array().unwrap();
    let layer =
        |n: usize| (layers[n]["annotations"]["org.cncf.model.filepath"].as_str().unwrap(), layers[n]["mediaType"].as_str().unwrap());
    assert_eq!(layer(0), ("config.json", "application/vnd.cncf.model.weight.config.v1.raw"));
    assert_eq!(layer(1), ("onnx/a/model.onnx", "application/vnd.cncf.model.weight.v1.raw"));
    assert_eq!((&layers[1]["digest"], &layers[1]["size"]), (&json!(Digest::of(b"ONNX").to_string()), &json!(4)));
    assert!(served.blobs.contains(&Digest::of(b"ONNX")) && !served.made.contains_key(&Digest::of(b"ONNX")), "one blob serves both");
    let config: Digest = manifest["config"]["digest"].as_str().unwrap().parse().unwrap();
    let config: Value = serde_json::from_slice(&served.made[&config]).unwrap();
    assert_eq!((&config["descriptor"]["licenses"], &config["descriptor"]["revision"]), (&json!(["apache-2.0"]), &json!(commit)));
    assert_eq!(config["modelfs"]["diffIds"].as_array().unwrap().len(), layers.len());
    let read = crate::server::oci::Document::parse(&served.made[&root], crate::server::oci::MANIFEST).unwrap();
    assert_eq!(read.parts()[2].title.as_deref(), Some("onnx/a/model.onnx"));
    // The digest is what pins hold on to: it changes for everybody who pinned one, or never.
    assert_eq!(root.to_string(), "sha256:bbefbfdd1ce0817df58a83ef74f16a5d1a84b0535c2327d28fe0ff67898ce2cb");
}

#[test]
fn names_and_tags_follow_the_grammar_of_registries() {
    let served = |repo: &str, revision: &str| {
        let all = Models.repositories(&shelf(vec![artifact(repo, 'b', &[revision], vec![file("x.json", b"{}", false)])]));
        let (name, repository) = all.into_iter().next().unwrap();
        (name, repository.tags.into_keys().last().unwrap())
    };
    assert_eq!(served("BAAI/bge-small-en-v1.5", "v1.5"), ("models/baai/bge-small-en-v1.5".to_owned(), "v1.5".to_owned()));
    assert_eq!(served("gpt2", "refs/pr/3"), ("models/gpt2".to_owned(), "refs-pr-3".to_owned()));
    assert_eq!(served("a_._b/C___d_", "x y").0, "models/a-b/c-d");
    let two = [artifact("acme/Tiny", 'a', &["main"], vec![]), artifact("acme/tiny", 'b', &["main"], vec![])];
    let mut two = two.map(|mut artifact| {
        artifact.descriptors = vec![file("x.json", b"{}", false)];
        artifact
    });
    two.sort_by(|a, b| a.name.cmp(&b.name));
    let all = Models.repositories(&shelf(two.to_vec()));
    let both = &all["models/acme/tiny"];
    assert!(both.tags.is_empty() && both.fault.as_deref().unwrap().contains("acme/Tiny and acme/tiny"), "neither stands in for the other");
}

#[test]
fn configurations_of_three_kinds_are_read() {
    use super::carried::About;
    let pack = json!({ "descriptor": { "name": "llm", "licenses": ["MIT"], "vendor": "Acme\u{7}" }, "config": { "paramSize": "8b", "format": "gguf", "architecture": "transformer" } });
    let read = About::read("application/vnd.cncf.model.config.v1+json", pack.to_string().as_bytes());
    assert_eq!((read.title.as_deref(), read.parameters.as_deref(), read.format.as_deref()), (Some("llm"), Some("8b"), Some("gguf")));
    assert!(read.licences == ["MIT"] && read.vendor.as_deref().is_some_and(|vendor| !vendor.contains('\u{7}')), "{read:?}");
    let kit = json!({ "package": { "name": "kit", "license": "Apache-2.0", "authors": ["A"] }, "model": { "path": "ghcr.io/acme/base:1", "framework": "llama" } });
    let read = About::read("application/vnd.kitops.modelkit.config.v1+json", kit.to_string().as_bytes());
    assert_eq!((read.licences, read.base_models), (vec!["Apache-2.0".to_owned()], vec!["ghcr.io/acme/base:1".to_owned()]));
    let read = About::read("application/vnd.docker.ai.model.config.v0.1+json", br#"{"config":{"format":"gguf","parameters":"361.82 M"}}"#);
    assert_eq!((read.format.as_deref(), read.parameters.as_deref()), (Some("gguf"), Some("361.82 M")));
    for nonsense in [&b"\xff"[..], b"[]", b"{\"descriptor\":7}"] {
        assert_eq!(About::read("application/vnd.cncf.model.config.v1+json", nonsense), About::default());
    }
}

#[test]
fn of_one_commit_in_two_bundles_the_newer_word_counts_and_all_files_are_there() {
    let mut older = artifact("acme/tiny", 'a', &["main"], vec![file("config.json", b"{}", false), file("a.bin", b"a", true)]);
    older.meta["looked"] = json!({ "formats": ["gguf"], "pickles": ["a.bin"] });
    let mut newer = artifact("acme/tiny", 'a', &["v1"], vec![file("config.json", b"{}", false), file("b.bin", b"b", true)]);
    newer.meta["whole"] = false.into();
    newer.meta["card"] = json!({ "licences": ["mit"] });
    for (first, second, licence) in [(&older, &newer, "mit"), (&newer, &older, "apache-2.0")] {
        let catalog = Catalog::new(&shelf(vec![first.clone(), second.clone()]));
        let (_, commit) = catalog.repo(Kind::Model, "acme/tiny").unwrap().commit("main").unwrap();
        assert_eq!(commit.files.keys().collect::<Vec<_>>(), ["a.bin", "b.bin", "config.json"]);
        assert_eq!(commit.meta.card.licences, [licence], "the newer bundle's card");
        assert!(commit.meta.whole, "one of them has it whole");
        assert_eq!(commit.meta.looked.as_ref().unwrap().pickles, ["a.bin"], "what one of them saw is not forgotten");
    }
}

/// A router's answer: status, what it says of errors, body.
async fn ask(shelf: Shelf, request: http::Request<axum::body::Body>) -> (u16, String, String) {
    use tower::ServiceExt;
    let response = Models.serve(shelf).oneshot(request).await.unwrap();
    let said = response.headers().get("x-error-message").map(|said| said.to_str().unwrap().to_owned()).unwrap_or_default();
    let status = response.status().as_u16();
    let body = axum::body::to_bytes(response.into_body(), 1 << 24).await.unwrap();
    (status, said, String::from_utf8(body.to_vec()).unwrap())
}

fn get(path: &str) -> http::Request<axum::body::Body> {
    http::Request::get(path).header("host", "m").body(axum::body::Body::empty()).unwrap()
}

fn post(path: &str, media_type: &str, body: impl Into<axum::body::Body>) -> http::Request<axum::body::Body> {
    http::Request::post(path).header("host", "m").header("content-type", media_type).body(body.into()).unwrap()
}

#[tokio::test]
async fn an_entry_that_is_refused_is_a_fault_with_a_name() {
    let reference = |n: usize| json!({ "repo": format!("o/r{n}"), "role": "code", "file": "config.json", "carried": false });
    let mut crowded = artifact("acme/crowded", 'c', &["main"], vec![file("config.json", b"{}", false)]);
    crowded.meta["references"] = (0..10_001).map(reference).collect();
    let mut long = artifact("acme/tiny", 'd', &["v2"], vec![file("config.json", b"{}", false)]);
    long.meta["references"] = json!([{ "repo": "o/r", "revision": "v".repeat(4097), "role": "code", "file": "c", "carried": false }]);
    let shelf = || shelf(vec![crowded.clone(), tiny(), long.clone()]);
    let (status, said, body) = ask(shelf(), get("/api/models")).await;
    assert!(status == 200 && body.contains("acme/tiny") && !body.contains("crowded"), "{body}");
    assert_eq!(said, "2 repositories have entries that are not served: acme/crowded, acme/tiny");
    for path in ["/api/models/acme/crowded/revision/main", "/acme/crowded/resolve/main/config.json"] {
        let (status, said, _) = ask(shelf(), get(path)).await;
        assert!(status == 500 && said.contains("acme/crowded") && said.contains("too many repositories"), "{status} {said}");
    }
    let (status, said, _) = ask(shelf(), get("/api/models/acme/tiny/revision/v2")).await;
    assert!(status == 500 && said.contains("excessive length"), "{status} {said}");
    assert_eq!(ask(shelf(), get("/api/models/acme/tiny/revision/main")).await.0, 200, "the rest of it is served");
    let repositories = Models.repositories(&shelf());
    assert!(repositories["models/acme/crowded"].fault.is_some() && repositories["models/acme/tiny"].tags.contains_key("main"));
}

#[tokio::test]
async fn paths_are_asked_for_in_a_form_or_in_json() {
    let ask = |path: &'static str, media_type: &'static str, body: String| ask(shelf(vec![tiny()]), post(path, media_type, body));
    let (form, json_type) = ("application/x-www-form-urlencoded", "application/json");
    let found = |body: &str| {
        let entries: Vec<Value> = serde_json::from_str(body).unwrap();
        entries.iter().map(|e| (e["path"].as_str().unwrap().to_owned(), e["type"].as_str().unwrap().to_owned())).collect::<Vec<_>>()
    };
    let two = [("onnx/a/model.onnx".to_owned(), "file".to_owned()), ("onnx".to_owned(), "directory".to_owned())];
    let path = "/api/models/acme/tiny/paths-info/main";
    let (status, _, body) = ask(path, form, "paths=onnx%2Fa%2Fmodel.onnx&paths=none&paths=onnx&paths=on&expand=True".to_owned()).await;
    assert_eq!((status, found(&body)), (200, two.to_vec()), "what is not there is left out");
    assert!(body.contains("lastCommit") && body.contains("pointerSize"), "{body}");
    let (status, _, body) = ask(path, json_type, json!({ "paths": ["onnx/a/model.onnx", "onnx/"] }).to_string()).await;
    assert_eq!((status, found(&body)), (200, two.to_vec()));
    assert!(!body.contains("lastCommit"));
    let many = format!("paths=a{}", "&paths=a".repeat(1000));
    for (path, media_type, body, wanted) in [
        ("/api/models/acme/tiny/paths-info/v9", form, "paths=a".to_owned(), 404),
        ("/api/models/acme/none/paths-info/main", form, "paths=a".to_owned(), 404),
        (path, json_type, "{\"paths\": 7}".to_owned(), 400),
        (path, form, many, 400),
        ("/api/models/acme/tiny/revision/paths-info", form, String::new(), 405),
    ] {
        assert_eq!(ask(path, media_type, body).await.0, wanted, "{path}");
    }
    assert_eq!(super::tests::ask(shelf(vec![tiny()]), get(path)).await.0, 404, "it is a question by POST only");
    for (path, wanted) in [
        ("/latest/api/models/acme/tiny/paths-info/main", true),
        ("/api/datasets/acme/tiny/paths-info/refs%2Fpr%2F1", true),
        ("/latest/.chunks/api/models/gpt2/paths-info/main", true),
        ("/api/models/acme/tiny/preupload/main", false),
        ("/latest/acme/tiny/resolve/main/paths-info/x", false),
        ("/", false),
    ] {
        assert_eq!(Models.is_question(path), wanted, "{path}");
    }
}

#[tokio::test]
async fn lists_tell_nothing_of_files_and_trees_make_no_name_twice() {
    let many = (0..1000).map(|n| {
        let files = (0..3).map(|i| file(&format!("{i}.bin"), b"x", true)).collect();
        artifact(&format!("acme/r{n:04}"), 'a', &["main"], files)
    });
    let (status, _, body) = ask(shelf(many.collect()), get("/api/models")).await;
    let listed: Vec<Value> = serde_json::from_str(&body).unwrap();
    assert_eq!((status, listed.len()), (200, 1000));
    // The function that makes a line is not even given the files.
    assert!(listed.iter().all(|line| line.get("siblings").is_none() && line["tags"].is_array()) && !body.contains(".bin"));

    let large = file("model.bin", b"weights", true);
    let catalog = Catalog::new(&shelf(vec![artifact("acme/tiny", 'a', &["main"], vec![large.clone()])]));
    let (hash, commit) = catalog.repo(Kind::Model, "acme/tiny").unwrap().commit("main").unwrap();
    let made = blob_sha1(pointer(&large.digest, large.size).as_bytes());
    assert_eq!(commit.files["model.bin"].git, made);
    let files = BTreeMap::from([("model.bin".to_owned(), super::catalog::File { blob: large, git: "kept".to_owned() })]);
    let kept = super::catalog::Commit { meta: commit.meta.clone(), files };
    let tree = document::tree(&kept, "", true, document::Listing { hash, expand: false, wall: 9 }).unwrap();
    let account = document::account(catalog.repo(Kind::Model, "acme/tiny").unwrap(), hash, &kept, true);
    assert_eq!((&tree[0]["oid"], &account["siblings"][0]["blobId"]), (&json!("kept"), &json!("kept")), "kept, not made again");
}

#[test]
fn a_commit_whose_manifest_would_be_too_long_is_a_fault_and_nothing_else_is() {
    // Few files with long paths: the bound is one of bytes.
    let files = (0..1100).map(|n| file(&format!("{}/{n}", "p".repeat(2000)), b"x", true)).collect();
    let all = Models
        .repositories(&shelf(vec![artifact("acme/big", 'b', &["wide"], files), artifact("acme/big", 'c', &["main"], tiny().descriptors)]));
    let served = &all["models/acme/big"];
    let tags: Vec<&str> = served.tags.keys().map(String::as_str).collect();
    assert_eq!(tags, ["cccccccc", &"c".repeat(40), "main"]);
    let fault = served.fault.as_deref().unwrap();
    assert!(fault.contains(&"b".repeat(40)) && fault.contains("longer than 4194304 bytes"), "{fault}");
    assert!(served.made.values().all(|made| made.len() <= 4 << 20));
}

#[tokio::test]
async fn raw_shows_pointers_of_a_hub_and_files_of_plain_urls() {
    let weights = file("w.bin", b"weights", true);
    let memory = Arc::new(Memory(BTreeMap::from([(weights.digest, b"weights".to_vec())])));
    let line = format!("{} w.bin\n", weights.digest.hex());
    let commit = blob_sha1(line.as_bytes());
    let mut plain = artifact("ours/net", 'a', &["main"], vec![weights.clone()]);
    (plain.version, plain.meta["commit"]) = (commit.clone(), commit.into());
    let hub = artifact("acme/tiny", 'b', &["main"], vec![weights.clone()]);
    let shelf = || Shelf { blobs: memory.clone(), ..shelf(vec![hub.clone(), plain.clone()]) };
    assert_eq!(ask(shelf(), get("/ours/net/raw/main/w.bin")).await.2, "weights");
    assert_eq!(ask(shelf(), get("/acme/tiny/raw/main/w.bin")).await.2, pointer(&weights.digest, 7));
    assert_eq!(ask(shelf(), get("/acme/tiny/resolve/main/w.bin")).await.2, "weights");
}

#[test]
fn texts_of_others_are_one_line_each_and_bounded() {
    use super::words::{text, texts};
    assert_eq!(text(&json!(" a\nb\u{1b} ")).as_deref().map(|t| t.contains(['\n', '\u{1b}'])), Some(false));
    assert_eq!(
        (text(&json!(" \n")), text(&json!(7)), texts(&json!(["a", "", 7, "b"]))),
        (None, None, vec!["a".to_owned(), "b".to_owned()])
    );
    assert_eq!(
        (texts(&json!("one")).len(), texts(&json!(vec!["x"; 600])).len(), text(&json!("x".repeat(600))).unwrap().len()),
        (1, 500, 500)
    );
}
