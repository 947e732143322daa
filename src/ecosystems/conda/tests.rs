//! Channels, records, indexes, descriptions.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::catalog::Catalog;
use super::made::{Document, Made};
use super::meta::{Meta, is_channel, is_subdir, media_type};
use super::package::info;
use super::route::{File, Route, route};
use super::{Conda, msgpack, serve};
use crate::artifact::{Artifact, BlobRead, Blobs, Descriptor, Digest, Learned, SideDigests};
use crate::ecosystems::{Ecosystem, Mirror};
use crate::error::Result;
use crate::store::Shelf;
use axum::body::Body;
use http::{HeaderMap, Request};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::Arc;
use tower::ServiceExt;

#[test]
fn channels_and_platforms_are_told_apart() {
    for good in ["conda-forge", "conda-forge/label/dev", "pkgs/main", "team.mirror_2"] {
        assert!(is_channel(good), "{good}");
    }
    for bad in ["", "/a", "a//b", "../x", "a/linux-64", "a/noarch", "t", "t/x", "a b", "a/.", "-x", "a%2f", "ä"] {
        assert!(!is_channel(bad), "{bad}");
    }
    assert!(["noarch", "linux-64", "linux-aarch64", "osx-arm64", "win-64"].into_iter().all(is_subdir));
    assert!(["", "linux", "linux-", "Linux-64", "label", "linux-64/..", "conda-forge"].into_iter().all(|s| !is_subdir(s)));
}

fn record(name: &str, version: &str, build: &str, subdir: &str) -> Value {
    json!({
        "name": name, "version": version, "build": build, "build_number": 0, "depends": ["python >=3.9,<4", "libfoo 1.0 h1_0", "__glibc >=2.17"],
        "constrains": ["other <3"], "md5": "d".repeat(32), "size": 4, "subdir": subdir, "license": "MIT", "timestamp": 1_767_225_600_000_u64,
        "a-key-of-tomorrow": { "kept": [null, true, -1, "x"] },
    })
}

fn packed(channel: &str, subdir: &str, file: &str, bytes: &[u8], record: &Value) -> Artifact {
    let text = |key: &str| record[key].as_str().unwrap_or_default().to_owned();
    let mut record = record.clone();
    record["sha256"] = Digest::of(bytes).hex().into();
    record["size"] = bytes.len().into();
    let descriptor = Descriptor {
        media_type: media_type(file).unwrap_or("x/x").to_owned(),
        digest: Digest::of(bytes),
        size: bytes.len() as u64,
        name: Some(file.to_owned()),
        origins: vec![format!("https://channels.example.org/{channel}/{subdir}/{file}")],
        learned: Learned::Upstream,
        side_digests: SideDigests::from([("md5".to_owned(), "d".repeat(32))]),
    };
    Artifact {
        ecosystem: "conda".to_owned(),
        sections: vec![],
        name: format!("{channel}/{subdir}/{}", text("name")),
        version: format!("{}-{}", text("version"), text("build")),
        descriptors: vec![descriptor],
        subject: None,
        meta: json!({ "channel": channel, "subdir": subdir, "record": record }),
    }
}

fn package(channel: &str, subdir: &str, name: &str, ending: &str) -> Artifact {
    let file = format!("{name}-1.0-h1_0{ending}");
    packed(channel, subdir, &file, file.as_bytes(), &record(name, "1.0", "h1_0", subdir))
}

/// Blobs in memory.
#[derive(Default)]
struct Memory(BTreeMap<Digest, Vec<u8>>);

impl Blobs for Memory {
    fn open(&self, digest: &Digest) -> Result<Option<Box<dyn BlobRead>>> {
        let document = self.0.get(digest).map(|bytes| Document::of(bytes.clone()));
        document.map_or(Ok(None), |document| document.open(digest))
    }

    fn size(&self, digest: &Digest) -> Result<Option<u64>> {
        Ok(self.0.get(digest).map(|bytes| bytes.len() as u64))
    }
}

fn shelf(artifacts: Vec<Artifact>) -> Shelf {
    let blobs = artifacts.iter().map(|a| (a.descriptors[0].digest, a.descriptors[0].name.clone().unwrap().into_bytes())).collect();
    let artifacts = artifacts.into_iter().map(Arc::new).collect();
    Shelf { view: "latest".to_owned(), id: Digest::of(b""), artifacts, blobs: Arc::new(Memory(blobs)) }
}

fn several() -> Shelf {
    let mut exporting = package("forge", "linux-64", "libfoo", ".conda");
    exporting.meta["run-exports"] = json!({ "weak": ["libfoo >=1.0,<2"] });
    shelf(vec![
        exporting,
        package("forge", "linux-64", "libfoo", ".tar.bz2"),
        package("forge", "linux-64", "lib-bar", ".conda"),
        package("forge/label/dev", "noarch", "tool", ".conda"),
    ])
}

/// What is answered: status, headers, body.
fn ask(shelf: &Shelf, method: &str, path: &str, headers: &[(&str, &str)]) -> (u16, HeaderMap, Vec<u8>) {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let router = serve::router(shelf);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let response = runtime.block_on(router.oneshot(request.body(Body::empty()).unwrap())).unwrap();
    let (parts, body) = response.into_parts();
    let body = runtime.block_on(axum::body::to_bytes(body, usize::MAX)).unwrap();
    (parts.status.as_u16(), parts.headers, body.to_vec())
}

fn get(shelf: &Shelf, path: &str) -> Vec<u8> {
    let (status, _, body) = ask(shelf, "GET", path, &[]);
    assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
    body
}

fn unpacked(bytes: &[u8]) -> Vec<u8> {
    zstd::decode_all(bytes).unwrap()
}

#[test]
fn paths_of_channels_are_told_apart() {
    let digest = "a".repeat(64);
    let file = |channel: &str, subdir: &str, file| Route::File(channel.to_owned(), subdir.to_owned(), file);
    let package = |name: &str| File::Package(name.to_owned());
    for (path, wanted) in [
        ("/", Route::List(None)),
        ("/forge/", Route::List(Some("forge".to_owned()))),
        ("/forge/label/dev", Route::List(Some("forge/label/dev".to_owned()))),
        ("/forge/noarch/repodata.json", file("forge", "noarch", File::Repodata { packed: false })),
        ("/forge/noarch/current_repodata.json.zst", file("forge", "noarch", File::Repodata { packed: true })),
        ("/forge/label/dev/linux-64/run_exports.json", file("forge/label/dev", "linux-64", File::RunExports { packed: false })),
        ("/t/to-ken/forge/linux-64/repodata_shards.msgpack.zst", file("forge", "linux-64", File::ShardIndex)),
        ("/t/to%2Fken/forge/noarch/repodata.json", file("forge", "noarch", File::Repodata { packed: false })),
        ("/t//forge/noarch/repodata.json", file("forge", "noarch", File::Repodata { packed: false })),
        ("/t/forge", Route::Unknown),
        ("/forge/noarch/a-1%211.0%2Bx-0.conda", file("forge", "noarch", package("a-1!1.0+x-0.conda"))),
        ("/forge/noarch/repodata.json.bz2", file("forge", "noarch", package("repodata.json.bz2"))),
        ("/forge/noarch/notices.json", file("forge", "noarch", package("notices.json"))),
        ("/forge/noarch/shards/x.msgpack.zst", Route::Unknown),
        ("/forge/linux-64", Route::Unknown),
        ("/linux-64/repodata.json", Route::Unknown),
        ("/forge/notices.json", Route::List(Some("forge/notices.json".to_owned()))),
        ("/forge/%ff/x", Route::Unknown),
    ] {
        assert_eq!(route(path), wanted, "{path}");
    }
    let shard = route(&format!("/forge/noarch/shards/{digest}.msgpack.zst"));
    assert_eq!(shard, file("forge", "noarch", File::Shard(Digest::from_hex(&digest).unwrap())));
}

#[test]
fn an_index_has_the_records_as_they_were_solved_with() {
    let shelf = several();
    let plain = get(&shelf, "/forge/linux-64/repodata.json");
    let index: Value = serde_json::from_slice(&plain).unwrap();
    insta::assert_snapshot!("repodata", serde_json::to_string_pretty(&index).unwrap());
    assert_eq!(unpacked(&get(&shelf, "/forge/linux-64/repodata.json.zst")), plain);
    assert_eq!(get(&shelf, "/forge/linux-64/current_repodata.json"), plain);
    let empty: Value = serde_json::from_slice(&get(&shelf, "/forge/noarch/repodata.json")).unwrap();
    let wanted = json!({ "info": { "subdir": "noarch" }, "packages": {}, "packages.conda": {}, "removed": [], "repodata_version": 1 });
    assert_eq!(empty, wanted, "every channel has noarch");
    let exports: Value = serde_json::from_slice(&get(&shelf, "/forge/linux-64/run_exports.json")).unwrap();
    assert_eq!(exports["packages.conda"], json!({ "libfoo-1.0-h1_0.conda": { "run_exports": { "weak": ["libfoo >=1.0,<2"] } } }));
    assert_eq!(exports["packages"], json!({}));
    assert_eq!(ask(&shelf, "GET", "/forge/noarch/run_exports.json", &[]).0, 404);
}

#[cfg(feature = "upstream")]
#[test]
fn shards_are_what_rattler_reads_and_keep_unknown_keys() {
    use rattler_conda_types::{Shard, ShardedRepodata};
    let shelf = several();
    let bytes = unpacked(&get(&shelf, "/forge/linux-64/repodata_shards.msgpack.zst"));
    let index: ShardedRepodata = rmp_serde::from_slice(&bytes).unwrap();
    assert_eq!(
        (index.info.subdir.as_str(), index.info.base_url.as_str(), index.info.shards_base_url.as_str()),
        ("linux-64", "./", "./shards/")
    );
    assert!(bytes.starts_with(b"\x83\xa7version\x01"), "a map of three members, as CEP 16 has it");
    assert_eq!(index.shards.len(), 2);
    let shard = |name: &str| {
        let hex = data_encoding::HEXLOWER.encode(&index.shards[name]);
        let packed = get(&shelf, &format!("/forge/linux-64/shards/{hex}.msgpack.zst"));
        assert_eq!(Digest::of(&packed).hex(), hex, "a shard's name is that of its packed bytes");
        unpacked(&packed)
    };
    let shard: Shard = rmp_serde::from_slice(&shard("libfoo")).unwrap();
    assert_eq!((shard.packages.len(), shard.conda_packages.len()), (1, 1));
    let (file, record) = shard.conda_packages.first().unwrap();
    assert_eq!(file.to_file_name(), "libfoo-1.0-h1_0.conda");
    assert_eq!(record.sha256.unwrap()[..], Digest::of(b"libfoo-1.0-h1_0.conda").as_bytes()[..]);
    assert_eq!((record.md5.unwrap()[0], record.depends.len(), record.size), (0xdd, 3, Some(21)));
}

#[test]
fn messages_are_packed_in_the_shortest_form() {
    let packed = |value: &Value| {
        let mut out = vec![];
        msgpack::record(&mut out, value.as_object().unwrap());
        out
    };
    // Each as the specification has it.
    assert_eq!(packed(&json!({ "a": null, "b": [true, false] })), b"\x82\xa1a\xc0\xa1b\x92\xc3\xc2");
    assert_eq!(
        packed(&json!({ "n": [0, 127, 128, 255, 256, 65535, 65536] })),
        b"\x81\xa1n\x97\x00\x7f\xcc\x80\xcc\xff\xcd\x01\x00\xcd\xff\xff\xce\x00\x01\x00\x00"
    );
    assert_eq!(
        packed(&json!({ "n": [4_294_967_296_u64, -1, 0.5] })),
        b"\x81\xa1n\x93\xcf\0\0\0\x01\0\0\0\0\xd3\xff\xff\xff\xff\xff\xff\xff\xff\xcb\x3f\xe0\0\0\0\0\0\0"
    );
    assert_eq!(packed(&json!({ "s": "x".repeat(31) }))[..4], *b"\x81\xa1s\xbf");
    assert_eq!(packed(&json!({ "s": "x".repeat(32) }))[..5], *b"\x81\xa1s\xd9\x20");
    assert_eq!(packed(&json!({ "s": "x".repeat(256) }))[..6], *b"\x81\xa1s\xda\x01\x00");
    assert_eq!(packed(&json!({ "s": "x".repeat(65536) }))[..8], *b"\x81\xa1s\xdb\x00\x01\x00\x00");
    assert_eq!(packed(&json!({ "s": vec![0; 16] }))[..6], *b"\x81\xa1s\xdc\x00\x10");
    assert_eq!(packed(&json!({ "md5": "0f".repeat(16) })), [b"\x81\xa3md5\xc4\x10".as_slice(), &[15; 16]].concat());
    assert_eq!(packed(&json!({ "md5": "zz" })), b"\x81\xa3md5\xa2zz", "what is no digest stays text");
}

#[test]
fn clients_get_the_lengths_tags_and_ranges_they_ask_for() {
    let shelf = several();
    for path in ["repodata.json.zst", "repodata_shards.msgpack.zst", "repodata.json", "libfoo-1.0-h1_0.conda"] {
        let path = format!("/forge/linux-64/{path}");
        let body = get(&shelf, &path);
        let (status, headers, nothing) = ask(&shelf, "HEAD", &path, &[]);
        assert_eq!(
            (status, headers["content-length"].to_str().unwrap(), nothing.len()),
            (200, body.len().to_string().as_str(), 0),
            "{path}"
        );
        let tag = headers["etag"].to_str().unwrap();
        let (status, _, nothing) = ask(&shelf, "GET", &path, &[("if-none-match", tag)]);
        assert_eq!((status, nothing.len()), (304, 0), "{path}");
        let fresh = headers["cache-control"] == "no-cache";
        assert_eq!(fresh, path.contains("repodata"), "an index is asked for again, a package is not: {path}");
    }
    for path in ["repodata.json", "current_repodata.json", "repodata.json.zst", "repodata_shards.msgpack.zst", "run_exports.json"] {
        let path = format!("/forge/linux-64/{path}");
        let whole = get(&shelf, &path);
        let (status, headers, part) = ask(&shelf, "GET", &path, &[("range", "bytes=5-9"), ("accept-encoding", "gzip")]);
        assert_eq!((status, part.as_slice(), headers.get("content-encoding")), (206, &whole[5..10], None), "{path}");
        assert_eq!(headers["content-range"].to_str().unwrap(), format!("bytes 5-9/{}", whole.len()), "{path}");
        assert_eq!(ask(&shelf, "GET", &path, &[("range", "bytes=9999999-")]).0, 416, "{path}");
    }
    // Clients unpack these themselves.
    let (_, headers, body) = ask(&shelf, "GET", "/forge/linux-64/repodata.json.zst", &[("accept-encoding", "gzip, zstd, br")]);
    assert!(!headers.contains_key("content-encoding") && body.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]));
    let (_, headers, _) = ask(&shelf, "GET", "/forge/linux-64/repodata.json", &[("accept-encoding", "gzip")]);
    assert_eq!(headers["content-encoding"], "gzip");
    let (status, headers, part) = ask(&shelf, "GET", "/forge/linux-64/libfoo-1.0-h1_0.conda", &[("range", "bytes=3-5")]);
    assert_eq!((status, part.as_slice(), headers["content-type"].to_str().unwrap()), (206, b"foo".as_slice(), "application/x-conda"));
}

#[test]
fn a_token_in_front_is_taken_off_and_kept_out_of_the_log() {
    let shelf = several();
    assert_eq!(get(&shelf, "/t/my-secret/forge/linux-64/repodata.json"), get(&shelf, "/forge/linux-64/repodata.json"));
    let secret = |path: &str| {
        let request = Request::builder().uri(path).body(Body::empty()).unwrap();
        let response = tokio::runtime::Runtime::new().unwrap().block_on(serve::router(&shelf).oneshot(request)).unwrap();
        response.extensions().get::<crate::server::Secret>().map(|secret| secret.0.clone())
    };
    for path in ["/t/my-secret/forge/linux-64/repodata.json", "/t/my-secret/absent/linux-64/repodata.json", "/t/my-secret/"] {
        assert_eq!(secret(path).as_deref(), Some("my-secret"), "{path}");
    }
    assert_eq!(secret("/forge/linux-64/repodata.json"), None);
}

#[test]
fn what_is_not_here_is_said_so() {
    let shelf = several();
    for (path, words) in [
        ("/conda-forge/noarch/repodata.json", "no channel conda-forge"),
        ("/forge/osx-64/repodata.json", "linux-64, noarch"),
        ("/forge/linux-64/numpy-2.0-0.conda", "no such file"),
        ("/forge/linux-64/repodata.json.bz2", "no such file"),
        ("/forge/notices.json", "no such channel"),
        ("/forge/linux-64/shards/zz.msgpack.zst", "no such address"),
        (&format!("/forge/linux-64/shards/{}.msgpack.zst", "0".repeat(64)), "no such document"),
    ] {
        let (status, headers, body) = ask(&shelf, "GET", path, &[]);
        let said = String::from_utf8_lossy(&body).into_owned();
        assert!(status == 404 && said.contains(words) && headers["cache-control"] == "no-cache", "{path}: {status} {said}");
    }
    let listed: Value = serde_json::from_slice(&ask(&shelf, "GET", "/", &[("accept", "application/json")]).2).unwrap();
    assert_eq!(listed, json!([{ "name": "forge", "packages": 3 }, { "name": "forge/label/dev", "packages": 1 }]));
    assert_eq!(ask(&shelf, "GET", "/forge", &[]).1["location"], "./forge/");
    assert!(String::from_utf8(get(&shelf, "/forge/")).unwrap().contains("./linux-64/repodata.json"));
}

#[test]
fn of_two_bundles_the_newer_record_is_served() {
    let older = package("forge", "noarch", "tool", ".conda");
    let mut newer = older.clone();
    newer.meta["record"]["depends"] = json!(["python >=3.12"]);
    let index: Value = serde_json::from_slice(&get(&shelf(vec![older, newer]), "/forge/noarch/repodata.json")).unwrap();
    assert_eq!(index["packages.conda"]["tool-1.0-h1_0.conda"]["depends"], json!(["python >=3.12"]));
}

#[test]
fn channels_that_gave_nothing_are_served_empty() {
    let mut with = package("forge", "linux-64", "tool", ".conda");
    with.meta["beside"] = json!(["forge/label/dev"]);
    let shelf = shelf(vec![with]);
    let index: Value = serde_json::from_slice(&get(&shelf, "/forge/label/dev/noarch/repodata.json")).unwrap();
    assert_eq!(index["packages.conda"], json!({}));
    assert_eq!(ask(&shelf, "HEAD", "/forge/label/dev/noarch/repodata_shards.msgpack.zst", &[]).0, 200);
}

#[test]
fn relations_are_served_where_the_channels_are() {
    let mut with = package("forge/label/dev", "linux-64", "tool", ".conda");
    with.meta["relations"] = json!({ "forge/label/dev": { "base": "forge", "overrides": "absent" }, "absent": { "base": "forge" } });
    let shelf = shelf(vec![package("forge", "noarch", "lib", ".conda"), with]);
    for subdir in ["linux-64", "noarch"] {
        let index: Value = serde_json::from_slice(&get(&shelf, &format!("/forge/label/dev/{subdir}/repodata.json"))).unwrap();
        assert_eq!(index["info"], json!({ "subdir": subdir, "channel_relations": { "base": "../../../forge" } }));
    }
    let index: Value = serde_json::from_slice(&get(&shelf, "/forge/noarch/repodata.json")).unwrap();
    assert_eq!(index["info"], json!({ "subdir": "noarch" }));
}

#[cfg(feature = "upstream")]
#[test]
fn relations_are_what_rattler_reads() {
    let mut with = package("forge/label/dev", "linux-64", "tool", ".conda");
    with.meta["relations"] = json!({ "forge/label/dev": { "base": "forge", "overrides": "more" } });
    with.meta["beside"] = json!(["more"]);
    let shelf = shelf(vec![package("forge", "noarch", "lib", ".conda"), with]);
    let bytes = unpacked(&get(&shelf, "/forge/label/dev/linux-64/repodata_shards.msgpack.zst"));
    let index: rattler_conda_types::ShardedRepodata = rmp_serde::from_slice(&bytes).unwrap();
    let relations = index.info.channel_relations.unwrap();
    assert_eq!((relations.base.as_deref(), relations.overrides.as_deref()), (Some("../../../forge"), Some("../../../more")));
    let plain: rattler_conda_types::RepoData = serde_json::from_slice(&get(&shelf, "/forge/label/dev/noarch/repodata.json")).unwrap();
    assert_eq!(plain.info.unwrap().channel_relations, Some(relations));
}

#[cfg(feature = "upstream")]
#[test]
fn sections_know_relations_together() {
    let with = |relations: Value| {
        let mut package = package("forge", "noarch", "tool", ".conda");
        package.meta["relations"] = relations;
        package.meta
    };
    let first = with(json!({ "forge": { "base": "a" }, "b": { "base": "forge" } }));
    let second = with(json!({ "forge": { "base": "c" }, "d": { "overrides": "forge" } }));
    let together = Conda.unite(&first, &second).unwrap();
    assert_eq!(together["relations"], json!({ "b": { "base": "forge" }, "d": { "overrides": "forge" }, "forge": { "base": "c" } }));
    assert_eq!(Conda.unite(&second, &first).unwrap(), together);
    assert_eq!(Conda.unite(&together, &first).unwrap(), together);
}

#[test]
fn old_records_get_the_digest_they_lack() {
    let mut old = package("forge", "noarch", "tool", ".tar.bz2");
    let record = old.meta["record"].as_object_mut().unwrap();
    record.remove("sha256");
    record.remove("size");
    let index: Value = serde_json::from_slice(&get(&shelf(vec![old]), "/forge/noarch/repodata.json")).unwrap();
    let record = &index["packages"]["tool-1.0-h1_0.tar.bz2"];
    assert_eq!((record["sha256"].as_str(), &record["size"]), (Some(Digest::of(b"tool-1.0-h1_0.tar.bz2").hex().as_str()), &json!(21)));
}

#[test]
fn entries_that_lie_are_refused_and_not_served() {
    let good = package("forge", "linux-64", "tool", ".conda");
    assert!(Meta::of(&good).is_ok());
    let twisted: [(&str, fn(&mut Artifact)); 18] = [
        ("a path for a channel beside it", |a| a.meta["beside"] = json!(["../x"])),
        ("a path for a channel that another is built upon", |a| a.meta["relations"] = json!({ "forge": { "base": "../x" } })),
        ("a path for a channel that is built upon another", |a| a.meta["relations"] = json!({ "../x": { "base": "forge" } })),
        ("a path for a build", |a| {
            a.meta["record"]["build"] = "x/../../h1_0".into();
            a.descriptors[0].name = Some("tool-1.0-x/../../h1_0.conda".to_owned());
            a.version = "1.0-x/../../h1_0".to_owned();
        }),
        ("a path for a file name", |a| a.descriptors[0].name = Some("../tool-1.0-h1_0.conda".to_owned())),
        ("another file name", |a| a.descriptors[0].name = Some("tool-1.1-h1_0.conda".to_owned())),
        ("another ending", |a| a.descriptors[0].name = Some("tool-1.0-h1_0.zip".to_owned())),
        ("no file name", |a| a.descriptors[0].name = None),
        ("a path for a platform", |a| a.meta["subdir"] = "../linux-64".into()),
        ("another platform in the record", |a| a.meta["record"]["subdir"] = "noarch".into()),
        ("a path for a channel", |a| a.meta["channel"] = "forge/../x".into()),
        ("another digest", |a| a.meta["record"]["sha256"] = "0".repeat(64).into()),
        ("another check sum", |a| a.meta["record"]["md5"] = "0".repeat(32).into()),
        ("another size", |a| a.meta["record"]["size"] = 5.into()),
        ("a path for a package", |a| a.meta["record"]["name"] = "x/../tool".into()),
        ("an unknown member", |a| a.meta["more"] = 1.into()),
        ("two archives", |a| a.descriptors.push(a.descriptors[0].clone())),
        ("an endless record", |a| a.meta["record"]["x"] = "x".repeat(2 << 20).into()),
    ];
    for (what, twist) in twisted {
        let mut bad = good.clone();
        twist(&mut bad);
        assert!(Meta::of(&bad).is_err(), "{what}");
        let mut shelf = several();
        shelf.artifacts.push(Arc::new(bad));
        assert_eq!(Catalog::new(&shelf).channels["forge"]["linux-64"].all().count(), 3, "{what}");
    }
}

#[test]
fn long_documents_are_unpacked_while_they_are_read() {
    let text: Vec<u8> = (0..400_000u32).flat_map(|n| n.to_string().into_bytes()).collect();
    let made = Made::new(|out| text.chunks(777).try_for_each(|chunk| out.write_all(chunk))).unwrap();
    assert!(made.short.is_none() && text.len() > 1 << 20);
    assert_eq!(made.plain.digest, Digest::of(&text));
    assert_eq!(made.plain.size(&made.plain.digest).unwrap(), Some(text.len() as u64));
    let mut reader = made.plain.open(&made.plain.digest).unwrap().unwrap();
    for at in [0, 1_500_000, 3, 700_000, text.len() - 10] {
        let mut part = [0; 10];
        reader.seek(SeekFrom::Start(at as u64)).unwrap();
        reader.read_exact(&mut part).unwrap();
        assert_eq!(part, text[at..at + 10], "{at}");
    }
    assert!(made.plain.open(&Digest::of(b"x")).unwrap().is_none());
    let short = Made::new(|out| out.write_all(b"{}")).unwrap();
    assert_eq!(short.short.as_deref(), Some(b"{}".as_slice()));
}

/// An archive of the newer kind.
fn conda(about: &[u8]) -> Vec<u8> {
    let mut tar = tar::Builder::new(vec![]);
    for (path, bytes) in [("info/index.json", b"{}".as_slice()), ("info/about.json", about)] {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        tar.append_data(&mut header, path, bytes).unwrap();
    }
    let info = zstd::encode_all(&tar.into_inner().unwrap()[..], 3).unwrap();
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(vec![]));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in [("metadata.json", b"{}".as_slice()), ("pkg-tool-1.0-h1_0.tar.zst", b"x"), ("info-tool-1.0-h1_0.tar.zst", &info)] {
        zip.start_file(name, stored).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn a_package_is_described_by_its_record_and_its_own_words() {
    let bytes = conda(br#"{ "summary": "Tools\nfor the gap", "home": ["https://example.org/"], "dev_url": "https://code.example.org" }"#);
    let artifact = packed("forge/label/dev", "linux-64", "tool-1!1.0-h1_0.conda", &bytes, &record("tool", "1!1.0", "h1_0", "linux-64"));
    let blobs = Memory(BTreeMap::from([(Digest::of(&bytes), bytes.clone())]));
    insta::assert_snapshot!("described", format!("{:#?}", Conda.describe(&artifact, &blobs).unwrap()));
    let absent = Conda.describe(&artifact, &Memory::default()).unwrap();
    assert_eq!((absent.summary, absent.dependencies.len()), (None, 2));
}

#[test]
fn archives_that_are_cut_or_strange_say_nothing() {
    let bytes = conda(br#"{ "summary": "s" }"#);
    let about = |bytes: &[u8]| {
        let read = info(Document::of(bytes.to_vec()).open(&Digest::of(bytes)).unwrap().unwrap(), "app-1-0.conda");
        read.map(|info| info.about).filter(|about| !about.is_empty())
    };
    assert!(about(&bytes).is_some());
    for length in 0..bytes.len() {
        assert!(about(&bytes[..length]).is_none(), "{length}");
    }
    for at in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 0xff;
        let _ = about(&flipped);
    }
    assert!(about(&conda(b"[]")).is_none() && about(&conda(&vec![b' '; 2 << 20])).is_none());
}

#[test]
fn editors_know_every_key() {
    let schema = serde_json::to_value(Conda.section_schema()).unwrap();
    let keys: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
    let readme = include_str!("README.md");
    for key in ["specs", "constraints", "exclude", "virtual-packages", "run-exports"] {
        assert!(keys.iter().any(|known| *known == key), "{key}: {keys:?}");
    }
    assert!(keys.iter().all(|key| readme.contains(&format!("`{key}`"))), "{keys:?}");
    assert_eq!(schema["properties"]["exclude"]["items"], json!({ "type": "string" }));
}

#[test]
fn client_snippets() {
    let shown = |mirror: &Mirror| {
        let all = Conda.client_config(mirror);
        all.iter().map(|s| format!("# {} in {}\n{}", s.client, s.place, s.text)).collect::<Vec<_>>().join("\n")
    };
    let plain = Mirror { base: "http://mirror.lan:8080".to_owned(), view: "latest".to_owned(), own_ca: false };
    let own_ca = Mirror { base: "https://mirror.lan:8443".to_owned(), view: "kit-3".to_owned(), own_ca: true };
    insta::assert_snapshot!("clients", format!("{}\n----\n{}", shown(&plain), shown(&own_ca)));
}
