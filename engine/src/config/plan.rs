//! What options and config mean for a call: inheritance done once, no default left open.
//! A plan that lacks something which the call's own parameters may still bring (a value to forward, a name to forward
//! it under) says so in `missing`, and is refused when a call would use it as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::node::Node;
use super::strategy::Chosen;
use super::target::{Target, clock};
use super::{Gateway, Options, Whole};
use crate::call::Headers;
use crate::error::Problem;
use crate::headers::fold;
use crate::memory::Memory;
use crate::provider::dialect::camel;
use crate::route::sticky::Sticky;
use crate::route::{Branch, Choice, Sticking, Strategy};
use crate::secret::Secret;
use crate::telemetry::Span;

pub struct Plan {
    pub root: Strategy,
    pub trace: Trace,
    /// The whole call, retries and stream included.
    pub total: Option<Duration>,
    /// Targets to be looked after while they are benched.
    pub watched: Vec<Arc<Target>>,
    /// Hosts that are believed whoever they are.
    pub insecure: Vec<String>,
    /// Some target may take its provider from the model that a call names.
    pub asks_model: bool,
    /// Whether records may hold what was asked and answered.
    pub keeps_content: bool,
    /// Problems that the parameters of a call may still mend.
    pub missing: Vec<Problem>,
}

/// What names a call for its observers.
#[derive(Clone, Default)]
pub struct Trace {
    /// `None`: each call gets one of its own.
    pub trace_id: Option<String>,
    pub span_id: Option<String>,
    pub span_name: Option<String>,
    pub parent_span_id: Option<String>,
    /// The span that the call was given as its parent (`traceparent`).
    pub parent: Option<Span>,
    pub metadata: Arc<BTreeMap<String, String>>,
}

impl Plan {
    /// `headers` are the call's own; a forwarded name may take its value from them.
    /// What is known of its targets comes from `memory`.
    pub fn new(
        options: &Options,
        headers: &[(String, Option<Secret>)],
        memory: &Memory,
    ) -> Result<Self, Vec<Problem>> {
        let place = options.whole.as_ref().map_or("config", Whole::name);
        let none = Node { path: place.to_owned(), ..Node::default() };
        let root = options.config.as_ref().unwrap_or(&none);
        // The option's list is for hosts of the user's own, where there are any.
        let has_own = options.custom_host.is_some() || root.has_custom_host();
        let option = options.forward_headers.iter().flatten().filter(|_| has_own);
        let listed = root.all_forwarded().into_iter().chain(option).map(|name| fold(name)).collect();
        let rooted = root.strategy.is_none();
        let mut metadata = root.metadata.clone();
        metadata.extend(options.metadata.clone());
        let own = |name: &str| headers.iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
        let defaults = options.default_headers.iter().filter(|(name, _)| !own(name));
        let headers: Headers = headers.iter().chain(defaults).cloned().collect();
        let mut maker = Maker {
            options,
            node: root.clone(),
            headers: &headers,
            memory,
            rooted,
            aside: false,
            nowhere: false,
            metadata: &metadata,
            listed,
            problems: Vec::new(),
            missing: Vec::new(),
        };
        if let Some((key, _)) = options.settings.iter().next().filter(|_| !rooted && !root.passes_through()) {
            maker.problem(camel(key), "is an option of one target: put it into that target's config");
        }
        let strategy = maker.grow(root.clone(), false);
        if strategy.as_ref().is_some_and(|strategy| !is_gateway(strategy)) {
            maker.told_to_no_one();
        }
        if !maker.problems.is_empty() {
            maker.problems.append(&mut maker.missing);
            return Err(maker.problems);
        }
        if options.trace_state.is_some() && options.parent.is_none() {
            let message = "goes with a traceparent, and there is none".to_owned();
            maker.missing.push(Problem { path: "tracestate".to_owned(), message });
        }
        let root_strategy = strategy.expect("a tree without problems is made");
        let targets = root_strategy.targets().into_iter().cloned();
        let insecure = insecure(&root_strategy);
        Ok(Self {
            watched: targets.filter(|target| target.health_check.is_some()).collect(),
            root: root_strategy,
            insecure,
            trace: Trace {
                trace_id: options.trace_id.clone(),
                span_id: options.span_id.clone(),
                span_name: options.span_name.clone(),
                parent_span_id: options.parent_span_id.clone(),
                parent: options.parent.clone().or_else(|| parent_in(&headers)),
                metadata: Arc::new(metadata.clone()),
            },
            total: clock(options.timeout.or(options.timeouts.total).or(root.timeouts.total)),
            asks_model: root.passes_through() || maker.nowhere,
            keeps_content: options.debug != Some(false),
            missing: maker.missing,
        })
    }
}

/// The span that headers name. A name that is none is as good as no header, as the standard has it.
fn parent_in(headers: &Headers) -> Option<Span> {
    let text = |name: &str| {
        let found = headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.and_then(|(_, value)| value.as_ref()).map(Secret::expose)
    };
    Span::read(text("traceparent")?).map(|span| span.with_state(text("tracestate").map(str::to_owned)))
}

/// Makes the plan's tree, one target after the other.
pub struct Maker<'o> {
    pub options: &'o Options,
    /// The target's node, with what it inherits.
    pub node: Node,
    pub headers: &'o [(String, Option<Secret>)],
    pub memory: &'o Memory,
    /// Whether the config is one target, which the options complete.
    pub rooted: bool,
    /// Whether the target under way stands beside the tree: options that are for the call's hosts don't reach it.
    pub aside: bool,
    /// Nothing says where the only target is.
    pub nowhere: bool,
    /// Facts of the call, the config's among them.
    pub metadata: &'o BTreeMap<String, String>,
    /// Every name that some node forwards, or the option does to some.
    pub listed: Vec<String>,
    pub problems: Vec<Problem>,
    pub missing: Vec<Problem>,
}

impl Maker<'_> {
    pub fn problem(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.problems.push(Problem { path: path.into(), message: message.into() });
    }

    /// `followed`: another target may be tried after this one.
    fn grow(&mut self, node: Node, followed: bool) -> Option<Strategy> {
        let Some(chosen) = node.strategy.clone() else {
            self.node = node;
            return self.target(followed).map(|target| Strategy::Single(Arc::new(target)));
        };
        let falls_back = matches!(chosen, Chosen::Fallback { .. });
        let last = node.targets.len().saturating_sub(1);
        let mut children = Vec::with_capacity(node.targets.len());
        for (at, child) in node.targets.iter().enumerate() {
            let grown = self.grow(child.inheriting(&node), followed || (falls_back && at < last));
            children.push(Self::branch(child, grown?, &children));
        }
        let place = |name: &String| node.targets.iter().position(|child| child.name.as_ref() == Some(name));
        let identity = identity(&node, &children);
        let choice = match chosen {
            Chosen::Single => return Some(children.swap_remove(0).node),
            Chosen::Fallback { on_status_codes } => {
                return Some(Strategy::Fallback { children, on_status_codes });
            }
            Chosen::LoadBalance { sticky } => Choice::Weight {
                sticky: sticky.map(|Sticky { fields, ttl }| {
                    let (table, name) = self.memory.table(identity, ttl);
                    Box::new(Sticking { fields, table, name, ttl })
                }),
            },
            Chosen::LeastInflight => Choice::LeastInflight,
            Chosen::RoundRobin => Choice::RoundRobin(self.memory.turn(identity, weights(&children))),
            Chosen::Affinity(settings) => Choice::Affinity(settings),
            Chosen::Conditional { conditions, default } => Choice::Conditional {
                conditions: conditions
                    .iter()
                    .filter_map(|one| Some((one.query.clone(), place(&one.then)?)))
                    .collect(),
                default: default.as_ref().and_then(place),
            },
        };
        Some(Strategy::One { children, choice })
    }

    /// A child of a group, told from the others by its name, its host or, where they share that, its place.
    fn branch(child: &Node, node: Strategy, others: &[Branch]) -> Branch {
        let host = match &node {
            Strategy::Single(target) => Some(target.base_url.shown()),
            _ => None,
        };
        let identity =
            child.name.clone().or(host).filter(|name| others.iter().all(|one| one.identity != *name));
        let identity = identity.unwrap_or_else(|| child.path.clone());
        let label = child.name.clone().unwrap_or_else(|| child.path.clone());
        Branch { weight: child.weight.unwrap_or(1.0), identity, label, node }
    }
}

/// The hosts of targets whose certificates are not checked, those for embeddings included.
fn insecure(root: &Strategy) -> Vec<String> {
    let aside =
        |target: &&Arc<Target>| target.caching.as_ref().and_then(|caching| caching.embeddings.clone());
    let targets = root.targets();
    let all = targets.iter().filter_map(aside).chain(targets.iter().copied().cloned());
    let hosts = all.filter(|target| target.route.tls.insecure && !target.base_url.is_plain());
    let hosts: BTreeSet<String> = hosts.map(|target| target.base_url.shown()).collect();
    hosts.into_iter().collect()
}

/// Whether all there is is a gateway.
fn is_gateway(strategy: &Strategy) -> bool {
    matches!(strategy, Strategy::Single(target) if target.gateway == Some(Gateway::Only))
}

/// What tells a group from others: where it stands, and what its children are called and weigh.
fn identity(node: &Node, children: &[Branch]) -> String {
    let children = children.iter().map(|child| format!(" {}={}", child.identity, child.weight));
    node.path.clone() + &children.collect::<String>()
}

fn weights(children: &[Branch]) -> Vec<f64> {
    children.iter().map(|child| child.weight).collect()
}
