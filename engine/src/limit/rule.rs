//! A limit as it is written: so much of something in a window, counted together, for each target or for each value of a
//! metadata key, and what becomes of a call that finds no room.

use std::time::Duration;

use serde_json::Value;

use super::window::slice_length;
use crate::config::Reader;
use crate::headers::fold;
use crate::route::key::Hash;

/// What is counted. Closed set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    Requests,
    Tokens,
    /// In billionths of a US dollar, so that costs add up exactly.
    Cost,
}

/// Billionths of a US dollar.
const DOLLAR: f64 = 1e9;

/// What is counted together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// Every call that the limit governs.
    All,
    Target,
    /// Calls with the same value of a metadata key; those without one are one more value.
    Metadata(String),
}

/// What becomes of a call that finds no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnLimit {
    /// It waits for its turn.
    Wait,
    /// Another target takes it, where there is one.
    Fallback,
    /// It ends, whatever other targets there are.
    Throw,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// `limits[0]`, `config.targets[1].limits[0]`.
    pub path: String,
    pub name: Option<String>,
    pub measure: Measure,
    /// In the measure's own unit.
    pub most: u64,
    pub per: Duration,
    pub by: By,
    pub on_limit: OnLimit,
    pub max_wait: Duration,
    /// Output tokens that are reserved for a call that does not say how many it may have.
    pub reserve: u64,
    /// What tells its counts from those of other limits.
    pub identity: String,
}

const EXPECTED: &str = "expected one of requests, tokens, cost, per, by, on_limit, max_wait, reserve, name";
const EXPECTED_PER: &str =
    "expected a window such as '1s', '5m', '1h', '1d', or milliseconds from 100 to 31 days";
const EXPECTED_BY: &str = "expected 'all', 'target' or 'metadata.' and the name of a metadata key";

/// How long a call waits, unless the limit says otherwise.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// So many output tokens are reserved, unless the call or the limit says otherwise.
const RESERVE: u64 = 1_000;

const MOST_MILLISECONDS: u64 = 31 * 24 * 60 * 60 * 1_000;

/// The largest limits: sums of amounts stay exact, in Redis too.
const MOST_UNITS: u64 = 1_000_000_000_000;
const MOST_DOLLARS: f64 = 1_000_000.0;

impl Rule {
    /// Reads the option `limits`, or the config key of that name.
    pub fn read_all(value: &Value, path: &str, reader: &mut Reader) -> Vec<Self> {
        let Value::Array(items) = value else {
            reader.problem(path, "expected a list of limits such as { requests: 60, per: '1m' }");
            return Vec::new();
        };
        let read = items.iter().enumerate();
        read.filter_map(|(at, item)| Self::read(item, format!("{path}[{at}]"), reader)).collect()
    }

    fn read(value: &Value, path: String, reader: &mut Reader) -> Option<Self> {
        let object = reader.object(value, &path)?;
        let (mut measures, mut per, mut by) = (Vec::new(), None, By::All);
        let (mut on_limit, mut max_wait) = (OnLimit::Fallback, LONGEST_WAIT);
        let (mut reserve, mut name) = (RESERVE, None);
        for (written, value) in object.iter().filter(|(_, value)| !value.is_null()) {
            let place = format!("{path}.{written}");
            match fold(written).as_str() {
                "requests" => measures.push((Measure::Requests, reader.whole(value, &place, 1..=MOST_UNITS))),
                "tokens" => measures.push((Measure::Tokens, reader.whole(value, &place, 1..=MOST_UNITS))),
                "cost" => measures.push((Measure::Cost, dollars(value, &place, reader))),
                "per" => per = Some(window(value, &place, reader)),
                "by" => by = By::read(value, &place, reader),
                "onlimit" => on_limit = OnLimit::read(value, &place, reader),
                "maxwait" => {
                    let read = reader.milliseconds(value, &place);
                    max_wait = read.map_or(max_wait, Duration::from_millis);
                }
                "reserve" => reserve = reader.whole(value, &place, 0..=MOST_UNITS).unwrap_or(reserve),
                "name" => name = reader.string(value, &place),
                _ => reader.problem(place, EXPECTED),
            }
        }
        if per.is_none() {
            reader.problem(format!("{path}.per"), format!("is missing: {EXPECTED_PER}"));
        }
        let &[(measure, most)] = measures.as_slice() else {
            reader.problem(path, "expected exactly one of requests, tokens, cost: a limit counts one thing");
            return None;
        };
        let identity = name.clone().unwrap_or_else(|| path.clone());
        let (most, per) = (most?, per??);
        Some(Self { path, name, measure, most, per, by, on_limit, max_wait, reserve, identity })
    }

    /// What it is called in reports and errors.
    pub fn label(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.path)
    }

    /// How long a slice of its window is, in microseconds.
    pub fn slice(&self) -> u64 {
        slice_length(u64::try_from(self.per.as_micros()).unwrap_or(u64::MAX))
    }

    /// The number of its counts, among those of other limits: limits of one identity that measure the same, in the same
    /// window, count together. `target` tells the target from others.
    pub fn number(&self, target: &str) -> u64 {
        let mut hash = Hash::default();
        let Self { identity, measure, per, by, .. } = self;
        hash.write(format!("{identity} {measure:?} {} {by:?}", per.as_micros()).as_bytes());
        if *by == By::Target {
            hash.write(target.as_bytes());
        }
        hash.finish()
    }

    /// An amount as its author would write it: dollars for a cost.
    pub fn shown(&self, amount: u64) -> f64 {
        if self.measure == Measure::Cost { amount as f64 / DOLLAR } else { amount as f64 }
    }

    /// `60 requests in 1m`.
    pub fn in_words(&self) -> String {
        let most = self.shown(self.most);
        let what = match self.measure {
            Measure::Requests if self.most == 1 => "1 request".to_owned(),
            Measure::Requests => format!("{most} requests"),
            Measure::Tokens => format!("{most} tokens"),
            Measure::Cost => format!("${most}"),
        };
        let by = match &self.by {
            By::All => String::new(),
            By::Target => " for each target".to_owned(),
            By::Metadata(key) => format!(" for each metadata.{key}"),
        };
        format!("{what} in {}{by}", span(self.per))
    }
}

impl Measure {
    pub fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Tokens => "tokens",
            Self::Cost => "cost",
        }
    }
}

/// US dollars in the unit that costs are counted in, never less than they are.
pub fn billionths(dollars: f64) -> u64 {
    // What rounding left of a sum that is exact on paper is no billionth.
    (dollars * DOLLAR - 1e-3).ceil().max(0.0) as u64
}

fn dollars(value: &Value, path: &str, reader: &mut Reader) -> Option<u64> {
    let most = value.as_f64().filter(|most| *most >= 1e-6 && *most <= MOST_DOLLARS).map(billionths);
    if most.is_none() {
        reader.problem(path, "expected US dollars, a number from 0.000001 to 1000000");
    }
    most
}

/// The units that a window is written in, in milliseconds.
const UNITS: [(&str, u64); 5] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

fn window(value: &Value, path: &str, reader: &mut Reader) -> Option<Duration> {
    let milliseconds = match value {
        Value::String(text) => {
            let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
            let unit = UNITS.iter().find(|(unit, _)| *unit == &text[digits.len()..]);
            unit.zip(digits.trim().parse::<u64>().ok())
                .and_then(|((_, unit), count)| count.checked_mul(*unit))
        }
        other => other.as_f64().filter(|number| *number >= 0.0).map(|number| number.ceil() as u64),
    };
    let window = milliseconds.filter(|window| (100..=MOST_MILLISECONDS).contains(window));
    if window.is_none() {
        reader.problem(path, EXPECTED_PER);
    }
    window.map(Duration::from_millis)
}

/// A time in its largest whole unit.
fn span(time: Duration) -> String {
    let milliseconds = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let whole = UNITS.iter().rev().find(|(_, unit)| milliseconds.is_multiple_of(*unit));
    whole.map_or_else(String::new, |(name, unit)| format!("{}{name}", milliseconds / unit))
}

impl By {
    fn read(value: &Value, path: &str, reader: &mut Reader) -> Self {
        match value.as_str() {
            Some("all") => Self::All,
            Some("target") => Self::Target,
            Some(text) if text.strip_prefix("metadata.").is_some_and(|key| !key.is_empty()) => {
                Self::Metadata(text["metadata.".len()..].to_owned())
            }
            _ => {
                reader.problem(path, EXPECTED_BY);
                Self::All
            }
        }
    }

    pub fn text(&self) -> String {
        match self {
            Self::All => "all".to_owned(),
            Self::Target => "target".to_owned(),
            Self::Metadata(key) => format!("metadata.{key}"),
        }
    }
}

impl OnLimit {
    fn read(value: &Value, path: &str, reader: &mut Reader) -> Self {
        match value.as_str() {
            Some("wait") => Self::Wait,
            Some("fallback") => Self::Fallback,
            Some("throw") => Self::Throw,
            _ => {
                reader.problem(path, "expected one of wait, fallback, throw");
                Self::Fallback
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: &Value) -> Result<Vec<Rule>, Vec<String>> {
        let mut reader = Reader::default();
        let rules = Rule::read_all(value, "limits", &mut reader);
        reader.done(rules).map_err(|problems| problems.into_iter().map(|one| one.path).collect())
    }

    #[test]
    fn a_limit_is_read_with_its_defaults() {
        let rules = read(&json!([
            { "requests": 60, "per": "1m" },
            { "tokens": 5000, "per": 1500, "by": "metadata.user", "on_limit": "wait", "max_wait": 5, "reserve": 9 },
            { "cost": 0.5, "per": "1d", "by": "target", "onLimit": "throw", "name": "budget" },
        ]))
        .expect("limits");
        let shown: Vec<String> = rules.iter().map(Rule::in_words).collect();
        let wanted = [
            "60 requests in 1m",
            "5000 tokens in 1500ms for each metadata.user",
            "$0.5 in 1d for each target",
        ];
        assert_eq!(shown, wanted);
        let first = &rules[0];
        assert_eq!((first.on_limit, first.max_wait, first.reserve), (OnLimit::Fallback, LONGEST_WAIT, 1_000));
        assert_eq!(
            (rules[1].on_limit, rules[1].max_wait.as_millis(), rules[1].reserve),
            (OnLimit::Wait, 5, 9)
        );
        assert_eq!((rules[2].most, rules[2].label()), (500_000_000, "budget"));
    }

    #[test]
    fn what_is_no_limit_is_told_by_its_path() {
        for (value, path) in [
            (json!({}), "limits"),
            (json!([{ "per": "1m" }]), "limits[0]"),
            (json!([{ "requests": 1, "tokens": 1, "per": "1m" }]), "limits[0]"),
            (json!([{ "requests": 1 }]), "limits[0].per"),
            (json!([{ "requests": 0, "per": "1m" }]), "limits[0].requests"),
            (json!([{ "cost": -1, "per": "1m" }]), "limits[0].cost"),
            (json!([{ "requests": 1, "per": "1 week" }]), "limits[0].per"),
            (json!([{ "requests": 1, "per": "é" }]), "limits[0].per"),
            (json!([{ "requests": 1, "per": 10 }]), "limits[0].per"),
            (json!([{ "requests": 1, "per": "99d" }]), "limits[0].per"),
            (json!([{ "requests": 1, "per": "1m", "by": "user" }]), "limits[0].by"),
            (json!([{ "requests": 1, "per": "1m", "by": "metadata." }]), "limits[0].by"),
            (json!([{ "requests": 1, "per": "1m", "on_limit": "drop" }]), "limits[0].on_limit"),
            (json!([{ "requests": 1, "per": "1m", "burst": 2 }]), "limits[0].burst"),
        ] {
            assert_eq!(read(&value), Err(vec![path.to_owned()]), "{value}");
        }
    }

    #[test]
    fn limits_that_say_the_same_count_together_and_others_do_not() {
        let number = |value: Value| read(&value).expect("a limit")[0].number("host");
        let one = number(json!([{ "requests": 60, "per": "1m" }]));
        assert_eq!(one, number(json!([{ "requests": 90, "per": "60s", "on_limit": "wait" }])));
        assert_ne!(one, number(json!([{ "tokens": 60, "per": "1m" }])));
        assert_ne!(one, number(json!([{ "requests": 60, "per": "1h" }])));
        assert_ne!(one, number(json!([{ "requests": 60, "per": "1m", "name": "other" }])));
    }

    #[test]
    fn dollars_are_counted_without_what_rounding_leaves() {
        assert_eq!(billionths(0.1 + 0.2), 300_000_000);
        assert_eq!(billionths(1.5e-9), 2);
        assert_eq!(billionths(0.0), 0);
    }
}
