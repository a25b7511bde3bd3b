//! Who answers: page two of the story. The walk over the plan's tree, and its only recursion.
//! A strategy is a variant here and a file beside this one.

use std::sync::Arc;

use crate::answer::Reached;
use crate::attempt;
use crate::call::Call;
use crate::config::Target;
use crate::engine::Context;
use crate::error::Result;
use crate::observe::Report;

/// How a node of the plan chooses among its targets. Closed set.
pub enum Strategy {
    /// One target answers or fails.
    Single(Arc<Target>),
}

/// Walks the tree until a target answers.
pub async fn send(context: &Context, node: &Strategy, call: &Call, report: &mut Report) -> Result<Reached> {
    match node {
        Strategy::Single(target) => attempt::send(context, target, call, report).await,
    }
}
