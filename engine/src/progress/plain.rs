//! Events that are no chat's: pieces of images, speech and transcripts, what a run of an assistant goes through, and
//! whatever a generic call brings. Each of them is worth waiting for. The stream is whole when the host ends it; where its
//! kind has a last event, only with that.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Deserialize;

use super::{Meaning, Progress, Raw};
use crate::endpoint::Streamed;

#[derive(Deserialize)]
pub struct Event<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    usage: Raw<'a>,
    #[serde(borrow, default)]
    error: Raw<'a>,
}

impl Progress {
    pub(super) fn read_plain(&mut self, event: &Event<'_>) -> Meaning {
        if event.error.is_some_and(|error| error.get() != "false") {
            return Meaning::Error;
        }
        self.ending.see(event.kind.as_deref().unwrap_or_default());
        if let Some(usage) = event.usage {
            self.usage = Some(usage.get().to_owned());
        }
        Meaning::Semantic
    }

    /// An event as it is handed out. Those of assistants don't say what they are, but for their names.
    pub fn told(&self, name: Option<&str>, data: Bytes) -> Bytes {
        let of_thread = name.filter(|name| self.streamed == Streamed::Events && name.starts_with("thread."));
        let Some(name) = of_thread.and_then(|name| serde_json::to_string(name).ok()) else { return data };
        let mut told = Vec::with_capacity(data.len() + name.len() + 20);
        told.extend_from_slice(br#"{"event":"#);
        told.extend_from_slice(name.as_bytes());
        told.extend_from_slice(br#","data":"#);
        told.extend_from_slice(&data);
        told.push(b'}');
        told.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events() -> Progress {
        Progress::new(Streamed::Events)
    }

    #[test]
    fn every_event_but_an_error_is_worth_waiting_for() {
        let mut progress = events();
        assert_eq!(progress.read(r#"{"type":"transcript.text.delta","delta":"a"}"#), Meaning::Semantic);
        assert_eq!(progress.read(r#"{"usage":{"total_tokens":1},"error":null}"#), Meaning::Semantic);
        assert_eq!(progress.usage.as_deref(), Some(r#"{"total_tokens":1}"#));
        assert_eq!(progress.read(r#"{"error":{"message":"m"}}"#), Meaning::Error);
        assert_eq!(progress.read("[1,2]"), Meaning::Neutral);
        assert_eq!(progress.read("{oops"), Meaning::Garbled);
        assert!(!Progress::new(Streamed::Chunks).may_end(true));
    }

    #[test]
    fn only_events_of_threads_are_told_with_their_names() {
        let data = Bytes::from_static(br#"{"id":"run_1"}"#);
        assert_eq!(
            events().told(Some("thread.run.created"), data.clone()),
            r#"{"event":"thread.run.created","data":{"id":"run_1"}}"#
        );
        assert_eq!(events().told(Some("transcript.text.delta"), data.clone()), data);
        assert_eq!(events().told(None, data.clone()), data);
        assert_eq!(Progress::new(Streamed::Chunks).told(Some("thread.x"), data.clone()), data);
    }
}
