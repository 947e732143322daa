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
        "{{ printf (repeat 100000 \"%[1]65000d\") 1 }}",
        "{{ $t := repeat 1000000 \"x\" }}{{ printf (repeat 1000 \"%[1]s\") $t }}",
    ] {
        assert_eq!(rendered(template).failures.len(), 1, "{template}");
    }
}

#[test]
fn values_within_themselves_are_refused() {
    let (once, twice) =
        ("{{ $d := dict }}{{ $_ := set $d \"a\" $d }}", "{{ $d := dict }}{{ $_ := set $d \"a\" $d }}{{ $_ := set $d \"b\" $d }}");
    let chart = "{{ $_ := set .Chart.Annotations \"c\" .Chart }}";
    for (before, call) in [
        (once, "printf \"%v\" $d"),
        (once, "printf \"%#v\" $d"),
        (once, "printf \"%d\" (list $d)"),
        (once, "$d"),
        (twice, "$d"),
        (twice, "quote $d"),
        (twice, "toYaml $d"),
        (twice, "deepEqual $d (dict \"a\" $d \"b\" $d)"),
        ("{{ $_ := set .Values \"a\" .Values }}", "printf \"%s\" .Values"),
        (chart, "print .Chart"),
        (chart, "toJson .Chart"),
        (chart, "eq .Chart .Chart"),
    ] {
        let out = rendered(&format!("{before}{{{{ {call} }}}}"));
        assert!(out.failures[0].message.contains("is it part of itself?"), "{call}: {:.300}", out.failures[0].message);
    }
}

/// A map that holds another twice, which does so too: small where it is shared, endless where it is walked.
#[test]
fn values_that_multiply_are_refused() {
    let shared = |name: &str| {
        format!("{{{{ ${name} := dict }}}}{{{{ range until 40 }}}}{{{{ ${name} = dict \"a\" ${name} \"b\" ${name} }}}}{{{{ end }}}}")
    };
    for call in [
        "toJson $d",
        "toToml $d",
        "deepCopy $d",
        "deepEqual $d $e",
        "merge $d $e",
        "mergeOverwrite $d $e",
        "print $d",
        "$d",
        "uniq (list $d $e)",
    ] {
        let out = rendered(&format!("{}{}{{{{ {call} }}}}", shared("d"), shared("e")));
        let message = out.failures.first().map_or("", |failure| &failure.message);
        assert!(message.contains("more than 2000000 values"), "{call}: {message:.300}");
    }
    assert!(rendered(&format!("{}a: {{{{ len $d }}}}", shared("d"))).failures.is_empty());
}

#[test]
fn work_without_end_is_stopped() {
    for template in [
        "{{ $l := list }}{{ range until 20000 }}{{ $l = append $l . }}{{ end }}",
        "{{ $d := dict }}{{ range until 20000 }}{{ $_ := set $d (toString .) . }}{{ $_ := keys $d }}{{ end }}",
        "{{ $t := repeat 1000000 \"x\" }}{{ range until 2000 }}{{ $_ := sha256sum $t }}{{ end }}",
        "{{ $t := repeat 1000000 \"x\" }}{{ range until 900000 }}{{ $_ := len $t }}{{ end }}",
        "{{ range until 20000 }}{{ $_ := regexMatch \"a{1,9}\" \"a\" }}{{ end }}",
    ] {
        let out = rendered(template);
        assert!(out.failures[0].message.contains("read more than"), "{template}: {:.300}", out.failures[0].message);
    }
    assert!(rendered("{{ $l := list }}{{ range until 2000 }}{{ $l = append $l . }}{{ end }}a: {{ len $l }}").failures.is_empty());
}

/// What helm 3.10.1 gives for strings that are no UTF-8, and for places outside of a string.
#[test]
fn strings_are_cut_by_bytes() {
    for (call, wanted) in [
        ("\"\\xff\\xfeabc\" | trunc -2", "bc"),
        ("\"\\xff\\xfeabc\" | trunc -4 | printf \"%x\"", "fe616263"),
        ("\"\\xff\\xfe abc\" | trunc -10 | printf \"%x\"", "fffe20616263"),
        ("\"\\xff\\xfeabcdefgh\" | abbrev 6 | printf \"%x\"", "fffe612e2e2e"),
        ("substr 1 3 \"\\xff\\xfeabc\" | printf \"%x\"", "fe61"),
        ("abbrevboth -1 7 \"abcdefghijkl\"", "abcd..."),
    ] {
        let out = rendered(&format!("a: {{{{ {call} | quote }}}}"));
        let text = out.documents.iter().find(|d| d.template.ends_with("bad.yaml")).map(|d| d.text.trim());
        assert_eq!(text, Some(format!("a: \"{wanted}\"").as_str()), "{call}: {:?}", out.failures);
    }
    assert!(rendered("a: {{ printf \"%70000d\" 1 | len }}").failures.is_empty());
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
