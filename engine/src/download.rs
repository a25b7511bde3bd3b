//! An answer that is handed on as it comes: sound, a file's content, a video. It is not looked into, and no more of it is
//! held than one piece: who reads slowly pushes back to the host. The idle clock runs while a piece is waited for.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::clock::{Clock, Instant, SystemClock, before};
use crate::config::Target;
use crate::error::Result;
use crate::events::Held;
use crate::explain::Place;
use crate::http::ReplyBody;
use crate::observe::{Phase, Report, milliseconds};
use crate::panics::caught;
use crate::record::End;

pub struct Download {
    body: ReplyBody,
    target: Arc<Target>,
    method: &'static str,
    url: Arc<str>,
    began: Instant,
    total: Option<(Instant, Duration)>,
    /// Read before the answer was handed out.
    first: Option<Bytes>,
    held: Held,
    ended: Option<Ended>,
}

/// How and when it ended.
struct Ended {
    phase: Phase,
    total: f64,
    code: Option<String>,
}

/// What an attempt hands over to read a body.
pub struct Opening {
    pub body: ReplyBody,
    pub target: Arc<Target>,
    pub method: &'static str,
    /// Without its query.
    pub url: Arc<str>,
    pub began: Instant,
    /// The call's deadline, and how long it allows.
    pub total: Option<(Instant, Duration)>,
}

impl Download {
    /// Reads the first piece: a body that brings none has handed nothing out, and may be asked for again.
    pub async fn open(opening: Opening) -> Result<Self> {
        let Opening { body, target, method, url, began, total } = opening;
        let (first, held, ended) = (None, Held::default(), None);
        let mut download = Self { body, target, method, url, began, total, first, held, ended };
        match download.next().await {
            Some(Ok(first)) => download.first = Some(first),
            Some(Err(error)) => return Err(error),
            None => {}
        }
        Ok(download)
    }

    /// Keeps what belongs to the target until the body has ended, as it may have already.
    pub fn hold(&mut self, held: Held) {
        if self.ended.is_none() {
            self.held = held;
        }
    }

    /// The next piece, never an empty one; `None` at the end. After an error there is nothing more.
    pub async fn next(&mut self) -> Option<Result<Bytes>> {
        if let Some(first) = self.first.take() {
            return Some(Ok(first));
        }
        if self.ended.is_some() {
            return None;
        }
        let (clock, limit, deadline) = self.clock();
        let error = match before(deadline, self.body.chunk()).await {
            Some(Ok(Some(piece))) => return Some(Ok(piece)),
            Some(Ok(None)) => {
                self.held = Held::default();
                self.end(Phase::Done, None);
                return None;
            }
            Some(Err(failure)) => self.place().failure(&failure, true),
            None => self.place().timeout(clock, limit.unwrap_or_default(), SystemClock.now() - self.began),
        };
        self.body.close();
        self.end(Phase::Body, error.facts().code.clone());
        std::mem::take(&mut self.held).failed(&error);
        Some(Err(error))
    }

    /// The clock that runs out first.
    fn clock(&self) -> (&'static str, Option<Duration>, Option<Instant>) {
        let idle = self.target.clocks.idle;
        let own = idle.map(|limit| SystemClock.now() + limit);
        match self.total {
            Some((total, limit)) if own.is_none_or(|own| total <= own) => ("total", Some(limit), Some(total)),
            _ => ("idle", idle, own),
        }
    }

    fn end(&mut self, phase: Phase, code: Option<String>) {
        let total = milliseconds(SystemClock.now() - self.began);
        self.ended = Some(Ended { phase, total, code });
    }

    /// Writes what is known by now into the call's report.
    pub fn tell(&self, report: &mut Report) {
        let Some(Ended { phase, total, code }) = &self.ended else { return };
        let attempt = report.last();
        attempt.phase = *phase;
        attempt.ms.total = Some(*total);
        attempt.code.clone_from(code);
    }

    fn place(&self) -> Place<'_> {
        Place { method: self.method, url: &self.url, query: None, target: &self.target }
    }
}

/// A body that is being read, with the report of its call, which is closed at its end.
pub struct Downloading {
    download: Box<Download>,
    report: Box<Report>,
    status: u16,
}

impl Downloading {
    pub fn new(download: Box<Download>, report: Box<Report>, status: u16) -> Self {
        Self { download, report, status }
    }

    /// The next piece, never an empty one; `None` at the end. After an error there is nothing more.
    pub async fn next(&mut self) -> Option<Result<Bytes>> {
        let piece = self.download.next().await;
        match &piece {
            Some(Ok(_)) => {}
            Some(Err(error)) => self.close(&End::Failed(error)),
            None => self.close(&End::Streamed(self.status)),
        }
        piece
    }

    fn close(&mut self, end: &End<'_>) {
        self.download.tell(&mut self.report);
        self.report.close(end);
    }

    /// What is known of the call by now.
    pub fn report(&self) -> &Report {
        &self.report
    }
}

/// Left before its end.
impl Drop for Downloading {
    fn drop(&mut self) {
        if self.report.recording.is_some() {
            // It may be here by a panic, which a second one would make the process's end.
            caught(|| self.close(&End::left()));
        }
    }
}
