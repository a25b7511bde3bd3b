//! The hooks around an attempt: what a config's guardrails and mutators say of the request before it is sent, and of the
//! answer before it is handed out.

use bytes::Bytes;

use crate::answer::{Content, Reached};
use crate::call::Call;
use crate::config::Target;
use crate::engine::Context;
use crate::error::{Error, Kind, Result};
use crate::events::{Event, Events};
use crate::explain::Place;
use crate::front::Front;
use crate::hooks::{self, Hooks, Record, RequestType, Scene, Verdicts, Watch};
use crate::observe::Report;

/// The status of an answer of which some check failed that does not deny.
const FAILED: u16 = 246;

/// The hooks of a target, for one call. `None` inside where it has none.
pub struct Guard<'c>(Option<Watched<'c>>);

struct Watched<'c> {
    hooks: &'c Hooks,
    scene: Scene,
    before: Vec<Record>,
    /// A check of the request failed that does not deny.
    failed: bool,
    /// The caller wants answers with what Portkey adds to OpenAI's.
    extras: bool,
}

/// What a stream's reader needs to check it.
pub struct Checking {
    pub watch: Option<Watch>,
    /// What was said of the request.
    pub before: Vec<Record>,
}

impl<'c> Guard<'c> {
    /// Checks the request's body; gives it back as it is to be sent. An error: it is denied, and nothing is sent.
    pub fn before(
        context: &Context,
        target: &'c Target,
        call: &'c Call,
        asked_as: Option<Front>,
        body: Bytes,
        report: &mut Report,
    ) -> Result<(Self, Bytes)> {
        let (Some(hooks), Some(kind)) = (&target.hooks, RequestType::of(call.endpoint)) else {
            return Ok((Self(None), body));
        };
        let metadata = (*report.trace.metadata).clone();
        let scene = Scene::new(kind, &body, metadata, context.clock.clone()).behind(asked_as);
        let Verdicts { results, asynchronous, denied, failed, body: rewritten } =
            hooks::before(hooks, &scene, &body);
        report.hooks.before.clone_from(&results);
        report.hooks.asynchronous = asynchronous;
        let place = Place { method: call.endpoint.method.as_str(), url: "not sent", query: None, target };
        if denied {
            return Err(place.denied(&results, &[], false));
        }
        if rewritten.is_some() {
            report.changes.push("the body was rewritten by input hooks".to_owned());
        }
        let watched = Watched { hooks, scene, before: results, failed, extras: target.extras };
        Ok((Self(Some(watched)), rewritten.unwrap_or(body)))
    }

    /// What a stream is to be checked with.
    pub fn checking(&self) -> Option<Checking> {
        let Watched { hooks, scene, before, .. } = self.0.as_ref()?;
        Some(Checking { watch: Watch::new(hooks, scene.clone()), before: before.clone() })
    }

    /// Checks a whole answer. An error: it is denied, and nobody sees it.
    pub fn after(&self, reached: Reached, place: &Place<'_>, report: &mut Report) -> Result<Checked> {
        let Some(watched) = &self.0 else { return Ok(Checked::plain(reached)) };
        let (200, Content::Whole(text)) = (reached.status, &reached.content) else {
            return Ok(Checked::plain(reached));
        };
        let verdicts = hooks::after(watched.hooks, &watched.scene, text);
        report.hooks.after.clone_from(&verdicts.results);
        report.hooks.asynchronous.extend(verdicts.asynchronous);
        if verdicts.denied {
            return Err(place.denied(&watched.before, &verdicts.results, true));
        }
        let content = match verdicts.body {
            Some(rewritten) => {
                report.changes.push("the answer was rewritten by output hooks".to_owned());
                Content::Whole(rewritten)
            }
            None => reached.content,
        };
        Ok(Checked {
            reached: Reached { content, ..reached },
            after: verdicts.results,
            failed: verdicts.failed,
        })
    }

    /// The answer as the caller gets it: with what the hooks said, where there were any.
    pub fn told(&self, checked: Checked) -> Reached {
        let Checked { reached: Reached { status, headers, content }, after, failed } = checked;
        let Some(watched) = &self.0 else { return Reached { status, headers, content } };
        let content = match content {
            Content::Whole(text) if !watched.before.is_empty() || !after.is_empty() => {
                Content::Whole(hooks::with_results(&text, &watched.before, &after))
            }
            Content::Events(events) => Content::Events(watched.announced(events)),
            content => content,
        };
        let status = if status == 200 && (failed || watched.failed) { FAILED } else { status };
        Reached { status, headers, content }
    }
}

impl Watched<'_> {
    /// A stream whose request failed a check begins by saying so, to who wants to hear it.
    fn announced(&self, mut events: Box<Events>) -> Box<Events> {
        if self.failed && self.extras {
            events.begin_with(Event { name: None, data: hooks::results_event(&self.before) });
        }
        events
    }
}

/// An answer that the hooks let pass.
pub struct Checked {
    pub reached: Reached,
    after: Vec<Record>,
    /// A check of the answer failed that does not deny.
    pub failed: bool,
}

impl Checked {
    pub fn plain(reached: Reached) -> Self {
        Self { reached, after: Vec::new(), failed: false }
    }

    /// What is wrong with it, as a policy sees it that may ask again; `None` for an answer without fault.
    pub fn fault(&self) -> Option<Error> {
        self.failed.then(|| Error::new(Kind::Denied, "the answer failed a check").with_status(FAILED))
    }
}
