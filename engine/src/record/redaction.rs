//! What captured content is to be freed of before any sink gets it: patterns, searched here on a thread of their own, or a
//! function of the caller's, which answers when it gets to it.
//! The invariant: content that was not redacted as asked reaches no sink. Whatever goes wrong, the record goes on without it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::Sinks;
use super::entry::{Content, Entry};
use super::worker::{Batch, Worker, Writer};
use crate::config::Reader;
use crate::hooks::{COVER, Mask};
use crate::panics::caught;

/// How content is redacted, as `captureContent.redact` says it.
#[derive(Clone, Debug, PartialEq)]
pub enum Redaction {
    Patterns(Vec<Pattern>),
    /// By the caller's function of this number.
    Caller(u32),
}

#[derive(Clone)]
pub struct Pattern {
    /// As it was written, which tells it from others.
    written: String,
    finds: Finds,
}

#[derive(Clone)]
enum Finds {
    /// This very text.
    Text(String),
    Expression(Arc<Mask>),
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

impl std::fmt::Debug for Pattern {
    /// A text to be covered is likely a secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a pattern")
    }
}

/// A function of the caller's that redacts content.
pub trait Redactor: Send + Sync {
    /// Gives `then` the content with what was taken out of it, as JSON of the same shape, or `None` where there is to be
    /// none. Dropping `then` says the same.
    fn redact(&self, content: String, then: Then);
}

/// Who waits for content to be redacted.
pub type Then = Box<dyn FnOnce(Option<&str>) + Send>;

/// So much content waits for the caller's function; of further records it is dropped.
const MOST_WAITING: usize = 10_000;
const MOST_BYTES: usize = 64 << 20;

impl Redaction {
    /// Reads `captureContent.redact`: the number of a function, or a list of texts and of `{ regex, flags }`.
    pub fn read(value: &Value, path: &str, reader: &mut Reader) -> Option<Self> {
        match value {
            Value::Number(_) => {
                let number = reader.whole(value, path, 0..=u64::from(u32::MAX))?;
                Some(Self::Caller(number as u32))
            }
            Value::Array(list) if !list.is_empty() => {
                let read = list.iter().enumerate();
                let read = read.map(|(at, one)| Pattern::read(one, &format!("{path}[{at}]"), reader));
                read.collect::<Vec<_>>().into_iter().collect::<Option<Vec<_>>>().map(Self::Patterns)
            }
            _ => {
                reader.problem(path, "expected a function, or a list of regular expressions and texts");
                None
            }
        }
    }
}

impl Pattern {
    fn read(value: &Value, path: &str, reader: &mut Reader) -> Option<Self> {
        let finds = match value {
            Value::String(text) if !text.is_empty() => Finds::Text(text.clone()),
            Value::Object(object) => {
                let part = |name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default();
                match Mask::new(part("regex"), part("flags")) {
                    Ok(mask) => Finds::Expression(Arc::new(mask)),
                    Err(why) => {
                        reader.problem(path, format!("can't be used: {why}"));
                        return None;
                    }
                }
            }
            _ => {
                reader.problem(path, "expected a regular expression, or a text that is not empty");
                return None;
            }
        };
        Some(Self { written: value.to_string(), finds })
    }

    fn covered(&self, text: &str) -> Option<String> {
        match &self.finds {
            Finds::Text(found) => text.contains(found).then(|| text.replace(found, COVER)),
            Finds::Expression(mask) => mask.covered(text),
        }
    }
}

/// Redaction at work, before the sinks.
pub enum Redacting {
    Here(Worker<Entries>),
    Caller { redactor: Arc<dyn Redactor>, waiting: Arc<Waiting> },
}

/// Why a record has no content that was to have it: nobody would have answered any more.
const TOO_LATE: &str = "the content was left out: the process ended before it was redacted";

impl Redacting {
    /// `None` where a function is to redact that nobody has handed in.
    pub fn new(
        redaction: &Redaction,
        redactor: Option<Arc<dyn Redactor>>,
        sinks: &Arc<Sinks>,
    ) -> Option<Self> {
        let sinks = sinks.clone();
        match redaction {
            Redaction::Patterns(patterns) => {
                let covering = Covering { patterns: patterns.clone(), sinks };
                Some(Self::Here(Worker::new("records to be redacted", covering)))
            }
            Redaction::Caller(_) => {
                let waiting = Waiting { sinks, now: Mutex::default(), none: Condvar::new() };
                Some(Self::Caller { redactor: redactor?, waiting: Arc::new(waiting) })
            }
        }
    }

    /// Takes an entry with content; it goes on to the sinks once that is redacted.
    pub fn take(&self, entry: &Entry<'_>) {
        let mut entry = entry.to_owned();
        match self {
            Self::Here(worker) => worker.put(|entries| entries.push(entry)),
            Self::Caller { redactor, waiting } => {
                let content = entry.content.take();
                let content = content.and_then(|content| serde_json::to_string(&content).ok());
                let Some(content) = content else { return waiting.sinks.take(&entry) };
                let Some(stay) = waiting.enter(entry, content.len()) else { return };
                redactor.redact(content, Box::new(move |content| stay.close(content)));
            }
        }
    }

    /// Waits until all that was taken has gone on; false when `limit` runs out first.
    pub fn flush(&self, limit: Duration) -> bool {
        match self {
            Self::Here(worker) => worker.flush(limit),
            Self::Caller { waiting, .. } => waiting.until_none(limit),
        }
    }

    /// What is redacted here goes on, as far as `limit` allows. Where the process ends, what the caller's function has not
    /// answered goes on without content, and says so.
    pub fn end(&self, limit: Duration, ends: bool) {
        match self {
            Self::Here(worker) => drop(worker.flush(limit)),
            Self::Caller { waiting, .. } if ends => waiting.let_go(),
            Self::Caller { .. } => {}
        }
    }

    pub fn dropped(&self) -> u64 {
        match self {
            Self::Here(worker) => worker.dropped(),
            Self::Caller { .. } => 0,
        }
    }
}

/// Entries whose content waits to be redacted here.
#[derive(Default)]
pub struct Entries {
    all: Vec<Entry<'static>>,
    bytes: usize,
}

impl Batch for Entries {
    fn count(&self) -> usize {
        self.all.len()
    }

    fn bytes(&self) -> usize {
        self.bytes
    }

    fn clear(&mut self) {
        self.all.clear();
        self.bytes = 0;
    }
}

impl Entries {
    fn push(&mut self, entry: Entry<'static>) {
        self.bytes += entry.content.as_ref().map_or(0, Content::length);
        self.all.push(entry);
    }
}

/// Entries whose content is with the caller's function.
pub struct Waiting {
    sinks: Arc<Sinks>,
    now: Mutex<Now>,
    none: Condvar,
}

#[derive(Default)]
struct Now {
    last: u64,
    entries: HashMap<u64, Entry<'static>>,
    bytes: usize,
}

/// One entry's stay there: it goes on, whatever becomes of its content.
struct Stay {
    waiting: Arc<Waiting>,
    number: u64,
    bytes: usize,
}

impl Waiting {
    /// Keeps an entry while its content is away; one that there is no room for goes on at once.
    fn enter(self: &Arc<Self>, entry: Entry<'static>, bytes: usize) -> Option<Stay> {
        let mut now = self.lock();
        if now.entries.len() >= MOST_WAITING || now.bytes + bytes > MOST_BYTES {
            drop(now);
            self.sinks.take(&entry);
            return None;
        }
        now.last += 1;
        now.bytes += bytes;
        let number = now.last;
        now.entries.insert(number, entry);
        Some(Stay { waiting: self.clone(), number, bytes })
    }

    fn until_none(&self, limit: Duration) -> bool {
        let waited = self.none.wait_timeout_while(self.lock(), limit, |now| !now.entries.is_empty());
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    fn let_go(&self) {
        let entries = std::mem::take(&mut self.lock().entries);
        for mut entry in entries.into_values() {
            entry.changes.push(TOO_LATE.into());
            self.sinks.take(&entry);
        }
        self.none.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stay {
    fn close(self, content: Option<&str>) {
        self.go_on(content.and_then(Content::read));
    }

    fn go_on(&self, content: Option<Content<'_>>) {
        let entry = self.waiting.lock().entries.remove(&self.number);
        let Some(entry) = entry else { return };
        // Those who wait for it find it with the sinks.
        self.waiting.sinks.take(&Entry { content, ..entry });
        if self.waiting.lock().entries.is_empty() {
            self.waiting.none.notify_all();
        }
    }
}

impl Drop for Stay {
    fn drop(&mut self) {
        self.waiting.lock().bytes -= self.bytes;
        self.go_on(None);
    }
}

/// Covers what patterns find in every text of the content.
struct Covering {
    patterns: Vec<Pattern>,
    sinks: Arc<Sinks>,
}

impl Writer for Covering {
    type Batch = Entries;

    fn write(&mut self, batch: &mut Entries) -> u64 {
        for mut entry in batch.all.drain(..) {
            let covered = entry.content.as_ref().and_then(|content| caught(|| self.covered(content)));
            entry.content = covered.flatten();
            self.sinks.take(&entry);
        }
        0
    }
}

impl Covering {
    fn covered(&self, content: &Content<'_>) -> Option<Content<'static>> {
        let mut value = serde_json::to_value(content).ok()?;
        self.cover(&mut value);
        Content::read(&value.to_string())
    }

    fn cover(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                for pattern in &self.patterns {
                    if let Some(covered) = pattern.covered(text) {
                        *text = covered;
                    }
                }
            }
            Value::Array(list) => list.iter_mut().for_each(|one| self.cover(one)),
            Value::Object(object) => self.cover_fields(object),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// A name may be a secret too, as one of metadata or of a tool's arguments.
    fn cover_fields(&self, object: &mut Map<String, Value>) {
        for (name, mut value) in std::mem::take(object) {
            self.cover(&mut value);
            let mut name = Value::String(name);
            self.cover(&mut name);
            if let Value::String(name) = name {
                object.insert(name, value);
            }
        }
    }
}

impl Content<'_> {
    /// Content in its own JSON; `None` where it is no object with a request or an answer.
    fn read(json: &str) -> Option<Content<'static>> {
        #[derive(Deserialize)]
        struct Read {
            request: Option<Box<RawValue>>,
            answer: Option<Box<RawValue>>,
        }
        let Read { request, answer } = serde_json::from_str(json).ok()?;
        let is_some = request.is_some() || answer.is_some();
        is_some.then(|| Content { request: request.map(Cow::Owned), answer: answer.map(Cow::Owned) })
    }

    fn length(&self) -> usize {
        self.request.iter().chain(&self.answer).map(|raw| raw.get().len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: &Value) -> Result<Option<Redaction>, String> {
        let mut reader = Reader::default();
        let read = Redaction::read(value, "redact", &mut reader);
        let told =
            |problems: Vec<crate::error::Problem>| format!("{}: {}", problems[0].path, problems[0].message);
        reader.done(read).map_err(told)
    }

    fn covered(patterns: &Value, content: &Value) -> Value {
        let Ok(Some(Redaction::Patterns(patterns))) = read(patterns) else { panic!("no patterns") };
        let mut covered = content.clone();
        Covering { patterns, sinks: Arc::default() }.cover(&mut covered);
        covered
    }

    #[test]
    fn patterns_cover_what_they_find_in_every_text() {
        let patterns = json!([{ "regex": "sk-[a-z0-9]+", "flags": "gi" }, "(secret)"]);
        let content = json!({
            "request": { "messages": [{ "content": "my key is SK-abc1, (secret)!" }], "n": 1.5, "sk-xyz": true },
            "answer": { "text": "sk-a and sk-b", "arguments": "{\"key\":\"sk-c\"}" },
        });
        let wanted = json!({
            "request": { "messages": [{ "content": "my key is [REDACTED], [REDACTED]!" }], "n": 1.5, "[REDACTED]": true },
            "answer": { "text": "[REDACTED] and [REDACTED]", "arguments": "{\"key\":\"[REDACTED]\"}" },
        });
        assert_eq!(covered(&patterns, &content), wanted);
    }

    /// Keeps the lines that it gets.
    #[derive(Default)]
    struct Kept(Mutex<Vec<Value>>);

    impl crate::record::Sink for Kept {
        fn take(&self, record: &crate::record::Record<'_>) {
            let line = serde_json::from_str(record.json()).expect("JSON");
            self.0.lock().expect("no panic").push(line);
        }

        fn flush(&self, _: Duration) -> bool {
            true
        }

        fn dropped(&self) -> u64 {
            0
        }
    }

    /// Answers when it is asked to.
    #[derive(Default)]
    struct Later(Mutex<Vec<Then>>);

    impl Redactor for Later {
        fn redact(&self, _: String, then: Then) {
            self.0.lock().expect("no panic").push(then);
        }
    }

    #[test]
    fn what_is_not_redacted_when_the_process_ends_goes_without_content_and_says_so() {
        let (kept, later) = (Arc::<Kept>::default(), Arc::<Later>::default());
        let sinks = Arc::new(Sinks(vec![kept.clone()]));
        let redacting =
            Redacting::new(&Redaction::Caller(1), Some(later.clone()), &sinks).expect("a redactor");
        let content = Content::read(r#"{"request":{"secret":1}}"#);
        redacting.take(&Entry { content, ..Entry::default() });
        // One of its threads ends: another may answer yet.
        redacting.end(Duration::from_secs(10), false);
        assert!(!redacting.flush(Duration::from_millis(1)));
        redacting.end(Duration::from_secs(10), true);
        assert!(redacting.flush(Duration::ZERO));
        let thens = std::mem::take(&mut *later.0.lock().expect("no panic"));
        for then in thens {
            then(Some(r#"{"request":{}}"#));
        }
        let lines = kept.0.lock().expect("no panic").clone();
        assert_eq!(lines.len(), 1, "too late is too late");
        assert_eq!((&lines[0]["content"], &lines[0]["changes"]), (&Value::Null, &json!([TOO_LATE])));
    }

    #[test]
    fn a_text_that_is_too_long_to_search_is_covered_whole() {
        let text = "a".repeat(2 << 20);
        assert_eq!(
            covered(&json!([{ "regex": "x", "flags": "" }]), &json!({ "a": text })),
            json!({ "a": COVER })
        );
    }

    #[test]
    fn what_is_no_redaction_is_told_by_name() {
        assert_eq!(read(&json!(7)), Ok(Some(Redaction::Caller(7))));
        assert!(read(&json!([])).is_err_and(|why| why.starts_with("redact: expected a function")));
        assert!(read(&json!([""])).is_err_and(|why| why.starts_with("redact[0]: expected")));
        let broken = read(&json!(["a", { "regex": "(", "flags": "" }]));
        assert!(broken.is_err_and(|why| why.starts_with("redact[1]: can't be used")));
        let sticky = read(&json!([{ "regex": "a", "flags": "y" }]));
        assert!(sticky.is_err_and(|why| why.contains("flag y")));
    }
}
