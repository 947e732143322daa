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
