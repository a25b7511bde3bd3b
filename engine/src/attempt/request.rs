//! The request that a target gets: the caller's body with the config's parameters in it, in the target's dialect, the URL
//! and the headers.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::SystemTime;

use ::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use bytes::Bytes;

use super::token::Credential;
use super::usage;
use crate::body::Body;
use crate::call::Call;
use crate::clock::new_id;
use crate::config::{Target, Way};
use crate::embeddings::{self, Encoding};
use crate::endpoint::{CHAT, EMBEDDINGS, Gives, Streamed};
use crate::error::{Error, Problem, Result};
use crate::front::Front;
use crate::http::{Payload, Wire};
use crate::observe::Report;
use crate::provider::Unsigned;
use crate::provider::dialect::{self, Asked, Context, Dialect};
use crate::provider::repairs::Repairs;
use crate::realtime;
use crate::upload::Made;

/// Tells a gateway how long a recording plays.
const AUDIO_DURATION: HeaderName = HeaderName::from_static("x-portkey-audio-file-duration");

pub struct Request<'c> {
    target: &'c Target,
    call: &'c Call,
    /// Where the target's differs from ours.
    pub dialect: Option<&'static dyn Dialect>,
    /// The body in our shape, where a dialect has made another of it.
    asked: Bytes,
    method: Method,
    headers: Vec<(&'static str, String)>,
    pub body: Bytes,
    pub encoding: Encoding,
    pub way: Arc<Way>,
    /// For answers without an identifier of their own.
    id: String,
    /// Whether an answer may hold what OpenAI's own would not have.
    extras: bool,
    /// It asks for a stream's usage, which the caller does not.
    pub asks_usage: bool,
}

impl<'c> Request<'c> {
    /// `body` is the caller's, with parameters and checks applied. What cannot be asked of the target in its dialect is an
    /// error; another target may understand it.
    pub fn new(
        target: &'c Target,
        call: &'c Call,
        body: Bytes,
        extras: bool,
        report: &mut Report,
    ) -> Result<Self> {
        let endpoint = call.endpoint;
        if endpoint.is_generic() {
            return Self::plain(target, call, body, report);
        }
        if endpoint.is_session() {
            let url = realtime::url(target, call, &body, report).map_err(unsupported)?;
            return Ok(Self::bare(target, call, target.way_to(url), Bytes::new()));
        }
        if !target.provider.has(endpoint) && Front::of(endpoint).is_none() {
            let message = format!("{} has no {}", target.provider.name(), endpoint.call);
            return Err(Error::problem("provider", message).with_code(UNSUPPORTED));
        }
        let adapted = target.provider.adapt(endpoint, &body, target.strict_params).map_err(unsupported)?;
        let body = match adapted {
            Some((adapted, changes)) => {
                report.changes.extend(changes);
                adapted
            }
            None => body,
        };
        let request = match target.provider.dialect(endpoint) {
            Some(dialect) => Self::translated(dialect, target, call, body, report),
            None => Self::plain(target, call, body, report),
        };
        request.map(|request| Self { extras, ..request })
    }

    fn plain(target: &'c Target, call: &'c Call, body: Bytes, report: &mut Report) -> Result<Self> {
        let way = target.way(call.endpoint, &call.arguments, call.options.query.as_deref())?;
        let mut request = Self::bare(target, call, way, body);
        if call.endpoint.call == EMBEDDINGS {
            let (asked, wire) = embeddings::prepare(&request.body);
            request.encoding = asked;
            if let Some(wire) = wire.filter(|_| target.provider.knows_base64_embeddings()) {
                request.body = wire;
                report.changes.push("encoding_format: base64 was asked for, to be decoded here".to_owned());
            }
        }
        Ok(request)
    }

    /// The request as it is, before anything is made of it.
    fn bare(target: &'c Target, call: &'c Call, way: Arc<Way>, body: Bytes) -> Self {
        Self {
            target,
            call,
            dialect: None,
            asked: Bytes::new(),
            method: call.endpoint.method.clone(),
            headers: Vec::new(),
            body,
            encoding: Encoding::Other,
            way,
            id: String::new(),
            extras: false,
            asks_usage: false,
        }
    }

    fn translated(
        dialect: &'static dyn Dialect,
        target: &'c Target,
        call: &'c Call,
        body: Bytes,
        report: &mut Report,
    ) -> Result<Self> {
        let asked = Asked {
            endpoint: call.endpoint,
            arguments: &call.arguments,
            body: &body,
            stream: call.stream,
            settings: &target.settings,
            custom_host: target.is_custom,
        };
        let dialect::Made { method, path, headers, body: wire, changes } =
            dialect.request(&asked).map_err(unsupported)?;
        if target.strict_params
            && let Some(loss) = changes.iter().find_map(|change| loss(change, &body))
        {
            return Err(unsupported(Error::config(vec![loss])));
        }
        report.changes.extend(changes);
        let url = target.join(&path, call.options.query.as_deref())?;
        let encoding =
            if call.endpoint.call == EMBEDDINGS { embeddings::asked(&body) } else { Encoding::Other };
        Ok(Self {
            target,
            call,
            dialect: Some(dialect),
            asked: body,
            method: method.unwrap_or_else(|| call.endpoint.method.clone()),
            headers,
            body: wire,
            encoding,
            way: target.way_to(url),
            id: new_id(),
            extras: false,
            asks_usage: false,
        })
    }

    /// The body in our shape. A dialect reads an answer by it too, so that two that are the same on the wire may differ.
    pub fn question(&self) -> &Bytes {
        if self.dialect.is_some() { &self.asked } else { &self.body }
    }

    /// Whether it failed, and may have done so only because it asks for a stream's usage.
    pub fn may_be_refused<T>(&self, answered: &Result<T>) -> bool {
        let error = answered.as_ref().err().filter(|_| self.asks_usage);
        error.is_some_and(|error| usage::may_be_refused(self.target, error))
    }

    /// What the events of a streamed answer are.
    pub fn streamed(&self) -> Streamed {
        self.call.endpoint.streamed
    }

    /// How an answer is asked for and read, beside the body, where there is more than one way.
    pub fn manner(&self) -> String {
        let read = match self.dialect {
            Some(_) => format!("extras {} {:?}\n", self.extras, self.headers),
            None => String::new(),
        };
        if self.is_repaired() { read + "repairs\n" } else { read }
    }

    fn is_repaired(&self) -> bool {
        self.target.repairs && self.call.endpoint.call == CHAT
    }

    /// The repairs of the answer to come, where the target's are wanted.
    pub fn repairs(&self) -> Option<Box<Repairs>> {
        self.is_repaired().then(|| Box::new(Repairs::new(&new_id())))
    }

    /// What a reply with these headers is read with.
    pub fn context<'r>(&'r self, headers: &'r HeaderMap, now: SystemTime) -> Context<'r> {
        let since = now.duration_since(SystemTime::UNIX_EPOCH);
        Context {
            asked: &self.asked,
            settings: &self.target.settings,
            strict: !self.extras,
            created: since.map_or(0, |since| since.as_secs()),
            id: &self.id,
            headers,
        }
    }

    /// The request as it goes out now. `granted` is the credential where that is a short-lived one.
    /// `form` is the body as it was made for this one sending, where the call has files.
    pub fn wire(&self, granted: Option<Credential>, form: Option<Made>, now: SystemTime) -> Result<Wire> {
        let mut headers = self.headers(form.as_ref())?;
        let mut settings = Cow::Borrowed(&self.target.settings);
        match granted {
            Some(Credential::Authorization(token)) => {
                Arc::make_mut(&mut headers).insert(header::AUTHORIZATION, token);
            }
            Some(Credential::Settings(own)) => settings = Cow::Owned(own),
            None => {}
        }
        let unsigned =
            Unsigned { method: &self.method, url: &self.way.url, headers: &headers, body: &self.body };
        let signature = self.target.provider.sign(&unsigned, &settings, now)?;
        if !signature.is_empty() {
            Arc::make_mut(&mut headers).extend(signature);
        }
        Ok(Wire {
            method: self.method.clone(),
            url: self.way.url.clone(),
            headers,
            body: match form {
                Some(form) => Payload::Upload(Box::new(form.outgoing)),
                None => self.body.clone().into(),
            },
            socket: self.target.base_url.socket().cloned(),
            route: self.target.route.clone(),
            connect: self.target.clocks.connect,
            upgrade: self.call.endpoint.is_session(),
        })
    }

    /// The headers, without what a credential adds to them.
    fn headers(&self, form: Option<&Made>) -> Result<Arc<HeaderMap>> {
        if form.is_some() || self.body.is_empty() || !self.headers.is_empty() {
            return self.own_headers(form).map(Arc::new);
        }
        let kept = &self.way.headers[usize::from(self.call.stream)];
        match kept.get() {
            Some(headers) => Ok(headers.clone()),
            None => self.own_headers(None).map(|headers| kept.get_or_init(|| Arc::new(headers)).clone()),
        }
    }

    fn own_headers(&self, form: Option<&Made>) -> Result<HeaderMap> {
        let mut headers = self.target.headers.clone();
        let stream = self.call.stream;
        for (name, value) in &self.headers {
            let value = HeaderValue::from_str(value);
            let value = value.map_err(|_| Error::problem(*name, "holds what no header can"))?;
            headers.entry(HeaderName::from_static(name)).or_insert(value);
        }
        let endpoint = self.call.endpoint;
        for (name, value) in endpoint.headers {
            add(&mut headers, &HeaderName::from_static(name), value);
        }
        add(&mut headers, &header::ACCEPT, if stream { "text/event-stream" } else { endpoint.accepts() });
        if let Some(form) = form {
            // Nobody else knows the boundary.
            let kind = HeaderValue::from_str(&form.content_type).expect("a boundary is plain text");
            headers.insert(header::CONTENT_TYPE, kind);
            if let Some(duration) = form.duration {
                headers.entry(AUDIO_DURATION).or_insert_with(|| HeaderValue::from(duration));
            }
        } else if !self.body.is_empty() {
            add(&mut headers, &header::CONTENT_TYPE, "application/json");
        }
        // A compressed stream comes in lumps, each after many events; bytes are handed on as they are.
        let as_it_is = stream || endpoint.gives == Gives::Bytes;
        add(&mut headers, &header::ACCEPT_ENCODING, if as_it_is { "identity" } else { "gzip" });
        Ok(headers)
    }
}

/// The code of an error that another target's dialect may not have.
pub const UNSUPPORTED: &str = "unsupported";

pub fn unsupported(error: Error) -> Error {
    if error.facts().code.is_some() { error } else { error.with_code(UNSUPPORTED) }
}

/// What a change takes away from the caller's parameters; another name for the same thing is no loss, nor is a value that
/// the caller left out.
pub fn loss(change: &str, body: &[u8]) -> Option<Problem> {
    const WAYS_OUT: &str = "leave it out, or turn strictParams off";
    if let Some((what, rest)) = change.split_once(" was dropped") {
        let why = rest.split_once(": ").map_or(rest, |(_, why)| why);
        let path = if what.contains(' ') { "body.messages".to_owned() } else { format!("body.{what}") };
        let what = if what.contains(' ') { format!("{what} would be dropped: ") } else { String::new() };
        return Some(Problem { path, message: format!("{what}{why}; {WAYS_OUT}") });
    }
    let (name, value) = change.split_once(" was set to ")?;
    // A value without a reason is one that an option gives.
    let (_, why) = value.split_once(": ").or_else(|| value.split_once(", "))?;
    let fields = Body::parse(body).ok()?;
    fields.get(name).filter(|given| *given != "null")?;
    Some(Problem { path: format!("body.{name}"), message: format!("{why}; {WAYS_OUT}") })
}

/// The caller's body with the config's parameters in it.
pub fn with_params(target: &Target, call: &Call, report: &mut Report) -> Result<Bytes> {
    if target.params.is_empty() || !call.endpoint.takes_params() {
        return Ok(call.body.clone());
    }
    let mut body = Body::parse(&call.body).map_err(|_| Error::problem("body", "expected a JSON object"))?;
    target.params.apply(&mut body, &mut report.changes);
    Ok(body.to_bytes())
}

/// Adds a header that nothing has set.
fn add(headers: &mut HeaderMap, name: &HeaderName, value: &'static str) {
    if !headers.contains_key(name) {
        headers.insert(name.clone(), HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(change: &str, body: &str) -> Option<String> {
        loss(change, body.as_bytes()).map(|problem| format!("{}: {}", problem.path, problem.message))
    }

    #[test]
    fn what_a_dialect_drops_or_changes_of_the_callers_parameters_is_a_loss() {
        let ways_out = "leave it out, or turn strictParams off";
        let cases = [
            ("seed was dropped: it has none", "{\"seed\":1}", "body.seed: it has none"),
            (
                "a part of a message was dropped: it takes texts",
                "{}",
                "body.messages: a part of a message would be dropped: it takes texts",
            ),
            (
                "temperature was set to 1: it takes 0 to 1",
                "{\"temperature\":2}",
                "body.temperature: it takes 0 to 1",
            ),
        ];
        for (change, body, wanted) in cases {
            assert_eq!(told(change, body), Some(format!("{wanted}; {ways_out}")));
        }
    }

    #[test]
    fn other_names_and_values_that_were_left_out_are_no_loss() {
        assert_eq!(told("max_completion_tokens was sent as max_tokens", "{}"), None);
        assert_eq!(told("max_tokens was set to 4096: it needs a limit", "{}"), None);
        assert_eq!(told("max_tokens was set to 4096: it needs a limit", "{\"max_tokens\":null}"), None);
        assert_eq!(
            told("stream_options was left out: it sends usage anyway", "{\"stream_options\":{}}"),
            None
        );
        assert_eq!(told("model was set to azure_deployment_id", "{\"model\":\"m\"}"), None);
    }
}
