use std::time::Duration;

use serde_json::json;

use super::*;
use crate::clock::{Clock, SystemClock};
use crate::config::Reader;

const COOLDOWN: Duration = Duration::from_secs(30);

fn breaker(config: &serde_json::Value) -> Arc<Breaker> {
    let mut config = config.clone();
    config["cooldown_interval"] = json!(30_000);
    let settings = Settings::read(&config, "cb_config", &mut Reader::default()).expect("settings");
    Arc::new(Breaker::new(settings))
}

fn fail(breaker: &Breaker, times: usize, now: Instant) {
    for _ in 0..times {
        breaker.record(Outcome::Failure, now);
    }
}

fn succeed(breaker: &Breaker, times: usize, now: Instant) {
    for _ in 0..times {
        breaker.record(Outcome::Success, now);
    }
}

/// A circuit that is half-open from the time given on.
fn half_open(now: Instant) -> (Arc<Breaker>, Instant) {
    let breaker = breaker(&json!({"failure_threshold": 2}));
    fail(&breaker, 2, now);
    (breaker, now + COOLDOWN)
}

#[test]
fn it_opens_at_the_threshold_and_stays_open_for_the_cooldown() {
    let now = SystemClock.now();
    let breaker = breaker(&json!({"failure_threshold": 3}));
    fail(&breaker, 2, now);
    assert_eq!((breaker.allows(now), breaker.circuit(now)), (Allowed::Yes, Circuit::Closed));
    fail(&breaker, 1, now);
    let until = now + COOLDOWN;
    assert_eq!((breaker.allows(now), breaker.circuit(now)), (Allowed::No, Circuit::Open { until }));
    assert_eq!(breaker.allows(until - Duration::from_millis(1)), Allowed::No);
    assert_eq!((breaker.allows(until), breaker.circuit(until)), (Allowed::Probe, Circuit::HalfOpen));
    assert_eq!(breaker.settings().failure_threshold, Some(3));
}

#[test]
fn successes_between_do_not_undo_failures_and_neither_counts_for_nothing() {
    let now = SystemClock.now();
    let breaker = breaker(&json!({"failure_threshold": 2}));
    fail(&breaker, 1, now);
    succeed(&breaker, 100, now);
    breaker.record(Outcome::Neither, now);
    assert_eq!(breaker.allows(now), Allowed::Yes);
    fail(&breaker, 1, now);
    assert_eq!(breaker.allows(now), Allowed::No);
}

#[test]
fn failures_count_together_for_one_cooldown_from_the_first() {
    let now = SystemClock.now();
    let breaker = breaker(&json!({"failure_threshold": 3}));
    fail(&breaker, 2, now);
    fail(&breaker, 2, now + COOLDOWN);
    assert_eq!(breaker.allows(now + COOLDOWN), Allowed::Yes, "the first two are forgotten");
    fail(&breaker, 1, now + COOLDOWN * 2 - Duration::from_millis(1));
    assert_eq!(breaker.allows(now + COOLDOWN * 2), Allowed::No, "the last three came within one cooldown");
}

#[test]
fn it_opens_at_the_rate_once_there_are_enough_requests() {
    let now = SystemClock.now();
    let breaker = breaker(&json!({"failure_threshold_percentage": 40, "minimum_requests": 5}));
    succeed(&breaker, 50, now);
    fail(&breaker, 1, now);
    succeed(&breaker, 3, now);
    assert_eq!(breaker.allows(now), Allowed::Yes, "four requests since the first failure");
    fail(&breaker, 1, now);
    assert_eq!(breaker.allows(now), Allowed::No, "two of five are 40 %");
}

#[test]
fn a_rate_below_the_percentage_leaves_it_closed_and_a_success_never_opens_it() {
    let now = SystemClock.now();
    let breaker = breaker(&json!({"failure_threshold_percentage": 50, "minimum_requests": 4}));
    fail(&breaker, 2, now);
    succeed(&breaker, 2, now);
    assert_eq!(breaker.allows(now), Allowed::Yes, "half of four, but it was a success that made it four");
    succeed(&breaker, 2, now);
    fail(&breaker, 1, now);
    assert_eq!(breaker.allows(now), Allowed::Yes, "three of seven");
}

#[test]
fn of_both_thresholds_the_first_that_is_met_opens_it() {
    let now = SystemClock.now();
    let config = json!({"failure_threshold": 3, "failure_threshold_percentage": 100, "minimum_requests": 2});
    let by_rate = breaker(&config);
    fail(&by_rate, 2, now);
    assert_eq!(by_rate.allows(now), Allowed::No);
    let by_count = breaker(&config);
    fail(&by_count, 1, now);
    succeed(&by_count, 1, now);
    fail(&by_count, 2, now);
    assert_eq!(by_count.allows(now), Allowed::No);
}

#[test]
fn the_script_of_gateway_issue_1289_skips_the_target_at_its_9th_request() {
    let now = SystemClock.now();
    let breaker = breaker(&json!({"id": "cb_1", "failure_threshold": 3, "minimum_requests": 5}));
    let sent = (0..9).filter(|_| {
        let is_sent = breaker.allows(now) == Allowed::Yes;
        if is_sent {
            fail(&breaker, 1, now);
        }
        is_sent
    });
    assert_eq!(sent.count(), 3);
}

#[test]
fn exactly_one_probe_goes_through_and_its_success_closes() {
    let (breaker, now) = half_open(SystemClock.now());
    assert!(breaker.probe(now - Duration::from_millis(1)).is_none(), "still open");
    let probe = breaker.probe(now).expect("half-open");
    assert!(breaker.probe(now).is_none());
    assert_eq!((breaker.allows(now), breaker.circuit(now)), (Allowed::No, Circuit::HalfOpen));
    assert!(probe.record(Outcome::Success, now).is_none());
    assert_eq!(breaker.allows(now), Allowed::Yes);
    fail(&breaker, 1, now);
    assert_eq!(breaker.allows(now), Allowed::Yes, "its counts are cleared");
    assert!(breaker.probe(now).is_none(), "a closed circuit has no probe");
}

#[test]
fn a_probe_that_fails_opens_it_anew() {
    let (breaker, now) = half_open(SystemClock.now());
    let later = now + Duration::from_secs(5);
    let probe = breaker.probe(now).expect("half-open");
    assert!(probe.record(Outcome::Failure, later).is_some());
    assert_eq!(breaker.circuit(later), Circuit::Open { until: later + COOLDOWN });
    fail(&breaker, 9, later);
    assert_eq!(breaker.allows(later + COOLDOWN), Allowed::Probe, "late failures prolong nothing");
}

#[test]
fn a_probe_that_is_dropped_or_tells_nothing_is_given_back() {
    let (breaker, now) = half_open(SystemClock.now());
    drop(breaker.probe(now).expect("half-open"));
    let probe = breaker.probe(now).expect("given back");
    assert!(probe.record(Outcome::Neither, now).is_none());
    assert_eq!(breaker.allows(now), Allowed::Probe);
}

#[test]
fn calls_from_before_it_opened_decide_nothing() {
    let (breaker, now) = half_open(SystemClock.now());
    succeed(&breaker, 3, now);
    assert_eq!(breaker.allows(now), Allowed::Probe);
    let probe = breaker.probe(now).expect("half-open");
    fail(&breaker, 3, now);
    succeed(&breaker, 3, now);
    assert_eq!(breaker.allows(now), Allowed::No);
    probe.record(Outcome::Success, now);
    assert_eq!(breaker.allows(now), Allowed::Yes);
}

#[test]
fn a_forgiven_failure_is_not_counted_and_closes_what_it_opened() {
    let now = SystemClock.now();
    let breaker = breaker(&json!({"failure_threshold": 2}));
    fail(&breaker, 1, now);
    let last = breaker.record(Outcome::Failure, now).expect("counted");
    assert_eq!(breaker.allows(now), Allowed::No);
    breaker.forgive(last);
    assert_eq!(breaker.allows(now), Allowed::Yes);
    fail(&breaker, 1, now);
    assert_eq!(breaker.allows(now), Allowed::No, "the other one still counts");
}

#[test]
fn a_circuit_that_others_keep_open_stays_open() {
    let now = SystemClock.now();
    let breaker = breaker(&json!({"failure_threshold": 2}));
    let first = breaker.record(Outcome::Failure, now).expect("counted");
    fail(&breaker, 1, now);
    fail(&breaker, 1, now);
    breaker.forgive(first);
    assert_eq!(breaker.allows(now), Allowed::No, "two are left of three");
}

#[test]
fn what_is_long_past_is_not_forgiven() {
    let now = SystemClock.now();
    let breaker = breaker(&json!({"failure_threshold": 2}));
    let old = breaker.record(Outcome::Failure, now).expect("counted");
    let alone = breaker.record(Outcome::Failure, now + COOLDOWN).expect("counted");
    breaker.forgive(old);
    fail(&breaker, 1, now + COOLDOWN);
    assert_eq!(breaker.allows(now + COOLDOWN), Allowed::No, "the window that it counted in is over");
    breaker.forgive(alone);
    assert_eq!(breaker.allows(now + COOLDOWN), Allowed::Yes);
}

#[test]
fn a_probe_s_failure_is_forgiven_too() {
    let (breaker, now) = half_open(SystemClock.now());
    let probe = breaker.probe(now).expect("half-open");
    let counted = probe.record(Outcome::Failure, now).expect("counted");
    assert_eq!(breaker.allows(now), Allowed::No);
    breaker.forgive(counted);
    assert_eq!(breaker.allows(now), Allowed::Probe);
}

#[test]
fn a_probe_of_a_circuit_that_was_closed_meanwhile_is_a_call_like_any_other() {
    let now = SystemClock.now();
    let breaker = breaker(&json!({"failure_threshold": 1}));
    let opener = breaker.record(Outcome::Failure, now).expect("counted");
    let later = now + COOLDOWN;
    let probe = breaker.probe(later).expect("half-open");
    breaker.forgive(opener);
    assert_eq!(breaker.allows(later), Allowed::Yes);
    probe.record(Outcome::Failure, later);
    assert_eq!(breaker.allows(later), Allowed::No);
}
