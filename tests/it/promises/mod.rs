//! Nothing that speaks about a judgement promises more than was looked at: one list of words, over everything that the program prints, serves
//! and documents. Reports, tables of controls and rules, which no test outside can list one by one, are read with it where they are made.

pub mod list;

use crate::audit::{Site, TAKEN};
use crate::cli::help::commands;
use crate::host::{Host, arg};
use airlift::ecosystems::{ALL, Mirror};
use airlift::steps::serve::{Settings, Site as Mounted};
use axum::body::{Body, to_bytes};
use http::Request;
use list::promised;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tower::ServiceExt;

/// What a text says that it may not; names of options of other programs are not what it says.
fn said(name: &str, text: &str, exempt: &[&str]) -> Vec<String> {
    let text = exempt.iter().fold(text.to_owned(), |text, word| text.replace(word, ""));
    promised(&text, "en").into_iter().map(|word| format!("{name}: {word}")).collect()
}

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Markdown below a folder.
fn documents(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root(folder)).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut found: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect();
    found.sort();
    found
}

#[test]
fn no_document_promises_what_nobody_looked_at() {
    let mut all = vec![root("README.md"), root("docs/cli.md"), root("CHANGELOG.md")];
    all.extend(documents("docs/guides"));
    all.extend(["policy", "advisories", "report", "evidence", "sbom"].map(|name| root(&format!("docs/formats/{name}.md"))));
    all.extend(ALL.iter().map(|room| root(&format!("src/ecosystems/{}/README.md", room.name()))));
    assert!(all.len() > 15, "{all:?}");
    // uv's own word for one of its strategies.
    let exempt = ["unsafe-best-match"];
    let of = |path: &PathBuf| said(&path.display().to_string(), &std::fs::read_to_string(path).expect("a document"), &exempt);
    assert_eq!(all.iter().flat_map(of).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn no_help_promises_what_nobody_looked_at() {
    let mut found = Vec::new();
    for (path, mut command) in commands() {
        found.extend(said(&path.join(" "), &command.render_long_help().to_string(), &[]));
    }
    assert_eq!(found, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_transcript_and_no_page_promises_what_nobody_looked_at() {
    let site = Site::new().await;
    let lock = site.locked(&format!("{}{}", site.python(), site.advisories()), TAKEN).await.unwrap();
    let volumes: Vec<String> = site.packed(&lock, "out").await.iter().map(|path| path.display().to_string()).collect();
    let bundle: Vec<&str> = volumes.iter().map(String::as_str).collect();
    let host = Host::new();
    let shown = host.json(&["trust", "show", arg(&site.world.path("root/root.1.json"))]);
    host.ok(&["trust", "accept", arg(&site.world.path("root/root.1.json")), "--fingerprint", shown[0]["spoken"].as_str().unwrap()]);
    // One policy that shows and one that refuses; what passes is printed too.
    let table = "airlift-policy = 1\n[artifacts]\nmax-bytes = 1000000000\nscan = \"shown\"\nunknown-licence = \"shown\"\n[advisories]\n\
         max-age-days = 36525\nlikelihood = 0.1\n";
    host.write("shown.toml", format!("{table}known-exploited = \"shown\"\nmalicious = \"shown\"\n"));
    host.write("strict.toml", format!("{table}refuse = \"any\"\nunknown-exploited = \"refused\"\n"));
    let documents = ["--sarif", "found.sarif", "--junit", "found.xml"];
    let mut found = Vec::new();
    let mut ran = |args: Vec<&str>| {
        let name = args.join(" ");
        let ran = host.run(&args);
        assert!(!ran.out.is_empty() || !ran.err.is_empty(), "{name} says nothing");
        found.extend(said(&name, &format!("{}{}", ran.out, ran.err), &[]));
        for document in ["found.sarif", "found.xml"].map(|name| host.path(name)) {
            found.extend(std::fs::read_to_string(&document).into_iter().flat_map(|text| said(&name, &text, &[])));
        }
    };
    for policy in ["shown.toml", "strict.toml"] {
        ran([&["gate", "--policy", policy][..], &documents[..], &bundle[..]].concat());
        ran([&["verify", "--scan", "--policy", policy][..], &documents[..], &bundle[..]].concat());
        ran([&["--json", "gate", "--policy", policy][..], &bundle[..]].concat());
    }
    ran([&["scan"][..], &bundle[..]].concat());
    ran([&["review"][..], &bundle[..]].concat());
    ran([&["audit"][..], &bundle[..]].concat());
    ran([&["plan"][..], &bundle[..]].concat());
    ran(vec!["policy", "set", "shown.toml"]);
    ran([&["import"][..], &documents[..], &bundle[..]].concat());
    for command in ["audit", "gate", "scan", "status", "report"] {
        ran(vec![command]);
    }

    // The pages of the mirror, and what they say to paste.
    let receiver = site.world.receiver("receiver");
    let paths: Vec<PathBuf> = volumes.iter().map(PathBuf::from).collect();
    site.world.import(&paths, &receiver).unwrap();
    let snapshot = receiver.current().unwrap().unwrap();
    let router = Mounted::router(receiver.views(&snapshot).unwrap(), Some(1), &Arc::new(Settings::default()));
    let rooms = ALL.iter().map(|room| format!("/{}/latest/", room.name()));
    for path in ["/", "/clients", "/ca.pem", "/nothing-here"].map(str::to_owned).into_iter().chain(rooms) {
        let request = Request::builder().uri(&path).header("host", "mirror.lan").header("accept", "text/html").body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let bytes = to_bytes(response.into_body(), 1 << 24).await.unwrap();
        found.extend(said(&path, &String::from_utf8_lossy(&bytes), &["unsafe-inline", "strict-origin"]));
    }
    let mirror = Mirror { base: "https://mirror.lan".to_owned(), view: "latest".to_owned(), own_ca: true };
    let snippets = ALL.iter().flat_map(|room| room.client_config(&mirror));
    found.extend(snippets.flat_map(|snippet| said(snippet.client, &snippet.text, &[])));
    assert_eq!(found, [""; 0]);
}

#[test]
fn the_words_are_found_in_every_language() {
    assert_eq!(promised("It is Safe and has no vulnerabilities.", "en").len(), 2);
    assert_eq!(promised("Das ist sicher; Sicherheit ist etwas anderes.", "de"), ["sicher"]);
    assert_eq!(promised("È conforme, certificato.", "it").len(), 2);
    assert_eq!(promised("unsafe-best-match, a certificate, security", "en"), [""; 0]);
}
