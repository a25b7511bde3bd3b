//! The kept price list: what public services say that their models take, as data with its date and source
//! (`prices.json`). A price in options or a config comes first; a custom host never has one from here.
//! The invariant: what is not listed is not known. A price that depends on more than tokens (the hour, a tier) is not listed.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use super::Pricing;
use super::tokens::text_in;
use crate::body::Body;

/// The list as it is kept.
pub const LIST: &str = include_str!("prices.json");

#[derive(Deserialize)]
struct List {
    providers: BTreeMap<String, Service>,
}

/// One service's models.
#[derive(Deserialize)]
pub struct Service {
    models: BTreeMap<String, Listed>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Listed {
    input: f64,
    output: Option<f64>,
    cached: Option<f64>,
    written: Option<f64>,
    /// A longer prompt is priced otherwise.
    up_to: Option<u64>,
}

/// Services that tell what an answer cost, in the answer's usage.
const TELLING: [&str; 2] = ["openrouter", "perplexity-ai"];

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
    /// What the model takes that `body` asks for, at the usual tier.
    pub fn asked(&self, body: &[u8]) -> Option<Pricing> {
        let fields = Body::parse(body).ok()?;
        let text = |name: &str| serde_json::from_str::<String>(fields.get(name)?).ok();
        if text("service_tier").is_some_and(|tier| !is_usual(&tier)) {
            return None;
        }
        self.of_model(&text("model")?)
    }

    /// What the model takes that `answer` says has answered, at the tier that it names, if that is the usual one.
    pub fn price(&self, answer: &[u8]) -> Option<Pricing> {
        let tier = text_in(answer, "\"service_tier\"");
        if tier.is_some_and(|tier| !is_usual(tier)) {
            return None;
        }
        self.of_model(text_in(answer, "\"model\"")?)
    }

    fn of_model(&self, model: &str) -> Option<Pricing> {
        let listed = self.models.get(model).or_else(|| self.models.get(undated(model)?))?;
        Some(Pricing {
            input: Some(listed.input),
            output: listed.output,
            cached: listed.cached,
            written: listed.written,
            most_input: listed.up_to,
            ..Pricing::default()
        })
    }
}

/// Whether a tier is the one that prices are listed of; `auto` leaves it to the service.
fn is_usual(tier: &str) -> bool {
    matches!(tier, "default" | "auto" | "standard" | "standard_only" | "on_demand")
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

    #[test]
    fn the_list_says_of_each_service_when_and_where_from_and_each_price_can_be_one() {
        let told: Value = serde_json::from_str(LIST).expect("JSON");
        for (name, service) in &list().providers {
            let provider = provider::find(name).unwrap_or_else(|| panic!("{name} is no provider"));
            assert!(provider.base_url().is_some(), "{name} is a server of one's own");
            let facts = &told["providers"][name];
            assert!(facts["source"].as_str().is_some_and(|source| source.starts_with("https://")), "{name}");
            let as_of = facts["asOf"].as_str().unwrap_or_default();
            assert!(as_of.len() == 7 && as_of.starts_with("20") && as_of.as_bytes()[4] == b'-', "{name}");
            for (model, listed) in &service.models {
                assert!(!model.ends_with("latest"), "{model}: an alias moves");
                assert!(
                    listed.input > 0.0 && listed.output.is_none_or(|output| output >= listed.input),
                    "{model}"
                );
                assert!(listed.cached.is_none_or(|cached| cached > 0.0 && cached < listed.input), "{model}");
                assert!(listed.written.is_none_or(|written| written > listed.input), "{model}");
            }
        }
    }

    #[test]
    fn a_model_is_found_by_its_name_with_or_without_its_date() {
        let input = |service: &str, model: &str| {
            list().providers[service].of_model(model).and_then(|pricing| pricing.input)
        };
        assert_eq!(input("openai", "gpt-4o"), Some(2.5));
        assert_eq!(input("openai", "gpt-4o-2024-08-06"), Some(2.5));
        assert_eq!(input("openai", "gpt-4o-2024-05-13"), Some(5.0));
        assert_eq!(input("anthropic", "claude-opus-4-20250514"), Some(15.0));
        for unknown in ["gpt-4o-audio-preview", "gpt-4o-latest", "gpt-4o-08-06", "gpt", "", "-2024-08-06"] {
            assert_eq!(input("openai", unknown), None, "{unknown}");
        }
    }

    #[test]
    fn another_tier_has_another_price_which_is_not_known() {
        let price = |answer: &str| list().providers["openai"].price(answer.as_bytes()).is_some();
        assert!(price(r#"{"model":"gpt-4o"}"#));
        assert!(price(r#"{"model":"gpt-4o","service_tier":"default"}"#));
        assert!(price(r#"{"model":"gpt-4o","service_tier":null}"#));
        assert!(!price(r#"{"model":"gpt-4o","service_tier":"flex"}"#));
        assert!(!price(r#"{"model":"gpt-4o","service_tier":"priority"}"#));
        let asked = |body: &str| list().providers["openai"].asked(body.as_bytes()).is_some();
        assert!(asked(
            r#"{"tools":[{"model":"unlisted"}],"model":"gpt-4o-2024-08-06","service_tier":"auto"}"#
        ));
        assert!(!asked(r#"{"model":"gpt-4o","service_tier":"flex"}"#));
        assert!(!asked(r#"{"model":"my-own"}"#) && !asked("{}") && !asked(""));
    }
}
