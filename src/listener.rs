//! The caller's own functions that records meet: one gets them (`onRecord`), one redacts what they capture. Both are told
//! like any outcome; what a redaction answers comes back over the border.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use engine::{Record, Redactor, Sink, Then};

use crate::border::Teller;
use crate::text::Text;

/// Hands records, or their content, to the JavaScript function of a number. It knows the border once a call has crossed it.
pub struct Listener {
    pub number: u32,
    teller: OnceLock<Teller>,
}

impl Listener {
    pub fn new(number: u32) -> Self {
        Self { number, teller: OnceLock::new() }
    }

    pub fn know(&self, teller: impl FnOnce() -> Teller) {
        self.teller.get_or_init(teller);
    }
}

impl Sink for Listener {
    fn take(&self, record: &Record<'_>) {
        let Some(teller) = self.teller.get() else { return };
        teller.record(self.number, Text::from_utf8(Bytes::copy_from_slice(record.json().as_bytes())));
    }

    /// What was taken is on its way to JavaScript already.
    fn flush(&self, _limit: Duration) -> bool {
        true
    }

    fn dropped(&self) -> u64 {
        0
    }
}

/// Hands spans of records to the tracer of a number.
pub struct Tracer(pub Arc<Listener>);

impl Sink for Tracer {
    fn take(&self, record: &Record<'_>) {
        let Some(teller) = self.0.teller.get() else { return };
        if let Some(json) = engine::spans_told(record.entry) {
            teller.record(self.0.number, Text::from_utf8(json.into()));
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

impl Redactor for Listener {
    fn redact(&self, content: String, then: Then) {
        if let Some(teller) = self.teller.get() {
            teller.redact(self.number, Text::from_utf8(content.into()), then);
        }
    }
}
