//! The dialect of a look-alike that differs from OpenAI's in little: requests, answers and chunks pass as they are, and
//! only what must change is changed. What that is, the row says as data: its headers, its finish reasons, and at most
//! one function for each direction. Errors of other shapes become ours (`reported.rs`).
//! The invariant: an answer or a chunk in which nothing is mended keeps its bytes.

use ::http::HeaderMap;
use bytes::Bytes;
use memchr::memmem;
use serde_json::Value;

use super::dialect::{Asked, Context, Dialect, Fault, Made, Translator, WireEvent};
use super::{path, reported};
use crate::body::Body;
use crate::error::Result;

#[derive(Clone, Copy)]
pub struct Passing {
    /// The row's own version, before the endpoint's path.
    pub version: &'static str,
    /// What every request carries, in lower case.
    pub headers: &'static [(&'static str, &'static str)],
    /// Reasons of its own and what OpenAI calls them; they are kept where strict compliance is off.
    pub finish_reasons: &'static [(&'static str, &'static str)],
    /// Changes a request beyond what rules can say.
    pub prepare: Option<fn(&Asked<'_>, &mut Made) -> Result<()>>,
    pub mend: Option<Mend>,
}

/// What is to be changed in an answer or a chunk.
#[derive(Clone, Copy)]
pub struct Mend {
    /// Only a text that holds one of these is looked into.
    pub needles: &'static [&'static str],
    /// True when it changed something.
    pub run: fn(&mut Body<'_>, Manner) -> bool,
}

/// How an answer is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manner {
    /// Nothing that OpenAI's own answers would not have.
    pub strict: bool,
    /// A chunk of a stream.
    pub chunk: bool,
}

/// Nothing changes but the shape of errors.
pub const PASSING: Passing =
    Passing { version: "", headers: &[], finish_reasons: &[], prepare: None, mend: None };

/// The same for servers whose hosts are named with or without `/v1`.
pub static VERSIONED: Passing = Passing { version: "/v1", ..PASSING };

/// The same where the host has the version.
pub static PLAIN: Passing = PASSING;

impl Passing {
    /// The text as it is to be handed on, when that differs.
    fn mended(&self, text: &[u8], manner: Manner) -> Option<Bytes> {
        let holds = |needle: &str| memmem::find(text, needle.as_bytes()).is_some();
        let reasons = manner.strict && self.finish_reasons.iter().any(|(own, _)| holds(own));
        let mend = self.mend.filter(|mend| mend.needles.iter().any(|needle| holds(needle)));
        if !reasons && mend.is_none() {
            return None;
        }
        let mut body = Body::parse(text).ok()?;
        let renamed = reasons && choices(&mut body, |choice| rename_reason(choice, self.finish_reasons));
        let mended = mend.is_some_and(|mend| (mend.run)(&mut body, manner));
        (renamed || mended).then(|| body.to_bytes())
    }
}

/// Lets `change` have every choice; true when one of them changed, and only then the choices are written anew.
pub fn choices(body: &mut Body<'_>, mut change: impl FnMut(&mut Value) -> bool) -> bool {
    let Some(mut list) = body.get("choices").and_then(|raw| serde_json::from_str::<Vec<Value>>(raw).ok())
    else {
        return false;
    };
    let changed = list.iter_mut().map(&mut change).fold(false, |any, one| any | one);
    if changed {
        body.set("choices", Value::Array(list).to_string());
    }
    changed
}

fn rename_reason(choice: &mut Value, reasons: &[(&str, &str)]) -> bool {
    let Some(own) = choice["finish_reason"].as_str() else { return false };
    let Some((_, ours)) = reasons.iter().find(|(name, _)| *name == own) else { return false };
    choice["finish_reason"] = Value::from(*ours);
    true
}

impl Dialect for Passing {
    fn request(&self, asked: &Asked<'_>) -> Result<Made> {
        let mut made = Made {
            path: format!("{}{}", self.version, path::filled(asked.endpoint.path, asked.arguments)?),
            headers: self.headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(),
            body: Bytes::copy_from_slice(asked.body),
            ..Made::default()
        };
        if let Some(prepare) = self.prepare {
            prepare(asked, &mut made)?;
        }
        Ok(made)
    }

    fn answer(&self, context: &Context<'_>, reply: &[u8]) -> std::result::Result<Bytes, String> {
        let manner = Manner { strict: context.strict, chunk: false };
        Ok(self.mended(reply, manner).unwrap_or_else(|| Bytes::copy_from_slice(reply)))
    }

    fn translator(&self, context: &Context<'_>) -> Box<dyn Translator> {
        Box::new(Passes { passing: *self, manner: Manner { strict: context.strict, chunk: true } })
    }

    fn error(&self, _status: u16, headers: &HeaderMap, reply: &[u8]) -> Option<Bytes> {
        reported::in_our_shape(headers, reply)
    }
}

struct Passes {
    passing: Passing,
    manner: Manner,
}

impl Translator for Passes {
    fn event(&mut self, event: WireEvent<'_>, chunks: &mut Vec<Bytes>) -> std::result::Result<(), Fault> {
        let data = event.data.trim_ascii();
        if data.is_empty() || data == b"[DONE]" {
            return Ok(());
        }
        if event.name == Some("error") || is_error(data) {
            return Err(reported::in_stream(data));
        }
        if !data.starts_with(b"{") {
            return Err(Fault::Garbled("an event is no JSON object".to_owned()));
        }
        let mended = self.passing.mended(data, self.manner);
        chunks.push(mended.unwrap_or_else(|| Bytes::copy_from_slice(data)));
        Ok(())
    }

    fn end(&mut self, _chunks: &mut Vec<Bytes>) {}
}

/// Whether an event is an error: it has `error` at its top, and that is something.
fn is_error(data: &[u8]) -> bool {
    memmem::find(data, b"\"error\"").is_some()
        && Body::parse(data).is_ok_and(|body| body.get("error").is_some_and(|error| error != "null"))
}

#[cfg(test)]
mod tests {
    use super::super::dialect::Settings;
    use super::*;

    fn context(strict: bool) -> (Settings, HeaderMap, bool) {
        (Settings::default(), HeaderMap::new(), strict)
    }

    fn whole(passing: &Passing, strict: bool, reply: &str) -> String {
        let (settings, headers, strict) = context(strict);
        let context =
            Context { asked: b"{}", settings: &settings, strict, created: 1, id: "f", headers: &headers };
        let answer = passing.answer(&context, reply.as_bytes()).expect("an answer");
        String::from_utf8(answer.to_vec()).expect("UTF-8")
    }

    fn streamed(
        passing: &Passing,
        data: &[u8],
        name: Option<&str>,
    ) -> std::result::Result<Vec<Bytes>, Fault> {
        let (settings, headers, strict) = context(true);
        let context =
            Context { asked: b"{}", settings: &settings, strict, created: 1, id: "f", headers: &headers };
        let mut chunks = Vec::new();
        passing
            .translator(&context)
            .event(WireEvent { name, data, exception: false }, &mut chunks)
            .map(|()| chunks)
    }

    const REASONS: Passing = Passing { finish_reasons: &[("eos", "stop")], ..PASSING };

    #[test]
    fn a_finish_reason_of_the_provider_s_own_is_renamed_where_strict_compliance_asks_for_it() {
        let reply = r#"{"id":"1","choices":[{"index":0,"finish_reason":"eos"}],"usage":{"n":1.0}}"#;
        assert_eq!(
            whole(&REASONS, true, reply),
            r#"{"id":"1","choices":[{"index":0,"finish_reason":"stop"}],"usage":{"n":1.0}}"#
        );
        assert_eq!(whole(&REASONS, false, reply), reply);
    }

    #[test]
    fn an_answer_in_which_nothing_is_mended_keeps_its_bytes() {
        for reply in
            [r#"{"choices": [ {"message":{"content":"eos"},"finish_reason":"stop"} ]}"#, "[1, 2]", "eos"]
        {
            assert_eq!(whole(&REASONS, true, reply), reply);
        }
    }

    #[test]
    fn chunks_pass_and_what_is_no_chunk_does_not() {
        let chunk = br#"{"choices":[],"usage":{"total_tokens":12},"note":"\"error\"","error":null}"#;
        assert_eq!(streamed(&PLAIN, chunk, None).expect("a chunk"), [Bytes::from_static(chunk)]);
        assert!(streamed(&PLAIN, b" [DONE] ", None).expect("the end").is_empty());
        assert!(matches!(streamed(&PLAIN, b"oops", None), Err(Fault::Garbled(_))));
        assert!(matches!(
            streamed(&PLAIN, br#"{"error":"x"}"#, None),
            Err(Fault::Reported { status: 500, .. })
        ));
        assert!(matches!(
            streamed(&PLAIN, br#"{"message":"x"}"#, Some("error")),
            Err(Fault::Reported { .. })
        ));
    }
}
