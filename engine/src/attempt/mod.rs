//! One target, one answer: page three of the story. The request is made for the target, answered from the cache where
//! that has the answer, else sent as often as its policy allows; and the reply is read: whole, or as events up to the
//! first semantic one. What became of it is the target's to remember.

mod kept;
mod request;
mod sending;

use std::sync::Arc;

use ::http::{HeaderMap, header};

use crate::answer::{Content, Reached};
use crate::call::Call;
use crate::config::Target;
use crate::embeddings;
use crate::engine::Context;
use crate::error::Result;
use crate::observe::Report;
use kept::Found;
pub use kept::Keep;
use request::Request;
use sending::Sending;

/// Sends `call` to `target` until it is answered or its policy gives up.
pub async fn send(
    context: &Context,
    target: &Arc<Target>,
    call: &Call,
    report: &mut Report,
) -> Result<Reached> {
    let visit = target.live.enter(context.clock.now());
    target.live.consult(context);
    report.arrive_at(target);
    let body = request::with_params(target, call, report)?;
    let request = Request::new(target, call, body, report)?;
    let keep = match kept::look(context, target, call, &request, report).await {
        Found::Hit(entry) => return Ok(kept::replay(&entry, target, &request)),
        Found::Miss(keep) => keep,
    };
    let mut sending = Sending::new(context, target, call, report, &request, visit);
    match until_answered(&mut sending).await {
        Ok(reached) => Ok(handed_out(reached, keep, &request)),
        Err(error) => {
            sending.gave_up(&error);
            if let Some(keep) = keep {
                keep.failed();
            }
            Err(error)
        }
    }
}

async fn until_answered(sending: &mut Sending<'_>) -> Result<Reached> {
    loop {
        let error = match sending.once().await {
            Ok(reached) => return Ok(reached),
            Err(error) => error,
        };
        sending.note(&error);
        let Some(wait) = sending.wait_before_next(&error) else { return Err(error) };
        sending.pause(wait).await;
    }
}

/// The answer as the caller gets it, kept on the way where the cache wants it: a stream when it has ended.
fn handed_out(reached: Reached, keep: Option<Keep>, request: &Request<'_>) -> Reached {
    let Reached { status, headers, content } = reached;
    let kind = keep.is_some().then(|| content_type(&headers)).flatten();
    let content = match content {
        Content::Whole(text) => {
            if let Some(keep) = keep {
                keep.store(status, kind, &text);
            }
            match embeddings::decode(&text, request.encoding) {
                Some(vectors) => Content::Vectors(vectors),
                None => Content::Whole(text),
            }
        }
        Content::Events(mut events) => {
            if let Some(keep) = keep {
                events.keep(keep, status, kind);
            }
            Content::Events(events)
        }
        vectors @ Content::Vectors(_) => vectors,
    };
    Reached { status, headers, content }
}

fn content_type(headers: &HeaderMap) -> Option<String> {
    Some(headers.get(header::CONTENT_TYPE)?.to_str().ok()?.to_owned())
}
