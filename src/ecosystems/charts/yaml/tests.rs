use super::{parse, to_string, to_string_indented};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Texts without the line breaks that only YAML 1.1 has.
fn text() -> impl Strategy<Value = String> {
    let odd = [
        "",
        "-",
        "?",
        ":",
        "~",
        "yes",
        "0644",
        "1e3",
        "0x1f",
        "- a",
        "a: b",
        " a",
        "a ",
        "a\n",
        "\n\na",
        "a\n  b\n\n",
        "#",
        "<<",
        "'\"",
        "1:30",
        "\t",
        "\r\n",
    ];
    prop_oneof![prop::sample::select(odd.to_vec()).prop_map(str::to_owned), "[ -~]{0,100}", any::<String>(), "([a-z]{1,20} ){0,12}[a-z]"]
        .prop_filter("line breaks of YAML 1.1", |text| !text.contains(['\u{85}', '\u{2028}', '\u{2029}']))
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1_000_000_i64..1_000_000).prop_map(|n| json!(n as f64 / 64.0 + 0.001)),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            // A key that merges is read as what it is.
            prop::collection::btree_map(text().prop_filter("a merge", |key| key != "<<"), inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read(value in value()) {
        for text in [to_string(&value), to_string_indented(&value)] {
            let read = parse(&text);
            prop_assert_eq!(read.as_ref(), Ok(&value), "{}", text);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[-\\[\\]{},:?&*!|>'\"%@#a \n\t~<=.0x]{0,60}") {
        let _ = parse(&text);
    }
}

/// What helm 3.10.1 does with a dash in a flow collection.
#[test]
fn a_dash_in_a_list_is_a_text() {
    for (text, wanted) in [
        ("[-, b]", json!(["-", "b"])),
        ("[-]", json!(["-"])),
        ("[b -, -,-]", json!(["b -", "-", "-"])),
        ("{a: -, b: [-]}", json!({ "a": "-", "b": ["-"] })),
        ("{-: x}", json!({ "-": "x" })),
        ("[-a, '-', \"-\", \u{10fff0}-]", json!(["-a", "-", "-", "\u{10fff0}-"])),
    ] {
        assert_eq!(parse(text).unwrap(), wanted, "{text}");
    }
    for text in ["[- , b]", "[ - ]", "[x, -\n ]", "[-{}]", "[-[]]", "[\u{10fff1}, -]"] {
        assert!(parse(text).is_err(), "{text}");
    }
    assert_eq!(parse("\u{10fff1}").unwrap(), json!("\u{10fff1}"));
    let many = format!("[{}]", "-,".repeat(20_000));
    assert!(parse(&many).is_err(), "each dash costs a reading: that is bounded");
}

/// What helm 3.10.1 reads, and the parser of itself does not.
#[test]
fn lines_in_brackets_and_quotes_stand_anywhere() {
    let text = concat!(
        "spec:\n  a: {\n  \"a\": [\n    \"it's [\",\n   'x'\n  ], b: it's,\n\"c\": \"d\ne\n  f \\\ng\"\n} # x\n",
        "  n: \"q\n\nr\"# comment\n  t:\tv\n  k: [a,#c\nb]\n  s: |#c\n    lit\n  p: [a b\nc, d\n,\n\te]\n",
    );
    let wanted = json!({ "spec": {
        "a": { "a": ["it's [", "x"], "b": "it's", "c": "d e f g" },
        "false": "q\nr", "t": "v", "k": ["a", "b"], "s": "lit\n", "p": ["a b c", "d", "e"],
    } });
    assert_eq!(parse(text), Ok(wanted));
    for (text, wanted) in [
        ("z:\n- - a:\n      - b: {x: !!str \"a]\",\ny: 1}\n", json!({ "z": [[{ "a": [{ "b": { "x": "a]", "true": 1 } }] }]] })),
        ("a:\r\n  - k: 'it''s\r\n# no comment'\r\n    c: [1,\r\n2]\r\n", json!({ "a": [{ "k": "it's # no comment", "c": [1, 2] }] })),
        ("a:\n  x: [\n  {a: 1}\n]\n  z:\tv\n", json!({ "a": { "x": [{ "a": 1 }], "z": "v" } })),
    ] {
        assert_eq!(parse(text).as_ref(), Ok(&wanted), "{text}");
    }
    for text in ["a:\n  b: \"x\n---\ny\"\n", "a:\n  b: [x,\n]]\n  c: d\n", "a:\n  b: [\n---\n]\n", "z:\tv\nw:\t- a"] {
        assert!(parse(text).is_err(), "{text}");
    }
    let message = parse("a:\n  b: [\n1]\n  c: \"x").unwrap_err();
    assert!(message.starts_with("yaml: line 4:"), "{message}");
}

#[test]
fn repairs_come_to_an_end() {
    let comments = format!("a:\n  b: [{}]", "1,#\n".repeat(20_000));
    assert!(parse(&comments).is_err(), "each comment costs a reading: that is bounded");
    let wide = format!("a: |\n{}x\nb:\n  c: [\n{}]", " ".repeat(2_000), "1,\n".repeat(100_000));
    assert!(parse(&wide).is_err(), "what moving lines adds to a text is bounded");
}
