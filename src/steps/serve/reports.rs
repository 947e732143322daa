//! Signed reports on the mirror's pages. Nothing is shown before it is found to be what its digest names and what somebody signed whose
//! signature counts; pages are written from the document, by this program's own style.

use super::pages::{Shared, html};
use crate::artifact::{BlobRead, Blobs, Digest};
use crate::error::{Error, Kind, Result};
use crate::report::Language;
use crate::report::document::{Form, Kind as ReportKind, Report, style_source};
use crate::server::page::{self, PAGE_TYPE, ReportLine, ReportsPage};
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
/// Reports on one page of the list.
const ROWS: usize = 25;
/// Most reports that are looked at for those about one thing.
const MOST_LOOKED_AT: usize = 1_000;

/// What the list tells of a report, from its document.
#[derive(Debug, Clone)]
struct Told {
    kind: &'static str,
    /// The view with what it is about, and its name for people.
    view: String,
    label: String,
    at: String,
    verdict: &'static str,
}

/// The reports of a store, as they are shown.
#[derive(Debug)]
pub struct Reports {
    store: Store,
    /// Those that were found to be sound, by what that rests on.
    sound: Mutex<BTreeMap<Digest, (Stamp, Told)>>,
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
        Ok(self.told(digest, &found)?.map(|_| (path, found.size())))
    }

    /// What a report tells, once it is found to be sound.
    fn told(&self, digest: &Digest, stamp: &Stamp) -> Result<Option<Told>> {
        if let Some((known, told)) = self.locked().get(digest)
            && known == stamp
        {
            return Ok(Some(told.clone()));
        }
        let Some(bytes) = sound(&self.store, digest)? else { return Ok(None) };
        Ok(Some(self.remember(digest, stamp.clone(), &Report::parse(&bytes)?)))
    }

    /// One page of the list, the newest report first, of those about `about` where that is asked for; and whether there is a page behind it.
    fn page_of(&self, number: usize, about: Option<&str>) -> Result<(Vec<ReportLine>, bool)> {
        let mut all = Vec::new();
        for kept in kept(&self.store)? {
            all.extend(stamp(&self.store, &kept.digest)?.map(|(stamp, _)| (stamp, kept)));
        }
        all.sort_by(|(a, one), (b, other)| b.written().cmp(&a.written()).then_with(|| one.digest.cmp(&other.digest)));
        let looked_at = if about.is_some() { MOST_LOOKED_AT } else { all.len() };
        let (mut before, mut lines) = ((number - 1) * ROWS, Vec::new());
        for (stamp, kept) in all.into_iter().take(looked_at) {
            if about.is_none() && before > 0 {
                before -= 1;
                continue;
            }
            let told = if lines.len() > ROWS { None } else { Some(self.told(&kept.digest, &stamp)) };
            let other = |told: &Told| about.is_some_and(|view| told.view != view);
            match told {
                None => break,
                Some(Ok(Some(told))) if other(&told) => {}
                Some(Ok(Some(_)) | Err(_)) if before > 0 => before -= 1,
                Some(found) => lines.extend(line(kept, found)),
            }
        }
        let more = lines.len() > ROWS;
        lines.truncate(ROWS);
        Ok((lines, more))
    }

    /// A report in a language, as a page.
    fn page(&self, digest: &Digest, language: Language) -> Result<Option<Bytes>> {
        let Some((found, _)) = stamp(&self.store, digest)? else { return Ok(None) };
        let known = self.locked().get(digest).is_some_and(|(stamp, _)| *stamp == found);
        let made = self.pages.lock().unwrap_or_else(PoisonError::into_inner).get(&(*digest, language));
        if let (true, Some(page)) = (known, made) {
            return Ok(Some(page));
        }
        if found.size() > LONGEST {
            return Err(Error::usage("this report is too long for a page").hint("its document is report.json, beside this"));
        }
        let Some(bytes) = sound(&self.store, digest)? else { return Ok(None) };
        let report = Report::parse(&bytes)?;
        let page = Bytes::from(report.render(Form::Html, language));
        self.remember(digest, found, &report);
        self.pages.lock().unwrap_or_else(PoisonError::into_inner).keep((*digest, language), page.clone(), page.len());
        Ok(Some(page))
    }

    fn remember(&self, digest: &Digest, stamp: Stamp, report: &Report) -> Told {
        let (subject, verdict) = (report.subject.said(), report.decision.said().verdict.word());
        let label = subject.seq.map_or_else(|| subject.name.clone(), |seq| format!("{} {seq}", subject.name));
        let view = match subject.seq {
            _ if report.kind == ReportKind::Installed => "latest".to_owned(),
            Some(seq) => format!("{}-{seq}", subject.name),
            None => subject.name.clone(),
        };
        let told = Told { kind: report.kind.word(), view, label, at: report.at.clone(), verdict };
        let mut sound = self.locked();
        if sound.len() >= MOST_SOUND {
            sound.clear();
        }
        sound.insert(*digest, (stamp, told.clone()));
        told
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, BTreeMap<Digest, (Stamp, Told)>> {
        self.sound.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A line of the list; of a report that is not sound only that, and why.
fn line(kept: crate::steps::report::Kept, told: Result<Option<Told>>) -> Option<ReportLine> {
    let (digest, spoken) = (kept.digest.hex(), kept.digest.spoken());
    match told {
        Ok(told) => told.map(|told| {
            let Told { kind, label, at, verdict, .. } = told;
            ReportLine {
                digest,
                spoken,
                files: kept.files,
                kind: kind.to_owned(),
                subject: label,
                at,
                verdict: verdict.to_owned(),
                wrong: None,
            }
        }),
        Err(error) => Some(ReportLine { digest, spoken, wrong: Some(error.message().to_owned()), ..ReportLine::default() }),
    }
}

/// The list of them.
pub async fn list(Extension(pages): Shared, parts: Parts) -> Response {
    let Some(reports) = pages.reports() else { return none() };
    let (mut number, mut about) = (Ok(1), None);
    for (key, value) in url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
        match &*key {
            "page" => number = value.parse::<usize>(),
            "view" => about = Some(value.into_owned()),
            _ => {}
        }
    }
    let Some(number) = number.ok().filter(|number| (1..=MOST_SOUND).contains(number)) else { return none() };
    let Ok(_turn) = reports.turn.acquire().await else { return none() };
    let (shelf, asked) = (reports.clone(), about.clone());
    match blocking(move || shelf.page_of(number, asked.as_deref())).await {
        Ok((lines, more)) => html(&parts, page::reports(pages.about(), &ReportsPage { lines, view: about, number, more })),
        Err(error) => failed(&error),
    }
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
