//! What a section means: versions, digests, dependencies, images.

use super::{Classic, archive, lock, lock_in, push, push_as, refusal, wanted, web};
use crate::images::registry::Registry;
use airlift::artifact::{Digest, Learned};
use serde_json::{Value, json};

fn image<'a>(meta: &'a Value, reference: &str) -> &'a Value {
    meta["images"].as_array().unwrap().iter().find(|image| image["reference"] == reference).unwrap_or_else(|| panic!("{reference}: {meta}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_takes_the_newest_release_and_its_images() {
    let repository = Classic::start();
    for version in ["1.2.0", "1.10.0", "1.11.0-rc.1", "2.0.0"] {
        repository.add("web", version, &web(version));
    }
    let section =
        format!("chart = \"web\"\nrepository = \"{}\"\nversion = \"^1.2\"\nkube-versions = [\"1.29\", \"1.31\"]", repository.address());
    let locked = lock(&section).await.unwrap();
    let chart = &locked.artifacts[0];
    let served = repository.server.host.replace(':', "_");
    assert_eq!((chart.name.as_str(), chart.version.as_str()), (&*format!("{served}/web"), "1.10.0"));
    assert_eq!((chart.descriptors[0].digest, chart.descriptors[0].learned), (Digest::of(&web("1.10.0")), Learned::Upstream));
    assert_eq!(wanted(&locked), ["quay.io/team/job:3", "quay.io/team/old:1", "quay.io/team/web:1.25"]);
    assert_eq!(image(&chart.meta, "quay.io/team/web:1.25")["found"][0], "rendered: default, k8s 1.29 1.31, web/templates/web.yaml");
    assert_eq!(image(&chart.meta, "quay.io/team/old:1")["found"][0], "rendered: default, k8s 1.29, web/templates/web.yaml");
    assert_eq!(image(&chart.meta, "quay.io/team/job:3")["found"][0], "annotation artifacthub.io/images");
    for only_seen in ["quay.io/team/sidecar:1", "quay.io/team/helper:2"] {
        assert_eq!(image(&chart.meta, only_seen)["carried"], false);
    }
    assert_eq!(chart.meta["redirects"], json!([{ "path": ["image", "registry"], "value": "quay.io" }]));
    assert_eq!(image(&chart.meta, "quay.io/team/web:1.25")["redirected"], true);
    assert_eq!(image(&chart.meta, "quay.io/team/old:1")["redirected"], false);
    assert!(
        locked.notes.iter().any(|n| n.contains("found, and not carried: quay.io/team/helper:2, quay.io/team/sidecar:1")),
        "{:?}",
        locked.notes
    );
    assert!(locked.notes.iter().any(|n| n.contains("no provenance file (404)")), "{:?}", locked.notes);
    let again = lock(&section).await.unwrap();
    assert_eq!(again.artifacts, locked.artifacts, "always the same");
    let newest = lock(&section.replace("^1.2", ">=1.10")).await.unwrap();
    assert_eq!(newest.artifacts[0].version, "2.0.0");
    let early = lock(&section.replace("version = \"^1.2\"", "version = \"^1.2\"\npre-releases = true")).await.unwrap();
    assert_eq!(early.artifacts[0].version, "1.11.0-rc.1");
}

#[tokio::test(flavor = "multi_thread")]
async fn value_sets_and_heuristics_bring_further_images() {
    let (repository, folder) = (Classic::start(), tempfile::tempdir().unwrap());
    repository.add("web", "1.0.0", &web("1.0.0"));
    std::fs::write(folder.path().join("mine.yaml"), "image:\n  tag: \"9\"\n").unwrap();
    let section = format!(
        "chart = \"web\"\nrepository = \"{}\"\nvalues = [\"mine.yaml\", {{ image = {{ repository = \"ours/web\" }} }}]\n\
         [charts.kit.value-sets.full]\ninline = {{ sidecar = {{ enabled = true }} }}",
        repository.address()
    );
    let locked = lock_in(folder.path(), &section).await.unwrap();
    assert_eq!(wanted(&locked), ["quay.io/ours/web:9", "quay.io/team/job:3", "quay.io/team/sidecar:1"]);
    let section = format!(
        "chart = \"web\"\nrepository = \"{}\"\nimages = {{ heuristics = true, extra = [\"busybox\"], exclude = [\"*/job\"] }}",
        repository.address()
    );
    let locked = lock(&section).await.unwrap();
    assert_eq!(
        wanted(&locked),
        [
            "docker.io/library/busybox:latest",
            "quay.io/team/helper:2",
            "quay.io/team/job:3",
            "quay.io/team/sidecar:1",
            "quay.io/team/web:1.25"
        ]
    );
    let locked = lock(&section.replace("\"*/job\"", "\"*/job:*\"")).await.unwrap();
    assert!(!wanted(&locked).contains(&"quay.io/team/job:3"));
}

#[tokio::test(flavor = "multi_thread")]
async fn dependencies_outside_the_archive_become_charts_of_their_own() {
    let (first, second) = (Classic::start(), Classic::start());
    let below = |image: &str| format!("kind: Pod\napiVersion: v1\nspec: {{containers: [{{name: c, image: \"{image}\"}}]}}\n");
    let dep = |version: &str| {
        let chart = format!("apiVersion: v2\nname: db\nversion: {version}\n");
        archive("db", &[("Chart.yaml", &chart), ("templates/p.yaml", &below(&format!("quay.io/team/db:{version}")))])
    };
    for version in ["7.1.0", "7.2.0"] {
        second.add("db", version, &dep(version));
    }
    let chart = format!(
        "apiVersion: v2\nname: app\nversion: 1.0.0\ndependencies:\n- name: db\n  version: ^7\n  repository: {}\n",
        second.address()
    );
    let lock_file = format!("dependencies:\n- name: db\n  repository: {}\n  version: 7.1.0\n", second.address());
    first.add("app", "1.0.0", &archive("app", &[("Chart.yaml", &chart), ("Chart.lock", &lock_file)]));
    let section = format!("chart = \"app\"\nrepository = \"{}\"", first.address());
    let locked = lock(&section).await.unwrap();
    let names: Vec<String> = locked.artifacts.iter().map(|a| format!("{} {}", a.name.rsplit('/').next().unwrap(), a.version)).collect();
    assert_eq!(names, ["db 7.1.0", "app 1.0.0"]);
    assert_eq!(wanted(&locked), ["quay.io/team/db:7.1.0"]);
    assert_eq!(locked.artifacts[1].meta["dependencies"][0]["version"], "7.1.0");
    first.add("app", "1.0.1", &archive("app", &[("Chart.yaml", &chart.replace("1.0.0", "1.0.1"))]));
    assert_eq!(wanted(&lock(&section).await.unwrap()), ["quay.io/team/db:7.2.0"], "without a lock file the newest that fits");
}

#[tokio::test(flavor = "multi_thread")]
async fn charts_of_a_registry_keep_their_manifest() {
    let registry = Registry::start();
    let bytes = web("1.3.0+b1");
    let root = push(&registry, "team/charts/web", "1.3.0_b1", &bytes);
    registry.put(
        "/v2/team/charts/web/tags/list".to_owned(),
        "application/json",
        br#"{"name":"team/charts/web","tags":["1.3.0_b1","latest","1.2.0"]}"#,
    );
    for version in ["^1.2", "1.3.0+b1"] {
        let section = format!("chart = \"web\"\nrepository = \"oci://{}/team/charts\"\nversion = \"{version}\"", registry.host);
        let locked = lock(&section).await.unwrap();
        let chart = &locked.artifacts[0];
        assert_eq!((chart.version.as_str(), &chart.meta["root"]), ("1.3.0+b1", &json!(root.to_string())));
        assert_eq!((chart.descriptors[0].digest, chart.descriptors.len()), (Digest::of(&bytes), 3));
        assert_eq!(chart.descriptors[0].name.as_deref(), Some("web-1.3.0+b1.tgz"));
        assert_eq!(wanted(&locked).len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn provenance_files_are_carried_and_what_was_learned_is_kept() {
    let (repository, folder) = (Classic::start(), tempfile::tempdir().unwrap());
    let bytes = web("1.0.0");
    repository.put("web", &bytes, "1.0.0", "charts/web-1.0.0.tgz", None);
    let text = format!(
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nname: web\n\n...\nfiles:\n  web-1.0.0.tgz: {}\n-----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP SIGNATURE-----\n",
        Digest::of(&bytes)
    );
    repository.server.put("/charts/web-1.0.0.tgz.prov".to_owned(), "text/plain", text.as_bytes());
    let section = format!("chart = \"web\"\nrepository = \"{}\"", repository.address());
    let locked = lock_in(folder.path(), &section).await.unwrap();
    let chart = &locked.artifacts[0];
    assert_eq!(chart.descriptors[1].name.as_deref(), Some("web-1.0.0.tgz.prov"));
    assert!(locked.notes.iter().any(|n| n.contains(&format!("sha256 = \"{}\"", Digest::of(&bytes).hex()))), "{:?}", locked.notes);
    for blob in &chart.descriptors {
        assert!(folder.path().join("cache/learned").join(blob.digest.hex()).is_file(), "{:?}", blob.name);
    }
    let pinned = format!("{section}\nsha256 = \"{}\"", Digest::of(&bytes).hex());
    let before = repository.server.log().len();
    assert_eq!(lock_in(folder.path(), &pinned).await.unwrap().artifacts[0].descriptors[0].learned, Learned::Pinned);
    assert!(!repository.server.log()[before..].iter().any(|asked| asked.path.ends_with(".tgz")), "it was here already");
}

#[tokio::test(flavor = "multi_thread")]
async fn charts_below_an_index_and_with_the_older_layer_type_are_charts_too() {
    let registry = Registry::start();
    let (repository, bytes) = ("team/charts/web", web("1.3.0"));
    let section = format!("chart = \"web\"\nrepository = \"oci://{}/team/charts\"\nversion = \"1.3.0\"", registry.host);
    let legacy = push_as(&registry, repository, Some("1.3.0"), &bytes, "application/tar+gzip");
    let locked = lock(&section).await.unwrap();
    assert_eq!(locked.artifacts[0].meta["root"], json!(legacy.to_string()));
    assert_eq!(locked.artifacts[0].descriptors[0].digest, Digest::of(&bytes));
    assert_eq!(wanted(&locked).len(), 2);
    let other = registry.blob(repository, b"{}");
    let manifest =
        |config: &str| format!(r#"{{"schemaVersion":2,"config":{{"mediaType":"{config}","digest":"{other}","size":2}},"layers":[]}}"#);
    let oci = "application/vnd.oci.image.manifest.v1+json";
    let image = registry.manifest(repository, None, oci, manifest("application/vnd.oci.image.config.v1+json").as_bytes());
    let index = |children: &[Digest]| {
        let each = |child: &Digest| format!(r#"{{"mediaType":"{oci}","digest":"{child}","size":1}}"#);
        let all: Vec<String> = children.iter().map(each).collect();
        let text = format!(r#"{{"schemaVersion":2,"manifests":[{}]}}"#, all.join(","));
        registry.manifest(repository, Some("1.3.0"), "application/vnd.oci.image.index.v1+json", text.as_bytes())
    };
    let root = index(&[image, legacy]);
    let locked = lock(&section).await.unwrap();
    let chart = &locked.artifacts[0];
    assert_eq!(chart.meta["root"], json!(root.to_string()), "what the tag names is kept");
    let carried: Vec<Digest> = chart.descriptors.iter().map(|blob| blob.digest).collect();
    assert!([Digest::of(&bytes), root, legacy].iter().all(|digest| carried.contains(digest)), "{carried:?}");
    assert!(!carried.contains(&image), "what is no chart stays outside");
    index(&[image]);
    let error = refusal(&section).await;
    assert!(format!("{error:?}").contains("its index has no chart"), "{error:?}");
    index(&[]);
    assert!(format!("{:?}", refusal(&section).await).contains("its index has no chart"));
}

fn pod(image: &str) -> String {
    format!("kind: Pod\napiVersion: v1\nmetadata: {{name: p}}\nspec: {{containers: [{{name: c, image: \"{image}\"}}]}}\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn one_chart_under_two_aliases_is_needed_in_two_versions() {
    let repository = Classic::start();
    for version in ["1.1.0", "2.3.0"] {
        let about = format!("apiVersion: v2\nname: db\nversion: {version}\n");
        repository.add(
            "db",
            version,
            &archive("db", &[("Chart.yaml", &about), ("templates/p.yaml", &pod(&format!("quay.io/team/db:{version}")))]),
        );
    }
    let address = repository.address();
    let needs = |range: &str, alias: &str| format!("- name: db\n  version: {range}\n  alias: {alias}\n  repository: {address}\n");
    let about = format!("apiVersion: v2\nname: app\nversion: 1.0.0\ndependencies:\n{}{}", needs("^1", "old"), needs("^2", "new"));
    let locked = |version: &str| format!("- name: db\n  repository: {address}\n  version: {version}\n");
    let lock_file = format!("dependencies:\n{}{}digest: sha256:x\ngenerated: \"2026-01-01T00:00:00Z\"\n", locked("1.1.0"), locked("2.3.0"));
    repository.add("app", "1.0.0", &archive("app", &[("Chart.yaml", &about), ("Chart.lock", &lock_file), ("templates/n.yaml", "")]));
    let locked = lock(&format!("chart = \"app\"\nrepository = \"{address}\"")).await.unwrap();
    assert_eq!(wanted(&locked), ["quay.io/team/db:1.1.0", "quay.io/team/db:2.3.0"], "{:?}", locked.notes);
    let mut versions: Vec<&str> = locked.artifacts.iter().filter(|a| a.name.ends_with("/db")).map(|a| a.version.as_str()).collect();
    versions.sort_unstable();
    assert_eq!(versions, ["1.1.0", "2.3.0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_of_a_chart_list_images_too_and_so_do_files_beside_definitions() {
    let repository = Classic::start();
    let part = "apiVersion: v2\nname: part\nversion: 1.0.0\nannotations:\n  artifacthub.io/images: |\n    - image: quay.io/team/part:1\n";
    let definition =
        format!("kind: CustomResourceDefinition\nspec: {{image: \"quay.io/team/no:1\"}}\n---\n{}", pod("quay.io/team/beside:2"));
    let files =
        [("Chart.yaml", "apiVersion: v2\nname: app\nversion: 1.0.0\n"), ("charts/part/Chart.yaml", part), ("crds/c.yaml", &definition)];
    repository.add("app", "1.0.0", &archive("app", &files));
    let locked = lock(&format!("chart = \"app\"\nrepository = \"{}\"", repository.address())).await.unwrap();
    assert_eq!(wanted(&locked), ["quay.io/team/beside:2", "quay.io/team/part:1"], "{:?}", locked.notes);
    let meta = &locked.artifacts[0].meta;
    assert_eq!(image(meta, "quay.io/team/part:1")["found"][0], "annotation artifacthub.io/images of part");
}

/// As charts of one large publisher do it, in their notes.
const PROUD: &str = r#"{{ if and (ne .Values.image.registry "quay.io") (not .Values.global.security.allowInsecureImages) }}
{{ fail "Original containers have been substituted" }}{{ end }}"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_chart_that_refuses_other_registries_is_led_to_a_mirror_only_where_it_lets_itself() {
    let repository = Classic::start();
    for (name, switch, refusal) in [
        ("lets", "global: {security: {allowInsecureImages: false}}\n", PROUD),
        ("never", "", "{{ if ne .Values.image.registry \"quay.io\" }}{{ fail \"no\" }}{{ end }}"),
    ] {
        let about = format!("apiVersion: v2\nname: {name}\nversion: 1.0.0\n");
        let values = format!("{switch}image: {{registry: quay.io, repository: team/web, tag: \"1\"}}\n");
        let template = pod("{{ .Values.image.registry }}/{{ .Values.image.repository }}:{{ .Values.image.tag }}");
        let files =
            [("Chart.yaml", about.as_str()), ("values.yaml", &values), ("templates/p.yaml", &template), ("templates/NOTES.txt", refusal)];
        repository.add(name, "1.0.0", &archive(name, &files));
    }
    let meta = async |name: &str| {
        lock(&format!("chart = \"{name}\"\nrepository = \"{}\"", repository.address())).await.unwrap().artifacts[0].meta.clone()
    };
    let lets = meta("lets").await;
    assert_eq!(lets["redirects"], json!([{ "path": ["image", "registry"], "value": "quay.io" }]));
    assert_eq!(lets["switches"], json!([["global", "security", "allowInsecureImages"]]));
    assert_eq!(image(&lets, "quay.io/team/web:1")["redirected"], true);
    let never = meta("never").await;
    assert_eq!((&never["redirects"], &never["switches"]), (&Value::Null, &Value::Null));
    assert_eq!(image(&never, "quay.io/team/web:1")["redirected"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn charts_may_ask_which_helm_installs_them() {
    let repository = Classic::start();
    let template = "{{ if semverCompare \"<3.14.0\" .Capabilities.HelmVersion.Version }}{{ fail \"too old\" }}{{ end }}\n".to_owned()
        + &pod("quay.io/team/web:1");
    repository.add(
        "app",
        "1.0.0",
        &archive("app", &[("Chart.yaml", "apiVersion: v2\nname: app\nversion: 1.0.0\n"), ("templates/p.yaml", &template)]),
    );
    let section = format!("chart = \"app\"\nrepository = \"{}\"", repository.address());
    assert_eq!(wanted(&lock(&section).await.unwrap()), ["quay.io/team/web:1"]);
    let old = lock(&format!("{section}\nhelm-version = \"3.10.1\"")).await.unwrap();
    assert!(wanted(&old).is_empty() && old.notes.iter().any(|note| note.contains("too old")), "{:?}", old.notes);
    for wrong in ["kube-versions = [\"1.31.x\"]", "helm-version = \"new\""] {
        let error = lock(&format!("{section}\n{wrong}")).await.unwrap_err();
        assert_eq!(error.kind(), airlift::error::Kind::Usage, "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_addresses_of_one_served_name_are_refused() {
    let (repository, other) = (Classic::start(), archive("web", &[("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n")]));
    let index = |archive: &str| format!("entries:\n  web:\n  - {{name: web, version: 1.0.0, urls: [\"/{archive}.tgz\"]}}\n");
    for (path, archive) in [("q/a~b", "one"), ("q/a-b", "two"), ("Q/a-b", "one")] {
        repository.server.put(format!("/{path}/index.yaml"), "text/yaml", index(archive).as_bytes());
    }
    repository.server.put("/one.tgz".to_owned(), "application/gzip", &web("1.0.0"));
    repository.server.put("/two.tgz".to_owned(), "application/gzip", &other);
    let of = async |path: &str| {
        lock(&format!("chart = \"web\"\nrepository = \"{}/{path}\"", repository.address())).await.unwrap().artifacts[0].clone()
    };
    let (tilde, dash, upper) = (of("q/a~b").await, of("q/a-b").await, of("Q/a-b").await);
    assert!(tilde.name == dash.name && dash.name == upper.name, "they come to one name");
    let check = |all: &[&airlift::artifact::Artifact]| airlift::ecosystems::find("charts").unwrap().check_together(all);
    let refused = check(&[&tilde, &dash]).unwrap_err();
    assert_eq!(refused.kind(), airlift::error::Kind::Usage);
    for words in ["/q/a~b/", "/q/a-b/", "charts of two repositories"] {
        assert!(refused.to_string().contains(words), "{words}: {refused}");
    }
    let same = check(&[&tilde, &upper]).unwrap_err().to_string();
    assert!(same.contains("one chart from two addresses") && same.contains("/q/a~b/") && same.contains("/Q/a-b/"), "{same}");
    check(&[&tilde, &tilde]).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn dates_among_values_are_text_and_what_is_no_number_is_refused() {
    let repository = Classic::start();
    let about = "apiVersion: v2\nname: web\nversion: 1.0.0\n";
    let template = "spec: {containers: [{image: \"quay.io/team/web:{{ .Values.a.when }}\"}]}\n";
    repository.add("web", "1.0.0", &archive("web", &[("Chart.yaml", about), ("templates/p.yaml", template)]));
    let section = |values: &str| format!("chart = \"web\"\nrepository = \"{}\"\nvalues = {values}", repository.address());
    for values in ["{ a = { when = 2024-05-06 } }", "[{ a = { when = 2024-05-06 } }]"] {
        assert_eq!(wanted(&lock(&section(values)).await.unwrap()), ["quay.io/team/web:2024-05-06"], "{values}");
    }
    let set = format!("{}\n[charts.kit.value-sets.x]\ninline = {{ a = {{ when = 2024-05-06 }} }}", section("{ a = { when = \"1\" } }"));
    assert_eq!(wanted(&lock(&set).await.unwrap()), ["quay.io/team/web:1", "quay.io/team/web:2024-05-06"]);
    for (values, place) in [("{ a = { when = nan } }", "a.when"), ("[{ b = [1.5, { c = -inf }] }]", "b[1].c")] {
        let error = refusal(&section(values)).await;
        assert!(error.kind() == airlift::error::Kind::Usage && error.to_string().contains(&format!("`{place}`")), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_of_many_charts_is_told_once() {
    let repository = Classic::start();
    repository.add("web", "1.0.0", &web("1.0.0"));
    repository.add("app", "1.0.0", &archive("app", &[("Chart.yaml", "apiVersion: v2\nname: app\nversion: 1.0.0\n")]));
    let section = format!(
        "repository = \"{}\"\nitems = [{{ chart = \"app\" }}, {{ chart = \"web\" }}]\nimages = {{ exclude = [\"*/job:*\", \"*/jbo:*\"] }}",
        repository.address()
    );
    let locked = lock(&section).await.unwrap();
    let proven: Vec<&String> = locked.notes.iter().filter(|note| note.contains("provenance")).collect();
    assert_eq!(proven, ["app 1.0.0, web 1.0.0: no provenance file (404)"]);
    let idle: Vec<&String> = locked.notes.iter().filter(|note| note.contains("images.exclude")).collect();
    assert_eq!(idle, ["images.exclude: */jbo:* fits no image that was found"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_without_an_archive_are_told() {
    let repository = Classic::start();
    repository.server.put("/web-1.0.0.tgz".to_owned(), "application/gzip", &web("1.0.0"));
    let entry = |version: &str, urls: &str| format!("  - {{name: web, version: {version}, urls: [{urls}]}}\n");
    let section = format!("chart = \"web\"\nrepository = \"{}\"", repository.address());
    repository.index(&format!("entries:\n  web:\n{}{}", entry("2.0.0", ""), entry("1.0.0", "web-1.0.0.tgz")));
    let locked = lock(&section).await.unwrap();
    assert_eq!(locked.artifacts[0].version, "1.0.0");
    assert!(
        locked.notes.iter().any(|note| note.contains("without an archive") && note.ends_with("passed over: 2.0.0")),
        "{:?}",
        locked.notes
    );
    repository.index(&format!("entries:\n  web:\n{}", entry("2.0.0", "")));
    let error = refusal(&section).await;
    assert!(
        error.kind() == airlift::error::Kind::Upstream && error.to_string().contains("names no archive for any version of web"),
        "{error}"
    );
}
