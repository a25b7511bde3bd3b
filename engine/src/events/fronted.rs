//! A chat's stream in a front format: its chunks have been read, checked and kept as a chat's; they become the format's
//! events only as they are handed out.

use super::{Event, Events, State};
use crate::endpoint::Streamed;
use crate::error::{Error, Kind, Result};
use crate::front::{Front, Reader};
use crate::progress::Progress;

/// What a stream's chunks become the events of a format with.
pub struct Fronting {
    front: Front,
    reader: Reader,
    /// That of the events handed out, as far as their usage.
    told: Progress,
    ended: bool,
}

impl Fronting {
    pub fn new(front: Front, reader: Reader, streamed: Streamed) -> Self {
        Self { front, reader, told: Progress::new(streamed), ended: false }
    }

    /// The usage that the events have told, in the format's own words.
    pub fn usage(&self) -> Option<&String> {
        self.told.usage.as_ref()
    }

    fn note(&mut self, events: &[Event]) {
        let tells_usage = |event: &&Event| {
            matches!(
                event.name.as_deref(),
                Some(
                    "message_start"
                        | "message_delta"
                        | "response.completed"
                        | "response.incomplete"
                        | "response.failed"
                )
            )
        };
        for event in events.iter().filter(tells_usage) {
            self.told.read(&String::from_utf8_lossy(&event.data));
        }
    }

    /// An error of a call that its target takes as it is: one of ours is put in the format's shape, the host's own is not
    /// touched.
    pub fn shaped(asked_as: Option<Front>, error: Error) -> Error {
        match asked_as {
            Some(front) if matches!(error.kind(), Kind::Denied | Kind::Timeout) => {
                Self::reshaped(front, error)
            }
            _ => error,
        }
    }

    /// An error whose body is a chat's, with that in the format's shape.
    pub fn reshaped(front: Front, error: Error) -> Error {
        let Some(body) = &error.facts().body else { return error };
        if serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(body).is_err() {
            return error;
        }
        let body = front.error(error.status().unwrap_or(500), body);
        let headers = error.facts().headers.clone();
        error.with_reply(headers, body)
    }
}

impl Events {
    /// Hands the stream out in a front format from now on.
    pub fn behind(&mut self, fronting: Fronting) {
        self.fronting = Some(Box::new(fronting));
    }

    /// The events that a batch of chunks becomes; none is no end.
    pub(super) fn in_front(&mut self, chunks: Vec<Event>) -> Vec<Event> {
        let Some(mut fronting) = self.fronting.take() else { return chunks };
        let mut events = Vec::with_capacity(chunks.len());
        for chunk in chunks {
            if is_hook_results(&chunk) {
                events.push(chunk);
                continue;
            }
            if let Err(why) = fronting.reader.chunk(&chunk.data, &mut events) {
                self.ready.clear();
                self.fail(|events| events.place().truncated(&why, events.partial()));
                break;
            }
        }
        fronting.note(&events);
        self.fronting = Some(fronting);
        events
    }

    /// What the format has to say at the end, once: an error comes after it.
    pub(super) fn last_in_front(&mut self) -> Option<Vec<Event>> {
        let fronting = self.fronting.as_mut().filter(|fronting| !fronting.ended)?;
        fronting.ended = true;
        let mut events = Vec::new();
        match &self.state {
            State::Failed(error) => {
                let status = error.status().unwrap_or(500);
                let told = serde_json::json!({ "error": { "message": error.facts().message } }).to_string();
                let body = error.facts().body.as_ref().map_or(told.as_bytes(), |body| body);
                fronting.reader.fail(status, body, &mut events);
            }
            _ => fronting.reader.end(&mut events),
        }
        fronting.note(&events);
        (!events.is_empty()).then_some(events)
    }

    /// The error that the stream ends in.
    pub(super) fn shaped(&self, error: Error) -> Result<Vec<Event>> {
        Err(match &self.fronting {
            Some(fronting) => Fronting::reshaped(fronting.front, error),
            None => Fronting::shaped(self.progress.front(), error),
        })
    }
}

/// What a config's hooks say before the stream is no chunk of it.
fn is_hook_results(event: &Event) -> bool {
    event.data.starts_with(b"{\"hook_results\"")
}
