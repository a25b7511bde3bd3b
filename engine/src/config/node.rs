//! A config's nodes as they are written: a tree of targets and groups of targets. What they mean is `plan.rs`'s to say.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::names::{Spelling, unknown_config_key};
use super::params::Params;
use super::read::Reader;
use super::strategy::Chosen;
use super::{Timeouts, reach, read_setting};
use crate::cache;
use crate::headers::fold;
use crate::health::{cb_config, check};
use crate::hooks::{self, Hook, Phase};
use crate::http::{Through, Tls};
use crate::limit::Rule;
use crate::provider;
use crate::provider::dialect::Settings;
use crate::record::Pricing;
use crate::secret::Secret;

/// A node of a config as written: a target, or a group with a strategy over its own targets.
#[derive(Clone, Default)]
pub struct Node {
    /// `config`, `config.targets[1]`, …
    pub path: String,
    pub strategy: Option<Chosen>,
    pub targets: Vec<Node>,
    /// Its share where its group balances load.
    pub weight: Option<f64>,
    pub name: Option<String>,
    pub provider: Option<String>,
    /// A provider that the hosted platform holds, by its older name.
    pub virtual_key: Option<String>,
    pub api_key: Option<Secret>,
    pub custom_host: Option<String>,
    pub forward_headers: Option<Vec<String>>,
    pub request_timeout: Option<u64>,
    pub retry: Option<Retry>,
    pub timeouts: Timeouts,
    pub idempotent: Option<bool>,
    /// How many requests the target takes at once, and how many may wait.
    pub pricing: Option<Pricing>,
    /// Its own, and those that it inherits.
    pub limits: Vec<Rule>,
    pub max_concurrent: Option<usize>,
    pub max_queue: Option<usize>,
    pub tls: Option<Arc<Tls>>,
    pub proxy: Option<Through>,
    pub max_answer_bytes: Option<u64>,
    pub breaker: Option<cb_config::Settings>,
    /// The circuit is open: said by who wrote the config. Acts only below an `id`.
    pub is_open: bool,
    pub id: Option<String>,
    pub health_check: Option<check::Settings>,
    /// Hooks before a request and after an answer, where the node says something of them.
    pub before: Option<Vec<Hook>>,
    pub after: Option<Vec<Hook>>,
    pub strict: Option<bool>,
    pub strict_params: Option<bool>,
    pub repairs: Option<bool>,
    pub stream_usage: Option<bool>,
    /// Options of its provider.
    pub settings: Settings,
    pub cache: Option<cache::Policy>,
    /// Whose vectors tell whether two questions mean the same, where the cache asks.
    pub embeddings: Option<Box<Node>>,
    /// The provider and its credential come with the call.
    pub passthrough: bool,
    /// Facts of calls through this config; at the root alone.
    pub metadata: BTreeMap<String, String>,
    pub params: Params,
    pub openai_organization: Option<String>,
    pub openai_project: Option<String>,
    pub values: Vec<(String, Secret)>,
}

/// A config's `retry`, as written.
#[derive(Clone)]
pub struct Retry {
    pub attempts: u32,
    pub on_status_codes: Option<Vec<u16>>,
    pub use_retry_after_header: bool,
}

/// The path of a config's root.
const ROOT: &str = "config";

impl Node {
    pub fn read_text_or_object(value: &Value, reader: &mut Reader) -> Option<Self> {
        let Value::String(text) = value else { return Self::read(value, ROOT, reader) };
        match serde_json::from_str(text) {
            Ok(parsed) => Self::read(&parsed, ROOT, reader),
            Err(why) => {
                let place = format!("line {} column {}", why.line(), why.column());
                reader.problem(
                    "config",
                    format!("expected an object or its JSON; the text is no JSON at {place}"),
                );
                None
            }
        }
    }

    fn read(value: &Value, path: &str, reader: &mut Reader) -> Option<Self> {
        let object = reader.object(value, path)?;
        let mut node = Self { path: path.to_owned(), ..Self::default() };
        let mut spelling = Spelling::default();
        let mut unknown = Vec::new();
        for (written, value) in object.iter().filter(|(_, value)| !value.is_null()) {
            let path = format!("{path}.{written}");
            if let Some(other) = spelling.twice(written) {
                reader.problem(path, format!("is given twice, as {other} too"));
            } else if !node.read_one(written, value, &path, reader) {
                unknown.push((written, value, path));
            }
        }
        node.read_values(unknown, reader);
        let written = |name: &str| object.iter().find(|(key, value)| fold(key) == name && !value.is_null());
        node.check_group(written("strategy").is_some(), written("targets").map(|(_, value)| value), reader);
        node.check(reader);
        node.name_limits();
        if path != ROOT {
            node.check_below_root(reader);
        }
        Some(node)
    }

    fn read_one(&mut self, written: &str, value: &Value, path: &str, reader: &mut Reader) -> bool {
        match fold(written).as_str() {
            "provider" => self.provider = reader.string(value, path),
            "virtualkey" => self.virtual_key = reader.string(value, path),
            "apikey" => self.api_key = reader.secret(value, path),
            "customhost" => self.custom_host = reader.string(value, path),
            "forwardheaders" => self.forward_headers = reader.strings(value, path),
            "requesttimeout" => self.request_timeout = reader.milliseconds(value, path),
            "retry" => self.retry = Retry::read(value, path, reader),
            "timeouts" => self.timeouts = Timeouts::read(value, path, reader),
            "idempotent" => self.idempotent = reader.boolean(value, path),
            "maxconcurrent" => self.max_concurrent = reader.count(value, path, 1),
            "maxqueue" => self.max_queue = reader.count(value, path, 0),
            "tls" => self.tls = reach::tls(value, path, reader),
            "proxy" => self.proxy = reach::proxy(value, path, reader),
            "maxanswerbytes" => self.max_answer_bytes = reach::answer_bytes(value, path, reader),
            "cbconfig" => self.read_breaker(value, path, reader),
            "isopen" => self.is_open = reader.boolean(value, path).unwrap_or(false),
            "cache" => self.read_cache(value, path, reader),
            "healthcheck" => self.health_check = check::Settings::read(value, path, reader),
            "passthrough" => self.passthrough = reader.boolean(value, path).unwrap_or(false),
            "id" => self.id = reader.string(value, path),
            "metadata" => self.metadata = reader.metadata(value, path),
            "strategy" => self.read_strategy(value, path, reader),
            "targets" => self.targets = Self::read_targets(value, path, reader),
            "weight" => self.weight = reader.weight(value, path),
            "overrideparams" => self.params.overrides = Params::read_object(value, path, reader),
            "defaultparams" => self.params.defaults = Params::read_object(value, path, reader),
            "dropparams" => self.params.read_drops(value, path, reader),
            "openaiorganization" => self.openai_organization = reader.string(value, path),
            "openaiproject" => self.openai_project = reader.string(value, path),
            "limits" => self.limits = Rule::read_all(value, path, reader),
            "pricing" => self.pricing = Pricing::read(value, path, reader),
            "name" => self.name = reader.string(value, path),
            "strictopenaicompliance" => self.strict = reader.boolean(value, path),
            "strictparams" => self.strict_params = reader.boolean(value, path),
            "repairs" => self.repairs = reader.boolean(value, path),
            "streamusage" => self.stream_usage = reader.boolean(value, path),
            name => return self.read_hooks(name, value, path, reader),
        }
        true
    }

    /// A list of hooks; false when its name isn't one of theirs. Those of each key add up.
    fn read_hooks(&mut self, name: &str, value: &Value, path: &str, reader: &mut Reader) -> bool {
        let (list, phase) = match name {
            "inputguardrails" | "inputmutators" | "beforerequesthooks" => (&mut self.before, Phase::Before),
            "outputguardrails" | "outputmutators" | "afterrequesthooks" => (&mut self.after, Phase::After),
            _ => return false,
        };
        let read = match name {
            "inputguardrails" | "outputguardrails" => hooks::read_guardrails(value, path, phase, reader),
            "inputmutators" | "outputmutators" => hooks::read_mutators(value, path, phase, reader),
            _ => hooks::read_hooks(value, path, phase, reader),
        };
        let list = list.get_or_insert_default();
        // Explicit hooks come first, whatever the order of the keys.
        if name.ends_with("requesthooks") {
            list.splice(0..0, read).for_each(drop);
        } else {
            list.extend(read);
        }
        true
    }

    fn read_cache(&mut self, value: &Value, path: &str, reader: &mut Reader) {
        self.cache = cache::Policy::read(value, path, reader);
        if let Some(cache::Policy { mode: cache::Mode::Semantic(semantic), .. }) = &self.cache {
            self.embeddings = Self::read(&semantic.embeddings, &semantic.path, reader).map(Box::new);
            if self.embeddings.as_ref().is_some_and(|node| node.strategy.is_some() || node.cache.is_some()) {
                reader.problem(&semantic.path, "expected one target, without strategy and cache");
            }
        }
    }

    fn read_strategy(&mut self, value: &Value, path: &str, reader: &mut Reader) {
        self.strategy = Chosen::read(value, path, reader);
        let breaker = value.as_object().into_iter().flatten().find(|(key, _)| fold(key) == "cbconfig");
        if let Some((key, value)) = breaker {
            self.read_breaker(value, &format!("{path}.{key}"), reader);
        }
    }

    /// `cb_config` stands at a node or in its strategy.
    fn read_breaker(&mut self, value: &Value, path: &str, reader: &mut Reader) {
        if self.breaker.is_some() {
            reader.problem(path, "is given twice, at the node and in its strategy");
        }
        self.breaker = cb_config::Settings::read(value, path, reader);
    }

    fn read_values(&mut self, unknown: Vec<(&String, &Value, String)>, reader: &mut Reader) {
        let listed: Vec<String> = self.forward_headers.iter().flatten().map(|name| fold(name)).collect();
        for (written, value, path) in unknown {
            let listed = listed.contains(&fold(written));
            if let Some(key) = provider::setting(written).filter(|_| !listed) {
                read_setting(&mut self.settings, key, value, &path, reader);
            } else if !listed {
                reader.problem(path, unknown_config_key(written));
            } else if let Some(text) = reader.header_value(value, &path) {
                self.values.push((written.clone(), Secret::new(&text)));
            }
        }
    }

    fn read_targets(value: &Value, path: &str, reader: &mut Reader) -> Vec<Self> {
        let Value::Array(items) = value else {
            reader.problem(path, "expected a list of targets");
            return Vec::new();
        };
        let read = items.iter().enumerate();
        read.filter_map(|(at, item)| Self::read(item, &format!("{path}[{at}]"), reader)).collect()
    }

    /// A group has a strategy and targets. One that is written, and can't be used, has a problem of its own already.
    fn check_group(&self, has_strategy: bool, targets: Option<&Value>, reader: &mut Reader) {
        let path = &self.path;
        let is_empty = targets.is_none_or(|targets| targets.as_array().is_some_and(Vec::is_empty));
        if has_strategy && is_empty {
            let message = "is missing or empty; a strategy chooses among targets";
            reader.problem(format!("{path}.targets"), message);
        }
        if !has_strategy && !self.targets.is_empty() {
            reader.problem(format!("{path}.strategy"), "is missing; targets need one to choose by");
        }
    }

    /// What belongs to the whole call is of no use further down.
    fn check_below_root(&self, reader: &mut Reader) {
        let path = &self.path;
        if self.timeouts.total.is_some() {
            reader.problem(format!("{path}.timeouts.total"), "belongs to the whole call: put it at the root");
        }
        if !self.metadata.is_empty() {
            reader.problem(format!("{path}.metadata"), "belongs to the whole call: put it at the root");
        }
    }

    /// What the node's keys say goes together, and what its strategy names is there.
    fn check(&self, reader: &mut Reader) {
        let path = &self.path;
        let is_named = self.provider.is_some() || self.virtual_key.is_some();
        if self.passthrough && (is_named || self.strategy.is_some()) {
            reader.problem(
                format!("{path}.passthrough"),
                "leaves the provider to the call: it goes with neither provider nor strategy",
            );
        }
        if self.virtual_key.is_some() && self.strategy.is_some() {
            reader.problem(format!("{path}.virtual_key"), "is one target's: it goes with no strategy");
        }
        let weightless = self.targets.iter().all(|node| node.weight == Some(0.0));
        let balances = !matches!(
            self.strategy,
            None | Some(Chosen::Single | Chosen::Fallback { .. } | Chosen::Conditional { .. })
        );
        if balances && !self.targets.is_empty() && weightless {
            reader.problem(format!("{path}.targets"), "all have weight 0, so that none would ever answer");
        }
        let Some(Chosen::Conditional { conditions, default }) = &self.strategy else { return };
        let named = |name: &String| self.targets.iter().any(|node| node.name.as_ref() == Some(name));
        for (at, condition) in conditions.iter().enumerate().filter(|(_, condition)| !named(&condition.then))
        {
            let message = format!("names {}, which no target is called", condition.then);
            reader.problem(format!("{path}.strategy.conditions[{at}].then"), message);
        }
        if let Some(default) = default.as_ref().filter(|name| !named(name)) {
            reader.problem(
                format!("{path}.strategy.default"),
                format!("names {default}, which no target is called"),
            );
        }
    }

    /// The node as its parent makes it: what it leaves open is the parent's. A provider, its key, name and weight are
    /// never handed down; parameters are merged key by key.
    pub fn inheriting(&self, parent: &Self) -> Self {
        let mut node = self.clone();
        node.custom_host = node.custom_host.or_else(|| parent.custom_host.clone());
        node.forward_headers = node.forward_headers.or_else(|| parent.forward_headers.clone());
        node.request_timeout = node.request_timeout.or(parent.request_timeout);
        node.retry = node.retry.or_else(|| parent.retry.clone());
        node.timeouts = node.timeouts.or(&parent.timeouts);
        node.idempotent = node.idempotent.or(parent.idempotent);
        node.max_concurrent = node.max_concurrent.or(parent.max_concurrent);
        node.max_queue = node.max_queue.or(parent.max_queue);
        node.tls = node.tls.or_else(|| parent.tls.clone());
        node.proxy = node.proxy.or_else(|| parent.proxy.clone());
        node.max_answer_bytes = node.max_answer_bytes.or(parent.max_answer_bytes);
        node.breaker = node.breaker.or_else(|| parent.breaker.clone());
        if node.cache.is_none() {
            node.cache.clone_from(&parent.cache);
            node.embeddings.clone_from(&parent.embeddings);
        }
        node.health_check = node.health_check.or_else(|| parent.health_check.clone());
        node.before = node.before.or_else(|| parent.before.clone());
        node.after = node.after.or_else(|| parent.after.clone());
        node.pricing = node.pricing.or(parent.pricing);
        node.limits.extend(parent.limits.iter().cloned());
        node.strict = node.strict.or(parent.strict);
        node.strict_params = node.strict_params.or(parent.strict_params);
        node.repairs = node.repairs.or(parent.repairs);
        node.stream_usage = node.stream_usage.or(parent.stream_usage);
        node.id = parent.id.clone().or(node.id);
        node.params = node.params.over(&parent.params);
        node.values.extend(parent.values.iter().cloned());
        node
    }

    /// A limit's counts belong to its place and to what it governs: another config may have other targets there.
    fn name_limits(&mut self) {
        let governed = self.governed();
        for rule in self.limits.iter_mut().filter(|rule| rule.name.is_none()) {
            rule.identity = format!("{} {governed}", rule.path);
        }
    }

    /// The targets here and below, as far as their own keys tell them from others.
    fn governed(&self) -> String {
        let Self { name, provider, virtual_key, custom_host, .. } = self;
        let below: String = self.targets.iter().map(Self::governed).collect();
        format!("({name:?} {provider:?} {virtual_key:?} {custom_host:?}{below})")
    }

    /// Whether some node takes its provider from the call.
    pub fn passes_through(&self) -> bool {
        self.passthrough || self.targets.iter().any(Self::passes_through)
    }

    /// Whether a host of the user's own is named, here or below.
    pub fn has_custom_host(&self) -> bool {
        self.custom_host.is_some() || self.targets.iter().any(Self::has_custom_host)
    }

    /// Every name in a list of headers to forward, here and below.
    pub fn all_forwarded(&self) -> Vec<&String> {
        let mut names: Vec<&String> = self.forward_headers.iter().flatten().collect();
        names.extend(self.targets.iter().flat_map(Self::all_forwarded));
        names
    }
}

impl Retry {
    fn read(value: &Value, path: &str, reader: &mut Reader) -> Option<Self> {
        let object = reader.object(value, path)?;
        let mut attempts = None;
        let mut retry = Self { attempts: 0, on_status_codes: None, use_retry_after_header: false };
        for (written, value) in object.iter().filter(|(_, value)| !value.is_null()) {
            let place = format!("{path}.{written}");
            match fold(written).as_str() {
                "attempts" => attempts = Some(reader.whole(value, &place, 0..=5).unwrap_or(0)),
                "onstatuscodes" => retry.on_status_codes = reader.statuses(value, &place),
                "useretryafterheader" | "useretryafterheaders" => {
                    retry.use_retry_after_header = reader.boolean(value, &place).unwrap_or(false);
                }
                _ => {
                    reader
                        .problem(place, "expected one of attempts, on_status_codes, use_retry_after_header");
                }
            }
        }
        match attempts {
            Some(attempts) => retry.attempts = attempts as u32,
            None => {
                reader.problem(format!("{path}.attempts"), "is missing; expected a whole number from 0 to 5");
            }
        }
        Some(retry)
    }
}
