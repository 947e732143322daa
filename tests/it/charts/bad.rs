//! What is refused, with which kind of error, and that nothing is sent where it must not go.

use super::{Classic, archive, lock, lock_in, refusal, wanted, web};
use crate::images::registry::{Answer, Registry};
use airlift::artifact::Digest;
use airlift::error::{Error, Kind};

fn said(error: &Error, kind: Kind, words: &[&str]) {
    assert_eq!(error.kind(), kind, "{error:?}");
    let text = format!("{error:?}");
    for word in words {
        assert!(text.contains(word), "{word} is not in: {text}");
    }
}

fn section(repository: &Classic, more: &str) -> String {
    format!("chart = \"web\"\nrepository = \"{}\"\n{more}", repository.address())
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_and_charts_that_are_not_there() {
    let repository = Classic::start();
    repository.add("web", "1.0.0-rc.1", &web("1.0.0-rc.1"));
    said(&refusal(&section(&repository, "")).await, Kind::Upstream, &["no version fits", "1.0.0-rc.1", "pre-releases = true"]);
    said(&refusal(&section(&repository, "version = \"^7\"")).await, Kind::Upstream, &["no version fits ^7"]);
    said(&refusal(&section(&repository, "version = \"9.9.9\"")).await, Kind::Upstream, &["no version fits 9.9.9"]);
    said(&refusal(&section(&repository, "version = \"one\"")).await, Kind::Usage, &["no version and no range"]);
    let other = section(&repository, "").replace("\"web\"", "\"none\"");
    said(&refusal(&other).await, Kind::Upstream, &["none is not in"]);
    let path = section(&repository, "").replace("\"web\"", "\"team/web\"");
    said(&refusal(&path).await, Kind::Usage, &["no chart's name"]);
    said(&refusal("version = \"1\"").await, Kind::Usage, &["belong to a `chart`"]);
    let registry = Registry::start();
    let oci = format!("chart = \"web\"\nrepository = \"oci://{}/team\"", registry.host);
    said(&refusal(&oci).await, Kind::Upstream, &["web is not in oci://"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn indexes_and_archives_that_lie() {
    let repository = Classic::start();
    for index in ["<html></html>", "apiVersion: v1\n", "entries: {web: [", "entries:\n  web: 5\n"] {
        repository.index(index);
        said(&refusal(&section(&repository, "")).await, Kind::Upstream, &["the index of the repository is refused"]);
    }
    let bytes = web("1.0.0");
    let put = |version: &str, bytes: &[u8], digest: Option<&str>| {
        let repository = Classic::start();
        repository.put("web", bytes, version, &format!("charts/web-{version}.tgz"), digest);
        repository
    };
    let other = Digest::of(b"other").hex();
    said(&refusal(&section(&put("1.0.0", &bytes, Some(&other)), "")).await, Kind::Verification, &["not what it should be", &other]);
    let pinned = section(&put("1.0.0", &bytes, None), &format!("sha256 = \"{other}\""));
    said(&refusal(&pinned).await, Kind::Verification, &["not what it should be", "`sha256`"]);
    said(&refusal(&section(&put("1.0.0", &bytes, Some("beef")), "")).await, Kind::Upstream, &["the digest in the index"]);
    said(&refusal(&section(&put("2.0.0", &bytes, None), "")).await, Kind::Verification, &["holds another chart", "web 1.0.0"]);
    said(&refusal(&section(&put("1.0.0", b"junk", None), "")).await, Kind::Verification, &["web 1.0.0"]);
    let outside = archive("web/../..", &[("Chart.yaml", "x")]);
    said(&refusal(&section(&put("1.0.0", &outside, None), "")).await, Kind::Verification, &["web 1.0.0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_in_an_index_are_not_believed() {
    let (repository, elsewhere) = (Classic::start(), Registry::start());
    let bytes = web("1.0.0");
    for address in [
        "ftp://example.org/web.tgz",
        "http://example.org/web.tgz",
        "https://u:p@example.org/web.tgz",
        "https://example.org/web.tgz?X-Sig=1",
        "file:///etc/passwd",
    ] {
        repository.put("web", &bytes, "1.0.0", address, None);
        said(&refusal(&section(&repository, "")).await, Kind::Upstream, &["not asked for"]);
    }
    elsewhere.put("/a/web-1.0.0.tgz".to_owned(), "application/gzip", &bytes);
    let apart = Classic::start();
    apart.put("web", &bytes, "1.0.0", &format!("http://{}/b/../a/web-1.0.0.tgz", elsewhere.host), None);
    lock(&section(&apart, "")).await.unwrap();
    assert!(elsewhere.log().iter().all(|asked| asked.header("authorization").is_none()));
    elsewhere.rule(|asked| asked.path.ends_with(".tgz").then(|| Answer::new(200, "x").claiming(100 << 20)));
    said(&refusal(&section(&apart, "")).await, Kind::Verification, &["longer than it should be"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn dependencies_that_cannot_be_had() {
    let repository = Classic::start();
    let chart = |name: &str, needs: &str, from: &str| {
        let text = format!(
            "apiVersion: v2\nname: {name}\nversion: 1.0.0\ndependencies:\n- name: {needs}\n  version: \"*\"\n  repository: \"{from}\"\n"
        );
        repository.add(name, "1.0.0", &archive(name, &[("Chart.yaml", &text)]));
    };
    chart("web", "gone", &repository.address());
    said(&refusal(&section(&repository, "")).await, Kind::Upstream, &["web 1.0.0 needs gone", "gone is not in"]);
    for (from, words) in
        [("", "no repository is named"), ("file://../db", "on the machine"), ("@stable", "on the machine"), ("alias:x", "on the machine")]
    {
        let other = Classic::start();
        let text =
            format!("apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n- name: db\n  version: \"1\"\n  repository: \"{from}\"\n");
        other.add("web", "1.0.0", &archive("web", &[("Chart.yaml", &text)]));
        said(&refusal(&section(&other, "")).await, Kind::Upstream, &["web 1.0.0 needs db", words]);
    }
    let circle = Classic::start();
    for (name, needs) in [("web", "b"), ("b", "c"), ("c", "web")] {
        let text = format!(
            "apiVersion: v2\nname: {name}\nversion: 1.0.0\ndependencies:\n- name: {needs}\n  version: \"1\"\n  repository: \"{}\"\n",
            circle.address()
        );
        circle.add(name, "1.0.0", &archive(name, &[("Chart.yaml", &text)]));
    }
    said(&refusal(&section(&circle, "")).await, Kind::Upstream, &["need it in turn"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_rendered_is_told_or_refused() {
    let repository = Classic::start();
    let endless = "{{- define \"a\" }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}";
    let pod = |image: &str| format!("kind: Pod\napiVersion: v1\nspec: {{containers: [{{name: c, image: {image}}}]}}\n");
    let files = [
        ("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
        ("values.yaml", "image: {a: 1}\n"),
        ("templates/loop.yaml", endless),
        ("templates/fail.yaml", "{{ required \"the domain is needed\" .Values.domain }}"),
        ("templates/odd.yaml", &pod("\"Not An Image\"")),
        ("templates/good.yaml", &pod("quay.io/team/good:1")),
    ];
    repository.add("web", "1.0.0", &archive("web", &files));
    let locked = lock(&section(&repository, "")).await.unwrap();
    assert!(super::wanted(&locked).contains(&"quay.io/team/good:1"), "one failure does not hide the rest: {:?}", locked.notes);
    for words in ["the domain is needed", "loop.yaml", "is no image reference"] {
        assert!(locked.notes.iter().any(|note| note.contains(words)), "{words}: {:?}", locked.notes);
    }
    let strict = section(&repository, "images = { on-failure = \"refuse\" }");
    said(&refusal(&strict).await, Kind::Policy, &["its images are not all known", "the domain is needed"]);
    let extra = section(&repository, "images = { extra = [\"Not An Image\"] }");
    said(&refusal(&extra).await, Kind::Usage, &["in `images.extra`"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn values_that_the_schema_refuses_are_told_or_refused() {
    let repository = Classic::start();
    let schema = r#"{"properties":{"image":{"type":"string","pattern":"^quay"},"domain":{"type":"string","minLength":1}}}"#;
    let files = [
        ("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
        ("values.yaml", "image: quay.io/team/web:1\ndomain: \"\"\n"),
        ("values.schema.json", schema),
        ("templates/pod.yaml", "kind: Pod\napiVersion: v1\nspec: {containers: [{name: c, image: {{ .Values.image }}}]}\n"),
    ];
    repository.add("web", "1.0.0", &archive("web", &files));
    let locked = lock(&section(&repository, "[charts.kit.value-sets.mine]\ninline = { domain = \"example.org\" }")).await.unwrap();
    assert_eq!(super::wanted(&locked), ["quay.io/team/web:1"]);
    let told =
        "default: web/values.schema.json: the values do not meet the schema: domain: String length must be greater than or equal to 1";
    assert!(locked.notes.iter().any(|note| note.contains(told)), "{:?}", locked.notes);
    assert!(!locked.notes.iter().any(|note| note.contains("mine: web/values")), "{:?}", locked.notes);
    assert_eq!(locked.artifacts[0].meta["redirects"], serde_json::json!([{ "path": ["image"], "value": "quay.io/team/web:1" }]));
    let strict = "images = { on-failure = \"refuse\" }";
    said(&refusal(&section(&repository, strict)).await, Kind::Policy, &["domain: String length"]);
    let fitting = format!("{strict}\nvalues = {{ domain = \"example.org\" }}");
    let locked = lock(&section(&repository, &fitting)).await.unwrap();
    assert_eq!(locked.artifacts[0].meta["redirects"], serde_json::Value::Null, "the schema refuses an image of the mirror");
}

#[tokio::test(flavor = "multi_thread")]
async fn values_of_the_wrong_kind_are_refused() {
    let (repository, folder) = (Classic::start(), tempfile::tempdir().unwrap());
    repository.add("web", "1.0.0", &web("1.0.0"));
    std::fs::write(folder.path().join("list.yaml"), "- a\n").unwrap();
    std::fs::write(folder.path().join("broken.yaml"), "a: [\n").unwrap();
    for (file, words) in [("list.yaml", "does not hold values"), ("broken.yaml", "broken.yaml"), ("none.yaml", "none.yaml")] {
        let error = super::lock_in(folder.path(), &section(&repository, &format!("values = [\"{file}\"]"))).await.unwrap_err();
        said(&error, Kind::Usage, &[words]);
    }
    assert!(repository.server.log().is_empty(), "nothing was asked before the values were read");
}

#[tokio::test(flavor = "multi_thread")]
async fn values_are_a_file_a_table_or_a_list() {
    let (repository, folder) = (Classic::start(), tempfile::tempdir().unwrap());
    repository.add("web", "1.0.0", &web("1.0.0"));
    std::fs::write(folder.path().join("mine.yaml"), "image:\n  tag: \"9\"\n").unwrap();
    let section = |values: &str| format!("chart = \"web\"\nrepository = \"{}\"\nvalues = {values}", repository.address());
    for values in ["\"mine.yaml\"", "{ image = { tag = \"9\" } }", "[\"mine.yaml\"]"] {
        let locked = lock_in(folder.path(), &section(values)).await.unwrap();
        assert!(wanted(&locked).contains(&"quay.io/team/web:9"), "{values}");
    }
    for values in ["3", "[3]"] {
        let error = lock_in(folder.path(), &section(values)).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Usage, "{values}");
        assert!(error.to_string().contains("the name of a file"), "{values}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_charts_values_and_sections_have_their_own_kinds() {
    let repository = Classic::start();
    for (file, text) in [("Chart.yaml", "name: [web"), ("values.yaml", "a: [1"), ("values.yaml", "a: \"\\xzz\"")] {
        let about = "apiVersion: v2\nname: web\nversion: 1.0.0\n";
        let files = if file == "Chart.yaml" { vec![(file, text)] } else { vec![("Chart.yaml", about), (file, text)] };
        repository.add("web", "1.0.0", &archive("web", &files));
        said(&refusal(&section(&repository, "version = \"1.0.0\"")).await, Kind::Verification, &["web 1.0.0", "yaml"]);
    }
    repository.add("web", "1.0.0", &web("1.0.0"));
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("folder")).unwrap();
    for values in ["folder", "absent.yaml"] {
        let error = lock_in(folder.path(), &section(&repository, &format!("values = \"{values}\""))).await.expect_err(values);
        said(&error, Kind::Usage, &["cannot be read", values]);
    }
    let before = repository.server.log().len();
    let helm = refusal(&section(&repository, "helm-version = \"new\"")).await;
    said(&helm, Kind::Usage, &["`helm-version`", "3.18.0"]);
    assert!(!format!("{helm:?}").contains("Kubernetes"), "{helm:?}");
    said(&refusal(&section(&repository, "images = { extra = [\"Not An Image\"] }")).await, Kind::Usage, &["images.extra", "Not An Image"]);
    assert_eq!(repository.server.log().len(), before, "nothing was asked for");
}
