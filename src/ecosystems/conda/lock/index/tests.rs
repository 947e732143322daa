//! Walking over shards: what is cut, deep or absurd ends, and never panics.

use super::packed::Walk;
use super::{Entry, Record};
use bytes::Bytes;
use rattler_conda_types::PackageRecord;
use serde_json::json;

/// One value of each form of the specification, behind a text that names it.
fn forms() -> Vec<u8> {
    let mut out = vec![0x82, 0xa1, b'x', 0x9d];
    out.extend([0x05, 0xe1, 0xc0, 0xc2, 0xcc, 1, 0xd1, 1, 2, 0xca, 1, 2, 3, 4, 0xd5, 9, 1, 2, 0xc7, 2, 9, 1, 2]);
    out.extend([0xc4, 3, 1, 2, 3, 0xd9, 2, b'h', b'i', 0xdc, 0, 1, 0x90, 0xde, 0, 1, 0xa1, b'k', 0x80]);
    out.extend([0xa1, b'y', 0x07]);
    out
}

#[test]
fn every_form_of_a_value_is_passed() {
    let mut walk = Walk::new(Bytes::from(forms()));
    assert_eq!(walk.map(), Some(2));
    assert_eq!(walk.text().as_deref(), Some("x"));
    assert_eq!(walk.value().unwrap().len(), forms().len() - 6);
    assert_eq!((walk.text().as_deref(), walk.value().as_deref()), (Some("y"), Some(&[7_u8][..])));
    assert_eq!(walk.value(), None);
    for cut in 0..forms().len() {
        assert_eq!(Walk::new(Bytes::from(forms()).slice(..cut)).value(), None, "{cut}");
    }
}

#[test]
fn absurd_values_end() {
    let deep = [vec![0x91; 1_000_000], vec![0xc0]].concat();
    assert_eq!(Walk::new(Bytes::from(deep.clone())).value().map(|value| value.len()), Some(deep.len()));
    assert!(Record::Packed(Bytes::from(deep)).value().is_err(), "depth is bounded where a value is read");
    for absurd in [
        &[0xdf, 0xff, 0xff, 0xff, 0xff][..],
        &[0xdd, 0xff, 0xff, 0xff, 0xff, 0xdf, 0xff, 0xff, 0xff, 0xff],
        &[0xc6, 0xff, 0xff, 0xff, 0xff, 1],
        &[0xdb, 0xff, 0xff, 0xff, 0xff, b'x'],
        &[0xc1],
        &[],
    ] {
        assert_eq!(Walk::new(Bytes::copy_from_slice(absurd)).value(), None, "{absurd:?}");
    }
    assert_eq!(Walk::new(Bytes::from_static(b"\xa1\xff")).text(), None, "text is UTF-8");
    assert_eq!(Walk::new(Bytes::from_static(b"\xc0")).map(), Some(0));
    assert_eq!(Walk::new(Bytes::from_static(b"\x90")).map(), None);
}

/// Shards of careless writers have digests in hex; both forms are one record.
#[test]
fn a_packed_record_is_read_with_digests_in_either_form() {
    let sha256 = "ab".repeat(32);
    let record = json!({ "name": "tool", "version": "1.0", "build": "0", "build_number": 0, "depends": ["x >=1"], "subdir": "noarch", "sha256": sha256 });
    let mut bytes = Vec::new();
    crate::ecosystems::conda::msgpack::record(&mut bytes, record.as_object().unwrap());
    let raw = Record::Packed(Bytes::from(bytes));
    let hex = Record::Packed(Bytes::from(rmp_serde::to_vec_named(&record).unwrap()));
    let text = Record::Json(Bytes::from(record.to_string()));
    let read: Vec<PackageRecord> = [&raw, &hex, &text].map(|record| record.solver().unwrap()).into();
    assert!(read.windows(2).all(|pair| pair[0] == pair[1]) && read[0].sha256.is_some(), "{read:?}");
    for record in [raw, hex, text] {
        let entry = Entry { file: "tool-1.0-0.conda".to_owned(), record, newer: false };
        assert_eq!(entry.record.value().unwrap()["sha256"], json!(sha256));
    }
}
