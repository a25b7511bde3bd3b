//! A call in a front format that its target does not speak: it becomes a chat before anything else is done with it, so that
//! rules, hooks, the cache, retries and the commit gate see a chat; what comes of that becomes the format's own again.

use ::http::Method;
use bytes::Bytes;

use super::request::{UNSUPPORTED, loss, unsupported};
use crate::answer::{Content, Reached};
use crate::body::Body;
use crate::call::{Call, CallOptions};
use crate::clock::new_id;
use crate::config::Target;
use crate::engine::Context;
use crate::error::{Error, Result};
use crate::events::Fronting;
use crate::explain::Place;
use crate::front::{self, Asked, Beyond, Front};
use crate::observe::Report;

pub struct Fronted {
    front: Front,
    /// The caller's body, with the config's parameters in it.
    asked: Bytes,
    streamed: crate::endpoint::Streamed,
    id: String,
    created: u64,
    pub chat: Call,
}

impl Fronted {
    /// `None` for a call that its target takes as it is. `body` is the caller's, with the config's parameters in it.
    pub fn of(
        context: &Context,
        target: &Target,
        call: &Call,
        body: &Bytes,
        report: &mut Report,
    ) -> Result<Option<Self>> {
        let Some(front) = Front::of(call.endpoint) else { return Ok(None) };
        let provider = target.provider;
        if provider.has_natively(call.endpoint, &target.settings, body) {
            return Ok(None);
        }
        let endpoint = front::chat();
        if !provider.has(endpoint) {
            let message =
                format!("{} has no {}, and no chats to make one of", provider.name(), call.endpoint.call);
            return Err(Error::problem("provider", message).with_code(UNSUPPORTED));
        }
        let dialect = provider.dialect(endpoint);
        let beyond = dialect.is_some_and(|dialect| dialect.goes_beyond(&target.settings, body));
        let beyond = if beyond { Beyond::OpenAi } else { Beyond::Nothing };
        let asked = body.clone();
        let front::Chat { mut body, mut changes } = front.to_chat(&asked, beyond).map_err(unsupported)?;
        if limits_by_newer_name(target, &body) {
            body = renamed_limit(&body, &mut changes);
        }
        if target.strict_params
            && let Some(loss) = changes.iter().find_map(|change| loss(change, &asked))
        {
            return Err(unsupported(Error::config(vec![loss])));
        }
        report.changes.push(format!("{} was sent as a chat", call.endpoint.call));
        report.changes.extend(changes);
        let CallOptions { query, timeout, max_retries, .. } = &call.options;
        let options = CallOptions {
            headers: Vec::new(),
            query: query.clone(),
            timeout: *timeout,
            max_retries: *max_retries,
            // The call has its place in a trace already.
            given: None,
        };
        let chat = Call {
            endpoint,
            arguments: Vec::new(),
            body,
            stream: call.stream,
            params: None,
            options,
            form: None,
        };
        let since = context.clock.wall().duration_since(std::time::SystemTime::UNIX_EPOCH);
        Ok(Some(Self {
            front,
            asked,
            streamed: call.endpoint.streamed,
            id: new_id(),
            created: since.map_or(0, |since| since.as_secs()),
            chat,
        }))
    }

    /// What the chat reached, in the front's format.
    pub fn back(&self, target: &Target, reached: Reached, report: &mut Report) -> Result<Reached> {
        let Reached { status, headers, content } = reached;
        let asked = Asked { body: &self.asked, id: &self.id, created: self.created };
        let content = match content {
            Content::Whole(text) => match self.front.answer(&text, asked) {
                Ok(answer) => Content::Whole(with_hook_results(answer, &text)),
                Err(why) => {
                    let url = report.attempts.last().map_or("the cache", |attempt| &*attempt.url);
                    let place = Place { method: Method::POST.as_str(), url, query: None, target };
                    return Err(self.shaped(place.garbled(status, &why, headers, text)));
                }
            },
            Content::Events(mut events) => {
                let reader = self.front.reader(asked);
                events.behind(Fronting::new(self.front, reader, self.streamed));
                Content::Events(events)
            }
            other @ (Content::Vectors(_) | Content::Text(_) | Content::Bytes(_) | Content::Session(_)) => {
                other
            }
        };
        Ok(Reached { status, headers, content })
    }

    /// The error with its body in the front's format.
    pub fn shaped(&self, error: Error) -> Error {
        Fronting::reshaped(self.front, error)
    }
}

/// OpenAI's own reasoning models refuse the older name of the limit, and all of its chats know the newer one.
fn limits_by_newer_name(target: &Target, chat: &[u8]) -> bool {
    target.provider.limits_by_newer_name() && (!target.is_custom || is_reasoning_model(chat))
}

fn is_reasoning_model(chat: &[u8]) -> bool {
    let model =
        Body::parse(chat).ok().and_then(|chat| serde_json::from_str::<String>(chat.get("model")?).ok());
    model.is_some_and(|model| ["o1", "o3", "o4", "gpt-5"].iter().any(|name| model.starts_with(name)))
}

fn renamed_limit(chat: &Bytes, changes: &mut Vec<String>) -> Bytes {
    let Ok(mut fields) = Body::parse(chat) else { return chat.clone() };
    let Some(limit) = fields.get("max_tokens").map(str::to_owned) else { return chat.clone() };
    fields.remove("max_tokens");
    fields.set("max_completion_tokens", limit);
    changes.push("max_tokens was sent as max_completion_tokens".to_owned());
    fields.to_bytes()
}

/// `answer` with what the config's hooks said of the chat.
fn with_hook_results(answer: Bytes, chat: &Bytes) -> Bytes {
    let results = Body::parse(chat).ok().and_then(|chat| chat.get("hook_results").map(str::to_owned));
    let (Some(results), Ok(mut fields)) = (results, Body::parse(&answer)) else { return answer };
    fields.set("hook_results", results);
    fields.to_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openai_s_reasoning_models_are_known_by_their_names() {
        for model in ["o1", "o3-mini", "o4-mini-2025-04-16", "gpt-5", "gpt-5.6-sol"] {
            assert!(is_reasoning_model(format!(r#"{{"model":"{model}"}}"#).as_bytes()), "{model}");
        }
        for body in [r#"{"model":"gpt-4o"}"#, r#"{"model":"llama-o3"}"#, r#"{"model":7}"#, "{}"] {
            assert!(!is_reasoning_model(body.as_bytes()), "{body}");
        }
    }

    #[test]
    fn a_limit_changes_its_name_and_nothing_else_does() {
        let mut changes = Vec::new();
        let chat = Bytes::from_static(br#"{"model":"o3","max_tokens":5,"n":1.0}"#);
        assert_eq!(renamed_limit(&chat, &mut changes), r#"{"model":"o3","n":1.0,"max_completion_tokens":5}"#);
        assert_eq!(changes, ["max_tokens was sent as max_completion_tokens"]);
        let without = Bytes::from_static(br#"{"model": "o3"}"#);
        assert_eq!(renamed_limit(&without, &mut changes), without);
        assert_eq!(changes.len(), 1);
    }

    #[test]
    fn what_hooks_said_of_the_chat_stands_in_the_answer() {
        let answer = Bytes::from_static(br#"{"type":"message"}"#);
        let chat = Bytes::from_static(br#"{"choices":[],"hook_results":{"a":1}}"#);
        assert_eq!(with_hook_results(answer.clone(), &chat), r#"{"type":"message","hook_results":{"a":1}}"#);
        assert_eq!(with_hook_results(answer.clone(), &Bytes::from_static(b"{}")), answer);
    }
}
