//! What a predictor is told: the levels of the encoders that it takes after. Their numbers are part of the format.

/// How a match is taken or left for a longer one behind it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// What is found is taken; the bytes in a match are looked for later only where it is no longer than `lazy`.
    Greedy,
    /// What is found is taken, and all bytes are looked for later.
    Whole,
    /// It is left where one byte later a longer one begins.
    Lazy,
    /// It is left where one byte later a better one begins, by length and distance.
    Scored,
}

/// A preset.
#[derive(Clone, Copy)]
pub struct Preset {
    /// See there.
    pub manner: Manner,
    /// Bytes that are hashed: matches that are shorter are not found.
    pub hashed: usize,
    /// Whether matches of three bytes are looked for besides, where four are hashed.
    pub threes: bool,
    /// Whether it reaches no farther than zlib does.
    pub near: bool,
    /// From this length on, a longer match is looked for in a quarter of the places.
    pub good: u32,
    /// From this length on, no longer one is looked for.
    pub lazy: u32,
    /// A match of this length ends the search.
    pub nice: u32,
    /// How many places are looked at.
    pub depth: u32,
}

const fn zlib(manner: Manner, hashed: usize, [good, lazy, nice, depth]: [u32; 4]) -> Preset {
    Preset { manner, hashed, threes: false, near: true, good, lazy, nice, depth }
}

const fn far(manner: Manner, nice: u32, depth: u32) -> Preset {
    Preset { manner, hashed: 4, threes: true, near: false, good: 259, lazy: nice, nice, depth }
}

const fn levels(hashed: usize) -> [Preset; 9] {
    [
        zlib(Manner::Greedy, hashed, [4, 4, 8, 4]),
        zlib(Manner::Greedy, hashed, [4, 5, 16, 8]),
        zlib(Manner::Greedy, hashed, [4, 6, 32, 32]),
        zlib(Manner::Lazy, hashed, [4, 4, 16, 16]),
        zlib(Manner::Lazy, hashed, [8, 16, 32, 32]),
        zlib(Manner::Lazy, hashed, [8, 16, 128, 128]),
        zlib(Manner::Lazy, hashed, [8, 32, 128, 256]),
        zlib(Manner::Lazy, hashed, [32, 128, 258, 1024]),
        zlib(Manner::Lazy, hashed, [32, 258, 258, 4096]),
    ]
}

const OTHERS: [Preset; 10] = [
    far(Manner::Whole, 10, 6),
    far(Manner::Whole, 14, 12),
    far(Manner::Whole, 30, 16),
    far(Manner::Scored, 30, 16),
    far(Manner::Scored, 65, 35),
    far(Manner::Scored, 130, 100),
    far(Manner::Scored, 258, 300),
    far(Manner::Scored, 258, 600),
    Preset { manner: Manner::Lazy, hashed: 3, threes: false, near: false, good: 259, lazy: 258, nice: 258, depth: 4096 },
    Preset { manner: Manner::Whole, hashed: 4, threes: false, near: true, good: 259, lazy: 258, nice: 32, depth: 1 },
];

/// All of them, by their numbers.
pub const PRESETS: [Preset; 28] = all();

const fn all() -> [Preset; 28] {
    let (three, four) = (levels(3), levels(4));
    let mut all = [three[0]; 28];
    let mut at = 0;
    while at < 9 {
        all[at] = three[at];
        all[9 + at] = four[at];
        at += 1;
    }
    at = 0;
    while at < OTHERS.len() {
        all[18 + at] = OTHERS[at];
        at += 1;
    }
    all
}
