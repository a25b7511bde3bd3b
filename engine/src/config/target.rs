//! A target: one provider at one host, with its credential, its headers and its clocks worked out.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ::http::{HeaderMap, HeaderValue};
use url::{Position, Url};

use super::node::Node;
use super::params::Params;
use super::{Gateway, Options, Timeouts};
use crate::base_url::BaseUrl;
use crate::cache::{self, Tenant};
use crate::clock::Instant;
use crate::endpoint::{ENDPOINTS, Endpoint, HOT};
use crate::error::{Error, Result};
use crate::health::check;
use crate::hooks::Hooks;
use crate::http::{Destination, Route};
use crate::limit::Limits;
use crate::memory::{Live, Standing};
use crate::provider::Provider;
use crate::provider::dialect::Settings;
use crate::record::Pricing;
use crate::record::prices::Known;
use crate::retry::Policy;

#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own, as the config has it")]
pub struct Target {
    /// Where it stands in the config: `config`, `config.targets[1]`. Reported as the last used option.
    pub path: Arc<str>,
    /// The name that its config gives it, else its path.
    pub name: Arc<str>,
    pub provider: &'static dyn Provider,
    pub base_url: BaseUrl,
    pub route: Arc<Route>,
    /// A longer answer is not read.
    pub most_bytes: usize,
    pub ways: Ways,
    /// Credential, forwarded headers and the like: all that is the same for each call.
    pub headers: HeaderMap,
    pub clocks: Clocks,
    pub retry: Policy,
    pub idempotent: bool,
    /// Whether the config plans for another attempt: a stream is held back until its first semantic event, and a whole
    /// answer is looked through.
    pub gated: bool,
    /// Whether a model that is being loaded may be waited for: a second request is allowed.
    pub patient: bool,
    /// The config says that its circuit is open (`is_open`).
    pub is_open: bool,
    pub health_check: Option<check::Settings>,
    pub caching: Option<Caching>,
    /// `None` where there are none.
    pub hooks: Option<Hooks>,
    /// Whether answers may hold what Portkey adds to OpenAI's (`strictOpenAiCompliance: false`).
    pub extras: bool,
    pub strict_params: bool,
    /// Whether its chats are repaired (`repairs`).
    pub repairs: bool,
    /// Whether streams are asked for their usage; `None`: where it is needed.
    pub stream_usage: Option<bool>,
    /// Options of the provider, the custom host as it was written among them.
    pub settings: Settings,
    /// The base URL is one of the caller's own.
    pub is_custom: bool,
    /// A Portkey gateway answers.
    pub gateway: Option<Gateway>,
    /// It is told how long recordings play that are sent to it (`calculateAudioDuration`).
    pub tells_duration: bool,
    pub params: Params,
    pub pricing: Option<Pricing>,
    /// Where else the cost of its calls is known from, without that.
    pub known: Known,
    /// `None` where there are none.
    pub limits: Option<Limits>,
    /// What is known of it from other calls.
    pub live: Arc<Live>,
}

/// How a target's answers are kept.
pub struct Caching {
    pub policy: cache::Policy,
    pub tenant: Tenant,
    /// Whether what is kept is to be made anew.
    pub refresh: bool,
    /// The checks that an answer has passed when it is kept.
    pub passed: String,
    /// Mode semantic: whose vectors tell whether two questions mean the same.
    pub embeddings: Option<Arc<Target>>,
}

/// How long one attempt may take, part by part; `None` is off. `total` belongs to the call and is the plan's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clocks {
    pub connect: Option<Duration>,
    pub headers: Option<Duration>,
    pub first_token: Option<Duration>,
    pub idle: Option<Duration>,
    /// Waiting for a slot of the target.
    pub queue: Option<Duration>,
    /// Portkey's `requestTimeout`: the attempt's start to the reply's headers.
    pub request: Option<Duration>,
}

/// A target's ways of the endpoints that are called most, each made by the first call that needs it.
#[derive(Default)]
pub struct Ways([OnceLock<Arc<Way>>; HOT]);

/// What requests for one endpoint of a target have in common.
pub struct Way {
    pub url: Arc<Destination>,
    /// The URL as it may be seen: without query, and with the unix socket's path.
    pub shown: Arc<str>,
    /// The headers of a call that is answered whole, and of one that is streamed, where nothing in them is the call's own.
    pub headers: [OnceLock<Arc<HeaderMap>>; 2],
}

/// Defaults, in milliseconds: a host that can't be connected to or that stops in mid-answer is given up; how long a
/// model may think is nobody's guess.
const CONNECT: u64 = 5_000;
const IDLE: u64 = 120_000;

impl Clocks {
    /// The options' clocks, else the node's, else the defaults.
    pub fn of(options: &Options, node: &Node) -> Self {
        let pick =
            |part: fn(&Timeouts) -> Option<u64>| part(&options.timeouts).or_else(|| part(&node.timeouts));
        Self {
            connect: clock(pick(|timeouts| timeouts.connect).or(Some(CONNECT))),
            headers: clock(pick(|timeouts| timeouts.headers)),
            first_token: clock(pick(|timeouts| timeouts.first_token)),
            idle: clock(pick(|timeouts| timeouts.idle).or(Some(IDLE))),
            queue: clock(pick(|timeouts| timeouts.queue)),
            request: clock(options.request_timeout.or(node.request_timeout)),
        }
    }
}

/// 0 turns a clock off.
pub fn clock(milliseconds: Option<u64>) -> Option<Duration> {
    milliseconds.filter(|ms| *ms > 0).map(Duration::from_millis)
}

impl Target {
    /// Whether some credential or forwarded value goes out with each request.
    pub fn has_credential(&self) -> bool {
        self.headers.values().any(HeaderValue::is_sensitive)
    }

    pub fn standing(&self, now: Instant) -> Standing {
        let standing = if self.is_open { Standing::Open } else { self.live.standing(now) };
        match &self.limits {
            Some(limits) if limits.turns_away(now) => Standing::Limited,
            _ => standing,
        }
    }

    /// The URL of a path below the base URL.
    pub fn join(&self, path: &str, query: Option<&str>) -> Result<Url> {
        let url = self.base_url.join(path, query);
        Url::parse(&url).map_err(|why| Error::problem("customHost", format!("gives no URL ({why})")))
    }

    /// The URL of a path that the caller wrote: below the base URL, or a URL of the same origin.
    fn below(&self, written: &str, query: Option<&str>) -> Result<Url> {
        let wrong = |why: &str| Error::problem("url", why);
        let mut url = if written.starts_with("http://") || written.starts_with("https://") {
            let url = Url::parse(written).map_err(|why| wrong(&format!("is no URL ({why})")))?;
            let base = self.join("/", None)?;
            if url.origin() != base.origin() || !url.username().is_empty() || url.password().is_some() {
                return Err(wrong("is of another host than the target's; name that one as customHost"));
            }
            url
        } else {
            return self.join(&format!("/{}", written.trim_start_matches('/')), query);
        };
        if let Some(query) = query {
            let all = url.query().map_or_else(|| query.to_owned(), |own| format!("{own}&{query}"));
            url.set_query(Some(&all));
        }
        Ok(url)
    }

    /// The way of one call of `endpoint`.
    pub fn way(&self, endpoint: &Endpoint, arguments: &[String], query: Option<&str>) -> Result<Arc<Way>> {
        let make = || self.url(endpoint, arguments, query).map(|url| self.way_to(url));
        let hot = ENDPOINTS[..HOT].iter().position(|row| std::ptr::eq(row, endpoint));
        let Some(kept) = hot.filter(|_| query.is_none()).map(|at| &self.ways.0[at]) else { return make() };
        match kept.get() {
            Some(way) => Ok(way.clone()),
            None => make().map(|way| kept.get_or_init(|| way).clone()),
        }
    }

    /// The way to a URL of the target's.
    pub fn way_to(&self, url: Url) -> Arc<Way> {
        let shown = match self.base_url.socket() {
            Some(socket) => format!("unix:{}:{}", socket.display(), url.path()).into(),
            None => url[..Position::AfterPath].into(),
        };
        Arc::new(Way { url: Destination::of(url), shown, headers: Default::default() })
    }

    fn url(&self, endpoint: &Endpoint, arguments: &[String], query: Option<&str>) -> Result<Url> {
        if endpoint.is_generic() {
            return self.below(arguments.first().map_or("", String::as_str), query);
        }
        let mut path = self.provider.path(endpoint);
        for argument in arguments {
            let (Some(from), Some(to)) = (path.find('{'), path.find('}')) else { break };
            path.replace_range(from..=to, &encode_segment(argument));
        }
        self.join(&path, query)
    }
}

/// Percent-encodes a path segment as JavaScript's `encodeURIComponent` does.
fn encode_segment(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z'
            | b'a'..=b'z'
            | b'0'..=b'9'
            | b'-'
            | b'_'
            | b'.'
            | b'!'
            | b'~'
            | b'*'
            | b'\''
            | b'('
            | b')' => {
                encoded.push(char::from(byte));
            }
            _ => {
                encoded.push('%');
                for digit in [byte >> 4, byte & 15] {
                    encoded.push(
                        char::from_digit(u32::from(digit), 16)
                            .expect("four bits are a digit")
                            .to_ascii_uppercase(),
                    );
                }
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::encode_segment;

    #[test]
    fn a_path_argument_stays_one_segment() {
        assert_eq!(encode_segment("meta-llama/Llama 3?x=1#é"), "meta-llama%2FLlama%203%3Fx%3D1%23%C3%A9");
        assert_eq!(encode_segment("gpt-4.1"), "gpt-4.1");
    }
}
