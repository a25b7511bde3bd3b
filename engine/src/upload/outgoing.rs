//! A body as it goes out: pieces of text, of files on disk and of what the face hands over, one after the other.

use std::collections::VecDeque;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::task::JoinHandle;

use super::Feed;
use crate::clock::{Clock, Instant, SystemClock};

/// A file on disk is read in pieces of this size.
const PIECE: u64 = 256 * 1024;

/// Why a body can't be sent to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable(pub String);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unreadable {}

/// How far a body has gone out, seen from outside.
#[derive(Clone, Default)]
pub struct Progress(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    written: Option<Instant>,
    /// The file that has nothing to send at the moment, and since when.
    waiting: Option<(String, Instant)>,
    failed: Option<Unreadable>,
}

impl Progress {
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When its last byte was handed to the connection.
    pub fn written(&self) -> Option<Instant> {
        self.lock().written
    }

    /// The file that is waited for since then.
    pub fn waiting(&self) -> Option<(String, Instant)> {
        self.lock().waiting.clone()
    }

    fn waits_for(&self, name: Option<&str>) {
        let waiting = &mut self.lock().waiting;
        match name {
            Some(name) => drop(waiting.get_or_insert_with(|| (name.to_owned(), SystemClock.now()))),
            None => *waiting = None,
        }
    }

    /// Why its own source kept it from going out.
    pub fn failed(&self) -> Option<Unreadable> {
        self.lock().failed.clone()
    }
}

/// A body that is read while it is sent.
pub struct Outgoing {
    pieces: VecDeque<Piece>,
    /// `None` where a part's size is unknown.
    left: Option<u64>,
    progress: Progress,
}

pub enum Piece {
    Bytes(Bytes),
    Disk(Disk),
    Feed(Fed),
}

impl Outgoing {
    pub fn new(pieces: impl IntoIterator<Item = Piece>) -> Self {
        let pieces: VecDeque<Piece> = pieces.into_iter().collect();
        let left = pieces.iter().map(Piece::size).sum();
        Self { pieces, left, progress: Progress::default() }
    }

    pub fn progress(&self) -> Progress {
        self.progress.clone()
    }

    /// How many bytes are still to come.
    pub fn left(&self) -> Option<u64> {
        self.left
    }

    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Unreadable>>> {
        while let Some(piece) = self.pieces.front_mut() {
            let next = match piece {
                Piece::Bytes(bytes) => {
                    Poll::Ready(Ok(Some(std::mem::take(bytes)).filter(|bytes| !bytes.is_empty())))
                }
                Piece::Disk(disk) => disk.poll_next(context),
                Piece::Feed(fed) => fed.poll_next(context),
            };
            self.progress.waits_for(piece.name().filter(|_| next.is_pending()));
            match ready!(next) {
                Ok(Some(bytes)) => {
                    self.left = self.left.map(|left| left.saturating_sub(bytes.len() as u64));
                    if self.left == Some(0) {
                        self.is_written();
                    }
                    return Poll::Ready(Some(Ok(bytes)));
                }
                Ok(None) => drop(self.pieces.pop_front()),
                Err(why) => {
                    self.progress.lock().failed = Some(why.clone());
                    return Poll::Ready(Some(Err(why)));
                }
            }
        }
        self.is_written();
        Poll::Ready(None)
    }

    fn is_written(&self) {
        self.progress.lock().written.get_or_insert_with(|| SystemClock.now());
    }
}

impl Piece {
    /// Of a file that is read while it is sent.
    fn name(&self) -> Option<&str> {
        match self {
            Self::Bytes(_) => None,
            Self::Disk(disk) => Some(&disk.name),
            Self::Feed(fed) => Some(&fed.name),
        }
    }

    fn size(&self) -> Option<u64> {
        match self {
            Self::Bytes(bytes) => Some(bytes.len() as u64),
            Self::Disk(disk) => Some(disk.left),
            Self::Feed(fed) => fed.left,
        }
    }
}

/// A file on disk that is open, as far as it was not read. Its size is held to what it was when it was opened.
pub struct Disk {
    name: String,
    left: u64,
    idle: Option<File>,
    reading: Option<JoinHandle<std::io::Result<(File, Bytes)>>>,
}

impl Disk {
    /// `file` stands where the first of its `size` bytes is.
    pub fn new(name: String, file: File, size: u64) -> Self {
        Self { name, left: size, idle: Some(file), reading: None }
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Unreadable>> {
        if self.left == 0 {
            return Poll::Ready(Ok(None));
        }
        if let Some(file) = self.idle.take() {
            let most = self.left.min(PIECE);
            self.reading = Some(tokio::task::spawn_blocking(move || read(file, most)));
        }
        let reading = self.reading.as_mut().expect("a file that is not idle is being read");
        let read = ready!(Pin::new(reading).poll(context));
        self.reading = None;
        Poll::Ready(match read.map_err(std::io::Error::other).and_then(|read| read) {
            Ok((_, bytes)) if bytes.is_empty() => {
                Err(Unreadable(format!("{} became shorter while it was sent", self.name)))
            }
            Ok((file, bytes)) => {
                self.idle = Some(file);
                self.left -= bytes.len() as u64;
                Ok(Some(bytes))
            }
            Err(why) => Err(Unreadable(format!("{} could not be read: {why}", self.name))),
        })
    }
}

fn read(mut file: File, most: u64) -> std::io::Result<(File, Bytes)> {
    let mut piece = Vec::with_capacity(most as usize);
    (&mut file).take(most).read_to_end(&mut piece)?;
    Ok((file, Bytes::from(piece)))
}

/// One reading of a feed.
pub struct Fed {
    name: String,
    feed: Arc<Feed>,
    round: Option<u32>,
    left: Option<u64>,
}

impl Fed {
    pub fn new(name: String, feed: Arc<Feed>) -> Self {
        let left = feed.size();
        Self { name, feed, round: None, left }
    }

    fn poll_next(&mut self, context: &Context<'_>) -> Poll<Result<Option<Bytes>, Unreadable>> {
        let round = *self.round.get_or_insert_with(|| self.feed.begin());
        let piece = ready!(self.feed.poll_next(round, context));
        let came = piece.as_ref().map_or(0, |piece| piece.len() as u64);
        Poll::Ready(match (&mut self.left, piece) {
            (None | Some(0), None) => Ok(None),
            (Some(left), None) => Err(Unreadable(format!("{} ended {left} bytes too early", self.name))),
            (Some(left), Some(_)) if *left < came => {
                Err(Unreadable(format!("{} has more bytes than were announced", self.name)))
            }
            (left, Some(piece)) => {
                *left = left.map(|left| left - came);
                Ok(Some(piece))
            }
        })
    }
}
