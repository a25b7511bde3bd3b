//! The text in a stream's events: the content of the first choice, piece by piece, and the same events with another text.
//! A character may be cut in two between events; it is put together before anyone looks at it.

use std::ops::Range;

use bytes::Bytes;

use super::check::Fault;
use super::subject::{Step, field, fields, follow, items, json_string, place_in, places, splice, string};
use super::{RequestType, formats};
use crate::events::Event;

/// Puts the text of events together.
#[derive(Default)]
pub struct Joiner {
    /// The escape of a character's first half, whose second has not come.
    half: String,
}

impl Joiner {
    /// Appends the text of one event. Half a character at its end waits for the next.
    pub fn read(&mut self, request: RequestType, data: &[u8], text: &mut String) -> Result<(), Fault> {
        let Ok(json) = std::str::from_utf8(data) else { return Err(Fault::new("an event is not UTF-8")) };
        for place in pieces(request, json)? {
            let inside = &json[place.start + 1..place.end - 1];
            let raw = format!("{}{inside}", std::mem::take(&mut self.half));
            let whole = raw.len() - half_at_end(&raw);
            self.half.push_str(&raw[whole..]);
            text.push_str(&string(&format!("\"{}\"", &raw[..whole])).unwrap_or_default());
        }
        Ok(())
    }

    /// Whether half a character is waiting.
    pub fn waits(&self) -> bool {
        !self.half.is_empty()
    }

    /// The stream has ended: half a character becomes one that cannot be read.
    pub fn finish(&mut self, text: &mut String) {
        if !std::mem::take(&mut self.half).is_empty() {
            text.push('\u{FFFD}');
        }
    }
}

/// The length of the escape of a character's first half at the end of a JSON string's inside, else 0.
fn half_at_end(raw: &str) -> usize {
    const ESCAPE: usize = "\\ud83d".len();
    let Some(escape) = raw.len().checked_sub(ESCAPE).and_then(|start| raw.get(start..)) else { return 0 };
    let code = escape.strip_prefix("\\u").and_then(|digits| u16::from_str_radix(digits, 16).ok());
    let backslashes = raw[..raw.len() - ESCAPE].bytes().rev().take_while(|byte| *byte == b'\\').count();
    if code.is_some_and(|code| (0xD800..0xDC00).contains(&code)) && backslashes % 2 == 0 { ESCAPE } else { 0 }
}

/// The places of the first choice's text in an event, with their quotes. An event of another shape has none.
fn pieces(request: RequestType, json: &str) -> Result<Vec<Range<usize>>, Fault> {
    if request.is_front() {
        return formats::pieces(request, json);
    }
    let steps: &[Step] = match request {
        RequestType::Completion => &[Step::Key("text")],
        _ => &[Step::Key("delta"), Step::Key("content")],
    };
    let mut found = Vec::new();
    for choice in first_choices(json)? {
        if let Some(content) = follow(choice, steps)? {
            found.extend(places(json, content)?);
        }
    }
    Ok(found)
}

/// The pieces of the first choice: what doesn't say that it is of another.
fn first_choices(json: &str) -> Result<Vec<&str>, Fault> {
    if !json.trim_start().starts_with('{') {
        return Ok(Vec::new());
    }
    let Some(choices) = field(json, "choices")?.filter(|choices| choices.starts_with('[')) else {
        return Ok(Vec::new());
    };
    let mut first = Vec::new();
    for choice in items(choices)?.into_iter().filter(|choice| choice.starts_with('{')) {
        let index = field(choice, "index")?.and_then(|index| index.parse::<f64>().ok());
        if index.is_none_or(|index| index == 0.0) {
            first.push(choice);
        }
    }
    Ok(first)
}

/// `events` with `text` in place of theirs: all of it in the first that has any, none in the others. An event that held
/// nothing but text is left out; its tokens (`logprobs`) go with the text.
pub fn with_text(request: RequestType, events: Vec<Event>, text: &str) -> Result<Vec<Event>, Fault> {
    if request.is_front() {
        return formats::with_text(request, events, text);
    }
    let mut text = Some(text);
    let mut out = Vec::with_capacity(events.len());
    for event in events {
        let json = std::str::from_utf8(&event.data).map_err(|_| Fault::new("an event is not UTF-8"))?;
        let pieces = pieces(request, json)?;
        if pieces.iter().all(|place| place.len() <= 2) {
            out.push(event);
            continue;
        }
        let new = text.take();
        if new.is_none() && !says_more(json)? {
            continue;
        }
        let mut splices: Vec<_> = pieces.into_iter().map(|place| (place, "\"\"".to_owned())).collect();
        splices[0].1 = json_string(new.unwrap_or_default());
        for choice in first_choices(json)? {
            let tokens = field(choice, "logprobs")?.filter(|tokens| *tokens != "null");
            splices.extend(tokens.map(|tokens| (place_in(json, tokens), "null".to_owned())));
        }
        splices.sort_by_key(|(place, _)| place.start);
        let data: Bytes = splice(json.as_bytes(), &splices);
        out.push(Event { name: event.name, data });
    }
    Ok(out)
}

/// What every event of a stream says.
const OF_EVERY_EVENT: &[&str] =
    &["id", "object", "created", "model", "system_fingerprint", "service_tier", "obfuscation", "choices"];

/// What every piece of the first choice says, and its delta.
const OF_EVERY_PIECE: &[&str] = &["index", "text", "logprobs", "delta"];
const OF_EVERY_DELTA: &[&str] = &["role", "content"];

/// Whether an event says something beside the first choice's text: another choice, a finish reason, usage, a tool call,
/// or what we don't know.
fn says_more(json: &str) -> Result<bool, Fault> {
    let has_other = |object: &str, usual: &[&str]| -> Result<bool, Fault> {
        let empty = |value: &str| matches!(value, "null" | "\"\"" | "[]" | "{}");
        Ok(fields(object)?.iter().any(|(key, value)| !usual.contains(&key.as_str()) && !empty(value)))
    };
    let choices = first_choices(json)?;
    let all = field(json, "choices")?.map_or(Ok(Vec::new()), items)?;
    if all.len() > choices.len() || has_other(json, OF_EVERY_EVENT)? {
        return Ok(true);
    }
    for choice in choices {
        let delta = field(choice, "delta")?.filter(|delta| delta.starts_with('{'));
        if has_other(choice, OF_EVERY_PIECE)?
            || delta.map_or(Ok(false), |it| has_other(it, OF_EVERY_DELTA))?
        {
            return Ok(true);
        }
    }
    Ok(false)
}
