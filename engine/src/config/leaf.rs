//! A plan's leaves: what provider, host, credential and limits a target has, from its node and the options.

use std::sync::Arc;
use std::time::Duration;

use ::http::{HeaderMap, HeaderValue, header};
use url::Url;

use super::names::nearest;
use super::node::Node;
use super::plan::Maker;
use super::reach::MOST_ANSWER_BYTES;
use super::target::{Caching, Clocks, Target, Ways};
use crate::base_url::BaseUrl;
use crate::cache::Tenant;
use crate::error::Problem;
use crate::headers::{fold, insert_secret};
use crate::hooks::Hooks;
use crate::http::{Route, Tls};
use crate::limit::Limits;
use crate::memory;
use crate::provider::dialect::{Setting, Settings, camel};
use crate::provider::portkey::PORTKEY;
use crate::provider::{self, LEFT_OUT, PROVIDERS, Provider};
use crate::record::Pricing;
use crate::record::prices::Known;
use crate::retry::{CONFIG_STATUSES, Policy};
use crate::secret::Secret;

/// So many requests wait for a slot of a target, unless it says otherwise.
const LONGEST_QUEUE: usize = 1_000;

const USER_AGENT: &str = concat!("portkey-native/", env!("CARGO_PKG_VERSION"));

impl Maker<'_> {
    pub fn target(&mut self, followed: bool) -> Option<Target> {
        let options = self.options;
        let mut headers = HeaderMap::with_capacity(8);
        headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        self.pass_through();
        let gateway = self.gateway();
        let (provider, settings, base_url) = match &gateway {
            Some((_, asker)) => self.at_gateway(asker, &mut headers),
            None => self.at_provider(&mut headers),
        };
        if self.node.is_open && self.node.id.is_none() {
            let path = self.key("is_open");
            self.problem(path, "acts only in a config with an id");
        }
        let caching = self.caching(&headers, &settings);
        let base_url = base_url?;
        let live = self.live(provider?, &base_url);
        let pricing = self.node.pricing.or(self.options.pricing);
        let known = match pricing {
            None if gateway.is_none() && !self.is_custom() => Known::of(provider?.name()),
            _ => Known::Nowhere,
        };
        let limits = self.limits(provider?, &base_url, pricing, known);
        let repeats =
            options.max_retries != Some(0) && self.node.retry.as_ref().is_none_or(|retry| retry.attempts > 0);
        Some(Target {
            path: self.node.path.as_str().into(),
            name: self.node.name.as_ref().unwrap_or(&self.node.path).as_str().into(),
            provider: provider?,
            base_url,
            route: Arc::new(self.route()),
            most_bytes: self.most_bytes(),
            ways: Ways::default(),
            headers,
            clocks: Clocks::of(options, &self.node),
            retry: self.policy(gateway.is_some()),
            idempotent: options.idempotent.or(self.node.idempotent).unwrap_or(false),
            gated: followed || self.node.retry.as_ref().is_some_and(|retry| retry.attempts > 0),
            // A gateway waits by itself.
            patient: repeats && gateway.is_none(),
            is_open: self.node.is_open,
            health_check: self.node.health_check.clone(),
            caching,
            hooks: self.hooks(),
            extras: options.strict == Some(false) || self.node.strict == Some(false),
            strict_params: options.strict_params.or(self.node.strict_params).unwrap_or(false),
            repairs: options.repairs.or(self.node.repairs).unwrap_or(provider?.repairs()),
            stream_usage: options.stream_usage.or(self.node.stream_usage),
            is_custom: self.is_custom(),
            tells_duration: gateway.is_some() && options.audio_duration != Some(false),
            gateway: gateway.map(|(gateway, _)| gateway),
            settings,
            params: self.node.params.clone(),
            pricing,
            known,
            limits,
            live,
        })
    }

    /// Provider, options and host of a target that this process calls by itself; its headers are filled in.
    fn at_provider(
        &mut self,
        headers: &mut HeaderMap,
    ) -> (Option<&'static dyn Provider>, Settings, Option<BaseUrl>) {
        let provider = self.provider();
        let settings = provider.map(|provider| self.settings(provider)).unwrap_or_default();
        let base_url = provider.and_then(|provider| self.base_url(provider, &settings));
        if let Some(provider) = provider {
            self.credential(provider, &settings, headers);
            self.openai_headers(provider, headers);
        }
        self.forward(headers);
        (provider, settings, base_url)
    }

    /// The same of a gateway, which `asker` asks for.
    fn at_gateway(
        &mut self,
        asker: &str,
        headers: &mut HeaderMap,
    ) -> (Option<&'static dyn Provider>, Settings, Option<BaseUrl>) {
        let base_url = self.gateway_url();
        self.tell(headers);
        self.forward(headers);
        self.key_for_platform(asker, headers);
        (Some(&PORTKEY), Settings::default(), base_url)
    }

    /// Inside a group, going on to the next target takes the place of the default retries.
    fn policy(&self, at_gateway: bool) -> Policy {
        let asked = self.options.max_retries;
        match &self.node.retry {
            Some(retry) => Policy {
                retries: retry.attempts,
                statuses: Some(retry.on_status_codes.clone().unwrap_or_else(|| CONFIG_STATUSES.to_vec())),
                first_ceiling: Duration::from_secs(1),
                heed_retry_after: retry.use_retry_after_header,
                after_gateway: true,
            },
            None => Policy {
                retries: asked.unwrap_or(if self.rooted { Policy::default().retries } else { 0 }),
                after_gateway: !at_gateway || asked.is_some(),
                ..Policy::default()
            },
        }
    }

    fn identity(&self, provider: &dyn Provider, base_url: &BaseUrl) -> String {
        let Node { path, name, .. } = &self.node;
        format!("{path} {name:?} {} {base_url:?}", provider.name())
    }

    /// The client's limits and the config's. Those for embeddings of a cache stand beside the client's.
    fn limits(
        &mut self,
        provider: &dyn Provider,
        base_url: &BaseUrl,
        pricing: Option<Pricing>,
        known: Known,
    ) -> Option<Limits> {
        let of_client = self.options.limits.iter().filter(|_| !self.aside);
        let all = of_client.chain(&self.node.limits).cloned();
        let limits = Limits::new(all, &self.identity(provider, base_url), self.memory.counted())?;
        if !matches!(known, Known::Listed(_)) && !pricing.is_some_and(|pricing| pricing.is_whole()) {
            let target = self.node.path.clone();
            for rule in limits.of_cost() {
                let why = format!(
                    "needs to know what {target} takes: give it pricing, with input and output where tokens cost"
                );
                self.problems.push(Problem { path: format!("{}.cost", rule.path), message: why });
            }
        }
        Some(limits)
    }

    /// What is known of the target, which its place, its name, its provider and its host tell from others.
    fn live(&self, provider: &dyn Provider, base_url: &BaseUrl) -> Arc<memory::Live> {
        let identity = self.identity(provider, base_url);
        let settings = memory::Settings {
            max_concurrent: self.node.max_concurrent.or(self.options.max_concurrent),
            max_queue: self.node.max_queue.or(self.options.max_queue).unwrap_or(LONGEST_QUEUE),
            breaker: self.node.breaker.clone(),
        };
        self.memory.target(&identity, settings)
    }

    /// A target's own settings come before those that the options give all targets.
    fn route(&self) -> Route {
        let Node { tls, proxy, .. } = &self.node;
        Route {
            tls: tls.clone().or_else(|| self.options.tls.clone()).unwrap_or_else(Tls::usual),
            proxy: proxy.clone().or_else(|| self.options.proxy.clone()).unwrap_or_default(),
            egress: self.options.egress.clone(),
        }
    }

    fn most_bytes(&self) -> usize {
        let own = self.node.max_answer_bytes.or(self.options.max_answer_bytes);
        own.unwrap_or(MOST_ANSWER_BYTES) as usize
    }

    pub fn is_custom(&self) -> bool {
        self.host_option().is_some() || self.node.custom_host.is_some()
    }

    pub fn host_option(&self) -> Option<&String> {
        self.options.custom_host.as_ref().filter(|_| !self.aside)
    }

    fn hooks(&self) -> Option<Hooks> {
        let Node { before, after, .. } = &self.node;
        let hooks = Hooks::new(before.clone().unwrap_or_default(), after.clone().unwrap_or_default());
        (!hooks.is_empty()).then_some(hooks)
    }

    /// How the target's answers are kept.
    fn caching(&mut self, headers: &HeaderMap, settings: &Settings) -> Option<Caching> {
        let policy = self.node.cache.clone().filter(|_| self.options.debug != Some(false))?;
        let secrets = headers.iter().filter(|(_, value)| value.is_sensitive());
        let tenant = if let Some(name) = &self.options.cache_namespace {
            Tenant::namespace(name)
        } else {
            // Where the host is, the key knows from the URL.
            let settings = settings.iter().filter(|(key, _)| *key != provider::CUSTOM_HOST);
            let settings = settings.map(|(key, value)| (key, value.expose().as_bytes()));
            Tenant::of(secrets.map(|(name, value)| (name.as_str(), value.as_bytes())).chain(settings))
        };
        let embeddings = self.node.embeddings.clone().and_then(|node| self.beside(*node)).map(Arc::new);
        let passed = self.hooks().map(|hooks| hooks.passed()).unwrap_or_default();
        Some(Caching { policy, tenant, refresh: self.options.cache_force_refresh, passed, embeddings })
    }

    /// A target that stands beside the tree.
    fn beside(&mut self, node: Node) -> Option<Target> {
        let node = std::mem::replace(&mut self.node, node);
        let rooted = std::mem::replace(&mut self.rooted, false);
        self.aside = true;
        let target = self.target(false);
        (self.node, self.rooted, self.aside) = (node, rooted, false);
        target
    }

    /// The path of a key of the node.
    pub fn key(&self, name: &str) -> String {
        format!("{}.{name}", self.node.path)
    }

    /// A config's provider comes before the option's, as in the gateway; a target of a group has its own or none.
    fn provider(&mut self) -> Option<&'static dyn Provider> {
        if self.node.passthrough {
            return self.passed_through();
        }
        let option = self.options.provider.as_ref().filter(|_| self.rooted);
        let (path, name) = match (&self.node.provider, option) {
            (Some(name), _) => (self.key("provider"), name.clone()),
            (None, Some(name)) => ("provider".to_owned(), name.clone()),
            (None, None) => return Some(self.unnamed_provider()),
        };
        self.known_provider(path, &name)
    }

    /// A hosted provider that the call names for a passthrough target: `@slug/model` as its model, or the option
    /// `provider`.
    fn pass_through(&mut self) {
        if !self.node.passthrough {
            return;
        }
        let option = self.options.provider.clone().filter(|name| name.starts_with('@'));
        let Some((slug, model)) = &self.options.named_by_model else {
            self.node.provider = option;
            return;
        };
        if slug.is_empty() {
            self.problem("model".to_owned(), "names no provider between @ and the slash");
        }
        self.node.params.overrides.insert("model".to_owned(), model.as_str().into());
        self.node.provider = Some(format!("@{slug}"));
    }

    /// The provider that the call names in the option `provider`.
    fn passed_through(&mut self) -> Option<&'static dyn Provider> {
        match &self.options.provider {
            Some(name) => self.known_provider("provider".to_owned(), name),
            None if self.is_custom() => Some(provider::DEFAULT),
            None => {
                let path = self.key("passthrough");
                let message = "leaves the provider to the call: name it as the option provider, or a hosted one as model: '@slug/model'";
                self.missing.push(Problem { path, message: message.to_owned() });
                Some(provider::DEFAULT)
            }
        }
    }

    fn known_provider(&mut self, path: String, name: &str) -> Option<&'static dyn Provider> {
        let found = provider::find(name);
        if found.is_none() {
            let known = PROVIDERS.iter().map(|provider| provider.name());
            let near = nearest(name, known).map(|near| format!("; did you mean {near}?"));
            let advice = near.unwrap_or_default();
            let left_out = LEFT_OUT.iter().find(|(left_out, _)| *left_out == name);
            let message = match left_out {
                Some((_, why)) => format!("is not among the providers: {why}"),
                None => {
                    format!("expected one of the {} names that providers() lists{advice}", PROVIDERS.len())
                }
            };
            self.problem(path, message);
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
        self.nowhere = true;
        let advice = "name your own server as customHost (http://localhost:11434/v1), or a provider";
        self.missing.push(Problem {
            path: String::new(),
            message: format!("there is nowhere to send a call to: {advice}"),
        });
        provider::DEFAULT
    }

    /// The options of `provider`: the node's, and the client's where the config is one target. What is missing the call
    /// may still bring.
    fn settings(&mut self, provider: &dyn Provider) -> Settings {
        let mut settings = Settings::default();
        let alone = (self.rooted || self.node.passthrough) && !self.aside;
        let optional = self.options.settings.iter().filter(|_| alone);
        let given: Vec<_> = optional.map(|(key, value)| (camel(key), key, value.clone())).collect();
        let own = self.node.settings.iter().map(|(key, value)| (self.key(key), key, value.clone()));
        let given: Vec<_> = given.into_iter().chain(own).collect();
        for (path, key, value) in given {
            if provider.settings().iter().any(|setting| setting.key == key) {
                settings.set(key, value);
            } else {
                self.problem(path, format!("has no meaning for provider {}", provider.name()));
            }
        }
        if let Some(host) = self.host_option().or(self.node.custom_host.as_ref()) {
            settings.set(provider::CUSTOM_HOST, Secret::new(host));
        }
        let is_missing = |setting: &&Setting| setting.required && settings.get(setting.key).is_none();
        let needed = provider.settings().iter().filter(is_missing).map(|setting| Problem {
            path: setting.key.to_owned(),
            message: format!("is missing: {}", setting.what),
        });
        for Problem { path: key, message } in needed.chain(provider.problems(&settings)).collect::<Vec<_>>() {
            let path = if alone { camel(&key) } else { self.key(&key) };
            let is_missing = message.starts_with("is missing");
            let list = if is_missing { &mut self.missing } else { &mut self.problems };
            list.push(Problem { path, message });
        }
        settings
    }

    /// The option `customHost` comes before a config's, as in the gateway.
    fn base_url(&mut self, provider: &dyn Provider, settings: &Settings) -> Option<BaseUrl> {
        let own = provider.base_url_for(settings);
        let (path, text) = match (self.host_option(), &self.node.custom_host, &own) {
            (Some(text), _, _) => ("customHost".to_owned(), text.as_str()),
            (None, Some(text), _) => (self.key("custom_host"), text.as_str()),
            (None, None, Some(text)) => (self.key("provider"), text.as_str()),
            // What it lacks has been told; no call is made before it is there.
            (None, None, None) if !provider.settings().is_empty() => (String::new(), "https://unset.invalid"),
            (None, None, None) => {
                let name = provider.name();
                let example = provider.usual_host().unwrap_or("http://localhost:8000/v1");
                self.problem(
                    if self.rooted { "customHost".to_owned() } else { self.key("custom_host") },
                    format!(
                        "is missing: provider {name} is a server of your own; name its base URL, such as {example}"
                    ),
                );
                return None;
            }
        };
        match BaseUrl::parse(text) {
            Ok(base_url) => {
                self.check_egress(path, &base_url);
                Some(base_url)
            }
            Err(why) => {
                self.problem(path, why);
                None
            }
        }
    }

    /// A host that may not be reached is told now, as far as its name or address tells.
    fn check_egress(&mut self, path: String, base_url: &BaseUrl) {
        let Some(egress) = self.options.egress.clone().filter(|_| !path.is_empty()) else { return };
        let Ok(url) = Url::parse(&base_url.join("/", None)) else { return };
        if let Err(why) = egress.allows(&url, base_url.socket().map(|socket| &**socket)) {
            self.problem(path, format!("{why}: egress.allow names what may be reached"));
        }
    }

    /// `Authorization` is the credential unless it is forwarded as it is; a config's `api_key` comes before it.
    fn credential(&mut self, provider: &dyn Provider, settings: &Settings, headers: &mut HeaderMap) {
        let forwarded = self.forward_list().1.iter().any(|name| fold(name) == "authorization");
        let credential = match (&self.node.api_key, &self.options.authorization) {
            (Some(key), _) => Some((self.key("api_key"), key)),
            // A group's targets bring their own keys: one target's credential is not another's.
            (None, Some(key)) if (self.rooted || self.node.passthrough) && !forwarded => {
                Some(("Authorization".to_owned(), key))
            }
            _ => None,
        };
        let path = credential.as_ref().map_or("Authorization".to_owned(), |(path, _)| path.clone());
        let given = credential.map(|(_, credential)| credential);
        let Some((name, value)) = provider.credential_for(settings, given) else {
            if let Some(what) = provider.needs_credential(settings).filter(|_| !forwarded) {
                let path = if self.rooted { path } else { self.key("api_key") };
                self.missing.push(Problem { path, message: format!("is missing: {what}") });
            }
            return;
        };
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
}
