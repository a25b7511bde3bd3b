//! Where the text of messages and of responses is: in answers, and in the events of their streams. A response says its
//! text again when a part, an item and the whole of it are done, so that what is replaced is replaced in all of them.

use std::collections::HashSet;
use std::ops::Range;

use super::RequestType;
use super::check::Fault;
use super::subject::{Step, field, follow, items, json_string, place_in, places, splice, string};
use crate::events::Event;

/// The texts in an event.
#[derive(Default)]
struct Found {
    /// With their quotes.
    places: Places,
    /// Tokens beside them, which go with the text.
    tokens: Places,
    /// What kind of telling it is: each tells the whole text over its events.
    telling: String,
    /// The event holds nothing but a piece of text.
    is_piece: bool,
}

/// The places of the new text that an event brings.
pub fn pieces(request: RequestType, json: &str) -> Result<Places, Fault> {
    let found = found(request, json)?;
    Ok(if found.telling == "piece" { found.places } else { Vec::new() })
}

fn found(request: RequestType, json: &str) -> Result<Found, Fault> {
    if !json.trim_start().starts_with('{') {
        return Ok(Found::default());
    }
    let kind = field(json, "type")?.and_then(string).unwrap_or_default();
    match request {
        RequestType::Messages => in_message(json, &kind),
        _ => in_response(json, &kind),
    }
}

fn in_message(json: &str, kind: &str) -> Result<Found, Fault> {
    let (steps, is_piece) = match kind {
        "content_block_start" => ([Step::Key("content_block"), Step::Key("text")], false),
        "content_block_delta" => ([Step::Key("delta"), Step::Key("text")], true),
        _ => return Ok(Found::default()),
    };
    let text = follow(json, &steps)?.filter(|raw| raw.starts_with('"'));
    let places = text.map(|raw| place_in(json, raw)).into_iter().collect();
    Ok(Found { places, telling: "piece".to_owned(), is_piece, ..Found::default() })
}

fn in_response(json: &str, kind: &str) -> Result<Found, Fault> {
    let mut found = Found { telling: kind.to_owned(), ..Found::default() };
    match kind {
        "response.output_text.delta" => {
            found.telling = String::from("piece");
            found.is_piece = true;
            let delta = field(json, "delta")?.filter(|raw| raw.starts_with('"'));
            found.places.extend(delta.map(|raw| place_in(json, raw)));
            found.tokens(json, json)?;
        }
        "response.output_text.done" => {
            found.places.extend(field(json, "text")?.map(|raw| place_in(json, raw)));
            found.tokens(json, json)?;
        }
        "response.content_part.done" => {
            if let Some(part) = field(json, "part")? {
                found.part(json, part)?;
            }
        }
        "response.output_item.done" => {
            if let Some(item) = field(json, "item")? {
                found.item(json, item)?;
            }
        }
        "response.completed" | "response.incomplete" | "response.failed" => {
            if let Some(response) = field(json, "response")? {
                found.output(json, response)?;
            }
        }
        _ => {}
    }
    Ok(found)
}

impl Found {
    fn output(&mut self, json: &str, response: &str) -> Result<(), Fault> {
        let output = field(response, "output")?.filter(|list| list.starts_with('['));
        for item in output.map_or(Ok(Vec::new()), items)? {
            self.item(json, item)?;
        }
        Ok(())
    }

    fn item(&mut self, json: &str, item: &str) -> Result<(), Fault> {
        let is_message = field(item, "type")?.and_then(string).as_deref() == Some("message");
        let content = field(item, "content")?.filter(|list| is_message && list.starts_with('['));
        for part in content.map_or(Ok(Vec::new()), items)? {
            self.part(json, part)?;
        }
        Ok(())
    }

    fn part(&mut self, json: &str, part: &str) -> Result<(), Fault> {
        if field(part, "type")?.and_then(string).as_deref() != Some("output_text") {
            return Ok(());
        }
        self.places.extend(field(part, "text")?.map(|raw| place_in(json, raw)));
        self.tokens(json, part)
    }

    fn tokens(&mut self, json: &str, object: &str) -> Result<(), Fault> {
        let tokens = field(object, "logprobs")?.filter(|raw| !matches!(*raw, "null" | "[]"));
        self.tokens.extend(tokens.map(|raw| place_in(json, raw)));
        Ok(())
    }
}

/// Places in a body, with their quotes.
type Places = Vec<Range<usize>>;

/// The places of the texts of a whole answer, and of the tokens beside them.
pub fn in_answer(request: RequestType, json: &str) -> Result<(Places, Places), Fault> {
    if request == RequestType::Messages {
        let content = field(json, "content")?.filter(|content| *content != "null");
        let texts = content.map_or(Ok(Vec::new()), |content| places(json, content))?;
        return Ok((texts, Vec::new()));
    }
    let mut found = Found::default();
    found.output(json, json)?;
    Ok((found.places, found.tokens))
}

/// The places of what a request asks last.
pub fn in_request(request: RequestType, json: &str) -> Result<Places, Fault> {
    let (list, content) = match request {
        RequestType::Messages => ("messages", "content"),
        _ => ("input", "content"),
    };
    let Some(asked) = field(json, list)? else { return Ok(Vec::new()) };
    if asked.starts_with('"') {
        return Ok(vec![place_in(json, asked)]);
    }
    let Some(turn) = items(asked)?.last().copied().filter(|turn| turn.starts_with('{')) else {
        return Ok(Vec::new());
    };
    // What a tool has answered is what is asked last, too.
    let content = match field(turn, content)? {
        Some(content) => Some(content),
        None => field(turn, "output")?,
    };
    content.filter(|content| *content != "null").map_or(Ok(Vec::new()), |content| places(json, content))
}

/// `events` with `text` in place of theirs: in each telling all of it in the first that has any, none in the others. An
/// event that held nothing but text is left out.
pub fn with_text(request: RequestType, events: Vec<Event>, text: &str) -> Result<Vec<Event>, Fault> {
    let mut told: HashSet<String> = HashSet::new();
    let mut out = Vec::with_capacity(events.len());
    for event in events {
        let json = std::str::from_utf8(&event.data).map_err(|_| Fault::new("an event is not UTF-8"))?;
        let Found { places, tokens, telling, is_piece } = found(request, json)?;
        // The empty text that a block begins with is none.
        if places.iter().all(|place| telling == "piece" && place.len() <= 2) {
            out.push(event);
            continue;
        }
        let mut new = told.insert(telling).then_some(text);
        if new.is_none() && is_piece {
            continue;
        }
        let mut splices: Vec<_> =
            places.into_iter().map(|place| (place, json_string(new.take().unwrap_or_default()))).collect();
        splices.extend(tokens.into_iter().map(|place| (place, "[]".to_owned())));
        splices.sort_by_key(|(place, _)| place.start);
        let data = splice(json.as_bytes(), &splices);
        out.push(Event { name: event.name, data });
    }
    Ok(out)
}
