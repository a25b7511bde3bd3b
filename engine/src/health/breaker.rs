//! The circuit breaker of one target, as a config's `cb_config` asks for it: closed, open for `cooldown_interval`, then
//! half-open for exactly one probe. Sources: Portkey's circuit breaker page; gateway.md §2.5.
//! Failures are counted from the first one on, for one `cooldown_interval`. Invariant: a rate limit, a caller's mistake
//! and a model that is being loaded neither open nor close a circuit.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::cb_config::Settings;
use crate::clock::Instant;

/// What an attempt says of its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Success,
    Failure,
    Neither,
}

/// Whether a call may go to the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowed {
    Yes,
    /// Only as the probe: see [`Breaker::probe`].
    Probe,
    No,
}

/// Where a circuit stands, to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Circuit {
    Closed,
    Open { until: Instant },
    HalfOpen,
}

pub struct Breaker {
    settings: Settings,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// What was counted lately. Kept while the circuit is open by it, so that a failure may still be forgiven.
    window: Option<Window>,
    opening: Option<Opening>,
    /// Names windows and openings.
    serial: u64,
}

struct Window {
    serial: u64,
    began: Instant,
    failures: u32,
    successes: u32,
}

struct Opening {
    serial: u64,
    until: Instant,
    /// A probe is under way.
    is_probed: bool,
}

/// A failure that was counted, to be forgiven where it turns out to be the call's own.
#[derive(Debug)]
pub struct Counted(Effect);

#[derive(Debug)]
enum Effect {
    /// One more in the window of this serial.
    More { window: u64 },
    /// A probe's: the circuit, half-open since `before`, was opened anew.
    Reopened { opening: u64, before: Instant },
}

impl Breaker {
    pub fn new(settings: Settings) -> Self {
        Self { settings, state: Mutex::default() }
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    pub fn circuit(&self, now: Instant) -> Circuit {
        match &self.state().opening {
            None => Circuit::Closed,
            Some(opening) if now < opening.until => Circuit::Open { until: opening.until },
            Some(_) => Circuit::HalfOpen,
        }
    }

    /// Asking takes nothing: a call that is then sent elsewhere leaves no trace.
    pub fn allows(&self, now: Instant) -> Allowed {
        match &self.state().opening {
            None => Allowed::Yes,
            Some(opening) if now < opening.until || opening.is_probed => Allowed::No,
            Some(_) => Allowed::Probe,
        }
    }

    /// Takes the one probe of a half-open circuit; `None` where there is none to take. Dropped without an outcome, it is
    /// given back.
    pub fn probe(self: &Arc<Self>, now: Instant) -> Option<Probe> {
        let mut state = self.state();
        let opening = state.opening.as_mut().filter(|opening| now >= opening.until && !opening.is_probed)?;
        opening.is_probed = true;
        Some(Probe { breaker: self.clone(), opening: opening.serial })
    }

    /// Counts an outcome that is no probe's. An open circuit takes no notice of successes: they were sent before it
    /// opened, or because every circuit was open.
    pub fn record(&self, outcome: Outcome, now: Instant) -> Option<Counted> {
        let mut state = self.state();
        let cooldown = self.settings.cooldown;
        if state.opening.is_none()
            && state.window.as_ref().is_some_and(|window| now >= window.began + cooldown)
        {
            state.window = None;
        }
        match outcome {
            Outcome::Neither => None,
            Outcome::Success => {
                if state.opening.is_none()
                    && let Some(window) = &mut state.window
                {
                    window.successes = window.successes.saturating_add(1);
                }
                None
            }
            Outcome::Failure => state.fail(&self.settings, now),
        }
    }

    /// Another process opened its circuit to the same target.
    pub fn opened_elsewhere(&self, until: Instant) {
        let mut state = self.state();
        if state.opening.is_none() {
            state.open(until);
        }
    }

    /// Un-counts a failure that was the call's own, and closes the circuit if it would not have opened without it.
    #[expect(clippy::needless_pass_by_value, reason = "a failure is forgiven once")]
    pub fn forgive(&self, counted: Counted) {
        let mut state = self.state();
        match counted.0 {
            Effect::More { window: serial } => {
                let Some(window) = state.window.as_mut().filter(|window| window.serial == serial) else {
                    return;
                };
                window.failures = window.failures.saturating_sub(1);
                if !self.settings.is_exceeded(window.failures, window.successes) {
                    state.window = state.window.take().filter(|window| window.failures > 0);
                    state.opening = None;
                }
            }
            Effect::Reopened { opening: serial, before } => {
                if let Some(opening) = state.opening.as_mut().filter(|opening| opening.serial == serial) {
                    opening.until = before;
                }
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn fail(&mut self, settings: &Settings, now: Instant) -> Option<Counted> {
        if self.window.is_none() {
            // A circuit that its probe opened has nothing to count until it closes.
            if self.opening.is_some() {
                return None;
            }
            self.serial += 1;
            self.window = Some(Window { serial: self.serial, began: now, failures: 0, successes: 0 });
        }
        let window = self.window.as_mut()?;
        window.failures = window.failures.saturating_add(1);
        let counted = Counted(Effect::More { window: window.serial });
        if self.opening.is_none() && settings.is_exceeded(window.failures, window.successes) {
            self.open(now + settings.cooldown);
        }
        Some(counted)
    }

    fn open(&mut self, until: Instant) -> u64 {
        self.serial += 1;
        self.opening = Some(Opening { serial: self.serial, until, is_probed: false });
        self.serial
    }
}

/// The one call that a half-open circuit lets through.
#[must_use = "a probe that is dropped is given back"]
pub struct Probe {
    breaker: Arc<Breaker>,
    opening: u64,
}

impl Probe {
    /// A success closes the circuit and clears its counts, a failure opens it anew; anything else gives the probe back.
    pub fn record(self, outcome: Outcome, now: Instant) -> Option<Counted> {
        let mut state = self.breaker.state();
        let Some(before) = state.opening.as_ref().filter(|opening| opening.serial == self.opening) else {
            // Forgiven meanwhile: the circuit is closed, and this a call like any other.
            drop(state);
            return self.breaker.record(outcome, now);
        };
        let before = before.until;
        match outcome {
            Outcome::Neither => None,
            Outcome::Success => {
                (state.opening, state.window) = (None, None);
                None
            }
            Outcome::Failure => {
                state.window = None;
                let opening = state.open(now + self.breaker.settings.cooldown);
                Some(Counted(Effect::Reopened { opening, before }))
            }
        }
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        let mut state = self.breaker.state();
        if let Some(opening) = state.opening.as_mut().filter(|opening| opening.serial == self.opening) {
            opening.is_probed = false;
        }
    }
}

impl Settings {
    fn is_exceeded(&self, failures: u32, successes: u32) -> bool {
        let requests = u64::from(failures) + u64::from(successes);
        let by_count = self.failure_threshold.is_some_and(|threshold| failures >= threshold);
        let by_rate = self.failure_threshold_percentage.is_some_and(|percentage| {
            requests >= self.minimum_requests && f64::from(failures) * 100.0 >= percentage * requests as f64
        });
        failures > 0 && (by_count || by_rate)
    }
}

#[cfg(test)]
#[path = "breaker_tests.rs"]
mod tests;
