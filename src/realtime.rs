//! Realtime sessions across the border: what is said goes in one message at a time, what comes is taken all at once.

use std::sync::Arc;

use bytes::Bytes;
use engine::{Ended, Line, Message, News, SESSIONS, Session, Taken};
use napi::bindgen_prelude::{Either, Result, Uint8Array};
use napi_derive::napi;
use serde_json::json;

use crate::body::Long;
use crate::border::{Border, lock};
use crate::call::call_of;
use crate::client::Client;
use crate::delivery::Outcome;
use crate::fault::sound;
use crate::outcome::{end_json, error_json};
use crate::running::{Open, Running};
use crate::text::Text;

/// A session's two queues, by the id that JavaScript knows it under.
pub struct Talk {
    pub id: u32,
    pub line: Line<Goodbye>,
}

/// How a session ended: the JSON of `{ code, reason }`, or of an error; and of the facts that are known by now.
#[derive(Clone)]
pub struct Goodbye {
    pub told: String,
    pub failed: bool,
    pub facts: Vec<u8>,
}

impl Goodbye {
    /// Of a session that was cut off; `error` is its JSON.
    pub fn failed(error: String) -> Self {
        Self { told: error, failed: true, facts: Vec::new() }
    }
}

#[napi]
impl Border {
    /// Opens a session; its outcome comes under `id`, which must be free. What is said before it is open waits.
    #[napi]
    pub fn connect(&self, id: u32, client: &Client, body: String, extras: Option<String>) {
        self.begin(id, || {
            let call = call_of(&SESSIONS, Some(body), false, extras.as_deref());
            lock(&self.shared.talks).insert(id, Arc::new(Talk { id, line: Line::default() }));
            self.start(id, client, call, Long::default());
            Some(())
        });
    }

    /// Says something in a session; gives whether there is room for more. Nothing: it was not taken, since too much waits.
    #[napi]
    pub fn say(&self, id: u32, message: Either<String, &[u8]>) -> Result<Option<bool>> {
        let message = match message {
            Either::A(text) => Message::Text(text.into()),
            Either::B(bytes) => Message::Binary(Bytes::copy_from_slice(bytes)),
        };
        sound(|| self.talk(id)?.line.say(message))
    }

    /// How many bytes of a session wait to be sent.
    #[napi]
    pub fn unsent(&self, id: u32) -> f64 {
        self.talk(id).map_or(0.0, |talk| talk.line.queued() as f64)
    }

    /// Ends a session once what was said is sent.
    #[napi]
    pub fn part(&self, id: u32, code: u16, reason: String) -> Result<()> {
        sound(|| self.talk(id).map_or((), |talk| talk.line.close(code, reason)))
    }

    /// Takes the messages that a session has, or nothing, and then JavaScript is told when there are more.
    #[napi]
    pub fn listen(&self, id: u32) -> Result<Option<Vec<Either<Text, Uint8Array>>>> {
        sound(|| self.heard(id))
    }

    fn heard(&self, id: u32) -> Option<Vec<Either<Text, Uint8Array>>> {
        let talk = self.talk(id)?;
        match talk.line.take() {
            Taken::Messages(messages) => Some(messages.into_iter().map(told).collect()),
            Taken::Ended(_) => {
                self.shared.push(Outcome::Heard(talk));
                None
            }
            Taken::Nothing => None,
        }
    }

    fn talk(&self, id: u32) -> Option<Arc<Talk>> {
        lock(&self.shared.talks).get(&id).cloned()
    }
}

fn told(message: Message) -> Either<Text, Uint8Array> {
    match message {
        Message::Text(text) => Either::A(Text::from_utf8(text)),
        Message::Binary(bytes) => Either::B(Uint8Array::with_data_copied(bytes)),
    }
}

impl Running {
    /// Runs an open session to its end.
    pub async fn session(mut self, session: Session, mut report: Box<engine::Report>, meta: Text) {
        let Some(talk) = lock(&self.shared.talks).get(&self.id).cloned() else { return };
        self.open = Open::Session(talk.clone());
        self.shared.push(Outcome::Session { id: self.id, meta });
        let tell = |news: News| {
            let outcome = match news {
                News::Arrived => Outcome::Heard(talk.clone()),
                News::Drained => Outcome::Drained { id: talk.id },
            };
            self.shared.push(outcome);
        };
        let Ended { code, reason, error } = session.run(&mut report, &talk.line, tell).await;
        let goodbye = match error {
            None => Goodbye {
                told: json!({ "code": code, "reason": reason }).to_string(),
                failed: false,
                facts: end_json(&report),
            },
            Some(error) => {
                Goodbye { told: error_json(error, Some(&report)), failed: true, facts: end_json(&report) }
            }
        };
        self.told = true;
        if talk.line.end(goodbye) {
            self.shared.push(Outcome::Heard(talk));
        }
    }
}
