use super::{Rendered, RenderOptions, render};
use crate::ecosystems::charts::archive::File;
use crate::ecosystems::charts::chart::Chart;

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
        "{{ tpl \"{{ tpl .s . }}\" (dict \"s\" \"{{ tpl .s . }}\") }}",
        "{{ $d := dict }}{{ $_ := set $d \"a\" $d }}{{ toJson $d | required \"deep\" }}",
    ] {
        assert_eq!(rendered(template).failures.len(), 1, "{template}");
    }
}
