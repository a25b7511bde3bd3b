//! A client of the engine as JavaScript holds it: a handle without state of its own.

use std::sync::Arc;

use engine::{Engine, Sink};
use napi::Either;
use napi_derive::napi;
use serde_json::{Map, Value};

use crate::listener::{Listener, Numbers};
use crate::outcome::error_json;

#[napi]
pub struct Client {
    pub(crate) engine: Arc<Engine>,
    pub(crate) listener: Option<Arc<Listener>>,
}

#[napi]
impl Client {
    /// Opens a client with options given as the JSON of an object; gives the JSON of an error when they can't be used.
    /// One that is derived from `known` shares what that one remembers of its targets.
    #[napi]
    pub fn open(options: String, known: Option<&Client>) -> Either<Client, String> {
        let options = object(&options);
        let numbers = Numbers::of(&options);
        let same = known.and_then(|known| known.listener.clone()).filter(|known| known.numbers == numbers);
        let listener = same.or_else(|| Listener::new(numbers).map(Arc::new));
        let sink = listener.clone().map(|listener| listener as Arc<dyn Sink>);
        let opened = match known {
            Some(known) => known.engine.with_options(&options, sink),
            None => Engine::new(&options, sink),
        };
        match opened {
            Ok(engine) => Either::A(Client { engine: Arc::new(engine), listener }),
            Err(error) => Either::B(error_json(error, None)),
        }
    }

    /// What the cache holds, and how its Redis fares, as JSON.
    #[napi]
    pub fn cache_state(&self) -> String {
        serde_json::to_string(&self.engine.cache_state()).expect("what is known of a cache has a JSON form")
    }

    /// The hosts whose certificates are not checked, as the JSON of an array.
    #[napi]
    pub fn insecure(&self) -> String {
        serde_json::to_string(self.engine.insecure()).expect("a list of strings has a JSON form")
    }

    /// How each target fares, as the JSON of an array.
    #[napi]
    pub fn targets(&self) -> String {
        serde_json::to_string(&self.engine.targets()).expect("what is known of a target has a JSON form")
    }
}

/// `JSON.stringify` of an object, read back.
pub fn object(text: &str) -> Map<String, Value> {
    serde_json::from_str(text).unwrap_or_default()
}
