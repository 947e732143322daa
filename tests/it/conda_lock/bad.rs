//! Channels that are broken or hostile, and sections that cannot be had: a clear refusal, and nothing half done.

use super::channel::{Package, Paths, pack_map, pack_text, package, repodata, shard_list, shards, zst};
use super::{Outside, chosen, said};
use crate::origin::Reply;
use airlift::artifact::Digest;
use airlift::error::Kind;
use airlift::upstream::{Credential, Credentials, Settings};
use serde_json::json;

const SECTION: &str = "channels = [\"main\"]\nspecs = [\"tool\"]";

fn tool() -> Vec<Package> {
    vec![package("noarch", "tool-1.0-0.conda", &[])]
}

#[track_caller]
fn refused(paths: &Paths, section: &str, kind: Kind, words: &[&str]) {
    let (origin, outside) = (paths.serve(), Outside::new());
    let refused = outside.refusal(&origin, section);
    assert_eq!(refused.kind(), kind, "{}", said(&refused));
    for word in words {
        assert!(said(&refused).contains(word), "{word}: {}", said(&refused));
    }
}

#[test]
fn what_is_no_channel_is_said_to_be_none() {
    refused(&Paths::default(), SECTION, Kind::Upstream, &["there is no channel at this address", "noarch/repodata.json"]);
    let mut paths = Paths::default();
    paths.0.insert("/main/noarch/repodata.json".to_owned(), vec![Reply::Status(401, "")]);
    refused(&paths, SECTION, Kind::Upstream, &["401", "netrc"]);
    paths.0.insert("/main/noarch/repodata.json".to_owned(), vec![Reply::Status(503, "")]);
    refused(&paths, SECTION, Kind::Upstream, &["503", "3 times"]);
}

#[test]
fn a_channel_without_the_platform_is_one_for_all_platforms() {
    let mut paths = Paths::default();
    let (origin, outside) = (paths.plain("main", &tool()).serve(), Outside::new());
    assert_eq!(chosen(&outside.lock(&origin, SECTION).unwrap()), ["main/noarch/tool 1.0-0"]);
}

#[test]
fn broken_indexes_are_refused() {
    let whole = repodata("noarch", &tool()).to_string();
    let doubled = whole.replace("\"packages.conda\":{", "\"packages.conda\":{\"tool-1.0-0.conda\":{},");
    let other = repodata("linux-64", &[]).to_string();
    let deep = format!("{{\"packages\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let cases: Vec<(Vec<u8>, &[&str])> = vec![
        (b"<!DOCTYPE html><html>Sign in</html>".to_vec(), &["not an index of a channel", "<!DOCTYPE html>"]),
        (vec![], &["not an index of a channel"]),
        (b"{}".to_vec(), &["neither `packages` nor `packages.conda`"]),
        (b"[]".to_vec(), &["not an index of a channel"]),
        (whole.as_bytes()[..whole.len() / 2].to_vec(), &["not an index of a channel"]),
        (format!("{whole}x").into_bytes(), &["not an index of a channel"]),
        (doubled.into_bytes(), &["lists tool-1.0-0.conda twice"]),
        (whole.replace("\"removed\"", "\"packages\":{},\"removed\"").into_bytes(), &["a part stands twice"]),
        (other.into_bytes(), &["another platform"]),
        (deep.into_bytes(), &["not an index of a channel"]),
        (b"{\"packages\":{\"\xff\xfe-1-0.conda\":{}}}".to_vec(), &["not an index of a channel"]),
        (
            whole.replace("\"subdir\":\"noarch\"},", "\"subdir\":\"noarch\",\"base_url\":\"file:///etc/\"},").into_bytes(),
            &["sends elsewhere"],
        ),
        (whole.replace("\"info\":{", "\"info\":{\"base_url\":\"http://u:p@h/\",").into_bytes(), &["sends elsewhere", "login"]),
    ];
    for (bytes, words) in cases {
        let mut paths = Paths::default();
        refused(paths.set("/main/noarch/repodata.json", bytes.clone()), SECTION, Kind::Verification, words);
        let mut paths = Paths::default();
        refused(paths.set("/main/noarch/repodata.json.zst", zst(&bytes)), SECTION, Kind::Verification, words);
    }
}

#[test]
fn forms_of_the_future_are_refused_aloud() {
    let (name, shard) = shards("noarch", &tool()).pop_first().unwrap();
    let mut list = shard_list("noarch", "./", "./shards/", &[(name, Digest::of(&shard))]);
    // Behind the head of the map: a text of seven letters, then the number 1 in nine bytes.
    let at = 5 + 5 + "version".len() + 8;
    assert_eq!(list[at], 1);
    list[at] = 2;
    let mut paths = Paths::default();
    refused(
        paths.set("/main/noarch/repodata_shards.msgpack.zst", zst(&list)),
        SECTION,
        Kind::Verification,
        &["version 2", "newer airlift"],
    );
    let mut index = repodata("noarch", &tool());
    index["repodata_version"] = json!(3);
    let mut paths = Paths::default();
    refused(
        paths.set("/main/noarch/repodata.json", index.to_string().into_bytes()),
        SECTION,
        Kind::Verification,
        &["version 3", "newer airlift"],
    );
    for known in [json!(1), json!(2), json!(null)] {
        index["repodata_version"] = known;
        let mut paths = Paths::default();
        let origin = paths.set("/main/noarch/repodata.json", index.to_string().into_bytes()).serve();
        assert_eq!(chosen(&Outside::new().lock(&origin, SECTION).unwrap()), ["main/noarch/tool 1.0-0"]);
    }
}

#[test]
fn one_strange_name_does_not_spoil_an_index() {
    let text = repodata("noarch", &tool()).to_string();
    let strange = text.replace("\"packages.conda\":{", "\"packages.conda\":{\"t\\u00f6\\ud83d\\ude80ol-9.0-0.conda\":{\"x\":[1]},");
    assert_ne!(text, strange);
    let mut paths = Paths::default();
    let origin = paths.set("/main/noarch/repodata.json", strange.into_bytes()).serve();
    assert_eq!(chosen(&Outside::new().lock(&origin, SECTION).unwrap()), ["main/noarch/tool 1.0-0"]);
}

#[test]
fn check_sums_in_capitals_are_the_same() {
    let tool = tool().remove(0);
    let loud = ["md5", "sha256"].iter().fold(tool.clone(), |package, key| {
        let hex = tool.record[*key].as_str().unwrap().to_ascii_uppercase();
        package.with(key, json!(hex))
    });
    let mut paths = Paths::default();
    let origin = paths.plain("main", &[loud]).serve();
    assert_eq!(chosen(&Outside::new().lock(&origin, SECTION).unwrap()), ["main/noarch/tool 1.0-0"]);
}

#[test]
fn bombs_are_refused() {
    let mut paths = Paths::default();
    refused(paths.set("/main/noarch/repodata.json.zst", b"<html>".to_vec()), SECTION, Kind::Verification, &["zstd", "<html>"]);
    // A frame that asks for a window of 2 GiB (RFC 8878, section 3.1.1.1.2).
    let window = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x01, 0x00, 0x00];
    refused(paths.set("/main/noarch/repodata.json.zst", window.to_vec()), SECTION, Kind::Verification, &["zstd"]);
    let mut paths = Paths::default();
    let zeros = zst(&vec![0; 300 << 20]);
    assert!(zeros.len() < 1 << 20);
    refused(paths.set("/main/noarch/repodata_shards.msgpack.zst", zeros), SECTION, Kind::Verification, &["too long"]);
    let mut paths = Paths::default();
    let announced = vec![Reply::Announce(1 << 40, b"{".to_vec())];
    paths.0.insert("/main/noarch/repodata.json".to_owned(), announced);
    refused(&paths, SECTION, Kind::Upstream, &["broke off"]);
}

#[test]
fn broken_lists_of_shards_are_refused() {
    let (name, shard) = shards("noarch", &tool()).pop_first().unwrap();
    let digest = Digest::of(&shard);
    let listed = [(name.clone(), digest)];
    let list = |base: &str, shards: &str| shard_list("noarch", base, shards, &listed);
    let mut deep = vec![0x81];
    pack_text(&mut deep, "info");
    deep.extend(vec![0x91; 100_000]);
    let mut long = Vec::new();
    pack_map(&mut long, usize::try_from(u32::MAX).unwrap());
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (b"{}".to_vec(), "not a list of shards"),
        (vec![], "not a list of shards"),
        (deep, "not a list of shards"),
        (long, "not a list of shards"),
        (list("./", "./shards/")[..60].to_vec(), "not a list of shards"),
        (shard_list("noarch", "./", "./", &[(name.clone(), digest), (name.clone(), digest)]), "stands twice"),
        (shard_list("linux-64", "./", "./", &listed), "another platform"),
        (list("./", "file:///etc/"), "sends elsewhere"),
        (list("ftp://x/", "./shards/"), "sends elsewhere"),
    ];
    for (bytes, words) in cases {
        let mut paths = Paths::default();
        refused(paths.set("/main/noarch/repodata_shards.msgpack.zst", zst(&bytes)), SECTION, Kind::Verification, &[words]);
    }
}

#[test]
fn a_shard_is_what_its_list_names_or_nothing() {
    let place = |digest: &Digest| format!("/main/noarch/shards/{}.msgpack.zst", digest.hex());
    let with = |bytes: Vec<u8>, digest: Digest, words: &[&str]| {
        let mut paths = Paths::default();
        let list = shard_list("noarch", "./", "./shards/", &[("tool".to_owned(), digest)]);
        paths.set("/main/noarch/repodata_shards.msgpack.zst", zst(&list)).set(&place(&digest), bytes);
        refused(&paths, SECTION, Kind::Verification, words);
    };
    let (_, shard) = shards("noarch", &tool()).pop_first().unwrap();
    with(shard, Digest::of(b"other"), &["not the one its index names", "sha256:"]);
    for broken in [vec![], b"no frame".to_vec(), zst(b""), zst(&[0x91; 5000]), zst(&[0xdf, 0xff, 0xff, 0xff, 0xff]), zst(&[0x01])] {
        with(broken.clone(), Digest::of(&broken), &["/shards/"]);
    }
    let bomb = zst(&vec![0xc0; 200 << 20]);
    with(bomb.clone(), Digest::of(&bomb), &["too long"]);
}

/// Entries that cannot be used are passed over, and it is said.
#[test]
fn hostile_entries_are_never_chosen() {
    let good = package("noarch", "tool-1.0-0.conda", &[]);
    let cases: Vec<(Package, &str)> = vec![
        (package("noarch", "tool-9.0-0.conda", &[]).with("name", json!("other")), "its record is that of other-9.0-0"),
        (package("noarch", "tool-9.0-0.conda", &[]).with("version", json!("8.0")), "its record is that of tool-8.0-0"),
        (package("noarch", "tool-9.0-0.conda", &[]).with("subdir", json!("linux-64")), "its record is for linux-64"),
        (package("noarch", "tool-9.0-0.conda", &[]).with("size", json!(0)), "its size cannot be"),
        (package("noarch", "tool-9.0-0.conda", &[]).with("size", json!(1_u64 << 62)), "its size cannot be"),
        (package("noarch", "tool-9.0-0.conda", &[]).with("depends", json!("x")), "cannot be read"),
        (package("noarch", "tool-9.0-0.conda", &[]).with("build_number", json!(-1)), "cannot be read"),
        (package("noarch", "tool-9.0-0.conda", &[]).with("version", json!("")), "cannot be read"),
        (package("noarch", "tool-9.0-0.conda", &[]).with("sha256", json!("xyz")), "cannot be read"),
        (package("noarch", "tool-9.0-0.conda", &["x[when=\"y[when='z']\"]"]), "none a solver takes"),
        (package("noarch", "tool-9.0-../../0.conda", &[]), "none of an archive"),
        (package("noarch", "tool-9.0-0%2f.conda", &[]), "none of an archive"),
        (package("noarch", "tool-9.0-0.conda", &[]).with("depends", json!(vec!["a"; 6000])), "requires too much"),
    ];
    for (bad, words) in cases {
        let whole = repodata("noarch", &[good.clone(), bad.clone()]).to_string();
        let mut paths = Paths::default();
        let (origin, outside) = (paths.set("/main/noarch/repodata.json", whole.into_bytes()).serve(), Outside::new());
        let outcome = outside.lock(&origin, SECTION).unwrap_or_else(|e| panic!("{words}: {}", said(&e)));
        assert_eq!(chosen(&outcome), ["main/noarch/tool 1.0-0"], "{words}");
        assert!(outcome.sections[0].notes.iter().any(|note| note.contains(words)), "{words}: {:?}", outcome.sections[0].notes);
        let alone = repodata("noarch", &[bad]).to_string();
        let mut paths = Paths::default();
        refused(paths.set("/main/noarch/repodata.json", alone.into_bytes()), SECTION, Kind::Usage, &["passed over"]);
    }
}

#[test]
fn names_that_are_patterns_never_reach_the_solver() {
    for requirement in ["*", "^x$", "x*", "", "[", "a b c d e", "python[version='", "\u{202e}x"] {
        let bad = package("noarch", "tool-9.0-0.conda", &[requirement]);
        let mut paths = Paths::default();
        let (origin, outside) = (paths.plain("main", &[bad, tool().remove(0)]).serve(), Outside::new());
        let outcome = outside.lock(&origin, SECTION).unwrap_or_else(|e| panic!("{requirement}: {}", said(&e)));
        assert_eq!(chosen(&outcome), ["main/noarch/tool 1.0-0"], "{requirement}");
    }
}

#[test]
fn removed_and_newer_entries_are_not_chosen() {
    let mut index = repodata("noarch", &[tool().remove(0), package("noarch", "tool-2.0-0.conda", &[])]);
    index["removed"] = json!(["tool-2.0-0.conda"]);
    index["v3"] = json!({"conda": {"tool-3.0-0": package("noarch", "tool-3.0-0.conda", &[]).record}, "whl": {"x": 1}});
    let mut paths = Paths::default();
    let (origin, outside) = (paths.set("/main/noarch/repodata.json", index.to_string().into_bytes()).serve(), Outside::new());
    let outcome = outside.lock(&origin, SECTION).unwrap();
    assert_eq!(chosen(&outcome), ["main/noarch/tool 1.0-0"]);
    assert!(
        outcome.sections[0].notes.iter().any(|n| n.contains("tool-3.0-0.conda") && n.contains("version 3")),
        "{:?}",
        outcome.sections[0].notes
    );
}

#[test]
fn a_record_that_no_lock_can_hold_loses_what_is_not_needed_or_is_refused() {
    let odd = tool().remove(0).with("weight", json!(1.5)).with("note", json!("\u{1b}[2J"));
    let mut paths = Paths::default();
    let (origin, outside) = (paths.plain("main", &[odd]).serve(), Outside::new());
    let outcome = outside.lock(&origin, SECTION).unwrap();
    let record = &outcome.lock.artifacts[0].meta["record"];
    assert!(record.get("weight").is_none() && record.get("note").is_none(), "{record}");
    let text = repodata("noarch", &tool()).to_string().replace("\"license\":\"MIT\"", "\"license\":\"MIT\",\"x\":1,\"x\":2");
    let mut paths = Paths::default();
    refused(paths.set("/main/noarch/repodata.json", text.into_bytes()), SECTION, Kind::Verification, &["strict JSON"]);
}

#[test]
fn what_cannot_be_satisfied_is_explained_by_the_solver() {
    let packages = [
        package("linux-64", "tool-1.0-0.conda", &["libfoo >=2"]),
        package("linux-64", "libfoo-2.0-0.conda", &["__glibc >=2.34"]),
        package("linux-64", "gpu-1.0-0.conda", &["__cuda >=12"]),
        package("noarch", "app-1.0-0.conda", &["dep >=2"]),
        package("noarch", "dep-2.0-0.conda", &[]),
    ];
    let mut paths = Paths::default();
    paths.plain("main", &packages);
    refused(&paths, SECTION, Kind::Usage, &["target box", "libfoo >=2", "__glibc >=2.34", "linux-64 with", "__glibc=2.28=0"]);
    refused(&paths, "channels = [\"main\"]\nspecs = [\"gpu\"]", Kind::Usage, &["__cuda >=12"]);
    refused(&paths, "channels = [\"main\"]\nspecs = [\"nowhere\"]", Kind::Usage, &["nowhere"]);
    refused(&paths, "channels = [\"main\"]\nspecs = [\"app\"]\nconstraints = [\"dep <2\"]", Kind::Usage, &["dep <2"]);
}

#[test]
fn sections_that_make_no_sense_are_refused_before_the_network_is_asked() {
    let cases = [
        ("", "asks for nothing"),
        ("specs = [\"x\"]", "no channel is named"),
        ("channels = [\"main\"]\nspecs = [\"x\"]\nexplicit = \"l\"", "exclude each other"),
        ("channels = [\"main\"]\nexplicit = \"l\"\npriority = \"flexible\"", "decided already"),
        ("channels = [\"main\"]\nspecs = [\"x\"]\nenvironments = [\"a\"]", "belongs to `pixi-lock`"),
        ("channels = [\"main\"]\nspecs = [\"x ==\"]", "this spec is not taken"),
        ("channels = [\"main\"]\nspecs = [\"x*\"]", "this spec is not taken"),
        ("channels = [\"main\"]\nspecs = [\"__cuda >=12\"]", "virtual-packages"),
        ("channels = [\"main\"]\nspecs = [\"https://h/c/noarch/x-1-0.conda\"]", "@EXPLICIT"),
        ("channels = [\"main\"]\nspecs = [\"other::x\"]", "add it to `channels`"),
        ("channels = [\"main\"]\nspecs = [\"main/linux-aarch64::x\"]", "another platform"),
        ("channels = [\"https://h/t/secret-token/main\"]\nspecs = [\"x\"]", "bearer token"),
        ("channels = [\"https://h/conda/latest/t/secret-token/main\"]\nspecs = [\"x\"]", "bearer token"),
        ("channels = [{ name = \"t/x\", url = \"https://h/x\" }]\nspecs = [\"x\"]", "name of a channel is refused"),
        ("channels = [\"https://me:secret-token@h/main\"]\nspecs = [\"x\"]", "netrc"),
        ("channels = [\"https://h/main?token=secret-token\"]\nspecs = [\"x\"]", "no query"),
        ("channels = [\"https://h/main/linux-64\"]\nspecs = [\"x\"]", "without its platform"),
        ("channels = [\"file:///srv/channel\"]\nspecs = [\"x\"]", "serve the folder"),
        ("channels = [\"./channel\"]\nspecs = [\"x\"]", "serve the folder"),
        ("channels = [\"../main\"]\nspecs = [\"x\"]", "serve the folder"),
        ("channels = [\"ftp://h/main\"]\nspecs = [\"x\"]", "scheme"),
        ("channels = [\"main/noarch\"]\nspecs = [\"x\"]", "this is no channel"),
        ("channels = [{ name = \"a/../b\", url = \"https://h/x\" }]\nspecs = [\"x\"]", "name of a channel is refused"),
        ("channels = [\"https://a/x\", \"https://b/x\"]\nspecs = [\"x\"]", "two channels would be served as x"),
        ("channels = [\"main\"]\nspecs = [\"x\"]\nvirtual-packages = { cuda = \"12\" }", "begins with `__`"),
        ("channels = [\"main\"]\nspecs = [\"x\"]\nvirtual-packages = { __cuda = \"a b\" }", "not understood"),
        ("channels = [\"main\"]\nspecs = [\"x\"]\nexclude-newer = \"yesterday\"", "not an instant"),
        ("channels = [\"main\"]\nspecs = [\"x\"]\ntargets = [\"bix\"]", "did you mean box"),
        ("channels = [\"main\"]\nenvironment = \"absent.yml\"", "cannot be read"),
        ("chanels = [\"main\"]", "did you mean `channels`"),
    ];
    let mut paths = Paths::default();
    let origin = paths.plain("main", &tool()).serve();
    for (section, words) in cases {
        let refused = Outside::new().refusal(&origin, section);
        assert_eq!(refused.kind(), Kind::Usage, "{section}: {}", said(&refused));
        assert!(said(&refused).contains(words), "{section}: {}", said(&refused));
        assert!(!said(&refused).contains("secret-token"), "{section}: {}", said(&refused));
    }
    assert!(origin.seen().iter().all(|seen| seen.path.contains("/main/")), "{:?}", origin.seen());
}

#[test]
fn credentials_go_to_their_own_origin_only() {
    let elsewhere = Paths::default().archives("files", &tool()).serve();
    let (name, shard) = shards("noarch", &tool()).pop_first().unwrap();
    let digest = Digest::of(&shard);
    let mut paths = Paths::default();
    let list = shard_list("noarch", &elsewhere.url("/files/noarch/"), "./s/", &[(name, digest)]);
    paths.set("/main/noarch/repodata_shards.msgpack.zst", zst(&list)).set(&format!("/main/noarch/s/{}.msgpack.zst", digest.hex()), shard);
    let origin = paths.serve();
    let mut credentials = Credentials::default();
    credentials.insert(&origin.address.parse().unwrap(), Credential::Bearer("token".to_owned()));
    let outside = Outside::with(Settings { credentials, ..Settings::default() });
    let outcome = outside.lock(&origin, SECTION).unwrap();
    assert_eq!(outcome.lock.artifacts[0].descriptors[0].origins, [elsewhere.url("/files/noarch/tool-1.0-0.conda")]);
    outside.fetch(outcome.lock).unwrap();
    assert!(origin.seen().iter().all(|seen| seen.headers.get("authorization").is_some_and(|value| value == "Bearer token")));
    assert!(elsewhere.seen().iter().all(|seen| !seen.headers.contains_key("authorization")) && !elsewhere.seen().is_empty());
}

#[test]
fn a_damaged_cache_is_not_believed() {
    let mut paths = Paths::default();
    let (origin, outside) = (paths.sharded("main", &tool()).serve(), Outside::new());
    let first = outside.lock(&origin, SECTION).unwrap();
    let folder = outside.folder.path().join("cache/conda/shards");
    for entry in std::fs::read_dir(&folder).unwrap() {
        std::fs::write(entry.unwrap().path(), b"damaged").unwrap();
    }
    assert_eq!(outside.lock(&origin, SECTION).unwrap().lock.to_bytes(), first.lock.to_bytes());
}

#[test]
fn plain_http_is_asked_of_this_machine_and_where_allowed_only() {
    let outside = Outside::new();
    outside.file("list.txt", "@EXPLICIT\nhttp://a.invalid/main/noarch/tool-1.0-0.conda\n");
    outside.file("environment.yml", "channels: [\"http://a.invalid/main\"]\ndependencies: [tool]\n");
    let cases = [
        "channels = [\"http://a.invalid/main\"]\nspecs = [\"tool\"]",
        "channels = [{ name = \"main\", url = \"http://a.invalid/main\" }]\nspecs = [\"tool\"]",
        "channel-alias = \"http://a.invalid\"\nchannels = [\"main\"]\nspecs = [\"tool\"]",
        "explicit = \"list.txt\"",
        "environment = \"environment.yml\"",
    ];
    for section in cases {
        let lock = |more: &str| outside.lock_all(&format!("[conda.c]\n{section}\n{more}")).map(drop).expect_err(section);
        let error = lock("");
        assert!(error.kind() == Kind::Usage && said(&error).contains("would be asked over plain HTTP"), "{section}: {}", said(&error));
        assert!(said(&error).contains("plain-http = [\\\"a.invalid\\\"]"), "{}", said(&error));
        assert_eq!(lock("plain-http = [\"a.invalid\"]").kind(), Kind::Upstream, "{section}");
        assert_eq!(lock("plain-http = [\"a.invalid:80\"]").kind(), Kind::Upstream, "{section}");
        assert_eq!(lock("plain-http = [\"a.invalid:8080\"]").kind(), Kind::Usage, "{section}");
    }
    let by_option = Outside::with(Settings { plain_http: vec!["a.invalid".to_owned()], ..Settings::default() });
    assert_eq!(by_option.lock_all(&format!("[conda.c]\n{}\n", cases[0])).map(drop).expect_err("absent").kind(), Kind::Upstream);
    // An index on this machine cannot lead elsewhere.
    let whole = repodata("noarch", &tool()).to_string().replace("\"info\":{", "\"info\":{\"base_url\":\"http://a.invalid/\",");
    let mut paths = Paths::default();
    paths.set("/main/noarch/repodata.json", whole.into_bytes());
    refused(&paths, SECTION, Kind::Verification, &["sends elsewhere", "protection"]);
}

#[test]
fn digests_that_no_index_told_are_counted() {
    let bare = package("noarch", "bare-1.0-0.conda", &[]).with("sha256", json!(null)).with("md5", json!(null));
    let old = package("noarch", "old-1.0-0.conda", &["bare"]).with("sha256", json!(null));
    let tool = package("noarch", "tool-1.0-0.conda", &["old"]);
    let mut paths = Paths::default();
    let (origin, outside) = (paths.plain("main", &[bare, old, tool]).serve(), Outside::new());
    let notes = outside.lock(&origin, SECTION).unwrap().sections[0].notes.clone();
    let hashed =
        "no index tells the SHA-256 of 2 packages, downloaded and hashed: main/noarch/bare-1.0-0.conda, main/noarch/old-1.0-0.conda";
    assert_eq!(notes, [hashed, "no index tells any digest of 1 package, what came is taken as it is: main/noarch/bare-1.0-0.conda"]);
}
