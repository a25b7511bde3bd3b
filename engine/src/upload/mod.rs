//! Files on their way out: the parts of a form that are not text, and the body that they are sent in, a piece at a time.
//! Bytes and files on disk can be sent as often as a policy wants; a stream that can be read only once is sent once.
//! The invariant: what is held in memory does not grow with the size of a file.

mod duration;
mod feed;
mod form;
mod outgoing;

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;

pub use feed::Feed;
pub use form::Made;
pub use outgoing::{Outgoing, Progress, Unreadable};

/// The files of a call whose body is a form. Its other fields are the call's body, as JSON.
pub struct Form {
    pub files: Vec<File>,
}

/// One part of a form that is a file.
pub struct File {
    /// The part's name: `file`, `image[]`.
    pub field: String,
    pub name: String,
    pub content_type: String,
    pub source: Source,
}

pub enum Source {
    Bytes(Bytes),
    /// Of the file there, the bytes from `start` up to `end`, or all that follow.
    Path {
        path: PathBuf,
        start: u64,
        end: Option<u64>,
    },
    /// The face hands it over while it is sent.
    Feed(Arc<Feed>),
}

impl Form {
    /// How long the one recording plays that it holds, in milliseconds: of a whole file on disk, where that tells it.
    pub async fn duration(&self) -> Option<u64> {
        let [File { source: Source::Path { path, start: 0, end: None }, .. }] = self.files.as_slice() else {
            return None;
        };
        let path = path.clone();
        tokio::task::spawn_blocking(move || duration::of(&path)).await.ok()?
    }

    /// Whether a part of it has been read and can't be read again.
    pub fn is_spent(&self) -> bool {
        self.files.iter().any(|file| matches!(&file.source, Source::Feed(feed) if feed.is_spent()))
    }
}
