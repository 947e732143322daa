//! Files of tensors: headers read, planes taken apart and put together, sizes as they should be.

use super::{EFFORT, Random, encoded, gzip, round, tar};
use crate::recode::planes::{Filter, Packing, Unpacking};
use crate::recode::source::Part;
use crate::recode::tensors::regions;

/// Weights as training leaves them: about normal, in brain floats (2), halves (3) or whole ones.
fn weights(kind: u8, count: usize) -> Vec<u8> {
    let mut random = Random(11);
    let mut out = Vec::new();
    for _ in 0..count {
        let sum: f64 = (0..6).map(|_| (random.next() >> 11) as f64 / (1u64 << 53) as f64 - 0.5).sum();
        let single = (sum * 0.02) as f32;
        match kind {
            2 => out.extend_from_slice(&single.to_bits().to_le_bytes()[2..]),
            4 => out.extend_from_slice(&single.to_le_bytes()),
            _ => out.extend_from_slice(&(sum * 0.02).to_le_bytes()),
        }
    }
    out
}

fn safetensors(tensors: &[(&str, &str, &[u8])]) -> Vec<u8> {
    let (mut at, mut lines) = (0, Vec::new());
    for (name, dtype, bytes) in tensors {
        lines.push(format!("{name:?}:{{\"dtype\":{dtype:?},\"shape\":[{}],\"data_offsets\":[{at},{}]}}", bytes.len(), at + bytes.len()));
        at += bytes.len();
    }
    let mut header = format!("{{\"__metadata__\":{{\"format\":\"pt\"}},{}}}", lines.join(",")).into_bytes();
    header.resize(header.len().next_multiple_of(8), b' ');
    let mut out = (header.len() as u64).to_le_bytes().to_vec();
    out.extend_from_slice(&header);
    tensors.iter().for_each(|(_, _, bytes)| out.extend_from_slice(bytes));
    out
}

fn gguf(bytes: &[u8], kind: u32, width: usize) -> Vec<u8> {
    let string = |text: &str| [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat();
    let mut out = [&b"GGUF\x03\0\0\0"[..], &1u64.to_le_bytes(), &3u64.to_le_bytes()].concat();
    out.extend([&string("general.name")[..], &8u32.to_le_bytes(), &string("a model")].concat());
    out.extend(
        [&string("tokens")[..], &9u32.to_le_bytes(), &8u32.to_le_bytes(), &2u64.to_le_bytes(), &string("a"), &string("bc")].concat(),
    );
    out.extend([&string("general.alignment")[..], &4u32.to_le_bytes(), &64u32.to_le_bytes()].concat());
    out.extend([&string("weight")[..], &1u32.to_le_bytes(), &((bytes.len() / width) as u64).to_le_bytes()].concat());
    out.extend([&kind.to_le_bytes()[..], &0u64.to_le_bytes()].concat());
    out.resize(out.len().next_multiple_of(64), 0);
    out.extend_from_slice(bytes);
    out
}

#[test]
fn brain_floats_take_at_most_seven_tenths() {
    let brain = weights(2, 1 << 20);
    for blob in [safetensors(&[("a", "BF16", &brain)]), gguf(&brain, 30, 2)] {
        let made = round(&blob, &[]);
        assert!(made.length * 10 <= blob.len() as u64 * 7, "{} of {}", made.length, blob.len());
        let plain = encoded(&blob, &[], &crate::recode::Effort { planes: false, ..EFFORT }).1;
        assert!(made.length * 20 < plain.length * 19, "{} against {} without planes", made.length, plain.length);
    }
}

#[test]
fn tensors_of_all_kinds_come_back() {
    let (brain, single, double) = (weights(2, 300_001), weights(4, 200_000), weights(8, 100_000));
    let blob =
        safetensors(&[("a", "BF16", &brain), ("b", "I8", b"odd"), ("c", "F32", &single), ("d", "F64", &double), ("e", "F16", &brain)]);
    assert_eq!(regions(Part::new(&&blob[..], 0, blob.len() as u64)).len(), 4);
    let made = round(&blob, &[]);
    assert!(made.length < blob.len() as u64 * 9 / 10, "{made:?}");
    // In a layer, too; and against itself by its bytes as they are.
    assert!(round(&gzip(&tar(&[("model", &blob)]), 1, false), &[]).length < blob.len() as u64 * 9 / 10);
    let made = round(&blob, &[&blob]);
    assert!(made.length < 3000, "{made:?}");
}

#[test]
fn headers_that_lie_name_no_regions_and_do_no_harm() {
    let good = safetensors(&[("a", "BF16", &weights(2, 200_000))]);
    let found = |bytes: &[u8]| regions(Part::new(&bytes, 0, bytes.len() as u64));
    assert_eq!(found(&good).len(), 1);
    for length in [0, 1, 7, 8, 9, 60, good.len() - 1] {
        assert!(found(&good[..length]).is_empty());
    }
    for (from, to) in [("[0,400000]", "[9,400000]"), ("[0,400000]", "[4,000001]"), ("\"BF16\"", "\"BF17\""), ("{\"__", "{{\"__")] {
        let text = String::from_utf8_lossy(&good[8..200]).replace(from, to);
        let mut changed = good.clone();
        changed[8..200].copy_from_slice(&text.as_bytes()[..192]);
        round(&changed, &[]);
    }
    let mut long = good.clone();
    long[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    assert!(found(&long).is_empty());
    let model = gguf(&weights(2, 200_000), 30, 2);
    assert_eq!(found(&model).len(), 1);
    // Counts, lengths, types and offsets of any value: nothing but other regions, all within the file.
    for at in 0..220 {
        for value in [0x00, 0x7F, 0xFF] {
            let mut changed = model.clone();
            changed[at] = value;
            assert!(found(&changed).iter().all(|region| region.start < region.end && region.end <= changed.len() as u64));
        }
    }
}

/// One pair for all slices, with what was in their buffers before.
#[test]
fn planes_of_any_length_come_back_and_others_are_refused() {
    let (mut packing, mut unpacking) = (Packing::default(), Unpacking::default());
    let (mut packed, mut frames, mut out) = (Vec::new(), Vec::new(), Vec::new());
    let mut unpack = |packed: &[u8], filter, length| {
        out.resize(length, 0x55);
        unpacking.unpack(packed, filter, &mut frames, &mut out, "a slice").map(|()| out.clone())
    };
    for width in [2u8, 4, 8] {
        for rotated in [false, true] {
            let filter = Filter { width, rotated };
            assert_eq!(Filter::from_code(filter.code()), Some(filter));
            for length in [0, 1, 2, 7, 8, 9, 1000, 200_003] {
                let bytes = weights(width, length / usize::from(width) + 1)[..length].to_vec();
                packing.pack(&bytes, filter, &mut packed).expect("planes");
                let mut anew = Vec::new();
                Packing::default().pack(&bytes, filter, &mut anew).expect("planes");
                assert!(packed == anew, "what is made depends on what was made before");
                assert!(unpack(&packed, filter, length).expect("planes") == bytes);
                for cut in 0..packed.len().min(40) {
                    assert!(unpack(&packed[..cut], filter, length).is_err());
                }
                assert!(unpack(&[&packed[..], b"x"].concat(), filter, length).is_err());
                assert!(unpack(&packed, filter, length + 8).is_err());
            }
        }
    }
    assert!((0..=255).filter(|code| Filter::from_code(*code).is_some()).count() == 6);
}
