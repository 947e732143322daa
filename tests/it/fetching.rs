//! Locking and fetching plain files from upstreams that misbehave.

use crate::origin::{Origin, Reply};
use crate::world::{journal, noise};
use airlift::artifact::{Blobs, Digest};
use airlift::ecosystems;
use airlift::error::{Error, Kind, Result};
use airlift::lock::Lock;
use airlift::manifest::Manifest;
use airlift::progress::{Progress, Silent};
use airlift::steps::fetch::{FetchOptions, FetchOutcome, fetch};
use airlift::steps::lock::{LockOptions, lock};
use airlift::store::Store;
use airlift::upstream::{Backoff, Failure, Notice, Settings, Upstream, learned_path};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

struct Site {
    folder: TempDir,
    upstream: Upstream,
    runtime: tokio::runtime::Runtime,
}

fn site() -> Site {
    let settings =
        Settings { attempts: 3, pause: Duration::from_millis(1), read_timeout: Duration::from_millis(300), ..Settings::default() };
    Site {
        folder: TempDir::new().expect("a temporary folder"),
        upstream: Upstream::new(settings).expect("a client"),
        runtime: tokio::runtime::Runtime::new().expect("a runtime"),
    }
}

impl Site {
    fn lock(&self, files: &str) -> Result<Lock> {
        let manifest = Manifest::parse(&format!("airlift = 1\nname = \"kit\"\n{files}"), &ecosystems::names())?;
        let now = "2026-01-01T00:00:00Z".parse().expect("a time");
        let cache = self.folder.path().join("cache");
        let options = LockOptions { base: Path::new("."), cache: &cache, now, upstream: &self.upstream, progress: &Silent };
        self.runtime.block_on(lock(&manifest, &options)).map(|outcome| outcome.lock)
    }

    fn store(&self) -> Store {
        Store::open_or_create(&self.folder.path().join("store")).expect("a store")
    }

    fn fetch(&self, lock: Lock) -> Result<FetchOutcome> {
        let writer = self.store().writer()?;
        let cache = self.folder.path().join("cache");
        let options = FetchOptions { upstream: &self.upstream, cache: &cache, parallel: 4, progress: &Silent };
        self.runtime.block_on(fetch(lock, &journal(&writer), &options))
    }

    /// Locks a pinned file against a well-behaved server, then fetches it from one that answers as told.
    fn fetch_from(&self, bytes: &[u8], replies: Vec<Reply>) -> (Origin, Result<FetchOutcome>) {
        let bad = Origin::new(&[("/f", replies)]);
        let outcome = self.fetch_from_all(bytes, &[&bad]);
        (bad, outcome)
    }

    /// The same with several servers in order.
    fn fetch_from_all(&self, bytes: &[u8], origins: &[&Origin]) -> Result<FetchOutcome> {
        let good = Origin::new(&[("/f", vec![Reply::File(bytes.to_vec())])]);
        let mut lock = self.lock(&pinned(&good, bytes)).expect("locked");
        lock.artifacts[0].descriptors[0].origins = origins.iter().map(|o| o.url("/f")).collect();
        self.fetch(lock)
    }

    /// Locks an unpinned file: its digest is that of what the server sends.
    fn learn_from(&self, replies: Vec<Reply>) -> (Origin, Result<Lock>) {
        let origin = Origin::new(&[("/f", replies)]);
        let lock = self.lock(&format!("[files.f]\nurl = \"{}\"\n", origin.url("/f")));
        (origin, lock)
    }
}

fn version(name: &'static str, reply: Reply) -> Reply {
    Reply::Version(name, Box::new(reply))
}

fn origin(reply: Reply) -> Origin {
    Origin::new(&[("/f", vec![reply])])
}

fn pinned(origin: &Origin, bytes: &[u8]) -> String {
    format!("[files.f]\nurl = \"{}\"\nsha256 = \"{}\"\n", origin.url("/f"), Digest::of(bytes).hex())
}

fn refusal(outcome: Result<FetchOutcome>) -> Error {
    outcome.map(|_| ()).expect_err("this upstream must not be believed")
}

#[test]
fn a_pinned_file_is_locked_without_its_body_and_fetched_once() {
    let (site, bytes) = (site(), noise(3_000_000, 1));
    let origin = Origin::new(&[("/f", vec![Reply::File(bytes.clone())])]);
    let lock = site.lock(&pinned(&origin, &bytes)).expect("locked");
    assert_eq!(origin.gets("/f").len(), 0, "the size comes from a HEAD request");
    site.fetch(lock.clone()).expect("fetched");
    assert_eq!(site.fetch(lock).expect("nothing left to fetch").bytes, 0);
    assert_eq!(origin.gets("/f").len(), 1);
    assert_eq!(Blobs::size(&site.store(), &Digest::of(&bytes)).expect("readable"), Some(3_000_000));
}

#[test]
fn an_unpinned_file_is_hashed_when_locked_and_not_asked_for_again() {
    let (site, bytes) = (site(), noise(100_000, 1));
    let origin = Origin::new(&[("/f", vec![Reply::Unannounced(bytes.clone())])]);
    let lock = site.lock(&format!("[files.f]\nurl = \"{}\"\n", origin.url("/f"))).expect("locked");
    assert_eq!(lock.artifacts[0].descriptors[0].digest, Digest::of(&bytes));
    site.fetch(lock).expect("fetched");
    assert_eq!(origin.gets("/f").len(), 1, "the bytes that were hashed are the bytes that are used");
}

#[test]
fn a_cut_connection_is_gone_on_with() {
    let (site, bytes) = (site(), noise(3_000_000, 1));
    let cut = |at| Reply::Cut(bytes.clone(), at);
    let (origin, outcome) = site.fetch_from(&bytes, vec![cut(1_000_000), cut(1_000_000), cut(2_000_000), Reply::File(bytes.clone())]);
    outcome.expect("fetched in pieces");
    let ranges: Vec<_> = origin.gets("/f").iter().map(|s| s.headers.get("range").cloned()).collect();
    assert!(ranges.len() == 4 && ranges[0].is_none() && ranges[3].is_some(), "{ranges:?}");
}

#[test]
fn a_server_without_ranges_starts_over() {
    let (site, bytes) = (site(), noise(1_000_000, 1));
    let (_, outcome) = site.fetch_from(&bytes, vec![Reply::Cut(bytes.clone(), 400_000), Reply::WholeFile(bytes.clone())]);
    outcome.expect("fetched");
}

#[test]
fn an_interrupted_fetch_is_gone_on_with_by_the_next_run() {
    let (site, bytes) = (site(), noise(1_000_000, 1));
    let (_, outcome) = site.fetch_from(&bytes, vec![Reply::Cut(bytes.clone(), 600_000), Reply::Status(500, "")]);
    assert_eq!(refusal(outcome).kind(), Kind::Upstream);
    let (origin, outcome) = site.fetch_from(&bytes, vec![Reply::File(bytes.clone())]);
    assert_eq!(outcome.expect("fetched").resumed, 1);
    assert_eq!(origin.gets("/f")[0].headers.get("range").map(String::as_str), Some("bytes=600000-"));
}

#[test]
fn a_changed_beginning_is_found_and_fetched_again() {
    let (site, bytes) = (site(), noise(1_000_000, 1));
    let other = noise(1_000_000, 2);
    let (_, outcome) = site.fetch_from(&bytes, vec![Reply::Cut(other, 600_000), Reply::Status(500, "")]);
    assert_eq!(refusal(outcome).kind(), Kind::Upstream);
    let (_, outcome) = site.fetch_from(&bytes, vec![Reply::File(bytes.clone())]);
    outcome.expect("begun again from zero");
}

#[test]
fn an_unpinned_file_is_never_put_together_from_two_versions() {
    let (old, new) = (noise(1_000_000, 1), noise(1_000_000, 2));
    let cut = || Reply::Cut(old.clone(), 400_000);
    for replies in [
        // The whole of another version, a part of another version, a part of nobody knows what, another file from its beginning.
        vec![version("a", cut()), version("b", Reply::File(new.clone()))],
        vec![version("a", cut()), Reply::Careless("b", Box::new(Reply::File(new.clone()))), version("b", Reply::File(new.clone()))],
        vec![version("a", cut()), Reply::File(new.clone())],
        vec![cut(), Reply::File(new.clone())],
        vec![cut(), Reply::WholeFile(new.clone())],
    ] {
        let (_, lock) = site().learn_from(replies);
        assert_eq!(lock.expect("locked").artifacts[0].descriptors[0].digest, Digest::of(&new));
    }
}

#[test]
fn an_unpinned_file_is_gone_on_with_while_its_version_stays() {
    let bytes = noise(1_000_000, 1);
    let (origin, lock) = site().learn_from(vec![
        version("a", Reply::Cut(bytes.clone(), 400_000)),
        version("a", Reply::Cut(bytes.clone(), 700_000)),
        version("a", Reply::File(bytes.clone())),
    ]);
    assert_eq!(lock.expect("locked").artifacts[0].descriptors[0].digest, Digest::of(&bytes));
    let gets = origin.gets("/f");
    assert_eq!(gets.len(), 3);
    assert_eq!((gets[2].headers["range"].as_str(), gets[2].headers["if-range"].as_str()), ("bytes=700000-", "\"a\""));
}

#[test]
fn a_file_that_changes_while_it_is_fetched_is_begun_again() {
    let (old, bytes) = (noise(1_000_000, 2), noise(1_000_000, 1));
    let (origin, outcome) =
        site().fetch_from(&bytes, vec![version("a", Reply::Cut(old, 400_000)), version("b", Reply::File(bytes.clone()))]);
    outcome.expect("fetched");
    assert_eq!(origin.gets("/f").len(), 2, "the new version came whole");
}

#[test]
fn a_server_without_ranges_that_always_cuts_is_given_up() {
    let bytes = noise(1_000_000, 1);
    let start = |at| Reply::Announce(1_000_000, bytes[..at].to_vec());
    let replies = vec![start(500_000), start(400_000), start(300_000), start(400_000), start(300_000), start(400_000)];
    let (origin, outcome) = site().fetch_from(&bytes, replies.clone());
    assert_eq!(refusal(outcome).kind(), Kind::Upstream);
    assert_eq!(origin.gets("/f").len(), 3, "no attempt but the first got further");
    let (origin, lock) = site().learn_from(replies);
    assert_eq!(lock.expect_err("never whole").kind(), Kind::Upstream);
    assert_eq!(origin.gets("/f").len(), 3);
}

#[test]
fn a_server_that_cannot_give_the_part_is_asked_for_the_whole() {
    let bytes = noise(1_000_000, 1);
    for reply in [Reply::NoPart(bytes.clone()), Reply::OtherPart(bytes.clone())] {
        let site = site();
        let (origin, outcome) = site.fetch_from(&bytes, vec![Reply::Cut(bytes.clone(), 400_000), reply]);
        outcome.expect("fetched");
        let ranges: Vec<_> = origin.gets("/f").iter().map(|s| s.headers.contains_key("range")).collect();
        assert_eq!(ranges, [false, true, false]);
    }
}

#[test]
fn the_next_origin_is_asked_when_one_is_bad() {
    let bytes = noise(1_000_000, 1);
    let mut longer = bytes.clone();
    longer.push(0);
    for bad in [
        Reply::File(noise(1_000_000, 2)),
        Reply::File(longer.clone()),
        Reply::Unannounced(longer),
        Reply::Unannounced(bytes[..900_000].to_vec()),
        Reply::Cut(bytes.clone(), 0),
        Reply::Cut(noise(1_000_000, 2), 400_000),
        Reply::Status(403, ""),
        Reply::Status(503, ""),
        Reply::Stall,
    ] {
        let (bad, good) = (origin(bad), origin(Reply::File(bytes.clone())));
        site().fetch_from_all(&bytes, &[&bad, &good]).expect("fetched from the second");
    }
}

#[test]
fn an_origin_that_may_come_back_is_waited_for_though_another_has_nothing() {
    let bytes = noise(1000, 1);
    let busy = Origin::new(&[("/f", vec![Reply::Status(503, ""), Reply::File(bytes.clone())])]);
    let empty = origin(Reply::Status(404, ""));
    site().fetch_from_all(&bytes, &[&busy, &empty]).expect("fetched from the first");
    assert_eq!(empty.gets("/f").len(), 1);
    let (busy, empty) = (origin(Reply::Status(503, "")), origin(Reply::Status(404, "")));
    let error = refusal(site().fetch_from_all(&bytes, &[&busy, &empty]));
    assert!(error.message().contains("503"), "what may pass is what is told: {error}");
}

#[test]
fn wrong_bytes_from_every_origin_are_told_as_such() {
    let bytes = noise(1000, 1);
    let (wrong, empty) = (origin(Reply::File(noise(1000, 2))), origin(Reply::Status(404, "")));
    let error = refusal(site().fetch_from_all(&bytes, &[&wrong, &empty]));
    assert_eq!(error.kind(), Kind::Verification);
    assert!(error.to_string().contains("2 origins") && error.to_string().contains("lock again"), "{error}");
}

#[test]
fn wrong_bytes_are_refused() {
    let (site, bytes) = (site(), noise(100_000, 1));
    let (_, outcome) = site.fetch_from(&bytes, vec![Reply::File(noise(100_000, 2))]);
    let error = refusal(outcome);
    assert_eq!(error.kind(), Kind::Verification);
    assert!(error.to_string().contains("files/f/f"), "{error}");
    assert_eq!(Blobs::size(&site.store(), &Digest::of(&bytes)).expect("readable"), None);
}

#[test]
fn longer_and_shorter_bodies_are_refused() {
    let bytes = noise(100_000, 1);
    let mut longer = bytes.clone();
    longer.extend_from_slice(b"more");
    for (reply, kind) in [
        (Reply::File(longer.clone()), Kind::Verification),
        (Reply::Unannounced(longer), Kind::Verification),
        (Reply::File(bytes[..90_000].to_vec()), Kind::Verification),
        (Reply::Unannounced(bytes[..90_000].to_vec()), Kind::Upstream),
        (Reply::Announce(100_000, bytes[..90_000].to_vec()), Kind::Upstream),
    ] {
        let (origin, outcome) = site().fetch_from(&bytes, vec![reply]);
        let error = refusal(outcome);
        assert_eq!(error.kind(), kind);
        if kind == Kind::Verification && error.message().contains("announces") {
            assert_eq!(origin.gets("/f").len(), 1, "asked again, it would send the same");
            assert!(error.context().contains(&("from", origin.url("/f"))), "{error}");
        }
    }
}

#[test]
fn a_download_without_end_is_ended() {
    let folder = TempDir::new().expect("a temporary folder");
    let upstream = Upstream::new(Settings { attempts: 1, most_learned: 1_000_000, ..Settings::default() }).expect("a client");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    for reply in [Reply::Unannounced(noise(1_000_001, 1)), Reply::Announce(1_000_001, vec![])] {
        let origin = origin(reply);
        let url = origin.url("/f").parse().expect("a URL");
        let error = runtime.block_on(upstream.learn(&url, folder.path(), u64::MAX)).expect_err("too long");
        assert!(error.kind() == Kind::Verification && error.hints()[0].contains("--max-download"), "{error}");
        assert_eq!(std::fs::read_dir(folder.path().join("learned")).expect("a folder").count(), 0, "nothing is left");
    }
    let full = origin(Reply::Announce(1 << 62, vec![]));
    let upstream = Upstream::new(Settings { most_learned: u64::MAX, ..Settings::default() }).expect("a client");
    let url = full.url("/f").parse().expect("a URL");
    let error = runtime.block_on(upstream.learn(&url, folder.path(), u64::MAX)).expect_err("no disk has that room");
    assert!(error.kind() == Kind::Space && full.gets("/f").len() == 1, "{error}");
}

/// Remembers what was reported.
#[derive(Default)]
struct Told(std::sync::Mutex<Vec<(&'static str, u64)>>);

impl Progress for Told {
    fn begin(&self, _: &'static str, total: u64) {
        self.0.lock().expect("nobody panics").push(("begin", total));
    }
    fn advance(&self, _: &'static str, bytes: u64) {
        self.0.lock().expect("nobody panics").push(("advance", bytes));
    }
    fn end(&self, _: &'static str) {
        self.0.lock().expect("nobody panics").push(("end", 0));
    }
    fn note(&self, _: &str) {}
}

#[test]
fn a_long_download_is_shown_while_it_is_hashed() {
    let (site, bytes) = (site(), noise(17 << 20, 1));
    for (reply, total) in [(Reply::File(bytes.clone()), 17 << 20), (Reply::Unannounced(bytes.clone()), 0), (Reply::File(vec![1; 1000]), 0)]
    {
        let (told, small) = (Told::default(), matches!(&reply, Reply::File(bytes) if bytes.len() == 1000));
        let url = origin(reply).url("/f").parse().expect("a URL");
        site.runtime.block_on(site.upstream.learn_shown(&url, site.folder.path(), u64::MAX, &told)).expect("learned");
        let told = told.0.into_inner().expect("nobody panics");
        let sum: u64 = told.iter().filter(|(what, _)| *what == "advance").map(|(_, bytes)| bytes).sum();
        match small {
            true => assert!(told.is_empty(), "{told:?}"),
            false => assert!(told[0] == ("begin", total) && sum == 17 << 20 && told.last() == Some(&("end", 0)), "{told:?}"),
        }
    }
}

#[test]
fn a_size_that_cannot_be_is_told_when_locking() {
    for sizes in [&[u64::MAX][..], &[1 << 53], &[1 << 52, 1 << 52]] {
        let origins: Vec<_> = sizes.iter().map(|size| origin(Reply::Announce(*size, vec![]))).collect();
        let items = origins.iter().enumerate().map(|(n, o)| pinned(o, &[n as u8]).replace("files.f", &format!("files.f{n}")));
        let error = site().lock(&items.collect::<String>()).expect_err("no such file");
        assert_eq!(error.kind(), Kind::Verification, "{error}");
        assert!(error.message().contains("files/f") && error.to_string().contains("9007199254740991"), "{error}");
    }
}

#[test]
fn a_long_wait_that_a_server_asks_for_is_told() {
    let (told, heard) = std::sync::mpsc::channel();
    let mut backoff =
        Backoff::new(3, Duration::from_millis(1)).telling(Notice::new(move |line| told.send(line.to_owned()).expect("heard")));
    let busy = |wait| Failure { wait: Some(Duration::from_secs(wait)), ..Failure::transient(Error::new(Kind::Upstream, "busy")) };
    assert_eq!(backoff.after(busy(1)).expect("again"), Duration::from_secs(1));
    assert_eq!(backoff.after(busy(86400)).expect("again"), Duration::from_secs(60));
    assert_eq!(heard.try_iter().collect::<Vec<_>>(), ["busy; trying again in 60 s: the server asks to wait 86400 s"]);
}

#[test]
fn refusals_of_an_upstream_are_told_apart_and_only_passing_ones_tried_again() {
    let bytes = noise(1000, 1);
    for (status, tries) in [(401, 1), (403, 1), (404, 1), (410, 1), (429, 3), (500, 3), (503, 3)] {
        let (origin, outcome) = site().fetch_from(&bytes, vec![Reply::Status(status, "")]);
        let error = refusal(outcome);
        assert_eq!(error.kind(), Kind::Upstream, "{error}");
        assert!(error.to_string().contains(&status.to_string()), "{error}");
        assert_eq!(origin.gets("/f").len(), tries, "{status}");
    }
    let (_, outcome) = site().fetch_from(&bytes, vec![Reply::Status(429, "Retry-After: 0\r\n"), Reply::File(bytes.clone())]);
    outcome.expect("asked again as told");
}

#[test]
fn a_stalled_upstream_is_given_up() {
    let (origin, outcome) = site().fetch_from(&noise(1000, 1), vec![Reply::Stall]);
    assert_eq!(refusal(outcome).kind(), Kind::Upstream);
    assert_eq!(origin.gets("/f").len(), 3);
}

#[test]
fn an_upstream_that_is_not_there_is_named() {
    let site = site();
    let error = site.lock("[files.f]\nurl = \"http://127.0.0.1:9/f\"\n").expect_err("nobody listens there");
    assert_eq!(error.kind(), Kind::Upstream);
    assert!(error.to_string().contains("127.0.0.1:9/f") && error.to_string().contains("3 times"), "{error}");
}

#[test]
fn what_a_manifest_must_not_say() {
    let site = site();
    for (files, word) in [
        ("[files.f]\nurl = \"https://user:secret@example.org/f\"\n", "credentials"),
        ("[files.f]\nurl = \"http://example.org/f\"\n", "pinned"),
        ("[files.f]\nurl = \"https://example.org/f?X-Amz-Signature=secret\"\n", "X-Amz-Signature"),
        ("[files.f]\nurl = \"https://example.org/f\"\nmirrors = [\"https://example.org/g?v=1&TOKEN=secret\"]\n", "TOKEN"),
        ("[files.f]\nurl = \"https://example.org/f\"\npath = \"100%41\"\n", "percent-escape"),
        ("[files.f]\nurl = \"ftp://example.org/f\"\n", "scheme"),
        ("[files.f]\nurl = \"https://example.org/f\"\nsha256 = \"short\"\n", "64"),
        ("[files.f]\npath = \"x\"\n", "url"),
        ("[files.f]\nsha265 = \"x\"\n", "did you mean `sha256`"),
        ("[fiels.f]\nurl = \"x\"\n", "did you mean `files`"),
        ("[files.f]\nurl = 3\n", "line 4"),
        ("[files]\nurl = \"x\"\n", "line 4"),
    ] {
        let error = site.lock(files).expect_err(files);
        assert_eq!(error.kind(), Kind::Usage, "{error}");
        assert!(error.to_string().contains(word), "{files}: {error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

#[test]
fn what_was_learned_is_checked_before_it_is_believed() {
    let bytes = noise(100_000, 1);
    for spoil in [|b: &mut Vec<u8>| b.push(0), |b: &mut Vec<u8>| b[50_000] ^= 1, |b: &mut Vec<u8>| b.truncate(90_000)] {
        let site = site();
        let (origin, lock) = site.learn_from(vec![Reply::File(bytes.clone())]);
        let path = learned_path(&site.folder.path().join("cache"), &Digest::of(&bytes));
        let mut spoiled = std::fs::read(&path).expect("kept");
        spoil(&mut spoiled);
        std::fs::write(&path, spoiled).expect("a file");
        site.fetch(lock.expect("locked")).expect("fetched from the network");
        assert_eq!(origin.gets("/f").len(), 2);
        assert!(!path.exists(), "it is not believed again");
    }
}

#[test]
fn nothing_is_left_of_a_download_that_failed() {
    let site = site();
    let (_, lock) = site.learn_from(vec![Reply::Cut(noise(1000, 1), 500)]);
    let error = lock.expect_err("never whole");
    assert!(!error.to_string().contains("goes on"), "it would begin again: {error}");
    assert_eq!(error.message().matches("http://").count(), 1, "{error}");
    let left = std::fs::read_dir(site.folder.path().join("cache/learned")).expect("a folder");
    assert_eq!(left.count(), 0);
}

#[test]
fn mirrors_are_asked_when_a_file_is_locked() {
    let bytes = noise(1000, 1);
    let (gone, good) = (origin(Reply::Status(404, "")), origin(Reply::File(bytes.clone())));
    let section = format!("[files.f]\nurl = \"{}\"\nmirrors = [\"{}\"]\n", gone.url("/f"), good.url("/f"));
    let pin = format!("sha256 = \"{}\"\n", Digest::of(&bytes).hex());
    for section in [section.clone(), section.clone() + &pin] {
        let site = site();
        let lock = site.lock(&section).expect("locked");
        assert_eq!(lock.artifacts[0].descriptors[0].origins, [gone.url("/f"), good.url("/f")]);
        site.fetch(lock).expect("fetched");
    }
}

#[test]
fn a_server_without_head_is_asked_by_get() {
    let (site, bytes) = (site(), noise(1000, 1));
    let origin = origin(Reply::NoHead(bytes.clone()));
    let lock = site.lock(&pinned(&origin, &bytes)).expect("locked");
    assert_eq!(lock.artifacts[0].descriptors[0].size, 1000);
    site.fetch(lock).expect("fetched");
}

#[test]
fn a_file_is_called_what_people_read() {
    let (site, bytes) = (site(), noise(1000, 1));
    let digest = Digest::of(&bytes).hex();
    let paths = ["/my%20file.txt", "/a%2Fb.txt", "/100%25", "/%FF"];
    let origin = Origin::new(&paths.map(|path| (path, vec![Reply::File(bytes.clone())])));
    for (path, name) in paths.into_iter().zip([Some("d/my file.txt"), Some("d/b.txt"), Some("d/100%"), None]) {
        let lock = site.lock(&format!("[files.d]\nurl = \"{}\"\nsha256 = \"{digest}\"\n", origin.url(path)));
        assert_eq!(lock.ok().map(|lock| lock.artifacts[0].name.clone()).as_deref(), name);
    }
}

#[test]
fn two_files_of_one_path_are_refused() {
    let origin = Origin::new(&[("/a", vec![Reply::File(noise(1000, 1))]), ("/b", vec![Reply::File(noise(1000, 2))])]);
    let item = |path: &str, version: &str| format!("url = \"{}\"\npath = \"d/x\"\nversion = \"{version}\"\n", origin.url(path));
    let error = site().lock(&format!("[files.a]\n{}[files.b]\n{}", item("/a", "10.0"), item("/b", "9.0"))).expect_err("one would be lost");
    assert_eq!(error.kind(), Kind::Usage);
    assert!(["d/x", "10.0", "9.0", "a, b"].iter().all(|word| error.to_string().contains(word)), "{error}");
    let same = format!("[files.a]\n{}[files.b]\n{}", item("/a", "1"), item("/a", "1"));
    assert_eq!(site().lock(&same).expect("one file").artifacts.len(), 1);
}

#[test]
fn a_file_cannot_be_a_folder_nor_the_list_of_digests() {
    let origin = Origin::new(&[("/a", vec![Reply::File(noise(1000, 1))])]);
    let item = |section: &str, path: &str| format!("[files.{section}]\nurl = \"{}\"\npath = \"{path}\"\n", origin.url("/a"));
    let lock = |first: &str, second: &str| site().lock(&format!("{}{}", item("a", first), item("b", second)));
    let error = lock("d/x/y/z", "d/x").expect_err("a file and a folder");
    assert!(error.kind() == Kind::Usage && error.to_string().contains("files/d/x: it would be a file and a folder"), "{error}");
    assert!(error.to_string().contains("files/d/x/y/z") && error.to_string().contains("b, a"), "{error}");
    assert_eq!(lock("d/x.y/z", "d/x").expect("two files").artifacts.len(), 2);
    for path in ["SHA256SUMS", "d/SHA256SUMS"] {
        let error = lock("d/x", path).expect_err("the list");
        assert!(error.kind() == Kind::Usage && error.to_string().contains("made for every folder"), "{error}");
    }
    assert_eq!(lock("d/x", "d/SHA256SUMS.txt").expect("two files").artifacts.len(), 2);
}
