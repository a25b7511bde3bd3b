//! What options and config mean for a call: inheritance done once, no default left open.
//! A plan that lacks something which the call's own parameters may still bring (a value to forward, a name to forward
//! it under) says so in `missing`, and is refused when a call would use it as it is.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ::http::{HeaderMap, HeaderValue, header};

use super::Options;
use super::names::nearest;
use super::node::{Chosen, Node, Retry};
use super::target::{Clocks, Target, Urls, clock};
use crate::base_url::BaseUrl;
use crate::error::Problem;
use crate::headers::{fold, insert_secret, refusal, wire_name};
use crate::provider::{self, PROVIDERS, Provider};
use crate::retry::{CONFIG_STATUSES, Policy};
use crate::route::{Branch, Strategy};
use crate::secret::Secret;

pub struct Plan {
    pub root: Strategy,
    pub trace: Trace,
    /// The whole call, retries and stream included.
    pub total: Option<Duration>,
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
    pub metadata: Arc<BTreeMap<String, String>>,
}

const USER_AGENT: &str = concat!("portkey-native/", env!("CARGO_PKG_VERSION"));

impl Plan {
    /// `headers` are the call's own; a forwarded name may take its value from them.
    pub fn new(options: &Options, headers: &[(String, Option<Secret>)]) -> Result<Self, Vec<Problem>> {
        let none = Node { path: "config".to_owned(), ..Node::default() };
        let root = options.config.as_ref().unwrap_or(&none);
        let listed = root.all_forwarded().into_iter().map(|name| fold(name)).collect();
        let rooted = root.strategy.is_none();
        let mut maker = Maker {
            options,
            node: root.clone(),
            headers,
            rooted,
            listed,
            problems: Vec::new(),
            missing: Vec::new(),
        };
        let strategy = maker.grow(root.clone(), false);
        if !maker.problems.is_empty() {
            maker.problems.append(&mut maker.missing);
            return Err(maker.problems);
        }
        Ok(Self {
            root: strategy.expect("a tree without problems is made"),
            trace: Trace {
                trace_id: options.trace_id.clone(),
                span_id: options.span_id.clone(),
                span_name: options.span_name.clone(),
                parent_span_id: options.parent_span_id.clone(),
                metadata: Arc::new(options.metadata.clone()),
            },
            total: clock(options.timeout.or(options.timeouts.total).or(root.timeouts.total)),
            missing: maker.missing,
        })
    }
}

/// Makes the plan's tree, one target after the other.
struct Maker<'o> {
    options: &'o Options,
    /// The target's node, with what it inherits.
    node: Node,
    headers: &'o [(String, Option<Secret>)],
    /// Whether the config is one target, which the options complete.
    rooted: bool,
    /// Every name that some node forwards.
    listed: Vec<String>,
    problems: Vec<Problem>,
    missing: Vec<Problem>,
}

impl Maker<'_> {
    fn problem(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.problems.push(Problem { path: path.into(), message: message.into() });
    }

    /// `followed`: another target may be tried after this one.
    fn grow(&mut self, node: Node, followed: bool) -> Option<Strategy> {
        let Some(chosen) = node.strategy.clone() else {
            self.node = node;
            return self.target(followed).map(|target| Strategy::Single(Arc::new(target)));
        };
        if node.path != "config" && node.timeouts.total.is_some() {
            self.problem(
                format!("{}.timeouts.total", node.path),
                "belongs to the whole call, not to a target",
            );
        }
        let falls_back = matches!(chosen, Chosen::Fallback { .. });
        let last = node.targets.len().saturating_sub(1);
        let mut children = Vec::with_capacity(node.targets.len());
        for (at, child) in node.targets.iter().enumerate() {
            let grown = self.grow(child.inheriting(&node), followed || (falls_back && at < last));
            children.push(Branch { weight: child.weight.unwrap_or(1.0), node: grown? });
        }
        let place = |name: &String| node.targets.iter().position(|child| child.name.as_ref() == Some(name));
        Some(match chosen {
            Chosen::Single => children.swap_remove(0).node,
            Chosen::Fallback { on_status_codes } => Strategy::Fallback { children, on_status_codes },
            Chosen::LoadBalance => Strategy::LoadBalance { children },
            Chosen::Conditional { conditions, default } => Strategy::Conditional {
                conditions: conditions
                    .iter()
                    .filter_map(|one| Some((one.query.clone(), place(&one.then)?)))
                    .collect(),
                default: default.as_ref().and_then(place),
                children,
            },
        })
    }

    fn target(&mut self, followed: bool) -> Option<Target> {
        let options = self.options;
        let provider = self.provider();
        let base_url = provider.and_then(|provider| self.base_url(provider));
        let mut headers = HeaderMap::with_capacity(8);
        headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        if let Some(provider) = provider {
            self.credential(provider, &mut headers);
            self.openai_headers(provider, &mut headers);
        }
        self.forward(&mut headers);
        Some(Target {
            path: self.node.path.clone(),
            name: self.node.name.clone().unwrap_or_else(|| self.node.path.clone()),
            provider: provider?,
            base_url: base_url?,
            urls: Urls::default(),
            has_credential: headers.values().any(HeaderValue::is_sensitive),
            headers,
            clocks: Clocks::of(options, &self.node),
            retry: policy(options.max_retries, self.node.retry.as_ref(), self.rooted),
            idempotent: options.idempotent.or(self.node.idempotent).unwrap_or(false),
            gated: followed || self.node.retry.as_ref().is_some_and(|retry| retry.attempts > 0),
            params: self.node.params.clone(),
        })
    }

    fn is_custom(&self) -> bool {
        self.options.custom_host.is_some() || self.node.custom_host.is_some()
    }

    /// The path of a key of the node.
    fn key(&self, name: &str) -> String {
        format!("{}.{name}", self.node.path)
    }

    /// A config's provider comes before the option's, as in the gateway; a target of a group has its own or none.
    fn provider(&mut self) -> Option<&'static dyn Provider> {
        let option = self.options.provider.as_ref().filter(|_| self.rooted);
        let (path, name) = match (&self.node.provider, option) {
            (Some(name), _) => (self.key("provider"), name),
            (None, Some(name)) => ("provider".to_owned(), name),
            (None, None) => return Some(self.unnamed_provider()),
        };
        let found = provider::find(name);
        if found.is_none() {
            let known: Vec<&str> = PROVIDERS.iter().map(|provider| provider.name()).collect();
            let near = nearest(name, known.iter().copied()).map(|near| format!("; did you mean {near}?"));
            let advice = if name.starts_with('@') {
                "; an @ name belongs to the hosted platform, which this version does not reach".to_owned()
            } else {
                near.unwrap_or_default()
            };
            self.problem(path, format!("expected one of {}{advice}", known.join(", ")));
        }
        found
    }

    fn unnamed_provider(&mut self) -> &'static dyn Provider {
        if self.is_custom() {
            return provider::DEFAULT;
        }
        if !self.rooted {
            let path = self.key("provider");
            self.problem(path, "is missing; name a provider, or your own server as custom_host");
            return provider::DEFAULT;
        }
        let advice = "name your own server as customHost (http://localhost:11434/v1), or a provider";
        self.missing.push(Problem {
            path: String::new(),
            message: format!("there is nowhere to send a call to: {advice}"),
        });
        provider::DEFAULT
    }

    /// The option `customHost` comes before a config's, as in the gateway.
    fn base_url(&mut self, provider: &dyn Provider) -> Option<BaseUrl> {
        let (path, text) = match (&self.options.custom_host, &self.node.custom_host, provider.base_url()) {
            (Some(text), _, _) => ("customHost".to_owned(), text.as_str()),
            (None, Some(text), _) => (self.key("custom_host"), text.as_str()),
            (None, None, Some(text)) => (self.key("provider"), text),
            (None, None, None) => {
                let name = provider.name();
                self.problem(
                    if self.rooted { "customHost".to_owned() } else { self.key("custom_host") },
                    format!("is missing: provider {name} is a server of your own; name its base URL"),
                );
                return None;
            }
        };
        match BaseUrl::parse(text) {
            Ok(base_url) => Some(base_url),
            Err(why) => {
                self.problem(path, why);
                None
            }
        }
    }

    /// `Authorization` is the credential unless it is forwarded as it is; a config's `api_key` comes before it.
    fn credential(&mut self, provider: &dyn Provider, headers: &mut HeaderMap) {
        let forwarded = self.forward_list().1.iter().any(|name| fold(name) == "authorization");
        let credential = match (&self.node.api_key, &self.options.authorization) {
            (Some(key), _) => Some((self.key("api_key"), key)),
            // A group's targets bring their own keys: one target's credential is not another's.
            (None, Some(key)) if self.rooted && !forwarded => Some(("Authorization".to_owned(), key)),
            _ => None,
        };
        let Some((path, credential)) = credential else { return };
        let (name, value) = provider.auth().header(credential);
        if let Err(why) = insert_secret(headers, name.as_str(), &value) {
            self.problem(path, why);
        }
    }

    fn openai_headers(&mut self, provider: &dyn Provider, headers: &mut HeaderMap) {
        let organization = self.node.openai_organization.clone().or(self.options.openai_organization.clone());
        let project = self.node.openai_project.clone().or(self.options.openai_project.clone());
        for (option, header, value) in [
            ("openaiOrganization", "openai-organization", organization),
            ("openaiProject", "openai-project", project),
        ] {
            let Some(value) = value else { continue };
            if provider.name() != "openai" {
                self.problem(option, format!("has no meaning for provider {}", provider.name()));
            } else if let Err(why) = insert_secret(headers, header, &Secret::new(&value)) {
                self.problem(option, why);
            }
        }
    }

    /// The list in force: the option's, else the config's. They are never merged. In a group, the option's goes to
    /// hosts of the user's own only.
    fn forward_list(&self) -> (String, &[String]) {
        let option = self.options.forward_headers.as_deref().filter(|_| self.rooted || self.is_custom());
        match (option, &self.node.forward_headers) {
            (Some(list), _) => ("forwardHeaders".to_owned(), list),
            (None, Some(list)) => (self.key("forward_headers"), list),
            (None, None) => ("forwardHeaders".to_owned(), &[]),
        }
    }

    fn forward(&mut self, headers: &mut HeaderMap) {
        let (path, list) = self.forward_list();
        let list = list.to_vec();
        for (at, listed) in list.iter().enumerate() {
            let place = format!("{path}[{at}]");
            let name = wire_name(listed);
            if name == "x-portkey-forward-headers" {
                self.problem(
                    place,
                    "forward_headers must not contain the 'x-portkey-forward-headers' header",
                );
            } else if let Some(reason) = refusal(&name) {
                self.problem(place, format!("{listed} {reason}, and is never forwarded"));
            } else if let Some(value) = self.value_of(listed) {
                if let Err(why) = insert_secret(headers, &name, &value) {
                    self.problem(place, format!("{listed}: {why}"));
                }
            } else {
                let message = self.nothing_to_forward(listed);
                self.missing.push(Problem { path: place, message });
            }
        }
        self.unlisted(&list);
        self.call_headers(&list, headers);
    }

    /// Headers of the call itself go to its target; those that a list names have gone in already.
    fn call_headers(&mut self, list: &[String], headers: &mut HeaderMap) {
        for (name, value) in self.headers {
            let name = name.to_ascii_lowercase();
            let Some(value) = value else {
                headers.remove(&name);
                continue;
            };
            // What some node forwards goes to those alone that list it; a public provider of a group gets nothing.
            if self.listed.contains(&fold(&name)) || list.iter().any(|listed| fold(listed) == fold(&name)) {
                continue;
            }
            if !self.rooted && !self.is_custom() {
                continue;
            }
            let refused = refusal(&name).map(|reason| format!("{reason}, and is never sent"));
            if let Some(why) = refused.or_else(|| insert_secret(headers, &name, value).err()) {
                self.problem(format!("headers.{name}"), why);
            }
        }
    }

    /// The call's headers come first, then the options, then the config that lists the name.
    fn value_of(&self, listed: &str) -> Option<Secret> {
        let folded = fold(listed);
        let in_list = |values: &[(String, Secret)]| {
            values.iter().find(|(name, _)| fold(name) == folded).map(|(_, value)| value.clone())
        };
        let own = self.headers.iter().find(|(name, value)| fold(name) == folded && value.is_some());
        own.and_then(|(_, value)| value.clone())
            .or_else(|| in_list(&self.options.values))
            .or_else(|| self.options.authorization.clone().filter(|_| folded == "authorization"))
            .or_else(|| in_list(&self.node.values))
    }

    fn nothing_to_forward(&self, listed: &str) -> String {
        let given = self
            .options
            .values
            .iter()
            .chain(&self.node.values)
            .map(|(name, _)| name.as_str())
            .chain(self.headers.iter().map(|(name, _)| name.as_str()));
        let near = nearest(listed, given.chain(self.options.authorization.as_ref().map(|_| "Authorization")));
        let advice = near.map_or_else(
            || "pass its value as an option of that name, of the client or of the call".to_owned(),
            |near| format!("did you mean {near}?"),
        );
        format!("{listed} has no value anywhere; {advice}")
    }

    /// A header's value that no list names would do nothing.
    fn unlisted(&mut self, list: &[String]) {
        let listed: Vec<String> = list.iter().map(|name| fold(name)).collect();
        let elsewhere = if self.rooted { &[] } else { self.listed.as_slice() };
        let listed: Vec<&String> = listed.iter().chain(elsewhere).collect();
        let own = self.node.values.iter().map(|(name, _)| (self.key(name), name));
        let all: Vec<(String, &String)> =
            self.options.values.iter().map(|(name, _)| (name.clone(), name)).chain(own).collect();
        for (path, name) in all.into_iter().filter(|(_, name)| !listed.contains(&&fold(name))) {
            let message = format!("is sent to no one: add {name} to forwardHeaders");
            self.missing.push(Problem { path, message });
        }
    }
}

/// Inside a group, going on to the next target takes the place of the default retries.
fn policy(max_retries: Option<u32>, retry: Option<&Retry>, rooted: bool) -> Policy {
    match retry {
        Some(retry) => Policy {
            retries: retry.attempts,
            statuses: Some(retry.on_status_codes.clone().unwrap_or_else(|| CONFIG_STATUSES.to_vec())),
            first_ceiling: Duration::from_secs(1),
            heed_retry_after: retry.use_retry_after_header,
        },
        None => Policy {
            retries: max_retries.unwrap_or(if rooted { Policy::default().retries } else { 0 }),
            ..Policy::default()
        },
    }
}
