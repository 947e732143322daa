//! Signed reports on the mirror's pages. Nothing is shown before it is found to be what its digest names and what somebody signed whose
//! signature counts; pages are written from the document, by this program's own style.

use super::pages::{Shared, html};
use crate::artifact::{BlobRead, Blobs, Digest};
use crate::error::{Error, Kind, Result};
use crate::report::Language;
use crate::report::document::{Form, Report, style_source};
use crate::server::page::{self, PAGE_TYPE, ReportLine};
use crate::server::{BlobReply, DocumentReply, Kept, blob, document, problem};
use crate::steps::report::{Stamp, kept, signature, sound, stamp};
use crate::store::Store;
use axum::extract::{Extension, Path};
use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;
use http::request::Parts;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Result as IoResult, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// Longest document that pages are written from, in bytes: it is in memory meanwhile. A longer one is served as the document.
const LONGEST: u64 = 32 << 20;
/// Most bytes of pages that are kept to be served again.
const MOST_PAGES: usize = 64 << 20;
/// Most reports that are remembered to be sound.
const MOST_SOUND: usize = 10_000;

/// The reports of a store, as they are shown.
#[derive(Debug)]
pub struct Reports {
    store: Store,
    /// Those that were found to be sound, by what that rests on.
    sound: Mutex<BTreeMap<Digest, Stamp>>,
    pages: Mutex<Kept<(Digest, Language), Bytes>>,
    /// One at a time is read whole.
    turn: Semaphore,
}

impl Reports {
    /// The reports of what the mirror serves, when that is a store.
    pub fn of(source: &super::Source) -> Option<Arc<Self>> {
        let super::Source::Store(store) = source else { return None };
        let (store, pages) = (store.clone(), Mutex::new(Kept::new(MOST_PAGES)));
        Some(Arc::new(Self { store, sound: Mutex::default(), pages, turn: Semaphore::new(1) }))
    }

    /// The file of a document that is sound, and its length.
    fn document(&self, digest: &Digest) -> Result<Option<(PathBuf, u64)>> {
        let Some((found, path)) = stamp(&self.store, digest)? else { return Ok(None) };
        if self.locked().get(digest) != Some(&found) {
            if sound(&self.store, digest)?.is_none() {
                return Ok(None);
            }
            self.remember(digest, found.clone());
        }
        Ok(Some((path, found.size())))
    }

    /// A report in a language, as a page.
    fn page(&self, digest: &Digest, language: Language) -> Result<Option<Bytes>> {
        let Some((found, _)) = stamp(&self.store, digest)? else { return Ok(None) };
        let known = self.locked().get(digest) == Some(&found);
        let made = self.pages.lock().unwrap_or_else(PoisonError::into_inner).get(&(*digest, language));
        if let (true, Some(page)) = (known, made) {
            return Ok(Some(page));
        }
        if found.size() > LONGEST {
            return Err(Error::usage("this report is too long for a page").hint("its document is report.json, beside this"));
        }
        let Some(bytes) = sound(&self.store, digest)? else { return Ok(None) };
        let page = Bytes::from(Report::parse(&bytes)?.render(Form::Html, language));
        self.remember(digest, found);
        self.pages.lock().unwrap_or_else(PoisonError::into_inner).keep((*digest, language), page.clone(), page.len());
        Ok(Some(page))
    }

    fn remember(&self, digest: &Digest, stamp: Stamp) {
        let mut sound = self.locked();
        if sound.len() >= MOST_SOUND {
            sound.clear();
        }
        sound.insert(*digest, stamp);
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, BTreeMap<Digest, Stamp>> {
        self.sound.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The list of them.
pub async fn list(Extension(pages): Shared, parts: Parts) -> Response {
    let Some(reports) = pages.reports() else { return none() };
    let found = match blocking(move || kept(&reports.store)).await {
        Ok(found) => found,
        Err(error) => return failed(&error),
    };
    let line = |kept: crate::steps::report::Kept| ReportLine { digest: kept.digest.hex(), spoken: kept.digest.spoken(), files: kept.files };
    let lines: Vec<ReportLine> = found.into_iter().map(line).collect();
    html(&parts, page::reports(pages.about(), &lines))
}

/// One file of one of them.
pub async fn one(Extension(pages): Shared, Path((digest, name)): Path<(String, String)>, parts: Parts) -> Response {
    let (Some(reports), Ok(digest)) = (pages.reports(), Digest::from_hex(&digest)) else { return none() };
    let language = Language::ALL.into_iter().find(|language| name == format!("report.{}.html", language.code()));
    // The turn is kept until there is an answer: however many ask, one report at a time is in memory.
    let Ok(_turn) = reports.turn.acquire().await else { return none() };
    let shelf = reports.clone();
    let answer = match (language, &*name) {
        (Some(language), _) => {
            blocking(move || shelf.page(&digest, language)).await.map(|page| page.map(|page| shown(&parts, page, PAGE_TYPE)))
        }
        (None, "report.json") => {
            blocking(move || shelf.document(&digest)).await.map(|file| file.map(|file| streamed(&parts, digest, file)))
        }
        (None, _) => blocking(move || signature(&shelf.store, &digest, &name))
            .await
            .map(|armour| armour.map(|armour| shown(&parts, Bytes::from(armour), "text/plain; charset=utf-8"))),
    };
    answer.map_or_else(|error| failed(&error), |found| found.unwrap_or_else(none))
}

fn shown(parts: &Parts, bytes: Bytes, media_type: &str) -> Response {
    let headers = page::report_headers(&style_source());
    document(parts, DocumentReply { bytes, media_type: media_type.to_owned(), varies: false, headers })
}

fn streamed(parts: &Parts, digest: Digest, (path, size): (PathBuf, u64)) -> Response {
    let one: Arc<dyn Blobs> = Arc::new(One { digest, path, size });
    let headers = page::report_headers(&style_source());
    blob(parts, &one, BlobReply { digest, media_type: "application/json".to_owned(), headers })
}

/// The one file that is asked for.
struct One {
    digest: Digest,
    path: PathBuf,
    size: u64,
}

impl Blobs for One {
    fn open(&self, digest: &Digest) -> Result<Option<Box<dyn BlobRead>>> {
        if *digest != self.digest {
            return Ok(None);
        }
        let file =
            File::open(&self.path).map_err(|e| Error::io(format!("{} cannot be read", self.path.display()), &e).of_kind(Kind::Store))?;
        Ok(Some(Box::new(Opened { file, size: self.size })))
    }

    fn size(&self, digest: &Digest) -> Result<Option<u64>> {
        Ok((*digest == self.digest).then_some(self.size))
    }
}

struct Opened {
    file: File,
    size: u64,
}

impl Read for Opened {
    fn read(&mut self, buffer: &mut [u8]) -> IoResult<usize> {
        self.file.read(buffer)
    }
}

impl Seek for Opened {
    fn seek(&mut self, to: SeekFrom) -> IoResult<u64> {
        self.file.seek(to)
    }
}

impl BlobRead for Opened {
    fn size(&self) -> u64 {
        self.size
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    spawn_blocking(work).await.unwrap_or_else(|e| Err(Error::failed("the reports could not be read").because(&e)))
}

fn none() -> Response {
    problem(StatusCode::NOT_FOUND, "there is no such report", "The list of them: /reports/")
}

fn failed(error: &Error) -> Response {
    let status = if error.kind() == Kind::Usage { StatusCode::NOT_FOUND } else { StatusCode::INTERNAL_SERVER_ERROR };
    problem(status, error.message(), error.hints().first().map_or("", |hint| hint))
}
