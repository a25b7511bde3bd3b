//! A config's `cb_config`, and what counts as a failure by it. Source: Portkey's circuit breaker page and config schema.

use std::time::Duration;

use serde_json::Value;

use super::breaker::Outcome;
use super::{Symptom, symptom};
use crate::config::Reader;
use crate::error::Error;
use crate::headers::fold;

/// When a circuit opens, and for how long. One of the thresholds is set, or both.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// A name for the circuit, which nothing but a report shows.
    pub id: Option<String>,
    pub failure_threshold: Option<u32>,
    /// Above 0, at most 100.
    pub failure_threshold_percentage: Option<f64>,
    /// The rate is not looked at before so many requests.
    pub minimum_requests: u64,
    /// How long the circuit stays open, and how long failures are counted together.
    pub cooldown: Duration,
    /// `None`: every status above 500, and no answer at all.
    pub failure_status_codes: Option<Vec<u16>>,
}

/// A rate is none before a few requests: the number of the documented example.
const DEFAULT_MINIMUM_REQUESTS: u64 = 10;
/// Milliseconds; the documented minimum.
const SHORTEST_COOLDOWN: f64 = 30_000.0;

const KEYS: &str = "expected one of failure_threshold, failure_threshold_percentage, minimum_requests, cooldown_interval, failure_status_codes, id";

impl Settings {
    /// `None` where a problem leaves nothing to act on.
    pub fn read(value: &Value, path: &str, reader: &mut Reader) -> Option<Self> {
        let object = reader.object(value, path)?;
        let mut settings = Self {
            id: None,
            failure_threshold: None,
            failure_threshold_percentage: None,
            minimum_requests: DEFAULT_MINIMUM_REQUESTS,
            cooldown: Duration::ZERO,
            failure_status_codes: None,
        };
        let mut given = Vec::new();
        for (written, value) in object.iter().filter(|(_, value)| !value.is_null()) {
            let place = format!("{path}.{written}");
            let name = fold(written);
            if !settings.read_one(&name, value, &place, reader) {
                reader.problem(place, KEYS);
            }
            given.push(name);
        }
        let has = |name: &str| given.iter().any(|given| given == name);
        if !has("failurethreshold") && !has("failurethresholdpercentage") {
            reader.problem(path, "needs a failure_threshold or a failure_threshold_percentage, or both");
        }
        if !has("cooldowninterval") {
            reader.problem(format!("{path}.cooldown_interval"), format!("is missing; {COOLDOWN}"));
        }
        Some(settings)
    }

    fn read_one(&mut self, name: &str, value: &Value, place: &str, reader: &mut Reader) -> bool {
        let number = value.as_f64();
        match name {
            "failurethreshold" => {
                let read = number.filter(|count| (1.0..=f64::from(u32::MAX)).contains(count));
                self.failure_threshold = read.map(|count| count.ceil() as u32);
                if read.is_none() {
                    reader.problem(place, "expected a number of failures, at least 1");
                }
            }
            "failurethresholdpercentage" => {
                let read = number.filter(|percentage| *percentage > 0.0 && *percentage <= 100.0);
                self.failure_threshold_percentage = read;
                if read.is_none() {
                    reader.problem(place, "expected a percentage above 0 and at most 100");
                }
            }
            "minimumrequests" => {
                let read = reader.whole(value, place, 0..=u64::from(u32::MAX));
                self.minimum_requests = read.unwrap_or(self.minimum_requests);
            }
            "cooldowninterval" => {
                match number.filter(|wait| (SHORTEST_COOLDOWN..=f64::from(u32::MAX)).contains(wait)) {
                    Some(wait) => self.cooldown = Duration::from_millis(wait.ceil() as u64),
                    None => reader.problem(place, COOLDOWN),
                }
            }
            "failurestatuscodes" => self.failure_status_codes = read_statuses(value, place, reader),
            "id" => self.id = reader.string(value, place),
            _ => return false,
        }
        true
    }

    /// What an answer of `status`, or an attempt that failed, counts as. Without a list, an answer that never came is a
    /// failure; with one it counts as a 500, and a clock that ran out as a 408. A 429 is neither, nor is any other
    /// refusal that is not meant by the list or the default.
    pub fn outcome(&self, attempt: Result<u16, &Error>) -> Outcome {
        let listed = |status: u16| self.failure_status_codes.as_ref().map(|codes| codes.contains(&status));
        let is_failure = match attempt.map_err(symptom) {
            Ok(status) if listed(status) == Some(true) => true,
            Ok(_) => return Outcome::Success,
            Err(None | Some(Symptom::Status(429))) => false,
            Err(Some(Symptom::NoAnswer)) => listed(500).unwrap_or(true),
            Err(Some(Symptom::Clock)) => listed(408).unwrap_or(true),
            Err(Some(Symptom::Status(status))) => listed(status).unwrap_or(status > 500),
        };
        if is_failure { Outcome::Failure } else { Outcome::Neither }
    }
}

const COOLDOWN: &str = "expected milliseconds, at least 30000";

fn read_statuses(value: &Value, path: &str, reader: &mut Reader) -> Option<Vec<u16>> {
    let statuses = reader.statuses(value, path)?;
    if value.as_array().is_some_and(Vec::is_empty) {
        reader.problem(
            path,
            "is empty, so that nothing would ever open the circuit; leave it out for its default",
        );
    }
    // Portkey's own example lists it beside others, which act.
    if !statuses.is_empty() && statuses.iter().all(|status| *status == 429) {
        let message = "names a rate limit alone, which never opens a circuit: a target that limits its rate is left alone for as long as it asks";
        reader.problem(path, message);
    }
    Some(statuses)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::HeaderMap;
    use serde_json::json;

    use super::*;
    use crate::error::{Kind, Problem};

    fn read(value: &Value) -> (Option<Settings>, Vec<Problem>) {
        let mut reader = Reader::default();
        let settings = Settings::read(value, "cb_config", &mut reader);
        (settings, reader.done(()).err().unwrap_or_default())
    }

    fn settings(value: &Value) -> Settings {
        let (settings, problems) = read(value);
        assert!(problems.is_empty(), "{problems:?}");
        settings.expect("settings without problems")
    }

    #[test]
    fn both_spellings_are_read_as_documented() {
        let snake =
            json!({"failure_threshold": 3, "minimum_requests": 5, "cooldown_interval": 60000, "id": "cb_1"});
        let camel =
            json!({"failureThreshold": 2.5, "minimumRequests": 5, "cooldownInterval": 60000, "id": "cb_1"});
        assert_eq!(settings(&snake), settings(&camel));
        let rate = json!({"failure_threshold_percentage": 20, "cooldown_interval": 30000, "failure_status_codes": [401, 429, 500]});
        let rate = settings(&rate);
        assert_eq!((rate.failure_threshold, rate.failure_threshold_percentage), (None, Some(20.0)));
        assert_eq!((rate.minimum_requests, rate.cooldown), (10, Duration::from_secs(30)));
        assert_eq!(rate.failure_status_codes, Some(vec![401, 429, 500]));
    }

    #[test]
    fn what_cannot_act_is_a_problem_with_its_path() {
        for (value, path) in [
            (json!(3), "cb_config"),
            (json!({"cooldown_interval": 30000}), "cb_config"),
            (json!({"cooldown_interval": 30000, "minimum_requests": 3}), "cb_config"),
            (json!({"failure_threshold": 1}), "cb_config.cooldown_interval"),
            (json!({"failure_threshold": 1, "cooldown_interval": 29999}), "cb_config.cooldown_interval"),
            (json!({"failure_threshold": 1, "cooldown_interval": "60s"}), "cb_config.cooldown_interval"),
            (json!({"failure_threshold": 0, "cooldown_interval": 30000}), "cb_config.failure_threshold"),
            (
                json!({"failure_threshold_percentage": 0, "cooldown_interval": 30000}),
                "cb_config.failure_threshold_percentage",
            ),
            (
                json!({"failureThresholdPercentage": 101, "cooldown_interval": 30000}),
                "cb_config.failureThresholdPercentage",
            ),
            (
                json!({"failure_threshold": 1, "minimum_requests": -1, "cooldown_interval": 30000}),
                "cb_config.minimum_requests",
            ),
            (
                json!({"failure_threshold": 1, "cooldown_interval": 30000, "failure_status_codes": []}),
                "cb_config.failure_status_codes",
            ),
            (
                json!({"failure_threshold": 1, "cooldown_interval": 30000, "failure_status_codes": [500, 600]}),
                "cb_config.failure_status_codes[1]",
            ),
            (
                json!({"failure_threshold": 1, "cooldown_interval": 30000, "failure_status_codes": [429]}),
                "cb_config.failure_status_codes",
            ),
            (
                json!({"failure_threshold": 1, "cooldown_interval": 30000, "treshold": 1}),
                "cb_config.treshold",
            ),
        ] {
            let (_, problems) = read(&value);
            assert_eq!(problems.len(), 1, "{value} {problems:?}");
            assert_eq!(problems[0].path, path, "{value}");
        }
    }

    #[test]
    fn without_a_list_what_is_above_500_or_no_answer_is_a_failure() {
        let settings = settings(&json!({"failure_threshold": 1, "cooldown_interval": 30000}));
        let refused = |status| settings.outcome(Err(&Error::new(Kind::Refused, "").with_status(status)));
        assert_eq!(settings.outcome(Ok(200)), Outcome::Success);
        for status in [501, 502, 503, 529, 599] {
            assert_eq!(refused(status), Outcome::Failure, "{status}");
        }
        for status in [301, 400, 401, 404, 408, 429, 446, 500] {
            assert_eq!(refused(status), Outcome::Neither, "{status}");
        }
        for kind in [Kind::Connect, Kind::Broken, Kind::Garbled, Kind::Truncated, Kind::Timeout] {
            assert_eq!(settings.outcome(Err(&Error::new(kind, ""))), Outcome::Failure, "{kind:?}");
        }
        let loading = Bytes::from_static(br#"{"error":{"message":"Loading model"}}"#);
        let loading = Error::new(Kind::Refused, "").with_status(503).with_reply(HeaderMap::new(), loading);
        for error in [Error::new(Kind::Config, ""), loading] {
            assert_eq!(settings.outcome(Err(&error)), Outcome::Neither, "{error:?}");
        }
    }

    #[test]
    fn a_list_replaces_the_default() {
        let list = |codes: &[u16]| {
            settings(
                &json!({"failure_threshold": 1, "cooldown_interval": 30000, "failure_status_codes": codes}),
            )
        };
        let refused = |status| Error::new(Kind::Refused, "").with_status(status);
        assert_eq!(list(&[401, 203]).outcome(Err(&refused(401))), Outcome::Failure);
        assert_eq!(list(&[401, 203]).outcome(Err(&refused(503))), Outcome::Neither);
        assert_eq!(list(&[401, 203]).outcome(Ok(203)), Outcome::Failure);
        assert_eq!(list(&[401, 203]).outcome(Ok(200)), Outcome::Success);
        let clock = Error::new(Kind::Timeout, "").with_status(408);
        for (codes, error, outcome) in [
            ([500], Error::new(Kind::Connect, ""), Outcome::Failure),
            ([503], Error::new(Kind::Connect, ""), Outcome::Neither),
            ([500], Error::new(Kind::Garbled, "").with_status(200), Outcome::Failure),
            ([408], clock, Outcome::Failure),
            ([500], Error::new(Kind::Timeout, ""), Outcome::Neither),
        ] {
            assert_eq!(list(&codes).outcome(Err(&error)), outcome, "{codes:?} {error:?}");
        }
    }
}
