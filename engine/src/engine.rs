//! From what was asked to what is answered: page one of the story.
//! Options and config become a plan, the plan's tree is walked, and the report tells what happened.

use std::sync::Arc;
use std::time::Duration;

use ::http::HeaderMap;
use serde_json::{Map, Value};

use crate::answer::{Answer, Content, Reached};
use crate::cache::Health as CacheState;
use crate::call::{Call, Headers};
use crate::clock::{Clock, Instant, SystemClock, before};
use crate::config::{Options, Plan, option_of_header, overlay};
use crate::endpoint::Plane;
use crate::error::{Error, Kind, Result};
use crate::explain;
use crate::headers::fold;
use crate::health::check;
use crate::http::{Network, Transport};
use crate::limit::LevelSeen;
use crate::memory::{Fault, Memory};
use crate::observe::{Report, TargetSeen};
use crate::realtime;
use crate::record::{self, End, Fare, Flushed, Listeners, Recorder, Recording, feedback};
use crate::route;
use crate::secret::Secret;
use crate::telemetry::Tracing;

/// Options that no call can bring for itself.
const OF_CLIENTS: &[&str] = &["cacheStore", "captureContent", "egress", "limits", "logs", "onRecord", "otel"];

/// A client: its options are read once and never change.
pub struct Engine {
    options: Map<String, Value>,
    plan: Arc<Plan>,
    context: Context,
    recorder: Option<Arc<Recorder>>,
    records: record::Settings,
}

/// What a call works with: the doors to the network and to time, and its own deadline.
#[derive(Clone)]
pub struct Context {
    pub transport: Arc<dyn Transport>,
    pub clock: Arc<dyn Clock>,
    pub memory: Arc<Memory>,
    pub deadline: Option<Instant>,
}

/// A call that failed, with what happened until then.
pub struct Failed {
    pub error: Error,
    pub report: Box<Report>,
}

impl Engine {
    /// A client with `options`, a JSON object. Every problem with them is told at once.
    /// `listeners` are functions of the caller's that its options name by number (`onRecord`).
    pub fn new(options: &Map<String, Value>, listeners: Listeners) -> Result<Self> {
        let mut made = Self::with_doors(options, Network::shared(), Arc::new(SystemClock), None)?;
        made.record(listeners)?;
        Ok(made)
    }

    /// A client with `options`, given whole, that remembers what this one does, and records where it does if that is the same.
    pub fn with_options(&self, options: &Map<String, Value>, listeners: Listeners) -> Result<Self> {
        let Context { transport, clock, memory, .. } = self.context.clone();
        let mut made = Self::with_doors(options, transport, clock, Some(&memory))?;
        if made.records == self.records {
            made.recorder.clone_from(&self.recorder);
        } else {
            made.record(listeners)?;
        }
        Ok(made)
    }

    pub(crate) fn with_doors(
        options: &Map<String, Value>,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        derived_from: Option<&Arc<Memory>>,
    ) -> Result<Self> {
        let options = overlay(&Map::new(), options);
        let read = Options::read(&options).map_err(Error::config)?;
        let memory = Memory::of(&read, derived_from, &clock).map_err(Error::config)?;
        let plan = Plan::new(&read, &[], &memory).map_err(Error::config)?;
        let context = Context { transport, clock, memory, deadline: None };
        Ok(Self { options, plan: Arc::new(plan), context, recorder: None, records: read.records })
    }

    /// Opens the places that its options name for records.
    fn record(&mut self, listeners: Listeners) -> Result<()> {
        let (plan, clock) = (Arc::downgrade(&self.plan), self.context.clock.clone());
        let watch = move || plan.upgrade().map(|plan| fare(&plan, clock.now()));
        self.recorder = Recorder::new(&self.records, listeners, Box::new(watch))
            .map_err(|problem| Error::config(vec![problem]))?;
        Ok(())
    }

    /// Sends one call. Dropping the future closes the connection.
    pub async fn send(&self, mut call: Call) -> std::result::Result<Answer, Failed> {
        if feedback::is_feedback(&call) && self.keeps_feedback(&call) {
            return self.feedback(call).await;
        }
        let (plan, memory) = match self.plan_of(&call) {
            Ok(planned) => planned,
            Err(error) => return Err(Failed { error, report: Report::new(&self.plan.trace) }),
        };
        let mut report = Report::new(&plan.trace);
        let telemetry = self.recorder.as_ref().and_then(|recorder| recorder.telemetry.as_deref());
        report.join(Tracing::begin(&plan.trace, call.options.given.as_ref(), telemetry));
        report.recording = self
            .recorder
            .clone()
            .map(|recorder| Box::new(Recording::open(recorder, &call, plan.keeps_content)));
        let limit = call.options.timeout.or(plan.total).or(realtime::longest_opening(call.endpoint));
        let limit = limit.filter(|limit| !limit.is_zero());
        let began = self.context.clock.now();
        memory.began_call();
        let context = Context { deadline: limit.map(|limit| began + limit), memory, ..self.context.clone() };
        call.options.timeout = limit;
        for target in &plan.watched {
            check::look_after(&context, target);
        }
        let walked = before(context.deadline, route::send(&context, &plan.root, &call, &mut report)).await;
        match walked {
            Some(Ok(Reached { status, headers, content })) => {
                if let Some(end) = End::of(status, &content) {
                    report.close(&end);
                }
                Ok(Answer { status, headers, report, content })
            }
            Some(Err(error)) => {
                Fault::forgive_alike(std::mem::take(&mut report.faults));
                let error = if report.body_is_spent() { explain::sent_once(error) } else { error };
                report.close(&End::Failed(&error));
                Err(Failed { error, report })
            }
            None => {
                let elapsed = self.context.clock.now() - began;
                let error = explain::out_of_time(&report, limit.unwrap_or_default(), elapsed);
                report.close(&End::Failed(&error));
                Err(Failed { error, report })
            }
        }
    }

    /// Whether feedback is on calls that this process makes: no gateway knows those. A client that has Portkey's key and no
    /// database for records has always sent it there.
    fn keeps_feedback(&self, call: &Call) -> bool {
        let params = call.params.clone().unwrap_or_default();
        let says = |option: &str| self.options.contains_key(option) || params.contains_key(option);
        let mut headers = call.options.headers.iter();
        let has_key =
            says("apiKey") || headers.any(|(name, _)| name.eq_ignore_ascii_case("x-portkey-api-key"));
        let is_local = self.plan.root.targets().iter().any(|target| target.gateway.is_none());
        let goes_nowhere = !self.plan.missing.is_empty();
        is_local
            && !self.is_remote(&params)
            && !(has_key && (goes_nowhere || self.records.database.is_none()))
    }

    async fn feedback(&self, call: Call) -> std::result::Result<Answer, Failed> {
        let report = Report::new(&self.plan.trace);
        let Some(path) = self.records.database.as_ref().map(|database| database.path.clone()) else {
            return Err(Failed { error: Error::problem("logs", feedback::NOWHERE), report });
        };
        let answered = tokio::task::spawn_blocking(move || feedback::answer(&path, &call)).await;
        let answered = answered.unwrap_or_else(|_| Err(Error::new(Kind::Internal, "feedback was not kept")));
        match answered {
            Ok(json) => Ok(Answer {
                status: 200,
                headers: HeaderMap::new(),
                report,
                content: Content::Whole(json.into()),
            }),
            Err(error) => Err(Failed { error, report }),
        }
    }

    /// How each target of the client fares, in the config's order.
    pub fn targets(&self) -> Vec<TargetSeen<'_>> {
        let now = self.context.clock.now();
        self.plan.root.targets().into_iter().map(|target| TargetSeen::of(target, now)).collect()
    }

    /// How full each count of the client's limits is, as far as this process has counted.
    pub fn limits(&self) -> Vec<LevelSeen> {
        let now = self.context.clock.now();
        let mut all: Vec<LevelSeen> = Vec::new();
        for target in self.plan.root.targets() {
            let seen = target.limits.iter().flat_map(|limits| limits.seen(&target.name, now));
            for level in seen {
                if !all.iter().any(|other| other.is_same(&level)) {
                    all.push(level);
                }
            }
        }
        all
    }

    /// Hosts of the client whose certificates are not checked.
    pub fn insecure(&self) -> &[String] {
        &self.plan.insecure
    }

    /// What the user is to know of where records go; told once.
    pub fn trouble(&self) -> Option<String> {
        self.recorder.as_ref()?.trouble()
    }

    /// Waits, at most `limit` and on this thread, until what was recorded has reached its place.
    pub fn flush(&self, limit: Duration) -> Flushed {
        self.recorder.as_ref().map_or(Flushed { whole: true, dropped: 0 }, |recorder| recorder.flush(limit))
    }

    /// Whether an answer of the client's may be there before anything is sent.
    pub fn caches(&self) -> bool {
        self.plan.root.targets().iter().any(|target| target.caching.is_some())
    }

    /// What the client's cache holds, and how its store fares.
    pub fn cache_state(&self) -> CacheState {
        self.context.memory.cache.health()
    }

    /// The client's own plan and memory, or those of a call that brings parameters or headers, or that only the hosted
    /// platform answers.
    fn plan_of(&self, call: &Call) -> Result<(Arc<Plan>, Arc<Memory>)> {
        check(call)?;
        let (params, headers) = self.split_headers(call);
        let says = |option: &str| params.keys().any(|name| fold(name) == fold(option));
        if let Some(option) = OF_CLIENTS.iter().find(|option| says(option)) {
            return Err(Error::problem(*option, "belongs to a client: withOptions makes one with another"));
        }
        let is_own = call.endpoint.plane == Plane::Data || self.is_remote(&params);
        let asks = self.plan.asks_model || !params.is_empty();
        let named_by_model = if asks { provider_in_model(&call.body) } else { None };
        let memory = &self.context.memory;
        let planned = if is_own && params.is_empty() && headers.is_empty() && named_by_model.is_none() {
            (self.plan.clone(), memory.clone())
        } else {
            let options = if is_own {
                Options::read(&overlay(&self.options, &params))
            } else {
                Options::for_platform(&self.options, &params, call.endpoint.call)
            };
            let mut options = options.map_err(Error::config)?;
            options.named_by_model = named_by_model;
            let memory = memory.of_call(&options);
            let plan = Plan::new(&options, &headers, &memory).map_err(Error::config)?;
            let is_new = |host: &String| !self.plan.insecure.contains(host);
            if (says("tls") || says("config")) && plan.insecure.iter().any(is_new) {
                return Err(Error::problem(
                    "tls.insecure",
                    "turns a protection off, so it belongs to a client: give it to the constructor or withOptions",
                ));
            }
            (Arc::new(plan), memory)
        };
        let missing = &planned.0.missing;
        if missing.is_empty() { Ok(planned) } else { Err(Error::config(missing.clone())) }
    }

    /// Whether a gateway of the user's own gets a call with these parameters.
    fn is_remote(&self, params: &Map<String, Value>) -> bool {
        let own = params.get("baseURL").or_else(|| params.get("baseUrl"));
        own.or_else(|| self.options.get("baseURL")).is_some_and(|url| !url.is_null())
    }

    /// Headers named `x-portkey-…` are options where this process does what they say; the others are the call's own.
    fn split_headers(&self, call: &Call) -> (Map<String, Value>, Headers) {
        let mut params = call.params.clone().unwrap_or_default();
        if call.options.headers.is_empty() || self.is_remote(&params) {
            return (params, call.options.headers.clone());
        }
        let mut headers = Vec::new();
        for (name, value) in &call.options.headers {
            match option_of_header(name, value.as_ref().map(Secret::expose)) {
                Some((option, value)) => drop(params.insert(option, value)),
                None => headers.push((name.clone(), value.clone())),
            }
        }
        (params, headers)
    }
}

/// How a plan's targets fare, for those who look at the records.
fn fare(plan: &Plan, now: Instant) -> Fare {
    let seen: Vec<_> = plan.root.targets().into_iter().map(|target| TargetSeen::of(target, now)).collect();
    let json = serde_json::to_string(&seen).expect("what is known of a target has a JSON form");
    Fare { json, is_calm: seen.iter().all(TargetSeen::is_calm) }
}

/// The two parts of a model that is written `@provider/model`.
fn provider_in_model(body: &[u8]) -> Option<(String, String)> {
    #[derive(serde::Deserialize)]
    struct Named<'b> {
        #[serde(borrow)]
        model: std::borrow::Cow<'b, str>,
    }
    let named: Named<'_> = serde_json::from_slice(body).ok()?;
    let (provider, model) = named.model.strip_prefix('@')?.split_once('/')?;
    Some((provider.to_owned(), model.to_owned()))
}

fn check(call: &Call) -> Result<()> {
    for argument in &call.arguments {
        if matches!(argument.as_str(), "" | "." | "..") {
            return Err(Error::problem(call.endpoint.call, "expected a name or an id as its first argument"));
        }
    }
    if call.endpoint.takes_object() && call.body.first() != Some(&b'{') {
        return Err(Error::new(Kind::Config, "body: expected an object"));
    }
    Ok(())
}

#[cfg(test)]
#[path = "engine_tests.rs"]
mod tests;
