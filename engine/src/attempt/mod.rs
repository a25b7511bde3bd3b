//! One target, one answer: page three of the story. The request is made for the target, sent as often as its policy
//! allows, and the reply read: whole, or as events up to the first semantic one. What became of it is the target's to
//! remember.

mod request;
mod sending;

use std::sync::Arc;

use crate::answer::Reached;
use crate::call::Call;
use crate::config::Target;
use crate::engine::Context;
use crate::error::Result;
use crate::observe::Report;
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
    report.arrive_at(target);
    let body = request::with_params(target, call, report)?;
    let request = Request::new(target, call, body, report)?;
    let mut sending = Sending::new(context, target, call, report, &request, visit);
    let reached = until_answered(&mut sending).await;
    if let Err(error) = &reached {
        sending.gave_up(error);
    }
    reached
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
