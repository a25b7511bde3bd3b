//! The events of a response, as OpenAI's Responses API and the servers that speak it send them. One that failed is an
//! answer with `status: failed`; an error of its own is an event `error`.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Meaning, Progress, Raw, says_something};

#[derive(Deserialize)]
pub struct Event<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Option<Cow<'a, str>>,
    #[serde(default)]
    output_index: Option<u32>,
    #[serde(borrow, default)]
    item: Option<Item<'a>>,
    #[serde(borrow, default)]
    part: Option<Part<'a>>,
    #[serde(borrow, default)]
    delta: Raw<'a>,
    #[serde(borrow, default)]
    response: Option<Response<'a>>,
    #[serde(borrow, default)]
    error: Raw<'a>,
}

#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    call_id: Raw<'a>,
    #[serde(borrow, default)]
    name: Raw<'a>,
}

#[derive(Deserialize)]
struct Part<'a> {
    #[serde(borrow, default)]
    text: Raw<'a>,
}

#[derive(Deserialize)]
struct Response<'a> {
    #[serde(borrow, default)]
    usage: Raw<'a>,
    #[serde(borrow, default)]
    error: Raw<'a>,
    #[serde(default)]
    incomplete_details: Option<Incomplete>,
}

#[derive(Deserialize)]
struct Incomplete {
    reason: Option<String>,
}

impl Progress {
    pub(super) fn read_response(&mut self, event: &Event<'_>) -> Meaning {
        let kind = event.kind.as_deref().unwrap_or_default();
        if kind == "error" || event.error.is_some_and(|error| error.get() != "false") {
            return Meaning::Error;
        }
        let Some(kind) = kind.strip_prefix("response.") else { return Meaning::Neutral };
        let semantic = match kind {
            "created" | "queued" | "in_progress" => false,
            "output_item.added" => {
                event.item.as_ref().is_some_and(|item| self.begin_item(event.output_index, item))
            }
            "content_part.added" | "reasoning_summary_part.added" => {
                event.part.as_ref().is_some_and(|part| says_something(part.text))
            }
            "output_text.delta" => {
                self.keep_text(event.delta);
                says_something(event.delta)
            }
            "function_call_arguments.delta" => {
                self.keep_call(self.index_of(event.output_index), None, None, event.delta);
                says_something(event.delta)
            }
            "completed" | "incomplete" | "failed" => return self.end(kind, event.response.as_ref()),
            // Reasoning, built-in tools at work, and what is told again once it is done.
            _ => true,
        };
        if semantic { Meaning::Semantic } else { Meaning::Neutral }
    }

    fn begin_item(&mut self, index: Option<u32>, item: &Item<'_>) -> bool {
        match item.kind.as_deref() {
            Some("message" | "reasoning") => false,
            Some("function_call") => {
                let index = index.unwrap_or(self.tool_calls.len() as u32);
                self.keep_call(index, item.call_id, item.name, None);
                true
            }
            _ => true,
        }
    }

    /// Some servers tell no place: a piece is then of the call that was begun last.
    fn index_of(&self, given: Option<u32>) -> u32 {
        #[derive(Deserialize)]
        struct Placed {
            index: u32,
        }
        let last = || {
            let (_, piece) = self.tool_calls.last()?;
            Some(serde_json::from_str::<Vec<Placed>>(piece).ok()?.first()?.index)
        };
        given.or_else(last).unwrap_or(0)
    }

    fn end(&mut self, kind: &str, response: Option<&Response<'_>>) -> Meaning {
        self.over = true;
        if let Some(usage) = response.and_then(|response| response.usage) {
            self.usage = Some(usage.get().to_owned());
        }
        let lacks = response.and_then(|response| response.incomplete_details.as_ref()?.reason.clone());
        self.finish_reasons.push(lacks.unwrap_or_else(|| kind.to_owned()));
        if kind != "failed" {
            return Meaning::Semantic;
        }
        self.failed = true;
        let error = response.and_then(|response| response.error).map_or("null", RawValue::get);
        Meaning::Failed(error.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::Streamed;

    #[test]
    fn a_response_is_whole_at_its_last_event_and_says_something_from_its_first_text_on() {
        let mut progress = Progress::new(Streamed::Responses);
        let events = [
            (r#"{"type":"response.created","response":{"id":"r","usage":null}}"#, Meaning::Neutral),
            (
                r#"{"type":"response.output_item.added","output_index":0,"item":{"type":"message","content":[]}}"#,
                Meaning::Neutral,
            ),
            (
                r#"{"type":"response.content_part.added","part":{"type":"output_text","text":""}}"#,
                Meaning::Neutral,
            ),
            (r#"{"type":"response.output_text.delta","output_index":0,"delta":"a\nb"}"#, Meaning::Semantic),
            (r#"{"type":"response.output_text.done","text":"a\nb"}"#, Meaning::Semantic),
            (
                r#"{"type":"response.output_item.added","item":{"type":"function_call","call_id":"c1","name":"f"}}"#,
                Meaning::Semantic,
            ),
            (r#"{"type":"response.function_call_arguments.delta","delta":"{}"}"#, Meaning::Semantic),
        ];
        for (event, meaning) in events {
            assert_eq!(progress.read(event), meaning, "{event}");
        }
        assert!(!progress.is_whole());
        let end = r#"{"type":"response.incomplete","response":{"usage":{"input_tokens":3}}}"#;
        assert_eq!(progress.read(end), Meaning::Semantic);
        assert!(progress.is_over() && !progress.has_failed());
        let wanted = r#"{"text":"a\nb","toolCalls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}],"usage":{"input_tokens":3}}"#;
        assert_eq!(progress.partial(None), wanted);
    }

    #[test]
    fn a_failed_response_is_an_answer_and_an_error_is_none() {
        let mut progress = Progress::new(Streamed::Responses);
        let error =
            r#"{"type":"error","code":"server_error","message":"m","param":null,"sequence_number":1}"#;
        assert_eq!(progress.read(error), Meaning::Error);
        assert!(!progress.is_whole());
        let failed = r#"{"type":"response.failed","response":{"status":"failed","error":{"code":"server_error","message":"m"}}}"#;
        let told = r#"{"code":"server_error","message":"m"}"#.to_owned();
        assert_eq!(progress.read(failed), Meaning::Failed(told));
        assert!(progress.is_whole() && progress.has_failed());
    }
}
