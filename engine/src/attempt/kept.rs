//! The cache around an attempt: an answer that is kept already, or the right to keep the one that comes. Nothing that goes
//! wrong here fails a call.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use memchr::memmem;
use serde_json::json;

use super::request::Request;
use crate::answer::{Content, Reached};
use crate::body::Body;
use crate::cache::{self, Entry, Hit, Identity, Key, Lead, Look, Mode, Place, Recording, Status, Subject};
use crate::call::{Call, CallOptions};
use crate::clock::before;
use crate::config::{Caching, Target, Trace};
use crate::embeddings::Floats;
use crate::endpoint::{EMBEDDINGS, ENDPOINTS};
use crate::engine::Context;
use crate::events::{Event, Events};
use crate::observe::Report;

/// How long a call waits for its question's vector: what takes longer costs more than it may save.
const PATIENCE: Duration = Duration::from_secs(5);

/// The right to keep a call's answer, and with it the duty to tell those who wait for it.
pub struct Keep {
    lead: Lead,
    max_age: Duration,
    recording: Recording,
}

/// What the cache has for a call.
pub enum Found {
    Hit(Arc<Entry>),
    /// Nothing, or nothing that is wanted.
    Miss(Option<Keep>),
}

/// Asks the cache of `target` for an answer to `request`, and tells the report.
pub async fn look(
    context: &Context,
    target: &Target,
    caching: &Caching,
    call: &Call,
    request: &Request<'_>,
    report: &mut Report,
) -> Found {
    let manner = request.manner() + &caching.passed;
    let identity = Identity {
        call: call.endpoint.call,
        provider: target.provider.name(),
        url: request.way.url.as_str(),
        socket: target.base_url.socket().map(AsRef::as_ref),
        tenant: caching.tenant,
        manner: &manner,
    };
    let key = Key::of(&identity, request.question())
        .filter(|_| cache::cacheable(call.endpoint.call) && !changes_something(request.question()));
    let Some(key) = key else { return Found::Miss(None) };
    let keep = |lead: Lead| {
        let recording = Recording::new(lead.limit());
        Found::Miss(Some(Keep { lead, max_age: caching.policy.max_age, recording }))
    };
    let cache = &context.memory.cache;
    if caching.refresh {
        report.cache = Some(Status::Refresh);
        let mut lead = cache.refresh(&key);
        if let (Mode::Semantic(semantic), Some(place)) =
            (&caching.policy.mode, place(context, caching, &identity, request).await)
        {
            lead.lies_at(place, Some(semantic.threshold));
        }
        return keep(lead);
    }
    let mut lead = match cache.look(&key).await {
        Look::Hit(hit) => return found(hit, report),
        Look::Lead(lead) => lead,
    };
    report.cache = Some(Status::Miss);
    if let Mode::Semantic(semantic) = &caching.policy.mode {
        report.cache = Some(Status::SemanticMiss);
        if let Some(place) = place(context, caching, &identity, request).await {
            if let Some(hit) = cache.similar(&place, semantic.threshold).await {
                lead.share(hit.clone());
                return found(hit, report);
            }
            lead.lies_at(place, None);
        }
    }
    keep(lead)
}

/// Whether a call does more than being answered: it adds to a conversation that the provider keeps, or goes on after it.
fn changes_something(body: &[u8]) -> bool {
    // A name may be spelled with escapes.
    let may_have = |words: &[u8]| memmem::find(body, words).is_some();
    if !may_have(b"\"conversation\"") && !may_have(b"\"background\"") && !may_have(b"\\u") {
        return false;
    }
    let Ok(body) = Body::parse(body) else { return false };
    let is_set = |name: &str| body.get(name).is_some_and(|json| !matches!(json, "null" | "false"));
    ["conversation", "background"].into_iter().any(is_set)
}

fn found(hit: Hit, report: &mut Report) -> Found {
    report.cache = Some(hit.status());
    Found::Hit(hit.entry)
}

/// Where the call's question lies among others, as the embeddings target sees it.
async fn place(
    context: &Context,
    caching: &Caching,
    identity: &Identity<'_>,
    request: &Request<'_>,
) -> Option<Place> {
    let target = caching.embeddings.as_ref()?;
    let subject = Subject::of(request.question())?;
    let call = Call {
        endpoint: ENDPOINTS.iter().find(|row| row.call == EMBEDDINGS)?,
        arguments: Vec::new(),
        body: Bytes::from(json!({ "input": subject.text }).to_string()),
        form: None,
        stream: false,
        params: None,
        options: CallOptions::default(),
    };
    let mut aside = Report::new(&Trace::default());
    let deadline = Some(context.clock.now() + PATIENCE);
    let sent = before(deadline, Box::pin(super::send(context, target, &call, &mut aside))).await;
    let reached = sent?.ok()?;
    let Content::Vectors(vectors) = reached.content else { return None };
    let vector: Vec<f32> = match vectors.floats {
        Floats::Single(floats) => floats,
        Floats::Double(floats) => floats.into_iter().map(|float| float as f32).collect(),
    };
    let embedder = format!("{} {:?}", target.base_url.shown(), target.params.model());
    subject.place(identity, &embedder, &vector)
}

impl Keep {
    /// Keeps a whole answer, if it is complete.
    pub fn store(self, status: u16, content_type: Option<String>, text: &Bytes) {
        if !cache::is_complete(text) {
            return self.failed();
        }
        let entry = Entry { status, content_type, content: cache::Content::Whole(text.clone()) };
        self.lead.store(entry, self.max_age);
    }

    /// Notes a stream's events as they are handed out.
    pub fn note(&mut self, events: &[Event]) {
        self.recording.note(events);
    }

    /// Those who wait for the answer make the call themselves.
    pub fn let_others_go(&mut self) {
        self.lead.release();
    }

    /// The stream is whole.
    pub fn finish(self, status: u16, content_type: Option<String>) {
        match self.recording.finish(status, content_type) {
            Some(entry) => self.lead.store(entry, self.max_age),
            None => self.lead.failed(),
        }
    }

    /// There is no answer to keep.
    pub fn failed(self) {
        self.lead.failed();
    }
}

/// A kept answer, as if it had just come.
pub fn replay(entry: &Entry, target: &Arc<Target>, request: &Request<'_>) -> Reached {
    let content = match &entry.content {
        cache::Content::Whole(text) => Content::Whole(text.clone()),
        cache::Content::Events(events) => {
            let streamed = request.streamed();
            Content::Events(Box::new(Events::kept(
                target.clone(),
                request.way.shown.clone(),
                streamed,
                events.clone(),
            )))
        }
    };
    let kind = entry.content_type.as_deref().and_then(|kind| kind.parse().ok());
    let headers = kind.map(|kind| (::http::header::CONTENT_TYPE, kind)).into_iter().collect();
    Reached { status: entry.status, headers, content }
}
