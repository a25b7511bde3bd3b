//! Outcomes on their way to JavaScript: what there is to tell, and the flat array that it is told in.

use std::sync::Arc;

use engine::Floats;
use napi::bindgen_prelude::{Array, Float32Array, Float64Array, Result, ToNapiValue};
use napi::{Env, sys};

use crate::bytes::ByteBuffer;
use crate::fault::sound;
use crate::realtime::{Goodbye, Talk};
use crate::stream::{End, StreamBuffer, Taken};
use crate::text::Text;

/// The kinds of outcome, as `js/border.js` knows them.
mod kind {
    /// Content is the answer's JSON.
    pub const ANSWER: u32 = 0;
    /// Content is `[json, numbers]`; each `embedding` of the JSON is a count of numbers.
    pub const VECTORS: u32 = 1;
    /// Content is a JSON array of the stream's first events.
    pub const STREAM: u32 = 2;
    /// Content is a JSON array of events.
    pub const CHUNKS: u32 = 3;
    /// The stream is whole.
    pub const END: u32 = 4;
    /// Content is the error's JSON; of a call, or of a stream that was open.
    pub const ERROR: u32 = 5;
    /// Content is the JSON of a record; the id is its listener's.
    pub const RECORD: u32 = 6;
    /// Content is text that is no JSON.
    pub const TEXT: u32 = 7;
    /// An answer in bytes, which are there to be pulled.
    pub const BYTES: u32 = 8;
    /// There are more bytes to be pulled.
    pub const MORE: u32 = 9;
    /// Pieces of a file are wanted: content is its place in the form, facts the reading's number.
    pub const ASK: u32 = 10;
    /// A realtime session is open. What comes in it is told with `MORE`, its end with `END` and the JSON of
    /// `{ code, reason }`, or with `ERROR`.
    pub const SESSION: u32 = 11;
    /// What was said in a session is on its way: there is room for more.
    pub const DRAINED: u32 = 12;
    /// Content is what a record captures, to be redacted by the function whose number is the id; facts is its own number.
    pub const REDACT: u32 = 13;
    /// Content is what the user is to be warned of; it belongs to no call.
    pub const TROUBLE: u32 = 14;
}

/// Something to tell of a call.
pub enum Outcome {
    Answer {
        id: u32,
        text: Text,
        meta: Text,
    },
    Vectors {
        id: u32,
        text: Text,
        floats: Floats,
        meta: Text,
    },
    Stream {
        buffer: Arc<StreamBuffer>,
        meta: Text,
    },
    /// An open stream has something for JavaScript.
    Ready(Arc<StreamBuffer>),
    Text {
        id: u32,
        text: Text,
        meta: Text,
    },
    Bytes {
        id: u32,
        meta: Text,
    },
    /// Bytes have come for JavaScript, or their end.
    More(Arc<ByteBuffer>),
    Ask {
        id: u32,
        file: u32,
        round: u32,
    },
    Session {
        id: u32,
        meta: Text,
    },
    /// Messages of a session have come for JavaScript, or its end.
    Heard(Arc<Talk>),
    Drained {
        id: u32,
    },
    Error {
        id: u32,
        text: Text,
    },
    Record {
        listener: u32,
        text: Text,
    },
    Redact {
        listener: u32,
        id: u32,
        text: Text,
    },
    Trouble {
        text: Text,
    },
}

/// Outcomes as one flat JavaScript array, made on JavaScript's thread.
pub struct Batch(pub Vec<Outcome>);

impl ToNapiValue for Batch {
    unsafe fn to_napi_value(env: sys::napi_env, batch: Self) -> Result<sys::napi_value> {
        let js = Env::from_raw(env);
        let mut array = js.create_array(batch.0.len() as u32 * 4)?;
        for (at, outcome) in batch.0.into_iter().enumerate() {
            sound(|| outcome.fill(js, &mut array, at as u32 * 4))??;
        }
        // SAFETY: the array was made in this environment.
        unsafe { Array::to_napi_value(env, array) }
    }
}

impl Outcome {
    fn fill(self, env: Env, array: &mut Array<'_>, at: u32) -> Result<()> {
        let (id, kind) = match self {
            Self::Answer { id, text, meta } => {
                array.set(at + 2, text)?;
                array.set(at + 3, meta)?;
                (id, kind::ANSWER)
            }
            Self::Vectors { id, text, floats, meta } => {
                array.set(at + 2, with_floats(&env, text, floats)?)?;
                array.set(at + 3, meta)?;
                (id, kind::VECTORS)
            }
            Self::Stream { buffer, meta } => {
                if let Taken::Chunks(text) = buffer.take() {
                    array.set(at + 2, text)?;
                }
                array.set(at + 3, meta)?;
                (buffer.id, kind::STREAM)
            }
            Self::Ready(buffer) => (buffer.id, fill_ready(&buffer, array, at)?),
            Self::Text { id, text, meta } => {
                array.set(at + 2, text)?;
                array.set(at + 3, meta)?;
                (id, kind::TEXT)
            }
            Self::Bytes { id, meta } => array.set(at + 3, meta).map(|()| (id, kind::BYTES))?,
            Self::More(buffer) => match buffer.ended() {
                Some(end) => (buffer.id, fill_end(end, array, at)?),
                None => (buffer.id, kind::MORE),
            },
            Self::Session { id, meta } => array.set(at + 3, meta).map(|()| (id, kind::SESSION))?,
            Self::Heard(talk) => (talk.id, fill_heard(&talk, array, at)?),
            Self::Drained { id } => (id, kind::DRAINED),
            Self::Ask { id, file, round } => {
                array.set(at + 2, file)?;
                array.set(at + 3, round)?;
                (id, kind::ASK)
            }
            Self::Error { id, text } => {
                array.set(at + 2, text)?;
                (id, kind::ERROR)
            }
            Self::Record { listener, text } => {
                array.set(at + 2, text)?;
                (listener, kind::RECORD)
            }
            Self::Redact { listener, id, text } => {
                array.set(at + 2, text)?;
                array.set(at + 3, id)?;
                (listener, kind::REDACT)
            }
            Self::Trouble { text } => {
                array.set(at + 2, text)?;
                (0, kind::TROUBLE)
            }
        };
        array.set(at, id)?;
        array.set(at + 1, kind)
    }
}

fn with_floats(env: &Env, text: Text, floats: Floats) -> Result<Array<'_>> {
    let mut pair = env.create_array(2)?;
    pair.set(0, text)?;
    match floats {
        Floats::Single(floats) => pair.set(1, Float32Array::new(floats))?,
        Floats::Double(floats) => pair.set(1, Float64Array::new(floats))?,
    }
    Ok(pair)
}

fn fill_ready(buffer: &StreamBuffer, array: &mut Array<'_>, at: u32) -> Result<u32> {
    match buffer.take() {
        Taken::Chunks(text) => array.set(at + 2, text).map(|()| kind::CHUNKS),
        Taken::Ended(end) => fill_end(end, array, at),
        Taken::Nothing => {
            array.set(at + 2, "[]")?;
            Ok(kind::CHUNKS)
        }
    }
}

fn fill_heard(talk: &Talk, array: &mut Array<'_>, at: u32) -> Result<u32> {
    let Some(Goodbye { told, failed, facts }) = talk.line.ended() else { return Ok(kind::MORE) };
    array.set(at + 2, Text::from_utf8(told.into()))?;
    if !facts.is_empty() {
        array.set(at + 3, Text::from_utf8(facts.into()))?;
    }
    Ok(if failed { kind::ERROR } else { kind::END })
}

fn fill_end(End { error, facts }: End, array: &mut Array<'_>, at: u32) -> Result<u32> {
    if !facts.is_empty() {
        array.set(at + 3, Text::from_utf8(facts.into()))?;
    }
    let Some(json) = error else { return Ok(kind::END) };
    array.set(at + 2, Text::from_utf8(json.into()))?;
    Ok(kind::ERROR)
}
