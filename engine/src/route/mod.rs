//! Who answers: page two of the story. The walk over the plan's tree, and its only recursion.
//! A strategy is a file beside this one, which decides and does nothing else.

pub mod affinity;
mod choice;
pub mod conditional;
mod fallback;
pub mod key;
mod least_inflight;
mod loadbalance;
pub mod round_robin;
#[cfg(test)]
mod simulations;
pub mod sticky;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::answer::Reached;
use crate::attempt;
use crate::call::Call;
use crate::clock::Instant;
use crate::config::Target;
use crate::engine::Context;
use crate::error::Result;
use crate::memory::Standing;
use crate::observe::Report;
use crate::retry::MOST_ATTEMPTS;
pub use choice::{Choice, Sticking};

/// How a node of the plan comes to an answer. Closed set.
pub enum Strategy {
    /// One target answers or fails.
    Single(Arc<Target>),
    /// The first of the children that answers; they are tried in order.
    Fallback { children: Vec<Branch>, on_status_codes: Option<Vec<u16>> },
    /// One child, and its failure is the group's.
    One { children: Vec<Branch>, choice: Choice },
}

/// A child of a group.
pub struct Branch {
    pub weight: f64,
    /// What tells it from the others, in every process: its name, its host or its place.
    pub identity: String,
    /// What a report calls it: its name or its path.
    pub label: String,
    pub node: Strategy,
}

type Walk<'w> = Pin<Box<dyn Future<Output = Result<Reached>> + Send + 'w>>;

/// Walks the tree until a target answers.
pub fn send<'w>(
    context: &'w Context,
    node: &'w Strategy,
    call: &'w Call,
    report: &'w mut Report,
) -> Walk<'w> {
    Box::pin(async move {
        match node {
            Strategy::Single(target) => attempt::send(context, target, call, report).await,
            Strategy::Fallback { children, on_status_codes } => {
                in_order(context, children, on_status_codes.as_deref(), call, report).await
            }
            Strategy::One { children, choice } => picked(context, children, choice, call, report).await,
        }
    })
}

/// Asks the child that is picked and, as long as it is a limit that stops the call there, another.
async fn picked(
    context: &Context,
    children: &[Branch],
    choice: &Choice,
    call: &Call,
    report: &mut Report,
) -> Result<Reached> {
    let mut full = vec![false; children.len()];
    loop {
        let place = choice.pick(context, children, &full, call, report).await?;
        let reached = send(context, &children[place].node, call, report).await;
        full[place] = true;
        let is_full = reached.as_ref().is_err_and(fallback::finds_no_room);
        if !is_full || !choice.has_other(children, &full) || report.attempts.len() >= MOST_ATTEMPTS {
            return reached;
        }
        report.notes.push(format!("{} was passed over: its limits have no room", children[place].label));
    }
}

/// Tries the children in order: first those in use, then those that are benched, and those with an open circuit only
/// if all have one. Nothing of one that failed reaches the caller, since a stream is handed out only when it is
/// committed.
async fn in_order(
    context: &Context,
    children: &[Branch],
    on_status_codes: Option<&[u16]>,
    call: &Call,
    report: &mut Report,
) -> Result<Reached> {
    let order = choice::order(children, context.clock.now());
    let (last, earlier) = order.split_last().expect("a group has children");
    for child in &children[..order[0]] {
        let why = match child.node.standing(context.clock.now()) {
            Standing::Limited => "its limits have no room",
            _ => "it failed lately",
        };
        report.notes.push(format!("{} was passed over: {why}", child.label));
    }
    for place in earlier {
        report.ways_on.push(on_status_codes.map(<[u16]>::to_vec));
        let reached = send(context, &children[*place].node, call, report).await;
        report.ways_on.pop();
        let goes_on = match &reached {
            Ok(answer) => fallback::passes_over(on_status_codes, answer.status),
            Err(error) => fallback::moves_on(on_status_codes, error),
        };
        if goes_on && call.is_spent() {
            report.end_with_spent_body();
        }
        if !goes_on || call.is_spent() || report.attempts.len() >= MOST_ATTEMPTS {
            return reached;
        }
    }
    send(context, &children[*last].node, call, report).await
}

impl Strategy {
    /// Whether a call is to go here while there is somewhere else to go.
    pub fn standing(&self, now: Instant) -> Standing {
        match self {
            Self::Single(target) => target.standing(now),
            Self::One { choice: Choice::Conditional { .. }, .. } => Standing::InUse,
            Self::Fallback { children, .. } | Self::One { children, .. } => {
                let standings = children.iter().map(|child| child.node.standing(now));
                standings.min().expect("a group has children")
            }
        }
    }

    pub fn in_flight(&self) -> usize {
        match self {
            Self::Single(target) => target.live.in_flight(),
            Self::Fallback { children, .. } | Self::One { children, .. } => {
                children.iter().map(|child| child.node.in_flight()).sum()
            }
        }
    }

    /// Every target of the tree, in order.
    pub fn targets(&self) -> Vec<&Arc<Target>> {
        match self {
            Self::Single(target) => vec![target],
            Self::Fallback { children, .. } | Self::One { children, .. } => {
                children.iter().flat_map(|child| child.node.targets()).collect()
            }
        }
    }
}
