//! The caller's own sink for records: they cross the border like any outcome.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use engine::{Entry, Sink};
use serde_json::{Map, Value};

use crate::border::Teller;
use crate::text::Text;

/// Hands records to the JavaScript listener of a number, and spans to that of another. It knows the border once a call has
/// crossed it.
pub struct Listener {
    pub numbers: Numbers,
    teller: OnceLock<Teller>,
}

/// Who listens, as the options say it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Numbers {
    /// `onRecord`.
    pub records: Option<u32>,
    /// `otel.tracer`.
    pub spans: Option<u32>,
}

impl Numbers {
    pub fn of(options: &Map<String, Value>) -> Self {
        let number = |value: Option<&Value>| value?.as_u64().map(|number| number as u32);
        let tracer = options.get("otel").and_then(|otel| otel.get("tracer"));
        Self { records: number(options.get("onRecord")), spans: number(tracer) }
    }

    fn is_empty(self) -> bool {
        self.records.is_none() && self.spans.is_none()
    }
}

impl Listener {
    /// `None` where nobody listens.
    pub fn new(numbers: Numbers) -> Option<Self> {
        (!numbers.is_empty()).then(|| Self { numbers, teller: OnceLock::new() })
    }

    pub fn know(&self, teller: impl FnOnce() -> Teller) {
        self.teller.get_or_init(teller);
    }
}

impl Sink for Listener {
    fn take(&self, entry: Arc<Entry>) {
        let Some(teller) = self.teller.get() else { return };
        if let Some(number) = self.numbers.records {
            let json = serde_json::to_vec(&*entry).expect("an entry always has a JSON form");
            teller.record(number, Text::from_utf8(json.into()));
        }
        if let Some(number) = self.numbers.spans
            && let Some(json) = engine::spans_told(&entry)
        {
            teller.record(number, Text::from_utf8(json.into()));
        }
    }

    /// What was taken is on its way to JavaScript already.
    fn flush(&self, _limit: Duration) -> bool {
        true
    }

    fn dropped(&self) -> u64 {
        0
    }
}
