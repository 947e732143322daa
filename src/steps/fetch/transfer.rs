//! One blob on its way into the store: which origin is asked next, from which offset on, and when to give up.

use crate::artifact::{Artifact, BlobSink, Descriptor};
use crate::ecosystems::{self, Ecosystem};
use crate::error::{Error, Kind, Result};
use crate::progress::Progress;
use crate::upstream::{Backoff, Body, Failure, Part, Upstream, Validator};
use futures::StreamExt;

/// A blob being fetched from the first of its origins that has it.
pub(super) struct Transfer<'a> {
    artifact: &'a Artifact,
    blob: &'a Descriptor,
    room: &'static dyn Ecosystem,
    upstream: &'a Upstream,
    progress: &'a dyn Progress,
    origins: Vec<Origin<'a>>,
    /// The origin that is asked, by its place among them.
    at: usize,
    /// What the origin that is asked has sent so far; of this version the rest is wanted.
    version: Option<Validator>,
    /// Whether the bytes at hand came in several answers, which may be of different versions.
    pieced: bool,
    /// The last failure since the last pause that may pass.
    passing: Option<Failure>,
    /// The highest offset that was reported: bytes that are asked for again are no progress.
    shown: u64,
}

struct Origin<'a> {
    url: &'a str,
    /// Why it is not asked any more.
    refused: Option<Error>,
    /// Whether bytes that were put together with its last piece were wrong before.
    doubted: bool,
}

/// Which side of a transfer gave up.
enum Broken {
    Network(Failure),
    Sink(Error),
}

impl<'a> Transfer<'a> {
    pub(super) fn new(artifact: &'a Artifact, blob: &'a Descriptor, upstream: &'a Upstream, progress: &'a dyn Progress) -> Result<Self> {
        let origins: Vec<_> = blob.origins.iter().map(|url| Origin { url, refused: None, doubted: false }).collect();
        if origins.is_empty() {
            return Err(Error::failed(format!("{} has no origin to fetch it from", blob.digest)));
        }
        let room = ecosystems::find(&artifact.ecosystem)?;
        let (version, pieced, passing) = (None, false, None);
        Ok(Self { artifact, blob, room, upstream, progress, origins, at: 0, version, pieced, passing, shown: 0 })
    }

    /// Reports that so many bytes of the blob are here.
    pub(super) fn show(&mut self, offset: u64) {
        if offset > self.shown {
            self.progress.advance("fetching", offset - self.shown);
            self.shown = offset;
        }
    }

    /// Streams the blob into its sink, going on after cut connections for as long as there is progress.
    pub(super) async fn fill(&mut self, sink: &mut dyn BlobSink) -> Result<()> {
        let (mut backoff, mut best) = (self.upstream.backoff(), sink.offset());
        (self.pieced, self.version) = (best > 0, None);
        self.show(best);
        while sink.offset() < self.blob.size {
            match self.attempt(sink).await {
                Ok(()) => {
                    best = sink.offset();
                    backoff.progressed();
                }
                Err(Broken::Sink(error)) if error.kind() == Kind::Verification => {
                    sink.rewind(0)?;
                    self.distrust(error)?;
                    (self.version, best) = (None, 0);
                }
                Err(Broken::Sink(error)) => return Err(error),
                Err(Broken::Network(failure)) => {
                    // Further than ever, not further than a server without ranges had begun again.
                    let further = sink.offset() > best;
                    if further {
                        best = sink.offset();
                        backoff.progressed();
                    }
                    self.fail(failure, further, &mut backoff).await?;
                }
            }
        }
        Ok(())
    }

    /// What is asked for next: all that is missing, or of a very large blob a piece. Some storages refuse to send 50 GB in one answer.
    fn part(&self, from: u64) -> Part {
        let piece = self.upstream.settings().piece.max(1);
        let most = (self.blob.size > piece).then(|| piece.min(self.blob.size - from));
        Part { from, version: self.version.clone(), most }
    }

    /// One request: to the end of the blob, or to that of a piece of it.
    async fn attempt(&mut self, sink: &mut dyn BlobSink) -> std::result::Result<(), Broken> {
        let part = self.part(sink.offset());
        let origin = self.origins[self.at].url;
        let mut body = self.room.fetch(self.artifact, self.blob, origin, &part, self.upstream).await.map_err(Broken::Network)?;
        check_length(self.blob, &body).map_err(|e| Broken::Network(Failure::permanent(named(e, origin))))?;
        sink.rewind(body.offset).map_err(Broken::Sink)?;
        self.pieced = body.offset > 0;
        self.version = body.version.take();
        while let Some(bytes) = body.stream.next().await {
            let bytes = bytes.map_err(Broken::Network)?;
            sink.write(&bytes).map_err(Broken::Sink)?;
            self.show(sink.offset());
        }
        let wanted = part.most.filter(|_| body.partial).map_or(self.blob.size, |most| part.from + most);
        if sink.offset() < wanted {
            let short = Error::new(Kind::Upstream, "the body ended too early")
                .with("expected", format!("{wanted} bytes"))
                .with("found", format!("{} bytes", sink.offset()));
            return Err(Broken::Network(Failure::transient(named(short, origin))));
        }
        Ok(())
    }

    /// After a failure: the same origin while it gets further, else the next one, with a pause after each round.
    async fn fail(&mut self, failure: Failure, further: bool, backoff: &mut Backoff) -> Result<()> {
        let last = self.at;
        if failure.transient {
            self.passing = Some(failure);
        } else {
            self.origins[last].refused = Some(failure.error);
        }
        if !further {
            self.turn()?;
        }
        if let Some(failure) = self.passing.take_if(|_| self.at <= last) {
            tokio::time::sleep(backoff.after(failure).map_err(goes_on)?).await;
        }
        Ok(())
    }

    /// Turns to the next origin that has not refused.
    fn turn(&mut self) -> Result<()> {
        let count = self.origins.len();
        let next = (1..=count).map(|step| (self.at + step) % count).find(|at| self.origins[*at].refused.is_none());
        let Some(next) = next else { return Err(self.refusal()) };
        if next != self.at {
            (self.at, self.version) = (next, None);
        }
        Ok(())
    }

    /// The bytes were not those of the lock: whether there is anything left to try, from the beginning.
    pub(super) fn distrust(&mut self, error: Error) -> Result<()> {
        let origin = &mut self.origins[self.at];
        if self.pieced && !origin.doubted {
            // An earlier piece may be to blame: of another run, another origin, another version.
            origin.doubted = true;
            return Ok(());
        }
        origin.refused = Some(error);
        self.turn()
    }

    /// What to say when every origin has refused: wrong bytes before anything else.
    fn refusal(&mut self) -> Error {
        let count = self.origins.len();
        let mut refused: Vec<Error> = self.origins.iter_mut().filter_map(|origin| origin.refused.take()).collect();
        let worst = refused.iter().position(|e| e.kind() == Kind::Verification).unwrap_or(0);
        let error = refused.swap_remove(worst);
        let error = if count > 1 { error.with("looked in", format!("{count} origins")) } else { error };
        match error.kind() {
            Kind::Verification => error.hint("the upstream sends other bytes than were locked: lock again and review what changed"),
            _ => error,
        }
    }
}

fn goes_on(error: Error) -> Error {
    error.hint("what is here stays: it goes on where it stopped")
}

/// An error with the place that was asked; a login or a query may hold a secret.
fn named(error: Error, origin: &str) -> Error {
    let place = url::Url::parse(origin).map_or_else(|_| format!("{origin:.200}"), |url| crate::upstream::shown(&url));
    error.with("from", place)
}

/// A server that announces more or less than was locked is refused before a byte is read: asked again, it would send the same. Of a part,
/// it may send as little as it likes (RFC 9110, section 15.3.7).
fn check_length(blob: &Descriptor, body: &Body) -> Result<()> {
    let whole = body.length.map(|length| body.offset.saturating_add(length));
    let what = match whole {
        Some(whole) if whole > blob.size => "more",
        Some(whole) if !body.partial && whole < blob.size => "fewer",
        _ => return Ok(()),
    };
    Err(Error::verification(format!("the upstream announces {what} bytes than were locked"))
        .with("expected", format!("{} bytes", blob.size))
        .with("found", format!("{} bytes", whole.unwrap_or(0))))
}
