//! The request engine of portkey-native: what SDK and AI gateway do together, in the caller's own process.
//! It knows nothing of Node.js; a face (the addon at the repository's root) hands calls in and answers out.
//!
//! Read three pages to know the way of a call: `engine.rs`, `route/mod.rs`, `attempt/mod.rs`.
//!
//! Twelve words, with no other meaning anywhere in this crate:
//! - **call**: what was asked, once, by the user of the package.
//! - **endpoint**: one row of the table of API operations, such as `chat.completions.create`.
//! - **config**: the options and the config object as they were written.
//! - **plan**: what a config means for one call, with nothing left open.
//! - **target**: one provider at one host with its credentials: a leaf of the plan.
//! - **strategy**: how a node of the plan chooses among its targets.
//! - **attempt**: one request to one target; a call may need several.
//! - **provider**: a service, or a kind of server, whose API we know.
//! - **dialect**: one endpoint as one provider speaks it.
//! - **wire**: what is on the network: the request as sent, the reply as read.
//! - **answer**: what the caller gets back: whole, or as events.
//! - **event**: one piece of a streamed answer.

#![forbid(unsafe_code)]

mod answer;
mod attempt;
mod auth;
mod base_url;
mod body;
mod cache;
mod call;
mod clock;
mod config;
mod date;
mod download;
mod embeddings;
mod endpoint;
mod engine;
mod error;
mod escaped;
mod events;
mod explain;
mod front;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod headers;
mod health;
mod hooks;
mod http;
mod limit;
mod memory;
mod observe;
mod panics;
mod progress;
mod provider;
mod realtime;
mod record;
mod retry;
mod route;
mod secret;
mod sse;
mod store;
mod telemetry;
mod upload;

pub use ::http::HeaderMap;
pub use answer::{Answer, Content};
pub use call::{Call, CallOptions};
pub use config::{Named, OPTIONS};
pub use download::{Download, Downloading};
pub use embeddings::{Floats, Vectors};
pub use endpoint::{ENDPOINTS, Endpoint, Gives, Plane, Sends};
pub use engine::{Engine, Failed};
pub use error::{Error, Facts, Kind, Problem};
pub use escaped::first_escaped;
pub use events::{Event, Events, Streaming};
pub use front::{names_events, offers};
pub use observe::Report;
pub use panics::{FAULT, caught};
pub use progress::Mould;
pub use provider::dialect::Setting;
pub use provider::example::{Example, of as example};
pub use provider::{LEFT_OUT, PROVIDERS, Provider};
pub use realtime::{Ended, Line, Message, News, SESSIONS, Session, Taken};
pub use record::prices::LIST as PRICES;
pub use record::{Entry, Filter, Flushed, Listeners, Reading, Record, Redactor, Sink, Then, flush_all};
pub use secret::Secret;
pub use telemetry::{Given, Span, told as spans_told};
pub use upload::{Feed, File, Form, Source};
