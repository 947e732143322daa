//! MessagePack, the walking half: where values of a shard begin and end, without reading them (the MessagePack specification,
//! "Formats"). Of thousands of records, the few that are chosen are read whole.

use bytes::Bytes;

/// Walks over values, one behind the other. `None` where a document breaks off or is none.
pub struct Walk {
    bytes: Bytes,
    at: usize,
}

/// What a value is, and how much of it lies behind its head: entries, items, or bytes.
enum Head {
    Map(u64),
    List(u64),
    Text(usize),
    Other(usize),
}

impl Walk {
    /// Begins a document.
    pub fn new(bytes: Bytes) -> Self {
        Self { bytes, at: 0 }
    }

    /// Enters a map; tells how many entries follow. Nothing in its place is a map without entries.
    pub fn map(&mut self) -> Option<u64> {
        match self.head()? {
            (_, Head::Map(entries)) => Some(entries),
            (NIL, _) => Some(0),
            _ => None,
        }
    }

    /// Enters a list; tells how many items follow. Nothing in its place is a list without items.
    pub fn list(&mut self) -> Option<u64> {
        match self.head()? {
            (_, Head::List(items)) => Some(items),
            (NIL, _) => Some(0),
            _ => None,
        }
    }

    /// Reads a text.
    pub fn text(&mut self) -> Option<String> {
        let (_, Head::Text(length)) = self.head()? else { return None };
        let text = self.part(length)?;
        std::str::from_utf8(text).ok().map(str::to_owned)
    }

    /// Passes a value, however deep it is, and gives its bytes. Every value takes a byte, so that this ends with the document.
    pub fn value(&mut self) -> Option<Bytes> {
        let (start, mut left) = (self.at, 1_u64);
        while left > 0 {
            left -= 1;
            match self.head()?.1 {
                Head::Map(entries) => left += 2 * entries,
                Head::List(items) => left += items,
                Head::Text(length) | Head::Other(length) => drop(self.part(length)?),
            }
        }
        Some(self.bytes.slice(start..self.at))
    }

    fn part(&mut self, length: usize) -> Option<&[u8]> {
        let end = self.at.checked_add(length)?;
        let part = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(part)
    }

    /// A length of so many bytes.
    fn length(&mut self, bytes: u8) -> Option<u64> {
        Some(self.part(usize::from(bytes))?.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
    }

    /// The first byte of a value, and what follows from it.
    fn head(&mut self) -> Option<(u8, Head)> {
        let marker = *self.part(1)?.first()?;
        let head = match marker {
            0x00..=0x7f | 0xe0..=0xff | NIL | 0xc2 | 0xc3 => Head::Other(0),
            0x80..=0x8f => Head::Map(u64::from(marker & 0x0f)),
            0x90..=0x9f => Head::List(u64::from(marker & 0x0f)),
            0xa0..=0xbf => Head::Text(usize::from(marker & 0x1f)),
            // The one that is never used.
            0xc1 => return None,
            // Bytes, and extensions with a byte for their kind, behind lengths of one, two and four bytes.
            0xc4..=0xc6 => Head::Other(self.length(1 << (marker - 0xc4))? as usize),
            0xc7..=0xc9 => Head::Other(self.length(1 << (marker - 0xc7))? as usize + 1),
            // Floats, then numbers without and with a sign, of one to eight bytes.
            0xca => Head::Other(4),
            0xcb => Head::Other(8),
            0xcc..=0xcf => Head::Other(1 << (marker - 0xcc)),
            0xd0..=0xd3 => Head::Other(1 << (marker - 0xd0)),
            0xd4..=0xd8 => Head::Other((1 << (marker - 0xd4)) + 1),
            0xd9..=0xdb => Head::Text(self.length(1 << (marker - 0xd9))? as usize),
            0xdc | 0xdd => Head::List(self.length(2 << (marker - 0xdc))?),
            0xde | 0xdf => Head::Map(self.length(2 << (marker - 0xde))?),
        };
        Some((marker, head))
    }
}

/// The marker of nothing.
const NIL: u8 = 0xc0;
