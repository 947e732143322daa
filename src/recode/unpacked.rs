//! Plain bytes of the zstd frames of bases. A frame cannot be entered but at its beginning, so one that is needed is unpacked whole,
//! once, into a file without a name.

use super::error::Error;
use super::frames::Unpacker;
use super::source::Part;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, PoisonError};

/// Makes files without a name.
pub type Scratch<'a> = &'a (dyn Fn() -> io::Result<File> + Sync);

/// What has been unpacked of all bases. One frame is unpacked at a time.
pub struct Unpacked<'a> {
    scratch: Scratch<'a>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    file: Option<Arc<File>>,
    unpacker: Option<Unpacker>,
    end: u64,
    /// Where the plain bytes of a frame begin, by its base and its place in the table.
    places: BTreeMap<(usize, usize), u64>,
}

/// Why the plain bytes of a frame are not to be had.
pub enum Failure {
    /// What the frame is read from.
    Source(io::Error),
    /// It is not what the table says; these are its lengths, where it is one at all.
    Frame(Option<(u64, u64)>),
    /// All else.
    Other(Error),
}

impl<'a> Unpacked<'a> {
    /// Nothing yet, and no file before it is needed.
    pub fn new(scratch: Scratch<'a>) -> Self {
        Self { scratch, state: Mutex::default() }
    }

    /// Fills `to` with plain bytes of a frame from `offset` on; `name` is that of the frame.
    pub fn read(&self, name: (usize, usize), frame: Part<'_>, plain: u64, offset: u64, to: &mut [u8]) -> std::result::Result<(), Failure> {
        let (file, place) = self.place(name, frame, plain)?;
        file.read_exact_at(to, place + offset).map_err(|error| Failure::Other(Error::io("scratch file")(error)))
    }

    fn place(&self, name: (usize, usize), frame: Part<'_>, plain: u64) -> std::result::Result<(Arc<File>, u64), Failure> {
        let scratch = |error| Failure::Other(Error::io("scratch file")(error));
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let file = match &state.file {
            Some(file) => Arc::clone(file),
            None => Arc::clone(state.file.insert(Arc::new((self.scratch)().map_err(scratch)?))),
        };
        if let Some(place) = state.places.get(&name) {
            return Ok((file, *place));
        }
        let place = state.end;
        let (mut to, mut unwritten) = (place, None);
        let mut take = |bytes: &[u8]| {
            let written = file.write_all_at(bytes, to);
            to += bytes.len() as u64;
            written.map_err(|error| {
                let kind = error.kind();
                unwritten = Some(error);
                kind.into()
            })
        };
        let lengths = state.unpacker.get_or_insert_default().unpack(frame, plain, &mut take);
        if let Some(error) = unwritten {
            return Err(scratch(error));
        }
        let lengths = lengths.map_err(Failure::Source)?;
        if lengths != Some((frame.length(), plain)) {
            return Err(Failure::Frame(lengths));
        }
        state.end = place + plain;
        state.places.insert(name, place);
        Ok((file, place))
    }
}
