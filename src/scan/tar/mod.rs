//! A strict tar reader for linting: every view of an entry must agree (POSIX.1-2001 pax, ustar, GNU long names).

mod header;
mod pax;

use super::finding::{Findings, Step, Stop, settle};
use super::names::{self, Seen};
use super::rules;
use super::secrets;
use crate::error::Result;
use header::Header;
use pax::Records;
use std::io::{Read, copy, sink};

/// Most entries of an archive.
const MOST_ENTRIES: usize = 2_000_000;
/// Longest extended header or long name, in bytes.
const LONGEST_EXTENSION: u64 = 1 << 20;
/// From this length on a header cannot hold a length in octal digits.
const BEYOND_OCTAL: u64 = 8 << 30;
/// Most blocks of a GNU sparse map.
const MOST_MAPS: usize = 10_000;

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file with content.
    File,
    /// A second name of an earlier file.
    HardLink,
    /// A symbolic link.
    SymbolicLink,
    /// A folder.
    Folder,
    /// A device, a pipe or something unknown.
    Other,
}

/// An entry, its headers read and compared.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its name.
    pub name: Vec<u8>,
    /// Where it leads, for links.
    pub link: Vec<u8>,
    /// What it is.
    pub kind: Kind,
    /// Bytes of content.
    pub size: u64,
}

/// What is done with each entry whose name can be taken, and its content.
pub type Visit<'a> = &'a mut dyn FnMut(&Entry, &mut dyn Read) -> Result<()>;

/// Whether bytes begin as a tar does, to any reader of them: with the mark of POSIX, or with a header whose check sum is right.
pub fn begins(start: &[u8]) -> bool {
    let summed = || start.first_chunk::<512>().is_some_and(header::is_summed);
    start.get(257..262) == Some(b"ustar") || summed()
}

/// Reads a tar to its end and tells what is wrong with it.
pub fn lint(stream: &mut dyn Read, found: &mut Findings, visit: Visit<'_>) -> Result<()> {
    let outcome = Reader { stream, found, seen: Seen::default(), next: Records::default(), pending: false }.run(visit);
    settle(outcome, "", found)
}

struct Reader<'a> {
    stream: &'a mut dyn Read,
    found: &'a mut Findings,
    seen: Seen,
    /// What extended headers said of the next entry.
    next: Records,
    /// Whether there were any.
    pending: bool,
}

impl Reader<'_> {
    fn run(&mut self, visit: Visit<'_>) -> Step<()> {
        loop {
            let Some(block) = self.block()? else {
                self.found.add(rules::TAR_FORMAT, "", "no end mark");
                return self.unclaimed();
            };
            if block.iter().all(|b| *b == 0) {
                return self.end();
            }
            let header = header::parse(&block).map_err(|why| self.halt(rules::TAR_HEADER, "", why))?;
            self.entry(header, visit)?;
        }
    }

    /// Makes a finding after which nothing more can be read.
    fn halt(&mut self, rule: rules::Rule, place: &str, why: &str) -> Stop {
        self.found.add(rule, place, why);
        Stop::Told
    }

    /// The next block; `None` at the end of the stream.
    fn block(&mut self) -> Step<Option<[u8; 512]>> {
        let (mut block, mut filled) = ([0u8; 512], 0);
        while filled < 512 {
            match self.stream.read(&mut block[filled..])? {
                0 if filled == 0 => return Ok(None),
                0 => return Err(self.halt(rules::UNREADABLE, "", "the archive is cut short")),
                read => filled += read,
            }
        }
        Ok(Some(block))
    }

    fn entry(&mut self, header: Header, visit: Visit<'_>) -> Step<()> {
        match header.kind {
            b'x' => self.records(&header),
            b'g' => self.global(&header),
            b'L' | b'K' => self.long_name(&header),
            _ => self.member(header, visit),
        }
    }

    fn extension(&mut self, header: &Header) -> Step<Vec<u8>> {
        if header.size > LONGEST_EXTENSION {
            return Err(self.halt(rules::TAR_PAX_RECORD, "", "an extended header that is too long"));
        }
        let mut bytes = vec![0; header.size as usize];
        self.stream.read_exact(&mut bytes)?;
        self.padding(header.size, "an extended header")?;
        self.pending = true;
        Ok(bytes)
    }

    fn records(&mut self, header: &Header) -> Step<()> {
        let bytes = self.extension(header)?;
        let records = pax::parse(&bytes).map_err(|why| self.halt(rules::TAR_PAX_RECORD, &shown(&header.name), why))?;
        for key in &records.unknown {
            self.found.add(rules::TAR_PAX_KEY, shown(&header.name), key);
        }
        if std::mem::replace(&mut self.next, records) != Records::default() {
            self.found.add(rules::TAR_PAX_RECORD, shown(&header.name), "two extended headers for one entry");
        }
        Ok(())
    }

    fn global(&mut self, header: &Header) -> Step<()> {
        let bytes = self.extension(header)?;
        self.pending = self.next != Records::default();
        let records = pax::parse(&bytes).map_err(|why| self.halt(rules::TAR_PAX_RECORD, &shown(&header.name), why))?;
        if records != (Records { unknown: records.unknown.clone(), ..Records::default() }) {
            self.found.add(rules::TAR_PAX_GLOBAL, shown(&header.name), "it gives a name or a length to everything behind it");
        }
        Ok(())
    }

    fn long_name(&mut self, header: &Header) -> Step<()> {
        let mut bytes = self.extension(header)?;
        while bytes.pop_if(|b| *b == 0).is_some() {}
        let doubled = bytes.contains(&0) || bytes.is_empty();
        let place = if header.kind == b'L' { &mut self.next.path } else { &mut self.next.link };
        if place.replace(bytes).is_some() || doubled {
            self.found.add(rules::TAR_PAX_RECORD, "", "a long name that is empty, doubled or holds a NUL");
        }
        Ok(())
    }

    fn member(&mut self, header: Header, visit: Visit<'_>) -> Step<()> {
        let next = std::mem::take(&mut self.next);
        self.pending = false;
        let entry = self.agreed(&header, next)?;
        let place = shown(&entry.name);
        if header.old {
            self.found.add(rules::TAR_FORMAT, &place, "a header of the time before POSIX");
        }
        let size = entry.size;
        let usable = names::check(&entry.name, self.found);
        self.kind(&header, &entry, &place);
        let is_link = entry.kind == Kind::SymbolicLink;
        self.seen.take(&entry.name, is_link, entry.kind == Kind::Folder, self.found);
        if self.seen.len() > MOST_ENTRIES {
            return Err(self.halt(rules::NOT_EXAMINED, "", "too many entries"));
        }
        self.content(&entry, usable, visit)?;
        self.padding(size, &place)
    }

    /// What header and extended headers say together.
    fn agreed(&mut self, header: &Header, next: Records) -> Step<Entry> {
        let name = next.path.unwrap_or_else(|| header.name.clone());
        let link = next.link.unwrap_or_else(|| header.link.clone());
        let place = shown(&name);
        let kind = match header.kind {
            b'0' | 0 | b'7' if header.old && name.ends_with(b"/") => Kind::Folder,
            b'0' | 0 | b'7' | b'S' => Kind::File,
            b'1' => Kind::HardLink,
            b'2' => Kind::SymbolicLink,
            b'5' => Kind::Folder,
            _ => Kind::Other,
        };
        let size = match next.size {
            Some(size) if size == header.size || size >= BEYOND_OCTAL && header.size == 0 => size,
            Some(size) => {
                let why = format!("the extended header says {size} bytes, the header {}", header.size);
                return Err(self.halt(rules::TAR_PAX_SIZE, &place, &why));
            }
            None => header.size,
        };
        if next.sparse || header.kind == b'S' {
            self.found.add(rules::TAR_SPARSE, &place, "a sparse file");
        }
        if header.extended && header.kind == b'S' {
            self.sparse_maps()?;
        }
        if kind != Kind::File && kind != Kind::Other && size != 0 {
            return Err(self.halt(rules::TAR_HEADER, &place, "a link or folder with content: some readers skip it, some do not"));
        }
        if kind == Kind::File && name.ends_with(b"/") {
            self.found.add(rules::NAME, &place, "a file whose name ends as those of folders do");
        }
        Ok(Entry { name, link, kind, size })
    }

    fn sparse_maps(&mut self) -> Step<()> {
        for _ in 0..MOST_MAPS {
            match self.block()? {
                Some(block) if block[504] == 1 => {}
                Some(_) => return Ok(()),
                None => break,
            }
        }
        Err(self.halt(rules::TAR_SPARSE, "", "a sparse map without end"))
    }

    fn kind(&mut self, header: &Header, entry: &Entry, place: &str) {
        match entry.kind {
            Kind::Other => self.found.add(rules::DEVICE, place, format!("an entry of kind {:?}", char::from(header.kind))),
            Kind::HardLink if names::escapes(b"", &entry.link) => self.found.add(rules::LINK_ESCAPES, place, shown(&entry.link)),
            Kind::SymbolicLink if names::escapes(&entry.name, &entry.link) => {
                self.found.add(rules::LINK_ESCAPES, place, shown(&entry.link));
            }
            Kind::File if header.mode & 0o6000 != 0 => self.found.add(rules::SETUID, place, format!("mode {:o}", header.mode)),
            _ => {}
        }
    }

    fn content(&mut self, entry: &Entry, usable: bool, visit: Visit<'_>) -> Step<()> {
        let mut content = self.stream.take(entry.size);
        if usable && entry.kind == Kind::File && entry.size <= secrets::LOOKED_AT {
            let mut bytes = Vec::new();
            content.read_to_end(&mut bytes)?;
            secrets::look(&bytes, &shown(&entry.name), self.found);
            visit(entry, &mut &bytes[..])?;
        } else if usable {
            visit(entry, &mut content)?;
        }
        copy(&mut content, &mut sink())?;
        match content.limit() {
            0 => Ok(()),
            _ => Err(self.halt(rules::UNREADABLE, &shown(&entry.name), "the archive is cut short")),
        }
    }

    fn padding(&mut self, size: u64, place: &str) -> Step<()> {
        let mut bytes = [0u8; 512];
        let padding = &mut bytes[..(size.next_multiple_of(512) - size) as usize];
        self.stream.read_exact(padding)?;
        if padding.iter().any(|b| *b != 0) {
            self.found.add(rules::TAR_PADDING, place, "bytes that are not zero fill its last block");
        }
        Ok(())
    }

    fn unclaimed(&mut self) -> Step<()> {
        if self.pending {
            self.found.add(rules::TAR_PAX_RECORD, "", "an extended header that belongs to no entry");
        }
        Ok(())
    }

    /// Behind the first zero block: a second one, and zeros until the stream ends.
    fn end(&mut self) -> Step<()> {
        self.unclaimed()?;
        let mut buffer = [0u8; 8192];
        loop {
            match self.stream.read(&mut buffer)? {
                0 => return Ok(()),
                read if buffer[..read].iter().all(|b| *b == 0) => {}
                _ => return Err(self.halt(rules::TAR_TRAILING, "", "bytes that are not zero behind the end mark")),
            }
        }
    }
}

fn shown(name: &[u8]) -> String {
    String::from_utf8_lossy(&name[..name.len().min(200)]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{BEYOND_OCTAL, Findings, Header, Reader, Records, Seen, begins};

    /// TARmageddon, both ways round: of two lengths that differ none is taken, but where a header cannot say it.
    #[test]
    fn of_two_lengths_none_is_taken() {
        let agreed = |header: u64, extended: Option<u64>| {
            let (mut stream, mut found) = (std::io::empty(), Findings::default());
            let mut reader =
                Reader { stream: &mut stream, found: &mut found, seen: Seen::default(), next: Records::default(), pending: false };
            let header = Header { name: b"a".to_vec(), link: vec![], kind: b'0', size: header, mode: 0, old: false, extended: false };
            let size = reader.agreed(&header, Records { size: extended, ..Records::default() }).map(|entry| entry.size).ok();
            (size, found.list().first().map(|finding| finding.rule.name))
        };
        for (header, extended, size) in
            [(7, None, 7), (7, Some(7), 7), (0, Some(0), 0), (0, Some(BEYOND_OCTAL), BEYOND_OCTAL), (0, Some(u64::MAX), u64::MAX)]
        {
            assert_eq!(agreed(header, extended), (Some(size), None), "{header} {extended:?}");
        }
        for (header, extended) in [(7, 0), (7, 8), (0, 1), (0, 512), (0, BEYOND_OCTAL - 1), (1, BEYOND_OCTAL)] {
            assert_eq!(agreed(header, Some(extended)), (None, Some(crate::scan::rules::TAR_PAX_SIZE.name)), "{header} {extended}");
        }
    }

    /// A header without the mark of POSIX, whose name has a byte above 127, and the check sum as it is given.
    fn header(sum: impl Fn(i64) -> Vec<u8>, signed: bool) -> Vec<u8> {
        let mut block = vec![0u8; 512];
        block[..3].copy_from_slice(b"a\xe9b");
        block[124..136].copy_from_slice(b"00000000000\0");
        block[148..156].fill(b' ');
        let value = |byte: &u8| if signed { i64::from(byte.cast_signed()) } else { i64::from(*byte) };
        let sum = sum(block.iter().map(value).sum());
        block[148..156].fill(0);
        block[148..148 + sum.len()].copy_from_slice(&sum);
        block
    }

    #[test]
    fn what_some_reader_takes_for_a_tar_is_one() {
        let octal = |sum: i64| format!("{sum:06o}\0 ").into_bytes();
        let prefixed = |sum: i64| format!("0o{sum:o}").into_bytes();
        let binary = |sum: i64| [&[0x80][..], &sum.to_be_bytes()[1..]].concat();
        for signed in [false, true] {
            for (form, block) in
                [("octal", header(octal, signed)), ("prefixed", header(prefixed, signed)), ("binary", header(binary, signed))]
            {
                assert!(begins(&block), "{form}, signed {signed}");
                assert!(!begins(&block[..511]), "{form}, cut short");
                assert!(!begins(&[b"x", &block[1..]].concat()), "{form}, another byte");
            }
        }
        assert!(begins(&[&[0; 257][..], b"ustar"].concat()), "its mark is enough: what is wrong with it is told");
        assert!(!begins(&[0; 512]) && !begins(&[b'7'; 512]) && !begins(b""));
    }
}
