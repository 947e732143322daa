use super::{RenderOptions, Rendered, render};
use crate::ecosystems::charts::archive::File;
use crate::ecosystems::charts::chart::Chart;
use crate::ecosystems::charts::yaml;
use std::path::Path;

fn rendered(template: &str) -> Rendered {
    let file = |name: &str, text: &str| File { name: name.into(), data: text.into() };
    let files = vec![
        file("Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n"),
        file("templates/bad.yaml", template),
        file("templates/good.yaml", "kind: ConfigMap\n"),
    ];
    render(&Chart::from_files("c", files).unwrap(), &RenderOptions::default()).unwrap()
}

#[test]
fn one_failing_template_does_not_lose_the_others() {
    for (template, message) in [
        ("{{ fail \"no\" }}", "execution error at (c/templates/bad.yaml:1:3): no"),
        ("\n{{ .Values.a.b.c }}", "bad.yaml:2:10: executing"),
        ("a\n{{ if }}", "parse error at (c/templates/bad.yaml:2"),
        ("{{ nope 1 }}", "function \"nope\" not defined"),
    ] {
        let out = rendered(template);
        assert_eq!(out.documents.len(), 1, "{template}");
        assert!(out.failures[0].message.contains(message), "{template}: {}", out.failures[0].message);
    }
}

#[test]
fn templates_without_end_are_stopped() {
    for template in [
        "{{ define \"a\" }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}",
        "{{ define \"a\" }}{{ template \"a\" . }}{{ end }}{{ template \"a\" . }}",
        "{{ range until 1000000000 }}x{{ end }}",
        "{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}",
        "{{ repeat 1000000000 \"xxxxxxxx\" }}",
        "{{ range until 100 }}{{ derivePassword 1 \"pin\" \"a\" \"b\" \"c\" }}{{ end }}",
        "{{ tpl \"{{ tpl .s . }}\" (dict \"s\" \"{{ tpl .s . }}\") }}",
        "{{ $d := dict }}{{ $_ := set $d \"a\" $d }}{{ toJson $d | required \"deep\" }}",
    ] {
        assert_eq!(rendered(template).failures.len(), 1, "{template}");
    }
}

/// The files below a folder, as a chart has them.
fn folder(root: &Path, at: &Path, out: &mut Vec<File>) {
    let mut entries: Vec<_> = std::fs::read_dir(at).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
        if path.is_dir() {
            folder(root, &path, out);
        } else if std::path::Path::new(&name).extension().is_none_or(|ending| ending != "bak") && !name.starts_with("ci/") {
            // What the charts' own lists leave out is left out here.
            out.push(File { name, data: std::fs::read(&path).unwrap() });
        }
    }
}

/// A set of values of a chart of the corpus; its first line may name further arguments.
fn of_corpus(charts: &Path, chart: &str, values: &str) -> String {
    let mut files = vec![];
    folder(&charts.join(chart), &charts.join(chart), &mut files);
    let mut options = RenderOptions {
        release: "demo".into(),
        namespace: "space".into(),
        kube_version: "v1.25.0".into(),
        now: "2024-06-01T00:00:00Z".parse().unwrap(),
        strict: true,
        ..RenderOptions::default()
    };
    options.values = yaml::parse(values).unwrap().as_object().cloned().into_iter().collect();
    let line = values.lines().next().and_then(|line| line.strip_prefix("# helm: ")).unwrap_or("");
    let (mut crds, mut hooks, mut tests) = (false, true, true);
    let mut words = line.split_whitespace();
    while let Some(word) = words.next() {
        match word {
            "--kube-version" => options.kube_version = words.next().unwrap().into(),
            "--api-versions" => options.api_versions.push(words.next().unwrap().into()),
            "--include-crds" => crds = true,
            "--no-hooks" => hooks = false,
            "--skip-tests" => tests = false,
            other => panic!("{chart}: {other}"),
        }
    }
    let mut rendered = render(&Chart::from_files(chart, files).unwrap(), &options).unwrap();
    rendered.hooks.retain(|d| hooks && (tests || !d.template.contains("/tests/")));
    rendered.text(crds)
}

/// Charts that use what the big public ones use; `*.expected.txt` is what helm 3.10.1 printed, release `demo` in `space`.
#[test]
fn charts_render_as_helm_renders_them() {
    let charts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/charts");
    let mut seen = 0;
    for entry in std::fs::read_dir(&charts).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let Some(set) = name.strip_suffix(".values.yaml") else { continue };
        let chart = set.split('.').next().unwrap();
        let ours = of_corpus(&charts, chart, &std::fs::read_to_string(&path).unwrap());
        let theirs = std::fs::read_to_string(charts.join(format!("{set}.expected.txt"))).unwrap();
        for (line, (ours, theirs)) in ours.trim().lines().zip(theirs.trim().lines()).enumerate() {
            assert_eq!(ours, theirs, "{set}: line {}", line + 1);
        }
        assert_eq!(ours.trim().lines().count(), theirs.trim().lines().count(), "{set}");
        seen += 1;
    }
    assert!(seen > 40, "only {seen} sets of values");
}
