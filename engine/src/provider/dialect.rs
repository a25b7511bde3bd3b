//! A dialect: one endpoint as one provider speaks it, where that differs from OpenAI's. Pure: our shape becomes a wire
//! request, a wire reply becomes our shape; time, ids and settings come in as values, and nothing is sent from here.
//! Our shape is OpenAI's own: request body, answer, stream chunks and `{"error": {message, type, param, code}}`.
//! The invariant: no message part, tool call or field is lost without a line in `changes`.

use std::collections::BTreeMap;

use ::http::{HeaderMap, Method};
use bytes::Bytes;

use crate::endpoint::Endpoint;
use crate::error::Result;
use crate::secret::Secret;

/// One endpoint of one provider.
pub trait Dialect: Send + Sync {
    /// The wire request. What cannot be said in this dialect at all is a `Kind::Config` error that names the field.
    fn request(&self, asked: &Asked<'_>) -> Result<Made>;

    /// A whole 2xx reply in our shape; the error says in a few words what is wrong with it, without its content.
    fn answer(&self, context: &Context<'_>, reply: &[u8]) -> std::result::Result<Bytes, String>;

    /// Reads a streamed reply, event after event.
    fn translator(&self, context: &Context<'_>) -> Box<dyn Translator>;

    /// How a streamed reply is cut into events.
    fn framing(&self) -> Framing {
        Framing::ServerSentEvents
    }

    /// The same where the settings decide: one provider may speak two dialects.
    fn framing_for(&self, _settings: &Settings) -> Framing {
        self.framing()
    }

    /// Whether its chats know what OpenAI's have no word for (`thinking`, `content_blocks`, `cache_control`), so that a
    /// front format may put it there.
    fn goes_beyond(&self, _settings: &Settings, _body: &[u8]) -> bool {
        false
    }

    /// An error reply's body in our shape; `None` leaves it as it is.
    fn error(&self, status: u16, headers: &HeaderMap, reply: &[u8]) -> Option<Bytes>;
}

/// What is to be put on the wire.
pub struct Asked<'a> {
    pub endpoint: &'static Endpoint,
    /// The path's arguments, in the order of the path.
    pub arguments: &'a [String],
    /// The caller's body, JSON text of an object, with the config's parameters in it.
    pub body: &'a [u8],
    pub stream: bool,
    pub settings: &'a Settings,
    /// The base URL is one of the caller's own, not the provider's.
    pub custom_host: bool,
}

/// A wire request as the dialect makes it. Credentials are added to it later.
#[derive(Debug, Default)]
pub struct Made {
    /// `None`: the endpoint's own.
    pub method: Option<Method>,
    /// Below the base URL, each argument percent-encoded, with its query where it has one: `/v1/messages?beta=true`.
    pub path: String,
    /// In lower case; no credential.
    pub headers: Vec<(&'static str, String)>,
    pub body: Bytes,
    /// What differs in meaning from what the caller gave, one sentence each: `seed was dropped: anthropic has no such parameter`.
    pub changes: Vec<String>,
}

/// What a reply is read with.
pub struct Context<'a> {
    /// The caller's body as it was handed to `request`.
    pub asked: &'a [u8],
    pub settings: &'a Settings,
    /// `strictOpenAiCompliance`: leave out what OpenAI's own answers would not have.
    pub strict: bool,
    /// Unix seconds, for answers without a time of their own.
    pub created: u64,
    /// A fresh identifier of 32 hexadecimal digits, for answers without one.
    pub id: &'a str,
    pub headers: &'a HeaderMap,
}

/// Reads one stream. Chunks are JSON text in our shape, without `data:`; `[DONE]` is never among them.
pub trait Translator: Send {
    /// Takes one event of the wire and adds the chunks that it gives, none being usual for pings and the like.
    fn event(&mut self, event: WireEvent<'_>, chunks: &mut Vec<Bytes>) -> std::result::Result<(), Fault>;

    /// The body has ended: adds what is left. Whether the stream is whole is judged by its finish reasons.
    fn end(&mut self, chunks: &mut Vec<Bytes>);
}

/// One event as it is on the wire.
pub struct WireEvent<'a> {
    /// SSE's `event:`, or an event stream's `:event-type` or `:exception-type`.
    pub name: Option<&'a str>,
    pub data: &'a [u8],
    /// An event stream's frame of `:message-type` exception or error.
    pub exception: bool,
}

/// Why a stream can't go on.
#[derive(Debug)]
pub enum Fault {
    /// The provider reports an error: its body in our shape, with the status that it stands for.
    Reported { status: u16, body: Bytes },
    /// The event can't be read; a few words why, without its content.
    Garbled(String),
}

/// How a streamed reply is cut into events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    ServerSentEvents,
    /// One JSON value per line.
    Lines,
    /// The elements of one JSON array.
    Array,
    /// `application/vnd.amazon.eventstream`.
    EventStream,
}

/// A provider's own options, by their config key (`aws_region`).
#[derive(Clone, Default)]
pub struct Settings(BTreeMap<&'static str, Secret>);

impl Settings {
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(Secret::expose)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Secret)> {
        self.0.iter().map(|(key, value)| (*key, value))
    }

    pub fn set(&mut self, key: &'static str, value: Secret) {
        self.0.insert(key, value);
    }
}

/// One of a provider's own options: `awsRegion` as an option, `aws_region` in a config.
#[derive(Debug)]
pub struct Setting {
    /// Its config key; the option is its camelCase.
    pub key: &'static str,
    /// What it is, for the documentation and for the error of a call without it.
    pub what: &'static str,
    pub required: bool,
}

impl Setting {
    /// Its name as an option: `awsRegion`.
    pub fn option(&self) -> String {
        camel(self.key)
    }
}

/// A config key as the option of that name: `aws_region` is `awsRegion`.
pub fn camel(key: &str) -> String {
    let mut words = key.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut name, word| {
        let mut letters = word.chars();
        name.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        name + letters.as_str()
    })
}
