//! Estimates, which are made in floating point, agree with the library's on either kind of machine.
use super::era::{Era, Variant};
use super::tokens::Tokens;

/// What `gen/estimate/export.go` hashes, in a copy of the library's version 1.15.10.
fn hash_of_estimates(fused: bool) -> u64 {
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    let mut hash = 14_695_981_039_346_656_037_u64;
    let variant = Variant { era: Era::V1_15_10, fused };
    let mut tokens = Tokens::new(variant.era);
    for _ in 0..20_000 {
        tokens.clear();
        for _ in 0..300 {
            let random = next();
            tokens.literal((random >> 8) as u8 & random as u8);
        }
        for _ in 0..100 {
            let random = next();
            let length = ((random >> 20) & random & 255) as usize + 3;
            tokens.matched(length, ((random >> 8) & 32767) as usize + 1);
        }
        hash = (hash ^ tokens.estimate(variant) as u64).wrapping_mul(1_099_511_628_211);
    }
    hash
}

#[test]
fn estimates_are_those_of_amd64() {
    assert_eq!(format!("{:016x}", hash_of_estimates(false)), "847dbc69ba8ca9d1");
}

#[test]
fn estimates_are_those_of_arm64() {
    assert_eq!(format!("{:016x}", hash_of_estimates(true)), "66ff185b99949806");
}
