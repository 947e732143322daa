use super::{Budget, File, MAX_ENTRIES, MAX_FILE, MAX_UNPACKED, read};
use flate2::write::GzEncoder;
use flate2::{Compression, write};
use proptest::prelude::*;
use std::io::Write;
use tar::{EntryType, Header};

/// A tar of entries whose names are written as they are.
fn tarred(entries: &[(EntryType, &[u8], &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(vec![]);
    for (kind, name, data) in entries {
        let mut header = Header::new_ustar();
        header.set_entry_type(*kind);
        header.set_size(data.len() as u64);
        header.as_old_mut().name[..name.len()].copy_from_slice(name);
        if *kind == EntryType::Symlink || *kind == EntryType::Link {
            header.set_size(0);
            header.as_old_mut().linkname[..11].copy_from_slice(b"/etc/passwd");
        }
        header.set_cksum();
        tar.append(&header, if header.size().unwrap() == 0 { &b""[..] } else { data }).unwrap();
    }
    tar.into_inner().unwrap()
}

fn packed(tar: &[u8]) -> Vec<u8> {
    let mut gz = GzEncoder::new(vec![], Compression::fast());
    gz.write_all(tar).unwrap();
    gz.finish().unwrap()
}

fn opened(entries: &[(EntryType, &[u8], &[u8])]) -> Result<Vec<File>, String> {
    read("x.tgz", &packed(&tarred(entries))[..], &mut Budget::default()).map_err(|error| format!("{error:?}"))
}

const FILE: EntryType = EntryType::Regular;

#[test]
fn entries_that_leave_the_archive_are_refused() {
    for name in [&b"c/../../x"[..], b"../x", b"/c/x", b"c/..", b"c\\x", b"C:/x", b"x", b"./x", b"c/a/../b"] {
        assert!(opened(&[(FILE, name, b"x")]).unwrap_err().contains("illegal entry"), "{}", String::from_utf8_lossy(name));
    }
    for kind in [EntryType::Symlink, EntryType::Link, EntryType::Char, EntryType::Block, EntryType::Fifo] {
        assert!(opened(&[(kind, b"c/x", b"")]).unwrap_err().contains("plain files only"), "{kind:?}");
    }
    assert!(opened(&[(FILE, b"c/x", b"1"), (FILE, b"c//./x", b"2")]).unwrap_err().contains("twice"));
    assert!(opened(&[(EntryType::Directory, b"c/", b"")]).unwrap_err().contains("no files"));
    let fine = opened(&[(EntryType::Directory, b"c/", b""), (FILE, b"./c/x", b"\xEF\xBB\xBF1"), (FILE, b"c/\xff", b"2")]).unwrap();
    assert_eq!(fine[0], File { name: "x".into(), data: b"1".to_vec() });
    assert_eq!(fine[1].name, "\u{fffd}");
}

/// A gzip stream of zeros after a beginning, made without the zeros in memory.
fn bomb(begin: &[u8], zeros: u64) -> Vec<u8> {
    let mut gz = write::GzEncoder::new(vec![], Compression::best());
    gz.write_all(begin).unwrap();
    for _ in 0..zeros.div_ceil(1 << 20) {
        gz.write_all(&vec![0; 1 << 20]).unwrap();
    }
    gz.finish().unwrap()
}

#[test]
fn archives_that_unpack_to_too_much_are_refused() {
    let header = |name: &str, size: u64| {
        let mut header = Header::new_ustar();
        header.set_size(size);
        header.set_path(name).unwrap();
        header.set_cksum();
        header.as_bytes().to_vec()
    };
    let error = |bytes: &[u8]| format!("{:?}", read("x.tgz", bytes, &mut Budget::default()).unwrap_err());
    assert!(error(&bomb(&header("c/x", MAX_FILE + 1), MAX_FILE + 1)).contains("a file of more than"));
    let lying = bomb(&header("c/x", 1 << 40), 1 << 20);
    assert!(lying.len() < 10_000 && error(&lying).contains("damaged"));
    let mut many = vec![];
    for index in 0..5 {
        many.extend_from_slice(&header(&format!("c/{index}"), 30 << 20));
        many.resize(many.len() + (30 << 20), 0);
    }
    assert!(many.len() as u64 > MAX_UNPACKED && error(&packed(&many)).contains("more than 104857600 bytes"));
    let empty: Vec<u8> = (0..=MAX_ENTRIES).flat_map(|index| header(&format!("c/{index}"), 0)).collect();
    assert!(error(&packed(&empty)).contains("more than 50000 entries"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_archives_are_read_or_refused(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6), cut in any::<prop::sample::Index>(), inside: bool) {
        let tar = tarred(&[(FILE, b"c/Chart.yaml", b"name: c\nversion: 1.0.0\n"), (EntryType::Directory, b"c/t", b""), (FILE, b"c/t/a", &[7; 700])]);
        let mut bytes = if inside { tar } else { packed(&tar) };
        for (at, byte) in &changes {
            let at = at.index(bytes.len());
            bytes[at] ^= byte;
        }
        bytes.truncate(bytes.len() - cut.index(bytes.len()) / 4);
        let bytes = if inside { packed(&bytes) } else { bytes };
        if let Ok(files) = read("x.tgz", &bytes[..], &mut Budget::default()) {
            prop_assert!(files.iter().all(|file| !file.name.starts_with('/') && !file.name.split('/').any(|part| part == "..")));
        }
    }
}
