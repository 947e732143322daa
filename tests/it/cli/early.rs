//! What can be known at the start is told at the start, before anything is asked, fetched or written.

use super::{SIGNED, manifest, origin, packed, receiver, refusal, sign_in};
use crate::host::{Host, arg};
use crate::origin::Origin;

const GUIDE: [(&str, &[u8]); 1] = [("/guide.txt", b"read me first\n")];

/// A host with a manifest, nothing locked.
fn unlocked() -> (Host, Origin) {
    let (host, origin) = (Host::new(), origin(&GUIDE));
    host.write("kit.toml", manifest(&origin, &GUIDE));
    (host, origin)
}

/// Nothing was locked, fetched or packed.
fn untouched(host: &Host, origin: &Origin) {
    assert!(!host.path("kit.lock").exists() && !host.path("out").exists(), "something was written");
    assert!(origin.gets("/guide.txt").is_empty(), "the upstream was asked");
}

#[test]
fn a_key_that_cannot_sign_is_refused_before_anything_is_locked() {
    let (host, origin) = unlocked();
    let key = |name: &'static str| ["--key", name, "--allow-plain-key"];
    let build = |name| [&["build", "kit.toml", "--out", "out"], &key(name)[..]].concat();
    let up = |name| [&["up", "kit.toml", "--no-serve", "--out", "out"], &key(name)[..]].concat();
    host.ok(&["key", "generate", "stranger", "--no-passphrase"]);
    for command in [build("stranger"), up("stranger")] {
        host.fails(4, &command, &["trusts nobody yet"]);
    }
    sign_in(&host);
    for command in [build("stranger"), up("stranger")] {
        host.fails(2, &command, &["the trust root does not know this key", "airlift trust init"]);
    }
    host.fails(2, &build("nokey"), &["nokey"]);
    host.fails(2, &["up", "kit.toml", "--no-serve", "--out", "out"], &["the trust root does not know this key"]);
    untouched(&host, &origin);
    host.ok(&build("alice"));
}

#[test]
fn a_lock_of_another_manifest_is_not_used() {
    let (host, origin) = unlocked();
    sign_in(&host);
    host.ok(&["lock", "kit.toml"]);
    let build = [&["build", "kit.toml", "--locked", "--out", "out"], &SIGNED[..]].concat();
    host.write("kit.toml", format!("# reviewed\n{}", manifest(&origin, &GUIDE)));
    host.fails(2, &build, &["kit.toml: the manifest has changed since it was locked", "expected", "found", "airlift lock"]);
    assert!(!host.path("out").exists());
    host.ok(&["lock", "kit.toml"]);
    host.ok(&build);
}

#[test]
fn a_place_that_cannot_take_the_lock_is_refused_before_resolving() {
    let (host, origin) = unlocked();
    host.fails(2, &["lock", "kit.toml", "-o", "nowhere/kit.lock"], &["nowhere: there is no such folder"]);
    host.fails(2, &["lock", "kit.toml", "-o", "."], &["is a folder"]);
    host.fails(2, &["lock", "."], &["is a folder"]);
    untouched(&host, &origin);
}

#[test]
fn numbers_and_times_that_make_no_sense_are_2() {
    let (host, origin) = unlocked();
    for option in ["--parallel", "--attempts", "--timeout"] {
        host.fails(2, &["lock", "kit.toml", option, "0"], &[option, "0"]);
    }
    for (value, code) in [("abc", 2), ("1e9", 2), ("99999999999999999", 2), ("1700000000", 0), ("", 0)] {
        let ran = host.command(&["lock", "kit.toml"]).env("SOURCE_DATE_EPOCH", value).output().expect("airlift runs");
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert!(ran.status.code() == Some(code) && (code == 0 || said.contains("SOURCE_DATE_EPOCH")), "{value}: {said}");
    }
    drop(origin);
}

#[test]
fn a_netrc_is_found_where_it_is_named() {
    let files: [(&str, &[u8]); 1] = [("/f", b"secret\n")];
    let (host, origin) = (Host::new(), origin(&files));
    host.write("kit.toml", manifest(&origin, &files));
    host.write("logins", "machine 127.0.0.1 login alice password token\n");
    let ran = host.command(&["lock", "kit.toml"]).env("NETRC", "logins").output().expect("airlift runs");
    assert_eq!(ran.status.code(), Some(0), "{}", String::from_utf8_lossy(&ran.stderr));
    let asked = origin.seen();
    assert!(asked.iter().any(|r| r.headers.get("authorization").is_some_and(|a| a.starts_with("Basic "))), "it was not used");
}

#[test]
fn a_command_line_that_cannot_be_read_is_json_when_asked() {
    let host = Host::new();
    for (args, words) in [
        (&["--json", "lock"][..], &["<MANIFEST>", "not provided"][..]),
        (&["--json", "bogus"], &["bogus"]),
        (&["status", "--frobnicate", "--json"], &["--frobnicate"]),
        (&["--json"], &["no command", "--help"]),
        (&["--json", "stauts"], &["stauts", "status"]),
    ] {
        let ran = host.run(args);
        let error = refusal(&ran);
        assert_eq!((ran.code, &error["kind"], ran.err.lines().count()), (Some(2), &"usage".into(), 1), "{ran:?}");
        assert!(words.iter().all(|word| error.to_string().contains(word)), "{error}");
    }
    assert!(host.run(&["pack", "--", "--json"]).err.starts_with("error: "), "what comes after -- is no option");
    assert!(host.ok(&["--json", "--help"]).out.contains("Usage:"));
}

#[test]
fn a_dry_run_makes_no_store_and_says_everything_in_one_document() {
    let (sender, _origin) = packed(&GUIDE);
    sender.ok(&[&["pack", "kit.lock", "--out", "out", "--created", "2026-01-01T00:00:00Z"], &SIGNED[..]].concat());
    let medium = sender.path("out");
    let naive = Host::new();
    naive.fails(3, &["import", "--dry-run", arg(&medium)], &["there is no store"]);
    assert!(!naive.store().exists(), "a dry run made a store");
    let inside = receiver(&sender);
    let told = inside.json(&["import", "--dry-run", arg(&medium)]);
    assert_eq!(told.len(), 1, "{told:?}");
    let orders: Vec<_> = told[0].as_array().expect("a list").iter().map(|one| one["order"].clone()).collect();
    assert_eq!(orders, ["first", "next"], "each is judged as if the ones before it were here");
    inside.ok(&["import", arg(&sender.path("out/kit-2.airlift"))]);
    assert_eq!(inside.json(&["import", "--dry-run", arg(&sender.path("out/kit-2.airlift"))])[0][0]["order"], "replay");
}

#[test]
fn addresses_that_break_a_configuration_are_refused() {
    let host = Host::new();
    for mirror in ["notaurl", "http://a b\"c", "ftp://a", "https://", "http://a/?x", "http://u:p@a", "http://a/'"] {
        host.fails(2, &["client", "--mirror", mirror], &["--mirror", "https://mirror.lan:8443"]);
    }
    for view in ["../x", "a b", "", ".", "A"] {
        host.fails(2, &["client", &format!("--view={view}")], &["--view"]);
    }
    let shown = host.ok(&["client", "pip", "--mirror", "https://[::1]:8443/mirror/", "--view", "kit@edge-2"]).out;
    assert!(shown.contains("https://[::1]:8443/mirror/python/kit@edge-2/simple/"), "{shown}");
}

#[test]
fn an_unknown_snapshot_is_2() {
    let (sender, _origin) = packed(&GUIDE);
    let inside = receiver(&sender);
    inside.ok(&["import", arg(&sender.path("out"))]);
    for number in ["0", "99"] {
        inside.fails(2, &["rollback", number], &[&format!("no snapshot {number}"), "airlift status lists them"]);
    }
}
