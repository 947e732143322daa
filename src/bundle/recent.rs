//! The frames read last, shared by everyone who reads a bundle in place: memory does not grow with the number of clients.

use super::authentic::Authentic;
use super::reader::FrameReader;
use crate::error::Result;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Frames held at once: at most twice as many pieces of memory, stored and decoded.
const PLACES: usize = 6;

/// A frame of a bundle: index of its blob in the table, and its number in the blob.
type Key = (usize, usize);

/// The recent frames of one bundle, the latest first.
pub struct Recent {
    places: Mutex<Vec<(Option<Key>, Arc<Mutex<Place>>)>>,
}

/// Room for one frame. Only `held` says what is in it: places may be promised to another frame while someone waits for them.
struct Place {
    held: Option<Key>,
    reader: FrameReader,
}

impl Recent {
    /// Room for frames; taken up as they are read.
    pub fn new() -> Result<Self> {
        let place = |_| Ok((None, Arc::new(Mutex::new(Place { held: None, reader: FrameReader::new()? }))));
        Ok(Self { places: Mutex::new((0..PLACES).map(place).collect::<Result<_>>()?) })
    }

    /// Hands the content of a frame to `take`, after it has been compared with the signed table.
    pub fn with<T>(&self, bundle: &Authentic, key: Key, take: impl FnOnce(&[u8]) -> T) -> Result<T> {
        let place = self.place(key);
        let mut place = locked(&place);
        let blob = &bundle.table.blobs[key.0];
        if place.held == Some(key) {
            return Ok(take(place.reader.last(blob)));
        }
        place.held = None;
        let taken = take(place.reader.content(bundle, blob, key.1, true)?);
        place.held = Some(key);
        Ok(taken)
    }

    /// The place that holds a frame, else the one that was not used for longest.
    fn place(&self, key: Key) -> Arc<Mutex<Place>> {
        let mut places = locked(&self.places);
        let at = places.iter().position(|(held, _)| *held == Some(key)).unwrap_or(PLACES - 1);
        places[..=at].rotate_right(1);
        places[0].0 = Some(key);
        places[0].1.clone()
    }
}

/// What a panicking reader leaves is judged by `held`, which is set last.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
