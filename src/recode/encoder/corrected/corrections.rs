//! The side that finds out what there is to correct.

use super::block::Tokens;
use super::coder::Writer;
use super::guess::Guesser;
use super::model::{Extent, Head, Kind, Model};
use super::parse::{Block, Parser};
use super::presets::PRESETS;
use super::{CorrectedDeflater, LONGEST, STEP, most};
use crate::recode::encoder::Deflater;
use crate::recode::varint;
use std::io::{self, Read};

/// Plain bytes that all presets are tried on, and then the best few.
const FIRST: usize = 8 << 10;
const SAMPLE: usize = 64 << 10;
/// How few.
const FEW: usize = 4;
/// What a token may look at behind it.
const BEHIND: usize = 512;

/// What finding corrections may cost.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// How long they may be.
    pub most: u64,
    /// Bytes that may be encoded.
    pub work: u64,
}

/// What stands before the plain bytes of a stream: its corrections behind their length. None where they are too long, would take too much work, or
/// where the stream cannot be made so. `open` gives the stream and its plain bytes, of which there are so many, from the beginning; it is made
/// again and compared.
pub fn corrections<S: Read, P: Read>(open: impl Fn() -> (S, P), (deflated, plain): (u64, u64), cost: Cost) -> io::Result<Option<Vec<u8>>> {
    // Once to find them, and once to make the stream again.
    let Some(work) = cost.work.checked_sub(2 * plain).filter(|_| plain <= LONGEST) else { return Ok(None) };
    let Some(preset) = preset(&open, plain as usize, work)? else { return Ok(None) };
    let Some(found) = told(&open, plain as usize, preset, cost.most)? else { return Ok(None) };
    let mut front = Vec::new();
    varint::put(&mut front, found.len() as u64);
    front.extend_from_slice(&found);
    let taken = plain + front.len() as u64;
    let fits = front.len() as u64 <= cost.most && found.len() as u64 <= most(taken);
    Ok(if fits && is_made(&open, &front, taken, deflated)? { Some(front) } else { None })
}

/// The preset that guesses best at the beginning of the stream.
fn preset<S: Read, P: Read>(open: &impl Fn() -> (S, P), plain: usize, mut work: u64) -> io::Result<Option<usize>> {
    let (stream, bytes) = open();
    let Some(sample) = Sample::take(stream, bytes, plain)? else { return Ok(None) };
    let mut presets: Vec<usize> = (0..PRESETS.len()).collect();
    for length in [FIRST, SAMPLE] {
        let mut costs = Vec::with_capacity(presets.len());
        for preset in presets {
            let (cost, done) = if work >= length.min(plain) as u64 { sample.cost(preset, length) } else { (u64::MAX, 0) };
            work -= done as u64;
            costs.push((cost, preset));
        }
        costs.sort_unstable();
        presets = costs.into_iter().take(FEW).map(|(_, preset)| preset).collect();
        if plain <= length {
            break;
        }
    }
    Ok(presets.first().copied())
}

/// The beginning of a stream.
struct Sample {
    blocks: Vec<Block>,
    bytes: Vec<u8>,
    plain: usize,
}

impl Sample {
    fn take<S: Read, P: Read>(stream: S, bytes: P, plain: usize) -> io::Result<Option<Self>> {
        let (mut parser, mut blocks, mut at) = (Parser::new(stream), Vec::new(), 0);
        // As many blocks as bytes: empty ones do not go on for ever.
        while at < SAMPLE && blocks.len() < BEHIND {
            let Some(block) = parser.block(Some(SAMPLE))? else { return Ok(None) };
            let ends = block.last || block.tokens.count() >= SAMPLE;
            at += block.plain;
            blocks.push(block);
            if ends {
                break;
            }
        }
        let mut sample = Vec::new();
        bytes.take((SAMPLE + BEHIND) as u64).read_to_end(&mut sample)?;
        Ok(Some(Self { blocks, bytes: sample, plain }))
    }

    /// What so many plain bytes cost with a preset, in bits, and how many of them there were.
    fn cost(&self, preset: usize, length: usize) -> (u64, usize) {
        let mut guesser = Guesser::new(PRESETS[preset], self.plain);
        guesser.window.feed(&self.bytes, 0);
        let (mut model, mut writer) = (Model::new(), Writer::new());
        for block in &self.blocks {
            if block.kind == Kind::Stored {
                guesser.skip(block.plain.min(guesser.window.known(guesser.at)));
            }
            for token in block.tokens.iter() {
                if guesser.at >= length || !guesser.window.reaches(guesser.at) || model.token(&mut writer, &mut guesser, token).is_none() {
                    return (writer.bits(), guesser.at);
                }
            }
        }
        (writer.bits(), guesser.at)
    }
}

/// The corrections with a preset, its number first.
fn told<S: Read, P: Read>(open: &impl Fn() -> (S, P), plain: usize, preset: usize, most: u64) -> io::Result<Option<Vec<u8>>> {
    let (stream, bytes) = open();
    let mut parser = Parser::new(stream);
    let guesser = Guesser::new(PRESETS[preset], plain);
    let mut telling = Telling { guesser, model: Model::new(), writer: Writer::new(), bytes, read: vec![0; STEP] };
    loop {
        let Some(block) = parser.block(None)? else { return Ok(None) };
        if telling.block(&block)?.is_none() || telling.writer.bits() / 8 > most {
            return Ok(None);
        }
        if block.last {
            break;
        }
    }
    let odd = parser.odd();
    telling.model.filling(&mut telling.writer, odd, parser.filling());
    let mut found = vec![preset as u8];
    found.extend(telling.writer.finish());
    Ok(Some(found))
}

/// A stream that is being told.
struct Telling<P> {
    guesser: Guesser,
    model: Model,
    writer: Writer,
    bytes: P,
    read: Vec<u8>,
}

impl<P: Read> Telling<P> {
    /// Reads until all that may be looked at from here on is there.
    fn reach(&mut self) -> io::Result<()> {
        while !self.guesser.window.reaches(self.guesser.at) {
            let got = self.bytes.read(&mut self.read)?;
            if got == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.guesser.window.feed(&self.read[..got], self.guesser.at);
        }
        Ok(())
    }

    fn block(&mut self, block: &Block) -> io::Result<Option<()>> {
        let left = self.guesser.window.left(self.guesser.at);
        if block.plain > left {
            return Ok(None);
        }
        let stored = block.kind == Kind::Stored;
        let count = if stored { block.plain } else { block.tokens.count() };
        // Only a block of all that is left can be the last one.
        let extent = if block.plain == left { Extent::Rest } else { Extent::Count(count as u32) };
        let head = Head { last: block.last, kind: block.kind, extent, filling: block.filling };
        self.model.head(&mut self.writer, left, block.odd, head);
        if stored {
            return self.stored(block.plain).map(Some);
        }
        self.coded(&block.tokens)?;
        if block.kind == Kind::Dynamic {
            let mut codes = block.codes.clone();
            let told = self.model.codes(&mut self.writer, (&block.tokens.literals, &block.tokens.distances), &mut codes);
            return Ok(told);
        }
        Ok(Some(()))
    }

    fn stored(&mut self, mut left: usize) -> io::Result<()> {
        loop {
            self.reach()?;
            let now = left.min(self.guesser.window.known(self.guesser.at));
            self.guesser.skip(now);
            left -= now;
            if left == 0 {
                return Ok(());
            }
        }
    }

    fn coded(&mut self, tokens: &Tokens) -> io::Result<()> {
        for token in tokens.iter() {
            self.reach()?;
            if self.model.token(&mut self.writer, &mut self.guesser, token).is_none() {
                return Err(io::ErrorKind::InvalidData.into());
            }
        }
        Ok(())
    }
}

/// Whether the stream is made again.
fn is_made<S: Read, P: Read>(open: &impl Fn() -> (S, P), front: &[u8], taken: u64, deflated: u64) -> io::Result<bool> {
    let (mut stream, mut bytes) = open();
    let mut deflater = CorrectedDeflater::new(taken, deflated);
    let (mut made, mut read, mut compared) = (Vec::new(), vec![0; STEP], Vec::new());
    let mut same = |made: &mut Vec<u8>| {
        compared.resize(made.len(), 0);
        let same = match stream.read_exact(&mut compared) {
            Ok(()) => compared == *made,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => false,
            Err(error) => return Err(error),
        };
        made.clear();
        Ok(same)
    };
    if deflater.write(front, &mut made).is_err() {
        return Ok(false);
    }
    loop {
        let got = bytes.read(&mut read)?;
        let ended = got == 0;
        let done = if ended { deflater.finish(&mut made) } else { deflater.write(&read[..got], &mut made) };
        if done.is_err() || !same(&mut made)? {
            return Ok(false);
        }
        if ended {
            return Ok(stream.read(&mut [0])? == 0);
        }
    }
}
