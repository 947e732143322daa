//! Gzip (RFC 1952) and bzip2, noticing what ordinary readers pass over: further members, and bytes behind the end.

use bzip2::bufread::BzDecoder;
use flate2::bufread::GzDecoder;
use std::io::{BufRead, Read, Result};

/// A decoder of one member, which gives back the reader where the member ends.
pub(super) trait Member: Read {
    /// What it reads from.
    type Packed: BufRead;
    /// The first byte of every member.
    const FIRST: u8;

    fn begin(packed: Self::Packed) -> Self;
    fn end(self) -> Self::Packed;
}

impl<R: BufRead> Member for GzDecoder<R> {
    type Packed = R;
    const FIRST: u8 = 0x1f;

    fn begin(packed: R) -> Self {
        Self::new(packed)
    }

    fn end(self) -> R {
        self.into_inner()
    }
}

impl<R: BufRead> Member for BzDecoder<R> {
    type Packed = R;
    const FIRST: u8 = b'B';

    fn begin(packed: R) -> Self {
        Self::new(packed)
    }

    fn end(self) -> R {
        self.into_inner()
    }
}

/// A stream of members.
pub(super) struct Members<M> {
    decoder: Option<M>,
    /// Members that were begun.
    pub count: u64,
    /// Whether something that is no member stands behind them.
    pub trailing: bool,
}

impl<M: Member> Members<M> {
    pub fn new(packed: M::Packed) -> Self {
        Self { decoder: Some(M::begin(packed)), count: 1, trailing: false }
    }
}

impl<M: Member> Read for Members<M> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        while let Some(decoder) = self.decoder.as_mut().filter(|_| !buffer.is_empty()) {
            let read = decoder.read(buffer)?;
            if read > 0 {
                return Ok(read);
            }
            let mut rest = self.decoder.take().map(M::end).expect("it was just read from");
            match rest.fill_buf()?.first() {
                None => {}
                Some(first) if *first == M::FIRST => {
                    self.count += 1;
                    self.decoder = Some(M::begin(rest));
                }
                Some(_) => self.trailing = true,
            }
        }
        Ok(0)
    }
}
