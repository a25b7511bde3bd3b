//! What is asked: one call, as the face hands it in. Nothing in it outlives the call.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::endpoint::Endpoint;
use crate::secret::Secret;
use crate::telemetry::Given;
use crate::upload::Form;

/// One call of one endpoint.
pub struct Call {
    pub endpoint: &'static Endpoint,
    /// The path's arguments, in the order of the path.
    pub arguments: Vec<String>,
    /// The body's JSON text, as the caller's `JSON.stringify` made it; empty for endpoints without one.
    pub body: Bytes,
    /// The files of a body that is a form; `body` has its other fields.
    pub form: Option<Form>,
    /// Whether the body asks for a stream.
    pub stream: bool,
    /// Options for this call alone; `null` takes an option of the client away.
    pub params: Option<Map<String, Value>>,
    pub options: CallOptions,
}

impl Call {
    /// Whether its body can't be sent any more: it was a stream, and that has been read.
    pub fn is_spent(&self) -> bool {
        self.form.as_ref().is_some_and(Form::is_spent)
    }
}

/// A face may begin a call on its caller's own thread, where it goes on for as long as that takes less than waking another: what
/// takes longer waits here for the engine's, on which every call is a task.
pub async fn leave_callers_thread() {
    if tokio::task::try_id().is_none() {
        tokio::task::yield_now().await;
    }
}

/// Headers of one call, by the names they were given under; `None` takes one away that would be sent.
pub type Headers = Vec<(String, Option<Secret>)>;

/// The call's third argument.
#[derive(Default)]
pub struct CallOptions {
    pub headers: Headers,
    pub query: Option<String>,
    /// The whole call, retries and stream included; zero turns the client's limit off.
    pub timeout: Option<Duration>,
    pub max_retries: Option<u32>,
    /// What the caller's own tracer says of the call.
    pub given: Option<Given>,
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn first_poll() -> Poll<()> {
        pin!(leave_callers_thread()).poll(&mut Context::from_waker(Waker::noop()))
    }

    #[tokio::test]
    async fn a_caller_s_thread_is_left_and_the_engine_s_is_not() {
        assert_eq!(first_poll(), Poll::Pending);
        let on_the_engine_s = tokio::spawn(async { first_poll() }).await;
        assert_eq!(on_the_engine_s.ok(), Some(Poll::Ready(())));
    }
}
