//! What comes next in a stream, as an encoder of the preset would have it that has made all before as the stream has it.

use super::presets::{Manner, Preset};
use super::window::{Match, Window};

/// Matches of three bytes that are farther away cost more than three literals.
const TOO_FAR: u32 = 4096;

/// A token of a block.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Token {
    /// A byte as it is.
    Literal,
    /// Bytes from before.
    Copy(Match),
}

impl Token {
    /// How many bytes it stands for.
    pub fn length(self) -> usize {
        match self {
            Self::Literal => 1,
            Self::Copy(found) => found.length as usize,
        }
    }
}

/// What is thought to come next.
#[derive(Clone, Copy)]
pub struct Guess {
    /// The token.
    pub token: Token,
    /// The match here.
    pub here: Match,
    /// The match one byte on, where it was looked for and is as good as to be told.
    pub ahead: Match,
}

/// The state of guessing.
pub struct Guesser {
    /// The bytes.
    pub window: Window,
    /// Up to where tokens are known.
    pub at: usize,
    preset: Preset,
    /// The match here, where it was looked for one byte before.
    known: Option<Match>,
}

impl Guesser {
    /// At the beginning of `total` bytes.
    pub fn new(preset: Preset, total: usize) -> Self {
        Self { window: Window::new(preset, total), at: 0, preset, known: None }
    }

    fn search(&self, at: usize, than: u32, depth: u32) -> Match {
        let found = self.window.search(at, than, depth);
        let far = self.preset.manner == Manner::Lazy && found.length == 3 && found.distance > TOO_FAR;
        if far { Match::default() } else { found }
    }

    /// What comes next. The place is noted then: [`Guesser::settle`] has to follow.
    pub fn guess(&mut self) -> Guess {
        let (at, preset) = (self.at, self.preset);
        let here = self.known.take().unwrap_or_else(|| self.search(at, 2, preset.depth));
        self.window.note(at);
        let mut guess = Guess { token: Token::Literal, here, ahead: Match::default() };
        if here.length < 3 {
            return guess;
        }
        guess.token = Token::Copy(here);
        if here.length >= preset.lazy || self.window.left(at) == here.length as usize {
            return guess;
        }
        let left = match preset.manner {
            Manner::Greedy | Manner::Whole => false,
            Manner::Lazy => {
                let depth = if here.length >= preset.good { preset.depth / 4 } else { preset.depth };
                guess.ahead = self.search(at + 1, here.length, depth);
                guess.ahead.length > here.length
            }
            Manner::Scored => {
                guess.ahead = self.search(at + 1, here.length - 1, preset.depth / 2);
                let longer = guess.ahead.length.checked_sub(here.length);
                longer.is_some_and(|longer| 4 * longer + log(here) > 2 + log(guess.ahead))
            }
        };
        if left {
            guess.token = Token::Literal;
        }
        guess
    }

    /// What came next.
    pub fn settle(&mut self, guess: &Guess, token: Token) {
        match token {
            Token::Literal if guess.token == Token::Literal && guess.ahead.length > 0 => self.known = Some(guess.ahead),
            Token::Literal => {}
            Token::Copy(found) => {
                let all = self.preset.manner != Manner::Greedy || found.length <= self.preset.lazy;
                for inner in 1..if all { found.length as usize } else { 1 } {
                    self.window.note(self.at + inner);
                }
            }
        }
        self.at += token.length();
    }

    /// Bytes that no token stands for, if any: what was ahead is not looked at behind them.
    pub fn skip(&mut self, length: usize) {
        self.known = None;
        for at in self.at..self.at + length {
            self.window.note(at);
        }
        self.at += length;
    }
}

fn log(found: Match) -> u32 {
    found.distance.max(1).ilog2()
}
