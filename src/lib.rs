//! The Node face: what crosses between JavaScript and the engine. It converts and decides nothing.
//!
//! In: options, and for each call a body, as JSON text. Out: text that V8 parses, in batches, through one threadsafe
//! function per JavaScript environment. A call never rejects here; it is answered with one plain outcome.

#![expect(clippy::needless_pass_by_value, reason = "napi hands its values over whole")]

mod body;
mod border;
mod bytes;
mod call;
mod client;
mod delivery;
mod fault;
mod files;
mod listener;
mod outcome;
mod queue;
pub mod reading;
mod realtime;
mod running;
mod runtime;
mod stream;
mod text;
mod underway;

use std::collections::BTreeSet;

use napi_derive::napi;
use serde::Serialize;
use serde_json::json;

/// The package's version, which the loader compares with its own before it uses anything else of the addon.
#[napi]
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// A row as the JavaScript side needs it to make calls.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    index: usize,
    call: &'static str,
    path: &'static str,
    sends: engine::Sends,
    optional: bool,
    gives: engine::Gives,
    streams: bool,
    names_events: bool,
    plane: engine::Plane,
    parameters: &'static [&'static str],
    queried: &'static [&'static str],
}

/// `chat` of `chat.completions.create`.
fn resource(endpoint: &engine::Endpoint) -> &'static str {
    endpoint.call.split_once('.').map_or(endpoint.call, |(first, _)| first)
}

/// The resources of a client, as the JSON of an array of names. The first client reads them.
#[napi]
pub fn resources() -> String {
    let names: BTreeSet<_> = engine::ENDPOINTS.iter().map(resource).collect();
    serde_json::to_string(&names).expect("names have a JSON form")
}

/// A resource's rows of the endpoint table, as the JSON of an array. Read when a client first asks for it.
#[napi]
pub fn endpoints_of(name: String) -> String {
    let row = |(index, endpoint): (usize, &engine::Endpoint)| Row {
        index,
        call: endpoint.call,
        path: endpoint.path,
        sends: endpoint.sends,
        optional: endpoint.optional,
        gives: endpoint.gives,
        streams: endpoint.streams(),
        names_events: engine::names_events(endpoint),
        plane: endpoint.plane,
        parameters: endpoint.parameters,
        queried: endpoint.queried,
    };
    let rows = engine::ENDPOINTS.iter().enumerate().filter(|(_, endpoint)| resource(endpoint) == name);
    serde_json::to_string(&rows.map(row).collect::<Vec<_>>()).expect("rows have a JSON form")
}

/// The tables that documentation and types are derived from, as JSON: `{ endpoints, options, told, providers }`;
/// gateways are told of the options in `told`.
#[napi]
pub fn tables() -> String {
    let row = |endpoint: &engine::Endpoint| {
        json!({
            "call": endpoint.call,
            "method": endpoint.method.as_str(),
            "path": endpoint.path,
            "sends": endpoint.sends,
            "optional": endpoint.optional,
            "gives": endpoint.gives,
            "streams": endpoint.streams(),
            "plane": endpoint.plane,
            "headers": endpoint.headers,
            "parameters": endpoint.parameters,
            "queried": endpoint.queried,
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
        let has = |row: &&engine::Endpoint| engine::offers(*provider, row);
        json!({
            "name": provider.name(),
            "baseURL": provider.base_url(),
            "usualHost": provider.usual_host(),
            "example": engine::example(*provider).map(|example| {
                json!({ "customHost": example.custom_host, "call": example.call, "url": example.url })
            }),
            "endpoints": engine::ENDPOINTS.iter().filter(has).map(|row| row.call).collect::<Vec<_>>(),
            "settings": provider.settings().iter().map(setting).collect::<Vec<_>>(),
        })
    };
    json!({
        "endpoints": engine::ENDPOINTS.iter().map(row).collect::<Vec<_>>(),
        "options": engine::OPTIONS.iter().map(|option| option.name).collect::<Vec<_>>(),
        "told": engine::OPTIONS.iter().filter(|option| option.is_told()).map(|option| option.name).collect::<Vec<_>>(),
        "providers": engine::PROVIDERS.iter().map(provider).collect::<Vec<_>>(),
    })
    .to_string()
}
