//! A record's JSON, written by hand: names as they are, texts looked through once, times to the microsecond. The derived form
//! takes five times the instructions, which were half of all that a record costs.
//! The invariant: it says what the derived form says, in one line (the test below).

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use super::{Entry, Usage};
use crate::escaped::first_escaped;
use crate::observe::{Attempt, Phase};

/// A line in the making.
#[derive(Default)]
pub struct Line(Vec<u8>);

/// So long is a record without contents, as a rule.
const LENGTH: usize = 1 << 10;

/// Numbers up to here are exact in thousandths.
const EXACT: f64 = 9e15;

impl Line {
    pub fn of(entry: &Entry<'_>) -> String {
        let mut line = Self(Vec::with_capacity(LENGTH));
        line.entry(entry);
        String::from_utf8(line.0).expect("JSON is UTF-8")
    }

    /// What is JSON already: names, and what is around them.
    fn put(&mut self, json: &str) {
        self.0.extend_from_slice(json.as_bytes());
    }

    /// A text that needs no look: it was made here. What stands before it ends with its quote.
    fn plain(&mut self, name: &str, text: &str) {
        self.put(name);
        self.put(text);
        self.0.push(b'"');
    }

    fn text(&mut self, name: &str, text: &str) {
        if first_escaped(text.as_bytes()).is_none() {
            return self.plain(name, text);
        }
        self.put(unquoted(name));
        self.derived(&text);
    }

    fn maybe_text(&mut self, name: &str, text: Option<&str>) {
        match text {
            Some(text) => self.text(name, text),
            None => self.nothing(unquoted(name)),
        }
    }

    fn nothing(&mut self, name: &str) {
        self.put(name);
        self.put("null");
    }

    fn whole(&mut self, name: &str, number: u64) {
        self.put(name);
        self.put(itoa::Buffer::new().format(number));
    }

    fn flag(&mut self, name: &str, flag: bool) {
        self.put(name);
        self.put(if flag { "true" } else { "false" });
    }

    /// Milliseconds, to the microsecond.
    fn time(&mut self, name: &str, milliseconds: f64) {
        let thousandths = (milliseconds * 1e3).round();
        if !(0.0..EXACT).contains(&thousandths) {
            return self.number(name, Some(milliseconds));
        }
        let thousandths = thousandths as u64;
        self.whole(name, thousandths / 1_000);
        let mut rest = thousandths % 1_000;
        if rest > 0 {
            self.0.push(b'.');
        }
        while rest > 0 {
            self.0.push(b'0' + (rest / 100) as u8);
            rest = rest % 100 * 10;
        }
    }

    fn maybe_time(&mut self, name: &str, milliseconds: Option<f64>) {
        match milliseconds {
            Some(milliseconds) => self.time(name, milliseconds),
            None => self.nothing(name),
        }
    }

    fn number(&mut self, name: &str, number: Option<f64>) {
        self.put(name);
        self.derived(&number);
    }

    fn derived(&mut self, value: &impl Serialize) {
        serde_json::to_writer(&mut self.0, value).expect("what a record is made of has a JSON form");
    }

    fn entry(&mut self, entry: &Entry<'_>) {
        self.plain("{\"id\":\"", &entry.id);
        self.text(",\"traceId\":\"", &entry.trace_id);
        self.text(",\"spanId\":\"", &entry.span_id);
        self.maybe_text(",\"parentSpanId\":\"", entry.parent_span_id.as_deref());
        self.maybe_text(",\"spanName\":\"", entry.span_name.as_deref());
        self.time(",\"began\":", entry.began);
        self.plain(",\"endpoint\":\"", entry.endpoint);
        self.flag(",\"stream\":", entry.stream);
        self.plain(",\"outcome\":\"", entry.outcome.name());
        self.status(entry.status);
        self.maybe_text(",\"code\":\"", entry.code.as_deref());
        self.plain(",\"provider\":\"", entry.provider);
        self.text(",\"target\":\"", &entry.target);
        self.text(",\"path\":\"", &entry.path);
        self.maybe_text(",\"model\":\"", entry.model.as_deref());
        self.maybe_text(",\"answeredBy\":\"", entry.answered_by.as_deref());
        self.maybe_text(",\"requestId\":\"", entry.request_id.as_deref());
        self.maybe_text(",\"answerId\":\"", entry.answer_id.as_deref());
        self.maybe_time(",\"ms\":{\"firstToken\":", entry.ms.first_token);
        self.time(",\"total\":", entry.ms.total);
        self.number("},\"tokensPerSecond\":", entry.tokens_per_second);
        self.usage(entry.usage.as_ref());
        self.number(",\"cost\":", entry.cost);
        self.maybe_text(",\"cache\":\"", entry.cache);
        self.put(",\"attempts\":[");
        for (at, attempt) in entry.attempts.iter().enumerate() {
            self.attempt(if at == 0 { "{\"target\":\"" } else { ",{\"target\":\"" }, attempt);
        }
        self.texts("],\"changes\":[", entry.changes.iter().map(Cow::as_ref));
        self.texts("],\"failedHooks\":[", entry.failed_hooks.iter().map(String::as_str));
        self.put("],\"metadata\":");
        if entry.metadata.is_empty() {
            self.put("{}");
        } else {
            self.derived(&entry.metadata);
        }
        self.content(entry);
    }

    fn status(&mut self, status: Option<u16>) {
        match status {
            Some(status) => self.whole(",\"status\":", u64::from(status)),
            None => self.nothing(",\"status\":"),
        }
    }

    fn texts<'t>(&mut self, name: &str, texts: impl Iterator<Item = &'t str>) {
        self.put(name);
        for (at, text) in texts.enumerate() {
            self.text(if at == 0 { "\"" } else { ",\"" }, text);
        }
    }

    fn usage(&mut self, usage: Option<&Usage>) {
        let Some(usage) = usage else { return self.nothing(",\"usage\":") };
        self.whole(",\"usage\":{\"input\":", usage.input);
        self.whole(",\"output\":", usage.output);
        self.whole(",\"cached\":", usage.cached);
        self.whole(",\"written\":", usage.written);
        self.whole(",\"reasoning\":", usage.reasoning);
        self.flag(",\"estimated\":", usage.estimated);
        self.put("}");
    }

    fn attempt(&mut self, name: &str, attempt: &Attempt) {
        self.text(name, &attempt.target);
        self.plain(",\"provider\":\"", attempt.provider);
        self.text(",\"url\":\"", &attempt.url);
        self.status(attempt.status);
        self.plain(",\"phase\":\"", name_of(attempt.phase));
        self.maybe_text(",\"code\":\"", attempt.code.as_deref());
        self.maybe_text(",\"retryReason\":\"", attempt.retry_reason.as_deref());
        self.whole(",\"resent\":", u64::from(attempt.resent));
        self.maybe_text(",\"limit\":\"", attempt.limit.as_deref());
        let ms = &attempt.ms;
        self.maybe_time(",\"ms\":{\"limit\":", ms.limit);
        self.maybe_time(",\"queue\":", ms.queue);
        self.maybe_time(",\"connect\":", ms.connect);
        self.maybe_time(",\"headers\":", ms.headers);
        self.maybe_time(",\"firstToken\":", ms.first_token);
        self.maybe_time(",\"total\":", ms.total);
        self.put("}}");
    }

    fn content(&mut self, entry: &Entry<'_>) {
        let Some(content) = &entry.content else { return self.put(",\"content\":null}") };
        self.put(",\"content\":{\"request\":");
        self.put(content.request.as_deref().map_or("null", RawValue::get));
        self.put(",\"answer\":");
        self.put(content.answer.as_deref().map_or("null", RawValue::get));
        self.put("}}");
    }
}

/// What stands before a text, without that one's quote.
fn unquoted(name: &str) -> &str {
    name.strip_suffix('"').unwrap_or(name)
}

fn name_of(phase: Phase) -> &'static str {
    match phase {
        Phase::Limit => "limit",
        Phase::Queue => "queue",
        Phase::Connect => "connect",
        Phase::Headers => "headers",
        Phase::Body => "body",
        Phase::Done => "done",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::observe::Times;
    use crate::record::Record;
    use crate::record::entry::{Content, Ms};
    use crate::record::packed::{Packed, Stored};
    use crate::record::worker::Records;

    /// Times to the microsecond, as records have them.
    fn time() -> impl Strategy<Value = f64> {
        prop_oneof![0_u64..2_000_000_000_000_000, 0_u64..5_000].prop_map(|micros| micros as f64 / 1e3)
    }

    fn attempt() -> impl Strategy<Value = Attempt> {
        let phases = [Phase::Limit, Phase::Queue, Phase::Connect, Phase::Headers, Phase::Body, Phase::Done];
        let times = proptest::collection::vec(proptest::option::of(time()), 6);
        (".{0,20}", proptest::option::of(".{0,20}"), proptest::option::of(0_u16..999), 0_usize..6, times)
            .prop_map(move |(target, code, status, phase, times)| Attempt {
                url: format!("http://{target}").into(),
                provider: "openai",
                retry_reason: code.clone(),
                limit: code.clone(),
                phase: phases[phase],
                ms: Times {
                    limit: times[0],
                    queue: times[1],
                    connect: times[2],
                    headers: times[3],
                    first_token: times[4],
                    total: times[5],
                },
                target: target.into(),
                status,
                code,
                ..Attempt::default()
            })
    }

    proptest! {
        #[test]
        fn every_form_of_a_record_says_the_same(
            texts in proptest::collection::vec(".{0,40}", 4), maybe in proptest::option::of(".{0,40}"),
            (began, total) in (time(), time()), number in proptest::option::of(0.0_f64..1e9),
            attempts in proptest::collection::vec(attempt(), 0..3), stream: bool,
            tokens in proptest::option::of(proptest::collection::vec(0_u64..1 << 40, 5)),
        ) {
            let maybe = maybe.as_deref();
            let content = r#"{"a":["b\n",1]}"#;
            let raw = || serde_json::from_str::<&RawValue>(content).ok().map(Cow::Borrowed);
            let entry = Entry {
                id: "0123456789abcdef".into(),
                trace_id: texts[0].as_str().into(),
                span_id: texts[1].as_str().into(),
                parent_span_id: maybe.map(Cow::Borrowed),
                model: maybe.map(Cow::Borrowed),
                target: texts[2].as_str().into(),
                path: texts[3].as_str().into(),
                status: maybe.map(|text| text.len() as u16),
                changes: texts.iter().map(|text| text.as_str().into()).collect(),
                failed_hooks: texts.clone(),
                metadata: Cow::Owned(texts.iter().map(|text| (text.clone(), text.clone())).collect::<BTreeMap<_, _>>()),
                ms: Ms { first_token: number.map(|_| began), total },
                tokens_per_second: number,
                cost: number,
                usage: tokens.map(|tokens| Usage {
                    input: tokens[0],
                    output: tokens[1],
                    cached: tokens[2],
                    written: tokens[3],
                    reasoning: tokens[4],
                    estimated: stream,
                    cost: None,
                }),
                attempts: attempts.into(),
                content: stream.then(|| Content { request: raw(), answer: None }),
                endpoint: "chat.completions.create",
                began,
                stream,
                ..Entry::default()
            };
            let record = Record::of(&entry);
            let line = record.json();
            prop_assert!(!line.contains('\n'));
            let told: Value = serde_json::from_str(line).expect("JSON");
            let derived: Value = serde_json::from_str(&serde_json::to_string(&entry).expect("JSON")).expect("JSON");
            let told = numbers_alike(told);
            prop_assert_eq!(&told, &numbers_alike(derived));
            let mut packed = Packed::default();
            packed.push(&record);
            let unpacked: Vec<_> = packed.blocks().flat_map(Stored::all).collect();
            prop_assert_eq!(unpacked.len(), 1);
            let (_, json) = &unpacked[0];
            prop_assert_eq!(&numbers_alike(serde_json::from_str(json).expect("JSON")), &told);
        }
    }

    /// 1 and 1.0 are one number.
    fn numbers_alike(value: Value) -> Value {
        match value {
            Value::Number(number) => Value::from(number.as_f64().expect("a number")),
            Value::Array(list) => list.into_iter().map(numbers_alike).collect(),
            Value::Object(object) => {
                object.into_iter().map(|(name, value)| (name, numbers_alike(value))).collect()
            }
            other => other,
        }
    }
}
