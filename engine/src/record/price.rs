//! What a call costs. Prices are what the client or its config says of a target; without one a cost is unknown, never 0.

use serde_json::Value;

use super::Usage;
use crate::config::Reader;

/// US dollars: for a million tokens, for a request, for a second of the attempt that answered.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pricing {
    pub rates: Rates,
    pub request: f64,
    pub second: f64,
    /// Calls with much input have other rates.
    pub long: Option<Long>,
}

/// US dollars for a million tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rates {
    pub input: Option<f64>,
    pub output: Option<f64>,
    /// For input that the host's cache had; `None`: as other input.
    pub cached: Option<f64>,
    /// For input that the host has written to its cache; `None`: as other input.
    pub written: Option<f64>,
    /// For output spent on reasoning; `None`: as other output.
    pub reasoning: Option<f64>,
}

/// Of calls with more input than `above`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Long {
    pub above: u64,
    /// For all of their tokens; `None`: nobody knows.
    pub rates: Option<Rates>,
}

const EXPECTED: &str = "expected \"free\", or an object of input, output, cached, written, reasoning (US dollars for a million \
                        tokens), request, second (US dollars for one)";

impl Pricing {
    pub const FREE: Self = Self {
        rates: Rates { input: Some(0.0), output: Some(0.0), cached: None, written: None, reasoning: None },
        request: 0.0,
        second: 0.0,
        long: None,
    };

    /// Reads the option `pricing`, or the config key of that name.
    pub fn read(value: &Value, path: &str, reader: &mut Reader) -> Option<Self> {
        let object = match value {
            Value::String(text) if text == "free" => return Some(Self::FREE),
            Value::Object(object) if !object.is_empty() => object,
            _ => {
                reader.problem(path, EXPECTED);
                return None;
            }
        };
        let mut pricing = Self::default();
        for (key, value) in object {
            let place = format!("{path}.{key}");
            let Some(price) = value.as_f64().filter(|price| *price >= 0.0 && price.is_finite()) else {
                reader.problem(place, "expected US dollars, a number ≥ 0");
                continue;
            };
            match key.as_str() {
                "input" => pricing.rates.input = Some(price),
                "output" => pricing.rates.output = Some(price),
                "cached" => pricing.rates.cached = Some(price),
                "written" => pricing.rates.written = Some(price),
                "reasoning" => pricing.rates.reasoning = Some(price),
                "request" => pricing.request = price,
                "second" => pricing.second = price,
                _ => reader.problem(place, EXPECTED),
            }
        }
        Some(pricing)
    }

    /// Whether the cost of every call can be told from its tokens.
    pub fn is_whole(&self) -> bool {
        self.rates.input.is_some() == self.rates.output.is_some()
    }

    /// The cost of one call; `None` where it depends on tokens that nobody counted, or on a price that is not known.
    pub fn cost(&self, usage: Option<&Usage>, seconds: f64) -> Option<f64> {
        let fixed = self.request + self.second * seconds;
        if self.rates.input.is_none() && self.rates.output.is_none() {
            return Some(fixed);
        }
        let usage = usage?;
        let rates = match self.long {
            Some(long) if usage.input > long.above => long.rates?,
            _ => self.rates,
        };
        Some(fixed + rates.cost(usage)?)
    }
}

impl Rates {
    fn cost(&self, usage: &Usage) -> Option<f64> {
        let tokens = |count: u64, price: Option<f64>| match (count, price) {
            (0, _) => Some(0.0),
            (_, price) => price.map(|price| count as f64 * price / 1e6),
        };
        let cached = usage.cached.min(usage.input);
        let written = usage.written.min(usage.input - cached);
        let reasoning = usage.reasoning.min(usage.output);
        let input = tokens(usage.input - cached - written, self.input)?
            + tokens(cached, self.cached.or(self.input))?
            + tokens(written, self.written.or(self.input))?;
        let output = tokens(usage.output - reasoning, self.output)?
            + tokens(reasoning, self.reasoning.or(self.output))?;
        Some(input + output)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: &Value) -> Result<Option<Pricing>, Vec<String>> {
        let mut reader = Reader::default();
        let pricing = Pricing::read(value, "pricing", &mut reader);
        reader.done(pricing).map_err(|problems| problems.into_iter().map(|one| one.path).collect())
    }

    #[test]
    fn prices_are_read_or_refused_by_name() {
        assert_eq!(read(&json!("free")), Ok(Some(Pricing::FREE)));
        let pricing =
            read(&json!({ "input": 3, "output": 15, "cached": 0.3 })).expect("prices").expect("some");
        let Rates { input, output, cached, .. } = pricing.rates;
        assert_eq!((input, output, cached), (Some(3.0), Some(15.0), Some(0.3)));
        assert_eq!(read(&json!("cheap")), Err(vec!["pricing".to_owned()]));
        assert_eq!(read(&json!({})), Err(vec!["pricing".to_owned()]));
        assert_eq!(read(&json!({ "input": -1 })), Err(vec!["pricing.input".to_owned()]));
        assert_eq!(read(&json!({ "prompt": 1 })), Err(vec!["pricing.prompt".to_owned()]));
    }

    #[test]
    fn a_cost_counts_every_kind_of_token_once() {
        let usage = Usage {
            input: 1_000_000,
            output: 500_000,
            cached: 400_000,
            reasoning: 100_000,
            ..Usage::default()
        };
        let rates = Rates { input: Some(2.0), output: Some(8.0), cached: Some(0.5), ..Rates::default() };
        let pricing = Pricing { rates, ..Pricing::default() };
        let cost = pricing.cost(Some(&usage), 0.0).expect("known");
        assert!((cost - (0.6 * 2.0 + 0.4 * 0.5 + 0.5 * 8.0)).abs() < 1e-9, "{cost}");
        assert_eq!(Pricing::FREE.cost(Some(&usage), 9.0), Some(0.0));
        assert_eq!(Pricing { second: 0.5, ..Pricing::default() }.cost(None, 3.0), Some(1.5));
        assert_eq!(pricing.cost(None, 1.0), None);
        let written = Usage { written: 100_000, ..usage };
        let dearer = Pricing { rates: Rates { written: Some(2.5), ..rates }, ..pricing };
        let cost = dearer.cost(Some(&written), 0.0).expect("known");
        assert!((cost - (0.5 * 2.0 + 0.4 * 0.5 + 0.1 * 2.5 + 0.5 * 8.0)).abs() < 1e-9, "{cost}");
        let half_known = Rates { input: Some(2.0), ..Rates::default() };
        let half_known = Pricing { rates: half_known, ..Pricing::default() };
        assert_eq!(half_known.cost(Some(&usage), 1.0), None);
    }

    #[test]
    fn a_long_prompt_has_its_own_rates_for_all_of_the_call_or_a_cost_that_nobody_knows() {
        let rates = |input, output| Rates { input: Some(input), output: Some(output), ..Rates::default() };
        let cost = |input: u64, long: Option<Rates>| {
            let long = Some(Long { above: 200_000, rates: long });
            let pricing = Pricing { rates: rates(2.0, 8.0), long, ..Pricing::default() };
            pricing.cost(Some(&Usage { input, output: 100_000, ..Usage::default() }), 0.0)
        };
        let about = |cost: Option<f64>, wanted: f64| assert!((cost.expect("known") - wanted).abs() < 1e-9);
        about(cost(200_000, Some(rates(4.0, 12.0))), 0.4 + 0.8);
        about(cost(300_000, Some(rates(4.0, 12.0))), 1.2 + 1.2);
        about(cost(200_000, None), 0.4 + 0.8);
        assert_eq!(cost(200_001, None), None);
    }
}
