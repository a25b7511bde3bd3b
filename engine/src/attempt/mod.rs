//! One target, one answer: page three of the story. The request is made for the target and checked, answered from the
//! cache where that has the answer, else sent as often as the target's policy allows; the reply is read (whole, or as
//! events up to the first semantic one) and checked. What became of it is the target's to remember.

mod fronted;
mod guard;
mod kept;
mod limits;
mod request;
mod sending;
mod session;
mod token;
mod uploading;
mod usage;
mod whole;

use std::sync::Arc;

use ::http::{HeaderMap, header};
use bytes::Bytes;

use crate::answer::{Content, Reached};
use crate::cache::Status;
use crate::call::{Call, leave_callers_thread};
use crate::config::Target;
use crate::embeddings;
use crate::engine::Context;
use crate::error::Result;
use crate::events::Fronting;
use crate::front::Front;
use crate::memory::Visit;
use crate::observe::Report;
use fronted::Fronted;
pub use guard::Checking;
use guard::{Checked, Guard};
use kept::Found;
pub use kept::Keep;
use request::Request;
pub use request::UNSUPPORTED;
use sending::Sending;
pub use usage::Reception;

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
    let asked_as = Front::of(call.endpoint);
    let is_passed_on = asked_as.is_none() && target.provider.dialect(call.endpoint).is_none();
    if !is_passed_on || target.hooks.is_some() {
        leave_callers_thread().await;
    }
    let Some(fronted) = Fronted::of(context, target, call, &body, report)? else {
        let asking = Asking { call, asked_as: None, body, extras: target.extras };
        let answered = answered(context, target, asking, visit, report).await;
        return answered.map_err(|error| Fronting::shaped(asked_as, error));
    };
    let chat = &fronted.chat;
    // What a front's answer is made of may be more than OpenAI's own chats tell.
    let asking = Asking { call: chat, asked_as, body: chat.body.clone(), extras: true };
    match answered(context, target, asking, visit, report).await {
        Ok(reached) => fronted.back(target, reached, report),
        Err(error) => Err(fronted.shaped(error)),
    }
}

/// What a target is asked.
struct Asking<'c> {
    call: &'c Call,
    /// The format that the caller wrote it in, where that is another.
    asked_as: Option<Front>,
    /// With the config's parameters in it.
    body: Bytes,
    /// Whether an answer may hold more than OpenAI's own.
    extras: bool,
}

/// Asks the target in the call's own format.
async fn answered(
    context: &Context,
    target: &Arc<Target>,
    Asking { call, asked_as, body, extras }: Asking<'_>,
    visit: Visit,
    report: &mut Report,
) -> Result<Reached> {
    let (guard, body) = Guard::before(context, target, call, asked_as, body, report)?;
    let asking = usage::asking(target, call, &body, report);
    let asks_usage = asking.is_some();
    let mut request = Request::new(target, call, asking.unwrap_or_else(|| body.clone()), extras, report)?;
    request.asks_usage = asks_usage;
    report.cache = Some(Status::Disabled);
    let found = match &target.caching {
        // Boxed, so that the other calls do not carry it.
        Some(caching) => Box::pin(kept::look(context, target, caching, call, &request, report)).await,
        None => Found::Miss(None),
    };
    let keep = match found {
        Found::Hit(entry) => {
            let checked = Checked::plain(kept::replay(&entry, target, &request));
            return Ok(decoded(guard.told(checked), &request));
        }
        Found::Miss(keep) => keep,
    };
    leave_callers_thread().await;
    let mut sending = Sending::new(context, target, call, report, &request, visit);
    let mut answered = until_answered(&mut sending, &guard).await;
    let plain;
    if request.may_be_refused(&answered) {
        usage::left_out(sending.report);
        plain = Request::new(target, call, body, extras, sending.report)?;
        sending.ask_again(&plain);
        answered = until_answered(&mut sending, &guard).await;
    }
    if answered.is_ok() {
        sending.was_received();
    }
    match answered {
        Ok(checked) => Ok(decoded(guard.told(kept(checked, keep)), &request)),
        Err(error) => {
            sending.gave_up(&error);
            if let Some(keep) = keep {
                keep.failed();
            }
            Err(error)
        }
    }
}

async fn until_answered(sending: &mut Sending<'_>, guard: &Guard<'_>) -> Result<Checked> {
    loop {
        let reached = sending.once(guard).await;
        let wait = match &reached {
            Ok(checked) => checked.fault().and_then(|fault| sending.wait_before_next(&fault)),
            Err(error) => {
                sending.note(error);
                if sending.request.may_be_refused(&reached) { None } else { sending.wait_before_next(error) }
            }
        };
        let Some(wait) = wait else { return reached };
        sending.pause(wait).await;
    }
}

/// Keeps the answer, where the cache wants it and no check failed: a stream when it has ended.
fn kept(mut checked: Checked, keep: Option<Keep>) -> Checked {
    let Some(keep) = keep else { return checked };
    let Reached { status, headers, content } = &mut checked.reached;
    match content {
        Content::Whole(text) if !checked.failed => keep.store(*status, content_type(headers), text),
        Content::Events(events) => events.keep(keep, *status, content_type(headers)),
        Content::Whole(_)
        | Content::Vectors(_)
        | Content::Text(_)
        | Content::Bytes(_)
        | Content::Session(_) => keep.failed(),
    }
    checked
}

/// Embeddings with their numbers decoded, streams without the usage that only we have asked for.
fn decoded(mut reached: Reached, request: &Request<'_>) -> Reached {
    if let Content::Events(events) = &mut reached.content
        && request.asks_usage
    {
        events.hide_usage();
    }
    if let Content::Whole(text) = &reached.content
        && let Some(vectors) = embeddings::decode(text, request.encoding)
    {
        reached.content = Content::Vectors(vectors);
    }
    reached
}

fn content_type(headers: &HeaderMap) -> Option<String> {
    Some(headers.get(header::CONTENT_TYPE)?.to_str().ok()?.to_owned())
}
