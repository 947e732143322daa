//! How a stream is told, given its plain bytes: what is other than was guessed. Written once, for the side that writes and the one that reads.

use super::coder::{Chance, Coder, Number};
use super::guess::{Guess, Guesser, Token};
use super::header::{Codes, HeaderModel};
use super::window::{LONGEST, Match};

/// Most tokens of a block.
pub const MOST_TOKENS: u32 = 1 << 19;
/// How many places are looked at for a distance that was not guessed.
const HOPS: u32 = 1024;
/// Tokens of a block of zlib's usual memory level: the first guess.
const USUAL: u32 = 16383;

/// What a block is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Bytes as they are.
    Stored,
    /// The codes that the format fixes.
    Fixed,
    /// Codes of its own.
    Dynamic,
}

/// How much there is in a block: bytes of a stored one, tokens of others.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All that is left.
    Rest,
    /// So many.
    Count(u32),
}

/// What a block begins with, for whoever has its plain bytes.
#[derive(Clone, Copy)]
pub struct Head {
    /// Whether it is the last one.
    pub last: bool,
    /// What it is.
    pub kind: Kind,
    /// What is in it.
    pub extent: Extent,
    /// Of a stored block, the bits before its length.
    pub filling: u8,
}

/// All chances.
pub struct Model {
    last: [Chance; 2],
    kinds: [Chance; 12],
    rest: [Chance; 4],
    same: [Chance; 2],
    counts: [u32; 2],
    count: [Number; 2],
    filled: Chance,
    before: usize,
    header: HeaderModel,
    miss: Vec<Chance>,
    copies: [Chance; CONTEXTS],
    as_long: [Chance; CONTEXTS],
    longer: [Chance; CONTEXTS],
    shorter_by: [Number; 2],
    longer_by: [Number; 2],
    lengths: Number,
    elsewhere: [Chance; 4],
    hops: [Number; 4],
    distances: [Chance; 16],
    high: [Chance; 16],
    missed: bool,
}

const CONTEXTS: usize = 12;

impl Model {
    /// Nothing is known.
    pub fn new() -> Self {
        Self {
            last: [Chance::EVEN; 2],
            kinds: [Chance::EVEN; 12],
            rest: [Chance::EVEN; 4],
            same: [Chance::EVEN; 2],
            counts: [u16::MAX.into(), USUAL],
            count: [Number::NEW; 2],
            filled: Chance::RARE,
            before: 0,
            header: HeaderModel::new(),
            miss: vec![Chance::RARE; CONTEXTS * 16],
            copies: [Chance::EVEN; CONTEXTS],
            as_long: [Chance::EVEN; CONTEXTS],
            longer: [Chance::RARE; CONTEXTS],
            shorter_by: [Number::NEW; 2],
            longer_by: [Number::NEW; 2],
            lengths: Number::NEW,
            elsewhere: [Chance::RARE; 4],
            hops: [Number::NEW; 4],
            distances: [Chance::EVEN; 16],
            high: [Chance::EVEN; 16],
            missed: false,
        }
    }

    /// Begins a block before which so many plain bytes are left; `odd` bits of its first byte are taken.
    pub fn head<C: Coder>(&mut self, coder: &mut C, left: usize, odd: u32, head: Head) -> Option<Head> {
        let kind = match head.kind {
            Kind::Stored => 0,
            Kind::Fixed => 1,
            Kind::Dynamic => 2,
        };
        let kind = match coder.tree(&mut self.kinds[self.before * 4..self.before * 4 + 4], 2, kind) {
            0 => Kind::Stored,
            1 => Kind::Fixed,
            2 => Kind::Dynamic,
            _ => return None,
        };
        self.before = kind as usize;
        let coded = usize::from(kind != Kind::Stored);
        let all = coder.bit(&mut self.rest[coded * 2 + usize::from(left == 0)], head.extent == Extent::Rest);
        let extent = if all { Extent::Rest } else { Extent::Count(self.count(coder, coded, head.extent)) };
        let last = all && coder.bit(&mut self.last[usize::from(left == 0)], head.last);
        let filling = if kind == Kind::Stored { self.filling(coder, (odd + 3) % 8, head.filling) } else { 0 };
        Some(Head { last, kind, extent, filling })
    }

    fn count<C: Coder>(&mut self, coder: &mut C, coded: usize, extent: Extent) -> u32 {
        let wanted = if let Extent::Count(count) = extent { count } else { 0 };
        if coder.bit(&mut self.same[coded], wanted != self.counts[coded]) {
            self.counts[coded] = self.count[coded].code(coder, wanted);
        }
        self.counts[coded]
    }

    /// The bits up to the end of a byte of which so many are taken.
    pub fn filling<C: Coder>(&mut self, coder: &mut C, odd: u32, filling: u8) -> u8 {
        if odd == 0 || !coder.bit(&mut self.filled, filling != 0) {
            return 0;
        }
        coder.plain(8 - odd, filling.into()) as u8
    }

    /// The codes of a block, once its tokens are known.
    pub fn codes<C: Coder>(&mut self, coder: &mut C, often: (&[u32], &[u32]), codes: &mut Codes) -> Option<()> {
        self.header.code(coder, often.0, often.1, codes)
    }

    /// The next token; None where there can be no such one.
    pub fn token<C: Coder>(&mut self, coder: &mut C, guesser: &mut Guesser, token: Token) -> Option<Token> {
        let guess = guesser.guess();
        let context = context(guess.here);
        let ahead = match guess.ahead.length {
            0 => 0,
            length if length > guess.here.length => 2,
            _ => 1,
        };
        let copied = usize::from(guess.token != Token::Literal);
        let miss = &mut self.miss[((context * 2 + copied) * 4 + ahead) * 2 + usize::from(self.missed)];
        self.missed = coder.bit(miss, token != guess.token);
        let token = if self.missed { self.other(coder, guesser, &guess, token)? } else { guess.token };
        guesser.settle(&guess, token);
        Some(token)
    }

    fn other<C: Coder>(&mut self, coder: &mut C, guesser: &Guesser, guess: &Guess, token: Token) -> Option<Token> {
        let context = context(guess.here);
        let wanted = if let Token::Copy(found) = token { found } else { Match { length: 3, distance: 1 } };
        if guess.token != Token::Literal && !coder.bit(&mut self.copies[context], token != Token::Literal) {
            return Some(Token::Literal);
        }
        let length = self.length(coder, guess.here.length, context, wanted.length);
        if !(3..=LONGEST as u32).contains(&length) || length as usize > guesser.window.left(guesser.at) {
            return None;
        }
        let distance = self.distance(coder, guesser, length, wanted.distance)?;
        let found = Match { length, distance };
        guesser.window.is_match(guesser.at, found).then_some(Token::Copy(found))
    }

    fn length<C: Coder>(&mut self, coder: &mut C, here: u32, context: usize, length: u32) -> u32 {
        if here < 3 {
            return self.lengths.code(coder, length - 3) + 3;
        }
        if coder.bit(&mut self.as_long[context], length == here) {
            return here;
        }
        let long = usize::from(here > 16);
        if coder.bit(&mut self.longer[context], length > here) {
            here + 1 + self.longer_by[long].code(coder, length.saturating_sub(here + 1))
        } else {
            here.saturating_sub(1 + self.shorter_by[long].code(coder, here.saturating_sub(length + 1)))
        }
    }

    /// By how many nearer places there are with as many bytes that are the same, or as it is.
    fn distance<C: Coder>(&mut self, coder: &mut C, guesser: &Guesser, length: u32, distance: u32) -> Option<u32> {
        let context = (length.clamp(3, 6) - 3) as usize;
        let places = guesser.window.distances(guesser.at, length as usize, HOPS);
        let hops = if C::WRITES {
            places.take_while(|place| *place <= distance as usize).enumerate().find(|(_, place)| *place == distance as usize)
        } else {
            None
        };
        if !coder.bit(&mut self.elsewhere[context], C::WRITES && hops.is_none()) {
            let hops = self.hops[context].code(coder, hops.map_or(0, |(hops, _)| hops as u32));
            return guesser.window.distances(guesser.at, length as usize, HOPS).nth(hops as usize).map(|place| place as u32);
        }
        let less = distance.saturating_sub(1);
        let bits = coder.tree(&mut self.distances, 4, 32 - less.leading_zeros());
        if bits < 2 {
            return Some(bits + 1);
        }
        let high = coder.bit(&mut self.high[bits as usize], less >> (bits - 2) & 1 != 0);
        let low = coder.plain(bits - 2, less & ((1 << (bits - 2)) - 1));
        Some(1 + (1 << (bits - 1) | u32::from(high) << (bits - 2) | low))
    }
}

/// What the chances of a token depend on: the match that is there.
fn context(here: Match) -> usize {
    match (here.length, here.distance) {
        (0..3, _) => 0,
        (3, 0..=256) => 1,
        (3, 0..=4096) => 2,
        (3, _) => 3,
        (4, 0..=4096) => 4,
        (4, _) => 5,
        (5, _) => 6,
        (6..8, _) => 7,
        (8..16, _) => 8,
        (16..64, _) => 9,
        (64..258, _) => 10,
        _ => 11,
    }
}
