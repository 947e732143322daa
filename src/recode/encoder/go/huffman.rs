//! Huffman codes as Go's `compress/flate` makes them: length-limited by package-merge, ties by symbol.

/// A Huffman code: reversed bits above, its length in the low byte. Zero: the symbol has none.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::recode::encoder) struct Code(u32);

impl Code {
    /// A code of `length` bits (1..=15).
    pub(in crate::recode::encoder) const fn new(code: u32, length: u32) -> Self {
        Self((code.reverse_bits() >> (32 - length)) << 8 | length)
    }

    /// The bits in the order in which they are written.
    pub(in crate::recode::encoder) const fn bits(self) -> u32 {
        self.0 >> 8
    }

    /// How many bits.
    pub(in crate::recode::encoder) const fn length(self) -> u32 {
        self.0 & 255
    }
}

/// How the lengths of the codes come about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::recode::encoder) enum Build {
    /// Package-merge always.
    Limited,
    /// A plain Huffman tree, package-merge where that is too deep.
    TreeFirst,
}

/// The codes of `N` symbols.
#[derive(Clone)]
pub(in crate::recode::encoder) struct Codes<const N: usize> {
    /// Code by symbol.
    pub(in crate::recode::encoder) of: [Code; N],
    build: Build,
    sorted: Vec<(u32, u16)>,
}

impl<const N: usize> Codes<N> {
    /// No symbol has a code.
    pub(in crate::recode::encoder) fn new(build: Build) -> Self {
        Self { of: [Code::default(); N], build, sorted: Vec::with_capacity(N) }
    }

    /// Makes the codes of the first `frequencies.len()` symbols; the others keep what they had.
    pub(in crate::recode::encoder) fn generate(&mut self, frequencies: &[u32], longest: usize) {
        let used = frequencies.iter().enumerate().filter(|&(_, &count)| count != 0);
        self.sorted.clear();
        self.sorted.extend(used.map(|(symbol, &count)| (count, symbol as u16)));
        self.of[..frequencies.len()].fill(Code::default());
        if self.sorted.len() <= 2 {
            for (code, &(_, symbol)) in (0..).zip(&self.sorted) {
                self.of[usize::from(symbol)] = Code::new(code, 1);
            }
            return;
        }
        self.sorted.sort_unstable();
        let counts = match self.build {
            Build::Limited => limited(&self.sorted, longest),
            Build::TreeFirst => tree(&self.sorted, longest).unwrap_or_else(|| limited(&self.sorted, longest)),
        };
        self.assign(&counts, frequencies.len());
    }

    /// The rarest symbols get the longest codes; values are given in the order of symbols.
    fn assign(&mut self, counts: &[u32; 17], symbols: usize) {
        let mut rest = self.sorted.len();
        for (length, &count) in (0..).zip(counts).skip(1) {
            let from = rest - count as usize;
            for &(_, symbol) in &self.sorted[from..rest] {
                self.of[usize::from(symbol)] = Code(length);
            }
            rest = from;
        }
        let mut next = [0; 17];
        for length in 1..17 {
            next[length] = (next[length - 1] + counts[length - 1]) << 1;
        }
        for code in self.of[..symbols].iter_mut().filter(|code| code.0 != 0) {
            let length = code.length();
            *code = Code::new(next[length as usize], length);
            next[length as usize] += 1;
        }
    }

    /// Bits that symbols of these frequencies take.
    pub(in crate::recode::encoder) fn size(&self, frequencies: &[u32]) -> usize {
        let sizes = frequencies.iter().zip(&self.of).map(|(&count, code)| count as usize * code.length() as usize);
        sizes.sum()
    }

    /// Bits that symbols of these frequencies take, if each has a code.
    pub(in crate::recode::encoder) fn size_if_all(&self, frequencies: &[u32]) -> Option<usize> {
        let missing = frequencies.iter().zip(&self.of).any(|(&count, code)| count != 0 && code.length() == 0);
        (!missing).then(|| self.size(frequencies))
    }
}

const NEVER: u32 = 0x7fff_ffff;
const DEEPEST: usize = 16;

/// One level of the package-merge.
#[derive(Clone, Copy, Default)]
struct Level {
    last: u32,
    next_leaf: u32,
    next_pair: u32,
    needed: u32,
}

/// How many symbols get a code of each length, none longer than `longest`. `sorted` holds three or more.
fn limited(sorted: &[(u32, u16)], longest: usize) -> [u32; 17] {
    let longest = longest.min(sorted.len() - 1);
    let mut levels = [Level::default(); DEEPEST + 1];
    let mut leaves = [[0_u32; DEEPEST]; DEEPEST];
    for level in 1..=longest {
        let next_pair = if level == 1 { NEVER } else { sorted[0].0 + sorted[1].0 };
        levels[level] = Level { last: sorted[1].0, next_leaf: sorted[2].0, next_pair, needed: 0 };
        leaves[level][level] = 2;
    }
    levels[longest].needed = 2 * sorted.len() as u32 - 4;
    let mut level = longest;
    while let Some(next) = step(sorted, longest, &mut levels, &mut leaves, level) {
        level = next;
    }
    let mut counts = [0; 17];
    for level in 1..=longest {
        counts[longest + 1 - level] = leaves[longest][level] - leaves[longest][level - 1];
    }
    counts
}

/// Makes the next node of `level`; the level to go on with, `None` at the end.
fn step(
    sorted: &[(u32, u16)],
    longest: usize,
    levels: &mut [Level; DEEPEST + 1],
    leaves: &mut [[u32; DEEPEST]; DEEPEST],
    level: usize,
) -> Option<usize> {
    if levels[level].next_pair == NEVER && levels[level].next_leaf == NEVER {
        levels[level].needed = 0;
        levels[level + 1].next_pair = NEVER;
        return Some(level + 1);
    }
    let before = levels[level].last;
    if levels[level].next_leaf < levels[level].next_pair {
        levels[level].last = levels[level].next_leaf;
        leaves[level][level] += 1;
        levels[level].next_leaf = sorted.get(leaves[level][level] as usize).map_or(NEVER, |leaf| leaf.0);
    } else {
        levels[level].last = levels[level].next_pair;
        let own = leaves[level][level];
        leaves[level] = leaves[level - 1];
        leaves[level][level] = own;
        levels[level - 1].needed = 2;
    }
    levels[level].needed -= 1;
    if levels[level].needed == 0 {
        if level == longest {
            return None;
        }
        levels[level + 1].next_pair = before + levels[level].last;
        return Some(level + 1);
    }
    let mut level = level;
    while levels[level - 1].needed > 0 {
        level -= 1;
    }
    Some(level)
}

/// The lengths of a plain Huffman tree, if none is longer than `longest`. Leaves win ties.
fn tree(sorted: &[(u32, u16)], longest: usize) -> Option<[u32; 17]> {
    let leaves = sorted.len();
    let mut weights = Vec::with_capacity(leaves);
    let mut parents = vec![0; 2 * leaves - 1];
    let (mut leaf, mut node) = (0, 0);
    for inner in 0..leaves - 1 {
        let mut weight = 0;
        for _ in 0..2 {
            if leaf < leaves && (node >= inner || sorted[leaf].0 <= weights[node]) {
                weight += sorted[leaf].0;
                parents[leaf] = leaves + inner;
                leaf += 1;
            } else {
                weight += weights[node];
                parents[leaves + node] = leaves + inner;
                node += 1;
            }
        }
        weights.push(weight);
    }
    depths(&parents, leaves, longest)
}

/// Counts the depths of the leaves of a tree whose nodes stand behind their children.
fn depths(parents: &[usize], leaves: usize, longest: usize) -> Option<[u32; 17]> {
    let mut depth = vec![0; parents.len()];
    let mut counts = [0; 17];
    for node in (0..parents.len() - 1).rev() {
        depth[node] = depth[parents[node]] + 1;
        if node < leaves {
            if depth[node] > longest {
                return None;
            }
            counts[depth[node]] += 1;
        }
    }
    Some(counts)
}
