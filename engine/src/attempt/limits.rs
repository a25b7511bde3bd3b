//! The limits around a request: room is reserved before it is sent, and settled with what it used.

use super::sending::Sending;
use crate::answer::{Content, Reached};
use crate::error::{Error, Kind, Result};
use crate::limit::{Asking, Expected};
use crate::observe::{Phase, milliseconds};
use crate::record::prices::Known;
use crate::record::{Pricing, usage_in};

impl Sending<'_> {
    /// Reserves what the request is expected to use in the target's limits; it may wait for that.
    pub(super) async fn admit(&mut self) -> Result<()> {
        let Some(limits) = &self.target.limits else { return Ok(()) };
        self.report.last().phase = Phase::Limit;
        let expected = if limits.counts_usage() { self.expected() } else { Expected::default() };
        let metadata = self.report.trace.metadata.clone();
        let pricing = if limits.counts_cost() { self.pricing() } else { None };
        let asking = Asking { metadata: &metadata, expected, pricing };
        let (_, _, deadline) = self.or_total("queue", self.target.clocks.queue, self.began);
        let reserved = limits.reserve(self.context, &asking, deadline).await;
        let now = self.context.clock.now();
        let waited = now - self.began;
        let attempt = self.report.last();
        attempt.ms.limit = Some(milliseconds(waited));
        match reserved {
            Ok(reserved) => {
                attempt.phase = Phase::default();
                attempt.limit = reserved.waited_for().map(str::to_owned);
                self.reserved = Some(reserved);
                self.began = now;
                Ok(())
            }
            Err(stopped) => {
                attempt.limit = Some(stopped.rule.label().to_owned());
                Err(self.place().limited(&stopped))
            }
        }
    }

    /// What options say that the target takes, else what its service lists for the model that is asked for.
    fn pricing(&self) -> Option<Pricing> {
        self.target.pricing.or_else(|| match self.target.known {
            Known::Listed(service) => service.asked(self.request.question()),
            Known::Nowhere | Known::Told => None,
        })
    }

    fn expected(&self) -> Expected {
        Expected::of(self.call.endpoint, self.request.question())
    }

    /// A whole answer is there.
    pub(super) fn settle_answered(&mut self, reached: &Reached) {
        let Some(reserved) = self.reserved.take() else { return };
        let seconds = self.seconds();
        match &reached.content {
            Content::Whole(text) => reserved.answered(usage_in(text), text.len(), seconds),
            // Its host does not tell of tokens.
            Content::Text(text) => reserved.answered(None, text.len(), seconds),
            Content::Vectors(_) | Content::Events(_) | Content::Bytes(_) | Content::Session(_) => {}
        }
    }

    /// The attempt failed. What the host may have worked on stays counted as it was reserved.
    pub(super) fn settle_failed(&mut self, error: &Error) {
        let Some(reserved) = self.reserved.take() else { return };
        match (error.kind(), self.report.last().phase) {
            (Kind::Connect, _) | (_, Phase::Limit | Phase::Queue | Phase::Connect) => reserved.unsent(),
            (Kind::Refused, _) => reserved.refused(),
            _ => {}
        }
    }

    fn seconds(&self) -> f64 {
        (self.context.clock.now() - self.began).as_secs_f64()
    }
}
