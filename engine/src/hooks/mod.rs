//! Guardrails and mutators ("hooks") of a config, run in process: checks of what is asked before it is sent, and of what
//! is answered before it is handed out. They look at content alone: the last message, the prompt or the input; of an
//! answer its first choice's content. Reasoning and tool calls are not looked at, nor are further choices.
//! It fails closed: a check that cannot run has failed, unless its parameters say `failOnError: false`; and where what
//! was to be replaced could not be, nothing goes on. Records of what happened never hold what was checked.

mod check;
mod checks;
mod deltas;
pub mod expression;
mod forbidden;
mod formats;
mod mask;
mod parameters;
mod read;
mod record;
mod run;
mod subject;
mod watch;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::clock::Clock;
use crate::endpoint::{EMBEDDINGS, Endpoint};
use crate::front::Front;

pub use mask::{COVER, Mask};
pub use read::{read_guardrails, read_hooks, read_mutators};
pub use record::{Record, denied_body, results_event, with_results};
pub use run::{Verdicts, after, before};
pub use watch::Watch;

use check::Check;

/// When a hook runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Before a request is sent.
    Before,
    /// After an answer has come.
    After,
}

/// The hooks of one target.
#[derive(Clone, Default)]
pub struct Hooks {
    before: Arc<[Hook]>,
    after: Arc<[Hook]>,
}

impl Hooks {
    pub fn new(before: Vec<Hook>, after: Vec<Hook>) -> Self {
        Self { before: before.into(), after: after.into() }
    }

    /// Whether there is nothing to run.
    pub fn is_empty(&self) -> bool {
        self.before.is_empty() && self.after.is_empty()
    }

    /// What an answer has been through once these hooks have passed it: two texts are equal only if the hooks are.
    pub fn passed(&self) -> String {
        let counting = self.after.iter().filter(|hook| !hook.asynchronous);
        counting.map(|hook| &*hook.written).collect::<Vec<_>>().join("\n")
    }
}

/// A list of checks, and what follows from their verdicts.
#[derive(Clone)]
pub struct Hook {
    id: Arc<str>,
    kind: HookKind,
    /// Whether a failed check stops the call.
    deny: bool,
    /// Only reported: it stops and changes nothing.
    asynchronous: bool,
    /// Whether each check sees what the one before it has written.
    sequential: bool,
    checks: Arc<[Check]>,
    on_fail: Option<Arc<Feedback>>,
    on_success: Option<Arc<Feedback>>,
    /// The JSON that it was read from.
    written: Arc<str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HookKind {
    Guardrail,
    Mutator,
}

impl HookKind {
    fn name(self) -> &'static str {
        match self {
            Self::Guardrail => "guardrail",
            Self::Mutator => "mutator",
        }
    }
}

/// What a record says to whoever collects feedback.
struct Feedback {
    value: Option<Value>,
    weight: Option<Value>,
    metadata: Map<String, Value>,
}

/// What is asked for, as far as hooks tell requests apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestType {
    Chat,
    Completion,
    Embeddings,
    /// Anthropic's Messages, of a provider that has them itself.
    Messages,
    /// OpenAI's Responses, of a provider that has them itself.
    Responses,
}

impl RequestType {
    /// The type of an endpoint's requests; `None` where no hooks run.
    pub fn of(endpoint: &Endpoint) -> Option<Self> {
        match endpoint.call {
            "chat.completions.create" => Some(Self::Chat),
            "completions.create" => Some(Self::Completion),
            EMBEDDINGS => Some(Self::Embeddings),
            _ => Front::of(endpoint).map(Self::of_front),
        }
    }

    fn of_front(front: Front) -> Self {
        match front {
            Front::Messages => Self::Messages,
            Front::Responses => Self::Responses,
        }
    }

    /// Whether it is a front format's own.
    fn is_front(self) -> bool {
        matches!(self, Self::Messages | Self::Responses)
    }

    /// Its name in `allowedRequestTypes`.
    fn name(self) -> &'static str {
        match self {
            Self::Chat => "chatComplete",
            Self::Completion => "complete",
            Self::Embeddings => "embed",
            Self::Messages => "messages",
            Self::Responses => "createModelResponse",
        }
    }
}

/// What a hook may know of a call beside the text.
#[derive(Clone)]
pub struct Scene {
    request: RequestType,
    /// What the caller asked for, where that has become a chat.
    asked_as: Option<RequestType>,
    model: Option<String>,
    metadata: BTreeMap<String, String>,
    clock: Arc<dyn Clock>,
}

impl Scene {
    /// `body` is the request's, with the config's parameters in it.
    pub fn new(
        request: RequestType,
        body: &[u8],
        metadata: BTreeMap<String, String>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { request, asked_as: None, model: subject::model(body), metadata, clock }
    }

    /// The same for a call that was written in a front format.
    pub fn behind(self, front: Option<Front>) -> Self {
        Self { asked_as: front.map(RequestType::of_front), ..self }
    }

    /// The name of what the caller asked for.
    fn request_type(&self) -> &'static str {
        self.asked_as.unwrap_or(self.request).name()
    }
}

#[cfg(test)]
mod tests;
