//! Lists and lock files of other tools: nothing is solved.

use super::channel::{Package, Paths, package};
use super::{Outside, chosen, said};
use crate::origin::Origin;
use airlift::artifact::Learned;
use airlift::error::Kind;
use serde_json::json;

fn world() -> Vec<Package> {
    vec![
        package("noarch", "tool-1.0-0.conda", &["libfoo"]).with("patched", json!(true)),
        package("noarch", "tool-2.0-0.conda", &["libfoo"]),
        package("linux-64", "libfoo-1.0-h1_0.conda", &[]),
        package("linux-64", "libfoo-2.0-h1_0.conda", &[]),
    ]
}

fn served() -> Origin {
    Paths::default().sharded("main", &world()).serve()
}

fn hex<'a>(package: &'a Package, key: &str) -> &'a str {
    package.record[key].as_str().unwrap()
}

#[test]
fn an_explicit_list_is_taken_as_it_is_with_the_records_of_the_channel() {
    let (origin, outside, world) = (served(), Outside::new(), world());
    let (tool, libfoo) = (origin.url("/main/noarch/tool-1.0-0.conda"), origin.url("/main/linux-64/libfoo-1.0-h1_0.conda"));
    let text = format!(
        "# made by a tool\n# platform: linux-64\n\n@EXPLICIT\n{tool}#{}\n\n{libfoo}#sha256:{}\n",
        hex(&world[0], "md5"),
        hex(&world[2], "sha256")
    );
    outside.file("list.txt", &text);
    let outcome = outside.lock(&origin, "explicit = \"list.txt\"").unwrap();
    assert_eq!(chosen(&outcome), ["main/linux-64/libfoo 1.0-h1_0", "main/noarch/tool 1.0-0"]);
    let [libfoo, tool] = &outcome.lock.artifacts[..] else { panic!("two packages") };
    assert_eq!(tool.meta["record"], world[0].record, "what the channel corrected is carried");
    assert_eq!((libfoo.descriptors[0].learned, tool.descriptors[0].learned), (Learned::Pinned, Learned::Upstream));
}

#[test]
fn a_list_that_is_not_what_the_channel_has_is_refused() {
    let (origin, outside, world) = (served(), Outside::new(), world());
    let tool = origin.url("/main/noarch/tool-1.0-0.conda");
    let cases = [
        (format!("@EXPLICIT\n{tool}#{}\n", "0".repeat(32)), Kind::Verification, "other bytes than the list names"),
        (format!("@EXPLICIT\n{tool}#sha256:{}\n", "0".repeat(64)), Kind::Verification, "other bytes than the list names"),
        (format!("@EXPLICIT\n{tool}#zz\n"), Kind::Usage, "no digest"),
        (format!("{tool}#{}\n", hex(&world[0], "md5")), Kind::Usage, "@EXPLICIT"),
        ("@EXPLICIT\n".to_owned(), Kind::Usage, "lists nothing"),
        (format!("@EXPLICIT\n{}\n", origin.url("/main/noarch/gone-1.0-0.conda")), Kind::Verification, "does not list it"),
        (format!("@EXPLICIT\n{}\n", origin.url("/main/osx-64/tool-1.0-0.conda")), Kind::Usage, "another platform"),
        (format!("@EXPLICIT\n{}\n", origin.url("/main/tool-1.0-0.conda")), Kind::Usage, "not the address of a package"),
        (format!("@EXPLICIT\n{}\n", origin.url("/main/noarch/tool-1.0-0.zip")), Kind::Usage, "not the address of a package"),
        ("@EXPLICIT\nfile:///main/noarch/tool-1.0-0.conda\n".to_owned(), Kind::Usage, "serve the folder"),
        ("@EXPLICIT\nhttps://u:secret@example.org/main/noarch/tool-1.0-0.conda\n".to_owned(), Kind::Usage, "netrc"),
        ("@EXPLICIT\nhttps://example.org/t/secret/main/noarch/tool-1.0-0.conda\n".to_owned(), Kind::Usage, "netrc"),
    ];
    for (text, kind, words) in cases {
        outside.file("list.txt", &text);
        let refused = outside.refusal(&origin, "explicit = \"list.txt\"");
        assert_eq!(refused.kind(), kind, "{text} {}", said(&refused));
        assert!(said(&refused).contains(words), "{text} {}", said(&refused));
        assert!(!said(&refused).contains("secret"), "{}", said(&refused));
    }
}

fn conda_lock(origin: &Origin, sha256: &str, more: &str) -> String {
    let (tool, libfoo) = (origin.url("/main/noarch/tool-1.0-0.conda"), origin.url("/main/linux-64/libfoo-1.0-h1_0.conda"));
    let world = world();
    format!(
        "version: 1\nmetadata:\n  content_hash:\n    linux-64: 8b7df143d91c716ecfa5fc1730022f6b421b05cedee8fd52b1fc65a96030ad52\n  channels:\n\
         \x20 - url: {0}/main\n    used_env_vars: []\n  platforms:\n  - linux-64\n  sources:\n  - environment.yml\npackage:\n\
         - name: tool\n  version: '1.0'\n  manager: conda\n  platform: linux-64\n  dependencies:\n    libfoo: ''\n  url: {tool}\n  hash:\n    md5: {1}\n    sha256: {sha256}\n  category: main\n  optional: false\n\
         - name: libfoo\n  version: '1.0'\n  manager: conda\n  platform: linux-64\n  dependencies: {{}}\n  url: {libfoo}\n  hash:\n    md5: {2}\n    sha256: {3}\n  category: main\n  optional: false\n{more}",
        origin.address,
        hex(&world[0], "md5"),
        hex(&world[2], "md5"),
        hex(&world[2], "sha256"),
    )
}

#[test]
fn a_conda_lock_file_is_taken_as_it_is() {
    let (origin, outside, world) = (served(), Outside::new(), world());
    outside.file("conda-lock.yml", &conda_lock(&origin, hex(&world[0], "sha256"), ""));
    let outcome = outside.lock(&origin, "conda-lock = \"conda-lock.yml\"").unwrap();
    assert_eq!(chosen(&outcome), ["main/linux-64/libfoo 1.0-h1_0", "main/noarch/tool 1.0-0"]);
    assert_eq!(outcome.lock.artifacts[1].meta["record"], world[0].record);
    outside.file("conda-lock.yml", &conda_lock(&origin, &"0".repeat(64), ""));
    let refused = outside.refusal(&origin, "conda-lock = \"conda-lock.yml\"");
    assert_eq!(refused.kind(), Kind::Verification, "{}", said(&refused));
    let pip = "- name: wheelish\n  version: 1.0.0\n  manager: pip\n  platform: linux-64\n  dependencies: {}\n  url: https://example.org/wheelish-1.0.0-py3-none-any.whl\n  hash:\n    sha256: 3b5ad78b8bb61b6cdc0978a6a99f8dfb2cc789a451378d054698441005ecbdb6\n  category: main\n  optional: false\n";
    outside.file("conda-lock.yml", &conda_lock(&origin, hex(&world[0], "sha256"), pip));
    let refused = outside.refusal(&origin, "conda-lock = \"conda-lock.yml\"");
    assert_eq!(refused.kind(), Kind::Policy, "{}", said(&refused));
    assert!(said(&refused).contains("wheelish"), "{}", said(&refused));
}

fn pixi_lock(origin: &Origin, tool: &Package, more: &str) -> String {
    let (url, libfoo) = (origin.url(&format!("/main/noarch/{}", tool.file)), origin.url("/main/linux-64/libfoo-1.0-h1_0.conda"));
    let (world, main) = (world(), origin.url("/main/"));
    format!(
        "version: 6\nenvironments:\n  default:\n    channels:\n    - url: {main}\n    packages:\n      linux-64:\n      - conda: {url}\n      - conda: {libfoo}\n{more}\
         packages:\n- conda: {url}\n  sha256: {}\n  md5: {}\n  depends:\n  - libfoo\n  license: MIT\n  size: {}\n  timestamp: 1700000000000\n- conda: {libfoo}\n  sha256: {}\n  md5: {}\n  depends: []\n  size: {}\n",
        hex(tool, "sha256"),
        hex(tool, "md5"),
        tool.bytes.len(),
        hex(&world[2], "sha256"),
        hex(&world[2], "md5"),
        world[2].bytes.len(),
    )
}

#[test]
fn a_pixi_lock_is_taken_as_it_is_and_serves_for_what_its_channel_dropped() {
    let (origin, outside, world) = (served(), Outside::new(), world());
    outside.file("pixi.lock", &pixi_lock(&origin, &world[0], ""));
    let outcome = outside.lock(&origin, "pixi-lock = \"pixi.lock\"").unwrap();
    assert_eq!(chosen(&outcome), ["main/linux-64/libfoo 1.0-h1_0", "main/noarch/tool 1.0-0"]);
    assert_eq!(outcome.lock.artifacts[1].meta["record"], world[0].record);
    assert!(outcome.sections[0].notes.is_empty(), "{:?}", outcome.sections[0].notes);
    let dropped = package("noarch", "tool-0.9-0.conda", &["libfoo"]);
    outside.file("pixi.lock", &pixi_lock(&origin, &dropped, ""));
    let outcome = outside.lock(&origin, "pixi-lock = \"pixi.lock\"").unwrap();
    assert_eq!(chosen(&outcome), ["main/linux-64/libfoo 1.0-h1_0", "main/noarch/tool 0.9-0"]);
    assert_eq!(outcome.lock.artifacts[1].meta["record"]["depends"], json!(["libfoo"]));
    assert!(outcome.sections[0].notes.iter().any(|note| note.contains("tool-0.9-0.conda")), "{:?}", outcome.sections[0].notes);
}

#[test]
fn a_pixi_lock_for_other_machines_or_environments_is_refused() {
    let (origin, world) = (served(), world());
    let outside = Outside::new().targets("[targets.arm]\nplatform = \"linux-aarch64\"\n");
    outside.file("pixi.lock", &pixi_lock(&origin, &world[0], ""));
    let refused = outside.refusal(&origin, "pixi-lock = \"pixi.lock\"");
    assert!(refused.kind() == Kind::Usage && said(&refused).contains("linux-aarch64"), "{}", said(&refused));
    let outside = Outside::new();
    outside.file("pixi.lock", &pixi_lock(&origin, &world[0], ""));
    let refused = outside.refusal(&origin, "pixi-lock = \"pixi.lock\"\nenvironments = [\"test\"]");
    assert!(refused.kind() == Kind::Usage && said(&refused).contains("default"), "{}", said(&refused));
    for (text, words) in [("", "lock file"), ("version: 99\n", "lock file"), ("{}{}", "lock file"), ("\u{0}", "lock file")] {
        outside.file("pixi.lock", text);
        let refused = outside.refusal(&origin, "pixi-lock = \"pixi.lock\"");
        assert!(refused.kind() == Kind::Usage && said(&refused).contains(words), "{}", said(&refused));
    }
}

#[test]
fn requirements_that_nothing_in_a_list_meets_are_told() {
    let mut world = world();
    world.push(package("noarch", "strict-1.0-0.conda", &["libfoo >=2", "__glibc >=2.17", "gone"]));
    let (origin, outside) = (Paths::default().sharded("main", &world).serve(), Outside::new());
    let list = |files: &[&str]| {
        let lines: Vec<String> = files.iter().map(|file| origin.url(&format!("/main/{file}"))).collect();
        outside.file("list.txt", &format!("@EXPLICIT\n{}\n", lines.join("\n")));
        outside.lock(&origin, "explicit = \"list.txt\"").unwrap().sections[0].notes.clone()
    };
    assert_eq!(list(&["noarch/tool-1.0-0.conda", "linux-64/libfoo-1.0-h1_0.conda"]), [""; 0]);
    let one = "1 requirement is met by nothing in the list: tool-1.0-0.conda needs libfoo";
    assert_eq!(list(&["noarch/tool-1.0-0.conda"]), [one]);
    let two = "2 requirements are met by nothing in the list: strict-1.0-0.conda needs gone, strict-1.0-0.conda needs libfoo >=2";
    assert_eq!(list(&["noarch/strict-1.0-0.conda", "linux-64/libfoo-1.0-h1_0.conda"]), [two]);
}

#[test]
fn what_is_wrong_in_a_list_names_it() {
    let (origin, outside) = (served(), Outside::new());
    for file in ["noarch/gone-1.0-0.conda", "osx-64/tool-1.0-0.conda", "tool-1.0-0.conda", "noarch/tool-1.0-0.conda#sha256:"] {
        let zeros = if file.ends_with(':') { "0".repeat(64) } else { String::new() };
        outside.file("list.txt", &format!("@EXPLICIT\n{}{zeros}\n", origin.url(&format!("/main/{file}"))));
        let refused = outside.refusal(&origin, "explicit = \"list.txt\"");
        assert!(refused.message().contains("list.txt: "), "{}", said(&refused));
    }
}
