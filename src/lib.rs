//! The Node face: what crosses between JavaScript and the engine. It converts and decides nothing.
//!
//! In: options, and for each call a body, as JSON text. Out: text that V8 parses, in batches, through one threadsafe
//! function per JavaScript environment. A call never rejects here; it is answered with one plain outcome.

#![expect(clippy::needless_pass_by_value, reason = "napi hands its values over whole")]

mod border;
mod call;
mod client;
mod listener;
mod outcome;
pub mod reading;
mod runtime;
mod stream;
mod text;

use napi_derive::napi;
use serde_json::json;

/// The package's version, which the loader compares with its own before it uses anything else of the addon.
#[napi]
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// The tables that the JavaScript side grows from, as JSON: `{ endpoints, options, providers }`.
#[napi]
pub fn tables() -> String {
    let row = |endpoint: &engine::Endpoint| {
        json!({
            "call": endpoint.call,
            "method": endpoint.method.as_str(),
            "path": endpoint.path,
            "takesBody": endpoint.takes_body(),
            "streams": endpoint.streams(),
            "parameters": endpoint.parameters,
            "types": endpoint.types,
        })
    };
    let setting = |setting: &engine::Setting| {
        json!({
            "option": setting.option(),
            "key": setting.key,
            "what": setting.what,
            "required": setting.required,
        })
    };
    let provider = |provider: &&dyn engine::Provider| {
        let has = |row: &&engine::Endpoint| provider.has(row);
        json!({
            "name": provider.name(),
            "baseURL": provider.base_url(),
            "usualHost": provider.usual_host(),
            "endpoints": engine::ENDPOINTS.iter().filter(has).map(|row| row.call).collect::<Vec<_>>(),
            "settings": provider.settings().iter().map(setting).collect::<Vec<_>>(),
        })
    };
    json!({
        "endpoints": engine::ENDPOINTS.iter().map(row).collect::<Vec<_>>(),
        "options": engine::OPTIONS,
        "providers": engine::PROVIDERS.iter().map(provider).collect::<Vec<_>>(),
    })
    .to_string()
}
