//! A blob comes out as it went in, with a base and without; what is damaged never does.

use super::{Base, Effort, bases, decode, encode};
use crate::artifact::Digest;
use std::fs::File;
use std::io::{Seek, Write};

const EFFORT: Effort = Effort { level: 3, planes: false, threads: 2 };

fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().expect("a file");
    file.write_all(bytes).expect("room");
    file
}

fn noise(length: usize, mut state: u64) -> Vec<u8> {
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u8
    };
    (0..length).map(|_| next()).collect()
}

#[test]
fn a_blob_comes_out_as_it_went_in() {
    let old = noise(9 << 20, 1);
    let mut new = old.clone();
    new.splice(1000..1010, noise(77, 2));
    let (old_file, new_file, mut out) = (file(&old), file(&new), file(&[]));
    let base = Base { digest: Digest::of(&old), file: &old_file, size: old.len() as u64 };
    let size = new.len() as u64;
    let recoded = encode(&new_file, size, &[base], &EFFORT, size, &tempfile::tempfile, &mut out).expect("encoded").expect("smaller");
    assert!(recoded.length < 100_000 && recoded.bases == [(base.digest, base.size)], "{recoded:?}");
    out.rewind().expect("rewound");
    assert_eq!(bases(&mut out).expect("a header"), recoded.bases);
    out.rewind().expect("rewound");
    let mut found = Vec::new();
    decode(&mut out, size, &[base], 2, &mut found).expect("decoded");
    assert!(found == new);
    let alone = encode(&new_file, size, &[], &EFFORT, size, &tempfile::tempfile, &mut file(&[])).expect("encoded");
    assert_eq!(alone, None, "noise does not shrink");
}
