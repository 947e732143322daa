//! Files so large that a storage gives them in parts only, with the bound lowered: asked for piece after piece, and gone on with.

use super::hub::{Hub, commit, large, tiny};
use super::{Outside, said};
use crate::images::registry::{Answer, Asked};
use airlift::artifact::{Blobs, Digest};
use airlift::error::Kind;
use airlift::lock::Lock;
use airlift::store::Store;
use airlift::upstream::Settings;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const PIECE: usize = 100_000;
const WHOLE: usize = 350_000;

fn path() -> String {
    format!("/acme/tiny/resolve/{}/model.safetensors", commit('a'))
}

/// A hub with one large file, and its lock.
fn locked() -> (Hub, Outside, Lock, Vec<u8>) {
    let (hub, bytes) = (Hub::start(), crate::world::noise(WHOLE, 6));
    let outside = Outside::with(Settings { piece: PIECE as u64, ..Settings::default() });
    hub.repo("models", "acme/tiny", &commit('a'), &[large("model.safetensors", bytes.clone())]);
    let lock = outside.lock(&hub, "repo = \"acme/tiny\"\npickles = \"allow\"").unwrap().lock;
    (hub, outside, lock, bytes)
}

/// First and last byte of a bounded range.
fn bounds(asked: &Asked) -> Option<(usize, usize)> {
    let (first, last) = asked.header("range")?.strip_prefix("bytes=")?.split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()?))
}

/// A storage that gives parts of at most a piece; of the answers with these numbers, only so many bytes arrive.
fn storage(hub: &Hub, bytes: &[u8], cut: impl Fn(usize) -> Option<usize> + Send + 'static) {
    let (bytes, answered) = (bytes.to_vec(), AtomicUsize::new(0));
    hub.server.rule(move |asked| {
        let (first, last) = (asked.path == path()).then(|| bounds(asked).unwrap_or((0, usize::MAX)))?;
        if last - first >= PIECE {
            return Some(Answer::new(403, "too large"));
        }
        let last = last.min(bytes.len() - 1);
        let part = &bytes[first..=last];
        let sent = cut(answered.fetch_add(1, Ordering::Relaxed)).unwrap_or(part.len()).min(part.len());
        let range = format!("bytes {first}-{last}/{}", bytes.len());
        Some(Answer::new(206, &part[..sent]).claiming(part.len()).with("Content-Range", range).with("ETag", "\"one\""))
    });
}

fn ranges(hub: &Hub) -> Vec<String> {
    let asked = hub.server.log().into_iter().filter(|asked| asked.path == path());
    asked.map(|asked| asked.header("range").unwrap_or("whole").to_owned()).collect()
}

fn assert_whole(store: &Store, bytes: &[u8]) {
    assert_eq!(store.size(&Digest::of(bytes)).unwrap(), Some(WHOLE as u64));
}

#[test]
fn a_storage_that_refuses_the_whole_is_asked_for_one_piece_after_another() {
    let (hub, outside, lock, bytes) = locked();
    storage(&hub, &bytes, |_| None);
    assert_whole(&outside.fetch(lock).unwrap(), &bytes);
    assert_eq!(ranges(&hub), ["bytes=0-99999", "bytes=100000-199999", "bytes=200000-299999", "bytes=300000-349999"]);
    let unversioned = hub.server.log().iter().filter(|asked| asked.path == path() && asked.header("if-range").is_none()).count();
    assert_eq!(unversioned, 1, "the rest is of the version that was begun");
}

#[test]
fn a_piece_that_breaks_off_is_gone_on_with_inside_its_bounds() {
    let (hub, outside, lock, bytes) = locked();
    storage(&hub, &bytes, |answer| [None, Some(30_000), Some(20_000)].get(answer).copied().flatten());
    assert_whole(&outside.fetch(lock).unwrap(), &bytes);
    let asked = ["bytes=0-99999", "bytes=100000-199999", "bytes=130000-229999", "bytes=150000-249999", "bytes=250000-349999"];
    assert_eq!(ranges(&hub), asked);
}

#[test]
fn a_run_that_stopped_between_pieces_is_gone_on_with_by_the_next() {
    let (hub, outside, lock, bytes) = locked();
    let closed = Arc::new(AtomicUsize::new(2));
    let left = closed.clone();
    hub.server.rule(move |asked| {
        let open = asked.path != path() || left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok();
        (!open).then(|| Answer::new(403, ""))
    });
    storage(&hub, &bytes, |_| None);
    let refused = outside.fetch(lock.clone()).map(|_| ()).unwrap_err();
    assert_eq!(refused.kind(), Kind::Upstream, "{}", said(&refused));
    closed.store(usize::MAX, Ordering::Relaxed);
    assert_whole(&outside.fetch(lock).unwrap(), &bytes);
    let asked = ["bytes=0-99999", "bytes=100000-199999", "bytes=200000-299999", "bytes=200000-299999", "bytes=300000-349999"];
    assert_eq!(ranges(&hub), asked);
}

#[test]
fn a_storage_without_ranges_sends_the_whole() {
    let (hub, outside, lock, bytes) = locked();
    assert_whole(&outside.fetch(lock).unwrap(), &bytes);
    assert_eq!(ranges(&hub), ["bytes=0-99999"], "it was asked for a piece, and all that came was used");
}

#[test]
fn smaller_files_are_asked_for_whole() {
    let (hub, outside) = (Hub::start(), Outside::with(Settings { piece: 400_000, ..Settings::default() }));
    hub.repo("models", "acme/tiny", &commit('a'), &tiny());
    let lock = outside.lock(&hub, "repo = \"acme/tiny\"\npickles = \"allow\"").unwrap().lock;
    outside.fetch(lock).unwrap();
    assert_eq!(ranges(&hub), ["whole"]);
}
