//! Headers that describe their bytes, and such as lie about them.

use super::{Form, examine, layers};
use crate::scan::Findings;

fn rules(form: Form, bytes: &[u8]) -> Vec<&'static str> {
    let mut found = Findings::default();
    examine(form, &mut &bytes[..], bytes.len() as u64, "", &mut found).expect("memory can be read");
    found.list().iter().map(|finding| finding.rule.name).collect()
}

fn safetensors(header: &str, data: usize) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &vec![0; data]].concat()
}

#[test]
fn headers_of_safetensors_describe_exactly_the_bytes() {
    let judged = |header: &str, data| rules(Form::Safetensors, &safetensors(header, data));
    let two = r#"{"__metadata__":{"a":"b"},"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"y":{"dtype":"BF16","shape":[3,1],"data_offsets":[8,14]}}  "#;
    assert!(judged(two, 14).is_empty());
    assert!(judged("{}", 0).is_empty());
    let wrong = [
        (two.to_owned(), 13, "cut short"),
        (two.to_owned(), 15, "a byte behind the last tensor"),
        (two.replace("[2]", "[3]"), 14, "another shape"),
        (two.replace("BF16", "F16F"), 14, "no type"),
        (two.replace("[8,14]", "[9,15]"), 15, "a gap"),
        (two.replace("[8,14]", "[2,8]"), 8, "they overlap"),
        (two.replace("[8,14]", "[14,8]"), 14, "it ends before it begins"),
        (two.replace("\"y\"", "\"x\""), 14, "two of one name"),
        (two.replace("{\"a\":\"b\"}", "{\"a\":\"b\",\"a\":\"c\"}"), 14, "two words of one name"),
        (two.replace("\"shape\":[2]", "\"shape\":[2],\"shape\":[2]"), 14, "two shapes"),
        (two.replace("\"shape\":[2]", "\"shape\":[2],\"more\":1"), 14, "a member that there is not"),
        (two.replace("[2]", "[4294967296,4294967296,4294967296]"), 14, "more than there can be"),
        (two.replace("[2]", "[-2]"), 14, "less than nothing"),
        (format!("{}x", two.trim_end()), 14, "something behind the object"),
        ("[]".to_owned(), 0, "no object"),
    ];
    for (header, data, why) in wrong {
        assert_eq!(judged(&header, data), ["tensors"], "{why}");
    }
    assert_eq!(rules(Form::Safetensors, b"\xff\xff\xff\xff\xff\xff\xff\xff{}"), ["tensors"]);
    assert_eq!(rules(Form::Safetensors, b"\x08"), ["tensors"]);
}

/// A file of GGUF: settings as they are, tensors by name, shape, type and offset, and bytes of data.
fn gguf(settings: &[Vec<u8>], tensors: &[(&str, &[u64], u32, u64)], data: usize) -> Vec<u8> {
    let mut file = [&b"GGUF\x03\0\0\0"[..], &(tensors.len() as u64).to_le_bytes(), &(settings.len() as u64).to_le_bytes()].concat();
    settings.iter().for_each(|setting| file.extend(setting));
    for (name, shape, kind, offset) in tensors {
        file.extend(text(name));
        file.extend((shape.len() as u32).to_le_bytes());
        shape.iter().for_each(|length| file.extend(length.to_le_bytes()));
        file.extend(kind.to_le_bytes());
        file.extend(offset.to_le_bytes());
    }
    file.resize(file.len().next_multiple_of(32) + data, 0);
    file
}

fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat()
}

fn setting(key: &str, kind: u32, value: &[u8]) -> Vec<u8> {
    [text(key), kind.to_le_bytes().to_vec(), value.to_vec()].concat()
}

#[test]
fn tensors_of_gguf_lie_one_behind_the_other_within_the_file() {
    let list = setting("l", 9, &[&8u32.to_le_bytes()[..], &2u64.to_le_bytes(), &text("a"), &text("b")].concat());
    let settings = [setting("a", 4, &[1, 0, 0, 0]), setting("tokenizer.chat_template", 8, &text("{{ messages }}")), list];
    let two: [(&str, &[u64], u32, u64); 2] = [("x", &[32, 2], 8, 0), ("y", &[3], 0, 96)];
    assert!(rules(Form::Gguf, &gguf(&settings, &two, 96 + 12)).is_empty());
    assert!(rules(Form::Gguf, &gguf(&settings, &two, 128)).is_empty(), "padded");
    assert!(rules(Form::Gguf, &gguf(&[], &[], 0)).is_empty());
    let judged = |settings: &[Vec<u8>], tensors: &[(&str, &[u64], u32, u64)], data| rules(Form::Gguf, &gguf(settings, tensors, data));
    assert_eq!(judged(&settings, &two, 107), ["tensors"], "cut short");
    assert_eq!(judged(&settings, &two, 4096), ["tensors"], "more than its tensors");
    assert_eq!(judged(&[], &[("x", &[33], 8, 0)], 34), ["tensors"], "no whole blocks");
    assert_eq!(judged(&[], &[("x", &[1 << 32, 1 << 32, 1 << 32], 0, 0)], 0), ["tensors"], "more than there can be");
    assert_eq!(judged(&[], &[("x", &[1, 1, 1, 1, 1], 0, 0)], 4), ["tensors"], "five dimensions");
    assert_eq!(judged(&[], &[("x", &[8], 0, 0), ("y", &[8], 0, 0)], 32), ["tensors"], "they overlap");
    assert_eq!(judged(&[], &[("x", &[8], 0, 0), ("x", &[8], 0, 32)], 64), ["tensors"], "one name twice");
    assert_eq!(judged(&[settings[0].clone(), settings[0].clone()], &[], 0), ["tensors"], "one setting twice");
    assert_eq!(judged(&[setting("general.alignment", 4, &[7, 0, 0, 0])], &[], 0), ["tensors"], "no power of two");
    assert_eq!(judged(&[setting("a", 9, &[8, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255])], &[], 0), ["tensors"]);
    assert_eq!(judged(&[setting("a", 8, &[255; 8])], &[], 0), ["tensors"], "a text beyond the end");
    assert_eq!(judged(&[setting("a", 13, &[])], &[], 0), ["tensors"], "a type that there is not");
    assert_eq!(judged(&[], &[("x", &[8], 99, 0)], 32), ["not-examined"], "a type that is not known here");
    let reaching = setting("tokenizer.chat_template", 8, &text("{{ x.__class__.__mro__ }}"));
    assert_eq!(judged(&[reaching], &[], 0), ["template"]);
    assert_eq!(rules(Form::Gguf, b"GGUF\x03\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0\0\0\0\0"), ["tensors"]);
    assert_eq!(rules(Form::Gguf, b"GGUF\0\0\0\x03"), ["not-examined"], "the other order of bytes");
}

fn npy(header: &str, data: &[u8]) -> Vec<u8> {
    [&b"\x93NUMPY\x01\0"[..], &(header.len() as u16).to_le_bytes(), header.as_bytes(), data].concat()
}

#[test]
fn arrays_have_the_bytes_of_their_type_and_shape() {
    let judged = |header: &str, data: &[u8]| rules(Form::Npy, &npy(header, data));
    assert!(judged("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }   \n", &[0; 16]).is_empty());
    assert!(judged("{'descr': '<U3', 'fortran_order': True, 'shape': (), }\n", &[0; 12]).is_empty());
    assert!(judged("{'descr': [('a', '<i4'), ('b', '|u1', (3,))], 'fortran_order': False, 'shape': (2, 1), }\n", &[0; 14]).is_empty());
    assert_eq!(judged("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }\n", &[0; 17]), ["tensors"]);
    assert_eq!(judged("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), 'descr': '|O'}\n", &[0; 16]), ["tensors"]);
    assert_eq!(judged("{'descr': __import__('os'), 'fortran_order': False, 'shape': (2,), }\n", &[0; 16]), ["tensors"]);
    assert_eq!(judged("{'descr': '<q9', 'fortran_order': False, 'shape': (2,), }\n", &[0; 16]), ["not-examined"]);
    assert_eq!(judged("{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296), }\n", &[]), ["tensors"]);
    assert_eq!(judged(&format!("{}{}", "(".repeat(60_000), "\n"), &[]), ["tensors"], "deep");
    let objects = "{'descr': [('a', '<i4'), ('b', '|O')], 'fortran_order': False, 'shape': (1,), }\n";
    assert_eq!(judged(objects, b"cposix\ngetpid\n)R."), ["pickle-dangerous"]);
    assert_eq!(judged(objects, b"]N"), ["pickle-undetermined"], "it has no end");
    assert_eq!(judged(objects, b"N."), ["pickle"]);
    for unit in ["ns", "25s", "D", "s/10"] {
        let times = format!("{{'descr': '<M8[{unit}]', 'fortran_order': False, 'shape': (2,), }}\n");
        assert!(judged(&times, &[0; 16]).is_empty(), "{unit}");
    }
}

/// NumPy reads some texts as structures with objects, and then takes the bytes for a pickle.
#[test]
fn a_type_that_goes_on_behind_its_length_is_no_number() {
    let gadget = b"cposix\ngetpid\n)R.";
    for descr in ["'f8,O'", "'f1,O'", "'M8[s],O'", "'V18,O'", "'?,O'", "'object'", "'q,O'", "('|O', (1,))", "['aO']", "{'aO': 0}"] {
        let header = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': ({},), }}\n", if descr == "'f1,O'" { 18 } else { 1 });
        assert_eq!(rules(Form::Npy, &npy(&header, gadget)), ["pickle-dangerous"], "{descr}");
    }
    for descr in ["'f8,f8'", "'<M8[s'", "'<M8[s][s]'", "'f8 '"] {
        let header = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': (1,), }}\n");
        assert_eq!(rules(Form::Npy, &npy(&header, &[0; 8])), ["not-examined"], "{descr}");
    }
}

/// A field of protocol buffers that holds bytes.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let length = [(content.len() as u8 & 0x7f) | 0x80, (content.len() >> 7) as u8];
    assert!(content.len() < 1 << 14);
    let tag = [(number << 3 | 2) | if number > 15 { 0x80 } else { 0 }, number >> 4];
    [&tag[..=usize::from(number > 15)], &length, content].concat()
}

fn stored_in(location: &str) -> Vec<u8> {
    let entry = [field(1, b"location"), field(2, location.as_bytes())].concat();
    let node = field(5, &field(5, &field(13, &entry)));
    [&b"\x08\x08"[..], &field(2, b"maker"), &field(7, &field(1, &node)), &field(8, &field(1, b""))].concat()
}

#[test]
fn graphs_name_tensors_beside_them_and_operators_of_the_standard() {
    let judged = |graph: &[u8]| rules(Form::Onnx, graph);
    assert!(judged(&stored_in("weights/model.data")).is_empty());
    for elsewhere in ["../weights", "/etc/passwd", "a/../../b", "c:\\weights", "a\\b", ""] {
        assert_eq!(judged(&stored_in(elsewhere)), ["tensors-elsewhere"], "{elsewhere}");
    }
    let graph = [&b"\x08\x08"[..], &field(7, &field(1, &field(7, b"com.acme")))].concat();
    assert_eq!(judged(&graph), ["custom-operators"]);
    assert_eq!(judged(&graph[..graph.len() - 1]), ["tensors"], "cut short");
    let deep = (0..200).fold(Vec::new(), |inner, _| field(1, &field(5, &field(6, &inner))));
    assert_eq!(judged(&field(7, &deep)), ["not-examined"], "graphs in graphs");
    assert_eq!(judged(b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), ["tensors"], "a number without an end");
    assert_eq!(judged(b"\x3a\xff\xff\xff\xff\x0f"), ["tensors"], "a length beyond the end");
}

#[test]
fn layers_that_are_code_are_told() {
    let judged = |text: &str| {
        let mut found = Findings::default();
        layers(text.as_bytes(), "config.json", &mut found);
        found.list().iter().map(|finding| finding.rule.name).collect::<Vec<_>>()
    };
    let dense = r#"{"module":"keras","class_name":"Sequential","config":{"layers":[{"module":"keras.layers","class_name":"Dense","config":{"activation":{"module":"builtins","class_name":"function","config":"relu","registered_name":"function"}},"registered_name":null}]}}"#;
    assert!(judged(dense).is_empty());
    for (from, to) in [
        ("\"Dense\"", "\"Lambda\""),
        ("\"keras.layers\"", "\"os\""),
        ("\"keras.layers\"", "\"keras.utils\""),
        ("\"keras.layers\"", "\"keras.layers.x\""),
        ("\"registered_name\":null", "\"registered_name\":\"acme>Dense\""),
        ("\"class_name\":\"function\"", "\"class_name\":\"__lambda__\""),
        ("\"class_name\":\"function\"", "\"class_name\":\"eval\""),
    ] {
        assert_eq!(judged(&dense.replace(from, to)), ["runs-code"], "{to}");
    }
    assert_eq!(judged("{"), ["not-examined"]);
    assert!(judged(r#"{"architectures":["BertModel"]}"#).is_empty());
}
