//! Portkey gateways as those who answer: the one that `baseURL` names, which gets every call (remote), and the hosted
//! platform, where an option, a config's target or an endpoint asks for it. What a gateway is told goes in `x-portkey-…`
//! headers, and their names and values are made here alone.
//! The invariant: Portkey's key goes to gateways only, and nothing is told that no header can hold.

use std::collections::HashSet;
use std::fmt::Write;

use ::http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value};

use super::names::{Acts, acts, header_name, nearest_option, overlay};
use super::plan::Maker;
use super::{Options, Reader};
use crate::base_url::BaseUrl;
use crate::error::Problem;
use crate::headers::{fold, insert_secret, latin_1, wire_name};
use crate::provider;
use crate::provider::dialect::camel;
use crate::provider::portkey::PLATFORM;
use crate::secret::Secret;

/// A gateway that gets each call whole: options and config are its own to act on.
#[derive(Clone, Debug)]
pub enum Whole {
    /// The one that `baseURL` names.
    Remote(String),
    /// The hosted platform, and the option or the endpoint that asks for it.
    Platform(String),
}

/// What a target that is a gateway gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gateway {
    /// All calls: what it says of them is what there is to say.
    Only,
    /// Those of a config's tree that come to it.
    Among,
}

impl Whole {
    /// The gateway that options ask for.
    pub fn asked_by(options: &Map<String, Value>, reader: &mut Reader) -> Option<Self> {
        match options.get("baseURL") {
            Some(url) => Some(Self::Remote(reader.string(url, "baseURL").unwrap_or_default())),
            None => is_saved(options.get("config")?).then(|| Self::Platform("config".to_owned())),
        }
    }

    /// Its name in reports.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Remote(_) => "remote",
            Self::Platform(_) => "hosted",
        }
    }

    fn asker(&self) -> &str {
        match self {
            Self::Remote(_) => "baseURL",
            Self::Platform(asker) => asker,
        }
    }
}

/// Whether a config is the id of one that the hosted platform holds.
fn is_saved(config: &Value) -> bool {
    config.as_str().is_some_and(|id| id.starts_with("pc-"))
}

/// Whether an unknown option can be one that a gateway knows: no option misspelt, and no header's name.
pub fn may_know(name: &str) -> bool {
    is_told_as_written(name) || (!is_header(name) && !name.contains('-') && nearest_option(name).is_none())
}

/// Whether a name can only be a header's.
fn is_header(name: &str) -> bool {
    let mut letters = name.chars();
    let first = letters.next().unwrap_or('-');
    let next = letters.next().unwrap_or('-');
    first.is_uppercase() || (first == 'x' && (next.is_uppercase() || next == '_'))
}

fn is_told_as_written(name: &str) -> bool {
    name.to_ascii_lowercase().starts_with("x-portkey-")
}

/// What a hosted target beside local ones is told as its option says it. The rest depends on the target.
pub fn told_by_hosted_target(options: &Map<String, Value>) -> Vec<(String, Value)> {
    const MADE: [&str; 6] =
        ["Authorization", "config", "customHost", "forwardHeaders", "metadata", "requestTimeout"];
    let is_told = |name: &str| acts(name).is_some_and(Acts::is_told) && !MADE.contains(&name);
    let told = options.iter().filter(|(name, _)| is_told(name));
    told.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// An option's value as a header says it; `None` for one that says nothing. Beyond ASCII, JSON is escaped.
fn header_text(name: &str, value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) if text.trim().is_empty() => None,
        Value::String(text) if matches!(name, "config" | "metadata") => Some(ascii(text)),
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Array(items) if items.is_empty() => None,
        Value::Array(items) if name == "sensitiveHeaders" => {
            Some(items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","))
        }
        Value::Object(fields) if fields.is_empty() => None,
        Value::Array(_) | Value::Object(_) => Some(ascii(&value.to_string())),
    }
}

/// JSON with everything beyond ASCII as `\uXXXX`.
fn ascii(json: &str) -> String {
    if json.bytes().all(|byte| byte < 0x7F) {
        return json.to_owned();
    }
    let mut escaped = String::with_capacity(json.len() * 2);
    for letter in json.chars() {
        if letter < '\u{7F}' {
            escaped.push(letter);
            continue;
        }
        for unit in letter.encode_utf16(&mut [0; 2]) {
            write!(escaped, "\\u{unit:04x}").expect("a String takes any text");
        }
    }
    escaped
}

impl Options {
    /// The options of a call to an endpoint of the platform's own. It is told what tells of the call, what it holds
    /// itself, and whatever the call's `params` say; hosts and credentials of other calls are not for it.
    pub fn for_platform(
        client: &Map<String, Value>,
        params: &Map<String, Value>,
        asker: &str,
    ) -> Result<Self, Vec<Problem>> {
        let params = overlay(&Map::new(), params);
        let is_for_it = |name: &str, value: &Value| {
            params.contains_key(name)
                || match (acts(name), name) {
                    (_, "defaultHeaders") => false,
                    (Some(Acts::Here | Acts::Call), _) | (_, "virtualKey") => true,
                    (_, "provider") => value.as_str().is_some_and(|name| name.starts_with('@')),
                    (_, "config") => is_saved(value),
                    _ => false,
                }
        };
        let told = overlay(client, &params).into_iter().filter(|(name, value)| is_for_it(name, value));
        let mut reader = Reader::default();
        let mut options = Self { whole: Some(Whole::Platform(asker.to_owned())), ..Self::empty() };
        options.read_for_gateway(&told.collect(), &mut reader);
        options.settle(&mut reader);
        reader.done(options)
    }

    /// Whether what one target is to be lies with the hosted platform.
    pub fn is_for_platform(&self) -> bool {
        self.virtual_key.is_some() || self.provider.as_ref().is_some_and(|name| name.starts_with('@'))
    }

    /// Reads options for a gateway that gets each call whole: what acts on the connection acts here, what tells of the call
    /// is for our own reports too, and the rest is told as it is.
    pub(super) fn read_for_gateway(&mut self, options: &Map<String, Value>, reader: &mut Reader) {
        let listed = options.get("forwardHeaders").and_then(Value::as_array);
        let listed: HashSet<String> =
            listed.into_iter().flatten().filter_map(Value::as_str).map(fold).collect();
        for (name, value) in options {
            let acts = acts(name);
            if acts == Some(Acts::Here) {
                if !value.is_null() {
                    self.read_one(name, value, reader);
                }
                continue;
            }
            if let Some(Acts::Alone(why)) = acts {
                if !value.is_null() && value != &Value::Bool(false) {
                    reader.problem(name, why);
                }
                continue;
            }
            let Some(text) = header_text(name, value) else {
                if name == "strictOpenAiCompliance" {
                    self.told.push((name.clone(), value.clone()));
                }
                continue;
            };
            let is_listed = listed.contains(&fold(name));
            match name.as_str() {
                "Authorization" => self.authorization = reader.secret(value, name),
                "forwardHeaders" => self.forward_headers = reader.strings(value, name),
                "config" if !value.is_string() && !value.is_object() => {
                    reader.problem(name, "expected an object, its JSON, or the id of a saved config");
                }
                // Portkey's own key is in no list.
                "apiKey" => {
                    self.api_key = reader.secret(value, name);
                    self.told.push((name.clone(), value.clone()));
                }
                _ if is_listed => self.values.push((name.clone(), Secret::new(&text))),
                _ if acts.is_some() || provider::setting(name).is_some() || may_know(name) => {
                    self.note(name, value);
                    self.told.push((name.clone(), value.clone()));
                }
                _ => reader.problem(name, unknown(name)),
            }
        }
    }

    /// What our own reports tell of a call too.
    fn note(&mut self, name: &str, value: &Value) {
        let text = || value.as_str().map(str::to_owned);
        match name {
            "traceID" => self.trace_id = text(),
            "spanId" => self.span_id = text(),
            "spanName" => self.span_name = text(),
            "parentSpanId" => self.parent_span_id = text(),
            "debug" => self.debug = value.as_bool(),
            "metadata" => {
                let parsed = value.as_str().map(|text| serde_json::from_str(text).unwrap_or_default());
                let fields = parsed.as_ref().unwrap_or(value).as_object().into_iter().flatten();
                let texts =
                    fields.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
                self.metadata = texts.collect();
            }
            _ => {}
        }
    }
}

fn unknown(name: &str) -> String {
    match nearest_option(name).filter(|_| !is_header(name)) {
        Some(near) => format!("is no option; did you mean {near}?"),
        None => format!("is sent to no one: add {name} to forwardHeaders"),
    }
}

impl Maker<'_> {
    /// Whether the target is a gateway, and the option or key that asks for it.
    pub fn gateway(&self) -> Option<(Gateway, String)> {
        if let Some(whole) = &self.options.whole {
            return Some((Gateway::Only, whole.asker().to_owned()));
        }
        let is_only = self.rooted && !self.aside;
        let hosted = |name: &Option<String>| name.as_ref().is_some_and(|name| name.starts_with('@'));
        let own = if self.node.virtual_key.is_some() {
            Some(self.key("virtual_key"))
        } else if !hosted(&self.node.provider) {
            None
        } else if !self.node.passthrough {
            Some(self.key("provider"))
        } else {
            // It is the call's.
            Some(if self.options.named_by_model.is_some() { "model" } else { "provider" }.to_owned())
        };
        if let Some(asker) = own {
            return Some((if is_only { Gateway::Only } else { Gateway::Among }, asker));
        }
        if !is_only || self.node.provider.is_some() || self.node.passthrough {
            return None;
        }
        let asker = if self.options.virtual_key.is_some() {
            "virtualKey"
        } else if hosted(&self.options.provider) {
            "provider"
        } else if self.options.provider.is_none() && !self.is_custom() {
            self.options.named_by_model.as_ref().map(|_| "model")?
        } else {
            return None;
        };
        Some((Gateway::Only, asker.to_owned()))
    }

    pub fn gateway_url(&mut self) -> Option<BaseUrl> {
        let text = match &self.options.whole {
            Some(Whole::Remote(url)) => url,
            _ => PLATFORM,
        };
        BaseUrl::parse(text).map_err(|why| self.problem("baseURL", why)).ok()
    }

    /// Tells a gateway what the options and the target's node say.
    pub fn tell(&mut self, headers: &mut HeaderMap) {
        let options = self.options;
        let is_only = self.rooted && !self.aside;
        let version = concat!("portkey-native-", env!("CARGO_PKG_VERSION"));
        headers.insert("x-portkey-package-version", HeaderValue::from_static(version));
        for (name, value) in &options.told {
            if is_only || acts(name) == Some(Acts::Call) {
                self.tell_one(headers, name.clone(), name, value);
            }
        }
        if options.whole.is_none() {
            self.tell_of_target(headers);
        }
        if !options.told.iter().any(|(name, _)| name == "strictOpenAiCompliance") {
            let strict = Value::Bool(self.node.strict.unwrap_or(false));
            self.tell_one(headers, String::new(), "strictOpenAiCompliance", &strict);
        }
        let (path, list) = self.forward_list();
        let mut names: Vec<String> = Vec::new();
        for name in list.iter().map(|name| wire_name(name)) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let names = Value::from(names.join(","));
        self.tell_one(headers, path, "forwardHeaders", &names);
        self.tell_credential(headers);
    }

    /// What is worked out for a target here: a hosted one may stand beside local ones.
    fn tell_of_target(&mut self, headers: &mut HeaderMap) {
        let node = self.node.clone();
        let text = |value: Option<&String>| Value::from(value.map_or("", String::as_str));
        let host = self.host_option().or(node.custom_host.as_ref()).cloned();
        let metadata = Value::Object(
            self.metadata.iter().map(|(key, value)| (key.clone(), text(Some(value)))).collect(),
        );
        self.tell_one(headers, "metadata".to_owned(), "metadata", &metadata);
        for (key, name, value) in [
            ("custom_host", "customHost", host.as_ref()),
            ("provider", "provider", node.provider.as_ref()),
            ("virtual_key", "virtualKey", node.virtual_key.as_ref()),
            ("openai_organization", "openaiOrganization", node.openai_organization.as_ref()),
            ("openai_project", "openaiProject", node.openai_project.as_ref()),
        ] {
            let path = self.key(key);
            self.tell_one(headers, path, name, &text(value));
        }
        let is_only = self.rooted && !self.aside;
        let settings = self.options.settings.iter().filter(|_| is_only).chain(node.settings.iter());
        for (key, value) in settings {
            let name = camel(key);
            self.tell_one(headers, name.clone(), &name, &Value::from(value.expose()));
        }
    }

    /// The credential of the provider behind the gateway goes as it was written.
    fn tell_credential(&mut self, headers: &mut HeaderMap) {
        let forwarded = self.forward_list().1.iter().any(|name| fold(name) == "authorization");
        let is_only = self.rooted && !self.aside;
        let option = self.options.authorization.clone().filter(|_| is_only && !forwarded);
        let (path, value) = match (self.node.api_key.clone(), option) {
            (Some(key), _) => (self.key("api_key"), key),
            (None, Some(value)) => ("Authorization".to_owned(), value),
            (None, None) => return,
        };
        if let Err(why) = insert_secret(headers, "authorization", &value) {
            self.problem(path, why);
        }
    }

    fn tell_one(&mut self, headers: &mut HeaderMap, path: String, name: &str, value: &Value) {
        let Some(text) = header_text(name, value) else { return };
        let header = if is_told_as_written(name) {
            name.to_ascii_lowercase()
        } else {
            format!("x-portkey-{}", header_name(name))
        };
        // What tells of the call is no secret, and does not part one caller's cached answers from another's.
        let is_secret = acts(name) != Some(Acts::Call) || name == "apiKey";
        let told = HeaderName::from_bytes(header.as_bytes())
            .map_err(|_| "is a name that no header can have".to_owned())
            .and_then(|header| Ok((header, latin_1(&text)?)));
        match told {
            Ok((header, mut value)) => {
                value.set_sensitive(is_secret);
                headers.insert(header, value);
            }
            Err(why) => self.problem(path, why),
        }
    }

    /// The hosted platform answers nobody without its key.
    pub fn key_for_platform(&mut self, asker: &str, headers: &HeaderMap) {
        let is_platform = match &self.options.whole {
            Some(Whole::Remote(url)) => url.trim_end_matches('/') == PLATFORM,
            _ => true,
        };
        if is_platform && !headers.contains_key("x-portkey-api-key") {
            let message = "asks for Portkey's hosted platform: pass its key as apiKey (PORTKEY_API_KEY), or name another gateway as baseURL";
            self.missing.push(Problem { path: asker.to_owned(), message: message.to_owned() });
        }
    }

    /// What only a gateway knows would do nothing without one.
    pub fn told_to_no_one(&mut self) {
        for (name, _) in &self.options.told {
            let message = match (acts(name), name.as_str()) {
                (_, "virtualKey") => {
                    "says who answers for one target: put it into that target's config, as virtual_key"
                }
                (Some(Acts::Gateway) | None, _) => {
                    "acts at a Portkey gateway alone: with baseURL, virtualKey, a saved config or an @ provider"
                }
                _ => continue,
            };
            self.problem(name.clone(), message);
        }
    }
}

#[cfg(test)]
#[path = "gateway_tests.rs"]
mod tests;
