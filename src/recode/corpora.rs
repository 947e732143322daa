//! Bytes to deflate in tests, the same wherever they are made.

/// A generator of Knuth's MMIX constants; the high bits are good enough.
struct Random(u64);

impl Random {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next(256) as u8).collect()
    }
}

fn text(length: usize) -> Vec<u8> {
    let mut random = Random(1);
    let words: Vec<Vec<u8>> = (0..700).map(|_| (0..=random.next(9)).map(|_| b'a' + random.next(26) as u8).collect()).collect();
    let mut text = Vec::new();
    while text.len() < length {
        // Small numbers are frequent, as in a language.
        let of = random.next(700) + 1;
        text.extend_from_slice(&words[random.next(of) as usize]);
        text.push(if random.next(12) == 0 { b'\n' } else { b' ' });
    }
    text.truncate(length);
    text
}

/// Records of a few fields, some of them counters: like tables and code.
fn binary(length: usize) -> Vec<u8> {
    let mut random = Random(2);
    let mut binary = Vec::new();
    let mut counter = 0u32;
    while binary.len() < length {
        counter += random.next(3) as u32 * 8;
        binary.extend_from_slice(&counter.to_le_bytes());
        binary.extend_from_slice(&[0x48, 0x8b, random.next(8) as u8 * 9]);
        binary.extend_from_slice(&(random.next(40) as u16 * 16).to_le_bytes());
        if random.next(5) == 0 {
            let zeros = random.next(40) as usize;
            binary.resize(binary.len() + zeros, 0);
        }
    }
    binary.truncate(length);
    binary
}

fn runs(length: usize) -> Vec<u8> {
    let mut random = Random(3);
    let mut runs = Vec::new();
    while runs.len() < length {
        let (byte, times) = (random.next(3) as u8, random.next(600) as usize);
        runs.resize(runs.len() + times, byte);
    }
    runs.truncate(length);
    runs
}

/// Text, random bytes, zeros and a period, so that blocks of every kind follow each other and matches reach across a window.
fn mixed() -> Vec<u8> {
    let mut random = Random(4);
    let mut mixed = text(50_000);
    mixed.extend(random.bytes(70_000));
    mixed.resize(mixed.len() + 40_000, 0);
    mixed.extend(text(33_000));
    mixed.extend(b"abcdefghij".repeat(4_000));
    mixed.extend(binary(60_000));
    mixed.extend((0..40_000).map(|_| b'a' + random.next(4) as u8));
    mixed
}

/// The corpora by name.
pub fn all() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("empty", Vec::new()),
        ("one", vec![b'x']),
        ("three", b"aaa".to_vec()),
        ("text", text(120_000)),
        ("binary", binary(140_000)),
        ("runs", runs(110_000)),
        ("random", Random(5).bytes(80_000)),
        ("window", text(32_768)),
        ("two windows", binary(65_536)),
        ("slide", text(65_274 + 261)),
        ("zeros", vec![0; 200_000]),
        ("mixed", mixed()),
    ]
}
