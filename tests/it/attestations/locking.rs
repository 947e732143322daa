//! What is locked of what an index names.

use super::{PROJECT, WHEEL, index, vector};
use crate::python::{Toolkit, from};
use crate::simple_index::Fault;
use airlift::artifact::{Digest, Learned};

const REQUIREMENT: &str = "circleci-sign-publish-example==0.0.1.dev137";

#[tokio::test]
async fn a_provenance_that_an_index_names_is_locked() {
    let provenance = vector(&format!("{WHEEL}.provenance"));
    for html in [false, true] {
        let index = index(Some(&provenance)).await;
        index.with(|stock| stock.html = html);
        let locked = Toolkit::new().lock(&from(&index, &[REQUIREMENT])).await.unwrap();
        let [wheel, beside] = &locked.artifacts[0].descriptors[..] else { panic!("{:?}", locked.artifacts) };
        assert_eq!(wheel.name.as_deref(), Some(WHEEL));
        assert_eq!(beside.name.as_deref(), Some(&*format!("{WHEEL}.provenance")));
        assert_eq!(beside.media_type, "application/vnd.pypi.integrity.v1+json");
        assert_eq!((beside.digest, beside.size, beside.learned), (Digest::of(&provenance), provenance.len() as u64, Learned::Downloaded));
        assert_eq!(beside.origins, [format!("{}/integrity/circleci/provenance", index.origin)]);
        assert!(locked.notes.contains(&"attestations of 1 of 1 files are carried".to_owned()), "{:?}", locked.notes);
    }
    let index = index(None).await;
    let locked = Toolkit::new().lock(&from(&index, &[REQUIREMENT])).await.unwrap();
    assert_eq!(locked.artifacts[0].descriptors.len(), 1);
    assert!(!locked.notes.iter().any(|note| note.contains("attest")), "{:?}", locked.notes);
}

/// The lock files of others name the index of a package, or do not.
fn pinned(index: &str, origin: &str) -> [(String, String); 2] {
    let digest = Digest::of(&vector(WHEEL)).hex();
    let wheel = format!("url = \"{origin}/files/{WHEEL}\"");
    let pylock = format!(
        "lock-version = \"1.0\"\ncreated-by = \"uv\"\n[[packages]]\nname = \"{PROJECT}\"\nversion = \"0.0.1.dev137\"\n{index}\
         wheels = [{{ name = \"{WHEEL}\", {wheel}, hashes = {{ sha256 = \"{digest}\" }} }}]\n"
    );
    let registry = index.trim_start_matches("index = ").trim();
    let uv_lock = format!(
        "version = 1\nrequires-python = \">=3.11\"\n[[package]]\nname = \"mine\"\nversion = \"0\"\nsource = {{ virtual = \".\" }}\n\
         dependencies = [{{ name = \"{PROJECT}\" }}]\n[[package]]\nname = \"{PROJECT}\"\nversion = \"0.0.1.dev137\"\n\
         source = {{ registry = {registry} }}\nwheels = [{{ {wheel}, hash = \"sha256:{digest}\" }}]\n"
    );
    [("pylock".to_owned(), pylock), ("uv-lock".to_owned(), uv_lock)]
}

#[tokio::test]
async fn what_a_lock_file_pins_is_attested_where_it_names_its_index() {
    let provenance = vector(&format!("{WHEEL}.provenance"));
    let index = index(Some(&provenance)).await;
    let toolkit = Toolkit::new();
    let section = |key: &str, text: &str| {
        toolkit.file(&format!("{key}.toml"), text);
        format!("{key} = \"{key}.toml\"")
    };
    for (key, text) in pinned(&format!("index = \"{}\"\n", index.url()), &index.origin) {
        let locked = toolkit.lock(&section(&key, &text)).await.unwrap();
        let [wheel, beside] = &locked.artifacts[0].descriptors[..] else { panic!("{key}: {:?}", locked.notes) };
        assert_eq!((wheel.digest, wheel.learned), (Digest::of(&vector(WHEEL)), Learned::Pinned), "{key}");
        assert_eq!((beside.digest, beside.learned), (Digest::of(&provenance), Learned::Downloaded), "{key}");
        assert!(locked.notes.contains(&"attestations of 1 of 1 files are carried".to_owned()), "{key}: {:?}", locked.notes);
    }
    // Where it names none, none is asked.
    let [(key, text), _] = pinned("", &index.origin);
    let asked = index.count("GET", &format!("/simple/{PROJECT}/"));
    let locked = toolkit.lock(&section(&key, &text)).await.unwrap();
    assert_eq!((locked.artifacts[0].descriptors.len(), index.count("GET", &format!("/simple/{PROJECT}/"))), (1, asked));
    // One that does not answer, does not answer any more, or would be asked in the open takes nothing from the files.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (place, word) in [
        (format!("http://{closed}/simple"), "its index could not be asked: not known whether it is attested"),
        ("http://index.invalid/simple".to_owned(), "it would be asked over plain HTTP"),
        (format!("{}/nowhere", index.origin), "its page did not come again (404): not known whether it is attested"),
    ] {
        for (key, text) in pinned(&format!("index = \"{place}\"\n"), &index.origin) {
            let locked = toolkit.lock(&section(&key, &text)).await.unwrap();
            assert_eq!(locked.artifacts[0].descriptors.len(), 1, "{key} {place}");
            let told = locked.notes.iter().any(|note| note.starts_with(PROJECT) && note.contains(word));
            assert!(told, "{word}: {:?}", locked.notes);
        }
    }
    index.with(|stock| stock.faults.insert("/integrity/circleci/provenance".to_owned(), Fault::Status(500)));
    for (key, text) in pinned(&format!("index = \"{}\"\n", index.url()), &index.origin) {
        let locked = toolkit.lock(&section(&key, &text)).await.unwrap();
        assert_eq!(locked.artifacts[0].descriptors.len(), 1, "{key}");
        assert!(locked.notes.iter().any(|note| note.starts_with(WHEEL) && note.contains("could not be asked")), "{:?}", locked.notes);
    }
}

/// What is named and not there, or cannot be read, is not carried, and said not to be.
#[tokio::test]
async fn what_does_not_come_is_told() {
    let good = vector(&format!("{WHEEL}.provenance"));
    let unfinished = &good[..good.len() - 9];
    let long = vec![b' '; (1 << 20) + 1];
    for (provenance, status, word) in [
        (&good[..], Some(404), "its index names attestations, and they did not come (404)"),
        (unfinished, None, "are not carried: it is no provenance object"),
        (b"{\"version\":1,\"attestation_bundles\":[]}", None, "with 0 attestations"),
    ] {
        let index = index(Some(provenance)).await;
        if let Some(status) = status {
            index.with(|stock| stock.faults.insert("/integrity/circleci/provenance".to_owned(), Fault::Status(status)));
        }
        let locked = Toolkit::new().lock(&from(&index, &[REQUIREMENT])).await.unwrap();
        assert_eq!(locked.artifacts[0].descriptors.len(), 1);
        let told = locked.notes.iter().any(|note| note.contains(WHEEL) && note.contains(word));
        assert!(told, "{word}: {:?}", locked.notes);
    }
    let index = index(Some(&long)).await;
    let error = Toolkit::new().refused(&from(&index, &[REQUIREMENT])).await.to_string();
    assert!(error.contains("provenance"), "{error}");
    assert!(index.count("GET", &format!("/simple/{PROJECT}/")) >= 1);
}
