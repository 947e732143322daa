//! The serve step: pages, mounts, own authority, and a snapshot that changes while it is served.

use super::{Answer, Memory, PATIENCE, connect, logged, read_all};
use airlift::artifact::{Artifact, Descriptor, Digest, Learned};
use airlift::error::Kind;
use airlift::lock::Lock;
use airlift::steps::serve::{Address, Event, ServeOptions, Source, Tls, serve};
use airlift::store::{Installed, Store, View, write_atomic};
use std::io::Write;
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

struct Site {
    events: Receiver<Event>,
    addresses: Vec<SocketAddr>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Site {
    fn start(mut options: ServeOptions, source: Source) -> Self {
        let (sender, events) = channel();
        let sender = Mutex::new(sender);
        options.announce = Arc::new(move |event| drop(sender.lock().unwrap().send(event)));
        let bound = options.addresses.len();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(serve(options, source, async { drop(stopped.await) })).unwrap();
        });
        let mut site = Self { events, addresses: vec![], stop: Some(stop), thread: Some(thread) };
        while site.addresses.len() < bound {
            if let Event::Listening(address) = site.event() {
                site.addresses.push(address.socket);
            }
        }
        site
    }

    fn event(&self) -> Event {
        self.events.recv_timeout(PATIENCE).unwrap()
    }

    fn get(&self, target: &str) -> Answer {
        let mut stream = connect(self.addresses[0]);
        write!(stream, "GET {target} HTTP/1.1\r\nHost: mirror.lan:8080\r\nConnection: close\r\n\r\n").unwrap();
        Answer::parse(&read_all(&mut stream))
    }

    fn text(&self, target: &str) -> String {
        let answer = self.get(target);
        assert_eq!(answer.status, 200, "{target}");
        String::from_utf8(answer.body).unwrap()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        drop(self.stop.take());
        self.thread.take().unwrap().join().unwrap();
    }
}

fn options() -> ServeOptions {
    ServeOptions { poll: Duration::from_millis(5), ..ServeOptions::on("127.0.0.1:0".parse().unwrap()) }
}

fn file(name: &str, bytes: &str) -> Artifact {
    let descriptor = Descriptor {
        media_type: "text/plain".to_owned(),
        digest: Digest::of(bytes.as_bytes()),
        size: bytes.len() as u64,
        name: Some(name.to_owned()),
        origins: vec![],
        learned: Learned::Pinned,
        side_digests: std::collections::BTreeMap::default(),
    };
    Artifact {
        ecosystem: "files".to_owned(),
        sections: vec!["files".to_owned()],
        name: name.to_owned(),
        version: "1".to_owned(),
        descriptors: vec![descriptor],
        subject: None,
        meta: serde_json::Value::Null,
    }
}

fn view(name: &str, files: usize) -> View {
    let artifacts = (0..files).map(|i| Arc::new(file(&format!("tool-{i:04}"), &format!("bytes of {i}")))).collect();
    View { name: name.to_owned(), id: Digest::of(name.as_bytes()), artifacts, blobs: Arc::new(Memory::default()) }
}

#[test]
fn the_pages_tell_what_is_here() {
    let site = Site::start(options(), Source::Views(vec![view("mlops-7", 1201), view("a/b-1", 2)]));
    let start = site.get("/");
    let html = String::from_utf8(start.body.clone()).unwrap();
    assert_eq!(start.header("content-type"), "text/html; charset=utf-8");
    assert!(start.header("content-security-policy").starts_with("default-src 'none'; style-src 'sha256-"));
    assert!(
        html.contains("<td class=\"n\">1201") && html.contains("/browse/files/mlops-7") && html.contains("/browse/files/a%2Fb-1"),
        "{html}"
    );
    let first = site.text("/browse/files/mlops-7");
    assert!(first.contains("tool-0000") && first.contains("tool-0499") && !first.contains("tool-0500") && first.contains("page 1 of 3"));
    assert!(site.text("/browse/files/mlops-7?page=3").contains("tool-1200"));
    let filtered = site.text("/browse/files/mlops-7?q=0123");
    assert!(filtered.contains("tool-0123") && !filtered.contains("tool-0124") && filtered.contains("1 artifact, page 1 of 1"));
    assert!(site.text("/browse/files/a%2Fb-1").contains("2 artifacts"));
    for absent in [
        "/browse/files/other",
        "/browse/other/mlops-7",
        "/browse/files/mlops-7?page=4",
        "/browse/files/mlops-7?page=0",
        "/browse/files/mlops-7?page=x",
    ] {
        assert_eq!(site.get(absent).status, 404, "{absent}");
    }
    let health: serde_json::Value = serde_json::from_str(&site.text("/healthz")).unwrap();
    assert_eq!((&health["status"], &health["snapshot"], &health["views"][0]), (&"ok".into(), &serde_json::Value::Null, &"mlops-7".into()));
    assert_eq!(health["id"], Digest::of(b"mlops-7").to_string());
    for absent in ["/nothing", "/favicon.ico", "/ca.pem", "/v3/x"] {
        let answer = site.get(absent);
        assert_eq!((answer.status, answer.header("content-type")), (404, "application/problem+json"), "{absent}");
    }
}

#[test]
fn rooms_are_mounted_by_view_and_the_log_says_which() {
    let (log, lines) = logged();
    let site = Site::start(ServeOptions { log, ..options() }, Source::Views(vec![view("mlops-7", 1), view("a/b-1", 1)]));
    for (target, shown) in [
        ("/files/mlops-7/x", "mlops-7"),
        ("/files/a%2Fb-1/x", "a/b-1"),
        ("/files/latest/x", "latest"),
        ("/files/x", "latest"),
        ("/files/mlops-7", "mlops-7"),
        ("/files", "latest"),
    ] {
        site.get(target);
        let line: serde_json::Value = serde_json::from_str(&lines.recv_timeout(PATIENCE).unwrap()).unwrap();
        assert_eq!(line["view"], shown, "{target}");
    }
    site.get("/filesystem/x");
    let line: serde_json::Value = serde_json::from_str(&lines.recv_timeout(PATIENCE).unwrap()).unwrap();
    assert_eq!(line["view"], serde_json::Value::Null);
}

/// Clients with an account write their token before the path, or behind the mount point; a log is no place for it.
#[test]
fn tokens_in_paths_are_taken_off_and_not_logged() {
    let (log, lines) = logged();
    let site = Site::start(ServeOptions { log, ..options() }, Source::Views(vec![view("mlops-7", 1)]));
    for (target, status, logged, shown) in [
        ("/t/my-secret/conda/latest/", 200, "/t/…/conda/latest/", Some("latest")),
        ("/t/my-secret/conda/mlops-7/", 200, "/t/…/conda/mlops-7/", Some("mlops-7")),
        ("/conda/latest/t/my-secret/", 200, "/conda/latest/t/…/", Some("latest")),
        ("/t/my-secret/conda/latest/absent/noarch/repodata.json", 404, "/t/…/conda/latest/absent/noarch/repodata.json", Some("latest")),
        ("/conda/latest/", 200, "/conda/latest/", Some("latest")),
        ("/t//conda/latest/", 400, "/t//conda/latest/", None),
        ("/t/word/files/x", 404, "/t/word/files/x", None),
        ("/team/word/conda/latest/", 404, "/team/word/conda/latest/", None),
    ] {
        assert_eq!(site.get(target).status, status, "{target}");
        let line: serde_json::Value = serde_json::from_str(&lines.recv_timeout(PATIENCE).unwrap()).unwrap();
        assert_eq!((line["path"].as_str(), line["view"].as_str()), (Some(logged), shown), "{target}");
    }
}

/// A bundle with one file, in the store but not yet in a snapshot.
fn installed(store: &Store, seq: u64) -> Installed {
    installed_with(store, seq, vec![file(&format!("tool-{seq}"), "bytes")])
}

fn installed_with(store: &Store, seq: u64, artifacts: Vec<Artifact>) -> Installed {
    let lock = Lock::new("mlops".to_owned(), "stable".to_owned(), Digest::of(b"manifest"), artifacts).unwrap();
    let bundle = Digest::of(format!("bundle {seq}").as_bytes());
    std::fs::create_dir_all(store.bundle_folder(&bundle)).unwrap();
    write_atomic(&store.bundle_folder(&bundle).join("lock.json"), &lock.to_bytes()).unwrap();
    Installed { bundle, name: "mlops".to_owned(), line: "stable".to_owned(), epoch: 1, seq, lock: lock.digest() }
}

fn commit(store: &Store, bundle: Installed) -> u64 {
    let writer = store.writer().unwrap();
    writer.install(writer.stage(bundle).unwrap()).unwrap().number
}

/// Installs a bundle, as an import does.
fn install(store: &Store, seq: u64) -> u64 {
    commit(store, installed(store, seq))
}

fn expect_serving(site: &Site, expected: u64) {
    match site.event() {
        Event::Serving(number) => assert_eq!(number, Some(expected)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_new_snapshot_appears_without_a_restart_and_a_damaged_one_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open_or_create(folder.path()).unwrap();
    let site = Site::start(options(), Source::Store(store.clone()));
    assert!(site.text("/").contains("Nothing has been imported yet"));
    for seq in [1, 2] {
        let number = install(&store, seq);
        expect_serving(&site, number);
        assert!(site.text("/browse/files/latest").contains(&format!("tool-{seq}")));
        assert!(site.text("/healthz").contains(&format!("\"snapshot\":{number}")));
        assert_eq!(site.get(&format!("/browse/files/mlops@stable-{seq}")).status, 200);
    }
    // The damage is there before the pointer moves to it.
    let damaged = installed(&store, 3);
    std::fs::write(store.bundle_folder(&damaged.bundle).join("lock.json"), "{}").unwrap();
    commit(&store, damaged);
    match site.event() {
        Event::Kept(error) => assert_eq!(error.kind(), Kind::Store, "{error}"),
        other => panic!("{other:?}"),
    }
    assert!(site.text("/browse/files/latest").contains("tool-2"), "the old one goes on");
    let number = install(&store, 4);
    expect_serving(&site, number);
    assert!(site.text("/browse/files/latest").contains("tool-4"));
}

#[test]
fn what_is_left_out_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open_or_create(folder.path()).unwrap();
    let site = Site::start(options(), Source::Store(store.clone()));
    let other = |name: &str, ecosystem: &str| Artifact { ecosystem: ecosystem.to_owned(), ..file(name, "bytes") };
    let mut artifacts: Vec<Artifact> = (0..7).map(|n| other(&format!("main/noarch/tool-{n}"), "conda")).collect();
    artifacts.extend([file("tool", "bytes"), other("later", "novel")]);
    let writer = store.writer().unwrap();
    let number = writer.install(writer.stage(installed_with(&store, 1, artifacts)).unwrap()).unwrap().number;
    drop(writer);
    expect_serving(&site, number);
    let told = [site.event(), site.event()].map(|event| match event {
        Event::LeftOut(line) => line,
        other => panic!("{other:?}"),
    });
    assert!(told[0].starts_with("conda: 7 entries cannot be served: main/noarch/tool-0 1, "), "{told:?}");
    assert!(told[0].contains("main/noarch/tool-4 1, and 2 more; the first because: ") && told[0].contains("is refused"), "{told:?}");
    assert!(told[1].starts_with("novel: 1 entry cannot be served: later 1; the first because: no ecosystem"), "{told:?}");
    assert!(site.text("/browse/files/latest").contains("tool"));
}

#[test]
fn a_blob_that_was_cut_is_not_served_as_whole_and_folders_have_one_name() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open_or_create(folder.path()).unwrap();
    let artifacts = vec![file("docs/read me", "bytes")];
    let lock = Lock::new("mlops".to_owned(), "stable".to_owned(), Digest::of(b"manifest"), artifacts).unwrap();
    let bundle = Digest::of(b"bundle");
    std::fs::create_dir_all(store.bundle_folder(&bundle)).unwrap();
    write_atomic(&store.bundle_folder(&bundle).join("lock.json"), &lock.to_bytes()).unwrap();
    let installed = Installed { bundle, name: "mlops".to_owned(), line: "stable".to_owned(), epoch: 1, seq: 1, lock: lock.digest() };
    commit(&store, installed);
    let site = Site::start(options(), Source::Store(store));
    let hex = Digest::of(b"bytes").hex();
    let blobs = folder.path().join("blobs/sha256").join(&hex[..2]);
    std::fs::create_dir_all(&blobs).unwrap();
    for (bytes, status) in [("bytes", 200), ("byt", 500), ("", 500)] {
        std::fs::write(blobs.join(&hex), bytes).unwrap();
        assert_eq!(site.get("/files/latest/docs/read%20me").status, status, "{bytes:?}");
    }
    let moved = site.get("/files/latest/docs");
    assert_eq!((moved.status, moved.header("location")), (301, "./docs/"));
    let list = site.get("/files/latest/docs/");
    assert!(list.status == 200 && list.header("content-security-policy").contains("default-src 'none'"));
}

#[test]
fn http_and_https_are_served_at_once_with_the_authority_to_download() {
    let folder = tempfile::tempdir().unwrap();
    let any = "127.0.0.1:0".parse().unwrap();
    let tls = Tls::OwnCa { folder: folder.path().to_owned(), names: vec!["mirror.lan".to_owned()] };
    let addresses = vec![Address { socket: any, tls: false, ecosystem: None }, Address { socket: any, tls: true, ecosystem: None }];
    let contact = Some("ask at desk 4".to_owned());
    let site = Site::start(ServeOptions { addresses, tls: Some(tls), contact, ..options() }, Source::Views(vec![view("mlops-7", 1)]));
    assert_eq!(site.text("/ca.pem"), std::fs::read_to_string(folder.path().join("ca.pem")).unwrap());
    let start = site.text("/");
    assert!(start.contains("/ca.pem") && start.contains("ask at desk 4"));
    let mut plain = connect(site.addresses[1]);
    plain.write_all(b"GET / HTTP/1.1\r\nHost: m\r\n\r\n").unwrap();
    assert!(!read_all(&mut plain).starts_with(b"HTTP"), "TLS only");
}

/// A repository of a hub with one large file.
fn model() -> View {
    let commit = "a".repeat(40);
    let mut artifact = file("model.bin", "weights");
    (artifact.ecosystem, artifact.name, artifact.version) = ("models".to_owned(), "acme/tiny".to_owned(), commit.clone());
    artifact.meta = serde_json::json!({ "kind": "model", "repo": "acme/tiny", "commit": commit, "revisions": ["main"], "whole": true });
    let mut memory = Memory::default();
    memory.add("weights");
    View { artifacts: vec![Arc::new(artifact)], blobs: Arc::new(memory), ..view("kit-1", 0) }
}

#[test]
fn behind_a_reverse_proxy_every_absolute_address_is_the_public_one() {
    let public_base = Some("https://mirror.example.org/air/".to_owned());
    let site = Site::start(ServeOptions { public_base, forwarded: true, ..options() }, Source::Views(vec![model()]));
    let public = "https://mirror.example.org/air/models/kit-1";
    let token = site.get("/models/kit-1/api/models/acme/tiny/xet-read-token/main");
    assert_eq!(token.header("x-xet-cas-url"), format!("{public}/xet"));
    let offered = site.get("/models/kit-1/.chunks/acme/tiny/resolve/main/model.bin");
    assert!(offered.header("link").starts_with(&format!("<{public}/api/models/acme/tiny/xet-read-token/")), "{}", offered.header("link"));
    let chunks = site.text(&format!("/models/kit-1/xet/v2/reconstructions/{}", Digest::of(b"weights").hex()));
    assert!(chunks.contains(&format!("\"{public}/xet/containers/")), "{chunks}");
    let start = site.text("/");
    assert!(start.contains("https://mirror.example.org/air/models") && !start.contains("mirror.lan"), "{start}");
    for wrong in ["mirror.lan", "ftp://mirror.lan", "https://me:secret@mirror.lan", "https://mirror.lan/?x"] {
        assert_eq!(refusal(ServeOptions { public_base: Some(wrong.to_owned()), ..options() }).kind(), Kind::Usage, "{wrong}");
    }
}

#[test]
fn a_question_reaches_the_room_that_knows_it_for_one() {
    let addresses = [None, Some(ecosystem("models"))]
        .map(|ecosystem| Address { socket: "127.0.0.1:0".parse().unwrap(), tls: false, ecosystem })
        .to_vec();
    let site = Site::start(ServeOptions { addresses, ..options() }, Source::Views(vec![model()]));
    let ask = |address: SocketAddr, target: &str| {
        let mut stream = connect(address);
        let head = "Host: m\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 15";
        write!(stream, "POST {target} HTTP/1.1\r\n{head}\r\n\r\npaths=model.bin").unwrap();
        Answer::parse(&read_all(&mut stream))
    };
    let path = "api/models/acme/tiny/paths-info/main";
    let [all, own] = site.addresses[..] else { panic!("two addresses") };
    for (address, target, expected) in [
        (all, format!("/models/kit-1/{path}"), 200),
        (all, format!("/models/{path}"), 200),
        (own, format!("/{path}"), 200),
        (own, format!("/models/latest/{path}"), 200),
        (all, format!("/files/{path}"), 405),
        (all, format!("/{path}"), 405),
        (all, "/models/kit-1/api/models/acme/tiny/preupload/main".to_owned(), 405),
    ] {
        let answer = ask(address, &target);
        assert_eq!(answer.status, expected, "{target}");
        assert!(expected != 200 || String::from_utf8_lossy(&answer.body).contains("\"model.bin\""), "{target}");
    }
}

/// An ecosystem's name for as long as the program runs.
fn ecosystem(name: &str) -> &'static str {
    airlift::ecosystems::find(name).unwrap().name()
}

/// What `serve` says when it cannot begin.
fn refusal(options: ServeOptions) -> airlift::error::Error {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(serve(options, Source::Views(vec![]), async {})).unwrap_err()
}

#[test]
fn addresses_that_cannot_be_served_are_explained() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let busy = refusal(ServeOptions::on(taken.local_addr().unwrap()));
    assert!(busy.message().contains("cannot be listened on") && busy.hints()[0].contains("another server"), "{busy}");
    let no_certificate =
        refusal(ServeOptions { addresses: vec![Address { socket: taken.local_addr().unwrap(), tls: true, ecosystem: None }], ..options() });
    assert_eq!(no_certificate.kind(), Kind::Usage);
    assert_eq!(refusal(ServeOptions { addresses: vec![], ..options() }).kind(), Kind::Usage);
}
