use super::judged;
use serde_json::Value;

/// Schemas, values, and what helm 3.10.1 said of them, sorted.
#[test]
fn schemas_say_what_they_say_to_helm() {
    let cases: Vec<Value> = serde_json::from_slice(include_bytes!("../../../../tests/vectors/charts/schemas.json")).unwrap();
    assert!(cases.len() > 30);
    for case in &cases {
        let schema = case["schema"].to_string();
        let mut ours = judged(schema.as_bytes(), &case["values"]).unwrap();
        ours.sort();
        let theirs: Vec<&str> = case["said"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
        assert_eq!(ours, theirs, "{schema}");
    }
}

#[test]
fn what_is_no_schema_or_leads_outside_is_said() {
    for (schema, why) in [
        ("{", "EOF"),
        ("[]", "schema is invalid"),
        (r#"{"type":"strin"}"#, "NOT VALID"),
        (r##"{"$ref":"#/nope"}"##, "Object has no key 'nope'"),
        (r#"{"properties":{"a":{"$ref":"https://example.org/x.json"}}}"#, "https://example.org/x.json, which is not in it"),
        (r#"{"properties":{"a":{"pattern":"(?=x)"}}}"#, "pattern must be a valid regex"),
    ] {
        let error = judged(schema.as_bytes(), &serde_json::json!({ "a": "1" })).unwrap_err();
        assert!(error.contains(why), "{schema}: {error}");
    }
}

#[test]
fn schemas_without_end_are_stopped() {
    let mut nested = Value::Bool(true);
    for _ in 0..100 {
        nested = serde_json::json!({ "a": nested });
    }
    let twice = r##"{"anyOf":[{"properties":{"a":{"$ref":"#"}},"required":["b"]},{"properties":{"a":{"$ref":"#"}},"required":["c"]}]}"##;
    for (schema, why) in [(r##"{"$ref":"#"}"##, "deeper than"), (r##"{"allOf":[{"$ref":"#"}]}"##, "deeper than"), (twice, "steps")] {
        let error = judged(schema.as_bytes(), &nested).unwrap_err();
        assert!(error.contains(why), "{schema}: {error}");
    }
}
