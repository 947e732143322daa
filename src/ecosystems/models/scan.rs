//! Lints: archives as what they are; pickles as programs; tensors by their headers. Nothing is loaded here.

use super::format::{Format, LOOKED_AT, MOST_LOOKED_AT, Sight, is_packed, recognise};
use crate::artifact::{Artifact, BlobRead, Descriptor};
use crate::error::{Error, Result};
use crate::scan::tensors::{self, Form};
use crate::scan::{self, Findings, Packing, Profile, pickle, rules, tar, unpacked, zip};
use std::io::{self, BufRead, BufReader, Read, SeekFrom};

/// Longest settings in an archive that are read, in bytes.
const LONGEST_SETTINGS: u64 = 16 << 20;
/// Most that is unpacked of a file to see what it is.
const MOST_UNPACKED: u64 = 4 << 30;
/// By which joblib takes a file for a `.lzma`.
const OF_JOBLIB: &[u8] = &[0x5d, 0];
const HDF5: &str = "HDF5: a model of Keras in it may have layers that are code";
const OF_R: &str = "objects of R: what they promise runs when it is looked at";

/// Looks into one file.
pub(super) fn blob(_: &Artifact, descriptor: &Descriptor, bytes: &mut dyn BlobRead, found: &mut Findings) -> Result<()> {
    let unreadable = |e: io::Error| Error::io("a blob cannot be read", &e);
    let (name, size, mut start) = (descriptor.name.as_deref(), bytes.size(), Vec::new());
    bytes.take(512).read_to_end(&mut start).map_err(unreadable)?;
    bytes.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    found.begin(size);
    found.within(Profile::Loaded, "", |found| judge(name, size, &start, bytes, found))
}

fn judge(name: Option<&str>, size: u64, start: &[u8], bytes: &mut dyn BlobRead, found: &mut Findings) -> Result<()> {
    let unreadable = |e: io::Error| Error::io("a blob cannot be read", &e);
    // Keras goes by the name, and looks for the end of a zip.
    let is_archive = |name: &str| [".keras", ".zip"].iter().any(|end| name.to_ascii_lowercase().ends_with(end));
    match start {
        [b'P', b'K', 3, 4, ..] => members_of_zip(bytes, found),
        _ if name.is_some_and(is_archive) => members_of_zip(bytes, found),
        _ if tar::begins(start) => members_of_tar(bytes, found),
        _ => {
            file("", name, bytes, Some(size), found).map_err(unreadable)?;
            bytes.seek(SeekFrom::Start(0)).map_err(unreadable)?;
            scan::by_content(bytes, Profile::Loaded, found)
        }
    }
}

/// torch since 1.6, arrays of NumPy, models of Keras.
fn members_of_zip(bytes: &mut dyn BlobRead, found: &mut Findings) -> Result<()> {
    let (mut inside, mut code) = (found.apart(), 0u64);
    zip::lint(bytes, found, &mut |member, content| {
        code += u64::from(member.name.split('/').rev().skip(1).any(|folder| folder == "code") && member.name.strip_suffix(".py").is_some());
        if member.name == "config.json" && member.size > LONGEST_SETTINGS {
            inside.add(rules::NOT_EXAMINED, &member.name, format!("settings of {} bytes", member.size));
        } else if member.name == "config.json" {
            let mut text = Vec::new();
            // A member that cannot be read is told of by whoever hands it out; so below.
            let _ = content.take(LONGEST_SETTINGS).read_to_end(&mut text);
            tensors::layers(&text, &member.name, &mut inside);
        } else {
            let _ = file(&member.name, Some(&member.name), content, Some(member.size), &mut inside);
        }
        Ok(())
    })?;
    found.include(&inside);
    if code > 0 {
        found.add(rules::RUNS_CODE, "", format!("a program of TorchScript, in {code} files"));
    }
    Ok(())
}

/// torch before 0.2, and whatever else was packed that way.
fn members_of_tar(stream: &mut dyn Read, found: &mut Findings) -> Result<()> {
    let mut inside = found.apart();
    tar::lint(stream, found, &mut |entry, content| {
        let name = String::from_utf8_lossy(&entry.name).into_owned();
        let _ = file(&name, Some(&name), content, Some(entry.size), &mut inside);
        Ok(())
    })?;
    found.include(&inside);
    Ok(())
}

/// One file, or one member of an archive, as what its bytes say it is.
fn file(place: &str, name: Option<&str>, stream: &mut dyn Read, size: Option<u64>, found: &mut Findings) -> io::Result<()> {
    let (sight, start, size) = look(stream, size)?;
    let mut whole = BufReader::with_capacity(64 << 10, (&start[..]).chain(stream));
    let end = size.unwrap_or(u64::MAX);
    match sight {
        _ if start.starts_with(b"\x93NUMPY") => tensors::examine(Form::Npy, &mut whole, end, place, found),
        Sight::Is(Format::Pickle) => {
            pickle::examine(&mut whole)?.tell(place, found);
            Ok(())
        }
        Sight::Is(Format::Safetensors) => tensors::examine(Form::Safetensors, &mut whole, end, place, found),
        Sight::Is(Format::Gguf) => tensors::examine(Form::Gguf, &mut whole, end, place, found),
        Sight::Is(Format::Hdf5) => {
            no_pickle(place, HDF5, found);
            Ok(())
        }
        Sight::Is(Format::Zip | Format::PickleInZip) => {
            found.add(rules::NOT_EXAMINED, place, "an archive within an archive");
            Ok(())
        }
        // A header that is none: readers go by the name.
        Sight::Unsure(_) | Sight::Other if name.is_some_and(|name| name.to_ascii_lowercase().ends_with(".safetensors")) => {
            tensors::examine(Form::Safetensors, &mut whole, end, place, found)
        }
        Sight::Unsure(_) => {
            found.add(rules::NOT_EXAMINED, place, "its beginning does not tell whether it runs something when it is loaded");
            Ok(())
        }
        Sight::Is(_) => Ok(()),
        Sight::Other => other(place, name, &start, &mut whole, end, found),
    }
}

/// What has no mark of its own, or is packed.
fn other(place: &str, name: Option<&str>, start: &[u8], whole: &mut dyn BufRead, size: u64, found: &mut Findings) -> io::Result<()> {
    let called_graph = name.is_some_and(|name| name.to_ascii_lowercase().ends_with(".onnx"));
    if called_graph || tensors::is_graph(start) {
        let mut inside = found.apart();
        tensors::examine(Form::Onnx, whole, size, place, &mut inside)?;
        // Many other files begin as a graph does.
        if called_graph || inside.list().iter().all(|finding| finding.rule != rules::TENSORS) {
            found.include(&inside);
        }
        return Ok(());
    }
    if is_of_r(start) {
        no_pickle(place, OF_R, found);
        return Ok(());
    }
    let called = name.is_some_and(is_called_pickle);
    let claims = called || start.starts_with(OF_JOBLIB) || name.is_some_and(is_called_packed);
    if let Some(header) = header_of_old(start) {
        whole.read_exact(&mut vec![0; header])?;
        return within(Packing::Zlib, place, whole, size, true, found);
    }
    if let Some(packing) = Packing::without_mark(start) {
        return within(packing, place, whole, size, claims, found);
    }
    match Packing::of(start) {
        Packing::None if tar::begins(start) => {
            found.add(rules::NOT_EXAMINED, place, "an archive within an archive");
            Ok(())
        }
        Packing::None if is_packed(start) => {
            found.add(rules::NOT_EXAMINED, place, "it is packed in a form that is not read");
            Ok(())
        }
        // A name is not believed, and not passed over: readers of such files raise where a reader of pickles does.
        Packing::None if called => {
            pickle::examine(&mut { whole })?.tell(place, found);
            Ok(())
        }
        Packing::None => Ok(()),
        packing => within(packing, place, whole, size, claims, found),
    }
}

/// How long the header is before a stream of zlib in files of joblib before 0.9.3, which its readers still take: a mark, and the length
/// of the content.
fn header_of_old(start: &[u8]) -> Option<usize> {
    let (mark, length) = start.get(..21)?.split_at(2);
    let is_length = length.starts_with(b"0x") && length.iter().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b'x' | b' '));
    (mark == b"ZF" && is_length).then_some(if start.get(21) == Some(&b' ') { 22 } else { 21 })
}

/// What nobody looks into and readers of pickles take nothing of.
fn no_pickle(place: &str, why: &str, found: &mut Findings) {
    found.within(Profile::Tree, "", |found| found.add(rules::NOT_EXAMINED, place, why));
}

/// What is packed, and what is wrong with the packing: of a file as a whole that is told by who reads it as one, where its bytes say how it
/// is packed; of a member here.
fn within(packing: Packing, place: &str, whole: &mut dyn BufRead, size: u64, claims: bool, found: &mut Findings) -> io::Result<()> {
    let (mut outcome, mut form, mut came) = (Ok(()), found.apart(), false);
    let unpacked = unpacked(packing, size, whole, place, &mut form, |stream, _| {
        came = stream.fill_buf().is_ok_and(|bytes| !bytes.is_empty());
        outcome = packed(place, stream, found);
        Ok(())
    });
    let expands = form.list().iter().any(|finding| finding.rule == rules::EXPANDS);
    match packing {
        // What has no mark and gives nothing is likely not packed at all.
        Packing::Zlib | Packing::Lzma if !came && !claims && !expands => {}
        Packing::Zlib | Packing::Lzma => found.include(&form),
        _ if place.is_empty() && !expands => {}
        _ => found.include(&form),
    }
    unpacked.map_err(io::Error::other).and(outcome)
}

/// What is in a packed file: a pickle by joblib or pandas, a tar, objects of R.
fn packed(place: &str, stream: &mut dyn Read, found: &mut Findings) -> io::Result<()> {
    let mut stream = stream.take(MOST_UNPACKED);
    let looked = look(&mut stream, None);
    // Bytes that begin like a packed file and are none.
    let Ok((sight, start, size)) = looked else { return Ok(()) };
    let mut whole = BufReader::with_capacity(64 << 10, (&start[..]).chain(&mut stream));
    let told = match sight {
        Sight::Is(Format::Pickle) => pickle::examine(&mut whole).map(|report| report.tell(place, found)),
        _ if start.starts_with(b"\x93NUMPY") => tensors::examine(Form::Npy, &mut whole, size.unwrap_or(u64::MAX), place, found),
        _ if tar::begins(&start) => members_of_tar_within(place, &mut whole, found),
        Sight::Is(Format::Hdf5) => {
            no_pickle(place, HDF5, found);
            Ok(())
        }
        Sight::Unsure(_) | Sight::Is(Format::Zip | Format::PickleInZip) => {
            found.add(rules::NOT_EXAMINED, place, "what is packed in it was not looked into");
            Ok(())
        }
        _ if is_of_r(&start) => {
            no_pickle(place, OF_R, found);
            Ok(())
        }
        _ if Packing::of(&start) != Packing::None || header_of_old(&start).is_some() => {
            found.add(rules::NOT_EXAMINED, place, "packed once more within what is packed");
            Ok(())
        }
        _ => Ok(()),
    };
    if told.is_err() {
        found.add(rules::UNREADABLE, place, "it cannot be unpacked to its end");
    }
    Ok(())
}

/// The same of a tar that is packed. Its form is told of by who reads the file as a whole; that of a member here.
fn members_of_tar_within(place: &str, stream: &mut dyn Read, found: &mut Findings) -> io::Result<()> {
    found.within(Profile::Loaded, place, |found| {
        let mut form = found.apart();
        let told = tar::lint(stream, &mut form, &mut |entry, content| {
            let name = String::from_utf8_lossy(&entry.name).into_owned();
            let _ = file(&name, Some(&name), content, Some(entry.size), found);
            Ok(())
        });
        if !place.is_empty() {
            found.include(&form);
        }
        told.map_err(io::Error::other)
    })
}

fn is_called_pickle(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [".pkl", ".pickle", ".joblib", ".dill", ".cloudpickle"].iter().any(|end| name.ends_with(end))
}

fn is_called_packed(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [".xz", ".lzma", ".z"].iter().any(|end| name.ends_with(end))
}

fn is_of_r(start: &[u8]) -> bool {
    [&b"RDX2\n"[..], b"RDX3\n", b"RDA2\n", b"RDA3\n", b"X\n\0\0\0\x02", b"X\n\0\0\0\x03", b"A\n2\n", b"A\n3\n"]
        .iter()
        .any(|mark| start.starts_with(mark))
}

/// What a file is by its beginning: as much of it is read as tells, within a bound. Its length, where it was not known, may be seen. Of
/// what breaks off, what came before is looked at: loaders get as much.
fn look(bytes: &mut (impl Read + ?Sized), size: Option<u64>) -> io::Result<(Sight, Vec<u8>, Option<u64>)> {
    let (mut start, mut wanted, mut size) = (Vec::new(), LOOKED_AT as u64, size);
    loop {
        if let Err(error) = bytes.take(wanted - start.len() as u64).read_to_end(&mut start) {
            let nothing = start.is_empty() || error.raw_os_error().is_some();
            return if nothing { Err(error) } else { Ok((recognise(&start, size.unwrap_or(u64::MAX)), start, size)) };
        }
        if size.is_none() && (start.len() as u64) < wanted {
            size = Some(start.len() as u64);
        }
        match recognise(&start, size.unwrap_or(u64::MAX)) {
            Sight::Unsure(further) if further.min(MOST_LOOKED_AT) > start.len() as u64 && start.len() as u64 == wanted => {
                wanted = further.min(MOST_LOOKED_AT);
            }
            sight => return Ok((sight, start, size)),
        }
    }
}
