use super::octets::{from_bytes, from_text, settled, to_bytes, to_lossy, to_utf8};
use crate::ecosystems::charts::archive::File;
use crate::ecosystems::charts::chart::Chart;
use crate::ecosystems::charts::functions;
use crate::ecosystems::charts::render::{Bounds, RenderOptions, Rendered, render};
use proptest::prelude::*;

fn rendered(template: &[u8], bounds: Bounds) -> Rendered {
    let file = |name: &str, data: &[u8]| File { name: name.into(), data: data.to_vec() };
    let values = b"a: {b: [1, x, {c: null}], s: text}\nn: 3\nt: true\nbig: \"\\U0010FF80\"\n";
    let files = vec![
        file("Chart.yaml", b"apiVersion: v2\nname: c\nversion: 1.0.0\n"),
        file("values.yaml", values),
        file("f.bin", b"\xff\x00\xfe"),
        file("templates/t.yaml", template),
    ];
    render(&Chart::from_files("c", files).unwrap(), &RenderOptions { bounds, ..RenderOptions::default() }).unwrap()
}

/// The words templates are made of, functions apart.
const WORDS: [&str; 62] = [
    "{{",
    "}}",
    "{{-",
    "-}}",
    "if",
    "else",
    "end",
    "range",
    "with",
    "define",
    "block",
    "template",
    "break",
    "continue",
    "include",
    "tpl",
    "|",
    "(",
    ")",
    ":=",
    "=",
    ",",
    ".",
    "$",
    "$x",
    "$.Values",
    ".Values",
    ".a",
    ".b",
    ".s",
    ".n",
    ".Files.Get",
    ".Capabilities",
    ".Chart",
    ".Release.Name",
    ".Missing",
    "\"x\"",
    "\"f.bin\"",
    "\"\\xff\"",
    "\"{{ . }}\"",
    "`raw`",
    "'c'",
    "0",
    "1",
    "-1",
    "1.5",
    "0x7f",
    "1e9",
    "9223372036854775807",
    "true",
    "nil",
    "/*",
    "*/",
    "\n",
    "text",
    "é",
    "---",
    "a: b",
    "dict",
    "list",
    "until 9",
    "\u{10ff80}",
];

fn words() -> impl Strategy<Value = String> {
    let names = functions::names();
    let word = prop_oneof![3 => prop::sample::select(WORDS.to_vec()), 1 => prop::sample::select(names)];
    prop::collection::vec(word, 0..40).prop_map(|words| words.join(" "))
}

/// Calls of any function with any arguments.
fn call() -> impl Strategy<Value = String> {
    let arguments = prop::collection::vec(prop::sample::select(WORDS[22..50].to_vec()), 0..5);
    (prop::sample::select(functions::names()), arguments).prop_map(|(name, arguments)| format!("{{{{ {name} {} }}}}", arguments.join(" ")))
}

const SMALL: Bounds = Bounds { steps: 20_000, bytes: 1 << 20, work: 1 << 24, hashes: 1, depth: 60 };

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_words_are_rendered_or_refused(text in words()) {
        let out = rendered(text.as_bytes(), SMALL);
        prop_assert!(out.failures.iter().all(|failure| failure.message.len() < 20_000), "{:?}", out.failures);
    }

    #[test]
    fn any_call_gives_a_value_or_a_failure(text in call()) {
        let out = rendered(text.as_bytes(), SMALL);
        prop_assert!(!out.failures.iter().any(|failure| failure.message.contains("broke off")));
    }

    #[test]
    fn any_bytes_are_rendered_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        rendered(&[b"{{ ", &bytes[..], b" }}"].concat(), SMALL);
        rendered(&bytes, SMALL);
    }

    #[test]
    fn bytes_come_out_as_they_went_in(bytes in prop::collection::vec(prop_oneof![Just(0xf4), Just(0x8f), Just(0xbe), any::<u8>()], 0..40), at in 0_usize..40) {
        let text = from_bytes(&bytes);
        prop_assert_eq!(&*to_bytes(&text), &bytes[..]);
        prop_assert_eq!(&*settled(&text), text.as_str());
        prop_assert_eq!(to_utf8(&text).is_some(), std::str::from_utf8(&bytes).is_ok());
        prop_assert!(!to_lossy(&text).is_empty() || bytes.is_empty());
        let (first, second) = bytes.split_at(at.min(bytes.len()));
        let joined = from_bytes(first) + &from_bytes(second);
        prop_assert_eq!(&*settled(&joined), text.as_str());
    }

    #[test]
    fn texts_come_out_as_they_went_in(text in any::<String>()) {
        let inside = from_text(&text);
        prop_assert!(to_utf8(&inside).is_some_and(|out| *out == text));
        prop_assert_eq!(&*to_lossy(&inside), &text);
    }
}

#[test]
fn a_character_that_is_a_stand_in_here_comes_through() {
    let text = "\u{10ff80}a\u{10ffff}";
    assert_eq!(to_bytes(&from_text(text)), text.as_bytes());
    let out = rendered("a: {{ .Values.big }}{{ len .Values.big }}\u{10ff81}".as_bytes(), Bounds::default());
    assert_eq!(out.documents[0].text, "a: \u{10ff80}4\u{10ff81}");
}

#[test]
fn what_is_no_utf8_is_a_failure_of_its_template() {
    let out = rendered(b"a: \xff{{ .Values.t }}", Bounds::default());
    assert_eq!(out.documents[0].text, "a: \u{fffd}true");
    assert!(out.failures[0].message.contains("YAML parse error on c/templates/t.yaml"), "{:?}", out.failures);
    assert!(rendered("a: {{ .Files.Get \"f.bin\" | b64enc }}".as_bytes(), Bounds::default()).documents[0].text.contains("/wD+"));
}

#[test]
fn failures_deep_in_templates_begin_with_a_place() {
    for template in [
        "\n{{ define \"a\" }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}",
        "\n{{ define \"a\" }}{{ template \"a\" . }}{{ end }}{{ template \"a\" . }}",
        "\n{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}",
        "\n{{ include \"b\" . }}{{ define \"b\" }}{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}{{ end }}",
    ] {
        let out = rendered(template.as_bytes(), Bounds::default());
        let message = &out.failures[0].message;
        assert!(message.starts_with("template: c/templates/t.yaml:2:"), "{message:.300}");
        assert!(message.len() < 6_000, "{}", message.len());
    }
}
