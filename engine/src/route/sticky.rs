//! Sticky load balancing: calls with the same key stay with the target that the first of them was given, for a time.
//! Whom a new key is given to is the draw's to say (`loadbalance.rs`); this remembers it, in this process.
//! Source: Portkey's documented `strategy.sticky`.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;

use super::key::Fields;
use crate::clock::Instant;
use crate::config::Reader;
use crate::headers::fold;

/// What a strategy says of stickiness.
#[derive(Clone, Debug, PartialEq)]
pub struct Sticky {
    pub fields: Fields,
    /// From the key's first call on; later ones don't prolong it.
    pub ttl: Duration,
}

const DEFAULT_TTL: f64 = 3600.0;
const LONGEST_TTL: f64 = 365.0 * 24.0 * 3600.0;

impl Sticky {
    /// Reads `{ enabled, hash_fields, ttl }`; `None` when it is switched off, and when it can't be used.
    pub fn read(value: &Value, path: &str, reader: &mut Reader) -> Option<Self> {
        let object = reader.object(value, path)?;
        let mut enabled = true;
        let mut fields = None;
        let mut is_named = false;
        let mut ttl = DEFAULT_TTL;
        for (written, value) in object.iter().filter(|(_, value)| !value.is_null()) {
            let place = format!("{path}.{written}");
            match fold(written).as_str() {
                "enabled" => enabled = reader.boolean(value, &place).unwrap_or(true),
                "hashfields" => {
                    is_named = true;
                    fields = Fields::read(value, &place, reader);
                }
                "ttl" => match value.as_f64().filter(|seconds| *seconds > 0.0 && *seconds <= LONGEST_TTL) {
                    Some(seconds) => ttl = seconds,
                    None => reader.problem(place, "expected seconds, a number > 0, of a year at most"),
                },
                _ => reader.problem(place, "expected one of enabled, hash_fields, ttl"),
            }
        }
        if enabled && !is_named {
            let advice =
                "is missing; name what calls that stay together share, such as [\"metadata.user_id\"]";
            reader.problem(format!("{path}.hash_fields"), advice);
        }
        fields.filter(|_| enabled).map(|fields| Self { fields, ttl: Duration::from_secs_f64(ttl) })
    }
}

/// Which target each key stays with. A group keeps one table for all of its calls.
pub struct Table<T> {
    ttl: Duration,
    kept: Mutex<Kept<T>>,
}

struct Kept<T> {
    places: HashMap<u64, Place<T>>,
    /// Every key of `places` once, the oldest first. One that was given anew goes to the end when its turn comes.
    order: VecDeque<(u64, Instant)>,
}

struct Place<T> {
    target: T,
    until: Instant,
}

/// So many keys are remembered; the oldest makes room for one more.
const MOST_KEYS: usize = 10_000;

impl<T: Copy> Table<T> {
    pub fn new(ttl: Duration) -> Self {
        Self { ttl, kept: Mutex::new(Kept { places: HashMap::new(), order: VecDeque::new() }) }
    }

    /// The target that the key stays with.
    pub fn get(&self, key: u64, now: Instant) -> Option<T> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.places.get(&key).filter(|place| now < place.until).map(|place| place.target)
    }

    /// Has the key stay with `target` from now on.
    pub fn set(&self, key: u64, target: T, now: Instant) {
        let place = Place { target, until: now + self.ttl };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.places.get_mut(&key) {
            *known = place;
            return;
        }
        kept.make_room(now);
        kept.order.push_back((key, place.until));
        kept.places.insert(key, place);
    }
}

impl<T> Kept<T> {
    /// Forgets what has expired, and the oldest where there is no room left.
    fn make_room(&mut self, now: Instant) {
        while let Some((key, until)) = self.order.front().copied() {
            let later = self.places.get(&key).map(|place| place.until).filter(|later| *later > until);
            if later.is_none() && until > now && self.places.len() < MOST_KEYS {
                return;
            }
            self.order.pop_front();
            match later {
                Some(later) => self.order.push_back((key, later)),
                None => drop(self.places.remove(&key)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::clock::{Clock, SystemClock};

    const TTL: Duration = Duration::from_secs(60);

    #[test]
    fn a_key_stays_with_its_target_until_its_time_is_over() {
        let began = SystemClock.now();
        let table = Table::new(TTL);
        assert_eq!(table.get(1, began), None);
        table.set(1, "a", began);
        assert_eq!(table.get(1, began + TTL - Duration::from_millis(1)), Some("a"));
        assert_eq!(table.get(1, began + TTL), None);
        assert_eq!(table.get(2, began), None);
    }

    #[test]
    fn a_key_that_is_given_anew_has_its_time_again() {
        let began = SystemClock.now();
        let table = Table::new(TTL);
        table.set(1, "a", began);
        table.set(1, "b", began + TTL / 2);
        assert_eq!(table.get(1, began + TTL), Some("b"));
        assert_eq!(table.kept.lock().expect("no panic").order.len(), 1);
    }

    #[test]
    fn the_oldest_makes_room_and_the_expired_are_forgotten() {
        let began = SystemClock.now();
        let table = Table::new(TTL);
        for key in 0..=MOST_KEYS as u64 {
            table.set(key, key, began);
        }
        assert_eq!(table.get(0, began), None);
        assert_eq!(table.get(1, began), Some(1));
        assert_eq!(table.get(MOST_KEYS as u64, began), Some(MOST_KEYS as u64));
        table.set(1, 1, began + TTL);
        table.set(99_999, 0, began + TTL);
        assert_eq!(table.get(1, began + TTL), Some(1), "given anew, and not expired");
        let kept = table.kept.lock().expect("no panic");
        assert_eq!((kept.places.len(), kept.order.len()), (2, 2));
    }

    #[test]
    fn the_settings_are_read_as_documented() {
        let read = |value: &Value| {
            let mut reader = Reader::default();
            let sticky = Sticky::read(value, "sticky", &mut reader);
            (sticky, reader.done(()).err().unwrap_or_default())
        };
        let seconds = |value: &Value| read(value).0.map(|sticky| sticky.ttl.as_secs_f64());
        assert_eq!(seconds(&json!({"enabled": true, "hash_fields": ["metadata.user_id"]})), Some(3600.0));
        assert_eq!(seconds(&json!({"hashFields": ["metadata.user_id"], "ttl": 0.5})), Some(0.5));
        for off in [json!({"enabled": false}), json!({"enabled": false, "hash_fields": ["prompt"], "ttl": 5})]
        {
            assert_eq!(read(&off), (None, Vec::new()));
        }
        for (value, path) in [
            (json!(true), "sticky"),
            (json!({"enabled": true}), "sticky.hash_fields"),
            (json!({"enabled": "yes", "hash_fields": ["prompt"]}), "sticky.enabled"),
            (json!({"hash_fields": ["prompt"], "ttl": 0}), "sticky.ttl"),
            (json!({"hash_fields": ["prompt"], "ttl": "1h"}), "sticky.ttl"),
            (json!({"hash_fields": ["user"]}), "sticky.hash_fields[0]"),
            (json!({"hash_fields": ["prompt"], "field": 1}), "sticky.field"),
        ] {
            let (_, problems) = read(&value);
            assert_eq!(problems.len(), 1, "{value}");
            assert_eq!(problems[0].path, path, "{value}");
        }
    }
}
