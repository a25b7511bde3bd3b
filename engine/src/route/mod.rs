//! Who answers: page two of the story. The walk over the plan's tree, and its only recursion.
//! A strategy is a variant here and a file beside this one, which decides and does nothing else.

pub mod affinity;
pub mod conditional;
mod fallback;
mod key;
mod least_inflight;
mod loadbalance;
mod round_robin;
#[cfg(test)]
mod simulations;
pub mod sticky;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::answer::Reached;
use crate::attempt;
use crate::call::Call;
use crate::config::Target;
use crate::engine::Context;
use crate::error::{Error, Kind, Result};
use crate::observe::Report;
use crate::retry::MOST_ATTEMPTS;
use conditional::Query;

/// How a node of the plan chooses among its targets. Closed set.
pub enum Strategy {
    /// One target answers or fails.
    Single(Arc<Target>),
    /// The first of the children that answers; they are tried in order.
    Fallback { children: Vec<Branch>, on_status_codes: Option<Vec<u16>> },
    /// One child, drawn by weight.
    LoadBalance { children: Vec<Branch> },
    /// The child of the first query that holds, else the default.
    Conditional { conditions: Vec<(Arc<Query>, usize)>, default: Option<usize>, children: Vec<Branch> },
}

/// A child of a group.
pub struct Branch {
    pub weight: f64,
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
            Strategy::LoadBalance { children } => {
                let drawn =
                    loadbalance::draw(children.iter().map(|child| child.weight), context.clock.random());
                send(context, &children[drawn].node, call, report).await
            }
            Strategy::Conditional { conditions, default, children } => {
                let chosen = first_that_holds(conditions, call, report).or(*default).ok_or_else(nobody)?;
                send(context, &children[chosen].node, call, report).await
            }
        }
    })
}

/// Tries the children in order. Nothing of one that failed reaches the caller, since a stream is handed out only when
/// it is committed.
async fn in_order(
    context: &Context,
    children: &[Branch],
    on_status_codes: Option<&[u16]>,
    call: &Call,
    report: &mut Report,
) -> Result<Reached> {
    let last = children.len() - 1;
    for child in &children[..last] {
        let reached = send(context, &child.node, call, report).await;
        let goes_on = match &reached {
            Ok(answer) => fallback::passes_over(on_status_codes, answer.status),
            Err(error) => fallback::moves_on(on_status_codes, error),
        };
        if !goes_on || report.attempts.len() >= MOST_ATTEMPTS {
            return reached;
        }
    }
    send(context, &children[last].node, call, report).await
}

/// The child whose query holds first. The body is read only where a query asks for it.
fn first_that_holds(conditions: &[(Arc<Query>, usize)], call: &Call, report: &Report) -> Option<usize> {
    let params: Value = if conditions.iter().any(|(query, _)| query.needs_params()) {
        serde_json::from_slice(&call.body).unwrap_or_default()
    } else {
        Value::Null
    };
    let facts = json!({
        "metadata": *report.trace.metadata,
        "params": params,
        "url": { "pathname": format!("/v1{}", call.endpoint.path) },
    });
    conditions.iter().find(|(query, _)| query.holds(&facts)).map(|(_, child)| *child)
}

fn nobody() -> Error {
    let advice = "Name a default in config.strategy.";
    Error::new(Kind::Refused, format!("Query router did not resolve to any valid target.\n{advice}"))
        .with_status(400)
}
