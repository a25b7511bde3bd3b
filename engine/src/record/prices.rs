//! The kept price list: what public services say that their models take, as data with its date and source
//! (`prices.json`). A price in options or a config comes first; a custom host never has one from here.
//! The invariant: what is not listed is not known. A price that depends on more than tokens (the hour, a tier) is not listed.

use std::collections::BTreeMap;
use std::sync::{LazyLock, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use memchr::memmem::Finder;
use serde::Deserialize;

use super::Pricing;
use super::price::{Long, Rates};
use super::tokens::{Key, MODEL, text_in};
use crate::body::Body;
use crate::clock::{Clock, SystemClock};
use crate::date::to_rfc_3339;

/// The list as it is kept.
pub const LIST: &str = include_str!("prices.json");

#[derive(Deserialize)]
struct List {
    #[serde(borrow)]
    providers: BTreeMap<&'static str, Service>,
}

/// One service's models.
#[derive(Deserialize)]
pub struct Service {
    #[serde(borrow)]
    models: BTreeMap<&'static str, Listed>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Listed {
    input: f64,
    output: Option<f64>,
    cached: Option<f64>,
    written: Option<f64>,
    /// A longer prompt is priced otherwise: as `beyond` says, if it does.
    up_to: Option<u64>,
    beyond: Option<Beyond>,
    /// The last day, in UTC, that the price is said to hold for.
    until: Option<&'static str>,
}

/// For all tokens of a call with a longer prompt.
#[derive(Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct Beyond {
    input: f64,
    output: Option<f64>,
    cached: Option<f64>,
    written: Option<f64>,
}

/// Services that tell what an answer cost, in the answer's usage.
const TELLING: [&str; 3] = ["openrouter", "perplexity-ai", "x-ai"];

/// Where the cost of a target's calls is known from, but for its options.
#[derive(Clone, Copy, Default)]
pub enum Known {
    #[default]
    Nowhere,
    Listed(&'static Service),
    /// The answer tells.
    Told,
}

impl Known {
    /// Of a service's own hosts, asked directly.
    pub fn of(name: &str) -> Self {
        if TELLING.contains(&name) {
            return Self::Told;
        }
        list().providers.get(name).map_or(Self::Nowhere, Self::Listed)
    }
}

impl Service {
    /// What the model takes that `body` asks for, in the usual way.
    pub fn asked(&self, body: &[u8]) -> Option<Pricing> {
        let fields = Body::parse(body).ok()?;
        let text = |name: &str| serde_json::from_str::<String>(fields.get(name)?).ok();
        let unusual = UNUSUAL.iter().any(|way| text(way.name).is_some_and(|value| (way.is_unusual)(&value)));
        if unusual { None } else { self.of_model(&text("model")?, || SystemClock.wall()) }
    }

    /// What the model takes that `answer` says has answered, if it says of no other way than the usual one.
    pub fn price(&self, answer: &[u8]) -> Option<Pricing> {
        let unusual = UNUSUAL.iter().any(|way| text_in(answer, &way.key).is_some_and(way.is_unusual));
        if unusual { None } else { self.of_model(text_in(answer, &MODEL)?, || SystemClock.wall()) }
    }

    /// The time is asked for where a price depends on it alone.
    fn of_model(&self, model: &str, now: impl FnOnce() -> SystemTime) -> Option<Pricing> {
        let listed = self.models.get(model).or_else(|| self.models.get(undated(model)?))?;
        if listed.until.is_some_and(|until| *today(now()) > *until) {
            return None;
        }
        let Listed { input, output, cached, written, up_to, beyond, .. } = *listed;
        let beyond = beyond.map(|Beyond { input, output, cached, written }| Rates {
            input: Some(input),
            output,
            cached,
            written,
            reasoning: None,
        });
        Some(Pricing {
            rates: Rates { input: Some(input), output, cached, written, reasoning: None },
            long: up_to.map(|above| Long { above, rates: beyond }),
            ..Pricing::default()
        })
    }
}

/// A field of requests and answers alike that tells of ways to answer which cost otherwise.
struct Way {
    name: &'static str,
    key: Key,
    is_unusual: fn(&str) -> bool,
}

/// Anthropic's `speed` and `inference_geo` stand in its own format; a translated chat doesn't tell them.
static UNUSUAL: [Way; 3] = [
    Way {
        name: "service_tier",
        key: LazyLock::new(|| Finder::new("\"service_tier\"")),
        is_unusual: |tier| !is_usual(tier),
    },
    Way {
        name: "speed",
        key: LazyLock::new(|| Finder::new("\"speed\"")),
        is_unusual: |speed| speed == "fast",
    },
    Way {
        name: "inference_geo",
        key: LazyLock::new(|| Finder::new("\"inference_geo\"")),
        is_unusual: |place| place == "us",
    },
];

/// Whether a tier is the one that prices are listed of; `auto` leaves it to the service.
fn is_usual(tier: &str) -> bool {
    matches!(tier, "default" | "auto" | "standard" | "standard_only" | "on_demand")
}

/// The day in UTC, as `until` writes it.
fn today(now: SystemTime) -> String {
    let seconds = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let mut date = to_rfc_3339(seconds as i64);
    date.truncate("2026-11-23".len());
    date
}

fn list() -> &'static List {
    static LISTED: OnceLock<List> = OnceLock::new();
    LISTED.get_or_init(|| serde_json::from_str(LIST).expect("the list is tested to have its shape"))
}

/// A model's name without its date: `-2025-04-14` or `-20250514` at its end.
fn undated(model: &str) -> Option<&str> {
    let digits =
        |text: &str, count: usize| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    let (rest, last) = model.rsplit_once('-')?;
    if digits(last, 8) {
        return Some(rest);
    }
    let (rest, month) = rest.rsplit_once('-')?;
    let (rest, year) = rest.rsplit_once('-')?;
    (digits(last, 2) && digits(month, 2) && digits(year, 4)).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider;
    use serde_json::Value;
    use std::time::Duration;

    const DAY: u64 = 24 * 60 * 60;

    fn on(day: &str) -> SystemTime {
        let date: jiff::civil::Date = day.parse().unwrap_or_else(|error| panic!("{day}: {error}"));
        let days = date.since(jiff::civil::date(1970, 1, 1)).expect("days").get_days();
        UNIX_EPOCH + Duration::from_secs(u64::try_from(days).expect("later") * DAY)
    }

    fn rates(service: &str, model: &str) -> Option<Rates> {
        let pricing = list().providers[service].of_model(model, || on("2026-11-23"));
        pricing.map(|pricing| pricing.rates)
    }

    #[test]
    fn the_list_says_of_each_service_when_and_where_from() {
        let told: Value = serde_json::from_str(LIST).expect("JSON");
        for name in list().providers.keys() {
            let provider = provider::find(name).unwrap_or_else(|| panic!("{name} is no provider"));
            assert!(provider.base_url().is_some(), "{name} is a server of one's own");
            assert!(!TELLING.contains(name), "{name} tells what a call cost");
            let facts = &told["providers"][name];
            assert!(facts["source"].as_str().is_some_and(|source| source.starts_with("https://")), "{name}");
            let as_of = facts["asOf"].as_str().unwrap_or_default();
            assert_eq!(as_of.len(), 7, "{name}: {as_of} is no month");
            on(&format!("{as_of}-01"));
        }
    }

    #[test]
    fn every_price_can_be_one_and_stands_once() {
        for (name, service) in &list().providers {
            let text = LIST.split(&format!("\"{name}\": {{")).nth(1).expect("its part");
            let text = text.split("\n    }").next().expect("its end");
            for (model, listed) in &service.models {
                assert_eq!(text.matches(&format!("\"{model}\":")).count(), 1, "{model} stands twice");
                assert!(!model.ends_with("latest"), "{model}: an alias moves");
                let Listed { input, output, cached, written, .. } = *listed;
                can_be(model, &Beyond { input, output, cached, written });
                listed.until.map(on);
                let Some(beyond) = listed.beyond else { continue };
                can_be(model, &beyond);
                assert!(listed.up_to.is_some(), "{model}: beyond what?");
                assert!(beyond.input > input && beyond.output > output, "{model}: much input is cheaper");
                let both = [(cached, beyond.cached), (written, beyond.written)];
                assert!(both.iter().all(|(short, long)| short.is_some() == long.is_some()), "{model}");
            }
        }
    }

    fn can_be(model: &str, price: &Beyond) {
        assert!(price.input > 0.0 && price.output.is_none_or(|output| output >= price.input), "{model}");
        assert!(price.cached.is_none_or(|cached| cached > 0.0 && cached < price.input), "{model}");
        assert!(price.written.is_none_or(|written| written > price.input), "{model}");
    }

    #[test]
    fn a_model_is_found_by_its_name_with_or_without_its_date() {
        let input = |service: &str, model: &str| rates(service, model).and_then(|rates| rates.input);
        assert_eq!(input("openai", "gpt-4o"), Some(2.5));
        assert_eq!(input("openai", "gpt-4o-2024-08-06"), Some(2.5));
        assert_eq!(input("openai", "gpt-4o-2024-05-13"), Some(5.0));
        assert_eq!(input("anthropic", "claude-opus-4-20250514"), Some(15.0));
        for unknown in ["gpt-4o-audio-preview", "gpt-4o-latest", "gpt-4o-08-06", "gpt", "", "-2024-08-06"] {
            assert_eq!(input("openai", unknown), None, "{unknown}");
        }
    }

    #[test]
    fn another_tier_speed_or_place_has_another_price_which_is_not_known() {
        let of = |service: &'static str| &list().providers[service];
        let price = |answer: &str| of("openai").price(answer.as_bytes()).is_some();
        assert!(price(r#"{"model":"gpt-4o"}"#));
        assert!(price(r#"{"model":"gpt-4o","service_tier":"default"}"#));
        assert!(price(r#"{"model":"gpt-4o","service_tier":null}"#));
        assert!(!price(r#"{"model":"gpt-4o","service_tier":"flex"}"#));
        assert!(!price(r#"{"model":"gpt-4o","service_tier":"priority"}"#));
        let price = |usage: &str| {
            let answer = format!(r#"{{"model":"claude-opus-4-6","usage":{{{usage}}}}}"#);
            of("anthropic").price(answer.as_bytes()).is_some()
        };
        assert!(price(r#""speed":"standard","inference_geo":"global","service_tier":"standard""#));
        assert!(!price(r#""speed":"fast""#) && !price(r#""inference_geo":"us""#));
        let asked = |body: &str| of("openai").asked(body.as_bytes()).is_some();
        assert!(asked(
            r#"{"tools":[{"model":"unlisted"}],"model":"gpt-4o-2024-08-06","service_tier":"auto"}"#
        ));
        assert!(!asked(r#"{"model":"gpt-4o","service_tier":"flex"}"#));
        assert!(!asked(r#"{"model":"my-own"}"#) && !asked("{}") && !asked(""));
        assert!(of("anthropic").asked(br#"{"model":"claude-opus-4-6","speed":"fast"}"#).is_none());
    }

    #[test]
    fn a_long_prompt_costs_what_is_listed_of_long_ones() {
        let pricing = list().providers["google"].of_model("gemini-2.5-pro", || on("2026-11-23"));
        let Long { above, rates } = pricing.expect("listed").long.expect("a bound");
        assert_eq!((above, rates.and_then(|rates| rates.input)), (200_000, Some(2.5)));
    }

    #[test]
    fn a_price_that_ends_is_known_until_its_last_day_is_over() {
        let service = r#"{"models":{"new":{"input":1,"output":2,"until":"2026-12-31"}}}"#;
        let service: Service = serde_json::from_str(service).expect("a service");
        let known = |now: SystemTime| service.of_model("new", || now).is_some();
        assert!(known(on("2026-12-30")) && known(on("2027-01-01") - Duration::from_secs(1)));
        assert!(!known(on("2027-01-01")) && !known(on("2030-01-01")));
    }
}
