//! Extended headers (POSIX.1-2001 pax): `length key=value` records, of which two readers must not make two things.

/// What records say of the next entry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Records {
    /// Its name.
    pub path: Option<Vec<u8>>,
    /// Its target.
    pub link: Option<Vec<u8>>,
    /// Its length.
    pub size: Option<u64>,
    /// Whether it is a sparse file in GNU's way.
    pub sparse: bool,
    /// Keys that are not known, the first few.
    pub unknown: Vec<String>,
}

/// Keys that change no reading of an archive.
const KNOWN: [&str; 13] = [
    "atime",
    "charset",
    "comment",
    "ctime",
    "gid",
    "gname",
    "hdrcharset",
    "mtime",
    "uid",
    "uname",
    "LIBARCHIVE.creationtime",
    "SCHILY.fflags",
    "SCHILY.realsize",
];
/// Beginnings of families of such keys.
const FAMILIES: [&str; 6] = ["SCHILY.xattr.", "SCHILY.acl.", "LIBARCHIVE.", "MSWINDOWS.", "SCHILY.", "RHT.security."];
/// Most keys of one header.
const MOST: usize = 10_000;

/// Reads the records of a whole extended header.
pub(super) fn parse(mut rest: &[u8]) -> Result<Records, &'static str> {
    let (mut records, mut keys) = (Records::default(), std::collections::BTreeSet::new());
    while !rest.is_empty() {
        let (record, behind) = split(rest).ok_or("a record's length is wrong")?;
        rest = behind;
        let equals = record.iter().position(|b| *b == b'=').ok_or("a record without `=`")?;
        let (key, value) = (std::str::from_utf8(&record[..equals]).map_err(|_| "a key that is not UTF-8")?, &record[equals + 1..]);
        if key.is_empty() || !keys.insert(key.to_owned()) {
            return Err("a key that is empty or comes twice");
        }
        if keys.len() > MOST {
            return Err("too many records");
        }
        take(&mut records, key, value)?;
    }
    Ok(records)
}

fn take(records: &mut Records, key: &str, value: &[u8]) -> Result<(), &'static str> {
    match key {
        "path" | "linkpath" if value.contains(&0) => return Err("a name with a NUL in it"),
        "path" => records.path = Some(value.to_vec()),
        "linkpath" => records.link = Some(value.to_vec()),
        "size" => records.size = Some(decimal(value).ok_or("a length that is no number")?),
        _ if key.starts_with("GNU.sparse.") => records.sparse = true,
        _ if KNOWN.contains(&key) || FAMILIES.iter().any(|family| key.starts_with(family)) => {}
        _ if records.unknown.len() < 10 => records.unknown.push(key.chars().take(80).collect()),
        _ => {}
    }
    Ok(())
}

/// The first record without its length and line feed, and what follows it.
fn split(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let blank = rest.iter().take(20).position(|b| *b == b' ')?;
    let length = usize::try_from(decimal(&rest[..blank])?).ok()?;
    let record = rest.get(blank + 1..length)?;
    let (last, record) = record.split_last()?;
    (*last == b'\n').then_some((record, &rest[length..]))
}

fn decimal(digits: &[u8]) -> Option<u64> {
    let plain =
        !digits.is_empty() && digits.len() < 20 && digits.iter().all(u8::is_ascii_digit) && (digits[0] != b'0' || digits.len() == 1);
    plain.then(|| std::str::from_utf8(digits).ok()?.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::parse;

    /// Some readers take digits behind a zero for octal ones, some stop at a sign or a blank.
    #[test]
    fn a_number_is_read_in_one_way_or_not_at_all() {
        let size = |records: &[u8]| parse(records).map(|records| records.size);
        assert_eq!(size(b"12 size=512\n"), Ok(Some(512)));
        assert_eq!(size(b"9 size=0\n"), Ok(Some(0)));
        for record in [&b"11 size=07\n"[..], b"13 size=0010\n", b"11 size=+1\n", b"11 size= 1\n", b"12 size=0x1\n", b"8 size=\n"] {
            assert_eq!(size(record), Err("a length that is no number"), "{record:?}");
        }
        for record in [&b"013 size=512\n"[..], b"+13 size=512\n", b" 13 size=512\n", b"0 size=512\n", b"99 size=512\n"] {
            assert_eq!(size(record), Err("a record's length is wrong"), "{record:?}");
        }
    }
}
