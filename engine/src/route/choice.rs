//! How a group picks the one child that is to answer: by weight, by load, in turn, by affinity or by a condition.
//! Children that are out of use (benched, or with an open circuit) are passed over while another is to be had; a
//! condition's choice is never questioned.

use std::sync::Arc;
use std::time::Duration;

use super::affinity;
use super::conditional::{Facts, Query};
use super::key::Fields;
use super::least_inflight;
use super::round_robin::RoundRobin;
use super::sticky::Table;
use super::{Branch, loadbalance};
use crate::call::Call;
use crate::clock::Instant;
use crate::engine::Context;
use crate::error::{Error, Kind, Result};
use crate::memory::Standing;
use crate::observe::Report;

/// Closed set.
pub enum Choice {
    /// Drawn by weight; the table keeps to the target that was drawn for the same fields before.
    Weight {
        sticky: Option<Box<Sticking>>,
    },
    LeastInflight,
    RoundRobin(Arc<RoundRobin>),
    Affinity(affinity::Settings),
    Conditional {
        conditions: Vec<(Arc<Query>, usize)>,
        default: Option<usize>,
    },
}

/// What keeps calls with the same fields at the same target.
pub struct Sticking {
    pub fields: Fields,
    pub table: Arc<Table<usize>>,
    /// Where processes share who stays where.
    pub name: String,
    pub ttl: Duration,
}

impl Choice {
    /// Whether it would pick a child that is not known to be full.
    pub fn has_other(&self, children: &[Branch], full: &[bool]) -> bool {
        let is_free = |(child, full): (&Branch, &bool)| child.weight > 0.0 && !full;
        !matches!(self, Self::Conditional { .. }) && children.iter().zip(full).any(is_free)
    }

    /// The place of the child that is to answer, none of those that are known to be `full`. It waits only for processes that share who sticks where.
    pub async fn pick(
        &self,
        context: &Context,
        children: &[Branch],
        full: &[bool],
        call: &Call,
        report: &Report,
    ) -> Result<usize> {
        let now = context.clock.now();
        let weights = || usable_weights(children, full, now);
        Ok(match self {
            Self::Conditional { conditions, default } => {
                first_that_holds(conditions, call, report).or(*default).ok_or_else(nobody)?
            }
            Self::Weight { sticky: None } => draw(&weights(), context),
            Self::Weight { sticky: Some(sticking) } => match key(&sticking.fields, call, report) {
                Some(key) => sticking.place(key, context, children, &weights()).await,
                None => draw(&weights(), context),
            },
            Self::LeastInflight => {
                let candidates = candidates(children, &weights());
                least_inflight::choose(&candidates, || context.clock.random())
            }
            Self::RoundRobin(turn) => {
                let weights = weights();
                turn.next(|place| weights[place] > 0.0, || context.clock.random())
                    .expect("the best standing has a weight")
            }
            Self::Affinity(settings) => match key(&settings.fields, call, report) {
                Some(key) => affinity::choose(&ranked(children, &weights()), key, settings.spill),
                None => draw(&weights(), context),
            },
        })
    }
}

/// The children's weights, 0 for all but those of the best standing that is to be had.
fn usable_weights(children: &[Branch], full: &[bool], now: Instant) -> Vec<f64> {
    let weight = |(child, full): (&Branch, &bool)| if *full { 0.0 } else { child.weight };
    let weights: Vec<f64> = children.iter().zip(full).map(weight).collect();
    let standings: Vec<Standing> = children.iter().map(|child| child.node.standing(now)).collect();
    let pairs = || weights.iter().zip(&standings);
    let best = pairs().filter(|(weight, _)| **weight > 0.0).map(|(_, standing)| *standing).min();
    pairs().map(|(weight, standing)| if Some(*standing) == best { *weight } else { 0.0 }).collect()
}

/// The places of a fallback's children as they are to be tried.
pub fn order(children: &[Branch], now: Instant) -> Vec<usize> {
    let standings: Vec<Standing> = children.iter().map(|child| child.node.standing(now)).collect();
    let mut order: Vec<usize> =
        (0..children.len()).filter(|place| standings[*place] < Standing::Open).collect();
    if order.is_empty() {
        // Those without room come last: of them no answer is to be had at all.
        order = (0..children.len()).collect();
        order.sort_by_key(|place| standings[*place] == Standing::Limited);
        return order;
    }
    order.sort_by_key(|place| standings[*place]);
    order
}

fn candidates(children: &[Branch], weights: &[f64]) -> Vec<least_inflight::Candidate> {
    let pairs = children.iter().zip(weights);
    let candidate = |(child, weight): (&Branch, &f64)| least_inflight::Candidate {
        weight: *weight,
        in_flight: child.node.in_flight(),
    };
    pairs.map(candidate).collect()
}

fn ranked<'b>(children: &'b [Branch], weights: &[f64]) -> Vec<affinity::Candidate<'b>> {
    let pairs = children.iter().zip(weights);
    let candidate = |(child, weight): (&'b Branch, &f64)| affinity::Candidate {
        identity: &child.identity,
        weight: *weight,
        in_flight: child.node.in_flight(),
    };
    pairs.map(candidate).collect()
}

fn draw(weights: &[f64], context: &Context) -> usize {
    loadbalance::draw(weights.iter().copied(), context.clock.random())
}

impl Sticking {
    /// The child that answered the same key before, here or in another process, where it is to be used; else one is
    /// drawn and remembered.
    async fn place(&self, key: u64, context: &Context, children: &[Branch], weights: &[f64]) -> usize {
        let now = context.clock.now();
        let is_usable = |place: &usize| weights[*place] > 0.0;
        if let Some(place) = self.table.get(key, now).filter(is_usable) {
            return place;
        }
        let shared = context.memory.cache.shared();
        let name = format!("{}:{key:016x}", self.name);
        if let Some(shared) = &shared {
            let told = shared.get(&name).await;
            let place = children.iter().position(|child| told.as_deref() == Some(child.identity.as_bytes()));
            if let Some(place) = place.filter(is_usable) {
                self.table.set(key, place, now);
                return place;
            }
        }
        let drawn = draw(weights, context);
        self.table.set(key, drawn, now);
        if let Some(shared) = shared {
            let (identity, ttl) = (children[drawn].identity.clone(), self.ttl);
            tokio::spawn(async move { shared.set(&name, identity.as_bytes(), ttl).await });
        }
        drawn
    }
}

fn key(fields: &Fields, call: &Call, report: &Report) -> Option<u64> {
    let header = |name: &str| {
        let named = call.options.headers.iter().find(|(given, _)| given.eq_ignore_ascii_case(name));
        named.and_then(|(_, value)| value.as_ref()).map(|value| value.expose().to_owned())
    };
    fields.key(&report.trace.metadata, &call.body, header)
}

/// The child whose query holds first.
fn first_that_holds(conditions: &[(Arc<Query>, usize)], call: &Call, report: &Report) -> Option<usize> {
    let facts = Facts::new(&report.trace.metadata, &call.body, format!("/v1{}", call.endpoint.path));
    conditions.iter().find(|(query, _)| query.holds(&facts)).map(|(_, child)| *child)
}

fn nobody() -> Error {
    let advice = "Name a default in config.strategy.";
    Error::new(Kind::Refused, format!("Query router did not resolve to any valid target.\n{advice}"))
        .with_status(400)
}
