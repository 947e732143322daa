//! A volume, cut into records (`docs/formats/stream.md`, "Sending").

use super::record::{BLOCK, CHECK, Content, Edition, HEADER, Header, LONGEST_GROUP, LONGEST_PAYLOAD};
use super::recovery::encode;
use crate::artifact::Digest;
use crate::bundle::{Head, Volume};
use crate::error::{Error, Result, shown};

/// Recovery records of each group beyond the share that was asked for: of a few records, a share is nothing.
const EXTRA: u64 = 8;

/// How records are cut: all of one stream have one length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    payload: u16,
    recovery: u8,
}

impl Shape {
    /// Records of at most so many bytes, each group with so many recovery records in a hundred; 0 for none.
    pub fn new(packet: u64, recovery: u8) -> Result<Self> {
        let (overhead, longest) = ((HEADER + CHECK) as u64, LONGEST_PAYLOAD as u64);
        let payload = packet.saturating_sub(overhead).min(longest) / BLOCK * BLOCK;
        if payload == 0 {
            return Err(Error::usage("the packets are too small")
                .with("expected", format!("at least {} bytes", overhead + BLOCK))
                .with("found", format!("{packet} bytes")));
        }
        Ok(Self { payload: payload as u16, recovery: recovery.min(100) })
    }

    /// Length of each record in bytes.
    pub fn record_length(&self) -> usize {
        HEADER + usize::from(self.payload) + CHECK
    }

    fn recoveries(self, originals: u64) -> u64 {
        match self.recovery {
            0 => 0,
            percent => (originals * u64::from(percent)).div_ceil(100) + EXTRA,
        }
    }

    fn group_bytes(self) -> u64 {
        LONGEST_GROUP / u64::from(self.payload) * u64::from(self.payload)
    }
}

/// Which signatures a head carries, in eight bytes.
pub fn edition(head: &Head) -> Edition {
    let mut hasher = blake3::Hasher::new();
    for (_, signature) in head.signatures.iter() {
        hasher.update(&(signature.len() as u64).to_le_bytes()).update(signature);
    }
    let hash = hasher.finalize();
    std::array::from_fn(|n| hash.as_bytes()[n])
}

/// One volume that is to be cut.
#[derive(Debug)]
pub struct Cut<'a> {
    volume: &'a Volume,
    header: Header,
    shape: Shape,
}

impl<'a> Cut<'a> {
    /// A volume of a set of so many.
    pub fn new(volume: &'a Volume, volumes: usize, shape: Shape) -> Result<Self> {
        if !volume.length.is_multiple_of(BLOCK) || volume.length == 0 {
            return Err(Error::verification(format!("{}: its length is not one of a volume", shown(&volume.path)))
                .with("expected", format!("a multiple of {BLOCK} bytes"))
                .with("found", format!("{} bytes", volume.length))
                .hint("it was cut while it was copied: copy it again"));
        }
        let header = Header {
            bundle: Digest::of(&volume.head.statement),
            edition: edition(&volume.head),
            volume: volume.head.volume as u16,
            volumes: volumes as u16,
            length: volume.length,
            offset: 0,
            payload: shape.payload,
            content: Content::Data,
        };
        Ok(Self { volume, header, shape })
    }

    /// Reads the volume once, from its beginning to its end, and hands each record out.
    pub fn run(&self, emit: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let mut group = vec![0; self.shape.group_bytes() as usize];
        for start in (0..self.header.length).step_by(group.len()) {
            let bytes = (self.header.length - start).min(group.len() as u64) as usize;
            let path = &self.volume.path;
            let read = self.volume.file.fill_at(&mut group[..bytes], start);
            read.map_err(|e| {
                Error::io(format!("{} cannot be read at byte {start}", shown(path)), &e).hint("the medium is damaged, or the file was cut")
            })?;
            let whole = bytes.next_multiple_of(usize::from(self.shape.payload));
            group[bytes..whole].fill(0);
            self.group(start, &group[..whole], emit)?;
        }
        Ok(())
    }

    fn group(&self, start: u64, group: &[u8], emit: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let payload = usize::from(self.shape.payload);
        for (n, bytes) in group.chunks(payload).enumerate() {
            let header = Header { offset: start + (n * payload) as u64, ..self.header };
            emit(&header.record(bytes))?;
        }
        let originals = group.len() / payload;
        let recoveries = self.shape.recoveries(originals as u64) as u16;
        if recoveries == 0 {
            return Ok(());
        }
        for (index, bytes) in encode(group, payload, usize::from(recoveries))?.iter().enumerate() {
            let content = Content::Recovery { originals: originals as u16, recoveries, index: index as u16 };
            emit(&Header { offset: start, content, ..self.header }.record(bytes))?;
        }
        Ok(())
    }
}
