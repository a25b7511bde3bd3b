//! A client of the engine as JavaScript holds it: a handle without state of its own.

use std::sync::Arc;

use engine::{Engine, Listeners, Redactor, Sink, caught};
use napi::{Either, Result};
use napi_derive::napi;
use serde_json::{Map, Value};

use crate::fault::{fault_json, sound};
use crate::listener::{Listener, Tracer};
use crate::outcome::error_json;

#[napi]
pub struct Client {
    pub(crate) engine: Arc<Engine>,
    /// Whether its answers may be there at once.
    pub(crate) caches: bool,
    /// Those that its records go to, and that redact what they capture.
    pub(crate) listener: Option<Arc<Listener>>,
    pub(crate) redactor: Option<Arc<Listener>>,
    /// The caller's own tracer.
    pub(crate) tracer: Option<Arc<Listener>>,
}

#[napi]
impl Client {
    /// Opens a client with options given as the JSON of an object; gives the JSON of an error when they can't be used.
    /// One that is derived from `known` shares what that one remembers of its targets.
    #[napi]
    pub fn open(options: String, known: Option<&Client>) -> Either<Client, String> {
        let opened = caught(|| Self::opened(&options, known));
        opened.unwrap_or_else(|| Either::B(fault_json()))
    }

    fn opened(options: &str, known: Option<&Client>) -> Either<Client, String> {
        let options = object(options);
        let listener = listener_of(options.get("onRecord"), known.and_then(|known| known.listener.as_ref()));
        let redact = options.get("captureContent").and_then(|captures| captures.get("redact"));
        let redactor = listener_of(redact, known.and_then(|known| known.redactor.as_ref()));
        let tracer = options.get("otel").and_then(|otel| otel.get("tracer"));
        let tracer = listener_of(tracer, known.and_then(|known| known.tracer.as_ref()));
        let listeners = Listeners {
            records: listener.clone().map(|listener| listener as Arc<dyn Sink>),
            spans: tracer.clone().map(|tracer| Arc::new(Tracer(tracer)) as Arc<dyn Sink>),
            redactor: redactor.clone().map(|redactor| redactor as Arc<dyn Redactor>),
        };
        let opened = match known {
            Some(known) => known.engine.with_options(&options, listeners),
            None => Engine::new(&options, listeners),
        };
        match opened {
            Ok(engine) => {
                let caches = engine.caches();
                Either::A(Client { engine: Arc::new(engine), caches, listener, redactor, tracer })
            }
            Err(error) => Either::B(error_json(error, None)),
        }
    }

    /// What the cache holds, and how its Redis fares, as JSON.
    #[napi]
    pub fn cache_state(&self) -> Result<String> {
        told(|| serde_json::to_string(&self.engine.cache_state()))
    }

    /// The hosts whose certificates are not checked, as the JSON of an array.
    #[napi]
    pub fn insecure(&self) -> Result<String> {
        told(|| serde_json::to_string(self.engine.insecure()))
    }

    /// How full each count of the client's limits is, as the JSON of an array.
    #[napi]
    pub fn limits(&self) -> Result<String> {
        told(|| serde_json::to_string(&self.engine.limits()))
    }

    /// How each target fares, as the JSON of an array.
    #[napi]
    pub fn targets(&self) -> Result<String> {
        told(|| serde_json::to_string(&self.engine.targets()))
    }
}

fn told(json: impl FnOnce() -> serde_json::Result<String>) -> Result<String> {
    sound(|| json().expect("what is known of a client has a JSON form"))
}

/// `JSON.stringify` of an object, read back.
pub fn object(text: &str) -> Map<String, Value> {
    serde_json::from_str(text).unwrap_or_default()
}

/// The function that an option names by its number: the one that a client knows already, where that is the same.
fn listener_of(option: Option<&Value>, known: Option<&Arc<Listener>>) -> Option<Arc<Listener>> {
    let number = option.and_then(Value::as_u64)? as u32;
    let same = known.filter(|known| known.number == number).cloned();
    same.or_else(|| Some(Arc::new(Listener::new(number))))
}
