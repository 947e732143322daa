// libFuzzer's entry: AIRLIFT_FUZZ_TARGET names the target.
#![no_main]

#[path = "targets.rs"]
mod targets;

use std::sync::OnceLock;

static TARGET: OnceLock<fn(&[u8])> = OnceLock::new();

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let target = TARGET.get_or_init(|| {
        let name = std::env::var("AIRLIFT_FUZZ_TARGET").expect("AIRLIFT_FUZZ_TARGET names a target");
        targets::TARGETS.iter().find(|(known, _)| *known == name).expect("a target of that name").1
    });
    target(bytes);
});
